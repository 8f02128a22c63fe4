/* SPDX-License-Identifier: Apache-2.0 */
/* Nested elimination for AVX-512, of floats. */
#define MHOI_SINGLE

#include "circuit/nested_lanes_avx512.h"

/* Four by four within quarters of a register, as AVX has it. */
__attribute__((always_inline)) static inline void turn_quarters(const lanes *x, lanes *y)
{
    const __m512 ab = _mm512_unpacklo_ps(x[0], x[1]), AB = _mm512_unpackhi_ps(x[0], x[1]);
    const __m512 cd = _mm512_unpacklo_ps(x[2], x[3]), CD = _mm512_unpackhi_ps(x[2], x[3]);
    y[0] = _mm512_shuffle_ps(ab, cd, 0x44);
    y[1] = _mm512_shuffle_ps(ab, cd, 0xee);
    y[2] = _mm512_shuffle_ps(AB, CD, 0x44);
    y[3] = _mm512_shuffle_ps(AB, CD, 0xee);
}

/* Quarters, then four by four of them: row k + 4 q of the result is in quarter q of rows k, k + 4, k + 8, k + 12. */
static void turn(const float *const from[LANES], float *const to[LANES])
{
    lanes x[LANES], y[LANES];
    UNROLL for (size_t k = 0; k < LANES; k++) x[k] = load(from[k]);
    UNROLL for (size_t k = 0; k < LANES; k += 4) turn_quarters(x + k, y + k);
    UNROLL for (size_t k = 0; k < 4; k++)
    {
        const lanes a = _mm512_shuffle_f32x4(y[k], y[k + 4], 0x88);
        const lanes b = _mm512_shuffle_f32x4(y[k + 8], y[k + 12], 0x88);
        const lanes c = _mm512_shuffle_f32x4(y[k], y[k + 4], 0xdd);
        const lanes d = _mm512_shuffle_f32x4(y[k + 8], y[k + 12], 0xdd);
        store(to[k], _mm512_shuffle_f32x4(a, b, 0x88));
        store(to[k + 4], _mm512_shuffle_f32x4(c, d, 0x88));
        store(to[k + 8], _mm512_shuffle_f32x4(a, b, 0xdd));
        store(to[k + 12], _mm512_shuffle_f32x4(c, d, 0xdd));
    }
}

#include "circuit/nested_body.h"
