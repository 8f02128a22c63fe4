/* SPDX-License-Identifier: Apache-2.0 */
/* Bundle indices from window bytes that lie in runs, 32 or 16 pixels at once. */
#include <immintrin.h>

#include "crossbar/crossbar_impl.h"

#define INLINE __attribute__((always_inline)) static inline

INLINE __m256i load(const uint8_t *from, bool wide)
{
    return wide ? _mm256_loadu_si256((const void *)from)
                : _mm256_castsi128_si256(_mm_loadu_si128((const void *)from));
}

/* Windows of one row: bytes are 0 or 1, and every one is a bit of the index. */
INLINE __m256i add_rows(const uint8_t *from, const mhoi_segment *segment, size_t segments,
                        bool wide)
{
    __m256i all = load(from + segment[segments - 1].offset, wide);
    for (size_t i = segments - 1; i-- > 0;)
        all = _mm256_add_epi8(_mm256_add_epi8(all, all), load(from + segment[i].offset, wide));
    return all;
}

/* Bytes never mix, because only bits that stay within theirs are moved. */
INLINE __m256i add_segments(const uint8_t *from, const mhoi_segment *segment, size_t segments,
                            bool wide)
{
    __m256i all = _mm256_setzero_si256();
    for (const mhoi_segment *s = segment; s < segment + segments; ++s) {
        __m256i v = _mm256_srl_epi16(load(from + s->offset, wide), _mm_cvtsi32_si128(s->right));
        v = _mm256_and_si256(v, _mm256_set1_epi8((char)s->mask));
        all = _mm256_or_si256(all, _mm256_sll_epi16(v, _mm_cvtsi32_si128(s->left)));
    }
    return all;
}

INLINE void bits_by(const uint8_t *source, const mhoi_run *run, size_t runs,
                    const mhoi_segment *segment, size_t segments, bool rows, uint8_t *out)
{
    for (size_t i = 0; i < runs; ++i) {
        const uint8_t *from = source + run[i].from;
        uint8_t *to = out + run[i].to;
        size_t o = 0;
        for (; o + 16 < run[i].length; o += 32) {
            const __m256i v = rows ? add_rows(from + o, segment, segments, true)
                                   : add_segments(from + o, segment, segments, true);
            _mm256_storeu_si256((void *)(to + o), v);
        }
        if (o < run[i].length) {
            const __m256i v = rows ? add_rows(from + o, segment, segments, false)
                                   : add_segments(from + o, segment, segments, false);
            _mm_storeu_si128((void *)(to + o), _mm256_castsi256_si128(v));
        }
    }
}

void mhoi_bits_avx2(const uint8_t *source, const mhoi_run *run, size_t runs,
                    const mhoi_segment *segment, size_t segments, bool rows, uint8_t *out)
{
    if (rows)
        bits_by(source, run, runs, segment, segments, true, out);
    else
        bits_by(source, run, runs, segment, segments, false, out);
}
