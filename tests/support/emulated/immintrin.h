/* SPDX-License-Identifier: Apache-2.0 */
/* AVX-512 for machines without it: intrinsics in plain C (SIMDe), so that its kernels are tested everywhere.
 * Found in place of the compiler's header; what SIMDe lacks follows. */
#ifndef MHO_EMULATED_IMMINTRIN_H
#define MHO_EMULATED_IMMINTRIN_H

#pragma GCC system_header
#include_next <immintrin.h>

#include <string.h>

#define SIMDE_ENABLE_NATIVE_ALIASES
#include <simde/x86/avx512.h>

static inline __m512i emulated_cvtepu8_epi32(__m128i v)
{
    uint8_t from[16];
    uint32_t to[16];
    memcpy(from, &v, sizeof from);
    for (int i = 0; i < 16; ++i)
        to[i] = from[i];
    return _mm512_loadu_si512(to);
}
static inline __m512i emulated_cvtepi8_epi32(__m128i v)
{
    int8_t from[16];
    int32_t to[16];
    memcpy(from, &v, sizeof from);
    for (int i = 0; i < 16; ++i)
        to[i] = from[i];
    return _mm512_loadu_si512(to);
}
static inline __m512 emulated_cvtepi32_ps(__m512i v)
{
    int32_t from[16];
    float to[16];
    memcpy(from, &v, sizeof from);
    for (int i = 0; i < 16; ++i)
        to[i] = (float)from[i];
    return _mm512_loadu_ps(to);
}
static inline __m512 emulated_cvtepu32_ps(__m512i v)
{
    uint32_t from[16];
    float to[16];
    memcpy(from, &v, sizeof from);
    for (int i = 0; i < 16; ++i)
        to[i] = (float)from[i];
    return _mm512_loadu_ps(to);
}
static inline __m512i emulated_cvttps_epi32(__m512 v)
{
    float from[16];
    int32_t to[16];
    memcpy(from, &v, sizeof from);
    for (int i = 0; i < 16; ++i)
        to[i] = (int32_t)from[i];
    return _mm512_loadu_si512(to);
}
static inline __m512d emulated_cvtepi32_pd(__m256i v)
{
    int32_t from[8];
    double to[8];
    memcpy(from, &v, sizeof from);
    for (int i = 0; i < 8; ++i)
        to[i] = from[i];
    return _mm512_loadu_pd(to);
}
static inline __m256i emulated_cvttpd_epi32(__m512d v)
{
    double from[8];
    int32_t to[8];
    memcpy(from, &v, sizeof from);
    for (int i = 0; i < 8; ++i)
        to[i] = (int32_t)from[i];
    return _mm256_loadu_si256((const void *)to);
}
static inline __m512i emulated_maskz_loadu_epi8(__mmask64 mask, const void *from)
{
    uint8_t to[64] = {0};
    for (int i = 0; i < 64; ++i)
        if (mask >> i & 1)
            to[i] = ((const uint8_t *)from)[i];
    return _mm512_loadu_si512(to);
}
static inline void emulated_mask_storeu_epi8(void *to, __mmask64 mask, __m512i v)
{
    uint8_t from[64];
    memcpy(from, &v, sizeof from);
    for (int i = 0; i < 64; ++i)
        if (mask >> i & 1)
            ((uint8_t *)to)[i] = from[i];
}
/* SIMDe's shifts by 64, which C leaves undefined. */
static inline __m512i emulated_multishift_epi64_epi8(__m512i shift, __m512i v)
{
    uint8_t by[64], to[64];
    uint64_t from[8];
    memcpy(by, &shift, sizeof by);
    memcpy(from, &v, sizeof from);
    for (int i = 0; i < 64; ++i) {
        const unsigned n = by[i] & 63;
        to[i] = (uint8_t)(n ? from[i / 8] >> n | from[i / 8] << (64 - n) : from[i / 8]);
    }
    return _mm512_loadu_si512(to);
}
#undef _mm512_multishift_epi64_epi8
#define _mm512_multishift_epi64_epi8 emulated_multishift_epi64_epi8
#define _mm512_cvtepu8_epi32 emulated_cvtepu8_epi32
#define _mm512_cvtepi8_epi32 emulated_cvtepi8_epi32
#define _mm512_cvtepi32_ps emulated_cvtepi32_ps
#define _mm512_cvtepu32_ps emulated_cvtepu32_ps
#undef _mm512_cvtepi32_pd
#define _mm512_cvtepi32_pd emulated_cvtepi32_pd
#undef _mm512_cvttpd_epi32
#define _mm512_cvttpd_epi32 emulated_cvttpd_epi32
#define _mm512_cvttps_epi32 emulated_cvttps_epi32
#define _mm512_maskz_loadu_epi8 emulated_maskz_loadu_epi8
#define _mm512_mask_storeu_epi8 emulated_mask_storeu_epi8

#endif
