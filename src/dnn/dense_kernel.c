/* SPDX-License-Identifier: Apache-2.0 */
/* dense_kernel.h for any CPU, and the choice among the tables. */
#define MHOI_DENSE_TABLE mhoi_dense_ref
#define WIDTH 4
#define ROWS 1
#define IMAGES 2
#include "base/x86.h"
#include "dnn/dense_kernel_body.h"

#include "mho/run.h"

const mhoi_dense *mhoi_dense_best(void)
{
    switch (mho_cpu_level()) {
#if MHOI_X86
    case MHO_CPU_AVX512:
        return &mhoi_dense_avx512;
    case MHO_CPU_AVX2:
        return &mhoi_dense_avx2;
#endif
    default:
        return &mhoi_dense_ref;
    }
}
