/* SPDX-License-Identifier: Apache-2.0 */
/* Networks to ONNX: docs/models/onnx.md has the table of operators.
 *
 * All messages of a model live in one arena of known size; weights are not copied but pointed to,
 * binary ones apart, which become bytes. */
#include <math.h>
#include <onnx.pb-c.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/decimal.h"
#include "base/alloc.h"
#include "onnx/onnx_impl.h"
#include "base/contract.h"
#include "base/file.h"
#include "mho/onnx.h"
#include "net/op_table.h"
#include "quant/codes.h"

#define OPSET 13
#define IR_VERSION 7
#define SCALE_TEXT ((size_t)16) /* characters of a scale and a blank */
#define ARENA_A_NODE ((size_t)16384)
#define NODES_A_LAYER 7 /* of weights, flatten, the layer, cast, and three that round */
#define TENSORS_A_LAYER                                                                            \
    9 /* four parameters or weights, their scale, bias; scale, zero point, bounds */
#define BYTES_MAX ((size_t)2147483647) /* protobuf's limit of a message */

typedef struct writer {
    const mho_net *net;
    char *arena, *bytes; /* bytes: binary weights, codes */
    size_t arena_used, arena_size, bytes_used;
    MhoiOnnx__GraphProto graph;
    bool *flat; /* node's value is [N][c], else [N][c][h][w] */
} writer;

/* --- the arena */

static void *take(writer *w, size_t size)
{
    void *p = w->arena + w->arena_used;
    w->arena_used += (size + 15) / 16 * 16;
    MHO_ASSERT(w->arena_used <= w->arena_size);
    return p;
}

static MHO_PRINTF(2, 3) char *text(writer *w, const char *format, ...)
{
    char buffer[256];
    va_list ap;
    va_start(ap, format);
    mhoi_decimal_vprint(buffer, sizeof buffer, format, ap);
    va_end(ap);
    char *copy = take(w, strlen(buffer) + 1);
    return strcpy(copy, buffer);
}

/* --- messages */

static MhoiOnnx__TensorProto *add_tensor(writer *w, char *name, int type, const void *data,
                                         size_t bytes)
{
    MhoiOnnx__TensorProto *t = take(w, sizeof *t);
    mhoi_onnx__tensor_proto__init(t);
    t->name = name;
    t->has_data_type = 1;
    t->data_type = type;
    t->has_raw_data = 1;
    t->raw_data = (ProtobufCBinaryData){.len = bytes, .data = (uint8_t *)(uintptr_t)data};
    t->dims = take(w, 4 * sizeof *t->dims);
    w->graph.initializer[w->graph.n_initializer++] = t;
    return t;
}

static void add_dim(MhoiOnnx__TensorProto *t, size_t dim)
{
    t->dims[t->n_dims++] = (int64_t)dim;
}

/* Adds an initializer of one dimension as an input of node. */
static void add_input(MhoiOnnx__NodeProto *node, char *name)
{
    node->input[node->n_input++] = name;
}

static void add_vector(writer *w, MhoiOnnx__NodeProto *node, const char *what, const float *values,
                       size_t count)
{
    char *name = text(w, "%s.%s", node->name, what);
    MhoiOnnx__TensorProto *t = add_tensor(w, name, MHOI_ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT,
                                          values, count * sizeof *values);
    add_dim(t, count);
    add_input(node, name);
}

static MhoiOnnx__NodeProto *add_node(writer *w, const char *op, char *input, char *output)
{
    MhoiOnnx__NodeProto *node = take(w, sizeof *node);
    mhoi_onnx__node_proto__init(node);
    node->op_type = text(w, "%s", op);
    node->name = output;
    node->output = take(w, sizeof *node->output);
    node->output[node->n_output++] = output;
    node->input = take(w, (MHOI_NODE_INPUTS + 1) * sizeof *node->input);
    add_input(node, input);
    node->attribute = take(w, 6 * sizeof(MhoiOnnx__AttributeProto *));
    w->graph.node[w->graph.n_node++] = node;
    return node;
}

