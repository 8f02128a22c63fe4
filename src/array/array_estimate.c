/* SPDX-License-Identifier: Apache-2.0 */
/* Workload, schedule, time, activities and prices in one call. */
#include "base/alloc.h"
#include "mho/array.h"

static mho_status fill(mho_array_estimate *e, const mho_net *net, const mho_technology *tech)
{
    mho_schedule_options capacity;
    mho_status s = mho_workload_create(net, e->options.all_layers, e->options.batch, &e->work);
    if (!s)
        s = mho_technology_clone(tech, &e->tech);
    if (!s)
        s = mho_design_open(&e->options, e->tech, &e->design, &capacity);
    if (!s)
        s = mho_schedule_search(e->work, &capacity, &e->schedule);
    if (!s)
        s = mhoi_alloc(&e->step, e->schedule->steps, sizeof *e->step, "times of steps");
    if (s)
        return s;
    mho_array_run(e->work, e->schedule, &e->options, &e->design, &e->result, e->step);
    e->activities = mho_array_activities(e->work, e->schedule, &e->options, &e->design, &e->result,
                                         e->activity);
    return mho_array_price(e->tech, e->activity, e->activities, &e->result, &e->cost);
}

mho_status mho_array_estimate_create(const mho_net *net, const mho_array_options *options,
                                     const mho_technology *tech, mho_array_estimate **out)
{
    mho_array_estimate *e = NULL;
    *out = NULL;
    mho_status s = mhoi_alloc(&e, 1, sizeof *e, "estimate");
    if (s)
        return s;
    e->options = *options;
    s = fill(e, net, tech);
    if (s)
        mho_array_estimate_destroy(e);
    else
        *out = e;
    return s;
}

void mho_array_estimate_destroy(mho_array_estimate *e)
{
    if (!e)
        return;
    mho_cost_destroy(e->cost);
    mho_technology_destroy(e->tech);
    mhoi_free(&e->step);
    mho_schedule_destroy(e->schedule);
    mho_workload_destroy(e->work);
    mhoi_free(&e);
}
