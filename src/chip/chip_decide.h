/* SPDX-License-Identifier: Apache-2.0 */
/* The range of a classifier's converters by what it decides: docs/models/chip.md, "What a classifier decides". */
#ifndef MHO_CHIP_DECIDE_H
#define MHO_CHIP_DECIDE_H

#include "chip/chip_impl.h"

/* Does the range of that step's converters go by decisions, of images that have classes? */
bool mhoi_chip_decides(const mho_chip *chip, size_t step, const mho_images *images);
/* Takes a part of the range of layer->calibrated, if that keeps clearly more of the decisions that the layer makes of input maps
 * in[count] with ideal cells and converters, as it has them now. */
MHO_MUST_CHECK mho_status mhoi_chip_decide(mho_chip *chip, size_t step, const uint8_t *in,
                                           size_t count);

#endif
