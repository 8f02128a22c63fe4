/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON form of a result: SI units, errors as fractions.  docs/cli.md lists the keys. */
#include "base/alloc.h"
#include "mho/study.h"

static void free_cost(mho_result_cost *cost)
{
    mhoi_free(&cost->component);
    mhoi_free(&cost->layer);
}

void mho_result_free(mho_result *result)
{
    mho_hw_destroy(result->hw);
    mhoi_free(&result->by_trial);
    mhoi_free(&result->layer);
    mhoi_free(&result->digital);
    mhoi_free(&result->work);
    mhoi_free(&result->activity);
    free_cost(&result->measured);
    free_cost(&result->cost);
    free_cost(&result->base);
    free_cost(&result->generic);
    free_cost(&result->base_generic);
    *result = (mho_result){.stage = MHO_STAGE_OPEN};
}

double mho_result_saved(double own, double base)
{
    return 1 - own / base;
}

static mho_json *interval_json(mho_interval v)
{
    mho_json *list = mho_json_array();
    mho_json_add(list, mho_json_number(v.low));
    mho_json_add(list, mho_json_number(v.high));
    return list;
}

static mho_json *work_json(const mho_result *r)
{
    mho_json *list = mho_json_array();
    for (size_t i = 0; i < r->works; i++) {
        mho_json *row = mho_json_object();
        mho_json_put(row, "name", mho_json_text(r->work[i].name));
        mho_json_put(row, "first_awake", mho_json_unsigned(r->work[i].first));
        mho_json_put(row, "last_result", mho_json_unsigned(r->work[i].last));
        mho_json_put(row, "awake", mho_json_unsigned(r->work[i].awake));
        mho_json_add(list, row);
    }
    return list;
}

static mho_json *errors_json(const mho_result *r)
{
    const mho_error_estimate *e = &r->error;
    mho_json *root = mho_json_object(), *list = mho_json_array();
    mho_json_put(root, "mean", mho_json_number(e->spread.mean));
    mho_json_put(root, "std", mho_json_number(e->spread.std));
    mho_json_put(root, "min", mho_json_number(e->spread.min));
    mho_json_put(root, "max", mho_json_number(e->spread.max));
    mho_json_put(root, "trials", mho_json_integer((int64_t)e->spread.trials));
    mho_json_put(root, "ci95", mho_json_number(e->half));
    mho_json_put(root, "images_ci95", mho_json_number(e->images_half));
    mho_json_put(root, "images_interval", interval_json(e->images));
    for (size_t t = 0; r->by_trial && t < e->spread.trials; t++)
        mho_json_add(list, mho_json_number(r->by_trial[t]));
    mho_json_put(root, "by_trial", list);
    return root;
}

static void put_errors(mho_json *root, const mho_result *r)
{
    mho_json_put(root, "quantized", mho_json_bool(r->quantized));
    mho_json_put(root, "software_error", mho_json_number(r->software_error));
    mho_json_put(root, "software_interval", interval_json(r->software));
    if (r->options.ideal) {
        mho_json_put(root, "ideal_device_error", mho_json_number(r->ideal_error));
        mho_json_put(root, "ideal_device_interval", interval_json(r->ideal));
    }
    mho_json_put(root, "hardware_error", errors_json(r));
    mho_json_put(root, "complete", mho_json_bool(r->complete));
}

static mho_json *programming_json(const mho_write_count *p)
{
    mho_json *root = mho_json_object();
    mho_json_put(root, "cells", mho_json_integer((int64_t)p->cells));
    mho_json_put(root, "writes_per_cell", mho_json_number((double)p->writes / (double)p->cells));
    mho_json_put(root, "outside", mho_json_integer((int64_t)p->outside));
    mho_json_put(root, "stuck", mho_json_integer((int64_t)p->stuck));
    mho_json_put(root, "held", mho_json_integer((int64_t)p->held));
    return root;
}

