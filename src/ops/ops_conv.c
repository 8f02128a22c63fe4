/* SPDX-License-Identifier: Apache-2.0 */
/* Convolution over any number of axes: of floats over one or two axes by the kernels of dnn, else by loops; and its
 * transpose. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "dnn/dnn.h"
#include "ops/conv.h"

mho_status mhoi_conv_geometry(const mhoi_call *c, const mho_array *x, const mho_array *w,
                              mhoi_conv_shape *g)
{
    const int64_t groups = mhoi_attr_int(c->op, "group", 1);
    if (x->rank < 3 || w->rank != x->rank)
        return mho_error(MHO_EFORMAT, "an input of %zu and a weight of %zu dimensions", x->rank,
                         w->rank);
    if (groups < 1 || (size_t)groups > x->size[1] || x->size[1] % (size_t)groups ||
        w->size[0] % (size_t)groups || w->size[1] != x->size[1] / (size_t)groups)
        return mho_error(MHO_EFORMAT,
                         "weight of %zu x %zu channels in %lld groups, the input has %zu",
                         w->size[0], w->size[1], (long long)groups, x->size[1]);
    g->n = x->size[0];
    g->groups = (size_t)groups;
    g->in = x->size[1];
    g->out = w->size[0];
    return mhoi_window_of(c, x, w->size + 2, false, &g->window);
}

mho_status mhoi_conv_out(mhoi_call *c, mho_type type, const mho_array *x, const mhoi_conv_shape *g)
{
    size_t size[MHOI_RANK_MAX] = {g->n, g->out};
    memcpy(size + 2, g->window.out, g->window.space * sizeof *size);
    return mhoi_out(c, 0, type, x->rank, size);
}

/* One output element. */
static double sum_at(const mhoi_conv_shape *g, const double *x, const double *w, size_t n, size_t o,
                     const size_t *at)
{
    const mhoi_window *v = &g->window;
    const size_t each = g->in / g->groups, first = o / (g->out / g->groups) * each;
    const size_t kernel = mhoi_product(v->kernel, 0, v->space);
    const size_t area = mhoi_product(v->in, 0, v->space);
    size_t k[MHOI_SPACE] = {0};
    double sum = 0;
    for (size_t j = 0; j < kernel; j++) {
        size_t place = 0;
        bool inside = true;
        for (size_t a = 0; a < v->space; a++) {
            const int64_t i = mhoi_window_at(v, a, at[a], k[a]);
            inside = inside && i >= 0;
            place = place * v->in[a] + (size_t)(i < 0 ? 0 : i);
        }
        for (size_t i = 0; inside && i < each; i++)
            sum += x[(n * g->in + first + i) * area + place] * w[(o * each + i) * kernel + j];
        (void)mhoi_next(v->space, v->kernel, k);
    }
    return sum;
}

void mhoi_conv_loops(const mhoi_conv_shape *g, const double *x, const double *w, const double *bias,
                     double *y)
{
    const size_t area = mhoi_product(g->window.out, 0, g->window.space);
    for (size_t n = 0; n < g->n; n++)
        for (size_t o = 0; o < g->out; o++) {
            size_t at[MHOI_SPACE] = {0};
            for (size_t i = 0; i < area; i++) {
                *y++ = sum_at(g, x, w, n, o, at) + (bias ? bias[o] : 0);
                (void)mhoi_next(g->window.space, g->window.out, at);
            }
        }
}

/* --- floats, one or two axes */

typedef struct fast {
    mhoi_conv *conv;
    void *packed;
    float *bias;
} fast;

static void fast_destroy(void *data)
{
    fast *f = data;
    mhoi_conv_destroy(f->conv);
    mhoi_free(&f->packed);
    mhoi_free(&f->bias);
    mhoi_free(&f);
}

