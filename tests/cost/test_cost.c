/* SPDX-License-Identifier: Apache-2.0 */
/* Table III as evaluated by hand, the breakdown of the reading of Table IV, and bad tables. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "mho/asset.h"
#include "mho/map.h"

static void close_to(double got, double want, double relative, const char *what)
{
    if (!(fabs(got - want) <= relative * fabs(want)))
        fail_msg("%s = %.9g, want %.9g", what, got, want);
}

static void refused(mho_status got, mho_status want, const char *part)
{
    if (got != want || !strstr(mho_error_message(), part))
        fail_msg("%s: %s; want %s with '%s'", mho_status_name(got), mho_error_message(),
                 mho_status_name(want), part);
}

static void test_unit_costs(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        double um2, pJ;
    } want[] = {
        {"cell_1t1r", 0.0243, 0.52},
        {"cell_0t1r", 0.0081, 0.60},
        {"dac8", 18.8082, 300},
        {"adc8", 18.225, 350},
        {"adc4", 6.561, 120},
        {"adc4_printed", 0.4374, 120},
        {"sense_amplifier", 1.4823, 2.5},
        {"adc1", 1.4823, 17.3},
        {"sub8", 1.5552, 2.5e-5},
        {"sub8_w", 1.5552, 0.025},
        {"sram32", 0, 0.64},
        {"sram32_w", 0, 640},
        {"cell_write", 0, 9.36},
        {"cell_write_multilevel", 0, 208},
    };
    mho_technology *tech;
    assert_int_equal(mho_technology_open("bcnn-45nm", &tech), MHO_OK);
    assert_int_equal(tech->components, sizeof want / sizeof *want);
    for (size_t i = 0; i < tech->components; i++) {
        const mho_component *c = mho_technology_find(tech, want[i].name);
        assert_non_null(c);
        close_to(c->area.value, want[i].um2 * 1e-12, 1e-12, want[i].name);
        close_to(c->energy[MHO_OPERATION_USE].value, want[i].pJ * 1e-12, 1e-12, want[i].name);
        assert_true(c->area.source[0] && c->energy[MHO_OPERATION_USE].source[0]);
    }
    assert_string_equal(mho_technology_find(tech, "dac8")->area.formula, "3096 T");
    assert_false(mho_technology_find(tech, "sram32")->area.counted);
    close_to(mho_technology_constant(tech, "T")->quantity.value, 0.006075e-12, 1e-12, "T");
    assert_string_equal(mho_technology_constant(tech, "F")->quantity.formula, "45 nm");
    mho_technology_destroy(tech);
}

typedef struct priced {
    mho_net *net;
    mho_estimate *estimate;
    mho_placement *map;
    mho_cost *cost;
} priced;

static priced price(const char *net, const char *hw_name, const char *const *sets)
{
    priced p = {0};
    mho_hw *hw;
    assert_int_equal(mho_hw_open(hw_name, sets, &hw), MHO_OK);
    assert_int_equal(mho_net_zoo(net, &p.net), MHO_OK);
    assert_int_equal(mho_estimate_create(p.net, hw, &p.estimate), MHO_OK);
    mho_hw_destroy(hw);
    p.map = p.estimate->placement;
    p.cost = p.estimate->cost;
    return p;
}

static void drop(priced *p)
{
    mho_estimate_destroy(p->estimate);
    mho_net_destroy(p->net);
}

/* want agrees to the digits it is written with: half a unit of its last digit. */
static void digits(double got, double want, double unit, const char *what)
{
    if (!(fabs(got - want) <= 0.5000001 * unit))
        fail_msg("%s = %.6f, want %.6f", what, got, want);
}

