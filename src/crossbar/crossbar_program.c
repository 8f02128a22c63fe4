/* SPDX-License-Identifier: Apache-2.0 */
/* Programming: rows are cut into bundles, and what a kernel reads of a bundle is worked out once.
 * 1-bit inputs: a table of the sums of every subset of the bundle's cells, less an offset that makes
 * the entries fit 16 bits (the offsets of a column add up to its bias).  docs/models/crossbar.md. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/parallel.h"
#include "crossbar/cells.h"
#include "crossbar/crossbar_impl.h"

enum { FILL_TOGETHER = 16 };   /* columns or strips that a thread fills at once */
#define TABLE_BYTES 67108864.0 /* most of a flat map's tables, twice a large cache */

/* Cell r of column c as one side of the pair sees it. */
static inline int32_t cell(const mho_crossbar *xb, mhoi_side side, size_t c, size_t r)
{
    const size_t i = c * xb->rows + r;
    switch (side) {
    case MHOI_PLUS:
        return xb->g_plus[i];
    case MHOI_MINUS:
        return xb->g_minus[i];
    case MHOI_DIFFERENCE:
        return xb->g_plus[i] - xb->g_minus[i];
    case MHOI_VAR_PAIR:
        return mhoi_variance(xb, 0, i) + mhoi_variance(xb, 1, i);
    default:
        return mhoi_variance(xb, side == MHOI_VAR_MINUS, i);
    }
}

/* Parts fit 32 bits, which fill registers better. */
static int64_t magnitude(const int16_t *g, size_t first, size_t last)
{
    enum { PART = 1 << 16 };
    int64_t sum = 0;
    for (size_t from = first; from < last; from += PART) {
        const size_t end = last - from < PART ? last : from + PART;
        uint32_t part = 0;
        for (size_t r = from; r < end; ++r)
            part += (uint32_t)abs(g[r]);
        sum += part;
    }
    return sum;
}

int64_t mhoi_largest_sum(const mho_crossbar *xb, const int16_t *g_plus, const int16_t *g_minus)
{
    const size_t rows = xb->rows, n = xb->shape.crossbar_rows;
    int64_t largest = 0;
    for (size_t c = 0; c < xb->shape.columns; ++c)
        for (size_t first = 0; first < rows; first += n) {
            const size_t last = first + n < rows ? first + n : rows;
            const int64_t sum = magnitude(g_plus + c * rows, first, last) +
                                magnitude(g_minus + c * rows, first, last);
            largest = sum > largest ? sum : largest;
        }
    return largest * (xb->shape.input_bits == 1 ? 1 : (int64_t)1 << xb->shape.input_bits);
}

static bool wanted(const mho_crossbar *xb, mhoi_side side)
{
    if (xb->counting)
        return side == MHOI_PLUS;
    if (side >= MHOI_VARIANCE && !xb->noisy)
        return false;
    side %= MHOI_VARIANCE;
    if (xb->strips && side == MHOI_MINUS)
        return false;
    if (xb->shape.conversion == MHO_CONVERSION_ANY)
        return true;
    return (side == MHOI_DIFFERENCE) == (xb->shape.conversion == MHO_CONVERSION_PER_PAIR);
}

/* The smallest and the largest of n cells, in short numbers, which fill registers. */
typedef struct extremes {
    int16_t least, most;
} extremes;

static extremes extremes_of(const int16_t *g, size_t n)
{
    extremes e = {g[0], g[0]};
    for (size_t i = 0; i < n; ++i) {
        e.least = g[i] < e.least ? g[i] : e.least;
        e.most = g[i] > e.most ? g[i] : e.most;
    }
    return e;
}

static int32_t largest_of(extremes e)
{
    return abs(e.least) > abs(e.most) ? abs(e.least) : abs(e.most);
}

