/* SPDX-License-Identifier: Apache-2.0 */
/* General tensor operators: the second family of a network's graph.
 *
 * A program is a list of operations in order on operands of any type and rank, as ONNX files have them.  The
 * axis of the images is an axis like any other, and shapes may be known only when it runs.  A network that is no graph
 * of layers has a program in their place: software runs it (ops/ops.h), everything else refuses it by the names of its
 * operators.  A program does not change once it is made; networks share it. */
#ifndef MHO_NET_PROGRAM_H
#define MHO_NET_PROGRAM_H

#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

#include "mho/status.h"
#include "tensor/array.h"

#define MHOI_NO_OPERAND SIZE_MAX

typedef enum mhoi_attr_kind {
    MHOI_ATTR_INT,
    MHOI_ATTR_FLOAT,
    MHOI_ATTR_TEXT, /* several texts: with a space between them */
    MHOI_ATTR_INTS,
    MHOI_ATTR_FLOATS,
    MHOI_ATTR_ARRAY,
    MHOI_ATTR_OTHER, /* of a kind that no operator here knows */
} mhoi_attr_kind;

typedef struct mhoi_attr {
    const char *name;
    mhoi_attr_kind kind;
    size_t count; /* of ints, floats, or several texts */
    int64_t whole;
    float real;
    const char *text;
    int64_t *ints;
    float *floats;
    mho_array array;
} mhoi_attr;

/* What flows: an input, a constant, or what an operation gives. */
typedef struct mhoi_operand {
    const char *name;
    bool constant; /* array is its value */
    mho_array
        array;   /* else: its type, and its sizes as far as they are told; type NONE: nothing is */
    bool ranked; /* the rank is told */
    const char
        *symbol[MHO_TENSOR_DIMS]; /* of a size that is not told: its name, or ""; NULL: a number */
    size_t maker;                 /* the operation that gives it; SIZE_MAX: none */
} mhoi_operand;

struct mhoi_operator;

typedef struct mhoi_operation {
    const char *name, *op, *domain; /* domain "": the standard's */
    int64_t set;                    /* version of the operator set */
    size_t inputs, outputs, attrs;
    size_t *input, *output; /* operands; MHOI_NO_OPERAND where left out */
    mhoi_attr *attr;
    const struct mhoi_operator *row; /* ops/ops.h; NULL: unknown */
    const struct mhoi_guard *guard;  /* [guards]: it runs if all of them hold */
    size_t guards;
    struct mhoi_program *body; /* of a Loop or a Scan, the owner's; else NULL */
    size_t captured;           /* the last inputs, which are the last of the body, too */
} mhoi_operation;

/* A branch of an If that an operation stands in. */
typedef struct mhoi_guard {
    size_t operand; /* the condition */
    bool truth;     /* what it has to be */
} mhoi_guard;

/* Does it hold, by the value of its operand?  NULL data: that did not run, or is not known. */
static inline bool mhoi_guard_holds(const mhoi_guard *guard, const mho_array *value)
{
    return value->data && (mho_array_number(value, 0) != 0) == guard->truth;
}

/* What an operation reads, its inputs and then its conditions; k is up to inputs + guards. */
static inline size_t mhoi_operation_reads(const mhoi_operation *op, size_t k)
{
    return k < op->inputs ? op->input[k] : op->guard[k - op->inputs].operand;
}

/* An If: it reads a condition, what its `then` branch gives, and what its `else` branch gives. */
static inline bool mhoi_is_choice(const mhoi_operation *op)
{
    return !op->domain[0] && op->inputs > 1 && strcmp(op->op, "If") == 0;
}

/* The operand that output k of a choice is; MHOI_NO_OPERAND while the condition is not known. */
static inline size_t mhoi_chosen(const mhoi_operation *op, const mho_array *condition, size_t k)
{
    const size_t of_else = (op->inputs - 1) / 2;
    return !condition->data
               ? MHOI_NO_OPERAND
               : op->input[1 + k + (mho_array_number(condition, 0) != 0 ? 0 : of_else)];
}

typedef struct mhoi_chunk mhoi_chunk;
typedef struct mhoi_body mhoi_body;

typedef struct mhoi_program {
    atomic_size_t owners;
    mhoi_chunk *chunk; /* memory of all but the arrays' data */
    mhoi_body *bodies; /* of its operations, and of those that have left it */
    mhoi_operation *operation;
    size_t operations;
    mhoi_operand *operand;
    size_t operands;
    size_t *input, *output; /* operands */
    size_t inputs, outputs;
    bool body;      /* of an operation of another program */
    char *unmapped; /* what keeps it from being layers: a text of its own memory */
    /* Layers for what crossbars hold, general nodes for the rest: what hardware works by.  NULL: unplaced tells why. */
    struct mho_net *placed;
    char *unplaced;
} mhoi_program;

/* One owner.  mhoi_program_release it. */
MHO_MUST_CHECK mho_status mhoi_program_create(mhoi_program **out);
mhoi_program *mhoi_program_share(mhoi_program *program);
void mhoi_program_release(mhoi_program *program);
/* The body becomes the program's, also after an error. */
MHO_MUST_CHECK mho_status mhoi_program_own(mhoi_program *program, mhoi_program *body);
/* *out = zeroed memory that lives as long as the program; and a copy of a text. */
MHO_MUST_CHECK mho_status mhoi_program_take(mhoi_program *program, void *out, size_t count,
                                            size_t size);
MHO_MUST_CHECK mho_status mhoi_program_text(mhoi_program *program, const char *text, size_t length,
                                            const char **out);
uint64_t mhoi_program_identity(const mhoi_program *program, uint64_t h, bool constants);

/* Attributes of an operation; `otherwise` if it is not there. */
const mhoi_attr *mhoi_attr_find(const mhoi_operation *op, const char *name);
int64_t mhoi_attr_int(const mhoi_operation *op, const char *name, int64_t otherwise);
float mhoi_attr_float(const mhoi_operation *op, const char *name, float otherwise);
const char *mhoi_attr_text(const mhoi_operation *op, const char *name, const char *otherwise);
/* An attribute that is a list of numbers, or one number; count 0 if it is not there. */
size_t mhoi_attr_ints(const mhoi_operation *op, const char *name, const int64_t **out);

#endif
