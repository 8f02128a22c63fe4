/* SPDX-License-Identifier: Apache-2.0 */
/* The zoo and the YAML document of a network.  docs/models/net.md describes the form.
 *
 * The list of layers is walked once; blocks are walked again with their arguments at every use, and
 * shapes are inferred layer by layer, so that every message has the line it comes from. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/named.h"
#include "mho/config.h"
#include "net/net_builder.h"

static mho_status read_text(const mhoi_builder *b, const mhoi_yaml *root, const char *key,
                            char *out, size_t size)
{
    const mhoi_yaml *node = mhoi_yaml_get(root, key);
    if (!node)
        return MHO_OK;
    if (node->kind != MHOI_YAML_SCALAR || strlen(node->text) >= size)
        return mhoi_net_at(
            b, node,
            mho_error(MHO_ECONFIG, "%s, want a text of at most %zu characters", key, size - 1));
    snprintf(out, size, "%s", node->text);
    return MHO_OK;
}

/* A number or a text, or a list of numbers, as mho_input_set takes it. */
static mho_status read_setting(mhoi_builder *b, const mhoi_yaml *input, const char *key,
                               mho_input *in)
{
    const mhoi_yaml *node = mhoi_yaml_get(input, key);
    char text[24 * MHO_INPUT_CHANNELS];
    size_t used = (size_t)snprintf(text, sizeof text, "%s=", key);
    const bool list = node && node->kind == MHOI_YAML_LIST, range = strcmp(key, "range") == 0;
    if (!node)
        return MHO_OK;
    for (size_t k = 0; k < (list ? node->children : 1) && used < sizeof text; k++) {
        const mhoi_yaml *one = list ? &node->child[k] : node;
        if (one->kind != MHOI_YAML_SCALAR)
            return mhoi_net_at(b, node, mho_error(MHO_ECONFIG, "%s, want numbers", key));
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s",
                                 k ? range ? ":" : "," : "", one->text);
    }
    if (used >= sizeof text)
        return mhoi_net_at(
            b, node, mho_error(MHO_ECONFIG, "%s, want up to %d numbers", key, MHO_INPUT_CHANNELS));
    const mho_status s = mho_input_set(in, text);
    return s ? mhoi_net_at(b, node, mho_error(MHO_ECONFIG, "%s", mho_error_message())) : MHO_OK;
}

static mho_status read_settings(mhoi_builder *b, const mhoi_yaml *input, mho_net *net)
{
    static const char *const keys[] = {"range", "mean", "std", "layout"};
    mho_input in;
    mho_status s = MHO_OK;
    mho_net_get_input(net, &in);
    if (mhoi_yaml_get(input, "range") && mhoi_yaml_get(input, "scale"))
        return mhoi_net_at(b, input,
                           mho_error(MHO_ECONFIG, "scale and range: want one of the two"));
    for (size_t i = 0; !s && i < sizeof keys / sizeof *keys; i++)
        s = read_setting(b, input, keys[i], &in);
    in.values = in.scale_set = in.range_set = false; /* of images of bytes */
    in.stated = true;
    return s ? s : mho_net_set_input(net, &in);
}

/* input: {shape: [c, h, w], bits: 8, scale: 0.00390625}; without scale 2^-bits; mean, std, layout, range */
static mho_status read_input(mhoi_builder *b, const mhoi_yaml *root)
{
    static const char *const keys[] = {"shape", "bits", "scale", "mean", "std", "layout", "range"};
    const mhoi_yaml *input = mhoi_yaml_get(root, "input");
    if (!input || input->kind != MHOI_YAML_MAP)
        return mhoi_net_at(
            b, input ? input : root,
            mho_error(MHO_ECONFIG, "input, want {shape: [channels, height, width]}"));
    mho_status s = mhoi_layer_check_keys(b, input, keys, sizeof keys / sizeof *keys);
    if (s)
        return s;
    const mhoi_yaml *shape = mhoi_yaml_get(input, "shape");
    if (!shape || shape->kind != MHOI_YAML_LIST || shape->children != 3)
        return mhoi_net_at(b, input,
                           mho_error(MHO_ECONFIG, "shape, want [channels, height, width]"));
    const mhoi_layer l = {.entry = input, .kind = "input", .value = input};
    mho_node *node = &b->net->node[0];
    size_t *const side[3] = {&node->out.c, &node->out.h, &node->out.w};
    for (size_t k = 0; !s && k < 3; k++)
        s = mhoi_layer_size(b, &l, &shape->child[k], side[k]);
    size_t bits = 8;
    if (!s)
        s = mhoi_layer_optional_size(b, &l, "bits", &bits);
    if (!s && (bits < 1 || bits > 16))
        s = mhoi_net_at(b, input, mho_error(MHO_EDOMAIN, "bits = %zu, want 1..16", bits));
    if (s)
        return s;
    float scale = ldexpf(1, -(int)bits);
    s = mhoi_layer_optional_float(b, &l, mhoi_layer_field(&l, "scale"), &scale);
    if (!s && !(scale > 0 && isfinite(scale)))
        s = mhoi_net_at(b, input,
                        mho_error(MHO_EDOMAIN, "scale = %g, want more than 0", (double)scale));
    b->net->input_bits = bits;
    b->net->input_scale = scale;
    if (!s)
        s = read_settings(b, input, b->net);
    mhoi_net_set_usual_name(b->net, 0);
    return s ? s : mhoi_net_at(b, input, mhoi_net_infer_node(b->net, 0));
}

static mho_status build(mhoi_builder *b, const mhoi_yaml *root)
{
    static const char *const keys[] = {"name", "source", "input", "blocks", "layers"};
    if (root->kind != MHOI_YAML_MAP)
        return mhoi_net_at(b, root,
                           mho_error(MHO_ECONFIG, "a network, want a map with input and layers"));
    mho_status s = mhoi_layer_check_keys(b, root, keys, 5);
    if (!s)
        s = read_text(b, root, "name", b->net->name, sizeof b->net->name);
    if (!s)
        s = read_text(b, root, "source", b->net->source, sizeof b->net->source);
    if (!s)
        s = read_input(b, root);
    b->blocks = mhoi_yaml_get(root, "blocks");
    if (!s && b->blocks && b->blocks->kind != MHOI_YAML_MAP)
        s = mhoi_net_at(b, b->blocks,
                        mho_error(MHO_ECONFIG, "blocks, want a map of lists of layers"));
    const mhoi_yaml *layers = mhoi_yaml_get(root, "layers");
    if (!s && (!layers || layers->kind != MHOI_YAML_LIST || layers->children == 0))
        s = mhoi_net_at(b, layers ? layers : root,
                        mho_error(MHO_ECONFIG, "layers, want a list of layers"));
    if (!s)
        s = mhoi_layers_build(b, layers, NULL);
    return s ? s : mhoi_net_infer_shapes(b->net, b->place);
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
    mhoi_builder b = {.capacity = 16, .place = place};
    s = mhoi_net_create("", b.capacity, &b.net);
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
    static const char *const folders[] = {"configs/net/", NULL};
    mhoi_named file;
    *out = NULL;
    mho_status s = mhoi_named_builtin(folders, "network", name, &file);
    return s ? s : mho_net_read(file.text, file.place, out);
}
