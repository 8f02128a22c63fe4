/* SPDX-License-Identifier: Apache-2.0 */
/* Sums of products of codes: docs/models/quantization.md eq. (2).  A product of codes and any sum of them is exact in
 * float below 2^24; a layer that may pass that is computed in parts of its rows, whose sums are added in double. */
#include "infer/infer_coded.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "net/op_table.h"
#include "quant/codes.h"

#define EXACT ((int64_t)1 << 24)
#define NEAR (1.0f / 4096) /* of a code: the image's values are pixel x scale, rounded once */

static const float round_magic = 12582912.0f; /* 1.5 x 2^23: see quant.c */

/* A map in codes: what one is worth, the largest; image: as in infer_coded. */
typedef struct coded_map {
    float scale;
    int64_t most;
    mho_codes image;
} coded_map;

/* Codes that a crossbar's drivers have for the image. */
static bool codes_of_image(const mho_net *net, coded_map *map)
{
    const mhoi_input_codes input = mhoi_net_input_codes(net);
    const mho_codes codes = mhoi_codes_of_map(net->input_bits, input.is_signed);
    *map = (coded_map){.scale = mhoi_net_input_step(net), .most = (int64_t)1 << net->input_bits};
    if (!input.own)
        map->image = codes;
    return net->input_bits <= 8;
}

/* The map behind node i.  False: real numbers. */
static bool codes_of(const mho_net *net, size_t i, coded_map *map)
{
    while (net->node[i].op == MHO_OP_FLATTEN || mhoi_op_is(net->node[i].op, MHOI_OP_POOL) ||
           mhoi_node_moves(&net->node[i])) {
        if (net->node[i].op == MHO_OP_AVGPOOL && !mhoi_node_rounds(&net->node[i]))
            return false;
        i = net->node[i].input[0];
    }
    if (net->node[i].op == MHO_OP_INPUT)
        return codes_of_image(net, map);
    if (!mhoi_node_rounds(&net->node[i]))
        return false;
    const mho_codes codes = mhoi_codes_of_values(
        net->node[i].value_bits, mhoi_net_values(net, i).is_signed, net->node[i].value_below);
    *map = (coded_map){.scale = net->node[i].value_scale,
                       .most = codes.hi > -(int64_t)codes.lo ? codes.hi : -(int64_t)codes.lo};
    return true;
}

bool mhoi_infer_is_coded(const mho_net *net, const mho_node *node)
{
    coded_map map;
    return mho_node_is_weighted(node) && node->weight_bits && node->weight_scale &&
           codes_of(net, node->input[0], &map);
}

bool mhoi_infer_has_codes(const mho_net *net)
{
    for (size_t i = 1; i < net->nodes; i++)
        if (mhoi_infer_is_coded(net, &net->node[i]))
            return true;
    return false;
}

bool mhoi_infer_averages_codes(const mho_net *net, const mho_node *node)
{
    coded_map map;
    return node->op == MHO_OP_AVGPOOL && mhoi_node_rounds(node) &&
           codes_of(net, node->input[0], &map) && map.scale == node->value_scale;
}

/* The largest sum of |codes| of a channel in elements [from, to) of its `each`. */
static int64_t largest_sum(const int16_t *code, size_t channels, size_t each, size_t from,
                           size_t to)
{
    int64_t most = 0;
    for (size_t c = 0; c < channels; c++) {
        int64_t sum = 0;
        for (size_t k = from; k < to; k++)
            sum += code[c * each + k] < 0 ? -code[c * each + k] : code[c * each + k];
        most = sum > most ? sum : most;
    }
    return most;
}

static size_t parts_of(const int16_t *code, size_t channels, size_t each, int64_t x_most)
{
    for (size_t parts = 1; parts < each; parts++) {
        bool fits = true;
        for (size_t p = 0; fits && p < parts; p++)
            fits = largest_sum(code, channels, each, p * each / parts, (p + 1) * each / parts) *
                       x_most <
                   EXACT;
        if (fits)
            return parts;
    }
    return each;
}

/* The weights of each part, those of the others 0, packed. */
static mho_status pack_parts(infer_step *step, const int16_t *code, size_t channels, size_t each)
{
    infer_coded *coded = step->coded;
    float *part = NULL;
    mho_status s = mhoi_alloc(&part, channels * each, sizeof *part, "weights");
    for (size_t p = 0; !s && p < coded->parts; p++) {
        const size_t from = p * each / coded->parts, to = (p + 1) * each / coded->parts;
        for (size_t k = 0; k < channels * each; k++)
            part[k] = k % each >= from && k % each < to ? (float)code[k] : 0;
        s = mhoi_alloc(&coded->packed[p], mhoi_conv_packed_bytes(step->conv), 1, "weights");
        if (!s)
            s = mhoi_conv_pack(step->conv, part, coded->packed[p]);
    }
    mhoi_free(&part);
    return s;
}

mho_status mhoi_infer_coded_begin(const mho_net *net, infer_step *step)
{
    const mho_node *node = step->node;
    coded_map map = {.scale = 1};
    (void)codes_of(net, node->input[0], &map);
    mho_status s = mhoi_alloc(&step->coded, 1, sizeof *step->coded, "weights");
    if (!s)
        s = mhoi_alloc(&step->coded->factor, node->out.c, sizeof(double), "weights");
    for (size_t c = 0; !s && c < node->out.c; c++)
        step->coded->factor[c] = (double)map.scale * (double)node->weight_scale[c];
    if (s)
        return s;
    step->coded->scale = map.scale;
    step->coded->image = map.image;
    step->coded->most = map.most;
    return MHO_OK;
}

