/* SPDX-License-Identifier: Apache-2.0 */
/* The engine in its plain form: window, row groups, converter. */
#include "mho/crossbar.h"

#include <string.h>

#include "base/alloc.h"
#include "crossbar/crossbar_impl.h"

static mho_status check_shape(const mho_crossbar_shape *s)
{
    const mho_window *w = &s->window;
    if (!w->c || !w->h || !w->w || !w->kh || !w->kw || !w->stride)
        return mho_error(MHO_EDOMAIN,
                         "crossbar window: c = %zu, h = %zu, w = %zu, kh = %zu, kw = %zu, "
                         "stride = %zu, want 1 or more",
                         w->c, w->h, w->w, w->kh, w->kw, w->stride);
    if (w->kh > w->h + w->pad_top + w->pad_bottom || w->kw > w->w + w->pad_left + w->pad_right)
        return mho_error(MHO_EDOMAIN, "crossbar window: %zu x %zu does not fit %zu x %zu", w->kh,
                         w->kw, w->h + w->pad_top + w->pad_bottom,
                         w->w + w->pad_left + w->pad_right);
    if (!s->columns || !s->crossbar_rows)
        return mho_error(MHO_EDOMAIN, "crossbar: columns = %zu, rows = %zu, want 1 or more",
                         s->columns, s->crossbar_rows);
    if (s->input_bits < 1 || s->input_bits > 8)
        return mho_error(MHO_EDOMAIN, "crossbar: input_bits = %zu, want 1..8", s->input_bits);
    return MHO_OK;
}

mho_status mho_crossbar_create(const mho_crossbar_shape *shape, mho_crossbar **out)
{
    *out = NULL;
    mho_status status = check_shape(shape);
    mho_crossbar *xb = NULL;
    if (status == MHO_OK)
        status = mhoi_alloc(&xb, 1, sizeof *xb, "crossbar");
    if (status != MHO_OK)
        return status;
    const mho_window *w = &shape->window;
    xb->shape = *shape;
    xb->rows = w->c * w->kh * w->kw;
    xb->w_out = (w->w + w->pad_left + w->pad_right - w->kw) / w->stride + 1;
    xb->positions = xb->w_out * ((w->h + w->pad_top + w->pad_bottom - w->kh) / w->stride + 1);
    xb->groups = (xb->rows + shape->crossbar_rows - 1) / shape->crossbar_rows;
    const size_t cells = xb->rows * shape->columns;
    status = mhoi_alloc(&xb->g_plus, cells, sizeof *xb->g_plus, "conductances");
    if (status == MHO_OK)
        status = mhoi_alloc(&xb->g_minus, cells, sizeof *xb->g_minus, "conductances");
    if (status != MHO_OK)
        goto fail;
    *out = xb;
    return MHO_OK;
fail:
    mho_crossbar_destroy(xb);
    return status;
}

void mho_crossbar_destroy(mho_crossbar *xb)
{
    if (!xb)
        return;
    mhoi_free(&xb->g_plus);
    mhoi_free(&xb->g_minus);
    mhoi_free(&xb);
}

/* Largest |sum| of any column and row group. */
static int64_t largest_sum(const mho_crossbar *xb, const int16_t *g)
{
    const size_t rows = xb->rows, n = xb->shape.crossbar_rows;
    const int64_t x = xb->shape.input_bits == 1 ? 1 : (int64_t)1 << xb->shape.input_bits;
    int64_t largest = 0;
    for (size_t c = 0; c < xb->shape.columns; ++c)
        for (size_t first = 0; first < rows; first += n) {
            int64_t sum = 0;
            for (size_t r = first; r < rows && r < first + n; ++r)
                sum += x * (g[c * rows + r] < 0 ? -g[c * rows + r] : g[c * rows + r]);
            if (sum > largest)
                largest = sum;
        }
    return largest;
}

mho_status mho_crossbar_program(mho_crossbar *xb, const int16_t *g_plus, const int16_t *g_minus)
{
    const int64_t largest = largest_sum(xb, g_plus) + largest_sum(xb, g_minus);
    if (largest > INT32_MAX)
        return mho_error(MHO_EDOMAIN, "crossbar: a sum of %zu rows may reach %lld, want at most %d",
                         xb->shape.crossbar_rows, (long long)largest, INT32_MAX);
    const size_t bytes = xb->rows * xb->shape.columns * sizeof *g_plus;
    memcpy(xb->g_plus, g_plus, bytes);
    memcpy(xb->g_minus, g_minus, bytes);
    return MHO_OK;
}

mho_status mho_crossbar_work_create(const mho_crossbar *xb, size_t images, mho_crossbar_work **out)
{
    *out = NULL;
    mho_crossbar_work *work = NULL;
    mho_status status = mhoi_alloc(&work, 1, sizeof *work, "crossbar work");
    if (status != MHO_OK)
        return status;
    work->images = images;
    status = mhoi_alloc(&work->x, xb->rows * MHOI_BLOCK, sizeof *work->x, "crossbar inputs");
    if (status != MHO_OK)
        goto fail;
    *out = work;
    return MHO_OK;
fail:
    mho_crossbar_work_destroy(work);
    return status;
}

