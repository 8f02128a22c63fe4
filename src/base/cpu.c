/* SPDX-License-Identifier: Apache-2.0 */
/* Which kernel variant runs: chosen once from what the CPU has and what MHO_CPU asks for. */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/x86.h"
#include "mho/config.h"
#include "mho/run.h"

#define LEVELS 3
#define UNKNOWN (-1)

static const char *const level_name[LEVELS] = {"ref", "avx2", "avx512"};
static atomic_int chosen = UNKNOWN;

static mho_cpu best_level(void)
{
#if MHOI_X86
    __builtin_cpu_init();
    bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                  __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
                  __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512vbmi") &&
                  __builtin_cpu_supports("avx512vpopcntdq");
#ifdef MHO_EMULATED /* tests/support/emulated: the AVX-512 kernels in plain C */
    avx512 = true;
#endif
    return avx2 && avx512 ? MHO_CPU_AVX512 : avx2 ? MHO_CPU_AVX2 : MHO_CPU_REF;
#else
    return MHO_CPU_REF;
#endif
}

mho_status mho_cpu_init(void)
{
    mho_cpu best = best_level();
    const char *wanted = getenv("MHO_CPU");
    size_t level = best;
    if (wanted && *wanted) {
        for (level = 0; level < LEVELS && strcmp(wanted, level_name[level]) != 0; level++)
            ;
        if (level == LEVELS)
            return mho_error(MHO_ECONFIG, "MHO_CPU = %s, want ref, avx2 or avx512", wanted);
        if (level > best)
            return mho_error(MHO_ECONFIG, "MHO_CPU = %s, but the best this CPU has is %s", wanted,
                             level_name[best]);
    }
    atomic_store(&chosen, (int)level);
    return MHO_OK;
}

mho_cpu mho_cpu_level(void)
{
    if (atomic_load(&chosen) == UNKNOWN && mho_cpu_init() != MHO_OK)
        atomic_store(&chosen, (int)MHO_CPU_REF);
    return (mho_cpu)atomic_load(&chosen);
}

const char *mho_cpu_name(mho_cpu level)
{
    return (size_t)level < LEVELS ? level_name[level] : "?";
}
