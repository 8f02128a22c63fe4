/* SPDX-License-Identifier: Apache-2.0 */
/* The judgement of published rows: exact bounds, what cannot be told from noise, and that no row of the papers'
 * own tables passes without the effect that it prints. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "papers.h"

extern paper_run_fn silicon;

static double printed_times, plus; /* a value is printed x times, and so much more */

static mho_status give_values(const paper_args *args, paper_result *result)
{
    (void)args;
    for (size_t i = 0; i < result->rows; i++) {
        const paper_row *row = &result->row[i];
        const double printed = isnan(row->printed) ? 0 : row->printed;
        mho_status s = paper_value(result, printed_times * printed + plus, "%s", row->name);
        if (s)
            return s;
    }
    return MHO_OK;
}

static paper_result rows_of(const char *id, const char *expected, double times, double more)
{
    const paper p = {.id = id, .expected = expected, .run = give_values};
    const paper_args args = {.trials = 1};
    paper_result result = {0};
    printed_times = times;
    plus = more;
    if (paper_reproduce(&p, &args, &result))
        fail_msg("%s", mho_error_message());
    assert_true(result.rows > 0);
    return result;
}

static const struct {
    const char *id, *expected;
} tables[] = {
    {"bcnn-table1", "papers/bcnn/expected.csv"},
    {"bcnn-table2", "papers/bcnn/expected.csv"},
    {"bcnn-table4", "papers/bcnn/expected.csv"},
    {"bcnn-fig5", "papers/bcnn/expected.csv"},
    {"bcnn-pipeline", "papers/bcnn/expected.csv"},
    {"bcnn-splitting", "papers/bcnn/expected.csv"},
    {"buffer-table2", "papers/buffer/expected.csv"},
    {"buffer-table3", "papers/buffer/expected.csv"},
    {"buffer-table6", "papers/buffer/expected.csv"},
    {"buffer-explore", "papers/buffer/expected.csv"},
    {"reboc-mapping", "papers/reboc/expected.csv"},
    {"reboc-table1", "papers/reboc/expected.csv"},
    {"reboc-reuse", "papers/reboc/expected.csv"},
    {"reboc-speedup", "papers/reboc/expected.csv"},
    {"reboc-energy", "papers/reboc/expected.csv"},
    {"reboc-power", "papers/reboc/expected.csv"},
    {"reboc-variation", "papers/reboc/expected.csv"},
    {"reboc-fft", "papers/reboc/expected.csv"},
    {"reboc-accuracy", "papers/reboc/expected.csv"},
    {"silicon", "papers/silicon/expected.csv"},
    {"silicon-accuracy", "papers/silicon/expected.csv"},
};
enum { TABLES = sizeof tables / sizeof *tables };

/* 0 in place of every printed value: no row may hold that prints another one. */
static void nothing_holds_at_zero(void **state)
{
    (void)state;
    for (size_t t = 0; t < TABLES; t++) {
        paper_result result = rows_of(tables[t].id, tables[t].expected, 0, 0);
        for (size_t i = 0; i < result.rows; i++)
            if (result.row[i].status == PAPER_HOLDS && result.row[i].printed != 0)
                fail_msg("%s: '%s' prints %g and holds at 0", tables[t].id, result.row[i].name,
                         result.row[i].printed);
        free(result.row);
    }
}

/* The printed values themselves: nothing misses, and what is within noise says so. */
static void printed_values_do_not_miss(void **state)
{
    (void)state;
    size_t noise = 0, held = 0;
    for (size_t t = 0; t < TABLES; t++) {
        paper_result result = rows_of(tables[t].id, tables[t].expected, 1, 0);
        assert_int_equal(paper_misses(&result), 0);
        for (size_t i = 0; i < result.rows; i++) {
            const paper_row *row = &result.row[i];
            held += row->status == PAPER_HOLDS;
            noise += row->within_noise;
            assert_true(row->status != PAPER_NOT_REPRODUCIBLE || row->note[0]);
            assert_int_equal(row->within_noise, !strncmp(row->note, "within noise: ", 14));
            if (row->within_noise)
                assert_int_equal(row->status, PAPER_NOT_REPRODUCIBLE);
        }
        free(result.row);
    }
    assert_true(held > 50);
    assert_true(noise >= 8);
}

static const paper_row *row_of(const paper_result *result, const char *name)
{
    for (size_t i = 0; i < result->rows; i++)
        if (!strcmp(result->row[i].name, name))
            return &result->row[i];
    fail_msg("no row '%s'", name);
    return NULL;
}

