/* SPDX-License-Identifier: Apache-2.0 */
/* What slices and partial sums take of the buffers: docs/models/reuse.md eq. (7) to (12). */
#include <math.h>

#include "map/placement.h"

static bool on(const mhoi_plan *plan)
{
    return plan->reuse.share != MHO_REUSE_NONE;
}

static double over(double need, double size)
{
    return need > size ? 1 - size / need : 0;
}

/* An input buffer holds the slice at work and the one that comes, a register the one at work. */
static void set_crossbar(const mhoi_plan *plan, const mhoi_place *place, mho_reuse_layer *r)
{
    const mho_placement_layer *l = place->told;
    const double rows =
        (double)(place->lines < place->crossbar_rows ? place->lines : place->crossbar_rows);
    const double loaded = (double)r->counts.loads * r->slice_bits;
    r->register_B = ceil(rows * (double)l->input_bits / 8);
    r->input_buffer_B = 2 * r->register_B;
    r->refetched_bits = over(r->input_buffer_B, (double)plan->reuse.input_buffer_B) * loaded;
    r->reloaded_bits =
        over(r->register_B, (double)plan->reuse.shift_register_B) * loaded * (double)(l->turns - 1);
}

static mho_status count(const mhoi_plan *plan, const mho_node *n, const mhoi_place *place,
                        mho_placement_layer *l)
{
    mho_reuse_layer *r = &l->reuse;
    mho_status s = mho_windows_of(n, &r->windows);
    if (!s)
        s = mho_reuse_count(&r->windows, (mho_reuse)plan->reuse.share, &r->counts);
    if (s)
        return mho_error_prefix(s, "layer %s", l->name);
    const mho_windows *w = &r->windows;
    const size_t channels = n->op == MHO_OP_CONV ? n->in.c : n->in.c * n->in.h * n->in.w;
    const double map = (double)w->in_h * (double)w->in_w;
    const double data = (double)(r->counts.fetches - r->counts.zeros);
    const double windows = (double)w->out_h * (double)w->out_w * (double)w->kh * (double)w->kw;
    r->slice_bits = (double)channels * (double)l->input_bits;
    r->fetched_bits = data * r->slice_bits;
    /* each window with its slices is written as it is kept */
    r->written_bits =
        plan->reuse.share == MHO_REUSE_WINDOWS ? r->fetched_bits : map * r->slice_bits;
    r->sum_bits = (double)r->counts.parkings * (double)n->out.c * (double)plan->reuse.sum_bits;
    r->stored_B = (double)r->counts.stored * r->slice_bits / 8;
    r->parked_B = (double)r->counts.parked * (double)n->out.c * (double)plan->reuse.sum_bits / 8;
    if (plan->timing.schedule == MHO_FLOW_LAYER_BY_LAYER &&
        !l->first) /* the image comes from memory */
        r->kept_bits = (plan->reuse.maps == MHO_KEPT_WINDOWS ? windows : map) * r->slice_bits;
    set_crossbar(plan, place, r);
    return MHO_OK;
}

mho_status mhoi_reuse_count_layers(const mho_net *net, mho_placement *out)
{
    const mhoi_plan *plan = out->plan;
    mho_status s = MHO_OK;
    out->reuse = (mho_reuse)plan->reuse.share;
    for (size_t i = 0; !s && on(plan) && i < out->layers; i++)
        s = count(plan, &net->node[out->layer[i].node], &plan->place[i], &out->layer[i]);
    return s;
}

size_t mhoi_reuse_sets_on_bus(const mhoi_plan *plan, const mho_placement_layer *l)
{
    const uint64_t crossbars = (uint64_t)l->sides * l->crossbar_pairs;
    const uint64_t fit = crossbars ? plan->reuse.pe_crossbars / crossbars : 1;
    return fit < 1 ? 1 : (size_t)fit;
}

double mhoi_reuse_fetch_s(const mhoi_plan *plan, const mho_placement_layer *l)
{
    if (!on(plan) || !(plan->reuse.bus_Bps > 0))
        return 0;
    return (l->reuse.fetched_bits + l->reuse.refetched_bits) / 8 / (double)l->positions /
           plan->reuse.bus_Bps;
}

static double processing_elements(const mhoi_plan *plan, const mho_placement_layer *l)
{
    const double crossbars = (double)l->sides * (double)l->crossbar_pairs * (double)l->duplication;
    return ceil(crossbars / (double)plan->reuse.pe_crossbars);
}

/* What the processing elements cannot hold waits in the global buffer. */
static void fill_layer(const mhoi_plan *plan, mho_reuse_layer *r, const mho_placement_layer *l)
{
    r->room_B = processing_elements(plan, l) * (double)plan->reuse.pe_buffer_B;
    const double need = r->stored_B + r->parked_B;
    r->global_B = need > r->room_B ? need - r->room_B : 0;
}

/* share: of what the global buffer is given that it cannot hold. */
static void spread(mho_reuse_layer *r, double share)
{
    const double beyond = over(r->stored_B + r->parked_B, r->room_B);
    const double read = r->fetched_bits + r->refetched_bits + r->sum_bits,
                 written = r->written_bits + r->sum_bits;
    const double to = beyond * written + r->kept_bits, from = beyond * read + r->kept_bits;
    r->pe_read_bits = (1 - beyond) * read;
    r->pe_write_bits = (1 - beyond) * written;
    r->global_read_bits = (1 - share) * from;
    r->global_write_bits = (1 - share) * to;
    r->dram_bits = share * (from + to);
}

/* Layers at work at once share the global buffer; one after the other, each has it for the maps that it reads and writes. */
void mhoi_reuse_fill_buffers(const mho_net *net, mho_placement *out)
{
    const mhoi_plan *plan = out->plan;
    out->global_B = 0;
    out->global_room_B = on(plan) ? (double)plan->reuse.global_buffer_B : 0;
    for (size_t i = 0; on(plan) && i < out->layers; i++) {
        mho_placement_layer *l = &out->layer[i];
        const mho_node *n = &net->node[l->node];
        fill_layer(plan, &l->reuse, l);
        const double written =
            (double)n->out.c * (double)n->out.h * (double)n->out.w * (double)l->input_bits / 8;
        const double held = l->reuse.global_B + l->reuse.kept_bits / 8 + written;
        if (!out->layer_by_layer)
            out->global_B += l->reuse.global_B;
        else if (held > out->global_B)
            out->global_B = held;
        if (out->layer_by_layer)
            spread(&l->reuse, over(held, out->global_room_B));
    }
    for (size_t i = 0; on(plan) && !out->layer_by_layer && i < out->layers; i++)
        spread(&out->layer[i].reuse, over(out->global_B, out->global_room_B));
}
