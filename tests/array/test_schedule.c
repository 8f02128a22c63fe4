/* SPDX-License-Identifier: Apache-2.0 */
/* Schedules against the published and independently worked-out integers of VGG-11. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "array/moves.h"
#include "mho/run.h"
#include "net/graph.h"

/* --- VGG-11 ----------------------------------------------------------------------------------------------- */

typedef struct run {
    mho_array_estimate *e;
    const mho_workload *work;
    const mho_schedule *schedule;
    mho_array_result r;
} run;

static void run_with(run *t, const char *name, const char *const *sets)
{
    mho_net *net;
    mho_hw *hw;
    assert_int_equal(mho_hw_default("array", &hw), MHO_OK);
    assert_int_equal(mho_hw_set_all(hw, sets), MHO_OK);
    assert_int_equal(mho_net_zoo(name, &net), MHO_OK);
    assert_int_equal(mho_array_estimate_create(net, hw, NULL, 0, &t->e), MHO_OK);
    t->work = t->e->work;
    t->schedule = t->e->schedule;
    t->r = t->e->result;
    assert_true(fabs(t->e->cost->energy_J - t->r.total_J) <= 1e-12 * t->r.total_J);
    mho_net_destroy(net);
    mho_hw_destroy(hw);
}

static void end(run *t)
{
    mho_array_estimate_destroy(t->e);
}

static void assert_fixed(const run *t, const char *want)
{
    char text[64] = "";
    size_t n = 0;
    for (size_t l = 0; l < t->work->layers; l++)
        if (t->schedule->fixed[l])
            n += (size_t)snprintf(text + n, sizeof text - n, "%zu ", l + 1);
    assert_string_equal(text, want);
}

static void assert_close(double got, double want, double half_digit)
{
    if (!(fabs(got - want) <= half_digit))
        fail_msg("got %.9g, want %.9g", got, want);
}

#define KERNEL "array.order=kernel", "buffers.acc.depth=0"

static void table_6_rram(void **unused)
{
    (void)unused;
    run t;
    const char *sets[] = {"buffers.weight=rram:128K", KERNEL, NULL};
    run_with(&t, "vgg11", sets);
    assert_int_equal(t.r.cycles, 15934464);
    assert_int_equal(t.work->macs, 7485456384);
    assert_int_equal((uint64_t)t.r.weight_read_B, 1001742336);
    assert_int_equal((uint64_t)t.r.weight_read_B / 32, 31304448);
    assert_int_equal((uint64_t)t.r.weight_write_B / 32, 258048);
    assert_int_equal((uint64_t)t.r.io_write_B / 8, 373184);
    assert_int_equal((uint64_t)t.r.ddr_read_B, 8408064);
    assert_int_equal((uint64_t)t.r.ddr_write_B, 25088);
    assert_fixed(&t, "1 2 3 4 ");
    const double printed[] = {0.29, 2119, 841, 1.04, 50.4, 2.08, 1691, 526, 0};
    const double half[] = {0.005, 0.5, 0.5, 0.005, 0.05, 0.005, 0.5, 0.5, 0};
    for (int i = 0; i < MHO_ROW_COUNT; i++)
        assert_close(t.r.energy_J[i] * 1e6, printed[i], half[i]);
    assert_close(t.r.total_J * 1e6, 5230, 0.5);
    assert_false(t.r.memory_bound);
    end(&t);
}

static void table_6_sram(void **unused)
{
    (void)unused;
    run t;
    const char *sets[] = {"buffers.weight=sram:16K", KERNEL, NULL};
    run_with(&t, "vgg11", sets);
    assert_int_equal((uint64_t)t.r.weight_read_B / 8, 125217792);
    assert_int_equal((uint64_t)t.r.weight_write_B / 8, 1142784);
    assert_int_equal((uint64_t)t.r.ddr_read_B, 9292800);
    assert_fixed(&t, "1 2 ");
    const double printed[] = {0.29, 383, 929, 1.04, 0.64, 2.08, 1686, 526, 0};
    const double half[] = {0.005, 0.5, 0.5, 0.005, 0.005, 0.005, 0.5, 0.5, 0};
    for (int i = 0; i < MHO_ROW_COUNT; i++)
        assert_close(t.r.energy_J[i] * 1e6, printed[i], half[i]);
    assert_close(t.r.total_J * 1e6, 3527, 0.5);
    end(&t);
}

static void levels_of_small_io(void **unused)
{
    (void)unused;
    static const char *const size[] = {"131072", "262144", "524288", "1048576", "2097152"};
    static const double want_uJ[5][3] = {{1516.0, 1149.3, 1141.7},
                                         {1455.8, 1089.1, 1000.4},
                                         {1415.6, 975.6, 680.5},
                                         {1415.6, 938.9, 253.1},
                                         {1415.6, 938.9, 17.1}};
    for (int i = 0; i < 5; i++)
        for (int level = 1; level <= 3; level++) {
            char weight[32], at[24];
            snprintf(weight, sizeof weight, "buffers.weight=rram:%s", size[i]);
            snprintf(at, sizeof at, "array.level=%d", level);
            const char *sets[] = {"buffers.io=sram:16K", weight, at, NULL};
            run t;
            run_with(&t, "vgg11", sets);
            assert_close(t.schedule->energy_J * 1e6, want_uJ[i][level - 1], 0.05001);
            assert_false(t.r.memory_bound);
            if (i == 3 && level == 3)
                assert_fixed(&t, "1 2 3 4 5 6 7 ");
            end(&t);
        }
}

