/* SPDX-License-Identifier: Apache-2.0 */
/* Columns so long that their sums pass 32 bits: how many row groups fit is told, and parts of them add up to the sum. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "crossbar/crossbar_impl.h"
#include "flat_shape.h"

enum { ROWS = 6300, COLUMNS = 3, IMAGES = 5, TOP = 4095 };

typedef struct problem {
    int16_t g[2][COLUMNS * ROWS];
    uint8_t map[IMAGES * ROWS];
    int32_t part[IMAGES * COLUMNS];
    int64_t sum[IMAGES * COLUMNS], want[IMAGES * COLUMNS];
} problem;

static problem p;
static const mho_converter none = {.codes = 0, .step = 1};

/* Up, down, and up to the middle before it goes down. */
static void fill(void)
{
    for (size_t c = 0; c < COLUMNS; c++)
        for (size_t r = 0; r < ROWS; r++) {
            const size_t down = c == 1 || (c == 2 && r > ROWS / 2);
            p.g[down][c * ROWS + r] = (int16_t)(TOP - rand() % 8);
            p.g[!down][c * ROWS + r] = (int16_t)(rand() % 4);
        }
    for (size_t i = 0; i < IMAGES * ROWS; i++)
        p.map[i] = (uint8_t)(255 - rand() % 3);
    memset(p.want, 0, sizeof p.want);
    for (size_t i = 0; i < IMAGES; i++)
        for (size_t c = 0; c < COLUMNS; c++)
            for (size_t r = 0; r < ROWS; r++)
                p.want[i * COLUMNS + c] +=
                    (int64_t)p.map[i * ROWS + r] * (p.g[0][c * ROWS + r] - p.g[1][c * ROWS + r]);
}

static void add_parts(const mho_crossbar *xb, size_t fit, bool per_pair, const mho_reading *reading,
                      uint64_t *additions)
{
    mho_crossbar_work *work;
    assert_int_equal(mho_crossbar_work_create(xb, &work), MHO_OK);
    memset(p.sum, 0, sizeof p.sum);
    for (size_t k = 0; k < xb->groups; k += fit) {
        const size_t n = fit < xb->groups - k ? fit : xb->groups - k;
        mho_crossbar_work_groups(xb, work, k, n);
        mho_crossbar_run(xb, work, &none, per_pair, IMAGES, p.map, p.part, reading);
        for (size_t i = 0; i < IMAGES * COLUMNS; i++)
            p.sum[i] += p.part[i];
    }
    const mho_crossbar_counts counts = mho_crossbar_work_counts(work);
    assert_int_equal(counts.row_drives, IMAGES * ROWS);
    *additions = counts.additions;
    mho_crossbar_work_destroy(work);
}

static void test_parts(void **state)
{
    const mho_cpu levels[] = {MHO_CPU_REF, mho_cpu_level()};
    (void)state;
    srand(1);
    fill();
    assert_true(p.want[0] > INT32_MAX && p.want[1] < INT32_MIN && p.want[2] < INT32_MAX);
    for (size_t k = 0; k < 8; k++) {
        const bool per_pair = k % 2;
        const size_t rows = k / 2 % 2 ? 128 : 511, groups = (ROWS + rows - 1) / rows;
        const mho_crossbar_shape shape = flat_shape(ROWS, COLUMNS, rows, 8);
        mho_crossbar *xb;
        uint64_t additions;
        assert_int_equal(mhoi_crossbar_create_level(&shape, levels[k / 4], &xb), MHO_OK);
        assert_int_equal(mho_crossbar_program(xb, p.g[0], p.g[1]), MHO_OK);
        const size_t fit = mho_crossbar_fitting_groups(xb, &none, per_pair);
        assert_in_range(fit, 1, groups - 1);
        assert_in_range((int64_t)fit * (int64_t)rows * TOP * 255, INT32_MAX / 2, INT32_MAX);
        add_parts(xb, fit, per_pair, NULL, &additions);
        for (size_t i = 0; i < IMAGES * COLUMNS; i++)
            if (p.sum[i] != p.want[i])
                fail_msg("way %zu, sum %zu: %lld, want %lld", k, i, (long long)p.sum[i],
                         (long long)p.want[i]);
        assert_int_equal(additions, IMAGES * COLUMNS * (groups - 1));
        mho_crossbar_destroy(xb);
    }
}

/* 2^31 - 1 fits, and one more does not; nor with an offset, or noise, of one unit. */
static void test_boundary(void **state)
{
    enum { LONG = 65539 };
    const mho_crossbar_shape shape = flat_shape(LONG, 1, 4096, 1);
    int16_t *g = calloc(2 * LONG, sizeof *g);
    float *variance = calloc(LONG, sizeof *variance);
    mho_crossbar *xb;
    (void)state;
    assert_true(g && variance);
    for (size_t r = 0; r < LONG - 1; r++)
        g[LONG + r] = INT16_MAX;
    g[LONG - 1] = 1; /* 65538 x 32767 + 1 = 2^31 - 1 */
    assert_int_equal(mho_crossbar_create(&shape, &xb), MHO_OK);
    assert_int_equal(mho_crossbar_program(xb, g, g + LONG), MHO_OK);
    const size_t groups = xb->groups;
    mho_converter_error *error = calloc(2 * groups, sizeof *error);
    assert_non_null(error);
    assert_int_equal(mho_crossbar_fitting_groups(xb, &none, true), groups);
    assert_int_equal(mho_crossbar_set_errors(xb, error), MHO_OK);
    assert_int_equal(mho_crossbar_fitting_groups(xb, &none, true), groups);
    error[0].offset = -1;
    assert_int_equal(mho_crossbar_set_errors(xb, error), MHO_OK);
    assert_int_equal(mho_crossbar_fitting_groups(xb, &none, true), groups - 1);
    assert_int_equal(mho_crossbar_set_errors(xb, NULL), MHO_OK);
    variance[7] = 1;
    assert_int_equal(mho_crossbar_set_noise(xb, variance, NULL), MHO_OK);
    assert_int_equal(mho_crossbar_fitting_groups(xb, &none, true), groups - 1);
    g[LONG - 1] = 2;
    assert_int_equal(mho_crossbar_program(xb, g, g + LONG), MHO_OK);
    assert_int_equal(mho_crossbar_fitting_groups(xb, &none, true), groups - 1);
    mho_crossbar_destroy(xb);
    free(error);
    free(variance);
    free(g);
}

/* Codes and values of a codebook are no sums of conductances. */
static void test_codes(void **state)
{
    const int32_t edge = 5, value[] = {-3, 1 << 29};
    const mho_converter two = {.codes = 2, .edge = 5, .step = 9};
    const mho_codebook book = {.codes = 2, .edge = &edge, .value = value};
    const mho_crossbar_shape shape = flat_shape(ROWS, COLUMNS, 128, 8);
    mho_crossbar *xb;
    (void)state;
    assert_int_equal(mho_crossbar_create(&shape, &xb), MHO_OK);
    assert_int_equal(mho_crossbar_program(xb, p.g[0], p.g[1]), MHO_OK);
    assert_int_equal(mho_crossbar_fitting_groups(xb, &two, false), 50);
    assert_int_equal(mho_crossbar_set_codes(xb, &book), MHO_OK);
    assert_int_equal(mho_crossbar_fitting_groups(xb, &two, false), 3);
    assert_int_equal(mho_crossbar_fitting_groups(xb, &two, true), 3);
    mho_crossbar_destroy(xb);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_boundary),
        cmocka_unit_test(test_codes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
