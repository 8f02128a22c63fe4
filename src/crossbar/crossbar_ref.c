/* SPDX-License-Identifier: Apache-2.0 */
/* The definition in plain C: the judge of the kernels, and what runs where there is none. */
#include <math.h>
#include <string.h>

#include "crossbar/crossbar_impl.h"

/* ref_x[R][MHOI_REF_BLOCK]: what the rows read at pixels [first, first + n), pixel = image P + position. */
static void gather(const mho_crossbar *xb, const mho_crossbar_work *work, const uint8_t *map,
                   size_t first, size_t n, int16_t *x)
{
    const mho_window *w = &xb->shape.window;
    for (size_t r = 0; r < xb->rows; ++r) {
        const size_t row_on = xb->order ? xb->order[r] : mhoi_turned(xb, work, r);
        const size_t i = row_on / (w->kh * w->kw);
        const size_t dy = row_on / w->kw % w->kh * w->dilation_h;
        const size_t dx = row_on % w->kw * w->dilation_w;
        for (size_t q = 0; q < n; ++q) {
            const size_t image = (first + q) / xb->positions, p = (first + q) % xb->positions;
            const size_t row = p / xb->w_out * w->stride_h + dy - w->pad_top;
            const size_t column = p % xb->w_out * w->stride_w + dx - w->pad_left;
            const bool inside = row < w->h && column < w->w;
            const uint8_t v = inside ? map[((image * w->c + i) * w->h + row) * w->w + column] : 0;
            x[r * MHOI_REF_BLOCK + q] = xb->shape.input_signed ? (int16_t)(int8_t)v : (int16_t)v;
        }
    }
}

/* S+ and S- of column c and row group k. */
static void group_sums(const mho_crossbar *xb, mho_crossbar_work *work, size_t c, size_t k,
                       size_t n)
{
    const size_t first = k * xb->shape.crossbar_rows, end = first + xb->shape.crossbar_rows;
    const size_t last = end < xb->rows ? end : xb->rows;
    int32_t *s_plus = work->ref_s, *s_minus = work->ref_s + MHOI_REF_BLOCK;
    memset(s_plus, 0, 2 * MHOI_REF_BLOCK * sizeof *s_plus);
    for (size_t r = first; r < last; ++r) {
        const int32_t plus = xb->g_plus[c * xb->rows + r], minus = xb->g_minus[c * xb->rows + r];
        for (size_t q = 0; q < n; ++q) {
            s_plus[q] += plus * work->ref_x[r * MHOI_REF_BLOCK + q];
            s_minus[q] += minus * work->ref_x[r * MHOI_REF_BLOCK + q];
        }
    }
}

/* The sums of variances times the high and the low bytes of squares: [side][high, low][MHOI_REF_BLOCK]. */
static void group_variances(const mho_crossbar *xb, mho_crossbar_work *work, size_t c, size_t k,
                            size_t n)
{
    const size_t first = k * xb->shape.crossbar_rows, end = first + xb->shape.crossbar_rows;
    const size_t last = end < xb->rows ? end : xb->rows;
    memset(work->ref_s + 3 * MHOI_REF_BLOCK, 0, 4 * MHOI_REF_BLOCK * sizeof *work->ref_s);
    for (size_t r = first; r < last; ++r)
        for (int side = 0; side < 2; ++side) {
            const int32_t v = mhoi_variance(xb, side, c * xb->rows + r);
            int32_t *high = work->ref_s + (size_t)(3 + 2 * side) * MHOI_REF_BLOCK;
            for (size_t q = 0; q < n; ++q) {
                const int32_t x = work->ref_x[r * MHOI_REF_BLOCK + q];
                high[q] += x * x / 256 * v;
                high[q + MHOI_REF_BLOCK] += x * x % 256 * v;
            }
        }
}

/* floor(normal sqrt(unit (256 high + low)) + half) in single precision, every step rounded. */
static int64_t noise_of(const mho_crossbar *xb, float normal, int32_t high, int32_t low, bool ideal)
{
    const float variance = (float)high * 256.0F + (float)low;
    return (int64_t)floorf(normal * sqrtf(variance * xb->noise_unit) + (ideal ? 0.5F : 0.0F));
}

/* Adds noise to ref_s: to S+ and S-, or with one converter a pair all of it to S+. */
static void disturb(const mho_crossbar *xb, mho_crossbar_work *work, const mho_reading *reading,
                    bool ideal, bool per_pair, size_t c, size_t k, uint64_t pixel, size_t n)
{
    int32_t *s = work->ref_s, *v = work->ref_s + 3 * MHOI_REF_BLOCK;
    const size_t b = MHOI_REF_BLOCK;
    group_variances(xb, work, c, k, n);
    for (size_t side = 0; side < (per_pair ? 1 : 2); ++side)
        mhoi_noise_draw(xb, reading, k, c, side, pixel, n, work->ref_normal + side * b);
    for (size_t q = 0; q < n; ++q) {
        const float *normal = work->ref_normal + q;
        if (per_pair) {
            s[q] += (int32_t)noise_of(xb, normal[0], v[q] + v[q + 2 * b], v[q + b] + v[q + 3 * b],
                                      ideal);
        } else {
            s[q] += (int32_t)noise_of(xb, normal[0], v[q], v[q + b], ideal);
            s[q + b] += (int32_t)noise_of(xb, normal[b], v[q + 2 * b], v[q + 3 * b], ideal);
        }
    }
}

