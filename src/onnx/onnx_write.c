/* SPDX-License-Identifier: Apache-2.0 */
/* Networks to ONNX: docs/models/onnx.md has the table of operators.
 *
 * All messages of a model live in one arena of known size; weights are not copied but pointed to,
 * binary ones apart, which become bytes. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/decimal.h"
#include "base/file.h"
#include "mho/onnx.h"
#include "net/op_table.h"
#include "onnx/onnx_impl.h"
#include "onnx/onnx_write.h"

#define OPSET 13
#define IR_VERSION 7
#define ARENA_A_NODE ((size_t)16384)
#define NODES_A_LAYER 7 /* of weights, flatten, the layer, cast, and three that round */
#define TENSORS_A_LAYER                                                                            \
    9 /* four parameters or weights, their scale, bias; scale, zero point, bounds */
#define BYTES_MAX ((size_t)2147483647) /* protobuf's limit of a message */

/* --- layers */

/* An attribute as the table of operators has it. */
static void set_attribute(mhoi_writer *w, MhoiOnnx__NodeProto *out, const mho_node *n,
                          const mhoi_attribute *a)
{
    const char *at = (const char *)n + a->offset;
    const size_t *size = (const void *)at;
    switch (a->kind) {
    case MHOI_ATTRIBUTE_SIZE:
        mhoi_message_int(w, out, a->onnx, *size);
        break;
    case MHOI_ATTRIBUTE_BOOL:
        mhoi_message_int(w, out, a->onnx, *(const bool *)at);
        break;
    case MHOI_ATTRIBUTE_FLOAT:
        mhoi_message_float(w, out, a->onnx, *(const float *)(const void *)at);
        break;
    case MHOI_ATTRIBUTE_PAIR:
        if (a->offset != offsetof(mho_node, dilation_h) || size[0] != 1 || size[1] != 1)
            mhoi_message_ints(w, out, a->onnx, 2,
                              size); /* AveragePool has no dilations to be told 1 */
        break;
    case MHOI_ATTRIBUTE_PADS:
        mhoi_message_ints(w, out, a->onnx, 4, size);
        break;
    }
}

static void set_attributes(mhoi_writer *w, MhoiOnnx__NodeProto *out, const mho_node *n)
{
    for (const mhoi_attribute *a = mhoi_op_info_of(n->op)->attribute; a->key; a++)
        if (a->onnx)
            set_attribute(w, out, n, a);
}

static void write_conv(mhoi_writer *w, const mho_node *n, char *input, char *output)
{
    char *weight =
        mhoi_write_weight(w, n, 4, (const size_t[]){n->out.c, n->in.c / n->groups, n->kh, n->kw});
    MhoiOnnx__NodeProto *out = mhoi_message_node(w, "Conv", input, output);
    mhoi_message_input(out, weight);
    if (n->has_bias)
        mhoi_message_vector(w, out, "bias", n->bias, n->out.c);
    set_attributes(w, out, n);
}

static void write_fc(mhoi_writer *w, const mho_node *n, char *input, char *output)
{
    if (!w->flat[n->input[0]]) {
        char *flat = mhoi_message_text(w, "%s.flatten", n->name);
        MhoiOnnx__NodeProto *flatten = mhoi_message_node(w, "Flatten", input, flat);
        mhoi_message_int(w, flatten, "axis", 1);
        input = flat;
    }
    char *weight =
        mhoi_write_weight(w, n, 2, (const size_t[]){n->out.c, n->in.c * n->in.h * n->in.w});
    MhoiOnnx__NodeProto *out = mhoi_message_node(w, "Gemm", input, output);
    mhoi_message_input(out, weight);
    if (n->has_bias)
        mhoi_message_vector(w, out, "bias", n->bias, n->out.c);
    mhoi_message_int(w, out, "transB", 1);
}

static void write_pool(mhoi_writer *w, const mho_node *n, char *input, char *output)
{
    MhoiOnnx__NodeProto *out =
        mhoi_message_node(w, n->op == MHO_OP_MAXPOOL ? "MaxPool" : "AveragePool", input, output);
    set_attributes(w, out, n);
    if (n->op == MHO_OP_AVGPOOL)
        mhoi_message_int(w, out, "count_include_pad", 0);
}

