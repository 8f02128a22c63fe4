/* SPDX-License-Identifier: Apache-2.0 */
/* Transfer matrices in single precision beside those in double: every entry, for arrays of many shapes and for wires and cells as
 * different as they may be; the same digits on every CPU. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mho/device.h"
#include "mho/run.h"
#include "wired_array.h"

/* Of itself, for usual wires and for any; what is below 1e-55 of the largest conductance of the circuit is as good as 0. */
#define CLOSE 5e-6
#define ANY 1e-5
#define LEAST 1e-55

static double largest(const problem *p)
{
    double most = fmax(1 / p->options.r_row_ohm, 1 / p->options.r_col_ohm);
    for (size_t k = 0; k < p->N * p->M; k++)
        most = fmax(most, p->g[k]);
    return most;
}

/* T in double, then in single precision, which stays in p. */
static double *solve_both(problem *p)
{
    const size_t cells = p->N * p->M;
    double *exact = malloc(cells * sizeof *exact);
    assert_non_null(exact);
    p->options.precision = MHO_CIRCUIT_DOUBLE;
    solve(p);
    memcpy(exact, p->T, cells * sizeof *exact);
    p->options.precision = MHO_CIRCUIT_SINGLE;
    solve(p);
    return exact;
}

static void check(problem *p, double close)
{
    double *exact = solve_both(p), worst = 0;
    const double least = LEAST * largest(p);
    for (size_t k = 0; k < p->N * p->M; k++) {
        const double off = fabs(p->T[k] - exact[k]);
        worst = off > least ? fmax(worst, off / exact[k]) : worst;
        if (!(off <= close * exact[k] + least))
            fail_msg("%zu x %zu, wires of %g and %g ohm, word line %zu, bit line %zu: %.9g S, "
                     "want %.9g S (largest %g)",
                     p->N, p->M, p->options.r_row_ohm, p->options.r_col_ohm, k % p->N, k / p->N,
                     p->T[k], exact[k], largest(p));
    }
    if (p->N * p->M >= 64 * 64 && worst < 1e-8)
        fail_msg("%zu x %zu: exact to %g, that is not single precision", p->N, p->M, worst);
    free(exact);
}

static mho_circuit_options drawn_wires(double from, double to)
{
    return (mho_circuit_options){.r_row_ohm = from * pow(to / from, draw()),
                                 .r_col_ohm = from * pow(to / from, draw()),
                                 .r_driver_ohm = draw() < 0.5 ? 0 : from * pow(to / from, draw()),
                                 .r_sense_ohm = draw() < 0.5 ? 0 : from * pow(to / from, draw()),
                                 .both_sides = draw() < 0.5};
}

static void test_shapes(void **state)
{
    (void)state;
    static const size_t size[][2] = {{128, 128}, {150, 140}, {17, 300}, {129, 33}, {64, 64},
                                     {65, 63},   {2, 2048},  {4096, 1}, {80, 52},  {16, 256},
                                     {256, 100}, {31, 140},  {5, 7},    {1, 1}};
    for (size_t k = 0; k < sizeof size / sizeof *size; k++) {
        problem p = make(size[k][0], size[k][1], drawn_wires(0.01, 1e3));
        float_some(&p, k % 2 ? 0 : 0.3);
        check(&p, CLOSE);
        clear(&p);
    }
}

/* Wires and drivers of nanoohms to gigaohms, cells of 1e-18 to 1e9 S, some without any. */
static void test_extremes(void **state)
{
    (void)state;
    for (size_t round = 0; round < 40; round++) {
        problem p = make(60 + draw_below(40), 70 + draw_below(30), drawn_wires(1e-9, 1e9));
        const double lowest = pow(10, -18 * draw()), range = pow(10, 9 * draw());
        for (size_t k = 0; k < p.N * p.M; k++)
            p.g[k] = p.g[k] > 0 ? lowest * pow(range, draw()) : 0;
        float_some(&p, 0.2);
        check(&p, ANY);
        clear(&p);
    }
}

