/* SPDX-License-Identifier: Apache-2.0 */
/* Nested elimination for AVX2: two registers are LANES doubles. */
#include <immintrin.h>

#include "circuit/nested_kernel.h"

#define MHOI_NESTED_TABLE mhoi_nested_avx2
#define UNROLL _Pragma("GCC unroll 8")
enum { TILE = 2, TRIANGLES = 1 };

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
static void tile(size_t strips, size_t depth, const double *a, const double *const *b,
                 const double *const *had, double *const *c)
{
    for (size_t j = 0; j < strips; j++)
        for (size_t i = 0; i < 8; i += 4) {
            const double *left = a + i, *right = b[j];
            lanes sum[4] = {zero(), zero(), zero(), zero()};
            for (size_t k = 0; k < depth; k++, left += 8, right += 8) {
                const lanes x = load(right);
                UNROLL for (size_t r = 0; r < 4; r++) sum[r] = fused(spread(left[r]), x, sum[r]);
            }
            UNROLL for (size_t r = 0; r < 4; r++)
                store(c[j] + 8 * (i + r), add(load(had[j] + 8 * (i + r)), sum[r]));
        }
}

/* Four by four. */
static void turn_quarter(const double *const from[4], double *const to[4], size_t k, size_t l)
{
    const __m256d a = _mm256_loadu_pd(from[0] + l), b = _mm256_loadu_pd(from[1] + l);
    const __m256d c = _mm256_loadu_pd(from[2] + l), d = _mm256_loadu_pd(from[3] + l);
    const __m256d ab = _mm256_unpacklo_pd(a, b), AB = _mm256_unpackhi_pd(a, b);
    const __m256d cd = _mm256_unpacklo_pd(c, d), CD = _mm256_unpackhi_pd(c, d);
    _mm256_storeu_pd(to[0] + k, _mm256_permute2f128_pd(ab, cd, 0x20));
    _mm256_storeu_pd(to[1] + k, _mm256_permute2f128_pd(AB, CD, 0x20));
    _mm256_storeu_pd(to[2] + k, _mm256_permute2f128_pd(ab, cd, 0x31));
    _mm256_storeu_pd(to[3] + k, _mm256_permute2f128_pd(AB, CD, 0x31));
}

static void turn(const double *const from[8], double *const to[8])
{
    for (size_t k = 0; k < 8; k += 4)
        for (size_t l = 0; l < 8; l += 4)
            turn_quarter(from + k, to + l, k, l);
}

#include "circuit/nested_body.h"