static void write_batchnorm(mhoi_writer *w, const mho_node *n, char *input, char *output)
{
    MhoiOnnx__NodeProto *out = mhoi_message_node(w, "BatchNormalization", input, output);
    mhoi_message_vector(w, out, "gamma", n->gamma, n->out.c);
    mhoi_message_vector(w, out, "beta", n->beta, n->out.c);
    mhoi_message_vector(w, out, "mean", n->mean, n->out.c);
    mhoi_message_vector(w, out, "variance", n->variance, n->out.c);
    set_attributes(w, out, n);
}

/* The operator of that name, its inputs and attributes. */
static MhoiOnnx__NodeProto *write_plain(mhoi_writer *w, const mho_node *n, char *input,
                                        char *output)
{
    MhoiOnnx__NodeProto *out = mhoi_message_node(w, mhoi_op_info_of(n->op)->onnx, input, output);
    for (size_t k = 1; k < n->inputs; k++)
        mhoi_message_input(out, mhoi_message_text(w, "%s", w->net->node[n->input[k]].name));
    set_attributes(w, out, n);
    return out;
}

/* 1 where x > 0: a comparison, and its truth as a number. */
static void write_step(mhoi_writer *w, char *input, char *output)
{
    static const float zero[1] = {0};
    char *name = mhoi_message_text(w, "%s.zero", output),
         *above = mhoi_message_text(w, "%s.above", output);
    mhoi_message_tensor(w, name, MHOI_ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT, zero, sizeof zero);
    MhoiOnnx__NodeProto *greater = mhoi_message_node(w, "Greater", input, above);
    mhoi_message_input(greater, name);
    mhoi_message_int(w, mhoi_message_node(w, "Cast", above, output), "to",
                     MHOI_ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT);
}

static mho_status write_layer(mhoi_writer *w, size_t i, char *input, char *output)
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
        mhoi_message_int(w, write_plain(w, n, input, output), "axis", 1);
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

