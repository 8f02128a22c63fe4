/* SPDX-License-Identifier: Apache-2.0 */
/* Tensors of ONNX files as arrays: in any of the forms that their numbers are kept in. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "onnx/onnx_thin.h"

/* A small file takes no much larger memory: elements of a sparse tensor for each one told, and for none. */
#define SPARSE_TIMES ((size_t)64)
#define SPARSE_FREE ((size_t)1 << 14)

/* Numbers in the list of their kind; its length. */
static size_t listed(const MhoiOnnx__TensorProto *t)
{
    switch (t->data_type) {
    case MHO_TYPE_FLOAT:
        return t->n_float_data;
    case MHO_TYPE_DOUBLE:
        return t->n_double_data;
    case MHO_TYPE_INT64:
        return t->n_int64_data;
    case MHO_TYPE_UINT32:
    case MHO_TYPE_UINT64:
        return t->n_uint64_data;
    default:
        return t->n_int32_data;
    }
}

static void take_list(const MhoiOnnx__TensorProto *t, mho_array *out)
{
    for (size_t i = 0; i < out->count; i++) {
        int64_t whole = 0;
        if (mhoi_type_is_small_float(out->type)) {
            ((uint8_t *)out->data)[i] = (uint8_t)t->int32_data[i]; /* their bits */
            continue;
        }
        switch (out->type) {
        case MHO_TYPE_FLOAT:
            ((float *)out->data)[i] = t->float_data[i];
            continue;
        case MHO_TYPE_DOUBLE:
            ((double *)out->data)[i] = t->double_data[i];
            continue;
        case MHO_TYPE_FLOAT16:
        case MHO_TYPE_BFLOAT16: /* their bits */
            ((uint16_t *)out->data)[i] = (uint16_t)t->int32_data[i];
            continue;
        case MHO_TYPE_INT64:
            whole = t->int64_data[i];
            break;
        case MHO_TYPE_UINT32:
        case MHO_TYPE_UINT64:
            whole = (int64_t)t->uint64_data[i];
            break;
        default:
            whole = t->int32_data[i];
            break;
        }
        mhoi_array_set_wholes(out, i, 1, &whole);
    }
}

/* A byte of several elements in each number. */
static mho_status take_packed_list(const MhoiOnnx__TensorProto *t, mho_array *out)
{
    uint8_t *bytes = NULL;
    mho_status s = mhoi_alloc(&bytes, t->n_int32_data, 1, "ONNX tensor");
    for (size_t i = 0; !s && i < t->n_int32_data; i++)
        bytes[i] = (uint8_t)t->int32_data[i];
    if (!s)
        mhoi_unpack_bytes(bytes, out);
    mhoi_free(&bytes);
    return s;
}

static void truths(mho_array *a)
{
    for (size_t i = 0; a->type == MHO_TYPE_BOOL && i < a->count; i++)
        ((uint8_t *)a->data)[i] = ((uint8_t *)a->data)[i] != 0;
}

/* The value of a key of external data; NULL if it is not there. */
static const char *external(const MhoiOnnx__TensorProto *t, const char *key)
{
    for (size_t i = 0; i < t->n_external_data; i++)
        if (strcmp(mhoi_onnx_text(t->external_data[i]->key), key) == 0)
            return mhoi_onnx_text(t->external_data[i]->value);
    return NULL;
}

static mho_status external_number(const char *text, uint64_t otherwise, uint64_t *out)
{
    *out = text ? 0 : otherwise;
    for (const char *p = text; p && *p; p++)
        if (*p < '0' || *p > '9' || *out > (UINT64_MAX - 9) / 10)
            return mho_error(MHO_EFORMAT, "'%s' is no number of bytes", text);
        else
            *out = *out * 10 + (uint64_t)(*p - '0');
    return MHO_OK;
}

/* Only files in or below the folder of the model. */
static bool is_inside(const char *path)
{
    if (!path[0] || path[0] == '/')
        return false;
    for (const char *p = path; p; p = strchr(p, '/') ? strchr(p, '/') + 1 : NULL)
        if (p[0] == '.' && p[1] == '.' && (p[2] == '/' || p[2] == 0))
            return false;
    return true;
}

/* Whether what `path` leads to, links followed, lies in or below the folder of the model, or of the file that the model's own
 * path leads to. */
static bool stays_inside(const char *path, const mhoi_onnx_source *source)
{
    char folder[PATH_MAX], file[PATH_MAX];
    if (!realpath(path, file))
        return true; /* reading it says why */
    bool inside = false;
    for (int k = 0; !inside && k < 2; k++) {
        if (!realpath(k ? source->path : source->folder[0] ? source->folder : ".", folder))
            continue;
        if (k)
            *strrchr(folder, '/') = 0;
        const size_t length = strcmp(folder, "/") == 0 ? 0 : strlen(folder);
        inside = strncmp(file, folder, length) == 0 && file[length] == '/';
    }
    return inside;
}

