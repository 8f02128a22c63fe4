/* SPDX-License-Identifier: Apache-2.0 */
/* Nested elimination for AVX-512: a register is LANES reals. */
#include <immintrin.h>

#include "circuit/nested_kernel.h"

#define MHOI_NESTED_TABLE MHOI_OF_REAL(mhoi_nested_avx512)
#define UNROLL _Pragma("GCC unroll 16")
enum { TILE = 4, TRIANGLES = LANES > 8 ? 1 : 3, TILE_ROWS = 8, TILE_STRIPS = 3 };

#ifdef MHOI_SINGLE
typedef __m512 lanes;
typedef __mmask16 lane_mask;
#define VECTOR(name) _mm512_##name##_ps
#define COMPARE _mm512_cmp_ps_mask
#else
typedef __m512d lanes;
typedef __mmask8 lane_mask;
#define VECTOR(name) _mm512_##name##_pd
#define COMPARE _mm512_cmp_pd_mask
#endif

static inline lanes load(const real *p)
{
    return VECTOR(loadu)(p);
}

static inline void store(real *p, lanes x)
{
    VECTOR(storeu)(p, x);
}

static inline lanes spread(real d)
{
    return VECTOR(set1)(d);
}

static inline lanes zero(void)
{
    return VECTOR(setzero)();
}

static inline lanes add(lanes a, lanes b)
{
    return VECTOR(add)(a, b);
}

static inline lanes scale(lanes a, lanes b)
{
    return VECTOR(mul)(a, b);
}

static inline lanes fused(lanes a, lanes b, lanes c)
{
    return VECTOR(fmadd)(a, b, c);
}

static inline lanes inverse_root(lanes d)
{
    const lane_mask above = COMPARE(d, zero(), _CMP_GT_OQ);
    return VECTOR(maskz_div)(above, spread(1), VECTOR(sqrt)(d));
}
