/* SPDX-License-Identifier: Apache-2.0 */
/* Every current against ngspice, to a relative 1e-9, on the netlist that mho writes.  Skipped without
 * ngspice. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "mho/circuit.h"

#define TOLERANCE 1e-9

typedef struct spice_case {
    const char *name;
    size_t N, M;
    mho_circuit_options options;
    double floating, zeros; /* shares */
} spice_case;

static const spice_case cases[] = {
    {"plain", 16, 16, {.r_row_ohm = 1, .r_col_ohm = 1}, 0, 0},
    {"largest", 36, 36, {.r_row_ohm = 2.5, .r_col_ohm = 1.5}, 0, 0.1},
    {"wide, unequal wires", 9, 40, {.r_row_ohm = 0.3, .r_col_ohm = 20}, 0, 0},
    {"tall, unequal wires", 50, 11, {.r_row_ohm = 30, .r_col_ohm = 0.2}, 0, 0.3},
    {"one word line", 1, 12, {.r_row_ohm = 4, .r_col_ohm = 3}, 0, 0},
    {"one bit line", 17, 1, {.r_row_ohm = 4, .r_col_ohm = 3}, 0, 0},
    {"one cell", 1, 1, {.r_row_ohm = 4, .r_col_ohm = 3}, 0, 0},
    {"driver", 12, 13, {.r_row_ohm = 1, .r_col_ohm = 2, .r_driver_ohm = 300}, 0, 0},
    {"sense", 12, 13, {.r_row_ohm = 1, .r_col_ohm = 2, .r_sense_ohm = 100}, 0, 0},
    {"both sides", 14, 15, {.r_row_ohm = 5, .r_col_ohm = 2, .both_sides = true}, 0, 0},
    {"floating", 24, 10, {.r_row_ohm = 2, .r_col_ohm = 5}, 0.5, 0.2},
    {"all but one floating", 8, 8, {.r_row_ohm = 2, .r_col_ohm = 5}, 0.9, 0},
    {"all together",
     31,
     33,
     {.r_row_ohm = 2, .r_col_ohm = 5, .r_driver_ohm = 70, .r_sense_ohm = 30, .both_sides = true},
     0.3,
     0.2},
    {"heavy wires", 32, 32, {.r_row_ohm = 1e4, .r_col_ohm = 3e4}, 0, 0},
    {"ideal word lines", 10, 12, {.r_col_ohm = 5}, 0, 0},
    {"ideal word lines, rest",
     10,
     12,
     {.r_col_ohm = 5, .r_driver_ohm = 90, .r_sense_ohm = 7},
     0.3,
     0},
    {"ideal bit lines", 10, 12, {.r_row_ohm = 5}, 0, 0},
    {"ideal bit lines, rest",
     10,
     12,
     {.r_row_ohm = 5, .r_driver_ohm = 90, .r_sense_ohm = 7, .both_sides = true},
     0.3,
     0},
    {"ideal wires", 7, 6, {.r_driver_ohm = 500, .r_sense_ohm = 400, .both_sides = true}, 0.2, 0},
    {"ideal", 7, 6, {.r_row_ohm = 0}, 0.2, 0},
};

static uint64_t random_state = 7;

static double draw(void)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (double)(random_state >> 11) * 0x1p-53;
}

static void must(mho_status s)
{
    if (s)
        print_error("%s: %s\n", mho_status_name(s), mho_error_message());
    assert_int_equal(s, MHO_OK);
}

/* Runs ngspice on the file and reads `i(vsN) = x` for every bit line. */
static void run_ngspice(const char *path, size_t M, double *i_A)
{
    char command[256], line[512];
    size_t m, seen = 0;
    double value;
    (void)snprintf(command, sizeof command, "ngspice -b %s 2>&1", path);
    FILE *pipe = popen(command, "r"); /* NOLINT: a fixed program */
    assert_non_null(pipe);
    while (fgets(line, sizeof line, pipe))
        if (sscanf(line, "i(vs%zu) = %lf", &m, &value) == 2 && m >= 1 && m <= M) {
            i_A[m - 1] = value;
            seen++;
        }
    pclose(pipe);
    assert_int_equal(seen, M);
}

static void check_case(const spice_case *c)
{
    const size_t N = c->N, M = c->M;
    double *g = malloc(N * M * sizeof *g), *T = malloc(N * M * sizeof *T);
    double *v = malloc(N * sizeof *v), *i = malloc(M * sizeof *i), *want = malloc(M * sizeof *want);
    bool *floating = calloc(N, sizeof *floating);
    for (size_t k = 0; k < N * M; k++)
        g[k] = draw() < c->zeros ? 0 : 1e-6 * pow(200, draw());
    for (size_t n = 0; n < N; n++) {
        v[n] = 0.1 + draw();
        floating[n] = n > 0 && draw() < c->floating;
        g[n * M + (n + 1) % M] = 2e-6;
    }
    char path[] = "netlist-XXXXXX";
    const int descriptor = mkstemp(path);
    FILE *file = descriptor < 0 ? NULL : fdopen(descriptor, "w");
    assert_non_null(file);
    must(mho_circuit_spice(&c->options, N, M, g, floating, v, file));
    assert_int_equal(fclose(file), 0);
    run_ngspice(path, M, want);
    assert_int_equal(unlink(path), 0);
    must(mho_circuit_transfer(&c->options, N, M, g, floating, T));
    mho_circuit_currents(N, M, T, v, i);
    double worst = 0;
    for (size_t m = 0; m < M; m++) {
        const double error = fabs(i[m] - want[m]) / fabs(want[m]);
        worst = error > worst ? error : worst;
        if (!(error <= TOLERANCE))
            fail_msg("%s, bit line %zu: %.17g A, ngspice %.17g A", c->name, m + 1, i[m], want[m]);
    }
    print_message("%-24s %2zu x %2zu  largest relative difference %.1e\n", c->name, N, M, worst);
    free(g);
    free(T);
    free(v);
    free(i);
    free(want);
    free(floating);
}

static void test_against_ngspice(void **state)
{
    (void)state;
    if (system("command -v ngspice >/dev/null 2>&1") != 0) { /* NOLINT: a fixed command */
        print_message("skipped: ngspice is not installed\n");
        skip();
    }
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++)
        check_case(&cases[k]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_against_ngspice)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
