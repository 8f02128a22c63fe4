/* SPDX-License-Identifier: Apache-2.0 */
/* Mapping against Table II of bcnn evaluated by hand for five networks, and Eq. 5 to 7. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "mho/map.h"

typedef struct golden {
    const char *net;
    uint64_t cells, cells_p, d0, d0_p, dx, dx_p, a, a_p, pairs;
    uint64_t eq6, eq7;
} golden;

static const golden goldens[] = {
    {"alexnet-owt", 61090496, 714188480, 26859, 3547355, 479019, 6712603, 477568, 5713792, 3745,
     51605, 53994},
    {"alexnet", 60954656, 724406816, 29387, 4422587, 478795, 6226747, 476704, 5877792, 3745, 51606,
     53995},
    {"lenet", 430500, 2293000, 1825, 47700, 4225, 50100, 3760, 27860, 37, 800, 1090},
    {"lenet5-32", 61470, 416520, 779, 35204, 779, 35204, 612, 8478, 9, 1043, 1444},
    {"lenet5", 44190, 281640, 635, 24460, 635, 24460, 372, 5838, 7, 0, 0},
    {"vgg11-cifar10", 0, 0, 0, 0, 0, 0, 0, 0, 0, 1181, 2036},
    {"vgg16", 0, 0, 0, 0, 0, 0, 0, 0, 0, 51612, 157424},
};

static mho_hw *hw_128(void)
{
    static const char *const sets[] = {"output.last_bits=7", NULL};
    mho_hw *hw;
    assert_int_equal(mho_hw_open("bcnn", sets, &hw), MHO_OK);
    return hw;
}

static mho_placement *map_of(const char *name, const mho_hw *hw)
{
    mho_net *net;
    mho_placement *map;
    assert_int_equal(mho_net_zoo(name, &net), MHO_OK);
    assert_int_equal(mho_placement_create(net, hw, &map), MHO_OK);
    mho_net_destroy(net);
    return map;
}

static void test_counts(void **state)
{
    (void)state;
    mho_hw *hw = hw_128();
    for (size_t i = 0; i < sizeof goldens / sizeof *goldens; i++) {
        const golden *g = &goldens[i];
        if (!g->cells)
            continue;
        mho_placement *map = map_of(g->net, hw);
        golden sum = {0};
        for (size_t k = 0; k < map->layers; k++) {
            const mho_placement_layer *l = &map->layer[k];
            sum.cells_p += l->cells * l->positions;
            sum.d0 += l->inputs_shared;
            sum.d0_p += l->inputs_shared * l->positions;
            sum.dx += l->inputs_copied;
            sum.dx_p += l->inputs_copied * l->positions;
            sum.a += l->outputs;
            sum.a_p += l->outputs * l->positions;
        }
        assert_int_equal(map->cells, g->cells);
        assert_int_equal(sum.cells_p, g->cells_p);
        assert_int_equal(sum.d0, g->d0);
        assert_int_equal(sum.d0_p, g->d0_p);
        assert_int_equal(sum.dx, g->dx);
        assert_int_equal(sum.dx_p, g->dx_p);
        assert_int_equal(sum.a, g->a);
        assert_int_equal(sum.a_p, g->a_p);
        assert_int_equal(map->crossbar_pairs, g->pairs);
        mho_placement_destroy(map);
    }
    mho_hw_destroy(hw);
}

static void test_cycles(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof goldens / sizeof *goldens; i++) {
        if (!goldens[i].eq6)
            continue;
        mho_net *net;
        uint64_t pipelined, layered;
        assert_int_equal(mho_net_zoo(goldens[i].net, &net), MHO_OK);
        assert_int_equal(mho_cycles_pipelined(net, &pipelined), MHO_OK);
        assert_int_equal(mho_cycles_layer_by_layer(net, &layered), MHO_OK);
        assert_int_equal(pipelined, goldens[i].eq6);
        assert_int_equal(layered, goldens[i].eq7);
        mho_net_destroy(net);
    }
}

/* Eq. 5 on one layer: 4608 rows of 512 kernels of VGG16 on 128 x 128 crossbars. */
static void test_split(void **state)
{
    (void)state;
    mho_hw *hw = hw_128();
    mho_placement *map = map_of("vgg16", hw);
    const mho_placement_layer *l = &map->layer[12];
    assert_int_equal(l->rows, 4608);
    assert_int_equal(l->columns, 512);
    assert_int_equal(l->x_in, 36);
    assert_int_equal(l->x_out, 4);
    assert_int_equal(l->crossbar_pairs, 144);
    assert_true(l->utilization == 1.0);
    mho_placement_destroy(map);
    mho_hw_destroy(hw);
}