static MhoiOnnx__AttributeProto *add_attribute(writer *w, MhoiOnnx__NodeProto *node,
                                               const char *name,
                                               MhoiOnnx__AttributeProto__AttributeType type)
{
    MhoiOnnx__AttributeProto *a = take(w, sizeof *a);
    mhoi_onnx__attribute_proto__init(a);
    a->name = text(w, "%s", name);
    a->has_type = 1;
    a->type = type;
    node->attribute[node->n_attribute++] = a;
    return a;
}

static void set_int(writer *w, MhoiOnnx__NodeProto *node, const char *name, size_t value)
{
    MhoiOnnx__AttributeProto *a =
        add_attribute(w, node, name, MHOI_ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT);
    a->has_i = 1;
    a->i = (int64_t)value;
}

static void set_float(writer *w, MhoiOnnx__NodeProto *node, const char *name, float value)
{
    MhoiOnnx__AttributeProto *a =
        add_attribute(w, node, name, MHOI_ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT);
    a->has_f = 1;
    a->f = value;
}

static void set_ints(writer *w, MhoiOnnx__NodeProto *node, const char *name, size_t count,
                     const size_t *values)
{
    MhoiOnnx__AttributeProto *a =
        add_attribute(w, node, name, MHOI_ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS);
    a->n_ints = count;
    a->ints = take(w, count * sizeof *a->ints);
    for (size_t k = 0; k < count; k++)
        a->ints[k] = (int64_t)values[k];
}

/* --- layers */

/* An attribute as the table of operators has it. */
static void set_attribute(writer *w, MhoiOnnx__NodeProto *out, const mho_node *n,
                          const mhoi_attribute *a)
{
    const char *at = (const char *)n + a->offset;
    const size_t *size = (const void *)at;
    switch (a->kind) {
    case MHOI_ATTRIBUTE_SIZE:
        set_int(w, out, a->onnx, *size);
        break;
    case MHOI_ATTRIBUTE_BOOL:
        set_int(w, out, a->onnx, *(const bool *)at);
        break;
    case MHOI_ATTRIBUTE_FLOAT:
        set_float(w, out, a->onnx, *(const float *)(const void *)at);
        break;
    case MHOI_ATTRIBUTE_PAIR:
        if (a->offset != offsetof(mho_node, dilation_h) || size[0] != 1 || size[1] != 1)
            set_ints(w, out, a->onnx, 2, size); /* AveragePool has no dilations to be told 1 */
        break;
    case MHOI_ATTRIBUTE_PADS:
        set_ints(w, out, a->onnx, 4, size);
        break;
    }
}

static void set_attributes(writer *w, MhoiOnnx__NodeProto *out, const mho_node *n)
{
    for (const mhoi_attribute *a = mhoi_op_info_of(n->op)->attribute; a->key; a++)
        if (a->onnx)
            set_attribute(w, out, n, a);
}

/* Weights of few bits as int8 codes: code x scale is the weight, to the bit.  Scales of the channels, or one power of two. */
static bool code_weights(const mho_node *n, const float *scale, bool by_channel, char *code)
{
    const size_t count = mho_node_weight_count(n), each = count / n->out.c;
    for (size_t k = 0; k < count; k++) {
        const float s = scale[by_channel ? k / each : 0], c = nearbyintf(n->weight[k] / s);
        if (!(fabsf(c) <= 127) || c * s != n->weight[k])
            return false;
        code[k] = (char)(int)c;
    }
    return true;
}

/* The power of two that all are whole multiples of, with codes of weight_bits; 0: there is none. */
static float power_of_weights(const mho_node *n, char *code)
{
    const float most = ldexpf(1, (int)n->weight_bits - 1) - 1;
    float largest = 0;
    int exponent;
    for (size_t k = 0; k < mho_node_weight_count(n); k++)
        largest = fmaxf(largest, fabsf(n->weight[k]));
    (void)frexpf(largest / most, &exponent);
    for (int e = exponent - 1; largest > 0 && e <= exponent + 8; e++) {
        const float scale = ldexpf(1, e);
        if (largest / scale <= most && code_weights(n, &scale, false, code))
            return scale;
    }
    return 0;
}

