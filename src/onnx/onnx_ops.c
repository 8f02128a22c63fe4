/* SPDX-License-Identifier: Apache-2.0 */
/* The ONNX operators mho knows.  docs/models/onnx.md lists them with their limits. */
#include <string.h>

#include "base/alloc.h"
#include "net/net_impl.h"
#include "onnx/onnx_graph.h"

/* The constant that input i names, its values counted. */
static mho_status constant_of(const mhoi_graph *g, const MhoiOnnx__NodeProto *n, size_t i,
                              const MhoiOnnx__TensorProto **out, size_t *count)
{
    *out = mhoi_graph_constant(g, mhoi_node_input(n, i));
    if (!*out)
        return mho_error(MHO_ENOTMODELED, "input %zu ('%s') is no constant", i,
                         mhoi_node_input(n, i));
    return mhoi_onnx_count(*out, count);
}

static void copy_values(const MhoiOnnx__TensorProto *t, size_t count, double scale, float *out)
{
    for (size_t i = 0; i < count; i++)
        out[i] = (float)(scale * mhoi_onnx_element(t, i));
}

/* *out = `count` values of input i. */
static mho_status vector_of(const mhoi_graph *g, const MhoiOnnx__NodeProto *n, size_t i,
                            size_t want, double scale, float **out)
{
    const MhoiOnnx__TensorProto *t;
    size_t count = 0;
    mho_status s = constant_of(g, n, i, &t, &count);
    if (!s && count != want)
        s = mho_error(MHO_EFORMAT, "input %zu ('%s') has %zu values, want %zu", i,
                      mhoi_node_input(n, i), count, want);
    if (!s)
        s = mhoi_alloc(out, count, sizeof **out, "ONNX parameters");
    if (!s)
        copy_values(t, count, scale, *out);
    return s;
}

/* --- layers and values */

/* How many nodes of the graph, and outputs of it, read a value. */
static size_t readers(const mhoi_graph *g, const char *name)
{
    size_t count = 0;
    for (size_t i = 0; i < g->proto->n_node; i++)
        for (size_t k = 0; k < g->proto->node[i]->n_input; k++)
            count += strcmp(g->proto->node[i]->input[k], name) == 0;
    for (size_t i = 0; i < g->proto->n_output; i++)
        count += strcmp(mhoi_onnx_text(g->proto->output[i]->name), name) == 0;
    return count;
}

