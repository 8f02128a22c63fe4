/* SPDX-License-Identifier: Apache-2.0 */
/* Levels, distributions, limits and messages of the cell model. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "mho/device.h"

enum { CELLS = 100000 };

static mho_device device_of(size_t bits, int distribution)
{
    return (mho_device){.bits = bits,
                        .g_on_S = 1e-4,
                        .g_off_S = 1e-6,
                        .distribution = distribution,
                        .variation = 1,
                        .variation_sigma = 0.05,
                        .resolution_bits = 12};
}

static uint8_t level[CELLS];
static int16_t cell[CELLS], again[CELLS];

static uint64_t program(const mho_device *d, uint32_t trial, size_t k)
{
    mho_write_count count = {0};
    memset(level, (int)k, sizeof level);
    mho_device_program(d, 7, trial, 2, 3, 0, CELLS, level, cell, &count);
    return count.held;
}

static void moments(double *mean, double *deviation)
{
    double sum = 0, squares = 0;
    for (size_t i = 0; i < CELLS; ++i) {
        sum += cell[i];
        squares += (double)cell[i] * cell[i];
    }
    *mean = sum / CELLS;
    *deviation = sqrt(squares / CELLS - *mean * *mean);
}

static void levels_tile_the_range(void **state)
{
    (void)state;
    for (size_t bits = 1; bits <= 8; ++bits) {
        const mho_device d = device_of(bits, MHO_DIST_UNIFORM);
        const size_t top = ((size_t)1 << bits) - 1;
        assert_int_equal(mho_device_level(&d, 0), mho_device_delta(&d));
        assert_int_equal(mho_device_level(&d, top) + mho_device_delta(&d), 4096);
        assert_int_equal(mho_device_level(&d, 1) - mho_device_level(&d, 0),
                         2 * mho_device_delta(&d));
    }
}

static void no_variation_hits_the_centre(void **state)
{
    (void)state;
    for (int distribution = MHO_DIST_UNIFORM; distribution <= MHO_DIST_LOGNORMAL; ++distribution) {
        mho_device d = device_of(3, distribution);
        d.variation = d.variation_sigma = 0;
        assert_int_equal(program(&d, 0, 5), 0);
        for (size_t i = 0; i < CELLS; ++i)
            assert_int_equal(cell[i], mho_device_level(&d, 5));
    }
}

static void uniform_fills_the_level(void **state)
{
    (void)state;
    const mho_device d = device_of(3, MHO_DIST_UNIFORM);
    const int32_t centre = mho_device_level(&d, 5), delta = mho_device_delta(&d);
    double mean, deviation;
    assert_int_equal(program(&d, 0, 5), 0);
    moments(&mean, &deviation);
    assert_true(fabs(mean - centre) < 4 * delta / sqrt(3.0 * CELLS));
    assert_true(fabs(deviation / delta - sqrt(1.0 / 3)) < 0.005);
    for (size_t i = 0; i < CELLS; ++i)
        assert_in_range(cell[i], centre - delta, centre + delta);
}

static void gaussian_is_cut_at_three_deviations(void **state)
{
    (void)state;
    const mho_device d = device_of(1, MHO_DIST_GAUSSIAN);
    const int32_t centre = mho_device_level(&d, 1), delta = mho_device_delta(&d);
    double mean, deviation;
    size_t outside = 0;
    assert_int_equal(program(&d, 0, 1), 0);
    moments(&mean, &deviation);
    assert_true(fabs(mean - centre) < 4 * delta / 3.0 / sqrt(CELLS));
    assert_true(fabs(deviation * 3 / delta - 0.9866) < 0.01); /* of a normal cut at 3 */
    for (size_t i = 0; i < CELLS; ++i) {
        assert_in_range(cell[i], centre - delta, centre + delta);
        outside += abs(cell[i] - centre) > 2 * delta / 3;
    }
    assert_true(fabs((double)outside / CELLS - 0.0429) < 0.003);
}

