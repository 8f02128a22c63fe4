/* SPDX-License-Identifier: Apache-2.0 */
/* General tensor operators in software: one table, and the evaluation of one operation.
 *
 * An operator is two functions: its shapes (types and sizes of what it gives, from those of what it reads and from the
 * values that decide them), and its arithmetic.  The first alone tells shapes of a graph before there is an input. */
#ifndef MHO_OPS_OPS_H
#define MHO_OPS_OPS_H

#include "net/program.h"

/* What an operation has prepared for its next run on inputs of the same shapes. */
typedef struct mhoi_prepared {
    void *data;
    void (*destroy)(void *data);
    mho_array seen; /* type and sizes of the input it was made for */
} mhoi_prepared;
void mhoi_prepared_free(mhoi_prepared *prepared);

typedef struct mhoi_call {
    const mhoi_operation *op;
    size_t inputs, outputs;
    const mho_array *const
        *in;               /* NULL: left out.  data NULL, count not 0: the value is not known yet */
    mho_array *out;        /* [outputs] */
    bool constant_weights; /* every input but the first is a constant of the program */
    mhoi_prepared *prepared; /* or NULL */
} mhoi_call;

typedef mho_status mhoi_call_fn(mhoi_call *call);

typedef struct mhoi_operator {
    const char *name, *domain;
    size_t inputs_min, inputs_max, outputs_max;
    const char *attributes; /* those known, each followed by a space */
    mhoi_call_fn *shape;    /* sets type, sizes and count of out; their data stays NULL */
    mhoi_call_fn *run;      /* fills out, whose data is there */
} mhoi_operator;

/* The row of an operator, NULL if there is none. */
const mhoi_operator *mhoi_operator_find(const char *domain, const char *name);
/* Row i of all, NULL at the end: for lists and tests. */
const mhoi_operator *mhoi_operator_at(size_t i);
/* Refuses an operation by what its row does not know: inputs, outputs, attributes (MHO_ENOTMODELED). */
MHO_MUST_CHECK mho_status mhoi_operation_check(const mhoi_operation *op);
/* Refuses attributes of other types than the standard gives them, which would be taken as left out (MHO_EFORMAT). */
MHO_MUST_CHECK mho_status mhoi_operation_check_kinds(const mhoi_operation *op);
/* Lists of attributes: names with a space after each. */
bool mhoi_is_attribute_of(const char *list, const char *name);

/* Types and shapes of the outputs.  MHO_ENODATA: a value that decides them is not known. */
MHO_MUST_CHECK mho_status mhoi_call_shape(mhoi_call *call);
/* Shapes, memory and values; on an error out is empty.  The message names the operation and what it reads. */
MHO_MUST_CHECK mho_status mhoi_call_run(mhoi_call *call);

#endif
