/* SPDX-License-Identifier: Apache-2.0 */
/* Which layers of a path to fix: subset sums over groups. */
#ifndef MHO_ARRAY_SUBSET_H
#define MHO_ARRAY_SUBSET_H

#include "array/moves.h"

/* What a path does with the weights of a move.  FREE: each layer fixed or streamed as suits (a group
 * within what fits R); FIXED, STREAMED: a single layer, all of it. */
typedef enum mhoi_weights { MHOI_FREE, MHOI_FIXED, MHOI_STREAMED } mhoi_weights;

typedef struct mhoi_choice {
    const mhoi_move *move;
    mhoi_weights weights;
} mhoi_choice;

/* The cheapest choice of fixed layers for this path with R bytes to stream: a group streams at most R,
 * and all together at least `need_B` and as little as can be.  Returns the streamed bytes, UINT64_MAX if
 * there is no such choice; marks fixed[layers].
 * MHO_ENOTMODELED: the sums are too fine for exact tables. */
MHO_MUST_CHECK mho_status mhoi_subset_solve(const mhoi_plan *plan, const mhoi_choice *choice,
                                            size_t choices, uint64_t R, uint64_t need_B,
                                            bool *fixed, uint64_t *streamed_B);

/* All sums of layers' weights, a lower bound of what can be streamed: bit i of *sums = i units. */
MHO_MUST_CHECK mho_status mhoi_subset_all(const mhoi_plan *plan, uint64_t **sums, size_t *count);
/* sums[bits], zeroed: all sums of the layers k0..k1-1. */
void mhoi_subset_range(const mhoi_plan *plan, size_t k0, size_t k1, uint64_t *sums, size_t bits);
/* Adds the layers k0..k1-1 to sums[bits]. */
void mhoi_subset_add(const mhoi_plan *plan, size_t k0, size_t k1, uint64_t *sums, size_t bits);
/* Least sum >= units; count if there is none. */
size_t mhoi_subset_next(const uint64_t *sums, size_t count, size_t units);

#endif
