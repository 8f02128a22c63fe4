/* SPDX-License-Identifier: Apache-2.0 */
/* The kernels of rows_kernel.h; included once for each instruction set, with MHOI_ROWS_TABLE naming the table, WIDTH the
 * floats of a register, VECTORS the registers of channels and ROWS the output pixels worked out together.
 * Products and sums are rounded one after the other (no contraction), so all sets give the same digits. */
#include <string.h>

#include "dnn/rows_kernel.h"

typedef float vec __attribute__((vector_size(WIDTH * sizeof(float))));
#define INLINE __attribute__((always_inline)) static inline
#define UNROLL _Pragma("GCC unroll 8")

INLINE vec load(const float *from)
{
    vec v;
    memcpy(&v, from, sizeof v);
    return v;
}

/* ROWS pixels, whose windows start at x[r], of `vectors` registers of channels; w steps `step` floats a tap. */
INLINE void tile(const mhoi_rows_shape *s, size_t vectors, const float *const *x, const float *w,
                 size_t step, const float *bias, vec (*out)[VECTORS])
{
    const size_t taps = s->dilation_w == 1 ? s->kw * s->c : s->c;
    const size_t columns = s->dilation_w == 1 ? 1 : s->kw;
    vec sum[ROWS][VECTORS];
    UNROLL for (size_t r = 0; r < ROWS; ++r) UNROLL for (size_t v = 0; v < vectors; ++v) sum[r][v] =
        load(bias + v * WIDTH);
    for (size_t ky = 0; ky < s->kh; ++ky)
        for (size_t kx = 0; kx < columns; ++kx) {
            const size_t at = ky * s->dilation_h * s->w * s->c + kx * s->dilation_w * s->c;
            for (size_t i = at; i < at + taps; ++i, w += step) {
                vec weight[VECTORS];
                UNROLL for (size_t v = 0; v < vectors; ++v) weight[v] = load(w + v * WIDTH);
                UNROLL for (size_t r = 0; r < ROWS; ++r) UNROLL for (size_t v = 0; v < vectors; ++v)
                    sum[r][v] += weight[v] * x[r][i];
            }
        }
    UNROLL for (size_t r = 0; r < ROWS; ++r) UNROLL for (size_t v = 0; v < vectors; ++v) out[r][v] =
        sum[r][v];
}

/* Pixels `first` .. of all images in a row, the last one again beyond the end. */
INLINE void place(const mhoi_rows_shape *s, size_t first, size_t count, const float *x,
                  size_t image, const float **at)
{
    const size_t pixels = s->out_h * s->out_w;
    for (size_t r = 0; r < ROWS; ++r) {
        const size_t q = first + r < count ? first + r : count - 1, p = q % pixels;
        at[r] = x + q / pixels * image +
                (p / s->out_w * s->stride_h * s->w + p % s->out_w * s->stride_w) * s->c;
    }
}

/* All pixels of `vectors` registers of channels from channel `from` on. */
INLINE void channels(const mhoi_rows_shape *s, size_t vectors, size_t n, const float *x,
                     size_t image, const float *w, size_t step, const float *bias, size_t from,
                     float *y)
{
    const size_t count = n * s->out_h * s->out_w, left = s->out_c - from;
    const size_t width = left < vectors * WIDTH ? left : vectors * WIDTH;
    for (size_t first = 0; first < count; first += ROWS) {
        const float *at[ROWS];
        vec out[ROWS][VECTORS];
        place(s, first, count, x, image, at);
        tile(s, vectors, at, w, step, bias, out);
        for (size_t r = 0; r < ROWS && first + r < count; ++r)
            memcpy(y + (first + r) * s->out_c + from, out[r], width * sizeof(float));
    }
}

static void conv(const mhoi_rows_shape *s, size_t n, const float *x, size_t image,
                 const float *packed, const float *bias, float *y)
{
    const size_t taps = s->kh * s->kw * s->c, end = mhoi_rows_aligned(s->out_c);
    for (size_t block = 0; block < end; block += MHOI_ROWS_BLOCK) {
        const size_t step = end - block < MHOI_ROWS_BLOCK ? end - block : MHOI_ROWS_BLOCK;
        const float *w = packed + block * taps;
        const size_t last = block + step < s->out_c ? block + step : s->out_c;
        size_t from = block;
        for (; from < last && from + VECTORS * WIDTH <= block + step; from += VECTORS * WIDTH)
            channels(s, VECTORS, n, x, image, w + (from - block), step, bias + from, from, y);
        for (; from < last; from += WIDTH)
            channels(s, 1, n, x, image, w + (from - block), step, bias + from, from, y);
    }
}

typedef int32_t numbers __attribute__((vector_size(WIDTH * sizeof(int32_t))));

static void add(size_t n, size_t taps, const uint32_t (*at)[2], const int32_t *weight, int32_t *sum)
{
    for (size_t t = 0; t < taps; ++t) {
        const int32_t *w = weight + at[t][1];
        int32_t *to = sum + at[t][0];
        for (size_t k = 0; k < n; k += WIDTH) {
            numbers a, b;
            memcpy(&a, to + k, sizeof a);
            memcpy(&b, w + k, sizeof b);
            a += b;
            memcpy(to + k, &a, sizeof a);
        }
    }
}

static void scale(size_t pixels, size_t c, size_t stride, const int32_t *restrict sum, float unit,
                  const float *restrict bias, float *restrict y)
{
    for (size_t p = 0; p < pixels; ++p, sum += stride, y += c)
        for (size_t k = 0; k < c; ++k)
            y[k] = (float)sum[k] * unit + bias[k];
}

const mhoi_rows MHOI_ROWS_TABLE = {.conv = conv, .add = add, .scale = scale};