/* Of a pair the difference, where variances are kept otherwise. */
static void tell_watch(const mho_crossbar *xb, const mho_crossbar_work *work, bool per_pair,
                       size_t k, size_t c, size_t first, size_t n)
{
    const int32_t *s_plus = work->ref_s, *s_minus = work->ref_s + MHOI_REF_BLOCK;
    int32_t *difference = work->ref_s + 3 * MHOI_REF_BLOCK;
    if (!work->watch)
        return;
    for (size_t q = 0; per_pair && q < n; ++q)
        difference[q] = s_plus[q] - s_minus[q];
    mhoi_tell_watch(xb, work, k, c, first, n, per_pair ? difference : s_plus,
                    per_pair ? NULL : s_minus);
}

/* sum = ref_s + 2 MHOI_REF_BLOCK of column c at pixels [first, first + n) of the run. */
static void column_sums(const mho_crossbar *xb, mho_crossbar_work *work,
                        const mho_converter *converter, bool per_pair, const mho_reading *reading,
                        size_t c, size_t first, size_t n)
{
    const int32_t *s_plus = work->ref_s, *s_minus = work->ref_s + MHOI_REF_BLOCK;
    int32_t *sum = work->ref_s + 2 * MHOI_REF_BLOCK;
    memset(sum, 0, n * sizeof *sum);
    for (size_t k = work->first_group; k < mhoi_last_group(xb, work); ++k) {
        group_sums(xb, work, c, k, n);
        if (reading)
            disturb(xb, work, reading, converter->codes == 0, per_pair, c, k,
                    reading->first * xb->positions + reading->pixel + first, n);
        mhoi_count_sums(xb, work, per_pair, k, c, 1, n);
        tell_watch(xb, work, per_pair, k, c, first, n);
        for (size_t q = 0; q < n; ++q) {
            const int64_t plus = s_plus[q], minus = s_minus[q];
            sum[q] += per_pair ? mhoi_convert_real(xb, converter, 0, k, c, plus - minus)
                               : mhoi_convert_real(xb, converter, 0, k, c, plus) -
                                     mhoi_convert_real(xb, converter, 1, k, c, minus);
        }
    }
}

/* Rows of the row groups that are worked on. */
static size_t rows_of(const mho_crossbar *xb, const mho_crossbar_work *work)
{
    const size_t n = xb->shape.crossbar_rows, end = mhoi_last_group(xb, work) * n;
    return (end < xb->rows ? end : xb->rows) - work->first_group * n;
}

void mhoi_ref_run(const mho_crossbar *xb, mho_crossbar_work *work, const mho_converter *converter,
                  bool per_pair, size_t n, const uint8_t *map, int32_t *sum,
                  const mho_reading *reading)
{
    const size_t positions = xb->positions, columns = xb->shape.columns;
    const size_t pixels = mhoi_pixels_of(xb, work, n);
    for (size_t first = 0; first < pixels; first += MHOI_REF_BLOCK) {
        const size_t left = pixels - first, m = left < MHOI_REF_BLOCK ? left : MHOI_REF_BLOCK;
        gather(xb, work, map, first, m, work->ref_x);
        work->counts.row_drives += work->first_column ? 0 : rows_of(xb, work) * m;
        for (size_t c = work->first_column; c < mhoi_last_column(xb, work); ++c) {
            column_sums(xb, work, converter, per_pair, reading, c, first, m);
            for (size_t q = 0; q < m; ++q) {
                const size_t image = (first + q) / positions, p = (first + q) % positions;
                sum[(image * columns + c) * positions + p] = work->ref_s[2 * MHOI_REF_BLOCK + q];
            }
        }
    }
}

void mhoi_ref_sums(const mho_crossbar *xb, mho_crossbar_work *work, const uint8_t *map,
                   mho_crossbar_sums_fn *each, void *user)
{
    const size_t pixels = mhoi_pixels_of(xb, work, 1);
    for (size_t first = 0; first < pixels; first += MHOI_REF_BLOCK) {
        const size_t left = pixels - first, m = left < MHOI_REF_BLOCK ? left : MHOI_REF_BLOCK;
        gather(xb, work, map, first, m, work->ref_x);
        for (size_t c = 0; c < xb->shape.columns; ++c)
            for (size_t k = 0; k < xb->groups; ++k) {
                group_sums(xb, work, c, k, m);
                each(user, work->ref_s, work->ref_s + MHOI_REF_BLOCK, m);
            }
    }
}
