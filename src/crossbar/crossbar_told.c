/* SPDX-License-Identifier: Apache-2.0 */
/* Ideal pairs that are told as weights of a byte: what is multiplied, without cells. */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/parallel.h"
#include "crossbar/cells.h"
#include "crossbar/crossbar_impl.h"

enum { TOGETHER = 16 }; /* columns that a thread fills at once */

typedef struct telling {
    mho_crossbar *xb;
    const int8_t *m;
    int base, each; /* in units of 2^shift */
    uint32_t *most; /* [k][C] sums of |m| */
} telling;

static size_t rows_of(const mho_crossbar *xb, size_t k)
{
    const size_t n = xb->shape.crossbar_rows, left = xb->rows - k * n;
    return n < left ? n : left;
}

/* max(m, 0), or max(-m, 0), in bytes, which fill registers. */
static void take_sign(const int8_t *m, size_t n, bool minus, uint8_t *out)
{
    for (size_t i = 0; !minus && i < n; ++i)
        out[i] = (uint8_t)(m[i] > 0 ? m[i] : 0);
    for (size_t i = 0; minus && i < n; ++i)
        out[i] = (uint8_t)(m[i] < 0 ? -m[i] : 0);
}

static uint32_t sum_of(const uint8_t *v, size_t n)
{
    enum { PART = 256 }; /* 16 bits hold their sum */
    uint32_t sum = 0;
    for (size_t from = 0; from < n; from += PART) {
        const size_t end = n - from < PART ? n : from + PART;
        uint16_t part = 0;
        for (size_t i = from; i < end; ++i)
            part = (uint16_t)(part + v[i]);
        sum += part;
    }
    return sum;
}

static void scale(uint8_t *v, size_t n, uint16_t base, uint16_t each)
{
    for (size_t i = 0; (each != 1 || base) && i < n; ++i)
        v[i] = (uint8_t)(base + each * v[i]);
}

/* Where the cells of a side are, column c of row group k: number k C + c. */
static uint8_t *cells_of(const mho_crossbar *xb, mhoi_side side, size_t k, size_t c)
{
    const size_t steps = xb->group_step[k] * xb->shape.columns + c * mhoi_steps_of(xb, k);
    return (uint8_t *)xb->table[side] + 4 * steps;
}

/* What sums begin with, where inputs are 128 too large or too small. */
static void set_bias(const mho_crossbar *xb, mhoi_side side, size_t i, int32_t sum)
{
    const int32_t more = xb->whole ? 128 * sum : -128 * sum;
    xb->bias[side][i] = xb->whole == xb->shape.input_signed ? 0 : more;
}

static void tell_pairs(const telling *t, const int8_t *m, size_t k, size_t c)
{
    const mho_crossbar *xb = t->xb;
    const size_t n = rows_of(xb, k), at = k * xb->shape.columns + c;
    for (mhoi_side side = MHOI_PLUS; side <= MHOI_MINUS; ++side) {
        uint8_t *out = cells_of(xb, side, k, c);
        take_sign(m, n, side == MHOI_MINUS, out);
        const uint32_t sum = sum_of(out, n);
        scale(out, n, (uint16_t)t->base, (uint16_t)t->each);
        set_bias(xb, side, at, t->base * (int32_t)n + t->each * (int32_t)sum);
        t->most[at] += sum;
    }
}

static void tell_differences(const telling *t, const int8_t *m, size_t k, size_t c)
{
    const mho_crossbar *xb = t->xb;
    const size_t n = rows_of(xb, k), at = k * xb->shape.columns + c;
    uint8_t *out = cells_of(xb, MHOI_DIFFERENCE, k, c);
    int32_t sum = 0;
    for (size_t i = 0; i < n; ++i) {
        out[i] = (uint8_t)(t->each * m[i]);
        sum += m[i];
        t->most[at] += (uint32_t)abs(m[i]);
    }
    set_bias(xb, MHOI_DIFFERENCE, at, t->each * sum);
}

