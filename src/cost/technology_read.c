/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a technology table:
 *     constants:  { NAME: {value, unit, source}, ... }      later ones may use earlier ones; range: [LEAST, MOST]
 *     components: { NAME: {area: {...}, energy: {...}}, ... }     memories: read, write, leakage
 *                 with `parameters:` (model.c) a model: its formulas are of these, too
 *     macros:     [ {kind, size, width_B, ...}, ... ]     memories, with the unit in each key (macro.c)
 * Every number of the first two is {value, unit, source} and, where it is known, uncertainty, a factor.  A value with
 * names in it is a formula in SI; `none` is a number the source does not give, which is then not counted and said so.
 * Of a table and its bases the constants come first, one that is told again in the place of the first. */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/yaml.h"
#include "cost/macro.h"
#include "cost/model.h"
#include "cost/technology_chain.h"
#include "formula_impl.h"
#include "mho/config.h"

typedef struct source {
    const char *place;
    mho_technology *tech;
    bool set;               /* an assignment: of what there is */
    const mho_model *model; /* whose formulas are read */
} source;

static mho_status copy_text(char *to, size_t size, const char *from, const char *place, size_t line)
{
    if (strlen(from) >= size)
        return mho_error(MHO_ECONFIG, "%s:%zu: '%.30s...' has %zu characters, want at most %zu",
                         place, line, from, strlen(from), size - 1);
    strcpy(to, from);
    return MHO_OK;
}

static mho_status get_text(const mhoi_yaml *map, const char *key, const char *place,
                           const char **out)
{
    const mhoi_yaml *node = mhoi_yaml_get(map, key);
    if (!node || node->kind != MHOI_YAML_SCALAR || !node->text || !node->text[0])
        return mho_error(MHO_ECONFIG, "%s:%zu: %s has no %s", place, map->line, map->key, key);
    *out = node->text;
    return MHO_OK;
}

static mho_status read_unit(const mhoi_yaml *map, const char *text, const char *unit,
                            const char *kind, const char *place, double *scale)
{
    const mhoi_unit *u = mhoi_unit_find(unit);
    if (!u || (kind && strcmp(u->kind, kind))) {
        char list[320];
        mhoi_units_of(kind, list, sizeof list);
        return mho_error(MHO_ECONFIG, "%s:%zu: %s.unit = %s, want a unit%s%s: %s", place, map->line,
                         map->key, unit, kind ? " of " : "", kind ? kind : "", list);
    }
    if (mhoi_formula_is_symbolic(text) && u->scale < 1)
        return mho_error(MHO_ECONFIG,
                         "%s:%zu: %s.value = %s is a formula in SI, want no prefix in '%s'", place,
                         map->line, map->key, text, unit);
    *scale = u->scale;
    return MHO_OK;
}

static mho_status read_uncertainty(const mhoi_yaml *map, const char *place, double *out)
{
    const mhoi_yaml *node = mhoi_yaml_get(map, "uncertainty");
    *out = 0;
    if (!node)
        return MHO_OK;
    mho_status s = mhoi_yaml_double(node, place, out);
    if (!s && !(*out >= 1 && isfinite(*out)))
        s = mho_error(MHO_ECONFIG, "%s:%zu: %s.uncertainty = %s, want a factor, 1 or more", place,
                      node->line, map->key, node->text);
    return s;
}

/* The formula of a model has a value where its parameters are known; another one has it here. */
static mho_status set_value(const source *src, const mhoi_yaml *map, const char *text, double scale,
                            mho_quantity *out)
{
    if (src->model)
        return mhoi_model_try(src->tech, src->model, out);
    mho_status s = mhoi_formula(text, (mhoi_scope){.tech = src->tech}, &out->value);
    if (s)
        return s;
    out->value *= scale;
    if (!isfinite(out->value))
        return mho_error(MHO_ECONFIG, "%s is not finite", out->formula);
    if (out->value < 0)
        return mho_error(MHO_ECONFIG, "%s.value = %s, want 0 or more", map->key, text);
    return MHO_OK;
}

