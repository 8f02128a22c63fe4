/* SPDX-License-Identifier: Apache-2.0 */
/* AVX-512 kernels.
 *
 * Look-up: vpermw picks one of 32 sums of 16 bits for 32 pixels at once.  Up to three bundles add up in
 * 16 bits; vpdpwssd with (1, 0) and (0, 1) then adds the even and the odd lanes to 32-bit sums.  Lane 2i
 * holds pixel i and lane 2i + 1 pixel 16 + i, so that these come out in order.
 * Dot: vpdpwssd, a pair of rows at a time. */
#include <immintrin.h>

#include "crossbar/crossbar_impl.h"

enum { LANES = 32 };
#define INLINE __attribute__((always_inline)) static inline
#define UNROLL _Pragma("GCC unroll 8")

/* 64 pixels a step: their window bytes lie within 128, so one vpermi2b sorts them out. */
__attribute__((target("avx512vbmi"))) static void gather(const uint8_t *window, const mhoi_tile *tile,
                                                         size_t tiles, const mhoi_segment *segment,
                                                         size_t segments, uint8_t *out)
{
    for (size_t i = 0; i < tiles; ++i) {
        const __m512i order = _mm512_loadu_si512(tile[i].order);
        __m512i all = _mm512_setzero_si512();
        for (const mhoi_segment *s = segment; s < segment + segments; ++s) {
            const uint8_t *at = window + tile[i].from + s->offset;
            __m512i v = _mm512_loadu_si512(at);
            v = _mm512_permutex2var_epi8(v, order, _mm512_loadu_si512(at + 64));
            v = _mm512_srl_epi64(v, _mm_cvtsi32_si128(s->right));
            v = _mm512_and_si512(v, _mm512_set1_epi8((char)s->mask));
            all = _mm512_or_si512(all, _mm512_sll_epi64(v, _mm_cvtsi32_si128(s->left)));
        }
        _mm512_storeu_si512(out + i * MHOI_TILE, all);
    }
}

static void expand_index(const uint8_t *bytes, size_t tiles, uint16_t *index, size_t step)
{
    for (size_t q = 0; q < tiles * MHOI_TILE; q += LANES) {
        uint16_t *to = index + q / MHOI_TILE * step + q % MHOI_TILE;
        const __m512i even = _mm512_cvtepu8_epi32(_mm_loadu_si128((const void *)(bytes + q)));
        const __m512i odd = _mm512_cvtepu8_epi32(_mm_loadu_si128((const void *)(bytes + q + 16)));
        _mm512_store_si512(to, _mm512_or_si512(even, _mm512_slli_epi32(odd, 16)));
    }
}

static void table(const int32_t *g, int32_t offset, int16_t *out)
{
    static const uint32_t holds[] = {0xAAAAAAAA, 0xCCCCCCCC, 0xF0F0F0F0, 0xFF00FF00, 0xFFFF0000};
    __m512i v = _mm512_set1_epi16((int16_t)-offset);
    UNROLL for (size_t r = 0; r < 5; ++r)
        v = _mm512_mask_add_epi16(v, holds[r], v, _mm512_set1_epi16((int16_t)g[r]));
    _mm512_store_si512(out, v);
}

/* 32 rows of every image as one word: bits[word][image]. */
static void flat_bits(const uint8_t *map, size_t image_bytes, size_t rows, size_t images, size_t pitch,
                      uint32_t *bits)
{
    const __m512i one = _mm512_set1_epi8(1);
    for (size_t i = 0; i < images; ++i)
        for (size_t r = 0; r < rows; r += 64) {
            const size_t left = rows - r;
            const __mmask64 some = left < 64 ? (UINT64_C(1) << left) - 1 : ~UINT64_C(0);
            const __m512i v = _mm512_maskz_loadu_epi8(some, map + i * image_bytes + r);
            const uint64_t word = _mm512_test_epi8_mask(v, one);
            bits[r / 32 * pitch + i] = (uint32_t)word;
            if (left > 32)
                bits[(r / 32 + 1) * pitch + i] = (uint32_t)(word >> 32);
        }
}

/* Bits shift .. shift + 4 of 16 words, and whatever follows: vpermw looks at no more. */
static inline __m512i field(const uint32_t *low, const uint32_t *high, unsigned shift)
{
    const __m512i v = _mm512_srl_epi32(_mm512_load_si512(low), _mm_cvtsi32_si128((int)shift));
    if (!high)
        return v;
    const __m128i up = _mm_cvtsi32_si128(32 - (int)shift);
    return _mm512_or_si512(v, _mm512_sll_epi32(_mm512_load_si512(high), up));
}

static void expand_flat(const uint32_t *low, const uint32_t *high, unsigned shift, size_t tiles,
                        uint16_t *index, size_t step)
{
    for (size_t q = 0; q < tiles * MHOI_TILE; q += LANES) {
        uint16_t *to = index + q / MHOI_TILE * step + q % MHOI_TILE;
        const __m512i even = field(low + q, high ? high + q : NULL, shift);
        const __m512i odd = field(low + q + 16, high ? high + q + 16 : NULL, shift);
        _mm512_store_si512(to,
                           _mm512_mask_blend_epi16(0xAAAAAAAA, even, _mm512_slli_epi32(odd, 16)));
    }
}