static void fixed_sets(void **unused)
{
    (void)unused;
    run t;
    const char *sram[] = {"buffers.weight=sram:256K", NULL};
    run_with(&t, "vgg11", sram);
    assert_fixed(&t, "1 3 4 5 ");
    end(&t);
    const char *rram[] = {"buffers.weight=rram:1M", NULL};
    run_with(&t, "vgg11", rram);
    assert_fixed(&t, "1 2 5 6 7 8 ");
    end(&t);
}

static void accumulation_buffer_saves_reads(void **unused)
{
    (void)unused;
    static const char *const half[] = {"buffers.acc.groups=half", NULL};
    static const struct {
        const char *depth;
        uint64_t bytes;
        double acc_uJ;
    } want[] = {{"buffers.acc.depth=16", 127577088, 68.3},
                {"buffers.acc.depth=32", 64230912, 88.7},
                {"buffers.acc.depth=64", 34327296, 193.8},
                {"buffers.acc.depth=128", 20002176, 218.2}};
    for (int i = 0; i < 4; i++) {
        const char *sets[] = {want[i].depth, half[0], NULL};
        run t;
        run_with(&t, "vgg11", sets);
        assert_int_equal((uint64_t)t.r.weight_read_B, want[i].bytes);
        assert_close(t.r.energy_J[MHO_ROW_ACCUMULATE] * 1e6, want[i].acc_uJ, 0.05001);
        end(&t);
    }
}

static void physical_io_reads(void **unused)
{
    (void)unused;
    run t;
    const char *kernel[] = {"buffers.io_read=physical", KERNEL, NULL};
    run_with(&t, "vgg11", kernel);
    assert_close(t.r.energy_J[MHO_ROW_READ_IOBUF] * 1e6, 421, 0.5);
    end(&t);
    const char *pixel[] = {"buffers.io_read=physical", NULL};
    run_with(&t, "vgg11", pixel);
    assert_close(t.r.energy_J[MHO_ROW_READ_IOBUF] * 1e6, 1011, 0.5);
    end(&t);
}

/* A batch loads its weights once; a schedule of two images costs at most twice that of one. */
static void batch_shares_weights(void **unused)
{
    (void)unused;
    run one, many;
    const char *single[] = {"array.layers=true", NULL},
               *batch[] = {"array.layers=true", "array.batch=16", NULL};
    run_with(&one, "alexnet", single);
    run_with(&many, "alexnet", batch);
    assert_true(one.r.memory_bound);
    assert_true(many.r.energy_J[MHO_ROW_READ_DDR] < one.r.energy_J[MHO_ROW_READ_DDR] / 4);
    assert_true(many.r.time_s < one.r.time_s);
    end(&one);
    end(&many);
}

static void deep_networks_are_proven(void **unused)
{
    (void)unused;
    run t;
    const char *sets[] = {"buffers.weight=rram:2M", NULL};
    run_with(&t, "resnet152", sets);
    assert_true(t.schedule->optimal);
    assert_close(t.schedule->energy_J * 1e6, 4137.027, 0.001);
    end(&t);
}

/* Capacities at which the cheapest paths have no matching sums of weights. */
static void gaps_of_sums_are_closed(void **unused)
{
    (void)unused;
    static const struct {
        const char *net, *io, *weight;
    } pair[] = {{"resnet34", "buffers.io=sram:16K", "buffers.weight=rram:1M"},
                {"resnet34", "buffers.io=sram:16K", "buffers.weight=rram:2M"},
                {"resnet34", "buffers.io=sram:32K", "buffers.weight=rram:1M"},
                {"resnet50", "buffers.io=sram:64K", "buffers.weight=rram:1M"},
                {"resnet50", "buffers.io=sram:64K", "buffers.weight=rram:2M"}};
    for (size_t i = 0; i < sizeof pair / sizeof *pair; i++) {
        run t;
        const char *sets[] = {pair[i].io, pair[i].weight, NULL};
        run_with(&t, pair[i].net, sets);
        if (!t.schedule->optimal)
            fail_msg("%s %s %s: %.9g J, bound %.9g J", pair[i].net, pair[i].io, pair[i].weight,
                     t.schedule->energy_J, t.schedule->bound_J);
        end(&t);
    }
}

