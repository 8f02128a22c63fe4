/* SPDX-License-Identifier: Apache-2.0 */
/* What nested elimination spends its time on: small patches of cells, LANES of them at a time, and products and
 * triangular solutions of strips, LANES columns wide; for doubles, or for floats where MHOI_SINGLE is defined (nested_real.h).
 *
 * Every sum has one order of its terms, each term a fused multiply-add: digits are the same on every CPU. */
#ifndef MHO_NESTED_KERNEL_H
#define MHO_NESTED_KERNEL_H

#include <stddef.h>

#include "base/x86.h"
#include "circuit/nested_real.h"
#include "mho/run.h"

enum {
    BLOCK = LANES * LANES,
    STRIPS_MAX = 3, /* at a time */
    PATCH_PORTS = 4 * PATCH_EDGE,
};

/* Element (i, j), i < j, of a network of `ports` nodes in lanes is at [mhoi_pair(...)][LANES]. */
static inline size_t mhoi_pair(size_t ports, size_t i, size_t j)
{
    return i * (2 * ports - i - 3) / 2 + j - 1;
}

/* Conductances of a cell: of the word line to its left, of the bit line below it, its own; in lanes. */
enum { CELL_LEFT, CELL_BELOW, CELL_OWN, CELL_PARTS };

typedef struct mhoi_nested_kernel {
    /* LANES patches of rows x columns cells [rows][columns][CELL_PARTS][LANES]: conductances between their ports, in
     * the order: left ends of the word lines, their last cells, first cells of the bit lines, lower ends. */
    void (*patch)(size_t rows, size_t columns, const real *cells, real *scratch, real *pairs);
    /* c[j][LANES][LANES] = had[j][LANES][LANES] + sums over `depth` of a[depth][LANES] and b[j][depth][LANES], j < strips; had may be c. */
    void (*tile)(size_t strips, size_t depth, const real *a, const real *const *b,
                 const real *const *had, real *const *c);
    /* x[j][k] = (x[j][k] + sum over i < k of t[i][k] x[j][i]) inverse[k] for rows k < LANES of x[j][LANES][LANES]. */
    void (*triangle)(size_t strips, const real *t, const real *inverse, real *const *x);
    /* Eliminates the nodes of a block on the diagonal, t[LANES][LANES], one after the other; rest[LANES]: their conductances to
     * all beyond, used up.  inverse[LANES]: of the roots of their sums.  What is below the diagonal is never used. */
    void (*diagonal)(real *t, real *rest, real *inverse);
    /* sum[LANES][LANES] += of x[j][LANES][LANES], j < strips. */
    void (*sum)(size_t strips, const real *const *x, real *sum);
    /* y[n] += x[n]; n: a multiple of LANES. */
    void (*add_to)(size_t n, const real *x, real *y);
    /* to[l][k] = from[k][l], LANES x LANES. */
    void (*turn)(const real *const from[LANES], real *const to[LANES]);
} mhoi_nested_kernel;

extern const mhoi_nested_kernel MHOI_OF_REAL(mhoi_nested_ref), MHOI_OF_REAL(mhoi_nested_avx2),
    MHOI_OF_REAL(mhoi_nested_avx512);

static inline const mhoi_nested_kernel *mhoi_nested_best(void) /* of this CPU */
{
    switch (mho_cpu_level()) {
#if MHOI_X86
    case MHO_CPU_AVX512:
        return &MHOI_OF_REAL(mhoi_nested_avx512);
    case MHO_CPU_AVX2:
        return &MHOI_OF_REAL(mhoi_nested_avx2);
#endif
    default:
        return &MHOI_OF_REAL(mhoi_nested_ref);
    }
}

static inline size_t mhoi_patch_pairs(size_t rows, size_t columns) /* reals */
{
    const size_t ports = 2 * (rows + columns);
    return ports * (ports - 1) / 2 * LANES;
}

/* Reals, enough for every patch: two halves at every depth, and the seam of the last. */
static inline size_t mhoi_patch_scratch(void)
{
    size_t rows = PATCH_EDGE, columns = PATCH_EDGE, reals = 0;
    while (rows * columns > 1) {
        if (columns >= rows)
            columns /= 2;
        else
            rows /= 2;
        reals += 2 * mhoi_patch_pairs(rows, columns);
    }
    return reals + PATCH_EDGE * (PATCH_EDGE + PATCH_PORTS + 8) * LANES;
}

#endif
