/* SPDX-License-Identifier: Apache-2.0 */
/* Option structs described by field tables.
 *
 * One table per struct drives its defaults, bounds, units, the YAML reader, --set, the help text, the
 * documentation and the configuration stored with each result.  In YAML a field is either a plain
 * value or a mapping that also tells where the value comes from:
 *     rows: 128
 *     e_dac: {value: 300, source: "bcnn Table III"}
 * Dots in a key are nesting: crossbar.rows is `crossbar:` / `rows:`.  An unknown key is an error that
 * names the nearest known one.  Zero is a value, never "default". */
#ifndef MHO_CONFIG_H
#define MHO_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "mho/status.h"

MHO_C_BEGIN

typedef enum mho_field_kind {
    MHO_FIELD_BOOL,   /* bool */
    MHO_FIELD_UINT,   /* size_t */
    MHO_FIELD_DOUBLE, /* double, SI = written value x scale */
    MHO_FIELD_ENUM,   /* int, index into names */
    MHO_FIELD_STRING, /* char[size] */
    MHO_FIELD_PATH, /* char[size]: a file, "" if none; in a YAML file relative to that file's folder */
    MHO_FIELD_NAMED, /* char[size]: something built in, or a path of a .yaml file like the above */
} mho_field_kind;

typedef struct mho_field {
    const char *key; /* "crossbar.rows" */
    mho_field_kind kind;
    size_t offset, size;      /* in the struct */
    const char *preset;       /* default as it would be written in YAML */
    double min, max;          /* of the written value: UINT and DOUBLE */
    const char *unit;         /* of the written value, "" if dimensionless */
    double scale;             /* written value x scale = SI; 1 if none */
    const char *const *names; /* ENUM: NULL-terminated */
    const char *help;
} mho_field;

typedef struct mho_fields {
    const char *what; /* "hardware", for messages */
    const mho_field *field;
    size_t count;
    size_t struct_size;
} mho_fields;

#define MHO_ORIGIN_TEXT 160
/* Where a value came from: "default", "configs/hw/bcnn.yaml:14", "command line"; and its source as
 * stated there ("bcnn Table III", "assumed"), "" if none. */
typedef struct mho_origin {
    char place[MHO_ORIGIN_TEXT];
    char source[MHO_ORIGIN_TEXT];
} mho_origin;

/* All of these: options is the struct the table describes; origin an array of table->count, or NULL. */

/* Sets every field to its preset. */
MHO_API MHO_MUST_CHECK mho_status mho_fields_preset(const mho_fields *table, void *options,
                                                    mho_origin *origin);
/* Sets the fields that the YAML text names.  place is its file name for messages.  Top-level keys in
 * skip (NULL-terminated, or NULL) are left to the caller.
 * MHO_EFORMAT: not YAML, a key twice.  MHO_ECONFIG: unknown key, wrong kind, out of bounds, NaN.  Fields
 * above the refused one are set by then. */
MHO_API MHO_MUST_CHECK mho_status mho_fields_read(const mho_fields *table, const char *text,
                                                  const char *place, const char *const *skip,
                                                  void *options, mho_origin *origin);
/* One "key=value" of the command line. */
MHO_API MHO_MUST_CHECK mho_status mho_fields_set(const mho_fields *table, const char *assignment,
                                                 void *options, mho_origin *origin);
/* Writes field i as it would stand in YAML (no unit); returns the length as snprintf does. */
MHO_API int mho_field_print(const mho_fields *table, size_t i, const void *options, char *text,
                            size_t size);

/* The spelling among names[count] nearest to word, NULL if none is near; "--" in front counts for nothing. */
MHO_API const char *mho_nearest(const char *word, const char *const *names, size_t count);
/* mho_error, and "; did you mean NAME?" behind its text where one of names[count] is near word. */
MHO_API mho_status mho_error_near(mho_status s, const char *word, const char *const *names,
                                  size_t count, const char *format, ...) MHO_PRINTF(5, 6);

MHO_C_END

#endif
