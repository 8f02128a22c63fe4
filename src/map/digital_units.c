/* SPDX-License-Identifier: Apache-2.0 */
/* The digital units of a placement: what they do for an image, how long it takes, and which components that
 * is.  docs/models/map.md, "Digital units". */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "map/activity.h"
#include "map/digital.h"

/* Values of a node that come from other nodes, and those that it gives. */
static void count_values(const mho_node *node, double *read, double *written)
{
    *written = (double)node->out.c * (double)node->out.h * (double)node->out.w;
    *read = 0;
    for (size_t i = 0; node->work && i < node->work->inputs; i++)
        if (node->work->from[i] != MHOI_NO_NODE)
            *read += (double)node->work->in[i].count;
    if (!node->work)
        *read = (double)node->in.c * (double)node->in.h * (double)node->in.w * (double)node->inputs;
}

static double all_operations(const mhoi_elementary *e, size_t bits)
{
    return e->macs + e->adds + e->multiplies + e->functions + e->divisions * (double)bits;
}

static mho_status describe(const mho_net *net, const mhoi_plan *plan, size_t i,
                           mho_placement_digital *d)
{
    const mho_node *node = &net->node[i];
    const mhoi_digital_options *o = &plan->digital;
    mhoi_elementary e;
    double read, written;
    mho_status s = mhoi_elementary_of(node, o->operators, &e);
    if (s)
        return s;
    count_values(node, &read, &written);
    d->node = i;
    memcpy(d->name, node->name, sizeof d->name);
    snprintf(d->op, sizeof d->op, "%s", mho_node_op_name(node));
    d->priced = node->op == MHO_OP_GENERAL || o->priced == MHO_DIGITAL_ALL;
    d->macs = e.macs;
    d->adds = e.adds;
    d->multiplies = e.multiplies;
    d->functions = e.functions;
    d->divisions = e.divisions;
    d->operations = all_operations(&e, o->bits);
    d->values_read = read;
    d->values_written = written;
    d->seconds = ceil(fmax(d->operations, 1) / (double)o->lanes) / o->clock_Hz;
    return MHO_OK;
}

mho_status mhoi_digital_set(const mho_net *net, mho_placement *out)
{
    mhoi_plan *plan = out->plan;
    size_t count = 0;
    for (size_t i = 0; i < net->nodes; i++)
        count += mhoi_is_digital(&net->node[i]);
    mho_status s = mhoi_alloc(&plan->unit, count + 1, sizeof *plan->unit, "placement");
    for (size_t i = 0; !s && i < net->nodes; i++)
        if (mhoi_is_digital(&net->node[i]))
            s = describe(net, plan, i, &plan->unit[plan->units++]);
    for (size_t k = 0; k < plan->layers; k++)
        out->macs += (double)mho_node_macs(&net->node[plan->layer[k].node]);
    out->digital = plan->unit;
    out->digitals = plan->units;
    for (size_t i = 0; !s && i < plan->units; i++) {
        out->digital_macs += plan->unit[i].macs;
        out->digital_operations += plan->unit[i].operations;
    }
    return s;
}

void mhoi_digital_time(const mho_net *net, mho_placement *out)
{
    const double clock_s = out->plan->clock_s;
    for (size_t i = 0; i < out->plan->units; i++) {
        mho_placement_digital *d = &out->plan->unit[i];
        const mho_node *node = &net->node[d->node];
        const double positions = (double)(node->out.h * node->out.w);
        const double each = clock_s > 0 ? ceil(d->seconds / clock_s / positions) : 1;
        d->service = each < 1 ? 1 : each > 1e6 ? 1000000 : (size_t)each;
        d->cycles = (uint64_t)(positions * (double)d->service);
    }
}

/* --- activities */

