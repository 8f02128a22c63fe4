/* SPDX-License-Identifier: Apache-2.0 */
/* Workload, schedule, time, activities and prices in one call. */
#include "array/array_price.h"
#include "base/alloc.h"

static mho_status fill(mho_array_estimate *e, const mhoi_array_hw *hw, const mho_net *net)
{
    mho_status s = mho_workload_create(net, hw->array.all_layers, hw->array.batch, &e->work);
    if (!s)
        s = mhoi_design_open(hw, e->tech, &e->design);
    if (s)
        return s;
    const mho_schedule_options capacity = mhoi_capacity_of(hw, &e->design.ddr.component);
    s = mho_schedule_search(e->work, &capacity, &e->schedule);
    if (!s)
        s = mhoi_alloc(&e->step, e->schedule->steps, sizeof *e->step, "times of steps");
    if (s)
        return s;
    mhoi_array_run(e->work, e->schedule, hw, &e->design, &e->result, e->step);
    e->activities =
        mhoi_array_activities(e->work, e->schedule, hw, &e->design, &e->result, e->activity);
    return mhoi_array_price(e->tech, e->activity, e->activities, &e->result, &e->cost);
}

mho_status mho_array_estimate_create(const mho_net *net, const mho_hw *hw, const mho_macro *extra,
                                     size_t extras, mho_array_estimate **out)
{
    mho_array_estimate *e = NULL;
    mhoi_array_hw flat;
    *out = NULL;
    mho_status s = mhoi_array_hw_of(hw, &flat);
    if (!s)
        s = mhoi_alloc(&e, 1, sizeof *e, "estimate");
    if (s)
        return s;
    s = mhoi_array_technology(&flat, extra, extras, &e->tech);
    if (!s)
        s = fill(e, &flat, net);
    if (s)
        mho_array_estimate_destroy(e);
    else
        *out = e;
    return mhoi_hw_place_error(hw, s);
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
