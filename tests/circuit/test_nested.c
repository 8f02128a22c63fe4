/* SPDX-License-Identifier: Apache-2.0 */
/* The kernels of double precision, and large arrays. */
#define CLOSE 1e-12

#include "nested_kernels.h"

#include "mho/circuit.h"

/* Arrays of many patches against the voltages of all nodes, which are found by another elimination. */
static void test_large_arrays(void **state)
{
    (void)state;
    static const size_t size[][2] = {{150, 140}, {3, 300}, {129, 17}, {33, 64}};
    for (size_t k = 0; k < sizeof size / sizeof *size; k++) {
        const size_t N = size[k][0], M = size[k][1];
        const mho_circuit_options o = {.r_row_ohm = 2,
                                       .r_col_ohm = 3,
                                       .r_driver_ohm = k == 2 ? 0 : 40,
                                       .r_sense_ohm = 50,
                                       .both_sides = k % 2 == 1};
        double *g = reals(N * M), *T = reals(N * M), *v = reals(N), *i = reals(M), residual;
        double *want = reals(M);
        bool *floating = calloc(N, sizeof *floating);
        assert_non_null(floating);
        for (size_t c = 0; c < N * M; c++)
            g[c] *= 1e-4;
        for (size_t n = 0; n < N; n++)
            floating[n] = draw() < 0.2;
        assert_int_equal(mho_circuit_transfer(&o, N, M, g, floating, T), MHO_OK);
        assert_int_equal(mho_circuit_vector(&o, N, M, g, floating, v, want, &residual), MHO_OK);
        mho_circuit_currents(N, M, T, v, i);
        for (size_t m = 0; m < M; m++)
            if (!(fabs(i[m] - want[m]) <= 1e-12 * want[m]))
                fail_msg("%zu x %zu, bit line %zu: %.17g A, want %.17g A", N, M, m, i[m], want[m]);
        free(g);
        free(T);
        free(v);
        free(i);
        free(want);
        free(floating);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_large_arrays)};
    return run_kernels() + cmocka_run_group_tests(tests, NULL, NULL);
}
