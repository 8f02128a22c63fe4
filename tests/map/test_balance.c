/* SPDX-License-Identifier: Apache-2.0 */
/* Balance within a budget of crossbars: the best of all choices, found by trying them all; and a placement that uses it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "mho/map.h"
#include "mho/pipeline.h"

enum { LAYERS = 4, OPTIONS = 5, CASES = 2000 };

static uint32_t roll(uint32_t *state, uint32_t below)
{
    *state = *state * 1664525u + 1013904223u;
    return (*state >> 8) % below;
}

/* Least time of the slowest layer, and the fewest crossbars for it; false: nothing fits. */
static bool try_all(const mho_balance_layer *layer, size_t layers, uint64_t budget,
                    mho_balance *best)
{
    size_t all = 1;
    bool found = false;
    for (size_t i = 0; i < layers; i++)
        all *= layer[i].options;
    for (size_t k = 0; k < all; k++) {
        mho_balance sum = {0};
        for (size_t i = 0, rest = k; i < layers; rest /= layer[i++].options) {
            const mho_balance_option *o = &layer[i].option[rest % layer[i].options];
            sum.crossbars += o->crossbars;
            sum.time = o->time > sum.time ? o->time : sum.time;
        }
        if (sum.crossbars > budget)
            continue;
        if (!found || sum.time < best->time ||
            (sum.time == best->time && sum.crossbars < best->crossbars))
            *best = sum;
        found = true;
    }
    return found;
}

static void test_against_all_choices(void **state)
{
    (void)state;
    uint32_t random = 11;
    size_t fits = 0;
    for (size_t c = 0; c < CASES; c++) {
        mho_balance_option option[LAYERS][OPTIONS];
        mho_balance_layer layer[LAYERS];
        const size_t layers = 1 + roll(&random, LAYERS);
        const uint64_t budget = 1 + roll(&random, 60);
        for (size_t i = 0; i < layers; i++) {
            layer[i] = (mho_balance_layer){option[i], 1 + roll(&random, OPTIONS)};
            for (size_t k = 0; k < layer[i].options; k++)
                option[i][k] = (mho_balance_option){roll(&random, 30), roll(&random, 30)};
        }
        size_t choice[LAYERS];
        mho_balance got, want = {0};
        const mho_status s = mho_balance_choose(layer, layers, budget, choice, &got);
        const bool found = try_all(layer, layers, budget, &want);
        assert_int_equal(s, found ? MHO_OK : MHO_ECONFIG);
        fits += found;
        if (!found)
            continue;
        mho_balance sum = {0};
        for (size_t i = 0; i < layers; i++) {
            sum.crossbars += option[i][choice[i]].crossbars;
            const uint64_t time = option[i][choice[i]].time;
            sum.time = time > sum.time ? time : sum.time;
        }
        assert_true(sum.time == want.time && got.time == want.time);
        assert_true(sum.crossbars == got.crossbars && got.crossbars == want.crossbars);
    }
    assert_true(fits > CASES / 3 && fits < CASES);
}

/* VGG-11 with serial inputs: the more crossbars the shorter the interval, what stands is counted, and the simulated pipeline,
 * in which line buffers do not even out bursts, is no faster. */
static void test_placement(void **state)
{
    (void)state;
    static const char *const budget[] = {"crossbar.budget=1200", "crossbar.budget=1300",
                                         "crossbar.budget=4000"};
    uint64_t before = UINT64_MAX, simulated = UINT64_MAX;
    mho_net *net;
    mho_hw *hw;
    assert_int_equal(mho_net_zoo("vgg11-cifar10", &net), MHO_OK);
    assert_int_equal(mho_hw_open("cnn8", NULL, &hw), MHO_OK);
    assert_int_equal(mho_hw_set(hw, "input.bits_per_read=1"), MHO_OK);
    for (size_t b = 0; b < 3; b++) {
        mho_placement *p;
        mho_pipeline *pipeline;
        const char *const set[] = {"crossbar.duplication=balanced", budget[b], NULL};
        assert_int_equal(mho_hw_set_all(hw, set), MHO_OK);
        assert_int_equal(mho_placement_create(net, hw, &p), MHO_OK);
        assert_true(p->crossbars <= p->budget);
        assert_true(p->interval <= before);
        assert_int_equal(mho_pipeline_create_placed(net, p, &pipeline), MHO_OK);
        assert_true(pipeline->interval >= p->interval && pipeline->interval < 3 * p->interval / 2);
        assert_true(pipeline->interval <= simulated);
        simulated = pipeline->interval;
        uint64_t crossbars = 0;
        for (size_t i = 0; i < p->layers; i++)
            crossbars += p->layer[i].sides * p->layer[i].crossbar_pairs * p->layer[i].duplication;
        assert_int_equal(crossbars, p->crossbars);
        before = p->interval;
        mho_pipeline_destroy(pipeline);
        mho_placement_destroy(p);
    }
    assert_int_equal(before, 33 * 34); /* conv1 stands 8 times and is fed an element a cycle */
    mho_hw_destroy(hw);
    mho_net_destroy(net);
}

/* By hand: LeNet takes 2, 8, 56 and 8 crossbars.  On 66 of them fc3 stays, and the others take turns on 8, of which conv1
 * stays as well; on 60 only conv1 can stay beside fc3's 56; on 10 nothing stays, and fc3 comes in 6 parts. */
static void test_too_small(void **state)
{
    (void)state;
    static const struct {
        const char *budget;
        uint64_t room, crossbars;
        size_t writes; /* of 128 word lines, and 25 of conv1's */
        bool first;    /* conv1 is written */
    } wanted[] = {{"crossbar.budget=74", 0, 0, 0, false},
                  {"crossbar.budget=66", 8, 16, 2, false},
                  {"crossbar.budget=64", 8, 18, 2, true},
                  {"crossbar.budget=60", 56, 72, 3, false},
                  {"crossbar.budget=10", 10, 74, 8, true}};
    mho_net *net;
    assert_int_equal(mho_net_zoo("lenet", &net), MHO_OK);
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        const char *const set[] = {wanted[i].budget, NULL};
        mho_hw *hw;
        mho_estimate *e;
        assert_int_equal(mho_hw_open("cnn8", set, &hw), MHO_OK);
        assert_int_equal(mho_estimate_create(net, hw, &e), MHO_OK);
        const mho_placement *p = e->placement;
        assert_int_equal(p->room, wanted[i].room);
        assert_int_equal(p->rewritten_crossbars, wanted[i].crossbars);
        assert_true(p->layer_by_layer == (wanted[i].room > 0));
        const double seconds =
            160e-9 * (128 * (double)wanted[i].writes + 25 * (double)wanted[i].first);
        assert_true(p->rewrite_s >= seconds * 0.999999 && p->rewrite_s <= seconds * 1.000001);
        const double energy = (double)p->rewritten_cells * 1.3e-3 * 160e-9;
        const double told = mho_cost_energy_J(e->cost, "rewriting", NULL);
        assert_true(told >= energy * 0.999 && told <= energy * 1.001);
        mho_estimate_destroy(e);
        mho_hw_destroy(hw);
    }
    mho_net_destroy(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_all_choices),
        cmocka_unit_test(test_placement),
        cmocka_unit_test(test_too_small),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
