/* SPDX-License-Identifier: Apache-2.0 */
/* Convolutions by the kernels of dnn/rows_kernel.h, a group after the other; depthwise ones channels side by side. */
#include "infer/infer_ordered.h"

#include <string.h>

#include "base/alloc.h"
#include "dnn/rows_kernel.h"

struct infer_ordered {
    mhoi_rows_shape rows; /* of one group, on the map with its borders */
    size_t groups, height, pad_top, pad_left;
    bool depthwise; /* a channel in and out each group: weights [tap][C] */
    size_t packed_each, bias_each;
    float *packed, *bias; /* [groups] of each */
};

static bool is_depthwise(const mho_node *n)
{
    return n->op == MHO_OP_CONV && n->groups > 1 && n->groups == n->in.c && n->groups == n->out.c;
}

static void set_shape(const mho_node *n, infer_ordered *o)
{
    const bool fc = n->op == MHO_OP_FC;
    o->depthwise = is_depthwise(n);
    o->groups = fc || o->depthwise ? 1 : n->groups;
    o->pad_top = fc ? 0 : n->pad_top;
    o->pad_left = fc ? 0 : n->pad_left;
    o->height = fc ? 1 : n->in.h + n->pad_top + n->pad_bottom;
    o->rows = (mhoi_rows_shape){.c = fc ? infer_elements(n->in) : n->in.c / o->groups,
                                .w = fc ? 1 : n->in.w + n->pad_left + n->pad_right,
                                .kh = fc ? 1 : n->kh,
                                .kw = fc ? 1 : n->kw,
                                .stride_h = fc ? 1 : n->stride_h,
                                .stride_w = fc ? 1 : n->stride_w,
                                .dilation_h = fc ? 1 : n->dilation_h,
                                .dilation_w = fc ? 1 : n->dilation_w,
                                .out_c = n->out.c / o->groups,
                                .out_h = n->out.h,
                                .out_w = n->out.w};
}

/* [C_out][C_in][kh][kw] of a group to [kh][kw][C_in][C_out]. */
static void order(const mhoi_rows_shape *s, size_t inputs, const float *weight, float *to)
{
    const size_t area = s->kh * s->kw;
    for (size_t o = 0; o < s->out_c; o++)
        for (size_t i = 0; i < inputs; i++)
            for (size_t k = 0; k < area; k++)
                to[(k * inputs + i) * s->out_c + o] = weight[(o * inputs + i) * area + k];
}

mho_status mhoi_infer_ordered_create(infer_step *step, const float *weight)
{
    const mho_node *n = step->node;
    float *plain = NULL;
    mho_status s = mhoi_alloc(&step->ordered, 1, sizeof *step->ordered, "weights");
    if (s)
        return s;
    infer_ordered *o = step->ordered;
    set_shape(n, o);
    const size_t inputs = o->depthwise ? 1 : o->rows.c;
    const size_t each = inputs * o->rows.kh * o->rows.kw * o->rows.out_c;
    o->packed_each = o->depthwise ? each : mhoi_rows_packed(&o->rows);
    o->bias_each = mhoi_rows_aligned(o->rows.out_c);
    s = mhoi_alloc(&plain, each, sizeof *plain, "weights");
    if (!s)
        s = mhoi_alloc(&o->packed, o->groups * o->packed_each, sizeof *o->packed, "weights");
    if (!s)
        s = mhoi_alloc(&o->bias, o->groups * o->bias_each, sizeof *o->bias, "weights");
    for (size_t g = 0; !s && g < o->groups; g++) {
        order(&o->rows, inputs, weight + g * each, plain);
        if (o->depthwise)
            memcpy(o->packed, plain, each * sizeof *plain);
        else
            mhoi_rows_pack(&o->rows, plain, o->packed + g * o->packed_each);
        for (size_t k = 0; step->bias && k < o->rows.out_c; k++)
            o->bias[g * o->bias_each + k] = step->bias[g * o->rows.out_c + k];
    }
    mhoi_free(&plain);
    return s;
}

