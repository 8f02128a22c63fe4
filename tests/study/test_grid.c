/* SPDX-License-Identifier: Apache-2.0 */
/* Axes and points of a sweep, what is refused, memory; Student's quantiles. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "mho/study.h"

static mho_hw *open_bcnn(void)
{
    mho_hw *hw;
    assert_int_equal(mho_hw_open("bcnn", NULL, &hw), MHO_OK);
    return hw;
}

static void points_are_the_product(void **state)
{
    mho_hw *base = open_bcnn();
    (void)state;
    const char *axes[] = {"device.bits=1,3,5", "device.variation=0:1:0.25",
                          "output.per=pair,crossbar", NULL};
    mho_grid *sweep;
    assert_int_equal(mho_grid_create(base, axes, &sweep), MHO_OK);
    assert_int_equal(mho_grid_axes(sweep), 3);
    assert_int_equal(mho_grid_points(sweep), 30);
    assert_string_equal(mho_grid_key(sweep, 1), "device.variation");
    assert_string_equal(mho_grid_value(sweep, 0, 2), "pair");
    assert_string_equal(mho_grid_value(sweep, 1, 2), "crossbar");
    assert_string_equal(mho_grid_value(sweep, 3, 1), "0.25");
    assert_string_equal(mho_grid_value(sweep, 29, 0), "5");
    assert_string_equal(mho_grid_value(sweep, 29, 1), "1");
    assert_int_equal(mho_grid_apply(sweep, 14, base), MHO_OK);
    assert_int_equal((int)mho_hw_number(base, "device.bits"), 3);
    assert_true(mho_hw_number(base, "device.variation") == 0.5);
    assert_true(mho_hw_is(base, "output.per", "pair"));
    mho_grid_destroy(sweep);
    mho_hw_destroy(base);
}

/* Ranges reach TO although 0.1 is no binary number, go down, and hold one point. */
static void ranges_end_where_told(void **state)
{
    mho_hw *base = open_bcnn();
    (void)state;
    static const struct {
        const char *axis;
        size_t points;
        const char *last;
    } good[] = {{"device.variation=0:0.3:0.1", 4, "0.3"},
                {"device.variation=0.3:0:-0.1", 4, "0"},
                {"device.bits=1:8:2", 4, "7"},
                {"device.bits=5:5:1", 1, "5"},
                {"device.g_on=1e2:3e2:1e2", 3, "300"},
                {"device.bits=4", 1, "4"}};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        const char *axes[] = {good[i].axis, NULL};
        mho_grid *sweep;
        assert_int_equal(mho_grid_create(base, axes, &sweep), MHO_OK);
        assert_int_equal(mho_grid_points(sweep), good[i].points);
        assert_string_equal(mho_grid_value(sweep, good[i].points - 1, 0), good[i].last);
        mho_grid_destroy(sweep);
    }
    mho_hw_destroy(base);
}

