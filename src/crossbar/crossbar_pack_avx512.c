/* SPDX-License-Identifier: Apache-2.0 */
/* Bundle indices of tiles whose window bytes lie within 128 bytes: 64 pixels a step, one vpermi2b sorts
 * them, and vpmultishiftqb moves the bits of a segment to their place.  Bits of flat maps: 64 rows of an image a test. */
#include <immintrin.h>

#include "crossbar/crossbar_impl.h"

enum {
    MOST_SEGMENTS = 8,
    IMAGES_AHEAD =
        16, /* of flat maps, whose rows lie too far apart for processors to fetch them by themselves */
};
#define INLINE __attribute__((always_inline)) static inline
#define UNROLL _Pragma("GCC unroll 8")

/* Window bytes of the tile's pixels, in `order`, or as they lie. */
INLINE __m512i fetch(const uint8_t *at, bool straight, __m512i order)
{
    const __m512i low = _mm512_loadu_si512(at);
    return straight ? low
                    : _mm512_permutex2var_epi8(low, order, _mm512_loadu_si512(at + MHOI_TILE));
}

/* Windows of one row: bytes are 0 or 1, and every one is a bit of the index. */
INLINE __m512i add_rows(const uint8_t *from, const mhoi_segment *segment, size_t segments,
                        bool straight, __m512i order)
{
    __m512i all = fetch(from + segment[segments - 1].offset, straight, order);
    for (size_t i = segments - 1; i-- > 0;) {
        const __m512i v = fetch(from + segment[i].offset, straight, order);
        all = _mm512_add_epi8(_mm512_add_epi8(all, all), v);
    }
    return all;
}

/* How every segment is cut: byte i of a word takes the bits from 8 i + shift on, those of mask stay. */
typedef struct cuts {
    size_t offset[MOST_SEGMENTS];
    __m512i shift[MOST_SEGMENTS], mask[MOST_SEGMENTS];
} cuts;

/* Segments beyond the last one add nothing. */
INLINE void set_cuts(const mhoi_segment *segment, size_t segments, size_t room, cuts *c)
{
    const __m512i byte = _mm512_set1_epi64(0x3830282018100800);
    UNROLL for (size_t i = 0; i < room; ++i)
    {
        const mhoi_segment *s = &segment[i < segments ? i : 0];
        const int mask = i < segments ? s->mask << s->left : 0;
        c->offset[i] = s->offset;
        c->shift[i] = _mm512_add_epi8(byte, _mm512_set1_epi8((char)(s->right - s->left)));
        c->mask[i] = _mm512_set1_epi8((char)mask);
    }
}

INLINE __m512i add_segments(const uint8_t *from, const cuts *c, size_t room, __m512i order)
{
    __m512i all = _mm512_setzero_si512();
    UNROLL for (size_t i = 0; i < room; ++i)
    {
        __m512i v = fetch(from + c->offset[i], false, order);
        v = _mm512_multishift_epi64_epi8(c->shift[i], v);
        all = _mm512_ternarylogic_epi32(all, v, c->mask[i], 0xF8); /* all | (v & mask) */
    }
    return all;
}

/* Where indices go: bytes in order; or 16 bits in the order of the look-up kernel, which looks at the
 * lowest five: lanes of v, then of v >> 8. */
typedef struct target {
    uint8_t *bytes;
    uint16_t *index; /* NULL: bytes */
    size_t step;
    bool sort; /* v is in order still */
} target;

INLINE void put(const target *to, size_t tile, __m512i v)
{
    if (!to->index) {
        _mm512_storeu_si512(to->bytes + tile * to->step, v);
        return;
    }
    if (to->sort)
        v = _mm512_permutexvar_epi8(_mm512_loadu_si512(mhoi_lane_order), v);
    _mm512_store_si512(to->index + tile * to->step, v);
    _mm512_store_si512(to->index + tile * to->step + MHOI_TILE / 2, _mm512_srli_epi16(v, 8));
}

INLINE __m512i order_of(const mhoi_tile *tile, const target *to)
{
    return _mm512_loadu_si512(to->index ? tile->lane : tile->order);
}