static void test_alexnet_cnn(void **state)
{
    (void)state;
    static const double uJ[] = {772.5, 1740.1, 781.9, 1070.7, 713.8, 228.8, 101.7, 25.8};
    static const double mm2[] = {.015, .136, .261, .360, .240, 12.764, 5.676, 1.444};
    priced p = price("alexnet-owt", "cnn8", NULL);
    digits(p.cost->energy_J * 1e6, 5435.24, .01, "energy");
    digits(p.cost->area_m2 * 1e6, 20.898, .001, "area");
    digits(mho_cost_energy_J(p.cost, "DAC", NULL) * 1e6, 1064.2, .1, "DAC");
    digits(mho_cost_energy_J(p.cost, "ADC", NULL) * 1e6, 3999.7, .1, "ADC");
    digits(mho_cost_energy_J(p.cost, "cells", NULL) * 1e6, 371.4, .1, "cells");
    digits(mho_cost_area_m2(p.cost, "DAC", NULL) * 1e6, .505, .001, "DAC");
    digits(mho_cost_area_m2(p.cost, "ADC", NULL) * 1e6, 17.407, .001, "ADC");
    digits(mho_cost_area_m2(p.cost, "cells", NULL) * 1e6, 2.969, .001, "cells");
    digits(mho_cost_area_m2(p.cost, "SUB", NULL) * 1e6, .016, .001, "SUB");
    for (size_t i = 0; i < p.map->layers; i++) {
        const char *name = p.map->layer[i].name;
        digits(mho_cost_energy_J(p.cost, NULL, name) * 1e6, uJ[i], .1, name);
        digits(mho_cost_area_m2(p.cost, NULL, name) * 1e6, mm2[i], .001, name);
    }
    drop(&p);
}

static void test_alexnet_bcnn(void **state)
{
    (void)state;
    static const double uJ[] = {772.5, 553.2, 276.4, 358.1, 238.7, 90.4, 40.2, 9.8};
    static const double mm2[] = {.015, .048, .103, .134, .090, 5.711, 2.542, .621};
    priced p = price("alexnet-owt", "bcnn", NULL);
    const char *conv1 = p.map->layer[0].name;
    digits(p.cost->energy_J * 1e6, 2339.28, .01, "energy");
    digits(p.cost->area_m2 * 1e6, 9.263, .001, "area");
    digits(mho_cost_energy_J(p.cost, "DAC", NULL) * 1e6, 329.4, .1, "DAC");
    digits(mho_cost_energy_J(p.cost, "ADC", conv1) * 1e6, 406.6, .1, "ADC8");
    digits((mho_cost_energy_J(p.cost, "ADC", NULL) - mho_cost_energy_J(p.cost, "ADC", conv1)) * 1e6,
           1231.9, .1, "ADC4");
    digits(mho_cost_energy_J(p.cost, "cells", NULL) * 1e6, 371.4, .1, "cells");
    digits(mho_cost_area_m2(p.cost, "DAC", NULL) * 1e6, .007, .001, "DAC");
    digits(mho_cost_area_m2(p.cost, "ADC", conv1) * 1e6, .007, .001, "ADC8");
    digits((mho_cost_area_m2(p.cost, "ADC", NULL) - mho_cost_area_m2(p.cost, "ADC", conv1)) * 1e6,
           6.264, .001, "ADC4");
    digits(mho_cost_area_m2(p.cost, "cells", NULL) * 1e6, 2.969, .001, "cells");
    digits(mho_cost_area_m2(p.cost, "SUB", NULL) * 1e6, .016, .001, "SUB");
    for (size_t i = 0; i < p.map->layers; i++) {
        const char *name = p.map->layer[i].name;
        digits(mho_cost_energy_J(p.cost, NULL, name) * 1e6, uJ[i], .1, name);
        digits(mho_cost_area_m2(p.cost, NULL, name) * 1e6, mm2[i], .001, name);
    }
    drop(&p);
}