static mho_status read_value(const source *src, const mhoi_yaml *map, const char *text,
                             const char *unit, double scale, mho_quantity *out)
{
    out->counted = strcmp(text, "none") != 0;
    if (!out->counted) {
        out->value = 0;
        strcpy(out->formula, "none");
        return MHO_OK;
    }
    const bool bare = !mhoi_formula_is_symbolic(text) && strcmp(unit, "1") != 0;
    const int n = snprintf(out->formula, sizeof out->formula, bare ? "%s %s" : "%s", text, unit);
    if (n < 0 || (size_t)n >= sizeof out->formula)
        return mho_error(MHO_ECONFIG, "%s:%zu: %s.value has %zu characters, want at most %zu",
                         src->place, map->line, map->key, strlen(text), sizeof out->formula - 1);
    const mho_status s = set_value(src, map, text, scale, out);
    return s ? mho_error_prefix(s, "%s:%zu: %s", src->place, map->line, map->key) : MHO_OK;
}

/* kind: what the unit must measure; NULL: anything, of a constant, whose `range` is checked elsewhere. */
static mho_status read_quantity(const source *src, const mhoi_yaml *map, const char *kind,
                                mho_quantity *out, const char **unit_out)
{
    static const char *const keys[] = {"value", "unit", "source", "uncertainty", "range"};
    const size_t count = sizeof keys / sizeof *keys - (kind ? 1 : 0);
    const char *text = "", *unit = "", *from = "";
    if (map->kind != MHOI_YAML_MAP)
        return mho_error(MHO_ECONFIG, "%s:%zu: %s, want {value, unit, source}", src->place,
                         map->line, map->key);
    mho_status s = mhoi_yaml_only(map, keys, count, src->place);
    if (!s)
        s = get_text(map, "value", src->place, &text);
    if (!s)
        s = get_text(map, "unit", src->place, &unit);
    if (!s)
        s = get_text(map, "source", src->place, &from);
    double scale = 1;
    if (!s)
        s = read_unit(map, strcmp(text, "none") ? text : "0", unit, kind, src->place, &scale);
    if (!s)
        s = copy_text(out->source, sizeof out->source, from, src->place, map->line);
    if (!s)
        s = read_uncertainty(map, src->place, &out->uncertainty);
    if (unit_out)
        *unit_out = unit;
    return s ? s : read_value(src, map, text, unit, scale, out);
}

/* Where a constant stands; one that is told again takes the place of the first. */
typedef struct definition {
    const mhoi_yaml *node;
    const mhoi_chain_source *from;
    const mhoi_yaml *bounded; /* the last one that tells a range; NULL: none does */
    const char *bounded_place;
} definition;

static const mhoi_yaml *constants_of(const mhoi_chain_source *from)
{
    return mhoi_yaml_get(from->root, "constants");
}

static mho_status no_such_constant(const mhoi_chain_source *from, const mhoi_yaml *node,
                                   const definition *list, size_t count)
{
    const char *names[256];
    size_t n = 0;
    for (; n < count && n < sizeof names / sizeof *names; n++)
        names[n] = list[n].node->key;
    return mho_error_near(MHO_ECONFIG, node->key, names, n, "%s: no constant '%s' in the table",
                          from->file.place, node->key);
}

static const mhoi_unit *unit_of(const mhoi_yaml *quantity)
{
    const mhoi_yaml *unit =
        quantity->kind == MHOI_YAML_MAP ? mhoi_yaml_get(quantity, "unit") : NULL;
    return unit && unit->kind == MHOI_YAML_SCALAR ? mhoi_unit_find(unit->text) : NULL;
}

/* What is set measures the same as what it takes the place of. */
static mho_status check_kind(const mhoi_chain_source *from, const mhoi_yaml *node,
                             const mhoi_yaml *old)
{
    const mhoi_unit *is = unit_of(node), *was = unit_of(old);
    if (!from->set || !is || !was || !strcmp(is->kind, was->kind))
        return MHO_OK;
    return mho_error(MHO_ECONFIG, "%s: %s has the unit %s, want one of %s, such as %s",
                     from->file.place, node->key, is->name, was->kind, was->name);
}

