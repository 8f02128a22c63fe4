/* SPDX-License-Identifier: Apache-2.0 */
/* One training run: the values and gradients of every layer for one batch, and the parameters.
 *
 * A batch is cut into chunks of a fixed size, whatever the threads; everything that is summed over images is
 * summed within chunks and then over the chunks in their order, so the digits depend on the seed alone. */
#ifndef MHO_TRAIN_IMPL_H
#define MHO_TRAIN_IMPL_H

#include "data/load.h"
#include "dnn/dnn.h"
#include "dnn/loops.h"
#include "mho/quant.h"
#include "mho/train.h"
#include "net/block.h"

#define TRAIN_CHUNK_MAX 16

/* A run of parameters of one kind within the flat arrays. */
typedef struct train_segment {
    size_t first, count;
    bool latent; /* binary weights are their signs; kept within -1..1 */
    bool decays; /* weight decay applies */
    bool frozen; /* stays as it is */
    float limit; /* kept within -limit..limit; 0: free */
} train_segment;

typedef struct train_layer {
    const mho_node *node;
    float *value, *grad; /* [batch][h][w][c] */
    bool accumulate[2];  /* add to the gradient of input k instead of writing it */
    bool wanted[2];      /* input k needs a gradient at all */

    /* convolution, fully connected: offsets of the parameters in the flat arrays */
    size_t weight, bias;
    train_segment *segment;
    float *used;     /* the weights as they work: signs, rounded, expanded; NULL: as they are */
    size_t numbers;  /* parameters that tell the weights */
    uint32_t *index; /* circulant: the number that each weight is; else NULL */
    float *rounded;  /* circulant of few bits: the numbers as they work; else NULL */
    float *dense; /* circulant: gradient by the weights in use; NULL: it is that by the numbers */
    mhoi_conv *forward, *back_data, *back_weight;
    void *packed, *packed_back;
    float
        *partial; /* convolution: [chunks] gradients as packed, then [chunks][C_out] of the bias */
    size_t partial_floats;

    /* batch normalization */
    size_t gamma, beta;     /* offsets of the parameters */
    float *mean, *variance; /* for inference, in the flat statistics */
    double *sums;           /* [chunks][2][c] */
    double *now;            /* mean and 1 / deviation of this batch: [2][c] */
    float *a, *b, *c;       /* [tile] */
    size_t tile;

    /* rounding: docs/models/train.md eq. (7) */
    size_t value_bits;             /* wanted */
    mho_codes codes, weight_codes; /* of values and weights */
    float *exponent;  /* of weights and of values, with the averages: it is kept with them */
    uint8_t *outside; /* values beyond the codes: no gradient goes through them */

    int32_t *which; /* max pooling */
} train_layer;

typedef struct trainer {
    const mho_net *net;
    mhoi_loader loader; /* of the images */
    mho_train_options options;
    const mhoi_loops *loops;
    size_t batch, chunk, chunks, last, classes; /* last: the node whose values are the scores */
    train_layer *layer;

    size_t parameters, statistics;
    float *w, *m, *v, *g; /* parameters, their Adam means, their gradients */
    float *moving;        /* averages of batch normalization */
    train_segment *segment;
    size_t segments;

    const mho_images *images;
    uint32_t *order;    /* of the images in this epoch */
    int8_t (*shift)[3]; /* of each image in this epoch: down, right; 1: mirrored */
    size_t at;          /* first image of the batch in order */
    uint64_t step, steps;
    bool rounding; /* weights and maps of few bits are rounded */
    bool
        calibrating; /* moments of batch normalization are being averaged, over so many batches yet */
    size_t averaged;

    float *temp; /* [chunks][temp_floats]: gradients about to be added */
    size_t temp_floats;
    void **scratch;  /* of each thread */
    double *loss;    /* of each chunk */
    uint32_t *wrong; /* of each chunk */
} trainer;

/* --- train_setup.c --------------------------------------------------------------------------------- */
MHO_MUST_CHECK mho_status mhoi_train_create(const mho_net *net, const mho_images *images,
                                            const mho_train_options *options, trainer **out);
void mhoi_train_destroy(trainer *t);

/* --- train_forward.c: values of the batch at t->at, loss and errors; gradient of the last node ------ */
MHO_MUST_CHECK mho_status mhoi_train_forward(trainer *t);
/* The averages of batch normalization for inference, of the weights as they are: over the first 100 batches
 * (or all there are) of the training images, not shifted.  Changes t->order and t->shift. */
MHO_MUST_CHECK mho_status mhoi_train_calibrate(trainer *t);
/* --- train_backward.c: t->g from the values -------------------------------------------------------- */
MHO_MUST_CHECK mho_status mhoi_train_backward(trainer *t);
/* --- train_update.c -------------------------------------------------------------------------------- */
/* The weights as the layers use them, from t->w: signs, packed. */
MHO_MUST_CHECK mho_status mhoi_train_prepare(trainer *t);
/* The gradients of convolutions into t->g, from those of the chunks. */
MHO_MUST_CHECK mho_status mhoi_train_gather(trainer *t);
MHO_MUST_CHECK mho_status mhoi_train_adam(trainer *t, double learning_rate);

/* --- train_scales.c: weights and feature maps of few bits ------------------------------------------ */
/* Is there anything to be rounded, and from which epoch on? */
size_t mhoi_train_rounds_from(const trainer *t);
/* Scales from the weights, and from the maps of the first training images, in the order of the layers; from now
 * on they are rounded.  Changes t->order and t->shift. */
MHO_MUST_CHECK mho_status mhoi_train_start_rounding(trainer *t);
/* The scales are there, with the averages of a checkpoint. */
void mhoi_train_resume_rounding(trainer *t);
/* --- train_round.c --------------------------------------------------------------------------------- */
/* The weights of layer l as they work, from its numbers; nothing where they are the same. */
void mhoi_train_use_weights(const trainer *t, train_layer *l);
/* Values [first, first + count) of node i are rounded where the map is of few bits; and their gradient, on the way back. */
void mhoi_train_round_values(const trainer *t, size_t i, size_t first, size_t count);
void mhoi_train_round_gradient(const trainer *t, size_t i, size_t first, size_t count);
/* The gradient by the numbers of a circulant layer: summed along the diagonals. */
void mhoi_train_sum_diagonals(trainer *t, const train_layer *l);

/* --- train_export.c -------------------------------------------------------------------------------- */
/* Parameters into net (which has t->net's structure, and has its arrays). */
void mhoi_train_export(const trainer *t, mho_net *net);
/* The way back: the parameters of t->net. */
MHO_MUST_CHECK mho_status mhoi_train_import(trainer *t);
/* Moves beta a little where batch normalization of an attainable sum would be exactly 0 before a sign, so
 * that the network means the same whatever the sign of 0 is said to be.  No decision changes. */
void mhoi_train_avoid_zero(mho_net *net);

/* --- train_checkpoint.c ---------------------------------------------------------------------------- */
typedef struct train_progress {
    uint64_t epochs_done;
    mho_train_epoch last;
} train_progress;
MHO_MUST_CHECK mho_status mhoi_train_save(const trainer *t, const train_progress *progress,
                                          const char *path);
MHO_MUST_CHECK mho_status mhoi_train_load(trainer *t, train_progress *progress, const char *path);

static inline size_t train_elements(mho_shape s)
{
    return s.c * s.h * s.w;
}

#endif
