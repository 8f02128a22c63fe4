/* SPDX-License-Identifier: Apache-2.0 */
/* Component models: formulas over parameters, ranges, tables on top of tables, and what a description sets. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "mho/cost.h"
#include "mho/hw.h"

#define TABLE                                                                                      \
    "name: t\nnote: \"a note\"\nerror: {energy: 3, time: 2}\n"                                     \
    "constants:\n  F: {value: 45, unit: nm, source: s}\n  G: {value: 2 F, unit: m, source: s}\n"   \
    "components:\n"                                                                                \
    "  plain: {area: {value: F^2, unit: m2, source: s}, energy: {value: 1, unit: pJ, source: "     \
    "s}}\n"                                                                                        \
    "  adc:\n    parameters: {bits: {range: [1, 12], valid: [1, 5]}, rate: {range: [0, 1e9]}}\n"   \
    "    energy: {value: \"(2^bits - 1) 1 fJ max(1, rate / (100 MHz))^0.5\", unit: J, source: s, " \
    "uncertainty: 2}\n"                                                                            \
    "    area: {value: 3 bits G^2, unit: m2, source: s}\n"                                         \
    "  step:\n    parameters: {rows: {range: [1, 1024]}}\n"                                        \
    "    delay: {value: (1 + 0.5 rows) ns, unit: s, source: s}\n"

static void close_to(double got, double want, const char *what)
{
    if (!(fabs(got - want) <= 1e-12 * fabs(want)))
        fail_msg("%s = %.12g, want %.12g", what, got, want);
}

static void refused(mho_status got, mho_status want, const char *part)
{
    if (got != want || !strstr(mho_error_message(), part))
        fail_msg("%s: %s; want %s with '%s'", mho_status_name(got), mho_error_message(),
                 mho_status_name(want), part);
}

static mho_technology *parse(const char *text)
{
    mho_technology *tech;
    mho_status s = mho_technology_parse(text, "t.yaml", &tech);
    if (s)
        fail_msg("%s", mho_error_message());
    return tech;
}

/* A range goes down to the tables on top, in the unit of who tells it; a formula of a price is in SI. */
static void test_range_of_constants(void **state)
{
    (void)state;
    static const char *const ends[] = {"F = 22 nm", "F = 0.18 um", "V_dd = 0.4 V", NULL};
    static const char *const finer[] = {"F = 21 nm", NULL}, *const high[] = {"V_dd = 2.6 V", NULL};
    static const char *const formula[] = {"adc_sar.energy = bits 1pJ", NULL};
    mho_technology *tech = NULL;
    mho_component c;
    const mho_argument a[] = {{"bits", 8}, {"rate", 1e6}};
    for (size_t i = 0; ends[i]; i++) {
        const char *const one[] = {ends[i], NULL};
        assert_int_equal(mho_technology_open_set("generic-90nm", one, &tech), MHO_OK);
        mho_technology_destroy(tech);
    }
    refused(mho_technology_open_set("generic-90nm", finer, &tech), MHO_ECONFIG,
            "F = 21 nm, want 22 to 180 nm");
    refused(mho_technology_open_set("generic-22nm", high, &tech), MHO_ECONFIG,
            "V_dd = 2.6 V, want 0.4 to 2.5 V");
    assert_int_equal(mho_technology_open_set("generic-45nm", formula, &tech), MHO_OK);
    assert_int_equal(mho_technology_price(tech, "x", "adc_sar", a, 2, &c), MHO_OK);
    close_to(c.energy[MHO_OPERATION_USE].value, 8e-12, "a formula of a price");
    mho_technology_destroy(tech);
}

/* However many arguments, none is cut. */
static void test_long_name(void **state)
{
    (void)state;
    mho_technology *tech = NULL;
    mho_component c;
    const mho_argument a[] = {
        {"rows", 4095}, {"v", 0.4321}, {"resistance", 1.234e-5}, {"end", 1.234e5}};
    assert_int_equal(mho_technology_open("generic-45nm", &tech), MHO_OK);
    assert_int_equal(mho_technology_price(tech, "x", "bit_line", a, 4, &c), MHO_OK);
    assert_string_equal(c.name,
                        "bit_line(rows=4095, v=0.4321, resistance=1.234e-05, end=1.234e+05)");
    mho_technology_destroy(tech);
}

