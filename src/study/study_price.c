/* SPDX-License-Identifier: Apache-2.0 */
/* Cycles, energy and area of a result, and those of the 8-bit CNN beside them. */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "cost/cost_sections.h"
#include "hw/sections.h"
#include "map/map_sections.h"
#include "mho/pipeline.h"
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
    *(mhoi_readings_options *)mhoi_hw_edit(*out, &mhoi_readings_section) =
        *(const mhoi_readings_options *)mhoi_hw_section(hw, &mhoi_readings_section);
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
                                .utilization = from->utilization};
        snprintf(l->name, sizeof l->name, "%s", from->name);
    }
    return MHO_OK;
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
        p->energy_J = mho_cost_energy_J(cost, group, layer);
        p->area_m2 = mho_cost_area_m2(cost, group, layer);
    }
    return MHO_OK;
}

static mho_status copy_cost(const mho_cost *from, mho_result_cost *to)
{
    to->energy_J = from->energy_J;
    to->area_m2 = from->area_m2;
    mho_status s = copy_parts(from, mho_cost_group, &to->component, &to->components);
    return s ? s : copy_parts(from, mho_cost_layer, &to->layer, &to->layers);
}

/* Eq. 6 and 7 hold where windows take a cycle each; slower layers are simulated. */
static mho_status count_cycles(const mho_placement *placement, const mho_net *net,
                               mho_result *result)
{
    mho_pipeline *pipeline = NULL;
    mho_status s = mho_placement_layer_by_layer(placement, net, &result->layer_by_layer);
    result->service = 1;
    if (s || !mho_placement_is_slow(placement))
        return s ? s : mho_cycles_pipelined(net, &result->pipelined);
    s = mho_pipeline_create_placed(net, placement, &pipeline);
    if (!s) {
        result->pipelined = pipeline->cycles;
        result->service = pipeline->service;
    }
    mho_pipeline_destroy(pipeline);
    return s;
}

static mho_status price_own(const mho_net *net, const mho_hw *hw, mho_result *result)
{
    mho_estimate *e = NULL;
    mho_status s = mho_estimate_create(net, hw, &e);
    if (!s)
        s = copy_layers(e->placement, result);
    if (!s)
        s = copy_cost(e->cost, &result->cost);
    if (!s)
        s = count_cycles(e->placement, net, result);
    if (!s) {
        result->weights = e->placement->cells;
        result->crossbar_pairs = e->placement->crossbar_pairs;
    }
    mho_estimate_destroy(e);
    return s;
}

static mho_status price_base(const mho_net *net, const mho_hw *hw, mho_result *result)
{
    mho_hw *base = NULL;
    mho_estimate *e = NULL;
    mho_status s = mhoi_study_base_hw(hw, &base);
    if (!s)
        s = mho_estimate_create(net, base, &e);
    if (!s)
        s = copy_cost(e->cost, &result->base);
    snprintf(result->base_hw, sizeof result->base_hw, "%s", s ? "" : mho_hw_name(base));
    mho_estimate_destroy(e);
    mho_hw_destroy(base);
    return s;
}

mho_status mhoi_study_price(const mho_net *net, const mho_hw *hw, mho_result *result)
{
    mho_status s = price_own(net, hw, result);
    if (!s)
        s = price_base(net, hw, result);
    result->macs = mho_net_macs(net);
    result->has_prices = !s;
    return s;
}
