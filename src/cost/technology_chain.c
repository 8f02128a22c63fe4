/* SPDX-License-Identifier: Apache-2.0 */
/* A table and its bases are found from the table down and read from the lowest base up, so that what a table says
 * itself comes later and wins.  An assignment is a small table on top. */
#include "cost/technology_chain.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/decimal.h"
#include "base/hash.h"
#include "formula_impl.h"

static mho_status find_base(const mhoi_chain_source *from, const mhoi_yaml **base)
{
    *base = mhoi_yaml_get(from->root, "base");
    if (*base && ((*base)->kind != MHOI_YAML_SCALAR || !*(*base)->text))
        return mho_error(MHO_ECONFIG, "%s:%zu: base, want a name or a path", from->file.place,
                         (*base)->line);
    return MHO_OK;
}

static mho_status open_file(const char *name, const char *from, mhoi_named *out)
{
    static const char *const folders[] = {"configs/tech/", NULL};
    return mhoi_named_open(folders, "technology", name, from, out);
}

/* The last source has its file: parses it, and adds its bases. */
static mho_status add_bases(mhoi_chain *c)
{
    for (;;) {
        const mhoi_yaml *base;
        mhoi_chain_source *last = &c->source[c->length - 1];
        mho_status s = mhoi_yaml_parse(last->file.text, last->file.place, &last->root);
        if (!s)
            s = find_base(last, &base);
        if (s || !base)
            return s;
        if (c->length == MHOI_CHAIN_FILES)
            return mho_error(MHO_ECONFIG,
                             "%s:%zu: base = %s is more than %d files deep; does one name itself?",
                             last->file.place, base->line, base->text, MHOI_CHAIN_FILES);
        s = open_file(base->text, last->file.place, &c->source[c->length].file);
        if (s)
            return mho_error_prefix(s, "%s:%zu: base", last->file.place, base->line);
        c->length++;
    }
}

static void turn_around(mhoi_chain *c)
{
    for (size_t i = 0, k = c->length; i + 1 < k; i++) {
        const mhoi_chain_source keep = c->source[i];
        c->source[i] = c->source[--k];
        c->source[k] = keep;
    }
}

mho_status mhoi_chain_open(const char *name, mhoi_chain *out)
{
    memset(out, 0, sizeof *out);
    mho_status s = open_file(name, NULL, &out->source[0].file);
    if (s)
        return s;
    out->length = 1;
    s = add_bases(out);
    turn_around(out);
    return s;
}

mho_status mhoi_chain_text(const char *text, const char *place, mhoi_chain *out)
{
    memset(out, 0, sizeof *out);
    out->length = 1;
    out->source[0].file.text = text;
    out->source[0].file.size = strlen(text);
    snprintf(out->source[0].file.place, sizeof out->source[0].file.place, "%s", place);
    mho_status s = add_bases(out);
    turn_around(out);
    return s;
}

static mho_status misread(const char *assignment)
{
    return mho_error(MHO_ECONFIG,
                     "technology: '%s', want NAME = VALUE UNIT of a constant, or "
                     "COMPONENT.QUANTITY = VALUE UNIT",
                     assignment);
}

/* Nothing that means something in YAML. */
static bool is_plain(const char *text)
{
    return text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                             " _.+-*/^(),")] == 0;
}

static void trim(char *text)
{
    size_t n = strlen(text), first = strspn(text, " ");
    while (n > first && text[n - 1] == ' ')
        n--;
    text[n] = 0;
    memmove(text, text + first, n - first + 1);
}

/* "1.5 pJ" and "1.5pJ" into number and unit; a formula keeps its last word as the unit where that is one. */
static void split_unit(char *value, const char **unit)
{
    char *end, *space = strrchr(value, ' ');
    mhoi_decimal_read(value, &end);
    *unit = "1";
    if (end != value && *end) {
        char *rest = end + strspn(end, " ");
        if (mhoi_unit_find(rest)) {
            memmove(end + 1, rest, strlen(rest) + 1);
            *end = 0;
            *unit = end + 1;
            return;
        }
    }
    if (end != value && !*end)
        return;
    if (space && mhoi_unit_find(space + 1)) {
        *space = 0;
        *unit = space + 1;
    }
}

