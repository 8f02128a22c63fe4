/* SPDX-License-Identifier: Apache-2.0 */
/* The sums of a layer in bins, and the range of a converter that they ask for. */
#ifndef MHO_CHIP_RANGE_H
#define MHO_CHIP_RANGE_H

#include "chip/chip_impl.h"

/* Counts of sums, in places: one for every sum that can occur where these are multiples of a power of two and not too many, else
 * for so many sums that follow each other. */
typedef struct chip_histogram {
    int64_t low, width; /* of bins: bin b holds sums low + b width .. + width - 1 */
    bool units;         /* place i is of sum first + i 2^shift; else places are bins */
    int64_t first;
    unsigned shift;
    int32_t lowest, highest; /* that have a place */
    size_t places;
    uint64_t inverse; /* of width: floor(2^64 / width) + 1 */
    size_t every;     /* sums are told of one position in so many */
    uint32_t *
        recent; /* [2][places]: equal sums often follow each other, and to count in one place again and again is slow */
    uint64_t fresh;  /* sums that are in there */
    uint64_t *count; /* [places] the others; NULL: not wanted */
} chip_histogram;

/* Empty, for all sums that can occur in a layer on so many images. */
MHO_MUST_CHECK mho_status mhoi_chip_histogram_create(const mho_chip *chip, const chip_layer *layer,
                                                     size_t images, chip_histogram *histogram);
size_t mhoi_chip_histogram_places(const mho_chip *chip, const chip_layer *layer);
/* Bytes of one; of a layer that asks for none as well. */
size_t mhoi_chip_histogram_bytes(const mho_chip *chip, const chip_layer *layer);
void mhoi_chip_histogram_free(chip_histogram *histogram);
/* A mho_crossbar_sums_fn, user is the histogram. */
void mhoi_chip_histogram_count(void *user, const int32_t *s_plus, const int32_t *s_minus, size_t n);
/* Of the same layer. */
void mhoi_chip_histogram_add(chip_histogram *histogram, chip_histogram *other);
/* The layer's converters: their range, unless it is a full one, and their edges. */
MHO_MUST_CHECK mho_status mhoi_chip_range_set(const mho_chip *chip, chip_layer *layer,
                                              chip_histogram *sums);

#endif
