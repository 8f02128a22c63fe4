/* SPDX-License-Identifier: Apache-2.0 */
/* Copies of representative vectors and sets of layers within a budget, against all ways there are. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "mho/map.h"

enum { LAYERS = 3, COPIES = 4, SETS = 24 };

static const char text[] = "input: {shape: [8, 12, 12]}\n"
                           "layers:\n"
                           "  - conv: {out: 64, kernel: 3}\n"
                           "  - conv: {out: 32, kernel: 3}\n"
                           "  - conv: {out: 16, kernel: 3}\n";

static mho_placement *place(const mho_net *net, const char *const *sets)
{
    mho_hw *hw = NULL;
    mho_placement *p = NULL;
    if (mho_hw_open("reboc", sets, &hw) || mho_placement_create(net, hw, &p))
        fail_msg("%s", mho_error_message());
    mho_hw_destroy(hw);
    return p;
}

typedef struct way {
    uint64_t time, crossbars;
} way;

/* Cycles of a window of d sets, as many as 32 crossbars hold of them on one bus; docs/models/reuse.md. */
static uint64_t service(const mho_placement *p, const mho_placement_layer *l, uint64_t d,
                        double bus_Bps)
{
    const uint64_t fit = 32 / (l->sides * l->crossbar_pairs), together = d < fit ? d : fit;
    const double reads = (double)(l->reads * l->turns * l->passes) * l->t_read_s;
    const double fetch = (l->reuse.fetched_bits + l->reuse.refetched_bits) / 8 /
                         (double)l->positions / bus_Bps * (double)together;
    return (uint64_t)ceil((reads + fetch) / p->clock_s * (1 - 1e-12));
}

/* docs/models/timing.md eq. (2'), elements being those of the input map. */
static uint64_t occupied(uint64_t elements, const mho_placement_layer *l, uint64_t s, uint64_t d)
{
    return elements + (l->positions + d - 1) / d * (s > d ? s - d : 0);
}

static void list_ways(const mho_net *net, const char *bus, double bus_Bps,
                      way ways[LAYERS][COPIES * SETS])
{
    static const uint64_t elements[LAYERS] = {144, 100, 64};
    for (size_t c = 0; c < COPIES; c++) {
        char copies[32];
        snprintf(copies, sizeof copies, "crossbar.copies=%d", 1 << c);
        const char *const sets[] = {copies, "crossbar.duplication=none", "crossbar.budget=0", bus,
                                    NULL};
        mho_placement *p = place(net, sets);
        for (size_t i = 0; i < LAYERS; i++)
            for (uint64_t d = 1; d <= SETS; d++)
                ways[i][c * SETS + d - 1] = (way){
                    occupied(elements[i], &p->layer[i], service(p, &p->layer[i], d, bus_Bps), d),
                    d * p->layer[i].crossbar_pairs};
        mho_placement_destroy(p);
    }
}

static uint64_t max3(uint64_t a, uint64_t b, uint64_t c)
{
    const uint64_t m = a > b ? a : b;
    return m > c ? m : c;
}

/* The least time of the slowest layer; *crossbars: the fewest with which each layer is as fast. */
static uint64_t best_of(way w[LAYERS][COPIES * SETS], uint64_t budget, uint64_t *crossbars)
{
    uint64_t best = UINT64_MAX;
    *crossbars = 0;
    for (size_t a = 0; a < COPIES * SETS; a++)
        for (size_t b = 0; b < COPIES * SETS; b++)
            for (size_t c = 0; c < COPIES * SETS; c++) {
                const uint64_t all = w[0][a].crossbars + w[1][b].crossbars + w[2][c].crossbars;
                const uint64_t time = max3(w[0][a].time, w[1][b].time, w[2][c].time);
                if (all > budget || time > best || (time == best && all >= *crossbars))
                    continue;
                best = time;
                *crossbars = all;
            }
    return best;
}

static void check(const char *bus, double bus_Bps)
{
    static way ways[LAYERS][COPIES * SETS];
    mho_net *net;
    assert_int_equal(mho_net_read(text, "test.yaml", &net), MHO_OK);
    assert_int_equal(mho_net_set_blocks(net, "conv:8"), MHO_OK);
    list_ways(net, bus, bus_Bps, ways);
    for (size_t budget = 11; budget <= 24; budget += 3) {
        char set[32];
        snprintf(set, sizeof set, "crossbar.budget=%zu", budget);
        const char *const sets[] = {set, bus, NULL};
        mho_placement *p = place(net, sets);
        uint64_t crossbars;
        assert_int_equal(p->interval, best_of(ways, budget, &crossbars));
        assert_int_equal(p->crossbars, crossbars);
        mho_placement_destroy(p);
    }
    mho_net_destroy(net);
}

static void best_within_budget(void **state)
{
    (void)state;
    check("reuse.bus=19.2", 19.2e9);
    check("reuse.bus=0.5", 0.5e9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(best_within_budget)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
