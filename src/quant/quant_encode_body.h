/* SPDX-License-Identifier: Apache-2.0 */
/* Included once for each instruction set, by a file that defines MHOI_ENCODE.  Every step is taken for every number, so that
 * compilers make vectors of the loop. */
#include "quant/quant_encode.h"

mho_encoded MHOI_ENCODE(const float *restrict x, size_t n, float by, float top,
                        uint8_t *restrict code)
{
    const float most = top + 0.5F, least = -most;
    uint32_t inside = 0, below = 0;
    for (size_t i = 0; i < n; i++) {
        const float v = x[i] * by;
        const float positive = v > 0 ? v : 0;
        const float held = positive < top ? positive : top;
        inside += (v < most) & (v > least);
        below += v <= -0.5F;
        code[i] = (uint8_t)(int)(held + 0.5F);
    }
    return (mho_encoded){n - inside, below};
}
