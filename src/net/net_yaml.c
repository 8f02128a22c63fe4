/* SPDX-License-Identifier: Apache-2.0 */
/* The zoo and the YAML form of networks.  docs/models/net.md describes the form.
 *
 * The list of layers is walked once; blocks are walked again with their arguments at every use, and
 * shapes are inferred layer by layer, so that every message has the line it comes from. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/yaml.h"
#include "mho/asset.h"
#include "mho/config.h"
#include "net/net_impl.h"

#define DEPTH_MAX 16
#define TIMES_MAX ((size_t)1000)

/* The arguments a block was called with; "$x" in its body is looked up here, then outwards. */
typedef struct scope {
    const mhoi_yaml *arguments;
    const struct scope *parent;
    size_t depth;
} scope;

typedef struct builder {
    mho_net *net; /* room for `capacity` nodes, net->nodes in use */
    size_t capacity;
    const char *place;
    const mhoi_yaml *blocks; /* NULL: none */
} builder;

/* One entry of a list of layers. */
typedef struct layer {
    const mhoi_yaml *entry; /* for its line */
    const char *kind;
    const mhoi_yaml *value; /* what stands behind the kind; NULL: nothing */
    const mhoi_yaml *name, *from;
    const scope *scope;
} layer;

static mho_status at(const builder *b, const mhoi_yaml *node, mho_status s)
{
    return s ? mho_error_prefix(s, "%s:%zu", b->place, node->line) : MHO_OK;
}

/* --- values
 * ---------------------------------------------------------------------------------------- */

/* Follows "$x" to the argument x of the block. */
static mho_status resolve(const builder *b, const scope *args, const mhoi_yaml **node)
{
    while ((*node)->kind == MHOI_YAML_SCALAR && (*node)->text[0] == '$') {
        const mhoi_yaml *value = NULL;
        if (args && args->arguments && args->arguments->kind == MHOI_YAML_MAP)
            value = mhoi_yaml_get(args->arguments, (*node)->text + 1);
        if (!value)
            return at(b, *node,
                      mho_error(MHO_ECONFIG, "%s: the block was called without it", (*node)->text));
        *node = value;
        args = args->parent;
    }
    return MHO_OK;
}

static bool is_empty(const mhoi_yaml *node)
{
    return !node || (node->kind == MHOI_YAML_SCALAR && node->text[0] == 0);
}

/* The field `key` of a layer whose value is a map; NULL if absent or if the value is no map. */
static const mhoi_yaml *field(const layer *l, const char *key)
{
    return l->value && l->value->kind == MHOI_YAML_MAP ? mhoi_yaml_get(l->value, key) : NULL;
}

static mho_status read_size(const builder *b, const layer *l, const mhoi_yaml *node, size_t *out)
{
    mho_status s = resolve(b, l->scope, &node);
    return s ? s : mhoi_yaml_size(node, b->place, out);
}

/* *out keeps its value if the field is absent. */
static mho_status optional_size(const builder *b, const layer *l, const char *key, size_t *out)
{
    const mhoi_yaml *node = field(l, key);
    return node ? read_size(b, l, node, out) : MHO_OK;
}

static mho_status optional_bool(const builder *b, const layer *l, const char *key, bool *out)
{
    const mhoi_yaml *node = field(l, key);
    if (!node)
        return MHO_OK;
    mho_status s = resolve(b, l->scope, &node);
    if (s)
        return s;
    const char *text = node->kind == MHOI_YAML_SCALAR ? node->text : "(a list or map)";
    if (strcmp(text, "true") && strcmp(text, "false"))
        return at(b, node, mho_error(MHO_ECONFIG, "%s = %s, want true or false", key, text));
    *out = text[0] == 't';
    return MHO_OK;
}

static mho_status optional_float(const builder *b, const layer *l, const mhoi_yaml *node,
                                 float *out)
{
    if (is_empty(node))
        return MHO_OK;
    double value = 0;
    mho_status s = resolve(b, l->scope, &node);
    if (!s)
        s = mhoi_yaml_double(node, b->place, &value);
    if (!s)
        *out = (float)value;
    return s;
}

