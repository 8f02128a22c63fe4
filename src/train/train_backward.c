/* SPDX-License-Identifier: Apache-2.0 */
/* Backward through one batch, in groups as on the way forward; docs/models/train.md eq. (3) to (6). */
#include <string.h>

#include "base/parallel.h"
#include "infer/infer_impl.h"
#include "net/op_table.h"
#include "train/train_impl.h"

#define FC_BLOCK 128   /* rows or columns of a weight gradient, or inputs, in one item */
#define FOLD_TILES 32u /* sums are in float over so many tiles, then in double */

/* Where the gradient of input k of node i is to be written for one chunk. */
static float *target_of(const trainer *t, size_t i, size_t k, size_t chunk)
{
    const train_layer *l = &t->layer[i];
    const size_t from = l->node->input[k];
    if (l->accumulate[k])
        return t->temp + chunk * t->temp_floats;
    return t->layer[from].grad + chunk * t->chunk * train_elements(t->net->node[from].out);
}

/* Adds what was written beside to the gradient it belongs to. */
static void settle(const trainer *t, size_t i, size_t k, size_t chunk)
{
    const train_layer *l = &t->layer[i];
    if (!l->accumulate[k])
        return;
    const size_t from = l->node->input[k],
                 count = t->chunk * train_elements(t->net->node[from].out);
    float *grad = t->layer[from].grad + chunk * count;
    t->loops->add(count, grad, t->temp + chunk * t->temp_floats, grad);
}

static mho_status conv_back(const trainer *t, size_t i, size_t chunk, void *scratch)
{
    const train_layer *l = &t->layer[i];
    const mho_node *node = l->node;
    const size_t n = t->chunk, c = node->out.c, pixels = n * node->out.h * node->out.w;
    const float *dy = l->grad + chunk * pixels * c;
    const float *x = t->layer[node->input[0]].value + chunk * n * train_elements(node->in);
    mho_status s =
        mhoi_conv_run(l->back_weight, x, l->partial + chunk * l->partial_floats, NULL, dy, scratch);
    if (s == MHO_OK && l->wanted[0])
        s = mhoi_conv_run(l->back_data, target_of(t, i, 0, chunk), l->packed_back, NULL, dy,
                          scratch);
    if (!node->has_bias)
        return s;
    float *bias = l->partial + t->chunks * l->partial_floats + chunk * c;
    memset(bias, 0, c * sizeof *bias);
    for (size_t p = 0; p < pixels; ++p)
        for (size_t k = 0; k < c; ++k)
            bias[k] += dy[p * c + k];
    return s;
}

static void step_back(size_t n, float window, const float *restrict x, const float *restrict dy,
                      float *restrict dx)
{
    for (size_t i = 0; i < n; ++i)
        dx[i] = x[i] >= -window && x[i] <= window ? dy[i] : 0.0f;
}

/* The gradient of one input of a layer that has no weights. */
static mho_status input_back(const trainer *t, size_t i, size_t chunk, const float *x,
                             const float *dy, float *dx)
{
    const train_layer *l = &t->layer[i];
    const mho_node *node = l->node;
    const size_t n = t->chunk, out = n * train_elements(node->out);
    switch (node->op) {
    case MHO_OP_MAXPOOL:
        t->loops->maxpool_back(node, n, l->which + chunk * out, dy, dx);
        return MHO_OK;
    case MHO_OP_AVGPOOL:
        t->loops->avgpool_back(node, n, dy, dx);
        return MHO_OK;
    case MHO_OP_BATCHNORM:
        t->loops->affine_back(out, l->tile, dy, x, l->a, l->b, l->c, dx);
        return MHO_OK;
    case MHO_OP_SIGN: /* straight through where |x| <= 1 */
        t->loops->sign_back(out, x, dy, dx);
        return MHO_OK;
    case MHO_OP_STEP:
        step_back(out, (float)t->options.step_window, x, dy, dx);
        return MHO_OK;
    case MHO_OP_RELU:
    case MHO_OP_LEAKY_RELU:
        t->loops->relu_back(out, node->op == MHO_OP_RELU ? 0.0f : node->slope, x, dy, dx);
        return MHO_OK;
    case MHO_OP_FLATTEN:
        mhoi_transpose(n, node->in.c, node->in.h * node->in.w, dy, dx);
        return MHO_OK;
    case MHO_OP_ADD:
        memcpy(dx, dy, out * sizeof *dx);
        return MHO_OK;
    default: /* weighted layers: conv_back, fc_back */
        break;
    }
    return mhoi_node_refuse(node, MHOI_WALK_TRAIN);
}

