/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON form of one design: its memories, its schedule, where time and energy go. */
#include <string.h>

#include "base/decimal.h"
#include "mho/array.h"

static size_t size_of(const mho_hw *hw, const char *key)
{
    return (size_t)mho_hw_number(hw, key);
}

/* Whether a field still has the value that was fitted to Table 6. */
static bool is_fitted(const mho_hw *hw, const char *key)
{
    char text[64];
    for (size_t i = 0; i < mho_hw_field_count(hw); i++)
        if (!strcmp(mho_hw_field(hw, i)->key, key)) {
            mho_hw_print(hw, i, text, sizeof text);
            return mhoi_decimal_read(text, NULL) ==
                   mhoi_decimal_read(mho_hw_field(hw, i)->preset, NULL);
        }
    return false;
}

/* Where the number of a row comes from, if from a fit. */
const char *mho_array_row_note(const mho_hw *hw, mho_array_row row)
{
    if (row == MHO_ROW_READ_DDR && is_fitted(hw, "prices.ddr_read"))
        return "fitted: 100 pJ/B (Table 4 prints 80.3)";
    if (row == MHO_ROW_CALCULATE && is_fitted(hw, "prices.mac"))
        return "fitted: 0.07021 pJ a multiply-accumulate";
    if (row == MHO_ROW_READ_IOBUF && mho_hw_is(hw, "buffers.io_read", "paper") &&
        is_fitted(hw, "buffers.io_read_factor"))
        return "fitted, unexplained: 0.1 x each map once (physical: "
               "buffers.io_read=physical)";
    return "";
}

double mho_array_utilization(const mho_array_estimate *e, const mho_hw *hw)
{
    size_t width = size_of(hw, "array.p") * size_of(hw, "array.m") * size_of(hw, "array.n");
    return (double)e->work->macs / ((double)e->result.cycles * (double)width);
}

static mho_json *step_json(const mho_array_estimate *e, size_t i)
{
    const mho_step *step = &e->schedule->step[i];
    mho_json *v = mho_json_object(), *parts = mho_json_object();
    mho_json_put(v, "first", mho_json_integer((int64_t)step->first + 1));
    mho_json_put(v, "last", mho_json_integer((int64_t)step->last + 1));
    mho_json_put(v, "reuse", mho_json_text(step->reuse_maps ? "maps" : "weights"));
    mho_json_put(v, "weight_pieces", mho_json_integer((int64_t)step->nw));
    mho_json_put(v, "map_pieces", mho_json_integer((int64_t)step->nf));
    mho_json_put(v, "streamed_bytes", mho_json_integer((int64_t)step->streamed_B));
    mho_json_put(v, "ddr_read_weight_bytes", mho_json_integer((int64_t)step->rd_weight_B));
    mho_json_put(v, "ddr_read_map_bytes", mho_json_integer((int64_t)step->rd_map_B));
    mho_json_put(v, "ddr_write_bytes", mho_json_integer((int64_t)step->wr_map_B));
    mho_json_put(v, "time_s", mho_json_number(e->step[i].total_s));
    mho_json_put(v, "bound", mho_json_text(mho_bound_name(e->step[i].bound)));
    for (int k = 0; k < MHO_BOUND_COUNT; k++)
        mho_json_put(parts, mho_bound_name((mho_bound)k), mho_json_number(e->step[i].part_s[k]));
    mho_json_put(v, "parts_s", parts);
    return v;
}

static mho_json *memory_json(const mho_macro *m)
{
    mho_json *v = mho_json_object();
    mho_json_put(v, "kind", mho_json_text(m->kind));
    mho_json_put(v, "bank_bytes", mho_json_integer((int64_t)m->size_B));
    mho_json_put(v, "source", mho_json_text(m->component.area.source));
    mho_json_put(v, "interpolated", mho_json_bool(m->interpolated));
    return v;
}

static mho_json *energy_json(const mho_array_estimate *e)
{
    mho_json *v = mho_json_object();
    for (int row = 0; row < MHO_ROW_COUNT; row++)
        mho_json_put(v, mho_array_row_name((mho_array_row)row),
                     mho_json_number(e->result.energy_J[row]));
    mho_json_put(v, "total", mho_json_number(e->result.total_J));
    return v;
}

/* Rows whose agreement with Table 6 comes from a fitted constant. */
static mho_json *fitted_json(const mho_hw *hw)
{
    mho_json *v = mho_json_array();
    for (int row = 0; row < MHO_ROW_COUNT; row++)
        if (*mho_array_row_note(hw, (mho_array_row)row))
            mho_json_add(v, mho_json_text(mho_array_row_name((mho_array_row)row)));
    return v;
}

