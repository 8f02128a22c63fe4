/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a technology table:
 *     constants:  { NAME: {value, unit, source}, ... }      later ones may use earlier ones
 *     components: { NAME: {area: {...}, energy: {...}}, ... }     memories: read, write, leakage
 *     macros:     [ {kind, size, width_B, ...}, ... ]     memories, with the unit in each key (macro.c)
 * Every number of the first two is {value, unit, source}.  A value with names in it is a formula in SI; `none` is a
 * number the source does not give, which is then not counted and said so. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/yaml.h"
#include "cost/cost_sections.h"
#include "cost/macro.h"
#include "formula_impl.h"
#include "mho/config.h"

typedef struct source {
    const char *place;
    mho_technology *tech;
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
        char list[160];
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

/* kind: what the unit must measure; NULL: anything. */
static mho_status read_quantity(const source *src, const mhoi_yaml *map, const char *kind,
                                mho_quantity *out, const char **unit_out)
{
    static const char *const keys[] = {"value", "unit", "source"};
    const char *text = "", *unit = "", *from = "";
    if (map->kind != MHOI_YAML_MAP)
        return mho_error(MHO_ECONFIG, "%s:%zu: %s, want {value, unit, source}", src->place,
                         map->line, map->key);
    mho_status s = mhoi_yaml_only(map, keys, 3, src->place);
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
    if (s)
        return s;
    if (unit_out)
        *unit_out = unit;
    out->counted = strcmp(text, "none") != 0;
    if (!out->counted) {
        strcpy(out->formula, "none");
        return MHO_OK;
    }
    s = mhoi_formula(text, src->tech, &out->value);
    if (s)
        return mho_error_prefix(s, "%s:%zu: %s", src->place, map->line, map->key);
    out->value *= scale;
    if (!isfinite(out->value))
        return mho_error(MHO_ECONFIG, "%s:%zu: %s = %s %s is not finite", src->place, map->line,
                         map->key, text, unit);
    bool bare = !mhoi_formula_is_symbolic(text) && strcmp(unit, "1") != 0;
    int n = snprintf(out->formula, sizeof out->formula, bare ? "%s %s" : "%s", text, unit);
    if (n < 0 || (size_t)n >= sizeof out->formula)
        return mho_error(MHO_ECONFIG, "%s:%zu: %s.value has %zu characters, want at most %zu",
                         src->place, map->line, map->key, strlen(text), sizeof out->formula - 1);
    if (out->value < 0)
        return mho_error(MHO_ECONFIG, "%s:%zu: %s = %s, want 0 or more", src->place, map->line,
                         map->key, text);
    return MHO_OK;
}

static mho_status read_constants(const source *src, const mhoi_yaml *map)
{
    mho_technology *tech = src->tech;
    mho_status s = mhoi_alloc(&tech->constant, map->children, sizeof *tech->constant, "constants");
    for (size_t i = 0; !s && i < map->children; i++) {
        const mhoi_yaml *node = &map->child[i];
        mho_constant *c = &tech->constant[i];
        const char *unit = "";
        if (mhoi_unit_find(node->key))
            return mho_error(MHO_ECONFIG, "%s:%zu: a constant cannot be named as the unit '%s'",
                             src->place, node->line, node->key);
        s = read_quantity(src, node, NULL, &c->quantity, &unit);
        if (!s)
            s = copy_text(c->unit, sizeof c->unit, unit, src->place, node->line);
        if (!s)
            s = copy_text(c->name, sizeof c->name, node->key, src->place, node->line);
        tech->constants = i + !s;
    }
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
};
enum { PRICE_KEYS = sizeof price_keys / sizeof *price_keys };

static mho_status read_prices(const source *src, const mhoi_yaml *node, mho_component *c)
{
    bool energy = false;
    for (size_t k = 0; k < PRICE_KEYS; k++) {
        const struct price_key *p = &price_keys[k];
        const mhoi_yaml *q = mhoi_yaml_get(node, p->key);
        mho_quantity *into = (mho_quantity *)((char *)c + p->offset);
        if (!q)
            continue;
        mho_status s = read_quantity(src, q, p->kind, into, NULL);
        if (s)
            return mho_error_prefix(s, "component %s", node->key);
        energy = energy || !strcmp(p->kind, "energy");
    }
    if (!c->area.formula[0] || !energy)
        return mho_error(MHO_ECONFIG, "%s:%zu: component %s has no %s", src->place, node->line,
                         node->key, energy ? "area" : "energy, read or write");
    return MHO_OK;
}

static mho_status read_component(const source *src, const mhoi_yaml *node, mho_component *c)
{
    const char *keys[PRICE_KEYS];
    for (size_t k = 0; k < PRICE_KEYS; k++)
        keys[k] = price_keys[k].key;
    if (node->kind != MHOI_YAML_MAP)
        return mho_error(MHO_ECONFIG, "%s:%zu: %s, want {area: ..., energy: ...}", src->place,
                         node->line, node->key);
    mho_status s = mhoi_yaml_only(node, keys, PRICE_KEYS, src->place);
    if (!s)
        s = read_prices(src, node, c);
    return s ? s : copy_text(c->name, sizeof c->name, node->key, src->place, node->line);
}

static mho_status read_components(const source *src, const mhoi_yaml *map)
{
    mho_technology *tech = src->tech;
    mho_status s =
        mhoi_alloc(&tech->component, map->children, sizeof *tech->component, "components");
    for (size_t i = 0; !s && i < map->children; i++) {
        s = read_component(src, &map->child[i], &tech->component[i]);
        tech->components = i + !s;
    }
    return s;
}

static mho_status read_name(const source *src, const mhoi_yaml *name)
{
    if (!name)
        return copy_text(src->tech->name, sizeof src->tech->name, "without name", "", 0);
    if (name->kind != MHOI_YAML_SCALAR)
        return mho_error(MHO_ECONFIG, "%s:%zu: name, want a text", src->place, name->line);
    return copy_text(src->tech->name, sizeof src->tech->name, name->text, src->place, name->line);
}

static mho_status read_sections(const source *src, const mhoi_yaml *root)
{
    static const char *const keys[] = {"name", "constants", "components", "macros"};
    if (root->kind != MHOI_YAML_MAP)
        return mho_error(MHO_ECONFIG, "%s: want name, constants, components and macros",
                         src->place);
    mho_status s = mhoi_yaml_only(root, keys, sizeof keys / sizeof *keys, src->place);
    if (s)
        return s;
    const mhoi_yaml *constants = mhoi_yaml_get(root, "constants");
    const mhoi_yaml *components = mhoi_yaml_get(root, "components");
    const mhoi_yaml *macros = mhoi_yaml_get(root, "macros");
    if (!components && !macros)
        return mho_error(MHO_ECONFIG, "%s: the table has no components and no macros", src->place);
    if (components && (components->kind != MHOI_YAML_MAP || !components->children))
        return mho_error(MHO_ECONFIG, "%s: the table has no components", src->place);
    if (constants && constants->kind != MHOI_YAML_MAP)
        return mho_error(MHO_ECONFIG, "%s:%zu: constants, want NAME: {value, unit, source}",
                         src->place, constants->line);
    s = read_name(src, mhoi_yaml_get(root, "name"));
    if (!s && constants)
        s = read_constants(src, constants);
    if (!s && components)
        s = read_components(src, components);
    return s || !macros ? s : mhoi_macros_read(macros, src->place, src->tech);
}

mho_status mho_technology_parse(const char *text, const char *place, mho_technology **out)
{
    mhoi_yaml *root = NULL;
    mho_technology *tech = NULL;
    *out = NULL;
    mho_status s = mhoi_yaml_parse(text, place, &root);
    if (!s)
        s = mhoi_alloc(&tech, 1, sizeof *tech, "technology");
    if (!s)
        s = read_sections(&(source){place, tech}, root);
    mhoi_yaml_destroy(root);
    if (s)
        mho_technology_destroy(tech);
    else
        *out = tech;
    return s;
}

mho_status mhoi_technology_named(const char *name, mhoi_named *out)
{
    static const char *const folders[] = {"configs/tech/", NULL};
    return mhoi_named_open(folders, "technology", name, NULL, out);
}

mho_status mho_technology_open(const char *name, mho_technology **out)
{
    mhoi_named file;
    *out = NULL;
    mho_status s = mhoi_technology_named(name, &file);
    if (s)
        return s;
    s = mho_technology_parse(file.text, file.place, out);
    mhoi_named_close(&file);
    return s;
}
