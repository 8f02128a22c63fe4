/* SPDX-License-Identifier: Apache-2.0 */
/* The kinds of layers, blocks and lists of the YAML form.  docs/models/net.md. */
#include <string.h>

#include "mho/config.h"
#include "base/parallel.h"
#include "net/net_builder.h"

#define DEPTH_MAX 16
#define TIMES_MAX ((size_t)1000)
#define STEPS_MAX                                                                                  \
    ((size_t)1000000) /* blocks may append nothing, so the limit of layers is not enough */

static mho_status build_conv(mhoi_builder *b, const mhoi_layer *l, mho_op op)
{
    mho_node node = {.op = op, .has_bias = true};
    mhoi_node_set_window(&node, 0, 0);
    if (!mhoi_layer_field(l, "out"))
        return mhoi_layer_missing(b, l, "out");
    mho_status s = mhoi_layer_optional_size(b, l, "out", &node.out.c);
    if (!s)
        s = mhoi_layer_kernel(b, l, mhoi_layer_field(l, "kernel"), &node);
    if (!s)
        s = mhoi_layer_stride(b, l, &node);
    if (!s)
        s = mhoi_layer_pad(b, l, &node);
    if (!s)
        s = mhoi_layer_optional_size(b, l, "groups", &node.groups);
    if (!s)
        s = mhoi_layer_optional_bool(b, l, "bias", &node.has_bias);
    return s ? s : mhoi_layer_append(b, l, &node);
}

static mho_status build_fc(mhoi_builder *b, const mhoi_layer *l, mho_op op)
{
    mho_node node = {.op = op, .has_bias = true};
    const mhoi_yaml *out = mhoi_layer_main_field(l, "out");
    if (!out)
        return mhoi_layer_missing(b, l, "out");
    mho_status s = mhoi_layer_size(b, l, out, &node.out.c);
    if (!s)
        s = mhoi_layer_optional_bool(b, l, "bias", &node.has_bias);
    return s ? s : mhoi_layer_append(b, l, &node);
}

/* avgpool: global takes the whole map */
static mho_status build_pool(mhoi_builder *b, const mhoi_layer *l, mho_op op)
{
    mho_node node = {.op = op};
    const mhoi_yaml *kernel = mhoi_layer_main_field(l, "kernel");
    if (kernel && kernel->kind == MHOI_YAML_SCALAR && strcmp(kernel->text, "global") == 0) {
        if (mhoi_layer_field(l, "stride") || mhoi_layer_field(l, "pad") ||
            mhoi_layer_field(l, "ceil") || l->from)
            return mhoi_net_at(b, l->entry,
                               mho_error(MHO_ECONFIG, "global %s takes no other key", l->kind));
        const mho_shape in = b->net->node[b->net->nodes - 1].out;
        mhoi_node_set_window(&node, in.h, in.w);
        return mhoi_layer_append(b, l, &node);
    }
    mhoi_node_set_window(&node, 0, 0);
    mho_status s = mhoi_layer_kernel(b, l, kernel, &node);
    node.stride_h = node.stride_w = node.kh;
    if (!s)
        s = mhoi_layer_stride(b, l, &node);
    if (!s)
        s = mhoi_layer_pad(b, l, &node);
    if (!s)
        s = mhoi_layer_optional_bool(b, l, "ceil", &node.ceil_mode);
    return s ? s : mhoi_layer_append(b, l, &node);
}

static mho_status build_batchnorm(mhoi_builder *b, const mhoi_layer *l, mho_op op)
{
    mho_node node = {.op = op, .epsilon = 1e-5F};
    mho_status s = mhoi_layer_optional_float(b, l, mhoi_layer_field(l, "epsilon"), &node.epsilon);
    return s ? s : mhoi_layer_append(b, l, &node);
}

static mho_status build_leaky_relu(mhoi_builder *b, const mhoi_layer *l, mho_op op)
{
    mho_node node = {.op = op, .slope = 0.1F};
    mho_status s = mhoi_layer_optional_float(b, l, mhoi_layer_main_field(l, "slope"), &node.slope);
    return s ? s : mhoi_layer_append(b, l, &node);
}

static mho_status build_plain(mhoi_builder *b, const mhoi_layer *l, mho_op op)
{
    const mho_node node = {.op = op};
    return mhoi_layer_append(b, l, &node);
}

