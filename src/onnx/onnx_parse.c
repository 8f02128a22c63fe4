/* SPDX-License-Identifier: Apache-2.0 */
/* ONNX bytes to messages, and tensors to numbers.
 *
 * The protobuf library recurses as deep as a file tells it to, so the depth is checked first; after
 * that every size is checked against the bytes there are. */
#include <string.h>

#include "base/alloc.h"
#include "onnx/onnx_impl.h"

#define DEPTH_MAX 24

typedef mhoi_onnx_span span;

static bool take_varint(span *s, uint64_t *out)
{
    *out = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        if (s->at == s->end)
            return false;
        const uint8_t byte = *s->at++;
        *out |= (uint64_t)(byte & 0x7F) << shift;
        if (!(byte & 0x80))
            return true;
    }
    return false;
}

static bool skip(span *s, uint64_t n)
{
    if (n > (uint64_t)(s->end - s->at))
        return false;
    s->at += n;
    return true;
}

bool mhoi_onnx_take_field(span *s, unsigned *field, span *bytes)
{
    uint64_t tag, n;
    *bytes = (span){NULL, NULL};
    if (!take_varint(s, &tag) || tag >> 3 == 0 || tag >> 3 > 0x1FFFFFFF)
        return false;
    *field = (unsigned)(tag >> 3);
    switch (tag & 7) {
    case 0:
        return take_varint(s, &n);
    case 1:
        return skip(s, 8);
    case 5:
        return skip(s, 4);
    case 2:
        if (!take_varint(s, &n))
            return false;
        bytes->at = s->at;
        if (!skip(s, n))
            return false;
        bytes->end = s->at;
        return true;
    default:
        return false;
    }
}

/* True if every message in s is whole and nested at most `depth` deep. */
static bool is_sane(span s, const ProtobufCMessageDescriptor *type, unsigned depth)
{
    while (s.at < s.end) {
        unsigned tag;
        span bytes;
        if (!mhoi_onnx_take_field(&s, &tag, &bytes))
            return false;
        const ProtobufCFieldDescriptor *field =
            bytes.at ? protobuf_c_message_descriptor_get_field(type, tag) : NULL;
        if (field && field->type == PROTOBUF_C_TYPE_MESSAGE &&
            (depth == 0 || !is_sane(bytes, field->descriptor, depth - 1)))
            return false;
    }
    return true;
}

static void *allocate(void *data, size_t size)
{
    void *p = NULL;
    mho_status *status = data;
    const mho_status s = mhoi_alloc(&p, size ? size : 1, 1, "ONNX model");
    if (s)
        *status = s;
    return p;
}

static void release(void *data, void *p)
{
    (void)data;
    mhoi_free(&p);
}

mho_status mhoi_onnx_unpack(const void *bytes, size_t size, const char *place,
                            MhoiOnnx__ModelProto **out)
{
    *out = NULL;
    mho_status status = MHO_OK;
    ProtobufCAllocator allocator = {allocate, release, &status};
    const span all = {bytes, (const uint8_t *)bytes + size};
    if (size == 0 || !is_sane(all, &mhoi_onnx__model_proto__descriptor, DEPTH_MAX))
        return mho_error(MHO_EFORMAT, "%s: not an ONNX file, or damaged (%zu bytes)", place, size);
    *out = mhoi_onnx__model_proto__unpack(&allocator, size, bytes);
    if (*out)
        return MHO_OK;
    if (status)
        return mho_error_prefix(status, "%s", place);
    return mho_error(MHO_EFORMAT, "%s: not an ONNX file, or damaged (%zu bytes)", place, size);
}

void mhoi_onnx_free(MhoiOnnx__ModelProto *model)
{
    mho_status unused = MHO_OK;
    ProtobufCAllocator allocator = {allocate, release, &unused};
    if (model)
        mhoi_onnx__model_proto__free_unpacked(model, &allocator);
}

const char *mhoi_onnx_text(const char *s)
{
    return s ? s : "";
}

size_t mhoi_onnx_length_prefix(const uint8_t *data, size_t size)
{
    size_t n = 0;
    while (n < size && data[n] & 0x80)
        n++;
    return n < size ? n + 1 : size;
}

mho_status mhoi_onnx_unpack_attribute(const uint8_t *bytes, size_t size,
                                      MhoiOnnx__AttributeProto **out)
{
    mho_status status = MHO_OK;
    ProtobufCAllocator allocator = {allocate, release, &status};
    const span all = {bytes, bytes + size};
    *out = NULL;
    if (is_sane(all, &mhoi_onnx__attribute_proto__descriptor, DEPTH_MAX))
        *out = mhoi_onnx__attribute_proto__unpack(&allocator, size, bytes);
    return *out     ? MHO_OK
           : status ? status
                    : mho_error(MHO_EFORMAT, "a default of an attribute is damaged");
}

void mhoi_onnx_free_attribute(MhoiOnnx__AttributeProto *a)
{
    mho_status unused = MHO_OK;
    ProtobufCAllocator allocator = {allocate, release, &unused};
    if (a)
        mhoi_onnx__attribute_proto__free_unpacked(a, &allocator);
}
