/* SPDX-License-Identifier: Apache-2.0 */
/* Binary networks: docs/models/net.md, "Binary style". */
#include <string.h>

#include "base/alloc.h"
#include "net/net_impl.h"
#include "net/op_table.h"

/* The others stand between weighted layers, where sign takes their place. */
MHOI_WALKER_HANDLES(MHOI_WALK_STYLE, MHOI_OP_BIT(INPUT) | MHOI_OP_BIT(CONV) | MHOI_OP_BIT(FC) |
                                         MHOI_OP_BIT(MAXPOOL) | MHOI_OP_BIT(AVGPOOL) |
                                         MHOI_OP_BIT(BATCHNORM) | MHOI_OP_BIT(SIGN) |
                                         MHOI_OP_BIT(STEP) | MHOI_OP_BIT(RELU) |
                                         MHOI_OP_BIT(LEAKY_RELU) | MHOI_OP_BIT(ADD) |
                                         MHOI_OP_BIT(FLATTEN) | MHOI_OP_BIT(SOFTMAX));

/* What the value of a node is in the binary network. */
typedef enum kind {
    KIND_IMAGE, /* as it comes; pools of it too */
    KIND_REAL,  /* behind batch normalization, or a pool of that: its sign is read */
    KIND_BITS,  /* signs */
    KIND_WHOLE, /* sums of signs: small whole numbers */
} kind;

typedef struct value {
    size_t node; /* of the binary network */
    kind kind;
    size_t bits; /* the node of its signs, 0 while there is none */
} value;

typedef struct styler {
    const mho_net *from;
    mho_net *to;
    value *of;     /* [nodes of from] */
    bool *weights; /* [nodes of from]: a weighted layer follows */
} styler;

static size_t append(mho_net *net, const mho_node *node, const size_t *input, size_t inputs)
{
    const size_t i = net->nodes++;
    net->node[i] = *node;
    memcpy(net->node[i].input, input, inputs * sizeof *input);
    net->node[i].inputs = inputs;
    if (mho_node_is_weighted(node))
        mhoi_net_set_unique_name(net, i, node->name);
    else
        mhoi_net_set_usual_name(net, i);
    return i;
}

static size_t append_op(mho_net *net, mho_op op, size_t input)
{
    const mho_node node = mhoi_node_initial(op);
    return append(net, &node, &input, 1);
}

/* The node whose values a weighted layer, or a sum, takes for those of v: the signs, made once.  Sums get batch
 * normalization before: what of a whole number is much differs from channel to channel. */
static size_t bits_of(styler *s, value *v)
{
    if (v->kind == KIND_IMAGE || v->kind == KIND_BITS)
        return v->node;
    if (!v->bits) {
        const size_t real =
            v->kind == KIND_WHOLE ? append_op(s->to, MHO_OP_BATCHNORM, v->node) : v->node;
        v->bits = append_op(s->to, MHO_OP_SIGN, real);
    }
    return v->bits;
}

static void style_weighted(styler *s, size_t i, mho_node node)
{
    const size_t input = bits_of(s, &s->of[node.input[0]]);
    node.alphabet = MHO_ALPHABET_BINARY;
    node.has_bias = false;
    const size_t layer = append(s->to, &node, &input, 1);
    s->of[i] =
        (value){.node = append_op(s->to, MHO_OP_BATCHNORM, layer), .kind = KIND_REAL, .bits = 0};
}

/* Averages of bits are no bits: before a weighted layer the largest stands for them, and where the whole map is averaged
 * that layer reads all of it. */
static void style_pool(styler *s, size_t i, mho_node node)
{
    value *from = &s->of[node.input[0]];
    const mho_node *in = &s->from->node[node.input[0]];
    if (node.op == MHO_OP_AVGPOOL && s->weights[i]) {
        if (in->out.h > 1 && node.out.h == 1 && node.out.w == 1) {
            s->of[i] = *from;
            return;
        }
        node.op = MHO_OP_MAXPOOL;
    }
    s->of[i] = (value){.node = append(s->to, &node, &from->node, 1), .kind = from->kind, .bits = 0};
}

