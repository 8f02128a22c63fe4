/* SPDX-License-Identifier: Apache-2.0 */
/* The ONNX operators mho knows.  docs/models/onnx.md lists them with their limits. */
#include <string.h>

#include "base/alloc.h"
#include "net/net_impl.h"
#include "onnx/onnx_graph.h"

/* The constant that input i names. */
static mho_status constant_of(const mhoi_graph *g, const mhoi_operation *n, size_t i,
                              const mho_array **out)
{
    *out = mhoi_graph_constant(g, n, i);
    return *out ? MHO_OK
                : mho_error(MHO_ENOTMODELED, "input %zu ('%s') is no constant", i,
                            mhoi_node_input_name(g, n, i));
}

static void copy_values(const mho_array *a, double scale, float *out)
{
    if (a->type == MHO_TYPE_FLOAT && scale == 1) {
        memcpy(out, a->data, a->count * sizeof *out);
        return;
    }
    for (size_t i = 0; i < a->count; i++)
        out[i] = (float)(scale * mho_array_number(a, i));
}

/* *out = `want` values of input i. */
static mho_status vector_of(const mhoi_graph *g, const mhoi_operation *n, size_t i, size_t want,
                            double scale, float **out)
{
    const mho_array *a;
    mho_status s = constant_of(g, n, i, &a);
    if (!s && a->count != want)
        s = mho_error(MHO_EFORMAT, "input %zu ('%s') has %zu values, want %zu", i,
                      mhoi_node_input_name(g, n, i), a->count, want);
    if (!s)
        s = mhoi_alloc(out, want, sizeof **out, "ONNX parameters");
    if (!s)
        copy_values(a, scale, *out);
    return s;
}

/* The values of input i as weights of the last layer, without a copy, if nobody else reads them: they become the
 * layer's once all of the program has become layers. */
static bool lend_weights(mhoi_graph *g, const mhoi_operation *n, size_t i)
{
    const size_t operand = mhoi_node_input(n, i);
    const mho_array *a = mhoi_graph_constant(g, n, i);
    mho_node *node = &g->net->node[g->net->nodes - 1];
    if (!a || a->type != MHO_TYPE_FLOAT || (g->readers[operand] != 1 && !g->mixed) ||
        a->data != g->program->operand[operand].array.data ||
        a->count != mho_node_weight_count(node))
        return false;
    node->weight = a->data;
    node->lent = g->mixed;
    if (g->mixed)
        return true;
    g->lent[operand] = g->net->nodes;
    return true;
}

/* --- layers and values */

const mhoi_value *mhoi_graph_value(const mhoi_graph *g, const mhoi_operation *n, size_t i)
{
    const size_t operand = mhoi_node_input(n, i);
    return operand != MHOI_NO_OPERAND && g->value[operand].there ? &g->value[operand] : NULL;
}

const mho_array *mhoi_graph_constant(const mhoi_graph *g, const mhoi_operation *n, size_t i)
{
    const size_t operand = mhoi_node_input(n, i);
    const mho_array *a = operand != MHOI_NO_OPERAND ? &g->known.array[operand] : NULL;
    return a && a->data ? a : NULL;
}

static void give(mhoi_graph *g, const mhoi_operation *n, mhoi_value value)
{
    value.there = true;
    g->value[n->output[0]] = value;
}

/* Appends a layer called `name`; on success it is g->net's last. */
static mho_status append(mhoi_graph *g, const char *name, const mho_node *layer)
{
    const size_t i = g->net->nodes++;
    g->net->node[i] = *layer;
    if (name[0])
        mhoi_net_set_unique_name(g->net, i, name);
    else
        mhoi_net_set_usual_name(g->net, i);
    return mhoi_net_infer_node(g->net, i);
}

mho_status mhoi_graph_append(mhoi_graph *g, const mhoi_operation *n, const mho_node *layer,
                             bool flat)
{
    mho_status s = append(g, n->name, layer);
    if (!s)
        give(g, n, (mhoi_value){.node = g->net->nodes - 1, .flat = flat});
    return s;
}

