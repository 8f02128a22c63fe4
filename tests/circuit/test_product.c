/* SPDX-License-Identifier: Apache-2.0 */
/* Products of parts of a matrix: the obvious sums, and the same digits from every kernel. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "circuit/product.h"
#include "mho/run.h"

enum { SIZE = 700 };

static double value(size_t i)
{
    return 1e-6 + 1e-4 * (double)(i * 2654435761U % 1000) / 1000;
}

/* Element by element, in the order that product.h promises. */
static void obvious(const mhoi_product *p)
{
    for (size_t i = 0; i < p->m; i++)
        for (size_t j = p->upper ? i : 0; j < p->n; j++)
            for (size_t d = 0; d < p->depth; d += PRODUCT_DEPTH) {
                double sum = 0;
                for (size_t k = d; k < p->depth && k < d + PRODUCT_DEPTH; k++)
                    sum = fma(p->a[k * p->ld + i], p->b[k * p->ld + j], sum);
                p->c[i * p->ld + j] += sum;
            }
}

static void compare(const mhoi_product *p, const double *start, double *want, double *got)
{
    mhoi_product q = *p;
    const size_t bytes = SIZE * SIZE * sizeof *start, c_at = (size_t)(p->c - got);
    double *scratch = malloc(mhoi_product_scratch(p->m, p->n, p->depth) * sizeof *scratch);
    assert_non_null(scratch);
    memcpy(want, start, bytes);
    memcpy(got, start, bytes);
    q.c = want + c_at;
    obvious(&q);
    mhoi_product_add(p, scratch);
    for (size_t i = 0; i < SIZE; i++)
        for (size_t j = 0; j < SIZE; j++) {
            const size_t at = i * SIZE + j, row = (at - c_at) / SIZE, column = (at - c_at) % SIZE;
            const bool in_c = at >= c_at && row < p->m && column < p->n;
            if (!in_c || !p->upper || column >= row)
                assert_memory_equal(&got[at], &want[at], sizeof *got);
        }
    free(scratch);
}

static void test_kernels(void **state)
{
    (void)state;
    static const char *const cpu[] = {"ref", "avx2", "avx512"};
    static const size_t shape[][3] = {{1, 1, 1},    {8, 24, 5},     {9, 25, 8},    {4, 12, 192},
                                      {97, 481, 3}, {130, 130, 65}, {40, 61, 193}, {96, 480, 10}};
    double *start = malloc(SIZE * SIZE * sizeof *start), *want = malloc(SIZE * SIZE * sizeof *want),
           *got = malloc(SIZE * SIZE * sizeof *got);
    assert_true(start && want && got);
    for (size_t i = 0; i < SIZE * SIZE; i++)
        start[i] = value(i);
    const char *before = getenv("MHO_CPU");
    char *kept = before ? strdup(before) : NULL;
    for (size_t c = 0; c < 3; c++) {
        assert_int_equal(setenv("MHO_CPU", cpu[c], 1), 0);
        if (mho_cpu_init() != MHO_OK) /* this machine lacks it */
            continue;
        for (size_t s = 0; s < sizeof shape / sizeof *shape; s++) {
            const size_t m = shape[s][0], n = shape[s][1], depth = shape[s][2];
            mhoi_product p = {.m = m, .n = n, .depth = depth, .ld = SIZE};
            p.a = start + 3;
            p.b = start + 101;
            p.c = got + 200 * SIZE + 150;
            compare(&p, start, want, got);
            p.upper = m == n;
            if (p.upper)
                compare(&p, start, want, got);
        }
    }
    if (kept)
        (void)setenv("MHO_CPU", kept, 1);
    else
        (void)unsetenv("MHO_CPU");
    assert_int_equal(mho_cpu_init(), MHO_OK);
    free(kept);
    free(start);
    free(want);
    free(got);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_kernels)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
