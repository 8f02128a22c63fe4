/* SPDX-License-Identifier: Apache-2.0 */
/* Counts the sums of a block that its converters cut off. */
#ifndef MHO_CHIP_CUT_H
#define MHO_CHIP_CUT_H

#include "chip/chip_impl.h"

typedef struct chip_cutter {
    const mho_chip *chip;
    int64_t from, end; /* sums that the converters of the layer at work hold */
    mho_cut cut;
} chip_cutter;

/* Refers to the cutter. */
chip_watch mhoi_chip_cutter_watch(chip_cutter *cutter);

#endif
