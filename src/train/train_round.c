/* SPDX-License-Identifier: Apache-2.0 */
/* Weights and feature maps of few bits, straight through, and circulant weights: docs/models/train.md eq. (7), (8). */
#include <math.h>
#include <string.h>

#include "train/train_impl.h"

void mhoi_train_use_weights(const trainer *t, train_layer *l)
{
    const float *w = t->w + l->weight;
    const size_t count = mho_node_weight_count(l->node);
    if (!l->used)
        return;
    if (l->node->alphabet == MHO_ALPHABET_BINARY) {
        t->loops->sign(count, w, l->used);
        return;
    }
    float *rounded = l->rounded ? l->rounded : l->used;
    if (l->weight_codes.hi) {
        memcpy(rounded, w, l->numbers * sizeof *w);
        if (t->rounding)
            mho_quant_round(rounded, l->numbers, ldexpf(1, (int)l->exponent[0]), l->weight_codes);
        w = rounded;
    }
    for (size_t k = 0; l->index && k < count; ++k)
        l->used[k] = w[l->index[k]];
}

void mhoi_train_round_values(const trainer *t, size_t i, size_t first, size_t count)
{
    const train_layer *l = &t->layer[i];
    if (!t->rounding || !l->value_bits || isnan(l->exponent[1]))
        return;
    const int exponent = (int)l->exponent[1];
    const float low = ldexpf((float)l->codes.lo - 0.5f, exponent);
    const float high = ldexpf((float)l->codes.hi + 0.5f, exponent);
    float *x = l->value + first;
    uint8_t *outside = l->outside + first;
    for (size_t k = 0; k < count; ++k)
        outside[k] = (x[k] < low) | (x[k] > high);
    mho_quant_round(x, count, ldexpf(1, exponent), l->codes);
}

void mhoi_train_round_gradient(const trainer *t, size_t i, size_t first, size_t count)
{
    const train_layer *l = &t->layer[i];
    if (!t->rounding || !l->value_bits)
        return;
    float *grad = l->grad + first;
    const uint8_t *outside = l->outside + first;
    for (size_t k = 0; k < count; ++k)
        grad[k] = outside[k] ? 0.0f : grad[k];
}

void mhoi_train_sum_diagonals(trainer *t, const train_layer *l)
{
    const size_t count = mho_node_weight_count(l->node);
    float *g = t->g + l->weight;
    memset(g, 0, l->numbers * sizeof *g);
    for (size_t k = 0; k < count; ++k)
        g[l->index[k]] += l->dense[k];
}
