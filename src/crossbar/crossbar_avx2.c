/* SPDX-License-Identifier: Apache-2.0 */
/* AVX2 kernels, but for the look-up: crossbar_strip_avx2.c.
 *
 * Dot: vpmaddwd, a pair of rows at a time.
 * Count: vpshufb picks the ones of half a byte, on words of 32 rows, 8 pixels a register. */
#include <string.h>

#include "crossbar/crossbar_avx2.h"

static void expand_index(const uint8_t *bytes, size_t tiles, uint16_t *index, size_t step)
{
    for (size_t q = 0; q < tiles * MHOI_TILE; q += LANES) {
        uint16_t *to = index + q / MHOI_TILE * step + q % MHOI_TILE;
        const __m256i v = _mm256_cvtepu8_epi16(_mm_loadu_si128((const void *)(bytes + q)));
        const __m256i entry = _mm256_and_si256(v, _mm256_set1_epi16(ENTRIES - 1));
        _mm256_store_si256((void *)to, _mm256_slli_epi16(entry, ENTRY_SHIFT));
    }
}

/* 32 rows of every image as one word: bits[word][image]. */
static void flat_bits(const uint8_t *map, size_t image_bytes, size_t rows, size_t images,
                      size_t pitch, uint32_t *bits)
{
    for (size_t i = 0; i < images; ++i) {
        const uint8_t *from = map + i * image_bytes;
        size_t r = 0;
        for (; r + 32 <= rows; r += 32) {
            const __m256i v = _mm256_loadu_si256((const void *)(from + r));
            bits[r / 32 * pitch + i] = (uint32_t)_mm256_movemask_epi8(_mm256_slli_epi16(v, 7));
        }
        uint32_t rest = 0;
        for (size_t left = r; left < rows; ++left)
            rest |= (uint32_t)(from[left] & 1) << (left - r);
        if (r < rows)
            bits[r / 32 * pitch + i] = rest;
    }
}

/* Bits shift .. shift + 3 of 8 words. */
static inline __m256i field(const uint32_t *low, const uint32_t *high, int shift)
{
    __m256i v = _mm256_srl_epi32(_mm256_load_si256((const void *)low), _mm_cvtsi32_si128(shift));
    if (high) {
        const __m256i next = _mm256_load_si256((const void *)high);
        v = _mm256_or_si256(v, _mm256_sll_epi32(next, _mm_cvtsi32_si128(32 - shift)));
    }
    return _mm256_and_si256(v, _mm256_set1_epi32(ENTRIES - 1));
}

static void expand_flat(const uint32_t *low, const uint32_t *high, unsigned shift, size_t tiles,
                        uint16_t *index, size_t step)
{
    for (size_t q = 0; q < tiles * MHOI_TILE; q += LANES) {
        uint16_t *to = index + q / MHOI_TILE * step + q % MHOI_TILE;
        const __m256i first = field(low + q, high ? high + q : NULL, (int)shift);
        const __m256i second = field(low + q + 8, high ? high + q + 8 : NULL, (int)shift);
        const __m256i entry = _mm256_permute4x64_epi64(_mm256_packus_epi32(first, second), 0xD8);
        _mm256_store_si256((void *)to, _mm256_slli_epi16(entry, ENTRY_SHIFT));
    }
}

static __m256i widen(const uint8_t *bytes, bool is_signed)
{
    const __m128i v = _mm_loadu_si64(bytes);
    return is_signed ? _mm256_cvtepi8_epi32(v) : _mm256_cvtepu8_epi32(v);
}

static void expand_pair(const uint8_t *first, const uint8_t *second, bool is_signed, size_t tiles,
                        int32_t *pair, size_t step)
{
    for (size_t q = 0; q < tiles * MHOI_TILE; q += 8) {
        int32_t *to = pair + q / MHOI_TILE * step + q % MHOI_TILE;
        const __m256i low = widen(first + q, is_signed);
        const __m256i high = second ? widen(second + q, is_signed) : _mm256_setzero_si256();
        _mm256_store_si256((void *)to, _mm256_blend_epi16(low, _mm256_slli_epi32(high, 16), 0xAA));
    }
}