static void test_converters(void **state)
{
    (void)state;
    mho_hw *hw = hw_128();
    mho_placement *map = map_of("lenet5-32", hw); /* rows 25, 150, 400, 120, 84 */
    const size_t want[] = {1, 4, 4, 1, 7};
    for (size_t i = 0; i < map->layers; i++) {
        assert_int_equal(map->layer[i].output_bits, want[i]);
        assert_int_equal(map->layer[i].input_bits, i ? 1 : 8);
    }
    mho_placement_destroy(map);
    assert_int_equal(mho_hw_set(hw, "crossbar.rows=16"), MHO_OK); /* now the first is split, too */
    map = map_of("lenet5-32", hw);
    assert_int_equal(map->layer[0].output_bits, 8);
    assert_int_equal(map->layer[4].output_bits, 4);
    mho_placement_destroy(map);
    mho_hw_destroy(hw);
}

static const mho_activity *find(const mho_activity *a, size_t n, const char *layer,
                                const char *group)
{
    for (size_t i = 0; i < n; i++)
        if (!strcmp(a[i].layer, layer) && !strcmp(a[i].group, group))
            return &a[i];
    return NULL;
}

static void test_activities(void **state)
{
    (void)state;
    mho_hw *hw = hw_128();
    mho_placement *map = map_of("alexnet", hw);
    mho_activity *a;
    size_t n;
    assert_int_equal(mho_placement_activities(map, &a, &n), MHO_OK);
    const char *conv2 = map->layer[1].name; /* 2 groups: R = 1200, C = 128, P = 729, X_in = 10 */
    assert_null(find(a, n, conv2, "DAC"));
    assert_string_equal(find(a, n, conv2, "ADC")->component, "adc4");
    assert_true(find(a, n, conv2, "ADC")->amount == 2 * 2 * 128 * 10);
    assert_true(find(a, n, conv2, "ADC")->operations == 2.0 * 2 * 128 * 10 * 729);
    assert_true(find(a, n, conv2, "cells")->amount == 2.0 * 2 * 1200 * 128);
    assert_true(find(a, n, conv2, "cells")->operations == 2.0 * 1200 * 128 * 729);
    assert_true(find(a, n, conv2, "SUB")->amount == 256);
    assert_null(find(a, n, conv2, "buffer"));
    assert_string_equal(find(a, n, map->layer[0].name, "DAC")->component, "dac8");
    mho_activities_destroy(a);
    static const char *const other[] = {"readings.buffer=true",
                                        "readings.footnote_c=w",
                                        "readings.adc4_area=printed",
                                        "readings.subtractors=partial",
                                        "readings.input_sharing=copied",
                                        "crossbar.mode=full",
                                        "input.bits=8",
                                        NULL};
    assert_int_equal(mho_hw_set_all(hw, other), MHO_OK);
    mho_placement_destroy(map);
    map = map_of("alexnet", hw);
    conv2 = map->layer[1].name;
    assert_int_equal(mho_placement_activities(map, &a, &n), MHO_OK);
    assert_true(find(a, n, conv2, "DAC")->amount == 2400);
    assert_non_null(find(a, n, conv2, "buffer"));
    assert_true(find(a, n, conv2, "buffer")->amount == 600);
    assert_string_equal(find(a, n, conv2, "buffer")->component, "sram32_w");
    assert_string_equal(find(a, n, conv2, "ADC")->component, "adc4_printed");
    assert_true(find(a, n, conv2, "SUB")->amount == 2560);
    assert_true(find(a, n, map->layer[2].name, "DAC")->amount == 2304 * 3);
    mho_activities_destroy(a);
    assert_int_equal(mho_hw_set(hw, "output.split_bits=0"), MHO_OK);
    mho_placement_destroy(map);
    map = map_of("alexnet", hw);
    assert_int_equal(mho_placement_activities(map, &a, &n), MHO_ENOTMODELED);
    assert_null(a);
    mho_placement_destroy(map);
    mho_hw_destroy(hw);
}