static mho_status build_add(mhoi_builder *b, const mhoi_layer *l, mho_op op)
{
    mho_node node = {.op = op, .inputs = 2};
    if (!l->value || l->value->kind != MHOI_YAML_LIST || l->value->children != 2)
        return mhoi_net_at(b, l->entry,
                           mho_error(MHO_ECONFIG, "add, want the names of two layers: [a, b]"));
    for (size_t k = 0; k < 2; k++) {
        mho_status s = mhoi_layer_find(b, l, &l->value->child[k], &node.input[k]);
        if (s)
            return s;
    }
    return mhoi_layer_append(b, l, &node);
}

/* 1x1 convolution and batch normalization from `start`, so that the shortcut has the shape of
 * `end`. */
static mho_status build_shortcut(mhoi_builder *b, const mhoi_layer *l, size_t start, size_t end,
                                 size_t *out)
{
    const mho_shape in = b->net->node[start].out, want = b->net->node[end].out;
    *out = start;
    if (in.c == want.c && in.h == want.h && in.w == want.w)
        return MHO_OK;
    const mhoi_layer plain = {.entry = l->entry, .kind = l->kind, .scope = l->scope};
    mho_node conv = {.op = MHO_OP_CONV, .inputs = 1, .input = {start}};
    mhoi_node_set_window(&conv, 1, 1);
    conv.out.c = want.c;
    conv.stride_h = conv.stride_w = (in.h + want.h - 1) / want.h;
    const mho_node bn = {.op = MHO_OP_BATCHNORM, .epsilon = 1e-5F};
    mho_status s = mhoi_layer_append(b, &plain, &conv);
    if (!s)
        s = mhoi_layer_append(b, &plain, &bn);
    *out = b->net->nodes - 1;
    return s;
}

static mho_status build_residual(mhoi_builder *b, const mhoi_layer *l, mho_op op)
{
    const size_t start = b->net->nodes - 1;
    if (!l->value || l->value->kind != MHOI_YAML_LIST || l->from)
        return mhoi_net_at(b, l->entry, mho_error(MHO_ECONFIG, "residual, want a list of layers"));
    mho_status s = mhoi_layers_build(b, l->value, l->scope);
    const size_t end = b->net->nodes - 1;
    mho_node add = {.op = op, .inputs = 2, .input = {end, start}};
    if (!s)
        s = build_shortcut(b, l, start, end, &add.input[1]);
    return s ? s : mhoi_layer_append(b, l, &add);
}

static const struct kind {
    const char *name;
    mho_op op;
    mho_status (*build)(mhoi_builder *b, const mhoi_layer *l, mho_op op);
    const char *const keys[7]; /* of its map */
} kinds[] = {
    {"conv", MHO_OP_CONV, build_conv, {"out", "kernel", "stride", "pad", "groups", "bias"}},
    {"fc", MHO_OP_FC, build_fc, {"out", "bias"}},
    {"maxpool", MHO_OP_MAXPOOL, build_pool, {"kernel", "stride", "pad", "ceil"}},
    {"avgpool", MHO_OP_AVGPOOL, build_pool, {"kernel", "stride", "pad", "ceil"}},
    {"batchnorm", MHO_OP_BATCHNORM, build_batchnorm, {"epsilon"}},
    {"sign", MHO_OP_SIGN, build_plain, {0}},
    {"relu", MHO_OP_RELU, build_plain, {0}},
    {"leaky_relu", MHO_OP_LEAKY_RELU, build_leaky_relu, {"slope"}},
    {"add", MHO_OP_ADD, build_add, {0}},
    {"residual", MHO_OP_ADD, build_residual, {0}},
    {"flatten", MHO_OP_FLATTEN, build_plain, {0}},
    {"softmax", MHO_OP_SOFTMAX, build_plain, {0}},
};
#define KINDS (sizeof kinds / sizeof kinds[0])

static size_t count_names(const char *const *names)
{
    size_t n = 0;
    while (names[n])
        n++;
    return n;
}

/* One more entry or use of a block. */
static mho_status count_step(mhoi_builder *b, const mhoi_yaml *entry)
{
    if (++b->steps > STEPS_MAX)
        return mhoi_net_at(
            b, entry, mho_error(MHO_EDOMAIN, "blocks unfold to more than %zu entries", STEPS_MAX));
    if (mhoi_interrupted())
        return mhoi_net_at(b, entry, mho_error(MHO_EINTERRUPTED, "interrupted"));
    return MHO_OK;
}

