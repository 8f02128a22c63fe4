/* SPDX-License-Identifier: Apache-2.0 */
/* Conditions and constraints of a sweep, as text: `output.bits * 2 <= 8 and device.bits != 3`, `area <= 10 mm2`. */
#ifndef MHO_EXPLORE_EXPRESSION_H
#define MHO_EXPLORE_EXPRESSION_H

#include <stdbool.h>
#include <stddef.h>

#include "mho/status.h"

typedef struct mhoi_expression mhoi_expression;

/* What a name is: a number, or a text. */
typedef struct mhoi_value {
    bool is_text;
    double number;
    char text[128];
} mhoi_value;

/* The number of a name; SIZE_MAX: there is none. */
typedef size_t mhoi_name_fn(void *user, const char *name);
typedef void mhoi_look_fn(void *user, size_t name, mhoi_value *out);
/* Names that there are, for the nearest one; NULL from their number on. */
typedef const char *mhoi_names_fn(void *user, size_t i);

/* MHO_ECONFIG: what is wrong and where in the text, the nearest name told. */
MHO_MUST_CHECK mho_status mhoi_expression_read(const char *text, mhoi_name_fn *find,
                                               mhoi_names_fn *names, void *user,
                                               mhoi_expression **out);
void mhoi_expression_destroy(mhoi_expression *expression);
const char *mhoi_expression_text(const mhoi_expression *expression);
/* Whether it holds; false with a value that is not known (NaN). */
bool mhoi_expression_holds(const mhoi_expression *expression, mhoi_look_fn *look, void *user);
/* Does it ask for that name? */
bool mhoi_expression_uses(const mhoi_expression *expression, size_t name);

#endif
