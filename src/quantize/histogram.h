/* SPDX-License-Identifier: Apache-2.0 */
/* Counts of real numbers in equal bins, and the scale of codes that suits them: docs/models/quantization.md eq. (3) to (6).
 *
 * Bins are a power of two wide, which doubles whenever a number lies beyond the last one: two bins become one, exactly.
 * So memory is fixed, one pass is enough, and the counts do not depend on the order of the numbers. */
#ifndef MHO_QUANTIZE_HISTOGRAM_H
#define MHO_QUANTIZE_HISTOGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mho/quant.h"
#include "mho/quantize.h"

enum { HISTOGRAM_BINS = 4096 /* of a sign; a power of two */ };

typedef struct histogram {
    uint64_t *
        bin; /* [2 HISTOGRAM_BINS]: bin b counts numbers of (b - HISTOGRAM_BINS) width on, width wide */
    int exponent; /* width = 2^exponent */
    uint64_t count;
    float smallest, largest; /* 0 among them */
} histogram;

typedef struct scale_wish {
    mho_codes codes;
    int rule;          /* mho_range_rule */
    double percentile; /* of the numbers' sizes that codes hold */
    bool power_of_two;
} scale_wish;

MHO_MUST_CHECK mho_status mhoi_histogram_create(histogram *h);
void mhoi_histogram_free(histogram *h);
void mhoi_histogram_clear(histogram *h);
/* v finite. */
void mhoi_histogram_add(histogram *h, const float *v, size_t n);
/* 0 of numbers that are all 0; MHO_QUANT_EXPONENT_MAX is kept. */
float mhoi_histogram_scale(const histogram *h, const scale_wish *wish);
/* Squares of the numbers, and of what their codes miss; numbers that are held at the ends. */
typedef struct quantization_loss {
    double signal, noise;
    uint64_t clipped;
} quantization_loss;
quantization_loss mhoi_histogram_loss(const histogram *h, float scale, mho_codes codes);

#endif
