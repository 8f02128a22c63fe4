/* SPDX-License-Identifier: Apache-2.0 */
/* Random numbers for AVX2. */
#include <immintrin.h>
#include <stdint.h>

#define MHOI_RNG_TABLE mhoi_rng_kernels_avx2
#define WIDTH 8
#define FIRST_LANES ((wides){0, 1, 2, 3})
#define SPREAD_WIDE(x) ((wides)_mm256_set1_epi64x((int64_t)(x)))
#define SPREAD_FLOAT(x) _mm256_set1_ps(x)

typedef uint32_t words __attribute__((vector_size(32)));
typedef int32_t ints __attribute__((vector_size(32)));
typedef uint64_t wides __attribute__((vector_size(32)));
typedef __m256 floats;

static inline wides product(wides a, wides b)
{
    return (wides)_mm256_mul_epu32((__m256i)a, (__m256i)b);
}

static inline words low_halves(wides a, wides b)
{
    return (words)_mm256_blend_epi32((__m256i)a, (__m256i)(b << 32), 0xAA);
}

static inline floats as_float(ints i)
{
    return _mm256_cvtepi32_ps((__m256i)i);
}

static inline floats root(floats x)
{
    return _mm256_sqrt_ps(x);
}

static inline floats fused(floats a, floats b, floats c)
{
    return _mm256_fmadd_ps(a, b, c);
}

static inline floats lesser(floats x, floats y)
{
    return _mm256_min_ps(x, y);
}

static inline void interleave(words a, words b, void *out)
{
    const __m256i low = _mm256_unpacklo_epi32((__m256i)a, (__m256i)b);
    const __m256i high = _mm256_unpackhi_epi32((__m256i)a, (__m256i)b);
    __m256i *to = out;
    _mm256_storeu_si256(to, _mm256_permute2x128_si256(low, high, 0x20));
    _mm256_storeu_si256(to + 1, _mm256_permute2x128_si256(low, high, 0x31));
}

#include "base/rng_body.h"
