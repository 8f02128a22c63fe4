/* SPDX-License-Identifier: Apache-2.0 */
#include "base/x86.h"
#include "mho/run.h"

#define CHIP_LANES_TABLE mhoi_chip_lanes_ref
#include "chip/chip_lanes_body.h"

const mhoi_chip_lanes *mhoi_chip_lanes_best(void)
{
#if MHOI_X86
    const mho_cpu level = mho_cpu_level();
    if (level == MHO_CPU_AVX512)
        return &mhoi_chip_lanes_avx512;
    if (level == MHO_CPU_AVX2)
        return &mhoi_chip_lanes_avx2;
#endif
    return &mhoi_chip_lanes_ref;
}
