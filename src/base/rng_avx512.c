/* SPDX-License-Identifier: Apache-2.0 */
/* Random numbers for AVX-512. */
#include <immintrin.h>
#include <stdint.h>

#define MHOI_RNG_TABLE mhoi_rng_kernels_avx512
#define WIDTH 16
#define FIRST_LANES ((wides){0, 1, 2, 3, 4, 5, 6, 7})
#define SPREAD_WIDE(x) ((wides)_mm512_set1_epi64((int64_t)(x)))
#define SPREAD_FLOAT(x) _mm512_set1_ps(x)

typedef uint32_t words __attribute__((vector_size(64)));
typedef int32_t ints __attribute__((vector_size(64)));
typedef uint64_t wides __attribute__((vector_size(64)));
typedef __m512 floats;

static inline wides product(wides a, wides b)
{
    return (wides)_mm512_mul_epu32((__m512i)a, (__m512i)b);
}

static inline words low_halves(wides a, wides b)
{
    return (words)_mm512_mask_blend_epi32(0xAAAA, (__m512i)a, (__m512i)(b << 32));
}

static inline floats as_float(ints i)
{
    return _mm512_cvtepi32_ps((__m512i)i);
}

static inline floats root(floats x)
{
    return _mm512_sqrt_ps(x);
}

static inline floats fused(floats a, floats b, floats c)
{
    return _mm512_fmadd_ps(a, b, c);
}

static inline floats lesser(floats x, floats y)
{
    return _mm512_min_ps(x, y);
}

static inline void interleave(words a, words b, void *out)
{
    const __m512i first = _mm512_set_epi32(23, 7, 22, 6, 21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
    const __m512i last =
        _mm512_set_epi32(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8);
    __m512i *to = out;
    _mm512_storeu_si512(to, _mm512_permutex2var_epi32((__m512i)a, first, (__m512i)b));
    _mm512_storeu_si512(to + 1, _mm512_permutex2var_epi32((__m512i)a, last, (__m512i)b));
}

#include "base/rng_body.h"
