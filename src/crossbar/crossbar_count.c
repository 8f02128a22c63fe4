/* SPDX-License-Identifier: Apache-2.0 */
/* Cells of two conductances, the pairs of which have one each: a bit a pair, and a kernel that counts them. */
#include <string.h>

#include "crossbar/crossbar_impl.h"

/* Bit r: is g[r] that value? */
static uint32_t equal_bits(const int16_t *g, size_t rows, int16_t value)
{
    typedef int16_t eight __attribute__((vector_size(16)));
    uint32_t bits = 0;
    if (rows == 8) {
        const eight place = {1, 2, 4, 8, 16, 32, 64, 128};
        eight x;
        uint64_t half[2];
        memcpy(&x, g, sizeof x);
        x = (x == value) & place;
        memcpy(half, &x, sizeof x);
        half[0] |= half[1];
        half[0] |= half[0] >> 32;
        return (uint32_t)((half[0] | half[0] >> 16) & 0xff);
    }
    for (size_t r = 0; r < rows; ++r)
        bits |= (uint32_t)(g[r] == value) << r;
    return bits;
}

/* One word of every four bundles: bit 8 i + j is row j of bundle i.  Column C: the rows in use. */
void mhoi_count_words(const mho_crossbar *xb, size_t k, size_t c, uint32_t *out)
{
    const size_t first = xb->group_bundle[k], end = xb->group_bundle[k + 1];
    const bool ones = c == xb->shape.columns;
    const int16_t *g = xb->g_plus + (ones ? 0 : c * xb->rows), high = (int16_t)xb->high;
    for (size_t b = first; b < end; ++b) {
        const mhoi_bundle *bundle = &xb->bundle[b];
        const uint32_t bits =
            ones ? (1U << bundle->rows) - 1 : equal_bits(g + bundle->row, bundle->rows, high);
        const size_t i = b - first;
        out[i / 4] = (i % 4 ? out[i / 4] : 0) | bits << (8 * (i % 4));
    }
}

void mhoi_count_cells(mho_crossbar *xb)
{
    uint32_t *out = xb->table[MHOI_PLUS];
    for (size_t k = 0; k < xb->groups; ++k)
        for (size_t c = 0; c <= xb->shape.columns; ++c, out += mhoi_steps_of(xb, k))
            mhoi_count_words(xb, k, c, out);
}

/* Is every pair of these cells (a, b) or (b, a)?  Without branches: fills registers. */
static bool are_pairs(const int16_t *plus, const int16_t *minus, size_t n, int32_t a, int32_t b)
{
    int32_t others = 0;
    for (size_t i = 0; i < n; ++i) {
        const int32_t p = plus[i], m = minus[i];
        others |= ((p != a) & (p != b)) | (p + m != a + b);
    }
    return others == 0;
}

bool mhoi_two_valued(const mho_crossbar *xb, int32_t *low, int32_t *high)
{
    enum { TOGETHER = 512 }; /* the first few tell of most programmings */
    const int32_t a = xb->g_plus[0], b = xb->g_minus[0];
    const size_t cells = xb->rows * xb->shape.columns;
    *low = a < b ? a : b;
    *high = a < b ? b : a;
    if (a == b)
        return false;
    for (size_t i = 0; i < cells; i += TOGETHER) {
        const size_t n = cells - i < TOGETHER ? cells - i : TOGETHER;
        if (!are_pairs(xb->g_plus + i, xb->g_minus + i, n, a, b))
            return false;
    }
    return true;
}
