/* SPDX-License-Identifier: Apache-2.0 */
/* Option structs from their field tables: defaults, YAML, key=value. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/contract.h"
#include "base/fields.h"
#include "base/named.h"

#define KEY_SIZE 128
#define WANT_SIZE 256

/* What a value has to be, for messages: "1..4096", "one of uniform, gaussian". */
static const char *want_text(const mho_field *f, char text[WANT_SIZE])
{
    size_t at = 0;
    switch (f->kind) {
    case MHO_FIELD_BOOL:
        return "true or false";
    case MHO_FIELD_UINT:
        (void)snprintf(text, WANT_SIZE, "%.17g..%.17g%s%s", f->min, f->max, *f->unit ? " " : "",
                       f->unit);
        break;
    case MHO_FIELD_DOUBLE:
        (void)snprintf(text, WANT_SIZE, "%g..%g%s%s", f->min, f->max, *f->unit ? " " : "", f->unit);
        break;
    case MHO_FIELD_STRING:
    case MHO_FIELD_PATH:
    case MHO_FIELD_NAMED:
        (void)snprintf(text, WANT_SIZE, "a text of at most %zu bytes", f->size - 1);
        break;
    case MHO_FIELD_ENUM:
        for (size_t i = 0; f->names[i] && at < WANT_SIZE; i++)
            at += (size_t)snprintf(text + at, WANT_SIZE - at, "%s%s", i ? ", " : "one of ",
                                   f->names[i]);
        break;
    }
    return text;
}

static bool parse_bool(const char *text, bool *out)
{
    *out = strcmp(text, "true") == 0;
    return *out || strcmp(text, "false") == 0;
}

static bool parse_name(const mho_field *f, const char *text, int *out)
{
    for (int i = 0; f->names[i]; i++) {
        if (strcmp(f->names[i], text) == 0) {
            *out = i;
            return true;
        }
    }
    return false;
}

bool mhoi_field_store(const mho_field *f, const char *text, void *options)
{
    void *to = (char *)options + f->offset;
    bool flag;
    size_t whole;
    double real;
    int name;
    switch (f->kind) {
    case MHO_FIELD_BOOL:
        if (!parse_bool(text, &flag))
            return false;
        memcpy(to, &flag, sizeof flag);
        return true;
    case MHO_FIELD_UINT:
        if (!mhoi_parse_size(text, &whole) || (double)whole < f->min || (double)whole > f->max)
            return false;
        memcpy(to, &whole, sizeof whole);
        return true;
    case MHO_FIELD_DOUBLE:
        if (!mhoi_parse_double(text, &real) || real < f->min || real > f->max)
            return false;
        real *= f->scale;
        memcpy(to, &real, sizeof real);
        return true;
    case MHO_FIELD_ENUM:
        if (!parse_name(f, text, &name))
            return false;
        memcpy(to, &name, sizeof name);
        return true;
    case MHO_FIELD_STRING:
    case MHO_FIELD_PATH:
    case MHO_FIELD_NAMED:
        if (strlen(text) >= f->size)
            return false;
        memset(to, 0, f->size);
        memcpy(to, text, strlen(text));
        return true;
    }
    return false;
}

static void set_origin(mho_origin *origin, const char *place, const char *source)
{
    if (!origin)
        return;
    (void)snprintf(origin->place, sizeof origin->place, "%s", place);
    (void)snprintf(origin->source, sizeof origin->source, "%s", source);
}

static mho_status store_or_tell(const mho_field *f, const char *text, const char *place,
                                void *options)
{
    char want[WANT_SIZE];
    if (mhoi_field_store(f, text, options))
        return MHO_OK;
    const char *near = NULL;
    size_t names = 0;
    for (; f->kind == MHO_FIELD_ENUM && f->names[names]; names++)
        ;
    if (names)
        near = mho_nearest(text, f->names, names);
    return mho_error(MHO_ECONFIG, "%s: %s = %s, want %s%s%s%s", place, f->key, text,
                     want_text(f, want), near ? "; did you mean " : "", near ? near : "",
                     near ? "?" : "");
}

static const mho_field *find_field(const mho_fields *table, const char *key)
{
    for (size_t i = 0; i < table->count; i++)
        if (strcmp(table->field[i].key, key) == 0)
            return &table->field[i];
    return NULL;
}

