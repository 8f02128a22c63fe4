/* SPDX-License-Identifier: Apache-2.0 */
/* From gradients to the next weights: Adam on the flat parameters, signs and packing of the weights. */
#include <math.h>
#include <string.h>

#include "base/parallel.h"
#include "train/train_impl.h"

#define BLOCK ((size_t)16384) /* parameters of one item */

/* The weights as they work and the layouts the convolutions want, of one layer. */
static mho_status prepare_layer(void *context, size_t i, size_t thread)
{
    (void)thread;
    trainer *t = context;
    train_layer *l = &t->layer[i];
    if (i > t->last || !mho_node_is_weighted(l->node))
        return MHO_OK;
    mhoi_train_use_weights(t, l);
    const float *w = l->used ? l->used : t->w + l->weight;
    mho_status s = MHO_OK;
    if (l->forward)
        s = mhoi_conv_pack(l->forward, w, l->packed);
    if (s == MHO_OK && l->back_data)
        s = mhoi_conv_pack(l->back_data, w, l->packed_back);
    return s;
}

mho_status mhoi_train_prepare(trainer *t)
{
    return mhoi_parallel(t->net->nodes, prepare_layer, t);
}

/* Adds up the chunks' gradients of a convolution, in their order; circulant weights share theirs. */
static mho_status reduce_layer(void *context, size_t i, size_t thread)
{
    (void)thread;
    trainer *t = context;
    train_layer *l = &t->layer[i];
    if (!l->partial) {
        if (l->dense)
            mhoi_train_sum_diagonals(t, l);
        return MHO_OK;
    }
    const size_t n = l->partial_floats, c = l->node->out.c;
    for (size_t chunk = 1; chunk < t->chunks; ++chunk)
        t->loops->add(n, l->partial, l->partial + chunk * n, l->partial);
    if (l->node->has_bias) {
        const float *bias = l->partial + t->chunks * n;
        memcpy(t->g + l->bias, bias, c * sizeof *bias);
        for (size_t chunk = 1; chunk < t->chunks; ++chunk)
            t->loops->add(c, t->g + l->bias, bias + chunk * c, t->g + l->bias);
    }
    if (!l->dense)
        return mhoi_conv_unpack(l->back_weight, l->partial, t->g + l->weight);
    const mho_status s = mhoi_conv_unpack(l->back_weight, l->partial, l->dense);
    if (s == MHO_OK)
        mhoi_train_sum_diagonals(t, l);
    return s;
}

typedef struct adam_context {
    trainer *t;
    float rate, latent_rate, correct_v, decay;
} adam_context;

static mho_status adam_block(void *context, size_t item, size_t thread)
{
    (void)thread;
    const adam_context *a = context;
    trainer *t = a->t;
    for (size_t i = 0; i < t->segments; ++i) {
        const train_segment *s = &t->segment[i];
        const size_t blocks = (s->count + BLOCK - 1) / BLOCK;
        if (item >= blocks) {
            item -= blocks;
            continue;
        }
        if (s->frozen)
            return MHO_OK;
        const size_t left = s->count - item * BLOCK, n = left < BLOCK ? left : BLOCK;
        const size_t at = s->first + item * BLOCK;
        t->loops->adam(n, t->g + at, s->latent ? a->latent_rate : a->rate, a->correct_v,
                       s->decays ? a->decay : 0.0f, s->latent ? 1.0f : s->limit, t->m + at,
                       t->v + at, t->w + at);
        return MHO_OK;
    }
    return MHO_OK;
}

mho_status mhoi_train_gather(trainer *t)
{
    return mhoi_parallel(t->last + 1, reduce_layer, t);
}

mho_status mhoi_train_adam(trainer *t, double learning_rate)
{
    size_t items = 0;
    for (size_t i = 0; i < t->segments; ++i)
        items += (t->segment[i].count + BLOCK - 1) / BLOCK;
    const double k = (double)++t->step, rate = learning_rate / (1 - pow(0.9, k));
    adam_context a = {
        .t = t,
        .rate = (float)rate,
        .latent_rate = (float)(rate * t->options.latent_rate),
        .correct_v = (float)(1 / (1 - pow(0.999, k))),
        .decay = (float)(learning_rate * t->options.weight_decay),
    };
    mho_status s = mhoi_parallel(items, adam_block, &a);
    return s == MHO_OK ? mhoi_train_prepare(t) : s;
}
