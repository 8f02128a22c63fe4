/* SPDX-License-Identifier: Apache-2.0 */
/* Products with rows of weights where they lie: every instruction set gives the digits of a plain loop. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dnn/dense_kernel.h"
#include "mho/run.h"

enum { STEP = MHOI_DENSE_RUN + 5 };

static const mhoi_dense *const tables[] = {&mhoi_dense_ref, &mhoi_dense_avx2, &mhoi_dense_avx512};

static void fill(float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] = (float)(rand() % 2001 - 1000) / 977.0f;
}

static double plain(size_t count, const float *x, const float *w)
{
    float lane[MHOI_DENSE_LANES] = {0};
    double sum = 0;
    for (size_t k = 0; k < count; k++) {
        const float product = x[k] * w[k];
        lane[k % MHOI_DENSE_LANES] += product;
    }
    for (size_t k = 0; k < MHOI_DENSE_LANES; k++)
        sum += (double)lane[k];
    return sum;
}

static void same_digits(void **state)
{
    (void)state;
    static const size_t shape[][3] = {
        {1, 1, 16}, {7, 4, 1024}, {4, 3, 992}, {9, 2, 48}, {2, 4, 16}};
    static float x[9 * STEP], w[4 * STEP];
    fill(x, sizeof x / sizeof *x);
    fill(w, sizeof w / sizeof *w);
    for (size_t t = 0; t <= (size_t)mho_cpu_level(); t++)
        for (size_t k = 0; k < sizeof shape / sizeof *shape; k++) {
            const size_t n = shape[k][0], rows = shape[k][1], count = shape[k][2];
            double sum[9 * 11];
            for (size_t i = 0; i < sizeof sum / sizeof *sum; i++)
                sum[i] = 0.5;
            tables[t]->products(n, rows, count, x, STEP, w, STEP, sum, 11);
            for (size_t i = 0; i < n; i++)
                for (size_t o = 0; o < 11; o++)
                    assert_true(sum[i * 11 + o] ==
                                (o < rows ? 0.5 + plain(count, x + i * STEP, w + o * STEP) : 0.5));
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(same_digits)};
    if (mho_cpu_init() != MHO_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
