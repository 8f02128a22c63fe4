/* SPDX-License-Identifier: Apache-2.0 */
/* Nested elimination for AVX-512, of doubles. */
#include "circuit/nested_lanes_avx512.h"

/* Pairs of rows, then of pairs, then of halves. */
static void turn(const double *const from[LANES], double *const to[LANES])
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
