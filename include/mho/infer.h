/* SPDX-License-Identifier: Apache-2.0 */
/* Software inference: what the network says with perfect hardware. */
#ifndef MHO_INFER_H
#define MHO_INFER_H

#include "mho/data.h"
#include "mho/net.h"
#include "mho/tensor.h"

MHO_C_BEGIN

typedef struct mho_infer mho_infer;

/* Prepares inference of up to `batch` images at once.  The network must have parameters and outlive it. */
MHO_API MHO_MUST_CHECK mho_status mho_infer_create(const mho_net *net, size_t batch,
                                                   mho_infer **out);
/* input [n][c][h][w], scores [n][classes], n <= batch.  In binary networks every sum is exact in float:
 * scores are the same on every CPU.
 * MHO_EDOMAIN: an input or a layer's value is not finite (names the layer). */
MHO_API MHO_MUST_CHECK mho_status mho_infer_run(mho_infer *infer, size_t n, const float *input,
                                                float *scores);
/* Same, and the output of every node of the network: node_out[i] is NULL or [n][c][h][w]. For tests and
 * calibration. */
MHO_API MHO_MUST_CHECK mho_status mho_infer_run_nodes(mho_infer *infer, size_t n,
                                                      const float *input, float *const *node_out);
MHO_API void mho_infer_destroy(mho_infer *infer);

/* Runs any network once on arrays: in [mho_net_inputs], out [mho_net_outputs], to be freed (mho_array_free).  A network
 * of layers takes [n][c][h][w], a vector also as [n][c], of any type of numbers.  A general one takes the types and
 * shapes that its file declares; where that is one image a run, several are run one by one.
 * MHO_EUSAGE: not so many arrays; MHO_EFORMAT, MHO_EDOMAIN: an array that does not fit (named, with what is wanted). */
MHO_API MHO_MUST_CHECK mho_status mho_infer_arrays(const mho_net *net, size_t inputs,
                                                   const mho_array *in, size_t outputs,
                                                   mho_array *out);

/* Classifies images[0..count) with all threads; the lowest index wins among equal scores. */
MHO_API MHO_MUST_CHECK mho_status mho_infer_errors(const mho_net *net, const mho_images *images,
                                                   size_t count, size_t *errors);
/* The same, and how many images have five classes with larger scores than their own (of networks of up to five: none). */
typedef struct mho_tally {
    size_t errors, top5_errors;
} mho_tally;
MHO_API MHO_MUST_CHECK mho_status mho_infer_tally(const mho_net *net, const mho_images *images,
                                                  size_t count, mho_tally *out);
/* The same, and wrong[count], which images they are: two networks compared image by image.  NULL: not wanted. */
MHO_API MHO_MUST_CHECK mho_status mho_infer_wrong(const mho_net *net, const mho_images *images,
                                                  size_t count, bool *wrong, size_t *errors);

/* The one formula of batch normalization in inference, used by software and by the merged thresholds of
 * hardware alike: y = x a + b in float, a = gamma / sqrt(variance + epsilon), b = beta - mean a, a and b
 * rounded from double. */
MHO_API void mho_batchnorm_coefficients(const mho_node *bn, size_t channel, float *a, float *b);

MHO_C_END

#endif
