/* SPDX-License-Identifier: Apache-2.0 */
/* YAML (libyaml events) into a tree.  Of YAML's riches only scalars, lists and maps are taken: anchors,
 * aliases and tags are refused. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/alloc.h"
#include "base/yaml.h"
#include "base/parallel.h"
#include "mho/config.h"

#define DEPTH_MAX 32
#define NODES_MAX ((size_t)1 << 20)
#define KEYS_FEW 16 /* so many are compared one by one */
#define POLL 1024   /* nodes from one look at the interruption to the next */

typedef struct reader {
    yaml_parser_t parser;
    const char *place;
    size_t nodes;
} reader;

static mho_status next_event(reader *r, yaml_event_t *event)
{
    if (yaml_parser_parse(&r->parser, event))
        return MHO_OK;
    if (r->parser.error == YAML_MEMORY_ERROR)
        return mho_error(MHO_ENOMEM, "%s: out of memory", r->place);
    const char *problem = r->parser.problem ? r->parser.problem : "not YAML";
    size_t line =
        r->parser.error == YAML_READER_ERROR ? r->parser.mark.line : r->parser.problem_mark.line;
    return mho_error(MHO_EFORMAT, "%s:%zu: not YAML: %s", r->place, line + 1, problem);
}

static mho_status copy_text(const char *from, size_t length, char **out)
{
    mho_status s = mhoi_alloc(out, length + 1, 1, "YAML text");
    if (s == MHO_OK)
        memcpy(*out, from, length);
    return s;
}

static mho_status copy_scalar(const reader *r, const yaml_event_t *event, char **out)
{
    const char *text = (const char *)event->data.scalar.value;
    size_t length = event->data.scalar.length;
    if (memchr(text, '\0', length))
        return mho_error(MHO_EFORMAT, "%s:%zu: a zero byte in a text", r->place,
                         event->start_mark.line + 1);
    return copy_text(text, length, out);
}

/* One more child of node, zeroed. */
static mho_status append(reader *r, mhoi_yaml *node, mhoi_yaml **out)
{
    size_t n = node->children;
    if (++r->nodes > NODES_MAX)
        return mho_error(MHO_EFORMAT, "%s: more than %zu keys and values", r->place, NODES_MAX);
    if (r->nodes % POLL == 0 && mhoi_interrupted())
        return mho_error(MHO_EINTERRUPTED, "%s: interrupted", r->place);
    if ((n & (n - 1)) == 0) { /* full: capacities are powers of two */
        mhoi_yaml *larger;
        mho_status s = mhoi_alloc(&larger, n ? 2 * n : 1, sizeof *larger, "YAML nodes");
        if (s != MHO_OK)
            return s;
        if (n)
            memcpy(larger, node->child, n * sizeof *larger);
        mhoi_free(&node->child);
        node->child = larger;
    }
    *out = &node->child[node->children++];
    return MHO_OK;
}

static mho_status refuse_extras(const reader *r, const yaml_event_t *event)
{
    const yaml_char_t *anchor = NULL, *tag = NULL;
    if (event->type == YAML_SCALAR_EVENT) {
        anchor = event->data.scalar.anchor;
        tag = event->data.scalar.tag;
    } else if (event->type == YAML_SEQUENCE_START_EVENT) {
        anchor = event->data.sequence_start.anchor;
        tag = event->data.sequence_start.tag;
    } else if (event->type == YAML_MAPPING_START_EVENT) {
        anchor = event->data.mapping_start.anchor;
        tag = event->data.mapping_start.tag;
    }
    const char *what = event->type == YAML_ALIAS_EVENT || anchor ? "anchors" : tag ? "tags" : NULL;
    if (!what)
        return MHO_OK;
    return mho_error(MHO_EFORMAT, "%s:%zu: %s are not taken", r->place, event->start_mark.line + 1,
                     what);
}

static mho_status read_node(reader *r, const yaml_event_t *event, size_t depth, mhoi_yaml *node);

/* The key of a map's next entry goes to a new child. */
static mho_status read_key(reader *r, const yaml_event_t *event, mhoi_yaml *map, mhoi_yaml **child)
{
    char *key;
    size_t line = event->start_mark.line + 1;
    if (event->type != YAML_SCALAR_EVENT)
        return mho_error(MHO_EFORMAT, "%s:%zu: a key must be plain text", r->place, line);
    mho_status s = refuse_extras(r, event);
    if (s == MHO_OK)
        s = copy_scalar(r, event, &key);
    if (s != MHO_OK)
        return s;
    s = append(r, map, child);
    if (s == MHO_OK)
        (*child)->key = key;
    else
        mhoi_free(&key);
    return s;
}

