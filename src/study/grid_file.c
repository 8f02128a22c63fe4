/* SPDX-License-Identifier: Apache-2.0 */
/* Sweeps as YAML:
 *     name: buffer-paper
 *     axes:
 *       array.level: [1, 2, 3]           a list, a single value, or a range as "1:4:0.5"
 *       buffers.io: [sram:16K, sram:32K]
 */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/named.h"
#include "base/yaml.h"
#include "study/study_impl.h"

/* "key=a,b,c" of one axis, to be freed. */
mho_status mhoi_grid_axis_text(const mhoi_yaml *node, const char *place, char **out)
{
    const bool list = node->kind == MHOI_YAML_LIST;
    const size_t count = list ? node->children : 1;
    size_t room = strlen(node->key) + 2, used;
    *out = NULL;
    if (node->kind == MHOI_YAML_MAP || count == 0)
        return mho_error(MHO_ECONFIG, "%s:%zu: %s has 0 values, want a list", place, node->line,
                         node->key);
    for (size_t i = 0; i < count; i++) {
        const mhoi_yaml *value = list ? &node->child[i] : node;
        if (value->kind != MHOI_YAML_SCALAR || strchr(value->text, ','))
            return mho_error(MHO_ECONFIG, "%s:%zu: %s: want a list of plain values", place,
                             value->line, node->key);
        room += strlen(value->text) + 1;
    }
    mho_status s = mhoi_alloc(out, room, 1, "axis of a sweep");
    if (s)
        return s;
    used = (size_t)snprintf(*out, room, "%s=", node->key);
    for (size_t i = 0; i < count; i++)
        used += (size_t)snprintf(*out + used, room - used, "%s%s", i ? "," : "",
                                 (list ? &node->child[i] : node)->text);
    return MHO_OK;
}

/* As an axis of its own, which takes every point of it; an error begins with the line. */
static mho_status try_text(const mho_hw *hw, const char *text, const char *file, size_t line)
{
    const char *const axes[] = {text, NULL};
    char place[MHO_ORIGIN_TEXT];
    mho_grid *grid;
    mho_hw *scratch = NULL;
    snprintf(place, sizeof place, "%s:%zu", file, line);
    mho_status s = mhoi_grid_create_at(hw, axes, place, &grid);
    if (!s)
        s = mho_hw_clone(hw, &scratch);
    for (size_t i = 0; !s && i < mho_grid_points(grid); i++)
        s = mho_grid_apply(grid, i, scratch);
    mho_hw_destroy(scratch);
    mho_grid_destroy(grid);
    return s && strncmp(mho_error_message(), place, strlen(place)) != 0
               ? mho_error_prefix(s, "%s", place)
               : s;
}

/* Each axis by itself first, and each value that stands in a line of its own. */
static mho_status try_axis(const mho_hw *hw, const char *text, const mhoi_yaml *node,
                           const char *place)
{
    mho_status s = MHO_OK;
    for (size_t i = 0; i < node->children && !s; i++) {
        const mhoi_yaml *value = &node->child[i];
        const size_t room = strlen(node->key) + strlen(value->text) + 2;
        char *one;
        if (value->line == node->line)
            continue;
        s = mhoi_alloc(&one, room, 1, "value of a sweep");
        if (s)
            return s;
        snprintf(one, room, "%s=%s", node->key, value->text);
        s = try_text(hw, one, place, value->line);
        mhoi_free(&one);
    }
    return s ? s : try_text(hw, text, place, node->line);
}

static mho_status read_axes(const mho_hw *hw, const mhoi_yaml *map, const char *place,
                            mho_grid **out)
{
    if (map->kind != MHOI_YAML_MAP || !map->children)
        return mho_error(MHO_ECONFIG, "%s:%zu: axes, want key: [values]", place, map->line);
    char **text;
    mho_status s = mhoi_alloc(&text, map->children + 1, sizeof *text, "axes of a sweep");
    for (size_t i = 0; !s && i < map->children; i++) {
        s = mhoi_grid_axis_text(&map->child[i], place, &text[i]);
        if (!s)
            s = try_axis(hw, text[i], &map->child[i], place);
    }
    if (!s)
        s = mho_grid_create(hw, (const char *const *)text, out);
    for (size_t i = 0; !s && i < map->children; i++)
        mhoi_grid_place(*out, i, place, map->child[i].line);
    for (size_t i = 0; text && i < map->children; i++)
        mhoi_free(&text[i]);
    mhoi_free(&text);
    return s;
}

static mho_status read_keys(const mho_hw *hw, const mhoi_yaml *root, const char *place,
                            mho_grid **out)
{
    static const char *const known[] = {"name", "source", "axes"};
    const mhoi_yaml *axes = NULL, *name = NULL;
    if (root->kind != MHOI_YAML_MAP)
        return mho_error(MHO_ECONFIG, "%s: want name and axes", place);
    for (size_t i = 0; i < root->children; i++) {
        const mhoi_yaml *node = &root->child[i];
        if (!strcmp(node->key, "axes"))
            axes = node;
        else if (!strcmp(node->key, "name"))
            name = node;
        else if (strcmp(node->key, "source") != 0)
            return mho_error_near(MHO_ECONFIG, node->key, known, 3,
                                  "%s:%zu: unknown key %s of a sweep (axes stand under `axes:`, as "
                                  "`array.level: [1, 2]`)",
                                  place, node->line, node->key);
    }
    if (!axes)
        return mho_error(MHO_ECONFIG, "%s: a sweep without axes", place);
    if (name && (name->kind != MHOI_YAML_SCALAR || strlen(name->text) >= MHO_NAME))
        return mho_error(MHO_ECONFIG, "%s:%zu: name: want a text of less than %d characters", place,
                         name->line, MHO_NAME);
    mho_status s = read_axes(hw, axes, place, out);
    if (!s)
        mhoi_grid_name(*out, name ? name->text : "");
    return s;
}

mho_status mho_grid_read(const char *text, const char *place, const mho_hw *hw, mho_grid **out)
{
    mhoi_yaml *root;
    *out = NULL;
    mho_status s = mhoi_yaml_parse(text, place, &root);
    if (s)
        return s;
    s = read_keys(hw, root, place, out);
    mhoi_yaml_destroy(root);
    return s;
}

mho_status mho_grid_open(const char *name, const mho_hw *hw, mho_grid **out)
{
    mhoi_named file;
    *out = NULL;
    mho_status s =
        mhoi_named_open((const char *const[]){"configs/sweep/", NULL}, "sweep", name, NULL, &file);
    if (s)
        return s;
    s = mho_grid_read(file.text, file.place, hw, out);
    mhoi_named_close(&file);
    return s;
}
