/* SPDX-License-Identifier: Apache-2.0 */
/* The sums of a layer in bins, and the range of a converter that they ask for. */
#ifndef MHO_CHIP_RANGE_H
#define MHO_CHIP_RANGE_H

#include "chip/chip_impl.h"

/* Bin b counts sums of low + b width .. + width - 1; widths above 1 divide by a multiplication. */
typedef struct chip_histogram {
    int64_t low, width;
    uint64_t inverse; /* floor(2^64 / width) + 1 */
    uint64_t *bin;    /* two of each; NULL: not wanted */
} chip_histogram;

/* Empty, for all sums that can occur in a layer. */
MHO_MUST_CHECK mho_status mhoi_chip_histogram_create(const mho_chip *chip, const chip_layer *layer,
                                                     chip_histogram *histogram);
size_t mhoi_chip_histogram_bins(void);
void mhoi_chip_histogram_free(chip_histogram *histogram);
/* A mho_crossbar_sums_fn, user is the histogram. */
void mhoi_chip_histogram_count(void *user, const int32_t *s_plus, const int32_t *s_minus, size_t n);
/* Of the same layer. */
void mhoi_chip_histogram_add(chip_histogram *histogram, const chip_histogram *other);
/* The layer's converters: their range, unless it is a full one, and their edges.  The two of each bin are one then. */
MHO_MUST_CHECK mho_status mhoi_chip_range_set(const mho_chip *chip, chip_layer *layer,
                                              const chip_histogram *sums);

#endif