/* Largest |g+ - g-|; within: no difference passes 16 bits. */
static int32_t largest_difference(const mho_crossbar *xb, bool within)
{
    const size_t cells = xb->rows * xb->shape.columns;
    extremes short_d = {0, 0};
    int32_t largest = 0;
    for (size_t i = 0; within && i < cells; ++i) {
        const int16_t d = (int16_t)(xb->g_plus[i] - xb->g_minus[i]);
        short_d.least = d < short_d.least ? d : short_d.least;
        short_d.most = d > short_d.most ? d : short_d.most;
    }
    for (size_t i = 0; !within && i < cells; ++i) {
        const int32_t d = abs(xb->g_plus[i] - xb->g_minus[i]);
        largest = d > largest ? d : largest;
    }
    return within ? largest_of(short_d) : largest;
}

/* Largest range (largest less smallest sum) of `rows` cells of one column: at most rows times this. */
static int32_t largest_cell(const mho_crossbar *xb)
{
    const size_t cells = xb->rows * xb->shape.columns;
    const int32_t plus = largest_of(extremes_of(xb->g_plus, cells));
    const int32_t minus = largest_of(extremes_of(xb->g_minus, cells));
    int32_t largest = 1;
    if (wanted(xb, MHOI_PLUS))
        largest = plus > minus ? plus : minus;
    if (wanted(xb, MHOI_DIFFERENCE)) {
        const int32_t d = largest_difference(xb, plus + minus <= INT16_MAX);
        largest = d > largest ? d : largest;
    }
    return largest > 1 ? largest : 1;
}

/* Rows of a bundle, and how many bundles add up within 16 bits. */
static void choose_bundles(mho_crossbar *xb)
{
    xb->bundle_rows = 1;
    xb->widen = 1;
    if (xb->counting)
        xb->bundle_rows = 8;
    if (xb->dots || xb->counting)
        return;
    const int32_t limit = UINT16_MAX - 1, largest = largest_cell(xb);
    const size_t fit = (size_t)(limit / largest);
    xb->bundle_rows = fit < xb->kernels->bundle_rows ? fit : xb->kernels->bundle_rows;
    const int32_t half = ((int32_t)xb->bundle_rows * largest + 1) / 2;
    xb->widen = (size_t)(INT16_MAX / half);
    if (xb->widen > xb->kernels->widen_max)
        xb->widen = xb->kernels->widen_max;
    xb->variance_widen = xb->kernels->widen_max; /* variances were rounded to fit */
}

static void choose_tables(mho_crossbar *xb)
{
    const size_t tables = xb->group_step[xb->groups];
    const bool looks_up = !xb->dots && !xb->counting;
    xb->far = looks_up && mhoi_whole_bytes(xb, tables) > MHOI_NEAR_BYTES;
    xb->folded = looks_up && mhoi_folds(xb, tables);
    xb->entries = xb->folded ? MHOI_FOLDED : (size_t)1 << xb->kernels->bundle_rows;
}

/* 1 bit: up to the end of the window byte or of the bundle.  Else: the byte of row r itself. */
static mhoi_segment cut_segment(const mho_crossbar *xb, const mhoi_bundle *bundle, size_t line,
                                size_t *rows)
{
    const mho_window *w = &xb->shape.window;
    const size_t r = mhoi_row_on(xb, line);
    const size_t h = w->h + w->pad_top + w->pad_bottom, x = r % w->kw, chunk = x / 8;
    const size_t y = r / w->kw % w->kh * w->dilation_h;
    const size_t offset = (r / (w->kh * w->kw) * h + y) * xb->plane_row;
    if (xb->dots) {
        const size_t column = x * w->dilation_w;
        *rows = 1;
        return (mhoi_segment){.offset = (uint32_t)(offset + column % w->stride_w * xb->plane_w +
                                                   column / w->stride_w),
                              .mask = 0xFF};
    }
    const size_t end = w->kw < (chunk + 1) * 8 ? w->kw : (chunk + 1) * 8;
    const size_t left = xb->order ? 1 : bundle->row + bundle->rows - line;
    *rows = end - x < left ? end - x : left;
    return (mhoi_segment){.offset = (uint32_t)(offset + chunk * xb->plane_bytes),
                          .right = (uint8_t)(x % 8),
                          .mask = (uint8_t)((1U << *rows) - 1),
                          .left = (uint8_t)(line - bundle->row)};
}

