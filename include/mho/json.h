/* SPDX-License-Identifier: Apache-2.0 */
/* JSON values: built for results, printed to a stream or to memory, read back from a file or from memory. */
#ifndef MHO_JSON_H
#define MHO_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "mho/status.h"

MHO_C_BEGIN

typedef struct mho_json mho_json;

/* --- building -------------------------------------------------------------------------------------- */

/* A failed allocation is remembered in the value and reported when it is printed, so building needs no
 * checks.  NaN, infinities and a NULL text become null; a text that is not UTF-8 becomes "(not UTF-8)". */
MHO_API mho_json *mho_json_object(void);
MHO_API mho_json *mho_json_array(void);
MHO_API mho_json *mho_json_number(double v);
MHO_API mho_json *mho_json_integer(int64_t v);
MHO_API mho_json *mho_json_unsigned(uint64_t v);
MHO_API mho_json *mho_json_text(const char *v);
MHO_API mho_json *mho_json_bool(bool v);
/* Both take over v; a key that is there already gets the new value. */
MHO_API void mho_json_put(mho_json *object, const char *key, mho_json *v);
MHO_API void mho_json_add(mho_json *array, mho_json *v);
MHO_API void mho_json_destroy(mho_json *v);
/* What building it ran into, for one who takes it apart instead of printing it; MHO_ENOMEM of NULL. */
MHO_API MHO_MUST_CHECK mho_status mho_json_built(const mho_json *v);

/* --- printing -------------------------------------------------------------------------------------- */

/* In lines, numbers with as many digits as they need to read back the same, and a final newline.
 * MHO_EFILE: the stream refused (full disk); MHO_ENOMEM: also building had run out of memory;
 * MHO_EDOMAIN: a key is not UTF-8. */
MHO_API MHO_MUST_CHECK mho_status mho_json_write(const mho_json *v, FILE *out);
/* The same as a text, to be freed with mho_json_text_free (NULL is fine). */
MHO_API MHO_MUST_CHECK mho_status mho_json_print(const mho_json *v, char **text);
MHO_API void mho_json_text_free(char *text);
/* A number as JSON has it: with as few digits as read back to the same. */
MHO_API void mho_number_text(double v, char text[32]);

/* --- reading --------------------------------------------------------------------------------------- */

/* size bytes of one JSON value (RFC 8259), at most 512 levels deep; place names them in messages.
 * MHO_EFORMAT: place:line:column and what was wanted there; also a key that stands twice in an object. */
MHO_API MHO_MUST_CHECK mho_status mho_json_parse(const char *text, size_t size, const char *place,
                                                 mho_json **out);
/* A file, up to 16 MiB.  MHO_EFILE. */
MHO_API MHO_MUST_CHECK mho_status mho_json_open(const char *path, mho_json **out);

typedef enum mho_json_kind {
    MHO_JSON_NULL,
    MHO_JSON_BOOL,
    MHO_JSON_INTEGER, /* -2^63 .. 2^64 - 1, written without point and exponent */
    MHO_JSON_NUMBER,
    MHO_JSON_TEXT,
    MHO_JSON_ARRAY,
    MHO_JSON_OBJECT,
} mho_json_kind;

/* MHO_JSON_NULL if v is NULL. */
MHO_API mho_json_kind mho_json_kind_of(const mho_json *v);
/* Items of an array, members of an object; 0 of anything else. */
MHO_API size_t mho_json_count(const mho_json *v);
/* Item or member i, in the order of the file, and that member's key; NULL if there is none. */
MHO_API const mho_json *mho_json_at(const mho_json *v, size_t i);
MHO_API const char *mho_json_key(const mho_json *v, size_t i);
/* The member of that key; NULL if there is none, or v is no object. */
MHO_API const mho_json *mho_json_get(const mho_json *v, const char *key);
/* The same, MHO_EFORMAT with the place if there is none. */
MHO_API MHO_MUST_CHECK mho_status mho_json_need(const mho_json *v, const char *key,
                                                const mho_json **out);

/* The value as what is wanted; MHO_EFORMAT, with its place, if it is something else or out of range: an
 * integer is a number too, a number is an integer only if it is written as one.  A text lives as long as v. */
MHO_API MHO_MUST_CHECK mho_status mho_json_to_number(const mho_json *v, double *out);
MHO_API MHO_MUST_CHECK mho_status mho_json_to_integer(const mho_json *v, int64_t *out);
MHO_API MHO_MUST_CHECK mho_status mho_json_to_unsigned(const mho_json *v, uint64_t *out);
MHO_API MHO_MUST_CHECK mho_status mho_json_to_text(const mho_json *v, const char **out);
MHO_API MHO_MUST_CHECK mho_status mho_json_to_bool(const mho_json *v, bool *out);
/* Where the value stood, "results.json:14"; "" of one that was built. */
MHO_API const char *mho_json_place(const mho_json *v, char text[256]);

MHO_C_END

#endif
