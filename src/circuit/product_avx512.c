/* SPDX-License-Identifier: Apache-2.0 */
/* The tile of product.h for AVX-512: 8 x 24 sums in 24 registers. */
#include <immintrin.h>

#include "circuit/product.h"

static void tile(size_t depth, const double *a, const double *b, double *c, size_t ld)
{
    __m512d sum[8][3] = {{{0}}};
#pragma GCC unroll 8
    for (size_t i = 0; i < 8; i++)
#pragma GCC unroll 3
        for (size_t j = 0; j < 3; j++)
            _mm_prefetch((const char *)(c + ld * i + 8 * j), _MM_HINT_T0);
    for (size_t k = 0; k < depth; k++, a += 8, b += 24) {
        const __m512d b0 = _mm512_loadu_pd(b), b1 = _mm512_loadu_pd(b + 8),
                      b2 = _mm512_loadu_pd(b + 16);
#pragma GCC unroll 8
        for (size_t i = 0; i < 8; i++) {
            const __m512d x = _mm512_set1_pd(a[i]);
            sum[i][0] = _mm512_fmadd_pd(x, b0, sum[i][0]);
            sum[i][1] = _mm512_fmadd_pd(x, b1, sum[i][1]);
            sum[i][2] = _mm512_fmadd_pd(x, b2, sum[i][2]);
        }
    }
#pragma GCC unroll 8
    for (size_t i = 0; i < 8; i++)
#pragma GCC unroll 3
        for (size_t j = 0; j < 3; j++)
            _mm512_storeu_pd(c + ld * i + 8 * j,
                             _mm512_add_pd(_mm512_loadu_pd(c + ld * i + 8 * j), sum[i][j]));
}

/* Vectors of the compiler: no element depends on another, so their length does not show. */
static void add_scaled(size_t n, double factor, const double *restrict x, double *restrict y)
{
    for (size_t i = 0; i < n; i++)
        y[i] += factor * x[i];
}

const mhoi_product_kernel mhoi_product_avx512 = {
    .rows = 8, .columns = 24, .tile = tile, .add_scaled = add_scaled};
