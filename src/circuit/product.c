/* SPDX-License-Identifier: Apache-2.0 */
/* Products in tiles: parts of a and b that fit the caches are packed as the kernel reads them (the scheme of
 * Goto and van de Geijn), and the kernel's sums are added to c. */
#include "base/x86.h"
#include "circuit/product.h"

#include <math.h>
#include <string.h>

#include "mho/run.h"

enum {
    ROWS = 96,     /* of c whose part of a stays in the second cache */
    COLUMNS = 480, /* of c whose part of b stays in the third */
    TILE_MAX = 8 * 24,
};

static void tile_ref(size_t depth, const double *a, const double *b, double *c, size_t ld)
{
    double sum[4][4] = {{0}};
    for (size_t k = 0; k < depth; k++)
        for (size_t i = 0; i < 4; i++)
            for (size_t j = 0; j < 4; j++)
                sum[i][j] = fma(a[4 * k + i], b[4 * k + j], sum[i][j]);
    for (size_t i = 0; i < 4; i++)
        for (size_t j = 0; j < 4; j++)
            c[i * ld + j] += sum[i][j];
}

static void add_scaled_ref(size_t n, double factor, const double *x, double *y)
{
    for (size_t i = 0; i < n; i++)
        y[i] += factor * x[i];
}

const mhoi_product_kernel mhoi_product_ref = {
    .rows = 4, .columns = 4, .tile = tile_ref, .add_scaled = add_scaled_ref};

const mhoi_product_kernel *mhoi_product_best(void)
{
    switch (mho_cpu_level()) {
#if MHOI_X86
    case MHO_CPU_AVX512:
        return &mhoi_product_avx512;
    case MHO_CPU_AVX2:
        return &mhoi_product_avx2;
#endif
    default:
        return &mhoi_product_ref;
    }
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t up_to(size_t n, size_t multiple)
{
    return (n + multiple - 1) / multiple * multiple;
}

size_t mhoi_product_scratch(size_t m, size_t n, size_t depth)
{
    return smaller(depth, PRODUCT_DEPTH) *
           (up_to(smaller(m, ROWS), 8) + up_to(smaller(n, COLUMNS), 24));
}

/* Copies of a few fixed lengths need no call. */
static void copy(double *to, const double *from, size_t n)
{
    if (n == 24)
        memcpy(to, from, 24 * sizeof *to);
    else if (n == 12)
        memcpy(to, from, 12 * sizeof *to);
    else if (n == 8)
        memcpy(to, from, 8 * sizeof *to);
    else
        memcpy(to, from, n * sizeof *to);
}

/* from [depth][count], rows ld apart, as strips [count / width][depth][width], zeros beyond the edge. */
static void pack(size_t depth, size_t count, size_t ld, const double *from, size_t width,
                 double *to)
{
    for (size_t at = 0; at < count; at += width) {
        const size_t n = smaller(width, count - at);
        for (size_t k = 0; k < depth; k++, to += width) {
            copy(to, from + k * ld + at, n);
            if (n < width)
                memset(to + n, 0, (width - n) * sizeof *to);
        }
    }
}

/* c[m][n] += sums of the packed parts; the diagonal of the whole is at column `diagonal` of row 0. */
static void add_tiles(const mhoi_product_kernel *k, const mhoi_product *part, ptrdiff_t diagonal,
                      const double *a, const double *b)
{
    for (size_t j = 0; j < part->n; j += k->columns)
        for (size_t i = 0; i < part->m; i += k->rows) {
            const size_t m = smaller(k->rows, part->m - i), n = smaller(k->columns, part->n - j);
            if (part->upper && (ptrdiff_t)(j + n) <= diagonal + (ptrdiff_t)i)
                continue; /* all of it below the diagonal */
            const double *of_a = a + i * part->depth, *of_b = b + j * part->depth;
            double *c = part->c + i * part->ld + j;
            if (m == k->rows && n == k->columns) {
                k->tile(part->depth, of_a, of_b, c, part->ld);
                continue;
            }
            double edge[TILE_MAX] = {0};
            k->tile(part->depth, of_a, of_b, edge, k->columns);
            for (size_t r = 0; r < m; r++)
                for (size_t q = 0; q < n; q++)
                    c[r * part->ld + q] += edge[r * k->columns + q];
        }
}

void mhoi_product_add(const mhoi_product *p, double *scratch)
{
    const mhoi_product_kernel *k = mhoi_product_best();
    for (size_t j = 0; j < p->n; j += COLUMNS)
        for (size_t d = 0; d < p->depth; d += PRODUCT_DEPTH) {
            mhoi_product part = *p;
            part.n = smaller(COLUMNS, p->n - j);
            part.depth = smaller(PRODUCT_DEPTH, p->depth - d);
            double *b = scratch, *a = scratch + part.depth * up_to(part.n, k->columns);
            pack(part.depth, part.n, p->ld, p->b + d * p->ld + j, k->columns, b);
            for (size_t i = 0; i < p->m; i += ROWS) {
                part.m = smaller(ROWS, p->m - i);
                if (p->upper && j + part.n <= i)
                    break;
                part.c = p->c + i * p->ld + j;
                pack(part.depth, part.m, p->ld, p->a + d * p->ld + i, k->rows, a);
                add_tiles(k, &part, (ptrdiff_t)i - (ptrdiff_t)j, a, b);
            }
        }
}
