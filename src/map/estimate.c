/* SPDX-License-Identifier: Apache-2.0 */
/* Placement, activities, prices and programming in one call.  Where a technology lacks a price, its fallback prices
 * everything: parts of two tables do not add up to anything. */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "cost/cost_price.h"
#include "cost/technology_chain.h"
#include "hw/sections.h"
#include "map/activity.h"
#include "map/estimate.h"
#include "map/placement.h"

/* What is priced. */
typedef struct subject {
    const mho_net *net;
    const mho_hw *hw;
    const mho_cell_activity *measured; /* NULL: assume */
    mhoi_pace_fn *pace;                /* NULL: the placement's own */
    void *user;
    bool beside;
} subject;

/* What one technology tells: its delays make the clock, so that the placement is of it, too. */
typedef struct view {
    mho_placement *placement;
    mho_technology *tech;
    mho_activity *activity;
    size_t activities;
    mho_cost *cost;
    bool bare; /* no formulas */
} view;

static void drop(view *v)
{
    mho_cost_destroy(v->cost);
    mho_activities_destroy(v->activity);
    mho_technology_destroy(v->tech);
    mho_placement_destroy(v->placement);
    *v = (view){.tech = NULL};
}

/* Parts that have no activity at all. */
static mho_status neglect(view *v)
{
    static const char *const by_model[] = {"interconnect between layers", "control and clock",
                                           "pooling and activation functions", NULL};
    static const char *const by_reading[] = {"drivers and lines of crossbars",
                                             "adders of split rows",
                                             "registers",
                                             "leakage",
                                             "interconnect",
                                             "control and clock",
                                             NULL};
    const char *const *part = v->tech->models ? by_model : by_reading;
    if (v->tech->models && v->placement->plan->chip.tile_crossbars)
        part++; /* counted */
    mho_status s = MHO_OK;
    if (!v->tech->models && !v->placement->plan->readings.buffer)
        s = mhoi_cost_neglect(v->cost, "buffers");
    for (; !s && *part; part++)
        s = mhoi_cost_neglect(v->cost, *part);
    return s;
}

static mho_status keep_measured(mho_placement *placement, const mho_cell_activity *measured)
{
    if (!measured)
        return MHO_OK;
    mhoi_plan *plan = placement->plan;
    mho_status s = mhoi_alloc(&plan->measured, plan->layers, sizeof *measured, "measured activity");
    if (!s)
        memcpy(plan->measured, measured, plan->layers * sizeof *measured);
    return s;
}

static mho_status add_up(view *v)
{
    mho_status s =
        mhoi_placement_activities(v->placement, v->tech, v->bare, &v->activity, &v->activities);
    if (!s)
        s = mho_cost_create(v->tech, v->activity, v->activities, &v->cost);
    return s ? s : neglect(v);
}

static mho_status set_pace(const subject *of, view *v)
{
    uint64_t interval = v->placement->interval;
    mho_status s = of->pace(of->user, v->placement, v->tech, of->beside, &interval);
    if (!s && interval != v->placement->interval)
        mhoi_timing_use(v->placement, interval);
    if (s) { /* no matter of prices */
        mho_technology_destroy(v->tech);
        v->tech = NULL;
    }
    return s;
}

/* out->tech stays NULL where there is nothing to price. */
static mho_status look(const subject *of, view *out)
{
    *out = (view){.bare = of->pace != NULL}; /* numbers are all that is taken of it */
    mho_status s = mho_placement_create(of->net, of->hw, &out->placement);
    if (!s)
        s = keep_measured(out->placement, of->measured);
    if (!s)
        s = mhoi_technology_load(&out->placement->plan->technology, &out->tech);
    if (!s && of->pace)
        s = set_pace(of, out);
    return s ? s : add_up(out);
}

/* By the fallback of a technology, all of it: placed with its clock. */
static mho_status look_back(const subject *of, const char *fallback, view *out)
{
    mho_hw *hw = NULL;
    *out = (view){.tech = NULL};
    mho_status s = mho_hw_clone(of->hw, &hw);
    if (s)
        return s;
    mhoi_technology_options *technology = mhoi_hw_edit(hw, &mhoi_technology_section);
    memcpy(technology->name, fallback, strlen(fallback) + 1);
    technology->overrides[0] = 0;
    subject back = *of;
    back.hw = hw;
    s = look(&back, out);
    mho_hw_destroy(hw);
    return s;
}