/* A value for layers whose map may be shortened to its main field: `fc: 500`. */
static const mhoi_yaml *main_field(const layer *l, const char *key)
{
    if (!is_empty(l->value) && l->value->kind == MHOI_YAML_SCALAR)
        return l->value;
    return field(l, key);
}

static mho_status missing(const builder *b, const layer *l, const char *key)
{
    return at(b, l->entry, mho_error(MHO_ECONFIG, "%s: %s is missing", l->kind, key));
}

/* kernel: 3 or [3, 5] (height, width) */
static mho_status read_kernel(const builder *b, const layer *l, const mhoi_yaml *node,
                              mho_node *out)
{
    if (!node)
        return missing(b, l, "kernel");
    mho_status s = resolve(b, l->scope, &node);
    if (s)
        return s;
    if (node->kind == MHOI_YAML_LIST) {
        if (node->children != 2)
            return at(b, node,
                      mho_error(MHO_ECONFIG, "kernel of %zu numbers, want one or [height, width]",
                                node->children));
        s = read_size(b, l, &node->child[0], &out->kh);
        return s ? s : read_size(b, l, &node->child[1], &out->kw);
    }
    s = mhoi_yaml_size(node, b->place, &out->kh);
    out->kw = out->kh;
    return s;
}

/* pad: 1, or [top, left, bottom, right], or same (stride 1: the output is as large as the input) */
static mho_status read_pad(const builder *b, const layer *l, mho_node *out)
{
    const mhoi_yaml *node = field(l, "pad");
    if (!node)
        return MHO_OK;
    mho_status s = resolve(b, l->scope, &node);
    if (s)
        return s;
    if (node->kind == MHOI_YAML_SCALAR && strcmp(node->text, "same") == 0) {
        if (out->stride != 1 || out->kh == 0 || out->kw == 0)
            return at(
                b, node,
                mho_error(MHO_ECONFIG, "pad = same with stride %zu, want stride 1", out->stride));
        out->pad_top = (out->kh - 1) / 2;
        out->pad_bottom = out->kh - 1 - out->pad_top;
        out->pad_left = (out->kw - 1) / 2;
        out->pad_right = out->kw - 1 - out->pad_left;
        return MHO_OK;
    }
    size_t *const side[4] = {&out->pad_top, &out->pad_left, &out->pad_bottom, &out->pad_right};
    const bool list = node->kind == MHOI_YAML_LIST;
    if (list && node->children != 4)
        return at(b, node,
                  mho_error(MHO_ECONFIG,
                            "pad of %zu numbers, want one or [top, left, bottom, right]",
                            node->children));
    for (size_t k = 0; !s && k < 4; k++)
        s = list ? read_size(b, l, &node->child[k], side[k])
                 : mhoi_yaml_size(node, b->place, side[k]);
    return s;
}

/* --- growing the network
 * --------------------------------------------------------------------------- */

static mho_status grow(builder *b)
{
    mho_net *net = b->net;
    if (net->nodes < b->capacity)
        return MHO_OK;
    if (net->nodes >= MHOI_NET_NODES_MAX)
        return mho_error(MHO_EDOMAIN, "more than %zu layers", MHOI_NET_NODES_MAX);
    const size_t capacity =
        b->capacity * 2 < MHOI_NET_NODES_MAX ? b->capacity * 2 : MHOI_NET_NODES_MAX;
    mho_node *node = NULL;
    mho_status s = mhoi_alloc(&node, capacity, sizeof *node, "layers of a network");
    if (s)
        return s;
    memcpy(node, net->node, net->nodes * sizeof *node);
    mhoi_free(&net->node);
    net->node = node;
    b->capacity = capacity;
    return MHO_OK;
}

static mho_status find_node(const builder *b, const layer *l, const mhoi_yaml *node, size_t *out)
{
    mho_status s = resolve(b, l->scope, &node);
    if (s)
        return s;
    const char *text = node->kind == MHOI_YAML_SCALAR ? node->text : "(a list or map)";
    for (size_t i = 0; i < b->net->nodes; i++)
        if (strcmp(b->net->node[i].name, text) == 0) {
            *out = i;
            return MHO_OK;
        }
    return at(b, node, mho_error(MHO_ECONFIG, "no layer '%s' before this one", text));
}

