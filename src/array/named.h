/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptions by name: built into the program, or a YAML file. */
#ifndef MHO_ARRAY_NAMED_H
#define MHO_ARRAY_NAMED_H

#include "mho/status.h"

typedef struct mhoi_named {
    char place[256]; /* file name for messages */
    const char *text;
    char *own; /* mhoi_free it; NULL for a built-in */
} mhoi_named;

/* folder: "configs/tech/"; what: "macro library".  A name with '/' or ending in .yaml or .yml is a file.
 * MHO_EFILE: no such name (tells the nearest) or file. */
MHO_MUST_CHECK mho_status mhoi_named_open(const char *folder, const char *what, const char *name,
                                          mhoi_named *out);

#endif
