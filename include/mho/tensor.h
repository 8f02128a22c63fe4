/* SPDX-License-Identifier: Apache-2.0 */
/* Arrays of floats from files of other programs, to run a network on given input. */
#ifndef MHO_TENSOR_H
#define MHO_TENSOR_H

#include <stddef.h>

#include "mho/status.h"

MHO_C_BEGIN

#define MHO_TENSOR_DIMS 8

typedef struct mho_tensor {
    size_t dims, size[MHO_TENSOR_DIMS];
    size_t count; /* product of the sizes */
    float *data;  /* row-major */
} mho_tensor;

/* By the ending of the name: .npy (NumPy format 1 to 3, little-endian numbers, row-major: floats
 * of 4 or 8 bytes, whole numbers) or .pb (ONNX
 * TensorProto of float).
 * MHO_EFILE; MHO_EFORMAT: damaged, truncated; MHO_ENOTMODELED: another element type, column-major order;
 * MHO_EDOMAIN: an element that is not finite; MHO_EUSAGE: another ending. */
MHO_API MHO_MUST_CHECK mho_status mho_tensor_read(const char *path, mho_tensor *out);
MHO_API void mho_tensor_free(mho_tensor *tensor); /* frees the data, zeroes the struct */

MHO_C_END

#endif