/* The same convolution as a layer of images: one axis is a map of height 1. */
static mho_node as_layer(const mhoi_call *c, const mhoi_conv_shape *g)
{
    const mhoi_window *w = &g->window;
    const size_t last = w->space - 1;
    const bool map = w->space == 2;
    mho_node n = {.op = MHO_OP_CONV};
    strncpy(n.name, c->op->name, sizeof n.name - 1);
    mhoi_node_set_window(&n, map ? w->kernel[0] : 1, w->kernel[last]);
    n.in = (mho_shape){g->in, map ? w->in[0] : 1, w->in[last]};
    n.out = (mho_shape){g->out, map ? w->out[0] : 1, w->out[last]};
    n.stride_h = map ? w->stride[0] : 1;
    n.stride_w = w->stride[last];
    n.dilation_h = map ? w->dilation[0] : 1;
    n.dilation_w = w->dilation[last];
    n.pad_top = map ? w->before[0] : 0;
    n.pad_bottom = map ? w->after[0] : 0;
    n.pad_left = w->before[last];
    n.pad_right = w->after[last];
    n.groups = g->groups;
    return n;
}

static mho_status prepare(const mhoi_call *c, const mhoi_conv_shape *g, const float *weight,
                          const float *bias, fast **out)
{
    fast *f = NULL;
    const mho_node node = as_layer(c, g);
    mho_status s = mhoi_alloc(&f, 1, sizeof *f, c->op->name);
    if (s)
        return s;
    s = mhoi_conv_create(&node, MHOI_CONV_FORWARD, g->n, bias != NULL, false, 0, &f->conv);
    if (!s)
        s = mhoi_alloc(&f->packed, mhoi_conv_packed_bytes(f->conv), 1, c->op->name);
    if (!s)
        s = mhoi_conv_pack(f->conv, weight, f->packed);
    if (!s && bias)
        s = mhoi_alloc(&f->bias, g->out, sizeof *f->bias, c->op->name);
    if (!s && bias)
        memcpy(f->bias, bias, g->out * sizeof *f->bias);
    if (s)
        fast_destroy(f);
    else
        *out = f;
    return s;
}

/* What is prepared for this shape of input, made if it is not there; *own: to be destroyed after this run. */
static mho_status prepared_for(mhoi_call *c, const mhoi_conv_shape *g, fast **out, bool *own)
{
    mhoi_prepared *p = c->constant_weights ? c->prepared : NULL;
    *own = !p;
    if (p && p->data && mhoi_array_same_shape(&p->seen, c->in[0])) {
        *out = p->data;
        return MHO_OK;
    }
    if (p)
        mhoi_prepared_free(p);
    mho_status s = prepare(c, g, c->in[1]->data, mhoi_in(c, 2) ? c->in[2]->data : NULL, out);
    if (!s && p) {
        *p = (mhoi_prepared){.data = *out, .destroy = fast_destroy, .seen = *c->in[0]};
        p->seen.data = NULL;
    }
    return s;
}

/* [n][c][hw] to [n][hw][c]. */
static void turn(size_t n, size_t c, size_t hw, const float *from, float *to)
{
    for (size_t i = 0; i < n; i++, from += c * hw, to += c * hw)
        for (size_t k = 0; k < c; k++)
            for (size_t p = 0; p < hw; p++)
                to[p * c + k] = from[k * hw + p];
}

static mho_status run_prepared(const mhoi_call *c, const mhoi_conv_shape *g, const fast *f,
                               const float *from, float *to)
{
    float *x = NULL, *y = NULL;
    void *scratch = NULL;
    const mhoi_window *w = &g->window;
    const size_t in = mhoi_product(w->in, 0, w->space), out = mhoi_product(w->out, 0, w->space);
    mho_status s = mhoi_alloc(&x, g->n * g->in * in, sizeof *x, c->op->name);
    if (!s)
        s = mhoi_alloc(&y, g->n * g->out * out, sizeof *y, c->op->name);
    if (!s)
        s = mhoi_alloc(&scratch, mhoi_conv_scratch_bytes(f->conv), 1, c->op->name);
    if (!s) {
        turn(g->n, g->in, in, from, x);
        s = mhoi_conv_run(f->conv, x, f->packed, f->bias, y, scratch);
    }
    if (!s)
        turn(g->n, out, g->out, y, to);
    mhoi_free(&scratch);
    mhoi_free(&y);
    mhoi_free(&x);
    return s;
}

static mho_status run_fast(mhoi_call *c, const mhoi_conv_shape *g)
{
    fast *f = NULL;
    bool own = false;
    mho_status s = prepared_for(c, g, &f, &own);
    if (!s)
        s = run_prepared(c, g, f, c->in[0]->data, c->out->data);
    if (own && f)
        fast_destroy(f);
    return s;
}

