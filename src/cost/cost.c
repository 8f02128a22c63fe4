/* SPDX-License-Identifier: Apache-2.0 */
/* Energy = operations x energy of one + amount x leakage of one x time; area = amount x area of one:
 * docs/models/cost.md eq. (1), (2). */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/decimal.h"
#include "cost/cost_price.h"
#include "cost/model.h"

const char *mho_operation_name(mho_operation operation)
{
    static const char *const names[MHO_OPERATIONS] = {"use", "read", "write"};
    return names[operation];
}

mhoi_price mhoi_price_of(const mho_component *c)
{
    mhoi_price price = {.area_m2 = c->area.value, .leakage_W = c->leakage.value};
    for (int o = 0; o < MHO_OPERATIONS; o++)
        price.energy_J[o] = c->energy[o].value;
    return price;
}

static mho_status not_finite(const mho_activity *a, const mho_component *c)
{
    const mho_quantity *e = &c->energy[a->operation];
    return mho_error(MHO_EDOMAIN,
                     "layer '%s': %g operations and %g pieces of '%s' at %g J (%s), %g m2 and %g W "
                     "have no finite price",
                     a->layer, a->operations, a->amount, c->name, e->value, e->formula,
                     c->area.value, c->leakage.value);
}

/* A component that a model became, once for the same arguments. */
struct mhoi_instance {
    struct mhoi_instance *next;
    const mho_model *model;
    mho_argument argument[MHO_COST_PARAMETERS];
    size_t arguments;
    mho_component component;
};

static bool is_instance(const struct mhoi_instance *i, const mho_model *m, const mho_activity *a)
{
    if (i->model != m || i->arguments != a->arguments)
        return false;
    for (size_t k = 0; k < a->arguments; k++)
        if (i->argument[k].value != a->argument[k].value ||
            strcmp(i->argument[k].name, a->argument[k].name) != 0)
            return false;
    return true;
}

/* What to tell with the prices: a group left out, or a note. */
struct mhoi_remark {
    struct mhoi_remark *next;
    bool neglected;
    char text[MHO_COST_SOURCE];
};

/* Once each, in order. */
static mho_status remark(mho_cost *cost, bool neglected, const char *text)
{
    struct mhoi_remark **at = &cost->remark;
    for (; *at; at = &(*at)->next)
        if ((*at)->neglected == neglected && !strcmp((*at)->text, text))
            return MHO_OK;
    mho_status s = mhoi_alloc(at, 1, sizeof **at, "cost remark");
    if (s)
        return s;
    (*at)->neglected = neglected;
    snprintf((*at)->text, sizeof(*at)->text, "%s", text);
    return MHO_OK;
}

mho_status mhoi_cost_neglect(mho_cost *cost, const char *part)
{
    return remark(cost, true, part);
}

static mho_status note_beyond(mho_cost *cost, const mho_model *m, const mho_activity *a)
{
    char text[MHO_COST_SOURCE];
    double value;
    const mho_parameter *p = mhoi_model_beyond(m, a->argument, a->arguments, &value);
    if (!p)
        return MHO_OK;
    mhoi_decimal_print(text, sizeof text, "%s, %s = %.4g: its source holds for %.4g to %.4g",
                       m->component.name, p->name, value, p->valid_min, p->valid_max);
    return remark(cost, false, text);
}

static mho_status instantiate(mho_cost *cost, const mho_technology *tech, const mho_model *m,
                              const mho_activity *a, const mho_component **out)
{
    struct mhoi_instance *i = cost->instance;
    while (i && !is_instance(i, m, a))
        i = i->next;
    if (i) {
        *out = &i->component;
        return MHO_OK;
    }
    mho_status s = mhoi_alloc(&i, 1, sizeof *i, "component");
    if (!s)
        s = mhoi_model_price(tech, m, a->argument, a->arguments, &i->component);
    if (s) {
        mhoi_free(&i);
        return mho_error_prefix(s, "layer '%s'", a->layer);
    }
    i->next = cost->instance;
    i->model = m;
    i->arguments = a->arguments;
    memcpy(i->argument, a->argument, sizeof i->argument);
    cost->instance = i;
    *out = &i->component;
    return note_beyond(cost, m, a);
}

/* NULL: not counted. */
static mho_status find_component(mho_cost *cost, const mho_technology *tech, const mho_activity *a,
                                 const mho_model **model, const mho_component **out)
{
    *out = mho_technology_find(tech, a->component);
    *model = *out || !*a->model ? NULL : mho_technology_model(tech, a->model);
    if (*model)
        return instantiate(cost, tech, *model, a, out);
    if (!*out && a->neglectable)
        return remark(cost, true, a->group);
    if (!*out)
        return mho_error(MHO_ENOTMODELED, "technology '%s' has no price for '%s' (layer '%s')",
                         tech->name, a->component, a->layer);
    if (a->operations != 0 && !(*out)->energy[a->operation].formula[0])
        return mho_error(MHO_ENOTMODELED,
                         "technology '%s' does not tell the energy of one %s of '%s' (layer '%s')",
                         tech->name, mho_operation_name(a->operation), (*out)->name, a->layer);
    return MHO_OK;
}

