/* SPDX-License-Identifier: Apache-2.0 */
/* Arrays of numbers from ONNX TensorProto files, as the ONNX test suite stores inputs and outputs.  The message has few
 * fields, so its wire format is read here directly: keys (field number x 8 + kind), then a varint (kind 0),
 * a length and bytes (kind 2), or 8 or 4 bytes (kinds 1 and 5). */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "tensor/array.h"
#include "tensor/tensor_impl.h"

enum {
    FIELD_DIMS = 1,
    FIELD_TYPE = 2,
    FIELD_FLOATS = 4,
    FIELD_INT32 = 5,
    FIELD_INT64 = 7,
    FIELD_RAW = 9,
    FIELD_DOUBLES = 10,
    FIELD_UINT64 = 11
};

typedef struct wire {
    const unsigned char *at, *end;
} wire;

typedef struct field {
    uint64_t number, kind, value; /* value: of a varint */
    wire bytes;                   /* of a length-delimited or fixed field */
} field;

static bool varint(wire *w, uint64_t *value)
{
    *value = 0;
    for (unsigned shift = 0; shift < 64 && w->at < w->end; shift += 7) {
        const unsigned char byte = *w->at++;
        *value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return true;
    }
    return false;
}

static bool next(wire *w, field *f)
{
    uint64_t key, length;
    if (!varint(w, &key))
        return false;
    *f = (field){.number = key >> 3, .kind = key & 7};
    switch (f->kind) {
    case 0:
        return varint(w, &f->value);
    case 1:
        length = 8;
        break;
    case 2:
        if (!varint(w, &length))
            return false;
        break;
    case 5:
        length = 4;
        break;
    default:
        return false;
    }
    if (length > (uint64_t)(w->end - w->at))
        return false;
    f->bytes = (wire){w->at, w->at + length};
    w->at += length;
    return true;
}

static bool add_size(mho_array *a, uint64_t size)
{
    if (a->rank == MHO_TENSOR_DIMS || size > (uint64_t)1 << 40)
        return false;
    a->size[a->rank++] = (size_t)size;
    return true;
}

/* Sizes stand one by one or packed into one field. */
static bool add_sizes(mho_array *a, field *f)
{
    if (f->kind == 0)
        return add_size(a, f->value);
    while (f->bytes.at < f->bytes.end)
        if (!varint(&f->bytes, &f->value) || !add_size(a, f->value))
            return false;
    return true;
}

/* Whole numbers in their packed form: as many as there are elements, or bytes of small ones. */
static bool unpack(wire data, mho_array *a)
{
    const bool several = mhoi_type_is_packed(a->type);
    const size_t count = several ? mhoi_packed_bytes(a->type, a->count) : a->count;
    for (size_t i = 0; i < count; i++) {
        uint64_t value;
        if (!varint(&data, &value))
            return false;
        if (several) {
            const size_t each = (a->count + count - 1) / count, left = a->count - i * each;
            mho_array part = {.type = a->type,
                              .count = left < each ? left : each,
                              .data = (uint8_t *)a->data + i * each};
            mhoi_unpack_bytes(&(const uint8_t){(uint8_t)value}, &part);
        } else if (mhoi_type_is_small_float(a->type))
            ((uint8_t *)a->data)[i] = (uint8_t)value;
        else if (a->type == MHO_TYPE_FLOAT16 || a->type == MHO_TYPE_BFLOAT16)
            ((uint16_t *)a->data)[i] = (uint16_t)value;
        else
            mhoi_array_set_wholes(a, i, 1, &(int64_t){(int64_t)value});
    }
    return data.at == data.end;
}

static mho_status fill(mho_array *a, wire data, bool packed, const char *place)
{
    const size_t have = (size_t)(data.end - data.at), want = mhoi_packed_bytes(a->type, a->count);
    const size_t numbers = mhoi_type_is_packed(a->type) ? want : a->count;
    if (packed ? have < numbers : have != want)
        return mho_error(MHO_EFORMAT, "%s: %zu bytes of data, want %zu (packed or raw %ss)", place,
                         have, want, mho_type_name(a->type));
    mho_status s = mhoi_array_alloc(a, place);
    if (s != MHO_OK)
        return s;
    if (packed)
        return unpack(data, a) ? MHO_OK
                               : mho_error(MHO_EFORMAT, "%s: packed numbers damaged", place);
    if (mhoi_type_is_packed(a->type))
        mhoi_unpack_bytes(data.at, a);
    else if (have)
        memcpy(a->data, data.at, have);
    for (size_t i = 0; a->type == MHO_TYPE_BOOL && i < a->count; i++)
        ((uint8_t *)a->data)[i] = ((uint8_t *)a->data)[i] != 0;
    return MHO_OK;
}

mho_status mhoi_array_pb(const char *bytes, size_t size, const char *place, mho_array *out)
{
    const unsigned char *begin = (const unsigned char *)bytes;
    wire w = {begin, begin + size}, data = {NULL, NULL};
    uint64_t type = 0;
    bool packed = false;
    field f;
    mho_array a = {0};
    *out = a;
    while (w.at < w.end) {
        if (!next(&w, &f) || (f.number == FIELD_DIMS && !add_sizes(&a, &f)))
            return mho_error(MHO_EFORMAT, "%s: not an ONNX TensorProto (damaged before byte %td)",
                             place, w.at - begin);
        if (f.number == FIELD_TYPE && f.kind == 0)
            type = f.value;
        const bool varints =
            f.number == FIELD_INT32 || f.number == FIELD_INT64 || f.number == FIELD_UINT64;
        if (f.kind == 2 && (varints || f.number == FIELD_FLOATS || f.number == FIELD_RAW ||
                            f.number == FIELD_DOUBLES)) {
            data = f.bytes;
            packed = varints;
        }
    }
    if (type > MHO_TYPE_INT2 || !mho_type_bytes((mho_type)type))
        return mho_error(MHO_ENOTMODELED, "%s: element type %llu of ONNX, want numbers", place,
                         (unsigned long long)type);
    mho_status s = mhoi_array_shape((mho_type)type, a.rank, a.size, out);
    s = s ? mho_error_prefix(MHO_EFORMAT, "%s", place) : fill(out, data, packed, place);
    if (s != MHO_OK)
        mho_array_free(out);
    return s;
}

mho_status mhoi_tensor_pb(const char *bytes, size_t size, const char *place, mho_tensor *out)
{
    mho_array a;
    *out = (mho_tensor){0};
    mho_status s = mhoi_array_pb(bytes, size, place, &a);
    if (s == MHO_OK && a.type != MHO_TYPE_FLOAT)
        s = mho_error(MHO_ENOTMODELED, "%s: elements of type %s, want float", place,
                      mho_type_name(a.type));
    if (s == MHO_OK) {
        out->dims = a.rank;
        memcpy(out->size, a.size, sizeof out->size);
        out->count = a.count;
        out->data = a.data;
        a.data = NULL;
    }
    mho_array_free(&a);
    return s;
}
