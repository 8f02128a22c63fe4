/* SPDX-License-Identifier: Apache-2.0 */
/* Arithmetic of technology tables: "(1 + W_L) 3 F^2", "35 mW t_op". */
#ifndef MHO_COST_FORMULA_IMPL_H
#define MHO_COST_FORMULA_IMPL_H

#include "mho/cost.h"

/* Value of the formula: numbers, + - * / ^ and parentheses; a space multiplies.  A name is a constant
 * of `tech` or a unit (nm, um2, mW, pJ, ns, ...), both in SI.
 * MHO_ECONFIG tells what was expected where, or the unknown name. */
MHO_MUST_CHECK mho_status mhoi_formula(const char *text, const mho_technology *tech, double *out);
/* True if the text uses a name or an operator: it is then in SI already. */
bool mhoi_formula_is_symbolic(const char *text);

/* A unit of technology tables: its SI factor and what it measures; NULL if unknown. */
typedef struct mhoi_unit {
    const char *name, *kind; /* "um2", "area" */
    double scale;
} mhoi_unit;
const mhoi_unit *mhoi_unit_find(const char *name);
/* The units of a kind (NULL: all) for messages: "m2, mm2, um2". */
void mhoi_units_of(const char *kind, char *text, size_t size);

#endif
