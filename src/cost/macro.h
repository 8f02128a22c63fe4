/* SPDX-License-Identifier: Apache-2.0 */
/* Memory macros of a technology table. */
#ifndef MHO_COST_MACRO_H
#define MHO_COST_MACRO_H

#include "base/yaml.h"
#include "mho/cost.h"

/* "16K", "1M", "96": bytes.  MHO_ECONFIG names the text. */
MHO_MUST_CHECK mho_status mhoi_size_parse(const char *text, size_t *bytes);
/* The shortest such text. */
void mhoi_size_print(size_t bytes, char *text, size_t size);

/* The list `macros:` of a table. */
MHO_MUST_CHECK mho_status mhoi_macros_read(const mhoi_yaml *list, const char *place,
                                           mho_technology *tech);
/* One number of a macro: SI value, as written, and where it comes from. */
void mhoi_macro_quantity(double si, const char *formula, const char *source, mho_quantity *out);
/* Component's name from kind and size. */
void mhoi_macro_name(mho_macro *macro);

#endif