static size_t cut_segments(const mho_crossbar *xb, const mhoi_bundle *bundle, mhoi_segment *out)
{
    size_t count = 0, rows;
    for (size_t r = bundle->row; r < bundle->row + bundle->rows; r += rows)
        out[count++] = cut_segment(xb, bundle, r, &rows);
    return count;
}

/* Bundles do not cross row groups; and not kernel rows where those are as long as a bundle, because
 * then a bundle is one window byte. */
static void cut_bundles(mho_crossbar *xb)
{
    const size_t n = xb->shape.crossbar_rows, kw = xb->shape.window.kw;
    const bool aligned = kw == xb->bundle_rows && kw > 1 && !xb->flat && !xb->order;
    size_t bundles = 0, segments = 0;
    for (size_t k = 0; k < xb->groups; ++k) {
        const size_t end = (k + 1) * n < xb->rows ? (k + 1) * n : xb->rows;
        xb->group_bundle[k] = bundles;
        for (size_t row = k * n; row < end;) {
            size_t rows = aligned ? kw - row % kw : xb->bundle_rows;
            rows = rows < end - row ? rows : end - row;
            mhoi_bundle *b = &xb->bundle[bundles++];
            *b = (mhoi_bundle){
                .row = (uint32_t)row, .rows = (uint32_t)rows, .segment = (uint32_t)segments};
            b->segments = (uint32_t)cut_segments(xb, b, xb->segment + segments);
            segments += b->segments;
            row += rows;
        }
        xb->group_bundle[k + 1] = bundles;
        const size_t count = mhoi_bundles_of(xb, k);
        const size_t together = xb->counting || xb->quads ? 4 : xb->dots ? 2 : 1; /* in a step */
        xb->group_step[k + 1] = xb->group_step[k] + (count + together - 1) / together;
    }
}

/* Sums of all subsets of the bundle's cells; returns the offset they are given less. */
static int32_t fill_table(const mho_crossbar *xb, mhoi_side side, size_t c, const mhoi_bundle *b,
                          int16_t *table)
{
    int32_t g[MHOI_BUNDLE_ROWS] = {0}, low = 0, high = 0;
    for (size_t r = 0; r < b->rows; ++r) {
        g[r] = cell(xb, side, c, b->row + r);
        low += g[r] < 0 ? g[r] : 0;
        high += g[r] > 0 ? g[r] : 0;
    }
    const int32_t offset = xb->kernels->centred ? (low + high) / 2 : low;
    (xb->folded ? xb->kernels->folded_table : xb->kernels->table)(g, offset, table);
    return offset;
}

static int32_t fill_tables(const mho_crossbar *xb, mhoi_side side, size_t k, size_t c, int16_t *out)
{
    int32_t bias = 0;
    for (size_t b = xb->group_bundle[k]; b < xb->group_bundle[k + 1]; ++b, out += xb->entries)
        bias += fill_table(xb, side, c, &xb->bundle[b], out);
    return bias;
}

/* Returns the sum of the cells. */
static int32_t fill_pairs(const mho_crossbar *xb, mhoi_side side, size_t k, size_t c, int16_t *out)
{
    const size_t n = xb->shape.crossbar_rows;
    const size_t end = (k + 1) * n < xb->rows ? (k + 1) * n : xb->rows;
    size_t i = 0;
    int32_t total = 0;
    for (size_t r = k * n; r < end; ++r) {
        const int32_t g = cell(xb, side, c, r);
        out[i++] = (int16_t)g;
        total += g;
    }
    if (i % 2)
        out[i] = 0;
    return total;
}

/* Returns what the sums begin with, where inputs are 128 too large or too small. */
static int32_t fill_quads(const mho_crossbar *xb, mhoi_side side, size_t k, size_t c, int8_t *out)
{
    const size_t n = xb->shape.crossbar_rows;
    const size_t end = (k + 1) * n < xb->rows ? (k + 1) * n : xb->rows;
    int32_t sum = 0;
    size_t i = 0;
    for (size_t r = k * n; r < end; ++r) {
        const int32_t g = cell(xb, side, c, r) >> xb->shift; /* of a multiple */
        sum += g;
        out[i++] = (int8_t)(uint8_t)g;
    }
    while (i % 4)
        out[i++] = 0;
    return xb->whole == xb->shape.input_signed ? 0 : xb->whole ? 128 * sum : -128 * sum;
}

