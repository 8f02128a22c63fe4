/* SPDX-License-Identifier: Apache-2.0 */
/* Arrays of any type: shapes, memory, names. */
#include "tensor/array.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"

static const struct type {
    mho_type type;
    const char *name;
    size_t bytes;
    mhoi_kind kind;
    int64_t low, high;
} types[] = {
    {MHO_TYPE_FLOAT, "float", 4, MHOI_KIND_REAL, 0, 0},
    {MHO_TYPE_DOUBLE, "double", 8, MHOI_KIND_REAL, 0, 0},
    {MHO_TYPE_FLOAT16, "float16", 2, MHOI_KIND_REAL, 0, 0},
    {MHO_TYPE_BFLOAT16, "bfloat16", 2, MHOI_KIND_REAL, 0, 0},
    {MHO_TYPE_INT8, "int8", 1, MHOI_KIND_WHOLE, INT8_MIN, INT8_MAX},
    {MHO_TYPE_UINT8, "uint8", 1, MHOI_KIND_WHOLE, 0, UINT8_MAX},
    {MHO_TYPE_INT16, "int16", 2, MHOI_KIND_WHOLE, INT16_MIN, INT16_MAX},
    {MHO_TYPE_UINT16, "uint16", 2, MHOI_KIND_WHOLE, 0, UINT16_MAX},
    {MHO_TYPE_INT32, "int32", 4, MHOI_KIND_WHOLE, INT32_MIN, INT32_MAX},
    {MHO_TYPE_UINT32, "uint32", 4, MHOI_KIND_WHOLE, 0, UINT32_MAX},
    {MHO_TYPE_INT64, "int64", 8, MHOI_KIND_WHOLE, INT64_MIN, INT64_MAX},
    {MHO_TYPE_UINT64, "uint64", 8, MHOI_KIND_WHOLE, 0, INT64_MAX},
    {MHO_TYPE_BOOL, "bool", 1, MHOI_KIND_WHOLE, 0, 1},
    {MHO_TYPE_FLOAT8E4M3FN, "float8e4m3fn", 1, MHOI_KIND_REAL, 0, 0},
    {MHO_TYPE_FLOAT8E4M3FNUZ, "float8e4m3fnuz", 1, MHOI_KIND_REAL, 0, 0},
    {MHO_TYPE_FLOAT8E5M2, "float8e5m2", 1, MHOI_KIND_REAL, 0, 0},
    {MHO_TYPE_FLOAT8E5M2FNUZ, "float8e5m2fnuz", 1, MHOI_KIND_REAL, 0, 0},
    {MHO_TYPE_FLOAT4E2M1, "float4e2m1", 1, MHOI_KIND_REAL, 0, 0},
    {MHO_TYPE_INT4, "int4", 1, MHOI_KIND_WHOLE, -8, 7},
    {MHO_TYPE_UINT4, "uint4", 1, MHOI_KIND_WHOLE, 0, 15},
    {MHO_TYPE_INT2, "int2", 1, MHOI_KIND_WHOLE, -2, 1},
    {MHO_TYPE_UINT2, "uint2", 1, MHOI_KIND_WHOLE, 0, 3},
};

static const struct type *find(mho_type type)
{
    for (size_t k = 0; k < sizeof types / sizeof types[0]; k++)
        if (types[k].type == type)
            return &types[k];
    return NULL;
}

const char *mho_type_name(mho_type type)
{
    const struct type *t = find(type);
    return t ? t->name : "?";
}

size_t mho_type_bytes(mho_type type)
{
    const struct type *t = find(type);
    return t ? t->bytes : 0;
}

mhoi_kind mhoi_type_kind(mho_type type)
{
    const struct type *t = find(type);
    return t ? t->kind : MHOI_KIND_REAL;
}

bool mhoi_type_is_signed(mho_type type)
{
    const struct type *t = find(type);
    return t && (t->kind == MHOI_KIND_REAL || t->low < 0);
}

void mhoi_type_range(mho_type type, int64_t *low, int64_t *high)
{
    const struct type *t = find(type);
    *low = t ? t->low : 0;
    *high = t ? t->high : 0;
}

