/* SPDX-License-Identifier: Apache-2.0 */
/* Wires to first order against the exact transfer matrix, and the bound of what that leaves. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "mho/circuit.h"
#include "wired_array.h"

static double largest(const double *x, size_t m)
{
    double most = 0;
    for (size_t i = 0; i < m; i++)
        most = fmax(most, fabs(x[i]));
    return most;
}

static void random_voltages(problem *p)
{
    for (size_t n = 0; n < p->N; n++)
        p->v[n] = draw() < 0.3 ? (draw() < 0.5 ? 1 : -1) : 2 * draw() - 1;
}

/* The error is within the bound, whatever the wires; and both are small where wires matter little. */
static void test_approximation_keeps_its_bound(void **state)
{
    (void)state;
    for (size_t round = 0; round < 200; round++) {
        const mho_circuit_options o = {.r_row_ohm = pow(10, 5 * draw() - 1),
                                       .r_col_ohm = pow(10, 5 * draw() - 1),
                                       .r_driver_ohm = draw() < 0.5 ? 0 : 100 * draw(),
                                       .r_sense_ohm = draw() < 0.5 ? 0 : 100 * draw(),
                                       .both_sides = draw() < 0.5};
        problem p = make(1 + draw_below(24), 1 + draw_below(24), o);
        double *T = malloc(p.N * p.M * sizeof *T), *bound = malloc(p.M * sizeof *bound);
        double *near = malloc(p.M * sizeof *near);
        float_some(&p, draw() < 0.5 ? 0 : 0.3);
        must(mho_circuit_approximate(&o, p.N, p.M, p.g, p.floating, T, bound));
        must(mho_circuit_transfer(&o, p.N, p.M, p.g, p.floating, p.T));
        for (size_t k = 0; k < 20; k++) {
            random_voltages(&p);
            const double v = largest(p.v, p.N);
            mho_circuit_currents(p.N, p.M, p.T, p.v, p.i);
            mho_circuit_currents(p.N, p.M, T, p.v, near);
            for (size_t m = 0; m < p.M; m++)
                if (!(fabs(near[m] - p.i[m]) <= bound[m] * v))
                    fail_msg("bit line %zu: %g A, exact %g A, bound %g A", m, near[m], p.i[m],
                             bound[m] * v);
        }
        clear(&p);
        free(T);
        free(bound);
        free(near);
    }
}

/* Tenfold smaller wires: the error and its bound go down a hundredfold. */
static void test_approximation_is_of_first_order(void **state)
{
    (void)state;
    problem p = make(20, 24, mho_circuit_options_default());
    double *T = malloc(p.N * p.M * sizeof *T), *bound = malloc(p.M * sizeof *bound);
    double error[2] = {0}, bounds[2];
    for (size_t k = 0; k < 2; k++) {
        p.options.r_row_ohm = p.options.r_col_ohm = k ? 0.1 : 1;
        must(mho_circuit_approximate(&p.options, p.N, p.M, p.g, NULL, T, bound));
        must(mho_circuit_transfer(&p.options, p.N, p.M, p.g, NULL, p.T));
        for (size_t i = 0; i < p.N * p.M; i++)
            error[k] = fmax(error[k], fabs(T[i] - p.T[i]));
        bounds[k] = largest(bound, p.M);
    }
    print_message("error %g, %g; bound %g, %g\n", error[0], error[1], bounds[0], bounds[1]);
    assert_true(error[0] > 70 * error[1] && bounds[0] > 70 * bounds[1]);
    clear(&p);
    free(T);
    free(bound);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_approximation_keeps_its_bound),
        cmocka_unit_test(test_approximation_is_of_first_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
