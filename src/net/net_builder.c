/* SPDX-License-Identifier: Apache-2.0 */
/* Values of the YAML form, and the network that grows. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "mho/config.h"
#include "net/net_builder.h"

mho_status mhoi_net_at(const mhoi_builder *b, const mhoi_yaml *node, mho_status s)
{
    return s ? mho_error_prefix(s, "%s:%zu", b->place, node->line) : MHO_OK;
}

mho_status mhoi_layer_resolve(const mhoi_builder *b, const mhoi_scope *args, const mhoi_yaml **node)
{
    while ((*node)->kind == MHOI_YAML_SCALAR && (*node)->text[0] == '$') {
        const mhoi_yaml *value = NULL;
        if (args && args->arguments && args->arguments->kind == MHOI_YAML_MAP)
            value = mhoi_yaml_get(args->arguments, (*node)->text + 1);
        if (!value)
            return mhoi_net_at(
                b, *node,
                mho_error(MHO_ECONFIG, "%s: the block was called without it", (*node)->text));
        *node = value;
        args = args->parent;
    }
    return MHO_OK;
}

bool mhoi_yaml_is_empty(const mhoi_yaml *node)
{
    return !node || (node->kind == MHOI_YAML_SCALAR && node->text[0] == 0);
}

const mhoi_yaml *mhoi_layer_field(const mhoi_layer *l, const char *key)
{
    return l->value && l->value->kind == MHOI_YAML_MAP ? mhoi_yaml_get(l->value, key) : NULL;
}

mho_status mhoi_layer_size(const mhoi_builder *b, const mhoi_layer *l, const mhoi_yaml *node,
                           size_t *out)
{
    mho_status s = mhoi_layer_resolve(b, l->scope, &node);
    return s ? s : mhoi_yaml_size(node, b->place, out);
}

mho_status mhoi_layer_optional_size(const mhoi_builder *b, const mhoi_layer *l, const char *key,
                                    size_t *out)
{
    const mhoi_yaml *node = mhoi_layer_field(l, key);
    return node ? mhoi_layer_size(b, l, node, out) : MHO_OK;
}

mho_status mhoi_layer_optional_bool(const mhoi_builder *b, const mhoi_layer *l, const char *key,
                                    bool *out)
{
    const mhoi_yaml *node = mhoi_layer_field(l, key);
    if (!node)
        return MHO_OK;
    mho_status s = mhoi_layer_resolve(b, l->scope, &node);
    if (s)
        return s;
    const char *text = node->kind == MHOI_YAML_SCALAR ? node->text : "(a list or map)";
    if (strcmp(text, "true") && strcmp(text, "false"))
        return mhoi_net_at(b, node,
                           mho_error(MHO_ECONFIG, "%s = %s, want true or false", key, text));
    *out = text[0] == 't';
    return MHO_OK;
}

mho_status mhoi_layer_optional_float(const mhoi_builder *b, const mhoi_layer *l,
                                     const mhoi_yaml *node, float *out)
{
    if (mhoi_yaml_is_empty(node))
        return MHO_OK;
    double value = 0;
    mho_status s = mhoi_layer_resolve(b, l->scope, &node);
    if (!s)
        s = mhoi_yaml_double(node, b->place, &value);
    if (!s && !isfinite((float)value))
        s = mhoi_net_at(b, node,
                        mho_error(MHO_EDOMAIN, "%s = %g, want less than 3.4e38",
                                  node->key ? node->key : "value", value));
    if (!s)
        *out = (float)value;
    return s;
}

const mhoi_yaml *mhoi_layer_main_field(const mhoi_layer *l, const char *key)
{
    if (!mhoi_yaml_is_empty(l->value) && l->value->kind != MHOI_YAML_MAP)
        return l->value;
    return mhoi_layer_field(l, key);
}

mho_status mhoi_layer_missing(const mhoi_builder *b, const mhoi_layer *l, const char *key)
{
    return mhoi_net_at(b, l->entry, mho_error(MHO_ECONFIG, "%s: %s is missing", l->kind, key));
}

mho_status mhoi_layer_pair(const mhoi_builder *b, const mhoi_layer *l, const char *key,
                           const mhoi_yaml *node, size_t pair[2])
{
    mho_status s = mhoi_layer_resolve(b, l->scope, &node);
    if (s)
        return s;
    if (node->kind == MHOI_YAML_LIST) {
        if (node->children != 2)
            return mhoi_net_at(b, node,
                               mho_error(MHO_ECONFIG,
                                         "%s of %zu numbers, want one or [height, width]", key,
                                         node->children));
        s = mhoi_layer_size(b, l, &node->child[0], &pair[0]);
        return s ? s : mhoi_layer_size(b, l, &node->child[1], &pair[1]);
    }
    s = mhoi_yaml_size(node, b->place, &pair[0]);
    pair[1] = pair[0];
    return s;
}

mho_status mhoi_layer_pad(const mhoi_builder *b, const mhoi_layer *l, mho_node *out)
{
    const mhoi_yaml *node = mhoi_layer_field(l, "pad");
    if (!node)
        return MHO_OK;
    mho_status s = mhoi_layer_resolve(b, l->scope, &node);
    if (s)
        return s;
    if (node->kind == MHOI_YAML_SCALAR && strcmp(node->text, "same") == 0) {
        const size_t stride = out->stride_h != 1 ? out->stride_h : out->stride_w;
        if (stride != 1 || out->kh == 0 || out->kw == 0)
            return mhoi_net_at(
                b, node,
                mho_error(MHO_ECONFIG, "pad = same with stride %zu, want stride 1", stride));
        const size_t rows = (out->kh - 1) * out->dilation_h;
        const size_t columns = (out->kw - 1) * out->dilation_w;
        out->pad_top = rows / 2;
        out->pad_bottom = rows - out->pad_top;
        out->pad_left = columns / 2;
        out->pad_right = columns - out->pad_left;
        return MHO_OK;
    }
    size_t *const side[4] = {&out->pad_top, &out->pad_left, &out->pad_bottom, &out->pad_right};
    const bool list = node->kind == MHOI_YAML_LIST;
    if (list && node->children != 4)
        return mhoi_net_at(b, node,
                           mho_error(MHO_ECONFIG,
                                     "pad of %zu numbers, want one or [top, left, bottom, right]",
                                     node->children));
    for (size_t k = 0; !s && k < 4; k++)
        s = list ? mhoi_layer_size(b, l, &node->child[k], side[k])
                 : mhoi_yaml_size(node, b->place, side[k]);
    return s;
}

mho_status mhoi_layer_check_keys(const mhoi_builder *b, const mhoi_yaml *map,
                                 const char *const *names, size_t count)
{
    for (size_t k = 0; k < map->children; k++) {
        const char *key = map->child[k].key;
        bool known = false;
        for (size_t j = 0; j < count; j++)
            known |= strcmp(names[j], key) == 0;
        if (known)
            continue;
        return mhoi_net_at(b, &map->child[k],
                           mho_error_near(MHO_ECONFIG, key, names, count, "unknown key '%s'", key));
    }
    return MHO_OK;
}

static mho_status grow(mhoi_builder *b)
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

mho_status mhoi_layer_find(const mhoi_builder *b, const mhoi_layer *l, const mhoi_yaml *node,
                           size_t *out)
{
    mho_status s = mhoi_layer_resolve(b, l->scope, &node);
    if (s)
        return s;
    const char *text = node->kind == MHOI_YAML_SCALAR ? node->text : "(a list or map)";
    for (size_t i = 0; i < b->net->nodes; i++)
        if (strcmp(b->net->node[i].name, text) == 0) {
            *out = i;
            return MHO_OK;
        }
    return mhoi_net_at(b, node, mho_error(MHO_ECONFIG, "no layer '%s' before this one", text));
}

static mho_status set_name(const mhoi_builder *b, const mhoi_layer *l, size_t i)
{
    if (!l->name) {
        mhoi_net_set_usual_name(b->net, i);
        return MHO_OK;
    }
    const mhoi_yaml *name = l->name;
    mho_status s = mhoi_layer_resolve(b, l->scope, &name);
    if (s)
        return s;
    if (name->kind != MHOI_YAML_SCALAR || strlen(name->text) >= MHO_NAME)
        return mhoi_net_at(
            b, name, mho_error(MHO_ECONFIG, "name, want a text of 1..%d characters", MHO_NAME - 1));
    snprintf(b->net->node[i].name, MHO_NAME, "%s", name->text);
    return MHO_OK;
}

mho_status mhoi_layer_append(mhoi_builder *b, const mhoi_layer *l, const mho_node *node)
{
    mho_status s = grow(b);
    if (s)
        return mhoi_net_at(b, l->entry, s);
    mho_net *net = b->net;
    const size_t i = net->nodes;
    net->node[i] = *node;
    if (node->inputs == 0) {
        net->node[i].inputs = 1;
        net->node[i].input[0] = i - 1;
        if (l->from)
            s = mhoi_layer_find(b, l, l->from, &net->node[i].input[0]);
    }
    if (!s)
        s = set_name(b, l, i);
    if (!s)
        s = mhoi_net_at(b, l->entry, mhoi_net_infer_node(net, i));
    if (!s)
        net->nodes++;
    else
        memset(&net->node[i], 0, sizeof net->node[i]);
    return s;
}