/* Strip u of row group k.  Beyond the last column the last one is worked out again. */
static void fill_strip(const mho_crossbar *xb, mhoi_side side, size_t k, size_t u, int16_t *out,
                       int32_t *bias)
{
    const size_t columns = xb->shape.columns, in_strip = mhoi_strip_columns(side);
    const bool noise = side >= MHOI_VARIANCE;
    const int16_t *plus = noise ? xb->variance[0] : xb->g_plus;
    const int16_t *minus = noise ? xb->variance[1] : xb->g_minus;
    const int16_t *first[MHOI_STRIP], *second[MHOI_STRIP];
    for (size_t i = 0; i < MHOI_STRIP; ++i) {
        const size_t c = u * in_strip + i % in_strip;
        const size_t at = (c < columns ? c : columns - 1) * xb->rows;
        first[i] = (i < in_strip ? plus : minus) + at;
        second[i] = minus + at;
    }
    const int sign = in_strip < MHOI_STRIP ? 0 : noise ? 1 : -1;
    memset(bias, 0, MHOI_STRIP * sizeof *bias);
    for (size_t b = xb->group_bundle[k]; b < xb->group_bundle[k + 1]; ++b) {
        xb->kernels->strip(first, second, sign, xb->bundle[b].row, xb->bundle[b].rows, out, bias);
        out += xb->entries * MHOI_STRIP;
    }
}

typedef struct filling {
    mho_crossbar *xb;
    mhoi_side side;
} filling;

/* Tables of some columns or strips: number k tables + i is column or strip i of row group k. */
static mho_status fill_some(void *context, size_t item, size_t thread)
{
    const filling *f = context;
    mho_crossbar *xb = f->xb;
    const size_t tables = mhoi_tables_of(xb, f->side), all = xb->groups * tables;
    const size_t end = (item + 1) * FILL_TOGETHER;
    (void)thread;
    for (size_t t = item * FILL_TOGETHER; t < end && t < all; ++t) {
        const size_t k = t / tables, i = t % tables;
        const size_t before = xb->group_step[k] * tables + i * mhoi_steps_of(xb, k);
        void *out = (char *)xb->table[f->side] + before * mhoi_step_bytes(xb);
        if (xb->strips)
            fill_strip(xb, f->side, k, i, out, xb->bias[f->side] + t * MHOI_STRIP);
        else if (!xb->dots)
            xb->bias[f->side][t] = fill_tables(xb, f->side, k, i, out);
        else if (xb->quads)
            xb->bias[f->side][t] = fill_quads(xb, f->side, k, i, out);
        else
            xb->bias[f->side][t] = fill_pairs(xb, f->side, k, i, out);
    }
    return MHO_OK;
}

static mho_status fill_side(mho_crossbar *xb, mhoi_side side)
{
    filling f = {xb, side};
    const size_t all = xb->groups * mhoi_tables_of(xb, side);
    return mhoi_parallel((all + FILL_TOGETHER - 1) / FILL_TOGETHER, fill_some, &f);
}

/* Multi-bit inputs: does every difference of a pair fit 16 bits? */
static bool differences_fit(const mho_crossbar *xb)
{
    const size_t cells = xb->rows * xb->shape.columns;
    const int32_t plus = largest_of(extremes_of(xb->g_plus, cells));
    const int32_t minus = largest_of(extremes_of(xb->g_minus, cells));
    return plus + minus <= INT16_MAX || largest_difference(xb, false) <= INT16_MAX;
}

