/* SPDX-License-Identifier: Apache-2.0 */
/* Non-idealities of programmed cells, each alone and together: means, deviations, rates. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/file.h"
#include "mho/device.h"
#include "own_folder.h"

enum { CELLS = 100000, FULL = 4096 };

static uint8_t level[CELLS];
static int16_t cell[CELLS], other[CELLS];

static mho_device ideal_of(size_t bits)
{
    return (mho_device){.bits = bits,
                        .g_on_S = 1e-4,
                        .g_off_S = 1e-6,
                        .resolution_bits = 12,
                        .drift_time_s = 1,
                        .drift_start_s = 1};
}

/* g_off in integer units. */
static const double off = FULL / 99.0;

static mho_write_count program(const mho_device *d, size_t k, int16_t *g)
{
    mho_write_count count = {0};
    assert_int_equal(mho_device_check(d), MHO_OK);
    memset(level, (int)k, sizeof level);
    mho_device_program(d, 11, 0, 1, 2, 0, CELLS, level, g, &count);
    assert_int_equal(count.cells, CELLS);
    return count;
}

static void moments(const int16_t *g, double *mean, double *deviation)
{
    double sum = 0, squares = 0;
    for (size_t i = 0; i < CELLS; ++i) {
        sum += g[i];
        squares += (double)g[i] * g[i];
    }
    *mean = sum / CELLS;
    *deviation = sqrt(squares / CELLS - *mean * *mean);
}

static void variation_rises_with_the_level(void **state)
{
    (void)state;
    for (int distribution = MHO_DIST_UNIFORM; distribution <= MHO_DIST_GAUSSIAN; ++distribution) {
        mho_device d = ideal_of(2);
        d.distribution = distribution;
        d.variation = 0.9;
        d.variation_rise = -0.6;
        for (size_t k = 0; k < 4; ++k) {
            double mean, deviation;
            const double unit = distribution == MHO_DIST_UNIFORM ? sqrt(1.0 / 3) : 0.98658 / 3;
            const double want = (0.9 - 0.2 * (double)k) * mho_device_delta(&d) * unit;
            program(&d, k, cell);
            moments(cell, &mean, &deviation);
            assert_true(fabs(mean - mho_device_level(&d, k)) < 4 * want / sqrt(CELLS));
            assert_true(fabs(deviation / want - 1) < 0.01);
        }
    }
    mho_device d = ideal_of(2);
    d.variation_rise = -0.1;
    assert_int_equal(mho_device_check(&d), MHO_ECONFIG);
    assert_non_null(strstr(mho_error_message(), "device.variation_rise = -0.1, want at least -0"));
}

static void write_text(const char *text)
{
    assert_int_equal(mhoi_file_write("levels.csv", text, strlen(text)), MHO_OK);
}

static mho_device table_of(size_t bits)
{
    mho_device d = ideal_of(bits);
    memcpy(d.table, "levels.csv", sizeof "levels.csv");
    return d;
}

static const char two[] =
    "# my cell\nlevel, mean_S, deviation_S\n\n1, 80e-6, 4e-6 # on\n0,3e-6,1e-6\n";

static void table_sets_mean_and_deviation(void **state)
{
    (void)state;
    write_text(two);
    for (int distribution = MHO_DIST_UNIFORM; distribution <= MHO_DIST_LOGNORMAL; ++distribution) {
        mho_device d = table_of(1);
        d.distribution = distribution;
        d.variation = 7; /* the table stands in its place */
        assert_int_equal(mho_device_read_table(&d), MHO_OK);
        const double unit_S = mho_device_unit_S(&d);
        for (size_t k = 0; k < 2; ++k) {
            double mean, deviation;
            program(&d, k, cell);
            moments(cell, &mean, &deviation);
            const double want_mean = (k ? 80e-6 : 3e-6) / unit_S - 1e-6 / unit_S;
            const double want = (k ? 4e-6 : 1e-6) / unit_S;
            assert_true(fabs(mean - want_mean) <
                        4 * want / sqrt(CELLS) + 0.52); /* 0.5: whole lowest level */
            assert_true(fabs(mean - mho_device_level(&d, k)) < 4 * want / sqrt(CELLS) + 0.02);
            if (!(fabs(deviation / want - 1) < 0.008))
                fail_msg("distribution %d, level %zu: deviation %g, want %g", distribution, k,
                         deviation, want);
        }
    }
}

