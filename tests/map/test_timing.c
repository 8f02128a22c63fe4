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

/* By hand, conv2 of LeNet: 500 rows on crossbars of 128, 32 of them on: 4 crossbars, 16 sums, 4 passes; 50 columns in turns of
 * 8 at 7 converters a crossbar. */
static void test_passes_and_turns(void **state)
{
    (void)state;
    mho_net *net = zoo("lenet");
    mho_hw *hw;
    mho_placement *p;
    static const char *const sets[] = {"crossbar.active_rows=32", "output.share=8", NULL};
    assert_int_equal(mho_hw_open("cnn8", sets, &hw), MHO_OK);
    assert_int_equal(mho_placement_create(net, hw, &p), MHO_OK);
    const mho_placement_layer *l = &p->layer[1];
    assert_int_equal(l->x_in, 4);
    assert_int_equal(l->row_groups, 16);
    assert_int_equal(l->passes, 4);
    assert_int_equal(l->service, 4 * 8);
    assert_int_equal(l->converters, 2 * 4 * 7);
    assert_int_equal(l->counts.conversions, 2 * 16 * 50 * 64);
    assert_true(l->t_read_s == 8 * p->clock_s);
    const double use = 2.0 * 16 * 50 * 64 / (2 * 4 * 7) / (double)p->interval;
    assert_true(l->converter_utilization / use > 0.999999 &&
                l->converter_utilization / use < 1.000001);
    mho_placement_destroy(p);
    /* a given time of a read holds its turns */
    assert_int_equal(mho_hw_set(hw, "timing.t_read=100"), MHO_OK);
    assert_int_equal(mho_placement_create(net, hw, &p), MHO_OK);
    assert_int_equal(p->layer[1].service, 4);
    assert_true(p->layer[1].t_read_s == p->clock_s);
    mho_placement_destroy(p);
    /* crossbars hold whole groups: 4 of 28 rows */
    assert_int_equal(mho_hw_set(hw, "crossbar.active_rows=28"), MHO_OK);
    assert_int_equal(mho_placement_create(net, hw, &p), MHO_OK);
    assert_int_equal(p->layer[1].x_in, 5);
    assert_int_equal(p->layer[1].row_groups, 18);
    assert_int_equal(p->layer[1].passes, 4);
    mho_placement_destroy(p);
    assert_int_equal(mho_hw_set(hw, "crossbar.active_rows=129"), MHO_ECONFIG);
    mho_hw_destroy(hw);
    mho_net_destroy(net);
}

/* By delays: the slowest read is the clock, more turns take longer, and longer still where each is a read of its own. */
static void test_by_delays(void **state)
{
    (void)state;
    static const char *const set[] = {"output.share=1", "output.share=8", "output.sampled=false"};
    double clock[4] = {0};
    mho_net *net = zoo("lenet");
    mho_hw *hw;
    assert_int_equal(mho_hw_open("cnn8", NULL, &hw), MHO_OK);
    assert_int_equal(mho_hw_set(hw, "technology=generic-45nm"), MHO_OK);
    for (size_t i = 0; i < 3; i++) {
        mho_placement *p;
        assert_int_equal(mho_hw_set(hw, set[i]), MHO_OK);
        assert_int_equal(mho_placement_create(net, hw, &p), MHO_OK);
        assert_string_equal(p->clock, "the slowest read");
        for (size_t l = 0; l < p->layers; l++)
            assert_true(p->layer[l].t_read_s > 0 && p->layer[l].t_read_s <= p->clock_s);
        assert_int_equal(p->layer[1].service, 1);
        clock[i + 1] = p->clock_s;
        assert_true(clock[i + 1] > clock[i]);
        mho_placement_destroy(p);
    }
    mho_hw_destroy(hw);
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
        cmocka_unit_test(test_passes_and_turns),
        cmocka_unit_test(test_by_delays),
        cmocka_unit_test(test_against_the_pipeline),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
