/* SPDX-License-Identifier: Apache-2.0 */
#include "base/x86.h"
#include "chip/chip_add.h"

#include "mho/run.h"

void mhoi_chip_add_ref(const int32_t *restrict sum, int32_t times, int64_t *restrict to)
{
    CHIP_ADD_BODY(sum, times, to);
}

mhoi_chip_add_fn *mhoi_chip_add_best(void)
{
#if MHOI_X86
    const mho_cpu level = mho_cpu_level();
    if (level == MHO_CPU_AVX512)
        return mhoi_chip_add_avx512;
    if (level == MHO_CPU_AVX2)
        return mhoi_chip_add_avx2;
#endif
    return mhoi_chip_add_ref;
}
