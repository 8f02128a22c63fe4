/* SPDX-License-Identifier: Apache-2.0 */
/* From sums, or from maps that are added up, to codes, where nobody looks at the values between. */
#ifndef MHO_CHIP_FINISH_H
#define MHO_CHIP_FINISH_H

#include "chip/chip_impl.h"

/* A crossbar step whose sums are plain, to a map of codes: sum, out of one image; y has room for a channel.  False: a value is
 * not finite, and its channel is 0. */
bool mhoi_chip_finishes_sums(const mho_chip *chip, const chip_step *step);
bool mhoi_chip_finish_sums(const mho_chip *chip, const chip_step *step, const int32_t *sum,
                           float *y, uint8_t *out);
/* The same of a pointwise step of maps of codes; in2 NULL: of one. */
bool mhoi_chip_finishes_maps(const mho_chip *chip, const chip_step *step);
bool mhoi_chip_finish_maps(const mho_chip *chip, const chip_step *step, const uint8_t *in,
                           const uint8_t *in2, float *y, float *second, uint8_t *out);

#endif
