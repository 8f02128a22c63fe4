/* SPDX-License-Identifier: Apache-2.0 */
/* What buffers of slices do for one image: input buffers and shift registers of crossbars, buffers of processing elements, the
 * global one; docs/models/reuse.md eq. (13) to (16).  What none of them holds comes from memory (activity_chip.c). */
#include <math.h>
#include <stdio.h>

#include "map/activity.h"

enum { ACCESS_BITS = 64 };

/* Both operations of a memory; amount of them stand. */
static void memory(mhoi_activities *b, const char *group, const char *component, const char *model,
                   double bytes, double amount, double read_bits, double written_bits,
                   const char *why)
{
    for (int o = MHO_OPERATION_READ; o <= MHO_OPERATION_WRITE; o++) {
        const double bits = o == MHO_OPERATION_READ ? read_bits : written_bits;
        mho_activity *a = mhoi_activity_start(b, group, component, model);
        mhoi_activity_argue(a, "bytes", bytes);
        mhoi_activity_argue(a, "width", ACCESS_BITS);
        a->operation = (mho_operation)o;
        a->amount = o == MHO_OPERATION_READ ? amount : 0;
        a->operations = ceil(bits / ACCESS_BITS);
        mhoi_activity_explain(a, "%.0f of %.0f bytes; %.6g bits of %s, %d an access", amount, bytes,
                              bits, why, ACCESS_BITS);
    }
}

/* Crossbars of a row group: each has buffers and registers of its own. */
static double side_by_side(const mho_placement_layer *l)
{
    return (double)(l->x_out * l->planes * l->sides);
}

static void input_buffers(mhoi_activities *b)
{
    const mho_placement_layer *l = b->layer;
    const mho_reuse_layer *r = &l->reuse;
    const double copies = side_by_side(l);
    const double in =
        (double)(r->counts.fetches - r->counts.zeros + r->counts.moves) * r->slice_bits;
    const double out = (double)(r->counts.loads + r->counts.moves) * r->slice_bits;
    memory(b, "input buffers", "input_buffer", "input_buffer",
           (double)b->plan->reuse.input_buffer_B, (double)l->crossbar_pairs * (double)l->sides,
           copies * (out + r->reloaded_bits), copies * (in + r->refetched_bits),
           "slices fetched, moved on and loaded");
}

/* A load, and a turn of the block for each further output of a vector: all bits move. */
static void shift_registers(mhoi_activities *b)
{
    const mho_placement_layer *l = b->layer;
    const double loaded = (double)l->reuse.counts.loads * l->reuse.slice_bits;
    mho_activity *a = mhoi_activity_start(b, "shift registers", "register1", "register");
    mhoi_activity_argue(a, "bits", 1);
    a->amount =
        8 * (double)b->plan->reuse.shift_register_B * (double)l->crossbar_pairs * (double)l->sides;
    a->operations = side_by_side(l) * loaded * (double)l->turns;
    mhoi_activity_explain(a, "%zu bytes a crossbar; %.6g bits loaded, x %zu turns x %.0f crossbars",
                          b->plan->reuse.shift_register_B, loaded, l->turns, side_by_side(l));
}

void mhoi_activities_of_reuse(mhoi_activities *b)
{
    const mho_placement_layer *l = b->layer;
    const mho_reuse_layer *r = &l->reuse;
    const mhoi_reuse_options *o = &b->plan->reuse;
    if (o->share == MHO_REUSE_NONE)
        return;
    const size_t first = b->count;
    input_buffers(b);
    shift_registers(b);
    for (size_t i = first; i < b->count; i++) /* copies share the work */
        b->activity[i].amount *= (double)l->duplication;
    memory(b, "PE buffers", "pe_buffer", "sram", (double)o->pe_buffer_B,
           r->room_B / (double)o->pe_buffer_B, r->pe_read_bits, r->pe_write_bits,
           "slices and partial sums");
    memory(b, "global buffer", "global_buffer", "sram", (double)o->global_buffer_B, l->first,
           r->global_read_bits, r->global_write_bits, "what PE buffers cannot hold");
}
