/* SPDX-License-Identifier: Apache-2.0 */
/* A host program whose locale writes 0,5: numbers of the library keep their point, and the locale stays as it is.  Where
 * the system has no such locale, one is made. */
#include <locale.h>
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
    return strchr(folder, 'X') ? 0 : system(command);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers),
        cmocka_unit_test(json),
        cmocka_unit_test(descriptions),
    };
    return cmocka_run_group_tests(tests, enter, leave);
}
