/* SPDX-License-Identifier: Apache-2.0 */
/* Tiles and what moves between them, by hand for LeNet on tiles of 8 crossbars. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "mho/map.h"

static mho_estimate *estimate(const char *const *set)
{
    mho_net *net;
    mho_hw *hw;
    mho_estimate *e;
    assert_int_equal(mho_net_zoo("lenet", &net), MHO_OK);
    assert_int_equal(mho_hw_open("cnn8", set, &hw), MHO_OK);
    assert_int_equal(mho_estimate_create(net, hw, &e), MHO_OK);
    mho_hw_destroy(hw);
    mho_net_destroy(net);
    return e;
}

static void close_to(double got, double want)
{
    if (!(got >= want * (1 - 1e-9) && got <= want * (1 + 1e-9)))
        fail_msg("%.12g, want %.12g", got, want);
}

/* Crossbars 0 to 73 are those of conv1 (2), conv2 (8), fc3 (56), fc4 (8): tiles 0, 0..1, 1..8, 8..9 in rows of 4, the second
 * one backwards.  conv2: its map of 20 x 12 x 12 bytes from tile 0 to 1, and 50 x 64 sums of 10 bits.  fc3: 50 x 4 x 4 bytes through
 * 7 tiles; of its four blocks of 14 crossbars, 125 sums of 11 bits a tile and block, over 3, 4, 5, 4, 3, 2, 1 hops to tile 8. */
static void test_hops(void **state)
{
    (void)state;
    const char *const set[] = {"technology=generic-45nm", "chip.tile_crossbars=8", NULL};
    static const double want[] = {
        0, 20 * 12 * 12 * 8 + 50 * 64 * 10,
        7 * 50 * 4 * 4 * 8 + 125 * 11 * (3 + 2 * 4 + 5 + 2 * 4 + 3 + 2 * 2 + 1), 500 * 8 + 10 * 10};
    mho_estimate *e = estimate(set);
    const mho_placement *p = e->placement;
    double all = 0;
    size_t tiles = 0;
    assert_true(p->tiles.tiles == 10 && p->tiles.side == 4);
    for (size_t i = 0; i < 4; i++) {
        if (want[i] > 0)
            close_to(p->layer[i].bit_hops, want[i]);
        else
            assert_true(p->layer[i].bit_hops == 0);
        all += want[i];
        tiles += p->layer[i].tiles;
    }
    assert_int_equal(tiles, 10);
    close_to(p->tiles.bit_hops, all);
    close_to(p->tiles.busiest_link_s, want[1] / 32e9); /* from tile 0 to 1 */
    assert_true(p->tiles.wait_s > 0);
    assert_true(mho_cost_energy_J(e->cost, "interconnect", NULL) > 0);
    assert_true(mho_cost_energy_J(e->cost, "tile buffers", NULL) > 0);
    assert_true(mho_cost_energy_J(e->cost, "DRAM", NULL) == 0);
    for (size_t i = 0; mho_cost_neglected(e->cost, i); i++)
        assert_null(strstr(mho_cost_neglected(e->cost, i), "interconnect"));
    mho_estimate_destroy(e);
}

/* All on one tile: nothing moves.  From memory: the image; on a chip that is too small, the weights too. */
static void test_memory(void **state)
{
    (void)state;
    const char *const set[] = {"technology=generic-45nm", "chip.tile_crossbars=100",
                               "chip.dram=lpddr4", NULL};
    const char *const small[] = {"technology=generic-45nm", "chip.tile_crossbars=100",
                                 "chip.dram=lpddr4", "crossbar.budget=60", NULL};
    mho_estimate *e = estimate(set);
    assert_true(e->placement->tiles.tiles == 1 && e->placement->tiles.bit_hops == 0);
    close_to(mho_cost_energy_J(e->cost, "DRAM", NULL), 28 * 28 * 8 * 8e-12);
    mho_estimate_destroy(e);
    e = estimate(small);
    close_to(mho_cost_energy_J(e->cost, "DRAM", NULL),
             (28 * 28 * 8 + 7 * (double)e->placement->rewritten_cells) * 8e-12);
    mho_estimate_destroy(e);
}

/* A table without the price of a router tells what is left out. */
static void test_neglected(void **state)
{
    (void)state;
    const char *const set[] = {"chip.tile_crossbars=8", NULL}, *const none[] = {NULL};
    mho_estimate *e = estimate(set), *plain = estimate(none);
    bool told = false;
    for (size_t i = 0; mho_cost_neglected(e->cost, i); i++)
        told = told || !strcmp(mho_cost_neglected(e->cost, i), "tile buffers");
    assert_true(told);
    assert_true(e->cost->energy_J == plain->cost->energy_J);
    assert_true(e->cost->area_m2 == plain->cost->area_m2);
    mho_estimate_destroy(e);
    mho_estimate_destroy(plain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hops),
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_neglected),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
