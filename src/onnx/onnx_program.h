/* SPDX-License-Identifier: Apache-2.0 */
/* ONNX graphs as programs of general tensor operators: from the file, folded, and what keeps one from running. */
#ifndef MHO_ONNX_PROGRAM_H
#define MHO_ONNX_PROGRAM_H

#include "mho/onnx.h"
#include "net/program.h"
#include "ops/ops.h"

/* What is known of operands: type NONE nothing, data NULL the shape, else the value too. */
typedef struct mhoi_known_values {
    mho_array *array; /* [operands] */
    bool *owned;      /* the value is not the program's */
    size_t operands;
    size_t folded, most; /* elements worked out, and how many may be */
} mhoi_known_values;

typedef enum mhoi_assume {
    MHOI_ASSUME_NOTHING,
    MHOI_ASSUME_ONE,         /* sizes of axis 0 that are not told are 1, those of one image */
    MHOI_ASSUME_ONE_OF_MANY, /* and those of inputs that are told, too: one image of a run of many */
} mhoi_assume;

/* Works out what is known of every operand from constants and from inputs whose sizes are told.  mhoi_known_free it, also after an error.
 * Errors: shapes that do not fit; of assumed ones none. */
MHO_MUST_CHECK mho_status mhoi_onnx_know(const mhoi_program *program, mhoi_assume assume,
                                         mhoi_known_values *out);
void mhoi_known_free(mhoi_known_values *known);
/* Operations whose results are known leave the program, their results become constants. */
MHO_MUST_CHECK mho_status mhoi_onnx_fold(mhoi_program *program);

/* Sizes that are told of inputs, "NAME=SIZES,...": of an input all, or of a size that the file names (mho/onnx.h).
 * MHO_EUSAGE: no such name, or the file says otherwise. */
MHO_MUST_CHECK mho_status mhoi_onnx_set_sizes(mhoi_program *program, const char *sizes);

/* Before it is folded: weights of 8-bit whole numbers where the standard wants the type of the data become floats;
 * `assumed` says so, and is left alone where there are none. */
MHO_MUST_CHECK mho_status mhoi_onnx_whole_weights(mhoi_program *program, char *assumed,
                                                  size_t size);

/* Likewise: weights of 8-bit codes that lie further than 127 from their zero point. */
void mhoi_onnx_far_codes(const mhoi_program *program, char *assumed, size_t size);
/* Adds to what is assumed. */
void mhoi_onnx_assume(char *assumed, size_t size, const char *format, ...) MHO_PRINTF(3, 4);

/* MHO_ENOTMODELED that names every operation that software does not know. */
MHO_MUST_CHECK mho_status mhoi_onnx_check_program(const mhoi_program *program);

#endif
