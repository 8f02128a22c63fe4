/* SPDX-License-Identifier: Apache-2.0 */
#include "chip/chip_add.h"

void mhoi_chip_add_avx2(const int32_t *restrict sum, int32_t times, int64_t *restrict to)
{
    CHIP_ADD_BODY(sum, times, to);
}
