/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies of loops as programs. */
#ifndef MHO_ONNX_BODY_H
#define MHO_ONNX_BODY_H

#include "onnx/onnx_inline.h"

/* A program that is made within another. */
typedef struct mhoi_onnx_within {
    const mhoi_onnx_source *source;
    size_t depth;  /* of bodies; 0: the model's own graph */
    size_t *nodes; /* of all bodies so far */
} mhoi_onnx_within;

/* What a body reads from outside, names of the graph that the operation stands in. */
typedef struct mhoi_onnx_body {
    char **name;
    size_t names;
} mhoi_onnx_body;

bool mhoi_onnx_has_body(const MhoiOnnx__NodeProto *n);
/* mhoi_program_release *program, mhoi_onnx_body_free *out, also after an error. */
MHO_MUST_CHECK mho_status mhoi_onnx_body_of(const mhoi_flat *flat, const mhoi_flat_node *node,
                                            const mhoi_onnx_within *within, mhoi_program **program,
                                            mhoi_onnx_body *out);
void mhoi_onnx_body_free(mhoi_onnx_body *body);
/* onnx_program.c: the graph of a body, folded. */
MHO_MUST_CHECK mho_status mhoi_onnx_program_within(MhoiOnnx__ModelProto *model,
                                                   const mhoi_onnx_within *within,
                                                   mhoi_program **out);

#endif
