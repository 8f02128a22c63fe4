/* SPDX-License-Identifier: Apache-2.0 */
/* Shape inference.  docs/models/net.md eq. (1) to (3).
 *
 * Every count that later code multiplies is checked here, once, so that nothing overflows there. */
#include <math.h>
#include <string.h>

#include "net/net_impl.h"
#include "net/op_table.h"

static bool product_fits(const size_t *factor, size_t factors)
{
    size_t product = 1;
    for (size_t k = 0; k < factors; k++)
        if (__builtin_mul_overflow(product, factor[k], &product) || product > MHOI_NET_ELEMENTS_MAX)
            return false;
    return true;
}

static mho_status check_shape(mho_shape s)
{
    if (s.c == 0 || s.h == 0 || s.w == 0)
        return mho_error(MHO_ECONFIG, "shape %zu x %zu x %zu, want at least 1 x 1 x 1", s.c, s.h,
                         s.w);
    if (!product_fits((const size_t[]){s.c, s.h, s.w}, 3))
        return mho_error(MHO_EDOMAIN, "shape %zu x %zu x %zu has more than 2^40 elements", s.c, s.h,
                         s.w);
    return MHO_OK;
}

typedef struct axis {
    const char *what;
    size_t in, kernel, stride, dilation, before, after;
    bool pool, ceil_mode;
} axis;

/* Output size of one axis. */
static mho_status window_count(const axis *a, size_t *out)
{
    const size_t most = (size_t)1 << 31;
    if (a->kernel == 0 || a->kernel > most || a->stride == 0 || a->stride > most)
        return mho_error(MHO_ECONFIG, "kernel %s %zu, stride %zu, want 1 or more", a->what,
                         a->kernel, a->stride);
    if (a->dilation == 0 || a->dilation > most / a->kernel)
        return mho_error(MHO_ECONFIG, "dilation %zu, want 1 or more", a->dilation);
    if (a->before > most || a->after > most)
        return mho_error(MHO_EDOMAIN, "padding %zu and %zu, want 0..2^31", a->before, a->after);
    const size_t span = (a->kernel - 1) * a->dilation + 1;
    if (a->pool && (a->before >= span || a->after >= span))
        return mho_error(MHO_ECONFIG,
                         "pooling padding %zu and %zu, want less than the kernel's %zu", a->before,
                         a->after, span);
    if (a->pool && a->dilation > 1 && (a->before || a->after) && a->dilation > a->in)
        return mho_error(MHO_ECONFIG, "dilation %zu: a window may lie in the padding alone",
                         a->dilation);
    const size_t padded = a->in + a->before + a->after;
    if (padded < span)
        return mho_error(MHO_ECONFIG, "kernel %s %zu is larger than the padded input's %zu",
                         a->what, span, padded);
    const size_t travel = padded - span;
    *out = travel / a->stride + 1;
    if (a->pool && a->ceil_mode && travel % a->stride && *out * a->stride < a->in + a->before)
        *out += 1; /* a last partial window, if it starts inside the input */
    return MHO_OK;
}

static void set_map(mho_node *node, mho_shape shape)
{
    node->out = shape;
    node->dims = (mhoi_dims){3, {shape.c, shape.h, shape.w}};
}

static void set_vector(mho_node *node, size_t count)
{
    node->out = (mho_shape){count, 1, 1};
    node->dims = (mhoi_dims){1, {count}};
}

/* A layer over positions reads maps; a vector is a map of one position. */
static mho_status check_map(const mho_net *net, const mho_node *node)
{
    const mho_node *from = &net->node[node->input[0]];
    if (from->dims.rank == 3 || from->dims.rank == 1)
        return MHO_OK;
    return mho_error(MHO_ECONFIG, "reads '%s' of %zu dimensions, want a map of 3 or a vector",
                     from->name, from->dims.rank);
}

