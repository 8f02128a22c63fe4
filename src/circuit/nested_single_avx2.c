/* SPDX-License-Identifier: Apache-2.0 */
/* Nested elimination for AVX2, of floats. */
#define MHOI_SINGLE

#include "circuit/nested_lanes_avx2.h"

/* Four rows, four by four within halves of a register. */
static inline void turn_halves(const float *const from[4], size_t l, __m256 *y)
{
    const __m256 a = _mm256_loadu_ps(from[0] + l), b = _mm256_loadu_ps(from[1] + l);
    const __m256 c = _mm256_loadu_ps(from[2] + l), d = _mm256_loadu_ps(from[3] + l);
    const __m256 ab = _mm256_unpacklo_ps(a, b), AB = _mm256_unpackhi_ps(a, b);
    const __m256 cd = _mm256_unpacklo_ps(c, d), CD = _mm256_unpackhi_ps(c, d);
    y[0] = _mm256_shuffle_ps(ab, cd, 0x44);
    y[1] = _mm256_shuffle_ps(ab, cd, 0xee);
    y[2] = _mm256_shuffle_ps(AB, CD, 0x44);
    y[3] = _mm256_shuffle_ps(AB, CD, 0xee);
}

/* Eight by eight. */
static void turn_quarter(const float *const from[8], float *const to[8], size_t k, size_t l)
{
    __m256 y[8];
    turn_halves(from, l, y);
    turn_halves(from + 4, l, y + 4);
    UNROLL for (size_t i = 0; i < 4; i++)
    {
        _mm256_storeu_ps(to[i] + k, _mm256_permute2f128_ps(y[i], y[i + 4], 0x20));
        _mm256_storeu_ps(to[i + 4] + k, _mm256_permute2f128_ps(y[i], y[i + 4], 0x31));
    }
}

static void turn(const float *const from[LANES], float *const to[LANES])
{
    for (size_t k = 0; k < LANES; k += HALF)
        for (size_t l = 0; l < LANES; l += HALF)
            turn_quarter(from + k, to + l, k, l);
}

#include "circuit/nested_body.h"
