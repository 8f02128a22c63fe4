/* SPDX-License-Identifier: Apache-2.0 */
/* Energy = operations x energy of one; area = amount x area of one: docs/models/cost.md eq. (1), (2). */
#include <string.h>

#include "base/alloc.h"
#include "mho/cost.h"

static mho_status price(const mho_technology *tech, const mho_activity *a, mho_cost_entry *entry)
{
    const mho_component *c = mho_technology_find(tech, a->component);
    if (!c)
        return mho_error(MHO_ENOTMODELED, "technology '%s' has no price for '%s' (layer '%s')",
                         tech->name, a->component, a->layer);
    *entry = (mho_cost_entry){
        .activity = a,
        .component = c,
        .energy_J = a->operations * c->energy.value,
        .area_m2 = a->amount * c->area.value,
    };
    return MHO_OK;
}

mho_status mho_cost_create(const mho_technology *tech, const mho_activity *activity,
                           size_t activities, mho_cost **out)
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

/* Offsets of the two headings an activity is summed under. */
enum { BY_GROUP = offsetof(mho_activity, group), BY_LAYER = offsetof(mho_activity, layer) };

static const char *heading(const mho_cost *cost, size_t entry, size_t offset)
{
    return (const char *)cost->entry[entry].activity + offset;
}

static const char *nth_heading(const mho_cost *cost, size_t offset, size_t nth)
{
    for (size_t i = 0; i < cost->entries; i++) {
        bool seen = false;
        for (size_t k = 0; k < i && !seen; k++)
            seen = !strcmp(heading(cost, k, offset), heading(cost, i, offset));
        if (!seen && nth-- == 0)
            return heading(cost, i, offset);
    }
    return NULL;
}

const char *mho_cost_group(const mho_cost *cost, size_t i)
{
    return nth_heading(cost, BY_GROUP, i);
}

const char *mho_cost_layer(const mho_cost *cost, size_t i)
{
    return nth_heading(cost, BY_LAYER, i);
}

typedef double sum_fn(const mho_cost *cost, const char *group, const char *layer);

static mho_json *breakdown(const mho_cost *cost, double total, sum_fn *sum)
{
    mho_json *root = mho_json_object(), *components = mho_json_object(),
             *layers = mho_json_object();
    const char *name;
    for (size_t i = 0; (name = mho_cost_group(cost, i)); i++)
        mho_json_put(components, name, mho_json_number(sum(cost, name, NULL)));
    for (size_t i = 0; (name = mho_cost_layer(cost, i)); i++)
        mho_json_put(layers, name, mho_json_number(sum(cost, NULL, name)));
    mho_json_put(root, "total", mho_json_number(total));
    mho_json_put(root, "by_component", components);
    mho_json_put(root, "by_layer", layers);
    return root;
}

mho_json *mho_cost_energy_json(const mho_cost *cost)
{
    return breakdown(cost, cost->energy_J, mho_cost_energy_J);
}

mho_json *mho_cost_area_json(const mho_cost *cost)
{
    return breakdown(cost, cost->area_m2, mho_cost_area_m2);
}