static mho_status resize_tables(mho_crossbar *xb)
{
    const size_t step = xb->group_step[xb->groups] * mhoi_step_bytes(xb);
    const size_t biases = xb->groups * (2 * xb->shape.columns + MHOI_STRIP); /* of whole strips */
    const bool keep = step == xb->table_bytes;
    xb->table_bytes = step;
    for (mhoi_side side = 0; side < MHOI_SIDES; ++side) {
        const bool fits = !xb->dots || xb->bare || side != MHOI_DIFFERENCE || differences_fit(xb);
        const bool shared = mhoi_is_shared(xb, side);
        const bool needed = fits && wanted(xb, side) && !shared;
        mho_status status = MHO_OK;
        if (!keep || !needed)
            mhoi_free(&xb->table[side]);
        if ((needed || shared) && !xb->counting && !xb->bias[side])
            status = mhoi_alloc(&xb->bias[side], biases, sizeof(int32_t), "biases");
        if (status == MHO_OK && needed && !xb->table[side])
            status = mhoi_alloc(&xb->table[side], step, mhoi_tables_of(xb, side), "look-up tables");
        if (status != MHO_OK)
            return status;
    }
    return MHO_OK;
}

void mhoi_crossbar_cells(mho_crossbar *xb, int16_t **g_plus, int16_t **g_minus)
{
    *g_plus = xb->order ? NULL : xb->g_plus;
    *g_minus = xb->order ? NULL : xb->g_minus;
}

/* In the order of the word lines. */
static mho_status program(mho_crossbar *xb, const int16_t *g_plus, const int16_t *g_minus)
{
    const int64_t largest = mhoi_largest_sum(xb, g_plus, g_minus);
    if (largest > INT32_MAX)
        return mho_error(MHO_EDOMAIN,
                         "crossbar: a sum over %zu rows may reach %lld, want at most %d",
                         xb->shape.crossbar_rows, (long long)largest, INT32_MAX);
    const size_t cells = xb->rows * xb->shape.columns, bytes = cells * sizeof *g_plus;
    int16_t smallest = 0;
    for (size_t i = 0; i < cells; ++i) {
        smallest = g_plus[i] < smallest ? g_plus[i] : smallest;
        smallest = g_minus[i] < smallest ? g_minus[i] : smallest;
    }
    for (size_t i = 0; smallest == INT16_MIN && i < cells; ++i)
        if (g_plus[i] == INT16_MIN || g_minus[i] == INT16_MIN)
            return mho_error(MHO_EDOMAIN, "crossbar: conductance %zu = %d, want %d or more", i,
                             INT16_MIN, -INT16_MAX);
    if (g_plus != xb->g_plus)
        memcpy(xb->g_plus, g_plus, bytes);
    if (g_minus != xb->g_minus)
        memcpy(xb->g_minus, g_minus, bytes);
    xb->noisy = xb->bare = false;
    xb->largest_sum = largest;
    return mhoi_crossbar_build(xb, MHOI_PLUS);
}

mho_status mho_crossbar_program(mho_crossbar *xb, const int16_t *g_plus, const int16_t *g_minus)
{
    const size_t cells = xb->rows * xb->shape.columns;
    int16_t *plus = NULL, *minus = NULL;
    if (!xb->order)
        return program(xb, g_plus, g_minus);
    mho_status s = mhoi_alloc(&plus, cells, sizeof *plus, "conductances");
    if (!s)
        s = mhoi_alloc(&minus, cells, sizeof *minus, "conductances");
    if (!s) {
        mhoi_order_cells(xb, g_plus, plus);
        mhoi_order_cells(xb, g_minus, minus);
        s = program(xb, plus, minus);
    }
    mhoi_free(&plus);
    mhoi_free(&minus);
    return s;
}

/* Pairs lie whole in columns of cells.  Few pixels of several bits are faster where all that a row group reads lies in one
 * piece. */
bool mhoi_can_share(const mho_crossbar *xb)
{
    const bool whole = xb->groups == 1 || xb->shape.crossbar_rows % 2 == 0;
    const bool far = xb->flat && xb->groups > 1 && xb->shape.input_bits > 1;
    return xb->dots && xb->rows % 2 == 0 && whole && !far;
}

