/* SPDX-License-Identifier: Apache-2.0 */
/* Forward through one batch.  Layers run group by group: within a group each chunk of images goes through
 * all layers at once, while it is in the cache; a group ends where the whole batch is needed, that is before
 * batch normalization (its moments are taken at the end of the group) and around fully connected layers
 * (their outputs, not their images, are shared out). */
#include <math.h>
#include <string.h>

#include "base/parallel.h"
#include "infer/infer_impl.h"
#include "net/op_table.h"
#include "train/train_impl.h"

#define CALIBRATION 100 /* batches over which moments of batch normalization are averaged */
#define FC_BLOCK 128    /* outputs of a fully connected layer in one item */
#define FOLD_TILES 32u  /* sums are in float over so many tiles, then in double */

/* The images of a chunk, each shifted, and mirrored, by its draw. */
static void load_chunk(const trainer *t, size_t chunk)
{
    const mho_shape shape = t->net->node[0].out;
    const size_t elements = train_elements(shape), hw = shape.h * shape.w;
    for (size_t i = chunk * t->chunk; i < (chunk + 1) * t->chunk; ++i) {
        const size_t image = t->order[t->at + i];
        const ptrdiff_t dy = shape.h > 1 ? t->shift[image][0] : 0, /* features stay in place */
            dx = shape.w > 1 ? t->shift[image][1] : 0;
        const bool mirror = t->shift[image][2];
        float *to = t->layer[0].value + i * elements;
        memset(to, 0, elements * sizeof *to);
        const ptrdiff_t h_end = (ptrdiff_t)shape.h - (dy > 0 ? dy : 0);
        const ptrdiff_t w_end = (ptrdiff_t)shape.w - (dx > 0 ? dx : 0);
        for (size_t k = 0; k < shape.c; ++k)
            for (ptrdiff_t h = dy < 0 ? -dy : 0; h < h_end; ++h)
                for (ptrdiff_t w = dx < 0 ? -dx : 0; w < w_end; ++w) {
                    const size_t from =
                        (size_t)h * shape.w + (mirror ? shape.w - 1 - (size_t)w : (size_t)w);
                    const size_t at = (size_t)(h + dy) * shape.w + (size_t)(w + dx);
                    to[at * shape.c + k] = mhoi_loader_at(&t->loader, image, k * hw + from);
                }
    }
}

static const float *value_of(const trainer *t, size_t node, size_t chunk)
{
    return t->layer[node].value + chunk * t->chunk * train_elements(t->net->node[node].out);
}

static mho_status forward_chunk(const trainer *t, size_t i, size_t chunk, void *scratch)
{
    const train_layer *l = &t->layer[i];
    const mho_node *node = l->node;
    const size_t n = t->chunk, count = n * train_elements(node->out), first = chunk * count;
    const float *x = i ? value_of(t, node->input[0], chunk) : NULL;
    float *y = l->value + first;
    switch (node->op) {
    case MHO_OP_INPUT:
        load_chunk(t, chunk);
        return MHO_OK;
    case MHO_OP_CONV:
        return mhoi_conv_run(l->forward, x, l->packed, t->w + l->bias, y, scratch);
    case MHO_OP_MAXPOOL:
        t->loops->maxpool(node, n, x, y, l->which + first);
        return MHO_OK;
    case MHO_OP_AVGPOOL:
        t->loops->avgpool(node, n, x, y);
        return MHO_OK;
    case MHO_OP_BATCHNORM:
        t->loops->affine(count, l->tile, x, l->a, l->b, y);
        return MHO_OK;
    case MHO_OP_SIGN:
        mhoi_loops_sign(t->loops, node->sign_zero, count, x, y);
        return MHO_OK;
    case MHO_OP_STEP:
        t->loops->step(count, x, y);
        return MHO_OK;
    case MHO_OP_RELU:
    case MHO_OP_LEAKY_RELU:
        t->loops->relu(count, node->op == MHO_OP_RELU ? 0.0f : node->slope, x, y);
        return MHO_OK;
    case MHO_OP_ADD:
        t->loops->add(count, x, value_of(t, node->input[1], chunk), y);
        return MHO_OK;
    case MHO_OP_FLATTEN:
        mhoi_transpose(n, node->in.h * node->in.w, node->in.c, x, y);
        return MHO_OK;
    default: /* fully connected: fc_block; softmax is the last layer and part of the loss */
        break;
    }
    return mhoi_node_refuse(node, MHOI_WALK_TRAIN);
}

