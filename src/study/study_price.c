/* SPDX-License-Identifier: Apache-2.0 */
/* Cycles, energy and area of a result, and those of the 8-bit CNN beside them. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/shelf.h"
#include "cost/cost_price.h"
#include "cost/cost_sections.h"
#include "hw/sections.h"
#include "map/estimate.h"
#include "map/map_sections.h"
#include "mho/pipeline.h"
#include "net/graph.h"
#include "study/study_impl.h"

mho_status mhoi_study_base_hw(const mho_hw *hw, mho_hw **out)
{
    mho_status s = mho_hw_open("cnn8", NULL, out);
    if (s)
        return s;
    const mhoi_crossbar_options *from = mhoi_hw_section(hw, &mhoi_crossbar_section);
    mhoi_crossbar_options *to = mhoi_hw_edit(*out, &mhoi_crossbar_section);
    to->rows = from->rows;
    to->columns = from->columns;
    to->cell = from->cell;
    mhoi_timing_options *timing = mhoi_hw_edit(*out, &mhoi_timing_section);
    *timing = *(const mhoi_timing_options *)mhoi_hw_section(hw, &mhoi_timing_section);
    timing->read_s = 0; /* a read time that is given is that of these inputs and converters alone */
    *(mhoi_chip_options *)mhoi_hw_edit(*out, &mhoi_chip_section) =
        *(const mhoi_chip_options *)mhoi_hw_section(hw, &mhoi_chip_section);
    *(mhoi_digital_options *)mhoi_hw_edit(*out, &mhoi_digital_section) =
        *(const mhoi_digital_options *)mhoi_hw_section(hw, &mhoi_digital_section);
    *(mhoi_readings_options *)mhoi_hw_edit(*out, &mhoi_readings_section) =
        *(const mhoi_readings_options *)mhoi_hw_section(hw, &mhoi_readings_section);
    *(mhoi_read_options *)mhoi_hw_edit(*out, &mhoi_read_section) =
        *(const mhoi_read_options *)mhoi_hw_section(hw, &mhoi_read_section);
    *(mhoi_technology_options *)mhoi_hw_edit(*out, &mhoi_technology_section) =
        *(const mhoi_technology_options *)mhoi_hw_section(hw, &mhoi_technology_section);
    return MHO_OK;
}

static mho_status copy_layers(const mho_placement *map, mho_result *result)
{
    mho_status s = mhoi_alloc(&result->layer, map->layers, sizeof *result->layer, "layers");
    if (s)
        return s;
    result->layers = map->layers;
    for (size_t i = 0; i < map->layers; i++) {
        const mho_placement_layer *from = &map->layer[i];
        mho_result_layer *l = &result->layer[i];
        *l = (mho_result_layer){.groups = from->groups,
                                .rows = from->rows,
                                .columns = from->columns,
                                .positions = from->positions,
                                .row_splits = from->x_in,
                                .column_splits = from->x_out,
                                .crossbar_pairs = from->crossbar_pairs,
                                .utilization = from->utilization,
                                .reads = from->reads,
                                .columns_per_converter = from->columns_per_converter,
                                .duplication = from->duplication,
                                .service = from->service,
                                .occupied = from->occupied,
                                .converters = from->converters,
                                .t_read_s = from->t_read_s,
                                .converter_utilization = from->converter_utilization,
                                .input_bits = from->input_bits,
                                .output_bits = from->output_bits,
                                .row_groups = from->row_groups,
                                .sense = from->sense};
        snprintf(l->name, sizeof l->name, "%s", from->name);
    }
    return MHO_OK;
}

static mho_status copy_digital(const mho_estimate *e, mho_result *result)
{
    const mho_placement *map = e->placement;
    mho_status s =
        mhoi_alloc(&result->digital, map->digitals + 1, sizeof *result->digital, "digital units");
    result->digitals = s ? 0 : map->digitals;
    result->crossbar_macs = map->macs;
    result->digital_macs = map->digital_macs;
    for (size_t i = 0; i < result->digitals; i++) {
        const mho_placement_digital *d = &map->digital[i];
        result->digital[i].unit = *d;
        if (!d->priced)
            continue;
        result->digital[i].energy_J = mho_cost_energy_J(e->cost, "digital", d->name);
        result->digital[i].area_m2 = mho_cost_area_m2(e->cost, "digital", d->name);
    }
    return s;
}

