/* SPDX-License-Identifier: Apache-2.0 */
/* The ONNX operators mho knows.  docs/models/onnx.md lists them with their limits. */
#include <string.h>

#include "base/alloc.h"
#include "net/net_impl.h"
#include "onnx/onnx_graph.h"
#include "ops/ops.h"

/* The constant that input i names. */

/* --- fully connected */

mho_status mhoi_graph_matrix(const mho_array *t, bool transposed, double scale, mho_node *node)
{
    mho_status s = mhoi_alloc(&node->weight, t->count, sizeof *node->weight, "ONNX parameters");
    if (s || transposed) {
        if (!s)
            mhoi_array_copy_scaled(t, scale, node->weight);
        return s;
    }
    const size_t out = node->out.c, in = t->count / out;
    for (size_t c = 0; c < out; c++)
        for (size_t i = 0; i < in; i++)
            node->weight[c * in + i] = (float)(scale * mho_array_number(t, i * out + c));
    return MHO_OK;
}

/* Gemm's third input, repeated to [N][out]: one value a column, or one for all.  One a row, [N][1], is no bias. */
static mho_status read_bias(const mhoi_graph *g, const mhoi_operation *n, mho_node *node)
{
    const mho_array *t;
    const double scale = (double)mhoi_attr_float(n, "beta", 1);
    mho_status s = mhoi_graph_constant_of(g, n, 2, &t);
    if (s)
        return s;
    const size_t last = t->rank ? t->size[t->rank - 1] : 1;
    if (t->rank > 2 || t->count != last || (last != 1 && last != node->out.c))
        return mho_error(MHO_ENOTMODELED, "bias '%s' is not one value a column",
                         mhoi_node_input_name(g, n, 2));
    if (last == node->out.c)
        return mhoi_graph_vector(g, n, 2, node->out.c, scale, &node->bias);
    s = mhoi_alloc(&node->bias, node->out.c, sizeof *node->bias, "ONNX parameters");
    for (size_t k = 0; !s && k < node->out.c; k++)
        node->bias[k] = (float)(scale * mho_array_number(t, 0));
    return s;
}

static mho_status convert_fc(mhoi_graph *g, const mhoi_operation *n)
{
    const bool gemm = strcmp(n->op, "Gemm") == 0;
    const bool transposed = gemm && mhoi_attr_int(n, "transB", 0) != 0;
    if (gemm && mhoi_attr_int(n, "transA", 0))
        return mhoi_node_refuse_value("transA", 1);
    const mhoi_value *value = mhoi_graph_value(g, n, 0);
    if (!value || value->truth || !value->flat)
        return mho_error(MHO_ENOTMODELED, "input '%s' is no layer's output of 2 dimensions",
                         mhoi_node_input_name(g, n, 0));
    const mho_array *t;
    mho_status s = mhoi_graph_constant_of(g, n, 1, &t);
    if (!s && t->rank != 2)
        s = mho_error(MHO_ENOTMODELED, "weight of %zu dimensions, want a matrix", t->rank);
    if (s)
        return s;
    mho_node layer = {.op = MHO_OP_FC, .inputs = 1, .input = {value->node}};
    layer.out.c = t->size[transposed ? 0 : 1];
    layer.has_bias = gemm && mhoi_node_input(n, 2) != MHOI_NO_OPERAND;
    s = mhoi_graph_append(g, n, &layer, true);
    if (s)
        return s;
    mho_node *node = &g->net->node[g->net->nodes - 1];
    if (t->count != mho_node_weight_count(node))
        return mho_error(MHO_EFORMAT, "weight of %zu x %zu, the input has %zu values", t->size[0],
                         t->size[1], node->in.c * node->in.h * node->in.w);
    const double alpha = gemm ? (double)mhoi_attr_float(n, "alpha", 1) : 1;
    if (!(transposed && alpha == 1 && mhoi_graph_lend_weights(g, n, 1)))
        s = mhoi_graph_matrix(t, transposed, alpha, node);
    return s || !node->has_bias ? s : read_bias(g, n, node);
}