static void bad_tables_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *text, *part;
        mho_status status;
    } bad[] = {
        {"0,1e-6,0\n", "levels.csv: level 1 is missing", MHO_EDOMAIN},
        {"0,1e-6,0\n1,2e-6\n", "levels.csv:2: want `level, mean, deviation`", MHO_EFORMAT},
        {"0,1e-6,0\n1,2e-6,0,0\n", "levels.csv:2: want `level, mean, deviation`", MHO_EFORMAT},
        {"0,1e-6,0\n1,2e-6,x\n", "levels.csv:2: 1, 2e-6, x: want", MHO_EFORMAT},
        {"0,1e-6,0\n1,nan,0\n", "levels.csv:2: 1, nan, 0: want", MHO_EFORMAT},
        {"0,1e-6,0\n2,2e-6,0\n", "levels.csv:2: level 2, want 0..1", MHO_EDOMAIN},
        {"0,1e-6,0\n0,2e-6,0\n", "levels.csv:2: level 0 for the second time", MHO_EDOMAIN},
        {"0,-1e-6,0\n1,2e-6,0\n", "levels.csv:1: mean -1e-06 S", MHO_EDOMAIN},
        {"0,1e-6,0\n1,1,0\n", "levels.csv:2: mean 1 S", MHO_EDOMAIN},
        {"0,1e-6,-1e-9\n", "levels.csv:1: deviation -1e-09 S", MHO_EDOMAIN},
        {"", "level 0 is missing", MHO_EDOMAIN},
        {"0,2e-6,0\n1,2e-6,0\n", "levels.csv: all levels have the mean 2e-06 S", MHO_EDOMAIN},
        {"level,mean,deviation\nlevel,mean,deviation\n", "levels.csv:2: level, mean", MHO_EFORMAT},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; ++i) {
        mho_device d = table_of(1);
        write_text(bad[i].text);
        const mho_status s = mho_device_read_table(&d);
        if (s != bad[i].status || !strstr(mho_error_message(), bad[i].part))
            fail_msg("%s: %s; want %s", mho_status_name(s), mho_error_message(), bad[i].part);
        assert_int_equal(mho_device_check(&d), MHO_ECONFIG);
    }
    mho_device d = table_of(1);
    memcpy(d.table, "none.csv", sizeof "none.csv");
    assert_int_equal(mho_device_read_table(&d), MHO_EFILE);
    d = table_of(1);
    write_text(two);
    mhoi_alloc_fail_at(1);
    assert_int_equal(mho_device_read_table(&d), MHO_ENOMEM);
    mhoi_alloc_fail_at(0);
    assert_int_equal(d.table_levels, 0);
}

/* Cut and mutated tables are read or refused, never more. */
static void damaged_tables_survive(void **state)
{
    (void)state;
    uint32_t random = 12345;
    for (size_t i = 0; i < 150; ++i) {
        char text[sizeof two];
        memcpy(text, two, sizeof two);
        random = random * 1664525u + 1013904223u;
        text[random >> 8 & 63] = (char)(random >> 24);
        const size_t n = i % 2 ? sizeof two - 1 : (random >> 4) % sizeof two;
        assert_int_equal(mhoi_file_write("levels.csv", text, n), MHO_OK);
        mho_device d = table_of(1);
        if (!mho_device_read_table(&d))
            assert_int_equal(mho_device_check(&d), MHO_OK);
    }
}

static void rewrites_have_a_limit(void **state)
{
    (void)state;
    mho_device d = ideal_of(2);
    d.verify_tolerance = 0.5;
    d.verify_rewrites = 254;
    assert_int_equal(mho_device_check(&d), MHO_OK);
    d.verify_rewrites = 255;
    assert_int_equal(mho_device_check(&d), MHO_ECONFIG);
}