typedef struct price {
    const char *group;
    double amount, operations;
} price;

/* One convolution of 2 groups: R = 36, C = 4, P = 16; on 16 rows and 6 columns. */
static void check_prices(const char *const *sets, const price *want, size_t count)
{
    static const char text[] = "input: {shape: [4, 4, 4]}\nlayers:\n"
                               "  - conv: {out: 8, kernel: 3, pad: 1, groups: 2}\n"
                               "  - relu\n"
                               "  - conv: {out: 8, kernel: 3, pad: 1, groups: 2}\n  - fc: 2\n";
    mho_net *net;
    mho_hw *hw;
    mho_placement *p = NULL;
    mho_activity *a;
    size_t n;
    if (mho_net_read(text, "small.yaml", &net) || mho_hw_open("cnn8", sets, &hw) ||
        mho_placement_create(net, hw, &p))
        fail_msg("%s", mho_error_message());
    assert_int_equal(mho_placement_activities(p, &a, &n), MHO_OK);
    const char *conv = p->layer[1].name;
    size_t groups = 0;
    for (size_t i = 0; i < n; i++)
        groups += !strcmp(a[i].layer, conv);
    assert_int_equal(groups, count);
    for (size_t i = 0; i < count; i++) {
        const mho_activity *is = find(a, n, conv, want[i].group);
        if (!is || is->amount != want[i].amount || is->operations != want[i].operations)
            fail_msg("%s: %g, %g operations (%s), want %g, %g", want[i].group, is ? is->amount : -1,
                     is ? is->operations : -1, is ? is->formula : "", want[i].amount,
                     want[i].operations);
    }
    mho_activities_destroy(a);
    mho_placement_destroy(p);
    mho_hw_destroy(hw);
    mho_net_destroy(net);
}

/* docs/models/cost.md eq. (3a) to (8b), by hand. */
static void test_codings(void **state)
{
    (void)state;
#define SMALL "crossbar.rows=16", "crossbar.columns=6"
    const char *serial[] = {SMALL, "input.bits_per_read=1", NULL};
    const price of_serial[] = {
        {"ADC", 2 * 2 * 4 * 3, 2 * 2 * 4 * 3 * 16 * 8}, /* 2 g C X_in; P = 16, 8 reads */
        {"cells", 2 * 2 * 36 * 4, 2 * 36 * 4 * 16 * 8},
        {"SUB", 2 * 4, 2 * 4 * 16 * 8},
        {"shift-add", 2 * 4, 2 * 4 * 16 * 7},
    };
    check_prices(serial, of_serial, 4);
    const char *sliced[] = {SMALL, "crossbar.weight_bits=7", "device.bits=2",
                            "crossbar.weights=single",
                            NULL}; /* 4 slices do not fit beside references */
    mho_hw *hw;
    mho_placement *p;
    mho_net *net;
    assert_int_equal(mho_net_zoo("lenet", &net), MHO_OK);
    assert_int_equal(mho_hw_open("cnn8", sliced, &hw), MHO_OK);
    assert_int_equal(mho_placement_create(net, hw, &p), MHO_ECONFIG);
    mho_hw_destroy(hw);
    mho_net_destroy(net);
    const char *references[] = {SMALL, "crossbar.weight_bits=6", "device.bits=2",
                                "crossbar.weights=single",
                                NULL}; /* one weight a crossbar, X_out = 4 */
    const price of_references[] = {
        {"DAC", 2 * 36, 2 * 36 * 16},
        {"ADC", 2 * 3 * (4 + 4) * 3, 2 * 3 * (4 + 4) * 3 * 16},
        {"cells", 2 * 36 * (4 + 4) * 3, 2 * 36 * (4 + 4) * 3 * 16},
        {"SUB", 2 * 4 * 3, 2 * 4 * 3 * 16},
        {"shift-add", 2 * 4, 2 * 4 * 16 * 2},
    };
    check_prices(references, of_references, 5);
    const char *digital[] = {SMALL, "crossbar.weights=single", "crossbar.offset=digital", NULL};
    const price of_digital[] = {
        {"DAC", 2 * 36, 2 * 36 * 16},           {"ADC", 2 * 4 * 3, 2 * 4 * 3 * 16},
        {"cells", 2 * 36 * 4, 2 * 36 * 4 * 16}, {"SUB", 2 * 4, 2 * 4 * 16},
        {"count", 2 * 35, 2 * 35 * 16},
    };
    check_prices(digital, of_digital, 5);
    const char *pair[] = {SMALL, "output.per=pair", NULL};
    const price of_pair[] = {{"DAC", 2 * 36, 2 * 36 * 16},
                             {"ADC", 2 * 4 * 3, 2 * 4 * 3 * 16},
                             {"cells", 2 * 2 * 36 * 4, 2 * 36 * 4 * 16},
                             {"SUB", 2 * 4, 2 * 4 * 16}};
    check_prices(pair, of_pair, 4);
}