static void window(const uint8_t *in, const size_t *offset, size_t bits, size_t n, uint8_t *out)
{
    size_t j = 0;
    for (; j + 32 <= n; j += 32) {
        __m256i v = _mm256_loadu_si256((const void *)(in + j + offset[0]));
        for (size_t bit = 1; bit < bits; ++bit) {
            const __m256i x = _mm256_loadu_si256((const void *)(in + j + offset[bit]));
            v = _mm256_or_si256(v, _mm256_sll_epi16(x, _mm_cvtsi32_si128((int)bit)));
        }
        _mm256_storeu_si256((void *)(out + j), v);
    }
    for (; j < n; ++j) {
        unsigned v = in[j + offset[0]];
        for (size_t bit = 1; bit < bits; ++bit)
            v |= (unsigned)in[j + offset[bit]] << bit;
        out[j] = (uint8_t)v;
    }
}

static inline void put(const mhoi_job *job, size_t j, size_t to, __m256i v)
{
    if (j >= job->outputs)
        return;
    int32_t *out = job->out[j] + to;
    if (job->accumulate)
        v = _mm256_add_epi32(v, _mm256_loadu_si256((const void *)out));
    _mm256_storeu_si256((void *)out, v);
}

/* The foot of columns j and j + 1: their sums of 8 pixels go to `to`. */
static inline void finish(const mhoi_job *job, size_t j, size_t to, __m256i first, __m256i second)
{
    first = convert_any(first, &job->code);
    second = convert_any(second, &job->code);
    if (job->paired) {
        put(job, j / 2, to, _mm256_sub_epi32(first, second));
        return;
    }
    put(job, j, to, first);
    put(job, j + 1, to, second);
}

/* Four sums for 16 pixels: 8 products and as many additions for 2 loads of inputs, which may come from
 * the second cache, and 4 of conductances. */
INLINE void dot_tile(const mhoi_job *job, size_t q)
{
    const int32_t *const w[] = {job->w[0], job->w[1], job->w[2], job->w[3]};
    const int32_t *x = (const int32_t *)job->x + tile_at(job, q);
    __m256i s[MHOI_SUMS][2];
    UNROLL for (size_t j = 0; j < MHOI_SUMS; ++j) s[j][0] = s[j][1] = _mm256_setzero_si256();
    for (size_t i = 0; i < job->steps; ++i, x += MHOI_TILE) {
        const __m256i v0 = held(_mm256_load_si256((const void *)x));
        const __m256i v1 = held(_mm256_load_si256((const void *)(x + 8)));
        UNROLL for (size_t j = 0; j < MHOI_SUMS; ++j)
        {
            const __m256i g = _mm256_set1_epi32(w[j][i]);
            s[j][0] = _mm256_add_epi32(s[j][0], _mm256_madd_epi16(v0, g));
            s[j][1] = _mm256_add_epi32(s[j][1], _mm256_madd_epi16(v1, g));
        }
    }
    const size_t to = job->place[q / MHOI_TILE] + q % MHOI_TILE;
    UNROLL for (size_t j = 0; j < MHOI_SUMS; j += 2)
    {
        finish(job, j, to, s[j][0], s[j + 1][0]);
        finish(job, j, to + 8, s[j][1], s[j + 1][1]);
    }
}

static void dot(const mhoi_job *job)
{
    for (size_t q = 0; q < job->pixels; q += LANES)
        dot_tile(job, q);
}

/* Pairs 0..7 (16 rows) of images 0..7: 16-bit pairs of bytes are transposed, then widened. */
INLINE void flat_8x8(const uint8_t *map, size_t image_bytes, bool is_signed, int32_t *pair)
{
    __m128i a[8], b[8];
    UNROLL for (size_t i = 0; i < 8; ++i) a[i] =
        _mm_loadu_si128((const void *)(map + i * image_bytes));
    UNROLL for (size_t i = 0; i < 4; ++i)
    {
        b[2 * i] = _mm_unpacklo_epi16(a[i], a[i + 4]);
        b[2 * i + 1] = _mm_unpackhi_epi16(a[i], a[i + 4]);
    }
    UNROLL for (size_t i = 0; i < 4; ++i)
    {
        a[2 * i] = _mm_unpacklo_epi16(b[i], b[i + 4]);
        a[2 * i + 1] = _mm_unpackhi_epi16(b[i], b[i + 4]);
    }
    UNROLL for (size_t i = 0; i < 4; ++i)
    {
        b[2 * i] = _mm_unpacklo_epi16(a[i], a[i + 4]);
        b[2 * i + 1] = _mm_unpackhi_epi16(a[i], a[i + 4]);
    }
    UNROLL for (size_t i = 0; i < 8; ++i)
    {
        const __m256i v = is_signed ? _mm256_cvtepi8_epi16(b[i]) : _mm256_cvtepu8_epi16(b[i]);
        _mm256_store_si256((void *)(pair + i * MHOI_TILE), v);
    }
}

