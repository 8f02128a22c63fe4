/* SPDX-License-Identifier: Apache-2.0 */
/* .npy files (NumPy format 1 to 3) in memory, of any plain type of numbers. */
#ifndef MHO_TENSOR_NPY_H
#define MHO_TENSOR_NPY_H

#include "mho/tensor.h"

typedef struct mhoi_npy {
    size_t dims, size[MHO_TENSOR_DIMS], count; /* count: product of the sizes, at most 2^31 */
    char kind;                 /* 'f' floating, 'i' whole, 'u' not negative, 'b' truth values */
    size_t width;              /* bytes of an element */
    const unsigned char *data; /* [count][width] within the file */
} mhoi_npy;

/* place: the name for messages.  MHO_EFORMAT: damaged, or the data are not as many as the header says;
 * MHO_ENOTMODELED: column-major order, big-endian, or other than f4, f8, and b, i, u of 1 to 8 bytes. */
MHO_MUST_CHECK mho_status mhoi_npy_parse(const char *bytes, size_t size, const char *place,
                                         mhoi_npy *out);
double mhoi_npy_value(const mhoi_npy *npy, size_t i);

#endif
