/* SPDX-License-Identifier: Apache-2.0 */
/* Reading hardware descriptions, from YAML files and from stored results.  A file and its bases are found first, from the file down; the arch is that
 * of the first that names one.  Then they are read from the lowest base up, so what a file says itself
 * comes later and wins; each field remembers the file and line that set it. */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fields.h"
#include "base/named.h"
#include "hw/hw_impl.h"

enum { DEPTH_MAX = 8 };

typedef struct source {
    mhoi_named file;
    mhoi_yaml *root;
    mhoi_yaml *fields; /* root, or the configuration in a stored result */
    bool stored;       /* the latter: JSON, which is YAML as well */
} source;

/* A file and its bases. */
typedef struct chain {
    source source[DEPTH_MAX];
    size_t length;
    const mhoi_arch *const *archs;
    const mhoi_arch *arch; /* the one named, NULL so far */
    const source *named;   /* the file that names it, and where in there; NULL: none does */
    char arch_place[MHO_ORIGIN_TEXT];
} chain;

static mho_status open_file(const char *name, const char *from, mhoi_named *out)
{
    static const char *const folders[] = {"configs/hw/", "configs/silicon/", "configs/device/",
                                          NULL};
    return mhoi_named_open(folders, "hardware description", name, from, out);
}

mho_status mhoi_arch_find(const mhoi_arch *const *archs, const char *place, const char *name,
                          const mhoi_arch **out)
{
    enum { ARCHS_MAX = 16 };
    const char *names[ARCHS_MAX];
    char list[ARCHS_MAX * 16] = "";
    size_t count = 0, n = 0;
    for (; archs[count] && count < ARCHS_MAX; count++) {
        names[count] = archs[count]->name;
        n +=
            (size_t)snprintf(list + n, sizeof list - n, "%s%.14s", count ? ", " : "", names[count]);
        if (!strcmp(name, names[count])) {
            *out = archs[count];
            return MHO_OK;
        }
    }
    return mho_error_near(MHO_ECONFIG, name, names, count, "%s: arch = %s, want one of %s", place,
                          name, list);
}

static mho_status read_arch(chain *c, const source *from)
{
    char place[MHO_ORIGIN_TEXT];
    const mhoi_arch *arch = NULL;
    const mhoi_yaml *node = mhoi_yaml_get(from->fields, "arch");
    if (!node)
        return MHO_OK;
    snprintf(place, sizeof place, "%s:%zu", from->file.place, node->line);
    if (node->kind == MHOI_YAML_MAP)
        node = mhoi_yaml_get(node, "value");
    if (!node || node->kind != MHOI_YAML_SCALAR)
        return mho_error(MHO_ECONFIG, "%s: arch, want a name", place);
    mho_status s = mhoi_arch_find(c->archs, place, node->text, &arch);
    if (!s && c->arch && c->arch != arch)
        return mho_error(MHO_ECONFIG, "%s: arch = %s, but its base %s has arch: %s", c->arch_place,
                         c->arch->name, place, arch->name);
    if (!s && !c->arch) {
        c->arch = arch;
        c->named = from;
        snprintf(c->arch_place, sizeof c->arch_place, "%s", place);
    }
    return s;
}

/* The configuration of a stored result, or of one alone. */
static mho_status find_fields(source *from)
{
    from->fields = from->root;
    from->stored = mhoi_is_json(from->file.place);
    if (!from->stored)
        return MHO_OK;
    for (size_t i = 0; i < from->root->children; i++)
        if (!strcmp(from->root->child[i].key, "config"))
            from->fields = &from->root->child[i];
    if (from->fields->kind == MHOI_YAML_MAP && from->fields->children &&
        (from->fields != from->root || mhoi_yaml_get(from->root, "arch")))
        return MHO_OK;
    return mho_error(MHO_EFORMAT,
                     "%s holds no hardware description: want a stored result, with its \"config\"",
                     from->file.place);
}