static void test_price(void **state)
{
    (void)state;
    mho_technology *tech = parse(TABLE);
    mho_component c;
    double delay;
    const mho_argument a[] = {{"rows", 128}, {"rate", 4e8}, {"bits", 4}};
    assert_int_equal(mho_technology_price(tech, "adc4", "adc", a, 3, &c), MHO_OK);
    close_to(c.energy[MHO_OPERATION_USE].value, 30e-15, "energy");
    close_to(c.area.value, 12 * 90e-9 * 90e-9, "area");
    close_to(c.energy[MHO_OPERATION_USE].uncertainty, 2, "uncertainty");
    assert_string_equal(c.name, "adc(bits=4, rate=4e+08)");
    assert_int_equal(mho_technology_delay(tech, "step", a, 3, &delay), MHO_OK);
    close_to(delay, 65e-9, "delay");
    close_to(tech->error_energy, 3, "error of energies");
    assert_string_equal(tech->note, "a note");
    assert_int_equal(mho_technology_price(tech, "plain", "adc", NULL, 0, &c), MHO_OK);
    close_to(c.energy[MHO_OPERATION_USE].value, 1e-12, "the component comes first");
    refused(mho_technology_price(tech, "x", "y", a, 3, &c), MHO_ENOTMODELED, "no price for 'y'");
    refused(mho_technology_price(tech, "x", "adc", a, 2, &c), MHO_ECONFIG, "parameter 'bits'");
    refused(mho_technology_delay(tech, "adc", a, 3, &delay), MHO_ENOTMODELED, "delay of 'adc'");
    mho_technology_destroy(tech);
}

static void test_range(void **state)
{
    (void)state;
    mho_technology *tech = parse(TABLE);
    mho_component c;
    mho_argument a[] = {{"bits", 13}, {"rate", 1}};
    refused(mho_technology_price(tech, "", "adc", a, 2, &c), MHO_ECONFIG,
            "'adc' of bits = 13 has no price, want 1..12");
    a[0].value = 0.5;
    refused(mho_technology_price(tech, "", "adc", a, 2, &c), MHO_ECONFIG, "bits = 0.5");
    a[0].value = (double)NAN;
    assert_int_equal(mho_technology_price(tech, "", "adc", a, 2, &c), MHO_ECONFIG);
    a[0].value = 12;
    assert_int_equal(mho_technology_price(tech, "", "adc", a, 2, &c), MHO_OK);
    mho_technology_destroy(tech);
}

/* Instances of the same arguments are one component; beyond `valid` a note; what is neglected is named once. */
static void test_cost(void **state)
{
    (void)state;
    mho_technology *tech = parse(TABLE);
    mho_activity a[5];
    memset(a, 0, sizeof a);
    for (size_t i = 0; i < 5; i++) {
        strcpy(a[i].layer, i < 3 ? "one" : "two");
        strcpy(a[i].component, i < 3 ? "adc8" : "bus");
        strcpy(a[i].group, i < 3 ? "ADC" : "interconnect");
        strcpy(a[i].model, i < 3 ? "adc" : "bus");
        a[i].neglectable = i > 2;
        a[i].argument[0] = (mho_argument){"bits", i == 1 ? 4 : 8};
        a[i].argument[1] = (mho_argument){"rate", 1};
        a[i].arguments = 2;
        a[i].amount = 2;
        a[i].operations = 10;
    }
    mho_cost *cost;
    assert_int_equal(mho_cost_create(tech, a, 5, &cost), MHO_OK);
    assert_int_equal(cost->entries, 3);
    close_to(cost->energy_J, 10 * (255 + 15 + 255) * 1e-15, "energy");
    assert_ptr_equal(cost->entry[0].component, cost->entry[2].component);
    assert_ptr_not_equal(cost->entry[0].component, cost->entry[1].component);
    assert_string_equal(mho_cost_neglected(cost, 0), "interconnect");
    assert_null(mho_cost_neglected(cost, 1));
    assert_string_equal(mho_cost_note(cost, 0), "adc, bits = 8: its source holds for 1 to 5");
    assert_null(mho_cost_note(cost, 1));
    mho_cost_destroy(cost);
    a[3].neglectable = false;
    refused(mho_cost_create(tech, a, 5, &cost), MHO_ENOTMODELED, "no price for 'bus'");
    a[1].argument[0].value = 13;
    refused(mho_cost_create(tech, a, 5, &cost), MHO_ECONFIG, "layer 'one'");
    mho_technology_destroy(tech);
}