/* Behind an addition maps have a sign: two rows a weight, or two reads, of which one is at 0. */
static void test_two(void **state)
{
    (void)state;
    static const char text[] = "input: {shape: [3, 1, 1]}\nlayers:\n  - fc: 6\n  - fc: 2\n";
    for (int rows = 0; rows < 2; rows++) {
        const char *sets[] = {rows ? "input.coding=two_rows" : "input.coding=two_reads", NULL};
        mho_net *net;
        mho_hw *hw;
        mho_placement *p;
        mho_activity *a;
        size_t n;
        assert_int_equal(mho_net_read(text, "two.yaml", &net), MHO_OK);
        assert_int_equal(mho_hw_open("cnn8", sets, &hw), MHO_OK);
        assert_int_equal(mho_placement_create(net, hw, &p), MHO_OK);
        assert_int_equal(mho_placement_activities(p, &a, &n), MHO_OK);
        const char *last = p->layer[1].name; /* R = 6, C = 2 */
        assert_int_equal(p->layer[1].word_lines, rows ? 12 : 6);
        assert_int_equal(p->layer[1].service, rows ? 1 : 2);
        assert_true(find(a, n, last, "DAC")->amount == (rows ? 12 : 6));
        assert_true(find(a, n, last, "DAC")->operations == 12);
        assert_true(find(a, n, last, "cells")->amount == (rows ? 48 : 24));
        assert_true(find(a, n, last, "cells")->operations == 12);
        assert_true(find(a, n, last, "ADC")->operations == (rows ? 4 : 8));
        mho_programming_load load;
        mho_placement_programming(p, &load);
        assert_true(load.cells == 2 * 18 + (rows ? 48 : 24) && load.crossbars == 4);
        mho_activities_destroy(a);
        mho_placement_destroy(p);
        mho_hw_destroy(hw);
        mho_net_destroy(net);
    }
}

static void test_errors(void **state)
{
    (void)state;
    static const char text[] = "input: {shape: [1, 4, 4]}\nlayers:\n  - relu\n";
    mho_net *net;
    mho_placement *map;
    mho_hw *hw = hw_128();
    assert_int_equal(mho_net_read(text, "relu.yaml", &net), MHO_OK);
    assert_int_equal(mho_placement_create(net, hw, &map), MHO_ENOTMODELED);
    assert_null(map);
    mho_net_destroy(net);
    mho_hw_destroy(hw);
}

static void test_memory(void **state)
{
    (void)state;
    mho_hw *hw = hw_128();
    mho_net *net;
    mho_placement *map;
    mho_activity *a;
    size_t n;
    assert_int_equal(mho_net_zoo("lenet", &net), MHO_OK);
    uint64_t live = mhoi_alloc_live();
    for (uint64_t k = 1; k <= 2; k++) {
        mhoi_alloc_fail_at(k);
        assert_int_equal(mho_placement_create(net, hw, &map), MHO_ENOMEM);
        assert_null(map);
        assert_int_equal(mhoi_alloc_live(), live);
    }
    mhoi_alloc_fail_at(0);
    assert_int_equal(mho_placement_create(net, hw, &map), MHO_OK);
    mhoi_alloc_fail_at(1);
    assert_int_equal(mho_placement_activities(map, &a, &n), MHO_ENOMEM);
    mhoi_alloc_fail_at(0);
    mho_placement_destroy(map);
    mho_net_destroy(net);
    mho_hw_destroy(hw);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts),     cmocka_unit_test(test_cycles),
        cmocka_unit_test(test_split),      cmocka_unit_test(test_converters),
        cmocka_unit_test(test_activities), cmocka_unit_test(test_errors),
        cmocka_unit_test(test_codings),    cmocka_unit_test(test_two),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
