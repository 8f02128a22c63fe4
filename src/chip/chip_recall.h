/* SPDX-License-Identifier: Apache-2.0 */
/* Calibrations that were made before: chips whose ideal cells, digital parts and images are the same find the same sums. */
#ifndef MHO_CHIP_RECALL_H
#define MHO_CHIP_RECALL_H

#include "chip/chip_range.h"

/* One calibration. */
typedef struct chip_recall {
    uint64_t sums_key[2], key[2]; /* of what sums go by; of that and converters */
    struct found *found;          /* to be kept; NULL: nothing is */
    size_t places;
    bool whole; /* all sums fit */
} chip_recall;

/* Of a chip that is programmed with ideal cells, on images [0, count). */
MHO_MUST_CHECK mho_status mhoi_chip_recall_open(mho_chip *chip, const mho_images *images,
                                                size_t count, chip_recall *recall);
void mhoi_chip_recall_close(chip_recall *recall);
/* Sets what was found; *recalled false: nothing was kept. */
MHO_MUST_CHECK mho_status mhoi_chip_recall(mho_chip *chip, const chip_recall *recall,
                                           bool *recalled);
/* The sums of a layer, once they are known and folded. */
MHO_MUST_CHECK mho_status mhoi_chip_recall_sums(chip_recall *recall, size_t layer,
                                                const chip_histogram *sums);
/* Input maps of a step whose range goes by decisions; taken over, unless they are too large. */
void mhoi_chip_recall_inputs(chip_recall *recall, const mho_chip *chip, size_t step, uint8_t **in,
                             size_t count);
/* Keeps what was found on the shelf of the run and in a file of its cache, if it has them. */
void mhoi_chip_remember(const mho_chip *chip, chip_recall *recall);

#endif
