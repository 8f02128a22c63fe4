/* SPDX-License-Identifier: Apache-2.0 */
/* Large fully connected steps: a few rows of weights, a run of their elements, all images of the block. */
#include "infer/infer_dense.h"

#include <string.h>

#include "base/alloc.h"
#include "dnn/dense_kernel.h"
#include "infer/infer_coded.h"
#include "quant/codes.h"

#define DENSE_FROM ((size_t)1 << 22) /* weights: 17 MB */

static size_t inputs_of(const mho_node *node)
{
    return mho_node_weight_count(node) / node->out.c;
}

bool mhoi_infer_is_dense(const mho_node *node)
{
    return node->op == MHO_OP_FC && mho_node_block(node) <= 1 &&
           inputs_of(node) == infer_elements(node->in) && mho_node_weight_count(node) >= DENSE_FROM;
}

static mho_status set_factors(infer_step *step, const mho_node *bn)
{
    const size_t channels = step->node->out.c;
    mho_status s = MHO_OK;
    if (bn || step->node->bias)
        s = mhoi_alloc(&step->bias, channels, sizeof *step->bias, "bias");
    if (!s && step->node->bias)
        memcpy(step->bias, step->node->bias, channels * sizeof *step->bias);
    if (!s && bn)
        s = mhoi_alloc(&step->a, channels, sizeof *step->a, "batch normalization");
    for (size_t c = 0; !s && bn && c < channels; c++) {
        float b;
        mho_batchnorm_coefficients(bn, c, &step->a[c], &b);
        step->bias[c] = step->bias[c] * step->a[c] + b;
    }
    return s;
}

mho_status mhoi_infer_dense_create(const mho_net *net, infer_step *step, const mho_node *bn)
{
    const mho_node *node = step->node;
    mho_status s = mhoi_infer_finite(node, node->weight, mho_node_weight_count(node), "weight");
    step->dense = true;
    if (!s)
        s = set_factors(step, bn);
    if (!s && bn)
        s = mhoi_infer_finite(bn, step->a, node->out.c, "batch normalization factor");
    if (!s && step->bias)
        s = mhoi_infer_finite(node, step->bias, node->out.c, "bias");
    if (!s && mhoi_infer_is_coded(net, node))
        s = mhoi_infer_coded_begin(net, step);
    return s;
}

/* Elements of an image's input, filled up with zeros. */
static size_t wide_of(const infer_step *step)
{
    return (inputs_of(step->node) + MHOI_DENSE_LANES - 1) / MHOI_DENSE_LANES * MHOI_DENSE_LANES;
}

size_t mhoi_infer_dense_floats(const infer_step *step, size_t n)
{
    const size_t codes = step->coded ? n * inputs_of(step->node) + 16 : 0;
    return n * wide_of(step) + codes + n * step->node->out.c * (sizeof(double) / sizeof(float));
}

/* Inputs in the order of the weights, [c][h][w]. */
static void order_inputs(const mho_net *net, const infer_step *step, size_t n, const float *x,
                         float *to)
{
    const mho_shape in = net->node[step->input].out;
    const size_t each = inputs_of(step->node), wide = wide_of(step);
    for (size_t i = 0; i < n; i++, to += wide) {
        mhoi_transpose(1, in.h * in.w, in.c, x + i * each, to);
        memset(to + each, 0, (wide - each) * sizeof *to);
    }
}

/* Where the kernel cannot read the weights where they lie: codes of them, or the last of a row. */
static void copy_rows(const infer_step *step, size_t first, size_t rows, size_t from, size_t count,
                      size_t filled, float *to)
{
    const mho_node *node = step->node;
    const size_t each = inputs_of(node);
    const mho_codes codes = mhoi_codes_of_weights(node->weight_bits ? node->weight_bits : 1);
    for (size_t o = 0; o < rows; o++, to += filled) {
        const float *w = node->weight + (first + o) * each + from;
        memcpy(to, w, count * sizeof *to);
        memset(to + count, 0, (filled - count) * sizeof *to);
        const float inverse = step->coded ? 1.0f / node->weight_scale[first + o] : 0;
        for (size_t k = 0; step->coded && k < count; k++)
            to[k] = mhoi_nearest_code(to[k], inverse, codes);
    }
}

static void add_rows(const infer_step *step, size_t n, const float *x, size_t first, size_t rows,
                     double *sum)
{
    const mhoi_dense *kernel = mhoi_dense_best();
    const mho_node *node = step->node;
    const size_t each = inputs_of(node), wide = wide_of(step), channels = node->out.c;
    float copy[MHOI_DENSE_ROWS * MHOI_DENSE_RUN];
    for (size_t from = 0; from < each; from += MHOI_DENSE_RUN) {
        const size_t count = each - from < MHOI_DENSE_RUN ? each - from : MHOI_DENSE_RUN;
        const size_t filled = wide - from < MHOI_DENSE_RUN ? wide - from : MHOI_DENSE_RUN;
        const bool as_is = !step->coded && count == filled;
        if (!as_is)
            copy_rows(step, first, rows, from, count, filled, copy);
        kernel->products(n, rows, filled, x + from, wide,
                         as_is ? node->weight + first * each + from : copy, as_is ? each : filled,
                         sum + first, channels);
    }
}

/* What a sum is worth, then the ReLU. */
static float value_of(const infer_step *step, size_t c, double sum)
{
    const double factor = step->coded ? step->coded->factor[c] : step->a ? (double)step->a[c] : 1;
    float v = (float)(sum * factor);
    v = step->bias ? v + step->bias[c] : v;
    return !step->relu || v > 0 ? v : v * step->slope;
}

void mhoi_infer_dense_run(const mho_net *net, const infer_step *step, size_t n, const float *x,
                          float *y, float *memory)
{
    const size_t channels = step->node->out.c, in = n * inputs_of(step->node);
    void *sums = memory; /* first: aligned for doubles */
    double *sum = sums;
    float *wide = memory + n * channels * (sizeof(double) / sizeof(float));
    float *code = wide + n * wide_of(step);
    memset(sum, 0, n * channels * sizeof *sum);
    if (step->coded)
        mhoi_infer_coded_input(step->coded, x, in, code);
    order_inputs(net, step, n, step->coded ? code : x, wide);
    for (size_t o = 0; o < channels; o += MHOI_DENSE_ROWS)
        add_rows(step, n, wide, o, channels - o < MHOI_DENSE_ROWS ? channels - o : MHOI_DENSE_ROWS,
                 sum);
    for (size_t i = 0; i < n; i++)
        for (size_t c = 0; c < channels; c++)
            y[i * channels + c] = value_of(step, c, sum[i * channels + c]);
}
