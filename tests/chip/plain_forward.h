/* SPDX-License-Identifier: Apache-2.0 */
/* Layers one by one, written for clearness, in double; quantization finds its scales by itself. */
#ifndef PLAIN_FORWARD_H
#define PLAIN_FORWARD_H

#include "chip_nets.h"
#include "mho/infer.h"

static inline size_t elements(mho_shape s)
{
    return s.c * s.h * s.w;
}

static inline bool pointwise(mho_op op)
{
    return op == MHO_OP_BATCHNORM || op == MHO_OP_RELU || op == MHO_OP_LEAKY_RELU ||
           op == MHO_OP_SIGN || op == MHO_OP_STEP;
}

static inline double quantize(double x, double scale, double lo, double hi)
{
    const double code = nearbyint(x / scale);
    return scale * (code < lo ? lo : code > hi ? hi : code);
}

/* The smallest power of two whose codes hold all of x; then quantizes x in place; returns the scale. */
static inline double cover(float *x, size_t n, double lo, double hi)
{
    double scale = 1048576;
    for (bool fits = true; fits && scale > 1e-12;) {
        for (size_t i = 0; i < n; i++)
            if (nearbyint(x[i] / (scale / 2)) > hi || nearbyint(x[i] / (scale / 2)) < lo)
                fits = false;
        scale = fits ? scale / 2 : scale;
    }
    for (size_t i = 0; i < n; i++)
        x[i] = (float)quantize(x[i], scale, lo, hi);
    return scale;
}

static inline double weighted(const mho_node *node, const float *w, const float *in, size_t o,
                              size_t oy, size_t ox)
{
    double sum = 0;
    if (node->op == MHO_OP_FC) {
        for (size_t i = 0; i < elements(node->in); i++)
            sum += (double)w[o * elements(node->in) + i] * (double)in[i];
        return sum;
    }
    const size_t cg = node->in.c / node->groups, g = o / (node->out.c / node->groups);
    for (size_t i = 0; i < cg; i++)
        for (size_t y = 0; y < node->kh; y++)
            for (size_t x = 0; x < node->kw; x++) {
                const long iy =
                    (long)(oy * node->stride_h + y * node->dilation_h) - (long)node->pad_top;
                const long ix =
                    (long)(ox * node->stride_w + x * node->dilation_w) - (long)node->pad_left;
                if (iy < 0 || ix < 0 || iy >= (long)node->in.h || ix >= (long)node->in.w)
                    continue;
                sum +=
                    (double)w[((o * cg + i) * node->kh + y) * node->kw + x] *
                    (double)in[((g * cg + i) * node->in.h + (size_t)iy) * node->in.w + (size_t)ix];
            }
    return sum;
}

static inline float pooled(const mho_node *node, const float *in, size_t c, size_t oy, size_t ox,
                           double scale)
{
    double best = -1e30, sum = 0;
    int count = 0;
    for (size_t y = 0; y < node->kh; y++)
        for (size_t x = 0; x < node->kw; x++) {
            const long iy =
                (long)(oy * node->stride_h + y * node->dilation_h) - (long)node->pad_top;
            const long ix =
                (long)(ox * node->stride_w + x * node->dilation_w) - (long)node->pad_left;
            if (iy < 0 || ix < 0 || iy >= (long)node->in.h || ix >= (long)node->in.w)
                continue;
            const double v = in[(c * node->in.h + (size_t)iy) * node->in.w + (size_t)ix];
            best = v > best ? v : best;
            sum += v;
            count++;
        }
    return (float)(node->op == MHO_OP_MAXPOOL ? best : scale * round(sum / scale / count));
}

static inline float activation(const mho_node *node, size_t c, float x)
{
    float a, b;
    if (node->op == MHO_OP_BATCHNORM) {
        mho_batchnorm_coefficients(node, c, &a, &b);
        return x * a + b;
    }
    if (node->op == MHO_OP_SIGN)
        return x > 0 ? 1 : -1;
    if (node->op == MHO_OP_STEP)
        return x > 0;
    return x > 0 ? x : node->op == MHO_OP_RELU ? 0 : x * node->slope;
}

/* out[c][h][w] of one node and image. */
static inline void forward(const mho_node *node, const float *w, const float *in, const float *in2,
                           double scale, float *out)
{
    for (size_t c = 0; c < node->out.c; c++)
        for (size_t y = 0; y < node->out.h; y++)
            for (size_t x = 0; x < node->out.w; x++) {
                const size_t i = (c * node->out.h + y) * node->out.w + x;
                if (mho_node_is_weighted(node))
                    out[i] = (float)weighted(node, w, in, c, y, x) +
                             (node->has_bias ? node->bias[c] : 0);
                else if (node->op == MHO_OP_MAXPOOL || node->op == MHO_OP_AVGPOOL)
                    out[i] = pooled(node, in, c, y, x, scale);
                else if (node->op == MHO_OP_ADD)
                    out[i] = in[i] + in2[i];
                else if (pointwise(node->op))
                    out[i] = activation(node, c, in[i]);
                else
                    out[i] = in[i];
            }
}

#endif