static int32_t widen_pair(const uint8_t *from, size_t rows, bool is_signed)
{
    const uint8_t low = from[0], high = rows > 1 ? from[1] : 0;
    const uint16_t a = is_signed ? (uint16_t)(int8_t)low : low;
    const uint16_t b = is_signed ? (uint16_t)(int8_t)high : high;
    return (int32_t)(a | (uint32_t)b << 16);
}

void mhoi_flat_pairs_avx2(const uint8_t *map, size_t image_bytes, size_t rows, size_t images,
                          bool is_signed, int32_t *pair, size_t step)
{
    for (size_t i = 0; i < images; i += 8)
        for (size_t r = 0; r < rows; r += 16) {
            const uint8_t *from = map + i * image_bytes + r;
            int32_t *to = pair + i / MHOI_TILE * step + r / 2 * MHOI_TILE + i % MHOI_TILE;
            if (i + 8 <= images && r + 16 <= rows) {
                flat_8x8(from, image_bytes, is_signed, to);
                continue;
            }
            for (size_t image = 0; image < 8 && i + image < images; ++image)
                for (size_t row = 0; row < 16 && r + row < rows; row += 2)
                    to[row / 2 * MHOI_TILE + image] =
                        widen_pair(from + image * image_bytes + row, rows - r - row, is_signed);
        }
}

static void expand_words(const uint8_t *bytes, size_t pitch, size_t tiles, uint32_t *word,
                         size_t step)
{
    for (size_t q = 0; q < tiles * MHOI_TILE; q += 8) {
        __m256i v = _mm256_setzero_si256();
        UNROLL for (int i = 0; i < 4; ++i)
        {
            const __m128i b = _mm_loadu_si64(bytes + (size_t)i * pitch + q);
            v = _mm256_or_si256(v, _mm256_slli_epi32(_mm256_cvtepu8_epi32(b), 8 * i));
        }
        _mm256_store_si256((void *)(word + q / MHOI_TILE * step + q % MHOI_TILE), v);
    }
}

/* Ones in every byte. */
INLINE __m256i ones(__m256i v)
{
    const __m256i low = _mm256_set1_epi8(15);
    const __m256i of = _mm256_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4, 0, 1, 1, 2,
                                        1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4);
    const __m256i high = _mm256_and_si256(_mm256_srli_epi16(v, 4), low);
    return _mm256_add_epi8(_mm256_shuffle_epi8(of, _mm256_and_si256(v, low)),
                           _mm256_shuffle_epi8(of, high));
}

/* 16 pixels: inputs that meet a high cell, in `columns` columns; 31 words fill the bytes that count. */
INLINE void count_words(const mhoi_job *job, const uint32_t *x, size_t columns,
                        __m256i (*count)[MHOI_SUMS])
{
    memset(count, 0, 2 * sizeof *count);
    for (size_t first = 0; first < job->steps; first += 31) {
        const size_t last = first + 31 < job->steps ? first + 31 : job->steps;
        __m256i sum[2][MHOI_SUMS];
        memset(sum, 0, sizeof sum);
        for (size_t i = first; i < last; ++i) {
            const __m256i v0 = held(_mm256_load_si256((const void *)(x + i * MHOI_TILE)));
            const __m256i v1 = held(_mm256_load_si256((const void *)(x + i * MHOI_TILE + 8)));
            UNROLL for (size_t j = 0; j < columns; ++j)
            {
                const __m256i w = _mm256_set1_epi32(((const int32_t *)job->w[j])[i]);
                sum[0][j] = _mm256_add_epi8(sum[0][j], ones(_mm256_and_si256(v0, w)));
                sum[1][j] = _mm256_add_epi8(sum[1][j], ones(_mm256_and_si256(v1, w)));
            }
        }
        UNROLL for (size_t j = 0; j < 2 * columns; ++j)
        {
            const __m256i two =
                _mm256_maddubs_epi16(sum[j / columns][j % columns], _mm256_set1_epi8(1));
            count[j / columns][j % columns] = _mm256_add_epi32(
                count[j / columns][j % columns], _mm256_madd_epi16(two, _mm256_set1_epi16(1)));
        }
    }
}