/* --- whole numbers: in float where no sum leaves 2^24, so that it is exact, else in double */

static mho_status wholes_in_float(const mhoi_call *c, const mhoi_conv_shape *g, const double *x,
                                  size_t xs, const double *w, size_t ws, double *y, size_t ys)
{
    float *values = NULL;
    fast *f = NULL;
    mho_status s = mhoi_alloc(&values, xs + ws + ys, sizeof *values, c->op->name);
    for (size_t i = 0; !s && i < xs; i++)
        values[i] = (float)x[i];
    for (size_t i = 0; !s && i < ws; i++)
        values[xs + i] = (float)w[i];
    if (!s)
        s = prepare(c, g, values + xs, NULL, &f);
    if (!s)
        s = run_prepared(c, g, f, values, values + xs + ws);
    for (size_t i = 0; !s && i < ys; i++)
        y[i] = (double)values[xs + ws + i];
    if (f)
        fast_destroy(f);
    mhoi_free(&values);
    return s;
}

static double largest_size(size_t n, const double *x)
{
    double most = 0;
    for (size_t i = 0; i < n; i++)
        most = fabs(x[i]) > most ? fabs(x[i]) : most;
    return most;
}

mho_status mhoi_conv_wholes(const mhoi_call *c, const mhoi_conv_shape *g, const double *x,
                            const double *w, double *y)
{
    const mhoi_window *v = &g->window;
    const size_t taps = g->in / g->groups * mhoi_product(v->kernel, 0, v->space);
    const size_t xs = g->n * g->in * mhoi_product(v->in, 0, v->space), ws = g->out * taps;
    const size_t ys = g->n * g->out * mhoi_product(v->out, 0, v->space);
    const double most = largest_size(xs, x) * largest_size(ws, w) * (double)taps;
    if (v->space <= 2 && most < 0x1p24 && xs && ys)
        return wholes_in_float(c, g, x, xs, w, ws, y, ys);
    mhoi_conv_loops(g, x, w, NULL, y);
    return MHO_OK;
}

/* --- the operator */

static mho_status conv_shape(mhoi_call *c)
{
    mhoi_conv_shape g;
    mho_status s = mhoi_same_type(c, 0, 1);
    if (!s)
        s = mhoi_conv_geometry(c, c->in[0], c->in[1], &g);
    const mho_array *bias = mhoi_in(c, 2);
    if (!s && bias && bias->count != g.out)
        s = mho_error(MHO_EFORMAT, "%zu biases of %zu channels", bias->count, g.out);
    return s ? s : mhoi_conv_out(c, c->in[0]->type, c->in[0], &g);
}

/* Whole numbers, which the standard does not have here, wrap as they do in its other operators. */
static void put_wrapped(mhoi_call *c, const mhoi_conv_shape *g, const double *bias, const double *y)
{
    const size_t area = mhoi_product(g->window.out, 0, g->window.space);
    for (size_t i = 0; i < c->out->count; i++) {
        const int64_t sum = (int64_t)(y[i] + (bias ? bias[i / area % g->out] : 0));
        mhoi_array_set_wholes(c->out, i, 1, &sum);
    }
}

static mho_status run_loops(mhoi_call *c, const mhoi_conv_shape *g)
{
    double *x = NULL, *w = NULL, *bias = NULL, *y = NULL;
    mho_status s = mhoi_doubles(c->in[0], &x);
    if (!s)
        s = mhoi_doubles(c->in[1], &w);
    if (!s && mhoi_in(c, 2))
        s = mhoi_doubles(c->in[2], &bias);
    if (!s)
        s = mhoi_alloc(&y, c->out->count, sizeof *y, c->op->name);
    const bool whole = mhoi_type_kind(c->in[0]->type) == MHOI_KIND_WHOLE;
    if (!s && whole) {
        s = mhoi_conv_wholes(c, g, x, w, y);
        put_wrapped(c, g, bias, y);
    } else if (!s) {
        mhoi_conv_loops(g, x, w, bias, y);
        mhoi_put_doubles(c, 0, y);
    }
    mhoi_free(&y);
    mhoi_free(&bias);
    mhoi_free(&w);
    mhoi_free(&x);
    return s;
}

