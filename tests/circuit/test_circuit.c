/* SPDX-License-Identifier: Apache-2.0 */
/* The transfer matrix against the nodal equations of the whole circuit, solved as one dense system, and
 * against what must hold for every network of resistors. */
#include <lapacke.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/parallel.h"
#include "mho/circuit.h"
#include "wired_array.h"

/* --- the judge: every node of the circuit, conductances on and off the diagonal, Cholesky ---------------- */

typedef struct nodal {
    size_t size;
    double *a, *x; /* x: right-hand side, then voltages */
} nodal;

static void join(nodal *s, size_t i, size_t j, double g)
{
    s->a[i * s->size + i] += g;
    s->a[j * s->size + j] += g;
    s->a[i * s->size + j] -= g;
    s->a[j * s->size + i] -= g;
}

static void hold(nodal *s, size_t i, double g, double v)
{
    s->a[i * s->size + i] += g;
    s->x[i] += g * v;
}

/* Nodes: word lines at the cells, N M of them, then bit lines at the cells. */
static void judge(const problem *p, double *i_A)
{
    const size_t N = p->N, M = p->M, cells = N * M;
    const mho_circuit_options *o = &p->options;
    nodal s = {.size = 2 * cells};
    s.a = calloc(s.size * s.size, sizeof *s.a);
    s.x = calloc(s.size, sizeof *s.x);
    for (size_t n = 0; n < N; n++)
        for (size_t m = 0; m < M; m++) {
            const size_t u = n * M + m, w = cells + u;
            join(&s, u, w, p->g[u]);
            if (m + 1 < M)
                join(&s, u, u + 1, 1 / o->r_row_ohm);
            if (n + 1 < N)
                join(&s, w, w + M, 1 / o->r_col_ohm);
        }
    const double driver = 1 / (o->r_row_ohm + o->r_driver_ohm);
    const double sense = 1 / (o->r_col_ohm + o->r_sense_ohm);
    for (size_t n = 0; n < N; n++)
        if (!p->floating[n]) {
            hold(&s, n * M, driver, p->v[n]);
            if (o->both_sides)
                hold(&s, n * M + M - 1, driver, p->v[n]);
        }
    for (size_t m = 0; m < M; m++)
        hold(&s, cells + (N - 1) * M + m, sense, 0);
    assert_int_equal(LAPACKE_dposv(LAPACK_ROW_MAJOR, 'U', (int)s.size, 1, s.a, (int)s.size, s.x, 1),
                     0);
    for (size_t m = 0; m < M; m++)
        i_A[m] = sense * s.x[cells + (N - 1) * M + m];
    free(s.a);
    free(s.x);
}

static void compare(const problem *p, const double *want, double tolerance)
{
    double scale = 0;
    for (size_t m = 0; m < p->M; m++)
        scale = fmax(scale, fabs(want[m]));
    for (size_t m = 0; m < p->M; m++)
        if (!(fabs(p->i[m] - want[m]) <= tolerance * scale))
            fail_msg("%zu x %zu, bit line %zu: %.17g A, want %.17g A", p->N, p->M, m, p->i[m],
                     want[m]);
}

static void check_against_judge(problem *p, double tolerance)
{
    double *want = malloc(p->M * sizeof *want);
    solve(p);
    judge(p, want);
    compare(p, want, tolerance);
    free(want);
}

static void test_nodal_equations(void **state)
{
    (void)state;
    for (size_t round = 0; round < 60; round++) {
        const mho_circuit_options o = {.r_row_ohm = 0.1 + 10 * draw(),
                                       .r_col_ohm = 0.1 + 30 * draw(),
                                       .r_driver_ohm = draw() < 0.5 ? 0 : 100 * draw(),
                                       .r_sense_ohm = draw() < 0.5 ? 0 : 100 * draw(),
                                       .both_sides = draw() < 0.5};
        problem p = make(1 + draw_below(17), 1 + draw_below(17), o);
        if (draw() < 0.5)
            float_some(&p, 0.4);
        check_against_judge(&p, 1e-10);
        clear(&p);
    }
}