/* Add of a constant: the bias of the weighted layer before. */
static mho_status convert_bias(mhoi_graph *g, const mhoi_operation *n, size_t constant)
{
    const mhoi_value *value = mhoi_graph_value(g, n, 1 - constant);
    const mho_array *t = mhoi_graph_constant(g, n, constant);
    mho_node *node = value ? &g->net->node[value->node] : NULL;
    if (!node || !mho_node_is_weighted(node) || node->has_bias || value->reshaped || value->truth ||
        value->again || g->readers[mhoi_node_input(n, 1 - constant)] != 1)
        return mho_error(MHO_ENOTMODELED,
                         "adds the constant '%s' elsewhere than after Conv or MatMul",
                         mhoi_node_input_name(g, n, constant));
    const size_t after = node->op == MHO_OP_CONV ? 2 : 0; /* [c, 1, 1] or [c] */
    if (t->count != node->out.c ||
        (t->count > 1 && (t->rank < after + 1 || t->size[t->rank - after - 1] != node->out.c)))
        return mho_error(MHO_ENOTMODELED, "adds a constant that is not one value a channel");
    if (t->rank > after + 2)
        return mho_error(MHO_ENOTMODELED, "adds a constant of %zu dimensions", t->rank);
    mho_status s = mhoi_graph_vector(g, n, constant, node->out.c, 1, &node->bias);
    node->has_bias = !s;
    if (!s)
        mhoi_graph_give(g, n, *value);
    return s;
}

/* --- the others */

static mho_status convert_batchnorm(mhoi_graph *g, const mhoi_operation *n)
{
    mho_node layer;
    bool flat;
    if (mhoi_attr_int(n, "training_mode", 0) || n->outputs > 1 || !mhoi_attr_int(n, "spatial", 1))
        return mho_error(MHO_ENOTMODELED, "as in training, or not spatial");
    mho_status s = mhoi_graph_begin(g, n, MHO_OP_BATCHNORM, false, &layer, &flat);
    layer.epsilon = mhoi_attr_float(n, "epsilon", 1e-5F);
    if (!s)
        s = mhoi_graph_append(g, n, &layer, flat);
    if (s)
        return s;
    mho_node *node = &g->net->node[g->net->nodes - 1];
    float **const values[] = {&node->gamma, &node->beta, &node->mean, &node->variance};
    for (size_t k = 0; !s && k < 4; k++)
        s = mhoi_graph_vector(g, n, k + 1, node->out.c, 1, values[k]);
    for (size_t k = 0; !s && k < node->out.c; k++)
        if (!(node->variance[k] >= 0))
            s = mho_error(MHO_EFORMAT, "variance[%zu] = %g", k, (double)node->variance[k]);
    return s;
}

/* Greater(x, 0) and Less(0, x): the step that the Cast behind it makes of them. */
static mho_status convert_compare(mhoi_graph *g, const mhoi_operation *n)
{
    const size_t constant = strcmp(n->op, "Greater") == 0 ? 1 : 0;
    const mho_array *t;
    mho_status s = mhoi_graph_constant_of(g, n, constant, &t);
    for (size_t k = 0; !s && k < t->count; k++)
        if (mho_array_number(t, k) != 0)
            s = mho_error(MHO_ENOTMODELED, "compares with %g, want 0", mho_array_number(t, k));
    if (!s && t->count != 1)
        s = mho_error(MHO_ENOTMODELED, "compares with %zu values, want one 0", t->count);
    mho_node layer = {.op = MHO_OP_STEP, .inputs = 1};
    bool flat = false;
    if (!s)
        s = mhoi_graph_layer(g, mhoi_node_input(n, 1 - constant), &layer.input[0], &flat);
    if (!s)
        s = mhoi_graph_append(g, n, &layer, flat);
    if (!s)
        g->value[n->output[0]].truth = true;
    return s;
}

/* Over the channels.  Before set 13 all axes from `axis` on are one, and the default is 1; then it is the last. */
static mho_status convert_softmax(mhoi_graph *g, const mhoi_operation *n)
{
    mho_node layer;
    bool flat;
    mho_status s = mhoi_graph_begin(g, n, MHO_OP_SOFTMAX, false, &layer, &flat);
    const bool old = n->set < 13;
    const int64_t told = mhoi_attr_int(n, "axis", old ? 1 : -1);
    const int64_t axis = told < 0 ? told + (flat ? 2 : 4) : told;
    if (!s && (axis != 1 || (old && layer.in.h * layer.in.w != 1)))
        s = mhoi_node_refuse_value("softmax of maps, or axis", told);
    return s ? s : mhoi_graph_append(g, n, &layer, flat);
}