static mho_status set_name(const builder *b, const layer *l, size_t i)
{
    if (!l->name) {
        mhoi_net_set_usual_name(b->net, i);
        return MHO_OK;
    }
    const mhoi_yaml *name = l->name;
    mho_status s = resolve(b, l->scope, &name);
    if (s)
        return s;
    if (name->kind != MHOI_YAML_SCALAR || strlen(name->text) >= MHO_NAME)
        return at(b, name,
                  mho_error(MHO_ECONFIG, "name, want a text of 1..%d characters", MHO_NAME - 1));
    snprintf(b->net->node[i].name, MHO_NAME, "%s", name->text);
    return MHO_OK;
}

/* Appends *node, which reads the last node or `from` unless its inputs are set. */
static mho_status append(builder *b, const layer *l, const mho_node *node)
{
    mho_status s = grow(b);
    if (s)
        return at(b, l->entry, s);
    mho_net *net = b->net;
    const size_t i = net->nodes;
    net->node[i] = *node;
    if (node->inputs == 0) {
        net->node[i].inputs = 1;
        net->node[i].input[0] = i - 1;
        if (l->from)
            s = find_node(b, l, l->from, &net->node[i].input[0]);
    }
    if (!s)
        s = set_name(b, l, i);
    if (!s)
        s = at(b, l->entry, mhoi_net_infer_node(net, i));
    if (!s)
        net->nodes++;
    else
        memset(&net->node[i], 0, sizeof net->node[i]);
    return s;
}

/* --- kinds of layers
 * ------------------------------------------------------------------------------- */

static mho_status build_list(builder *b, const mhoi_yaml *list, const scope *args);

static mho_status build_conv(builder *b, const layer *l, mho_op op)
{
    mho_node node = {.op = op, .stride = 1, .groups = 1, .has_bias = true};
    if (!field(l, "out"))
        return missing(b, l, "out");
    mho_status s = optional_size(b, l, "out", &node.out.c);
    if (!s)
        s = read_kernel(b, l, field(l, "kernel"), &node);
    if (!s)
        s = optional_size(b, l, "stride", &node.stride);
    if (!s)
        s = read_pad(b, l, &node);
    if (!s)
        s = optional_size(b, l, "groups", &node.groups);
    if (!s)
        s = optional_bool(b, l, "bias", &node.has_bias);
    return s ? s : append(b, l, &node);
}

static mho_status build_fc(builder *b, const layer *l, mho_op op)
{
    mho_node node = {.op = op, .has_bias = true};
    const mhoi_yaml *out = main_field(l, "out");
    if (!out)
        return missing(b, l, "out");
    mho_status s = read_size(b, l, out, &node.out.c);
    if (!s)
        s = optional_bool(b, l, "bias", &node.has_bias);
    return s ? s : append(b, l, &node);
}

/* avgpool: global takes the whole map */
static mho_status build_pool(builder *b, const layer *l, mho_op op)
{
    mho_node node = {.op = op};
    const mhoi_yaml *kernel = main_field(l, "kernel");
    if (kernel && kernel->kind == MHOI_YAML_SCALAR && strcmp(kernel->text, "global") == 0) {
        if (field(l, "stride") || field(l, "pad") || field(l, "ceil") || l->from)
            return at(b, l->entry, mho_error(MHO_ECONFIG, "global %s takes no other key", l->kind));
        const mho_shape in = b->net->node[b->net->nodes - 1].out;
        node.kh = in.h;
        node.kw = in.w;
        node.stride = 1;
        return append(b, l, &node);
    }
    mho_status s = read_kernel(b, l, kernel, &node);
    node.stride = node.kh;
    if (!s)
        s = optional_size(b, l, "stride", &node.stride);
    if (!s)
        s = read_pad(b, l, &node);
    if (!s)
        s = optional_bool(b, l, "ceil", &node.ceil_mode);
    return s ? s : append(b, l, &node);
}

