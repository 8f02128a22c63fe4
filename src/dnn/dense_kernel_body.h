/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel of dense_kernel.h; included once for each instruction set, with MHOI_DENSE_TABLE naming the table, WIDTH the
 * floats of a register, ROWS and IMAGES the products that are worked out together. */
#include <string.h>

#include "dnn/dense_kernel.h"

typedef float vec __attribute__((vector_size(WIDTH * sizeof(float))));
#define INLINE __attribute__((always_inline)) static inline
#define UNROLL _Pragma("GCC unroll 16")
enum { VECTORS = MHOI_DENSE_LANES / WIDTH };

INLINE vec load(const float *from)
{
    vec v;
    memcpy(&v, from, sizeof v);
    return v;
}

INLINE void tile(size_t images, size_t rows, size_t count, const float *x, size_t x_step,
                 const float *w, size_t w_step, double *sum, size_t sum_step)
{
    vec lane[IMAGES][ROWS][VECTORS] = {{{{0}}}};
    for (size_t k = 0; k < count; k += MHOI_DENSE_LANES)
        UNROLL for (size_t v = 0; v < VECTORS; ++v)
        {
            vec weight[ROWS];
            UNROLL for (size_t o = 0; o < rows; ++o) weight[o] =
                load(w + o * w_step + k + v * WIDTH);
            UNROLL for (size_t i = 0; i < images; ++i)
            {
                const vec input = load(x + i * x_step + k + v * WIDTH);
                UNROLL for (size_t o = 0; o < rows; ++o) lane[i][o][v] += input * weight[o];
            }
        }
    for (size_t i = 0; i < images; ++i)
        for (size_t o = 0; o < rows; ++o) {
            float one[MHOI_DENSE_LANES];
            memcpy(one, lane[i][o], sizeof one);
            double all = 0;
            for (size_t k = 0; k < MHOI_DENSE_LANES; ++k)
                all += (double)one[k];
            sum[i * sum_step + o] += all;
        }
}

static void products(size_t n, size_t rows, size_t count, const float *x, size_t x_step,
                     const float *w, size_t w_step, double *sum, size_t sum_step)
{
    size_t o = 0;
    for (; o + ROWS <= rows; o += ROWS) {
        size_t i = 0;
        for (; i + IMAGES <= n; i += IMAGES)
            tile(IMAGES, ROWS, count, x + i * x_step, x_step, w + o * w_step, w_step,
                 sum + i * sum_step + o, sum_step);
        for (; i < n; ++i)
            tile(1, ROWS, count, x + i * x_step, x_step, w + o * w_step, w_step,
                 sum + i * sum_step + o, sum_step);
    }
    for (; o < rows; ++o)
        for (size_t i = 0; i < n; ++i)
            tile(1, 1, count, x + i * x_step, x_step, w + o * w_step, w_step,
                 sum + i * sum_step + o, sum_step);
}

const mhoi_dense MHOI_DENSE_TABLE = {.products = products};
