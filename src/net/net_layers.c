/* SPDX-License-Identifier: Apache-2.0 */
/* The kinds of layers, blocks and lists of the YAML form.  docs/models/net.md. */
#include <string.h>

#include "mho/config.h"
#include "base/parallel.h"
#include "net/net_builder.h"
#include "net/op_table.h"

#define DEPTH_MAX 16
#define TIMES_MAX ((size_t)1000)
#define STEPS_MAX                                                                                  \
    ((size_t)1000000) /* blocks may append nothing, so the limit of layers is not enough */

/* One attribute of the operator, if the layer tells it. */
static mho_status read_attribute(const mhoi_builder *b, const mhoi_layer *l,
                                 const mhoi_attribute *a, bool first, mho_node *node)
{
    char *const at = (char *)node + a->offset;
    const mhoi_yaml *value = first ? mhoi_layer_main_field(l, a->key) : mhoi_layer_field(l, a->key);
    if (!value)
        return a->required ? mhoi_layer_missing(b, l, a->key) : MHO_OK;
    switch (a->kind) {
    case MHOI_ATTRIBUTE_SIZE:
        return mhoi_layer_size(b, l, value, (size_t *)(void *)at);
    case MHOI_ATTRIBUTE_BOOL:
        return mhoi_layer_optional_bool(b, l, a->key, (bool *)at);
    case MHOI_ATTRIBUTE_FLOAT:
        return mhoi_layer_optional_float(b, l, value, (float *)(void *)at);
    case MHOI_ATTRIBUTE_PAIR:
        return mhoi_layer_pair(b, l, a->key, value, (size_t *)(void *)at);
    case MHOI_ATTRIBUTE_PADS:
        return mhoi_layer_pad(b, l, node);
    }
    return mho_error(MHO_EINTERNAL, "attribute %s has no kind", a->key);
}

/* Attributes from *a on; an operator with one attribute alone, or whose first is a number, may be given its
 * value without a map: `fc: 500`. */
static mho_status read_attributes(const mhoi_builder *b, const mhoi_layer *l,
                                  const mhoi_attribute *a, bool first, mho_node *node)
{
    mho_status s = MHO_OK;
    for (; !s && a->key; a++, first = false)
        s = read_attribute(b, l, a, first, node);
    return s;
}

static mho_status build_plain(mhoi_builder *b, const mhoi_layer *l, mho_op op)
{
    mho_node node = mhoi_node_initial(op);
    mho_status s = read_attributes(b, l, mhoi_op_info_of(op)->attribute, op != MHO_OP_CONV, &node);
    return s ? s : mhoi_layer_append(b, l, &node);
}

static bool is_global(const mhoi_yaml *kernel)
{
    return kernel && kernel->kind == MHOI_YAML_SCALAR && strcmp(kernel->text, "global") == 0;
}

/* avgpool: global takes the whole map; strides are the kernel's unless told. */
static mho_status build_pool(mhoi_builder *b, const mhoi_layer *l, mho_op op)
{
    const mhoi_attribute *a = mhoi_op_info_of(op)->attribute;
    mho_node node = mhoi_node_initial(op);
    if (is_global(mhoi_layer_main_field(l, a->key))) {
        if ((l->value->kind == MHOI_YAML_MAP && l->value->children > 1) || l->from)
            return mhoi_net_at(b, l->entry,
                               mho_error(MHO_ECONFIG, "global %s takes no other key", l->kind));
        const mho_shape in = b->net->node[b->net->nodes - 1].out;
        mhoi_node_set_window(&node, in.h, in.w);
        return mhoi_layer_append(b, l, &node);
    }
    mho_status s = read_attribute(b, l, a, true, &node);
    node.stride_h = node.kh;
    node.stride_w = node.kw;
    if (!s)
        s = read_attributes(b, l, a + 1, false, &node);
    return s ? s : mhoi_layer_append(b, l, &node);
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
    conv.stride_h = (in.h + want.h - 1) / want.h;
    conv.stride_w = (in.w + want.w - 1) / want.w;
    const mho_node bn = mhoi_node_initial(MHO_OP_BATCHNORM);
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

typedef mho_status builder_of(mhoi_builder *b, const mhoi_layer *l, mho_op op);

/* Names of layers that are no operator's, and operators that their attributes alone do not make. */
static const struct kind {
    const char *name;
    mho_op op;
    builder_of *build;
} kinds[] = {
    {"maxpool", MHO_OP_MAXPOOL, build_pool},
    {"avgpool", MHO_OP_AVGPOOL, build_pool},
    {"add", MHO_OP_ADD, build_add},
    {"residual", MHO_OP_ADD, build_residual},
};
#define KINDS (sizeof kinds / sizeof kinds[0])

/* MHO_OP_COUNT: there is none of that name.  The input is no layer. */
static mho_op find_kind(const char *name, builder_of **build)
{
    for (size_t k = 0; k < KINDS; k++)
        if (strcmp(kinds[k].name, name) == 0) {
            *build = kinds[k].build;
            return kinds[k].op;
        }
    *build = build_plain;
    for (mho_op op = MHO_OP_INPUT + 1; op < MHO_OP_COUNT; op++)
        if (strcmp(mhoi_op_info_of(op)->name, name) == 0)
            return op;
    return MHO_OP_COUNT;
}

static mho_status unknown_kind(const mhoi_builder *b, const mhoi_layer *l)
{
    const char *names[KINDS + MHO_OP_COUNT];
    size_t count = 0;
    for (; count < KINDS; count++)
        names[count] = kinds[count].name;
    for (mho_op op = MHO_OP_INPUT + 1; op < MHO_OP_COUNT; op++)
        names[count++] = mhoi_op_info_of(op)->name;
    return mhoi_net_at(
        b, l->entry,
        mho_error_near(MHO_ECONFIG, l->kind, names, count, "unknown layer '%s'", l->kind));
}

/* The keys of a layer's map are its attributes; an operator without any takes no value. */
static mho_status check_value(const mhoi_builder *b, const mhoi_layer *l, mho_op op,
                              builder_of *build)
{
    enum { KEYS_MAX = 16 };
    const mhoi_attribute *a = mhoi_op_info_of(op)->attribute;
    const char *keys[KEYS_MAX];
    size_t count = 0;
    if (mhoi_yaml_is_empty(l->value))
        return MHO_OK;
    for (; a[count].key && count < KEYS_MAX; count++)
        keys[count] = a[count].key;
    if (l->value->kind == MHOI_YAML_MAP)
        return mhoi_layer_check_keys(b, l->value, keys, count);
    if (count == 0 && build == build_plain)
        return mhoi_net_at(b, l->entry, mho_error(MHO_ECONFIG, "%s takes no value", l->kind));
    return MHO_OK;
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
    builder_of *build;
    const mho_op op = find_kind(l->kind, &build);
    if (op == MHO_OP_COUNT)
        return unknown_kind(b, l);
    mho_status s = check_value(b, l, op, build);
    return s ? s : build(b, l, op);
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
