/* SPDX-License-Identifier: Apache-2.0 */
/* Mapping, activities, prices and programming in one call. */
#include "base/alloc.h"
#include "cost/cost_sections.h"
#include "hw/sections.h"
#include "mho/map.h"

static mho_status open_technology(const mho_hw *hw, mho_technology **out)
{
    const mhoi_technology_options *o = mhoi_hw_section(hw, &mhoi_technology_section);
    return mho_technology_open(o->name, out);
}

static mho_status fill(mho_estimate *e, const mho_net *net, const mho_hw *hw)
{
    mho_status s = mho_map_create(net, hw, &e->map);
    if (!s)
        s = open_technology(hw, &e->tech);
    if (!s)
        s = mho_map_activities(e->map, hw, &e->activity, &e->activities);
    if (!s)
        s = mho_cost_create(e->tech, e->activity, e->activities, &e->cost);
    if (s)
        return s;
    mho_programming_load load;
    mho_map_programming_load(e->map, hw, &load);
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
    mho_map_destroy(e->map);
    mhoi_free(&e);
}