static void give(mhoi_graph *g, const MhoiOnnx__NodeProto *n, mhoi_value value)
{
    value.name = n->output[0];
    g->value[g->values++] = value;
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

mho_status mhoi_graph_append(mhoi_graph *g, const MhoiOnnx__NodeProto *n, const mho_node *layer,
                             bool flat)
{
    const char *name = mhoi_onnx_text(n->name);
    mho_status s = append(g, name[0] ? name : n->output[0], layer);
    if (!s)
        give(g, n, (mhoi_value){.node = g->net->nodes - 1, .flat = flat});
    return s;
}

mho_status mhoi_graph_layer(mhoi_graph *g, const char *name, size_t *out, bool *flat)
{
    const mhoi_value *found = mhoi_graph_value(g, name);
    if (!found)
        return mho_error(MHO_EFORMAT, "'%s' is given by no node before it", name);
    if (found->truth)
        return mho_error(MHO_ENOTMODELED, "'%s' is a comparison, want it cast to float", name);
    mhoi_value *value = &g->value[found - g->value];
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
static mho_status begin(mhoi_graph *g, const MhoiOnnx__NodeProto *n, mho_op op, bool map,
                        mho_node *layer, bool *flat)
{
    *layer = (mho_node){.op = op, .inputs = 1};
    *flat = false;
    if (map)
        mhoi_node_set_window(layer, 0, 0);
    mho_status s = mhoi_graph_layer(g, mhoi_node_input(n, 0), &layer->input[0], flat);
    if (!s && map && *flat)
        s = mho_error(MHO_EFORMAT, "input '%s' has 2 dimensions, want 4", mhoi_node_input(n, 0));
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

static mho_status read_padding(const MhoiOnnx__NodeProto *n, mho_node *layer)
{
    const MhoiOnnx__AttributeProto *a = mhoi_node_attribute(n, "auto_pad");
    char mode[16] = "NOTSET";
    if (a && a->has_s && a->s.len < sizeof mode) {
        memcpy(mode, a->s.data, a->s.len);
        mode[a->s.len] = 0;
    }
    size_t pads[4] = {0};
    if (strcmp(mode, "SAME_UPPER") == 0 || strcmp(mode, "SAME_LOWER") == 0) {
        const bool upper = mode[5] == 'U';
        same_padding(layer->in.h, (layer->kh - 1) * layer->dilation_h + 1, layer->stride_h, upper,
                     &pads[0], &pads[2]);
        same_padding(layer->in.w, (layer->kw - 1) * layer->dilation_w + 1, layer->stride_w, upper,
                     &pads[1], &pads[3]);
    } else if (strcmp(mode, "NOTSET") == 0) {
        mho_status s = mhoi_node_ints(n, "pads", 4, 0, pads);
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
static mho_status read_window(const MhoiOnnx__NodeProto *n, mho_node *layer)
{
    size_t kernel[2] = {layer->kh, layer->kw}, strides[2] = {1, 1}, dilations[2] = {1, 1};
    mho_status s = mhoi_node_ints(n, "kernel_shape", 2, 1, kernel);
    if (!s)
        s = mhoi_node_ints(n, "strides", 2, 1, strides);
    if (!s)
        s = mhoi_node_ints(n, "dilations", 2, 1, dilations);
    if (s)
        return s;
    if (kernel[0] == 0 || kernel[1] == 0)
        return mho_error(MHO_EFORMAT, "kernel_shape is missing");
    layer->kh = kernel[0];
    layer->kw = kernel[1];
    layer->stride_h = strides[0];
    layer->stride_w = strides[1];
    layer->dilation_h = dilations[0];
    layer->dilation_w = dilations[1];
    return read_padding(n, layer);
}

static mho_status convert_conv(mhoi_graph *g, const MhoiOnnx__NodeProto *n)
{
    mho_node layer;
    bool flat;
    const MhoiOnnx__TensorProto *t;
    size_t count = 0;
    mho_status s = begin(g, n, MHO_OP_CONV, true, &layer, &flat);
    if (!s)
        s = constant_of(g, n, 1, &t, &count);
    if (s)
        return s;
    if (t->n_dims != 4)
        return mho_error(MHO_ENOTMODELED, "weight of %zu dimensions, want 4", t->n_dims);
    const size_t kh = (size_t)t->dims[2], kw = (size_t)t->dims[3];
    layer.out.c = (size_t)t->dims[0];
    layer.kh = kh;
    layer.kw = kw;
    const int64_t groups = mhoi_node_int(n, "group", 1);
    if (groups < 1 || groups > MHOI_ONNX_EDGE_MAX)
        return mho_error(MHO_EFORMAT, "group = %lld", (long long)groups);
    layer.groups = (size_t)groups;
    layer.has_bias = mhoi_node_input(n, 2)[0] != 0;
    s = read_window(n, &layer);
    if (!s && (layer.kh != kh || layer.kw != kw))
        s = mho_error(MHO_EFORMAT, "kernel_shape %zu x %zu, the weight's is %zu x %zu", layer.kh,
                      layer.kw, kh, kw);
    if (!s)
        s = mhoi_graph_append(g, n, &layer, false);
    if (s)
        return s;
    mho_node *node = &g->net->node[g->net->nodes - 1];
    if ((size_t)t->dims[1] != node->in.c / node->groups)
        return mho_error(MHO_EFORMAT, "weight for %lld input channels, there are %zu in %zu groups",
                         (long long)t->dims[1], node->in.c, node->groups);
    s = vector_of(g, n, 1, mho_node_weight_count(node), 1, &node->weight);
    if (!s && node->has_bias)
        s = vector_of(g, n, 2, node->out.c, 1, &node->bias);
    return s;
}

static mho_status convert_pool(mhoi_graph *g, const MhoiOnnx__NodeProto *n)
{
    mho_node layer;
    bool flat;
    const bool max = strcmp(n->op_type, "MaxPool") == 0;
    mho_status s = begin(g, n, max ? MHO_OP_MAXPOOL : MHO_OP_AVGPOOL, true, &layer, &flat);
    layer.ceil_mode = mhoi_node_int(n, "ceil_mode", 0) != 0;
    if (!s)
        s = read_window(n, &layer);
    const size_t pads = layer.pad_top + layer.pad_left + layer.pad_bottom + layer.pad_right;
    if (!s && !max && pads && mhoi_node_int(n, "count_include_pad", 0))
        s = mhoi_node_refuse_value("count_include_pad", 1);
    if (!s && mhoi_node_int(n, "storage_order", 0))
        s = mhoi_node_refuse_value("storage_order", 1);
    if (!s && n->n_output != 1)
        s = mho_error(MHO_ENOTMODELED, "%zu outputs, want one", n->n_output);
    return s ? s : mhoi_graph_append(g, n, &layer, false);
}

static mho_status convert_global_pool(mhoi_graph *g, const MhoiOnnx__NodeProto *n)
{
    mho_node layer;
    bool flat;
    const bool max = strcmp(n->op_type, "GlobalMaxPool") == 0;
    mho_status s = begin(g, n, max ? MHO_OP_MAXPOOL : MHO_OP_AVGPOOL, true, &layer, &flat);
    layer.kh = layer.in.h;
    layer.kw = layer.in.w;
    return s ? s : mhoi_graph_append(g, n, &layer, false);
}

/* --- fully connected */

/* weight of input 1, [in][out] unless transposed, as [out][in] */
static mho_status read_matrix(const mhoi_graph *g, const MhoiOnnx__NodeProto *n, bool transposed,
                              double scale, mho_node *node)
{
    const MhoiOnnx__TensorProto *t;
    size_t count = 0;
    mho_status s = constant_of(g, n, 1, &t, &count);
    if (!s)
        s = mhoi_alloc(&node->weight, count, sizeof *node->weight, "ONNX parameters");
    if (s || transposed) {
        if (!s)
            copy_values(t, count, scale, node->weight);
        return s;
    }
    const size_t out = node->out.c, in = count / out;
    for (size_t c = 0; c < out; c++)
        for (size_t i = 0; i < in; i++)
            node->weight[c * in + i] = (float)(scale * mhoi_onnx_element(t, i * out + c));
    return MHO_OK;
}

static mho_status convert_fc(mhoi_graph *g, const MhoiOnnx__NodeProto *n)
{
    const bool gemm = strcmp(n->op_type, "Gemm") == 0;
    const bool transposed = gemm && mhoi_node_int(n, "transB", 0) != 0;
    if (gemm && mhoi_node_int(n, "transA", 0))
        return mhoi_node_refuse_value("transA", 1);
    const mhoi_value *value = mhoi_graph_value(g, mhoi_node_input(n, 0));
    if (!value)
        return mho_error(MHO_ENOTMODELED, "input 0 ('%s') is no layer's output",
                         mhoi_node_input(n, 0));
    if (value->truth)
        return mho_error(MHO_ENOTMODELED, "'%s' is a comparison, want it cast to float",
                         mhoi_node_input(n, 0));
    if (!value->flat)
        return mho_error(MHO_EFORMAT, "input '%s' has 4 dimensions, want 2", mhoi_node_input(n, 0));
    const MhoiOnnx__TensorProto *t;
    size_t count = 0;
    mho_status s = constant_of(g, n, 1, &t, &count);
    if (!s && (t->n_dims != 2 || count == 0))
        s = mho_error(MHO_EFORMAT, "weight of %zu dimensions and %zu values, want a matrix",
                      t->n_dims, count);
    if (s)
        return s;
    mho_node layer = {.op = MHO_OP_FC, .inputs = 1, .input = {value->node}};
    layer.out.c = (size_t)t->dims[transposed ? 0 : 1];
    layer.has_bias = gemm && mhoi_node_input(n, 2)[0];
    s = mhoi_graph_append(g, n, &layer, true);
    if (s)
        return s;
    mho_node *node = &g->net->node[g->net->nodes - 1];
    if (count != mho_node_weight_count(node))
        return mho_error(MHO_EFORMAT, "weight of %lld x %lld, the input has %zu values",
                         (long long)t->dims[0], (long long)t->dims[1],
                         node->in.c * node->in.h * node->in.w);
    s = read_matrix(g, n, transposed, gemm ? (double)mhoi_node_float(n, "alpha", 1) : 1, node);
    if (!s && node->has_bias)
        s = vector_of(g, n, 2, node->out.c, (double)mhoi_node_float(n, "beta", 1), &node->bias);
    return s;
}

/* Add of a constant: the bias of the weighted layer before. */
static mho_status convert_bias(mhoi_graph *g, const MhoiOnnx__NodeProto *n, size_t constant)
{
    const char *name = mhoi_node_input(n, 1 - constant);
    const mhoi_value *value = mhoi_graph_value(g, name);
    mho_node *node = value ? &g->net->node[value->node] : NULL;
    if (!node || !mho_node_is_weighted(node) || node->has_bias || value->reshaped || value->truth ||
        readers(g, name) != 1)
        return mho_error(MHO_ENOTMODELED,
                         "adds the constant '%s' elsewhere than after Conv or MatMul",
                         mhoi_node_input(n, constant));
    mho_status s = vector_of(g, n, constant, node->out.c, 1, &node->bias);
    const MhoiOnnx__TensorProto *t = mhoi_graph_constant(g, mhoi_node_input(n, constant));
    const size_t after = node->op == MHO_OP_CONV ? 2 : 0; /* [c, 1, 1] or [c] */
    if (!s && node->out.c > 1 &&
        (t->n_dims < after + 1 || (size_t)t->dims[t->n_dims - after - 1] != node->out.c))
        s = mho_error(MHO_ENOTMODELED, "adds a constant that is not one value a channel");
    node->has_bias = !s;
    if (!s)
        give(g, n, *value);
    return s;
}

/* --- the others */

static mho_status convert_batchnorm(mhoi_graph *g, const MhoiOnnx__NodeProto *n)
{
    mho_node layer;
    bool flat;
    if (mhoi_node_int(n, "training_mode", 0) || !mhoi_node_int(n, "spatial", 1))
        return mho_error(MHO_ENOTMODELED, "training_mode or not spatial");
    mho_status s = begin(g, n, MHO_OP_BATCHNORM, false, &layer, &flat);
    layer.epsilon = mhoi_node_float(n, "epsilon", 1e-5F);
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
static mho_status convert_compare(mhoi_graph *g, const MhoiOnnx__NodeProto *n)
{
    const size_t constant = strcmp(n->op_type, "Greater") == 0 ? 1 : 0;
    const MhoiOnnx__TensorProto *t;
    size_t count = 0;
    mho_status s = constant_of(g, n, constant, &t, &count);
    for (size_t k = 0; !s && k < count; k++)
        if (mhoi_onnx_element(t, k) != 0)
            s = mho_error(MHO_ENOTMODELED, "compares with %g, want 0", mhoi_onnx_element(t, k));
    mho_node layer = {.op = MHO_OP_STEP, .inputs = 1};
    bool flat = false;
    if (!s)
        s = mhoi_graph_layer(g, mhoi_node_input(n, 1 - constant), &layer.input[0], &flat);
    if (!s)
        s = mhoi_graph_append(g, n, &layer, flat);
    if (!s)
        g->value[g->values - 1].truth = true;
    return s;
}

static mho_status convert_softmax(mhoi_graph *g, const MhoiOnnx__NodeProto *n)
{
    mho_node layer;
    bool flat;
    mho_status s = begin(g, n, MHO_OP_SOFTMAX, false, &layer, &flat);
    const int64_t axis = mhoi_node_int(n, "axis", 1);
    if (!s && (layer.in.h * layer.in.w != 1 || (axis != 1 && !(flat && axis == -1))))
        s = mhoi_node_refuse_value("softmax of maps, or axis", axis);
    return s ? s : mhoi_graph_append(g, n, &layer, flat);
}

static mho_status convert_add(mhoi_graph *g, const MhoiOnnx__NodeProto *n)
{
    for (size_t k = 0; k < 2; k++)
        if (mhoi_graph_constant(g, mhoi_node_input(n, k)))
            return convert_bias(g, n, k);
    mho_node layer;
    bool flat, second;
    mho_status s = begin(g, n, MHO_OP_ADD, false, &layer, &flat);
    layer.inputs = 2;
    if (!s)
        s = mhoi_graph_layer(g, mhoi_node_input(n, 1), &layer.input[1], &second);
    if (!s && flat != second)
        s = mho_error(MHO_ENOTMODELED, "adds 2 and 4 dimensions");
    return s ? s : mhoi_graph_append(g, n, &layer, flat);
}

/* What follows may be a fully connected layer, which flattens by itself: so nothing is appended
 * yet. */
static mho_status give_flat(mhoi_graph *g, const MhoiOnnx__NodeProto *n)
{
    const mhoi_value *found = mhoi_graph_value(g, mhoi_node_input(n, 0));
    if (!found)
        return mho_error(MHO_ENOTMODELED, "input 0 ('%s') is no layer's output",
                         mhoi_node_input(n, 0));
    if (found->truth)
        return mho_error(MHO_ENOTMODELED, "'%s' is a comparison, want it cast to float",
                         mhoi_node_input(n, 0));
    mhoi_value value = *found;
    const mho_shape shape = g->net->node[value.node].out;
    value.reshaped = value.reshaped || (!value.flat && shape.h * shape.w != 1);
    value.flat = true;
    give(g, n, value);
    return MHO_OK;
}

static mho_status convert_flatten(mhoi_graph *g, const MhoiOnnx__NodeProto *n)
{
    const int64_t axis = mhoi_node_int(n, "axis", 1);
    return axis == 1 ? give_flat(g, n) : mhoi_node_refuse_value("axis", axis);
}

/* To [N, everything]: first 0, 1 or -1; second -1 or the number of values. */
static mho_status convert_reshape(mhoi_graph *g, const MhoiOnnx__NodeProto *n)
{
    const mhoi_value *value = mhoi_graph_value(g, mhoi_node_input(n, 0));
    const MhoiOnnx__TensorProto *t;
    size_t count = 0;
    mho_status s = constant_of(g, n, 1, &t, &count);
    if (s)
        return s;
    const mho_shape shape = value ? g->net->node[value->node].out : (mho_shape){0, 0, 0};
    const double all = (double)(shape.c * shape.h * shape.w);
    const double first = count == 2 ? mhoi_onnx_element(t, 0) : 2;
    const double second = count == 2 ? mhoi_onnx_element(t, 1) : 0;
    const bool batch =
        first == -1 || first == 1 || (first == 0 && !mhoi_node_int(n, "allowzero", 0));
    if (!batch || (second != all && !(second == -1 && first != -1)))
        return mho_error(MHO_ENOTMODELED, "reshapes to other than [N, all]");
    return give_flat(g, n);
}

/* Dropout, Identity, and a Cast to float: of a constant, of values, or of what a comparison gives, whose layer
 * then has the name of the Cast. */
static mho_status convert_same(mhoi_graph *g, const MhoiOnnx__NodeProto *n)
{
    const mhoi_value *value = mhoi_graph_value(g, mhoi_node_input(n, 0));
    const MhoiOnnx__TensorProto *t = mhoi_graph_constant(g, mhoi_node_input(n, 0));
    const int64_t to = mhoi_node_int(n, "to", MHOI_ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT);
    if (to != MHOI_ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT)
        return mhoi_node_refuse_value("to", to);
    if (t) {
        g->constant[g->constants++] = (mhoi_constant){n->output[0], t};
        return MHO_OK;
    }
    if (!value)
        return mho_error(MHO_EFORMAT, "'%s' is given by no node before it", mhoi_node_input(n, 0));
    mhoi_value same = *value;
    if (value->truth && strcmp(n->op_type, "Cast") == 0) {
        const char *name = mhoi_onnx_text(n->name);
        mhoi_net_set_unique_name(g->net, value->node, name[0] ? name : n->output[0]);
        same.truth = false;
    }
    give(g, n, same);
    return MHO_OK;
}

static mho_status convert_constant(mhoi_graph *g, const MhoiOnnx__NodeProto *n)
{
    const MhoiOnnx__AttributeProto *a = mhoi_node_attribute(n, "value");
    if (!a || !a->t)
        return mho_error(MHO_ENOTMODELED, "a constant that is no tensor");
    g->constant[g->constants++] = (mhoi_constant){n->output[0], a->t};
    return MHO_OK;
}

#define WINDOW "kernel_shape strides pads auto_pad dilations "

static const struct operator
{
    const char *name;
    mho_status (*convert)(mhoi_graph * g, const MhoiOnnx__NodeProto *n);
    const char *attributes; /* those known, each followed by a space */
}
operators[] = {
    {"Conv", convert_conv, WINDOW "group "},
    {"Gemm", convert_fc, "alpha beta transA transB "},
    {"MatMul", convert_fc, ""},
    {"BatchNormalization", convert_batchnorm, "epsilon momentum training_mode spatial "},
    {"MaxPool", convert_pool, WINDOW "ceil_mode storage_order "},
    {"AveragePool", convert_pool, WINDOW "ceil_mode count_include_pad "},
    {"GlobalMaxPool", convert_global_pool, ""},
    {"GlobalAveragePool", convert_global_pool, ""},
    {"Greater", convert_compare, ""},
    {"Less", convert_compare, ""},
    {"Softmax", convert_softmax, "axis "},
    {"Add", convert_add, ""},
    {"Flatten", convert_flatten, "axis "},
    {"Reshape", convert_reshape, "allowzero "},
    {"Dropout", convert_same, "ratio seed "},
    {"Identity", convert_same, ""},
    {"Cast", convert_same, "to saturate "},
    {"Constant", convert_constant, "value "},
};

static bool is_listed(const char *list, const char *name)
{
    const size_t length = strlen(name);
    for (const char *at = strstr(list, name); at && length; at = strstr(at + 1, name))
        if ((at == list || at[-1] == ' ') && at[length] == ' ')
            return true;
    return false;
}

static mho_status convert_known(mhoi_graph *g, const MhoiOnnx__NodeProto *n)
{
    const char *domain = mhoi_onnx_text(n->domain), *op = mhoi_onnx_text(n->op_type);
    if (n->n_output == 0 || n->output[0][0] == 0)
        return mho_error(MHO_EFORMAT, "no output");
    if (domain[0] && strcmp(domain, "ai.onnx") != 0)
        return mho_error(MHO_ENOTMODELED, "operator of the domain '%s'", domain);
    for (size_t k = 0; k < sizeof operators / sizeof operators[0]; k++) {
        if (strcmp(operators[k].name, op) != 0)
            continue;
        for (size_t i = 0; i < n->n_attribute; i++)
            if (!is_listed(operators[k].attributes, mhoi_onnx_text(n->attribute[i]->name)))
                return mho_error(MHO_ENOTMODELED, "unknown attribute '%s'",
                                 mhoi_onnx_text(n->attribute[i]->name));
        return operators[k].convert(g, n);
    }
    return mhoi_onnx_convert_plain(g, n);
}

mho_status mhoi_onnx_convert(mhoi_graph *g, const MhoiOnnx__NodeProto *n)
{
    mho_status s = convert_known(g, n);
    if (!s)
        return MHO_OK;
    const char *name = mhoi_onnx_text(n->name);
    if (!name[0])
        name = n->n_output ? n->output[0] : "";
    return mho_error_prefix(s, "node '%s' (%s)", name, mhoi_onnx_text(n->op_type));
}
