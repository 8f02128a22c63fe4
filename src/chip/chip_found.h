/* SPDX-License-Identifier: Apache-2.0 */
/* What a calibration found, in a form that is kept: on the shelf of a run, and in a file. */
#ifndef MHO_CHIP_FOUND_H
#define MHO_CHIP_FOUND_H

#include "chip/chip_range.h"

/* Of one calibration: places from the first to the last that is not empty. */
enum { CHIP_SUMS_MOST = 1 << 20 };

/* Sums of a layer; count NULL: none were asked for. */
typedef struct kept_sums {
    size_t first, places;
    uint32_t *count;
} kept_sums;

typedef struct found {
    float *scale;             /* [maps] */
    kept_sums *sums;          /* [layers]; NULL: converters in their place */
    mho_converter *converter; /* [layers] */
    double *mean;             /* [means] of all layers that have means, one after the other */
    size_t maps, layers, means;
    uint8_t
        *in; /* [count][each] maps that step `decides` reads; NULL: no range goes by decisions */
    size_t decides, count, each;
} found;

MHO_MUST_CHECK mho_status mhoi_chip_found_create(const mho_chip *chip, found **out);
void mhoi_chip_found_release(void *found);
/* Converters will do. */
void mhoi_chip_found_drop_sums(found *f);
size_t mhoi_chip_means_of(const chip_layer *layer);

/* In the file of that key in the cache of the run, if there is one. */
void mhoi_chip_found_store(const found *f, const uint64_t key[2]);
/* *out NULL: there is none of that key, or none that can be used. */
MHO_MUST_CHECK mho_status mhoi_chip_found_load(const mho_chip *chip, const uint64_t key[2],
                                               found **out);

#endif