/* By key, and of equal keys in the order of the text. */
static int compare_children(const void *a, const void *b, void *user)
{
    const mhoi_yaml *child = user;
    const uint32_t i = *(const uint32_t *)a, j = *(const uint32_t *)b;
    const int c = strcmp(child[i].key, child[j].key);
    return c ? c : i < j ? -1 : i > j;
}

static mho_status stands_twice(const reader *r, const mhoi_yaml *first, const mhoi_yaml *again)
{
    return mho_error(MHO_ECONFIG, "%s:%zu: %s stands twice, first in line %zu", r->place,
                     again->line, again->key, first->line);
}

/* No key stands twice; a map of many gets its order. */
static mho_status check_keys(const reader *r, mhoi_yaml *map)
{
    const size_t n = map->children;
    for (size_t i = 1; n <= KEYS_FEW && i < n; i++)
        for (size_t j = 0; j < i; j++)
            if (strcmp(map->child[j].key, map->child[i].key) == 0)
                return stands_twice(r, &map->child[j], &map->child[i]);
    if (n <= KEYS_FEW)
        return MHO_OK;
    mho_status s = mhoi_alloc(&map->order, n, sizeof *map->order, "YAML keys");
    if (s != MHO_OK)
        return s;
    for (size_t i = 0; i < n; i++)
        map->order[i] = (uint32_t)i;
    qsort_r(map->order, n, sizeof *map->order, compare_children, map->child);
    for (size_t i = 1; i < n; i++) {
        const mhoi_yaml *a = &map->child[map->order[i - 1]], *b = &map->child[map->order[i]];
        if (strcmp(a->key, b->key) == 0)
            return stands_twice(r, a, b);
    }
    return MHO_OK;
}

/* The children of a list or map up to its end. */
static mho_status read_children(reader *r, size_t depth, mhoi_yaml *node)
{
    yaml_event_type_t end =
        node->kind == MHOI_YAML_LIST ? YAML_SEQUENCE_END_EVENT : YAML_MAPPING_END_EVENT;
    if (depth >= DEPTH_MAX)
        return mho_error(MHO_EFORMAT, "%s:%zu: nested deeper than %d", r->place, node->line,
                         DEPTH_MAX);
    for (;;) {
        yaml_event_t event;
        mhoi_yaml *child = NULL;
        mho_status s = next_event(r, &event);
        if (s != MHO_OK)
            return s;
        if (event.type == end) {
            yaml_event_delete(&event);
            return node->kind == MHOI_YAML_MAP ? check_keys(r, node) : MHO_OK;
        }
        if (node->kind == MHOI_YAML_LIST) {
            s = append(r, node, &child);
        } else {
            s = read_key(r, &event, node, &child);
            yaml_event_delete(&event);
            if (s == MHO_OK)
                s = next_event(r, &event);
            if (s != MHO_OK)
                return s;
        }
        if (s == MHO_OK)
            s = read_node(r, &event, depth + 1, child);
        yaml_event_delete(&event);
        if (s != MHO_OK)
            return s;
    }
}

/* The value that starts with event. */
static mho_status read_node(reader *r, const yaml_event_t *event, size_t depth, mhoi_yaml *node)
{
    mho_status s = refuse_extras(r, event);
    if (s != MHO_OK)
        return s;
    node->line = event->start_mark.line + 1;
    if (event->type == YAML_SCALAR_EVENT)
        return copy_scalar(r, event, &node->text);
    node->kind = event->type == YAML_SEQUENCE_START_EVENT ? MHOI_YAML_LIST : MHOI_YAML_MAP;
    return read_children(r, depth, node);
}

/* What follows the root: nothing. */
static mho_status read_end(reader *r)
{
    yaml_event_t event;
    mho_status s = next_event(r, &event); /* document end */
    if (s != MHO_OK)
        return s;
    yaml_event_delete(&event);
    s = next_event(r, &event);
    if (s != MHO_OK)
        return s;
    if (event.type != YAML_STREAM_END_EVENT)
        s = mho_error(MHO_EFORMAT, "%s:%zu: more than one document", r->place,
                      event.start_mark.line + 1);
    yaml_event_delete(&event);
    return s;
}