static mho_json *cost_json(const mho_result_cost *cost, bool area)
{
    mho_json *root = mho_json_object(), *components = mho_json_object(),
             *layers = mho_json_object();
    for (size_t i = 0; i < cost->components; i++) {
        const mho_result_part *p = &cost->component[i];
        mho_json_put(components, p->name, mho_json_number(area ? p->area_m2 : p->energy_J));
    }
    for (size_t i = 0; i < cost->layers; i++) {
        const mho_result_part *p = &cost->layer[i];
        mho_json_put(layers, p->name, mho_json_number(area ? p->area_m2 : p->energy_J));
    }
    mho_json_put(root, "total", mho_json_number(area ? cost->area_m2 : cost->energy_J));
    mho_json_put(root, "by_component", components);
    mho_json_put(root, "by_layer", layers);
    return root;
}

static mho_json *layers_json(const mho_result *r)
{
    mho_json *list = mho_json_array();
    for (size_t i = 0; i < r->layers; i++) {
        const mho_result_layer *l = &r->layer[i];
        mho_json *entry = mho_json_object();
        mho_json_put(entry, "name", mho_json_text(l->name));
        mho_json_put(entry, "groups", mho_json_integer((int64_t)l->groups));
        mho_json_put(entry, "rows", mho_json_integer((int64_t)l->rows));
        mho_json_put(entry, "columns", mho_json_integer((int64_t)l->columns));
        mho_json_put(entry, "positions", mho_json_integer((int64_t)l->positions));
        mho_json_put(entry, "row_splits", mho_json_integer((int64_t)l->row_splits));
        mho_json_put(entry, "column_splits", mho_json_integer((int64_t)l->column_splits));
        mho_json_put(entry, "crossbar_pairs", mho_json_integer((int64_t)l->crossbar_pairs));
        mho_json_put(entry, "utilization", mho_json_number(l->utilization));
        mho_json_put(entry, "reads", mho_json_integer((int64_t)l->reads));
        mho_json_put(entry, "columns_per_converter",
                     mho_json_integer((int64_t)l->columns_per_converter));
        mho_json_put(entry, "converters", mho_json_integer((int64_t)l->converters));
        mho_json_put(entry, "converter_utilization", mho_json_number(l->converter_utilization));
        mho_json_put(entry, "duplication", mho_json_integer((int64_t)l->duplication));
        mho_json_put(entry, "service", mho_json_integer((int64_t)l->service));
        mho_json_put(entry, "occupied", mho_json_integer((int64_t)l->occupied));
        mho_json_add(list, entry);
    }
    return list;
}

static void put_digital(mho_json *root, const mho_result *r)
{
    mho_json *macs = mho_json_object(), *units = mho_json_array();
    mho_json_put(macs, "crossbars", mho_json_number(r->crossbar_macs));
    mho_json_put(macs, "digital", mho_json_number(r->digital_macs));
    for (size_t i = 0; i < r->digitals; i++) {
        const mho_result_digital *d = &r->digital[i];
        mho_json_add(units, mho_digital_json(&d->unit, d->energy_J, d->area_m2));
    }
    mho_json_put(root, "macs", macs);
    mho_json_put(root, "digital", units);
}

/* docs/models/timing.md: an operation is a multiply or an add. */
static void put_speed(mho_json *root, const mho_result_speed *v)
{
    mho_json_put(root, "latency_s", mho_json_number(v->latency_s));
    mho_json_put(root, "interval_s", mho_json_number(v->interval_s));
    mho_json_put(root, "throughput_per_s", mho_json_number(v->throughput_per_s));
    mho_json_put(root, "power_W", mho_json_number(v->power_W));
    mho_json_put(root, "ops_per_s", mho_json_number(v->ops_per_s));
    mho_json_put(root, "ops_per_J", mho_json_number(v->ops_per_J));
    mho_json_put(root, "ops_per_s_per_m2", mho_json_number(v->ops_per_s_per_m2));
    mho_json_put(root, "clock_s", mho_json_number(v->clock_s));
    mho_json_put(root, "clock", mho_json_text(v->clock));
    mho_json_put(root, "interval_cycles", mho_json_integer((int64_t)v->interval));
    if (*v->bottleneck)
        mho_json_put(root, "bottleneck", mho_json_text(v->bottleneck));
}

