/* SPDX-License-Identifier: Apache-2.0 */
/* How the program writes numbers and tables. */
#include "../../src/cli/format.c"
#include "../../src/cli/screen.c"
#include "../../src/cli/table.c"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void check_si(double value, const char *unit, const char *want)
{
    char text[32];
    assert_string_equal(cli_si(value, unit, text), want);
}

static void si_takes_the_fitting_prefix(void **state)
{
    (void)state;
    check_si(0, "J", "0 J");
    check_si(9.46276e-6, "J", "9.463 uJ");
    check_si(35.004e-6, "J", "35.00 uJ");
    check_si(-35.004e-6, "J", "-35.00 uJ");
    check_si(1.2e-14, "J", "12.00 fJ");
    check_si(999.96e-9, "J", "1.000 uJ");
    check_si(123e6, "B", "123.0 MB");
    check_si(1, "S", "1.000 S");
    check_si(7.14e-8, "m2", "0.0714 mm2");
    check_si(21.25e-6, "m2", "21.25 mm2");
    check_si(700e-12, "m2", "700.0 um2");
    check_si(0.0081e-12, "m2", "8100 nm2");
    check_si(1234, "s", "1234 s");
    check_si(NAN, "J", "nan J");
    check_si(1e-30, "J", "1e-12 aJ");
    check_si(1e30, "B", "1e+15 PB");
    check_si(9.46276e300, "J", "9.463e+285 PJ");
}

static void what_is_no_number_is_a_dash(void **state)
{
    (void)state;
    char *text = NULL;
    size_t size = 0;
    cli_args args = {.out = open_memstream(&text, &size)};
    cli_table *t = cli_table_create("Title", "share>");
    cli_table_percent(t, NAN, 1);
    cli_table_print(t, &args);
    cli_table_destroy(t);
    fclose(args.out);
    assert_null(strstr(text, "nan"));
    assert_non_null(strstr(text, "-"));
    free(text);
}

static void digits_are_grouped(void **state)
{
    char text[32];
    (void)state;
    assert_string_equal(cli_grouped(0, text), "0");
    assert_string_equal(cli_grouped(999, text), "999");
    assert_string_equal(cli_grouped(1000, text), "1,000");
    assert_string_equal(cli_grouped(UINT64_MAX, text), "18,446,744,073,709,551,615");
}

static void check_table(bool csv, const char *want)
{
    char *text = NULL;
    size_t size = 0;
    cli_args args = {.csv = csv, .out = open_memstream(&text, &size)};
    cli_table *t = cli_table_create("Title", "name|energy=>|area>|share>");
    cli_table_text(t, "a, \"b\"");
    cli_table_si(t, 1.5e-6, "J");
    cli_table_si(t, 2e-9, "m2");
    cli_table_percent(t, 0.25, 1);
    cli_table_rule(t);
    cli_table_text(t, "\xc3\xa9");
    cli_table_si(t, 20e-6, "J");
    cli_table_si(t, 2e-6, "m2");
    cli_table_percent(t, 1, 1);
    cli_table_print(t, &args);
    cli_table_destroy(t);
    fclose(args.out);
    assert_string_equal(text, want);
    free(text);
}

static void tables_align_and_share_a_prefix(void **state)
{
    (void)state;
    check_table(false, "Title\n"
                       "  name    energy (uJ)       area    share\n"
                       "  a, \"b\"        1.500   2000 um2   25.0 %\n"
                       "  ---------------------------------------\n"
                       "  \xc3\xa9            20.000  2.000 mm2  100.0 %\n");
}

static void csv_is_bare_and_quoted(void **state)
{
    (void)state;
    check_table(true, "name,energy_J,area_m2,share\n"
                      "\"a, \"\"b\"\"\",1.5e-06,2e-09,0.25\n"
                      "\xc3\xa9,2e-05,2e-06,1\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(si_takes_the_fitting_prefix),
        cmocka_unit_test(digits_are_grouped),
        cmocka_unit_test(what_is_no_number_is_a_dash),
        cmocka_unit_test(tables_align_and_share_a_prefix),
        cmocka_unit_test(csv_is_bare_and_quoted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