static void test_larger_arrays(void **state)
{
    (void)state;
    const size_t size[][2] = {{40, 7}, {5, 60}, {33, 29}};
    for (size_t k = 0; k < sizeof size / sizeof *size; k++) {
        const mho_circuit_options o = {
            .r_row_ohm = 2, .r_col_ohm = 3, .r_sense_ohm = 50, .both_sides = k == 2};
        problem p = make(size[k][0], size[k][1], o);
        float_some(&p, 0.2);
        check_against_judge(&p, 1e-10);
        clear(&p);
    }
}

/* A wire of nano-ohms is an ideal one but for a relative 1e-9 or so: two ways through the code. */
static void test_ideal_wires_are_the_limit(void **state)
{
    (void)state;
    for (size_t round = 0; round < 60; round++) {
        const bool ideal_row = round % 3 != 0, ideal_col = round % 3 != 1;
        mho_circuit_options o = {.r_row_ohm = ideal_row ? 0 : 5,
                                 .r_col_ohm = ideal_col ? 0 : 7,
                                 .r_driver_ohm = draw() < 0.5 ? 0 : 1000 * draw(),
                                 .r_sense_ohm = draw() < 0.5 ? 0 : 1000 * draw(),
                                 .both_sides = draw() < 0.5};
        problem p = make(1 + draw_below(12), 1 + draw_below(12), o);
        double *want = malloc(p.M * sizeof *want);
        float_some(&p, draw() < 0.5 ? 0 : 0.4);
        solve(&p);
        memcpy(want, p.i, p.M * sizeof *want);
        p.options.r_row_ohm = ideal_row ? 1e-9 : o.r_row_ohm;
        p.options.r_col_ohm = ideal_col ? 1e-9 : o.r_col_ohm;
        solve(&p);
        compare(&p, want, 1e-10);
        clear(&p);
        free(want);
    }
}

static void test_ideal_array_is_the_matrix_itself(void **state)
{
    (void)state;
    problem p = make(30, 20, mho_circuit_options_default());
    solve(&p);
    for (size_t n = 0; n < p.N; n++)
        for (size_t m = 0; m < p.M; m++)
            assert_true(p.T[m * p.N + n] == p.g[n * p.M + m]);
    p.options.r_row_ohm = p.options.r_col_ohm = 1e-12; /* 1e18 times less than a cell's */
    solve(&p);
    for (size_t n = 0; n < p.N; n++)
        for (size_t m = 0; m < p.M; m++) {
            const double want = p.g[n * p.M + m];
            assert_true(fabs(p.T[m * p.N + n] - want) <=
                        1e-13 * want + 1e-18); /* 1e-18: sneak paths */
        }
    clear(&p);
}

/* Kirchhoff's law at every node, and the same currents from the voltages: for all kinds of wires. */
static void test_voltages(void **state)
{
    (void)state;
    for (size_t round = 0; round < 80; round++) {
        const mho_circuit_options o = {.r_row_ohm = round & 1 ? 0.1 + 10 * draw() : 0,
                                       .r_col_ohm = round & 2 ? 0.1 + 30 * draw() : 0,
                                       .r_driver_ohm = draw() < 0.5 ? 0 : 100 * draw(),
                                       .r_sense_ohm = draw() < 0.3 ? 0 : 100 * draw(),
                                       .both_sides = draw() < 0.5};
        problem p = make(1 + draw_below(30), 1 + draw_below(30), o);
        double *u = malloc(p.N * p.M * sizeof *u), *w = malloc(p.N * p.M * sizeof *w), residual;
        double *i = malloc(p.M * sizeof *i);
        const double foot = o.r_col_ohm + o.r_sense_ohm;
        float_some(&p, draw() < 0.5 ? 0 : 0.3);
        solve(&p);
        must(mho_circuit_voltages(&o, p.N, p.M, p.g, p.floating, p.v, u, w, &residual));
        assert_true(residual < 1e-15);
        for (size_t m = 0; m < p.M && foot > 0; m++)
            i[m] = w[(p.N - 1) * p.M + m] / foot;
        if (foot > 0)
            compare(&p, i, 1e-13);
        for (size_t k = 0; k < p.N * p.M; k++)
            assert_true(fabs(u[k]) <= 1 && fabs(w[k]) <= 1);
        must(mho_circuit_vector(&o, p.N, p.M, p.g, p.floating, p.v, i, &residual));
        assert_true(residual < 1e-15);
        compare(&p, i, 1e-13);
        clear(&p);
        free(u);
        free(w);
        free(i);
    }
}

