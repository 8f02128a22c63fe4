/* SPDX-License-Identifier: Apache-2.0 */
/* Nested elimination in plain C, the judge of the other kernels. */
#include <math.h>

#include "circuit/nested_kernel.h"

#define MHOI_NESTED_TABLE MHOI_OF_REAL(mhoi_nested_ref)
#define UNROLL
enum { TILE = 2, TRIANGLES = 1, TILE_ROWS = 1, TILE_STRIPS = 1 };

typedef struct lanes {
    real of[LANES];
} lanes;

static lanes load(const real *p)
{
    lanes x;
    for (size_t l = 0; l < LANES; l++)
        x.of[l] = p[l];
    return x;
}

static void store(real *p, lanes x)
{
    for (size_t l = 0; l < LANES; l++)
        p[l] = x.of[l];
}

static lanes spread(real d)
{
    lanes x;
    for (size_t l = 0; l < LANES; l++)
        x.of[l] = d;
    return x;
}

static lanes zero(void)
{
    return spread(0);
}

static lanes add(lanes a, lanes b)
{
    for (size_t l = 0; l < LANES; l++)
        a.of[l] += b.of[l];
    return a;
}

static lanes scale(lanes a, lanes b)
{
    for (size_t l = 0; l < LANES; l++)
        a.of[l] *= b.of[l];
    return a;
}

static lanes fused(lanes a, lanes b, lanes c)
{
    for (size_t l = 0; l < LANES; l++)
        c.of[l] = REAL_FUSED(a.of[l], b.of[l], c.of[l]);
    return c;
}

static lanes inverse_root(lanes d)
{
    for (size_t l = 0; l < LANES; l++)
        d.of[l] = d.of[l] > 0 ? 1 / REAL_ROOT(d.of[l]) : 0;
    return d;
}

static void turn(const real *const from[LANES], real *const to[LANES])
{
    for (size_t l = 0; l < LANES; l++)
        for (size_t k = 0; k < LANES; k++)
            to[l][k] = from[k][l];
}

#include "circuit/nested_body.h"