/* What another technology tells of the same. */
static mho_json *generic_json(const mho_result *r)
{
    mho_json *root = mho_json_object(), *base = mho_json_object();
    mho_json_put(root, "technology", mho_json_text(r->notes.generic));
    mho_json_put(root, "energy_J", cost_json(&r->generic, false));
    mho_json_put(root, "area_m2", cost_json(&r->generic, true));
    if (r->has_measured)
        mho_json_put(root, "energy_measured_J", mho_json_number(r->measured_generic_J));
    mho_json_put(base, "energy_J", cost_json(&r->base_generic, false));
    mho_json_put(base, "area_m2", cost_json(&r->base_generic, true));
    mho_json_put(root, "baseline", base);
    return root;
}

static mho_json *rewriting_json(const mho_result_rewriting *r)
{
    mho_json *root = mho_json_object();
    mho_json_put(root, "crossbars_needed", mho_json_integer((int64_t)r->needed));
    mho_json_put(root, "crossbars", mho_json_integer((int64_t)r->budget));
    mho_json_put(root, "in_turn_on", mho_json_integer((int64_t)r->room));
    mho_json_put(root, "crossbars_written", mho_json_integer((int64_t)r->crossbars));
    mho_json_put(root, "cells_written", mho_json_integer((int64_t)r->cells));
    mho_json_put(root, "energy_J", mho_json_number(r->energy_J));
    mho_json_put(root, "seconds", mho_json_number(r->seconds));
    mho_json_put(root, "images_until_worn", mho_json_number(r->images_until_worn));
    return root;
}

static mho_json *tiles_json(const mho_tiles *t)
{
    mho_json *root = mho_json_object();
    mho_json_put(root, "tiles", mho_json_integer((int64_t)t->tiles));
    mho_json_put(root, "side", mho_json_integer((int64_t)t->side));
    mho_json_put(root, "bit_hops", mho_json_number(t->bit_hops));
    mho_json_put(root, "busiest_link_s", mho_json_number(t->busiest_link_s));
    mho_json_put(root, "wait_s_at_most", mho_json_number(t->wait_s));
    mho_json_put(root, "method", mho_json_text("analytic"));
    return root;
}

static void put_prices(mho_json *root, const mho_result *r)
{
    mho_json *cycles = mho_json_object(), *base = mho_json_object(), *saved = mho_json_object();
    mho_json_put(cycles, "pipelined", mho_json_integer((int64_t)r->pipelined));
    mho_json_put(cycles, "layer_by_layer", mho_json_integer((int64_t)r->layer_by_layer));
    mho_json_put(root, "cycles", cycles);
    if (r->works)
        mho_json_put(root, "pipeline", work_json(r));
    mho_json_put(root, "energy_J", cost_json(&r->cost, false));
    mho_json_put(root, "area_m2", cost_json(&r->cost, true));
    put_speed(root, &r->speed);
    if (r->tiles.tiles)
        mho_json_put(root, "chip", tiles_json(&r->tiles));
    if (r->rewriting.cells)
        mho_json_put(root, "rewriting", rewriting_json(&r->rewriting));
    mho_json_put(base, "hw", mho_json_text(r->base_hw));
    mho_json_put(base, "error", mho_json_number(r->base_error));
    mho_json_put(base, "energy_J", cost_json(&r->base, false));
    mho_json_put(base, "area_m2", cost_json(&r->base, true));
    put_speed(base, &r->base_speed);
    mho_json_put(root, "baseline", base);
    mho_price_notes_json(&r->notes, root);
    if (*r->notes.generic)
        mho_json_put(root, "generic", generic_json(r));
    mho_json_put(saved, "energy",
                 mho_json_number(mho_result_saved(r->cost.energy_J, r->base.energy_J)));
    mho_json_put(saved, "area",
                 mho_json_number(mho_result_saved(r->cost.area_m2, r->base.area_m2)));
    mho_json_put(root, "saved", saved);
    mho_json_put(root, "crossbar_pairs", mho_json_integer((int64_t)r->crossbar_pairs));
    mho_json_put(root, "layers", layers_json(r));
    put_digital(root, r);
}

