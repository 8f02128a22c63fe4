/* SPDX-License-Identifier: Apache-2.0 */
/* Schedules against brute force on random small networks, with and without branches, and against the
 * published and independently worked-out integers of VGG-11. */
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

/* --- brute force: every fixed set, every partition, every choice of what to keep ---------------------- */

enum { LAYERS_MAX = 7, MAPS_MAX = LAYERS_MAX + 1 };

typedef struct brute {
    const mho_workload *work;
    const mho_schedule_options *o;
    bool fixed[LAYERS_MAX];
    uint64_t R;
    double best;
} brute;

static bool layer_reads(const mho_work_layer *layer, size_t map)
{
    if (layer->input == map)
        return true;
    for (size_t e = 0; e < layer->extras; e++)
        if (layer->extra[e] == map)
            return true;
    return false;
}

static bool read_after(const brute *b, size_t map, size_t k)
{
    for (size_t l = k; l < b->work->layers; l++)
        if (layer_reads(&b->work->layer[l], map))
            return true;
    return false;
}

static uint64_t bytes_kept(const brute *b, const bool *kept, size_t k)
{
    uint64_t sum = 0;
    for (size_t t = 0; t < b->work->tensors; t++)
        if (kept[t] && read_after(b, t, k))
            sum += b->work->tensor[t].bytes;
    return sum;
}

static void from(brute *b, size_t k, const bool *kept, double cost);

/* The step k..end with statuses `next` afterwards. */
static void step(brute *b, size_t k, size_t end, const bool *kept, const bool *next, double cost)
{
    const mho_workload *work = b->work;
    uint64_t weights = 0, reads = 0, writes = 0, pieces = 1, input = 0;
    bool single = end == k + 1;
    if (bytes_kept(b, next, end) > b->o->io_B)
        return;
    for (size_t l = k; l < end; l++)
        weights += b->fixed[l] ? 0 : work->layer[l].weight_B;
    if (weights > 0 && (b->R == 0 || (!single && weights > b->R)))
        return;
    size_t first = work->layer[k].input;
    if (single && !kept[first]) {
        uint64_t room = b->o->io_B - bytes_kept(b, kept, k);
        if (room == 0)
            return;
        input = work->tensor[first].bytes;
        pieces = (input + room - 1) / room;
    }
    for (size_t t = 0; t < work->tensors; t++) {
        bool before = work->tensor[t].producer == MHO_WORK_INPUT || work->tensor[t].producer < k;
        bool inside = !before && work->tensor[t].producer < end, read = false;
        for (size_t l = k; l < end; l++)
            read |= layer_reads(&work->layer[l], t);
        if (before && read && !kept[t])
            reads += work->tensor[t].bytes;
        if (inside &&
            (read_after(b, t, end) ? !next[t] : !read_after(b, t, work->tensor[t].producer)))
            writes += work->tensor[t].bytes;
        if (before && read_after(b, t, end)) {
            if (kept[t] && !next[t])
                return;
            if (!kept[t] && next[t] && (!read || pieces > 1))
                return; /* pieces take all the room there is */
        }
    }
    uint64_t again = 0;
    if (single && weights > 0 && input > 0) {
        uint64_t nw = (weights + b->R - 1) / b->R;
        uint64_t by_weights = weights + input * nw, by_maps = input + weights * pieces;
        again = (by_weights < by_maps ? by_weights : by_maps) - weights - input;
    }
    from(b, end, next,
         cost + (double)(reads + weights + again) * b->o->e_rd_J + (double)writes * b->o->e_wr_J);
}

static void choose(brute *b, size_t k, size_t end, const bool *kept, bool *next, size_t map,
                   double cost)
{
    if (map == b->work->tensors) {
        step(b, k, end, kept, next, cost);
        return;
    }
    size_t producer = b->work->tensor[map].producer;
    bool exists = producer == MHO_WORK_INPUT || producer < end;
    next[map] = false;
    choose(b, k, end, kept, next, map + 1, cost);
    if (exists && read_after(b, map, end)) {
        next[map] = true;
        choose(b, k, end, kept, next, map + 1, cost);
        next[map] = false;
    }
}