static mho_activity *start(mhoi_activities *b, const mho_placement_digital *d,
                           const char *component, const char *model)
{
    mho_activity *a = &b->activity[b->count++];
    memcpy(a->layer, d->name, sizeof a->layer);
    snprintf(a->group, sizeof a->group, "digital");
    snprintf(a->component, sizeof a->component, "%s", component);
    snprintf(a->model, sizeof a->model, "%s", model);
    a->seconds = b->image_s;
    return a;
}

/* Arithmetic of so many bits: operations, by as many as there are lanes. */
static void arithmetic(mhoi_activities *b, const mho_placement_digital *d, const char *model,
                       size_t bits, double operations, const char *what)
{
    char component[MHO_COST_NAME];
    if (operations <= 0)
        return;
    snprintf(component, sizeof component, "%s%zu", strcmp(model, "adder") ? model : "add", bits);
    mho_activity *a = start(b, d, component, model);
    mhoi_activity_argue(a, "bits", (double)bits);
    a->amount = (double)b->plan->digital.lanes;
    a->operations = operations;
    mhoi_activity_explain(a, "digital.lanes stand; %s", what);
}

/* What is read and written goes through a buffer of the unit. */
static void buffer(mhoi_activities *b, const mho_placement_digital *d)
{
    enum { LEAST = 2048, MOST = 524288, WIDTH = 64 };
    const double bits = (double)b->plan->digital.bits;
    const double bytes = ceil((d->values_read + d->values_written) * bits / 8);
    const double banks = ceil(bytes / MOST);
    const double reads = ceil(d->values_read * bits / WIDTH),
                 writes = ceil(d->values_written * bits / WIDTH);
    for (int o = MHO_OPERATION_READ; o <= MHO_OPERATION_WRITE; o++) {
        mho_activity *a = start(b, d, "sram", "sram");
        mhoi_activity_argue(a, "bytes", fmax(LEAST, ceil(bytes / banks)));
        mhoi_activity_argue(a, "width", WIDTH);
        a->operation = (mho_operation)o;
        a->amount = o == MHO_OPERATION_READ ? banks : 0;
        a->operations = o == MHO_OPERATION_READ ? reads : writes;
        mhoi_activity_explain(a,
                              "%.0f values read and %.0f written once, %.0f bits each, %d a word",
                              d->values_read, d->values_written, bits, WIDTH);
    }
}

/* A function is read off a table of two numbers a segment, in 2 KiB. */
static void tables(mhoi_activities *b, const mho_placement_digital *d)
{
    if (d->functions <= 0)
        return;
    mho_activity *a = start(b, d, "sram", "sram");
    mhoi_activity_argue(a, "bytes", 2048);
    mhoi_activity_argue(a, "width", 64);
    a->operation = MHO_OPERATION_READ;
    a->amount = (double)b->plan->digital.lanes;
    a->operations = d->functions;
    mhoi_activity_explain(a, "a table of 2 KiB a lane; %.0f functions of one argument",
                          d->functions);
}

void mhoi_activities_of_digital(mhoi_activities *b, const mho_placement_digital *d)
{
    const size_t bits = b->plan->digital.bits, wide = 2 * bits > 64 ? 64 : 2 * bits;
    arithmetic(b, d, "multiplier", bits, d->macs + d->multiplies + d->functions,
               "multiply-accumulates, multiplications, and one a function");
    arithmetic(b, d, "adder", wide, d->macs, "a sum for each multiply-accumulate");
    arithmetic(b, d, "adder", bits, d->adds + d->functions + d->divisions * (double)bits,
               "additions and comparisons, one a function, one a bit of a division");
    tables(b, d);
    buffer(b, d);
    if (d->operations <= 0)
        return;
    mho_activity *a = start(b, d, "register1", "register");
    mhoi_activity_argue(a, "bits", 1);
    a->amount = (double)(b->plan->digital.lanes * wide);
    a->operations = d->operations * (double)bits;
    mhoi_activity_explain(a, "digital.lanes x %zu bits stand; each result is latched", wide);
}
