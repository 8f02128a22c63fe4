/* SPDX-License-Identifier: Apache-2.0 */
/* Products of parts of one matrix, in double precision: what elimination spends its time on.
 *
 * Every sum runs over PRODUCT_DEPTH rows at a time, each term a fused multiply-add, in the same order on every
 * CPU: digits depend on neither the kernel nor its tiles. */
#ifndef MHO_CIRCUIT_PRODUCT_H
#define MHO_CIRCUIT_PRODUCT_H

#include <stdbool.h>
#include <stddef.h>

enum { PRODUCT_DEPTH = 192 };

/* c[m][n] += a[depth][m]^T b[depth][n], each with rows ld apart; c overlaps neither a nor b.
 * upper: only elements c[i][j], i <= j, are asked for (others may change).
 * scratch: mhoi_product_scratch(...) doubles for the largest m, n and depth. */
typedef struct mhoi_product {
    size_t m, n, depth, ld;
    const double *a, *b;
    double *c;
    bool upper;
} mhoi_product;
void mhoi_product_add(const mhoi_product *p, double *scratch);
size_t mhoi_product_scratch(size_t m, size_t n, size_t depth);

/* One tile: c[rows][columns], rows ld apart, += sums over `depth` of a[k][rows] and b[k][columns], packed. */
typedef struct mhoi_product_kernel {
    size_t rows, columns;
    void (*tile)(size_t depth, const double *a, const double *b, double *c, size_t ld);
    /* y[n] += factor x[n], the product rounded first: the same digits from every kernel. */
    void (*add_scaled)(size_t n, double factor, const double *x, double *y);
} mhoi_product_kernel;
const mhoi_product_kernel *mhoi_product_best(void); /* of this CPU */
extern const mhoi_product_kernel mhoi_product_ref, mhoi_product_avx2, mhoi_product_avx512;

#endif