static __m512i widen(const uint8_t *bytes, bool is_signed)
{
    const __m128i v = _mm_loadu_si128((const void *)bytes);
    return is_signed ? _mm512_cvtepi8_epi32(v) : _mm512_cvtepu8_epi32(v);
}

static void expand_pair(const uint8_t *first, const uint8_t *second, bool is_signed, size_t tiles,
                        int32_t *pair, size_t step)
{
    for (size_t q = 0; q < tiles * MHOI_TILE; q += 16) {
        int32_t *to = pair + q / MHOI_TILE * step + q % MHOI_TILE;
        const __m512i low = widen(first + q, is_signed);
        const __m512i high = second ? widen(second + q, is_signed) : _mm512_setzero_si512();
        _mm512_store_si512(to,
                           _mm512_mask_blend_epi16(0xAAAAAAAA, low, _mm512_slli_epi32(high, 16)));
    }
}

static void window(const uint8_t *in, const size_t *offset, size_t bits, size_t n, uint8_t *out)
{
    for (size_t j = 0; j < n; j += 64) {
        const __mmask64 some = n - j < 64 ? (UINT64_C(1) << (n - j)) - 1 : ~UINT64_C(0);
        __m512i v = _mm512_maskz_loadu_epi8(some, in + j);
        for (unsigned bit = 1; bit < bits; ++bit) {
            const __m512i x = _mm512_maskz_loadu_epi8(some, in + j + offset[bit]);
            v = _mm512_or_si512(v, _mm512_sll_epi16(x, _mm_cvtsi32_si128((int)bit)));
        }
        _mm512_mask_storeu_epi8(out + j, some, v);
    }
}

static inline size_t tile_at(const mhoi_job *job, size_t q)
{
    return q / MHOI_TILE * job->steps * MHOI_TILE + q % MHOI_TILE;
}

/* Codes of 16 sums. */
static inline __m512i convert(__m512i s, const mhoi_code *code)
{
    const __m512 t = _mm512_fmadd_ps(_mm512_cvtepi32_ps(s), _mm512_set1_ps(code->scale),
                                     _mm512_set1_ps(code->shift));
    const __m512 low = _mm512_max_ps(t, _mm512_setzero_ps());
    return _mm512_cvttps_epi32(_mm512_min_ps(low, _mm512_set1_ps(code->top)));
}

static inline void put(const mhoi_job *job, size_t j, size_t to, __m512i v)
{
    int32_t *out = job->out[j] + to;
    if (j >= job->outputs)
        return;
    if (job->accumulate)
        v = _mm512_add_epi32(v, _mm512_loadu_si512(out));
    _mm512_storeu_si512(out, v);
}

/* The foot of the columns: four sums of 16 pixels go to `to`. */
static inline void finish(const mhoi_job *job, size_t to, __m512i s0, __m512i s1, __m512i s2, __m512i s3)
{
    if (!job->code.ideal) {
        s0 = convert(s0, &job->code);
        s1 = convert(s1, &job->code);
        s2 = convert(s2, &job->code);
        s3 = convert(s3, &job->code);
    }
    if (job->paired) {
        put(job, 0, to, _mm512_sub_epi32(s0, s1));
        put(job, 1, to, _mm512_sub_epi32(s2, s3));
        return;
    }
    put(job, 0, to, s0);
    put(job, 1, to, s1);
    put(job, 2, to, s2);
    put(job, 3, to, s3);
}

/* The sums of one column for up to 64 pixels; a struct of its own keeps them in registers. */
typedef struct column {
    __m512i even[2], odd[2];
} column;

/* Adds the `together` bundles at `table` to the sums of one column; index[] as loaded. */
INLINE column add_bundles(column sum, const int16_t *table, __m512i index[2][3], size_t together,
                          size_t tile)
{
    const __m512i even = _mm512_set1_epi32(1), odd = _mm512_set1_epi32(1 << 16);
    __m512i part[2];
    UNROLL for (size_t i = 0; i < together; ++i)
    {
        const __m512i entries = _mm512_load_si512(table + i * MHOI_ENTRIES);
        UNROLL for (size_t t = 0; t < tile; ++t)
        {
            const __m512i s = _mm512_permutexvar_epi16(index[t][i], entries);
            part[t] = i ? _mm512_add_epi16(part[t], s) : s;
        }
    }
    UNROLL for (size_t t = 0; t < tile; ++t)
    {
        sum.even[t] = _mm512_dpwssd_epi32(sum.even[t], part[t], even);
        sum.odd[t] = _mm512_dpwssd_epi32(sum.odd[t], part[t], odd);
    }
    return sum;
}

