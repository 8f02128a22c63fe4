/* SPDX-License-Identifier: Apache-2.0 */
/* The tile of product.h for AVX2: 4 x 12 sums in 12 registers. */
#include <immintrin.h>

#include "circuit/product.h"

static void tile(size_t depth, const double *a, const double *b, double *c, size_t ld)
{
    __m256d sum[4][3] = {{{0}}};
#pragma GCC unroll 4
    for (size_t i = 0; i < 4; i++)
#pragma GCC unroll 3
        for (size_t j = 0; j < 3; j++)
            _mm_prefetch((const char *)(c + ld * i + 4 * j), _MM_HINT_T0);
    for (size_t k = 0; k < depth; k++, a += 4, b += 12) {
        const __m256d b0 = _mm256_loadu_pd(b), b1 = _mm256_loadu_pd(b + 4),
                      b2 = _mm256_loadu_pd(b + 8);
#pragma GCC unroll 4
        for (size_t i = 0; i < 4; i++) {
            const __m256d x = _mm256_broadcast_sd(a + i);
            sum[i][0] = _mm256_fmadd_pd(x, b0, sum[i][0]);
            sum[i][1] = _mm256_fmadd_pd(x, b1, sum[i][1]);
            sum[i][2] = _mm256_fmadd_pd(x, b2, sum[i][2]);
        }
    }
#pragma GCC unroll 4
    for (size_t i = 0; i < 4; i++)
#pragma GCC unroll 3
        for (size_t j = 0; j < 3; j++)
            _mm256_storeu_pd(c + ld * i + 4 * j,
                             _mm256_add_pd(_mm256_loadu_pd(c + ld * i + 4 * j), sum[i][j]));
}

/* Vectors of the compiler: no element depends on another, so their length does not show. */
static void add_scaled(size_t n, double factor, const double *restrict x, double *restrict y)
{
    for (size_t i = 0; i < n; i++)
        y[i] += factor * x[i];
}

const mhoi_product_kernel mhoi_product_avx2 = {
    .rows = 4, .columns = 12, .tile = tile, .add_scaled = add_scaled};