static void lognormal_scales_the_conductance(void **state)
{
    (void)state;
    mho_device d = device_of(2, MHO_DIST_LOGNORMAL);
    const double off = d.g_off_S / (d.g_on_S - d.g_off_S) * 4096;
    const double centre = mho_device_level(&d, 2);
    assert_int_equal(program(&d, 0, 2), 0);
    double sum = 0, squares = 0;
    for (size_t i = 0; i < CELLS; ++i) {
        const double x = log((cell[i] + off) / (centre + off));
        sum += x;
        squares += x * x;
    }
    assert_true(fabs(sum / CELLS) < 4 * 0.05 / sqrt(CELLS));
    assert_true(fabs(sqrt(squares / CELLS) - 0.05) < 0.001);
    d.variation_sigma = 2;
    assert_true(program(&d, 0, 2) > 0);
    for (size_t i = 0; i < CELLS; ++i)
        assert_in_range(cell[i] + 64, 0, 64 + (int)(MHO_CONDUCTANCE_RATIO * 4096));
}

static void wide_variation_is_held_and_counted(void **state)
{
    (void)state;
    mho_device d = device_of(1, MHO_DIST_UNIFORM);
    d.g_off_S = 0;
    d.variation = 2; /* u < -1, a quarter of the draws, would be below 0 S */
    const double held = (double)program(&d, 0, 0);
    assert_true(fabs(held / CELLS - 0.25) < 0.01);
    for (size_t i = 0; i < CELLS; ++i)
        assert_true(cell[i] >= 0);
}

static void draws_depend_on_the_key_alone(void **state)
{
    (void)state;
    for (int distribution = MHO_DIST_UNIFORM; distribution <= MHO_DIST_LOGNORMAL; ++distribution) {
        const mho_device d = device_of(3, distribution);
        program(&d, 0, 4);
        for (size_t first = 0; first < CELLS; first += 777) {
            const size_t n = CELLS - first < 777 ? CELLS - first : 777;
            mho_device_program(&d, 7, 0, 2, 3, first, n, level, again + first, NULL);
        }
        assert_memory_equal(cell, again, sizeof cell);
        size_t same = 0;
        mho_device_program(&d, 7, 1, 2, 3, 0, CELLS, level, again, NULL);
        for (size_t i = 0; i < CELLS; ++i)
            same += cell[i] == again[i];
        assert_true(same < CELLS / 50);
    }
}

static void expect_message(const mho_device *d, const char *message)
{
    assert_int_equal(mho_device_check(d), MHO_ECONFIG);
    assert_string_equal(mho_error_message(), message);
}

static void bad_fields_are_named(void **state)
{
    (void)state;
    mho_device d = device_of(3, MHO_DIST_UNIFORM);
    assert_int_equal(mho_device_check(&d), MHO_OK);
    d.g_on_S = 1e-6;
    d.g_off_S = 2e-6;
    expect_message(&d, "device.g_off = 2 uS, want below device.g_on = 1 uS");
    d.g_off_S = -1;
    expect_message(&d, "device.g_off = -1 S, want 0 or more");
    d = device_of(9, MHO_DIST_UNIFORM);
    expect_message(&d, "device.bits = 9, want 1..8");
    d = device_of(3, 3);
    expect_message(&d, "device.distribution = 3, want 0..2");
    d = device_of(3, MHO_DIST_UNIFORM);
    d.variation = -1;
    expect_message(&d, "device.variation = -1, want 0 or more");
    d.variation = 1;
    d.variation_sigma = (double)INFINITY;
    expect_message(&d, "device.variation_sigma = inf, want 0 or more");
    d.variation_sigma = 0;
    d.resolution_bits = 15;
    expect_message(&d, "device.resolution_bits = 15, want 8..14");
    d.resolution_bits = 7;
    expect_message(&d, "device.resolution_bits = 7, want 8..14");
    d.bits = d.resolution_bits = 8;
    expect_message(&d, "device.resolution_bits = 8 of cells of device.bits = 8, want more");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(levels_tile_the_range),
        cmocka_unit_test(no_variation_hits_the_centre),
        cmocka_unit_test(uniform_fills_the_level),
        cmocka_unit_test(gaussian_is_cut_at_three_deviations),
        cmocka_unit_test(lognormal_scales_the_conductance),
        cmocka_unit_test(wide_variation_is_held_and_counted),
        cmocka_unit_test(draws_depend_on_the_key_alone),
        cmocka_unit_test(bad_fields_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