static void from(brute *b, size_t k, const bool *kept, double cost)
{
    if (cost >= b->best)
        return;
    if (k == b->work->layers) {
        b->best = cost;
        return;
    }
    size_t last = b->o->level >= 2 ? b->work->layers : k + 1;
    for (size_t end = k + 1; end <= last; end++) {
        bool next[MAPS_MAX] = {false};
        choose(b, k, end, kept, next, 0, cost);
    }
}

static double brute_force(const mho_workload *work, const mho_schedule_options *o)
{
    brute b = {.work = work, .o = o, .best = INFINITY};
    for (unsigned set = 0; set < 1u << work->layers; set++) {
        uint64_t fixed_B = 0;
        for (size_t l = 0; l < work->layers; l++) {
            b.fixed[l] = set >> l & 1;
            fixed_B += b.fixed[l] ? work->layer[l].weight_B : 0;
        }
        if (fixed_B > o->weight_B || (set && o->level < 3))
            continue;
        b.R = o->weight_B - fixed_B;
        bool kept[MAPS_MAX] = {false};
        from(&b, 0, kept, 0.0);
    }
    return b.best;
}

/* --- random networks ------------------------------------------------------------------------------------ */

typedef struct random_net {
    mho_work_layer layer[LAYERS_MAX];
    mho_work_map map[MAPS_MAX];
    mho_workload work;
} random_net;

static uint64_t below(uint64_t *state, uint64_t n)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (*state >> 33) % n;
}

static void use(random_net *net, size_t map, size_t layer)
{
    if (net->map[map].first_use == MHO_WORK_INPUT)
        net->map[map].first_use = layer;
    net->map[map].last_use = layer;
}

/* A chain; some layers add an earlier map that is still to be had. */
static void make_random(uint64_t *state, random_net *net, bool branches)
{
    memset(net, 0, sizeof *net);
    size_t layers = 2 + below(state, LAYERS_MAX - 1 - (branches ? 1 : 0));
    net->map[0] =
        (mho_work_map){1 + below(state, 40), MHO_WORK_INPUT, MHO_WORK_INPUT, MHO_WORK_INPUT};
    for (size_t l = 0; l < layers; l++) {
        mho_work_layer *layer = &net->layer[l];
        layer->weight_B = 1 + below(state, 30);
        layer->kh = layer->kw = layer->stride_h = layer->stride_w = layer->groups = layer->c_in =
            layer->c_out = 1;
        layer->input = l;
        layer->output = l + 1;
        net->map[l + 1] = (mho_work_map){1 + below(state, 40), l, MHO_WORK_INPUT, MHO_WORK_INPUT};
        if (branches && l >= 1 && below(state, 2))
            layer->extra[layer->extras++] = below(state, l);
        net->work.weight_B += layer->weight_B;
    }
    for (size_t l = 0; l < layers; l++) {
        use(net, net->layer[l].input, l);
        for (size_t e = 0; e < net->layer[l].extras; e++)
            use(net, net->layer[l].extra[e], l);
    }
    net->work.layer = net->layer;
    net->work.layers = layers;
    net->work.tensor = net->map;
    net->work.tensors = layers + 1;
    net->work.batch = 1;
    strcpy(net->work.name, "random");
}

