/* SPDX-License-Identifier: Apache-2.0 */
/* Convolutions and matrix products (oneDNN), one thread each: callers run them side by side.
 *
 * Activations are [n][h][w][c] throughout, so that everything else of a layer is a flat loop.  Weights are
 * packed once into the layout a kernel likes and then shared by all threads. */
#ifndef MHO_DNN_DNN_H
#define MHO_DNN_DNN_H

#include <stdbool.h>
#include <stddef.h>

#include "net/graph.h"

typedef enum mhoi_conv_pass {
    MHOI_CONV_FORWARD,     /* dst = weight * src (+ bias, then ReLU of the slope) */
    MHOI_CONV_BACK_DATA,   /* gradient of src from that of dst */
    MHOI_CONV_BACK_WEIGHT, /* gradient of weight from src and that of dst */
} mhoi_conv_pass;

typedef struct mhoi_conv mhoi_conv;

/* One pass of the convolution of `node` (its shapes, strides, pads, groups) over n images at once.
 * relu: FORWARD only, y = max(y, slope y) after the sum. */
MHO_MUST_CHECK mho_status mhoi_conv_create(const mho_node *node, mhoi_conv_pass pass, size_t n,
                                           bool bias, bool relu, float slope, mhoi_conv **out);
void mhoi_conv_destroy(mhoi_conv *conv);

size_t mhoi_conv_packed_bytes(const mhoi_conv *conv);  /* of the weights, or of their gradient */
size_t mhoi_conv_scratch_bytes(const mhoi_conv *conv); /* working memory of one call */

/* weight [C_out][C_in / groups][kh][kw] to packed, and back (BACK_WEIGHT: the gradient). */
MHO_MUST_CHECK mho_status mhoi_conv_pack(const mhoi_conv *conv, const float *weight, void *packed);
MHO_MUST_CHECK mho_status mhoi_conv_unpack(const mhoi_conv *conv, const void *packed,
                                           float *weight);

/* FORWARD: src in, dst out.  BACK_DATA: dst (its gradient) in, src (its gradient) out.
 * BACK_WEIGHT: src and dst in, packed out.  bias NULL unless created with it.
 * Threads: any number at once, each with its own scratch and output. */
MHO_MUST_CHECK mho_status mhoi_conv_run(const mhoi_conv *conv, const float *src, const void *packed,
                                        const float *bias, const float *dst, void *scratch);

/* c[m][n] = op(a) op(b) + beta c, leading dimensions as stored (row-major); op transposes where asked. */
MHO_MUST_CHECK mho_status mhoi_sgemm(bool transpose_a, bool transpose_b, size_t m, size_t n,
                                     size_t k, const float *a, size_t lda, const float *b,
                                     size_t ldb, float beta, float *c, size_t ldc);

#endif
