/* SPDX-License-Identifier: Apache-2.0 */
/* Nested elimination for AVX-512: a register is LANES doubles. */
#include <immintrin.h>

#include "circuit/nested_kernel.h"

#define MHOI_NESTED_TABLE mhoi_nested_avx512
#define UNROLL _Pragma("GCC unroll 8")
enum { TILE = 4 };

typedef __m512d lanes;

static inline lanes load(const double *p)
{
    return _mm512_loadu_pd(p);
}

static inline void store(double *p, lanes x)
{
    _mm512_storeu_pd(p, x);
}

static inline lanes spread(double d)
{
    return _mm512_set1_pd(d);
}

static inline lanes zero(void)
{
    return _mm512_setzero_pd();
}

static inline lanes add(lanes a, lanes b)
{
    return _mm512_add_pd(a, b);
}

static inline lanes scale(lanes a, lanes b)
{
    return _mm512_mul_pd(a, b);
}

static inline lanes fused(lanes a, lanes b, lanes c)
{
    return _mm512_fmadd_pd(a, b, c);
}

static inline lanes inverse_root(lanes d)
{
    const __mmask8 above = _mm512_cmp_pd_mask(d, zero(), _CMP_GT_OQ);
    return _mm512_maskz_div_pd(above, spread(1), _mm512_sqrt_pd(d));
}

__attribute__((always_inline)) static inline void tile_of(size_t strips, size_t depth,
                                                          const double *a, const double *b,
                                                          size_t b_strip, double *c, size_t c_row,
                                                          size_t c_strip)
{
    lanes sum[8][STRIPS_MAX];
    UNROLL for (size_t i = 0; i < 8; i++) UNROLL for (size_t j = 0; j < strips; j++)
    {
        sum[i][j] = zero();
        _mm_prefetch((const char *)(c + i * c_row + j * c_strip), _MM_HINT_T0);
    }
    for (size_t k = 0; k < depth; k++, a += 8, b += 8) {
        lanes right[STRIPS_MAX];
        UNROLL for (size_t j = 0; j < strips; j++) right[j] = load(b + j * b_strip);
        UNROLL for (size_t i = 0; i < 8; i++)
        {
            const lanes left = spread(a[i]);
            UNROLL for (size_t j = 0; j < strips; j++) sum[i][j] = fused(left, right[j], sum[i][j]);
        }
    }
    UNROLL for (size_t i = 0; i < 8; i++) UNROLL for (size_t j = 0; j < strips; j++)
    {
        double *to = c + i * c_row + j * c_strip;
        store(to, add(load(to), sum[i][j]));
    }
}

static void tile(size_t strips, size_t depth, const double *a, const double *b, size_t b_strip,
                 double *c, size_t c_row, size_t c_strip)
{
    if (strips == 3)
        tile_of(3, depth, a, b, b_strip, c, c_row, c_strip);
    else if (strips == 2)
        tile_of(2, depth, a, b, b_strip, c, c_row, c_strip);
    else
        tile_of(1, depth, a, b, b_strip, c, c_row, c_strip);
}

#include "circuit/nested_body.h"
