/* SPDX-License-Identifier: Apache-2.0 */
/* Convolutions of three axes on crossbars: the windows over depth and height are laid out as channels,
 *     x [C][D][H][W] as [C kd kh][Do Ho][W],
 * of which a convolution of 1 x kw makes [O][Do Ho][Wo].  A crossbar is read once a position, as in two axes. */
#include <string.h>

#include "base/alloc.h"
#include "net/net_impl.h"
#include "onnx/onnx_graph.h"

enum { AXES = 3 };

typedef struct deep {
    const mho_array *w;
    size_t channels, outputs, groups;
    size_t in[AXES], out[AXES], kernel[AXES], stride[AXES], dilation[AXES];
    size_t pad[2 * AXES]; /* before, and behind */
    size_t padded[AXES];  /* depth and height with it */
} deep;

static mho_status refuse(const char *why)
{
    return mho_error(MHO_ENOTMODELED, "a convolution of three axes %s", why);
}

/* SAME: what makes the outputs that there are. */
static mho_status plan_padding(const mhoi_operation *n, deep *d)
{
    const char *mode = mhoi_attr_text(n, "auto_pad", "NOTSET");
    if (strcmp(mode, "NOTSET") == 0)
        return mhoi_node_ints(n, "pads", 2 * (size_t)AXES, 0, d->pad);
    for (size_t k = 0; strncmp(mode, "SAME", 4) == 0 && k < AXES; k++) {
        const size_t reach =
            (d->out[k] - 1) * d->stride[k] + (d->kernel[k] - 1) * d->dilation[k] + 1;
        const size_t all = reach > d->in[k] ? reach - d->in[k] : 0;
        d->pad[k] = strcmp(mode, "SAME_LOWER") == 0 ? all - all / 2 : all / 2;
        d->pad[AXES + k] = all - d->pad[k];
    }
    return MHO_OK;
}

static mho_status plan(const mhoi_graph *g, const mhoi_operation *n, deep *d)
{
    const mho_array *x = &g->known.array[n->input[0]], *y = &g->known.array[n->output[0]];
    *d = (deep){.w = mhoi_graph_constant(g, n, 1)};
    if (!d->w || d->w->rank != AXES + 2 || y->rank != AXES + 2 || x->size[0] != 1 || !y->count)
        return refuse("whose weights are no constants");
    d->channels = x->size[1];
    d->outputs = d->w->size[0];
    d->groups = (size_t)mhoi_attr_int(n, "group", 1);
    for (size_t k = 0; k < AXES; k++) {
        d->in[k] = x->size[2 + k];
        d->out[k] = y->size[2 + k];
        d->kernel[k] = d->w->size[2 + k];
        d->stride[k] = d->dilation[k] = 1;
    }
    mho_status s = mhoi_node_ints(n, "strides", AXES, 1, d->stride);
    if (!s)
        s = mhoi_node_ints(n, "dilations", AXES, 1, d->dilation);
    if (!s)
        s = plan_padding(n, d);
    for (size_t k = 0; !s && k < AXES; k++) {
        d->padded[k] = d->in[k] + d->pad[k] + d->pad[AXES + k];
        if ((d->out[k] - 1) * d->stride[k] + (d->kernel[k] - 1) * d->dilation[k] >= d->padded[k])
            s = refuse("of sizes that do not fit");
    }
    return s;
}

/* Zeros around depth and height; those of the width are the convolution's. */
static mho_status add_padding(mhoi_graph *g, const deep *d, size_t *node)
{
    int64_t pads[2 * (AXES + 2)] = {0};
    for (size_t k = 0; k < 2; k++) {
        pads[2 + k] = (int64_t)d->pad[k];
        pads[AXES + 4 + k] = (int64_t)d->pad[AXES + k];
    }
    if (d->padded[0] == d->in[0] && d->padded[1] == d->in[1])
        return MHO_OK;
    const mho_array in = mhoi_graph_array(
                        MHO_TYPE_FLOAT, 5,
                        (const size_t[]){1, d->channels, d->in[0], d->in[1], d->in[2]}),
                    out = mhoi_graph_array(
                        MHO_TYPE_FLOAT, 5,
                        (const size_t[]){1, d->channels, d->padded[0], d->padded[1], d->in[2]});
    mho_array constant = mhoi_graph_array(MHO_TYPE_INT64, 1, (const size_t[]){2 * (AXES + 2)});
    constant.data = pads;
    const mhoi_own_work work = {
        .op = "Pad", .in = &in, .out = &out, .constant = &constant, .constants = 1};
    return mhoi_graph_own(g, *node, "pad", &work, node);
}