static void want_status_of(const char *id, const char *expected, const char *name, double times,
                           double more, paper_status want)
{
    paper_result result = rows_of(id, expected, times, more);
    const paper_row *row = row_of(&result, name);
    if (row->status != want)
        fail_msg("%s: '%s' printed %g, value %g: %s, want %s", id, name, row->printed, row->value,
                 paper_status_name(row->status), paper_status_name(want));
    free(result.row);
}

static void want_status(const char *id, const char *name, double times, double more,
                        paper_status want)
{
    want_status_of(id, "papers/bcnn/expected.csv", name, times, more, want);
}

/* A factor is one both ways. */
static void factors_are_sharp(void **state)
{
    (void)state;
    static const struct {
        double times;
        paper_status want;
    } tries[] = {{2.99, PAPER_HOLDS},
                 {3.01, PAPER_MISSES},
                 {1 / 2.99, PAPER_HOLDS},
                 {1 / 3.01, PAPER_MISSES}};
    for (size_t i = 0; i < sizeof tries / sizeof *tries; i++)
        want_status_of("silicon", "papers/silicon/expected.csv", "yoon2021: TOPS/W", tries[i].times,
                       0, tries[i].want);
}

/* Rows within noise still miss, a whole number of bits is exact, bounds are where they are said to be. */
static void bounds_are_sharp(void **state)
{
    (void)state;
    const char *const few = "binary, 3-bit cells, uniform: increase";
    want_status("bcnn-table1", few, 1, 0.09, PAPER_NOT_REPRODUCIBLE);
    want_status("bcnn-table1", few, 1, 0.11, PAPER_MISSES);
    const char *const four = "least squares, crossbar, 128 rows: bits needed";
    want_status("bcnn-splitting", four, 1, 0, PAPER_HOLDS);
    want_status("bcnn-splitting", four, 1, 1, PAPER_MISSES);
    want_status("bcnn-splitting", four, 1, -1, PAPER_MISSES);
    const char *const steps = "full, pair, 128 rows, 8 bits: increase";
    want_status("bcnn-splitting", steps, 1, 0.08, PAPER_HOLDS);
    want_status("bcnn-splitting", steps, 1, 0.09, PAPER_MISSES);
    want_status("bcnn-splitting", "full, pair, 128 rows, 9 bits: increase", 1, 0.01, PAPER_MISSES);
    const char *const prototype = "prototype: binary, 1-bit cells, uniform";
    want_status("bcnn-table1", prototype, 1, -0.29, PAPER_HOLDS);
    want_status("bcnn-table1", prototype, 1, -0.31, PAPER_MISSES);
}

/* What is known not to be reproduced is as it is known: every such row of measured chips is computed. */
static void misses_are_as_known(void **state)
{
    (void)state;
    const paper p = {.id = "silicon", .expected = "papers/silicon/expected.csv", .run = silicon};
    const paper_args args = {.trials = 1};
    paper_result result = {.text = fopen("/dev/null", "w")};
    assert_non_null(result.text);
    if (paper_reproduce(&p, &args, &result))
        fail_msg("%s", mho_error_message());
    for (size_t i = 0; i < result.rows; i++) {
        paper_row row = result.row[i];
        if (row.status != PAPER_NOT_REPRODUCIBLE)
            continue;
        if (isnan(row.known) || paper_row_changed(&row))
            fail_msg("%s: %g of what is printed, known is %g", row.name, row.value / row.printed,
                     row.known);
        if (!isnan(row.tolerance) && !paper_row_outside(&row))
            fail_msg("%s: is reproduced", row.name);
        row.value *= 1.02; /* and a change is one */
        assert_true(paper_row_changed(&row));
    }
    fclose(result.text);
    free(result.row);
}

/* Which distribution judges is said of each row that draws cells. */
static void variants_are_told(void **state)
{
    (void)state;
    paper_result result = rows_of("bcnn-table1", "papers/bcnn/expected.csv", 1, 0);
    for (size_t i = 0; i < result.rows; i++) {
        const paper_row *row = &result.row[i];
        const char *want = strstr(row->name, "uniform")         ? "uniform variation"
                           : strstr(row->name, "Gaussian")      ? "Gaussian variation"
                           : strstr(row->name, "3-bit cells: ") ? "uniform variation"
                                                                : "";
        assert_string_equal(row->variant, want);
    }
    free(result.row);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_holds_at_zero), cmocka_unit_test(printed_values_do_not_miss),
        cmocka_unit_test(bounds_are_sharp),      cmocka_unit_test(factors_are_sharp),
        cmocka_unit_test(variants_are_told),     cmocka_unit_test(misses_are_as_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