/* DequantizeLinear of int8 codes, if the weights are such. */
static MhoiOnnx__TensorProto *add_coded_weight(writer *w, const mho_node *n, char *name)
{
    const size_t count = mho_node_weight_count(n);
    char *bytes = w->bytes + w->bytes_used;
    const float *scale = n->weight_scale;
    bool coded = n->weight_bits && scale && code_weights(n, scale, true, bytes);
    if (n->weight_bits && !scale) {
        float *power = take(w, sizeof *power);
        *power = power_of_weights(n, bytes);
        scale = power;
        coded = *power > 0;
    }
    if (!coded)
        return NULL;
    char *codes = text(w, "%s.weight_codes", n->name), *of = text(w, "%s.weight_scale", n->name);
    w->bytes_used += count;
    MhoiOnnx__NodeProto *node = add_node(w, "DequantizeLinear", codes, name);
    MhoiOnnx__TensorProto *t = add_tensor(w, of, MHOI_ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT, scale,
                                          (n->weight_scale ? n->out.c : 1) * sizeof(float));
    if (n->weight_scale) {
        add_dim(t, n->out.c);
        set_int(w, node, "axis", 0);
    }
    add_input(node, of);
    return add_tensor(w, codes, MHOI_ONNX__TENSOR_PROTO__DATA_TYPE__INT8, bytes, count);
}

/* The weights as an initializer of `dims` dimensions; binary ones as bytes, cast to float by a node
 * of its own, which comes first; coded ones as codes. */
static char *add_weight(writer *w, const mho_node *n, size_t dims, const size_t *dim)
{
    const size_t count = mho_node_weight_count(n);
    char *name = text(w, "%s.weight", n->name);
    MhoiOnnx__TensorProto *t;
    if (n->alphabet == MHO_ALPHABET_BINARY) {
        char *small = text(w, "%s.weight_int8", n->name), *bytes = w->bytes + w->bytes_used;
        for (size_t k = 0; k < count; k++)
            bytes[k] = n->weight[k] > 0 ? 1 : -1;
        w->bytes_used += count;
        t = add_tensor(w, small, MHOI_ONNX__TENSOR_PROTO__DATA_TYPE__INT8, bytes, count);
        MhoiOnnx__NodeProto *cast = add_node(w, "Cast", small, name);
        set_int(w, cast, "to", MHOI_ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT);
    } else if ((t = add_coded_weight(w, n, name)) == NULL) {
        t = add_tensor(w, name, MHOI_ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT, n->weight,
                       count * sizeof(float));
    }
    for (size_t k = 0; k < dims; k++)
        add_dim(t, dim[k]);
    return name;
}

static void write_conv(writer *w, const mho_node *n, char *input, char *output)
{
    char *weight =
        add_weight(w, n, 4, (const size_t[]){n->out.c, n->in.c / n->groups, n->kh, n->kw});
    MhoiOnnx__NodeProto *out = add_node(w, "Conv", input, output);
    add_input(out, weight);
    if (n->has_bias)
        add_vector(w, out, "bias", n->bias, n->out.c);
    set_attributes(w, out, n);
}

static void write_fc(writer *w, const mho_node *n, char *input, char *output)
{
    if (!w->flat[n->input[0]]) {
        char *flat = text(w, "%s.flatten", n->name);
        MhoiOnnx__NodeProto *flatten = add_node(w, "Flatten", input, flat);
        set_int(w, flatten, "axis", 1);
        input = flat;
    }
    char *weight = add_weight(w, n, 2, (const size_t[]){n->out.c, n->in.c * n->in.h * n->in.w});
    MhoiOnnx__NodeProto *out = add_node(w, "Gemm", input, output);
    add_input(out, weight);
    if (n->has_bias)
        add_vector(w, out, "bias", n->bias, n->out.c);
    set_int(w, out, "transB", 1);
}

