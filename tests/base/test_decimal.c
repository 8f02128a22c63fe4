/* SPDX-License-Identifier: Apache-2.0 */
/* A host program whose locale writes 0,5: numbers of the library keep their point, and the locale stays as it is.  Where
 * the system has no such locale, one is made. */
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/decimal.h"
#include "base/yaml.h"
#include "mho/cost.h"
#include "mho/hw.h"
#include "mho/json.h"

static char folder[] = "/tmp/mho-locale-XXXXXX";

static bool writes_commas(void)
{
    return setlocale(LC_ALL, "de_DE.UTF-8") && !strcmp(localeconv()->decimal_point, ",");
}

static bool make_locale(void)
{
    char command[256];
    if (!mkdtemp(folder))
        return false;
    snprintf(command, sizeof command, "localedef -i de_DE -f UTF-8 %s/de_DE.UTF-8 >/dev/null 2>&1",
             folder);
    if (system(command))
        return false;
    setenv("LOCPATH", folder, 1);
    return writes_commas();
}

static void want_commas(void)
{
    char text[32];
    snprintf(text, sizeof text, "%g", 0.5);
    assert_string_equal(text, "0,5");
}

static int enter(void **state)
{
    (void)state;
    if (!writes_commas() && !make_locale())
        print_message("no locale writes commas here, and none can be made\n");
    return 0;
}

static int leave(void **state)
{
    char command[256];
    (void)state;
    setlocale(LC_ALL, "C");
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return strstr(folder, "XXXXXX") ? 0 : system(command); /* none was made */
}

static void need_commas(void)
{
    if (strcmp(localeconv()->decimal_point, ",") != 0)
        skip();
    want_commas();
}

static void numbers(void **state)
{
    double v = 0;
    char text[32];
    (void)state;
    need_commas();
    assert_true(mhoi_parse_double("0.25", &v));
    assert_float_equal(v, 0.25, 0);
    assert_false(mhoi_parse_double("0,25", &v));
    assert_int_equal(mhoi_decimal_print(text, sizeof text, "%.3f", 1.5), 5);
    assert_string_equal(text, "1.500");
    (void)!mho_error(MHO_EDOMAIN, "x = %g", 0.5);
    assert_string_equal(mho_error_message(), "x = 0.5");
    want_commas();
}

static void json(void **state)
{
    (void)state;
    need_commas();
    mho_json *v = mho_json_object(), *back = NULL;
    mho_json_put(v, "x", mho_json_number(0.1));
    char *text = NULL;
    assert_int_equal(mho_json_print(v, &text), MHO_OK);
    assert_non_null(strstr(text, "\"x\": 0.1\n"));
    assert_int_equal(mho_json_parse(text, strlen(text), "text", &back), MHO_OK);
    double x = 0;
    assert_int_equal(mho_json_to_number(mho_json_get(back, "x"), &x), MHO_OK);
    assert_float_equal(x, 0.1, 0);
    mho_json_text_free(text);
    mho_json_destroy(back);
    mho_json_destroy(v);
    want_commas();
}

static void descriptions(void **state)
{
    mho_hw *hw = NULL;
    mho_technology *tech = NULL, *same = NULL;
    (void)state;
    need_commas();
    assert_int_equal(mho_technology_open("bcnn-45nm", &tech), MHO_OK);
    assert_int_equal(
        mho_hw_open("bcnn", (const char *const[]){"device.variation=0.125", NULL}, &hw), MHO_OK);
    char *text = NULL;
    mho_json *v = mho_hw_json(hw);
    assert_int_equal(mho_json_print(v, &text), MHO_OK);
    assert_non_null(strstr(text, "0.125"));
    setlocale(LC_ALL, "C");
    assert_int_equal(mho_technology_open("bcnn-45nm", &same), MHO_OK);
    assert_int_equal(tech->components, same->components);
    for (size_t i = 0; i < tech->components; i++)
        assert_float_equal(tech->component[i].area.value, same->component[i].area.value, 0);
    assert_true(writes_commas());
    mho_json_text_free(text);
    mho_json_destroy(v);
    mho_technology_destroy(same);
    mho_technology_destroy(tech);
    mho_hw_destroy(hw);
}

static void want_digits(double v, int digits)
{
    char text[32], want[32];
    mhoi_decimal_print(want, sizeof want, "%.*g", digits, v);
    assert_int_equal(mhoi_decimal_general(text, v, digits), strlen(want));
    assert_string_equal(text, want);
}

/* The same text as printf's: halves, powers of ten and their neighbours, ends of what is computed in whole numbers. */
static void digits_of_edges(void **state)
{
    static const double edges[] = {0,
                                   0.5,
                                   1.5,
                                   2.5,
                                   0.125,
                                   1,
                                   1e15,
                                   1e16,
                                   1e17,
                                   1e18,
                                   1e22,
                                   1e-37,
                                   1e-38,
                                   1e-39,
                                   5e-324,
                                   1.7e308,
                                   1e-4,
                                   1e-5,
                                   9.5,
                                   99.5,
                                   999.5,
                                   0.0625,
                                   123456.5,
                                   8388608.5,
                                   1e100,
                                   1e6,
                                   9e15,
                                   4503599627370497.5,
                                   9007199254740993.0};
    (void)state;
    for (size_t i = 0; i < sizeof edges / sizeof *edges; i++)
        for (int digits = 1; digits <= 17; digits++)
            for (int k = -2; k <= 2; k++) {
                double v = edges[i];
                for (int step = k; step; step += step < 0 ? 1 : -1)
                    v = nextafter(v, step < 0 ? 0 : INFINITY);
                want_digits(v, digits);
                want_digits(-v, digits);
            }
    want_digits(NAN, 17);
    want_digits(INFINITY, 17);
}

static void digits_of_any(void **state)
{
    uint64_t x = 1;
    (void)state;
    for (int i = 0; i < 20000; i++) {
        double v;
        x = x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        const uint64_t exponent = 1023 - 140 + (x >> 33) % 210;
        const uint64_t bits = exponent << 52 | (x ^ x << 29) >> 12;
        memcpy(&v, &bits, sizeof v);
        want_digits(v, 17);
        want_digits(v, 1 + (int)((x >> 50) % 17));
        want_digits((double)((x >> 40) % 4000000) / 1024, 1 + (int)((x >> 50) % 17)); /* halves */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digits_of_edges), cmocka_unit_test(digits_of_any),
        cmocka_unit_test(numbers),         cmocka_unit_test(json),
        cmocka_unit_test(descriptions),
    };
    return cmocka_run_group_tests(tests, enter, leave);
}
