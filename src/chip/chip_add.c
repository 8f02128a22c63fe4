/* SPDX-License-Identifier: Apache-2.0 */
#include "chip/chip_add.h"

#include "mho/run.h"

void mhoi_chip_add_ref(const int32_t *restrict sum, int32_t times, int64_t *restrict to)
{
    CHIP_ADD_BODY(sum, times, to);
}

mhoi_chip_add_fn *mhoi_chip_add_best(void)
{
    const mho_cpu level = mho_cpu_level();
    return level == MHO_CPU_AVX512 ? mhoi_chip_add_avx512
           : level == MHO_CPU_AVX2 ? mhoi_chip_add_avx2
                                   : mhoi_chip_add_ref;
}
