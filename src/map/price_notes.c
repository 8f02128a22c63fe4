/* SPDX-License-Identifier: Apache-2.0 */
/* What is to be told with prices: whose they are, how good, and what they leave out. */
#include <stdio.h>
#include <string.h>

#include "mho/map.h"

static const char between[] = "; ";

static void join(const mho_cost *cost, const char *(*nth)(const mho_cost *cost, size_t i),
                 char *text, size_t size)
{
    size_t n = 0;
    const char *part;
    *text = 0;
    for (size_t i = 0; (part = nth(cost, i)) && n < size; i++) {
        const int k = snprintf(text + n, size - n, "%s%s", i ? between : "", part);
        n += k > 0 ? (size_t)k : 0;
    }
}

/* Settings are of the table that was asked for, and none of the one that prices in its place. */
static void tell_overrides(const mho_estimate *e, char *text, size_t size)
{
    const char *set = e->overrides;
    if (*set && *e->instead)
        snprintf(text, size, "%s (without effect: %s prices all)", set, e->tech->name);
    else
        snprintf(text, size, "%s", set);
}

void mho_estimate_notes(const mho_estimate *e, mho_price_notes *out)
{
    *out = (mho_price_notes){.relative = e->tech->relative,
                             .modeled = e->tech->models > 0,
                             .error_energy = e->tech->error_energy,
                             .error_time = e->tech->error_time,
                             .leakage_J = e->cost->leakage_J};
    memcpy(out->technology, e->tech->name, sizeof out->technology);
    memcpy(out->note, e->tech->note, sizeof out->note);
    memcpy(out->instead, e->instead, sizeof out->instead);
    join(e->cost, mho_cost_neglected, out->not_counted, sizeof out->not_counted);
    join(e->cost, mho_cost_note, out->beyond, sizeof out->beyond);
    tell_overrides(e, out->overrides, sizeof out->overrides);
    if (!e->generic)
        return;
    memcpy(out->generic, e->generic_tech->name, sizeof out->generic);
    out->generic_energy_J = e->generic->energy_J;
    out->generic_area_m2 = e->generic->area_m2;
}

static mho_json *list_json(const char *text)
{
    mho_json *list = mho_json_array();
    while (*text) {
        char part[512];
        const char *end = strstr(text, between);
        snprintf(part, sizeof part, "%.*s", (int)(end ? (size_t)(end - text) : strlen(text)), text);
        mho_json_add(list, mho_json_text(part));
        text = end ? end + strlen(between) : text + strlen(text);
    }
    return list;
}

void mho_price_notes_json(const mho_price_notes *n, mho_json *object)
{
    mho_json_put(object, "technology", mho_json_text(n->technology));
    mho_json_put(object, "technology_note", mho_json_text(*n->instead ? n->instead : n->note));
    mho_json_put(object, "relative", mho_json_bool(n->relative));
    if (n->error_energy > 0) {
        mho_json *error = mho_json_object();
        mho_json_put(error, "energy", mho_json_number(n->error_energy));
        mho_json_put(error, "time", mho_json_number(n->error_time));
        mho_json_put(object, "error_factor", error);
    }
    mho_json_put(object, "leakage_J", mho_json_number(n->leakage_J));
    mho_json_put(object, "not_counted", list_json(n->not_counted));
    mho_json_put(object, "beyond_source", list_json(n->beyond));
    if (*n->overrides)
        mho_json_put(object, "overrides", list_json(n->overrides));
}
