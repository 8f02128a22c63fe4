/* SPDX-License-Identifier: Apache-2.0 */
/* Arithmetic of technology tables: "(1 + W_L) 3 F^2", "35 mW t_op". */
#ifndef MHO_COST_FORMULA_IMPL_H
#define MHO_COST_FORMULA_IMPL_H

#include "mho/cost.h"

/* What names mean: arguments first, then constants of the table, then units. */
typedef struct mhoi_scope {
    const mho_technology *tech;
    const mho_argument *argument;
    size_t arguments;
} mhoi_scope;

/* Value of the formula: numbers, + - * / ^, parentheses, max, min, exp, log, sqrt and ceil; a space multiplies.  A name
 * is an argument, a constant or a unit (nm, um2, mW, pJ, ns, ...), the last two in SI.
 * MHO_ECONFIG tells what was expected where, or the unknown name. */
MHO_MUST_CHECK mho_status mhoi_formula(const char *text, mhoi_scope scope, double *out);
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
/* A name that means something in every formula: a unit, or a function. */
bool mhoi_formula_has(const char *name);

#endif
