/* SPDX-License-Identifier: Apache-2.0 */
/* Blocks of an array, merged into one; circuit_block.c tells how. */
#ifndef MHO_CIRCUIT_BLOCK_H
#define MHO_CIRCUIT_BLOCK_H

#include "circuit/circuit_impl.h"

/* Cells [n0, n1) x [m0, m1) as a network: inner nodes, then the ports, side by side. */
typedef struct block block;
struct block {
    size_t n0, n1, m0, m1;
    size_t count[SIDES]; /* ports on each side */
    network net;         /* of a half: the rows of the eliminated nodes only */
    block *half[2];      /* of a leaf NULL */
    size_t to[2][SIDES]; /* nodes where the sides of the halves begin */
};

/* Solves the array; the eliminated rows of all blocks stay, so that voltages can be found. */
MHO_MUST_CHECK mho_status mhoi_block_solve(const circuit *c, block *whole);
void mhoi_block_destroy(block *b);

size_t mhoi_block_first_port(const block *b, int side);
bool mhoi_block_is_leaf(const block *b);
/* Nodes of the cell at word line i and bit line j of a leaf. */
size_t mhoi_block_word_node(const circuit *c, const block *leaf, size_t i, size_t j);
size_t mhoi_block_bit_node(const circuit *c, const block *leaf, size_t i, size_t j);

#endif
