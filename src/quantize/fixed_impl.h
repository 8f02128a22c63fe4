/* SPDX-License-Identifier: Apache-2.0 */
/* Post-training quantization to codes of few bits: a network in the form that is quantized, what calibration saw. */
#ifndef MHO_QUANTIZE_FIXED_H
#define MHO_QUANTIZE_FIXED_H

#include "mho/quantize.h"
#include "net/graph.h"
#include "quantize/histogram.h"

/* --- fixed_net.c: networks that compute the same, in a form that suits codes ------------------------------- */

/* MHO_ENOTMODELED names the layer and what it has: several outputs, 1-bit maps, circulant blocks; MHO_EDOMAIN: no
 * weights. */
MHO_MUST_CHECK mho_status mhoi_fixed_check(const mho_net *net);
/* A copy: batch normalization multiplied into the layer before it, ReLU in front of maximum pools. */
MHO_MUST_CHECK mho_status mhoi_fixed_prepare(const mho_net *net, mho_net **out);
/* Cross-layer equalization, in place: docs/models/quantization.md eq. (7). */
MHO_MUST_CHECK mho_status mhoi_fixed_equalize(mho_net *net);
bool mhoi_fixed_has_depthwise(const mho_net *net);
/* coded[nodes]: maps that are to become codes: what is read by crossbars and adders, after all that is
 * computed element by element. */
MHO_MUST_CHECK mho_status mhoi_fixed_find_maps(const mho_net *net, bool *coded);

/* Is the map made of the image alone, before any weights?  It keeps the image's bits. */
bool mhoi_fixed_is_image(const mho_net *net, size_t i);
/* The node whose codes average pool i reads. */
size_t mhoi_fixed_averaged(const mho_net *net, size_t i);

/* The node whose values are the scores, before a softmax, which would hide what they are off. */
size_t mhoi_fixed_scores(const mho_net *net);

/* --- fixed_calibrate.c: what flows through a network ------------------------------------------------------- */

typedef struct fixed_seen {
    size_t nodes;
    size_t images;
    histogram *map; /* [nodes]; bin NULL: not coded */
    double **
        sum; /* [nodes][inputs]: of the map that a layer reads, of its channels or (fc) elements; else NULL */
} fixed_seen;

MHO_MUST_CHECK mho_status mhoi_fixed_calibrate(const mho_net *net, const bool *coded,
                                               const mho_images *images, size_t count,
                                               fixed_seen *seen);
void mhoi_fixed_seen_free(fixed_seen *seen);
/* Mean of input k of what weighted node i reads. */
double mhoi_fixed_mean(const mho_net *net, const fixed_seen *seen, size_t i, size_t k);

/* Both networks on the same images: signal[nodes] sums of squares of a's values where b rounds, noise[nodes] of what
 * b's are off. */
MHO_MUST_CHECK mho_status mhoi_fixed_compare(const mho_net *a, const mho_net *b,
                                             const mho_images *images, size_t count, double *signal,
                                             double *noise);

#endif
