/* SPDX-License-Identifier: Apache-2.0 */
/* Loops over what crossbars give and take, which compilers make vectors of, as wide as the file that includes them may
 * have.  Whole numbers, and the same operations in the same order: every variant has the same digits. */
#ifndef MHO_CHIP_LANES_H
#define MHO_CHIP_LANES_H

#include "chip/chip_impl.h"

/* How sums become values: z = (gain sum + offset) / unit in the scales of weights and inputs. */
typedef struct chip_to_value {
    double gain, offset, unit, x_scale;
    const double *weight_scale;
} chip_to_value;

typedef struct mhoi_chip_lanes {
    /* to[CHIP_TILE] += times x sum[CHIP_TILE]: reads, slices and turns add up in 64 bits. */
    void (*add)(const int32_t *sum, int32_t times, int64_t *to);
    /* y[channels][positions] of sums of one image. */
    void (*values)(const chip_to_value *to, const int32_t *sum, size_t channels, size_t positions,
                   float *y);
    /* Of n bytes x: both[i] += x and 2^16 where x is not 0, square[i] += x^2; for up to 255 images. */
    void (*drives)(const uint8_t *x, size_t n, uint32_t *both, uint32_t *square);
} mhoi_chip_lanes;

extern const mhoi_chip_lanes mhoi_chip_lanes_ref, mhoi_chip_lanes_avx2, mhoi_chip_lanes_avx512;
const mhoi_chip_lanes *mhoi_chip_lanes_best(void); /* of this CPU */

#endif