void mho_crossbar_work_destroy(mho_crossbar_work *work)
{
    if (!work)
        return;
    mhoi_free(&work->x);
    mhoi_free(&work);
}

/* x[R][MHOI_BLOCK]: what the rows read at pixels [first, first + n), pixel = image P + position. */
static void gather(const mho_crossbar *xb, const uint8_t *map, size_t first, size_t n, int16_t *x)
{
    const mho_window *w = &xb->shape.window;
    for (size_t r = 0; r < xb->rows; ++r) {
        const size_t i = r / (w->kh * w->kw), dy = r / w->kw % w->kh, dx = r % w->kw;
        for (size_t q = 0; q < n; ++q) {
            const size_t image = (first + q) / xb->positions, p = (first + q) % xb->positions;
            const size_t row = p / xb->w_out * w->stride + dy - w->pad_top;
            const size_t column = p % xb->w_out * w->stride + dx - w->pad_left;
            const bool inside = row < w->h && column < w->w;
            const uint8_t v = inside ? map[((image * w->c + i) * w->h + row) * w->w + column] : 0;
            x[r * MHOI_BLOCK + q] = xb->shape.input_signed ? (int16_t)(int8_t)v : (int16_t)v;
        }
    }
}

/* S+ and S- of column c and row group k. */
static void group_sums(const mho_crossbar *xb, mho_crossbar_work *work, size_t c, size_t k, size_t n)
{
    const size_t first = k * xb->shape.crossbar_rows;
    const size_t last = first + xb->shape.crossbar_rows < xb->rows ? first + xb->shape.crossbar_rows
                                                                   : xb->rows;
    memset(work->s_plus, 0, sizeof work->s_plus);
    memset(work->s_minus, 0, sizeof work->s_minus);
    for (size_t r = first; r < last; ++r) {
        const int32_t plus = xb->g_plus[c * xb->rows + r], minus = xb->g_minus[c * xb->rows + r];
        for (size_t q = 0; q < n; ++q) {
            work->s_plus[q] += plus * work->x[r * MHOI_BLOCK + q];
            work->s_minus[q] += minus * work->x[r * MHOI_BLOCK + q];
        }
    }
}

int32_t mhoi_convert(const mho_converter *converter, int64_t s)
{
    if (converter->codes == 0)
        return (int32_t)s;
    const int64_t t = s - converter->edge, step = converter->step;
    const int64_t code = (t >= 0 ? t / step : -((-t + step - 1) / step)) + 1;
    return (int32_t)(code < 0 ? 0 : code > converter->codes - 1 ? converter->codes - 1 : code);
}

static void column_sums(const mho_crossbar *xb, mho_crossbar_work *work,
                        const mho_converter *converter, bool per_pair, size_t c, size_t n)
{
    memset(work->sum, 0, sizeof work->sum);
    for (size_t k = 0; k < xb->groups; ++k) {
        group_sums(xb, work, c, k, n);
        for (size_t q = 0; q < n; ++q) {
            const int64_t plus = work->s_plus[q], minus = work->s_minus[q];
            work->sum[q] += per_pair ? mhoi_convert(converter, plus - minus)
                                     : mhoi_convert(converter, plus) - mhoi_convert(converter, minus);
        }
    }
}

void mho_crossbar_run(const mho_crossbar *xb, mho_crossbar_work *work, const mho_converter *converter,
                      bool per_pair, size_t n, const uint8_t *map, int32_t *sum)
{
    const size_t positions = xb->positions, columns = xb->shape.columns;
    for (size_t first = 0; first < n * positions; first += MHOI_BLOCK) {
        const size_t left = n * positions - first, m = left < MHOI_BLOCK ? left : MHOI_BLOCK;
        gather(xb, map, first, m, work->x);
        for (size_t c = 0; c < columns; ++c) {
            column_sums(xb, work, converter, per_pair, c, m);
            for (size_t q = 0; q < m; ++q) {
                const size_t image = (first + q) / positions, p = (first + q) % positions;
                sum[(image * columns + c) * positions + p] = work->sum[q];
            }
        }
    }
}

void mho_crossbar_sums(const mho_crossbar *xb, mho_crossbar_work *work, const uint8_t *map,
                       mho_crossbar_sums_fn *each, void *user)
{
    for (size_t first = 0; first < xb->positions; first += MHOI_BLOCK) {
        const size_t left = xb->positions - first, m = left < MHOI_BLOCK ? left : MHOI_BLOCK;
        gather(xb, map, first, m, work->x);
        for (size_t c = 0; c < xb->shape.columns; ++c)
            for (size_t k = 0; k < xb->groups; ++k) {
                group_sums(xb, work, c, k, m);
                each(user, work->s_plus, work->s_minus, m);
            }
    }
}
