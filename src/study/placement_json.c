/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON form of a placement: layers, amounts, cycles. */
#include <math.h>

#include "mho/pipeline.h"
#include "mho/study.h"

static uint64_t needed_of(const mho_placement *p)
{
    uint64_t all = 0;
    for (size_t i = 0; i < p->layers; i++)
        all += (uint64_t)p->layer[i].sides * p->layer[i].crossbar_pairs * p->layer[i].duplication;
    return all;
}

void mho_placement_rewriting_json(const mho_placement *p, mho_json *root)
{
    if (!p->rewritten_cells)
        return;
    mho_json *v = mho_json_object();
    mho_json_put(v, "crossbars_needed", mho_json_integer((int64_t)needed_of(p)));
    mho_json_put(v, "crossbars", mho_json_integer((int64_t)p->budget));
    mho_json_put(v, "in_turn_on", mho_json_integer((int64_t)p->room));
    mho_json_put(v, "crossbars_written", mho_json_integer((int64_t)p->rewritten_crossbars));
    mho_json_put(v, "cells_written", mho_json_integer((int64_t)p->rewritten_cells));
    mho_json_put(v, "seconds", mho_json_number(p->rewrite_s));
    mho_json_put(root, "rewriting", v);
}

static void put_times(mho_json *layer, const mho_placement_layer *l)
{
    mho_json_put(layer, "passes", mho_json_integer((int64_t)l->passes));
    mho_json_put(layer, "row_groups", mho_json_integer((int64_t)l->row_groups));
    mho_json_put(layer, "columns_per_converter",
                 mho_json_integer((int64_t)l->columns_per_converter));
    mho_json_put(layer, "converters", mho_json_integer((int64_t)l->converters));
    mho_json_put(layer, "converter_utilization", mho_json_number(l->converter_utilization));
    mho_json_put(layer, "duplication", mho_json_integer((int64_t)l->duplication));
    mho_json_put(layer, "service", mho_json_integer((int64_t)l->service));
    mho_json_put(layer, "occupied", mho_json_integer((int64_t)l->occupied));
    mho_json_put(layer, "t_read_s", mho_json_number(l->t_read_s));
}

static void put_reuse(mho_json *object, const mho_placement_layer *l)
{
    const mho_reuse_layer *r = &l->reuse;
    mho_json *v;
    if (!r->counts.loads)
        return;
    v = mho_json_object();
    mho_json_put(v, "fetches", mho_json_integer((int64_t)(r->counts.fetches - r->counts.zeros)));
    mho_json_put(v, "zeros", mho_json_integer((int64_t)r->counts.zeros));
    mho_json_put(v, "moves", mho_json_integer((int64_t)r->counts.moves));
    mho_json_put(v, "loads", mho_json_integer((int64_t)r->counts.loads));
    mho_json_put(v, "stored", mho_json_integer((int64_t)r->counts.stored));
    mho_json_put(v, "parked", mho_json_integer((int64_t)r->counts.parked));
    mho_json_put(v, "slice_bits", mho_json_number(r->slice_bits));
    mho_json_put(v, "stored_bytes", mho_json_number(r->stored_B));
    mho_json_put(v, "parked_bytes", mho_json_number(r->parked_B));
    mho_json_put(v, "pe_buffer_bytes", mho_json_number(r->room_B));
    mho_json_put(v, "beyond_bytes", mho_json_number(r->global_B));
    mho_json_put(v, "memory_bits", mho_json_number(r->dram_bits));
    mho_json_put(object, "reuse", v);
}

/* Single cells have no pair of crossbars. */
static const char *crossbars_key(const mho_placement *map)
{
    return map->single ? "crossbars" : "crossbar_pairs";
}

static void put_coding(mho_json *v, const mho_placement_layer *l)
{
    mho_json_put(v, "alphabet", mho_json_text(mho_alphabet_name(l->alphabet)));
    mho_json_put(v, "weight_coding", mho_json_text(l->weights));
    mho_json_put(v, "input_coding", mho_json_text(l->inputs));
    mho_json_put(v, "planes", mho_json_integer((int64_t)l->planes));
    mho_json_put(v, "block", mho_json_integer((int64_t)l->block));
    mho_json_put(v, "copies", mho_json_integer((int64_t)l->copies));
    mho_json_put(v, "turns", mho_json_integer((int64_t)l->turns));
    mho_json_put(v, "reads", mho_json_integer((int64_t)l->reads));
    mho_json_put(v, "read_bits", mho_json_integer((int64_t)l->read_bits));
    mho_json_put(v, "converter", mho_json_text(l->converter));
    mho_json_put(v, "per_pair", mho_json_bool(l->per_pair));
    put_times(v, l);
    put_reuse(v, l);
}

