/* SPDX-License-Identifier: Apache-2.0 */
/* The report of `mho evaluate` as JSON: SI units, errors as fractions.  docs/cli.md lists the keys. */
#include "evaluate.h"

static mho_json *layers(const mho_map *map)
{
    mho_json *list = mho_json_array();
    for (size_t i = 0; i < map->layers; i++) {
        const mho_map_layer *l = &map->layer[i];
        mho_json *entry = mho_json_object();
        mho_json_put(entry, "name", mho_json_text(l->name));
        mho_json_put(entry, "groups", mho_json_integer((int64_t)l->groups));
        mho_json_put(entry, "rows", mho_json_integer((int64_t)l->rows));
        mho_json_put(entry, "columns", mho_json_integer((int64_t)l->columns));
        mho_json_put(entry, "positions", mho_json_integer((int64_t)l->positions));
        mho_json_put(entry, "row_splits", mho_json_integer((int64_t)l->x_in));
        mho_json_put(entry, "column_splits", mho_json_integer((int64_t)l->x_out));
        mho_json_put(entry, "crossbar_pairs", mho_json_integer((int64_t)l->crossbar_pairs));
        mho_json_put(entry, "utilization", mho_json_number(l->utilization));
        mho_json_add(list, entry);
    }
    return list;
}

static void put_errors(mho_json *root, const evaluation *e)
{
    mho_json *spread = mho_json_object(), *list = mho_json_array();
    mho_json_put(root, "software_error", mho_json_number(e->software_error));
    mho_json_put(root, "ideal_device_error", mho_json_number(e->ideal_error));
    mho_json_put(spread, "mean", mho_json_number(e->spread.mean));
    mho_json_put(spread, "std", mho_json_number(e->spread.std));
    mho_json_put(spread, "min", mho_json_number(e->spread.min));
    mho_json_put(spread, "max", mho_json_number(e->spread.max));
    mho_json_put(spread, "trials", mho_json_integer((int64_t)e->spread.trials));
    for (size_t t = 0; t < e->spread.trials; t++)
        mho_json_add(list, mho_json_number(e->error[t]));
    mho_json_put(spread, "by_trial", list);
    mho_json_put(root, "hardware_error", spread);
    mho_json_put(root, "complete", mho_json_bool(!e->interrupted));
}

static void put_run(mho_json *root, const evaluation *e)
{
    double done = (double)(e->spread.trials * e->images);
    mho_json_put(root, "images_per_second", mho_json_number(done / e->inference_s));
    mho_json_put(root, "seconds", mho_json_number(e->seconds));
    mho_json_put(root, "peak_bytes", mho_json_integer((int64_t)mho_peak_bytes()));
}

mho_json *evaluation_json(const evaluation *e)
{
    mho_json *root = mho_json_object(), *cycles = mho_json_object(), *base = mho_json_object();
    mho_json *saved = mho_json_object();
    mho_json_put(root, "network", mho_json_text(mho_net_name(e->net)));
    mho_json_put(root, "model", mho_json_text(e->model));
    mho_json_put(root, "hw", mho_json_text(e->hw.hw.name));
    mho_json_put(root, "data", mho_json_text(e->data->name));
    mho_json_put(root, "data_place", mho_json_text(e->data->place));
    mho_json_put(root, "images", mho_json_integer((int64_t)e->images));
    mho_json_put(root, "seed", mho_json_integer((int64_t)e->seed));
    mho_json_put(root, "threads", mho_json_integer((int64_t)mho_threads()));
    mho_json_put(root, "kernel", mho_json_text(mho_cpu_name(mho_cpu_level())));
    put_errors(root, e);
    mho_json_put(cycles, "pipelined", mho_json_integer((int64_t)e->pipelined));
    mho_json_put(cycles, "layer_by_layer", mho_json_integer((int64_t)e->layer_by_layer));
    mho_json_put(root, "cycles", cycles);
    mho_json_put(root, "energy_J", mho_cost_energy_json(e->own->cost));
    mho_json_put(root, "area_m2", mho_cost_area_json(e->own->cost));
    mho_json_put(base, "hw", mho_json_text(e->base_hw.hw.name));
    mho_json_put(base, "error", mho_json_number(e->base_error));
    mho_json_put(base, "energy_J", mho_cost_energy_json(e->base->cost));
    mho_json_put(base, "area_m2", mho_cost_area_json(e->base->cost));
    mho_json_put(root, "baseline", base);
    mho_json_put(saved, "energy",
                 mho_json_number(1 - e->own->cost->energy_J / e->base->cost->energy_J));
    mho_json_put(saved, "area",
                 mho_json_number(1 - e->own->cost->area_m2 / e->base->cost->area_m2));
    mho_json_put(root, "saved", saved);
    mho_json_put(root, "crossbar_pairs", mho_json_integer((int64_t)e->own->map->crossbar_pairs));
    mho_json_put(root, "layers", layers(e->own->map));
    put_run(root, e);
    mho_json_put(root, "config", mho_hw_json(&e->hw));
    return root;
}