INLINE column start(int32_t bias)
{
    const __m512i v = _mm512_set1_epi32(bias);
    return (column){{v, v}, {v, v}};
}

INLINE void lookup_tile(const mhoi_job *job, size_t q, size_t together, size_t tile)
{
    column s0 = start(job->bias[0]), s1 = start(job->bias[1]);
    column s2 = start(job->bias[2]), s3 = start(job->bias[3]);
    const uint16_t *at = (const uint16_t *)job->x + tile_at(job, q);
    size_t entry = 0;
    for (size_t left = job->steps; left;) {
        const size_t n = left >= together ? together : 1;
        __m512i index[2][3];
        UNROLL for (size_t t = 0; t < tile; ++t)
            index[t][0] = _mm512_load_si512(at + t * LANES);
        if (n == 1) {
            s0 = add_bundles(s0, (const int16_t *)job->w[0] + entry, index, 1, tile);
            s1 = add_bundles(s1, (const int16_t *)job->w[1] + entry, index, 1, tile);
            s2 = add_bundles(s2, (const int16_t *)job->w[2] + entry, index, 1, tile);
            s3 = add_bundles(s3, (const int16_t *)job->w[3] + entry, index, 1, tile);
        } else {
            UNROLL for (size_t i = 1; i < together; ++i)
                UNROLL for (size_t t = 0; t < tile; ++t)
                    index[t][i] = _mm512_load_si512(at + i * MHOI_TILE + t * LANES);
            s0 = add_bundles(s0, (const int16_t *)job->w[0] + entry, index, together, tile);
            s1 = add_bundles(s1, (const int16_t *)job->w[1] + entry, index, together, tile);
            s2 = add_bundles(s2, (const int16_t *)job->w[2] + entry, index, together, tile);
            s3 = add_bundles(s3, (const int16_t *)job->w[3] + entry, index, together, tile);
        }
        left -= n;
        at += n * MHOI_TILE;
        entry += n * MHOI_ENTRIES;
    }
    const size_t to = job->place[q / MHOI_TILE];
    UNROLL for (size_t t = 0; t < tile; ++t)
    {
        finish(job, to + t * LANES, s0.even[t], s1.even[t], s2.even[t], s3.even[t]);
        finish(job, to + t * LANES + 16, s0.odd[t], s1.odd[t], s2.odd[t], s3.odd[t]);
    }
}

INLINE void lookup_by(const mhoi_job *job, size_t together)
{
    size_t q = 0;
    for (; q + LANES < job->pixels; q += 2 * LANES)
        lookup_tile(job, q, together, 2);
    if (q < job->pixels)
        lookup_tile(job, q, together, 1);
}

static void lookup(const mhoi_job *job)
{
    if (job->widen >= 3)
        lookup_by(job, 3);
    else if (job->widen == 2)
        lookup_by(job, 2);
    else
        lookup_by(job, 1);
}

INLINE void dot_tile(const mhoi_job *job, size_t q, size_t tile)
{
    const int32_t *w0 = job->w[0], *w1 = job->w[1], *w2 = job->w[2], *w3 = job->w[3];
    const int32_t *x = (const int32_t *)job->x + tile_at(job, q);
    __m512i s0[4], s1[4], s2[4], s3[4];
    UNROLL for (size_t t = 0; t < tile; ++t)
        s0[t] = s1[t] = s2[t] = s3[t] = _mm512_setzero_si512();
    for (size_t i = 0; i < job->steps; ++i, x += MHOI_TILE)
        UNROLL for (size_t t = 0; t < tile; ++t)
        {
            const __m512i v = _mm512_load_si512(x + t * 16);
            s0[t] = _mm512_dpwssd_epi32(s0[t], v, _mm512_set1_epi32(w0[i]));
            s1[t] = _mm512_dpwssd_epi32(s1[t], v, _mm512_set1_epi32(w1[i]));
            s2[t] = _mm512_dpwssd_epi32(s2[t], v, _mm512_set1_epi32(w2[i]));
            s3[t] = _mm512_dpwssd_epi32(s3[t], v, _mm512_set1_epi32(w3[i]));
        }
    const size_t to = job->place[q / MHOI_TILE] + q % MHOI_TILE;
    UNROLL for (size_t t = 0; t < tile; ++t)
        finish(job, to + t * 16, s0[t], s1[t], s2[t], s3[t]);
}

static void dot(const mhoi_job *job)
{
    size_t q = 0;
    for (; q + 48 < job->pixels; q += 64)
        dot_tile(job, q, 4);
    for (; q < job->pixels; q += 16)
        dot_tile(job, q, 1);
}

const mhoi_kernels mhoi_kernels_avx512 = {
    .bundle_rows = 5,
    .widen_max = 3,
    .centred = true,
    .table = table,
    .gather = gather,
    .expand_index = expand_index,
    .flat_bits = flat_bits,
    .expand_flat = expand_flat,
    .expand_pair = expand_pair,
    .transpose = mhoi_transpose_avx2,
    .lookup = lookup,
    .dot = dot,
    .window = window,
};