static mho_status read_at(const char *path, uint64_t offset, void *out, size_t bytes)
{
    FILE *f = fopen(path, "rbe");
    if (!f)
        return mho_error(MHO_EFILE, "%s: %s", path, strerror(errno));
    mho_status s = MHO_OK;
    if (offset > INT64_MAX || fseeko(f, (off_t)offset, SEEK_SET) != 0 ||
        fread(out, 1, bytes, f) != bytes)
        s = mho_error(MHO_EFORMAT, "%s: no %zu bytes at byte %llu", path, bytes,
                      (unsigned long long)offset);
    (void)fclose(f);
    return s;
}

/* Bytes of a file of their own, or of the model's. */
typedef struct place {
    const char *path;
    uint64_t offset;
    const mhoi_onnx_source *source;
    const mhoi_onnx_range *range;
} place;

static mho_status read_place(const place *from, void *out, size_t bytes)
{
    return from->source ? mhoi_onnx_read_range(from->source, from->range, out)
                        : read_at(from->path, from->offset, out, bytes);
}

/* An array of what lies there. */
static mho_status fill(const place *from, size_t bytes, mho_array *out)
{
    uint8_t *small = NULL;
    mho_status s = mhoi_array_alloc(out, "ONNX tensor");
    if (s || !bytes)
        return s;
    if (!mhoi_type_is_packed(out->type))
        return read_place(from, out->data, bytes);
    s = mhoi_alloc(&small, bytes, 1, "ONNX tensor");
    if (!s)
        s = read_place(from, small, bytes);
    if (!s)
        mhoi_unpack_bytes(small, out);
    mhoi_free(&small);
    return s;
}

static mho_status take_external(const MhoiOnnx__TensorProto *t, const mhoi_onnx_source *source,
                                mho_array *out)
{
    const char *location = external(t, "location");
    const size_t bytes = mhoi_packed_bytes(out->type, out->count);
    uint64_t offset = 0, length = 0;
    char path[1024];
    if (!location || !is_inside(location))
        return mho_error(MHO_EFORMAT, "kept in '%s', want a file in the folder of the model",
                         location ? location : "");
    if (!source->folder)
        return mho_error(MHO_ENOTMODELED, "kept outside the file");
    if ((size_t)snprintf(path, sizeof path, "%s%s", source->folder, location) >= sizeof path)
        return mho_error(MHO_EFORMAT, "kept in '%s': the path is too long", location);
    if (!stays_inside(path, source))
        return mho_error(MHO_EFORMAT,
                         "kept in '%s', a link that leads out of the folder of the model",
                         location);
    mho_status s = external_number(external(t, "offset"), 0, &offset);
    if (!s)
        s = external_number(external(t, "length"), bytes, &length);
    if (!s && length != bytes)
        s = mho_error(MHO_EFORMAT, "%llu bytes kept outside, want %zu", (unsigned long long)length,
                      bytes);
    const place from = {.path = path, .offset = offset};
    return s ? s : fill(&from, bytes, out);
}

static mho_status take_raw(MhoiOnnx__TensorProto *t, const mhoi_onnx_source *source, bool keep,
                           mho_array *out)
{
    const size_t bytes = mhoi_packed_bytes(out->type, out->count);
    const place from = {.source = source, .range = mhoi_onnx_left_out(source, t)};
    const size_t have = from.range ? from.range->length : t->raw_data.len;
    if (have != bytes)
        return mho_error(MHO_EFORMAT, "%zu bytes of values, its dimensions tell %zu", have, bytes);
    if (from.range)
        return fill(&from, bytes, out);
    if (mhoi_type_is_packed(out->type)) {
        mho_status s = mhoi_array_alloc(out, "ONNX tensor");
        if (!s)
            mhoi_unpack_bytes(t->raw_data.data, out);
        return s;
    }
    if (bytes && keep) {
        mho_status s = mhoi_array_alloc(out, "ONNX tensor");
        if (!s)
            memcpy(out->data, t->raw_data.data, bytes);
        return s;
    }
    if (bytes) { /* the bytes change their owner */
        out->data = t->raw_data.data;
        t->raw_data = (ProtobufCBinaryData){0, NULL};
    }
    return MHO_OK;
}

/* A list of floats changes its owner. */
static bool takes_floats(MhoiOnnx__TensorProto *t, bool keep, mho_array *out)
{
    if (keep || out->type != MHO_TYPE_FLOAT || t->n_float_data != out->count || !out->count)
        return false;
    out->data = t->float_data;
    t->float_data = NULL;
    t->n_float_data = 0;
    return true;
}

/* Whether numbers are told in several forms, which need not agree. */
static bool told_twice(const MhoiOnnx__TensorProto *t, const mhoi_onnx_source *source)
{
    const bool outside = t->has_data_location &&
                         t->data_location == MHOI_ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL;
    return outside + (t->raw_data.len || mhoi_onnx_left_out(source, t)) +
               (t->n_float_data || t->n_double_data || t->n_int32_data || t->n_int64_data ||
                t->n_uint64_data) >
           1;
}