/* A formula without a unit is in SI. */
static const char *unit_of_price(const char *quantity)
{
    static const char *const units[][2] = {{"energy", "J"}, {"read", "J"},    {"write", "J"},
                                           {"area", "m2"},  {"leakage", "W"}, {"delay", "s"}};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (!strcmp(quantity, units[i][0]))
            return units[i][1];
    return "1";
}

/* As YAML, of so many bytes at most. */
static mho_status write_table(const char *assignment, char *text, size_t size)
{
    char key[2 * MHO_COST_NAME], value[MHO_COST_SOURCE + 8];
    const char *equals = strchr(assignment, '='), *unit;
    if (!equals || !is_plain(equals + 1))
        return misread(assignment);
    const int k = snprintf(key, sizeof key, "%.*s", (int)(equals - assignment), assignment);
    const int v = snprintf(value, MHO_COST_SOURCE, "%s", equals + 1);
    if (k < 0 || v < 0 || k >= (int)sizeof key || v >= MHO_COST_SOURCE || !is_plain(key))
        return misread(assignment);
    trim(key);
    trim(value);
    char *dot = strchr(key, '.');
    if (!*key || !*value || strchr(key, ' ') || (dot && (dot == key || !dot[1])))
        return misread(assignment);
    split_unit(value, &unit);
    if (dot) {
        *dot = 0;
        if (!strcmp(unit, "1") && mhoi_formula_is_symbolic(value))
            unit = unit_of_price(dot + 1);
    }
    const char *const source = "set in the hardware description";
    const int n =
        dot ? snprintf(text, size,
                       "components: {\"%s\": {\"%s\": {value: \"%s\", unit: \"%s\", "
                       "source: \"%s\"}}}",
                       key, dot + 1, value, unit, source)
            : snprintf(text, size,
                       "constants: {\"%s\": {value: \"%s\", unit: \"%s\", source: \"%s\"}}", key,
                       value, unit, source);
    return n > 0 && (size_t)n < size ? MHO_OK : misread(assignment);
}

mho_status mhoi_chain_set(mhoi_chain *chain, const char *assignment)
{
    enum { SIZE = 1024 };
    if (chain->length == sizeof chain->source / sizeof *chain->source)
        return mho_error(MHO_ECONFIG, "technology: '%s' is one of more than %d settings",
                         assignment, MHOI_CHAIN_SETS);
    mhoi_chain_source *top = &chain->source[chain->length];
    memset(top, 0, sizeof *top);
    mho_status s = mhoi_alloc(&top->file.own, SIZE, 1, "technology setting");
    if (s)
        return s;
    chain->length++;
    top->set = true;
    top->file.text = top->file.own;
    snprintf(top->file.place, sizeof top->file.place, "technology.%s", assignment);
    s = write_table(assignment, top->file.own, SIZE);
    return s ? s : mhoi_yaml_parse(top->file.text, top->file.place, &top->root);
}

bool mhoi_chain_has(const mhoi_chain *chain, const char *constant)
{
    for (size_t i = 0; i < chain->length; i++) {
        const mhoi_yaml *map = mhoi_yaml_get(chain->source[i].root, "constants");
        if (map && mhoi_yaml_get(map, constant))
            return true;
    }
    return false;
}

bool mhoi_chain_has_models(const mhoi_chain *chain)
{
    for (size_t i = 0; i < chain->length; i++) {
        const mhoi_yaml *map = mhoi_yaml_get(chain->source[i].root, "components");
        for (size_t k = 0; map && k < map->children; k++)
            if (mhoi_yaml_get(&map->child[k], "parameters"))
                return true;
    }
    return false;
}

bool mhoi_chain_has_fallback(const mhoi_chain *chain)
{
    for (size_t i = 0; i < chain->length; i++)
        if (mhoi_yaml_get(chain->source[i].root, "fallback"))
            return true;
    return false;
}

void mhoi_chain_close(mhoi_chain *chain)
{
    for (size_t i = 0; i < chain->length; i++) {
        mhoi_yaml_destroy(chain->source[i].root);
        mhoi_named_close(&chain->source[i].file);
    }
    chain->length = 0;
}

uint64_t mhoi_chain_digest(const mhoi_chain *chain)
{
    uint64_t hash = MHOI_HASH_START;
    for (size_t i = 0; i < chain->length; i++)
        if (!chain->source[i].set)
            hash = mhoi_fnv1a(hash, chain->source[i].file.text, strlen(chain->source[i].file.text));
    return hash;
}