mho_status mhoi_graph_layer(mhoi_graph *g, size_t operand, size_t *out, bool *flat)
{
    const char *name = operand == MHOI_NO_OPERAND ? "" : g->program->operand[operand].name;
    mhoi_value *value = operand == MHOI_NO_OPERAND ? NULL : &g->value[operand];
    if (!value || !value->there)
        return mho_error(MHO_ENOTMODELED, "'%s' is no layer's output", name);
    if (value->truth)
        return mho_error(MHO_ENOTMODELED, "'%s' is a comparison, want it cast to float", name);
    if (value->reshaped) {
        const mho_node layer = {.op = MHO_OP_FLATTEN, .inputs = 1, .input = {value->node}};
        mho_status s = append(g, name, &layer);
        if (s)
            return s;
        value->node = g->net->nodes - 1;
        value->reshaped = false;
    }
    *out = value->node;
    *flat = value->flat;
    return MHO_OK;
}

/* Begins a layer that reads input 0; map: it wants [N, c, h, w]. */
static mho_status begin(mhoi_graph *g, const mhoi_operation *n, mho_op op, bool map,
                        mho_node *layer, bool *flat)
{
    *layer = (mho_node){.op = op, .inputs = 1};
    *flat = false;
    if (map)
        mhoi_node_set_window(layer, 0, 0);
    mho_status s = mhoi_graph_layer(g, mhoi_node_input(n, 0), &layer->input[0], flat);
    if (!s && map && *flat)
        s = mho_error(MHO_ENOTMODELED, "input '%s' has 2 dimensions, want 4",
                      mhoi_node_input_name(g, n, 0));
    if (!s)
        layer->in = g->net->node[layer->input[0]].out;
    return s;
}

/* --- convolution and pooling */

/* Padding that keeps ceil(in / stride) positions of a kernel that spans so many elements. */
static void same_padding(size_t in, size_t span, size_t stride, bool upper, size_t *before,
                         size_t *after)
{
    const size_t out = (in + stride - 1) / stride, reach = (out - 1) * stride + span;
    const size_t total = reach > in ? reach - in : 0;
    *before = upper ? total / 2 : total - total / 2;
    *after = total - *before;
}

/* Numbers of a window of two axes; of one, which is the width, `per` numbers with `both - 1` between. */
static mho_status window_ints(const mhoi_operation *n, const char *name, bool line, size_t low,
                              size_t count, size_t *out)
{
    size_t one[2] = {out[1], out[count - 1]};
    if (!line)
        return mhoi_node_ints(n, name, count, (int64_t)low, out);
    mho_status s = mhoi_node_ints(n, name, count / 2, (int64_t)low, one);
    out[1] = one[0];
    if (count == 4)
        out[3] = one[1];
    return s;
}

static mho_status read_padding(const mhoi_operation *n, bool line, mho_node *layer)
{
    const char *mode = mhoi_attr_text(n, "auto_pad", "NOTSET");
    size_t pads[4] = {0};
    if (strcmp(mode, "SAME_UPPER") == 0 || strcmp(mode, "SAME_LOWER") == 0) {
        const bool upper = mode[5] == 'U';
        same_padding(layer->in.h, (layer->kh - 1) * layer->dilation_h + 1, layer->stride_h, upper,
                     &pads[0], &pads[2]);
        same_padding(layer->in.w, (layer->kw - 1) * layer->dilation_w + 1, layer->stride_w, upper,
                     &pads[1], &pads[3]);
    } else if (strcmp(mode, "NOTSET") == 0) {
        mho_status s = window_ints(n, "pads", line, 0, 4, pads);
        if (s)
            return s;
    } else if (strcmp(mode, "VALID") != 0) {
        return mho_error(MHO_ENOTMODELED, "auto_pad = %s", mode);
    }
    layer->pad_top = pads[0];
    layer->pad_left = pads[1];
    layer->pad_bottom = pads[2];
    layer->pad_right = pads[3];
    return MHO_OK;
}

/* kernel_shape, strides, dilations, pads, auto_pad */
static mho_status read_window(const mhoi_graph *g, const mhoi_operation *n, mho_node *layer)
{
    const bool line = g->mixed && g->known.array[n->input[0]].rank == 3;
    size_t kernel[2] = {layer->kh, layer->kw}, strides[2] = {1, 1}, dilations[2] = {1, 1};
    mho_status s = window_ints(n, "kernel_shape", line, 1, 2, kernel);
    if (!s)
        s = window_ints(n, "strides", line, 1, 2, strides);
    if (!s)
        s = window_ints(n, "dilations", line, 1, 2, dilations);
    if (s)
        return s;
    if (line)
        kernel[0] = 1;
    if (kernel[0] == 0 || kernel[1] == 0)
        return mho_error(MHO_EFORMAT, "kernel_shape is missing");
    layer->kh = kernel[0];
    layer->kw = kernel[1];
    layer->stride_h = strides[0];
    layer->stride_w = strides[1];
    layer->dilation_h = dilations[0];
    layer->dilation_w = dilations[1];
    return read_padding(n, line, layer);
}

