/* SPDX-License-Identifier: Apache-2.0 */
/* Convolution and pooling as layers. */
#include <string.h>

#include "net/net_impl.h"
#include "onnx/onnx_graph.h"

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

mho_status mhoi_onnx_convert_conv(mhoi_graph *g, const mhoi_operation *n)
{
    mho_node layer;
    bool flat;
    const mho_array *t;
    mho_status s = mhoi_graph_begin(g, n, MHO_OP_CONV, true, &layer, &flat);
    if (!s)
        s = mhoi_graph_constant_of(g, n, 1, &t);
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
    if (!mhoi_graph_lend_weights(g, n, 1))
        s = mhoi_graph_vector(g, n, 1, mho_node_weight_count(node), 1, &node->weight);
    if (!s && node->has_bias)
        s = mhoi_graph_vector(g, n, 2, node->out.c, 1, &node->bias);
    return s;
}

mho_status mhoi_onnx_convert_pool(mhoi_graph *g, const mhoi_operation *n)
{
    mho_node layer;
    bool flat;
    const bool max = strcmp(n->op, "MaxPool") == 0;
    mho_status s =
        mhoi_graph_begin(g, n, max ? MHO_OP_MAXPOOL : MHO_OP_AVGPOOL, true, &layer, &flat);
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

mho_status mhoi_onnx_convert_global_pool(mhoi_graph *g, const mhoi_operation *n)
{
    mho_node layer;
    bool flat;
    const bool max = strcmp(n->op, "GlobalMaxPool") == 0;
    mho_status s =
        mhoi_graph_begin(g, n, max ? MHO_OP_MAXPOOL : MHO_OP_AVGPOOL, true, &layer, &flat);
    layer.kh = layer.in.h;
    layer.kw = layer.in.w;
    return s ? s : mhoi_graph_append(g, n, &layer, false);
}