static void round_gradient(const trainer *t, size_t i, size_t chunk)
{
    const size_t count = t->chunk * train_elements(t->net->node[i].out);
    mhoi_train_round_gradient(t, i, chunk * count, count);
}

static mho_status backward_chunk(const trainer *t, size_t i, size_t chunk, void *scratch)
{
    const train_layer *l = &t->layer[i];
    const mho_node *node = l->node;
    const size_t in = t->chunk * train_elements(node->in);
    const size_t out = t->chunk * train_elements(node->out);
    const float *dy = l->grad + chunk * out, *x = t->layer[node->input[0]].value + chunk * in;
    round_gradient(t, i, chunk);
    if (node->op == MHO_OP_CONV) {
        mho_status s = conv_back(t, i, chunk, scratch);
        if (l->wanted[0])
            settle(t, i, 0, chunk);
        return s;
    }
    mho_status s = MHO_OK;
    for (size_t k = 0; s == MHO_OK && k < node->inputs; ++k) {
        if (!l->wanted[k])
            continue;
        s = input_back(t, i, chunk, x, dy, target_of(t, i, k, chunk));
        settle(t, i, k, chunk);
    }
    return s;
}

/* Sums of dy and dy x of each channel of batch normalization i, over one chunk. */
static void products_chunk(const trainer *t, size_t i, size_t chunk, float *scratch)
{
    const train_layer *l = &t->layer[i];
    const size_t c = l->node->out.c, count = t->chunk * train_elements(l->node->out);
    const float *dy = l->grad + chunk * count,
                *x = t->layer[l->node->input[0]].value + chunk * count;
    double *total = l->sums + chunk * 2 * c;
    memset(total, 0, 2 * c * sizeof *total);
    for (size_t at = 0; at < count; at += FOLD_TILES * l->tile) {
        const size_t left = count - at,
                     n = left < FOLD_TILES * l->tile ? left : FOLD_TILES * l->tile;
        memset(scratch, 0, 2 * l->tile * sizeof *scratch);
        t->loops->products(n, l->tile, dy + at, x + at, scratch, scratch + l->tile);
        for (size_t k = 0; k < l->tile; ++k) {
            total[k % c] += (double)scratch[k];
            total[c + k % c] += (double)scratch[l->tile + k];
        }
    }
}

/* Gradients of gamma and beta, and the coefficients of dx = dy a + x b + c. */
static void batchnorm_back_coefficients(const trainer *t, size_t i)
{
    const train_layer *l = &t->layer[i];
    const size_t c = l->node->out.c;
    const double count = (double)(t->batch * l->node->out.h * l->node->out.w);
    for (size_t k = 0; k < c; ++k) {
        double sum = 0, dot = 0;
        for (size_t chunk = 0; chunk < t->chunks; ++chunk) {
            sum += l->sums[chunk * 2 * c + k];
            dot += l->sums[chunk * 2 * c + c + k];
        }
        const double mean = l->now[k], inverse = l->now[c + k],
                     normal = inverse * (dot - mean * sum);
        t->g[l->beta + k] = (float)sum;
        t->g[l->gamma + k] = (float)normal;
        const double a = (double)t->w[l->gamma + k] * inverse, b = -a * inverse * normal / count;
        for (size_t j = k; j < l->tile; j += c) {
            l->a[j] = (float)a;
            l->b[j] = (float)b;
            l->c[j] = (float)(-a * sum / count - b * mean);
        }
    }
}

