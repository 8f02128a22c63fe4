/* SPDX-License-Identifier: Apache-2.0 */
/* How long a cycle is, and how many of them an image keeps each layer of the line-buffer pipeline: docs/models/timing.md. */
#include <math.h>
#include <stdio.h>

#include "map/placement.h"
#include "net/op_table.h"

void mhoi_clock_choose(mhoi_plan *plan, const mho_technology *tech)
{
    const mho_constant *t_op = mho_technology_constant(tech, "t_op");
    plan->clock = MHOI_CLOCK_NONE;
    plan->clock_s = 0; /* of reads: once their layers are placed */
    if (plan->timing.convert_s > 0) {
        plan->clock = MHOI_CLOCK_CONVERSION;
        plan->clock_s = plan->timing.convert_s;
    } else if (plan->timing.read_s > 0) {
        plan->clock = MHOI_CLOCK_GIVEN;
        plan->clock_s = plan->timing.read_s;
    } else if (t_op) {
        plan->clock = MHOI_CLOCK_OPERATION;
        plan->clock_s = t_op->quantity.value;
    } else if (mho_technology_model(tech, "read_step")) {
        plan->clock = MHOI_CLOCK_READ;
    }
}

static const char *clock_text(mhoi_clock clock)
{
    static const char *const text[] = {
        [MHOI_CLOCK_NONE] = "not told",
        [MHOI_CLOCK_GIVEN] = "timing.t_read",
        [MHOI_CLOCK_CONVERSION] = "timing.t_convert",
        [MHOI_CLOCK_OPERATION] = "the technology's t_op",
        [MHOI_CLOCK_READ] = "the slowest read",
    };
    return text[clock];
}

/* Elements from the first padding before a map to the last one after it that windows reach. */
static size_t extent(size_t before, size_t in, size_t after, size_t kernel, size_t dilation,
                     size_t stride, size_t out)
{
    const size_t reach = (out - 1) * stride + (kernel - 1) * dilation + 1;
    return reach > before + in + after ? reach : before + in + after;
}

/* What its line buffer, or its input buffer, is fed for an image: an element a cycle. */
mho_status mhoi_elements_of(const mho_node *n, uint64_t *elements)
{
    size_t rows = n->in.h, row = n->in.w;
    if (mhoi_op_is(n->op, MHOI_OP_WINDOW)) {
        rows =
            extent(n->pad_top, n->in.h, n->pad_bottom, n->kh, n->dilation_h, n->stride_h, n->out.h);
        const size_t all =
            extent(n->pad_left, n->in.w, n->pad_right, n->kw, n->dilation_w, n->stride_w, n->out.w);
        const size_t after = all - n->pad_left - n->in.w;
        row += n->pad_left > after ? n->pad_left : after;
    }
    if (__builtin_mul_overflow((uint64_t)rows, (uint64_t)row, elements))
        return mho_error(MHO_EDOMAIN, "layer '%s': its cycles leave 64 bits", n->name);
    return MHO_OK;
}

/* An image is fed element after element; a window takes `service` cycles, that of its last element among them, and as
 * many as the layer stands times work at once.  UINT64_MAX: beyond 64 bits. */
/* Whole cycles that a window occupies one of so many sets. */
static size_t service_of(const mhoi_place *place, size_t sets)
{
    const size_t together = sets < place->sets_on_bus ? sets : place->sets_on_bus;
    const double cycles = place->cycles + place->fetch_cycles * (double)together;
    const size_t whole = (size_t)ceil(cycles * (1 - 1e-12));
    return whole ? whole : 1;
}

uint64_t mhoi_occupied(const mhoi_place *place, bool fc, size_t copies)
{
    const mho_placement_layer *l = place->told;
    const size_t service = service_of(place, copies);
    const uint64_t waves = l->positions / copies + (l->positions % copies != 0);
    const uint64_t more = service > copies ? service - copies : 0;
    uint64_t waits, all;
    /* A fully connected layer begins after its last element. */
    if (__builtin_mul_overflow(waves, fc ? service : more, &waits) ||
        __builtin_add_overflow(place->elements, waits, &all))
        return UINT64_MAX;
    return all;
}

