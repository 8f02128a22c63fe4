/* SPDX-License-Identifier: Apache-2.0 */
/* What nested elimination spends its time on: small patches of cells, LANES of them at a time, and products and
 * triangular solutions of strips, eight columns wide.
 *
 * Every sum has one order of its terms, each term a fused multiply-add: digits are the same on every CPU. */
#ifndef MHO_NESTED_KERNEL_H
#define MHO_NESTED_KERNEL_H

#include <stddef.h>

enum {
    LANES = 8,      /* patches at a time; columns of a strip */
    STRIPS_MAX = 3, /* at a time */
    PATCH_EDGE = 8, /* most word and bit lines of a patch */
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
    void (*patch)(size_t rows, size_t columns, const double *cells, double *scratch, double *pairs);
    /* c[j][8][8] = had[j][8][8] + sums over `depth` of a[depth][8] and b[j][depth][8], j < strips; had may be c. */
    void (*tile)(size_t strips, size_t depth, const double *a, const double *const *b,
                 const double *const *had, double *const *c);
    /* x[j][k] = (x[j][k] + sum over i < k of t[i][k] x[j][i]) inverse[k] for rows k < 8 of x[j][8][8]. */
    void (*triangle)(size_t strips, const double *t, const double *inverse, double *const *x);
    /* sum[8][8] += of x[j][8][8], j < strips. */
    void (*sum)(size_t strips, const double *const *x, double *sum);
    /* y[n] += x[n]; n: a multiple of eight. */
    void (*add_to)(size_t n, const double *x, double *y);
    /* to[l][k] = from[k][l], 8 x 8. */
    void (*turn)(const double *const from[8], double *const to[8]);
} mhoi_nested_kernel;

size_t mhoi_patch_scratch(void); /* doubles, enough for every patch */
size_t mhoi_patch_pairs(size_t rows, size_t columns);

const mhoi_nested_kernel *mhoi_nested_best(void); /* of this CPU */
extern const mhoi_nested_kernel mhoi_nested_ref, mhoi_nested_avx2, mhoi_nested_avx512;

#endif