typedef const char *heading_fn(const mho_cost *cost, size_t i);

static mho_status copy_parts(const mho_cost *cost, heading_fn *heading, mho_result_part **part,
                             size_t *parts)
{
    const bool by_group = heading == mho_cost_group;
    size_t n = 0;
    while (heading(cost, n))
        n++;
    mho_status s = mhoi_alloc(part, n, sizeof **part, "costs");
    if (s)
        return s;
    *parts = n;
    for (size_t i = 0; i < n; i++) {
        const char *name = heading(cost, i), *group = by_group ? name : NULL;
        const char *layer = by_group ? NULL : name;
        mho_result_part *p = &(*part)[i];
        snprintf(p->name, sizeof p->name, "%s", name);
        mhoi_cost_sums(cost, group, layer, &p->energy_J, &p->area_m2);
    }
    return MHO_OK;
}

mho_status mhoi_study_copy_cost(const mho_cost *from, mho_result_cost *to)
{
    to->energy_J = from->energy_J;
    to->area_m2 = from->area_m2;
    mho_status s = copy_parts(from, mho_cost_group, &to->component, &to->components);
    return s ? s : copy_parts(from, mho_cost_layer, &to->layer, &to->layers);
}

typedef struct cycles {
    uint64_t pipelined, layer_by_layer;
    uint64_t interval, at_best, generic_interval;
    bool simulated;
    size_t service;
    mho_result_work *work; /* [works] */
    size_t works;
} cycles;

/* What a simulation tells, of all placements with the same service times and copies. */
typedef struct simulated {
    uint64_t cycles, interval;
    size_t service, works;
    mho_result_work work[];
} simulated;

enum { KEPT_SIMULATIONS = 100000 };

static void free_simulated(void *known)
{
    mhoi_free(&known);
}

/* words[2 + 2 nodes]: the network, which outlives what is kept of it, and the pace of its nodes. */
static void pace_of(const mho_placement *placement, const mho_net *net, size_t *words)
{
    words[0] = (size_t)(uintptr_t)net;
    words[1] = net->nodes;
    mho_placement_service(placement, words + 2);
    mho_placement_copies(placement, words + 2 + net->nodes);
}

static mho_status simulate_anew(const mho_placement *placement, const mho_net *net, simulated **out)
{
    mho_pipeline *p = NULL;
    mho_status s = mho_pipeline_create_placed(net, placement, &p);
    if (!s)
        s = mhoi_alloc(out, 1, sizeof **out + p->layers * sizeof *(*out)->work,
                       "simulated pipeline");
    if (!s)
        **out = (simulated){p->cycles, p->interval, p->service, p->layers};
    for (size_t l = 0; !s && l < p->layers; l++) {
        const mho_pipeline_layer *layer = &p->layer[l];
        mho_result_work *work = &(*out)->work[l];
        *work = (mho_result_work){
            .first = layer->first_awake, .last = layer->last_out, .awake = layer->awake};
        memcpy(work->name, layer->name, sizeof work->name);
    }
    mho_pipeline_destroy(p);
    return s;
}

static mho_status tell_simulated(const simulated *told, const mho_placement *placement, cycles *n)
{
    n->pipelined = told->cycles;
    n->service = told->service;
    n->simulated = true;
    if (!placement->layer_by_layer)
        n->interval = told->interval;
    mhoi_free(&n->work);
    mho_status s = mhoi_alloc(&n->work, told->works, sizeof *n->work, "simulated pipeline");
    n->works = s ? 0 : told->works;
    if (n->works)
        memcpy(n->work, told->work, told->works * sizeof *n->work);
    return s;
}

static mho_status simulate(const mho_placement *placement, const mho_net *net, cycles *n)
{
    net = mho_net_placed(net);
    const size_t count = 2 + 2 * net->nodes;
    size_t *words = NULL;
    simulated *anew = NULL;
    mho_status s = mhoi_alloc(&words, count, sizeof *words, "pace of a pipeline");
    if (s)
        return s;
    pace_of(placement, net, words);
    const simulated *known = mhoi_shelf_find("pipeline", words, count * sizeof *words);
    if (!known)
        s = simulate_anew(placement, net, &anew);
    if (!s)
        s = tell_simulated(known ? known : anew, placement, n);
    if (s || !anew ||
        !mhoi_shelf_keep("pipeline", KEPT_SIMULATIONS, words, count * sizeof *words, anew,
                         free_simulated))
        mhoi_free(&anew);
    mhoi_free(&words);
    return s;
}

