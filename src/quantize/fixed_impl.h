/* SPDX-License-Identifier: Apache-2.0 */
/* Post-training quantization to codes of few bits: a network in the form that is quantized, what calibration saw. */
#ifndef MHO_QUANTIZE_FIXED_H
#define MHO_QUANTIZE_FIXED_H

#include "mho/quantize.h"
#include "net/graph.h"
#include "quantize/histogram.h"
#include "quantize/report.h"

/* --- fixed_net.c: networks that compute the same, in a form that suits codes ------------------------------- */

/* MHO_ENOTMODELED names the layer and what it has: several outputs, 1-bit maps, circulant blocks; MHO_EDOMAIN: no
 * weights. */
MHO_MUST_CHECK mho_status mhoi_fixed_check(const mho_net *net);
/* A copy, which has the weights of `net` where they stay as they are: batch normalization multiplied into the layer before it, ReLU in front of maximum pools. */
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

/* Which part of the whole work runs, of how many; 0: each is told by itself. */
typedef struct fixed_part {
    size_t index, parts;
} fixed_part;

/* Progress of a part, of the whole. */
void mhoi_fixed_tell(const fixed_part *part, const char *what, size_t done, size_t total,
                     const char *unit);

typedef struct fixed_seen {
    size_t nodes;
    size_t images;
    histogram *map; /* [nodes]; bin NULL: not coded */
    double **
        sum; /* [nodes][inputs]: of the map that a layer reads, of its channels or (fc) elements; else NULL */
} fixed_seen;

MHO_MUST_CHECK mho_status mhoi_fixed_calibrate(const mho_net *net, const bool *coded,
                                               const mho_images *images, size_t count,
                                               const fixed_part *part, fixed_seen *seen);
void mhoi_fixed_seen_free(fixed_seen *seen);
/* Mean of input k of what weighted node i reads. */
double mhoi_fixed_mean(const mho_net *net, const fixed_seen *seen, size_t i, size_t k);

/* The values of a node, [count][c][h][w], of so many images. */
MHO_MUST_CHECK mho_status mhoi_fixed_values_of(const mho_net *net, size_t node,
                                               const mho_images *images, size_t count,
                                               float *values);

/* Both networks on the same images: signal[nodes] sums of squares of a's values where b rounds, noise[nodes] of what
 * b's are off. */
MHO_MUST_CHECK mho_status mhoi_fixed_compare(const mho_net *a, const mho_net *b,
                                             const mho_images *images, size_t count,
                                             const fixed_part *part, double *signal, double *noise);

/* --- fixed_codes.c: one quantization ------------------------------------------------------------------------------ */

enum { FIXED_COMPARED = 128 }; /* images that signal and noise are measured on, at most */

/* One quantization under way: the network in float, what flows through it, the network of codes. */
typedef struct fixed_state {
    const mho_fixed_options *options;
    const mho_images *images;
    size_t count;
    mho_net *plain, *net;
    bool *coded; /* [nodes] */
    fixed_seen seen;
    mho_quantize_report *report;
    float **
        weight_scale; /* [nodes][channels] of the network in float, once worked out; NULL: not yet */
    fixed_part part;
    int rule;      /* of maps: mho_range_rule */
    float *factor; /* [nodes] that the rule's scale of a map is multiplied with */
    size_t *told;  /* [nodes]: entry of the report of a node's map; SIZE_MAX: none */
} fixed_state;

/* The network in float, and what flows through it. */
MHO_MUST_CHECK mho_status mhoi_fixed_begin(const mho_net *net, bool equalize, fixed_state *f);
/* The network in codes, maps by this rule, and its report. */
MHO_MUST_CHECK mho_status mhoi_fixed_run(fixed_state *f, int rule);
/* What the report tells of noise, anew. */
MHO_MUST_CHECK mho_status mhoi_fixed_measure(fixed_state *f);
/* Average pools take the scales of what they read. */
void mhoi_fixed_scale_averages(mho_net *net);
void mhoi_fixed_end(fixed_state *f);

#endif