static void compare(uint64_t seed, bool branches, int cases)
{
    uint64_t state = seed;
    int too_many = 0;
    for (int i = 0; i < cases; i++) {
        random_net net;
        make_random(&state, &net, branches);
        mho_schedule_options o = {.io_B = 1 + below(&state, 60),
                                  .weight_B = 1 + below(&state, 80),
                                  .level = 1 + (int)below(&state, 3),
                                  .e_rd_J = 100e-12,
                                  .e_wr_J = 82.719e-12};
        mho_schedule *schedule[2] = {NULL, NULL};
        double want = brute_force(&net.work, &o);
        mho_status s = mho_schedule_bound(&net.work, &o, &schedule[0]);
        if (s == MHO_ENOTMODELED) {
            too_many++;
            continue;
        }
        assert_int_equal(s, MHO_OK);
        assert_int_equal(mho_schedule_tree(&net.work, &o, &schedule[1]), MHO_OK);
        for (int k = 0; k < 2; k++) {
            if (fabs(schedule[k]->energy_J - want) > 1e-9 * want)
                fail_msg(
                    "seed %llu case %d level %d io %llu w %llu: %s %.6g pJ, brute force %.6g pJ",
                    (unsigned long long)seed, i, o.level, (unsigned long long)o.io_B,
                    (unsigned long long)o.weight_B, k ? "tree" : "bound",
                    schedule[k]->energy_J * 1e12, want * 1e12);
            assert_true(schedule[k]->optimal);
            mho_schedule_destroy(schedule[k]);
        }
    }
    assert_true(too_many < cases / 4);
}

static void chains_match_brute_force(void **unused)
{
    (void)unused;
    compare(11, false, 1500);
}

static void branches_match_brute_force(void **unused)
{
    (void)unused;
    compare(77, true, 1900);
}

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

/* input, layers a, b and c of one kernel, c + shortcut in either order, layer d. */
static mho_workload *residual(size_t c_reads, size_t left, size_t right)
{
    enum { NODES = 6, ADD = 4 };
    mho_net *net;
    mho_workload *work;
    assert_int_equal(mhoi_net_create("residual", NODES, &net), MHO_OK);
    for (size_t i = 0; i < NODES; i++) {
        mho_node *node = &net->node[i];
        node->op = i == 0 ? MHO_OP_INPUT : i == ADD ? MHO_OP_ADD : MHO_OP_CONV;
        snprintf(node->name, sizeof node->name, "n%zu", i);
        node->inputs = i == 0 ? 0 : i == ADD ? 2 : 1;
        node->input[0] = i == 3 ? c_reads : i == ADD ? left : i - (i > 0);
        node->input[1] = i == ADD ? right : 0;
        mhoi_node_set_window(node, 1, 1);
        node->out = i ? (mho_shape){4, 0, 0} : (mho_shape){3, 8, 8};
    }
    if (mhoi_net_infer_shapes(net, "residual") || mho_workload_create(net, true, 1, &work))
        fail_msg("%s", mho_error_message());
    mho_net_destroy(net);
    assert_int_equal(work->layers, 4);
    return work;
}

/* The tensor that a layer adds at its write-back, and who reads it: the shortcut's, whichever operand of the
 * addition it is. */
static void additions_read_the_shortcut(void **unused)
{
    (void)unused;
    static const struct {
        size_t c_reads, left, right, shortcut; /* nodes; the layer that made the shortcut */
    } cases[] = {{2, 3, 1, 0}, {2, 1, 3, 0}, {2, 3, 2, 1}, {1, 3, 2, 1}, {1, 2, 3, 1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mho_workload *work = residual(cases[i].c_reads, cases[i].left, cases[i].right);
        const mho_work_layer *c = &work->layer[2];
        const size_t shortcut = work->layer[cases[i].shortcut].output;
        assert_int_equal(c->extras, 1);
        assert_int_equal(c->extra[0], shortcut);
        assert_int_equal(work->tensor[shortcut].last_use, 2);
        assert_int_equal(work->layer[0].extras + work->layer[1].extras, 0);
        assert_int_equal(work->layer[3].input, c->output);
        assert_int_equal(work->tensor[c->output].first_use, 3);
        mho_workload_destroy(work);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chains_match_brute_force),
        cmocka_unit_test(branches_match_brute_force),
        cmocka_unit_test(additions_read_the_shortcut),
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