/* A single vector against T, bit line by bit line, from wires that hardly matter to such as cells; and wires that eat up the
 * voltage, where conjugate gradients are not exact enough. */
static void test_one_vector(void **state)
{
    (void)state;
    const double wires[][2] = {{1e-3, 2e-3}, {0.3, 0.6}, {10, 20},
                               {300, 600},   {1e4, 2e4}, {1e5, 10}};
    for (size_t round = 0; round < 36; round++) {
        const double r = wires[round % 6][0];
        const mho_circuit_options o = {.r_row_ohm = r,
                                       .r_col_ohm = wires[round % 6][1],
                                       .r_sense_ohm = round % 4 == 1 ? 1e4 : 0,
                                       .both_sides = round % 3 == 1};
        problem p = make(30 + draw_below(40), 30 + draw_below(40), o);
        double *i = malloc(p.M * sizeof *i), residual;
        float_some(&p, round % 2 ? 0.3 : 0);
        for (size_t n = 0; n < p.N; n++) /* none is lost against others */
            p.v[n] = fabs(p.v[n]);
        solve(&p);
        must(mho_circuit_vector(&o, p.N, p.M, p.g, p.floating, p.v, i, &residual));
        assert_true(residual < 2e-15);
        for (size_t m = 0; m < p.M; m++)
            if (!(fabs(i[m] - p.i[m]) <= 1e-11 * fabs(p.i[m])))
                fail_msg("%g ohm, bit line %zu: %.17g A, want %.17g A", r, m, i[m], p.i[m]);
        clear(&p);
        free(i);
    }
}

/* With ideal wires nothing changes; with others the integers are those of T, and fall. */
static void test_effective_conductances(void **state)
{
    (void)state;
    const mho_device device = {.bits = 3, .g_on_S = 50e-6, .g_off_S = 1e-6, .resolution_bits = 12};
    const size_t N = 40, M = 30;
    const double unit = (device.g_on_S - device.g_off_S) / 4096;
    problem p = make(N, M, mho_circuit_options_default());
    int16_t g[1200], effective[1200];
    for (size_t k = 0; k < N * M; k++)
        g[k] = (int16_t)draw_below(4097);
    g[7] = -83; /* 7.1e-9 S; 0 S is -83.6 units */
    must(mho_circuit_effective(&p.options, &device, N, M, N, g, effective));
    assert_memory_equal(g, effective, sizeof g);
    p.options.r_row_ohm = p.options.r_col_ohm = 2;
    for (size_t n = 0; n < N; n++)
        for (size_t m = 0; m < M; m++)
            p.g[n * M + m] = device.g_off_S + g[m * N + n] * unit;
    solve(&p);
    must(mho_circuit_effective(&p.options, &device, N, M, N, g, effective));
    for (size_t k = 0; k < N * M; k++) {
        const double exact = (p.T[k] - device.g_off_S) / unit;
        assert_true(fabs(effective[k] - exact) <= 0.5 + 1e-9);
        assert_true(g[k] < 100 || effective[k] < g[k]);
    }
    int16_t part[1200];
    memcpy(part, g, sizeof g);
    must(mho_circuit_effective(&p.options, &device, 10, M, N, part + 5, part + 5));
    for (size_t k = 0; k < N * M; k++) /* word lines 5 to 14 only */
        assert_true(k % N < 5 || k % N > 14 ? part[k] == g[k] : g[k] < 2000 || part[k] < g[k]);
    g[0] = -100;
    assert_int_equal(mho_circuit_effective(&p.options, &device, N, M, N, g, effective),
                     MHO_EDOMAIN);
    clear(&p);
}

/* What driver n sends into sense amplifier m is what a driver at m would send into a sense amplifier at
 * n: transposed and turned around, the array has the transposed T. */