static void stuck_cells_have_their_rates(void **state)
{
    (void)state;
    mho_device d = ideal_of(3);
    d.stuck_on = 0.02;
    d.stuck_off = 0.05;
    const mho_write_count count = program(&d, 4, cell);
    size_t on = 0, zero = 0;
    for (size_t i = 0; i < CELLS; ++i) {
        on += cell[i] == FULL;
        zero += cell[i] == 0;
        assert_true(cell[i] == FULL || cell[i] == 0 || cell[i] == mho_device_level(&d, 4));
    }
    assert_int_equal(count.stuck, on + zero);
    assert_true(fabs((double)on / CELLS - 0.02) < 4 * sqrt(0.02 / CELLS));
    assert_true(fabs((double)zero / CELLS - 0.05) < 4 * sqrt(0.05 / CELLS));
    /* The same cells whatever is written, and all of them at rate 1. */
    program(&d, 0, other);
    for (size_t i = 0; i < CELLS; ++i)
        assert_true((cell[i] == FULL) == (other[i] == FULL));
    d.stuck_on = 1;
    d.stuck_off = 0;
    assert_int_equal(program(&d, 0, cell).stuck, CELLS);
    d.stuck_off = 0.1;
    assert_int_equal(mho_device_check(&d), MHO_ECONFIG);
    assert_non_null(strstr(mho_error_message(), "device.stuck_off = 0.1, want 0..0"));
}

static void off_cells_leak(void **state)
{
    (void)state;
    mho_device d = ideal_of(3), leak = d;
    leak.off_leak = true;
    for (size_t k = 0; k < 8; ++k)
        assert_int_equal(mho_device_level(&leak, k) - mho_device_level(&d, k), 41);
    leak.stuck_off = 1;
    program(&leak, 3, cell);
    for (size_t i = 0; i < CELLS; ++i)
        assert_int_equal(cell[i], 41);
    leak.stuck_off = 0;
    leak.variation = 64; /* no sum falls below 0 S */
    assert_true(program(&leak, 3, cell).held > 0);
    for (size_t i = 0; i < CELLS; ++i)
        assert_in_range(cell[i], 0, 41 + (int)(MHO_CONDUCTANCE_RATIO * FULL));
    leak.g_off_S = 9.9e-5;
    leak.resolution_bits = 10;
    assert_int_equal(mho_device_check(&leak), MHO_ECONFIG);
    assert_non_null(strstr(mho_error_message(), "pass 16 bits"));
}

static void conductance_drifts(void **state)
{
    (void)state;
    mho_device d = ideal_of(1);
    const double g = mho_device_level(&d, 1) + off;
    d.drift_nu = 0.05;
    d.drift_time_s = 1000;
    program(&d, 1, cell);
    const double want = g * pow(1000, -0.05) - off;
    for (size_t i = 0; i < CELLS; ++i)
        assert_true(fabs(cell[i] - want) <= 0.51);
    d.drift_nu_spread = 0.01;
    program(&d, 1, cell);
    double sum = 0, squares = 0;
    for (size_t i = 0; i < CELLS; ++i) {
        const double nu = -log((cell[i] + off) / g) / log(1000);
        sum += nu;
        squares += nu * nu;
    }
    const double mean = sum / CELLS;
    assert_true(fabs(mean - 0.05) < 4 * 0.01 / sqrt(CELLS));
    assert_true(fabs(sqrt(squares / CELLS - mean * mean) - 0.01) < 1e-4);
    d.drift_time_s = 1; /* t0: nothing has drifted */
    program(&d, 1, cell);
    for (size_t i = 0; i < CELLS; ++i)
        assert_int_equal(cell[i], mho_device_level(&d, 1));
    d.drift_time_s = 0.5;
    assert_int_equal(mho_device_check(&d), MHO_ECONFIG);
    assert_non_null(strstr(mho_error_message(), "device.drift_time = 0.5 s, want at least"));
}

/* Uniform u on (-1, 1), tolerance 0.25: a write succeeds with probability 1/4. */
static void verified_cells_are_written_again(void **state)
{
    (void)state;
    mho_device d = ideal_of(1);
    d.variation = 1;
    d.verify_tolerance = 0.25;
    d.verify_rewrites = 3;
    const double delta = mho_device_delta(&d), centre = mho_device_level(&d, 1);
    const mho_write_count few = program(&d, 1, cell);
    /* 1 + 3/4 + 9/16 + 27/64 writes; 81/256 remain */
    assert_true(fabs((double)few.writes / CELLS - 2.734375) < 0.02);
    assert_true(fabs((double)few.outside / CELLS - 81.0 / 256) < 0.01);
    d.verify_rewrites = 200;
    const mho_write_count many = program(&d, 1, cell);
    double mean, deviation;
    assert_int_equal(many.outside, 0);
    assert_true(fabs((double)many.writes / CELLS - 4) < 0.06);
    moments(cell, &mean, &deviation);
    assert_true(fabs(mean - centre) < 4 * 0.25 * delta / sqrt(3.0 * CELLS));
    assert_true(fabs(deviation - 0.25 * delta / sqrt(3)) < 0.01 * delta);
    for (size_t i = 0; i < CELLS; ++i)
        assert_true(fabs(cell[i] - centre) <= 0.25 * delta + 0.5);
    /* A stuck cell is given every write. */
    d.verify_rewrites = 9;
    d.stuck_off = 1;
    const mho_write_count dead = program(&d, 1, cell);
    assert_int_equal(dead.writes, 10 * (uint64_t)CELLS);
    assert_int_equal(dead.outside, CELLS);
}