static mho_status build_batchnorm(builder *b, const layer *l, mho_op op)
{
    mho_node node = {.op = op, .epsilon = 1e-5F};
    mho_status s = optional_float(b, l, field(l, "epsilon"), &node.epsilon);
    return s ? s : append(b, l, &node);
}

static mho_status build_leaky_relu(builder *b, const layer *l, mho_op op)
{
    mho_node node = {.op = op, .slope = 0.1F};
    mho_status s = optional_float(b, l, main_field(l, "slope"), &node.slope);
    return s ? s : append(b, l, &node);
}

static mho_status build_plain(builder *b, const layer *l, mho_op op)
{
    const mho_node node = {.op = op};
    return append(b, l, &node);
}

static mho_status build_add(builder *b, const layer *l, mho_op op)
{
    mho_node node = {.op = op, .inputs = 2};
    if (!l->value || l->value->kind != MHOI_YAML_LIST || l->value->children != 2)
        return at(b, l->entry, mho_error(MHO_ECONFIG, "add, want the names of two layers: [a, b]"));
    for (size_t k = 0; k < 2; k++) {
        mho_status s = find_node(b, l, &l->value->child[k], &node.input[k]);
        if (s)
            return s;
    }
    return append(b, l, &node);
}

/* 1x1 convolution and batch normalization from `start`, so that the shortcut has the shape of
 * `end`. */
static mho_status build_shortcut(builder *b, const layer *l, size_t start, size_t end, size_t *out)
{
    const mho_shape in = b->net->node[start].out, want = b->net->node[end].out;
    *out = start;
    if (in.c == want.c && in.h == want.h && in.w == want.w)
        return MHO_OK;
    const layer plain = {.entry = l->entry, .kind = l->kind, .scope = l->scope};
    mho_node conv = {.op = MHO_OP_CONV, .groups = 1, .kh = 1, .kw = 1, .inputs = 1};
    conv.input[0] = start;
    conv.out.c = want.c;
    conv.stride = (in.h + want.h - 1) / want.h;
    const mho_node bn = {.op = MHO_OP_BATCHNORM, .epsilon = 1e-5F};
    mho_status s = append(b, &plain, &conv);
    if (!s)
        s = append(b, &plain, &bn);
    *out = b->net->nodes - 1;
    return s;
}

static mho_status build_residual(builder *b, const layer *l, mho_op op)
{
    const size_t start = b->net->nodes - 1;
    if (!l->value || l->value->kind != MHOI_YAML_LIST || l->from)
        return at(b, l->entry, mho_error(MHO_ECONFIG, "residual, want a list of layers"));
    mho_status s = build_list(b, l->value, l->scope);
    const size_t end = b->net->nodes - 1;
    mho_node add = {.op = op, .inputs = 2, .input = {end, start}};
    if (!s)
        s = build_shortcut(b, l, start, end, &add.input[1]);
    return s ? s : append(b, l, &add);
}