/* Parses the last file of the chain; *base: the one that it names, or NULL. */
static mho_status parse(chain *c, const mhoi_yaml **base)
{
    source *last = &c->source[c->length - 1];
    *base = NULL;
    mho_status s = mhoi_yaml_parse(last->file.text, last->file.place, &last->root);
    if (s)
        return s;
    if (last->root->kind != MHOI_YAML_MAP)
        return mho_error(MHO_ECONFIG, "%s:%zu: want `key: value` lines", last->file.place,
                         last->root->line);
    if (!last->root->children)
        return mho_error(MHO_ECONFIG, "%s says nothing: want `key: value` lines", last->file.place);
    s = find_fields(last);
    if (s)
        return s;
    *base = last->stored ? NULL : mhoi_yaml_get(last->root, "base");
    if (*base && ((*base)->kind != MHOI_YAML_SCALAR || !*(*base)->text))
        return mho_error(MHO_ECONFIG, "%s:%zu: base, want a name or a path", last->file.place,
                         (*base)->line);
    return read_arch(c, last);
}

/* The first file is in the chain; adds its bases. */
static mho_status read_chain(chain *c)
{
    const mhoi_yaml *base;
    mho_status s = parse(c, &base);
    while (!s && base) {
        const char *place = c->source[c->length - 1].file.place;
        if (c->length == DEPTH_MAX)
            return mho_error(MHO_ECONFIG,
                             "%s:%zu: base = %s is more than %d files deep; does one name itself?",
                             place, base->line, base->text, DEPTH_MAX);
        s = open_file(base->text, place, &c->source[c->length].file);
        if (s)
            return mho_error_prefix(s, "%s:%zu: base", place, base->line);
        c->length++;
        s = parse(c, &base);
    }
    return s;
}

/* Results that were stored before a key moved are read all the same. */
static mho_status rename_moved(const mho_hw *hw, mhoi_yaml *node)
{
    char now[MHO_ORIGIN_TEXT];
    if (!mhoi_hw_moved(hw, node->key, strlen(node->key), now, sizeof now))
        return MHO_OK;
    mhoi_free(&node->key);
    mho_status s = mhoi_alloc(&node->key, strlen(now) + 1, 1, "key");
    if (!s)
        memcpy(node->key, now, strlen(now));
    return s;
}

static bool has_key(const mhoi_arch *arch, const char *key)
{
    const size_t n = strlen(key);
    for (const mhoi_section *const *s = arch->sections; *s; s++)
        for (size_t i = 0; i < (*s)->fields->count; i++) {
            const char *name = (*s)->fields->field[i].key;
            if (!strncmp(name, key, n) && (!name[n] || name[n] == '.'))
                return true;
        }
    return false;
}

/* A key that only another arch has: told where the user can mend it, the key itself or the arch. */
static mho_status check_key(const chain *c, const source *from, const mho_hw *hw, const char *place,
                            const char *key)
{
    const mhoi_arch *other = NULL;
    for (const mhoi_arch *const *a = c->archs; *a && !has_key(hw->arch, key); a++)
        other = has_key(*a, key) ? *a : other;
    if (!other)
        return MHO_OK;
    if (c->named && c->named < from)
        return mho_error(MHO_ECONFIG, "%s: arch = %s, but its base %s sets %s, of arch: %s",
                         c->arch_place, hw->arch->name, place, key, other->name);
    return mho_error(MHO_ECONFIG, "%s: %s is of arch: %s, and this is arch: %s (%s)", place, key,
                     other->name, hw->arch->name, c->named ? c->arch_place : "where none is named");
}

static mho_status read_fields(const chain *c, const source *from, mho_hw *hw)
{
    static const char *const stored[] = {"name", "arch", NULL};
    const char *skip[] = {"base", "arch", NULL, NULL};
    for (size_t i = 0; i < from->fields->children; i++) {
        mhoi_yaml *node = &from->fields->child[i];
        char place[MHO_ORIGIN_TEXT];
        snprintf(place, sizeof place, "%.*s:%zu", MHO_ORIGIN_TEXT - 24, from->file.place,
                 node->line);
        mho_status s = from->stored ? rename_moved(hw, node)
                                    : mhoi_hw_check_moved(hw, place, node->key, strlen(node->key));
        if (!s && !from->stored)
            s = check_key(c, from, hw, place, node->key);
        const mhoi_section *preset = node->kind == MHOI_YAML_SCALAR
                                         ? mhoi_hw_preset(hw, node->key, strlen(node->key))
                                         : NULL;
        if (!s && preset) {
            skip[2] = preset->name;
            s = mhoi_hw_read_preset(hw, preset, node->text, from->file.place);
            s = s ? mho_error_prefix(s, "%s: %s", place, preset->name) : MHO_OK;
        }
        if (s)
            return s;
    }
    return mhoi_fields_read(&hw->table, from->fields, from->file.place,
                            from->stored ? stored : skip, hw->options, hw->origin);
}

