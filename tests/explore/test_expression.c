/* SPDX-License-Identifier: Apache-2.0 */
/* Conditions as text: what holds, units, words, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "explore/expression.h"

static const char *const names[] = {"a", "b", "area_mm2", "area", "readout", "none"};

static size_t find(void *user, const char *name)
{
    (void)user;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!strcmp(names[i], name))
            return i;
    return SIZE_MAX;
}

static const char *list(void *user, size_t i)
{
    (void)user;
    return i < sizeof names / sizeof *names ? names[i] : NULL;
}

static void look(void *user, size_t name, mhoi_value *out)
{
    static const double values[] = {3, 4, 5, 5e-6, 0, (double)NAN};
    (void)user;
    *out = (mhoi_value){.is_text = name == 4, .number = values[name]};
    snprintf(out->text, sizeof out->text, "sar");
}

static void conditions_hold(void **state)
{
    static const struct {
        const char *text;
        bool holds;
    } all[] = {
        {"a < b", true},
        {"a > b", false},
        {"a <= 3 and b >= 4", true},
        {"a == 4 or b == 4", true},
        {"not a == 4", true},
        {"not (a == 3 and b == 4)", false},
        {"a * 2 - 1 == b + 1", true},
        {"a / 2 < 1.6 and -a < 0", true},
        {"a+b=7", true},
        {"readout == sar", true},
        {"readout != sar or a == 1", false},
        {"flash == readout", false},
        {"area <= 6 mm2", true},
        {"area <= 4mm2", false},
        {"area_mm2 <= 5.5", true},
        {"a / (a - 3) > 1", false},
        {"none < 1", false},
        {"none >= 1", false},
        {"a == 300 %", true},
        {"a == 1 or a == 2 and b == 9 or a == 3", true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        mhoi_expression *e = NULL;
        if (mhoi_expression_read(all[i].text, find, list, NULL, &e))
            fail_msg("%s", all[i].text);
        if (mhoi_expression_holds(e, look, NULL) != all[i].holds)
            fail_msg("'%s' is %d, want %d", all[i].text, !all[i].holds, all[i].holds);
        mhoi_expression_destroy(e);
    }
}

static void wrong_texts_are_refused(void **state)
{
    static const char *const all[][2] = {
        {"a <", "want a name or a number"},
        {"a < 3 and", "want a name or a number"},
        {"a", "want a condition"},
        {"a + 3", "want a condition"},
        {"(a < 3", "want )"},
        {"a < 3)", "want and, or, or the end"},
        {"a < 3 b", "unknown unit"},
        {"ara < 3", "did you mean area"},
        {"a < c", "unknown name c"},
        {"area_mm2 <= 5 mm2", "tells its unit"},
        {"area <= 5 ms", "area is not told in ms"},
        {"area <= 5 %", "area is not told in %"},
        {"readout + x == 3", "unknown name x"},
        {"a < 3 lightyears", "unknown unit"},
        {"a / 0 > 1", "division by zero"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        mhoi_expression *e = NULL;
        assert_int_equal(mhoi_expression_read(all[i][0], find, list, NULL, &e), MHO_ECONFIG);
        assert_null(e);
        if (!strstr(mho_error_message(), all[i][1]))
            fail_msg("'%s': %s, want %s", all[i][0], mho_error_message(), all[i][1]);
    }
    char deep[400];
    memset(deep, '(', sizeof deep - 1);
    deep[sizeof deep - 1] = 0;
    mhoi_expression *e = NULL;
    assert_int_equal(mhoi_expression_read(deep, find, list, NULL, &e), MHO_ECONFIG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conditions_hold),
        cmocka_unit_test(wrong_texts_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