/* Forward here, backward in train_backward.c. */
MHOI_WALKER_HANDLES(MHOI_WALK_TRAIN, MHOI_OP_BIT(INPUT) | MHOI_OP_BIT(CONV) | MHOI_OP_BIT(FC) |
                                         MHOI_OP_BIT(MAXPOOL) | MHOI_OP_BIT(AVGPOOL) |
                                         MHOI_OP_BIT(BATCHNORM) | MHOI_OP_BIT(SIGN) |
                                         MHOI_OP_BIT(STEP) | MHOI_OP_BIT(RELU) |
                                         MHOI_OP_BIT(LEAKY_RELU) | MHOI_OP_BIT(ADD) |
                                         MHOI_OP_BIT(FLATTEN) | MHOI_OP_BIT(SOFTMAX));

/* Sum and sum of squares of each channel of the input of batch normalization i, over one chunk. */
static void moments_chunk(const trainer *t, size_t i, size_t chunk, float *scratch)
{
    const train_layer *l = &t->layer[i];
    const size_t c = l->node->out.c, count = t->chunk * train_elements(l->node->out);
    const float *x = value_of(t, l->node->input[0], chunk);
    float *sum = scratch, *square = scratch + l->tile;
    double *total = l->sums + chunk * 2 * c;
    memset(total, 0, 2 * c * sizeof *total);
    for (size_t at = 0; at < count; at += FOLD_TILES * l->tile) {
        const size_t left = count - at,
                     n = left < FOLD_TILES * l->tile ? left : FOLD_TILES * l->tile;
        memset(scratch, 0, 2 * l->tile * sizeof *scratch);
        t->loops->moments(n, l->tile, x + at, sum, square);
        for (size_t k = 0; k < l->tile; ++k) {
            total[k % c] += (double)sum[k];
            total[c + k % c] += (double)square[k];
        }
    }
}

/* Coefficients of this batch, from the sums of the chunks; while calibrating the averages follow. */
static void batchnorm_coefficients(const trainer *t, size_t i)
{
    const train_layer *l = &t->layer[i];
    const size_t c = l->node->out.c;
    const double count = (double)(t->batch * l->node->out.h * l->node->out.w);
    const float follow = t->calibrating ? 1.0f / (float)(t->averaged + 1) : 0.0f;
    for (size_t k = 0; k < c; ++k) {
        double sum = 0, square = 0;
        for (size_t chunk = 0; chunk < t->chunks; ++chunk) {
            sum += l->sums[chunk * 2 * c + k];
            square += l->sums[chunk * 2 * c + c + k];
        }
        const double mean = sum / count, spread = square / count - mean * mean;
        const double variance = spread > 0 ? spread : 0;
        const double unbiased = count > 1 ? variance * count / (count - 1) : variance;
        l->now[k] = mean;
        l->now[c + k] = 1.0 / sqrt(variance + (double)l->node->epsilon);
        l->mean[k] += follow * ((float)mean - l->mean[k]);
        l->variance[k] += follow * ((float)unbiased - l->variance[k]);
        const double a = (double)t->w[l->gamma + k] * l->now[c + k];
        for (size_t j = k; j < l->tile; j += c) {
            l->a[j] = (float)a;
            l->b[j] = (float)((double)t->w[l->beta + k] - mean * a);
        }
    }
}