static void test_other_networks(void **state)
{
    (void)state;
    static const struct {
        const char *net, *hw;
        double uJ, mm2, unit_mm2;
    } want[] = {
        {"alexnet", "cnn8", 5817.92, 20.907, .001}, {"alexnet", "bcnn", 2517.54, 9.248, .001},
        {"lenet5-32", "cnn8", 16.71, .0403, .0001}, {"lenet5-32", "bcnn", 6.99, .0107, .0001},
        {"lenet", "cnn8", 35.00, .193, .001},       {"lenet", "bcnn", 9.46, .0714, .0001},
    };
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        priced p = price(want[i].net, want[i].hw, NULL);
        digits(p.cost->energy_J * 1e6, want[i].uJ, .01, want[i].net);
        digits(p.cost->area_m2 * 1e6, want[i].mm2, want[i].unit_mm2, want[i].net);
        drop(&p);
    }
}

/* With 8-bit converters everywhere the interfaces take nearly all energy. */
static void test_interface_share(void **state)
{
    (void)state;
    static const struct {
        const char *net;
        double percent;
    } want[] = {{"lenet5-32", 98.70}, {"lenet", 96.59}};
    for (size_t i = 0; i < 2; i++) {
        priced p = price(want[i].net, "cnn8", NULL);
        double share =
            mho_cost_energy_J(p.cost, "DAC", NULL) + mho_cost_energy_J(p.cost, "ADC", NULL);
        digits(100 * share / p.cost->energy_J, want[i].percent, .01, want[i].net);
        drop(&p);
    }
}

/* The other reading: copied DACs, one converter a pair, both cells conduct, buffers of 640 pJ a word. */
static void test_reading_l(void **state)
{
    (void)state;
    static const char *const sets[] = {"readings.input_sharing=copied",
                                       "readings.converters_per_weight_column=1",
                                       "readings.conducting_cells_per_weight=2",
                                       "readings.adc4_area=printed",
                                       "readings.subtractors=partial",
                                       "readings.classifier=last_bits",
                                       "readings.footnote_c=w",
                                       "readings.buffer=true",
                                       NULL};
    priced p = price("alexnet", "cnn8", sets);
    digits(100 * (p.cost->energy_J * 1e6 / 5444.85 - 1), -1.1, .1, "CNN energy");
    drop(&p);
    p = price("alexnet", "bcnn", sets);
    digits(100 * (p.cost->energy_J * 1e6 / 2275.34 - 1), -1.6, .1, "BCNN energy");
    digits(100 * (p.cost->area_m2 * 1e6 / 9.19 - 1), -51, 1, "BCNN area");
    drop(&p);
}

static void test_sums(void **state)
{
    (void)state;
    static const char *const groups[] = {"DAC", "ADC", "cells", "SUB", "buffer", NULL};
    static const char *const sets[] = {"readings.buffer=true", NULL};
    priced p = price("lenet", "bcnn", sets);
    double by_group = 0, by_layer = 0;
    for (size_t i = 0; groups[i]; i++) {
        assert_string_equal(mho_cost_group(p.cost, i), groups[i]);
        by_group += mho_cost_energy_J(p.cost, groups[i], NULL);
    }
    assert_null(mho_cost_group(p.cost, 5));
    assert_string_equal(mho_cost_layer(p.cost, 3), p.map->layer[3].name);
    assert_null(mho_cost_layer(p.cost, 4));
    for (size_t i = 0; i < p.map->layers; i++)
        by_layer += mho_cost_energy_J(p.cost, NULL, p.map->layer[i].name);
    close_to(by_group, p.cost->energy_J, 1e-12, "sum of groups");
    close_to(by_layer, p.cost->energy_J, 1e-12, "sum of layers");
    drop(&p);
}

static void test_no_price(void **state)
{
    (void)state;
    mho_technology *tech;
    mho_cost *cost;
    const mho_activity a = {.layer = "conv1", .component = "adc6", .group = "ADC", .operations = 1};
    assert_int_equal(mho_technology_open("bcnn-45nm", &tech), MHO_OK);
    refused(mho_cost_create(tech, &a, 1, &cost), MHO_ENOTMODELED, "'adc6'");
    assert_null(cost);
    mho_technology_destroy(tech);
}