/* Eq. 6 is what the paper counts with its table, where windows take a cycle each.  Other tables have one estimator for all
 * designs, the simulation, so that more reads cannot seem to be faster; but what it refuses. */
static mho_status count_cycles(const mho_placement *placement, const mho_technology *tech,
                               const mho_net *net, cycles *n)
{
    const bool slow = mho_placement_is_slow(placement);
    *n = (cycles){.interval = placement->interval, .at_best = placement->interval, .service = 1};
    mho_status s = mho_placement_layer_by_layer(placement, net, &n->layer_by_layer);
    if (!s && (slow || tech->models))
        s = simulate(placement, net, n);
    if (!slow && (s == MHO_ENOTMODELED || s == MHO_EDOMAIN))
        s = MHO_OK;
    return s || n->simulated ? s : mho_cycles_pipelined(net, &n->pipelined);
}

/* Cycles of what is priced; those beside are left at their bound where they cannot be simulated. */
typedef struct paces {
    const mho_net *net;
    cycles *own, *beside;
} paces;

static mho_status pace(void *user, const mho_placement *placement, const mho_technology *tech,
                       bool beside, uint64_t *interval)
{
    const paces *p = user;
    cycles *n = beside ? p->beside : p->own;
    mho_status s = count_cycles(placement, tech, p->net, n);
    if (beside && (s == MHO_ENOTMODELED || s == MHO_EDOMAIN))
        s = MHO_OK;
    *interval = n->interval;
    return s;
}

/* docs/models/timing.md eq. (3) to (6) */
static void set_speed(const mho_placement *placement, const cycles *n, double macs,
                      const mho_result_cost *cost, mho_result_speed *v)
{
    const bool in_turn = placement->layer_by_layer;
    const double clock_s = placement->clock_s > 0 ? placement->clock_s : (double)NAN;
    const double operations = 2 * macs;
    snprintf(v->clock, sizeof v->clock, "%s", placement->clock);
    snprintf(v->bottleneck, sizeof v->bottleneck, "%s", in_turn ? "" : placement->bottleneck);
    v->clock_s = clock_s;
    v->interval = n->interval;
    v->at_best = n->at_best;
    v->latency_s =
        (double)(in_turn ? n->layer_by_layer : n->pipelined) * clock_s + placement->rewrite_s;
    v->interval_s = (double)v->interval * clock_s + placement->rewrite_s;
    if (placement->tiles.busiest_link_s > v->interval_s) {
        v->interval_s = placement->tiles.busiest_link_s;
        snprintf(v->bottleneck, sizeof v->bottleneck, "the busiest link");
    }
    v->throughput_per_s = 1 / v->interval_s;
    v->power_W = cost->energy_J * v->throughput_per_s;
    v->ops_per_s = operations * v->throughput_per_s;
    v->ops_per_J = operations / cost->energy_J;
    v->ops_per_s_per_m2 = v->ops_per_s / cost->area_m2;
}

/* What a network costs on hw, and how fast it is: leakage is that of the interval which is told. */
static mho_status price(const mho_net *net, const mho_hw *hw, mho_estimate **e,
                        mho_result_cost *cost, mho_result_cost *generic, mho_result_speed *speed,
                        cycles *n)
{
    cycles beside = {0};
    paces both = {net, n, &beside};
    mho_status s = mhoi_estimate_create_paced(net, hw, pace, &both, e);
    n->generic_interval = beside.interval;
    mhoi_free(&beside.work);
    if (!s)
        s = mhoi_study_copy_cost((*e)->cost, cost);
    if (!s && (*e)->generic)
        s = mhoi_study_copy_cost((*e)->generic, generic);
    if (!s)
        set_speed((*e)->placement, n, (*e)->placement->macs + (*e)->placement->digital_macs, cost,
                  speed);
    return s;
}

