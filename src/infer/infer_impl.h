/* SPDX-License-Identifier: Apache-2.0 */
/* A network prepared for inference: the steps, in order, on blocks of images in [n][h][w][c] layout. */
#ifndef MHO_INFER_IMPL_H
#define MHO_INFER_IMPL_H

#include "dnn/dnn.h"
#include "dnn/lanes.h"
#include "dnn/loops.h"
#include "mho/infer.h"
#include "mho/quant.h"
#include "net/graph.h"

typedef struct infer_coded infer_coded;
typedef struct infer_ordered infer_ordered;

typedef struct infer_step {
    const mho_node *node;
    size_t input, output; /* nodes whose values are read (the first) and written */
    mhoi_conv *conv;      /* convolution, fully connected; NULL: by lanes */
    void *packed;         /* its weights */
    bool pool;            /* by lanes: 2 x 2 maximum pooling merged into it */
    float *bias;          /* NULL if there is none */
    bool relu;            /* ReLU of this slope merged into it */
    float slope;
    float *a, *b; /* batch normalization: [tile] */
    size_t tile;
    bool dense; /* its weights stay where they are (infer_dense.h); a: its batch normalization */
    infer_coded *coded;     /* weights and input are codes (infer_coded.h); NULL: numbers */
    infer_ordered *ordered; /* sums in one order (infer_ordered.h) */
    mho_codes codes;        /* that the output is rounded to; hi = 0: it is not */
} infer_step;

/* The steps before the first fully connected layer, the head, run a few images (a slice) at a time, so that
 * their values stay in the second-level cache; the rest runs on the whole block. */
typedef struct infer_plan {
    const mho_net *net;
    size_t block, slice; /* images at once; slice divides block */
    infer_step *step;
    size_t steps, head;
    const mhoi_lanes
        *lanes; /* the head's values are [h][w][c][lane], lane = image of the slice; or NULL */
    size_t enter, leave; /* lanes: offsets of the head's first and last value in this order */
    size_t *offset;      /* of each node's value in a block's memory, in floats */
    bool *whole;         /* there is room for the value of the whole block, not just of a slice */
    size_t floats;       /* of a block's memory, values and scratch */
    size_t scratch;      /* offset of the scratch */
    size_t codes;        /* and of the codes of a step, or of its map with borders */
    bool ordered;        /* sums in one order on every CPU */
} infer_plan;

/* ordered: weighted layers form their sums in one order, so that all CPUs give the same digits.
 * merge: neighbours are computed in one step where that changes no digit of a binary network; else every
 * node's value is there.  On an error the plan is empty. */
MHO_MUST_CHECK mho_status mhoi_infer_plan_create(const mho_net *net, size_t block, size_t slice,
                                                 bool merge, bool ordered, infer_plan *plan);
/* The head is a chain small enough for MHOI_LANES images at once, without padding or groups: plans with
 * slices of so many images work it out by lanes. */
bool mhoi_infer_lanes_fit(const mho_net *net);
void mhoi_infer_plan_free(infer_plan *plan);
/* infer_place.c: where each value is kept; those that no later step reads give their place away (merge), unless
 * every node's value is wanted. */
MHO_MUST_CHECK mho_status mhoi_infer_place(infer_plan *plan, bool merge);
/* infer_work.c: a general node among layers, on n images; x[inputs], y in the layout of their nodes. */
MHO_MUST_CHECK mho_status mhoi_infer_work_run(const mho_net *net, const mho_node *node, size_t n,
                                              const float *const *x, float *y);
/* MHO_EDOMAIN names the layer and the first of n values that is none. */
MHO_MUST_CHECK mho_status mhoi_infer_finite(const mho_node *node, const float *v, size_t n,
                                            const char *what);
/* Runs all steps on one block; the input's value is in place. */
MHO_MUST_CHECK mho_status mhoi_infer_plan_run(const infer_plan *plan, float *memory);

static inline size_t infer_elements(mho_shape s)
{
    return s.c * s.h * s.w;
}

/* [n][c][hw] to [n][hw][c]; swap c and hw for the way back. */
void mhoi_transpose(size_t n, size_t c, size_t hw, const float *from, float *to);

#endif