/* Some columns, row group by row group: they are read in order, and written side by side. */
static mho_status tell_some(void *context, size_t item, size_t thread)
{
    const telling *t = context;
    const mho_crossbar *xb = t->xb;
    const size_t first = item * TOGETHER, left = xb->shape.columns - first;
    const size_t end = first + (left < TOGETHER ? left : TOGETHER);
    (void)thread;
    for (size_t k = 0; k < xb->groups; ++k)
        for (size_t c = first; c < end; ++c) {
            const int8_t *m = t->m + c * xb->rows + k * xb->shape.crossbar_rows;
            if (xb->whole)
                tell_pairs(t, m, k, c);
            else
                tell_differences(t, m, k, c);
        }
    return MHO_OK;
}

/* What may be summed up at most, by sums of |m|. */
static void measure(mho_crossbar *xb, const uint32_t *most, int64_t base, int64_t each)
{
    const size_t columns = xb->shape.columns;
    xb->largest_sum = xb->group_most = xb->column_most = 0;
    for (size_t c = 0; c < columns; ++c) {
        int64_t all = 0;
        for (size_t k = 0; k < xb->groups; ++k) {
            const int64_t of = each * most[k * columns + c];
            const int64_t sum = 2 * base * (int64_t)rows_of(xb, k) + of;
            xb->largest_sum = sum > xb->largest_sum ? sum : xb->largest_sum;
            xb->group_most = of > xb->group_most ? of : xb->group_most;
            all += of;
        }
        xb->column_most = all > xb->column_most ? all : xb->column_most;
    }
    if (xb->shape.input_bits > 1)
        xb->largest_sum <<= xb->shape.input_bits;
}

static bool fits(const mho_crossbar *xb, int32_t base, int32_t each, int32_t most, unsigned shift)
{
    const int conversion = xb->shape.conversion;
    const size_t n = xb->shape.crossbar_rows, rows = n < xb->rows ? n : xb->rows;
    const bool whole = conversion == MHO_CONVERSION_PER_CROSSBAR;
    const int64_t largest = base + (int64_t)each * most;
    return xb->kernels && xb->kernels->dot_quads && !xb->order &&
           conversion != MHO_CONVERSION_ANY && base >= 0 && each > 0 &&
           (xb->shape.input_bits > 1 || mhoi_tables_too_large(xb)) &&
           largest >> shift <= (whole ? UINT8_MAX : INT8_MAX) &&
           ((int64_t)rows * (2 * largest)) << xb->shape.input_bits <= INT32_MAX;
}

static mho_status tell_all(mho_crossbar *xb, const int8_t *m, int32_t base, int32_t each)
{
    const size_t tables = xb->groups * xb->shape.columns;
    telling t = {xb, m, base >> xb->shift, each >> xb->shift, NULL};
    mho_status s = mhoi_alloc(&t.most, tables, sizeof *t.most, "crossbar");
    if (!s)
        s = mhoi_parallel((xb->shape.columns + TOGETHER - 1) / TOGETHER, tell_some, &t);
    if (!s)
        measure(xb, t.most, base, each);
    mhoi_free(&t.most);
    return s;
}

mho_status mhoi_crossbar_program_bytes(mho_crossbar *xb, const int8_t *m, int32_t base,
                                       int32_t each, int32_t most, bool *done)
{
    const unsigned shift = (unsigned)__builtin_ctz((unsigned)base | (unsigned)each | 1U << 15);
    *done = fits(xb, base, each, most, shift);
    if (!*done)
        return MHO_OK;
    xb->bare = xb->dots = xb->quads = xb->one_product = true;
    xb->counting = xb->shared = xb->strips = xb->noisy = false;
    xb->whole = xb->shape.conversion == MHO_CONVERSION_PER_CROSSBAR;
    xb->shift = shift;
    const mho_status s = mhoi_crossbar_lay_out(xb, MHOI_PLUS);
    return s ? s : tell_all(xb, m, base, each);
}