static void bad_axes_are_named(void **state)
{
    mho_hw *base = open_bcnn();
    (void)state;
    static const struct {
        const char *axis, *part;
    } bad[] = {{"device.bit=1,2", "did you mean device.bits?"},
               {"device.bits", "want KEY=VALUE"},
               {"device.bits=", "want KEY=VALUE"},
               {"device.bits=1,,2", "value 2 has 0 bytes"},
               {"device.bits=1,2,1", "1 is given twice"},
               {"device.variation=0.5,5e-1", "0.5 is given twice"},
               {"device.bits=1,9", "device.bits = 9, want 1..8"},
               {"device.bits=1:9:1", "device.bits = 9, want 1..8"},
               {"device.bits=1:8:0.5", "device.bits = 1.5"},
               {"device.variation=nan", "device.variation = nan"},
               {"device.variation=0:nan:1", "three finite numbers"},
               {"device.variation=0:1", "three finite numbers"},
               {"device.variation=0:1:1:1", "three finite numbers"},
               {"device.variation=0:inf:1", "three finite numbers"},
               {"device.variation=0:1:0", "step 0"},
               {"device.variation=0:1:-0.1", "leads from 0 away from 1"},
               {"device.variation=0:1:1e-9", "more than 100000 values"},
               {"device.variation=0:1:1e-300", "more than 100000 values"},
               {"network=a,b,a", "a is given twice"},
               {"network=", "want KEY=VALUE"},
               {"networks=a", "unknown key networks"},
               {"output.per=crossbar,par", "did you mean pair?"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const char *axes[] = {bad[i].axis, NULL};
        mho_grid *sweep;
        assert_int_equal(mho_grid_create(base, axes, &sweep), MHO_ECONFIG);
        assert_null(sweep);
        if (!strstr(mho_error_message(), bad[i].part))
            fail_msg("%s: %s; want '%s'", bad[i].axis, mho_error_message(), bad[i].part);
    }
    const char *twice[] = {"device.bits=1", "device.bits=2", NULL}, *none[] = {NULL};
    const char *many[] = {"device.variation=0:1:0.001", "device.g_on=2:1000:1",
                          "device.verify_tolerance=0:10:0.01", "device.bits=1,2", NULL};
    mho_grid *sweep;
    assert_int_equal(mho_grid_create(base, twice, &sweep), MHO_ECONFIG);
    assert_non_null(strstr(mho_error_message(), "device.bits is swept twice"));
    assert_int_equal(mho_grid_create(base, none, &sweep), MHO_ECONFIG);
    assert_int_equal(mho_grid_create(base, many, &sweep), MHO_ECONFIG);
    assert_non_null(strstr(mho_error_message(), "more than 1000000000 points"));
    mho_hw_destroy(base);
}

/* Networks and data are axes whose values are names; fields of a description stay as they are. */
static void names_are_axes(void **state)
{
    mho_hw *base = open_bcnn();
    (void)state;
    const char *axes[] = {"data=b:c,d", "device.bits=1,2", "network=x", NULL};
    mho_grid *sweep;
    assert_int_equal(mho_grid_create(base, axes, &sweep), MHO_OK);
    assert_int_equal(mho_grid_points(sweep), 4);
    assert_int_equal(mho_grid_values(sweep, 0), 2);
    assert_string_equal(mho_grid_key(sweep, 2), "network");
    assert_string_equal(mho_grid_value(sweep, 1, 0), "b:c"); /* no range */
    assert_string_equal(mho_grid_value(sweep, 3, 0), "d");
    assert_string_equal(mho_grid_value(sweep, 3, 2), "x");
    assert_int_equal(mho_grid_apply(sweep, 3, base), MHO_OK);
    assert_true(mho_hw_is(base, "device.bits", "2"));
    mho_grid_destroy(sweep);
    mho_hw_destroy(base);
}

static void excluded_fields_name_the_point(void **state)
{
    mho_hw *base = open_bcnn();
    (void)state;
    const char *axes[] = {"device.bits=2", "input.bits=1,2", NULL};
    mho_grid *sweep;
    assert_int_equal(mho_grid_create(base, axes, &sweep), MHO_OK);
    assert_int_equal(mho_grid_apply(sweep, 0, base), MHO_OK);
    assert_int_equal(mho_grid_apply(sweep, 1, base), MHO_ECONFIG);
    assert_non_null(strstr(mho_error_message(), "device.bits=2, input.bits=2"));
    char text[32];
    for (size_t i = 0; i < mho_hw_field_count(base); i++)
        if (!strcmp(mho_hw_field(base, i)->key, "input.bits")) {
            mho_hw_print(base, i, text, sizeof text);
            assert_string_equal(text, "1");
        }
    mho_grid_destroy(sweep);
    mho_hw_destroy(base);
}

static void out_of_memory(void **state)
{
    mho_hw *base = open_bcnn();
    (void)state;
    const char *axes[] = {"device.bits=1,3", "device.variation=0:1:0.5", NULL};
    const uint64_t live = mhoi_alloc_live();
    mho_status s = MHO_ENOMEM;
    for (uint64_t k = 1; s; k++) {
        mho_grid *sweep;
        assert_true(k < 20);
        mhoi_alloc_fail_at(k);
        s = mho_grid_create(base, axes, &sweep);
        mhoi_alloc_fail_at(0);
        assert_true(s == MHO_OK || (s == MHO_ENOMEM && !sweep));
        mho_grid_destroy(sweep);
        assert_int_equal(mhoi_alloc_live(), live);
    }
    mho_hw_destroy(base);
}

/* Against a printed table of the distribution. */
static void student_quantiles(void **state)
{
    (void)state;
    static const struct {
        size_t f;
        double t;
    } table[] = {{1, 12.7062}, {4, 2.7764},  {10, 2.2281},  {11, 2.2010},   {15, 2.1314},
                 {30, 2.0423}, {60, 2.0003}, {120, 1.9799}, {10000, 1.9602}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        assert_true(fabs(mho_student_95(table[i].f) - table[i].t) < 2e-4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(points_are_the_product), cmocka_unit_test(ranges_end_where_told),
        cmocka_unit_test(bad_axes_are_named),     cmocka_unit_test(excluded_fields_name_the_point),
        cmocka_unit_test(out_of_memory),          cmocka_unit_test(names_are_axes),
        cmocka_unit_test(student_quantiles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
