/* SPDX-License-Identifier: Apache-2.0 */
/* Cycle counts in closed form: docs/models/map.md eq. (7) and (8), bcnn Eq. 6 and Eq. 7. */
#include "mho/map.h"
#include "net/op_table.h"

static size_t max_size(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* W + p: p zeros lie between two rows and are right pad of one and left pad of the other. */
static size_t row_length(const mho_node *node)
{
    return node->in.w + max_size(node->pad_left, node->pad_right);
}

/* (W + p)(H + 2p): the elements a convolution's line buffer is fed. */
static mho_status stream_length(const mho_node *node, uint64_t *length)
{
    uint64_t rows = (uint64_t)node->in.h + node->pad_top + node->pad_bottom;
    if (__builtin_mul_overflow(rows, (uint64_t)row_length(node), length))
        return mho_error(MHO_EDOMAIN, "layer '%s': its cycles leave 64 bits", node->name);
    return MHO_OK;
}

static bool is_pool(const mho_node *node)
{
    return mhoi_op_is(node->op, MHOI_OP_POOL);
}

/* Those that are no convolution, pooling or fully connected layer take no cycle of their own. */
MHOI_WALKER_HANDLES(MHOI_WALK_CYCLES,
                    MHOI_OP_BIT(INPUT) | MHOI_OP_BIT(CONV) | MHOI_OP_BIT(FC) |
                        MHOI_OP_BIT(MAXPOOL) | MHOI_OP_BIT(AVGPOOL) | MHOI_OP_BIT(BATCHNORM) |
                        MHOI_OP_BIT(SIGN) | MHOI_OP_BIT(STEP) | MHOI_OP_BIT(RELU) |
                        MHOI_OP_BIT(LEAKY_RELU) | MHOI_OP_BIT(ADD) | MHOI_OP_BIT(FLATTEN) |
                        MHOI_OP_BIT(SOFTMAX) | MHOI_OP_BIT(GENERAL));

mho_status mho_cycles_pipelined_term(const mho_node *node, bool first, uint64_t *cycles)
{
    *cycles = 0;
    if (node->op == MHO_OP_CONV && first)
        return stream_length(node, cycles);
    if (node->op == MHO_OP_CONV)
        *cycles = row_length(node);
    else if (is_pool(node) || node->op == MHO_OP_FC)
        *cycles = 1;
    return MHO_OK;
}

static mho_status layer_by_layer_term(const mho_node *node, uint64_t *cycles)
{
    *cycles = 0;
    if (node->op == MHO_OP_CONV)
        return stream_length(node, cycles);
    if (is_pool(node))
        *cycles = (uint64_t)node->out.w * node->out.h;
    else if (node->op == MHO_OP_FC)
        *cycles = 1;
    return MHO_OK;
}

static mho_status add(uint64_t *total, uint64_t term, const mho_net *net)
{
    if (__builtin_add_overflow(*total, term, total))
        return mho_error(MHO_EDOMAIN, "network '%s': its cycles leave 64 bits", net->name);
    return MHO_OK;
}

mho_status mho_cycles_pipelined(const mho_net *net, uint64_t *cycles)
{
    bool first = true;
    *cycles = 0;
    mho_status s = mhoi_net_find_placed(net, MHOI_WALK_CYCLES, &net);
    for (size_t i = 0; !s && i < net->nodes; i++) {
        uint64_t term;
        s = mho_cycles_pipelined_term(&net->node[i], first, &term);
        if (!s)
            s = add(cycles, term, net);
        if (net->node[i].op == MHO_OP_CONV)
            first = false;
    }
    return s;
}

mho_status mho_cycles_layer_by_layer(const mho_net *net, uint64_t *cycles)
{
    *cycles = 0;
    mho_status s = mhoi_net_find_placed(net, MHOI_WALK_CYCLES, &net);
    for (size_t i = 0; !s && i < net->nodes; i++) {
        uint64_t term;
        s = layer_by_layer_term(&net->node[i], &term);
        if (!s)
            s = add(cycles, term, net);
    }
    return s;
}

mho_status mho_placement_layer_by_layer(const mho_placement *placement, const mho_net *net,
                                        uint64_t *cycles)
{
    mho_status s = mho_cycles_layer_by_layer(net, cycles);
    for (size_t i = 0; !s && i < placement->layers; i++) {
        const mho_placement_layer *l = &placement->layer[i];
        const size_t d = l->duplication;
        const uint64_t waves = l->positions / d + (l->positions % d != 0);
        s = add(cycles, l->service > d ? waves * (l->service - d) : 0, net);
    }
    return s;
}