static mho_status convert_add(mhoi_graph *g, const mhoi_operation *n)
{
    for (size_t k = 0; k < 2; k++)
        if (mhoi_graph_constant(g, n, k))
            return convert_bias(g, n, k);
    mho_node layer;
    bool flat, second;
    if (n->inputs != 2)
        return mho_error(MHO_ENOTMODELED, "adds %zu operands, want 2", n->inputs);
    mho_status s = mhoi_graph_begin(g, n, MHO_OP_ADD, false, &layer, &flat);
    layer.inputs = 2;
    if (!s)
        s = mhoi_graph_layer(g, mhoi_node_input(n, 1), &layer.input[1], &second);
    if (s)
        return s;
    const mho_shape a = layer.in, b = g->net->node[layer.input[1]].out;
    if (flat != second || a.c != b.c || a.h != b.h || a.w != b.w)
        return mho_error(MHO_ENOTMODELED, "adds layers of different shapes");
    return mhoi_graph_append(g, n, &layer, flat);
}

/* What follows may be a fully connected layer, which flattens by itself: so nothing is appended
 * yet. */
static mho_status give_flat(mhoi_graph *g, const mhoi_operation *n)
{
    const mhoi_value *found = mhoi_graph_value(g, n, 0);
    if (!found || found->truth)
        return mho_error(MHO_ENOTMODELED, "input 0 ('%s') is no layer's output",
                         mhoi_node_input_name(g, n, 0));
    mhoi_value value = *found;
    const mho_shape shape = g->net->node[value.node].out;
    value.reshaped = value.reshaped || (!value.flat && shape.h * shape.w != 1);
    value.flat = true;
    mhoi_graph_give(g, n, value);
    return MHO_OK;
}

/* Flatten, Reshape, Squeeze: to [N, everything]. */
static mho_status convert_flat(mhoi_graph *g, const mhoi_operation *n)
{
    const mhoi_value *value = mhoi_graph_value(g, n, 0);
    if (!value)
        return mho_error(MHO_ENOTMODELED, "input 0 ('%s') is no layer's output",
                         mhoi_node_input_name(g, n, 0));
    const mho_array *to = &g->known.array[n->output[0]], *from = &g->known.array[n->input[0]];
    if (to->type == MHO_TYPE_NONE || from->type == MHO_TYPE_NONE)
        return mho_error(MHO_ENOTMODELED, "the shape is not known");
    if (mhoi_array_same_shape(to, from) && !value->truth) {
        mhoi_graph_give(g, n, *value);
        return MHO_OK;
    }
    if (to->rank != 2 || to->size[0] != from->size[0])
        return mho_error(MHO_ENOTMODELED, "reshapes to other than [N, all]");
    return give_flat(g, n);
}

/* Dropout, Identity, and a Cast to float: of values, or of what a comparison gives, whose layer
 * then has the name of the Cast. */
static mho_status convert_same(mhoi_graph *g, const mhoi_operation *n)
{
    const mhoi_value *value = mhoi_graph_value(g, n, 0);
    const int64_t to = mhoi_attr_int(n, "to", MHO_TYPE_FLOAT);
    if (to != MHO_TYPE_FLOAT)
        return mhoi_node_refuse_value("to", to);
    if (!value)
        return mho_error(MHO_ENOTMODELED, "input 0 ('%s') is no layer's output",
                         mhoi_node_input_name(g, n, 0));
    mhoi_value same = *value;
    if (value->truth && strcmp(n->op, "Cast") == 0) {
        mhoi_net_set_unique_name(g->net, value->node, n->name);
        same.truth = false;
    }
    mhoi_graph_give(g, n, same);
    return MHO_OK;
}

static mho_status convert_dropout(mhoi_graph *g, const mhoi_operation *n)
{
    const mho_array *training = mhoi_graph_constant(g, n, 2);
    if ((mhoi_node_input(n, 2) != MHOI_NO_OPERAND &&
         (!training || mho_array_number(training, 0) != 0)) ||
        (n->outputs > 1 && g->readers[n->output[1]]))
        return mho_error(MHO_ENOTMODELED, "dropout as in training");
    return convert_same(g, n);
}

