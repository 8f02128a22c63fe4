/* SPDX-License-Identifier: Apache-2.0 */
/* Metadata about single layers: circulant blocks, bits of weights, codes of feature maps. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/decimal.h"
#include "net/block.h"
#include "onnx/onnx_impl.h"

static mho_node *node_named(mho_net *net, const char *name)
{
    for (size_t i = 0; i < net->nodes; i++)
        if (strcmp(net->node[i].name, name) == 0)
            return &net->node[i];
    return NULL;
}

static const char *behind(const char *key, const char *prefix)
{
    const size_t n = strlen(prefix);
    return strncmp(key, prefix, n) == 0 ? key + n : NULL;
}

/* A whole number of lowest..highest; *end: what follows it. */
static bool read_whole(const char *text, long lowest, long highest, long *value, char **end)
{
    *value = strtol(text, end, 10);
    return *end != text && *value >= lowest && *value <= highest;
}

static bool read_block(const char *value, mho_node *node)
{
    char *end;
    long k;
    if (!mho_node_is_weighted(node) || !read_whole(value, 2, (long)MHOI_BLOCK_MAX, &k, &end))
        return false;
    node->block = (size_t)k;
    node->block_channels = strcmp(end, "c") == 0;
    return node->block_channels || !*end;
}

static bool read_weight_bits(const char *value, mho_node *node)
{
    char *end;
    long bits;
    if (!mho_node_is_weighted(node) || !read_whole(value, 2, 8, &bits, &end))
        return false;
    node->weight_bits = (size_t)bits;
    return !*end;
}

#define SCALE_MIN 1e-37f /* so that it and its inverse are normal floats */
#define SCALE_MAX 1e37f

static bool read_scale(const char *text, float *scale, char **end)
{
    *scale = (float)mhoi_decimal_read(text, end);
    return *end != text && *scale >= SCALE_MIN && *scale <= SCALE_MAX;
}

/* One a channel, or one for all; the weights are whole multiples of them, of as many bits as told. */
static bool read_weight_scale(const char *value, mho_node *node)
{
    float first;
    char *end;
    if (!node->weight || !read_scale(value, &first, &end) ||
        mhoi_alloc(&node->weight_scale, node->out.c, sizeof(float), node->name))
        return false;
    node->has_weight_scale = true;
    const bool one = !*end;
    for (size_t k = 0; k < node->out.c; k++)
        if (one)
            node->weight_scale[k] = first;
        else if (!read_scale(value, &node->weight_scale[k], &end))
            return false;
        else
            value = end;
    return !*end;
}

/* Values are rounded where they are made: pools of maxima and flattening hand them on. */
static bool read_codes(const char *value, mho_node *node)
{
    char *end;
    long bits, exponent, below;
    if (node->op == MHO_OP_INPUT || node->op == MHO_OP_MAXPOOL || node->op == MHO_OP_FLATTEN ||
        !read_whole(value, 2, 8, &bits, &end))
        return false;
    node->value_scale = 0;
    if (*end == ':') {
        if (!read_whole(end + 1, -100, 100, &exponent, &end))
            return false;
        node->value_scale = ldexpf(1, (int)exponent);
    } else if (*end == '*' && !read_scale(end + 1, &node->value_scale, &end)) {
        return false;
    }
    node->value_bits = (size_t)bits;
    node->value_below = 0;
    if (*end == ',') {
        if (!read_whole(end + 1, 1, (1L << bits) - 1, &below, &end))
            return false;
        node->value_below = (size_t)below;
    }
    return !*end;
}

static bool read_sign_zero(const char *value, mho_node *node)
{
    char *end;
    long zero;
    if (node->op != MHO_OP_SIGN || !read_whole(value, -1, 1, &zero, &end))
        return false;
    node->sign_zero = (float)zero;
    return !*end;
}

mho_status mhoi_onnx_read_coding(const MhoiOnnx__ModelProto *model, mho_net *net)
{
    static const struct {
        const char *prefix;
        bool (*read)(const char *value, mho_node *node);
    } entries[] = {{MHOI_ONNX_BLOCK, read_block},
                   {MHOI_ONNX_WEIGHT_BITS, read_weight_bits},
                   {MHOI_ONNX_WEIGHT_SCALE, read_weight_scale},
                   {MHOI_ONNX_CODES, read_codes},
                   {MHOI_ONNX_SIGN_ZERO, read_sign_zero}};
    for (size_t i = 0; i < model->n_metadata_props; i++) {
        const char *key = mhoi_onnx_text(model->metadata_props[i]->key);
        const char *value = mhoi_onnx_text(model->metadata_props[i]->value);
        for (size_t k = 0; k < sizeof entries / sizeof *entries; k++) {
            const char *name = behind(key, entries[k].prefix);
            mho_node *node = name ? node_named(net, name) : NULL;
            if (name && (!node || !entries[k].read(value, node)))
                return mho_error(MHO_EFORMAT, "%s = '%s' fits no layer of the network", key, value);
        }
    }
    mho_status s = MHO_OK;
    for (size_t i = 0; !s && i < net->nodes; i++)
        s = mhoi_block_check(&net->node[i]);
    return s == MHO_EDOMAIN || s == MHO_ENOTMODELED ? MHO_EFORMAT : s;
}
