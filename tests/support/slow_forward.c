/* SPDX-License-Identifier: Apache-2.0 */
#include "slow_forward.h"

#include <math.h>
#include <stdlib.h>

static double get(const double *x, mho_shape s, size_t c, long y, long z)
{
    return x[(c * s.h + (size_t)y) * s.w + (size_t)z];
}

static bool inside(mho_shape s, long y, long z)
{
    return y >= 0 && z >= 0 && y < (long)s.h && z < (long)s.w;
}

static double conv_at(const mho_node *n, const double *x, size_t co, size_t y, size_t z)
{
    const size_t ci_per = n->in.c / n->groups, group = co / (n->out.c / n->groups);
    double sum = n->has_bias ? (double)n->bias[co] : 0;
    for (size_t c = 0; c < ci_per; c++)
        for (size_t i = 0; i < n->kh; i++)
            for (size_t j = 0; j < n->kw; j++) {
                const long yy = (long)(y * n->stride_h + i * n->dilation_h) - (long)n->pad_top;
                const long zz = (long)(z * n->stride_w + j * n->dilation_w) - (long)n->pad_left;
                if (inside(n->in, yy, zz))
                    sum += get(x, n->in, group * ci_per + c, yy, zz) *
                           (double)n->weight[((co * ci_per + c) * n->kh + i) * n->kw + j];
            }
    return sum;
}

static double pool_at(const mho_node *n, const double *x, size_t c, size_t y, size_t z)
{
    double max = -INFINITY, sum = 0;
    size_t count = 0;
    for (size_t i = 0; i < n->kh; i++)
        for (size_t j = 0; j < n->kw; j++) {
            const long yy = (long)(y * n->stride_h + i * n->dilation_h) - (long)n->pad_top;
            const long zz = (long)(z * n->stride_w + j * n->dilation_w) - (long)n->pad_left;
            if (!inside(n->in, yy, zz))
                continue;
            const double v = get(x, n->in, c, yy, zz);
            max = v > max ? v : max;
            sum += v;
            count++;
        }
    return n->op == MHO_OP_MAXPOOL ? max : sum / (double)count;
}

static void window(const mho_node *n, const double *x, double *out)
{
    for (size_t c = 0; c < n->out.c; c++)
        for (size_t y = 0; y < n->out.h; y++)
            for (size_t z = 0; z < n->out.w; z++)
                out[(c * n->out.h + y) * n->out.w + z] =
                    n->op == MHO_OP_CONV ? conv_at(n, x, c, y, z) : pool_at(n, x, c, y, z);
}

static void fc(const mho_node *n, const double *x, double *out)
{
    const size_t in = n->in.c * n->in.h * n->in.w;
    for (size_t c = 0; c < n->out.c; c++) {
        out[c] = n->has_bias ? (double)n->bias[c] : 0;
        for (size_t i = 0; i < in; i++)
            out[c] += x[i] * (double)n->weight[c * in + i];
    }
}

static void batchnorm(const mho_node *n, const double *x, double *out)
{
    const size_t positions = n->out.h * n->out.w;
    for (size_t c = 0; c < n->out.c; c++) {
        const double scale =
            (double)n->gamma[c] / sqrt((double)n->variance[c] + (double)n->epsilon);
        const float a = (float)scale;
        const float b = (float)((double)n->beta[c] - (double)n->mean[c] * scale);
        for (size_t i = 0; i < positions; i++) {
            const float product = (float)x[c * positions + i] * a;
            out[c * positions + i] = (double)(product + b);
        }
    }
}

static void softmax(const double *x, size_t count, double *out)
{
    double max = -INFINITY, sum = 0;
    for (size_t i = 0; i < count; i++)
        max = x[i] > max ? x[i] : max;
    for (size_t i = 0; i < count; i++)
        sum += out[i] = exp(x[i] - max);
    for (size_t i = 0; i < count; i++)
        out[i] /= sum;
}

