/* SPDX-License-Identifier: Apache-2.0 */
/* Converters with edges of their own: every kernel against a search edge by edge, with errors and without. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "crossbar/crossbar_impl.h"
#include "flat_shape.h"

enum {
    ROWS = 50,
    GROUP = 20,
    GROUPS = 3,
    COLUMNS = 7,
    IMAGES = 40,
    CELLS = ROWS * COLUMNS,
    CODES = 9
};

static int16_t g_plus[CELLS], g_minus[CELLS];
static uint8_t map[IMAGES * ROWS];
static mho_converter_error error[2 * GROUPS * COLUMNS];
static int32_t edge[CODES - 1], value[CODES];
static uint32_t state_of_random = 11;

static uint32_t draw(uint32_t below)
{
    state_of_random = state_of_random * 1664525u + 1013904223u;
    return (uint32_t)(((uint64_t)state_of_random * below) >> 32);
}

static void fill(uint32_t top)
{
    for (size_t i = 0; i < CELLS; ++i) {
        g_plus[i] = (int16_t)draw(4096);
        g_minus[i] = (int16_t)draw(4096);
    }
    for (size_t i = 0; i < sizeof map; ++i)
        map[i] = (uint8_t)draw(top + 1);
    for (size_t i = 0; i < sizeof error / sizeof *error; ++i)
        error[i] =
            (mho_converter_error){(float)draw(3000) - 1500.5F, (float)draw(100) * 0.001F - 0.05F,
                                  (float)draw(2000) - 1000};
    for (size_t k = 0; k + 1 < CODES; ++k)
        edge[k] = (k ? edge[k - 1] : 3000) + (int32_t)(draw(4) * draw(3000) * top);
    for (size_t k = 0; k < CODES; ++k)
        value[k] = (int32_t)draw(60000) - 20000;
}

/* Edge by edge. */
static int64_t value_of(const mho_converter_error *e, int64_t s)
{
    const double first = edge[0], last = edge[CODES - 2], step = (last - first) / (CODES - 2);
    size_t code = 0;
    if (e) {
        const double x = (double)s - (first + last) / 2, half = (last - first) / 2 + step;
        const double bow = fabs(x) < half ? 1 - x / half * (x / half) : 0;
        s += llrint((double)e->offset + (double)e->gain * x + (double)e->bow * bow);
    }
    for (size_t k = 0; k + 1 < CODES; ++k)
        code += s >= edge[k];
    return value[code];
}

static int64_t want(bool per_pair, bool wrong, size_t image, size_t c)
{
    int64_t sum = 0;
    for (size_t k = 0; k < GROUPS; ++k) {
        int64_t plus = 0, minus = 0;
        const mho_converter_error *e = wrong ? &error[k * COLUMNS + c] : NULL;
        for (size_t r = k * GROUP; r < (k + 1) * GROUP && r < ROWS; ++r) {
            plus += map[image * ROWS + r] * g_plus[c * ROWS + r];
            minus += map[image * ROWS + r] * g_minus[c * ROWS + r];
        }
        sum += per_pair ? value_of(e, plus - minus)
                        : value_of(e, plus) - value_of(e ? e + GROUPS * COLUMNS : NULL, minus);
    }
    return sum;
}

static void check(mho_cpu level, size_t bits, bool per_pair, bool wrong)
{
    static int32_t sum[IMAGES * COLUMNS];
    const mho_crossbar_shape shape = flat_shape(ROWS, COLUMNS, GROUP, bits);
    const mho_codebook book = {CODES, edge, value};
    const mho_converter converter = {CODES, 1, 1};
    mho_crossbar *xb;
    mho_crossbar_work *work;
    assert_int_equal(mhoi_crossbar_create_level(&shape, level, &xb), MHO_OK);
    assert_int_equal(mho_crossbar_program(xb, g_plus, g_minus), MHO_OK);
    assert_int_equal(mho_crossbar_set_errors(xb, wrong ? error : NULL), MHO_OK);
    assert_int_equal(mho_crossbar_set_codes(xb, &book), MHO_OK);
    assert_int_equal(mho_crossbar_work_create(xb, &work), MHO_OK);
    mho_crossbar_run(xb, work, &converter, per_pair, IMAGES, map, sum, NULL);
    for (size_t i = 0; i < IMAGES; ++i)
        for (size_t c = 0; c < COLUMNS; ++c)
            if (sum[i * COLUMNS + c] != want(per_pair, wrong, i, c))
                fail_msg(
                    "level %d, %zu bits, pair %d, errors %d: image %zu, column %zu: %d, want %lld",
                    level, bits, per_pair, wrong, i, c, sum[i * COLUMNS + c],
                    (long long)want(per_pair, wrong, i, c));
    /* An ideal converter has no codes; without a book the steps are equal again. */
    mho_crossbar_run(xb, work, &(mho_converter){0}, true, 1, map, sum, NULL);
    const int32_t ideal = sum[0];
    assert_int_equal(mho_crossbar_set_codes(xb, NULL), MHO_OK);
    mho_crossbar_run(xb, work, &(mho_converter){0}, true, 1, map, sum, NULL);
    assert_int_equal(sum[0], ideal);
    mho_crossbar_work_destroy(work);
    mho_crossbar_destroy(xb);
}

static void kernels_agree(void **state)
{
    (void)state;
    for (int round = 0; round < 3; ++round)
        for (int level = MHO_CPU_REF; level <= (int)mho_cpu_level(); ++level)
            for (size_t bits = 1; bits <= 8; bits += 7)
                for (int per_pair = 0; per_pair < 2; ++per_pair)
                    for (int wrong = 0; wrong < 2; ++wrong) {
                        fill(bits == 1 ? 1 : 255);
                        check((mho_cpu)level, bits, per_pair, wrong);
                    }
}

static void bad_books_are_refused(void **state)
{
    (void)state;
    static const int32_t falling[] = {5, 4}, values[] = {1, 2, 3};
    const mho_crossbar_shape shape = {.window = {1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0},
                                      .columns = 1,
                                      .crossbar_rows = 1,
                                      .input_bits = 1};
    mho_crossbar *xb;
    assert_int_equal(mho_crossbar_create(&shape, &xb), MHO_OK);
    assert_int_equal(mho_crossbar_set_codes(xb, &(mho_codebook){3, falling, values}), MHO_EDOMAIN);
    assert_non_null(strstr(mho_error_message(), "edge 1 = 4, want 5 or more"));
    assert_int_equal(mho_crossbar_set_codes(xb, &(mho_codebook){1, falling, values}), MHO_EDOMAIN);
    mho_crossbar_destroy(xb);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kernels_agree),
        cmocka_unit_test(bad_books_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
