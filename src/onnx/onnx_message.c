/* SPDX-License-Identifier: Apache-2.0 */
/* Messages of a model in one arena of known size. */
#include <stdarg.h>
#include <string.h>

#include "base/contract.h"
#include "base/decimal.h"
#include "onnx/onnx_write.h"

void *mhoi_message_take(mhoi_writer *w, size_t size)
{
    void *p = w->arena + w->arena_used;
    w->arena_used += (size + 15) / 16 * 16;
    MHO_ASSERT(w->arena_used <= w->arena_size);
    return p;
}

char *mhoi_message_text(mhoi_writer *w, const char *format, ...)
{
    char buffer[256];
    va_list ap;
    va_start(ap, format);
    mhoi_decimal_vprint(buffer, sizeof buffer, format, ap);
    va_end(ap);
    char *copy = mhoi_message_take(w, strlen(buffer) + 1);
    return strcpy(copy, buffer);
}

/* --- messages */

MhoiOnnx__TensorProto *mhoi_message_tensor(mhoi_writer *w, char *name, int type, const void *data,
                                           size_t bytes)
{
    MhoiOnnx__TensorProto *t = mhoi_message_take(w, sizeof *t);
    mhoi_onnx__tensor_proto__init(t);
    t->name = name;
    t->has_data_type = 1;
    t->data_type = type;
    t->has_raw_data = 1;
    t->raw_data = (ProtobufCBinaryData){.len = bytes, .data = (uint8_t *)(uintptr_t)data};
    t->dims = mhoi_message_take(w, MHO_TENSOR_DIMS * sizeof *t->dims);
    w->graph.initializer[w->graph.n_initializer++] = t;
    return t;
}

void mhoi_message_dim(MhoiOnnx__TensorProto *t, size_t dim)
{
    t->dims[t->n_dims++] = (int64_t)dim;
}

void mhoi_message_input(MhoiOnnx__NodeProto *node, char *name)
{
    node->input[node->n_input++] = name;
}

void mhoi_message_vector(mhoi_writer *w, MhoiOnnx__NodeProto *node, const char *what,
                         const float *values, size_t count)
{
    char *name = mhoi_message_text(w, "%s.%s", node->name, what);
    MhoiOnnx__TensorProto *t = mhoi_message_tensor(
        w, name, MHOI_ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT, values, count * sizeof *values);
    mhoi_message_dim(t, count);
    mhoi_message_input(node, name);
}

MhoiOnnx__NodeProto *mhoi_message_node(mhoi_writer *w, const char *op, char *input, char *output)
{
    MhoiOnnx__NodeProto *node = mhoi_message_take(w, sizeof *node);
    mhoi_onnx__node_proto__init(node);
    node->op_type = mhoi_message_text(w, "%s", op);
    node->name = output;
    node->output = mhoi_message_take(w, sizeof *node->output);
    node->output[node->n_output++] = output;
    node->input = mhoi_message_take(w, (MHOI_NODE_INPUTS + 1) * sizeof *node->input);
    mhoi_message_input(node, input);
    node->attribute = mhoi_message_take(w, 6 * sizeof(MhoiOnnx__AttributeProto *));
    w->graph.node[w->graph.n_node++] = node;
    return node;
}

static MhoiOnnx__AttributeProto *add_attribute(mhoi_writer *w, MhoiOnnx__NodeProto *node,
                                               const char *name,
                                               MhoiOnnx__AttributeProto__AttributeType type)
{
    MhoiOnnx__AttributeProto *a = mhoi_message_take(w, sizeof *a);
    mhoi_onnx__attribute_proto__init(a);
    a->name = mhoi_message_text(w, "%s", name);
    a->has_type = 1;
    a->type = type;
    node->attribute[node->n_attribute++] = a;
    return a;
}

void mhoi_message_int(mhoi_writer *w, MhoiOnnx__NodeProto *node, const char *name, size_t value)
{
    MhoiOnnx__AttributeProto *a =
        add_attribute(w, node, name, MHOI_ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT);
    a->has_i = 1;
    a->i = (int64_t)value;
}

void mhoi_message_float(mhoi_writer *w, MhoiOnnx__NodeProto *node, const char *name, float value)
{
    MhoiOnnx__AttributeProto *a =
        add_attribute(w, node, name, MHOI_ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT);
    a->has_f = 1;
    a->f = value;
}

void mhoi_message_ints(mhoi_writer *w, MhoiOnnx__NodeProto *node, const char *name, size_t count,
                       const size_t *values)
{
    MhoiOnnx__AttributeProto *a =
        add_attribute(w, node, name, MHOI_ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS);
    a->n_ints = count;
    a->ints = mhoi_message_take(w, count * sizeof *a->ints);
    for (size_t k = 0; k < count; k++)
        a->ints[k] = (int64_t)values[k];
}

void mhoi_message_wholes(mhoi_writer *w, MhoiOnnx__NodeProto *node, const char *name, size_t count,
                         const int64_t *values)
{
    MhoiOnnx__AttributeProto *a =
        add_attribute(w, node, name, MHOI_ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS);
    a->n_ints = count;
    a->ints = mhoi_message_take(w, count * sizeof *a->ints);
    memcpy(a->ints, values, count * sizeof *values);
}

void mhoi_message_floats(mhoi_writer *w, MhoiOnnx__NodeProto *node, const char *name, size_t count,
                         const float *values)
{
    MhoiOnnx__AttributeProto *a =
        add_attribute(w, node, name, MHOI_ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOATS);
    a->n_floats = count;
    a->floats = mhoi_message_take(w, count * sizeof *a->floats);
    memcpy(a->floats, values, count * sizeof *values);
}

void mhoi_message_string(mhoi_writer *w, MhoiOnnx__NodeProto *node, const char *name,
                         const char *value)
{
    MhoiOnnx__AttributeProto *a =
        add_attribute(w, node, name, MHOI_ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING);
    const size_t length = strlen(value);
    a->has_s = 1;
    a->s = (ProtobufCBinaryData){.len = length, .data = mhoi_message_take(w, length + 1)};
    memcpy(a->s.data, value, length);
}

void mhoi_message_metadata(mhoi_writer *w, MhoiOnnx__ModelProto *model, const char *key,
                           char *value)
{
    MhoiOnnx__StringStringEntryProto *entry = mhoi_message_take(w, sizeof *entry);
    mhoi_onnx__string_string_entry_proto__init(entry);
    entry->key = mhoi_message_text(w, "%s", key);
    entry->value = value;
    model->metadata_props[model->n_metadata_props++] = entry;
}
