/* SPDX-License-Identifier: Apache-2.0 */
/* A network as a chain of weighted layers, each with what follows it up to the next one, for searches that run its
 * layers over and over: maps are [h][w][c] floats, and a layer whose input is bits adds up the weights of the ones as
 * whole numbers, exact in any order.
 *
 * What follows a layer: batch normalization (multiplied into the weights where it comes first), ReLU and pooling.  The
 * outputs that can become bits stand before the maximum poolings at the end, whose maximum is the OR of bits then; a
 * ReLU there is left out for bits, thresholds being 0 or more. */
#ifndef MHO_QUANTIZE_CHAIN_H
#define MHO_QUANTIZE_CHAIN_H

#include "dnn/loops.h"
#include "dnn/rows_kernel.h"
#include "mho/data.h"
#include "net/graph.h"

typedef struct chain_step {
    mho_op op; /* BATCHNORM, RELU (slope), MAXPOOL, AVGPOOL */
    const mho_node *node;
    float slope;
    float *a, *b; /* batch normalization: [tile] */
    size_t tile;
} chain_step;

typedef struct chain_layer {
    const mho_node *node;   /* conv, fc */
    mho_shape in, raw, out; /* the map it reads, its sums, the map the next layer reads */
    mho_shape site;         /* the outputs that become bits */
    size_t pad[4];          /* top, left, bottom, right */
    mhoi_rows_shape rows;   /* the convolution with its borders there */
    size_t taps;
    float *weight, *bias; /* [taps][C_out]; [C_out aligned] */
    float *packed;        /* as mhoi_rows wants it */
    int32_t *code;        /* [taps][C_out aligned]: weight / unit */
    float unit; /* a power of two, so small that all |codes| of a channel add up to 2^30 at most */
    uint32_t *first;   /* [in pixels + 1]: of each input pixel, in at */
    uint32_t (*at)[2]; /* where its weight goes: of the sum, of the weight of channel 0 */
    chain_step *step;
    size_t steps, after; /* from step `after` on maximum poolings, behind the site */
    bool relu;           /* the last of all, for values that are not bits */
    float slope;
    float *threshold; /* [site c]; NULL: outputs are values */
} chain_layer;

typedef struct chain {
    const mho_net *net;
    const mhoi_loops *loops;
    const mhoi_rows *rows;
    chain_layer *layer;
    size_t layers;
} chain;

static inline size_t chain_elements(mho_shape s)
{
    return s.c * s.h * s.w;
}

/* chain_free it, also after an error. */
MHO_MUST_CHECK mho_status mhoi_chain_create(const mho_net *net, chain *out);
void mhoi_chain_free(chain *c);
/* Packs the layer's weights anew, after a change. */
void mhoi_chain_pack(chain *c, size_t l);
/* The outputs at layer l's site become 1 / size[c] of what they were (size[site c]). */
void mhoi_chain_shrink(chain *c, size_t l, const float *size);
/* The weights of layer l for each input channel become size[c] times as large. */
void mhoi_chain_amplify(chain *c, size_t l, const float *size);
/* The network with a step behind each site that has thresholds. */
MHO_MUST_CHECK mho_status mhoi_chain_export(const chain *c, mho_net **out);

/* Takes weights and biases of a network that mhoi_chain_export made, and that was trained since. */
void mhoi_chain_import(chain *c, const mho_net *net);

/* --- chain_run.c: memory of one thread, and the layers -------------------------------------------------- */

typedef struct chain_work {
    float *a, *b, *wide;
    int32_t *sum; /* of one image */
} chain_work;

/* Most floats that a map, the sums or the input with borders take, of layers `from` on. */
size_t mhoi_chain_floats(const chain *c, size_t from);
/* Room for so many floats a map, at least for one image of every layer. */
MHO_MUST_CHECK mho_status mhoi_chain_work_create(const chain *c, size_t floats, chain_work *out);
void mhoi_chain_work_free(chain_work *w);

/* The input map of image i. */
void mhoi_chain_load(const chain *c, const mho_images *images, size_t i, float *x);
/* Sums, in w->a, of layer l on n images whose input map is x (outputs of layer l - 1, before its threshold if it has
 * one).  x may be w->a. */
void mhoi_chain_layer(const chain *c, size_t l, size_t n, const float *x, chain_work *w);
/* The same of one image, piece by piece: clears w->sum, adds the weights of input element e; sums into w->a. */
void mhoi_chain_clear(const chain *c, size_t l, chain_work *w);
void mhoi_chain_add(const chain *c, size_t l, size_t e, chain_work *w);
void mhoi_chain_sums(const chain *c, size_t l, chain_work *w);
/* What follows the sums of n images in w->a, to the site, and from the site to the output (with ReLU unless outputs
 * are bits); the result is in w->a again. */
void mhoi_chain_to_site(const chain *c, size_t l, size_t n, chain_work *w);
void mhoi_chain_to_out(const chain *c, size_t l, size_t n, chain_work *w);
/* All of layers l .. end - 1. */
void mhoi_chain_run(const chain *c, size_t l, size_t end, size_t n, const float *x, chain_work *w);

#endif
