/* SPDX-License-Identifier: Apache-2.0 */
#include "base/x86.h"
#include "mho/run.h"

#define MHOI_ENCODE mhoi_encode_ref
#include "quant/quant_encode_body.h"

enum { AT_ONCE = 1 << 16 };

static mhoi_encode_fn *best(void)
{
#if MHOI_X86
    const mho_cpu level = mho_cpu_level();
    if (level == MHO_CPU_AVX512)
        return mhoi_encode_avx512;
    if (level == MHO_CPU_AVX2)
        return mhoi_encode_avx2;
#endif
    return mhoi_encode_ref;
}

mho_encoded mho_quant_encode(const float *x, size_t n, double step, uint8_t most, bool negative,
                             uint8_t *code)
{
    mhoi_encode_fn *encode = best();
    const float by = (float)((negative ? -1 : 1) / step);
    mho_encoded all = {0};
    for (size_t i = 0; i < n; i += AT_ONCE) {
        const size_t m = n - i < AT_ONCE ? n - i : AT_ONCE;
        const mho_encoded some = encode(x + i, m, by, most, code + i);
        all.beyond += some.beyond;
        all.below += some.below;
    }
    return all;
}
