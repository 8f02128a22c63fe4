/* SPDX-License-Identifier: Apache-2.0 */
/* ONNX bytes to messages, and tensors to numbers.
 *
 * The protobuf library recurses as deep as a file tells it to, so the depth is checked first; after
 * that every size is checked against the bytes there are. */
#include <string.h>

#include "base/alloc.h"
#include "onnx/onnx_impl.h"

#define DEPTH_MAX 24
#define RANK_MAX 8

typedef struct span {
    const uint8_t *at, *end;
} span;

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

/* True if every message in s is whole and nested at most `depth` deep. */
static bool is_sane(span s, const ProtobufCMessageDescriptor *type, unsigned depth)
{
    while (s.at < s.end) {
        uint64_t tag, n;
        if (!take_varint(&s, &tag) || tag >> 3 == 0 || tag >> 3 > 0x1FFFFFFF)
            return false;
        const unsigned wire = tag & 7;
        if (wire == 0) {
            if (!take_varint(&s, &n))
                return false;
        } else if (wire == 1 || wire == 5) {
            if (!skip(&s, wire == 1 ? 8 : 4))
                return false;
        } else if (wire == 2) {
            const ProtobufCFieldDescriptor *field =
                protobuf_c_message_descriptor_get_field(type, (unsigned)(tag >> 3));
            const uint8_t *start;
            if (!take_varint(&s, &n) || (start = s.at, !skip(&s, n)))
                return false;
            if (field && field->type == PROTOBUF_C_TYPE_MESSAGE &&
                (depth == 0 || !is_sane((span){start, s.at}, field->descriptor, depth - 1)))
                return false;
        } else {
            return false;
        }
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

/* How many values of the tensor's type there are, and how large one is in raw_data. */
static mho_status stored(const MhoiOnnx__TensorProto *t, size_t *values, size_t *size)
{
    switch (t->data_type) {
    case MHOI_ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT:
        *size = 4;
        *values = t->n_float_data;
        return MHO_OK;
    case MHOI_ONNX__TENSOR_PROTO__DATA_TYPE__DOUBLE:
        *size = 8;
        *values = t->n_double_data;
        return MHO_OK;
    case MHOI_ONNX__TENSOR_PROTO__DATA_TYPE__INT8:
    case MHOI_ONNX__TENSOR_PROTO__DATA_TYPE__UINT8:
    case MHOI_ONNX__TENSOR_PROTO__DATA_TYPE__BOOL:
        *size = 1;
        *values = t->n_int32_data;
        return MHO_OK;
    case MHOI_ONNX__TENSOR_PROTO__DATA_TYPE__INT32:
        *size = 4;
        *values = t->n_int32_data;
        return MHO_OK;
    case MHOI_ONNX__TENSOR_PROTO__DATA_TYPE__INT64:
        *size = 8;
        *values = t->n_int64_data;
        return MHO_OK;
    default:
        return mho_error(MHO_ENOTMODELED,
                         "tensor '%s' of ONNX type %d, mho reads float, double and integers",
                         mhoi_onnx_text(t->name), t->data_type);
    }
}

mho_status mhoi_onnx_count(const MhoiOnnx__TensorProto *t, size_t *count)
{
    const char *name = mhoi_onnx_text(t->name);
    size_t values = 0, size = 1, product = 1;
    if (t->segment || t->n_external_data ||
        (t->has_data_location &&
         t->data_location != MHOI_ONNX__TENSOR_PROTO__DATA_LOCATION__DEFAULT))
        return mho_error(MHO_ENOTMODELED, "tensor '%s' is kept outside the file", name);
    mho_status s = stored(t, &values, &size);
    if (s)
        return s;
    if (t->has_raw_data) {
        if (t->raw_data.len % size)
            return mho_error(MHO_EFORMAT, "tensor '%s': %zu bytes of values of %zu bytes", name,
                             t->raw_data.len, size);
        values = t->raw_data.len / size;
    }
    if (t->n_dims > RANK_MAX)
        return mho_error(MHO_ENOTMODELED, "tensor '%s' of %zu dimensions", name, t->n_dims);
    for (size_t k = 0; k < t->n_dims; k++)
        if (t->dims[k] < 0 || __builtin_mul_overflow(product, (size_t)t->dims[k], &product))
            return mho_error(MHO_EFORMAT, "tensor '%s': dimension %zu = %lld", name, k,
                             (long long)t->dims[k]);
    if (product != values)
        return mho_error(MHO_EFORMAT, "tensor '%s': %zu values, its dimensions tell %zu", name,
                         values, product);
    *count = product;
    return MHO_OK;
}

static double raw_element(const MhoiOnnx__TensorProto *t, size_t i)
{
    const uint8_t *raw = t->raw_data.data;
    float f;
    double d;
    int32_t i32;
    int64_t i64;
    switch (t->data_type) {
    case MHOI_ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT:
        return memcpy(&f, raw + 4 * i, 4), (double)f;
    case MHOI_ONNX__TENSOR_PROTO__DATA_TYPE__DOUBLE:
        return memcpy(&d, raw + 8 * i, 8), d;
    case MHOI_ONNX__TENSOR_PROTO__DATA_TYPE__INT32:
        return memcpy(&i32, raw + 4 * i, 4), (double)i32;
    case MHOI_ONNX__TENSOR_PROTO__DATA_TYPE__INT64:
        return memcpy(&i64, raw + 8 * i, 8), (double)i64;
    case MHOI_ONNX__TENSOR_PROTO__DATA_TYPE__INT8:
        return (double)(int8_t)raw[i];
    default:
        return (double)raw[i];
    }
}

double mhoi_onnx_element(const MhoiOnnx__TensorProto *t, size_t i)
{
    if (t->has_raw_data)
        return raw_element(t, i);
    switch (t->data_type) {
    case MHOI_ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT:
        return (double)t->float_data[i];
    case MHOI_ONNX__TENSOR_PROTO__DATA_TYPE__DOUBLE:
        return t->double_data[i];
    case MHOI_ONNX__TENSOR_PROTO__DATA_TYPE__INT64:
        return (double)t->int64_data[i];
    default:
        return (double)t->int32_data[i];
    }
}
