/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of field tables, and reading a parsed YAML tree (mho/config.h has the rest). */
#ifndef MHO_BASE_FIELDS_H
#define MHO_BASE_FIELDS_H

#include <stddef.h>

#include "base/yaml.h"
#include "mho/config.h"

/* A row for a member of struct S. */
#define MHOI_FIELD(S, key, kind, member, preset, min, max, unit, scale, names, help)               \
    {                                                                                              \
        key, kind, offsetof(S, member), sizeof(((S *)0)->member), preset, min, max, unit, scale,   \
            names, help                                                                            \
    }
#define MHOI_COUNT(S, key, member, preset, min, max, help)                                         \
    MHOI_FIELD(S, key, MHO_FIELD_UINT, member, preset, min, max, "", 1, NULL, help)
#define MHOI_REAL(S, key, member, preset, min, max, unit, scale, help)                             \
    MHOI_FIELD(S, key, MHO_FIELD_DOUBLE, member, preset, min, max, unit, scale, NULL, help)
#define MHOI_CHOICE(S, key, member, preset, names, help)                                           \
    MHOI_FIELD(S, key, MHO_FIELD_ENUM, member, preset, 0, 0, "", 1, names, help)
#define MHOI_YES_NO(S, key, member, preset, help)                                                  \
    MHOI_FIELD(S, key, MHO_FIELD_BOOL, member, preset, 0, 1, "", 1, NULL, help)

/* mho_fields_read of a tree that is parsed already. */
MHO_MUST_CHECK mho_status mhoi_fields_read(const mho_fields *table, const mhoi_yaml *root,
                                           const char *place, const char *const *skip,
                                           void *options, mho_origin *origin);

/* Reads text as the value of field f.  MHO_ECONFIG "place: key = text, want ..."; nothing is written then. */
MHO_MUST_CHECK mho_status mhoi_field_read(const mho_field *f, const char *text, const char *place,
                                          void *options);

/* mho_fields_set of an assignment that was said at that place. */
MHO_MUST_CHECK mho_status mhoi_fields_set(const mho_fields *table, const char *assignment,
                                          const char *place, void *options, mho_origin *origin);

#endif
