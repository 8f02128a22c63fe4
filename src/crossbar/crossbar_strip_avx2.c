/* SPDX-License-Identifier: Apache-2.0 */
/* AVX2 look-up.
 *
 * A row of a strip's table holds one entry (four rows of cells) of 16 sums of 16 bits; adding a row from
 * memory is all that a bundle costs, for one pixel and 16 sums.  Sums run modulo 2^16; they are kept less
 * 2^15, so that a signed comparison after every few bundles tells whether they passed 2^16.  The sum of
 * 32 bits is then the count of these and the rest, side by side. */
#include "crossbar/crossbar_avx2.h"

enum {
    CHUNK = 32,      /* bundles whose tables, of two strips, stay in the first cache */
    SUB_BLOCK = 256, /* pixels whose sums wait for the next chunk */
};

/* Lower halves of 16 words in the order of a strip: that in which unpacking them gives words 0..7 and
 * 8..15 back. */
static inline __m256i strip_order(__m256i low, __m256i high)
{
    const __m256i half = _mm256_set1_epi32(0xFFFF);
    return _mm256_packus_epi32(_mm256_and_si256(low, half), _mm256_and_si256(high, half));
}

/* v[r] = cells of row r in the order of a strip; lane[i] has those of sum i one after the other. */
INLINE void load_rows(const int16_t *const *lane, size_t row, __m256i mask, __m256i *v)
{
    static const uint8_t first[] = {0, 2, 8, 10};
    const __m256i by_row = _mm256_setr_epi8(0, 1, 8, 9, 2, 3, 10, 11, 4, 5, 12, 13, 6, 7, 14, 15, 0,
                                            1, 8, 9, 2, 3, 10, 11, 4, 5, 12, 13, 6, 7, 14, 15);
    __m256i a[4], b[4];
    UNROLL for (size_t i = 0; i < 4; ++i)
    {
        const int16_t *const *from = lane + first[i];
        const __m128i low =
            _mm_unpacklo_epi64(_mm_loadu_si64(from[0] + row), _mm_loadu_si64(from[1] + row));
        const __m128i high =
            _mm_unpacklo_epi64(_mm_loadu_si64(from[4] + row), _mm_loadu_si64(from[5] + row));
        const __m256i both = _mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1);
        a[i] = _mm256_shuffle_epi8(_mm256_and_si256(both, mask), by_row);
    }
    UNROLL for (size_t i = 0; i < 4; ++i) b[i] =
        i % 2 ? _mm256_unpackhi_epi32(a[i - 1], a[i]) : _mm256_unpacklo_epi32(a[i], a[i + 1]);
    UNROLL for (size_t i = 0; i < 4; ++i) v[i] =
        i % 2 ? _mm256_unpackhi_epi64(b[i / 2], b[i / 2 + 2])
              : _mm256_unpacklo_epi64(b[i / 2], b[i / 2 + 2]);
}

/* A cell (pair) p - m takes m - min(p, m) from its sum, which makes all sums 0 or more. */
void mhoi_strip_avx2(const int16_t *const *g, const int16_t *const *other, int sign, size_t row,
                     size_t rows, int16_t *table, int32_t *bias)
{
    const __m256i zero = _mm256_setzero_si256();
    const __m256i mask = _mm256_set1_epi64x((long long)(UINT64_MAX >> (64 - 16 * rows)));
    __m256i p[4], m[4] = {zero, zero, zero, zero}, v[ENTRIES] = {zero};
    load_rows(g, row, mask, p);
    if (sign)
        load_rows(other, row, mask, m);
    if (sign > 0)
        UNROLL for (size_t r = 0; r < 4; ++r)
        {
            p[r] = _mm256_add_epi16(p[r], m[r]);
            m[r] = zero;
        }
    UNROLL for (size_t r = 0; r < 4; ++r) v[0] =
        _mm256_add_epi16(v[0], _mm256_sub_epi16(m[r], _mm256_min_epi16(p[r], m[r])));
    __m256i *to = (void *)bias;
    const __m256i low = _mm256_unpacklo_epi16(v[0], zero), high = _mm256_unpackhi_epi16(v[0], zero);
    _mm256_storeu_si256(to, _mm256_sub_epi32(_mm256_loadu_si256(to), low));
    _mm256_storeu_si256(to + 1, _mm256_sub_epi32(_mm256_loadu_si256(to + 1), high));
    UNROLL for (size_t r = 0; r < 4; ++r) p[r] = _mm256_sub_epi16(p[r], m[r]);
    _mm256_store_si256((void *)table, v[0]);
    _Pragma("GCC unroll 16") for (size_t i = 1; i < ENTRIES; ++i)
    {
        v[i] = _mm256_add_epi16(v[i & (i - 1)], p[__builtin_ctzll(i)]);
        _mm256_store_si256((void *)(table + i * MHOI_STRIP), v[i]);
    }
}