static mho_status collect(const mhoi_chain_source *from, definition *list, size_t *count)
{
    const mhoi_yaml *map = constants_of(from);
    for (size_t i = 0; map && i < map->children; i++) {
        const mhoi_yaml *node = &map->child[i];
        size_t k = 0;
        while (k < *count && strcmp(list[k].node->key, node->key) != 0)
            k++;
        if (k == *count && from->set)
            return no_such_constant(from, node, list, *count);
        mho_status s = k < *count ? check_kind(from, node, list[k].node) : MHO_OK;
        if (s)
            return s;
        if (k == *count)
            list[(*count)++] = (definition){.node = NULL};
        list[k].node = node;
        list[k].from = from;
        if (node->kind == MHOI_YAML_MAP && mhoi_yaml_get(node, "range")) {
            list[k].bounded = node;
            list[k].bounded_place = from->file.place;
        }
    }
    return MHO_OK;
}

/* Models hold where they were made for: a constant that bounds it tells its range, in its own unit. */
static mho_status check_range(const definition *d, double value)
{
    double min, max;
    if (!d->bounded)
        return MHO_OK;
    const mhoi_unit *unit = unit_of(d->bounded);
    const mhoi_yaml *range = mhoi_yaml_get(d->bounded, "range");
    mho_status s = mhoi_range_read(range, d->bounded_place, &min, &max);
    const double scale = unit ? unit->scale : 1, near = 1e-9; /* of units that are no power of 2 */
    if (s || (value >= min * scale * (1 - near) && value <= max * scale * (1 + near)))
        return s;
    return mho_error(MHO_ECONFIG, "%s: %s = %.6g %s, want %g to %g %s, which the table covers",
                     d->from->file.place, d->node->key, value / scale, unit ? unit->name : "", min,
                     max, unit ? unit->name : "");
}

static mho_status read_constant(mho_technology *tech, const definition *d, mho_constant *c)
{
    const source src = {.place = d->from->file.place, .tech = tech};
    const mhoi_yaml *node = d->node;
    const char *unit = "";
    if (mhoi_formula_has(node->key))
        return mho_error(MHO_ECONFIG, "%s:%zu: a constant cannot be named as the %s '%s'",
                         src.place, node->line, mhoi_unit_find(node->key) ? "unit" : "function",
                         node->key);
    mho_status s = read_quantity(&src, node, NULL, &c->quantity, &unit);
    if (!s)
        s = check_range(d, c->quantity.value);
    if (!s)
        s = copy_text(c->unit, sizeof c->unit, unit, src.place, node->line);
    return s ? s : copy_text(c->name, sizeof c->name, node->key, src.place, node->line);
}

static mho_status read_constants(const mhoi_chain *chain, mho_technology *tech)
{
    definition *list = NULL;
    size_t most = 0, count = 0;
    for (size_t i = 0; i < chain->length; i++)
        most += constants_of(&chain->source[i]) ? constants_of(&chain->source[i])->children : 0;
    mho_status s = mhoi_alloc(&list, most, sizeof *list, "constants");
    for (size_t i = 0; !s && i < chain->length; i++)
        s = collect(&chain->source[i], list, &count);
    if (!s)
        s = mhoi_alloc(&tech->constant, count, sizeof *tech->constant, "constants");
    for (size_t i = 0; !s && i < count; i++) {
        s = read_constant(tech, &list[i], &tech->constant[i]);
        tech->constants = i + !s;
    }
    mhoi_free(&list);
    return s;
}

/* What may stand below a component, and what its unit measures. */
static const struct price_key {
    const char *key, *kind;
    size_t offset;
} price_keys[] = {
    {"area", "area", offsetof(mho_component, area)},
    {"energy", "energy", offsetof(mho_component, energy[MHO_OPERATION_USE])},
    {"read", "energy", offsetof(mho_component, energy[MHO_OPERATION_READ])},
    {"write", "energy", offsetof(mho_component, energy[MHO_OPERATION_WRITE])},
    {"leakage", "power", offsetof(mho_component, leakage)},
    {"delay", "time", offsetof(mho_component, delay)},
};
enum { PRICE_KEYS = sizeof price_keys / sizeof *price_keys };