static mho_status infer_window(const mho_net *net, mho_node *node, bool pool)
{
    const axis rows = {"height",      node->in.h,       node->kh, node->stride_h, node->dilation_h,
                       node->pad_top, node->pad_bottom, pool,     node->ceil_mode};
    const axis columns = {"width",          node->in.w,     node->kw,        node->stride_w,
                          node->dilation_w, node->pad_left, node->pad_right, pool,
                          node->ceil_mode};
    mho_shape out = {node->out.c, 0, 0};
    mho_status s = check_map(net, node);
    if (!s)
        s = window_count(&rows, &out.h);
    if (!s)
        s = window_count(&columns, &out.w);
    set_map(node, out);
    return s;
}

mho_status mhoi_shape_conv(const mho_net *net, mho_node *node)
{
    if (node->out.c == 0)
        return mho_error(MHO_ECONFIG, "0 output channels");
    if (node->groups == 0 || node->in.c % node->groups || node->out.c % node->groups)
        return mho_error(MHO_ECONFIG, "%zu groups do not divide %zu input and %zu output channels",
                         node->groups, node->in.c, node->out.c);
    mho_status s = infer_window(net, node, false);
    if (s)
        return s;
    if (!product_fits((const size_t[]){node->out.c, node->in.c / node->groups, node->kh, node->kw},
                      4))
        return mho_error(MHO_EDOMAIN, "%zu x %zu x %zu x %zu weights are more than 2^40",
                         node->out.c, node->in.c / node->groups, node->kh, node->kw);
    return MHO_OK;
}

mho_status mhoi_shape_fc(const mho_net *net, mho_node *node)
{
    (void)net;
    set_vector(node, node->out.c);
    if (!product_fits((const size_t[]){node->out.c, node->in.c, node->in.h, node->in.w}, 4))
        return mho_error(MHO_EDOMAIN, "%zu x %zu x %zu x %zu weights are more than 2^40",
                         node->out.c, node->in.c, node->in.h, node->in.w);
    return MHO_OK;
}

mho_status mhoi_shape_pool(const mho_net *net, mho_node *node)
{
    node->out.c = node->in.c;
    return infer_window(net, node, true);
}

mho_status mhoi_shape_add(const mho_net *net, mho_node *node)
{
    const mho_node *a = &net->node[node->input[0]], *b = &net->node[node->input[1]];
    if (a->out.c != b->out.c || a->out.h != b->out.h || a->out.w != b->out.w)
        return mho_error(MHO_ECONFIG, "adds '%s' of %zu x %zu x %zu and '%s' of %zu x %zu x %zu",
                         a->name, a->out.c, a->out.h, a->out.w, b->name, b->out.c, b->out.h,
                         b->out.w);
    return mhoi_shape_same(net, node);
}

mho_status mhoi_shape_flatten(const mho_net *net, mho_node *node)
{
    (void)net;
    set_vector(node, node->in.c * node->in.h * node->in.w);
    return MHO_OK;
}

mho_status mhoi_shape_softmax(const mho_net *net, mho_node *node)
{
    mho_status s = check_map(net, node);
    return s ? s : mhoi_shape_same(net, node);
}

mho_status mhoi_shape_batchnorm(const mho_net *net, mho_node *node)
{
    if (!(node->epsilon > 0 && isfinite(node->epsilon)))
        return mho_error(MHO_ECONFIG, "epsilon %g, want more than 0", (double)node->epsilon);
    mho_status s = check_map(net, node);
    return s ? s : mhoi_shape_same(net, node);
}

mho_status mhoi_shape_leaky_relu(const mho_net *net, mho_node *node)
{
    if (!(node->slope >= 0 && node->slope <= 1))
        return mho_error(MHO_ECONFIG, "slope %g, want 0..1", (double)node->slope);
    return mhoi_shape_same(net, node);
}

mho_status mhoi_shape_sign(const mho_net *net, mho_node *node)
{
    if (node->sign_zero != -1 && node->sign_zero != 0 && node->sign_zero != 1)
        return mho_error(MHO_ECONFIG, "sign of zero %g, want -1, 0 or 1", (double)node->sign_zero);
    return mhoi_shape_same(net, node);
}

mho_status mhoi_shape_same(const mho_net *net, mho_node *node)
{
    node->out = node->in;
    node->dims = net->node[node->input[0]].dims;
    return MHO_OK;
}

