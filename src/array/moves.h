/* SPDX-License-Identifier: Apache-2.0 */
/* The graph that every schedule search walks (docs/models/array.md, section "Schedules").
 *
 * A place is a boundary k between layers (0..layers) with a mask that tells which of the maps alive there
 * are kept on chip.  A move runs layers k..k1-1 as one step.  Its cost without weights is `map_J`; the
 * weights it streams from DDR come on top, and depend on which are fixed and on what is left for
 * streaming (R). */
#ifndef MHO_ARRAY_MOVES_H
#define MHO_ARRAY_MOVES_H

#include "mho/array.h"

enum { MHOI_LIVE = 5, MHOI_MASKS = 1 << MHOI_LIVE };

typedef struct mhoi_move {
    uint32_t k0, k1;
    uint8_t m0, m1;
    double map_J;        /* DDR energy of the maps, the input map read once */
    uint64_t rd_B, wr_B; /* the same in bytes */
    uint64_t weight_B;   /* of all its layers */
    uint64_t input_B;    /* single layer whose input comes from DDR: with the halo of its pieces */
    uint64_t nf;         /* pieces of that input */
} mhoi_move;

typedef struct mhoi_plan {
    const mho_workload *work;
    const mho_schedule_options *options;
    size_t layers;
    size_t *live;     /* [layers + 1][MHOI_LIVE] tensors alive at a boundary */
    size_t *lives;    /* [layers + 1] how many */
    uint64_t *before; /* [layers + 1] weight bytes of the layers before k */
    uint64_t *out_B; /* [layers + 1] bytes of the network's outputs that the layers before k make */
    uint64_t unit_B; /* greatest common divisor of all layers' weights */
    uint64_t *live_B; /* [layers + 1] bytes of all maps alive at a boundary */
    size_t
        *tight; /* [layers + 2] boundaries before k at which they do not all fit the I/O buffer */
    size_t *next_kept; /* [layers + 2] the first boundary from k on at which some map fits it */
    size_t *use_before_last; /* [tensors] the reader before the last one; MHO_WORK_INPUT if none */
    mhoi_move *move;         /* those of a place together, later boundaries first */
    size_t moves, room;
    size_t *start, *end; /* [(layers + 1) MHOI_MASKS] moves of a place */
} mhoi_plan;

/* MHO_ENOTMODELED: more than MHOI_LIVE maps alive at once; MHO_EDOMAIN: capacity 0. */
MHO_MUST_CHECK mho_status mhoi_plan_create(const mho_workload *work,
                                           const mho_schedule_options *options, mhoi_plan **out);
void mhoi_plan_destroy(mhoi_plan *plan);

static inline uint64_t mhoi_gcd(uint64_t a, uint64_t b)
{
    while (b) {
        uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

static inline size_t mhoi_place(size_t k, unsigned mask)
{
    return k * MHOI_MASKS + mask;
}

static inline bool mhoi_move_single(const mhoi_move *move)
{
    return move->k1 == move->k0 + 1;
}

/* Bytes a single layer reads beyond its weights once and its input once, if none of its weights is fixed
 * and R bytes are there to stream them: min(W + F nw, F + W nf) - W - F. */
static inline uint64_t mhoi_penalty_B(const mhoi_move *move, uint64_t R)
{
    uint64_t F = move->input_B, W = move->weight_B;
    if (F == 0 || W == 0)
        return 0;
    uint64_t nw = (W + R - 1) / R;
    uint64_t maps_again = F * (nw - 1), weights_again = W * (move->nf - 1);
    return maps_again < weights_again ? maps_again : weights_again;
}

/* What a search found: the moves from boundary 0 to the last, which layers are fixed, and R. */
typedef struct mhoi_path {
    const mhoi_move **step; /* [layers] */
    size_t steps;
    bool *fixed; /* [layers] */
    uint64_t R;
    double cost_J, bound_J;
} mhoi_path;

MHO_MUST_CHECK mho_status mhoi_path_create(size_t layers, mhoi_path *path);
void mhoi_path_free(mhoi_path *path);
MHO_MUST_CHECK mho_status mhoi_schedule_from_path(const mhoi_plan *plan, const mhoi_path *path,
                                                  mho_schedule **out);

/* The paper's OptEnergy: the cheapest path for a given set of fixed layers.  streamed[k]: weight bytes, not
 * fixed, of the layers before k; R: bytes left to stream weights.  cost[places] and via[places] are room
 * for the search (places = (layers + 1) MHOI_MASKS).  Returns the cost, infinite if there is no path. */
double mhoi_cheapest(const mhoi_plan *plan, const uint64_t *streamed, uint64_t R, double *cost,
                     const mhoi_move **via);
/* Follows via back from the end into path->step. */
void mhoi_path_follow(const mhoi_plan *plan, const mhoi_move *const *via, mhoi_path *path);

#endif