static mho_status read_stream(reader *r, mhoi_yaml *root)
{
    root->kind = MHOI_YAML_MAP; /* of an empty text */
    root->line = 1;
    for (;;) {
        yaml_event_t event;
        mho_status s = next_event(r, &event);
        if (s != MHO_OK)
            return s;
        yaml_event_type_t type = event.type;
        bool before_root = type == YAML_STREAM_START_EVENT || type == YAML_DOCUMENT_START_EVENT;
        if (!before_root && type != YAML_STREAM_END_EVENT) {
            root->kind = MHOI_YAML_SCALAR;
            s = read_node(r, &event, 0, root);
        }
        yaml_event_delete(&event);
        if (s != MHO_OK || type == YAML_STREAM_END_EVENT)
            return s;
        if (!before_root)
            return read_end(r);
    }
}

static void free_children(mhoi_yaml *node)
{
    for (size_t i = 0; i < node->children; i++)
        free_children(&node->child[i]);
    mhoi_free(&node->child);
    mhoi_free(&node->order);
    mhoi_free(&node->key);
    mhoi_free(&node->text);
}

void mhoi_yaml_destroy(mhoi_yaml *root)
{
    if (!root)
        return;
    free_children(root);
    mhoi_free(&root);
}

mho_status mhoi_yaml_parse(const char *text, const char *place, mhoi_yaml **out)
{
    reader r = {.place = place};
    mho_status s = mhoi_alloc(out, 1, sizeof **out, "YAML tree");
    if (s != MHO_OK)
        return mho_error_prefix(s, "%s", place);
    if (!yaml_parser_initialize(&r.parser)) {
        mhoi_yaml_destroy(*out);
        *out = NULL;
        return mho_error(MHO_ENOMEM, "%s: out of memory", place);
    }
    yaml_parser_set_input_string(&r.parser, (const unsigned char *)text, strlen(text));
    s = read_stream(&r, *out);
    yaml_parser_delete(&r.parser);
    if (s != MHO_OK) {
        mhoi_yaml_destroy(*out);
        *out = NULL;
    }
    return s;
}

static const mhoi_yaml *find_ordered(const mhoi_yaml *map, const char *key)
{
    for (size_t low = 0, high = map->children; low < high;) {
        const size_t middle = low + (high - low) / 2;
        const mhoi_yaml *child = &map->child[map->order[middle]];
        const int c = strcmp(key, child->key);
        if (c == 0)
            return child;
        if (c < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

const mhoi_yaml *mhoi_yaml_get(const mhoi_yaml *map, const char *key)
{
    if (map->order)
        return find_ordered(map, key);
    for (size_t i = 0; map->kind == MHOI_YAML_MAP && i < map->children; i++)
        if (strcmp(map->child[i].key, key) == 0)
            return &map->child[i];
    return NULL;
}

static bool is_one_of(const char *key, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!strcmp(key, names[i]))
            return true;
    return false;
}

mho_status mhoi_yaml_only(const mhoi_yaml *map, const char *const *names, size_t count,
                          const char *place)
{
    for (size_t i = 0; i < map->children; i++)
        if (!is_one_of(map->child[i].key, names, count))
            return mho_error_near(MHO_ECONFIG, map->child[i].key, names, count,
                                  "%s:%zu: unknown key %s", place, map->child[i].line,
                                  map->child[i].key);
    return MHO_OK;
}

static mho_status bad_number(const mhoi_yaml *node, const char *place, const char *want)
{
    return mho_error(MHO_ECONFIG, "%s:%zu: %s = %s, want %s", place, node->line,
                     node->key ? node->key : "value", node->text ? node->text : "(not a scalar)",
                     want);
}

mho_status mhoi_yaml_double(const mhoi_yaml *node, const char *place, double *out)
{
    if (!node->text || !mhoi_parse_double(node->text, out))
        return bad_number(node, place, "a number");
    return MHO_OK;
}

mho_status mhoi_yaml_size(const mhoi_yaml *node, const char *place, size_t *out)
{
    if (!node->text || !mhoi_parse_size(node->text, out))
        return bad_number(node, place, "a whole number, 0 or above");
    return MHO_OK;
}
