/* SPDX-License-Identifier: Apache-2.0 */
/* Where a model comes from: its messages, and the bytes of its large tensors, which are read when they are wanted. */
#ifndef MHO_ONNX_THIN_H
#define MHO_ONNX_THIN_H

#include "onnx/onnx_impl.h"

typedef struct mhoi_onnx_range {
    size_t offset, length;
} mhoi_onnx_range;

struct mhoi_onnx_source {
    const char *path; /* of the model's file; NULL: it has none */
    const char *
        folder; /* where tensors are kept outside the file, with the slash at its end; NULL: nowhere */
    const uint8_t *bytes; /* the whole, not its own; NULL: fd */
    int fd;
    mhoi_onnx_range *range;
    size_t ranges;
};

/* mhoi_onnx_free *out, and mhoi_onnx_close the source when no tensor is wanted any more, also after an error. */
MHO_MUST_CHECK mho_status mhoi_onnx_open_bytes(const void *bytes, size_t size, const char *place,
                                               mhoi_onnx_source *source,
                                               MhoiOnnx__ModelProto **out);
MHO_MUST_CHECK mho_status mhoi_onnx_open_file(const char *path, mhoi_onnx_source *source,
                                              MhoiOnnx__ModelProto **out);
void mhoi_onnx_close(mhoi_onnx_source *source);

/* The range of a tensor whose raw bytes were left out, or NULL; and its bytes. */
const mhoi_onnx_range *mhoi_onnx_left_out(const mhoi_onnx_source *source,
                                          const MhoiOnnx__TensorProto *t);
MHO_MUST_CHECK mho_status mhoi_onnx_read_range(const mhoi_onnx_source *source,
                                               const mhoi_onnx_range *range, void *out);

#endif