static mho_status take(MhoiOnnx__TensorProto *t, const mhoi_onnx_source *source, bool keep,
                       mho_array *out)
{
    size_t size[MHO_TENSOR_DIMS];
    if (t->segment)
        return mho_error(MHO_ENOTMODELED, "kept in segments");
    if (!mho_type_bytes((mho_type)t->data_type))
        return mho_error(MHO_ENOTMODELED, "of ONNX type %d, mho reads numbers of 2 to 64 bits",
                         t->data_type);
    if (t->n_dims > MHO_TENSOR_DIMS)
        return mho_error(MHO_ENOTMODELED, "of %zu dimensions", t->n_dims);
    for (size_t k = 0; k < t->n_dims; k++) {
        if (t->dims[k] < 0)
            return mho_error(MHO_EFORMAT, "dimension %zu = %lld", k, (long long)t->dims[k]);
        size[k] = (size_t)t->dims[k];
    }
    mho_status s = mhoi_array_shape((mho_type)t->data_type, t->n_dims, size, out);
    if (s)
        return mho_error_prefix(MHO_EFORMAT, "dimensions");
    if (told_twice(t, source))
        return mho_error(MHO_EFORMAT,
                         "values in two forms (raw_data, a list, a file of their own)");
    if (t->has_data_location &&
        t->data_location == MHOI_ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL)
        return take_external(t, source, out);
    if (t->has_raw_data || mhoi_onnx_left_out(source, t))
        return take_raw(t, source, keep, out);
    if (takes_floats(t, keep, out))
        return MHO_OK;
    const size_t want =
        mhoi_type_is_packed(out->type) ? mhoi_packed_bytes(out->type, out->count) : out->count;
    if (listed(t) != want)
        return mho_error(MHO_EFORMAT, "%zu values, its dimensions tell %zu", listed(t), want);
    s = mhoi_array_alloc(out, "ONNX tensor");
    if (!s && mhoi_type_is_packed(out->type))
        s = take_packed_list(t, out);
    else if (!s)
        take_list(t, out);
    return s;
}

mho_status mhoi_onnx_array(MhoiOnnx__TensorProto *t, const mhoi_onnx_source *source, bool keep,
                           mho_array *out)
{
    mho_status s = take(t, source, keep, out);
    if (!s)
        truths(out);
    else
        mho_array_free(out);
    return s ? mho_error_prefix(s, "tensor '%s'", mhoi_onnx_text(t->name)) : MHO_OK;
}

/* Value k belongs to the element that its indices tell: one number of the whole, or one for each dimension. */
static mho_status scatter(const mho_array *values, const mho_array *at, mho_array *out)
{
    const size_t bytes = mho_type_bytes(out->type), each = at->rank == 2 ? at->size[1] : 1;
    if (at->type != MHO_TYPE_INT64 || at->rank < 1 || at->rank > 2 || values->rank != 1 ||
        at->size[0] != values->count || (at->rank == 2 && each != out->rank))
        return mho_error(MHO_EFORMAT, "indices that do not fit the values or the dimensions");
    for (size_t k = 0; k < values->count; k++) {
        const int64_t *index = (const int64_t *)at->data + k * each;
        size_t element = 0;
        for (size_t i = 0; i < each; i++) {
            const size_t size = at->rank == 2 ? out->size[i] : out->count;
            if (index[i] < 0 || (uint64_t)index[i] >= size)
                return mho_error(MHO_EFORMAT, "index %lld of %zu", (long long)index[i], size);
            element = element * size + (size_t)index[i];
        }
        memcpy((char *)out->data + element * bytes, (const char *)values->data + k * bytes, bytes);
    }
    return MHO_OK;
}

mho_status mhoi_onnx_sparse(MhoiOnnx__SparseTensorProto *t, const mhoi_onnx_source *source,
                            mho_array *out)
{
    mho_array values = {0}, at = {0};
    size_t size[MHO_TENSOR_DIMS];
    if (!t->values || !t->indices || t->n_dims > MHO_TENSOR_DIMS)
        return mho_error(MHO_EFORMAT, "a sparse tensor without values, indices or dimensions");
    for (size_t k = 0; k < t->n_dims; k++) {
        if (t->dims[k] < 0)
            return mho_error(MHO_EFORMAT, "dimension %zu = %lld", k, (long long)t->dims[k]);
        size[k] = (size_t)t->dims[k];
    }
    mho_status s = mhoi_onnx_array(t->values, source, true, &values);
    if (!s)
        s = mhoi_onnx_array(t->indices, source, true, &at);
    if (!s)
        s = mhoi_array_shape(values.type, t->n_dims, size, out);
    if (!s && out->count / SPARSE_TIMES > values.count + SPARSE_FREE)
        s = mho_error(MHO_ENOTMODELED, "%zu elements of which %zu are told", out->count,
                      values.count);
    if (!s)
        s = mhoi_array_alloc(out, "ONNX tensor");
    if (!s)
        s = scatter(&values, &at, out);
    mho_array_free(&values);
    mho_array_free(&at);
    if (s)
        mho_array_free(out);
    return s ? mho_error_prefix(s, "sparse tensor '%s'", mhoi_onnx_text(t->values->name)) : MHO_OK;
}
