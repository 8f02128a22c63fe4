/* SPDX-License-Identifier: Apache-2.0 */
/* AVX-512 kernels.
 *
 * Look-up: vpermw picks one of 32 sums of 16 bits for 32 pixels at once.  Up to three bundles add up in
 * 16 bits; vpdpwssd with (1, 0) and (0, 1) then adds the even and the odd lanes to 32-bit sums.  Lane 2i
 * holds pixel i and lane 2i + 1 pixel 16 + i, so that these come out in order.
 * Dot: vpdpwssd, a pair of rows at a time; vpdpbusd, four, where cells fit bytes.
 * Count: vpopcntd on words of 32 rows, 16 pixels at once. */
#include <immintrin.h>
#include <string.h>

#include "crossbar/crossbar_impl.h"

enum { LANES = 32 };
#define INLINE __attribute__((always_inline)) static inline
#define UNROLL _Pragma("GCC unroll 8")

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
    UNROLL for (size_t r = 0; r < 5; ++r) v =
        _mm512_mask_add_epi16(v, holds[r], v, _mm512_set1_epi16((int16_t)g[r]));
    _mm512_store_si512(out, v);
}

static void folded_table(const int32_t *g, int32_t offset, int16_t *out)
{
    for (int32_t i = 0; i < 8; ++i)
        out[i] = (int16_t)((i & 1 ? g[0] : 0) + (i & 2 ? g[1] : 0) + (i & 4 ? g[2] : 0) - offset);
    for (int32_t i = 0; i < 4; ++i)
        out[8 + i] = (int16_t)((i & 1 ? g[3] : 0) + (i & 2 ? g[4] : 0));
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
        __m512i v = _mm512_maskz_loadu_epi8(some, in + j + offset[0]);
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

/* Codes of 8 sums beyond single precision. */
static inline __m256i convert_wide(__m256i s, const mhoi_code *code)
{
    const __m512d t = _mm512_fmadd_pd(_mm512_cvtepi32_pd(s), _mm512_set1_pd(code->wide_scale),
                                      _mm512_set1_pd(code->wide_shift));
    const __m512d low = _mm512_max_pd(t, _mm512_setzero_pd());
    return _mm512_cvttpd_epi32(_mm512_min_pd(low, _mm512_set1_pd((double)code->top)));
}

/* Codes of 16 sums. */
INLINE __m512i convert(__m512i s, const mhoi_code *code, bool wide)
{
    if (wide) {
        const __m256i low = convert_wide(_mm512_castsi512_si256(s), code);
        const __m256i high = convert_wide(_mm512_extracti64x4_epi64(s, 1), code);
        return _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
    }
    const __m512 t = _mm512_fmadd_ps(_mm512_cvtepi32_ps(s), _mm512_set1_ps(code->scale),
                                     _mm512_set1_ps(code->shift));
    const __m512 low = _mm512_max_ps(t, _mm512_setzero_ps());
    return _mm512_cvttps_epi32(_mm512_min_ps(low, _mm512_set1_ps(code->top)));
}

static inline void put(const mhoi_job *job, size_t j, size_t to, __m512i v)
{
    if (j >= job->outputs)
        return;
    int32_t *out = job->out[j] + to;
    if (job->accumulate)
        v = _mm512_add_epi32(v, _mm512_loadu_si512(out));
    _mm512_storeu_si512(out, v);
}

/* The foot of the columns: four sums of 16 pixels go to `to`.  wide: codes may be. */
INLINE void finish_by(const mhoi_job *job, size_t to, __m512i s0, __m512i s1, __m512i s2,
                      __m512i s3, bool wide)
{
    if (!job->code.ideal) {
        s0 = convert(s0, &job->code, wide);
        s1 = convert(s1, &job->code, wide);
        s2 = convert(s2, &job->code, wide);
        s3 = convert(s3, &job->code, wide);
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

static inline void finish(const mhoi_job *job, size_t to, __m512i s0, __m512i s1, __m512i s2,
                          __m512i s3)
{
    finish_by(job, to, s0, s1, s2, s3, false);
}

static void finish_far(const mhoi_job *job, size_t to, __m512i s0, __m512i s1, __m512i s2,
                       __m512i s3)
{
    if (job->code.wide)
        finish_by(job, to, s0, s1, s2, s3, true);
    else
        finish_by(job, to, s0, s1, s2, s3, false);
}

/* Raw sums go straight to memory. */
INLINE void finish_any(const mhoi_job *job, size_t to, __m512i s0, __m512i s1, __m512i s2,
                       __m512i s3)
{
    if (!job->raw) {
        finish_far(job, to, s0, s1, s2, s3);
        return;
    }
    _mm512_storeu_si512(job->out[0] + to, s0);
    _mm512_storeu_si512(job->out[1] + to, s1);
    _mm512_storeu_si512(job->out[2] + to, s2);
    _mm512_storeu_si512(job->out[3] + to, s3);
}

/* Keeps a value that was loaded in its register, where compilers would load it again for every use:
 * loads, not arithmetic, would limit the kernels then. */
INLINE __m512i held(const void *from)
{
    __m512i v = _mm512_load_si512(from);
#ifdef __AVX512VNNI__
    __asm__("" : "+v"(v));
#endif
    return v;
}

/* sum + pairs of products, as _mm512_dpwssd_epi32, which compilers surround with copies of sum. */
INLINE __m512i add_products(__m512i sum, __m512i a, __m512i b)
{
#ifdef __AVX512VNNI__
    __asm__("vpdpwssd %2, %1, %0" : "+v"(sum) : "v"(a), "v"(b));
    return sum;
#else /* emulated: tests/support/emulated */
    return _mm512_dpwssd_epi32(sum, a, b);
#endif
}

/* The accumulators of four sums for up to 64 pixels: even and odd lanes of two vectors. */
typedef struct sums {
    __m512i even0[MHOI_SUMS], odd0[MHOI_SUMS], even1[MHOI_SUMS], odd1[MHOI_SUMS];
} sums;

/* Adds the `together` bundles that begin at entry `at` of the tables. */
INLINE void add_bundles(const mhoi_job *job, const uint16_t *x, size_t at, size_t together,
                        size_t tile, sums *s)
{
    const __m512i even = _mm512_set1_epi32(1), odd = _mm512_set1_epi32(1 << 16);
    __m512i i0[3], i1[3];
    UNROLL for (size_t i = 0; i < together; ++i)
    {
        i0[i] = held(x + i * MHOI_TILE);
        if (tile == 2)
            i1[i] = held(x + i * MHOI_TILE + LANES);
    }
    UNROLL for (size_t j = 0; j < MHOI_SUMS; ++j)
    {
        const int16_t *table = (const int16_t *)job->w[j] + at;
        __m512i part0 = _mm512_setzero_si512(), part1 = part0;
        UNROLL for (size_t i = 0; i < together; ++i)
        {
            const __m512i entries = held(table + i * MHOI_ENTRIES);
            const __m512i v0 = _mm512_permutexvar_epi16(i0[i], entries);
            part0 = i ? _mm512_add_epi16(part0, v0) : v0;
            if (tile == 2) {
                const __m512i v1 = _mm512_permutexvar_epi16(i1[i], entries);
                part1 = i ? _mm512_add_epi16(part1, v1) : v1;
            }
        }
        s->even0[j] = add_products(s->even0[j], part0, even);
        s->odd0[j] = add_products(s->odd0[j], part0, odd);
        if (tile == 2) {
            s->even1[j] = add_products(s->even1[j], part1, even);
            s->odd1[j] = add_products(s->odd1[j], part1, odd);
        }
    }
}

INLINE void lookup_tile(const mhoi_job *job, size_t q, size_t together, size_t tile)
{
    const uint16_t *x = (const uint16_t *)job->x + tile_at(job, q);
    const size_t whole = job->steps / together * together;
    const size_t to = job->place[q / MHOI_TILE];
    sums s;
    UNROLL for (size_t j = 0; j < MHOI_SUMS; ++j) s.even0[j] = s.odd0[j] = s.even1[j] = s.odd1[j] =
        _mm512_set1_epi32(job->bias[j]);
    for (size_t b = 0; b < whole; b += together)
        add_bundles(job, x + b * MHOI_TILE, b * MHOI_ENTRIES, together, tile, &s);
    if (together == 3 && job->steps - whole == 2)
        add_bundles(job, x + whole * MHOI_TILE, whole * MHOI_ENTRIES, 2, tile, &s);
    else if (whole < job->steps)
        add_bundles(job, x + whole * MHOI_TILE, whole * MHOI_ENTRIES, 1, tile, &s);
    finish(job, to, s.even0[0], s.even0[1], s.even0[2], s.even0[3]);
    finish(job, to + 16, s.odd0[0], s.odd0[1], s.odd0[2], s.odd0[3]);
    if (tile == 2) {
        finish(job, to + 32, s.even1[0], s.even1[1], s.even1[2], s.even1[3]);
        finish(job, to + 48, s.odd1[0], s.odd1[1], s.odd1[2], s.odd1[3]);
    }
}

enum { LINE = 64 };

/* This tile's part, so many bytes of each, of the tables of the next job: processors do not fetch so many short runs by themselves.  Inline:
 * compilers drop calls of what does nothing but fetch. */
INLINE void fetch_ahead(const mhoi_job *job, size_t q, size_t bytes)
{
    const size_t from = q / MHOI_TILE * bytes, end = from + bytes;
    const size_t to = end < job->ahead_bytes ? end : job->ahead_bytes;
    for (size_t i = from; i < to; i += LINE)
        UNROLL for (size_t j = 0; j < MHOI_SUMS; ++j)
            _mm_prefetch((const char *)job->w[j] + job->ahead + i, _MM_HINT_T0);
}

/* far: the job with the tables as they lie. */
INLINE void lookup_by(const mhoi_job *job, const mhoi_job *far, size_t together)
{
    const size_t lines = (job->ahead_bytes + LINE - 1) / LINE;
    const size_t tiles = (job->pixels + MHOI_TILE - 1) / MHOI_TILE;
    const size_t bytes = (lines + tiles - 1) / tiles * LINE;
    size_t q = 0;
    for (; q + LANES < job->pixels; q += 2 * LANES) {
        if (bytes)
            fetch_ahead(far, q, bytes);
        lookup_tile(job, q, together, 2);
    }
    if (q < job->pixels)
        lookup_tile(job, q, together, 1);
}

static void lookup_whole(const mhoi_job *job, const mhoi_job *far)
{
    if (job->widen >= 3)
        lookup_by(job, far, 3);
    else if (job->widen == 2)
        lookup_by(job, far, 2);
    else
        lookup_by(job, far, 1);
}

/* Entry i is the sum of entry i % 8 of three rows and entry i / 8 of two. */
INLINE void unfold(const int16_t *folded, size_t tables, int16_t *to)
{
    const __m512i two = _mm512_set_epi64(0x0706070607060706, 0x0706070607060706, 0x0504050405040504,
                                         0x0504050405040504, 0x0302030203020302, 0x0302030203020302,
                                         0x0100010001000100, 0x0100010001000100);
    for (size_t i = 0; i < tables; ++i, folded += MHOI_FOLDED, to += MHOI_ENTRIES) {
        int64_t last;
        memcpy(&last, folded + 8, sizeof last);
        const __m512i low = _mm512_broadcast_i32x4(_mm_loadu_si128((const void *)folded));
        const __m512i high = _mm512_shuffle_epi8(_mm512_set1_epi64(last), two);
        _mm512_store_si512(to, _mm512_add_epi16(low, high));
    }
}

static void lookup_folded(const mhoi_job *job)
{
    int16_t table[MHOI_SUMS * MHOI_FOLDED_ROWS * MHOI_ENTRIES] __attribute__((aligned(64)));
    mhoi_job unfolded = *job;
    for (size_t j = 0; j < MHOI_SUMS; ++j) {
        int16_t *to = table + j * job->steps * MHOI_ENTRIES;
        unfold(job->w[j], job->steps, to);
        unfolded.w[j] = to;
    }
    lookup_whole(&unfolded, job);
}

static void lookup(const mhoi_job *job)
{
    if (job->folded)
        lookup_folded(job);
    else
        lookup_whole(job, job);
}

static void expand_words(const uint8_t *bytes, size_t pitch, size_t tiles, uint32_t *word,
                         size_t step)
{
    for (size_t q = 0; q < tiles * MHOI_TILE; q += 16) {
        __m512i v = _mm512_setzero_si512();
        UNROLL for (unsigned i = 0; i < 4; ++i)
        {
            const __m128i b = _mm_loadu_si128((const void *)(bytes + i * pitch + q));
            v = _mm512_or_si512(v, _mm512_slli_epi32(_mm512_cvtepu8_epi32(b), 8 * i));
        }
        _mm512_store_si512(word + q / MHOI_TILE * step + q % MHOI_TILE, v);
    }
}

/* 16 pixels from q on: S+ of up to four columns from their counts, then S- or the differences. */
INLINE void finish_counts(const mhoi_job *job, size_t q, size_t to, const __m512i *count)
{
    const __m512i unit = _mm512_set1_epi32(job->unit), base = _mm512_load_si512(job->base + q);
    const __m512i total = _mm512_load_si512(job->total + q);
    __m512i plus[MHOI_SUMS], minus[MHOI_SUMS];
    UNROLL for (size_t j = 0; j < MHOI_SUMS; ++j)
    {
        plus[j] = _mm512_add_epi32(_mm512_mullo_epi32(count[j], unit), base);
        minus[j] = _mm512_sub_epi32(total, plus[j]);
    }
    if (job->difference)
        finish(job, to, _mm512_sub_epi32(plus[0], minus[0]), _mm512_sub_epi32(plus[1], minus[1]),
               _mm512_sub_epi32(plus[2], minus[2]), _mm512_sub_epi32(plus[3], minus[3]));
    else
        finish(job, to, plus[0], minus[0], plus[1], minus[1]);
}

/* 16 times `parts` pixels: inputs that meet a high cell, in `columns` columns. */
INLINE void count_tile(const mhoi_job *job, size_t q, size_t columns, size_t parts)
{
    const uint32_t *x = (const uint32_t *)job->x + tile_at(job, q);
    __m512i count[4][MHOI_SUMS];
    UNROLL for (size_t t = 0; t < parts; ++t) UNROLL for (size_t j = 0; j < MHOI_SUMS; ++j)
        count[t][j] = _mm512_setzero_si512();
    for (size_t i = 0; i < job->steps; ++i, x += MHOI_TILE) {
        __m512i v[4];
        UNROLL for (size_t t = 0; t < parts; ++t) v[t] = held(x + t * 16);
        UNROLL for (size_t j = 0; j < columns; ++j)
        {
            const __m512i w = _mm512_set1_epi32(((const int32_t *)job->w[j])[i]);
            UNROLL for (size_t t = 0; t < parts; ++t) count[t][j] =
                _mm512_add_epi32(count[t][j], _mm512_popcnt_epi32(_mm512_and_si512(v[t], w)));
        }
    }
    UNROLL for (size_t t = 0; t < parts; ++t)
        finish_counts(job, q + t * 16, job->place[q / MHOI_TILE] + t * 16, count[t]);
}

INLINE void count_by(const mhoi_job *job, size_t columns)
{
    for (size_t q = 0; q < job->pixels; q += MHOI_TILE)
        if (job->pixels - q > 32)
            count_tile(job, q, columns, 4);
        else
            count_tile(job, q, columns, 2);
}

static void count(const mhoi_job *job)
{
    if (job->difference)
        count_by(job, 4);
    else
        count_by(job, 2);
}

INLINE void dot_tile(const mhoi_job *job, size_t q, size_t tile)
{
    const int32_t *w0 = job->w[0], *w1 = job->w[1], *w2 = job->w[2], *w3 = job->w[3];
    const int32_t *x = (const int32_t *)job->x + tile_at(job, q);
    __m512i s0[4], s1[4], s2[4], s3[4];
    UNROLL for (size_t t = 0; t < tile; ++t) s0[t] = s1[t] = s2[t] = s3[t] = _mm512_setzero_si512();
    for (size_t i = 0; i < job->steps; ++i, x += MHOI_TILE)
        UNROLL for (size_t t = 0; t < tile; ++t)
        {
            const __m512i v = held(x + t * 16);
            s0[t] = add_products(s0[t], v, _mm512_set1_epi32(w0[i]));
            s1[t] = add_products(s1[t], v, _mm512_set1_epi32(w1[i]));
            s2[t] = add_products(s2[t], v, _mm512_set1_epi32(w2[i]));
            s3[t] = add_products(s3[t], v, _mm512_set1_epi32(w3[i]));
        }
    const size_t to = job->place[q / MHOI_TILE] + q % MHOI_TILE;
    UNROLL for (size_t t = 0; t < tile; ++t)
        finish_any(job, to + t * 16, s0[t], s1[t], s2[t], s3[t]);
}

/* sum + four products of bytes without a sign and with one, in 32 bits without saturation. */
INLINE __m512i add_quads(__m512i sum, __m512i a, __m512i b)
{
#ifdef __AVX512VNNI__
    __asm__("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(a), "v"(b));
    return sum;
#else /* emulated: tests/support/emulated */
    return _mm512_dpbusd_epi32(sum, a, b);
#endif
}

INLINE void quads_tile(const mhoi_job *job, size_t q, size_t tile, bool whole)
{
    const int32_t *x = (const int32_t *)job->x + tile_at(job, q);
    const __m128i shift = _mm_cvtsi32_si128((int)job->shift);
    __m512i s[MHOI_SUMS][4];
    UNROLL for (size_t j = 0; j < MHOI_SUMS; ++j) UNROLL for (size_t t = 0; t < tile; ++t) s[j][t] =
        _mm512_set1_epi32(job->bias[j]);
    for (size_t i = 0; i < job->steps; ++i, x += MHOI_TILE)
        UNROLL for (size_t t = 0; t < tile; ++t)
        {
            const __m512i v = held(x + t * 16);
            UNROLL for (size_t j = 0; j < MHOI_SUMS; ++j)
            {
                const __m512i w = _mm512_set1_epi32(((const int32_t *)job->w[j])[i]);
                s[j][t] = whole ? add_quads(s[j][t], w, v) : add_quads(s[j][t], v, w);
            }
        }
    const size_t to = job->place[q / MHOI_TILE] + q % MHOI_TILE;
    UNROLL for (size_t t = 0; t < tile; ++t) finish_any(
        job, to + t * 16, _mm512_sll_epi32(s[0][t], shift), _mm512_sll_epi32(s[1][t], shift),
        _mm512_sll_epi32(s[2][t], shift), _mm512_sll_epi32(s[3][t], shift));
}

INLINE void quads_by(const mhoi_job *job, bool whole)
{
    size_t q = 0;
    for (; q + 48 < job->pixels; q += 64)
        quads_tile(job, q, 4, whole);
    for (; q < job->pixels; q += 16)
        quads_tile(job, q, 1, whole);
}

static void dot_quads(const mhoi_job *job)
{
    if (job->whole)
        quads_by(job, true);
    else
        quads_by(job, false);
}

static void dot(const mhoi_job *job)
{
    size_t q = 0;
    for (; q + 48 < job->pixels; q += 64)
        dot_tile(job, q, 4);
    for (; q < job->pixels; q += 16)
        dot_tile(job, q, 1);
}

/* Copies of jobs: compilers then know that no store changes them. */
static void disturb(const mhoi_disturb *disturb)
{
    const mhoi_disturb d = *disturb;
    const __m512i sum_count = _mm512_set1_epi32(d.sum_count);
    const __m512i sum_input = _mm512_set1_epi32(d.sum_input);
    const __m512i variance_count = _mm512_set1_epi32(d.variance_count);
    const __m512i variance_input = _mm512_set1_epi32(d.variance_input);
    const __m512i more = _mm512_set1_epi32((int32_t)d.more);
    for (size_t q = 0; q < d.pixels; q += 16) {
        __m512i sum = _mm512_load_si512(d.sum + q), low = _mm512_load_si512(d.low + q);
        if (d.counts) {
            const __m512i count = sum, input = low;
            sum = _mm512_add_epi32(_mm512_mullo_epi32(count, sum_count),
                                   _mm512_mullo_epi32(input, sum_input));
            low = _mm512_add_epi32(_mm512_mullo_epi32(count, variance_count),
                                   _mm512_mullo_epi32(input, variance_input));
        }
        __m512 variance =
            d.whole ? _mm512_cvtepu32_ps(_mm512_add_epi32(low, more)) : _mm512_cvtepi32_ps(low);
        if (d.high) {
            const __m512 high = _mm512_cvtepi32_ps(_mm512_load_si512(d.high + q));
            variance = _mm512_add_ps(_mm512_mul_ps(high, _mm512_set1_ps(256)), variance);
        }
        variance = _mm512_mul_ps(variance, _mm512_set1_ps(d.unit));
        __m512 noise = _mm512_mul_ps(_mm512_load_ps(d.normal + q), _mm512_sqrt_ps(variance));
        noise = _mm512_floor_ps(_mm512_add_ps(noise, _mm512_set1_ps(d.half)));
        _mm512_store_si512(d.out + q, _mm512_add_epi32(sum, _mm512_cvttps_epi32(noise)));
    }
}

static void finish_raw(const mhoi_job *job, const int32_t *raw)
{
    const mhoi_job copy = *job;
    for (size_t q = 0; q < copy.pixels; q += 16) {
        __m512i s[MHOI_SUMS];
        UNROLL for (size_t j = 0; j < MHOI_SUMS; ++j) s[j] =
            _mm512_load_si512(raw + j * MHOI_PITCH + q);
        finish_any(&copy, copy.place[q / MHOI_TILE] + q % MHOI_TILE, s[0], s[1], s[2], s[3]);
    }
}

static void square(const int32_t *pair, size_t count, int32_t *low, int32_t *high)
{
    const __m512i middle = _mm512_set1_epi16((int16_t)-MHOI_SQUARE_MIDDLE);
    for (size_t i = 0; i < count; i += 16) {
        const __m512i x = _mm512_load_si512(pair + i), v = _mm512_mullo_epi16(x, x);
        if (!high) {
            _mm512_store_si512(low + i, _mm512_xor_si512(v, middle));
            continue;
        }
        _mm512_store_si512(low + i, _mm512_and_si512(v, _mm512_set1_epi16(255)));
        _mm512_store_si512(high + i, _mm512_srli_epi16(v, 8));
    }
}

const mhoi_kernels mhoi_kernels_avx512 = {
    .bundle_rows = 5,
    .widen_max = 3,
    .centred = true,
    .table = table,
    .folded_table = folded_table,
    .gather = mhoi_gather_avx512,
    .gather_index = mhoi_gather_index_avx512,
    .expand_index = expand_index,
    .flat_bits = mhoi_flat_bits_avx512,
    .expand_flat = expand_flat,
    .expand_pair = expand_pair,
    .flat_pairs = mhoi_flat_pairs_avx2,
    .transpose = mhoi_transpose_avx2,
    .lookup = lookup,
    .dot = dot,
    .dot_quads = dot_quads,
    .count = count,
    .disturb = disturb,
    .finish = finish_raw,
    .square = square,
    .expand_words = expand_words,
    .window = window,
};