static mho_status style_add(styler *s, size_t i, const mho_node *node)
{
    size_t input[MHOI_NODE_INPUTS];
    for (size_t k = 0; k < node->inputs; k++) {
        value *v = &s->of[node->input[k]];
        if (v->kind == KIND_IMAGE)
            return mho_error(MHO_ENOTMODELED,
                             "layer '%s': binary style of a sum with the image: it has no signs",
                             node->name);
        input[k] = v->kind == KIND_WHOLE ? v->node : bits_of(s, v);
    }
    s->of[i] =
        (value){.node = append(s->to, node, input, node->inputs), .kind = KIND_WHOLE, .bits = 0};
    return MHO_OK;
}

static mho_status style_node(styler *s, size_t i)
{
    mho_node node = s->from->node[i];
    node.weight = node.bias = node.weight_scale = node.gamma = node.beta = node.mean =
        node.variance = NULL;
    value *from = &s->of[node.input[0]];
    if (mho_node_is_weighted(&node)) {
        style_weighted(s, i, node);
    } else if (node.op == MHO_OP_MAXPOOL || node.op == MHO_OP_AVGPOOL) {
        style_pool(s, i, node);
    } else if (node.op == MHO_OP_ADD) {
        return style_add(s, i, &node);
    } else if (node.op == MHO_OP_FLATTEN) {
        const bool whole =
            from->kind == KIND_WHOLE; /* its signs are of channels, not of elements */
        const size_t input = whole ? bits_of(s, from) : from->node;
        s->of[i] = (value){.node = append(s->to, &node, &input, 1),
                           .kind = whole ? KIND_BITS : from->kind};
    } else {
        s->of[i] = *from; /* signs take the place of what is element-wise */
    }
    return MHO_OK;
}

static void find_followers(styler *s)
{
    for (size_t i = s->from->nodes; i-- > 1;) {
        const mho_node *node = &s->from->node[i];
        for (size_t k = 0; k < node->inputs; k++)
            s->weights[node->input[k]] |= s->weights[i] || mho_node_is_weighted(node);
    }
}

static mho_status fill(styler *s)
{
    mho_net *to = s->to;
    memcpy(to->source, s->from->source, sizeof to->source);
    to->input_scale = s->from->input_scale;
    to->input_bits = s->from->input_bits;
    to->input = s->from->input;
    to->declared = s->from->declared;
    memcpy(to->assumed, s->from->assumed, sizeof to->assumed);
    to->node[0] = s->from->node[0];
    to->nodes = 1;
    find_followers(s);
    mho_status st = MHO_OK;
    for (size_t i = 1; !st && i < s->from->nodes; i++)
        st = style_node(s, i);
    return st ? st : mhoi_net_infer_shapes(to, s->from->name);
}

mho_status mho_net_style(const mho_net *net, mho_style style, mho_net **out)
{
    *out = NULL;
    if (style == MHO_STYLE_FLOAT)
        return mho_net_clone(net, out);
    mho_status s = mhoi_net_check_walk(net, MHOI_WALK_STYLE);
    size_t weighted = 0;
    for (size_t i = 0; i < net->nodes; i++)
        weighted += mho_node_is_weighted(&net->node[i]);
    if (!s && weighted == 0)
        s = mho_error(MHO_ENOTMODELED, "network %s: binary style without any weighted layer",
                      net->name);
    if (s)
        return s;
    styler style_of = {.from = net};
    s = mhoi_alloc(&style_of.of, net->nodes, sizeof *style_of.of, "binary style");
    if (!s)
        s = mhoi_alloc(&style_of.weights, net->nodes, sizeof *style_of.weights, "binary style");
    if (!s) /* a node brings itself, batch normalization, and both of what it reads */
        s = mhoi_net_create(net->name, 4 * net->nodes, &style_of.to);
    if (!s)
        s = fill(&style_of);
    mhoi_free(&style_of.of);
    mhoi_free(&style_of.weights);
    if (s)
        mho_net_destroy(style_of.to);
    else
        *out = style_of.to;
    return s;
}