static void put_schedule(mho_json *root, const mho_array_estimate *e)
{
    const mho_schedule *s = e->schedule;
    mho_json *fixed = mho_json_array(), *groups = mho_json_array(), *kept = mho_json_array();
    for (size_t l = 0; l < e->work->layers; l++)
        if (s->fixed[l])
            mho_json_add(fixed, mho_json_integer((int64_t)l + 1));
    for (size_t i = 0; i < s->steps; i++)
        mho_json_add(groups, step_json(e, i));
    for (size_t t = 0; t < e->work->tensors; t++)
        if (s->kept[t])
            mho_json_add(kept,
                         e->work->tensor[t].producer == MHO_WORK_INPUT
                             ? mho_json_text("input")
                             : mho_json_text(e->work->layer[e->work->tensor[t].producer].name));
    mho_json_put(root, "fixed", fixed);
    mho_json_put(root, "fixed_bytes", mho_json_integer((int64_t)s->fixed_B));
    mho_json_put(root, "groups", groups);
    mho_json_put(root, "kept", kept);
    mho_json_put(root, "optimal", mho_json_bool(s->optimal));
    mho_json_put(root, "ddr_energy_J", mho_json_number(s->energy_J));
    mho_json_put(root, "ddr_bound_J", mho_json_number(s->bound_J));
}

static mho_json *entries_json(const mho_cost *cost)
{
    mho_json *v = mho_json_array();
    for (size_t i = 0; i < cost->entries; i++) {
        const mho_cost_entry *e = &cost->entry[i];
        const mho_quantity *one = &e->component->energy[e->activity->operation];
        mho_json *j = mho_json_object();
        mho_json_put(j, "row", mho_json_text(e->activity->group));
        mho_json_put(j, "component", mho_json_text(e->component->name));
        mho_json_put(j, "operation", mho_json_text(mho_operation_name(e->activity->operation)));
        mho_json_put(j, "operations", mho_json_number(e->activity->operations));
        mho_json_put(j, "amount", mho_json_number(e->activity->amount));
        mho_json_put(j, "seconds", mho_json_number(e->activity->seconds));
        mho_json_put(j, "formula", mho_json_text(e->activity->formula));
        mho_json_put(j, "energy_J", mho_json_number(e->energy_J));
        mho_json_put(j, "area_m2", mho_json_number(e->area_m2));
        mho_json_put(j, "price_J", mho_json_number(one->value));
        mho_json_put(j, "leakage_W", mho_json_number(e->component->leakage.value));
        mho_json_put(j, "source",
                     mho_json_text(*one->source ? one->source : e->component->area.source));
        mho_json_add(v, j);
    }
    return v;
}

void mho_array_estimate_json(const mho_array_estimate *e, const mho_hw *hw, bool entries,
                             mho_json *root)
{
    const mho_array_result *r = &e->result;
    mho_json *memories = mho_json_object();
    mho_json_put(root, "network", mho_json_text(e->work->name));
    mho_json_put(root, "hw", mho_json_text(mho_hw_name(hw)));
    mho_json_put(root, "batch", mho_json_integer((int64_t)e->work->batch));
    mho_json_put(root, "cycles", mho_json_integer((int64_t)r->cycles));
    mho_json_put(root, "macs", mho_json_integer((int64_t)e->work->macs));
    mho_json_put(root, "utilization", mho_json_number(mho_array_utilization(e, hw)));
    mho_json_put(root, "time_s", mho_json_number(r->time_s));
    mho_json_put(root, "memory_bound", mho_json_bool(r->memory_bound));
    mho_json_put(root, "area_m2", mho_json_number(r->area_m2));
    mho_json_put(root, "energy_J", energy_json(e));
    mho_json_put(root, "fitted", fitted_json(hw));
    mho_json_put(root, "ddr_read_bytes", mho_json_number(r->ddr_read_B));
    mho_json_put(root, "ddr_write_bytes", mho_json_number(r->ddr_write_B));
    mho_json_put(root, "weight_read_bytes", mho_json_number(r->weight_read_B));
    mho_json_put(root, "weight_write_bytes", mho_json_number(r->weight_write_B));
    mho_json_put(root, "io_read_bytes", mho_json_number(r->io_read_B));
    mho_json_put(root, "io_write_bytes", mho_json_number(r->io_write_B));
    put_schedule(root, e);
    mho_json_put(memories, "io", memory_json(&e->design.io));
    mho_json_put(memories, "weight", memory_json(&e->design.weight));
    if (size_of(hw, "buffers.acc.depth"))
        mho_json_put(memories, "accumulator", memory_json(&e->design.acc));
    mho_json_put(memories, "ddr", memory_json(&e->design.ddr));
    mho_json_put(root, "memories", memories);
    mho_json_put(root, "config", mho_hw_json(hw));
    if (entries)
        mho_json_put(root, "entries", entries_json(e->cost));
}