/* The 16 sums of a strip for one pixel, modulo 2^16 and less 2^15, and how often they passed 2^16. */
typedef struct sums {
    __m256i low[MHOI_STRIPS], wraps[MHOI_STRIPS];
} sums;

/* to = from + `together` bundles, whose sums do not exceed 2^16, for one pixel.  The compiler must not
 * add the entries in another order: that takes more instructions, which are the limit here. */
INLINE void add_bundles(const char *const *table, const uint16_t *x, size_t together, size_t strips,
                        const __m256i *from, __m256i *to, __m256i *wraps)
{
    UNROLL for (size_t i = 0; i < together; ++i)
    {
        const size_t entry = (i * ENTRIES << ENTRY_SHIFT) + x[i * MHOI_TILE];
        UNROLL for (size_t u = 0; u < strips; ++u)
        {
            const __m256i *row = (const void *)(table[u] + entry);
            to[u] = held(_mm256_add_epi16(i ? to[u] : from[u], _mm256_load_si256(row)));
        }
    }
    UNROLL for (size_t u = 0; u < strips; ++u) wraps[u] =
        held(_mm256_sub_epi16(wraps[u], _mm256_cmpgt_epi16(from[u], to[u])));
}

/* Two pixels, whose sums go from `from` to `to`, and on to the next bundles. */
INLINE void add_to_two(const char **table, const uint16_t **x, size_t together, size_t strips,
                       __m256i (*from)[MHOI_STRIPS], __m256i (*to)[MHOI_STRIPS],
                       __m256i (*wraps)[MHOI_STRIPS])
{
    add_bundles(table, *x, together, strips, from[0], to[0], wraps[0]);
    add_bundles(table, *x + 1, together, strips, from[1], to[1], wraps[1]);
    *x += together * MHOI_TILE;
    UNROLL for (size_t u = 0; u < strips; ++u) table[u] += together * ENTRIES << ENTRY_SHIFT;
}

INLINE void copy_sums(sums *to, const sums *from, size_t strips)
{
    UNROLL for (size_t u = 0; u < strips; ++u)
    {
        to->low[u] = from->low[u];
        to->wraps[u] = from->wraps[u];
    }
}

/* Adds bundles first .. last - 1 to pixels q and q + 1. */
INLINE void add_chunk(const mhoi_job *job, size_t q, size_t first, size_t last, size_t together,
                      size_t strips, sums *s0, sums *s1)
{
    const uint16_t *x = (const uint16_t *)job->x + tile_at(job, q) + first * MHOI_TILE;
    const char *table[MHOI_STRIPS];
    __m256i low[2][MHOI_STRIPS], next[2][MHOI_STRIPS], wraps[2][MHOI_STRIPS];
    UNROLL for (size_t u = 0; u < strips; ++u)
    {
        table[u] = (const char *)job->w[u] + (first * ENTRIES << ENTRY_SHIFT);
        low[0][u] = s0->low[u];
        low[1][u] = s1->low[u];
        wraps[0][u] = s0->wraps[u];
        wraps[1][u] = s1->wraps[u];
    }
    size_t left = last - first;
    for (; left >= 2 * together; left -= 2 * together) {
        add_to_two(table, &x, together, strips, low, next, wraps);
        add_to_two(table, &x, together, strips, next, low, wraps);
    }
    for (; left > 0; --left) {
        add_to_two(table, &x, 1, strips, low, next, wraps);
        UNROLL for (size_t u = 0; u < strips; ++u)
        {
            low[0][u] = next[0][u];
            low[1][u] = next[1][u];
        }
    }
    UNROLL for (size_t u = 0; u < strips; ++u)
    {
        s0->low[u] = low[0][u];
        s1->low[u] = low[1][u];
        s0->wraps[u] = wraps[0][u];
        s1->wraps[u] = wraps[1][u];
    }
}