/* fallback: what priced it in place of its technology; "". */
static void set_rewriting(const mho_estimate *e, mho_result_rewriting *r)
{
    const mho_placement *p = e->placement;
    const double writes = p->room ? (double)p->rewritten_crossbars / (double)p->room : 0;
    *r = (mho_result_rewriting){.budget = p->budget,
                                .room = p->room,
                                .crossbars = p->rewritten_crossbars,
                                .cells = p->rewritten_cells,
                                .seconds = p->rewrite_s,
                                .images_until_worn = (double)NAN};
    for (size_t i = 0; i < p->layers; i++)
        r->needed += p->layer[i].sides * p->layer[i].crossbar_pairs * p->layer[i].duplication;
    if (!p->rewritten_cells)
        return;
    r->energy_J = mho_cost_energy_J(e->cost, "rewriting", NULL);
    if (e->has_programming)
        r->images_until_worn = e->programming.endurance / writes;
}

static mho_status price_own(const mho_net *net, const mho_hw *hw, mho_result *result,
                            char fallback[MHO_COST_NAME])
{
    mho_estimate *e = NULL;
    cycles n = {0};
    mho_status s = price(net, hw, &e, &result->cost, &result->generic, &result->speed, &n);
    if (!s)
        s = copy_layers(e->placement, result);
    if (!s)
        s = copy_digital(e, result);
    if (!s) {
        mho_estimate_notes(e, &result->notes);
        memcpy(fallback, e->fallback, MHO_COST_NAME);
        result->pipelined = n.pipelined;
        result->layer_by_layer = n.layer_by_layer;
        result->simulated = n.simulated;
        result->service = n.service;
        result->work = n.work;
        result->works = n.works;
        n.work = NULL;
        result->generic_interval = n.generic_interval;
        set_rewriting(e, &result->rewriting);
        result->tiles = e->placement->tiles;
        result->in_turn = e->placement->layer_by_layer;
        result->weights = e->placement->cells;
        result->crossbar_pairs = e->placement->crossbar_pairs;
    }
    mhoi_free(&n.work);
    mho_estimate_destroy(e);
    return s;
}

/* By the table that priced the hardware itself. */
static mho_status set_technology(mho_hw *base, const char *fallback)
{
    char text[MHO_COST_NAME + 16];
    snprintf(text, sizeof text, "technology=%s", fallback);
    const char *const sets[] = {text, "overrides=", NULL};
    return *fallback ? mho_hw_set_all(base, sets) : MHO_OK;
}

/* Maps have the bits of this hardware, whatever thresholds or narrower codes of the network make of them: it stands for the
 * 8-bit network, as it does for binary ones. */
static mho_status price_base(const mho_net *net, const mho_hw *hw, mho_result *result,
                             const char *fallback)
{
    mho_hw *base = NULL;
    mho_estimate *e = NULL;
    cycles n = {0};
    mho_status s = mhoi_study_base_hw(hw, &base);
    if (!s)
        s = set_technology(base, fallback);
    if (!s)
        ((mhoi_input_options *)mhoi_hw_edit(base, &mhoi_input_section))->wide = true;
    if (!s)
        s = price(net, base, &e, &result->base, &result->base_generic, &result->base_speed, &n);
    snprintf(result->base_hw, sizeof result->base_hw, "%s", s ? "" : mho_hw_name(base));
    mhoi_free(&n.work);
    mho_estimate_destroy(e);
    mho_hw_destroy(base);
    return s;
}

mho_status mhoi_study_price(const mho_net *net, const mho_hw *hw, mho_result *result)
{
    char fallback[MHO_COST_NAME] = "";
    mho_status s = price_own(net, hw, result, fallback);
    if (!s)
        s = price_base(net, hw, result, fallback);
    result->macs = (uint64_t)(result->crossbar_macs + result->digital_macs);
    result->has_prices = !s;
    return s;
}

mho_status mhoi_study_price_alone(const mho_net *net, const mho_hw *hw, mho_result *result)
{
    char fallback[MHO_COST_NAME] = "";
    mho_status s = price_own(net, hw, result, fallback);
    result->macs = mho_net_macs(net);
    result->has_prices = !s;
    return s;
}