static mho_status read_prices(const source *src, const mhoi_yaml *node, mho_component *c)
{
    for (size_t k = 0; k < PRICE_KEYS; k++) {
        const struct price_key *p = &price_keys[k];
        const mhoi_yaml *q = mhoi_yaml_get(node, p->key);
        if (!q)
            continue;
        mho_status s =
            read_quantity(src, q, p->kind, (mho_quantity *)((char *)c + p->offset), NULL);
        if (s)
            return mho_error_prefix(s, "component %s", node->key);
    }
    return MHO_OK;
}

/* What has an energy has an area, be it `none`; a model may have a delay alone. */
static mho_status check_prices(const source *src, const mhoi_yaml *node, const mho_component *c)
{
    bool energy = false;
    for (int o = 0; o < MHO_OPERATIONS; o++)
        energy = energy || c->energy[o].formula[0];
    if (src->model && !energy && c->delay.formula[0])
        return MHO_OK;
    if (!c->area.formula[0] || !energy)
        return mho_error(MHO_ECONFIG, "%s:%zu: component %s has no %s", src->place, node->line,
                         node->key, energy ? "area" : "energy, read or write");
    return MHO_OK;
}

static mho_status check_component(const source *src, const mhoi_yaml *node)
{
    const char *keys[PRICE_KEYS + 1];
    size_t n = 0;
    for (; n < PRICE_KEYS; n++)
        keys[n] = price_keys[n].key;
    if (!src->set)
        keys[n++] = "parameters";
    if (node->kind != MHOI_YAML_MAP)
        return mho_error(MHO_ECONFIG, "%s:%zu: %s, want {area: ..., energy: ...}", src->place,
                         node->line, node->key);
    return mhoi_yaml_only(node, keys, n, src->place);
}

/* "adc8" where the table has adc_sar and adc_flash: those that begin as the name does. */
static bool list_alike(const char *name, const char *const *names, size_t count, char *text,
                       size_t size)
{
    size_t stem = 0, n = 0;
    while (isalpha((unsigned char)name[stem]))
        stem++;
    *text = 0;
    for (size_t i = 0; i < count && stem > 1 && n < size; i++)
        if (!strncmp(names[i], name, stem))
            n += (size_t)snprintf(text + n, size - n, "%s%s", n ? ", " : "", names[i]);
    return n > 0 && n < size;
}

static mho_status no_such_component(const source *src, const mhoi_yaml *node)
{
    char alike[256];
    const char *names[256];
    size_t n = 0;
    for (size_t i = 0; i < src->tech->components && n < 128; i++)
        names[n++] = src->tech->component[i].name;
    for (size_t i = 0; i < src->tech->models && n < 256; i++)
        names[n++] = src->tech->model[i].component.name;
    if (list_alike(node->key, names, n, alike, sizeof alike))
        return mho_error(MHO_ECONFIG, "%s: no component '%s' in the table; did you mean %s?",
                         src->place, node->key, alike);
    return mho_error_near(MHO_ECONFIG, node->key, names, n, "%s: no component '%s' in the table",
                          src->place, node->key);
}

static mho_status read_model(source src, const mhoi_yaml *node, mho_model *m)
{
    const mhoi_yaml *parameters = mhoi_yaml_get(node, "parameters");
    mho_status s = copy_text(m->component.name, MHO_COST_NAME, node->key, src.place, node->line);
    if (!s && parameters)
        s = mhoi_parameters_read(parameters, src.place, m);
    src.model = m;
    if (!s)
        s = read_prices(&src, node, &m->component);
    return s ? s : check_prices(&src, node, &m->component);
}

static mho_model *find_model(mho_technology *tech, const char *name)
{
    for (size_t i = 0; i < tech->models; i++)
        if (!strcmp(tech->model[i].component.name, name))
            return &tech->model[i];
    return NULL;
}

static mho_component *find_component(mho_technology *tech, const char *name)
{
    for (size_t i = 0; i < tech->components; i++)
        if (!strcmp(tech->component[i].name, name))
            return &tech->component[i];
    return NULL;
}

