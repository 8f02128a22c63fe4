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

/* The types of elements, by ONNX's numbers. */
typedef enum mho_type {
    MHO_TYPE_NONE = 0,
    MHO_TYPE_FLOAT = 1,
    MHO_TYPE_UINT8 = 2,
    MHO_TYPE_INT8 = 3,
    MHO_TYPE_UINT16 = 4,
    MHO_TYPE_INT16 = 5,
    MHO_TYPE_INT32 = 6,
    MHO_TYPE_INT64 = 7,
    MHO_TYPE_BOOL = 9, /* a byte, 0 or 1 */
    MHO_TYPE_FLOAT16 = 10,
    MHO_TYPE_DOUBLE = 11,
    MHO_TYPE_UINT32 = 12,
    MHO_TYPE_UINT64 = 13,
    MHO_TYPE_BFLOAT16 = 16,
    /* A byte each in memory, though files hold several in one where they have fewer bits. */
    MHO_TYPE_FLOAT8E4M3FN = 17,
    MHO_TYPE_FLOAT8E4M3FNUZ = 18,
    MHO_TYPE_FLOAT8E5M2 = 19,
    MHO_TYPE_FLOAT8E5M2FNUZ = 20,
    MHO_TYPE_UINT4 = 21,
    MHO_TYPE_INT4 = 22,
    MHO_TYPE_FLOAT4E2M1 = 23,
    MHO_TYPE_UINT2 = 25,
    MHO_TYPE_INT2 = 26,
} mho_type;

/* An array of any of them. */
typedef struct mho_array {
    mho_type type;
    size_t rank, size[MHO_TENSOR_DIMS];
    size_t count; /* product of the sizes; 1 of rank 0 */
    void *data;   /* row-major; NULL if count is 0 */
} mho_array;

MHO_API const char *mho_type_name(mho_type type); /* "float"; "?" */
MHO_API size_t mho_type_bytes(mho_type type);     /* of an element; 0: no such type */
/* As mho_tensor_read, with the type of the file; elements may be any value.  Of pictures (.png, .jpg, .jpeg, .bmp, .pgm, .ppm,
 * .pnm) the bytes of the file, uint8 of one dimension. */
MHO_API MHO_MUST_CHECK mho_status mho_array_read(const char *path, mho_array *out);
/* A copy of it. */
MHO_API MHO_MUST_CHECK mho_status mho_array_of(const mho_tensor *tensor, mho_array *out);
MHO_API void mho_array_free(mho_array *array); /* frees the data, zeroes the struct */
/* Element i; whole numbers beyond 2^53 are rounded. */
MHO_API double mho_array_number(const mho_array *array, size_t i);
/* "float 1 x 3 x 224 x 224", "int64 of no dimension": to `text` of MHO_ARRAY_TEXT characters; returns it. */
#define MHO_ARRAY_TEXT 160
MHO_API const char *mho_array_text(const mho_array *array, char *text);

MHO_C_END

#endif
