/* SPDX-License-Identifier: Apache-2.0 */
/* What the two halves of the ONNX reader share: bytes and tensors (onnx_parse.c), graph
 * (onnx_read.c). */
#ifndef MHO_ONNX_IMPL_H
#define MHO_ONNX_IMPL_H

#include <onnx.pb-c.h>

#include "mho/onnx.h"
#include "net/graph.h"
#include "net/program.h"

/* Every parameter is a finite number; MHO_EFORMAT names the layer. */
MHO_MUST_CHECK mho_status mhoi_onnx_check_finite(const mho_net *net);
/* The message of a file; mhoi_onnx_free it.  MHO_EFORMAT: not protobuf, nested deeper than real
 * models. */
MHO_MUST_CHECK mho_status mhoi_onnx_unpack(const void *bytes, size_t size, const char *place,
                                           MhoiOnnx__ModelProto **out);
void mhoi_onnx_free(MhoiOnnx__ModelProto *model);
typedef struct mhoi_onnx_span {
    const uint8_t *at, *end;
} mhoi_onnx_span;
/* Takes one field of a message: its number, and its bytes where it has a length (at NULL: it has none).  False: not whole. */
bool mhoi_onnx_take_field(mhoi_onnx_span *s, unsigned *field, mhoi_onnx_span *bytes);
/* An attribute on its own; mhoi_onnx_free_attribute it. */
MHO_MUST_CHECK mho_status mhoi_onnx_unpack_attribute(const uint8_t *bytes, size_t size,
                                                     MhoiOnnx__AttributeProto **out);
void mhoi_onnx_free_attribute(MhoiOnnx__AttributeProto *a);
/* Bytes that tell the length of a field that the schema does not know; its value is what follows. */
size_t mhoi_onnx_length_prefix(const uint8_t *data, size_t size);

/* Metadata keys of a layer, each followed by its name: size of circulant blocks ("16"; "16c": channels of every tap
 * padded), bits of the weights ("4"), codes of the values ("4:-3": bits, exponent of the scale; "4": no scale yet). */
#define MHOI_ONNX_BLOCK "mho.block."
#define MHOI_ONNX_WEIGHT_BITS "mho.weight_bits."
#define MHOI_ONNX_WEIGHT_SCALE "mho.weight_scale."
#define MHOI_ONNX_CODES "mho.codes."
#define MHOI_ONNX_SIGN_ZERO "mho.sign_zero." /* what sign is of 0: "0", "1"; not told: -1 */
/* onnx_coded.c: takes those of the file up.  MHO_EFORMAT: of no layer, or weights that are not circulant. */
MHO_MUST_CHECK mho_status mhoi_onnx_read_coding(const MhoiOnnx__ModelProto *model, mho_net *net);

/* Strings that protobuf may leave out. */
const char *mhoi_onnx_text(const char *s);

typedef struct mhoi_onnx_source mhoi_onnx_source; /* onnx_thin.h */

/* A tensor as an array; bytes that are in memory go over to it without a copy, unless they are to be kept for another call.
 * MHO_EFORMAT: sizes that do not fit; MHO_ENOTMODELED: a type mho does not read. */
MHO_MUST_CHECK mho_status mhoi_onnx_array(MhoiOnnx__TensorProto *t, const mhoi_onnx_source *source,
                                          bool keep, mho_array *out);
/* The same of a sparse one, as an array with its zeros. */
MHO_MUST_CHECK mho_status mhoi_onnx_sparse(MhoiOnnx__SparseTensorProto *t,
                                           const mhoi_onnx_source *source, mho_array *out);
/* An attribute of that name, with the memory of the program; arrays as above. */
MHO_MUST_CHECK mho_status mhoi_onnx_attribute(mhoi_program *program, const char *name,
                                              const MhoiOnnx__AttributeProto *a,
                                              const mhoi_onnx_source *source, bool keep,
                                              mhoi_attr *out);
/* The graph of a model; its tensors go over to the program. */
MHO_MUST_CHECK mho_status mhoi_onnx_program(MhoiOnnx__ModelProto *model,
                                            const mhoi_onnx_source *source, mhoi_program **out);

#endif
