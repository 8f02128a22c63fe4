/* SPDX-License-Identifier: Apache-2.0 */
/* Pairs of two conductances that are told as bits: what is counted, without cells. */
#include <stdlib.h>
#include <string.h>

#include "crossbar/cells.h"
#include "crossbar/crossbar_impl.h"

/* Up to 32 bits from `at` on, of a row that ends with as many as there are. */
static uint32_t bits_at(const uint64_t *bit, size_t at, size_t n)
{
    uint64_t eight;
    memcpy(&eight, (const char *)bit + at / 8, sizeof eight);
    return (uint32_t)(eight >> at % 8 & (((uint64_t)1 << n) - 1));
}

/* Four bundles, from b on; those of eight rows each lie in one piece. */
static uint32_t word_of(const mho_crossbar *xb, size_t b, size_t end, const uint64_t *bit,
                        size_t at)
{
    const mhoi_bundle *bundle = &xb->bundle[b];
    const size_t n = end - b < 4 ? end - b : 4;
    uint32_t word = 0;
    size_t rows = 0, i = 0;
    for (; i < n && rows == 8 * i; ++i)
        rows += bundle[i].rows;
    if (i == n) /* but the last, which may be shorter */
        return bits_at(bit, at + bundle->row, rows);
    for (i = 0; i < n; ++i)
        word |= bits_at(bit, at + bundle[i].row, bundle[i].rows) << 8 * i;
    return word;
}

static void count_signs(mho_crossbar *xb, const uint64_t *bit, size_t at)
{
    uint32_t *out = xb->table[MHOI_PLUS];
    for (size_t k = 0; k < xb->groups; ++k) {
        const size_t first = xb->group_bundle[k], end = xb->group_bundle[k + 1];
        for (size_t c = 0; c < xb->shape.columns; ++c)
            for (size_t b = first; b < end; b += 4)
                *out++ = word_of(xb, b, end, bit, at + c * xb->rows);
        mhoi_count_words(xb, k, xb->shape.columns, out);
        out += mhoi_steps_of(xb, k);
    }
}

mho_status mhoi_crossbar_program_signs(mho_crossbar *xb, const uint64_t *bit, size_t at,
                                       int16_t low, int16_t high, bool *done)
{
    const size_t n = xb->shape.crossbar_rows, rows = n < xb->rows ? n : xb->rows;
    const int64_t largest = (int64_t)rows * (abs(low) + abs(high));
    *done = xb->kernels && xb->kernels->count && xb->shape.input_bits == 1 && !xb->order &&
            low < high && low > INT16_MIN && largest <= INT32_MAX;
    if (!*done)
        return MHO_OK;
    xb->counting = true;
    xb->dots = xb->quads = xb->shared = xb->strips = xb->noisy = xb->one_product = false;
    xb->bare = true;
    xb->low = low;
    xb->high = high;
    xb->largest_sum = largest;
    xb->group_most = (int64_t)rows * (high - low);
    xb->column_most = (int64_t)xb->rows * (high - low);
    const mho_status s = mhoi_crossbar_lay_out(xb, MHOI_PLUS);
    if (s == MHO_OK)
        count_signs(xb, bit, at);
    return s;
}
