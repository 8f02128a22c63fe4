/* SPDX-License-Identifier: Apache-2.0 */
/* Option structs from their field tables: defaults, YAML, key=value. */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fields.h"
#include "base/named.h"

#define KEY_SIZE 128

static void set_origin(mho_origin *origin, const char *place, const char *source)
{
    if (!origin)
        return;
    (void)snprintf(origin->place, sizeof origin->place, "%s", place);
    (void)snprintf(origin->source, sizeof origin->source, "%s", source);
}

static const mho_field *find_field(const mho_fields *table, const char *key)
{
    for (size_t i = 0; i < table->count; i++)
        if (strcmp(table->field[i].key, key) == 0)
            return &table->field[i];
    return NULL;
}

/* The first field below key: crossbar.rows of "crossbar"; NULL if there is none. */
static const mho_field *first_below(const mho_fields *table, const char *key)
{
    const size_t n = strlen(key);
    for (size_t i = 0; i < table->count; i++)
        if (strncmp(table->field[i].key, key, n) == 0 && table->field[i].key[n] == '.')
            return &table->field[i];
    return NULL;
}

static mho_status unknown_key(const mho_fields *table, const char *place, const char *key)
{
    const char **names;
    const mho_field *below = first_below(table, key);
    if (!*key)
        return mho_error(MHO_ECONFIG, "%s: a value without a key, want KEY=VALUE", place);
    if (below)
        return mho_error(MHO_ECONFIG, "%s: %s is a group of fields, want one of them, such as %s",
                         place, key, below->key);
    mho_status s = mhoi_alloc(&names, table->count, sizeof *names, "field names");
    if (s != MHO_OK)
        return s;
    for (size_t i = 0; i < table->count; i++)
        names[i] = table->field[i].key;
    s = mho_error_near(MHO_ECONFIG, key, names, table->count, "%s: unknown key %s of %s", place,
                       key, table->what);
    mhoi_free(&names);
    return s;
}

mho_status mho_fields_preset(const mho_fields *table, void *options, mho_origin *origin)
{
    memset(options, 0, table->struct_size);
    for (size_t i = 0; i < table->count; i++) {
        mho_status s =
            mhoi_field_read(&table->field[i], table->field[i].preset, "default", options);
        if (s != MHO_OK)
            return s;
        set_origin(origin ? &origin[i] : NULL, "default", "");
    }
    return MHO_OK;
}

/* One reading of a YAML text; seen[i]: line where field i was set, 0 if not yet. */
typedef struct reading {
    const mho_fields *table;
    const char *place;
    void *options;
    mho_origin *origin;
    size_t *seen;
} reading;

/* What a file says of a field: `v`, or `{value: v, unit: u, source: text}`; results stored as JSON tell the
 * place where the value came from then, and the digest of a file. */
typedef struct saying {
    const char *value, *unit, *source, *place;
} saying;

static mho_status split_value(const mhoi_yaml *node, const char *place, const char *key,
                              saying *out)
{
    const char *content = NULL;
    const struct {
        const char *name, **to;
    } part[] = {{"value", &out->value},
                {"unit", &out->unit},
                {"source", &out->source},
                {"place", &out->place},
                {"content", &content}};
    *out = (saying){.source = ""};
    if (node->kind == MHOI_YAML_SCALAR)
        out->value = node->text;
    for (size_t i = 0; i < node->children && node->kind == MHOI_YAML_MAP; i++) {
        const mhoi_yaml *child = &node->child[i];
        size_t k = 0;
        while (k < sizeof part / sizeof *part && strcmp(part[k].name, child->key) != 0)
            k++;
        if (k == sizeof part / sizeof *part)
            return mho_error(MHO_ECONFIG, "%s: unknown key %s.%s, want value, unit and source",
                             place, key, child->key);
        if (child->kind != MHOI_YAML_SCALAR && k)
            return mho_error(MHO_ECONFIG, "%s: %s.%s is not a text", place, key, child->key);
        *part[k].to = child->kind == MHOI_YAML_SCALAR ? child->text : NULL;
    }
    if (!out->value)
        return mho_error(MHO_ECONFIG, "%s: %s has no single value", place, key);
    return MHO_OK;
}

static bool names_file(const mho_field *f, const char *text)
{
    return f->kind == MHO_FIELD_PATH || (f->kind == MHO_FIELD_NAMED && mhoi_is_path(text));
}

