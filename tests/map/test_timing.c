/* SPDX-License-Identifier: Apache-2.0 */
/* Cycles from one image to the next, and what tells how long a cycle is: docs/models/timing.md. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "mho/map.h"
#include "mho/pipeline.h"

static mho_net *zoo(const char *name)
{
    mho_net *net;
    assert_int_equal(mho_net_zoo(name, &net), MHO_OK);
    return net;
}

static mho_placement *place(const mho_net *net, const char *hw_name, const char *set)
{
    const char *const sets[] = {set, NULL};
    mho_hw *hw;
    mho_placement *placement;
    assert_int_equal(mho_hw_open(hw_name, set ? sets : NULL, &hw), MHO_OK);
    assert_int_equal(mho_placement_create(net, hw, &placement), MHO_OK);
    mho_hw_destroy(hw);
    return placement;
}

/* By hand: conv1 of LeNet is fed 28 x 28 elements; its 576 windows of 8 reads take 7 cycles more each. */
static void test_lenet(void **state)
{
    (void)state;
    mho_net *net = zoo("lenet");
    mho_placement *plain = place(net, "bcnn", NULL);
    assert_int_equal(plain->interval, 784);
    assert_string_equal(plain->bottleneck, "conv1");
    assert_true(plain->clock_s == 10e-9);
    assert_int_equal(plain->layer[3].occupied, 1 + 1);
    mho_placement *serial = place(net, "cnn8", "input.bits_per_read=1");
    assert_int_equal(serial->layer[0].service, 8);
    assert_int_equal(serial->interval, 784 + 576 * 7);
    mho_placement *given = place(net, "bcnn", "timing.t_read=100");
    assert_true(given->clock_s == 100 * 1e-9);
    assert_string_equal(given->clock, "timing.t_read");
    mho_placement_destroy(plain);
    mho_placement_destroy(serial);
    mho_placement_destroy(given);
    mho_net_destroy(net);
}

/* The pipeline's layers are fed no more than that in one image, and an image takes no less than its busiest layer (whose
 * last rows no window may reach). */
static void test_against_the_pipeline(void **state)
{
    (void)state;
    static const char *const nets[] = {"lenet", "lenet5-32", "vgg11-cifar10", "cifarnet"};
    static const char *const sets[] = {"input.bits_per_read=0", "input.bits_per_read=3"};
    for (size_t n = 0; n < sizeof nets / sizeof *nets; n++)
        for (size_t v = 0; v < 2; v++) {
            mho_net *net = zoo(nets[n]);
            mho_placement *placement = place(net, "cnn8", sets[v]);
            mho_pipeline *p;
            assert_int_equal(mho_pipeline_create_placed(net, placement, &p), MHO_OK);
            for (size_t i = 0; i < p->layers; i++)
                for (size_t k = 0; k < placement->layers; k++) {
                    const mho_placement_layer *l = &placement->layer[k];
                    if (p->layer[i].node != l->node)
                        continue;
                    const uint64_t busy =
                        p->layer[i].op == MHO_OP_FC ? l->service : l->positions * (l->service - 1);
                    assert_int_equal(p->layer[i].shifts + busy, l->occupied);
                }
            assert_true(placement->interval <= p->cycles);
            mho_pipeline_destroy(p);
            mho_placement_destroy(placement);
            mho_net_destroy(net);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lenet),
        cmocka_unit_test(test_against_the_pipeline),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
