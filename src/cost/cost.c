/* SPDX-License-Identifier: Apache-2.0 */
/* Energy = operations x energy of one; area = amount x area of one: docs/models/cost.md eq. (1), (2). */
#include <string.h>

#include "base/alloc.h"
#include "mho/cost.h"

static mho_status price(const mho_technology *tech, const mho_activity *a, mho_cost_entry *entry)
{
    const mho_component *c = mho_technology_find(tech, a->component);
    if (!c)
        return mho_error(MHO_ENOTMODELED, "technology '%s' has no price for '%s' (layer '%s')", tech->name,
                         a->component, a->layer);
    *entry = (mho_cost_entry){
        .activity = a,
        .component = c,
        .energy_J = a->operations * c->energy.value,
        .area_m2 = a->amount * c->area.value,
    };
    return MHO_OK;
}

mho_status mho_cost_create(const mho_technology *tech, const mho_activity *activity, size_t activities,
                           mho_cost **out)
{
    mho_cost *cost = NULL;
    *out = NULL;
    mho_status s = mhoi_alloc(&cost, 1, sizeof *cost, "cost");
    if (s)
        return s;
    s = mhoi_alloc(&cost->entry, activities, sizeof *cost->entry, "cost entries");
    for (size_t i = 0; !s && i < activities; i++) {
        s = price(tech, &activity[i], &cost->entry[i]);
        if (s)
            break;
        cost->energy_J += cost->entry[i].energy_J;
        cost->area_m2 += cost->entry[i].area_m2;
        cost->entries++;
    }
    if (s)
        mho_cost_destroy(cost);
    else
        *out = cost;
    return s;
}

void mho_cost_destroy(mho_cost *cost)
{
    if (!cost)
        return;
    mhoi_free(&cost->entry);
    mhoi_free(&cost);
}

static bool matches(const mho_cost_entry *entry, const char *group, const char *layer)
{
    return (!group || !strcmp(entry->activity->group, group)) &&
           (!layer || !strcmp(entry->activity->layer, layer));
}

double mho_cost_energy_J(const mho_cost *cost, const char *group, const char *layer)
{
    double sum = 0;
    for (size_t i = 0; i < cost->entries; i++)
        if (matches(&cost->entry[i], group, layer))
            sum += cost->entry[i].energy_J;
    return sum;
}

double mho_cost_area_m2(const mho_cost *cost, const char *group, const char *layer)
{
    double sum = 0;
    for (size_t i = 0; i < cost->entries; i++)
        if (matches(&cost->entry[i], group, layer))
            sum += cost->entry[i].area_m2;
    return sum;
}