static mho_status conv_run(mhoi_call *c)
{
    mhoi_conv_shape g;
    mho_status s = mhoi_conv_geometry(c, c->in[0], c->in[1], &g);
    if (s || !c->out->count)
        return s;
    const bool floats = c->in[0]->type == MHO_TYPE_FLOAT && c->in[0]->count &&
                        (!mhoi_in(c, 2) || c->in[2]->type == MHO_TYPE_FLOAT);
    return floats && g.window.space <= 2 ? run_fast(c, &g) : run_loops(c, &g);
}

/* --- transposed: every input element adds the kernel, times it, to the output */

typedef struct transposed {
    size_t n, in, out, groups, space;
    size_t from[MHOI_SPACE], to[MHOI_SPACE], kernel[MHOI_SPACE], stride[MHOI_SPACE],
        dilation[MHOI_SPACE];
    int64_t before[MHOI_SPACE];
} transposed;

static mho_status list_of(const mhoi_call *c, const char *name, size_t count, int64_t low,
                          int64_t *out)
{
    const int64_t *ints;
    const size_t there = mhoi_attr_ints(c->op, name, &ints);
    if (!there)
        return MHO_OK;
    if (there != count)
        return mho_error(MHO_EFORMAT, "%s of %zu numbers, want %zu", name, there, count);
    for (size_t k = 0; k < count; k++) {
        if (ints[k] < low || ints[k] > 1LL << 31)
            return mho_error(MHO_EFORMAT, "%s = %lld", name, (long long)ints[k]);
        out[k] = ints[k];
    }
    return MHO_OK;
}

static mho_status transposed_sizes(const mhoi_call *c, transposed *t)
{
    int64_t stride[MHOI_SPACE], dilation[MHOI_SPACE],
        pads[2 * MHOI_SPACE] = {0}, more[MHOI_SPACE] = {0}, want[MHOI_SPACE] = {0};
    const char *mode = mhoi_attr_text(c->op, "auto_pad", "NOTSET");
    const bool same = strncmp(mode, "SAME_", 5) == 0, upper = strcmp(mode, "SAME_UPPER") == 0;
    for (size_t k = 0; k < t->space; k++)
        stride[k] = dilation[k] = 1;
    mho_status s = list_of(c, "strides", t->space, 1, stride);
    if (!s)
        s = list_of(c, "dilations", t->space, 1, dilation);
    if (!s)
        s = list_of(c, "pads", 2 * t->space, 0, pads);
    if (!s)
        s = list_of(c, "output_padding", t->space, 0, more);
    if (!s)
        s = list_of(c, "output_shape", t->space, 0, want);
    for (size_t k = 0; !s && k < t->space; k++) {
        const int64_t span = ((int64_t)t->kernel[k] - 1) * dilation[k] + 1;
        const int64_t full = stride[k] * ((int64_t)t->from[k] - 1) + more[k] + span;
        t->stride[k] = (size_t)stride[k];
        t->dilation[k] = (size_t)dilation[k];
        t->before[k] = pads[k];
        int64_t out = full - pads[k] - pads[k + t->space];
        if (want[k] || same) {
            out = want[k] ? want[k] : (int64_t)t->from[k] * stride[k];
            const int64_t total = full > out ? full - out : 0;
            t->before[k] = upper ? total / 2 : total - total / 2;
        }
        if (out < 0 || out > 1LL << 31)
            s = mho_error(MHO_EFORMAT, "an output of %lld", (long long)out);
        t->to[k] = (size_t)out;
    }
    return s;
}

static mho_status transposed_of(const mhoi_call *c, transposed *t)
{
    const mho_array *x = c->in[0], *w = c->in[1];
    const int64_t groups = mhoi_attr_int(c->op, "group", 1);
    if (x->rank < 3 || w->rank != x->rank || groups < 1 || x->size[1] != w->size[0] ||
        x->size[1] % (size_t)groups)
        return mho_error(MHO_EFORMAT, "a weight that does not fit");
    *t = (transposed){.n = x->size[0],
                      .in = x->size[1],
                      .out = w->size[1] * (size_t)groups,
                      .groups = (size_t)groups,
                      .space = x->rank - 2};
    memcpy(t->from, x->size + 2, t->space * sizeof *t->from);
    memcpy(t->kernel, w->size + 2, t->space * sizeof *t->kernel);
    for (size_t k = 0; k < t->space; k++)
        if (!t->kernel[k] || !t->from[k])
            return mho_error(MHO_EFORMAT, "axis %zu is empty", k);
    return transposed_sizes(c, t);
}