/* 8 pixels from q on: S+ from the counts, then S- or the differences. */
INLINE void finish_counts(const mhoi_job *job, size_t q, size_t to, const __m256i *count)
{
    const __m256i unit = _mm256_set1_epi32(job->unit);
    const __m256i base = _mm256_load_si256((const void *)(job->base + q));
    const __m256i total = _mm256_load_si256((const void *)(job->total + q));
    __m256i plus[MHOI_SUMS], minus[MHOI_SUMS];
    UNROLL for (size_t j = 0; j < MHOI_SUMS; ++j)
    {
        plus[j] = _mm256_add_epi32(_mm256_mullo_epi32(count[j], unit), base);
        minus[j] = _mm256_sub_epi32(total, plus[j]);
    }
    UNROLL for (size_t j = 0; j < MHOI_SUMS; j += 2)
    {
        if (job->difference)
            finish(job, j, to, _mm256_sub_epi32(plus[j], minus[j]),
                   _mm256_sub_epi32(plus[j + 1], minus[j + 1]));
        else
            finish(job, j, to, plus[j / 2], minus[j / 2]);
    }
}

INLINE void count_by(const mhoi_job *job, size_t columns)
{
    for (size_t q = 0; q < (job->pixels + MHOI_TILE - 1) / MHOI_TILE * MHOI_TILE; q += LANES) {
        __m256i n[2][MHOI_SUMS];
        count_words(job, (const uint32_t *)job->x + tile_at(job, q), columns, n);
        const size_t to = job->place[q / MHOI_TILE] + q % MHOI_TILE;
        finish_counts(job, q, to, n[0]);
        finish_counts(job, q + 8, to + 8, n[1]);
    }
}

static void count(const mhoi_job *job)
{
    if (job->difference)
        count_by(job, 4);
    else
        count_by(job, 2);
}

static void transpose_block(const int32_t *in, size_t in_pitch, int32_t *out, size_t out_pitch)
{
    __m256i v[8];
    load_transposed(in, in_pitch, v);
    UNROLL for (size_t i = 0; i < 8; ++i) _mm256_storeu_si256((void *)(out + i * out_pitch), v[i]);
}

void mhoi_transpose_avx2(const int32_t *in, size_t in_pitch, size_t rows, size_t columns,
                         int32_t *out, size_t out_pitch)
{
    const size_t whole_rows = rows / 8 * 8, whole_columns = columns / 8 * 8;
    for (size_t c = 0; c < whole_columns; c += 8)
        for (size_t r = 0; r < whole_rows; r += 8) {
            if (r % 16 == 0 && c + 16 <= whole_columns)
                UNROLL for (size_t i = 0; i < 8; ++i)
                    __builtin_prefetch(out + (c + 8 + i) * out_pitch + r, 1);
            transpose_block(in + r * in_pitch + c, in_pitch, out + c * out_pitch + r, out_pitch);
        }
    for (size_t c = 0; c < columns; ++c)
        for (size_t r = c < whole_columns ? whole_rows : 0; r < rows; ++r)
            out[c * out_pitch + r] = in[r * in_pitch + c];
}

INLINE __m256i load(const int32_t *from)
{
    return _mm256_load_si256((const void *)from);
}

/* Both halves are exact, and so their sum is rounded once. */
INLINE __m256 without_sign(__m256i v)
{
    const __m256 high = _mm256_cvtepi32_ps(_mm256_srli_epi32(v, 16));
    const __m256 low = _mm256_cvtepi32_ps(_mm256_and_si256(v, _mm256_set1_epi32(0xFFFF)));
    return _mm256_add_ps(_mm256_mul_ps(high, _mm256_set1_ps(65536)), low);
}