INLINE void gather_rows(const mho_crossbar_work *work, size_t tiles, const mhoi_segment *segment,
                        size_t segments, bool straight, const target *to)
{
    for (size_t i = 0; i < tiles; ++i) {
        const mhoi_tile *tile = &work->tile[i];
        put(to, i,
            add_rows(work->source + tile->from, segment, segments, straight, order_of(tile, to)));
    }
}

INLINE void gather_cuts(const mho_crossbar_work *work, size_t tiles, const mhoi_segment *segment,
                        size_t segments, size_t room, const target *to)
{
    cuts c;
    set_cuts(segment, segments, room, &c);
    for (size_t i = 0; i < tiles; ++i) {
        const mhoi_tile *tile = &work->tile[i];
        put(to, i, add_segments(work->source + tile->from, &c, room, order_of(tile, to)));
    }
}

/* Numbers of segments that are common get loops of their own, whose cuts stay in registers. */
INLINE void gather_to(const mho_crossbar_work *work, size_t tiles, const mhoi_segment *segment,
                      size_t segments, bool rows, const target *to)
{
    if (rows && work->straight)
        gather_rows(work, tiles, segment, segments, true, to);
    else if (rows)
        gather_rows(work, tiles, segment, segments, false, to);
    else if (segments == 1)
        gather_cuts(work, tiles, segment, segments, 1, to);
    else if (segments == 2)
        gather_cuts(work, tiles, segment, segments, 2, to);
    else if (segments == 3)
        gather_cuts(work, tiles, segment, segments, 3, to);
    else if (segments == 4)
        gather_cuts(work, tiles, segment, segments, 4, to);
    else
        gather_cuts(work, tiles, segment, segments, MOST_SEGMENTS, to);
}

void mhoi_gather_avx512(const mho_crossbar_work *work, size_t tiles, const mhoi_segment *segment,
                        size_t segments, bool rows, uint8_t *out, size_t step)
{
    const target to = {.bytes = out, .step = step};
    gather_to(work, tiles, segment, segments, rows, &to);
}

void mhoi_gather_index_avx512(const mho_crossbar_work *work, size_t tiles,
                              const mhoi_segment *segment, size_t segments, bool rows,
                              uint16_t *index, size_t step)
{
    const target to = {.index = index, .step = step, .sort = rows && work->straight};
    gather_to(work, tiles, segment, segments, rows, &to);
}

/* Bits of 64 rows, or of the last `rows` of them. */
static inline uint64_t bits_of(const uint8_t *from, size_t rows)
{
    const __mmask64 some = rows < 64 ? (UINT64_C(1) << rows) - 1 : ~UINT64_C(0);
    const __m512i v = rows < 64 ? _mm512_maskz_loadu_epi8(some, from) : _mm512_loadu_si512(from);
    return _mm512_test_epi8_mask(v, _mm512_set1_epi8(1));
}

/* The rows of one image lie together, those of the next far away. */
static inline void fetch_image(const uint8_t *from, size_t rows)
{
    for (size_t r = 0; r < rows; r += 64)
        _mm_prefetch((const char *)from + r, _MM_HINT_T0);
    _mm_prefetch((const char *)from + rows - 1, _MM_HINT_T0);
}

/* 32 rows of every image as one word: bits[word][image]. */
void mhoi_flat_bits_avx512(const uint8_t *map, size_t image_bytes, size_t rows, size_t images,
                           size_t pitch, uint32_t *bits)
{
    for (size_t i = 0; i < images; ++i, map += image_bytes) {
        uint32_t *to = bits + i;
        size_t r = 0;
        if (2 * rows < image_bytes && i + IMAGES_AHEAD < images)
            fetch_image(map + IMAGES_AHEAD * image_bytes, rows);
        for (; r + 64 <= rows; r += 64, to += 2 * pitch) {
            const uint64_t word = bits_of(map + r, 64);
            to[0] = (uint32_t)word;
            to[pitch] = (uint32_t)(word >> 32);
        }
        if (r == rows)
            continue;
        const uint64_t word = bits_of(map + r, rows - r);
        to[0] = (uint32_t)word;
        if (rows - r > 32)
            to[pitch] = (uint32_t)(word >> 32);
    }
}
