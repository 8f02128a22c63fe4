/* SPDX-License-Identifier: Apache-2.0 */
/* Nested elimination for AVX-512: a register is LANES doubles. */
#include <immintrin.h>

#include "circuit/nested_kernel.h"

#define MHOI_NESTED_TABLE mhoi_nested_avx512
#define UNROLL _Pragma("GCC unroll 8")
enum { TILE = 4, TRIANGLES = 3 };

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
                                                          const double *a, const double *const *b,
                                                          const double *const *had,
                                                          double *const *c)
{
    lanes sum[8][STRIPS_MAX];
    const double *strip[STRIPS_MAX];
    UNROLL for (size_t j = 0; j < strips; j++)
    {
        strip[j] = b[j];
        UNROLL for (size_t i = 0; i < 8; i++)
        {
            sum[i][j] = zero();
            _mm_prefetch((const char *)(had[j] + 8 * i), _MM_HINT_T0);
        }
    }
    for (size_t k = 0; k < depth; k++, a += 8) {
        lanes right[STRIPS_MAX];
        UNROLL for (size_t j = 0; j < strips; j++) right[j] = load(strip[j] + 8 * k);
        UNROLL for (size_t i = 0; i < 8; i++)
        {
            const lanes left = spread(a[i]);
            UNROLL for (size_t j = 0; j < strips; j++) sum[i][j] = fused(left, right[j], sum[i][j]);
        }
    }
    UNROLL for (size_t j = 0; j < strips; j++) UNROLL for (size_t i = 0; i < 8; i++)
        store(c[j] + 8 * i, add(load(had[j] + 8 * i), sum[i][j]));
}

static void tile(size_t strips, size_t depth, const double *a, const double *const *b,
                 const double *const *had, double *const *c)
{
    if (strips == 3)
        tile_of(3, depth, a, b, had, c);
    else if (strips == 2)
        tile_of(2, depth, a, b, had, c);
    else
        tile_of(1, depth, a, b, had, c);
}

/* Pairs of rows, then of pairs, then of halves. */
static void turn(const double *const from[8], double *const to[8])
{
    lanes x[8], y[8];
    UNROLL for (size_t k = 0; k < 8; k += 2)
    {
        const lanes a = load(from[k]), b = load(from[k + 1]);
        x[k] = _mm512_unpacklo_pd(a, b);
        x[k + 1] = _mm512_unpackhi_pd(a, b);
    }
    UNROLL for (size_t k = 0; k < 2; k++) UNROLL for (size_t h = 0; h < 2; h++)
    {
        y[4 * h + k] = _mm512_shuffle_f64x2(x[4 * h + k], x[4 * h + 2 + k], 0x88);
        y[4 * h + 2 + k] = _mm512_shuffle_f64x2(x[4 * h + k], x[4 * h + 2 + k], 0xdd);
    }
    UNROLL for (size_t k = 0; k < 4; k++)
    {
        store(to[k], _mm512_shuffle_f64x2(y[k], y[4 + k], 0x88));
        store(to[k + 4], _mm512_shuffle_f64x2(y[k], y[4 + k], 0xdd));
    }
}

#include "circuit/nested_body.h"
