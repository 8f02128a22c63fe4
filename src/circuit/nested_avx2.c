/* SPDX-License-Identifier: Apache-2.0 */
/* Nested elimination for AVX2, of doubles. */
#include "circuit/nested_lanes_avx2.h"

/* Four by four. */
static void turn_quarter(const double *const from[4], double *const to[4], size_t k, size_t l)
{
    const __m256d a = _mm256_loadu_pd(from[0] + l), b = _mm256_loadu_pd(from[1] + l);
    const __m256d c = _mm256_loadu_pd(from[2] + l), d = _mm256_loadu_pd(from[3] + l);
    const __m256d ab = _mm256_unpacklo_pd(a, b), AB = _mm256_unpackhi_pd(a, b);
    const __m256d cd = _mm256_unpacklo_pd(c, d), CD = _mm256_unpackhi_pd(c, d);
    _mm256_storeu_pd(to[0] + k, _mm256_permute2f128_pd(ab, cd, 0x20));
    _mm256_storeu_pd(to[1] + k, _mm256_permute2f128_pd(AB, CD, 0x20));
    _mm256_storeu_pd(to[2] + k, _mm256_permute2f128_pd(ab, cd, 0x31));
    _mm256_storeu_pd(to[3] + k, _mm256_permute2f128_pd(AB, CD, 0x31));
}

static void turn(const double *const from[LANES], double *const to[LANES])
{
    for (size_t k = 0; k < 8; k += 4)
        for (size_t l = 0; l < 8; l += 4)
            turn_quarter(from + k, to + l, k, l);
}

#include "circuit/nested_body.h"