static void bad(const char *parameters, const char *formula, const char *part)
{
    char text[512];
    mho_technology *tech;
    snprintf(text, sizeof text,
             "name: t\ncomponents:\n  c:\n    parameters: %s\n    area: {value: none, unit: m2, "
             "source: s}\n    energy: {value: \"%s\", unit: J, source: s}\n",
             parameters, formula);
    refused(mho_technology_parse(text, "t.yaml", &tech), MHO_ECONFIG, part);
}

static void test_bad_models(void **state)
{
    (void)state;
    bad("{b: {range: [1, 2]}}", "b - 2", "at b = 1: formula 'b - 2' = -1, want 0 or more");
    bad("{b: {range: [0, 2]}}", "1 / b", "no finite value");
    bad("{b: {range: [0, 2]}}", "c", "'c' is no unit and no constant");
    bad("{b: {range: [2, 1]}}", "b", "want the least first");
    bad("{b: {}}", "b", "want {range: [LEAST, MOST]}");
    bad("{pJ: {range: [0, 1]}}", "pJ", "is no unit");
    bad("{max: {range: [0, 1]}}", "1", "no function");
    bad("{b: {range: [0, 1], vaild: [0, 1]}}", "b", "did you mean valid?");
    bad("{b: {range: [0, 1]}}", "max(b)", "want ','");
    bad("{b: {range: [0, 1]}}", "max b", "want '('");
    bad("{b: {range: [0, 1]}}", "exp(b", "ends where ')'");
    bad("{b: {range: [-1, 1]}}", "sqrt(b)", "no finite value");
}

static void test_functions(void **state)
{
    (void)state;
    static const struct {
        const char *formula;
        double value;
    } want[] = {{"max(2, 3)", 3},     {"min(2, 3) 2", 4},
                {"exp(log(5))", 5},   {"sqrt(16)", 4},
                {"ceil(1.2)", 2},     {"2^-1", 0.5},
                {"2^(1 + 1) + 1", 5}, {"max(1, min(2, 3) + 4) 2", 12}};
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        char text[256];
        snprintf(
            text, sizeof text,
            "name: t\nconstants: {c: {value: \"%s\", unit: \"1\", source: s}}\ncomponents:\n  p: "
            "{area: {value: none, unit: m2, source: s}, energy: {value: c, unit: J, source: s}}\n",
            want[i].formula);
        mho_technology *tech = parse(text);
        close_to(mho_technology_constant(tech, "c")->quantity.value, want[i].value,
                 want[i].formula);
        mho_technology_destroy(tech);
    }
}