static mho_status unknown_key(const mho_fields *table, const char *place, const char *key)
{
    const char *near = NULL, **names;
    mho_status s = mhoi_alloc(&names, table->count, sizeof *names, "field names");
    if (s != MHO_OK)
        return s;
    for (size_t i = 0; i < table->count; i++)
        names[i] = table->field[i].key;
    near = mho_nearest(key, names, table->count);
    mhoi_free(&names);
    return mho_error(MHO_ECONFIG, "%s: unknown key %s of %s%s%s%s", place, key, table->what,
                     near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}

mho_status mho_fields_preset(const mho_fields *table, void *options, mho_origin *origin)
{
    memset(options, 0, table->struct_size);
    for (size_t i = 0; i < table->count; i++) {
        mho_status s = store_or_tell(&table->field[i], table->field[i].preset, "default", options);
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

/* The scalar of a field and its source: `v`, or `{value: v, source: text}`. */
static mho_status split_value(const mhoi_yaml *node, const char *place, const char *key,
                              const char **text, const char **source)
{
    const mhoi_yaml *value = node;
    *source = "";
    if (node->kind == MHOI_YAML_MAP) {
        value = mhoi_yaml_get(node, "value");
        const mhoi_yaml *from = mhoi_yaml_get(node, "source");
        for (size_t i = 0; i < node->children; i++)
            if (&node->child[i] != value && &node->child[i] != from)
                return mho_error(MHO_ECONFIG, "%s: unknown key %s.%s, want value and source", place,
                                 key, node->child[i].key);
        if (from && from->kind != MHOI_YAML_SCALAR)
            return mho_error(MHO_ECONFIG, "%s: %s.source is not a text", place, key);
        if (from)
            *source = from->text;
    }
    if (!value || value->kind != MHOI_YAML_SCALAR)
        return mho_error(MHO_ECONFIG, "%s: %s has no single value", place, key);
    *text = value->text;
    return MHO_OK;
}

static bool names_file(const mho_field *f, const char *text)
{
    return f->kind == MHO_FIELD_PATH || (f->kind == MHO_FIELD_NAMED && mhoi_is_path(text));
}

static mho_status read_field(const reading *r, const mhoi_yaml *node, const char *key,
                             const char *place)
{
    const char *text = NULL, *source = "";
    const mho_field *f = find_field(r->table, key);
    if (!f)
        return unknown_key(r->table, place, key);
    size_t i = (size_t)(f - r->table->field);
    if (r->seen[i])
        return mho_error(MHO_ECONFIG, "%s: %s stands twice, first in line %zu", place, key,
                         r->seen[i]);
    char joined[MHOI_PATH_MAX];
    mho_status s = split_value(node, place, key, &text, &source);
    if (s == MHO_OK && *text && names_file(f, text)) {
        s = mhoi_path_beside(r->place, text, joined, sizeof joined);
        text = joined;
    }
    if (s == MHO_OK)
        s = store_or_tell(f, text, place, r->options);
    if (s != MHO_OK)
        return s;
    r->seen[i] = node->line;
    set_origin(r->origin ? &r->origin[i] : NULL, place, source);
    return MHO_OK;
}

/* Whether some field stands below key: "crossbar" of crossbar.rows. */
static bool is_group(const mho_fields *table, const char *key)
{
    size_t n = strlen(key);
    for (size_t i = 0; i < table->count; i++)
        if (strncmp(table->field[i].key, key, n) == 0 && table->field[i].key[n] == '.')
            return true;
    return false;
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
        bool group = node->kind == MHOI_YAML_MAP && is_group(r->table, key);
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
    const char *place = "command line", *equal = strchr(assignment, '=');
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
    mho_status s = store_or_tell(f, equal + 1, place, options);
    if (s == MHO_OK)
        set_origin(origin ? &origin[f - table->field] : NULL, place, "");
    return s;
}

/* The shortest writing that reads back to the same SI value. */
static int print_double(double si, double scale, char *text, size_t size)
{
    char digits[32];
    for (int n = 6; n <= 17; n++) {
        (void)snprintf(digits, sizeof digits, "%.*g", n, si / scale);
        if (strtod(digits, NULL) * scale == si)
            break;
    }
    return snprintf(text, size, "%s", digits);
}

int mho_field_print(const mho_fields *table, size_t i, const void *options, char *text, size_t size)
{
    MHO_ASSERT(i < table->count);
    const mho_field *f = &table->field[i];
    const void *from = (const char *)options + f->offset;
    bool flag;
    size_t whole;
    double real;
    int name;
    switch (f->kind) {
    case MHO_FIELD_BOOL:
        memcpy(&flag, from, sizeof flag);
        return snprintf(text, size, "%s", flag ? "true" : "false");
    case MHO_FIELD_UINT:
        memcpy(&whole, from, sizeof whole);
        return snprintf(text, size, "%zu", whole);
    case MHO_FIELD_DOUBLE:
        memcpy(&real, from, sizeof real);
        return print_double(real, f->scale, text, size);
    case MHO_FIELD_ENUM:
        memcpy(&name, from, sizeof name);
        return snprintf(text, size, "%s", f->names[name]);
    case MHO_FIELD_STRING:
    case MHO_FIELD_PATH:
    case MHO_FIELD_NAMED:
        return snprintf(text, size, "%.*s", (int)f->size, (const char *)from);
    }
    return 0;
}
