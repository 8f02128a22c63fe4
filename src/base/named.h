/* SPDX-License-Identifier: Apache-2.0 */
/* What a user names: something built in ("bcnn" is configs/hw/bcnn.yaml), or the path of a file (it has a
 * `/` or an ending .yaml, .yml, .json). */
#ifndef MHO_BASE_NAMED_H
#define MHO_BASE_NAMED_H

#include <stdbool.h>
#include <stddef.h>

#include "mho/status.h"

enum { MHOI_PATH_MAX = 512 };

typedef struct mhoi_named {
    char place[MHOI_PATH_MAX]; /* for messages and origins, and what paths inside are relative to */
    const char *text;          /* size bytes, then a zero byte */
    size_t size;
    char *own; /* memory to free, NULL where it is built in */
} mhoi_named;

bool mhoi_is_path(const char *name);
bool mhoi_is_json(const char *path); /* ends in .json */
/* "bcnn" of "configs/hw/bcnn.yaml". */
void mhoi_stem(const char *path, char *out, size_t size);
/* path as seen from the folder of `beside`: joined unless it is absolute or beside has no folder.
 * MHO_EFILE: longer than size - 1 bytes. */
MHO_MUST_CHECK mho_status mhoi_path_beside(const char *beside, const char *path, char *out,
                                           size_t size);
/* folders: where built-in ones are, "configs/hw/", NULL-terminated; names of the first are suggested.
 * what: "hardware description", for messages.  from: the file that names it, or NULL.
 * MHO_EUSAGE: no such built-in name, the nearest named; MHO_EFILE; MHO_EFORMAT: not a text.
 * mhoi_named_close it on success. */
MHO_MUST_CHECK mho_status mhoi_named_open(const char *const *folders, const char *what,
                                          const char *name, const char *from, mhoi_named *out);
/* The two halves of it: a name that is built in, whatever it looks like; a path. */
MHO_MUST_CHECK mho_status mhoi_named_builtin(const char *const *folders, const char *what,
                                             const char *name, mhoi_named *out);
MHO_MUST_CHECK mho_status mhoi_named_file(const char *name, const char *from, mhoi_named *out);
void mhoi_named_close(mhoi_named *named);

#endif
