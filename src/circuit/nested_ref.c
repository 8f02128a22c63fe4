/* SPDX-License-Identifier: Apache-2.0 */
/* Nested elimination in plain C, the judge of the other kernels; and which of them to use. */
#include <math.h>

#include "base/x86.h"
#include "circuit/nested_kernel.h"
#include "mho/run.h"

#define MHOI_NESTED_TABLE mhoi_nested_ref
#define UNROLL
enum { TILE = 2, TRIANGLES = 1 };

typedef struct lanes {
    double of[LANES];
} lanes;

static lanes load(const double *p)
{
    lanes x;
    for (size_t l = 0; l < LANES; l++)
        x.of[l] = p[l];
    return x;
}

static void store(double *p, lanes x)
{
    for (size_t l = 0; l < LANES; l++)
        p[l] = x.of[l];
}

static lanes spread(double d)
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
        c.of[l] = fma(a.of[l], b.of[l], c.of[l]);
    return c;
}

static lanes inverse_root(lanes d)
{
    for (size_t l = 0; l < LANES; l++)
        d.of[l] = d.of[l] > 0 ? 1 / sqrt(d.of[l]) : 0;
    return d;
}

static void tile(size_t strips, size_t depth, const double *a, const double *const *b,
                 const double *const *had, double *const *c)
{
    for (size_t j = 0; j < strips; j++)
        for (size_t i = 0; i < 8; i++) {
            lanes sum = zero();
            for (size_t k = 0; k < depth; k++)
                sum = fused(spread(a[8 * k + i]), load(b[j] + 8 * k), sum);
            store(c[j] + 8 * i, add(load(had[j] + 8 * i), sum));
        }
}

static void turn(const double *const from[8], double *const to[8])
{
    for (size_t l = 0; l < 8; l++)
        for (size_t k = 0; k < 8; k++)
            to[l][k] = from[k][l];
}

#include "circuit/nested_body.h"

size_t mhoi_patch_pairs(size_t rows, size_t columns)
{
    const size_t ports = 2 * (rows + columns);
    return ports * (ports - 1) / 2 * LANES;
}

/* Two halves at every depth, and the seam of the last. */
size_t mhoi_patch_scratch(void)
{
    size_t rows = PATCH_EDGE, columns = PATCH_EDGE, doubles = 0;
    while (rows * columns > 1) {
        if (columns >= rows)
            columns /= 2;
        else
            rows /= 2;
        doubles += 2 * mhoi_patch_pairs(rows, columns);
    }
    return doubles + PATCH_EDGE * (PATCH_EDGE + PATCH_PORTS + 8) * LANES;
}

const mhoi_nested_kernel *mhoi_nested_best(void)
{
    switch (mho_cpu_level()) {
#if MHOI_X86
    case MHO_CPU_AVX512:
        return &mhoi_nested_avx512;
    case MHO_CPU_AVX2:
        return &mhoi_nested_avx2;
#endif
    default:
        return &mhoi_nested_ref;
    }
}
