/* SPDX-License-Identifier: Apache-2.0 */
/* rows_kernel.h for any CPU, the choice among the tables, and packing. */
#define MHOI_ROWS_TABLE mhoi_rows_ref
#define WIDTH 4
#define VECTORS 2
#define ROWS 5
#include "base/x86.h"
#include "dnn/rows_kernel_body.h"

#include "mho/run.h"

const mhoi_rows *mhoi_rows_best(void)
{
    switch (mho_cpu_level()) {
#if MHOI_X86
    case MHO_CPU_AVX512:
        return &mhoi_rows_avx512;
    case MHO_CPU_AVX2:
        return &mhoi_rows_avx2;
#endif
    default:
        return &mhoi_rows_ref;
    }
}

size_t mhoi_rows_packed(const mhoi_rows_shape *s)
{
    return mhoi_rows_aligned(s->out_c) * s->kh * s->kw * s->c;
}

void mhoi_rows_pack(const mhoi_rows_shape *s, const float *weight, float *packed)
{
    const size_t taps = s->kh * s->kw * s->c, end = mhoi_rows_aligned(s->out_c);
    for (size_t block = 0; block < end; block += MHOI_ROWS_BLOCK)
        for (size_t t = 0; t < taps; ++t)
            for (size_t k = block; k < end && k < block + MHOI_ROWS_BLOCK; ++k)
                *packed++ = k < s->out_c ? weight[t * s->out_c + k] : 0.0f;
}
