/* SPDX-License-Identifier: Apache-2.0 */
/* AVX2 kernels.
 *
 * Look-up: vpshufb picks one of 8 sums of 16 bits (three rows) for 16 pixels at once; its index holds
 * the two bytes of an entry.  Up to five bundles add up in 16 bits without sign; `all` then adds whole
 * 32-bit lanes and `high` their upper halves, which gives the lower halves at the end, modulo 2^32.
 * Lane 2i holds pixel i and lane 2i + 1 pixel 8 + i.  Dot: vpmaddwd, a pair of rows at a time. */
#include <immintrin.h>

#include "crossbar/crossbar_impl.h"

enum { LANES = 16, ENTRIES = 8 };

static void expand_index(const uint8_t *bytes, size_t pixels, uint16_t *index)
{
    for (size_t q = 0; q < pixels; q += LANES) {
        const __m256i even = _mm256_cvtepu8_epi32(_mm_loadu_si64(bytes + q));
        const __m256i odd = _mm256_cvtepu8_epi32(_mm_loadu_si64(bytes + q + 8));
        const __m256i both = _mm256_or_si256(even, _mm256_slli_epi32(odd, 16));
        const __m256i pairs = _mm256_mullo_epi16(both, _mm256_set1_epi16(0x0202));
        _mm256_store_si256((void *)(index + q), _mm256_add_epi16(pairs, _mm256_set1_epi16(0x0100)));
    }
}

static __m256i widen(const uint8_t *bytes, bool is_signed)
{
    const __m128i v = _mm_loadu_si64(bytes);
    return is_signed ? _mm256_cvtepi8_epi32(v) : _mm256_cvtepu8_epi32(v);
}

static void expand_pair(const uint8_t *first, const uint8_t *second, bool is_signed, size_t pixels,
                        int32_t *pair)
{
    for (size_t q = 0; q < pixels; q += 8) {
        const __m256i low = widen(first + q, is_signed);
        const __m256i high = second ? widen(second + q, is_signed) : _mm256_setzero_si256();
        _mm256_store_si256((void *)(pair + q),
                           _mm256_blend_epi16(low, _mm256_slli_epi32(high, 16), 0xAA));
    }
}

static void window(const uint8_t *in, const size_t *offset, size_t bits, size_t n, uint8_t *out)
{
    for (size_t j = 0; j < n; ++j) {
        unsigned v = in[j];
        for (size_t bit = 1; bit < bits; ++bit)
            v |= (unsigned)in[j + offset[bit]] << bit;
        out[j] = (uint8_t)v;
    }
}

/* Codes of 8 sums. */
static inline __m256i convert(__m256i s, const mhoi_code *code)
{
    const __m256 t = _mm256_fmadd_ps(_mm256_cvtepi32_ps(s), _mm256_set1_ps(code->scale),
                                     _mm256_set1_ps(code->shift));
    const __m256 low = _mm256_max_ps(t, _mm256_setzero_ps());
    return _mm256_cvttps_epi32(_mm256_min_ps(low, _mm256_set1_ps(code->top)));
}

static inline void put(int32_t *out, __m256i v, bool accumulate)
{
    if (accumulate)
        v = _mm256_add_epi32(v, _mm256_load_si256((const void *)out));
    _mm256_store_si256((void *)out, v);
}

/* The foot of columns j and j + 1: 8 pixels from q on. */
static inline void finish(const mhoi_job *job, size_t j, size_t q, __m256i first, __m256i second)
{
    if (!job->code.ideal) {
        first = convert(first, &job->code);
        second = convert(second, &job->code);
    }
    if (job->paired) {
        put(job->out[j] + q, _mm256_sub_epi32(first, second), job->accumulate);
        return;
    }
    put(job->out[j] + q, first, job->accumulate);
    put(job->out[j + 1] + q, second, job->accumulate);
}

typedef struct sums {
    __m256i all[2][2], high[2][2]; /* [column][vector of pixels] */
} sums;

