/* SPDX-License-Identifier: Apache-2.0 */
/* What the AVX2 kernels share. */
#ifndef MHO_CROSSBAR_AVX2_H
#define MHO_CROSSBAR_AVX2_H

#include <immintrin.h>

#include "crossbar/crossbar_impl.h"

#define INLINE __attribute__((always_inline)) static inline
#define UNROLL _Pragma("GCC unroll 8")

enum {
    LANES = 16,
    ENTRIES = 16,    /* of a table: 4 rows */
    ENTRY_SHIFT = 5, /* an index is where in a strip's table the entry is, in bytes */
};

void mhoi_strip_avx2(const int16_t *const *g, const int16_t *const *other, int sign, size_t row,
                     size_t rows, int16_t *table, int32_t *bias);
void mhoi_lookup_avx2(const mhoi_job *job);

/* Keeps a value that was loaded in its register, where compilers would load it again for every use. */
INLINE __m256i held(__m256i v)
{
    __asm__("" : "+x"(v));
    return v;
}

static inline size_t tile_at(const mhoi_job *job, size_t q)
{
    return q / MHOI_TILE * job->steps * MHOI_TILE + q % MHOI_TILE;
}

/* Codes of 4 sums beyond single precision. */
static inline __m128i convert_wide(__m128i s, const mhoi_code *code)
{
    const __m256d t = _mm256_fmadd_pd(_mm256_cvtepi32_pd(s), _mm256_set1_pd(code->wide_scale),
                                      _mm256_set1_pd(code->wide_shift));
    const __m256d low = _mm256_max_pd(t, _mm256_setzero_pd());
    return _mm256_cvttpd_epi32(_mm256_min_pd(low, _mm256_set1_pd((double)code->top)));
}

/* Codes of 8 sums. */
static inline __m256i convert(__m256i s, const mhoi_code *code)
{
    const __m256 t = _mm256_fmadd_ps(_mm256_cvtepi32_ps(s), _mm256_set1_ps(code->scale),
                                     _mm256_set1_ps(code->shift));
    const __m256 low = _mm256_max_ps(t, _mm256_setzero_ps());
    return _mm256_cvttps_epi32(_mm256_min_ps(low, _mm256_set1_ps(code->top)));
}

static inline __m256i convert_all(__m256i s, const mhoi_code *code)
{
    return code->ideal ? s : convert(s, code);
}

static inline __m256i convert_any(__m256i s, const mhoi_code *code)
{
    if (code->ideal || !code->wide)
        return convert_all(s, code);
    const __m128i low = convert_wide(_mm256_castsi256_si128(s), code);
    const __m128i high = convert_wide(_mm256_extracti128_si256(s, 1), code);
    return _mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1);
}

/* v[column] = 8 rows of 8 elements: halves of rows i and i + 4 are loaded together, then pairs of
 * elements and pairs of pairs are exchanged. */
INLINE void load_transposed(const int32_t *in, size_t pitch, __m256i *v)
{
    __m256i a[8], b[8];
    UNROLL for (size_t i = 0; i < 8; ++i)
    {
        const int32_t *from = in + i % 4 * pitch + i / 4 * 4;
        const __m128i low = _mm_loadu_si128((const void *)from);
        const __m128i high = _mm_loadu_si128((const void *)(from + 4 * pitch));
        a[i] = _mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1);
    }
    UNROLL for (size_t i = 0; i < 8; i += 2)
    {
        b[i] = _mm256_unpacklo_epi32(a[i], a[i + 1]);
        b[i + 1] = _mm256_unpackhi_epi32(a[i], a[i + 1]);
    }
    UNROLL for (size_t i = 0; i < 8; i += 4)
    {
        v[i] = _mm256_unpacklo_epi64(b[i], b[i + 2]);
        v[i + 1] = _mm256_unpackhi_epi64(b[i], b[i + 2]);
        v[i + 2] = _mm256_unpacklo_epi64(b[i + 1], b[i + 3]);
        v[i + 3] = _mm256_unpackhi_epi64(b[i + 1], b[i + 3]);
    }
}

#endif