/* A chain of `layers` convolutions of 32 x 32 maps. */
static mho_workload *chain_of(size_t layers)
{
    size_t room = 64 * layers + 128, used;
    char *text = malloc(room);
    assert_non_null(text);
    used = (size_t)snprintf(text, room, "name: chain\ninput: {shape: [16, 32, 32]}\nlayers:\n");
    for (size_t l = 0; l < layers; l++)
        used += (size_t)snprintf(text + used, room - used,
                                 "  - conv: {out: %zu, kernel: 3, pad: 1}\n", 16 + 8 * (l * l % 7));
    mho_net *net;
    mho_workload *work;
    assert_int_equal(mho_net_read(text, "chain", &net), MHO_OK);
    assert_int_equal(mho_workload_create(net, false, 1, &work), MHO_OK);
    mho_net_destroy(net);
    free(text);
    return work;
}

/* Where maps fit the I/O buffers the graph of steps grows with the layers; where none fits, it has a limit. */
static void long_chains_stay_small(void **unused)
{
    (void)unused;
    mho_schedule_options o = {1 << 20, 1 << 20, 3, 1e-10, 1e-10, false};
    mho_schedule *schedule;
    mhoi_plan *plan;
    for (size_t layers = 100; layers <= 2000; layers *= 20) {
        mho_workload *work = chain_of(layers);
        o.io_B = 1 << 20;
        assert_int_equal(mhoi_plan_create(work, &o, &plan), MHO_OK);
        assert_in_range(plan->moves, layers, 4 * layers);
        mhoi_plan_destroy(plan);
        assert_int_equal(mho_schedule_search(work, &o, &schedule), MHO_OK);
        assert_true(schedule->optimal);
        mho_schedule_destroy(schedule);
        mho_workload_destroy(work);
    }
    mho_workload *work = chain_of(3000);
    o.io_B = 1000;
    o.weight_B = 1 << 30;
    assert_int_equal(mhoi_plan_create(work, &o, &plan), MHO_ENOTMODELED);
    assert_non_null(strstr(mho_error_message(), "ways to fuse its 3000 layers"));
    assert_null(plan);
    mho_workload_destroy(work);
}

static void interruption_ends_a_search(void **unused)
{
    (void)unused;
    static const struct {
        size_t layers;
        int level;
    } cases[] = {{8, 3}, {60, 1}, {60, 2}, {60, 3}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mho_workload *work = chain_of(cases[i].layers);
        mho_schedule_options o = {1 << 15, 1 << 18, cases[i].level, 1e-10, 1e-10, false};
        mho_schedule *schedule;
        mho_run_interrupt(NULL);
        assert_int_equal(mho_schedule_search(work, &o, &schedule), MHO_EINTERRUPTED);
        assert_null(schedule);
        mho_run_resume(NULL);
        assert_int_equal(mho_schedule_search(work, &o, &schedule), MHO_OK);
        mho_schedule_destroy(schedule);
        mho_workload_destroy(work);
    }
}

static void no_memory(void **unused)
{
    (void)unused;
    mho_net *net;
    mho_workload *work;
    assert_int_equal(mho_net_zoo("resnet34", &net), MHO_OK);
    uint64_t live = mhoi_alloc_live();
    for (uint64_t k = 1, failed = 1; failed; k++) {
        mhoi_alloc_fail_at(k);
        mho_status s = mho_workload_create(net, true, 1, &work);
        mho_schedule *schedule = NULL;
        mho_schedule_options o = {1 << 20, 1 << 20, 3, 1e-10, 1e-10, false};
        if (s == MHO_OK)
            s = mho_schedule_search(work, &o, &schedule);
        failed = s != MHO_OK;
        if (failed) {
            assert_int_equal(s, MHO_ENOMEM);
            assert_null(schedule);
        }
        mho_schedule_destroy(schedule);
        mho_workload_destroy(work);
        assert_int_equal(mhoi_alloc_live(), live);
    }
    mhoi_alloc_fail_at(0);
    mho_net_destroy(net);
}

static void bad_capacities(void **unused)
{
    (void)unused;
    mho_net *net;
    mho_workload *work;
    mho_schedule *schedule;
    assert_int_equal(mho_net_zoo("lenet", &net), MHO_OK);
    assert_int_equal(mho_workload_create(net, true, 1, &work), MHO_OK);
    mho_schedule_options o = {0, 1024, 3, 1e-10, 1e-10, false};
    assert_int_equal(mho_schedule_search(work, &o, &schedule), MHO_EDOMAIN);
    assert_non_null(strstr(mho_error_message(), "0 and 1024 bytes"));
    mho_workload_destroy(work);
    assert_int_equal(mho_workload_create(net, true, 0, &work), MHO_EDOMAIN);
    mho_net_destroy(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table_6_rram),
        cmocka_unit_test(table_6_sram),
        cmocka_unit_test(levels_of_small_io),
        cmocka_unit_test(fixed_sets),
        cmocka_unit_test(accumulation_buffer_saves_reads),
        cmocka_unit_test(physical_io_reads),
        cmocka_unit_test(batch_shares_weights),
        cmocka_unit_test(deep_networks_are_proven),
        cmocka_unit_test(gaps_of_sums_are_closed),
        cmocka_unit_test(long_chains_stay_small),
        cmocka_unit_test(interruption_ends_a_search),
        cmocka_unit_test(no_memory),
        cmocka_unit_test(bad_capacities),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
