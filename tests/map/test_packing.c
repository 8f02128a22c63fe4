/* SPDX-License-Identifier: Apache-2.0 */
/* Groups of a convolution that share crossbars: counts against the definition, for every number of groups. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "mho/map.h"

static void place(size_t channels, size_t groups, size_t kernel, const char *set,
                  mho_placement **out)
{
    char text[256];
    const char *const sets[] = {set, NULL};
    mho_net *net = NULL;
    mho_hw *hw = NULL;
    snprintf(text, sizeof text,
             "name: one\ninput: {shape: [%zu, 9, 9], bits: 8}\nlayers:\n  - conv: {out: %zu, "
             "kernel: %zu, "
             "groups: %zu}\n  - fc: 4\n",
             channels, channels, kernel, groups);
    assert_int_equal(mho_net_read(text, "one", &net), MHO_OK);
    assert_int_equal(mho_hw_open("cnn8", sets, &hw), MHO_OK);
    assert_int_equal(mho_placement_create(net, hw, out), MHO_OK);
    mho_hw_destroy(hw);
    mho_net_destroy(net);
}

/* The best number of groups a block, by trying all. */
static size_t best(size_t groups, size_t rows, size_t columns)
{
    size_t packed = 1, least = groups;
    for (size_t p = 1; p <= groups; p++)
        if (groups % p == 0 && p * rows <= 128 && p * columns <= 128 && groups / p < least) {
            packed = p;
            least = groups / p;
        }
    return packed;
}

static void test_blocks(void **state)
{
    (void)state;
    for (size_t groups = 1; groups <= 64; groups++)
        for (size_t each = 1; each <= 4; each += 3) {
            mho_placement *m = NULL;
            place(groups * each, groups, 3, "crossbar.packing=diagonal", &m);
            const mho_placement_layer *l = &m->layer[0];
            const size_t rows = 9 * each, p = best(groups, rows, each);
            assert_int_equal(l->packed, p);
            assert_int_equal(l->groups * l->packed, groups);
            assert_int_equal(l->rows, p * rows);
            assert_int_equal(l->columns, p * each);
            assert_int_equal(l->crossbar_pairs, groups / p);
            assert_int_equal(l->cells, groups * rows * each);
            assert_int_equal(l->counts.cells, 2 * groups / p * p * rows * p * each);
            assert_true(fabs(l->utilization * (double)l->crossbar_pairs * 128 * 128 -
                             (double)l->cells) < 1e-6);
            mho_placement_destroy(m);
        }
}

/* Each on crossbars of its own: not wanted, or its rows leave no room, or would not be on at once. */
static void test_alone(void **state)
{
    (void)state;
    static const struct {
        const char *set;
        size_t channels, groups, kernel;
    } c[] = {{"crossbar.packing=none", 64, 64, 3},
             {"crossbar.packing=diagonal", 16, 2, 3},
             {"crossbar.active_rows=16", 64, 64, 3}};
    for (size_t i = 0; i < sizeof c / sizeof *c; i++) {
        mho_placement *m = NULL;
        place(c[i].channels, c[i].groups, c[i].kernel, c[i].set, &m);
        assert_int_equal(m->layer[0].packed, 1);
        assert_int_equal(m->layer[0].crossbar_pairs, c[i].groups);
        mho_placement_destroy(m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_blocks), cmocka_unit_test(test_alone)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
