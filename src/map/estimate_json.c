/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON form of an estimate: energy and area, counts, programming, and the formula and source of every number. */
#include <math.h>

#include "mho/map.h"

static mho_json *counts_json(const mho_placement *map)
{
    mho_json *v = mho_json_object(), *layers = mho_json_object();
    uint64_t sum[3] = {0};
    for (size_t i = 0; i < map->layers; i++) {
        const mho_placement_layer *l = &map->layer[i];
        mho_json *e = mho_json_object();
        mho_json_put(e, "cells", mho_json_integer((int64_t)l->cells));
        mho_json_put(e, "inputs_shared", mho_json_integer((int64_t)l->inputs_shared));
        mho_json_put(e, "inputs_copied", mho_json_integer((int64_t)l->inputs_copied));
        mho_json_put(e, "outputs", mho_json_integer((int64_t)l->outputs));
        mho_json_put(e, "positions", mho_json_integer((int64_t)l->positions));
        mho_json_put(e, "crossbar_pairs", mho_json_integer((int64_t)l->crossbar_pairs));
        mho_json_put(layers, l->name, e);
        sum[0] += l->inputs_shared;
        sum[1] += l->inputs_copied;
        sum[2] += l->outputs;
    }
    mho_json_put(v, "crossbar_pairs", mho_json_integer((int64_t)map->crossbar_pairs));
    mho_json_put(v, "cells", mho_json_integer((int64_t)map->cells));
    mho_json_put(v, "inputs_shared", mho_json_integer((int64_t)sum[0]));
    mho_json_put(v, "inputs_copied", mho_json_integer((int64_t)sum[1]));
    mho_json_put(v, "outputs", mho_json_integer((int64_t)sum[2]));
    mho_json_put(v, "by_layer", layers);
    return v;
}

static mho_json *programming_json(const mho_programming *p)
{
    mho_json *v = mho_json_object();
    mho_json_put(v, "write_J", mho_json_number(p->write_J));
    mho_json_put(v, "write_s", mho_json_number(p->write_s));
    mho_json_put(v, "energy_J", mho_json_number(p->energy_J));
    mho_json_put(v, "serial_s", mho_json_number(p->serial_s));
    mho_json_put(v, "parallel_s", mho_json_number(p->parallel_s));
    mho_json_put(v, "endurance", mho_json_number(p->endurance));
    mho_json_put(v, "reuse_crossbars", mho_json_number(p->reuse_crossbars));
    mho_json_put(v, "writes_per_cell", mho_json_number(p->writes_per_cell));
    mho_json_put(v, "reuse_energy_J", mho_json_number(p->reuse_energy_J));
    mho_json_put(v, "frames", mho_json_number(p->frames));
    return v;
}

static mho_json *quantity_json(const mho_quantity *q)
{
    mho_json *v = mho_json_object();
    mho_json_put(v, "value", mho_json_number(q->counted ? q->value : (double)NAN));
    mho_json_put(v, "formula", mho_json_text(q->formula));
    mho_json_put(v, "source", mho_json_text(q->source));
    if (q->uncertainty > 0)
        mho_json_put(v, "uncertainty", mho_json_number(q->uncertainty));
    return v;
}

static mho_json *range_json(const mho_model *m)
{
    mho_json *v = mho_json_object();
    for (size_t i = 0; i < m->parameters; i++) {
        const mho_parameter *p = &m->parameter[i];
        mho_json *j = mho_json_object(), *range = mho_json_array(), *valid = mho_json_array();
        mho_json_add(range, mho_json_number(p->min));
        mho_json_add(range, mho_json_number(p->max));
        mho_json_add(valid, mho_json_number(p->valid_min));
        mho_json_add(valid, mho_json_number(p->valid_max));
        mho_json_put(j, "range", range);
        mho_json_put(j, "valid", valid);
        mho_json_put(v, p->name, j);
    }
    return v;
}

static mho_json *explain_json(const mho_cost *cost)
{
    mho_json *v = mho_json_array();
    for (size_t i = 0; i < cost->entries; i++) {
        const mho_cost_entry *e = &cost->entry[i];
        mho_json *j = mho_json_object();
        mho_json_put(j, "layer", mho_json_text(e->activity->layer));
        mho_json_put(j, "component", mho_json_text(e->component->name));
        mho_json_put(j, "group", mho_json_text(e->activity->group));
        mho_json_put(j, "amount", mho_json_number(e->activity->amount));
        mho_json_put(j, "operation", mho_json_text(mho_operation_name(e->activity->operation)));
        mho_json_put(j, "operations", mho_json_number(e->activity->operations));
        mho_json_put(j, "seconds", mho_json_number(e->activity->seconds));
        mho_json_put(j, "energy_J", mho_json_number(e->energy_J));
        mho_json_put(j, "leakage_J", mho_json_number(e->leakage_J));
        mho_json_put(j, "area_m2", mho_json_number(e->area_m2));
        mho_json_put(j, "formula", mho_json_text(e->activity->formula));
        mho_json_put(j, "price_energy_J",
                     quantity_json(&e->component->energy[e->activity->operation]));
        mho_json_put(j, "price_area_m2", quantity_json(&e->component->area));
        if (e->model)
            mho_json_put(j, "range", range_json(e->model));
        mho_json_add(v, j);
    }
    return v;
}

static mho_json *generic_json(const mho_estimate *e)
{
    mho_json *v = mho_json_object();
    mho_json_put(v, "technology", mho_json_text(e->generic_tech->name));
    mho_json_put(v, "energy_J", mho_cost_energy_json(e->generic));
    mho_json_put(v, "area_m2", mho_cost_area_json(e->generic));
    return v;
}

void mho_estimate_json(const mho_estimate *e, const mho_net *net, const mho_hw *hw, bool entries,
                       mho_json *object)
{
    mho_price_notes notes;
    mho_estimate_notes(e, &notes);
    mho_json_put(object, "network", mho_json_text(mho_net_name(net)));
    mho_json_put(object, "hw", mho_json_text(mho_hw_name(hw)));
    mho_price_notes_json(&notes, object);
    if (e->generic)
        mho_json_put(object, "generic", generic_json(e));
    mho_json_put(object, "energy_J", mho_cost_energy_json(e->cost));
    mho_json_put(object, "area_m2", mho_cost_area_json(e->cost));
    mho_json_put(object, "counts", counts_json(e->placement));
    mho_placement_digital_json(e->placement, e->cost, object);
    if (e->has_programming)
        mho_json_put(object, "programming", programming_json(&e->programming));
    if (entries)
        mho_json_put(object, "entries", explain_json(e->cost));
    mho_json_put(object, "config", mho_hw_json(hw));
}
