/* SPDX-License-Identifier: Apache-2.0 */
/* Arrays from ONNX TensorProto files, as the ONNX test suite stores inputs and outputs.  The message has few
 * fields, so its wire format is read here directly: keys (field number x 8 + kind), then a varint (kind 0),
 * a length and bytes (kind 2), or 8 or 4 bytes (kinds 1 and 5). */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "tensor/tensor_impl.h"

enum { FIELD_DIMS = 1, FIELD_TYPE = 2, FIELD_FLOATS = 4, FIELD_RAW = 9, TYPE_FLOAT = 1 };

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

static bool add_size(mho_tensor *t, uint64_t size)
{
    if (t->dims == MHO_TENSOR_DIMS || size > (uint64_t)1 << 40)
        return false;
    t->size[t->dims++] = (size_t)size;
    return true;
}

/* Sizes stand one by one or packed into one field. */
static bool add_sizes(mho_tensor *t, field *f)
{
    if (f->kind == 0)
        return add_size(t, f->value);
    while (f->bytes.at < f->bytes.end)
        if (!varint(&f->bytes, &f->value) || !add_size(t, f->value))
            return false;
    return true;
}

mho_status mhoi_tensor_pb(const char *bytes, size_t size, const char *place, mho_tensor *out)
{
    const unsigned char *begin = (const unsigned char *)bytes;
    wire w = {begin, begin + size}, data = {NULL, NULL};
    uint64_t type = 0;
    field f;
    *out = (mho_tensor){0};
    while (w.at < w.end) {
        if (!next(&w, &f) || (f.number == FIELD_DIMS && !add_sizes(out, &f)))
            return mho_error(MHO_EFORMAT, "%s: not an ONNX TensorProto (damaged before byte %td)",
                             place, w.at - begin);
        if (f.number == FIELD_TYPE && f.kind == 0)
            type = f.value;
        if ((f.number == FIELD_FLOATS || f.number == FIELD_RAW) && f.kind == 2)
            data = f.bytes;
    }
    if (type != TYPE_FLOAT)
        return mho_error(MHO_ENOTMODELED, "%s: element type %llu, want %d (float)", place,
                         (unsigned long long)type, TYPE_FLOAT);
    const size_t have = (size_t)(data.end - data.at);
    mho_status s = mhoi_tensor_alloc(out, have, " (packed or raw floats)", place);
    if (s == MHO_OK && have)
        memcpy(out->data, data.at, have);
    if (s != MHO_OK)
        mho_tensor_free(out);
    return s;
}