/* Axis `at` of an array, of padded[k] elements, as [kernel][out]. */
static mho_status add_windows(mhoi_graph *g, const deep *d, size_t k, size_t at, mho_array *shape,
                              size_t *node)
{
    int64_t *index = NULL;
    const mho_array in = *shape;
    mho_status s = mhoi_alloc(&index, d->kernel[k] * d->out[k], sizeof *index, "ONNX parameters");
    if (s)
        return s;
    for (size_t i = 0; i < d->kernel[k]; i++)
        for (size_t o = 0; o < d->out[k]; o++)
            index[i * d->out[k] + o] = (int64_t)(o * d->stride[k] + i * d->dilation[k]);
    size_t size[MHO_TENSOR_DIMS];
    memcpy(size, in.size, at * sizeof *size);
    size[at] = d->kernel[k];
    size[at + 1] = d->out[k];
    memcpy(size + at + 2, in.size + at + 1, (in.rank - at - 1) * sizeof *size);
    *shape = mhoi_graph_array(MHO_TYPE_FLOAT, in.rank + 1, size);
    mho_array constant =
        mhoi_graph_array(MHO_TYPE_INT64, 2, (const size_t[]){d->kernel[k], d->out[k]});
    constant.data = index;
    const mhoi_own_work work = {.op = "Gather",
                                .in = &in,
                                .out = shape,
                                .constant = &constant,
                                .constants = 1,
                                .axis = (int64_t)at};
    s = mhoi_graph_own(g, *node, "windows", &work, node);
    mhoi_free(&index);
    return s;
}

/* Do windows over that axis hold one element each, and every one? */
static bool is_single(const deep *d, size_t k)
{
    return d->kernel[k] == 1 && d->out[k] == d->padded[k];
}

/* [C][kd][kh][Do][Ho][W]. */
static mho_status unfold(mhoi_graph *g, const deep *d, size_t *node)
{
    static const int64_t perm[] = {0, 1, 2, 4, 3, 5, 6};
    mho_array shape = mhoi_graph_array(
        MHO_TYPE_FLOAT, 5, (const size_t[]){1, d->channels, d->padded[0], d->padded[1], d->in[2]});
    mho_status s = add_windows(g, d, 0, 2, &shape, node);
    if (!s)
        s = add_windows(g, d, 1, 4, &shape, node);
    if (s)
        return s;
    mho_array turned = shape;
    turned.size[3] = shape.size[4];
    turned.size[4] = shape.size[3];
    const mhoi_own_work turn = {
        .op = "Transpose", .in = &shape, .out = &turned, .perm = perm, .perms = 7};
    return mhoi_graph_own(g, *node, "windows", &turn, node);
}

/* [C kd kh][Do Ho][W]. */
static mho_status lay_out(mhoi_graph *g, const deep *d, size_t *node)
{
    const mho_array map =
        mhoi_graph_array(MHO_TYPE_FLOAT, 4,
                         (const size_t[]){1, d->channels * d->kernel[0] * d->kernel[1],
                                          d->out[0] * d->out[1], d->in[2]});
    mho_status s = add_padding(g, d, node);
    if (!s && !(is_single(d, 0) && is_single(d, 1)))
        s = unfold(g, d, node);
    return s ? s : mhoi_graph_view(g, *node, "view", &map, node);
}

static mho_status add_conv(mhoi_graph *g, const mhoi_operation *n, const deep *d, size_t *node)
{
    mho_node conv = {.op = MHO_OP_CONV, .inputs = 1, .input = {*node}};
    mhoi_node_set_window(&conv, 1, d->kernel[2]);
    conv.groups = d->groups;
    conv.stride_w = d->stride[2];
    conv.dilation_w = d->dilation[2];
    conv.pad_left = d->pad[2];
    conv.pad_right = d->pad[AXES + 2];
    conv.out.c = d->outputs;
    mho_status s = mhoi_graph_add(g, n->name, &conv, node);
    if (s)
        return s;
    mho_node *made = &g->net->node[*node];
    if (mho_node_weight_count(made) != d->w->count)
        s = refuse("whose weights do not fit");
    if (!s)
        s = mhoi_alloc(&made->weight, d->w->count, sizeof *made->weight, "ONNX parameters");
    for (size_t k = 0; !s && k < d->w->count; k++)
        made->weight[k] = (float)mho_array_number(d->w, k);
    const mho_array *bias = mhoi_graph_constant(g, n, 2);
    if (s || mhoi_node_input(n, 2) == MHOI_NO_OPERAND)
        return s;
    if (!bias || bias->count != d->outputs)
        return refuse("whose bias is no constant of one value a channel");
    s = mhoi_alloc(&made->bias, d->outputs, sizeof *made->bias, "ONNX parameters");
    for (size_t c = 0; !s && c < d->outputs; c++)
        made->bias[c] = (float)mho_array_number(bias, c);
    made->has_bias = !s;
    return s;
}

bool mhoi_is_deep(const mhoi_graph *g, const mhoi_operation *n)
{
    return strcmp(n->op, "Conv") == 0 && n->inputs > 1 && n->input[0] != MHOI_NO_OPERAND &&
           g->value[n->input[0]].there && g->known.array[n->input[0]].rank == AXES + 2;
}

mho_status mhoi_graph_deep(mhoi_graph *g, const mhoi_operation *n)
{
    deep d;
    size_t node = g->value[n->input[0]].node;
    mho_status s = plan(g, n, &d);
    if (!s)
        s = lay_out(g, &d, &node);
    if (!s)
        s = add_conv(g, n, &d, &node);
    if (!s)
        g->value[n->output[0]] = (mhoi_value){.there = true, .node = node};
    return s;
}