/* A flat map has few pixels: tables beyond the cache, read once for them, cost more than multiplications. */
bool mhoi_tables_too_large(const mho_crossbar *xb)
{
    const double tables = (double)xb->rows / (double)xb->kernels->bundle_rows;
    const double bytes = tables * (double)xb->shape.columns * 2 * sizeof(int16_t) *
                         (double)((size_t)1 << xb->kernels->bundle_rows);
    return xb->flat && bytes > TABLE_BYTES;
}

/* Do sums over x^2 v stay within 32 bits, and those over the low byte of x^2 within the 24 that single precision holds, so
 * that one product has the digits of two?  docs/models/crossbar.md, eq. (10). */
static bool squares_fit(const mho_crossbar *xb)
{
    for (mhoi_side side = MHOI_VAR_PLUS; xb->dots && side < MHOI_SIDES; ++side)
        for (size_t i = 0; xb->table[side] && i < xb->groups * xb->shape.columns; ++i)
            if (xb->bias[side][i] > (1 << 24) / 255)
                return false;
    return xb->dots;
}

/* Are all cells that sums are of bytes times a power of two, all without a sign or all with one? */
static bool cells_are_bytes(const mho_crossbar *xb, bool *whole, unsigned *shift)
{
    enum { EVERY = 64 }; /* the first few tell of most programmings */
    const size_t cells = xb->rows * xb->shape.columns;
    const bool differences = xb->shape.conversion != MHO_CONVERSION_PER_CROSSBAR;
    uint32_t any = 1U << 15;
    int32_t smallest = 0, largest = 0, difference = 0;
    for (size_t i = 0; i < cells; ++i) {
        const int32_t plus = xb->g_plus[i], minus = xb->g_minus[i], d = abs(plus - minus);
        const int32_t low = plus < minus ? plus : minus, high = plus < minus ? minus : plus;
        any |= (uint32_t)plus | (uint32_t)minus;
        smallest = low < smallest ? low : smallest;
        largest = high > largest ? high : largest;
        difference = d > difference ? d : difference;
        if (i % EVERY == 0 && any & 1 && largest > UINT8_MAX)
            return false;
    }
    *shift = (unsigned)__builtin_ctz(any);
    *whole = !differences && smallest == 0;
    if (*whole)
        return largest >> *shift <= UINT8_MAX;
    largest = largest > -smallest ? largest : -smallest;
    largest = differences && difference > largest ? difference : largest;
    return largest >> *shift <= INT8_MAX;
}

mho_status mhoi_crossbar_lay_out(mho_crossbar *xb, mhoi_side first)
{
    if (first == MHOI_PLUS) {
        choose_bundles(xb);
        cut_bundles(xb);
        choose_tables(xb);
    }
    const mho_status status = resize_tables(xb);
    if (status != MHO_OK)
        xb->table_bytes = 0;
    return status;
}

mho_status mhoi_crossbar_build(mho_crossbar *xb, mhoi_side first)
{
    if (!xb->kernels)
        return MHO_OK;
    const bool counted = xb->counting, quads = xb->quads;
    xb->counting = xb->kernels->count && xb->shape.input_bits == 1 &&
                   mhoi_two_valued(xb, &xb->low, &xb->high) && !(xb->noisy && xb->variance[0]);
    xb->dots = !xb->counting && (xb->shape.input_bits > 1 || mhoi_tables_too_large(xb));
    xb->quads = xb->dots && !xb->noisy && xb->kernels->dot_quads &&
                cells_are_bytes(xb, &xb->whole, &xb->shift);
    xb->shared = !xb->quads && mhoi_can_share(xb);
    xb->strips = xb->kernels->strip && !xb->dots && !xb->counting;
    if (counted != xb->counting || quads != xb->quads)
        first = MHOI_PLUS;
    mho_status status = mhoi_crossbar_lay_out(xb, first);
    if (status != MHO_OK)
        return status;
    if (xb->counting && first == MHOI_PLUS)
        mhoi_count_cells(xb);
    for (mhoi_side side = first; !status && !xb->counting && side < MHOI_SIDES; ++side)
        if (xb->table[side])
            status = fill_side(xb, side);
    xb->one_product = !status && squares_fit(xb);
    return status;
}