static void write_pool(writer *w, const mho_node *n, char *input, char *output)
{
    MhoiOnnx__NodeProto *out =
        add_node(w, n->op == MHO_OP_MAXPOOL ? "MaxPool" : "AveragePool", input, output);
    set_attributes(w, out, n);
    if (n->op == MHO_OP_AVGPOOL)
        set_int(w, out, "count_include_pad", 0);
}

static void write_batchnorm(writer *w, const mho_node *n, char *input, char *output)
{
    MhoiOnnx__NodeProto *out = add_node(w, "BatchNormalization", input, output);
    add_vector(w, out, "gamma", n->gamma, n->out.c);
    add_vector(w, out, "beta", n->beta, n->out.c);
    add_vector(w, out, "mean", n->mean, n->out.c);
    add_vector(w, out, "variance", n->variance, n->out.c);
    set_attributes(w, out, n);
}

/* The operator of that name, its inputs and attributes. */
static MhoiOnnx__NodeProto *write_plain(writer *w, const mho_node *n, char *input, char *output)
{
    MhoiOnnx__NodeProto *out = add_node(w, mhoi_op_info_of(n->op)->onnx, input, output);
    for (size_t k = 1; k < n->inputs; k++)
        add_input(out, text(w, "%s", w->net->node[n->input[k]].name));
    set_attributes(w, out, n);
    return out;
}

/* 1 where x > 0: a comparison, and its truth as a number. */
static void write_step(writer *w, char *input, char *output)
{
    static const float zero[1] = {0};
    char *name = text(w, "%s.zero", output), *above = text(w, "%s.above", output);
    add_tensor(w, name, MHOI_ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT, zero, sizeof zero);
    MhoiOnnx__NodeProto *greater = add_node(w, "Greater", input, above);
    add_input(greater, name);
    set_int(w, add_node(w, "Cast", above, output), "to", MHOI_ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT);
}

/* What the last node gives, rounded: Clip where codes have fewer than 8 bits, QuantizeLinear, DequantizeLinear. */
static void write_rounding(writer *w, size_t i, char *output)
{
    const mho_node *n = &w->net->node[i];
    const bool is_signed = mhoi_net_values(w->net, i).is_signed;
    const mho_codes codes = mhoi_codes_of_map(n->value_bits, is_signed);
    char *real = text(w, "%s.real", output), *code = text(w, "%s.codes", output);
    char *scale = text(w, "%s.scale", output), *zero = text(w, "%s.zero_point", output);
    float *bound = take(w, 2 * sizeof *bound);
    w->graph.node[w->graph.n_node - 1]->output[0] = real;
    (void)add_tensor(w, scale, MHOI_ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT, &n->value_scale,
                     sizeof n->value_scale);
    (void)add_tensor(w, zero,
                     is_signed ? MHOI_ONNX__TENSOR_PROTO__DATA_TYPE__INT8
                               : MHOI_ONNX__TENSOR_PROTO__DATA_TYPE__UINT8,
                     memset(take(w, 1), 0, 1), 1);
    if (n->value_bits < 8) {
        char *within = text(w, "%s.within", output), *low = text(w, "%s.low", output),
             *high = text(w, "%s.high", output);
        bound[0] = (float)codes.lo * n->value_scale;
        bound[1] = (float)codes.hi * n->value_scale;
        (void)add_tensor(w, low, MHOI_ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT, &bound[0],
                         sizeof *bound);
        (void)add_tensor(w, high, MHOI_ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT, &bound[1],
                         sizeof *bound);
        MhoiOnnx__NodeProto *clip = add_node(w, "Clip", real, within);
        add_input(clip, low);
        add_input(clip, high);
        real = within;
    }
    MhoiOnnx__NodeProto *q = add_node(w, "QuantizeLinear", real, code);
    add_input(q, scale);
    add_input(q, zero);
    MhoiOnnx__NodeProto *dq = add_node(w, "DequantizeLinear", code, output);
    add_input(dq, scale);
    add_input(dq, zero);
    dq->name = text(w, "%s.rounded", output);
}