/* Walks a block `times` times (an argument every block takes). */
static mho_status build_block(mhoi_builder *b, const mhoi_layer *l, const mhoi_yaml *body)
{
    const mhoi_scope inner = {l->value, l->scope, (l->scope ? l->scope->depth : 0) + 1};
    size_t times = 1;
    mho_status s = mhoi_layer_optional_size(b, l, "times", &times);
    if (s)
        return s;
    if (times > TIMES_MAX)
        return mhoi_net_at(b, l->entry,
                           mho_error(MHO_EDOMAIN, "times = %zu, want 0..%zu", times, TIMES_MAX));
    if (inner.depth > DEPTH_MAX)
        return mhoi_net_at(b, l->entry,
                           mho_error(MHO_ECONFIG, "blocks nested deeper than %d", DEPTH_MAX));
    if (l->name || l->from || (!mhoi_yaml_is_empty(l->value) && l->value->kind != MHOI_YAML_MAP))
        return mhoi_net_at(b, l->entry,
                           mho_error(MHO_ECONFIG, "block %s, want a map of arguments", l->kind));
    for (size_t k = 0; !s && k < times; k++) {
        s = count_step(b, l->entry);
        if (!s)
            s = mhoi_layers_build(b, body, &inner);
    }
    return s;
}

static mho_status build_layer(mhoi_builder *b, const mhoi_layer *l)
{
    const mhoi_yaml *block = b->blocks ? mhoi_yaml_get(b->blocks, l->kind) : NULL;
    if (block)
        return build_block(b, l, block);
    const char *names[KINDS];
    for (size_t k = 0; k < KINDS; k++) {
        names[k] = kinds[k].name;
        if (strcmp(kinds[k].name, l->kind))
            continue;
        if (!mhoi_yaml_is_empty(l->value) && l->value->kind == MHOI_YAML_MAP) {
            mho_status s =
                mhoi_layer_check_keys(b, l->value, kinds[k].keys, count_names(kinds[k].keys));
            if (s)
                return s;
        } else if (!mhoi_yaml_is_empty(l->value) && kinds[k].build == build_plain) {
            return mhoi_net_at(b, l->entry, mho_error(MHO_ECONFIG, "%s takes no value", l->kind));
        }
        return kinds[k].build(b, l, kinds[k].op);
    }
    return mhoi_net_at(
        b, l->entry,
        mho_error_near(MHO_ECONFIG, l->kind, names, KINDS, "unknown layer '%s'", l->kind));
}

/* Entry "relu", or a map of the kind and perhaps name and from. */
static mho_status read_entry(const mhoi_builder *b, const mhoi_yaml *entry, mhoi_layer *l)
{
    l->entry = entry;
    if (entry->kind == MHOI_YAML_SCALAR) {
        l->kind = entry->text;
        return MHO_OK;
    }
    for (size_t k = 0; entry->kind == MHOI_YAML_MAP && k < entry->children; k++) {
        const mhoi_yaml *child = &entry->child[k];
        if (strcmp(child->key, "name") == 0)
            l->name = child;
        else if (strcmp(child->key, "from") == 0)
            l->from = child;
        else if (!l->kind) {
            l->kind = child->key;
            l->value = child;
        } else {
            return mhoi_net_at(b, child,
                               mho_error(MHO_ECONFIG,
                                         "second layer '%s' in one entry: each starts with '-'",
                                         child->key));
        }
    }
    return l->kind ? MHO_OK
                   : mhoi_net_at(b, entry, mho_error(MHO_ECONFIG, "a layer, want a name or a map"));
}

mho_status mhoi_layers_build(mhoi_builder *b, const mhoi_yaml *list, const mhoi_scope *args)
{
    if (list->kind != MHOI_YAML_LIST)
        return mhoi_net_at(b, list, mho_error(MHO_ECONFIG, "want a list of layers"));
    mho_status s = MHO_OK;
    for (size_t k = 0; !s && k < list->children; k++) {
        mhoi_layer l = {.scope = args};
        s = read_entry(b, &list->child[k], &l);
        if (!s)
            s = count_step(b, l.entry);
        if (!s)
            s = build_layer(b, &l);
    }
    return s;
}