/* Copies of jobs: compilers then know that no store changes them. */
static void disturb(const mhoi_disturb *disturb)
{
    const mhoi_disturb d = *disturb;
    const __m256i sum_count = _mm256_set1_epi32(d.sum_count);
    const __m256i sum_input = _mm256_set1_epi32(d.sum_input);
    const __m256i variance_count = _mm256_set1_epi32(d.variance_count);
    const __m256i variance_input = _mm256_set1_epi32(d.variance_input);
    const __m256i more = _mm256_set1_epi32((int32_t)d.more);
    for (size_t q = 0; q < d.pixels; q += 8) {
        __m256i sum = load(d.sum + q), low = load(d.low + q);
        if (d.counts) {
            const __m256i count = sum, input = low;
            sum = _mm256_add_epi32(_mm256_mullo_epi32(count, sum_count),
                                   _mm256_mullo_epi32(input, sum_input));
            low = _mm256_add_epi32(_mm256_mullo_epi32(count, variance_count),
                                   _mm256_mullo_epi32(input, variance_input));
        }
        __m256 variance =
            d.whole ? without_sign(_mm256_add_epi32(low, more)) : _mm256_cvtepi32_ps(low);
        if (d.high) {
            const __m256 high = _mm256_cvtepi32_ps(load(d.high + q));
            variance = _mm256_add_ps(_mm256_mul_ps(high, _mm256_set1_ps(256)), variance);
        }
        variance = _mm256_mul_ps(variance, _mm256_set1_ps(d.unit));
        __m256 noise = _mm256_mul_ps(_mm256_load_ps(d.normal + q), _mm256_sqrt_ps(variance));
        noise = _mm256_floor_ps(_mm256_add_ps(noise, _mm256_set1_ps(d.half)));
        _mm256_store_si256((void *)(d.out + q), _mm256_add_epi32(sum, _mm256_cvttps_epi32(noise)));
    }
}

static void finish_raw(const mhoi_job *job, const int32_t *raw)
{
    const mhoi_job copy = *job;
    for (size_t j = 0; j < copy.outputs; ++j) {
        const int32_t *plus = raw + mhoi_raw_of(&copy, j, 0),
                      *minus = raw + mhoi_raw_of(&copy, j, 1);
        int32_t *column = copy.out[0] + j * copy.pitch;
        for (size_t q = 0; q < copy.pixels; q += 8) {
            __m256i *out = (void *)(column + copy.place[q / MHOI_TILE] + q % MHOI_TILE);
            __m256i v = convert_all(load(plus + q), &copy.code);
            if (copy.paired)
                v = _mm256_sub_epi32(v, convert_all(load(minus + q), &copy.code));
            if (copy.accumulate)
                v = _mm256_add_epi32(v, _mm256_loadu_si256(out));
            _mm256_storeu_si256(out, v);
        }
    }
}

static void square(const int32_t *pair, size_t count, int32_t *low, int32_t *high)
{
    const __m256i middle = _mm256_set1_epi16((int16_t)-MHOI_SQUARE_MIDDLE);
    for (size_t i = 0; i < count; i += 8) {
        const __m256i x = load(pair + i), v = _mm256_mullo_epi16(x, x);
        if (!high) {
            _mm256_store_si256((void *)(low + i), _mm256_xor_si256(v, middle));
            continue;
        }
        _mm256_store_si256((void *)(low + i), _mm256_and_si256(v, _mm256_set1_epi16(255)));
        _mm256_store_si256((void *)(high + i), _mm256_srli_epi16(v, 8));
    }
}

const mhoi_kernels mhoi_kernels_avx2 = {
    .bundle_rows = 4,
    .widen_max = 4,
    .centred = false,
    .strip = mhoi_strip_avx2,
    .expand_index = expand_index,
    .flat_bits = flat_bits,
    .expand_flat = expand_flat,
    .expand_pair = expand_pair,
    .flat_pairs = mhoi_flat_pairs_avx2,
    .transpose = mhoi_transpose_avx2,
    .lookup = mhoi_lookup_avx2,
    .dot = dot,
    .count = count,
    .disturb = disturb,
    .finish = finish_raw,
    .square = square,
    .expand_words = expand_words,
    .window = window,
};