static mho_status write_layer(writer *w, size_t i, char *input, char *output)
{
    const mho_node *n = &w->net->node[i];
    switch (n->op) {
    case MHO_OP_CONV:
        write_conv(w, n, input, output);
        return MHO_OK;
    case MHO_OP_FC:
        write_fc(w, n, input, output);
        return MHO_OK;
    case MHO_OP_MAXPOOL:
    case MHO_OP_AVGPOOL:
        write_pool(w, n, input, output);
        return MHO_OK;
    case MHO_OP_BATCHNORM:
        write_batchnorm(w, n, input, output);
        return MHO_OK;
    case MHO_OP_STEP:
        write_step(w, input, output);
        return MHO_OK;
    case MHO_OP_FLATTEN:
    case MHO_OP_SOFTMAX:
        set_int(w, write_plain(w, n, input, output), "axis", 1);
        return MHO_OK;
    case MHO_OP_ADD:
    case MHO_OP_SIGN:
    case MHO_OP_RELU:
    case MHO_OP_LEAKY_RELU:
        (void)write_plain(w, n, input, output);
        return MHO_OK;
    default:
        break;
    }
    if (!mhoi_op_is(n->op, MHOI_OP_PLAIN))
        return mhoi_node_refuse(n, MHOI_WALK_ONNX);
    (void)write_plain(w, n, input, output);
    return MHO_OK;
}

static mho_status write_node(writer *w, size_t i)
{
    const mho_node *n = &w->net->node[i];
    char *input = text(w, "%s", w->net->node[n->input[0]].name), *output = text(w, "%s", n->name);
    mho_status s = write_layer(w, i, input, output);
    if (!s && mhoi_node_rounds(n))
        write_rounding(w, i, output);
    return s;
}

/* Operators with the flag PLAIN are written from the table alone. */
#define PLAIN_ROW(W, op, name, stem, onnx, low, high, shape, attributes, flags, walkers)           \
    | (((flags)&MHOI_OP_PLAIN) ? MHOI_OP_BIT(op) : 0)
MHOI_WALKER_HANDLES(MHOI_WALK_ONNX,
                    MHOI_OP_BIT(INPUT) | MHOI_OP_BIT(CONV) | MHOI_OP_BIT(FC) |
                        MHOI_OP_BIT(MAXPOOL) | MHOI_OP_BIT(AVGPOOL) | MHOI_OP_BIT(BATCHNORM) |
                        MHOI_OP_BIT(STEP) | MHOI_OP_BIT(ADD) | MHOI_OP_BIT(FLATTEN) |
                        MHOI_OP_BIT(SOFTMAX) | (UINT64_C(0) MHOI_OPS(PLAIN_ROW, 0)));

/* --- the model */

/* A last partial window where ONNX has none to offer or one more. */
static bool ceil_differs(const mho_node *n)
{
    if (!n->ceil_mode || (n->op != MHO_OP_MAXPOOL && n->op != MHO_OP_AVGPOOL))
        return false;
    const size_t h = n->in.h + n->pad_top + n->pad_bottom - (n->kh - 1) * n->dilation_h - 1;
    const size_t v = n->in.w + n->pad_left + n->pad_right - (n->kw - 1) * n->dilation_w - 1;
    return n->out.h != (h + n->stride_h - 1) / n->stride_h + 1 ||
           n->out.w != (v + n->stride_w - 1) / n->stride_w + 1;
}

