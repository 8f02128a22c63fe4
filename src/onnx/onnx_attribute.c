/* SPDX-License-Identifier: Apache-2.0 */
/* Attributes of nodes as those of a program's operations. */
#include <string.h>

#include "onnx/onnx_impl.h"

static mho_status copy_list(mhoi_program *p, void *out, size_t count, size_t size, const void *from)
{
    void *copy = NULL;
    mho_status s = mhoi_program_take(p, &copy, count ? count : 1, size);
    if (!s && count)
        memcpy(copy, from, count * size);
    if (!s)
        memcpy(out, &copy, sizeof copy);
    return s;
}

/* Files of the first versions tell no type: what is there tells it. */
static MhoiOnnx__AttributeProto__AttributeType type_of(const MhoiOnnx__AttributeProto *a)
{
    if (a->has_type && a->type != MHOI_ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__UNDEFINED)
        return a->type;
    return a->has_f    ? MHOI_ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT
           : a->has_i  ? MHOI_ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT
           : a->has_s  ? MHOI_ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING
           : a->t      ? MHOI_ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSOR
           : a->g      ? MHOI_ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__GRAPH
           : a->n_ints ? MHOI_ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS
                       : MHOI_ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOATS;
}

/* Texts as one, with a space between them. */
static mho_status join_texts(mhoi_program *p, const MhoiOnnx__AttributeProto *a, const char **out)
{
    size_t length = 0;
    char *text = NULL;
    for (size_t i = 0; i < a->n_strings; i++)
        length += a->strings[i].len + 1;
    mho_status s = mhoi_program_take(p, &text, length + 1, 1);
    *out = text;
    for (size_t i = 0; !s && i < a->n_strings; i++) {
        if (a->strings[i].len)
            memcpy(text, a->strings[i].data, a->strings[i].len);
        text += a->strings[i].len;
        *text++ = i + 1 < a->n_strings ? ' ' : 0;
    }
    return s;
}

mho_status mhoi_onnx_attribute(mhoi_program *p, const char *name, const MhoiOnnx__AttributeProto *a,
                               const mhoi_onnx_source *source, bool keep, mhoi_attr *out)
{
    mho_status s = mhoi_program_text(p, name, strlen(name), &out->name);
    if (s)
        return s;
    switch (type_of(a)) {
    case MHOI_ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT:
        out->kind = MHOI_ATTR_INT;
        out->whole = a->i;
        return MHO_OK;
    case MHOI_ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT:
        out->kind = MHOI_ATTR_FLOAT;
        out->real = a->f;
        return MHO_OK;
    case MHOI_ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING:
        out->kind = MHOI_ATTR_TEXT;
        return mhoi_program_text(p, a->s.len ? (const char *)a->s.data : "", a->s.len, &out->text);
    case MHOI_ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRINGS:
        out->kind = MHOI_ATTR_TEXT;
        out->count = a->n_strings;
        return join_texts(p, a, &out->text);
    case MHOI_ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS:
        out->kind = MHOI_ATTR_INTS;
        out->count = a->n_ints;
        return copy_list(p, &out->ints, a->n_ints, sizeof *a->ints, a->ints);
    case MHOI_ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOATS:
        out->kind = MHOI_ATTR_FLOATS;
        out->count = a->n_floats;
        return copy_list(p, &out->floats, a->n_floats, sizeof *a->floats, a->floats);
    case MHOI_ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSOR:
        out->kind =
            a->t && !mho_type_bytes((mho_type)a->t->data_type) ? MHOI_ATTR_OTHER : MHOI_ATTR_ARRAY;
        if (out->kind == MHOI_ATTR_OTHER)
            return MHO_OK;
        return a->t ? mhoi_onnx_array(a->t, source, keep, &out->array)
                    : mho_error(MHO_EFORMAT, "attribute '%s' has no tensor", name);
    default:
        out->kind = MHOI_ATTR_OTHER;
        return MHO_OK;
    }
}