/* All at once: the draws of one effect do not depend on the others, nor on how cells are grouped. */
static void effects_go_together(void **state)
{
    (void)state;
    mho_device d = ideal_of(3), stuck = d;
    d.distribution = MHO_DIST_GAUSSIAN;
    d.variation = 1;
    d.variation_rise = 0.5;
    d.verify_tolerance = 0.5;
    d.verify_rewrites = 4;
    d.stuck_on = stuck.stuck_on = 0.01;
    d.stuck_off = stuck.stuck_off = 0.03;
    d.drift_nu = 0.02;
    d.drift_nu_spread = 0.02;
    d.drift_time_s = 3600;
    d.off_leak = true;
    program(&stuck, 4, other);
    program(&d, 4, cell);
    size_t same = 0;
    for (size_t i = 0; i < CELLS; ++i)
        if (other[i] == FULL || other[i] == 0)
            assert_int_equal(cell[i], other[i] + 41);
        else
            same += cell[i] == mho_device_level(&d, 4);
    assert_true(same < CELLS / 10);
    for (size_t first = 0; first < CELLS; first += 777) {
        const size_t n = CELLS - first < 777 ? CELLS - first : 777;
        mho_device_program(&d, 11, 0, 1, 2, first, n, level, other + first, NULL);
    }
    assert_memory_equal(cell, other, sizeof cell);
    const mho_device ideal = mho_device_ideal(&d);
    program(&ideal, 4, cell);
    for (size_t i = 0; i < CELLS; ++i)
        assert_int_equal(cell[i], mho_device_level(&d, 4));
}

/* Shares of the cell's own conductance and of the range; both together; nothing in an ideal device. */
static void reads_are_noisy(void **state)
{
    (void)state;
    const int16_t g[] = {-30, 0, 1000, 4096};
    for (int leak = 0; leak < 2; ++leak)
        for (int kind = 0; kind < 3; ++kind) {
            mho_device d = ideal_of(3);
            d.off_leak = leak;
            d.read_noise = kind == 1 ? 0 : 0.05;
            d.read_noise_fixed = kind == 0 ? 0 : 0.02;
            assert_int_equal(mho_device_check(&d), MHO_OK);
            float v[4];
            mho_device_read_variance(&d, 4, g, v);
            for (size_t i = 0; i < 4; ++i) {
                const double own = d.read_noise * (g[i] + off - leak * round(off));
                const double fixed = d.read_noise_fixed * FULL;
                assert_true(fabs((double)v[i] - (own * own + fixed * fixed)) <=
                            1e-6 * (double)v[i]);
            }
            assert_true(mho_device_is_noisy(&d));
            d = mho_device_ideal(&d);
            assert_false(mho_device_is_noisy(&d));
            mho_device_read_variance(&d, 4, g, v);
            for (size_t i = 0; i < 4; ++i)
                assert_true(v[i] == 0);
        }
    mho_device d = ideal_of(3);
    d.read_noise = -0.1;
    assert_int_equal(mho_device_check(&d), MHO_ECONFIG);
    d.read_noise = NAN;
    assert_int_equal(mho_device_check(&d), MHO_ECONFIG);
    assert_non_null(strstr(mho_error_message(), "device.read_noise = nan"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(variation_rises_with_the_level),
        cmocka_unit_test(table_sets_mean_and_deviation),
        cmocka_unit_test(bad_tables_are_named),
        cmocka_unit_test(damaged_tables_survive),
        cmocka_unit_test(rewrites_have_a_limit),
        cmocka_unit_test(stuck_cells_have_their_rates),
        cmocka_unit_test(off_cells_leak),
        cmocka_unit_test(conductance_drifts),
        cmocka_unit_test(verified_cells_are_written_again),
        cmocka_unit_test(effects_go_together),
        cmocka_unit_test(reads_are_noisy),
    };
    return cmocka_run_group_tests(tests, enter_own_folder, leave_own_folder);
}
