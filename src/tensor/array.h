/* SPDX-License-Identifier: Apache-2.0 */
/* Arrays of any type, inside: made, converted, and walked over in numbers of one kind. */
#ifndef MHO_TENSOR_ARRAY_H
#define MHO_TENSOR_ARRAY_H

#include <stdbool.h>
#include <stdint.h>

#include "mho/tensor.h"

/* A list of arrays, between operations of a program alone: data are mho_arrays, which are its own. */
#define MHOI_TYPE_LIST ((mho_type)1000)

#define MHOI_ARRAY_MAX ((size_t)1 << 31) /* elements */

/* What an element is computed as: double holds floats of every size, int64 whole numbers and truths. */
typedef enum mhoi_kind { MHOI_KIND_REAL, MHOI_KIND_WHOLE } mhoi_kind;
mhoi_kind mhoi_type_kind(mho_type type);
bool mhoi_type_is_signed(mho_type type);
/* The range of a whole type. */
void mhoi_type_range(mho_type type, int64_t *low, int64_t *high);

/* Sets type, sizes and count of *out, whose data stays NULL.  MHO_EDOMAIN: more than 2^31 elements, or rank above
 * MHO_TENSOR_DIMS. */
MHO_MUST_CHECK mho_status mhoi_array_shape(mho_type type, size_t rank, const size_t *size,
                                           mho_array *out);
/* Gives zeroed data to an array that has a shape. */
MHO_MUST_CHECK mho_status mhoi_array_alloc(mho_array *array, const char *what);
MHO_MUST_CHECK mho_status mhoi_array_copy(const mho_array *from, mho_array *out);
/* The values of an array of the same type and sizes, into data that is there. */
MHO_MUST_CHECK mho_status mhoi_array_fill(const mho_array *from, mho_array *out);
/* A new array of that type with the same values: as C converts, real to whole rounds to zero, and saturates where C
 * leaves it open; truth is not 0. */
MHO_MUST_CHECK mho_status mhoi_array_convert(const mho_array *from, mho_type type, mho_array *out);

/* n elements from element `first` on, as numbers; and back, where whole numbers wrap and truths are not 0. */
void mhoi_array_reals(const mho_array *array, size_t first, size_t n, double *out);
void mhoi_array_wholes(const mho_array *array, size_t first, size_t n, int64_t *out);
void mhoi_array_set_reals(mho_array *array, size_t first, size_t n, const double *value);
void mhoi_array_set_wholes(mho_array *array, size_t first, size_t n, const int64_t *value);
int64_t mhoi_array_whole(const mho_array *array, size_t i);

/* Elements between neighbours along each dimension. */
void mhoi_array_strides(const mho_array *array, size_t *stride);
size_t mhoi_product(const size_t *size, size_t from, size_t to); /* of size[from..to) */
bool mhoi_array_same_shape(const mho_array *a, const mho_array *b);

/* Floats of 8 and fewer bits (array_small.c): rounded to the nearest, to even between two; what is too large is the
 * largest number, or infinity (NaN where there is none). */
bool mhoi_type_is_small_float(mho_type type);
double mhoi_small_to_real(mho_type type, uint8_t code);
uint8_t mhoi_small_from(mho_type type, double value, bool saturates);
/* Whole numbers and floats of 4 and 2 bits: several to a byte in files, the first in its low bits. */
bool mhoi_type_is_packed(mho_type type);
size_t mhoi_packed_bytes(mho_type type, size_t count); /* in a file, of any type */
void mhoi_unpack_bytes(const uint8_t *bytes, mho_array *out);
int64_t mhoi_wrap_small(mho_type type, int64_t value);

float mhoi_half_to_float(uint16_t half);
uint16_t mhoi_half_from(double value);

#endif