typedef struct group {
    trainer *t;
    size_t first, end; /* nodes end - 1 down to first */
} group;

static mho_status group_chunk(void *context, size_t chunk, size_t thread)
{
    const group *g = context;
    const trainer *t = g->t;
    mho_status s = MHO_OK;
    for (size_t i = g->end; s == MHO_OK && i-- > g->first;)
        s = backward_chunk(t, i, chunk, t->scratch[thread]);
    if (s == MHO_OK && g->first > 1) /* whole at last, and needed at once */
        round_gradient(t, g->first - 1, chunk);
    if (g->first > 1 && t->net->node[g->first - 1].op == MHO_OP_BATCHNORM)
        products_chunk(t, g->first - 1, chunk, t->scratch[thread]);
    return s;
}

/* A block of the weight gradient of a fully connected layer, or of the gradient of its inputs. */
static mho_status fc_block(void *context, size_t item, size_t thread)
{
    (void)thread;
    const group *g = context;
    trainer *t = g->t;
    const train_layer *l = &t->layer[g->first];
    const size_t c = l->node->out.c, inputs = mho_node_weight_count(l->node) / c, n = t->batch;
    const size_t blocks = (c + FC_BLOCK - 1) / FC_BLOCK;
    const train_layer *from = &t->layer[l->node->input[0]];
    if (item < blocks) {
        const size_t first = item * FC_BLOCK, count = c - first < FC_BLOCK ? c - first : FC_BLOCK;
        for (size_t k = first; l->node->has_bias && k < first + count; ++k) {
            float sum = 0;
            for (size_t i = 0; i < n; ++i)
                sum += l->grad[i * c + k];
            t->g[l->bias + k] = sum;
        }
        return mhoi_sgemm(true, false, count, inputs, n, l->grad + first, c, from->value, inputs,
                          0.0f, (l->dense ? l->dense : t->g + l->weight) + first * inputs, inputs);
    }
    const size_t first = (item - blocks) * FC_BLOCK;
    const size_t count = inputs - first < FC_BLOCK ? inputs - first : FC_BLOCK;
    return mhoi_sgemm(false, false, n, count, c, l->grad, c,
                      (l->used ? l->used : t->w + l->weight) + first, inputs,
                      l->accumulate[0] ? 1.0f : 0.0f, from->grad + first, inputs);
}

static mho_status fc_back(group *g)
{
    const train_layer *l = &g->t->layer[g->first];
    const size_t c = l->node->out.c, inputs = mho_node_weight_count(l->node) / c;
    const size_t of_weights = (c + FC_BLOCK - 1) / FC_BLOCK;
    const size_t of_inputs = l->wanted[0] ? (inputs + FC_BLOCK - 1) / FC_BLOCK : 0;
    return mhoi_parallel(of_weights + of_inputs, fc_block, g);
}

static bool whole_batch(const trainer *t, size_t i)
{
    return t->net->node[i].op == MHO_OP_FC || t->net->node[i].op == MHO_OP_BATCHNORM;
}

mho_status mhoi_train_backward(trainer *t)
{
    mho_status s = MHO_OK;
    /* The last node has its gradient; a group that holds no node yet takes the sums of that one. */
    group g = {.t = t, .first = t->last + 1, .end = t->last + 1};
    s = mhoi_parallel(t->chunks, group_chunk, &g);
    while (s == MHO_OK && g.first > 1) {
        g.end = g.first--;
        if (t->net->node[g.first].op == MHO_OP_FC) {
            s = fc_back(&g);
            g.end = g.first;
        } else if (t->net->node[g.first].op == MHO_OP_BATCHNORM) {
            batchnorm_back_coefficients(t, g.first);
        }
        while (g.first > 1 && !whole_batch(t, g.first - 1))
            --g.first;
        if (s == MHO_OK)
            s = mhoi_parallel(t->chunks, group_chunk, &g);
    }
    return s;
}