static void test_reciprocity(void **state)
{
    (void)state;
    const size_t N = 13, M = 21;
    problem p = make(N, M,
                     (mho_circuit_options){
                         .r_row_ohm = 3, .r_col_ohm = 40, .r_driver_ohm = 5, .r_sense_ohm = 60});
    problem q = make(M, N,
                     (mho_circuit_options){
                         .r_row_ohm = 40, .r_col_ohm = 3, .r_driver_ohm = 60, .r_sense_ohm = 5});
    for (size_t n = 0; n < N; n++)
        for (size_t m = 0; m < M; m++)
            q.g[(M - 1 - m) * N + (N - 1 - n)] = p.g[n * M + m];
    solve(&p);
    solve(&q);
    for (size_t n = 0; n < N; n++)
        for (size_t m = 0; m < M; m++) {
            const double a = p.T[m * N + n], b = q.T[(N - 1 - n) * M + (M - 1 - m)];
            if (!(fabs(a - b) <= 1e-13 * a))
                fail_msg("T(%zu, %zu) = %.17g S, turned around %.17g S", m, n, a, b);
        }
    clear(&p);
    clear(&q);
}

/* Entry by entry, over 12 decades of conductance and wires far better than cells: multiplying all by one
 * factor and dividing all resistances by it changes no digit but the last ones. */
static void test_scaling(void **state)
{
    (void)state;
    problem p =
        make(37, 22, (mho_circuit_options){.r_row_ohm = 1e-4, .r_col_ohm = 3e5, .r_sense_ohm = 2});
    for (size_t k = 0; k < p.N * p.M; k++)
        p.g[k] = 1e-12 * pow(1e12, draw());
    float_some(&p, 0.3);
    solve(&p);
    double *T = malloc(p.N * p.M * sizeof *T);
    memcpy(T, p.T, p.N * p.M * sizeof *T);
    const double factor = 1.7e-3;
    for (size_t k = 0; k < p.N * p.M; k++)
        p.g[k] *= factor;
    p.options.r_row_ohm /= factor;
    p.options.r_col_ohm /= factor;
    p.options.r_sense_ohm /= factor;
    solve(&p);
    for (size_t k = 0; k < p.N * p.M; k++)
        if (!(fabs(p.T[k] - factor * T[k]) <= 1e-12 * p.T[k]))
            fail_msg("entry %zu: %.17g S, want %.17g S", k, p.T[k], factor * T[k]);
    clear(&p);
    free(T);
}

static void refused(problem *p, const char *text)
{
    const mho_status s = mho_circuit_transfer(&p->options, p->N, p->M, p->g, p->floating, p->T);
    assert_int_equal(s, MHO_EDOMAIN);
    if (!strstr(mho_error_message(), text))
        fail_msg("message \"%s\" lacks \"%s\"", mho_error_message(), text);
}

static void test_refusals(void **state)
{
    (void)state;
    const double bad[] = {NAN, INFINITY, -INFINITY, -1, 1e19, 1e-19};
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
        problem p = make(4, 5, (mho_circuit_options){.r_row_ohm = 1, .r_col_ohm = 1});
        p.g[2 * 5 + 3] = bad[k];
        refused(&p, "word line 3, bit line 4 = ");
        p.g[2 * 5 + 3] = 1e-6;
        p.options.r_row_ohm = bad[k];
        refused(&p, "r_row = ");
        p.options.r_row_ohm = 0;
        p.options.r_sense_ohm = bad[k];
        refused(&p, "r_sense = ");
        clear(&p);
    }
    problem p = make(4, 5, (mho_circuit_options){.r_row_ohm = 1, .r_col_ohm = 1});
    memset(p.g + 5, 0, 5 * sizeof *p.g);
    p.floating[1] = true;
    refused(&p, "word line 2 floats");
    p.floating[1] = false; /* driven: fine */
    solve(&p);
    for (size_t m = 0; m < p.M; m++)
        assert_true(isfinite(p.i[m]));
    const size_t N = p.N;
    p.N = 0;
    refused(&p, "0 x 5");
    p.N = N;
    clear(&p);
}

