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
#include "onnx/onnx_pack.h"
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

/* Element by element: in any sizes, the same of all inputs. */
static bool takes_any(const mhoi_writer *w, const mho_node *n)
{
    bool same = n->op == MHO_OP_RELU || n->op == MHO_OP_LEAKY_RELU || n->op == MHO_OP_SIGN ||
                n->op == MHO_OP_STEP || n->op == MHO_OP_ADD;
    for (size_t k = 1; same && k < n->inputs; k++)
        same = mhoi_write_same_sizes(&w->given[n->input[0]], &w->given[n->input[k]]);
    return same;
}

static mho_array flat_array(size_t count)
{
    return (mho_array){.type = MHO_TYPE_FLOAT, .rank = 2, .size = {1, count}, .count = count};
}

/* What node n reads, of the sizes that its operator wants. */
static char *input_of(mhoi_writer *w, const mho_node *n, size_t k)
{
    const mho_node *from = &w->net->node[n->input[k]];
    if (!w->given || takes_any(w, n) || n->work)
        return mhoi_message_text(w, "%s", from->name);
    const mho_array want =
        n->op == MHO_OP_FC ? flat_array(n->in.c * n->in.h * n->in.w) : mhoi_write_map(from->out);
    return mhoi_write_as(w, n->input[k], &want);
}

/* The sizes that layer n gives. */
static mho_array given_by(const mhoi_writer *w, const mho_node *n)
{
    if (n->work)
        return n->work->out;
    if (takes_any(w, n))
        return w->given[n->input[0]];
    return n->op == MHO_OP_FC || n->op == MHO_OP_FLATTEN ? flat_array(n->out.c)
                                                         : mhoi_write_map(n->out);
}

