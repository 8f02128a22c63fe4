/* SPDX-License-Identifier: Apache-2.0 */
/* Placement, activities, prices and programming in one call. */
#include "base/alloc.h"
#include "cost/technology_chain.h"
#include "map/placement.h"

static mho_status fill(mho_estimate *e, const mho_net *net, const mho_hw *hw)
{
    mho_status s = mho_placement_create(net, hw, &e->placement);
    if (!s)
        s = mhoi_technology_load(&e->placement->plan->technology, &e->tech);
    if (!s)
        s = mho_placement_activities_for(e->placement, e->tech, &e->activity, &e->activities);
    if (!s)
        s = mho_cost_create(e->tech, e->activity, e->activities, &e->cost);
    if (s)
        return s;
    mho_programming_load load;
    mho_placement_programming(e->placement, &load);
    s = mho_programming_estimate(e->tech, &load, &e->programming);
    e->has_programming = s == MHO_OK;
    return s == MHO_ENOTMODELED ? MHO_OK : s;
}

mho_status mho_estimate_create(const mho_net *net, const mho_hw *hw, mho_estimate **out)
{
    mho_estimate *e = NULL;
    *out = NULL;
    mho_status s = mhoi_alloc(&e, 1, sizeof *e, "estimate");
    if (!s)
        s = fill(e, net, hw);
    if (s)
        mho_estimate_destroy(e);
    else
        *out = e;
    return s;
}

void mho_estimate_destroy(mho_estimate *e)
{
    if (!e)
        return;
    mho_cost_destroy(e->cost);
    mho_technology_destroy(e->tech);
    mho_activities_destroy(e->activity);
    mho_placement_destroy(e->placement);
    mhoi_free(&e);
}
