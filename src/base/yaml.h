/* SPDX-License-Identifier: Apache-2.0 */
/* YAML documents as a tree with line numbers (libyaml). */
#ifndef MHO_BASE_YAML_H
#define MHO_BASE_YAML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mho/status.h"

typedef enum mhoi_yaml_kind { MHOI_YAML_SCALAR, MHOI_YAML_LIST, MHOI_YAML_MAP } mhoi_yaml_kind;

typedef struct mhoi_yaml mhoi_yaml;
struct mhoi_yaml {
    mhoi_yaml_kind kind;
    size_t line; /* from 1 */
    char *key;   /* in a map, else NULL */
    char *text;  /* scalar */
    mhoi_yaml *child;
    size_t children;
    uint32_t *order; /* of a map with many keys: its children sorted by key; else NULL */
};

/* MHO_EFORMAT with place:line: not YAML, more than one document, anchors, a key twice in one map, nested
 * deeper than 32, more than 2^20 nodes.  An empty text is an empty map.  MHO_EINTERRUPTED. */
MHO_MUST_CHECK mho_status mhoi_yaml_parse(const char *text, const char *place, mhoi_yaml **out);
void mhoi_yaml_destroy(mhoi_yaml *root);
const mhoi_yaml *mhoi_yaml_get(const mhoi_yaml *map, const char *key); /* NULL if absent */
/* MHO_ECONFIG "place:line: unknown key": a key of map is none of names[count], the nearest is told. */
MHO_MUST_CHECK mho_status mhoi_yaml_only(const mhoi_yaml *map, const char *const *names,
                                         size_t count, const char *place);
/* Numbers written in full; MHO_ECONFIG "place:line: key = text, want ..." */
MHO_MUST_CHECK mho_status mhoi_yaml_double(const mhoi_yaml *node, const char *place, double *out);
MHO_MUST_CHECK mho_status mhoi_yaml_size(const mhoi_yaml *node, const char *place, size_t *out);

/* The whole text as a number in decimal notation (finite), or digits only; false if it is not. */
bool mhoi_parse_double(const char *text, double *out);
bool mhoi_parse_size(const char *text, size_t *out);

#endif