static double element(const mho_node *n, double a, double b)
{
    switch (n->op) {
    case MHO_OP_SIGN:
        return a > 0 ? 1 : -1;
    case MHO_OP_STEP:
        return a > 0;
    case MHO_OP_RELU:
        return a > 0 ? a : 0;
    case MHO_OP_LEAKY_RELU:
        return a > 0 ? a : a * (double)n->slope;
    case MHO_OP_ADD:
        return a + b;
    default:
        return a;
    }
}

static void node_forward(const mho_node *n, const double *x, const double *second, double *out)
{
    const size_t count = n->out.c * n->out.h * n->out.w;
    switch (n->op) {
    case MHO_OP_CONV:
    case MHO_OP_MAXPOOL:
    case MHO_OP_AVGPOOL:
        window(n, x, out);
        break;
    case MHO_OP_FC:
        fc(n, x, out);
        break;
    case MHO_OP_BATCHNORM:
        batchnorm(n, x, out);
        break;
    case MHO_OP_SOFTMAX:
        softmax(x, count, out);
        break;
    default:
        for (size_t i = 0; i < count; i++)
            out[i] = element(n, x[i], second ? second[i] : 0);
        break;
    }
}

double **slow_forward(const mho_net *net, const float *input)
{
    double **out = calloc(net->nodes, sizeof *out);
    for (size_t i = 0; i < net->nodes; i++) {
        const mho_node *n = &net->node[i];
        const size_t count = n->out.c * n->out.h * n->out.w;
        out[i] = calloc(count, sizeof **out);
        if (i == 0)
            for (size_t k = 0; k < count; k++)
                out[0][k] = (double)input[k];
        else
            node_forward(n, out[n->input[0]], n->inputs > 1 ? out[n->input[1]] : NULL, out[i]);
    }
    return out;
}

void slow_forward_free(const mho_net *net, double **out)
{
    for (size_t i = 0; i < net->nodes; i++)
        free(out[i]);
    free(out);
}

static double uniform(unsigned *state)
{
    *state = *state * 1664525U + 1013904223U;
    return ((double)(*state >> 8) + 0.5) / 16777216.0;
}

static void fill(float *values, size_t count, double low, double high, unsigned *state)
{
    for (size_t i = 0; values && i < count; i++)
        values[i] = (float)(low + (high - low) * uniform(state));
}

void slow_random_parameters(mho_net *net, unsigned seed)
{
    unsigned state = seed * 2654435761U + 1;
    for (size_t i = 0; i < net->nodes; i++) {
        mho_node *n = &net->node[i];
        const size_t count = mho_node_weight_count(n);
        const double bound = count ? sqrt(3.0 * (double)n->out.c / (double)count) : 0;
        fill(n->weight, count, -bound, bound, &state);
        for (size_t k = 0; n->alphabet == MHO_ALPHABET_BINARY && k < count; k++)
            n->weight[k] = n->weight[k] > 0 ? 1 : -1;
        fill(n->bias, n->out.c, -0.1, 0.1, &state);
        const double sums =
            n->op == MHO_OP_BATCHNORM && net->node[n->input[0]].alphabet == MHO_ALPHABET_BINARY
                ? (double)mho_node_weight_count(&net->node[n->input[0]]) / (double)n->out.c
                : 1;
        fill(n->gamma, n->out.c, -1, 1.5, &state);
        fill(n->beta, n->out.c, -0.3, 0.3, &state);
        fill(n->mean, n->out.c, -0.3 * sqrt(sums), 0.3 * sqrt(sums), &state);
        fill(n->variance, n->out.c, 0.3 * sums, 1.5 * sums, &state);
    }
}

void slow_random_input(const mho_net *net, unsigned seed, float *input)
{
    unsigned state = seed * 2654435761U + 77;
    const mho_shape s = net->node[0].out;
    const double codes = ldexp(1, (int)net->input_bits);
    for (size_t i = 0; i < s.c * s.h * s.w; i++)
        input[i] = (float)floor(uniform(&state) * codes) * net->input_scale;
}
