/* SPDX-License-Identifier: Apache-2.0 */
/* How long a cycle is, and how many of them an image keeps each layer of the line-buffer pipeline: docs/models/timing.md. */
#include <stdio.h>

#include "cost/technology_chain.h"
#include "map/placement.h"
#include "net/op_table.h"

/* An operation of the table takes `t_op`. */
static mho_status from_technology(mhoi_plan *plan)
{
    mho_technology *tech = NULL;
    const mho_status s = mhoi_technology_load(&plan->technology, &tech);
    if (s)
        return s;
    const mho_constant *t_op = mho_technology_constant(tech, "t_op");
    if (t_op) {
        plan->clock = MHOI_CLOCK_OPERATION;
        plan->clock_s = t_op->quantity.value;
    }
    mho_technology_destroy(tech);
    return MHO_OK;
}

mho_status mhoi_clock_set(mhoi_plan *plan)
{
    plan->clock = MHOI_CLOCK_NONE;
    if (plan->timing.read_s == 0)
        return from_technology(plan);
    plan->clock = MHOI_CLOCK_GIVEN;
    plan->clock_s = plan->timing.read_s;
    return MHO_OK;
}

static const char *clock_text(mhoi_clock clock)
{
    static const char *const text[] = {
        [MHOI_CLOCK_NONE] = "not told",
        [MHOI_CLOCK_GIVEN] = "timing.t_read",
        [MHOI_CLOCK_OPERATION] = "the technology's t_op",
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
static mho_status elements_of(const mho_node *n, uint64_t *elements)
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
 * many as the layer stands times work at once. */
static mho_status set_occupied(const mho_node *n, mho_placement_layer *l)
{
    const uint64_t waves = l->positions / l->duplication + (l->positions % l->duplication != 0);
    const uint64_t more = l->service > l->duplication ? l->service - l->duplication : 0;
    uint64_t waits;
    mho_status s = elements_of(n, &l->occupied);
    /* A fully connected layer begins after its last element. */
    if (!s && (__builtin_mul_overflow(waves, n->op == MHO_OP_FC ? l->service : more, &waits) ||
               __builtin_add_overflow(l->occupied, waits, &l->occupied)))
        s = mho_error(MHO_EDOMAIN, "layer '%s': its cycles leave 64 bits", n->name);
    return s;
}

static mho_status set_interval(const mho_net *net, mho_placement *out)
{
    mho_status s = MHO_OK;
    for (size_t i = 0, k = 0; !s && i < net->nodes; i++) {
        const mho_node *n = &net->node[i];
        uint64_t occupied = 0;
        if (mho_node_is_weighted(n)) {
            mho_placement_layer *l = &out->layer[k++];
            s = set_occupied(n, l);
            occupied = l->occupied;
        } else if (mhoi_op_is(n->op, MHOI_OP_WINDOW) || n->op == MHO_OP_ADD) {
            s = elements_of(n, &occupied);
        }
        if (occupied <= out->interval)
            continue;
        out->interval = occupied;
        snprintf(out->bottleneck, sizeof out->bottleneck, "%s", n->name);
    }
    return s;
}

static void set_layer(const mhoi_plan *plan, const mho_placement *out, mho_placement_layer *l)
{
    const double conversions = (double)l->counts.conversions;
    const double turns = (double)l->converters * (double)out->interval;
    l->converter_utilization = l->converters ? conversions / turns : 0;
    l->t_read_s = plan->clock_s;
    l->window_s = (double)l->service * plan->clock_s;
}

mho_status mhoi_timing_set(const mho_net *net, mho_placement *out)
{
    const mhoi_plan *plan = out->plan;
    out->clock = clock_text(plan->clock);
    out->clock_s = plan->clock_s;
    const mho_status s = set_interval(net, out);
    for (size_t i = 0; !s && i < out->layers; i++)
        set_layer(plan, out, &out->layer[i]);
    return s;
}
