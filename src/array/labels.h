/* SPDX-License-Identifier: Apache-2.0 */
/* Paths through the plan that collect a needed sum of streamed weights, by labels (docs/models/array.md
 * eq. (11), (12)). */
#ifndef MHO_ARRAY_LABELS_H
#define MHO_ARRAY_LABELS_H

#include "array/moves.h"
#include "array/subset.h"

/* MHOI_TRIED_MAX: labels tried at single values of R, in all, before a rest is left open. */
enum { MHOI_MULTIPLIERS = 3, MHOI_TRIED_MAX = 40000000 };

typedef struct mhoi_label {
    double cost;  /* maps and penalties so far */
    uint64_t cap; /* streamable bytes so far; exact search: streamed bytes */
    uint32_t move, parent, next;
    mhoi_weights weights;
} mhoi_label;

typedef struct mhoi_labels {
    const mhoi_plan *plan;
    const mhoi_path *best; /* the best known: what cannot beat it is dropped */
    uint64_t R, need;      /* the problem under study */
    double
        *rest[MHOI_MULTIPLIERS]; /* [places] least cost - multiplier x cap of the way to the end */
    double multiplier[MHOI_MULTIPLIERS];
    mhoi_label *label;
    size_t labels, room;
    uint32_t *head;  /* [places] list of labels */
    uint32_t *order; /* room to sort one list */
    size_t order_room;
    mhoi_choice *choice; /* [layers] the path found */
    size_t choices;
    uint64_t *sums; /* all sums of weights, in units */
    size_t sums_count;
    uint64_t *group;    /* [pairs][words] what a group can stream: sums of its layers up to Bw */
    uint32_t *group_of; /* [moves] its row */
    size_t words, tried;
} mhoi_labels;

/* All but group, group_of and words, which the caller fills and mhoi_labels_free frees. */
MHO_MUST_CHECK mho_status mhoi_labels_alloc(mhoi_labels *labels);
void mhoi_labels_free(mhoi_labels *labels);

/* What has to be streamed if R is to be left: the least sum of weights >= W - Bw + R. */
uint64_t mhoi_labels_need(const mhoi_labels *labels, uint64_t R);
/* What a group may stream within R. */
uint64_t mhoi_labels_cap(const mhoi_labels *labels, const mhoi_move *move, uint64_t R);
/* Whether a path of this cost of maps could beat the best known. */
bool mhoi_labels_useful(const mhoi_labels *labels, double maps_J);
/* Lagrangian bound of R and need; fills rest. */
double mhoi_labels_relax(mhoi_labels *labels);
/* Cheapest path that can collect `need`: *maps_J is its cost, infinite if all are no better than the best
 * known.  Its choices are in labels->choice. */
MHO_MUST_CHECK mho_status mhoi_labels_cheapest(mhoi_labels *labels, double *maps_J);
/* The path of the best schedule at this R, if it beats the best known, else *found is false. */
MHO_MUST_CHECK mho_status mhoi_labels_exact(mhoi_labels *labels, bool *found);

#endif
