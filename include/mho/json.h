/* SPDX-License-Identifier: Apache-2.0 */
/* Builds JSON values for results.  A failed allocation is remembered in the value and reported by
 * mho_json_write, so building needs no checks.  NaN, infinities and a NULL text become null; a text that
 * is not UTF-8 becomes "(not UTF-8)". */
#ifndef MHO_JSON_H
#define MHO_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "mho/status.h"

typedef struct mho_json mho_json;

MHO_API mho_json *mho_json_object(void);
MHO_API mho_json *mho_json_array(void);
MHO_API mho_json *mho_json_number(double v);
MHO_API mho_json *mho_json_integer(int64_t v);
MHO_API mho_json *mho_json_text(const char *v);
MHO_API mho_json *mho_json_bool(bool v);
/* Both take over v. */
MHO_API void mho_json_put(mho_json *object, const char *key, mho_json *v);
MHO_API void mho_json_add(mho_json *array, mho_json *v);
/* Pretty-printed, numbers with as many digits as they need to read back the same, and a final newline.
 * MHO_EFILE: the stream refused (full disk); MHO_ENOMEM: building had run out of memory;
 * MHO_EDOMAIN: a key is not UTF-8. */
MHO_API MHO_MUST_CHECK mho_status mho_json_write(const mho_json *v, FILE *out);
MHO_API void mho_json_destroy(mho_json *v);

#endif