/* What is told again takes the place of what it was, and what depends on it follows. */
static void test_sets(void **state)
{
    (void)state;
    static const char *const sets[] = {"F = 32 nm", "sub8.energy=3pJ", NULL};
    mho_technology *tech, *was;
    assert_int_equal(mho_technology_open("bcnn-45nm", &was), MHO_OK);
    assert_int_equal(mho_technology_open_set("bcnn-45nm", sets, &tech), MHO_OK);
    assert_int_equal(tech->constants, was->constants);
    close_to(mho_technology_constant(tech, "T")->quantity.value, 3 * 32e-9 * 32e-9, "T");
    close_to(mho_technology_find(tech, "dac8")->area.value,
             mho_technology_find(was, "dac8")->area.value * 32 * 32 / 45 / 45, "dac8");
    close_to(mho_technology_find(tech, "sub8")->energy[0].value, 3e-12, "sub8");
    assert_true(strstr(mho_technology_find(tech, "sub8")->energy[0].source, "set"));
    mho_technology_destroy(tech);
    mho_technology_destroy(was);
    static const struct {
        const char *set, *part;
    } wrong[] = {
        {"G = 1 nm", "no constant 'G'"},         {"dac9.energy = 1 pJ", "did you mean dac8?"},
        {"dac8.enregy = 1 pJ", "energy?"},       {"dac8.energy = 1 nm", "unit of energy"},
        {"F = 3", "want one of length"},         {"F", "want NAME = VALUE UNIT"},
        {"F = \"x\"", "want NAME = VALUE UNIT"}, {".energy = 1 pJ", "want NAME"},
        {"dac8.energy = -1 pJ", "'-'"}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        const char *const one[] = {wrong[i].set, NULL};
        refused(mho_technology_open_set("bcnn-45nm", one, &tech), MHO_ECONFIG, wrong[i].part);
    }
}

/* A node's table is that of 45 nm with its own constants. */
static void test_nodes(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        double F;
    } node[] = {{"generic-130nm", 130}, {"generic-65nm", 65}, {"generic-45nm", 45},
                {"generic-40nm", 40},   {"generic-32nm", 32}, {"generic-28nm", 28},
                {"generic-22nm", 22}};
    double before = INFINITY;
    for (size_t i = 0; i < sizeof node / sizeof *node; i++) {
        mho_technology *tech;
        mho_component c;
        const mho_argument a[] = {{"bits", 8}, {"rate", 1e8}};
        assert_int_equal(mho_technology_open(node[i].name, &tech), MHO_OK);
        assert_string_equal(tech->name, node[i].name);
        close_to(mho_technology_constant(tech, "F")->quantity.value, node[i].F * 1e-9, "F");
        assert_int_equal(mho_technology_price(tech, "", "adc_sar", a, 2, &c), MHO_OK);
        assert_true(c.energy[0].value < before);
        before = c.energy[0].value;
        mho_technology_destroy(tech);
    }
}

static void test_hardware(void **state)
{
    (void)state;
    mho_hw *hw;
    char text[512];
    static const char *const sets[] = {"technology.F=32nm", "technology.dac8.energy=1 pJ", NULL};
    assert_int_equal(mho_hw_open("bcnn", sets, &hw), MHO_OK);
    mho_hw_text(hw, "overrides", text, sizeof text);
    assert_string_equal(text, "F=32nm; dac8.energy=1 pJ");
    refused(mho_hw_set(hw, "technology.dca8.energy=1 pJ"), MHO_ECONFIG, "did you mean dac8?");
    mho_hw_text(hw, "overrides", text, sizeof text);
    assert_string_equal(text, "F=32nm; dac8.energy=1 pJ");
    mho_hw_destroy(hw);
}

static void test_memory(void **state)
{
    (void)state;
    static const char *const sets[] = {"F = 32 nm", "adder.energy = 3 pJ", NULL};
    uint64_t live = mhoi_alloc_live(), k = 0;
    mho_technology *tech;
    mho_status s;
    do {
        mhoi_alloc_fail_at(++k);
        s = mho_technology_open_set("generic-22nm", sets, &tech);
        assert_true(s == MHO_OK || s == MHO_ENOMEM);
        if (s)
            assert_int_equal(mhoi_alloc_live(), live);
        k += 40; /* most of them are nodes of the text */
    } while (s);
    mhoi_alloc_fail_at(0);
    mho_technology_destroy(tech);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_price),
        cmocka_unit_test(test_long_name),
        cmocka_unit_test(test_range_of_constants),
        cmocka_unit_test(test_range),
        cmocka_unit_test(test_cost),
        cmocka_unit_test(test_bad_models),
        cmocka_unit_test(test_functions),
        cmocka_unit_test(test_sets),
        cmocka_unit_test(test_nodes),
        cmocka_unit_test(test_hardware),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