/* Offsets of the two headings an activity is summed under. */
enum { BY_GROUP = offsetof(mho_activity, group), BY_LAYER = offsetof(mho_activity, layer) };

static const char *heading(const mho_cost *cost, size_t entry, size_t offset)
{
    return (const char *)cost->entry[entry].activity + offset;
}

/* Keeps the entry if its heading is new; that of the entry before comes first. */
static void keep_heading(const mho_cost *cost, size_t entry, size_t offset, size_t *first,
                         size_t *count)
{
    for (size_t k = *count; k-- > 0;)
        if (!strcmp(heading(cost, first[k], offset), heading(cost, entry, offset)))
            return;
    first[(*count)++] = entry;
}

static mho_status price(mho_cost *cost, const mho_technology *tech, const mho_activity *a)
{
    const mho_component *c;
    const mho_model *model;
    mho_status s = find_component(cost, tech, a, &model, &c);
    if (s || !c)
        return s;
    const mhoi_price one = mhoi_price_of(c);
    mho_cost_entry *entry = &cost->entry[cost->entries];
    *entry = (mho_cost_entry){
        .activity = a,
        .component = c,
        .model = model,
        .energy_J = mhoi_price_energy_J(&one, a->operation, a->operations) +
                    mhoi_price_standby_J(&one, a->amount, a->seconds),
        .area_m2 = mhoi_price_area_m2(&one, a->amount),
        .leakage_J = mhoi_price_standby_J(&one, a->amount, a->seconds),
    };
    keep_heading(cost, cost->entries, BY_GROUP, cost->group, &cost->groups);
    keep_heading(cost, cost->entries++, BY_LAYER, cost->layer, &cost->layers);
    if (!isfinite(entry->energy_J) || !isfinite(entry->area_m2))
        return not_finite(a, c);
    cost->energy_J += entry->energy_J;
    cost->area_m2 += entry->area_m2;
    cost->leakage_J += entry->leakage_J;
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
    if (!s)
        s = mhoi_alloc(&cost->group, activities, sizeof *cost->group, "cost groups");
    if (!s)
        s = mhoi_alloc(&cost->layer, activities, sizeof *cost->layer, "cost layers");
    for (size_t i = 0; !s && i < activities; i++) {
        s = price(cost, tech, &activity[i]);
        if (!s && (!isfinite(cost->energy_J) || !isfinite(cost->area_m2)))
            s = mho_error(MHO_EDOMAIN,
                          "the sum of all prices up to '%s' of layer '%s' is not finite",
                          activity[i].component, activity[i].layer);
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
    while (cost->instance) {
        struct mhoi_instance *next = cost->instance->next;
        mhoi_free(&cost->instance);
        cost->instance = next;
    }
    while (cost->remark) {
        struct mhoi_remark *next = cost->remark->next;
        mhoi_free(&cost->remark);
        cost->remark = next;
    }
    mhoi_free(&cost->entry);
    mhoi_free(&cost->group);
    mhoi_free(&cost->layer);
    mhoi_free(&cost);
}

static const char *nth_remark(const mho_cost *cost, bool neglected, size_t nth)
{
    const struct mhoi_remark *r = cost->remark;
    while (r && (r->neglected != neglected || nth-- > 0))
        r = r->next;
    return r ? r->text : NULL;
}

const char *mho_cost_neglected(const mho_cost *cost, size_t i)
{
    return nth_remark(cost, true, i);
}

const char *mho_cost_note(const mho_cost *cost, size_t i)
{
    return nth_remark(cost, false, i);
}

static bool matches(const mho_cost_entry *entry, const char *group, const char *layer)
{
    return (!group || !strcmp(entry->activity->group, group)) &&
           (!layer || !strcmp(entry->activity->layer, layer));
}

void mhoi_cost_sums(const mho_cost *cost, const char *group, const char *layer, double *energy_J,
                    double *area_m2)
{
    *energy_J = *area_m2 = 0;
    for (size_t i = 0; i < cost->entries; i++)
        if (matches(&cost->entry[i], group, layer)) {
            *energy_J += cost->entry[i].energy_J;
            *area_m2 += cost->entry[i].area_m2;
        }
}

double mho_cost_energy_J(const mho_cost *cost, const char *group, const char *layer)
{
    double energy_J, area_m2;
    mhoi_cost_sums(cost, group, layer, &energy_J, &area_m2);
    return energy_J;
}

double mho_cost_area_m2(const mho_cost *cost, const char *group, const char *layer)
{
    double energy_J, area_m2;
    mhoi_cost_sums(cost, group, layer, &energy_J, &area_m2);
    return area_m2;
}

const char *mho_cost_group(const mho_cost *cost, size_t i)
{
    return i < cost->groups ? heading(cost, cost->group[i], BY_GROUP) : NULL;
}

const char *mho_cost_layer(const mho_cost *cost, size_t i)
{
    return i < cost->layers ? heading(cost, cost->layer[i], BY_LAYER) : NULL;
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