/* Fills in w->flat; refuses what standard operators would read differently. */
static mho_status check_nodes(writer *w)
{
    for (size_t i = 1; i < w->net->nodes; i++) {
        const mho_node *n = &w->net->node[i];
        const bool flat = w->flat[n->input[0]];
        const bool windows = mhoi_op_is(n->op, MHOI_OP_WINDOW);
        w->flat[i] = n->op == MHO_OP_FC || n->op == MHO_OP_FLATTEN || flat;
        if ((windows && flat) || (n->op == MHO_OP_ADD && flat != w->flat[n->input[1]]))
            return mho_error(MHO_ENOTMODELED, "ONNX: layer '%s' (%s) reads a flattened map",
                             n->name, mho_op_name(n->op));
        if (n->op == MHO_OP_SOFTMAX && n->out.h * n->out.w != 1)
            return mho_error(MHO_ENOTMODELED, "ONNX: layer '%s': softmax over %zu x %zu positions",
                             n->name, n->out.h, n->out.w);
        if (n->op == MHO_OP_AVGPOOL && n->dilation_h * n->dilation_w != 1)
            return mho_error(MHO_ENOTMODELED,
                             "ONNX: layer '%s': operator set %d has no dilated average", n->name,
                             OPSET);
        if (ceil_differs(n))
            return mho_error(MHO_ENOTMODELED, "ONNX: layer '%s': a last window within the padding",
                             n->name);
    }
    return MHO_OK;
}

static MhoiOnnx__TensorShapeProto__Dimension *dimension(writer *w, char *symbol, size_t value)
{
    MhoiOnnx__TensorShapeProto__Dimension *d = take(w, sizeof *d);
    mhoi_onnx__tensor_shape_proto__dimension__init(d);
    if (symbol) {
        d->value_case = MHOI_ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM;
        d->dim_param = symbol;
    } else {
        d->value_case = MHOI_ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
        d->dim_value = (int64_t)value;
    }
    return d;
}

static MhoiOnnx__ValueInfoProto *value_info(writer *w, size_t i)
{
    const mho_node *n = &w->net->node[i];
    MhoiOnnx__ValueInfoProto *info = take(w, sizeof *info);
    MhoiOnnx__TypeProto *type = take(w, sizeof *type);
    MhoiOnnx__TypeProto__Tensor *tensor = take(w, sizeof *tensor);
    MhoiOnnx__TensorShapeProto *shape = take(w, sizeof *shape);
    mhoi_onnx__value_info_proto__init(info);
    mhoi_onnx__type_proto__init(type);
    mhoi_onnx__type_proto__tensor__init(tensor);
    mhoi_onnx__tensor_shape_proto__init(shape);
    info->name = text(w, "%s", n->name);
    info->type = type;
    type->value_case = MHOI_ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE;
    type->tensor_type = tensor;
    tensor->has_elem_type = 1;
    tensor->elem_type = MHOI_ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT;
    tensor->shape = shape;
    shape->n_dim = w->flat[i] ? 2 : 4;
    shape->dim = take(w, 4 * sizeof(MhoiOnnx__TensorShapeProto__Dimension *));
    shape->dim[0] = dimension(w, text(w, "N"), 0);
    shape->dim[1] = dimension(w, NULL, n->out.c);
    shape->dim[2] = dimension(w, NULL, n->out.h);
    shape->dim[3] = dimension(w, NULL, n->out.w);
    return info;
}

static void add_metadata(writer *w, MhoiOnnx__ModelProto *model, const char *key, char *value)
{
    MhoiOnnx__StringStringEntryProto *entry = take(w, sizeof *entry);
    mhoi_onnx__string_string_entry_proto__init(entry);
    entry->key = text(w, "%s", key);
    entry->value = value;
    model->metadata_props[model->n_metadata_props++] = entry;
}

/* "8:-5": 8 bits, a code is worth 2^-5; "8*0.0123": so much. */
static char *codes_text(writer *w, const mho_node *n)
{
    int exponent;
    if (frexpf(n->value_scale, &exponent) == 0.5f)
        return text(w, "%zu:%d", n->value_bits, exponent - 1);
    return text(w, "%zu*%.9g", n->value_bits, (double)n->value_scale);
}