static const struct kind {
    const char *name;
    mho_op op;
    mho_status (*build)(builder *b, const layer *l, mho_op op);
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

/* Every key of map is one of names[count]; if not, the message tells the nearest. */
static mho_status check_keys(const builder *b, const mhoi_yaml *map, const char *const *names,
                             size_t count)
{
    for (size_t k = 0; k < map->children; k++) {
        const char *key = map->child[k].key;
        bool known = false;
        for (size_t j = 0; j < count; j++)
            known |= strcmp(names[j], key) == 0;
        if (known)
            continue;
        const char *nearest = mho_nearest(key, names, count);
        return at(b, &map->child[k],
                  mho_error(MHO_ECONFIG, "unknown key '%s'%s%s", key,
                            nearest ? ", nearest is " : "", nearest ? nearest : ""));
    }
    return MHO_OK;
}

/* Walks a block `times` times (an argument every block takes). */
static mho_status build_block(builder *b, const layer *l, const mhoi_yaml *body)
{
    const scope inner = {l->value, l->scope, (l->scope ? l->scope->depth : 0) + 1};
    size_t times = 1;
    mho_status s = optional_size(b, l, "times", &times);
    if (s)
        return s;
    if (times > TIMES_MAX)
        return at(b, l->entry,
                  mho_error(MHO_EDOMAIN, "times = %zu, want 0..%zu", times, TIMES_MAX));
    if (inner.depth > DEPTH_MAX)
        return at(b, l->entry, mho_error(MHO_ECONFIG, "blocks nested deeper than %d", DEPTH_MAX));
    if (l->name || l->from || (!is_empty(l->value) && l->value->kind != MHOI_YAML_MAP))
        return at(b, l->entry,
                  mho_error(MHO_ECONFIG, "block %s, want a map of arguments", l->kind));
    for (size_t k = 0; !s && k < times; k++)
        s = build_list(b, body, &inner);
    return s;
}

static mho_status build_layer(builder *b, const layer *l)
{
    const mhoi_yaml *block = b->blocks ? mhoi_yaml_get(b->blocks, l->kind) : NULL;
    if (block)
        return build_block(b, l, block);
    const char *names[KINDS];
    for (size_t k = 0; k < KINDS; k++) {
        names[k] = kinds[k].name;
        if (strcmp(kinds[k].name, l->kind))
            continue;
        if (!is_empty(l->value) && l->value->kind == MHOI_YAML_MAP) {
            mho_status s = check_keys(b, l->value, kinds[k].keys, count_names(kinds[k].keys));
            if (s)
                return s;
        } else if (!is_empty(l->value) && kinds[k].build == build_plain) {
            return at(b, l->entry, mho_error(MHO_ECONFIG, "%s takes no value", l->kind));
        }
        return kinds[k].build(b, l, kinds[k].op);
    }
    const char *nearest = mho_nearest(l->kind, names, KINDS);
    return at(b, l->entry,
              mho_error(MHO_ECONFIG, "unknown layer '%s'%s%s", l->kind,
                        nearest ? ", nearest is " : "", nearest ? nearest : ""));
}

/* Entry "relu", or a map of the kind and perhaps name and from. */
static mho_status read_entry(const builder *b, const mhoi_yaml *entry, layer *l)
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
            return at(b, child,
                      mho_error(MHO_ECONFIG, "second layer '%s' in one entry: each starts with '-'",
                                child->key));
        }
    }
    return l->kind ? MHO_OK : at(b, entry, mho_error(MHO_ECONFIG, "a layer, want a name or a map"));
}

static mho_status build_list(builder *b, const mhoi_yaml *list, const scope *args)
{
    if (list->kind != MHOI_YAML_LIST)
        return at(b, list, mho_error(MHO_ECONFIG, "want a list of layers"));
    mho_status s = MHO_OK;
    for (size_t k = 0; !s && k < list->children; k++) {
        layer l = {.scope = args};
        s = read_entry(b, &list->child[k], &l);
        if (!s)
            s = build_layer(b, &l);
    }
    return s;
}

/* --- the document
 * ---------------------------------------------------------------------------------- */

static mho_status read_text(const builder *b, const mhoi_yaml *root, const char *key, char *out,
                            size_t size)
{
    const mhoi_yaml *node = mhoi_yaml_get(root, key);
    if (!node)
        return MHO_OK;
    if (node->kind != MHOI_YAML_SCALAR || strlen(node->text) >= size)
        return at(
            b, node,
            mho_error(MHO_ECONFIG, "%s, want a text of at most %zu characters", key, size - 1));
    snprintf(out, size, "%s", node->text);
    return MHO_OK;
}

