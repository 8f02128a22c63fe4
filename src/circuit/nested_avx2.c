/* SPDX-License-Identifier: Apache-2.0 */
/* Nested elimination for AVX2: two registers are LANES doubles. */
#include <immintrin.h>

#include "circuit/nested_kernel.h"

#define MHOI_NESTED_TABLE mhoi_nested_avx2
#define UNROLL _Pragma("GCC unroll 8")
enum { TILE = 2 };

typedef struct lanes {
    __m256d low, high;
} lanes;

static inline lanes load(const double *p)
{
    return (lanes){_mm256_loadu_pd(p), _mm256_loadu_pd(p + 4)};
}

static inline void store(double *p, lanes x)
{
    _mm256_storeu_pd(p, x.low);
    _mm256_storeu_pd(p + 4, x.high);
}

static inline lanes spread(double d)
{
    return (lanes){_mm256_set1_pd(d), _mm256_set1_pd(d)};
}

static inline lanes zero(void)
{
    return (lanes){_mm256_setzero_pd(), _mm256_setzero_pd()};
}

static inline lanes add(lanes a, lanes b)
{
    return (lanes){_mm256_add_pd(a.low, b.low), _mm256_add_pd(a.high, b.high)};
}

static inline lanes scale(lanes a, lanes b)
{
    return (lanes){_mm256_mul_pd(a.low, b.low), _mm256_mul_pd(a.high, b.high)};
}

static inline lanes fused(lanes a, lanes b, lanes c)
{
    return (lanes){_mm256_fmadd_pd(a.low, b.low, c.low), _mm256_fmadd_pd(a.high, b.high, c.high)};
}

static inline __m256d half_root(__m256d d)
{
    const __m256d above = _mm256_cmp_pd(d, _mm256_setzero_pd(), _CMP_GT_OQ);
    return _mm256_and_pd(above, _mm256_div_pd(_mm256_set1_pd(1), _mm256_sqrt_pd(d)));
}

static inline lanes inverse_root(lanes d)
{
    return (lanes){half_root(d.low), half_root(d.high)};
}

/* Four rows at a time: as many sums as hide the latency of a fused multiply-add. */
static void tile(size_t strips, size_t depth, const double *a, const double *b, size_t b_strip,
                 double *c, size_t c_row, size_t c_strip)
{
    for (size_t j = 0; j < strips; j++)
        for (size_t i = 0; i < 8; i += 4) {
            const double *left = a + i, *right = b + j * b_strip;
            lanes sum[4] = {zero(), zero(), zero(), zero()};
            for (size_t k = 0; k < depth; k++, left += 8, right += 8) {
                const lanes x = load(right);
                UNROLL for (size_t r = 0; r < 4; r++) sum[r] = fused(spread(left[r]), x, sum[r]);
            }
            UNROLL for (size_t r = 0; r < 4; r++)
            {
                double *to = c + (i + r) * c_row + j * c_strip;
                store(to, add(load(to), sum[r]));
            }
        }
}

#include "circuit/nested_body.h"