__attribute__((always_inline)) static inline void add_bundles(const mhoi_job *job, size_t j, size_t q,
                                                              size_t b, size_t together, size_t tile,
                                                              sums *sum)
{
    const uint16_t *index = (const uint16_t *)job->x + b * job->pitch + q;
    __m256i part[2][2];
    for (size_t i = 0; i < together; ++i)
        for (size_t u = 0; u < 2; ++u) {
            const int16_t *entries = (const int16_t *)job->w[j + u] + (b + i) * ENTRIES;
            const __m256i table = _mm256_broadcastsi128_si256(_mm_load_si128((const void *)entries));
            for (size_t t = 0; t < tile; ++t) {
                const void *at = index + i * job->pitch + t * LANES;
                const __m256i s = _mm256_shuffle_epi8(table, _mm256_load_si256(at));
                part[u][t] = i ? _mm256_add_epi16(part[u][t], s) : s;
            }
        }
    for (size_t u = 0; u < 2; ++u)
        for (size_t t = 0; t < tile; ++t) {
            sum->all[u][t] = _mm256_add_epi32(sum->all[u][t], part[u][t]);
            sum->high[u][t] = _mm256_add_epi32(sum->high[u][t], _mm256_srli_epi32(part[u][t], 16));
        }
}

__attribute__((always_inline)) static inline void lookup_tile(const mhoi_job *job, size_t j, size_t q,
                                                              size_t together, size_t tile)
{
    sums sum;
    for (size_t u = 0; u < 2; ++u)
        for (size_t t = 0; t < tile; ++t)
            sum.all[u][t] = sum.high[u][t] = _mm256_setzero_si256();
    size_t b = 0;
    for (; b + together <= job->steps; b += together)
        add_bundles(job, j, q, b, together, tile, &sum);
    for (; b < job->steps; ++b)
        add_bundles(job, j, q, b, 1, tile, &sum);
    const __m256i bias[2] = {_mm256_set1_epi32(job->bias[j]), _mm256_set1_epi32(job->bias[j + 1])};
    for (size_t t = 0; t < tile; ++t) {
        __m256i even[2], odd[2];
        for (size_t u = 0; u < 2; ++u) {
            const __m256i high = sum.high[u][t];
            even[u] = _mm256_sub_epi32(sum.all[u][t], _mm256_slli_epi32(high, 16));
            even[u] = _mm256_add_epi32(even[u], bias[u]);
            odd[u] = _mm256_add_epi32(high, bias[u]);
        }
        finish(job, j, q + t * LANES, even[0], even[1]);
        finish(job, j, q + t * LANES + 8, odd[0], odd[1]);
    }
}

__attribute__((always_inline)) static inline void lookup_by(const mhoi_job *job, size_t together)
{
    for (size_t j = 0; j < MHOI_SUMS; j += 2) {
        size_t q = 0;
        for (; q + LANES < job->pixels; q += 2 * LANES)
            lookup_tile(job, j, q, together, 2);
        if (q < job->pixels)
            lookup_tile(job, j, q, together, 1);
    }
}

static void lookup(const mhoi_job *job)
{
    if (job->widen >= 5)
        lookup_by(job, 5);
    else if (job->widen >= 2)
        lookup_by(job, 2);
    else
        lookup_by(job, 1);
}

__attribute__((always_inline)) static inline void dot_tile(const mhoi_job *job, size_t j, size_t q,
                                                           size_t tile)
{
    __m256i sum[2][4];
    for (size_t u = 0; u < 2; ++u)
        for (size_t t = 0; t < tile; ++t)
            sum[u][t] = _mm256_setzero_si256();
    const int32_t *w0 = job->w[j], *w1 = job->w[j + 1];
    for (size_t i = 0; i < job->steps; ++i) {
        const int32_t *x = (const int32_t *)job->x + i * job->pitch + q;
        const __m256i w[2] = {_mm256_set1_epi32(w0[i]), _mm256_set1_epi32(w1[i])};
        for (size_t t = 0; t < tile; ++t) {
            const __m256i v = _mm256_load_si256((const void *)(x + t * 8));
            sum[0][t] = _mm256_add_epi32(sum[0][t], _mm256_madd_epi16(v, w[0]));
            sum[1][t] = _mm256_add_epi32(sum[1][t], _mm256_madd_epi16(v, w[1]));
        }
    }
    for (size_t t = 0; t < tile; ++t)
        finish(job, j, q + t * 8, sum[0][t], sum[1][t]);
}

static void dot(const mhoi_job *job)
{
    for (size_t j = 0; j < MHOI_SUMS; j += 2) {
        size_t q = 0;
        for (; q + 24 < job->pixels; q += 32)
            dot_tile(job, j, q, 4);
        for (; q < job->pixels; q += 8)
            dot_tile(job, j, q, 1);
    }
}

const mhoi_kernels mhoi_kernels_avx2 = {
    .bundle_rows = 3,
    .widen_max = 5,
    .centred = false,
    .expand_index = expand_index,
    .expand_pair = expand_pair,
    .lookup = lookup,
    .dot = dot,
    .window = window,
};