/* input: {shape: [c, h, w], bits: 8, scale: 0.00390625}; without scale 2^-bits */
static mho_status read_input(builder *b, const mhoi_yaml *root)
{
    static const char *const keys[] = {"shape", "bits", "scale"};
    const mhoi_yaml *input = mhoi_yaml_get(root, "input");
    if (!input || input->kind != MHOI_YAML_MAP)
        return at(b, input ? input : root,
                  mho_error(MHO_ECONFIG, "input, want {shape: [channels, height, width]}"));
    mho_status s = check_keys(b, input, keys, 3);
    if (s)
        return s;
    const mhoi_yaml *shape = mhoi_yaml_get(input, "shape");
    if (!shape || shape->kind != MHOI_YAML_LIST || shape->children != 3)
        return at(b, input, mho_error(MHO_ECONFIG, "shape, want [channels, height, width]"));
    const layer l = {.entry = input, .kind = "input", .value = input};
    mho_node *node = &b->net->node[0];
    size_t *const side[3] = {&node->out.c, &node->out.h, &node->out.w};
    for (size_t k = 0; !s && k < 3; k++)
        s = read_size(b, &l, &shape->child[k], side[k]);
    size_t bits = 8;
    if (!s)
        s = optional_size(b, &l, "bits", &bits);
    if (!s && (bits < 1 || bits > 16))
        s = at(b, input, mho_error(MHO_EDOMAIN, "bits = %zu, want 1..16", bits));
    if (s)
        return s;
    float scale = ldexpf(1, -(int)bits);
    s = optional_float(b, &l, field(&l, "scale"), &scale);
    if (!s && !(scale > 0 && isfinite(scale)))
        s = at(b, input, mho_error(MHO_EDOMAIN, "scale = %g, want more than 0", (double)scale));
    b->net->input_bits = bits;
    b->net->input_scale = scale;
    mhoi_net_set_usual_name(b->net, 0);
    return s ? s : at(b, input, mhoi_net_infer_node(b->net, 0));
}

static mho_status build(builder *b, const mhoi_yaml *root)
{
    static const char *const keys[] = {"name", "source", "input", "blocks", "layers"};
    if (root->kind != MHOI_YAML_MAP)
        return at(b, root, mho_error(MHO_ECONFIG, "a network, want a map with input and layers"));
    mho_status s = check_keys(b, root, keys, 5);
    if (!s)
        s = read_text(b, root, "name", b->net->name, sizeof b->net->name);
    if (!s)
        s = read_text(b, root, "source", b->net->source, sizeof b->net->source);
    if (!s)
        s = read_input(b, root);
    b->blocks = mhoi_yaml_get(root, "blocks");
    if (!s && b->blocks && b->blocks->kind != MHOI_YAML_MAP)
        s = at(b, b->blocks, mho_error(MHO_ECONFIG, "blocks, want a map of lists of layers"));
    const mhoi_yaml *layers = mhoi_yaml_get(root, "layers");
    if (!s && (!layers || layers->kind != MHOI_YAML_LIST || layers->children == 0))
        s = at(b, layers ? layers : root, mho_error(MHO_ECONFIG, "layers, want a list of layers"));
    if (!s)
        s = build_list(b, layers, NULL);
    return s ? s : mho_net_infer_shapes(b->net, b->place);
}

/* "configs/net/lenet.yaml" is called lenet unless it says otherwise. */
static void default_name(const char *place, mho_net *net)
{
    const char *slash = strrchr(place, '/');
    snprintf(net->name, sizeof net->name, "%.40s", slash ? slash + 1 : place);
    char *dot = strrchr(net->name, '.');
    if (dot && dot > net->name)
        *dot = 0;
}

mho_status mho_net_read(const char *text, const char *place, mho_net **out)
{
    *out = NULL;
    mhoi_yaml *root = NULL;
    mho_status s = mhoi_yaml_parse(text, place, &root);
    if (s)
        return s;
    builder b = {.capacity = 16, .place = place};
    s = mho_net_create("", b.capacity, &b.net);
    if (!s) {
        b.net->nodes = 1;
        default_name(place, b.net);
        s = build(&b, root);
    }
    mhoi_yaml_destroy(root);
    if (s)
        mho_net_destroy(b.net);
    else
        *out = b.net;
    return s;
}

mho_status mho_net_zoo(const char *name, mho_net **out)
{
    *out = NULL;
    char path[128];
    if (snprintf(path, sizeof path, "configs/net/%s.yaml", name) < (int)sizeof path) {
        const mho_asset *asset = mho_asset_find(path);
        if (asset)
            return mho_net_read(asset->data, asset->path, out);
    }
    return mho_error(MHO_ECONFIG, "no network '%s' is built in (mho nets lists them)", name);
}
