/* SPDX-License-Identifier: Apache-2.0 */
/* Nested elimination for AVX2: two registers are LANES reals. */
#include <immintrin.h>

#include "circuit/nested_kernel.h"

#define MHOI_NESTED_TABLE MHOI_OF_REAL(mhoi_nested_avx2)
#define UNROLL _Pragma("GCC unroll 16")
enum {
    TILE = 2,
    TRIANGLES = 1,
    TILE_ROWS = 4, /* as many sums as hide the latency of a fused multiply-add */
    TILE_STRIPS = 1,
    HALF = LANES / 2,
};

#ifdef MHOI_SINGLE
typedef __m256 half_lanes;
#define VECTOR(name) _mm256_##name##_ps
#else
typedef __m256d half_lanes;
#define VECTOR(name) _mm256_##name##_pd
#endif

typedef struct lanes {
    half_lanes low, high;
} lanes;

static inline lanes load(const real *p)
{
    return (lanes){VECTOR(loadu)(p), VECTOR(loadu)(p + HALF)};
}

static inline void store(real *p, lanes x)
{
    VECTOR(storeu)(p, x.low);
    VECTOR(storeu)(p + HALF, x.high);
}

static inline lanes spread(real d)
{
    return (lanes){VECTOR(set1)(d), VECTOR(set1)(d)};
}

static inline lanes zero(void)
{
    return (lanes){VECTOR(setzero)(), VECTOR(setzero)()};
}

static inline lanes add(lanes a, lanes b)
{
    return (lanes){VECTOR(add)(a.low, b.low), VECTOR(add)(a.high, b.high)};
}

static inline lanes scale(lanes a, lanes b)
{
    return (lanes){VECTOR(mul)(a.low, b.low), VECTOR(mul)(a.high, b.high)};
}

static inline lanes fused(lanes a, lanes b, lanes c)
{
    return (lanes){VECTOR(fmadd)(a.low, b.low, c.low), VECTOR(fmadd)(a.high, b.high, c.high)};
}

static inline half_lanes half_root(half_lanes d)
{
    const half_lanes above = VECTOR(cmp)(d, VECTOR(setzero)(), _CMP_GT_OQ);
    return VECTOR(and)(above, VECTOR(div)(VECTOR(set1)(1), VECTOR(sqrt)(d)));
}

static inline lanes inverse_root(lanes d)
{
    return (lanes){half_root(d.low), half_root(d.high)};
}