/* The text of the value: a path as seen from the file, a number with its unit. */
static mho_status compose(const reading *r, const mho_field *f, const saying *said,
                          const char *place, char text[MHOI_PATH_MAX])
{
    if (*said->value && names_file(f, said->value))
        return mhoi_path_beside(r->place, said->value, text, MHOI_PATH_MAX);
    const char *unit = said->unit && *said->unit ? said->unit : NULL;
    const int n =
        snprintf(text, MHOI_PATH_MAX, "%s%s%s", said->value, unit ? " " : "", unit ? unit : "");
    if (n < 0 || n >= MHOI_PATH_MAX)
        return mho_error(MHO_ECONFIG, "%s: %s has %d bytes, want less than %d", place, f->key, n,
                         MHOI_PATH_MAX);
    return MHO_OK;
}

static mho_status read_field(const reading *r, const mhoi_yaml *node, const char *key,
                             const char *place)
{
    const mho_field *f = find_field(r->table, key);
    if (!f)
        return unknown_key(r->table, place, key);
    size_t i = (size_t)(f - r->table->field);
    if (r->seen[i])
        return mho_error(MHO_ECONFIG, "%s: %s stands twice, first in line %zu", place, key,
                         r->seen[i]);
    saying said;
    char text[MHOI_PATH_MAX];
    mho_status s = split_value(node, place, key, &said);
    if (s == MHO_OK)
        s = compose(r, f, &said, place, text);
    if (s == MHO_OK)
        s = mhoi_field_read(f, text, place, r->options);
    if (s != MHO_OK)
        return s;
    r->seen[i] = node->line;
    set_origin(r->origin ? &r->origin[i] : NULL, said.place ? said.place : place, said.source);
    return MHO_OK;
}

static bool is_in(const char *const *list, const char *key)
{
    for (; list && *list; list++)
        if (strcmp(*list, key) == 0)
            return true;
    return false;
}

static mho_status read_group(const reading *r, const mhoi_yaml *map, const char *prefix,
                             const char *const *skip)
{
    for (size_t i = 0; i < map->children; i++) {
        const mhoi_yaml *node = &map->child[i];
        char key[KEY_SIZE], place[MHO_ORIGIN_TEXT];
        if (is_in(skip, node->key))
            continue;
        (void)snprintf(place, sizeof place, "%s:%zu", r->place, node->line);
        int length = snprintf(key, sizeof key, "%s%s%s", prefix, *prefix ? "." : "", node->key);
        if (length < 0 || (size_t)length >= sizeof key)
            return mho_error(MHO_ECONFIG, "%s: unknown key %s...", place, key);
        bool group = node->kind == MHOI_YAML_MAP && first_below(r->table, key);
        mho_status s = group ? read_group(r, node, key, NULL) : read_field(r, node, key, place);
        if (s != MHO_OK)
            return s;
    }
    return MHO_OK;
}

mho_status mhoi_fields_read(const mho_fields *table, const mhoi_yaml *root, const char *place,
                            const char *const *skip, void *options, mho_origin *origin)
{
    reading r = {.table = table, .place = place, .options = options, .origin = origin};
    if (root->kind != MHOI_YAML_MAP)
        return mho_error(MHO_ECONFIG, "%s:%zu: want `key: value` lines", place, root->line);
    mho_status s = mhoi_alloc(&r.seen, table->count, sizeof *r.seen, "field lines");
    if (s == MHO_OK)
        s = read_group(&r, root, "", skip);
    mhoi_free(&r.seen);
    return s;
}

mho_status mho_fields_read(const mho_fields *table, const char *text, const char *place,
                           const char *const *skip, void *options, mho_origin *origin)
{
    mhoi_yaml *root;
    mho_status s = mhoi_yaml_parse(text, place, &root);
    if (s != MHO_OK)
        return s;
    s = mhoi_fields_read(table, root, place, skip, options, origin);
    mhoi_yaml_destroy(root);
    return s;
}

mho_status mho_fields_set(const mho_fields *table, const char *assignment, void *options,
                          mho_origin *origin)
{
    return mhoi_fields_set(table, assignment, "command line", options, origin);
}

mho_status mhoi_fields_set(const mho_fields *table, const char *assignment, const char *place,
                           void *options, mho_origin *origin)
{
    const char *equal = strchr(assignment, '=');
    char key[KEY_SIZE];
    if (!equal)
        return mho_error(MHO_ECONFIG, "%s: %s is not key=value", place, assignment);
    size_t length = (size_t)(equal - assignment);
    if (length >= sizeof key)
        return mho_error(MHO_ECONFIG, "%s: unknown key %.*s...", place, KEY_SIZE - 1, assignment);
    memcpy(key, assignment, length);
    key[length] = '\0';
    const mho_field *f = find_field(table, key);
    if (!f)
        return unknown_key(table, place, key);
    mho_status s = mhoi_field_read(f, equal + 1, place, options);
    if (s == MHO_OK)
        set_origin(origin ? &origin[f - table->field] : NULL, place, "");
    return s;
}