#define WINDOW "kernel_shape strides pads auto_pad dilations "

/* Does the only reader of operand make [N, features] of it? */
static bool is_flattened_next(const mhoi_graph *g, size_t operand, size_t features)
{
    const mhoi_program *p = g->program;
    for (size_t i = 0; g->readers[operand] == 1 && i < p->operations; i++) {
        const mhoi_operation *n = &p->operation[i];
        if (!n->inputs || n->input[0] != operand || n->outputs != 1)
            continue;
        const mho_array *out = &g->known.array[n->output[0]];
        return (!strcmp(n->op, "Flatten") || !strcmp(n->op, "Reshape")) && out->rank == 2 &&
               out->size[1] == features;
    }
    return false;
}

/* Turned before it is flattened, a map of one element a channel has the same elements. */
static mho_status convert_transpose(mhoi_graph *g, const mhoi_operation *n)
{
    const mhoi_value *value = mhoi_graph_value(g, n, 0);
    const mho_shape shape = value ? g->net->node[value->node].out : (mho_shape){0, 0, 0};
    if (!value || value->truth || value->flat || shape.h * shape.w != 1 ||
        !is_flattened_next(g, n->output[0], shape.c))
        return mho_error(MHO_ENOTMODELED, "of more than one element a channel, or not flattened");
    mhoi_graph_give(g, n, *value);
    return MHO_OK;
}

static const struct operator
{
    const char *name;
    mho_status (*convert)(mhoi_graph * g, const mhoi_operation *n);
    const char *attributes; /* those known, each followed by a space */
}
operators[] = {
    {"Conv", mhoi_onnx_convert_conv, WINDOW "group "},
    {"Gemm", convert_fc, "alpha beta transA transB "},
    {"MatMul", convert_fc, ""},
    {"BatchNormalization", convert_batchnorm,
     "epsilon momentum training_mode spatial is_test consumed_inputs "},
    {"MaxPool", mhoi_onnx_convert_pool, WINDOW "ceil_mode storage_order "},
    {"AveragePool", mhoi_onnx_convert_pool, WINDOW "ceil_mode count_include_pad "},
    {"GlobalMaxPool", mhoi_onnx_convert_global_pool, ""},
    {"GlobalAveragePool", mhoi_onnx_convert_global_pool, ""},
    {"Greater", convert_compare, ""},
    {"Less", convert_compare, ""},
    {"Softmax", convert_softmax, "axis "},
    {"Add", convert_add, ""},
    {"Sum", convert_add, ""},
    {"Flatten", convert_flat, "axis "},
    {"Reshape", convert_flat, "allowzero shape "},
    {"Squeeze", convert_flat, "axes "},
    {"Dropout", convert_dropout, "ratio seed is_test "},
    {"Identity", convert_same, ""},
    {"Transpose", convert_transpose, "perm "},
    {"Cast", convert_same, "to saturate "},
    {"Clip", mhoi_onnx_convert_rounding, ""},
    {"QuantizeLinear", mhoi_onnx_convert_rounding, "axis saturate block_size output_dtype "},
    {"DequantizeLinear", mhoi_onnx_convert_rounding, "axis block_size "},
};

static const struct operator* find_operator(const char *name)
{
    for (size_t k = 0; k < sizeof operators / sizeof operators[0]; k++)
        if (strcmp(operators[k].name, name) == 0)
            return &operators[k];
    return NULL;
}

bool mhoi_onnx_has_layer(const mhoi_operation *n)
{
    return !n->domain[0] && (find_operator(n->op) || mhoi_onnx_is_plain(n->op));
}

mho_status mhoi_onnx_convert(mhoi_graph *g, const mhoi_operation *n)
{
    if (n->domain[0])
        return mho_error(MHO_ENOTMODELED, "operator of the domain '%s'", n->domain);
    const struct operator* op = find_operator(n->op);
    if (!op)
        return mhoi_onnx_convert_plain(g, n);
    for (size_t i = 0; i < n->attrs; i++)
        if (!mhoi_is_attribute_of(op->attributes, n->attr[i].name))
            return mho_error(MHO_ENOTMODELED, "unknown attribute '%s'", n->attr[i].name);
    return op->convert(g, n);
}