/* The operator of that name, its inputs and attributes. */
static MhoiOnnx__NodeProto *write_plain(mhoi_writer *w, const mho_node *n, char *input,
                                        char *output)
{
    char *other[MHOI_NODE_INPUTS];
    for (size_t k = 1; k < n->inputs; k++)
        other[k] = input_of(w, n, k);
    MhoiOnnx__NodeProto *out = mhoi_message_node(w, mhoi_op_info_of(n->op)->onnx, input, output);
    for (size_t k = 1; k < n->inputs; k++)
        mhoi_message_input(out, other[k]);
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
    char *output = mhoi_message_text(w, "%s", n->name);
    mho_status s =
        n->work ? mhoi_write_work(w, i, output) : write_layer(w, i, input_of(w, n, 0), output);
    if (w->given)
        w->given[i] = given_by(w, n);
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
    w->flat[0] = w->given;
    for (size_t i = 1; i < w->net->nodes; i++) {
        const mho_node *n = &w->net->node[i];
        const bool flat = w->flat[n->input[0]];
        const bool windows = mhoi_op_is(n->op, MHOI_OP_WINDOW);
        w->flat[i] = n->op == MHO_OP_FC || n->op == MHO_OP_FLATTEN || flat || w->given;
        if (w->given && n->work)
            continue;
        if (!w->given &&
            ((windows && flat) || (n->op == MHO_OP_ADD && flat != w->flat[n->input[1]])))
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

static MhoiOnnx__ValueInfoProto *tensor_info(mhoi_writer *w, char *name, mho_type type_of)
{
    MhoiOnnx__ValueInfoProto *info = mhoi_message_take(w, sizeof *info);
    MhoiOnnx__TypeProto *type = mhoi_message_take(w, sizeof *type);
    MhoiOnnx__TypeProto__Tensor *tensor = mhoi_message_take(w, sizeof *tensor);
    MhoiOnnx__TensorShapeProto *shape = mhoi_message_take(w, sizeof *shape);
    mhoi_onnx__value_info_proto__init(info);
    mhoi_onnx__type_proto__init(type);
    mhoi_onnx__type_proto__tensor__init(tensor);
    mhoi_onnx__tensor_shape_proto__init(shape);
    info->name = name;
    info->type = type;
    type->value_case = MHOI_ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE;
    type->tensor_type = tensor;
    tensor->has_elem_type = 1;
    tensor->elem_type = (int)type_of;
    tensor->shape = shape;
    shape->dim =
        mhoi_message_take(w, MHO_TENSOR_DIMS * sizeof(MhoiOnnx__TensorShapeProto__Dimension *));
    return info;
}

/* Of sizes that are told. */
static MhoiOnnx__ValueInfoProto *array_info(mhoi_writer *w, char *name, const mho_array *a)
{
    MhoiOnnx__ValueInfoProto *info = tensor_info(w, name, a->type);
    MhoiOnnx__TensorShapeProto *shape = info->type->tensor_type->shape;
    shape->n_dim = a->rank;
    for (size_t k = 0; k < a->rank; k++)
        shape->dim[k] = dimension(w, NULL, a->size[k]);
    return info;
}

static MhoiOnnx__ValueInfoProto *value_info(mhoi_writer *w, size_t i)
{
    const mho_node *n = &w->net->node[i];
    char *name = mhoi_message_text(w, "%s", n->name);
    if (w->given)
        return array_info(w, name, &w->given[i]);
    MhoiOnnx__ValueInfoProto *info = tensor_info(w, name, MHO_TYPE_FLOAT);
    MhoiOnnx__TensorShapeProto *shape = info->type->tensor_type->shape;
    shape->n_dim = w->flat[i] ? 2 : 4;
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

static size_t messages_of_works(const mho_net *net)
{
    size_t all = 0;
    for (size_t i = 0; i < net->nodes; i++)
        all += mhoi_write_work_messages(&net->node[i]);
    return all;
}

static mho_status write_graph(mhoi_writer *w)
{
    const mho_net *net = w->net;
    mhoi_onnx__graph_proto__init(&w->graph);
    w->graph.name = mhoi_message_text(w, "%s", net->name);
    const size_t more = w->given ? messages_of_works(net) : 0;
    w->graph.node =
        mhoi_message_take(w, (NODES_A_LAYER * net->nodes + more) * sizeof *w->graph.node);
    w->graph.initializer =
        mhoi_message_take(w, (TENSORS_A_LAYER * net->nodes + more) * sizeof *w->graph.initializer);
    mho_status s = MHO_OK;
    const mho_node *last = &net->node[net->nodes - 1];
    const bool several = mhoi_node_lists(last);
    for (size_t i = 1; !s && i < net->nodes - several; i++)
        s = write_node(w, i);
    w->graph.n_input = 1;
    w->graph.n_output = several ? last->inputs : 1;
    w->graph.input = mhoi_message_take(w, sizeof *w->graph.input);
    w->graph.output = mhoi_message_take(w, w->graph.n_output * sizeof *w->graph.output);
    w->graph.input[0] = value_info(w, 0);
    for (size_t k = 0; !s && several && k < last->inputs; k++)
        w->graph.output[k] = array_info(w, mhoi_write_output(w, last, k), &last->work->in[k]);
    if (!several)
        w->graph.output[0] = value_info(w, net->nodes - 1);
    return s;
}

/* A reader cuts long names and changes those that occur twice, which would then be those of other layers: what stands beside
 * layers has others then. */
static void change_names(mhoi_writer *w)
{
    for (size_t i = 0; i < w->graph.n_node; i++) {
        char *name = w->graph.node[i]->name;
        bool twice = false;
        for (size_t k = 0; k < i && !twice && name && name[0]; k++)
            twice = w->graph.node[k]->name && strcmp(w->graph.node[k]->name, name) == 0;
        if (name && (twice || strlen(name) >= MHO_NAME))
            w->graph.node[i]->name = mhoi_message_text(w, "beside.%zu", i);
    }
}

static mho_status pack(const MhoiOnnx__ModelProto *model, const mho_net *net, const char *path,
                       uint8_t **bytes, size_t *size)
{
    *size = mhoi_onnx__model_proto__get_packed_size(model);
    if (*size > BYTES_MAX)
        return mho_error(MHO_EDOMAIN, "%s: network %s takes %zu bytes, ONNX files hold %zu", path,
                         net->name, *size, BYTES_MAX);
    mho_status s = mhoi_alloc(bytes, *size, 1, "ONNX file");
    if (!s)
        mhoi_onnx__model_proto__pack(model, *bytes);
    return s;
}

/* Operator sets: ours, or a later one that general nodes are of, and those of vendors. */
enum { SETS_MAX = 8 };

static mho_status find_sets(mhoi_writer *w, MhoiOnnx__OperatorSetIdProto *set, size_t *sets)
{
    *sets = 1;
    set[0].domain = mhoi_message_text(w, "%s", "");
    set[0].version = OPSET;
    for (size_t i = 0; i < w->net->nodes; i++) {
        const mhoi_work *work = w->net->node[i].work;
        const mhoi_operation *op = work ? work->op : NULL;
        size_t k = 0;
        while (op && k < *sets && strcmp(set[k].domain, op->domain) != 0)
            k++;
        if (!op || (k < *sets && op->set <= set[k].version))
            continue;
        if (k == SETS_MAX)
            return mho_error(MHO_ENOTMODELED, "ONNX: operators of more than %d domains", SETS_MAX);
        if (k == *sets) {
            mhoi_onnx__operator_set_id_proto__init(&set[k]);
            set[k].domain = mhoi_message_text(w, "%s", op->domain);
            ++*sets;
        }
        set[k].version = op->set;
    }
    return MHO_OK;
}

/* Of a file with that operator set, at least. */
static int64_t ir_version(int64_t set)
{
    return set < 15 ? IR_VERSION : set < 19 ? 8 : set < 21 ? 9 : 10;
}

static mho_status write_model(mhoi_writer *w, const char *path, uint8_t **bytes, size_t *size)
{
    MhoiOnnx__ModelProto model = MHOI_ONNX__MODEL_PROTO__INIT;
    MhoiOnnx__OperatorSetIdProto set[SETS_MAX], *opsets[SETS_MAX];
    mhoi_onnx__operator_set_id_proto__init(&set[0]);
    mho_status s = write_graph(w);
    change_names(w);
    if (!s)
        s = find_sets(w, set, &model.n_opset_import);
    if (s)
        return s;
    for (size_t k = 0; k < model.n_opset_import; k++) {
        set[k].has_version = 1;
        opsets[k] = &set[k];
    }
    model.has_ir_version = 1;
    model.ir_version = ir_version(set[0].version);
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
    return pack(&model, w->net, path, bytes, size);
}

static size_t bytes_of_weights(const mho_net *net)
{
    size_t bytes = 0;
    for (size_t i = 0; i < net->nodes; i++)
        bytes += net->node[i].alphabet == MHO_ALPHABET_BINARY || net->node[i].weight_bits
                     ? mho_node_weight_count(&net->node[i])
                     : 0;
    return bytes;
}

static size_t bytes_of_messages(const mho_net *net)
{
    size_t bytes = (net->nodes + 1) * ARENA_A_NODE;
    for (size_t i = 0; i < net->nodes; i++) {
        bytes += net->node[i].weight_scale ? net->node[i].out.c * MHOI_SCALE_TEXT : 0;
        bytes += mhoi_net_is_mixed(net) ? mhoi_write_work_bytes(&net->node[i]) : 0;
    }
    return bytes;
}

/* The array that an image is, of a graph with general nodes. */
static mho_array array_of_input(const mho_net *net)
{
    const mhoi_dims *d = &net->declared;
    if (!d->rank)
        return mhoi_write_map(net->node[0].out);
    mho_array a = {.type = MHO_TYPE_FLOAT, .rank = d->rank + 1, .size = {1}, .count = 1};
    for (size_t k = 0; k < d->rank; k++) {
        a.size[k + 1] = d->size[k];
        a.count *= d->size[k];
    }
    return a;
}

static mho_status write_all(const mho_net *net, const char *place, uint8_t **bytes, size_t *size)
{
    mhoi_writer w = {.net = net, .arena_size = bytes_of_messages(net)};
    const bool mixed = mhoi_net_is_mixed(net);
    mho_status s = mixed ? MHO_OK : mhoi_net_check_walk(net, MHOI_WALK_ONNX);
    if (!s && mhoi_onnx_check_finite(net))
        s = mho_error_prefix(MHO_EDOMAIN, "%s", place);
    if (!s)
        s = mhoi_alloc(&w.arena, w.arena_size, 1, "ONNX messages");
    if (!s)
        s = mhoi_alloc(&w.bytes, bytes_of_weights(net), 1, "codes of weights");
    if (!s)
        s = mhoi_alloc(&w.flat, net->nodes, sizeof *w.flat, "ONNX layers");
    if (!s && mixed) {
        s = mhoi_alloc(&w.given, net->nodes, sizeof *w.given, "ONNX layers");
        if (!s)
            w.given[0] = array_of_input(net);
    }
    if (!s)
        s = check_nodes(&w);
    if (!s)
        s = write_model(&w, place, bytes, size);
    mhoi_free(&w.given);
    mhoi_free(&w.flat);
    mhoi_free(&w.bytes);
    mhoi_free(&w.arena);
    return s;
}

mho_status mhoi_onnx_pack(const mho_net *net, const char *place, uint8_t **bytes, size_t *size)
{
    const mho_net *coded = mhoi_net_in_codes(net);
    const mho_net view = mhoi_net_view(net, coded ? coded : net);
    *bytes = NULL;
    if (!mho_net_has_parameters(net))
        return mho_error(MHO_EDOMAIN, "%s: network %s has no parameters to write", place,
                         net->name);
    return write_all(coded ? &view : net, place, bytes, size);
}

mho_status mho_onnx_write(const mho_net *net, const char *path)
{
    uint8_t *bytes = NULL;
    size_t size = 0;
    mho_status s = mhoi_onnx_pack(net, path, &bytes, &size);
    if (!s)
        s = mhoi_file_write(path, bytes, size);
    mhoi_free(&bytes);
    return s;
}