mho_status mhoi_infer_coded_create(const mho_net *net, infer_step *step, const float *weight)
{
    const mho_node *node = step->node;
    const size_t channels = node->out.c, count = mho_node_weight_count(node);
    const size_t each = count / channels;
    const mho_codes codes = mhoi_codes_of_weights(node->weight_bits);
    int16_t *code = NULL;
    mho_status s = mhoi_infer_coded_begin(net, step);
    if (!s)
        s = mhoi_alloc(&code, count, sizeof *code, "weights");
    for (size_t c = 0; !s && c < channels; c++)
        mho_quant_codes(weight + c * each, each, node->weight_scale[c], codes, code + c * each);
    if (!s) {
        const size_t parts = parts_of(code, channels, each, step->coded->most);
        s = mhoi_alloc(&step->coded->packed, parts, sizeof(void *), "weights");
        step->coded->parts = s ? 0 : parts;
    }
    if (!s)
        s = pack_parts(step, code, channels, each);
    mhoi_free(&code);
    return s;
}

void mhoi_infer_coded_free(infer_step *step)
{
    if (!step->coded)
        return;
    for (size_t p = 0; p < step->coded->parts; p++)
        mhoi_free(&step->coded->packed[p]);
    mhoi_free(&step->coded->packed);
    mhoi_free(&step->coded->factor);
    mhoi_free(&step->coded);
}

size_t mhoi_infer_coded_floats(const mho_net *net, const infer_step *step, size_t n)
{
    const size_t in = n * infer_elements(net->node[step->input].out);
    const size_t out = n * infer_elements(step->node->out);
    return step->coded ? in + (step->coded->parts - 1) * out + 32 : 0;
}

/* Values of a coded map to its codes; numbers that are none stay what they are (an image that was no image). */
static void to_codes(const float *restrict x, size_t n, float inverse, float *restrict code)
{
    for (size_t i = 0; i < n; i++) {
        const float t = x[i] * inverse, r = (t + round_magic) - round_magic;
        code[i] = t - r < NEAR && r - t < NEAR ? r : t;
    }
}

/* As drivers do: data/load.c. */
static void to_image_codes(const float *x, size_t n, const infer_coded *coded, float *code)
{
    const float low = (float)coded->image.lo, high = (float)coded->image.hi;
    for (size_t i = 0; i < n; i++) {
        const float c = nearbyintf(x[i] / coded->scale);
        code[i] = c < low ? low : c > high ? high : c;
    }
}

void mhoi_infer_coded_input(const infer_coded *coded, const float *x, size_t n, float *code)
{
    if (coded->image.hi)
        to_image_codes(x, n, coded, code);
    else
        to_codes(x, n, 1 / coded->scale, code);
}

/* y = float(sum x factor) + bias, then the ReLU; sums of the first part stand in y, of the others in more. */
static void to_values(const infer_step *step, size_t count, const float *more, float *y)
{
    const infer_coded *coded = step->coded;
    const size_t channels = step->node->out.c;
    for (size_t i = 0; i < count; i += channels)
        for (size_t c = 0; c < channels; c++) {
            double sum = (double)y[i + c];
            for (size_t p = 1; p < coded->parts; p++)
                sum += (double)more[(p - 1) * count + i + c];
            float v = (float)(sum * coded->factor[c]);
            v = step->bias ? v + step->bias[c] : v;
            y[i + c] = !step->relu || v > 0 ? v : v * step->slope;
        }
}

mho_status mhoi_infer_coded_run(const mho_net *net, const infer_step *step, size_t n,
                                const float *x, float *y, float *memory, void *scratch)
{
    const size_t in = n * infer_elements(net->node[step->input].out);
    const size_t out = n * infer_elements(step->node->out);
    float *code = memory, *more = memory + (in + 15) / 16 * 16;
    mho_status s = MHO_OK;
    mhoi_infer_coded_input(step->coded, x, in, code);
    for (size_t p = 0; !s && p < step->coded->parts; p++)
        s = mhoi_conv_run(step->conv, code, step->coded->packed[p], NULL,
                          p ? more + (p - 1) * out : y, scratch);
    if (!s)
        to_values(step, out, more, y);
    return s;
}

/* Elements o stride - pad + k step, k = 0 .. kernel - 1, that are inside 0..n: from, to. */
static void inside(size_t o, size_t stride, size_t pad, size_t kernel, size_t step, size_t n,
                   size_t at[2])
{
    const size_t first = o * stride, last = first + (kernel - 1) * step + 1;
    const size_t skipped = first < pad ? (pad - first + step - 1) / step : 0;
    at[0] = first + skipped * step - pad;
    at[1] = last - pad < n ? last - pad : n;
}

static void average_at(const mho_node *node, float scale, const float *x, const size_t h[2],
                       const size_t w[2], float *y)
{
    for (size_t c = 0; c < node->in.c; c++) {
        float sum = 0, count = 0;
        for (size_t i = h[0]; i < h[1]; i += node->dilation_h)
            for (size_t j = w[0]; j < w[1]; j += node->dilation_w, count++)
                sum += nearbyintf(x[(i * node->in.w + j) * node->in.c + c] / scale);
        y[c] = nearbyintf(sum / count) * scale;
    }
}

void mhoi_infer_average(const mho_node *node, float scale, size_t n, const float *x, float *y)
{
    for (size_t i = 0; i < n; i++, x += infer_elements(node->in))
        for (size_t oh = 0; oh < node->out.h; oh++)
            for (size_t ow = 0; ow < node->out.w; ow++, y += node->out.c) {
                size_t h[2], w[2];
                inside(oh, node->stride_h, node->pad_top, node->kh, node->dilation_h, node->in.h,
                       h);
                inside(ow, node->stride_w, node->pad_left, node->kw, node->dilation_w, node->in.w,
                       w);
                average_at(node, scale, x, h, w, y);
            }
}
