/* SPDX-License-Identifier: Apache-2.0 */
/* Binary networks: docs/models/net.md, "Binary style". */
#include <string.h>

#include "net/net_impl.h"
#include "net/op_table.h"

/* The others stand between weighted layers, where sign takes their place. */
MHOI_WALKER_HANDLES(MHOI_WALK_STYLE, MHOI_OP_BIT(INPUT) | MHOI_OP_BIT(CONV) | MHOI_OP_BIT(FC) |
                                         MHOI_OP_BIT(MAXPOOL) | MHOI_OP_BIT(AVGPOOL) |
                                         MHOI_OP_BIT(BATCHNORM) | MHOI_OP_BIT(SIGN) |
                                         MHOI_OP_BIT(STEP) | MHOI_OP_BIT(RELU) |
                                         MHOI_OP_BIT(LEAKY_RELU) | MHOI_OP_BIT(ADD) |
                                         MHOI_OP_BIT(FLATTEN) | MHOI_OP_BIT(SOFTMAX));

static mho_status check_chain(const mho_net *net)
{
    for (size_t i = 1; i < net->nodes; i++) {
        const mho_node *node = &net->node[i];
        if (node->inputs != 1 || node->input[0] != i - 1)
            return mho_error(MHO_ENOTMODELED,
                             "network %s: binary style of branches (layer '%s'), only of chains",
                             net->name, node->name);
    }
    return MHO_OK;
}

static void append(mho_net *net, const mho_node *node)
{
    const size_t i = net->nodes++;
    net->node[i] = *node;
    net->node[i].input[0] = i - 1;
    net->node[i].inputs = 1;
    if (mho_node_is_weighted(node))
        mhoi_net_set_unique_name(net, i, node->name);
    else
        mhoi_net_set_usual_name(net, i);
}

static void append_op(mho_net *net, mho_op op)
{
    const mho_node node = mhoi_node_initial(op);
    append(net, &node);
}

/* Convolution and its batch normalization; then what lies before the next weighted layer: the
 * pooling, and sign in place of whatever else there was. */
static void append_binary(const mho_net *from, mho_net *to)
{
    size_t seen = 0;
    for (size_t i = 1; i < from->nodes; i++) {
        mho_node node = from->node[i];
        node.weight = node.bias = node.weight_scale = node.gamma = node.beta = node.mean =
            node.variance = NULL;
        if (mho_node_is_weighted(&node)) {
            if (seen > 0)
                append_op(to, MHO_OP_SIGN);
            seen++;
            node.alphabet = MHO_ALPHABET_BINARY;
            node.has_bias = false;
            append(to, &node);
            append_op(to, MHO_OP_BATCHNORM);
        } else if (node.op == MHO_OP_MAXPOOL || node.op == MHO_OP_AVGPOOL ||
                   node.op == MHO_OP_FLATTEN) {
            append(to, &node);
        }
    }
}

mho_status mho_net_style(const mho_net *net, mho_style style, mho_net **out)
{
    *out = NULL;
    if (style == MHO_STYLE_FLOAT)
        return mho_net_clone(net, out);
    mho_status s = mhoi_net_check_walk(net, MHOI_WALK_STYLE);
    if (!s)
        s = check_chain(net);
    if (s)
        return s;
    size_t weighted = 0;
    for (size_t i = 0; i < net->nodes; i++)
        weighted += mho_node_is_weighted(&net->node[i]);
    if (weighted == 0)
        return mho_error(MHO_ENOTMODELED, "network %s: binary style without any weighted layer",
                         net->name);
    mho_net *binary = NULL;
    s = mhoi_net_create(net->name, net->nodes + 2 * weighted, &binary);
    if (s)
        return s;
    memcpy(binary->source, net->source, sizeof binary->source);
    binary->input_scale = net->input_scale;
    binary->input_bits = net->input_bits;
    binary->node[0] = net->node[0];
    binary->nodes = 1;
    append_binary(net, binary);
    s = mhoi_net_infer_shapes(binary, net->name);
    if (s)
        mho_net_destroy(binary);
    else
        *out = binary;
    return s;
}
