/* SPDX-License-Identifier: Apache-2.0 */
/* to[CHIP_TILE] += times x sum[CHIP_TILE]: reads, slices and turns add up in 64 bits. */
#ifndef MHO_CHIP_ADD_H
#define MHO_CHIP_ADD_H

#include "chip/chip_impl.h"

typedef void mhoi_chip_add_fn(const int32_t *sum, int32_t times, int64_t *to);

mhoi_chip_add_fn mhoi_chip_add_ref, mhoi_chip_add_avx2, mhoi_chip_add_avx512;
mhoi_chip_add_fn *mhoi_chip_add_best(void); /* of this CPU */

/* One loop for all: compilers make vectors of it, as wide as the file that includes it may have. */
#define CHIP_ADD_BODY(sum, times, to)                                                              \
    for (size_t q = 0; q < CHIP_TILE; q++)                                                         \
    (to)[q] += (int64_t)(times) * (sum)[q]

#endif