static mho_status set_interval(const mho_net *net, mho_placement *out)
{
    mho_status s = MHO_OK;
    for (size_t i = 0; i < out->digitals; i++)
        if (net->node[out->digital[i].node].op == MHO_OP_GENERAL &&
            out->digital[i].cycles > out->interval) {
            out->interval = out->digital[i].cycles;
            snprintf(out->bottleneck, sizeof out->bottleneck, "%s", out->digital[i].name);
        }
    for (size_t i = 0, k = 0; !s && i < net->nodes; i++) {
        const mho_node *n = &net->node[i];
        uint64_t cycles = 0;
        if (mho_node_is_weighted(n)) {
            mho_placement_layer *l = &out->layer[k];
            l->occupied = cycles =
                mhoi_occupied(&out->plan->place[k++], n->op == MHO_OP_FC, l->duplication);
            if (cycles == UINT64_MAX)
                s = mho_error(MHO_EDOMAIN, "layer '%s': its cycles leave 64 bits", n->name);
        } else if (mhoi_op_is(n->op, MHOI_OP_WINDOW) || n->op == MHO_OP_ADD) {
            s = mhoi_elements_of(n, &cycles);
        }
        if (s || cycles <= out->interval)
            continue;
        out->interval = cycles;
        snprintf(out->bottleneck, sizeof out->bottleneck, "%s", n->name);
    }
    return s;
}

/* A read of all columns of a layer. */
static mho_status set_read(const mhoi_plan *plan, const mhoi_place *place,
                           const mho_technology *tech, mho_placement_layer *l)
{
    mhoi_read_time time;
    l->t_read_s = plan->clock_s;
    if (plan->clock == MHOI_CLOCK_OPERATION)
        l->t_read_s *= (double)l->columns_per_converter;
    mho_status s = mhoi_read_fits(plan, place);
    if (s)
        return mho_error_prefix(s, "layer %s", l->name);
    if (plan->clock == MHOI_CLOCK_CONVERSION && plan->timing.read_s > 0) {
        l->t_read_s = plan->timing.read_s + (double)l->columns_per_converter * plan->clock_s;
    } else if (plan->clock == MHOI_CLOCK_READ || plan->clock == MHOI_CLOCK_CONVERSION) {
        s = mhoi_read_time_of(plan, place, tech, &time);
        l->t_read_s = s ? 0 : time.read_s;
    }
    return s ? mho_error_prefix(s, "layer %s", l->name) : MHO_OK;
}

static mho_status set_reads(mhoi_plan *plan, const mho_technology *tech)
{
    mho_status s = MHO_OK;
    for (size_t i = 0; !s && i < plan->layers; i++) {
        s = set_read(plan, &plan->place[i], tech, &plan->layer[i]);
        if (plan->clock == MHOI_CLOCK_READ && plan->layer[i].t_read_s > plan->clock_s)
            plan->clock_s = plan->layer[i].t_read_s;
    }
    if (s == MHO_ENOTMODELED) { /* a table without the delays of a read */
        plan->clock = MHOI_CLOCK_NONE;
        plan->clock_s = 0;
        s = MHO_OK;
    }
    return s;
}

/* Whole cycles that a window occupies the layer: where a cycle is a conversion, a read takes several; and its slices are fetched. */
static mho_status set_services(mhoi_plan *plan)
{
    for (size_t i = 0; i < plan->layers; i++) {
        mho_placement_layer *l = &plan->layer[i];
        const double reads = (double)(l->reads * l->turns * l->passes);
        mhoi_place *place = &plan->place[i];
        place->cycles = (double)l->service;
        if (plan->clock == MHOI_CLOCK_CONVERSION)
            place->cycles = reads * l->t_read_s / plan->clock_s;
        if (plan->clock_s > 0)
            place->fetch_cycles = mhoi_reuse_fetch_s(plan, l) / plan->clock_s;
        place->sets_on_bus = mhoi_reuse_sets_on_bus(plan, l);
        if (place->cycles + place->fetch_cycles * (double)place->sets_on_bus > 1e15)
            return mho_error(MHO_EDOMAIN, "layer '%s': a window takes %.3g cycles, want less",
                             l->name, place->cycles + place->fetch_cycles);
        l->service = service_of(place, l->duplication);
    }
    return MHO_OK;
}

