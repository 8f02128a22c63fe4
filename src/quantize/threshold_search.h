/* SPDX-License-Identifier: Apache-2.0 */
/* A threshold search under way: the chain, and the maps that all searches of a layer start from. */
#ifndef MHO_QUANTIZE_SEARCH_H
#define MHO_QUANTIZE_SEARCH_H

#include "mho/quantize.h"
#include "quantize/chain.h"

enum {
    SEARCH_BLOCK = 64 /* images of an item */,
    SEARCH_FINE = 40 /* bins of the histogram a reported one */
};
#define SEARCH_SLOTS_BYTES ((size_t)1 << 20) /* of the maps that one layer reads, of a thread */

typedef struct search {
    chain c;
    const mho_images *images;
    size_t count; /* images searched on */
    const mho_threshold_options *options;
    /* The bits that layer base - 1 puts out, of every image; base 0: none, layers start from the pixels. */
    size_t base, words;
    uint64_t *bits;
    double *grid; /* [points] */
    float *level; /* the same as floats */
    size_t points;
} search;

/* What the outputs at a site are like. */
typedef struct site_range {
    size_t channels; /* as many as have a size of their own; 1: all together */
    float *size;     /* [channels]: what becomes 1 */
    float *largest;  /* [channels] */
    uint64_t *
        bin; /* [channels][MHO_QUANTIZE_BINS SEARCH_FINE + 1] in equal parts of 0..largest; bin 0: 0 or less */
} site_range;

/* Values at layer l's site of image i into w->a. */
void mhoi_search_site(const search *s, size_t l, size_t i, float *x, chain_work *w);
size_t mhoi_search_blocks(const search *s);
/* Keeps the bits of layer l's outputs, if the memory for it is granted; *ones: how many are 1. */
MHO_MUST_CHECK mho_status mhoi_search_keep(search *s, size_t l, uint64_t *ones);

MHO_MUST_CHECK mho_status mhoi_search_range(const search *s, size_t l, site_range *out);
void mhoi_search_range_free(site_range *r);

/* correct[points]: images classified as labelled with each level as layer l's threshold; of one channel, the others
 * as they are, or of all (SIZE_MAX). */
MHO_MUST_CHECK mho_status mhoi_search_sweep(const search *s, size_t l, size_t channel,
                                            uint32_t *correct);

#endif