/* "0.0123 0.045 ...": one a channel, or one for all. */
static char *scales_text(writer *w, const mho_node *n)
{
    size_t count = 1, used = 0;
    for (size_t k = 1; k < n->out.c; k++)
        count = n->weight_scale[k] == n->weight_scale[0] ? count : n->out.c;
    char *all = take(w, count * SCALE_TEXT + 1);
    for (size_t k = 0; k < count; k++)
        used += (size_t)mhoi_decimal_print(all + used, SCALE_TEXT + 1, "%s%.9g", k ? " " : "",
                                           (double)n->weight_scale[k]);
    return all;
}

/* Blocks of the weights (which stand here expanded), their bits, and the codes of the values. */
static void add_coding(writer *w, MhoiOnnx__ModelProto *model, const mho_node *n)
{
    if (n->block > 1)
        add_metadata(w, model, text(w, MHOI_ONNX_BLOCK "%s", n->name),
                     text(w, "%zu%s", n->block, n->block_channels ? "c" : ""));
    if (n->weight_bits)
        add_metadata(w, model, text(w, MHOI_ONNX_WEIGHT_BITS "%s", n->name),
                     text(w, "%zu", n->weight_bits));
    if (n->weight_scale)
        add_metadata(w, model, text(w, MHOI_ONNX_WEIGHT_SCALE "%s", n->name), scales_text(w, n));
    if (n->op == MHO_OP_SIGN && n->sign_zero != -1)
        add_metadata(w, model, text(w, MHOI_ONNX_SIGN_ZERO "%s", n->name),
                     text(w, "%d", (int)n->sign_zero));
    if (mhoi_node_rounds(n))
        add_metadata(w, model, text(w, MHOI_ONNX_CODES "%s", n->name), codes_text(w, n));
    else if (n->value_bits)
        add_metadata(w, model, text(w, MHOI_ONNX_CODES "%s", n->name),
                     text(w, "%zu", n->value_bits));
}

/* "0.485 0.456 0.406" */
static char *list_text(writer *w, size_t count, const float *list)
{
    char *all = take(w, count * SCALE_TEXT + 1);
    size_t used = 0;
    for (size_t k = 0; k < count; k++)
        used += (size_t)mhoi_decimal_print(all + used, SCALE_TEXT + 1, "%s%.9g", k ? " " : "",
                                           (double)list[k]);
    return all;
}

static void add_input_metadata(writer *w, MhoiOnnx__ModelProto *model)
{
    const mho_input *in = &w->net->input;
    if (in->channels) {
        add_metadata(w, model, "mho.input_mean", list_text(w, in->channels, in->mean));
        add_metadata(w, model, "mho.input_std", list_text(w, in->channels, in->deviation));
    }
    if (in->layout == MHO_LAYOUT_NHWC)
        add_metadata(w, model, "mho.input_layout", text(w, "NHWC"));
    if (in->low != 0 || in->high != 0)
        add_metadata(w, model, "mho.input_codes",
                     text(w, "%.9g %.9g", (double)in->low, (double)in->high));
    if (in->values)
        add_metadata(w, model, "mho.input_numbers",
                     text(w, in->scale_set ? "scaled" : "normalized"));
}

static mho_status write_graph(writer *w)
{
    const mho_net *net = w->net;
    mhoi_onnx__graph_proto__init(&w->graph);
    w->graph.name = text(w, "%s", net->name);
    w->graph.node = take(w, NODES_A_LAYER * net->nodes * sizeof *w->graph.node);
    w->graph.initializer = take(w, TENSORS_A_LAYER * net->nodes * sizeof *w->graph.initializer);
    mho_status s = MHO_OK;
    for (size_t i = 1; !s && i < net->nodes; i++)
        s = write_node(w, i);
    w->graph.n_input = w->graph.n_output = 1;
    w->graph.input = take(w, sizeof *w->graph.input);
    w->graph.output = take(w, sizeof *w->graph.output);
    w->graph.input[0] = value_info(w, 0);
    w->graph.output[0] = value_info(w, net->nodes - 1);
    return s;
}