static mho_status read_component(const source *src, const mhoi_yaml *node)
{
    mho_technology *tech = src->tech;
    mho_status s = check_component(src, node);
    mho_model *m = find_model(tech, node->key);
    mho_component *c = find_component(tech, node->key);
    if (s)
        return s;
    if (src->set && !m && !c)
        return no_such_component(src, node);
    if (c && mhoi_yaml_get(node, "parameters"))
        return mho_error(MHO_ECONFIG, "%s:%zu: component %s has no parameters in the base",
                         src->place, node->line, node->key);
    if (!c && !m && mhoi_yaml_get(node, "parameters"))
        m = &tech->model[tech->models++];
    if (m)
        return read_model(*src, node, m);
    if (!c)
        c = &tech->component[tech->components++];
    s = copy_text(c->name, MHO_COST_NAME, node->key, src->place, node->line);
    if (!s)
        s = read_prices(src, node, c);
    return s ? s : check_prices(src, node, c);
}

static const mhoi_yaml *components_of(const mhoi_chain_source *from)
{
    return mhoi_yaml_get(from->root, "components");
}

static mho_status read_components(const mhoi_chain *chain, mho_technology *tech)
{
    size_t most = 0;
    for (size_t i = 0; i < chain->length; i++)
        most += components_of(&chain->source[i]) ? components_of(&chain->source[i])->children : 0;
    mho_status s = mhoi_alloc(&tech->component, most, sizeof *tech->component, "components");
    if (!s)
        s = mhoi_alloc(&tech->model, most, sizeof *tech->model, "component models");
    for (size_t i = 0; !s && i < chain->length; i++) {
        const mhoi_chain_source *from = &chain->source[i];
        const source src = {.place = from->file.place, .tech = tech, .set = from->set};
        const mhoi_yaml *map = components_of(from);
        for (size_t k = 0; !s && map && k < map->children; k++)
            s = read_component(&src, &map->child[k]);
    }
    return s;
}

/* Those of a base, and those told on top of them. */
static mho_status read_macros(const mhoi_chain *chain, mho_technology *tech)
{
    mho_status s = MHO_OK;
    for (size_t i = 0; !s && i < chain->length; i++) {
        const mhoi_chain_source *from = &chain->source[i];
        const mhoi_yaml *list = mhoi_yaml_get(from->root, "macros");
        mho_technology own = {.macros = 0};
        memcpy(own.name, tech->name, sizeof own.name);
        if (!list)
            continue;
        s = mhoi_macros_read(list, from->file.place, tech->macros ? &own : tech);
        for (size_t k = 0; !s && k < own.macros; k++)
            s = mho_technology_add_memory(tech, &own.macro[k]);
        mhoi_free(&own.macro);
    }
    return s;
}

static mho_status read_text(const mhoi_chain_source *from, const char *key, char *to, size_t size)
{
    const mhoi_yaml *node = mhoi_yaml_get(from->root, key);
    if (!node)
        return MHO_OK;
    if (node->kind != MHOI_YAML_SCALAR)
        return mho_error(MHO_ECONFIG, "%s:%zu: %s, want a text", from->file.place, node->line, key);
    return copy_text(to, size, node->text, from->file.place, node->line);
}

static mho_status read_relative(const mhoi_chain_source *from, bool *out)
{
    const mhoi_yaml *node = mhoi_yaml_get(from->root, "relative");
    if (!node)
        return MHO_OK;
    *out = node->kind == MHOI_YAML_SCALAR && !strcmp(node->text, "true");
    if (*out || (node->kind == MHOI_YAML_SCALAR && !strcmp(node->text, "false")))
        return MHO_OK;
    return mho_error(MHO_ECONFIG, "%s:%zu: relative, want true or false", from->file.place,
                     node->line);
}

/* {energy: 3, time: 2}: factors. */
static mho_status read_errors(const mhoi_chain_source *from, mho_technology *tech)
{
    static const char *const keys[] = {"energy", "time"};
    double *const to[] = {&tech->error_energy, &tech->error_time};
    const mhoi_yaml *map = mhoi_yaml_get(from->root, "error");
    if (!map)
        return MHO_OK;
    if (map->kind != MHOI_YAML_MAP)
        return mho_error(MHO_ECONFIG, "%s:%zu: error, want {energy: FACTOR, time: FACTOR}",
                         from->file.place, map->line);
    mho_status s = mhoi_yaml_only(map, keys, 2, from->file.place);
    for (size_t k = 0; !s && k < 2; k++) {
        const mhoi_yaml *node = mhoi_yaml_get(map, keys[k]);
        if (node)
            s = mhoi_yaml_double(node, from->file.place, to[k]);
        if (!s && node && !(*to[k] >= 1))
            s = mho_error(MHO_ECONFIG, "%s:%zu: error.%s = %s, want a factor, 1 or more",
                          from->file.place, node->line, keys[k], node->text);
    }
    return s;
}