static mho_status write_node(mhoi_writer *w, size_t i)
{
    const mho_node *n = &w->net->node[i];
    char *input = mhoi_message_text(w, "%s", w->net->node[n->input[0]].name),
         *output = mhoi_message_text(w, "%s", n->name);
    mho_status s = write_layer(w, i, input, output);
    if (!s && mhoi_node_rounds(n))
        mhoi_write_rounding(w, i, output);
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
static mho_status check_nodes(mhoi_writer *w)
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

static MhoiOnnx__TensorShapeProto__Dimension *dimension(mhoi_writer *w, char *symbol, size_t value)
{
    MhoiOnnx__TensorShapeProto__Dimension *d = mhoi_message_take(w, sizeof *d);
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

static MhoiOnnx__ValueInfoProto *value_info(mhoi_writer *w, size_t i)
{
    const mho_node *n = &w->net->node[i];
    MhoiOnnx__ValueInfoProto *info = mhoi_message_take(w, sizeof *info);
    MhoiOnnx__TypeProto *type = mhoi_message_take(w, sizeof *type);
    MhoiOnnx__TypeProto__Tensor *tensor = mhoi_message_take(w, sizeof *tensor);
    MhoiOnnx__TensorShapeProto *shape = mhoi_message_take(w, sizeof *shape);
    mhoi_onnx__value_info_proto__init(info);
    mhoi_onnx__type_proto__init(type);
    mhoi_onnx__type_proto__tensor__init(tensor);
    mhoi_onnx__tensor_shape_proto__init(shape);
    info->name = mhoi_message_text(w, "%s", n->name);
    info->type = type;
    type->value_case = MHOI_ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE;
    type->tensor_type = tensor;
    tensor->has_elem_type = 1;
    tensor->elem_type = MHOI_ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT;
    tensor->shape = shape;
    shape->n_dim = w->flat[i] ? 2 : 4;
    shape->dim = mhoi_message_take(w, 4 * sizeof(MhoiOnnx__TensorShapeProto__Dimension *));
    shape->dim[0] = dimension(w, mhoi_message_text(w, "N"), 0);
    shape->dim[1] = dimension(w, NULL, n->out.c);
    shape->dim[2] = dimension(w, NULL, n->out.h);
    shape->dim[3] = dimension(w, NULL, n->out.w);
    return info;
}

/* "0.485 0.456 0.406" */
static char *list_text(mhoi_writer *w, size_t count, const float *list)
{
    char *all = mhoi_message_take(w, count * MHOI_SCALE_TEXT + 1);
    size_t used = 0;
    for (size_t k = 0; k < count; k++)
        used += (size_t)mhoi_decimal_print(all + used, MHOI_SCALE_TEXT + 1, "%s%.9g", k ? " " : "",
                                           (double)list[k]);
    return all;
}

static void add_input_metadata(mhoi_writer *w, MhoiOnnx__ModelProto *model)
{
    const mho_input *in = &w->net->input;
    if (in->channels) {
        mhoi_message_metadata(w, model, "mho.input_mean", list_text(w, in->channels, in->mean));
        mhoi_message_metadata(w, model, "mho.input_std", list_text(w, in->channels, in->deviation));
    }
    if (in->layout == MHO_LAYOUT_NHWC)
        mhoi_message_metadata(w, model, "mho.input_layout", mhoi_message_text(w, "NHWC"));
    if (in->low != 0 || in->high != 0)
        mhoi_message_metadata(w, model, "mho.input_codes",
                              mhoi_message_text(w, "%.9g %.9g", (double)in->low, (double)in->high));
    if (in->values)
        mhoi_message_metadata(w, model, "mho.input_numbers",
                              mhoi_message_text(w, in->scale_set ? "scaled" : "normalized"));
}

static mho_status write_graph(mhoi_writer *w)
{
    const mho_net *net = w->net;
    mhoi_onnx__graph_proto__init(&w->graph);
    w->graph.name = mhoi_message_text(w, "%s", net->name);
    w->graph.node = mhoi_message_take(w, NODES_A_LAYER * net->nodes * sizeof *w->graph.node);
    w->graph.initializer =
        mhoi_message_take(w, TENSORS_A_LAYER * net->nodes * sizeof *w->graph.initializer);
    mho_status s = MHO_OK;
    for (size_t i = 1; !s && i < net->nodes; i++)
        s = write_node(w, i);
    w->graph.n_input = w->graph.n_output = 1;
    w->graph.input = mhoi_message_take(w, sizeof *w->graph.input);
    w->graph.output = mhoi_message_take(w, sizeof *w->graph.output);
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

static mho_status write_model(mhoi_writer *w, const char *path)
{
    MhoiOnnx__ModelProto model = MHOI_ONNX__MODEL_PROTO__INIT;
    MhoiOnnx__OperatorSetIdProto opset = MHOI_ONNX__OPERATOR_SET_ID_PROTO__INIT,
                                 *opsets[1] = {&opset};
    mho_status s = write_graph(w);
    if (s)
        return s;
    opset.domain = mhoi_message_text(w, "%s", "");
    opset.has_version = 1;
    opset.version = OPSET;
    model.has_ir_version = 1;
    model.ir_version = IR_VERSION;
    model.n_opset_import = 1;
    model.opset_import = opsets;
    model.producer_name = mhoi_message_text(w, "mho");
    model.producer_version = mhoi_message_text(w, "%s", MHO_VERSION);
    model.graph = &w->graph;
    model.metadata_props =
        mhoi_message_take(w, (8 + 5 * w->net->nodes) * sizeof *model.metadata_props);
    mhoi_message_metadata(w, &model, "mho.input_scale",
                          mhoi_message_text(w, "%.9g", (double)w->net->input_scale));
    mhoi_message_metadata(w, &model, "mho.input_bits",
                          mhoi_message_text(w, "%zu", w->net->input_bits));
    add_input_metadata(w, &model);
    mhoi_message_metadata(w, &model, "mho.source", mhoi_message_text(w, "%s", w->net->source));
    for (size_t i = 0; i < w->net->nodes; i++)
        mhoi_write_coding(w, &model, &w->net->node[i]);
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
        scales += net->node[i].weight_scale ? net->node[i].out.c * MHOI_SCALE_TEXT : 0;
    mhoi_writer w = {.net = net, .arena_size = (net->nodes + 1) * ARENA_A_NODE + scales};
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
