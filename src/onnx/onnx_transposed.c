/* SPDX-License-Identifier: Apache-2.0 */
/* ConvTranspose on crossbars.  Output o of an axis is o + pad = s a + p with a phase p < s, and
 *     y[s a + p - pad] = sum over taps k with k d mod s = p of x[a - floor(k d / s)] w[k],
 * a convolution of stride 1 for each phase: all of them together are one, of s_h s_w channels for each of y, of which the
 * phases are woven into one map afterwards.  Taps that a phase does not have are zeros. */
#include <string.h>

#include "base/alloc.h"
#include "net/net_impl.h"
#include "onnx/onnx_graph.h"

typedef struct axis {
    size_t in, out, kernel, stride, dilation, pad; /* of the operator; pad: before the first */
    size_t reach;                                  /* largest floor(k d / s) */
    size_t before, after; /* padding of the convolution, whose first output is a = pad / s */
    size_t made;          /* its outputs */
} axis;

static mho_status refuse(const char *why)
{
    return mho_error(MHO_ENOTMODELED, "ConvTranspose %s", why);
}

static bool plan_axis(axis *a)
{
    if (!a->kernel || !a->stride || !a->dilation || !a->in || !a->out)
        return false;
    a->reach = (a->kernel - 1) * a->dilation / a->stride;
    const size_t first = a->pad / a->stride, last = (a->out - 1 + a->pad) / a->stride;
    if (first > a->reach || first >= a->in)
        return false;
    a->before = a->reach - first;
    const size_t there = a->in - first, wanted = last - first + 1;
    a->after = wanted > there ? wanted - there : 0;
    a->made = there + a->after;
    return true;
}

/* Attribute number k of an axis; absent: otherwise. */
static size_t number(const mhoi_operation *n, const char *name, size_t k, size_t otherwise)
{
    const int64_t *v;
    const size_t count = mhoi_attr_ints(n, name, &v);
    return !count ? otherwise : k < count && v[k] >= 0 ? (size_t)v[k] : SIZE_MAX / 4;
}

/* One axis stands for the width. */
static mho_status plan(const mhoi_graph *g, const mhoi_operation *n, axis at[2])
{
    const mho_array *x = &g->known.array[n->input[0]], *y = &g->known.array[n->output[0]];
    const mho_array *w = mhoi_graph_constant(g, n, 1);
    const int64_t *unused;
    const char *pad = mhoi_attr_text(n, "auto_pad", "NOTSET");
    const size_t axes = x->rank - 2;
    if (!w || (axes != 1 && axes != 2) || w->rank != x->rank || y->rank != x->rank ||
        x->size[0] != 1)
        return refuse("of other than one or two axes, or whose weights are no constants");
    if ((strcmp(pad, "NOTSET") != 0 && strcmp(pad, "VALID") != 0) ||
        mhoi_attr_ints(n, "output_shape", &unused))
        return refuse("with auto_pad or output_shape");
    at[0] = (axis){.in = 1, .out = 1, .kernel = 1, .stride = 1, .dilation = 1};
    for (size_t k = 0; k < axes; k++)
        at[2 - axes + k] = (axis){.in = x->size[2 + k],
                                  .out = y->size[2 + k],
                                  .kernel = w->size[2 + k],
                                  .stride = number(n, "strides", k, 1),
                                  .dilation = number(n, "dilations", k, 1),
                                  .pad = number(n, "pads", k, 0)};
    return plan_axis(&at[0]) && plan_axis(&at[1]) ? MHO_OK : refuse("of such strides and padding");
}

/* The tap of the convolution, 0 .. reach, and the phase that tap k of the operator belongs to. */
static size_t tap_of(const axis *a, size_t k, size_t *phase)
{
    *phase = k * a->dilation % a->stride;
    return a->reach - k * a->dilation / a->stride;
}

/* w [C_in][C_out / g][kh][kw] as [C_out s_h s_w][C_in / g][reach + 1][reach + 1]. */
static void fill_weights(const mho_array *w, const axis at[2], mho_node *node)
{
    const size_t each = w->size[1], in = node->in.c / node->groups;
    const size_t phases = at[0].stride * at[1].stride;
    for (size_t c = 0, from = 0; c < node->in.c; c++)
        for (size_t o = 0; o < each; o++)
            for (size_t y = 0; y < at[0].kernel; y++)
                for (size_t x = 0; x < at[1].kernel; x++, from++) {
                    size_t py, px;
                    const size_t ty = tap_of(&at[0], y, &py), tx = tap_of(&at[1], x, &px);
                    const size_t out = (c / in * each + o) * phases + py * at[1].stride + px;
                    node->weight[((out * in + c % in) * node->kh + ty) * node->kw + tx] =
                        (float)mho_array_number(w, from);
                }
}

static mho_status fill_bias(const mhoi_graph *g, const mhoi_operation *n, size_t phases,
                            mho_node *node)
{
    const mho_array *b = mhoi_graph_constant(g, n, 2);
    if (mhoi_node_input(n, 2) == MHOI_NO_OPERAND)
        return MHO_OK;
    if (!b || b->count * phases != node->out.c)
        return refuse("whose bias is no constant of one value a channel");
    mho_status s = mhoi_alloc(&node->bias, node->out.c, sizeof *node->bias, "ONNX parameters");
    for (size_t c = 0; !s && c < node->out.c; c++)
        node->bias[c] = (float)mho_array_number(b, c / phases);
    node->has_bias = !s;
    return s;
}