/* Cross entropy of the scores, its gradient, and the wrong answers of one chunk. */
static void loss_chunk(const trainer *t, size_t chunk)
{
    const train_layer *l = &t->layer[t->last];
    const size_t c = t->classes, first = chunk * t->chunk;
    const double smooth = t->options.label_smoothing / (double)c;
    double loss = 0;
    uint32_t wrong = 0;
    for (size_t i = first; i < first + t->chunk; ++i) {
        const float *x = l->value + i * c;
        const size_t label = t->images->label[t->order[t->at + i]];
        size_t best = 0;
        for (size_t k = 1; k < c; ++k)
            best = x[k] > x[best] ? k : best;
        double sum = 0;
        for (size_t k = 0; k < c; ++k)
            sum += exp((double)x[k] - (double)x[best]);
        for (size_t k = 0; k < c; ++k) {
            const double log_p = (double)x[k] - (double)x[best] - log(sum);
            const double want = smooth + (k == label ? 1.0 - t->options.label_smoothing : 0.0);
            loss -= want * log_p;
            l->grad[i * c + k] = (float)((exp(log_p) - want) / (double)t->batch);
        }
        wrong += best != label;
    }
    t->loss[chunk] = loss;
    t->wrong[chunk] = wrong;
}

typedef struct group {
    const trainer *t;
    size_t first, end; /* nodes */
} group;

/* The layers of a group on one chunk, and what the next group needs of it. */
static mho_status group_chunk(void *context, size_t chunk, size_t thread)
{
    const group *g = context;
    const trainer *t = g->t;
    mho_status s = MHO_OK;
    for (size_t i = g->first; s == MHO_OK && i < g->end; ++i) {
        const size_t count = t->chunk * train_elements(t->net->node[i].out);
        s = forward_chunk(t, i, chunk, t->scratch[thread]);
        mhoi_train_round_values(t, i, chunk * count, count);
    }
    if (g->end > t->last)
        loss_chunk(t, chunk);
    else if (t->net->node[g->end].op == MHO_OP_BATCHNORM)
        moments_chunk(t, g->end, chunk, t->scratch[thread]);
    return s;
}

/* Some outputs of a fully connected layer for the whole batch. */
static mho_status fc_block(void *context, size_t block, size_t thread)
{
    (void)thread;
    const group *g = context;
    const trainer *t = g->t;
    const train_layer *l = &t->layer[g->first];
    const size_t c = l->node->out.c, inputs = mho_node_weight_count(l->node) / c;
    const size_t first = block * FC_BLOCK, count = c - first < FC_BLOCK ? c - first : FC_BLOCK;
    const float *w = (l->used ? l->used : t->w + l->weight) + first * inputs;
    const float *x = t->layer[l->node->input[0]].value;
    mho_status s = mhoi_sgemm(false, true, t->batch, count, inputs, x, inputs, w, inputs, 0.0f,
                              l->value + first, c);
    for (size_t i = 0; l->node->has_bias && i < t->batch; ++i)
        for (size_t k = first; k < first + count; ++k)
            l->value[i * c + k] += t->w[l->bias + k];
    for (size_t i = 0; i < t->batch; ++i)
        mhoi_train_round_values(t, g->first, i * c + first, count);
    return s;
}

mho_status mhoi_train_forward(trainer *t)
{
    mho_status s = MHO_OK;
    for (group g = {.t = t}; s == MHO_OK && g.first <= t->last; g.first = g.end) {
        const mho_node *node = &t->net->node[g.first];
        g.end = g.first;
        if (node->op == MHO_OP_FC) {
            s = mhoi_parallel((node->out.c + FC_BLOCK - 1) / FC_BLOCK, fc_block, &g);
            ++g.first;
        } else if (node->op == MHO_OP_BATCHNORM) {
            batchnorm_coefficients(t, g.end++);
        }
        for (g.end = g.end > g.first ? g.end : g.first; g.end <= t->last; ++g.end)
            if (t->net->node[g.end].op == MHO_OP_FC || t->net->node[g.end].op == MHO_OP_BATCHNORM)
                break;
        if (s == MHO_OK)
            s = mhoi_parallel(t->chunks, group_chunk, &g);
    }
    return s;
}

mho_status mhoi_train_calibrate(trainer *t)
{
    const size_t batches = t->images->count / t->batch;
    mho_status s = MHO_OK;
    for (size_t i = 0; i < t->images->count; ++i)
        t->order[i] = (uint32_t)i;
    memset(t->shift, 0, t->images->count * sizeof *t->shift);
    t->calibrating = true;
    for (t->averaged = 0; s == MHO_OK && t->averaged < CALIBRATION && t->averaged < batches;
         ++t->averaged) {
        t->at = t->averaged * t->batch;
        s = mhoi_train_forward(t);
    }
    t->calibrating = false;
    return s;
}