/* What an image takes; the cells are written once. */
static void put_counts(mho_json *v, const mho_counts *c)
{
    mho_json *counts = mho_json_object();
    mho_json_put(counts, "cells", mho_json_integer((int64_t)c->cells));
    mho_json_put(counts, "row_drives", mho_json_integer((int64_t)c->row_drives));
    mho_json_put(counts, "dac_conversions", mho_json_integer((int64_t)c->dac_conversions));
    mho_json_put(counts, "conversions", mho_json_integer((int64_t)c->conversions));
    mho_json_put(counts, "additions", mho_json_integer((int64_t)c->additions));
    mho_json_put(v, "counts", counts);
}

static mho_json *layer_json(const mho_placement *map, const mho_placement_layer *l)
{
    mho_json *v = mho_json_object();
    mho_json_put(v, "name", mho_json_text(l->name));
    mho_json_put(v, "groups", mho_json_integer((int64_t)l->groups));
    mho_json_put(v, "packed", mho_json_integer((int64_t)l->packed));
    mho_json_put(v, "rows", mho_json_integer((int64_t)l->rows));
    mho_json_put(v, "columns", mho_json_integer((int64_t)l->columns));
    mho_json_put(v, "positions", mho_json_integer((int64_t)l->positions));
    mho_json_put(v, "word_lines", mho_json_integer((int64_t)l->word_lines));
    mho_json_put(v, "slices", mho_json_integer((int64_t)l->slices));
    mho_json_put(v, "x_in", mho_json_integer((int64_t)l->x_in));
    mho_json_put(v, "x_out", mho_json_integer((int64_t)l->x_out));
    mho_json_put(v, crossbars_key(map), mho_json_integer((int64_t)l->crossbar_pairs));
    mho_json_put(v, "utilization", mho_json_number(l->utilization));
    mho_json_put(v, "input_bits", mho_json_integer((int64_t)l->input_bits));
    mho_json_put(v, "output_bits", mho_json_integer((int64_t)l->output_bits));
    mho_json_put(v, "cells", mho_json_integer((int64_t)l->cells));
    mho_json_put(v, "inputs_shared", mho_json_integer((int64_t)l->inputs_shared));
    mho_json_put(v, "inputs_copied", mho_json_integer((int64_t)l->inputs_copied));
    mho_json_put(v, "outputs", mho_json_integer((int64_t)l->outputs));
    put_coding(v, l);
    put_counts(v, &l->counts);
    return v;
}

/* Of an image; eq. (6) and (7) know of no service time. */
static mho_status cycles_json(const mho_net *net, const mho_placement *map, mho_json *root)
{
    uint64_t eq6 = 0, eq7 = 0;
    mho_pipeline *served = NULL;
    mho_status s = mho_cycles_pipelined(net, &eq6);
    if (!s)
        s = mho_cycles_layer_by_layer(net, &eq7);
    mho_json *c = mho_json_object();
    mho_json_put(c, "pipelined", mho_json_integer((int64_t)eq6));
    mho_json_put(c, "layer_by_layer", mho_json_integer((int64_t)eq7));
    if (!s && mho_placement_is_slow(map))
        s = mho_pipeline_create_placed(net, map, &served);
    if (served) {
        mho_json_put(c, "pipelined_with_service", mho_json_integer((int64_t)served->cycles));
        mho_json_put(c, "layer_by_layer_with_service",
                     mho_json_integer((int64_t)served->layer_by_layer));
    }
    mho_pipeline_destroy(served);
    mho_json_put(root, "cycles", c);
    return s == MHO_ENOTMODELED ? MHO_OK : s; /* layers that cannot be simulated */
}

mho_status mho_placement_json(const mho_net *net, const mho_hw *hw, const mho_placement *map,
                              mho_json *root)
{
    mho_json *layers = mho_json_array();
    for (size_t i = 0; i < map->layers; i++)
        mho_json_add(layers, layer_json(map, &map->layer[i]));
    mho_json_put(root, "network", mho_json_text(mho_net_name(net)));
    mho_json_put(root, "hw", mho_json_text(mho_hw_name(hw)));
    mho_json_put(root, "crossbar_rows",
                 mho_json_integer((int64_t)mho_hw_number(hw, "crossbar.rows")));
    mho_json_put(root, "crossbar_columns",
                 mho_json_integer((int64_t)mho_hw_number(hw, "crossbar.columns")));
    mho_json_put(root, crossbars_key(map), mho_json_integer((int64_t)map->crossbar_pairs));
    mho_json_put(root, "cells", mho_json_integer((int64_t)map->cells));
    put_counts(root, &map->counts);
    const mho_status s = cycles_json(net, map, root);
    mho_json_put(root, "interval_cycles", mho_json_integer((int64_t)map->interval));
    mho_json_put(root, "clock_s", mho_json_number(map->clock_s > 0 ? map->clock_s : (double)NAN));
    mho_json_put(root, "layers", layers);
    mho_placement_rewriting_json(map, root);
    mho_placement_digital_json(map, NULL, root);
    mho_json_put(root, "config", mho_hw_json(hw));
    return s;
}