mho_status mhoi_shape_input(const mho_net *net, mho_node *node)
{
    (void)net;
    node->in = node->out;
    set_map(node, node->out);
    return MHO_OK;
}

/* An array of one image as a map; of other ranks than 2 to 4, or of several images, as elements in a row. */
mho_shape mhoi_map_shape(const mho_array *a)
{
    if (a->rank == 4 && a->size[0] == 1)
        return (mho_shape){a->size[1], a->size[2], a->size[3]};
    if (a->rank == 3 && a->size[0] == 1)
        return (mho_shape){a->size[1], 1, a->size[2]};
    return (mho_shape){a->count, 1, 1};
}

/* Its operation has told its shape. */
mho_status mhoi_shape_general(const mho_net *net, mho_node *node)
{
    (void)net;
    if (!node->work)
        return mhoi_node_refuse(node, MHOI_WALK_MAP);
    const mho_shape shape = mhoi_map_shape(&node->work->out);
    if (shape.h * shape.w == 1)
        set_vector(node, shape.c);
    else
        set_map(node, shape);
    return MHO_OK;
}

static mho_status check_place(const mho_net *net, size_t i)
{
    const mho_node *node = &net->node[i];
    if ((unsigned)node->op >= MHO_OP_COUNT || (node->op == MHO_OP_INPUT) != (i == 0))
        return mho_error(MHO_ECONFIG, "the first layer, and no other, is the input");
    const mhoi_op_info *info = mhoi_op_info_of(node->op);
    if (node->inputs < info->inputs_min || node->inputs > info->inputs_max)
        return mho_error(MHO_ECONFIG, "%s reads %zu layers, want %zu", info->name, node->inputs,
                         node->inputs < info->inputs_min ? info->inputs_min : info->inputs_max);
    for (size_t k = 0; k < node->inputs; k++)
        if (node->input[k] >= i)
            return mho_error(MHO_ECONFIG, "reads layer %zu, which is not before it",
                             node->input[k]);
    for (size_t k = 0; k < i; k++)
        if (strcmp(net->node[k].name, node->name) == 0)
            return mho_error(MHO_ECONFIG, "two layers of this name");
    return node->name[0] ? MHO_OK : mho_error(MHO_ECONFIG, "has no name");
}

mho_status mhoi_net_infer_node(mho_net *net, size_t i)
{
    mho_node *node = &net->node[i];
    mho_status s = check_place(net, i);
    if (!s && i > 0)
        node->in = net->node[node->input[0]].out;
    if (!s)
        s = mhoi_op_info_of(node->op)->shape(net, node);
    if (!s)
        s = check_shape(node->out);
    uint64_t macs;
    if (!s && __builtin_mul_overflow((uint64_t)mho_node_weight_count(node),
                                     (uint64_t)(node->out.h * node->out.w), &macs))
        s = mho_error(MHO_EDOMAIN, "more than 2^64 multiply-accumulates");
    return s ? mho_error_prefix(s, "layer '%s'", node->name) : MHO_OK;
}

static mho_status check_all_read(const mho_net *net)
{
    for (size_t i = 0; i + 1 < net->nodes; i++) {
        bool read = false;
        for (size_t k = i + 1; !read && k < net->nodes; k++)
            for (size_t j = 0; j < net->node[k].inputs; j++)
                read |= net->node[k].input[j] == i;
        if (!read)
            return mho_error(MHO_ECONFIG, "layer '%s': no layer reads it", net->node[i].name);
    }
    uint64_t macs = 0;
    for (size_t i = 0; i < net->nodes; i++)
        if (__builtin_add_overflow(macs, mho_node_macs(&net->node[i]), &macs))
            return mho_error(MHO_EDOMAIN, "more than 2^64 multiply-accumulates");
    return MHO_OK;
}

mho_status mhoi_net_infer_shapes(mho_net *net, const char *place)
{
    mho_status s = MHO_OK;
    for (size_t i = 0; !s && i < net->nodes; i++)
        s = mhoi_net_infer_node(net, i);
    if (!s)
        s = check_all_read(net);
    return s ? mho_error_prefix(s, "%s", place) : MHO_OK;
}
