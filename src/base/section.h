/* SPDX-License-Identifier: Apache-2.0 */
/* A section of a hardware description: one options struct with its field table, owned by the module that
 * works by it.  mho/hw.h puts sections together and knows none of their members. */
#ifndef MHO_BASE_SECTION_H
#define MHO_BASE_SECTION_H

#include <stdint.h>

#include "mho/config.h"

typedef struct mhoi_moved {
    const char *from,
        *to; /* "cost.", "readings.": the beginning of keys that have another one now */
} mhoi_moved;

typedef struct mhoi_section {
    const char *name;         /* "device" */
    const mho_fields *fields; /* keys in full: "device.bits" */
    const mhoi_moved *moved;  /* NULL-terminated, or NULL */
    /* Reads the files that the options name, into the options; NULL: they name none. */
    mho_status (*finish)(void *options);
    /* Bounds across fields; NULL: none. */
    mho_status (*check)(const void *options);
    /* Digest of what finish read, so that a description is known by content; NULL: nothing. */
    uint64_t (*content)(const void *options);
    /* Why the field of that key has no effect beside the others, "device.distribution is uniform"; NULL: it has
     * one.  NULL for the function: all have. */
    const char *(*idle)(const void *options, const char *key);
    /* Folder of built-in files that set the whole section, "device=NAME"; NULL: there are none. */
    const char *presets;
    /* Assignments below `prefix` ("technology.") that are no field: what comes behind it as an assignment to a field,
     * "overrides=..."; NULL: there are none.  gathers: that field. */
    const char *prefix, *gathers;
    mho_status (*rewrite)(const void *options, const char *assignment, char *out, size_t size);
} mhoi_section;

#endif