/* Reads and writes have prices of their own; what stands leaks as long as it stands. */
static void test_memories(void **state)
{
    (void)state;
    static const char table[] =
        "name: t\ncomponents:\n"
        "  m: {area: {value: 2, unit: m2, source: s}, read: {value: 3, unit: J, source: s},\n"
        "      write: {value: 5, unit: J, source: s}, leakage: {value: 7, unit: W, source: s}}\n";
    const mho_activity a[] = {
        {.component = "m", .operation = MHO_OPERATION_READ, .operations = 11},
        {.component = "m", .operation = MHO_OPERATION_WRITE, .operations = 13},
        {.component = "m", .amount = 17, .seconds = 19},
        {.component = "m", .operation = MHO_OPERATION_USE, .operations = 1},
    };
    mho_technology *tech;
    mho_cost *cost;
    assert_int_equal(mho_technology_parse(table, "t.yaml", &tech), MHO_OK);
    assert_int_equal(mho_cost_create(tech, a, 3, &cost), MHO_OK);
    close_to(cost->entry[0].energy_J, 33, 0, "reads");
    close_to(cost->entry[1].energy_J, 65, 0, "writes");
    close_to(cost->entry[2].energy_J, 17 * 7 * 19, 0, "standby");
    close_to(cost->energy_J, 33 + 65 + 17 * 7 * 19, 0, "sum");
    close_to(cost->area_m2, 34, 0, "area");
    mho_cost_destroy(cost);
    refused(mho_cost_create(tech, a, 4, &cost), MHO_ENOTMODELED, "energy of one use of 'm'");
    mho_technology_destroy(tech);
}

/* Finite prices and finite counts whose product is not. */
static void test_overflow(void **state)
{
    (void)state;
    static const char table[] = "name: t\ncomponents:\n"
                                "  m: {area: {value: 1e200, unit: m2, source: s},\n"
                                "      energy: {value: 1e300, unit: J, source: s},\n"
                                "      leakage: {value: 1e200, unit: W, source: s}}\n";
    const mho_activity bad[] = {
        {.layer = "conv1", .component = "m", .operations = 1e9},
        {.layer = "conv1", .component = "m", .amount = 1e109},
        {.layer = "conv1", .component = "m", .amount = 1, .seconds = 1e109},
        {.layer = "conv1", .component = "m", .amount = (double)NAN},
    };
    const mho_activity much[] = {{.layer = "a", .component = "m", .operations = 1e8},
                                 {.layer = "b", .component = "m", .operations = 1e8}};
    mho_technology *tech;
    mho_cost *cost;
    assert_int_equal(mho_technology_parse(table, "t.yaml", &tech), MHO_OK);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        refused(mho_cost_create(tech, &bad[i], 1, &cost), MHO_EDOMAIN, "layer 'conv1'");
        assert_non_null(strstr(mho_error_message(), "'m'"));
        assert_null(cost);
    }
    refused(mho_cost_create(tech, much, 2, &cost), MHO_EDOMAIN, "'m' of layer 'b'");
    mho_technology_destroy(tech);
}

static void test_programming(void **state)
{
    (void)state;
    mho_technology *tech;
    mho_programming p;
    mho_programming_load load = {
        .cells = 2e6, .crossbars = 100, .largest_layer_crossbars = 20, .rows = 128};
    assert_int_equal(mho_technology_open("bcnn-45nm", &tech), MHO_OK);
    assert_int_equal(mho_programming_estimate(tech, &load, &p), MHO_OK);
    close_to(p.write_J, 25 * 0.052e-3 * 7.2e-9, 1e-12, "write energy");
    close_to(p.energy_J, 2e6 * p.write_J, 1e-12, "energy");
    close_to(p.serial_s, 2e6 * 7.2e-9, 1e-12, "serial");
    close_to(p.parallel_s, 128 * 7.2e-9, 1e-12, "parallel");
    close_to(p.writes_per_cell, 5, 1e-12, "writes");
    close_to(p.frames, 1e10 / 5, 1e-12, "frames");
    load.multilevel = true;
    assert_int_equal(mho_programming_estimate(tech, &load, &p), MHO_OK);
    close_to(p.serial_s, 2e6 * 160e-9, 1e-12, "serial, multi-level");
    mho_technology *bare;
    static const char no_writes[] =
        "name: t\nconstants:\n  F: {value: 45, unit: nm, source: s}\ncomponents:\n"
        "  c: {area: {value: 4 F^2, unit: m2, source: s}, energy: {value: 1, unit: pJ, source: "
        "s}}\n";
    assert_int_equal(mho_technology_parse(no_writes, "t.yaml", &bare), MHO_OK);
    refused(mho_programming_estimate(bare, &load, &p), MHO_ENOTMODELED, "write_energy_multilevel");
    mho_technology_destroy(bare);
    load.cells = 1e308;
    load.crossbars = 1e308;
    load.largest_layer_crossbars = 1e-10;
    refused(mho_programming_estimate(tech, &load, &p), MHO_EDOMAIN, "no finite price");
    mho_technology_destroy(tech);
}