static mho_status price_instead(mho_estimate *e, const subject *of, view *v)
{
    char why[256];
    memcpy(e->fallback, v->tech->fallback, sizeof e->fallback);
    snprintf(why, sizeof why, "%s", mho_error_message());
    drop(v);
    mho_status s = look_back(of, e->fallback, v);
    if (s)
        return mho_error_prefix(s, "%s; instead", why);
    snprintf(e->instead, sizeof e->instead, "%s: %s prices all of it", why, e->fallback);
    return MHO_OK;
}

/* Totals beside those of a table that is good for comparisons alone; what they cannot price leaves them out. */
static mho_status price_beside(mho_estimate *e, const subject *of)
{
    view v;
    subject beside = *of;
    beside.beside = true;
    mho_status s = look_back(&beside, e->tech->fallback, &v);
    if (s)
        drop(&v);
    e->generic_placement = v.placement;
    e->generic_tech = v.tech;
    e->generic_activity = v.activity;
    e->generic = v.cost;
    return s == MHO_ENOTMODELED || s == MHO_ECONFIG || s == MHO_EDOMAIN ? MHO_OK : s;
}

static mho_status price(mho_estimate *e, const subject *of)
{
    view v;
    mho_status s = look(of, &v);
    const bool own = !s;
    if (v.placement)
        memcpy(e->overrides, v.placement->plan->technology.overrides, sizeof e->overrides);
    if (s == MHO_ENOTMODELED && v.tech && *v.tech->fallback)
        s = price_instead(e, of, &v);
    e->placement = v.placement;
    e->tech = v.tech;
    e->activity = v.activity;
    e->activities = v.activities;
    e->cost = v.cost;
    if (!s && own && e->tech->relative && *e->tech->fallback)
        s = price_beside(e, of);
    return s;
}

static mho_status fill(mho_estimate *e, const subject *of)
{
    mho_programming_load load;
    mho_status s = price(e, of);
    if (s)
        return s;
    mho_placement_programming(e->placement, &load);
    s = mho_programming_estimate(e->tech, &load, &e->programming);
    e->has_programming = s == MHO_OK;
    return s == MHO_ENOTMODELED ? MHO_OK : s;
}

static mho_status create(const subject *of, mho_estimate **out)
{
    mho_estimate *e = NULL;
    *out = NULL;
    mho_status s = mhoi_alloc(&e, 1, sizeof *e, "estimate");
    if (!s)
        s = fill(e, of);
    if (s)
        mho_estimate_destroy(e);
    else
        *out = e;
    return s;
}

mho_status mho_estimate_create_measured(const mho_net *net, const mho_hw *hw,
                                        const mho_cell_activity *measured, mho_estimate **out)
{
    return create(&(subject){.net = net, .hw = hw, .measured = measured}, out);
}

mho_status mhoi_estimate_create_paced(const mho_net *net, const mho_hw *hw, mhoi_pace_fn *pace,
                                      void *user, mho_estimate **out)
{
    return create(&(subject){.net = net, .hw = hw, .pace = pace, .user = user}, out);
}

mho_status mho_estimate_create(const mho_net *net, const mho_hw *hw, mho_estimate **out)
{
    return mho_estimate_create_measured(net, hw, NULL, out);
}

/* What the placement priced before is kept if this fails. */
static mho_status count_anew(mho_placement *placement, mho_technology *tech, uint64_t interval,
                             mho_activity **activity, size_t *activities, mho_cost **cost)
{
    const uint64_t before = placement->interval;
    view v = {.placement = placement, .tech = tech};
    if (interval == before)
        return MHO_OK;
    mhoi_timing_use(placement, interval);
    const mho_status s = add_up(&v);
    if (s)
        mhoi_timing_use(placement, before);
    view old = s ? v : (view){.activity = *activity, .cost = *cost};
    old.placement = NULL;
    old.tech = NULL;
    drop(&old);
    if (s)
        return s;
    *activity = v.activity;
    *activities = v.activities;
    *cost = v.cost;
    return MHO_OK;
}

mho_status mho_estimate_set_interval(mho_estimate *e, uint64_t interval, uint64_t generic)
{
    size_t unused;
    mho_status s =
        count_anew(e->placement, e->tech, interval, &e->activity, &e->activities, &e->cost);
    if (!s && e->generic)
        s = count_anew(e->generic_placement, e->generic_tech, generic, &e->generic_activity,
                       &unused, &e->generic);
    return s;
}

void mho_estimate_destroy(mho_estimate *e)
{
    if (!e)
        return;
    view own = {
        .placement = e->placement, .tech = e->tech, .activity = e->activity, .cost = e->cost};
    view beside = {.placement = e->generic_placement,
                   .tech = e->generic_tech,
                   .activity = e->generic_activity,
                   .cost = e->generic};
    drop(&own);
    drop(&beside);
    mhoi_free(&e);
}