static mho_status add_conv(mhoi_graph *g, const mhoi_operation *n, const axis at[2], size_t *out)
{
    const mho_array *w = mhoi_graph_constant(g, n, 1), *x = &g->known.array[n->input[0]];
    const size_t groups = (size_t)mhoi_attr_int(n, "group", 1);
    const size_t phases = at[0].stride * at[1].stride;
    mho_node conv = {.op = MHO_OP_CONV, .inputs = 1};
    if (!groups || x->size[1] != w->size[0] || w->size[0] % groups)
        return refuse("of such groups");
    mho_status s = mhoi_graph_map(
        g, n->input[0], (const size_t[]){1, x->size[1], at[0].in, at[1].in}, &conv.input[0]);
    if (s)
        return s;
    mhoi_node_set_window(&conv, at[0].reach + 1, at[1].reach + 1);
    conv.groups = groups;
    conv.pad_top = at[0].before;
    conv.pad_bottom = at[0].after;
    conv.pad_left = at[1].before;
    conv.pad_right = at[1].after;
    conv.out.c = w->size[1] * groups * phases;
    s = mhoi_graph_add(g, n->name, &conv, out);
    if (s)
        return s;
    mho_node *node = &g->net->node[*out];
    node->phases = phases;
    node->idle = mho_node_weight_count(node) - w->count;
    s = mhoi_alloc(&node->weight, mho_node_weight_count(node), sizeof *node->weight,
                   "ONNX parameters");
    if (!s)
        fill_weights(w, at, node);
    return s ? s : fill_bias(g, n, phases, node);
}

/* [C s_h s_w][A_h][A_w] as [C][A_h s_h][A_w s_w]. */
static mho_status weave(mhoi_graph *g, size_t channels, const axis at[2], size_t *node)
{
    static const int64_t perm[] = {0, 3, 1, 4, 2};
    const size_t sh = at[0].stride, sw = at[1].stride, h = at[0].made, w = at[1].made;
    const mho_array in = mhoi_graph_array(MHO_TYPE_FLOAT, 5, (size_t[]){channels, sh, sw, h, w}),
                    turned =
                        mhoi_graph_array(MHO_TYPE_FLOAT, 5, (size_t[]){channels, h, sh, w, sw}),
                    map = mhoi_graph_array(MHO_TYPE_FLOAT, 4,
                                           (size_t[]){1, channels, h * sh, w * sw});
    const mhoi_own_work work = {
        .op = "Transpose", .in = &in, .out = &turned, .perm = perm, .perms = 5};
    if (sh * sw == 1)
        return MHO_OK;
    mho_status s = mhoi_graph_own(g, *node, "weave", &work, node);
    return s ? s : mhoi_graph_view(g, *node, "woven", &map, node);
}

/* What of it the operator gives. */
static mho_status crop(mhoi_graph *g, size_t channels, const axis at[2], size_t *node)
{
    int64_t from[2], to[2], axes[2] = {2, 3};
    bool all = true;
    for (size_t k = 0; k < 2; k++) {
        from[k] = (int64_t)(at[k].pad % at[k].stride);
        to[k] = from[k] + (int64_t)at[k].out;
        all = all && from[k] == 0 && at[k].out == at[k].made * at[k].stride;
    }
    if (all)
        return MHO_OK;
    const mho_array in = mhoi_graph_array(MHO_TYPE_FLOAT, 4,
                                          (size_t[]){1, channels, at[0].made * at[0].stride,
                                                     at[1].made * at[1].stride}),
                    out = mhoi_graph_array(MHO_TYPE_FLOAT, 4,
                                           (size_t[]){1, channels, at[0].out, at[1].out});
    mho_array bounds[3];
    int64_t *const value[3] = {from, to, axes};
    for (size_t i = 0; i < 3; i++) {
        bounds[i] = mhoi_graph_array(MHO_TYPE_INT64, 1, (const size_t[]){2});
        bounds[i].data = value[i];
    }
    const mhoi_own_work slice = {
        .op = "Slice", .in = &in, .out = &out, .constant = bounds, .constants = 3};
    return mhoi_graph_own(g, *node, "crop", &slice, node);
}

mho_status mhoi_graph_transposed(mhoi_graph *g, const mhoi_operation *n)
{
    axis at[2];
    size_t node = 0;
    if (mhoi_node_input(n, 0) == MHOI_NO_OPERAND || !g->value[n->input[0]].there ||
        g->known.array[n->input[0]].rank < 3 || g->known.array[n->output[0]].rank < 3)
        return refuse("that reads no map");
    mho_status s = plan(g, n, at);
    if (!s)
        s = add_conv(g, n, at, &node);
    const size_t channels = s ? 0 : g->known.array[n->output[0]].size[1];
    if (!s)
        s = weave(g, channels, at, &node);
    if (!s)
        s = crop(g, channels, at, &node);
    if (!s)
        g->value[n->output[0]] = (mhoi_value){.there = true, .node = node};
    return s;
}