static mho_status convert_conv(mhoi_graph *g, const mhoi_operation *n)
{
    mho_node layer;
    bool flat;
    const mho_array *t;
    mho_status s = begin(g, n, MHO_OP_CONV, true, &layer, &flat);
    if (!s)
        s = constant_of(g, n, 1, &t);
    if (s)
        return s;
    if (t->rank != 4 && !(g->mixed && t->rank == 3))
        return mho_error(MHO_ENOTMODELED, "weight of %zu dimensions, want 4", t->rank);
    const size_t kh = t->rank == 4 ? t->size[2] : 1, kw = t->size[t->rank - 1];
    layer.out.c = t->size[0];
    layer.kh = kh;
    layer.kw = kw;
    const int64_t groups = mhoi_attr_int(n, "group", 1);
    if (groups < 1 || groups > MHOI_ONNX_EDGE_MAX)
        return mho_error(MHO_EFORMAT, "group = %lld", (long long)groups);
    layer.groups = (size_t)groups;
    layer.has_bias = mhoi_node_input(n, 2) != MHOI_NO_OPERAND;
    s = read_window(g, n, &layer);
    if (!s && (layer.kh != kh || layer.kw != kw))
        s = mho_error(MHO_EFORMAT, "kernel_shape %zu x %zu, the weight's is %zu x %zu", layer.kh,
                      layer.kw, kh, kw);
    if (!s)
        s = mhoi_graph_append(g, n, &layer, false);
    if (s)
        return s;
    mho_node *node = &g->net->node[g->net->nodes - 1];
    if (t->size[1] != node->in.c / node->groups)
        return mho_error(MHO_EFORMAT, "weight for %zu input channels, there are %zu in %zu groups",
                         t->size[1], node->in.c, node->groups);
    if (!lend_weights(g, n, 1))
        s = vector_of(g, n, 1, mho_node_weight_count(node), 1, &node->weight);
    if (!s && node->has_bias)
        s = vector_of(g, n, 2, node->out.c, 1, &node->bias);
    return s;
}

static mho_status convert_pool(mhoi_graph *g, const mhoi_operation *n)
{
    mho_node layer;
    bool flat;
    const bool max = strcmp(n->op, "MaxPool") == 0;
    mho_status s = begin(g, n, max ? MHO_OP_MAXPOOL : MHO_OP_AVGPOOL, true, &layer, &flat);
    layer.ceil_mode = mhoi_attr_int(n, "ceil_mode", 0) != 0;
    if (!s)
        s = read_window(g, n, &layer);
    const size_t pads = layer.pad_top + layer.pad_left + layer.pad_bottom + layer.pad_right;
    if (!s && !max && pads && mhoi_attr_int(n, "count_include_pad", 0))
        s = mhoi_node_refuse_value("count_include_pad", 1);
    if (!s && mhoi_attr_int(n, "storage_order", 0))
        s = mhoi_node_refuse_value("storage_order", 1);
    if (!s && n->outputs != 1)
        s = mho_error(MHO_ENOTMODELED, "%zu outputs, want one", n->outputs);
    return s ? s : mhoi_graph_append(g, n, &layer, false);
}

static mho_status convert_global_pool(mhoi_graph *g, const mhoi_operation *n)
{
    mho_node layer;
    bool flat;
    const bool max = strcmp(n->op, "GlobalMaxPool") == 0;
    mho_status s = begin(g, n, max ? MHO_OP_MAXPOOL : MHO_OP_AVGPOOL, true, &layer, &flat);
    layer.kh = layer.in.h;
    layer.kw = layer.in.w;
    return s ? s : mhoi_graph_append(g, n, &layer, false);
}

/* --- fully connected */

