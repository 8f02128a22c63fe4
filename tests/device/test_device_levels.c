/* SPDX-License-Identifier: Apache-2.0 */
/* Where levels lie: at the ends of the range, and as a table measured them; in siemens, by the plain formula. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "mho/device.h"
#include "own_folder.h"

static mho_device ideal_of(size_t bits, size_t resolution)
{
    return (mho_device){.bits = bits,
                        .g_on_S = 80e-6,
                        .g_off_S = 5e-6,
                        .resolution_bits = resolution,
                        .verify_tolerance = 0.5,
                        .drift_time_s = 1,
                        .drift_start_s = 1};
}

static double siemens(const mho_device *d, int32_t g)
{
    return (d->off_leak ? 0 : d->g_off_S) + g * mho_device_unit_S(d);
}

/* One cell of every level. */
static void program(const mho_device *d, int16_t *g)
{
    uint8_t level[256];
    for (size_t k = 0; k < 256; ++k)
        level[k] = (uint8_t)(k % ((size_t)1 << d->bits));
    assert_int_equal(mho_device_check(d), MHO_OK);
    mho_device_program(d, 1, 0, 0, 0, 0, 256, level, g, NULL);
}

static void levels_lie_at_the_ends(void **state)
{
    (void)state;
    for (size_t bits = 1; bits <= 8; ++bits)
        for (size_t resolution = 10; resolution <= 14; ++resolution)
            for (int leak = 0; leak < 2; ++leak) {
                mho_device d = ideal_of(bits, resolution);
                int16_t cell[256];
                d.levels = MHO_LEVELS_ENDS;
                d.off_leak = leak;
                program(&d, cell);
                const size_t top = ((size_t)1 << bits) - 1;
                const double unit = mho_device_unit_S(&d);
                assert_true(75e-6 / unit <= ldexp(1, (int)resolution) + 1e-6);
                for (size_t k = 0; k <= top; ++k) {
                    const double want = 5e-6 + 75e-6 * (double)k / (double)top;
                    const double near =
                        leak ? 0.5 * unit + 1e-12 : 1e-12; /* g_off is rounded then */
                    if (fabs(siemens(&d, cell[k]) - want) > near)
                        fail_msg("%zu bits, level %zu: %.9g S, want %.9g S", bits, k,
                                 siemens(&d, cell[k]), want);
                    assert_int_equal(cell[k], mho_device_level(&d, k));
                }
                assert_int_equal(cell[1] - cell[0], 2 * mho_device_delta(&d));
            }
}

/* The range of the paper's intervals is untouched. */
static void intervals_have_their_middles(void **state)
{
    (void)state;
    mho_device d = ideal_of(3, 12);
    int16_t cell[256];
    program(&d, cell);
    for (int k = 0; k < 8; ++k)
        assert_int_equal(cell[k], (2 * k + 1) * 256);
    assert_true(fabs(siemens(&d, 4096) - 80e-6) < 1e-15);
}

static void write_table(const double *mean_uS, size_t levels)
{
    char text[512] = "";
    size_t n = 0;
    for (size_t k = 0; k < levels; ++k)
        n += (size_t)snprintf(text + n, sizeof text - n, "%zu, %.9g, 0\n", k, mean_uS[k] * 1e-6);
    assert_int_equal(mhoi_file_write("measured.csv", text, n), MHO_OK);
}

static mho_device table_of(size_t bits, const double *mean_uS)
{
    mho_device d = ideal_of(bits, 12);
    write_table(mean_uS, (size_t)1 << bits);
    memcpy(d.table, "measured.csv", sizeof "measured.csv");
    assert_int_equal(mho_device_read_table(&d), MHO_OK);
    return d;
}

/* Means of any order: each of the equally spaced levels gets the nearest mean. */
static void tables_tell_the_levels(void **state)
{
    (void)state;
    static const double tables[][8] = {
        {5, 80},         {1, 100},        {30, 41},        {70, 6},
        {5, 30, 55, 80}, {4, 11, 20, 90}, {80, 61, 22, 9}, {3, 9, 14, 22, 36, 37, 60, 77}};
    static const size_t bits[] = {1, 1, 1, 1, 2, 2, 2, 3};
    for (size_t t = 0; t < sizeof bits / sizeof *bits; ++t) {
        const double *mean = tables[t];
        const size_t levels = (size_t)1 << bits[t];
        const mho_device d = table_of(bits[t], mean);
        double low = mean[0], high = mean[0];
        for (size_t k = 1; k < levels; ++k) {
            low = fmin(low, mean[k]);
            high = fmax(high, mean[k]);
        }
        int16_t cell[256];
        program(&d, cell);
        for (size_t k = 0; k < levels; ++k) {
            const double want = low + (high - low) * (double)k / (double)(levels - 1);
            double best = mean[0];
            for (size_t i = 1; i < levels; ++i)
                if (fabs(mean[i] - want) < fabs(best - want))
                    best = mean[i];
            const double near = 1.01e6 * mho_device_unit_S(&d); /* two roundings */
            if (fabs(siemens(&d, cell[k]) * 1e6 - best) > near ||
                fabs(siemens(&d, mho_device_level(&d, k)) * 1e6 - want) > near)
                fail_msg("table %zu, level %zu: cell of %g uS, want %g; level at %g uS, want %g", t,
                         k, siemens(&d, cell[k]) * 1e6, best,
                         siemens(&d, mho_device_level(&d, k)) * 1e6, want);
        }
        assert_int_equal(cell[0], mho_device_level(&d, 0));
        assert_int_equal(cell[levels - 1], mho_device_level(&d, levels - 1));
    }
}

/* What a table tells of deviations, an ideal device has not; what it tells of means it has. */
static void ideal_devices_keep_the_means(void **state)
{
    (void)state;
    static const char text[] = "0,9e-6,1e-6\n1,20e-6,2e-6\n2,61e-6,3e-6\n3,77e-6,1e-6\n";
    mho_device d = ideal_of(2, 12);
    assert_int_equal(mhoi_file_write("measured.csv", text, strlen(text)), MHO_OK);
    memcpy(d.table, "measured.csv", sizeof "measured.csv");
    assert_int_equal(mho_device_read_table(&d), MHO_OK);
    d.stuck_on = 0.1;
    const mho_device ideal = mho_device_ideal(&d);
    static const double mean[] = {9, 20, 61, 77};
    int16_t cell[256];
    program(&ideal, cell);
    for (size_t i = 0; i < 256; ++i)
        assert_true(fabs(siemens(&ideal, cell[i]) * 1e6 - mean[i % 4]) <
                    1.01e6 * mho_device_unit_S(&d));
    program(&d, cell);
    size_t off = 0;
    for (size_t i = 0; i < 256; ++i)
        off += fabs(siemens(&d, cell[i]) * 1e6 - mean[i % 4]) > 0.2;
    assert_true(off > 128);
}

/* Levels so close that the range around them has no 16 bits. */
static void narrow_tables_are_refused(void **state)
{
    (void)state;
    static const double close[] = {20, 20.001};
    mho_device d = table_of(1, close);
    assert_int_equal(mho_device_check(&d), MHO_ECONFIG);
    assert_non_null(strstr(mho_error_message(), "want a narrower range"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(levels_lie_at_the_ends),    cmocka_unit_test(intervals_have_their_middles),
        cmocka_unit_test(tables_tell_the_levels),    cmocka_unit_test(ideal_devices_keep_the_means),
        cmocka_unit_test(narrow_tables_are_refused),
    };
    return cmocka_run_group_tests(tests, enter_own_folder, leave_own_folder);
}