static mho_status transposed_shape(mhoi_call *c)
{
    transposed t;
    size_t size[MHOI_RANK_MAX];
    mho_status s = mhoi_want_real(c, 0);
    if (!s)
        s = mhoi_same_type(c, 0, 1);
    if (!s)
        s = transposed_of(c, &t);
    if (s)
        return s;
    if (mhoi_in(c, 2) && c->in[2]->count != t.out)
        return mho_error(MHO_EFORMAT, "%zu biases of %zu channels", c->in[2]->count, t.out);
    size[0] = t.n;
    size[1] = t.out;
    memcpy(size + 2, t.to, t.space * sizeof *size);
    return mhoi_out(c, 0, c->in[0]->type, c->in[0]->rank, size);
}

/* Adds the kernel of input channel i, output channel o, times one map, to another. */
static void spread(const transposed *t, const double *x, const double *w, double *y)
{
    size_t at[MHOI_SPACE] = {0};
    const size_t area = mhoi_product(t->from, 0, t->space);
    const size_t kernel = mhoi_product(t->kernel, 0, t->space);
    for (size_t p = 0; p < area; p++) {
        size_t k[MHOI_SPACE] = {0};
        for (size_t j = 0; j < kernel; j++) {
            size_t place = 0;
            bool inside = true;
            for (size_t a = 0; a < t->space; a++) {
                const int64_t i =
                    (int64_t)(at[a] * t->stride[a] + k[a] * t->dilation[a]) - t->before[a];
                inside = inside && i >= 0 && i < (int64_t)t->to[a];
                place = place * t->to[a] + (size_t)(i < 0 ? 0 : i);
            }
            if (inside)
                y[place] += x[p] * w[j];
            (void)mhoi_next(t->space, t->kernel, k);
        }
        (void)mhoi_next(t->space, t->from, at);
    }
}

static void transpose_all(const transposed *t, const double *x, const double *w, const double *bias,
                          double *y)
{
    const size_t area = mhoi_product(t->from, 0, t->space), to = mhoi_product(t->to, 0, t->space);
    const size_t kernel = mhoi_product(t->kernel, 0, t->space);
    const size_t in = t->in / t->groups, out = t->out / t->groups;
    for (size_t n = 0; n < t->n; n++)
        for (size_t o = 0; o < t->out; o++) {
            double *map = y + (n * t->out + o) * to;
            for (size_t p = 0; p < to; p++)
                map[p] = bias ? bias[o] : 0;
            for (size_t k = 0; k < in; k++) {
                const size_t i = o / out * in + k;
                spread(t, x + (n * t->in + i) * area, w + (i * out + o % out) * kernel, map);
            }
        }
}

static mho_status transposed_run(mhoi_call *c)
{
    transposed t;
    double *x = NULL, *w = NULL, *bias = NULL, *y = NULL;
    mho_status s = transposed_of(c, &t);
    if (!s)
        s = mhoi_doubles(c->in[0], &x);
    if (!s)
        s = mhoi_doubles(c->in[1], &w);
    if (!s && mhoi_in(c, 2))
        s = mhoi_doubles(c->in[2], &bias);
    if (!s)
        s = mhoi_alloc(&y, c->out->count, sizeof *y, c->op->name);
    if (!s) {
        transpose_all(&t, x, w, bias, y);
        mhoi_put_doubles(c, 0, y);
    }
    mhoi_free(&y);
    mhoi_free(&bias);
    mhoi_free(&w);
    mhoi_free(&x);
    return s;
}

const mhoi_operator mhoi_ops_conv[] = {
    {"Conv", "", 2, 3, 1, MHOI_WINDOW_ATTRIBUTES "group ", conv_shape, conv_run},
    {"ConvTranspose", "", 2, 3, 1, MHOI_WINDOW_ATTRIBUTES "group output_padding output_shape ",
     transposed_shape, transposed_run},
    {0}};
