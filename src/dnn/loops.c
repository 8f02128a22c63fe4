/* SPDX-License-Identifier: Apache-2.0 */
/* loops.h for any CPU, and the choice among the tables. */
#define MHOI_LOOPS mhoi_loops_ref
#include "base/x86.h"
#include "dnn/loops_body.h"

#include "mho/run.h"

const mhoi_loops *mhoi_loops_best(void)
{
    switch (mho_cpu_level()) {
#if MHOI_X86
    case MHO_CPU_AVX512:
        return &mhoi_loops_avx512;
    case MHO_CPU_AVX2:
        return &mhoi_loops_avx2;
#endif
    default:
        return &mhoi_loops_ref;
    }
}

size_t mhoi_loops_tile(size_t c)
{
    return (256 + c - 1) / c * c;
}