/* Of one image, on average over images and programmings. */
static mho_json *activity_json(const mho_result *r)
{
    mho_json *list = mho_json_array();
    for (size_t i = 0; i < r->activities; i++) {
        const mho_chip_activity *a = &r->activity[i].sum;
        const double images = (double)a->images;
        mho_json *entry = mho_json_object();
        mho_json_put(entry, "name", mho_json_text(r->activity[i].name));
        mho_json_put(entry, "row_drives", mho_json_number((double)a->counts.row_drives / images));
        mho_json_put(entry, "driven", mho_json_number((double)a->driven / images));
        mho_json_put(entry, "drive", mho_json_number(a->drive / images));
        mho_json_put(entry, "drive_squared", mho_json_number(a->square / images));
        mho_json_put(entry, "drive_S", mho_json_number(a->drive_S / images));
        mho_json_put(entry, "drive_squared_S", mho_json_number(a->square_S / images));
        mho_json_put(entry, "cells_on_row", mho_json_integer((int64_t)a->cells_on_row));
        mho_json_put(entry, "conversions", mho_json_number((double)a->counts.conversions / images));
        mho_json_put(entry, "additions", mho_json_number((double)a->counts.additions / images));
        mho_json_add(list, entry);
    }
    return list;
}

mho_json *mho_result_json(const mho_result *r)
{
    mho_json *root = mho_json_object();
    mho_json_put(root, "format", mho_json_integer(MHO_RESULT_FORMAT));
    if (r->command)
        mho_json_put(root, "command", mho_json_text(r->command));
    mho_json_put(root, "network", mho_json_text(r->network));
    mho_json_put(root, "model", mho_json_text(r->model));
    mho_json_put(root, "hw", mho_json_text(mho_hw_name(r->hw)));
    mho_json_put(root, "data", mho_json_text(r->data));
    mho_json_put(root, "input", mho_json_text(r->input));
    mho_json_put(root, "input_assumed", mho_json_bool(r->input_assumed));
    if (*r->input_note)
        mho_json_put(root, "input_note", mho_json_text(r->input_note));
    mho_json_put(root, "data_place", mho_json_text(r->data_place));
    mho_json_put(root, "images", mho_json_integer((int64_t)r->options.images));
    mho_json_put(root, "seed", mho_json_unsigned(r->options.seed));
    mho_json_put(root, "threads", mho_json_integer((int64_t)r->threads));
    mho_json_put(root, "kernel", mho_json_text(r->kernel));
    put_errors(root, r);
    if (r->has_prices)
        put_prices(root, r);
    if (r->has_measured)
        mho_json_put(root, "energy_measured_J", cost_json(&r->measured, false));
    if (r->activities && r->activity[0].sum.images)
        mho_json_put(root, "activity", activity_json(r));
    if (r->wires_bound > 0)
        mho_json_put(root, "wires_bound", mho_json_number(r->wires_bound));
    if (r->programming.cells)
        mho_json_put(root, "programming", programming_json(&r->programming));
    mho_json_put(root, "simulated_images_per_second", mho_json_number(r->images_per_second));
    mho_json_put(root, "images_per_second",
                 mho_json_number(r->images_per_second)); /* its old name */
    mho_json_put(root, "seconds", mho_json_number(r->seconds));
    mho_json_put(root, "peak_bytes", mho_json_integer((int64_t)r->peak_bytes));
    mho_json_put(root, "config", mho_hw_json(r->hw));
    return root;
}