/* Crossbars that stand, no more than there are. */
static mho_status count_crossbars(mho_placement *out)
{
    out->crossbars = out->crossbar_pairs = 0;
    for (size_t i = 0; i < out->layers; i++) {
        mho_placement_layer *l = &out->layer[i];
        uint64_t pairs, crossbars;
        if (__builtin_mul_overflow((uint64_t)l->crossbar_pairs, (uint64_t)l->duplication, &pairs) ||
            __builtin_mul_overflow(pairs, (uint64_t)l->sides, &crossbars) ||
            __builtin_mul_overflow(l->converters, (uint64_t)l->duplication, &l->converters) ||
            __builtin_add_overflow(out->crossbar_pairs, pairs, &out->crossbar_pairs) ||
            __builtin_add_overflow(out->crossbars, crossbars, &out->crossbars))
            return mho_error(MHO_EDOMAIN, "layer '%s': its counts leave 64 bits", l->name);
    }
    if (out->budget && out->crossbars > out->budget)
        out->crossbars = out->budget; /* rewrite.c */
    return MHO_OK;
}

static void set_use(const mho_placement *out, mho_placement_layer *l)
{
    const bool conversion =
        out->plan->clock == MHOI_CLOCK_OPERATION || out->plan->clock == MHOI_CLOCK_CONVERSION;
    const size_t turns = conversion ? 1 : l->columns_per_converter;
    const double most = (double)l->converters * (double)turns * (double)out->interval;
    l->converter_utilization = l->converters ? (double)l->counts.conversions / most : 0;
}

void mhoi_timing_use(mho_placement *placement, uint64_t interval)
{
    placement->interval = interval;
    for (size_t i = 0; i < placement->layers; i++)
        set_use(placement, &placement->layer[i]);
}

static void set_layer(mho_placement_layer *l)
{
    l->window_s = (double)(l->reads * l->turns * l->passes) * l->t_read_s;
}

/* Layer by layer, the next image follows when the last layer is done. */
static mho_status set_turns(const mho_net *net, mho_placement *out)
{
    *out->bottleneck = 0;
    return mho_placement_layer_by_layer(out, net, &out->interval);
}

mho_status mhoi_timing_set(const mho_net *net, const mho_technology *tech, mho_placement *out)
{
    mhoi_plan *plan = out->plan;
    mho_status s = set_reads(plan, tech);
    mhoi_digital_time(net, out);
    out->clock = clock_text(plan->clock);
    out->clock_s = plan->clock_s;
    if (!s)
        s = mhoi_reuse_count_layers(net, out);
    if (!s)
        s = mhoi_rewrite_set(tech, out);
    for (size_t i = 0; plan->build && !out->rewritten_cells && i < plan->layers; i++)
        plan->layer[i].duplication = plan->build[i].duplication;
    if (!s)
        s = set_services(plan);
    if (!s)
        s = count_crossbars(out);
    if (!s)
        mhoi_reuse_fill_buffers(net, out);
    if (!s)
        s = set_interval(net, out);
    if (!s && out->layer_by_layer)
        s = set_turns(net, out);
    if (!s)
        s = mhoi_tiles_set(net, out);
    for (size_t i = 0; !s && i < out->layers; i++)
        set_layer(&out->layer[i]);
    if (!s)
        mhoi_timing_use(out, out->interval);
    return s;
}

mho_status mhoi_image_seconds(const mho_placement *placement, const mho_technology *tech,
                              double *out)
{
    double cycle = placement->clock_s;
    *out = 0;
    for (size_t i = 0; placement->clock_s == 0 && i < placement->layers; i++) {
        mhoi_read_time time;
        mho_status s = mhoi_read_time_of(placement->plan, &placement->plan->place[i], tech, &time);
        if (s)
            return s;
        cycle = time.read_s > cycle ? time.read_s : cycle;
    }
    *out = cycle * (double)placement->interval + placement->rewrite_s;
    if (placement->tiles.busiest_link_s > *out)
        *out = placement->tiles.busiest_link_s;
    return MHO_OK;
}
