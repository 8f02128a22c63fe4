/* SPDX-License-Identifier: Apache-2.0 */
/* Circulant weights on the crossbars of reboc: crossbars, utilization and reads worked out by hand. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mho/map.h"

static mho_net *coded(mho_net *net, const char *blocks, const char *bits)
{
    if (mho_net_set_blocks(net, blocks) != MHO_OK || mho_net_set_bits(net, bits) != MHO_OK)
        fail_msg("%s", mho_error_message());
    return net;
}

static mho_net *zoo(const char *name, const char *blocks, const char *bits)
{
    mho_net *net = NULL;
    assert_int_equal(mho_net_zoo(name, &net), MHO_OK);
    return coded(net, blocks, bits);
}

static mho_placement *place(const mho_net *net, const char *set)
{
    const bool copies = set && strstr(set, "copies");
    const char *const sets[] = {"crossbar.duplication=none", "crossbar.budget=0",
                                copies ? set : "crossbar.copies=1", copies ? NULL : set, NULL};
    mho_hw *hw = NULL;
    mho_placement *p = NULL;
    if (mho_hw_open("reboc", sets, &hw) != MHO_OK || mho_placement_create(net, hw, &p) != MHO_OK)
        fail_msg("%s", mho_error_message());
    mho_hw_destroy(hw);
    return p;
}

/* ceil(r^2 C_in / 128) a group, for columns that fit one crossbar. */
static void convolutions_take_so_many_crossbars(void **state)
{
    (void)state;
    static const struct {
        const char *net, *blocks, *bits;
        size_t want;
    } golden[] = {
        {"lenet", "conv:16,fc:128", "conv:4,fc:2", 5},
        {"alexnet", "conv:16,fc:128", "conv:4,fc:4", 97},
        {"tinyyolo", "conv:32", "conv:6", 154},
        {"cifarnet", "conv:16,fc:128", "conv:4,fc:2", 15},
    };
    for (size_t i = 0; i < sizeof golden / sizeof *golden; i++) {
        mho_net *net = zoo(golden[i].net, golden[i].blocks, golden[i].bits);
        mho_placement *p = place(net, NULL);
        size_t crossbars = 0;
        for (size_t l = 0; l < p->layers; l++)
            if (mho_node_op(mho_net_node(net, p->layer[l].node)) == MHO_OP_CONV)
                crossbars += p->layer[l].crossbar_pairs;
        if (crossbars != golden[i].want)
            fail_msg("%s: %zu crossbars, want %zu", golden[i].net, crossbars, golden[i].want);
        mho_placement_destroy(p);
        mho_net_destroy(net);
    }
}

static mho_net *layer_of(size_t filters, const char *bits)
{
    char text[200];
    mho_net *net = NULL;
    snprintf(text, sizeof text,
             "input: {shape: [128, 3, 3]}\nlayers:\n  - relu\n  - conv: {out: %zu, kernel: 1}\n"
             "  - fc: 2\n",
             filters);
    assert_int_equal(mho_net_read(text, "test", &net), MHO_OK);
    return coded(net, "conv:16", bits);
}

/* 256 filters, k = 16: 16 representative vectors of 128 columns, each in slices of 2 bits. */
static void slices_fill_the_crossbar(void **state)
{
    (void)state;
    static const struct {
        const char *bits;
        double want;
    } golden[] = {{"conv:2", 0.125}, {"conv:4", 0.25}, {"conv:6", 0.375}, {"conv:8", 0.5}};
    for (size_t i = 0; i < 4; i++) {
        mho_net *net = layer_of(256, golden[i].bits);
        mho_placement *p = place(net, NULL);
        assert_true(p->layer[0].utilization == golden[i].want);
        assert_int_equal(p->layer[0].cells, 128 * 16); /* k times fewer than 128 x 256 */
        mho_placement_destroy(p);
        mho_net_destroy(net);
    }
}

/* (k / g) b reads a window, q g columns; both orders of copies alike. */
static void copies_take_columns_and_save_reads(void **state)
{
    (void)state;
    mho_net *net = layer_of(256, "conv:4/4");
    for (size_t g = 1; g <= 16; g *= 2) {
        char set[32];
        snprintf(set, sizeof set, "crossbar.copies=%zu", g);
        mho_placement *p = place(net, set);
        const mho_placement_layer *l = &p->layer[0];
        assert_int_equal(l->block, 16);
        assert_int_equal(l->turns, 16 / g);
        assert_int_equal(l->columns, 16 * g);
        /* reads of 29.31 ns and a conversion a cycle for each of the 32 g columns, 128 at most; and the fetches */
        const double columns = 32 * g < 128 ? 32. * (double)g : 128;
        const double reads = 64. / (double)g * (29.31 / 0.833333333 + columns);
        const double fetch = l->reuse.fetched_bits / 8 / (double)l->positions / 19.2 / 0.833333333;
        assert_int_equal(l->service, (size_t)ceil(reads + fetch));
        assert_int_equal(l->x_out, (16 * g * 2 + 127) / 128);
        assert_int_equal(l->counts.conversions, 16 * g * 2 * (16 / g) * 4 * 9);
        mho_placement_destroy(p);
    }
    /* as an ordinary layer: 128 x 256 weights in 2 slices, 4 reads */
    mho_placement *p = place(net, "crossbar.circulant=expanded");
    assert_int_equal(p->layer[0].cells, 128 * 256);
    assert_int_equal(p->layer[0].reads, 4);
    assert_int_equal(p->layer[0].crossbar_pairs, 4);
    mho_placement_destroy(p);
    mho_net_destroy(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(convolutions_take_so_many_crossbars),
        cmocka_unit_test(slices_fill_the_crossbar),
        cmocka_unit_test(copies_take_columns_and_save_reads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