mho_status mhoi_array_shape(mho_type type, size_t rank, const size_t *size, mho_array *out)
{
    *out = (mho_array){.type = type, .rank = rank, .count = 1};
    if (rank > MHO_TENSOR_DIMS)
        return mho_error(MHO_EDOMAIN, "%zu dimensions, want up to %d", rank, MHO_TENSOR_DIMS);
    bool empty = false;
    for (size_t k = 0; k < rank; k++) {
        out->size[k] = size[k];
        empty = empty || size[k] == 0;
        if (size[k] && (out->count > MHOI_ARRAY_MAX / size[k]))
            return mho_error(MHO_EDOMAIN, "more than 2^31 elements");
        out->count *= size[k] ? size[k] : 1;
    }
    out->count = empty ? 0 : out->count;
    return MHO_OK;
}

mho_status mhoi_array_alloc(mho_array *array, const char *what)
{
    return mhoi_alloc(
        &array->data, array->count,
        array->type == MHOI_TYPE_LIST ? sizeof(mho_array) : mho_type_bytes(array->type), what);
}

/* Lists hold no lists. */
void mho_array_free(mho_array *array)
{
    mho_array *item = array->type == MHOI_TYPE_LIST ? array->data : NULL;
    for (size_t k = 0; item && k < array->count; k++)
        mhoi_free(&item[k].data);
    mhoi_free(&array->data);
    *array = (mho_array){0};
}

mho_status mhoi_array_copy(const mho_array *from, mho_array *out)
{
    *out = *from;
    out->data = NULL;
    mho_status s = mhoi_array_alloc(out, "array");
    if (!s)
        s = mhoi_array_fill(from, out);
    if (s)
        mho_array_free(out);
    return s;
}

mho_status mhoi_array_fill(const mho_array *from, mho_array *out)
{
    const mho_array *item = from->type == MHOI_TYPE_LIST ? from->data : NULL;
    mho_status s = MHO_OK;
    if (from->count && from->type != MHOI_TYPE_LIST)
        memcpy(out->data, from->data, from->count * mho_type_bytes(from->type));
    for (size_t k = 0; item && !s && k < from->count; k++)
        s = mhoi_array_copy(&item[k], &((mho_array *)out->data)[k]);
    return s;
}

mho_status mho_array_of(const mho_tensor *tensor, mho_array *out)
{
    mho_status s = mhoi_array_shape(MHO_TYPE_FLOAT, tensor->dims, tensor->size, out);
    if (!s)
        s = mhoi_array_alloc(out, "array");
    if (!s && out->count)
        memcpy(out->data, tensor->data, out->count * sizeof(float));
    return s;
}

const char *mho_array_text(const mho_array *array, char *text)
{
    if (array->type == MHOI_TYPE_LIST) {
        snprintf(text, MHO_ARRAY_TEXT, "a sequence of %zu", array->count);
        return text;
    }
    size_t at = (size_t)snprintf(text, MHO_ARRAY_TEXT, "%s", mho_type_name(array->type));
    if (array->rank == 0)
        snprintf(text + at, MHO_ARRAY_TEXT - at, " of no dimension");
    for (size_t k = 0; k < array->rank && at < MHO_ARRAY_TEXT; k++)
        at += (size_t)snprintf(text + at, MHO_ARRAY_TEXT - at, "%s%zu", k ? " x " : " ",
                               array->size[k]);
    return text;
}

void mhoi_array_strides(const mho_array *array, size_t *stride)
{
    size_t next = 1;
    for (size_t k = array->rank; k-- > 0; next *= array->size[k])
        stride[k] = next;
}

size_t mhoi_product(const size_t *size, size_t from, size_t to)
{
    size_t product = 1;
    for (size_t k = from; k < to; k++)
        product *= size[k];
    return product;
}

bool mhoi_array_same_shape(const mho_array *a, const mho_array *b)
{
    return a->rank == b->rank && memcmp(a->size, b->size, a->rank * sizeof *a->size) == 0;
}