void mhoi_infer_ordered_free(infer_step *step)
{
    if (!step->ordered)
        return;
    mhoi_free(&step->ordered->packed);
    mhoi_free(&step->ordered->bias);
    mhoi_free(&step->ordered);
}

/* The map of a group with its borders, and its sums. */
static size_t wide_floats(const infer_ordered *o)
{
    return (o->height * o->rows.w * o->rows.c + 15) / 16 * 16;
}

size_t mhoi_infer_ordered_floats(const infer_step *step)
{
    const infer_ordered *o = step->ordered;
    return o ? wide_floats(o) + o->rows.out_h * o->rows.out_w * o->rows.out_c + 16 : 0;
}

/* Channels of group g of one image, with zeros around them. */
static void widen(const infer_step *step, size_t g, const float *x, float *wide)
{
    const infer_ordered *o = step->ordered;
    const mho_shape in = step->node->in;
    memset(wide, 0, wide_floats(o) * sizeof *wide);
    for (size_t h = 0; h < in.h; h++)
        for (size_t w = 0; w < in.w; w++)
            memcpy(wide + ((h + o->pad_top) * o->rows.w + w + o->pad_left) * o->rows.c,
                   x + (h * in.w + w) * in.c + g * o->rows.c, o->rows.c * sizeof *x);
}

static void add_tap(size_t c, const float *restrict x, const float *restrict w, float *restrict y)
{
    for (size_t k = 0; k < c; k++)
        y[k] += x[k] * w[k];
}

static void depthwise(const infer_ordered *o, const float *wide, float *y)
{
    const mhoi_rows_shape *s = &o->rows;
    for (size_t oh = 0; oh < s->out_h; oh++)
        for (size_t ow = 0; ow < s->out_w; ow++, y += s->c) {
            memcpy(y, o->bias, s->c * sizeof *y);
            for (size_t kh = 0; kh < s->kh; kh++)
                for (size_t kw = 0; kw < s->kw; kw++)
                    add_tap(s->c,
                            wide + ((oh * s->stride_h + kh * s->dilation_h) * s->w +
                                    ow * s->stride_w + kw * s->dilation_w) *
                                       s->c,
                            o->packed + (kh * s->kw + kw) * s->c, y);
        }
}

static void spread(const infer_step *step, size_t g, const float *sum, float *y)
{
    const infer_ordered *o = step->ordered;
    const size_t each = o->rows.out_c, pixels = o->rows.out_h * o->rows.out_w;
    for (size_t p = 0; p < pixels; p++)
        memcpy(y + p * each * o->groups + g * each, sum + p * each, each * sizeof *y);
}

static void run_image(const infer_step *step, const mhoi_rows *rows, const float *x, float *y,
                      float *memory)
{
    const infer_ordered *o = step->ordered;
    float *wide = memory, *sum = memory + wide_floats(o);
    for (size_t g = 0; g < o->groups; g++) {
        widen(step, g, x, wide);
        if (o->depthwise)
            depthwise(o, wide, y);
        else
            rows->conv(&o->rows, 1, wide, 0, o->packed + g * o->packed_each,
                       o->bias + g * o->bias_each, o->groups > 1 ? sum : y);
        if (o->groups > 1)
            spread(step, g, sum, y);
    }
}

void mhoi_infer_ordered_run(const infer_step *step, size_t n, const float *x, float *y,
                            float *memory)
{
    const mhoi_rows *rows = mhoi_rows_best();
    const size_t in = infer_elements(step->node->in), out = infer_elements(step->node->out);
    const infer_ordered *o = step->ordered;
    if (step->node->op == MHO_OP_FC) { /* images side by side */
        rows->conv(&o->rows, n, x, in, o->packed, o->bias, y);
        return;
    }
    for (size_t i = 0; i < n; i++)
        run_image(step, rows, x + i * in, y + i * out, memory);
}