static mho_status parse(const char *constants, const char *components)
{
    char text[1024];
    mho_technology *tech;
    snprintf(text, sizeof text, "name: t\nconstants:\n%s\ncomponents:\n%s\n", constants,
             components);
    mho_status s = mho_technology_parse(text, "t.yaml", &tech);
    if (!s)
        mho_technology_destroy(tech);
    else
        assert_null(tech);
    return s;
}

#define F45 "  F: {value: 45, unit: nm, source: s}"
#define AREA "area: {value: 4 F^2, unit: m2, source: s}"
#define ENERGY "energy: {value: 1, unit: pJ, source: s}"

static void test_bad_tables(void **state)
{
    (void)state;
    assert_int_equal(parse(F45, "  c: {" AREA ", " ENERGY "}"), MHO_OK);
    refused(parse(F45, "  c: {" AREA "}"), MHO_ECONFIG, "t.yaml:5: component c has no energy");
    refused(parse(F45, "  c: {" AREA ", energy: {value: 1, unit: pJ}}"), MHO_ECONFIG, "no source");
    refused(parse(F45, "  c: {" AREA ", energy: {value: 1, source: s}}"), MHO_ECONFIG, "no unit");
    refused(parse(F45, "  c: {" AREA ", energy: {value: 1, unit: mW, source: s}}"), MHO_ECONFIG,
            "want a unit of energy");
    refused(parse(F45, "  c: {" AREA ", energy: {value: -1, unit: pJ, source: s}}"), MHO_ECONFIG,
            "'-' at character 1");
    refused(parse(F45, "  c: {" AREA ", energy: {value: 1 - 2, unit: J, source: s}}"), MHO_ECONFIG,
            "want 0 or more");
    refused(parse(F45, "  c: {" AREA ", energy: {value: 3 G, unit: J, source: s}}"), MHO_ECONFIG,
            "'G' is no unit and no constant");
    refused(parse(F45, "  c: {" AREA ", energy: {value: 3 F, unit: pJ, source: s}}"), MHO_ECONFIG,
            "want no prefix");
    refused(parse(F45, "  c: {" AREA ", energy: {value: 1/0, unit: J, source: s}}"), MHO_ECONFIG,
            "no finite value");
    refused(parse(F45, "  c: {" AREA ", " ENERGY ", aera: 1}"), MHO_ECONFIG, "did you mean area?");
    refused(parse(F45, "  c: {" ENERGY "}"), MHO_ECONFIG, "component c has no area");
    refused(parse(F45, "  c: {" AREA ", " ENERGY ", leakage: {value: 1, unit: J, source: s}}"),
            MHO_ECONFIG, "want a unit of power");
    refused(parse(F45, "  c: {" AREA ", energy: {value: 3 ., unit: J, source: s}}"), MHO_ECONFIG,
            "'.' at character 3");
    refused(parse(F45, "  c: {" AREA ", energy: {value: (3, unit: J, source: s}}"), MHO_ECONFIG,
            "ends where ')'");
    refused(parse(F45 "\n" F45, "  c: {" AREA ", " ENERGY "}"), MHO_ECONFIG, "F stands twice");
    refused(parse("  nm: {value: 45, unit: nm, source: s}", "  c: {" AREA ", " ENERGY "}"),
            MHO_ECONFIG, "named as the unit 'nm'");
    mho_technology *tech;
    refused(mho_technology_open("bcn-45nm", &tech), MHO_EUSAGE, "did you mean bcnn-45nm?");
    refused(mho_technology_open("finfet", &tech), MHO_EUSAGE, "built in: bcnn-45nm, buffer-22nm");
    refused(mho_technology_open("/nowhere/t.yaml", &tech), MHO_EFILE, "/nowhere/t.yaml");
}

