/* SPDX-License-Identifier: Apache-2.0 */
/* Block-circulant weights. */
#include "net/block.h"

#include <string.h>

#include "base/alloc.h"

static size_t ceil_div(size_t a, size_t b)
{
    return a / b + (a % b != 0);
}

mhoi_block mhoi_block_of(const mho_node *node)
{
    const bool conv = node->op == MHO_OP_CONV;
    mhoi_block b = {.k = node->block > 1 ? node->block : 1, .groups = conv ? node->groups : 1};
    b.taps = conv ? node->kh * node->kw : node->in.h * node->in.w;
    b.channels = node->in.c / b.groups;
    b.filters = node->out.c / b.groups;
    b.slot = node->block_channels ? ceil_div(b.channels, b.k) * b.k : b.channels;
    b.p = ceil_div(b.taps * b.slot, b.k);
    b.q = ceil_div(b.filters, b.k);
    return b;
}

size_t mhoi_block_numbers(const mhoi_block *b)
{
    return b->groups * b->q * b->p * b->k;
}

static uint32_t number_of(const mhoi_block *b, size_t group, size_t filter, size_t row)
{
    const size_t block = (group * b->q + filter / b->k) * b->p + row / b->k;
    return (uint32_t)(block * b->k + (row % b->k + b->k - filter % b->k) % b->k);
}

void mhoi_block_indices(const mhoi_block *b, bool channels_last, uint32_t *index)
{
    for (size_t g = 0; g < b->groups; g++)
        for (size_t o = 0; o < b->filters; o++, index += b->taps * b->channels)
            for (size_t t = 0; t < b->taps; t++)
                for (size_t c = 0; c < b->channels; c++)
                    index[channels_last ? t * b->channels + c : c * b->taps + t] =
                        number_of(b, g, o, mhoi_block_row(b, t, c));
}

void mhoi_block_project(const mhoi_block *b, const uint32_t *index, const float *weight,
                        float *number)
{
    const size_t count = b->groups * b->filters * b->taps * b->channels;
    memset(number, 0, mhoi_block_numbers(b) * sizeof *number);
    for (size_t i = 0; i < count; i++)
        number[index[i]] += weight[i];
    for (size_t g = 0, at = 0; g < b->groups * b->q; g++) {
        const size_t first = g % b->q * b->k;
        const size_t filters = b->filters - first < b->k ? b->filters - first : b->k;
        for (size_t i = 0; i < b->p; i++)
            for (size_t j = 0; j < b->k; j++, at++) {
                size_t stands = 0;
                for (size_t a = 0; a < filters; a++) {
                    const size_t row = i * b->k + (j + a) % b->k;
                    stands += row / b->slot < b->taps && row % b->slot < b->channels;
                }
                number[at] = stands ? number[at] / (float)stands : 0;
            }
    }
}

static mho_status check_weights(const mho_node *node, const mhoi_block *b)
{
    const size_t count = mho_node_weight_count(node);
    uint32_t *index = NULL;
    float *number = NULL;
    mho_status s = mhoi_alloc(&index, count, sizeof *index, "blocks");
    if (!s)
        s = mhoi_alloc(&number, mhoi_block_numbers(b), sizeof *number, "blocks");
    if (!s) {
        mhoi_block_indices(b, false, index);
        for (size_t i = 0; i < count; i++)
            number[index[i]] = node->weight[i];
    }
    for (size_t i = 0; !s && i < count; i++)
        if (number[index[i]] != node->weight[i])
            s = mho_error(MHO_EDOMAIN, "layer '%s': weight %zu is %g, in blocks of %zu it is %g",
                          node->name, i, (double)node->weight[i], b->k, (double)number[index[i]]);
    mhoi_free(&index);
    mhoi_free(&number);
    return s;
}

mho_status mhoi_block_check(const mho_node *node)
{
    const mhoi_block b = mhoi_block_of(node);
    if (node->block <= 1)
        return MHO_OK;
    if (node->block > MHOI_BLOCK_MAX || mhoi_block_numbers(&b) > UINT32_MAX)
        return mho_error(MHO_EDOMAIN, "layer '%s': blocks of %zu, want 1..%zu", node->name,
                         node->block, MHOI_BLOCK_MAX);
    if (node->alphabet != MHO_ALPHABET_REAL && !node->weight_bits)
        return mho_error(MHO_ENOTMODELED, "layer '%s': circulant blocks of %s weights", node->name,
                         mho_alphabet_name(node->alphabet));
    return node->weight ? check_weights(node, &b) : MHO_OK;
}

mho_status mhoi_block_check_size(const mho_node *node)
{
    const mhoi_block b = mhoi_block_of(node);
    const size_t rows = b.taps * b.channels, most = rows > b.filters ? rows : b.filters;
    if (!mho_node_is_weighted(node) || b.k < 2 || (b.k - 1) / 2 < most)
        return MHO_OK;
    return mho_error(
        MHO_EUSAGE,
        "layer %s: a block of %zu is more than twice its %zu rows (channels: %zu) and %zu "
        "filters: want a smaller one",
        node->name, b.k, rows, b.channels, b.filters);
}