mho_status mhoi_graph_matrix(const mho_array *t, bool transposed, double scale, mho_node *node)
{
    mho_status s = mhoi_alloc(&node->weight, t->count, sizeof *node->weight, "ONNX parameters");
    if (s || transposed) {
        if (!s)
            copy_values(t, scale, node->weight);
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
    mho_status s = constant_of(g, n, 2, &t);
    if (s)
        return s;
    const size_t last = t->rank ? t->size[t->rank - 1] : 1;
    if (t->rank > 2 || t->count != last || (last != 1 && last != node->out.c))
        return mho_error(MHO_ENOTMODELED, "bias '%s' is not one value a column",
                         mhoi_node_input_name(g, n, 2));
    if (last == node->out.c)
        return vector_of(g, n, 2, node->out.c, scale, &node->bias);
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
    mho_status s = constant_of(g, n, 1, &t);
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
    if (!(transposed && alpha == 1 && lend_weights(g, n, 1)))
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
    mho_status s = vector_of(g, n, constant, node->out.c, 1, &node->bias);
    node->has_bias = !s;
    if (!s)
        give(g, n, *value);
    return s;
}

/* --- the others */

static mho_status convert_batchnorm(mhoi_graph *g, const mhoi_operation *n)
{
    mho_node layer;
    bool flat;
    if (mhoi_attr_int(n, "training_mode", 0) || n->outputs > 1 || !mhoi_attr_int(n, "spatial", 1))
        return mho_error(MHO_ENOTMODELED, "as in training, or not spatial");
    mho_status s = begin(g, n, MHO_OP_BATCHNORM, false, &layer, &flat);
    layer.epsilon = mhoi_attr_float(n, "epsilon", 1e-5F);
    if (!s)
        s = mhoi_graph_append(g, n, &layer, flat);
    if (s)
        return s;
    mho_node *node = &g->net->node[g->net->nodes - 1];
    float **const values[] = {&node->gamma, &node->beta, &node->mean, &node->variance};
    for (size_t k = 0; !s && k < 4; k++)
        s = vector_of(g, n, k + 1, node->out.c, 1, values[k]);
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
    mho_status s = constant_of(g, n, constant, &t);
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
    mho_status s = begin(g, n, MHO_OP_SOFTMAX, false, &layer, &flat);
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
    mho_status s = begin(g, n, MHO_OP_ADD, false, &layer, &flat);
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
    give(g, n, value);
    return MHO_OK;
}

/* Flatten, Reshape, Squeeze: to [N, everything]. */
static mho_status convert_flat(mhoi_graph *g, const mhoi_operation *n)
{
    const mhoi_value *value = mhoi_graph_value(g, n, 0);
    const mho_array *to = &g->known.array[n->output[0]], *from = &g->known.array[n->input[0]];
    if (!value || to->type == MHO_TYPE_NONE || from->type == MHO_TYPE_NONE)
        return mho_error(MHO_ENOTMODELED, "the shape is not known");
    if (mhoi_array_same_shape(to, from) && !value->truth) {
        give(g, n, *value);
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
    give(g, n, same);
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
    give(g, n, *value);
    return MHO_OK;
}

static const struct operator
{
    const char *name;
    mho_status (*convert)(mhoi_graph * g, const mhoi_operation *n);
    const char *attributes; /* those known, each followed by a space */
}
operators[] = {
    {"Conv", convert_conv, WINDOW "group "},
    {"Gemm", convert_fc, "alpha beta transA transB "},
    {"MatMul", convert_fc, ""},
    {"BatchNormalization", convert_batchnorm,
     "epsilon momentum training_mode spatial is_test consumed_inputs "},
    {"MaxPool", convert_pool, WINDOW "ceil_mode storage_order "},
    {"AveragePool", convert_pool, WINDOW "ceil_mode count_include_pad "},
    {"GlobalMaxPool", convert_global_pool, ""},
    {"GlobalAveragePool", convert_global_pool, ""},
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

static bool is_listed(const char *list, const char *name)
{
    const size_t length = strlen(name);
    for (const char *at = strstr(list, name); at && length; at = strstr(at + 1, name))
        if ((at == list || at[-1] == ' ') && at[length] == ' ')
            return true;
    return false;
}

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
        if (!is_listed(op->attributes, n->attr[i].name))
            return mho_error(MHO_ENOTMODELED, "unknown attribute '%s'", n->attr[i].name);
    return op->convert(g, n);
}