static mho_status read_head(const mhoi_chain_source *from, mho_technology *tech)
{
    mho_status s = read_text(from, "name", tech->name, sizeof tech->name);
    if (!s)
        s = read_text(from, "note", tech->note, sizeof tech->note);
    if (!s)
        s = read_text(from, "fallback", tech->fallback, sizeof tech->fallback);
    if (!s)
        s = read_relative(from, &tech->relative);
    return s ? s : read_errors(from, tech);
}

static mho_status check_section(const mhoi_chain_source *from, const char *key, const char *want)
{
    const mhoi_yaml *map = mhoi_yaml_get(from->root, key);
    if (map && map->kind != MHOI_YAML_MAP)
        return mho_error(MHO_ECONFIG, "%s:%zu: %s, want NAME: %s", from->file.place, map->line, key,
                         want);
    return MHO_OK;
}

static mho_status check_source(const mhoi_chain_source *from)
{
    static const char *const keys[] = {"name",  "base",      "note",       "fallback", "relative",
                                       "error", "constants", "components", "macros"};
    if (from->root->kind != MHOI_YAML_MAP)
        return mho_error(MHO_ECONFIG, "%s: want name, constants, components and macros",
                         from->file.place);
    mho_status s = mhoi_yaml_only(from->root, keys, sizeof keys / sizeof *keys, from->file.place);
    if (!s)
        s = check_section(from, "constants", "{value, unit, source}");
    return s ? s : check_section(from, "components", "{area: ..., energy: ...}");
}

static mho_status read_chain(const mhoi_chain *chain, mho_technology *tech)
{
    mho_status s = MHO_OK;
    bool components = false, macros = false;
    strcpy(tech->name, "without name");
    for (size_t i = 0; !s && i < chain->length; i++) {
        s = check_source(&chain->source[i]);
        if (!s)
            s = read_head(&chain->source[i], tech);
        if (s)
            return s;
        const mhoi_yaml *map = components_of(&chain->source[i]);
        components = components || (map && map->children);
        macros = macros || mhoi_yaml_get(chain->source[i].root, "macros");
    }
    if (!components && !macros)
        return mho_error(MHO_ECONFIG, "%s: the table has no components and no macros",
                         chain->source[0].file.place);
    s = read_constants(chain, tech);
    if (!s)
        s = read_components(chain, tech);
    return s ? s : read_macros(chain, tech);
}

mho_status mhoi_chain_read(const mhoi_chain *chain, mho_technology **out)
{
    mho_technology *tech = NULL;
    *out = NULL;
    mho_status s = mhoi_alloc(&tech, 1, sizeof *tech, "technology");
    if (!s)
        s = read_chain(chain, tech);
    if (s)
        mho_technology_destroy(tech);
    else
        *out = tech;
    return s;
}

mho_status mho_technology_parse(const char *text, const char *place, mho_technology **out)
{
    mhoi_chain chain;
    *out = NULL;
    mho_status s = mhoi_chain_text(text, place, &chain);
    if (!s)
        s = mhoi_chain_read(&chain, out);
    mhoi_chain_close(&chain);
    return s;
}

mho_status mho_technology_open_set(const char *name, const char *const *sets, mho_technology **out)
{
    mhoi_chain chain;
    *out = NULL;
    mho_status s = mhoi_chain_open(name, &chain);
    for (; !s && sets && *sets; sets++)
        s = mhoi_chain_set(&chain, *sets);
    if (!s)
        s = mhoi_chain_read(&chain, out);
    mhoi_chain_close(&chain);
    return s;
}

mho_status mho_technology_open(const char *name, mho_technology **out)
{
    return mho_technology_open_set(name, NULL, out);
}