/* Whatever is in bounds gives numbers, never NaN. */
static void test_extremes_are_finite(void **state)
{
    (void)state;
    const double value[] = {0, 1e-18, 1e-9, 1, 1e9, 1e18};
    for (size_t round = 0; round < 300; round++) {
        problem p = make(1 + draw_below(10), 1 + draw_below(10), mho_circuit_options_default());
        double *r[] = {&p.options.r_row_ohm, &p.options.r_col_ohm, &p.options.r_driver_ohm,
                       &p.options.r_sense_ohm};
        for (size_t k = 0; k < 4; k++)
            *r[k] = value[draw_below(6)];
        for (size_t k = 0; k < p.N * p.M; k++)
            p.g[k] = value[draw_below(6)];
        float_some(&p, 0.3);
        solve(&p);
        double *bound = malloc(p.M * sizeof *bound);
        for (size_t k = 0; k < p.N * p.M; k++)
            assert_true(isfinite(p.T[k]) && p.T[k] >= 0);
        must(mho_circuit_approximate(&p.options, p.N, p.M, p.g, p.floating, p.T, bound));
        for (size_t k = 0; k < p.N * p.M; k++)
            assert_true(isfinite(p.T[k]) && p.T[k] >= 0 && isfinite(bound[k / p.N]));
        free(bound);
        clear(&p);
    }
}

static mho_status every_call(const problem *p, double *bound)
{
    mho_status s = mho_circuit_transfer(&p->options, p->N, p->M, p->g, NULL, p->T);
    if (!s)
        s = mho_circuit_approximate(&p->options, p->N, p->M, p->g, NULL, p->T, bound);
    double u[99], w[99], residual;
    if (!s)
        s = mho_circuit_voltages(&p->options, p->N, p->M, p->g, NULL, p->v, u, w, &residual);
    const mho_device device = {.bits = 3, .g_on_S = 50e-6, .resolution_bits = 12};
    int16_t cells[99] = {0};
    if (!s)
        s = mho_circuit_effective(&p->options, &device, p->N, p->M, p->N, cells, cells);
    return s;
}

static void test_out_of_memory(void **state)
{
    (void)state;
    for (size_t kind = 0; kind < 4; kind++) {
        problem p = make(
            9, 11,
            (mho_circuit_options){.r_row_ohm = kind & 1 ? 1 : 0, .r_col_ohm = kind & 2 ? 1 : 0});
        double bound[11];
        const uint64_t live = mhoi_alloc_live();
        mho_status s = MHO_ENOMEM;
        for (uint64_t k = 1; s; k++) {
            mhoi_alloc_fail_at(k);
            s = every_call(&p, bound);
            assert_true(s == MHO_OK || s == MHO_ENOMEM);
            assert_int_equal(mhoi_alloc_live(), live);
            assert_true(k < 1000);
        }
        mhoi_alloc_fail_at(0);
        clear(&p);
    }
}

typedef struct many {
    problem p;
    double *T[8];
} many;

static mho_status solve_one(void *context, size_t item, size_t thread)
{
    many *all = context;
    (void)thread;
    return mho_circuit_transfer(&all->p.options, all->p.N, all->p.M, all->p.g, NULL, all->T[item]);
}

/* Several threads, each with a crossbar of its own, find the same digits as one. */
static void test_threads(void **state)
{
    (void)state;
    many all = {.p = make(150, 130, (mho_circuit_options){.r_row_ohm = 2, .r_col_ohm = 3})};
    for (size_t k = 0; k < 8; k++)
        all.T[k] = malloc(all.p.N * all.p.M * sizeof *all.T[k]);
    solve(&all.p);
    must(mho_run_set_threads(NULL, 4));
    must(mhoi_parallel(8, solve_one, &all));
    for (size_t k = 0; k < 8; k++) {
        assert_memory_equal(all.T[k], all.p.T, all.p.N * all.p.M * sizeof *all.p.T);
        free(all.T[k]);
    }
    clear(&all.p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nodal_equations),
        cmocka_unit_test(test_larger_arrays),
        cmocka_unit_test(test_ideal_wires_are_the_limit),
        cmocka_unit_test(test_ideal_array_is_the_matrix_itself),
        cmocka_unit_test(test_voltages),
        cmocka_unit_test(test_one_vector),
        cmocka_unit_test(test_effective_conductances),
        cmocka_unit_test(test_reciprocity),
        cmocka_unit_test(test_scaling),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_extremes_are_finite),
        cmocka_unit_test(test_out_of_memory),
        cmocka_unit_test(test_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