/* Sums of no input: the biases. */
static void start(const mhoi_job *job, sums *s)
{
    for (size_t u = 0; u < job->strips; ++u) {
        const __m256i *bias = (const void *)(job->lane_bias + u * MHOI_STRIP);
        const __m256i a = _mm256_loadu_si256(bias), b = _mm256_loadu_si256(bias + 1);
        s->low[u] = _mm256_xor_si256(strip_order(a, b), _mm256_set1_epi16(INT16_MIN));
        s->wraps[u] = _mm256_packs_epi32(_mm256_srai_epi32(a, 16), _mm256_srai_epi32(b, 16));
    }
}

/* The foot of one pixel: its codes, or their differences, in order. */
INLINE void convert_pixel(const mhoi_job *job, const sums *s, size_t strips, int32_t *code)
{
    __m256i *to = (void *)code;
    UNROLL for (size_t u = 0; u < strips; ++u)
    {
        const __m256i low = _mm256_xor_si256(s->low[u], _mm256_set1_epi16(INT16_MIN));
        const __m256i first = convert_all(_mm256_unpacklo_epi16(low, s->wraps[u]), &job->code);
        const __m256i second = convert_all(_mm256_unpackhi_epi16(low, s->wraps[u]), &job->code);
        if (job->paired) {
            _mm256_store_si256(to + u, _mm256_sub_epi32(first, second));
        } else {
            _mm256_store_si256(to + 2 * u, first);
            _mm256_store_si256(to + 2 * u + 1, second);
        }
    }
}

/* The codes of 16 pixels from q on go where they belong; whole lines at once, because columns may lie
 * a power of two apart. */
INLINE void put_codes(const mhoi_job *job, size_t q, const int32_t *code)
{
    int32_t *column = job->out[0] + job->place[q / MHOI_TILE] + q % MHOI_TILE;
    const size_t outputs = job->outputs, pitch = job->pitch;
    const bool accumulate = job->accumulate;
    for (size_t j = 0; j < outputs; j += 8, column += 8 * pitch)
        for (size_t i = 0; i < LANES; i += 8) {
            __m256i v[8];
            load_transposed(code + i * MHOI_RAW + j, MHOI_RAW, v);
            UNROLL for (size_t c = 0; c < 8; ++c)
            {
                int32_t *out = column + c * pitch + i;
                if (j + c >= outputs)
                    break;
                if (accumulate)
                    v[c] = _mm256_add_epi32(v[c], _mm256_loadu_si256((const void *)out));
                _mm256_storeu_si256((void *)out, v[c]);
            }
        }
}

/* Bundles first .. last - 1 for 16 pixels from q on, whose sums are in `state`. */
INLINE void lookup_pixels(const mhoi_job *job, size_t q, size_t first, size_t last, size_t together,
                          size_t strips, const sums *begin, sums *state)
{
    int32_t code[LANES * MHOI_RAW] __attribute__((aligned(64)));
    for (size_t i = 0; i < LANES; i += 2) {
        sums s0, s1;
        copy_sums(&s0, first ? &state[i] : begin, strips);
        copy_sums(&s1, first ? &state[i + 1] : begin, strips);
        add_chunk(job, q + i, first, last, together, strips, &s0, &s1);
        if (last == job->steps) {
            convert_pixel(job, &s0, strips, code + i * MHOI_RAW);
            convert_pixel(job, &s1, strips, code + (i + 1) * MHOI_RAW);
        } else {
            copy_sums(&state[i], &s0, strips);
            copy_sums(&state[i + 1], &s1, strips);
        }
    }
    if (last == job->steps)
        put_codes(job, q, code);
}

/* Tables of a chunk are looked up for many pixels before those of the next. */
INLINE void lookup_by(const mhoi_job *job, size_t together, size_t strips)
{
    sums state[SUB_BLOCK], begin;
    start(job, &begin);
    for (size_t from = 0; from < job->pixels; from += SUB_BLOCK)
        for (size_t first = 0; first < job->steps; first += CHUNK) {
            const size_t last = first + CHUNK < job->steps ? first + CHUNK : job->steps;
            for (size_t i = 0; i < SUB_BLOCK && from + i < job->pixels; i += LANES)
                lookup_pixels(job, from + i, first, last, together, strips, &begin, state + i);
        }
}

INLINE void lookup_strips(const mhoi_job *job, size_t strips)
{
    if (job->widen >= 4)
        lookup_by(job, 4, strips);
    else if (job->widen >= 2)
        lookup_by(job, 2, strips);
    else
        lookup_by(job, 1, strips);
}

void mhoi_lookup_avx2(const mhoi_job *job)
{
    if (job->strips == 1)
        lookup_strips(job, 1);
    else
        lookup_strips(job, 2);
}
