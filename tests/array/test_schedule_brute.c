/* SPDX-License-Identifier: Apache-2.0 */
/* Schedules of small networks beside all there are. */
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

/* input, layers a, b and c of one kernel, c + shortcut in either order, layer d. */
static mho_workload *residual(size_t c_reads, size_t left, size_t right)
{
    enum { NODES = 6, ADD = 4 };
    mho_net *net;
    mho_workload *work = NULL;
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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