/* Truncated and mutated tables end in a table or in an error, never in a crash or a leak. */
static void test_damaged(void **state)
{
    (void)state;
    const mho_asset *asset = mho_asset_find("configs/tech/bcnn-45nm.yaml");
    assert_non_null(asset);
    char *text = malloc(asset->size + 1);
    assert_non_null(text);
    uint32_t random = 1;
    uint64_t live = mhoi_alloc_live();
    for (size_t i = 0; i < 2000; i++) {
        memcpy(text, asset->data, asset->size + 1);
        random = random * 1664525u + 1013904223u;
        size_t at = random % asset->size;
        text[at] = i % 2 ? 0 : (char)(random >> 24);
        mho_technology *tech;
        if (mho_technology_parse(text, "damaged", &tech) == MHO_OK)
            mho_technology_destroy(tech);
    }
    assert_int_equal(mhoi_alloc_live(), live);
    free(text);
}

static void test_memory(void **state)
{
    (void)state;
    uint64_t live = mhoi_alloc_live(), k = 0;
    mho_technology *tech;
    mho_status s;
    do {
        mhoi_alloc_fail_at(++k);
        s = mho_technology_open("bcnn-45nm", &tech);
        assert_true(s == MHO_OK || s == MHO_ENOMEM);
        if (s)
            assert_int_equal(mhoi_alloc_live(), live);
    } while (s);
    mhoi_alloc_fail_at(0);
    assert_true(k > 3);
    const mho_activity a = {.component = "dac8"};
    mho_cost *cost;
    for (k = 1; k <= 2; k++) {
        mhoi_alloc_fail_at(k);
        assert_int_equal(mho_cost_create(tech, &a, 1, &cost), MHO_ENOMEM);
        assert_null(cost);
    }
    mhoi_alloc_fail_at(0);
    mho_technology_destroy(tech);
    assert_int_equal(mhoi_alloc_live(), live);
}

static void test_memory_of_estimate(void **state)
{
    (void)state;
    mho_hw *hw;
    mho_net *net;
    mho_estimate *e;
    assert_int_equal(mho_hw_open("bcnn", NULL, &hw), MHO_OK);
    assert_int_equal(mho_net_zoo("lenet", &net), MHO_OK);
    uint64_t live = mhoi_alloc_live(), k = 0;
    mho_status s;
    do {
        mhoi_alloc_fail_at(++k);
        s = mho_estimate_create(net, hw, &e);
        if (s) {
            assert_int_equal(s, MHO_ENOMEM);
            assert_null(e);
            assert_int_equal(mhoi_alloc_live(), live);
        }
    } while (s);
    mhoi_alloc_fail_at(0);
    assert_true(k > 6);
    mho_estimate_destroy(e);
    mho_net_destroy(net);
    mho_hw_destroy(hw);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unit_costs),
        cmocka_unit_test(test_alexnet_cnn),
        cmocka_unit_test(test_alexnet_bcnn),
        cmocka_unit_test(test_other_networks),
        cmocka_unit_test(test_interface_share),
        cmocka_unit_test(test_reading_l),
        cmocka_unit_test(test_sums),
        cmocka_unit_test(test_no_price),
        cmocka_unit_test(test_memories),
        cmocka_unit_test(test_overflow),
        cmocka_unit_test(test_programming),
        cmocka_unit_test(test_bad_tables),
        cmocka_unit_test(test_damaged),
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_memory_of_estimate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