static mho_status pack(const MhoiOnnx__ModelProto *model, const mho_net *net, const char *path)
{
    const size_t size = mhoi_onnx__model_proto__get_packed_size(model);
    if (size > BYTES_MAX)
        return mho_error(MHO_EDOMAIN, "%s: network %s takes %zu bytes, ONNX files hold %zu", path,
                         net->name, size, BYTES_MAX);
    uint8_t *bytes = NULL;
    mho_status s = mhoi_alloc(&bytes, size, 1, "ONNX file");
    if (s)
        return s;
    mhoi_onnx__model_proto__pack(model, bytes);
    s = mhoi_file_write(path, bytes, size);
    mhoi_free(&bytes);
    return s;
}

static mho_status write_model(writer *w, const char *path)
{
    MhoiOnnx__ModelProto model = MHOI_ONNX__MODEL_PROTO__INIT;
    MhoiOnnx__OperatorSetIdProto opset = MHOI_ONNX__OPERATOR_SET_ID_PROTO__INIT,
                                 *opsets[1] = {&opset};
    mho_status s = write_graph(w);
    if (s)
        return s;
    opset.domain = text(w, "%s", "");
    opset.has_version = 1;
    opset.version = OPSET;
    model.has_ir_version = 1;
    model.ir_version = IR_VERSION;
    model.n_opset_import = 1;
    model.opset_import = opsets;
    model.producer_name = text(w, "mho");
    model.producer_version = text(w, "%s", MHO_VERSION);
    model.graph = &w->graph;
    model.metadata_props = take(w, (8 + 5 * w->net->nodes) * sizeof *model.metadata_props);
    add_metadata(w, &model, "mho.input_scale", text(w, "%.9g", (double)w->net->input_scale));
    add_metadata(w, &model, "mho.input_bits", text(w, "%zu", w->net->input_bits));
    add_input_metadata(w, &model);
    add_metadata(w, &model, "mho.source", text(w, "%s", w->net->source));
    for (size_t i = 0; i < w->net->nodes; i++)
        add_coding(w, &model, &w->net->node[i]);
    return pack(&model, w->net, path);
}

mho_status mho_onnx_write(const mho_net *net, const char *path)
{
    if (!mho_net_has_parameters(net))
        return mho_error(MHO_EDOMAIN, "%s: network %s has no parameters to write", path, net->name);
    size_t binary = 0;
    for (size_t i = 0; i < net->nodes; i++)
        binary += net->node[i].alphabet == MHO_ALPHABET_BINARY || net->node[i].weight_bits
                      ? mho_node_weight_count(&net->node[i])
                      : 0;
    size_t scales = 0;
    for (size_t i = 0; i < net->nodes; i++)
        scales += net->node[i].weight_scale ? net->node[i].out.c * SCALE_TEXT : 0;
    writer w = {.net = net, .arena_size = (net->nodes + 1) * ARENA_A_NODE + scales};
    mho_status s = mhoi_net_check_walk(net, MHOI_WALK_ONNX);
    if (!s && mhoi_onnx_check_finite(net))
        s = mho_error_prefix(MHO_EDOMAIN, "%s", path);
    if (!s)
        s = mhoi_alloc(&w.arena, w.arena_size, 1, "ONNX messages");
    if (!s)
        s = mhoi_alloc(&w.bytes, binary, 1, "codes of weights");
    if (!s)
        s = mhoi_alloc(&w.flat, net->nodes, sizeof *w.flat, "ONNX layers");
    if (!s)
        s = check_nodes(&w);
    if (!s)
        s = write_model(&w, path);
    mhoi_free(&w.flat);
    mhoi_free(&w.bytes);
    mhoi_free(&w.arena);
    return s;
}
