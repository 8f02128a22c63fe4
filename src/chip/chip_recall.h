/* SPDX-License-Identifier: Apache-2.0 */
/* Calibrations that were made before: chips whose ideal cells, digital parts, images and rules are the same find the same. */
#ifndef MHO_CHIP_RECALL_H
#define MHO_CHIP_RECALL_H

#include "chip/chip_impl.h"

/* What a calibration goes by; known: false where it is not told. */
typedef struct chip_recall_key {
    uint64_t half[2];
    bool known;
} chip_recall_key;

/* Of a chip that is programmed with ideal cells, on images [0, count). */
chip_recall_key mhoi_chip_recall_key(mho_chip *chip, const mho_images *images, size_t count);
/* Sets what was found; false: nothing was kept. */
bool mhoi_chip_recall(mho_chip *chip, const chip_recall_key *key);
/* Keeps what was found on the shelf of the run, if it has one. */
MHO_MUST_CHECK mho_status mhoi_chip_remember(const mho_chip *chip, const chip_recall_key *key);

#endif
