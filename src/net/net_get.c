/* SPDX-License-Identifier: Apache-2.0 */
/* What programs may ask a network and its nodes. */
#include "base/contract.h"
#include "net/block.h"
#include "net/op_table.h"

const char *mho_net_name(const mho_net *net)
{
    return net->name;
}

const char *mho_net_assumed(const mho_net *net)
{
    return net->assumed;
}

const char *mho_net_source(const mho_net *net)
{
    return net->source;
}

float mho_net_input_scale(const mho_net *net)
{
    return net->input_scale;
}

size_t mho_net_input_bits(const mho_net *net)
{
    return net->input_bits;
}

mho_shape mho_net_input_shape(const mho_net *net)
{
    return net->node[0].out;
}

size_t mho_net_zero_signs(const mho_net *net)
{
    size_t count = 0;
    for (size_t i = 1; i < net->nodes; i++) {
        const mho_node *from = &net->node[i];
        if (from->op != MHO_OP_SIGN || from->sign_zero != 0)
            continue;
        from = &net->node[from->input[0]];
        while (mhoi_op_is(from->op, MHOI_OP_POOL) || from->op == MHO_OP_FLATTEN)
            from = &net->node[from->input[0]];
        count += from->op != MHO_OP_BATCHNORM;
    }
    return count;
}

size_t mho_net_nodes(const mho_net *net)
{
    return net->nodes;
}

const mho_node *mho_net_node(const mho_net *net, size_t i)
{
    MHO_ASSERT(i < net->nodes);
    return &net->node[i];
}

const char *mho_node_name(const mho_node *node)
{
    return node->name;
}

mho_op mho_node_op(const mho_node *node)
{
    return node->op;
}

size_t mho_node_inputs(const mho_node *node)
{
    return node->inputs;
}

size_t mho_node_input(const mho_node *node, size_t k)
{
    MHO_ASSERT(k < node->inputs);
    return node->input[k];
}

mho_shape mho_node_input_shape(const mho_node *node)
{
    return node->in;
}

mho_shape mho_node_output_shape(const mho_node *node)
{
    return node->out;
}

mho_geometry mho_node_geometry(const mho_node *node)
{
    if (!mhoi_op_is(node->op, MHOI_OP_WINDOW))
        return (mho_geometry){.kh = 0};
    return (mho_geometry){.kh = node->kh,
                          .kw = node->kw,
                          .stride_h = node->stride_h,
                          .stride_w = node->stride_w,
                          .dilation_h = node->dilation_h,
                          .dilation_w = node->dilation_w,
                          .pad_top = node->pad_top,
                          .pad_left = node->pad_left,
                          .pad_bottom = node->pad_bottom,
                          .pad_right = node->pad_right,
                          .groups = node->groups};
}

mho_alphabet mho_node_alphabet(const mho_node *node)
{
    return node->alphabet;
}

size_t mho_node_block(const mho_node *node)
{
    return node->block > 1 ? node->block : 1;
}

size_t mho_node_stored_weights(const mho_node *node)
{
    const mhoi_block block = mhoi_block_of(node);
    return node->block > 1 ? mhoi_block_numbers(&block) : mho_node_weight_count(node);
}

size_t mho_node_weight_bits(const mho_node *node)
{
    return node->weight_bits;
}

float mho_node_weight_scale(const mho_node *node, size_t channel)
{
    return node->weight_scale && channel < node->out.c ? node->weight_scale[channel] : 0;
}

float mho_node_value_scale(const mho_node *node)
{
    return mhoi_node_rounds(node) ? node->value_scale : 0;
}

size_t mho_node_value_bits(const mho_node *node)
{
    return node->value_bits;
}

size_t mho_node_bias_count(const mho_node *node)
{
    return mho_node_is_weighted(node) && node->has_bias ? node->out.c : 0;
}