/* The least and the largest that is allowed, in all combinations: numbers, and those that can be told exact. */
static void test_corners(void **state)
{
    (void)state;
    const double value[] = {1e-18, 1e-3, 1e9, 1e18};
    for (size_t row = 0; row < 4; row++)
        for (size_t column = 0; column < 4; column++) {
            problem p = make(
                64, 64, (mho_circuit_options){.r_row_ohm = value[row], .r_col_ohm = value[column]});
            for (size_t k = 0; k < p.N * p.M; k++)
                p.g[k] = draw() < 0.3 ? value[draw_below(4)] : p.g[k];
            check(&p, ANY);
            for (size_t k = 0; k < p.N * p.M; k++)
                assert_true(isfinite(p.T[k]) && p.T[k] >= 0);
            clear(&p);
        }
}

static void test_every_cpu(void **state)
{
    (void)state;
    static const char *const cpu[] = {"ref", "avx2", "avx512"};
    const char *before = getenv("MHO_CPU");
    char *kept = before ? strdup(before) : NULL;
    problem p = make(97, 81, drawn_wires(0.1, 10));
    double *want = malloc(p.N * p.M * sizeof *want);
    assert_non_null(want);
    p.options.precision = MHO_CIRCUIT_SINGLE;
    for (size_t c = 0; c < 3; c++) {
        assert_int_equal(setenv("MHO_CPU", cpu[c], 1), 0);
        if (mho_cpu_init() != MHO_OK)
            continue;
        solve(&p);
        if (c == 0)
            memcpy(want, p.T, p.N * p.M * sizeof *want);
        for (size_t k = 0; k < p.N * p.M; k++)
            if (memcmp(&p.T[k], &want[k], sizeof *want) != 0)
                fail_msg("%s, entry %zu: %.17g S, want %.17g S", cpu[c], k, p.T[k], want[k]);
    }
    assert_int_equal(kept ? setenv("MHO_CPU", kept, 1) : unsetenv("MHO_CPU"), 0);
    assert_int_equal(mho_cpu_init(), MHO_OK);
    free(kept);
    free(want);
    clear(&p);
}

/* Small arrays and ideal wires are solved in double precision whatever is asked for. */
static void test_elsewhere(void **state)
{
    (void)state;
    for (size_t kind = 0; kind < 3; kind++) {
        problem p = make(
            kind ? 80 : 60, kind ? 90 : 60,
            (mho_circuit_options){.r_row_ohm = kind == 1 ? 0 : 2, .r_col_ohm = kind == 2 ? 0 : 3});
        double *exact = solve_both(&p);
        assert_memory_equal(exact, p.T, p.N * p.M * sizeof *exact);
        free(exact);
        clear(&p);
    }
}

/* Effective conductances, whole numbers of 1/4096 of the range: few differ, and by one. */
static void test_effective(void **state)
{
    (void)state;
    enum { N = 128, M = 100 };
    const mho_device device = {.bits = 1, .g_on_S = 100e-6, .g_off_S = 5e-6, .resolution_bits = 12};
    static int16_t g[N * M], of[2][N * M];
    size_t differ = 0;
    for (size_t k = 0; k < N * M; k++)
        g[k] = (int16_t)(draw() < 0.5 ? draw_below(200) : 3900 + draw_below(200));
    for (size_t single = 0; single < 2; single++) {
        const mho_circuit_options o = {.r_row_ohm = 0.1,
                                       .r_col_ohm = 0.1,
                                       .precision =
                                           single ? MHO_CIRCUIT_SINGLE : MHO_CIRCUIT_DOUBLE};
        must(mho_circuit_effective(&o, &device, N, M, N, g, of[single]));
    }
    for (size_t k = 0; k < N * M; k++) {
        const int off = of[1][k] - of[0][k];
        if (off < -1 || off > 1)
            fail_msg("cell %zu: %d, want %d", k, of[1][k], of[0][k]);
        differ += off != 0;
    }
    if (differ > N * M / 100)
        fail_msg("%zu of %d cells differ", differ, N * M);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shapes),    cmocka_unit_test(test_extremes),
        cmocka_unit_test(test_corners),   cmocka_unit_test(test_every_cpu),
        cmocka_unit_test(test_elsewhere), cmocka_unit_test(test_effective)};
    assert_int_equal(mho_cpu_init(), MHO_OK);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