static void close_chain(chain *c)
{
    for (size_t i = 0; i < c->length; i++) {
        mhoi_yaml_destroy(c->source[i].root);
        mhoi_named_close(&c->source[i].file);
    }
}

static void set_name(const source *from, mho_hw *hw)
{
    const mhoi_yaml *name = from->stored ? mhoi_yaml_get(from->fields, "name") : NULL;
    const mhoi_yaml *value =
        name && name->kind == MHOI_YAML_MAP ? mhoi_yaml_get(name, "value") : NULL;
    if (value && value->kind == MHOI_YAML_SCALAR)
        snprintf(hw->name, sizeof hw->name, "%s", value->text);
    else
        mhoi_stem(from->file.place, hw->name, sizeof hw->name);
}

/* A stored result knows the files that it was made of by their digests. */
static mho_status check_contents(const source *from, mho_hw *hw)
{
    mho_status s = mhoi_hw_finish(hw);
    for (size_t i = 0; !s && i < hw->table.count; i++) {
        char digest[20], path[MHOI_PATH_MAX];
        const mhoi_yaml *entry = mhoi_yaml_get(from->fields, hw->field[i].key);
        if (!entry || entry->kind != MHOI_YAML_MAP || !mhoi_hw_names_file(hw, i))
            continue;
        const mhoi_yaml *content = mhoi_yaml_get(entry, "content");
        snprintf(digest, sizeof digest, "%016llx", (unsigned long long)mhoi_hw_content(hw, i));
        if (!content || content->kind != MHOI_YAML_SCALAR || !strcmp(content->text, digest))
            continue;
        mho_hw_print(hw, i, path, sizeof path);
        s = mho_error(MHO_ECONFIG, "%s:%zu: %s = %s holds something else than when this was stored",
                      from->file.place, entry->line, hw->field[i].key, path);
    }
    return s;
}

/* From a chain of one file; name: as the user wrote it. */
static mho_status build(chain *c, const char *name, const char *const *sets, mho_hw **out)
{
    mho_hw *hw = NULL;
    bool placed = false;
    mho_status s = read_chain(c);
    if (!s)
        s = mhoi_hw_create(c->arch ? c->arch : c->archs[0], &hw);
    for (size_t i = c->length; !s && i-- > 0;)
        s = read_fields(c, &c->source[i], hw);
    if (!s)
        set_name(&c->source[0], hw);
    if (!s && c->source[0].stored)
        s = check_contents(&c->source[0], hw);
    for (; !s && sets && *sets; sets++)
        s = mhoi_hw_assign(hw, *sets);
    if (!s && (s = mhoi_hw_finish_placed(hw, &placed)) != MHO_OK && !placed)
        s = mho_error_prefix(s, "%s", name);
    close_chain(c);
    if (s)
        mho_hw_destroy(hw);
    else
        *out = hw;
    return s;
}

mho_status mhoi_hw_open(const mhoi_arch *const *archs, const char *name, const char *const *sets,
                        mho_hw **out)
{
    chain c = {.archs = archs, .length = 1};
    *out = NULL;
    mho_status s = open_file(name, NULL, &c.source[0].file);
    return s ? s : build(&c, name, sets, out);
}

mho_status mhoi_hw_read(const mhoi_arch *const *archs, const char *text, const char *place,
                        const char *const *sets, mho_hw **out)
{
    chain c = {.archs = archs, .length = 1};
    *out = NULL;
    snprintf(c.source[0].file.place, sizeof c.source[0].file.place, "%s", place);
    c.source[0].file.text = text;
    c.source[0].file.size = strlen(text);
    return build(&c, place, sets, out);
}
