/* SPDX-License-Identifier: Apache-2.0 */
/* Block-circulant weights: where the numbers of a layer's representative vectors stand in its weights.
 *
 * The weights of one group are a matrix of filters by rows, row (tap, channel), channels inside a tap next to each
 * other; it is cut into q x p blocks of k x k, padded where k does not divide it.  Within a block
 *     W[a][b] = w[(b - a) mod k],      a: filter, b: row;  w is the block's first row          (docs/models/net.md)
 * Numbers are [group][q][p][k]. */
#ifndef MHO_NET_BLOCK_H
#define MHO_NET_BLOCK_H

#include "net/graph.h"

typedef struct mhoi_block {
    size_t k, groups, p, q;         /* p, q: blocks of rows and of filters, of one group */
    size_t taps, channels, filters; /* of one group */
    size_t slot;                    /* rows that a tap takes: its channels, padded or not */
} mhoi_block;

/* Of a weighted node; block sizes 0 and 1: blocks of one weight. */
mhoi_block mhoi_block_of(const mho_node *node);
size_t mhoi_block_numbers(const mhoi_block *block);
/* The row, below p k, of a channel of a tap. */
static inline size_t mhoi_block_row(const mhoi_block *b, size_t tap, size_t channel)
{
    return tap * b->slot + channel;
}

/* index[i]: the number that is weight i.  channels_last: rows of a filter are in the order of the matrix, else
 * [channel][tap] as in a node. */
void mhoi_block_indices(const mhoi_block *block, bool channels_last, uint32_t *index);
/* number[mhoi_block_numbers]: the mean of the weights that one number stands for; 0 where it stands for none. */
void mhoi_block_project(const mhoi_block *block, const uint32_t *index, const float *weight,
                        float *number);
/* MHO_EDOMAIN: blocks of the node that it cannot have; or with weights that are not circulant. */
MHO_MUST_CHECK mho_status mhoi_block_check(const mho_node *node);

/* MHO_EUSAGE: a block of more than twice the rows and filters of its layer, which is padding for the most part. */
MHO_MUST_CHECK mho_status mhoi_block_check_size(const mho_node *node);

#define MHOI_BLOCK_MAX ((size_t)65536)

#endif
