/* SPDX-License-Identifier: Apache-2.0 */
/* How feature maps are held: of 1 bit, or in codes.  docs/models/chip.md. */
#include "base/alloc.h"
#include "map/digital.h"
#include "map/placement.h"
#include "net/op_table.h"
#include "quant/codes.h"

static mhoi_map_coding bits_map(void)
{
    return (mhoi_map_coding){.kind = MHOI_MAP_BITS, .bits = 1, .codes = {0, 1}};
}

/* Codes are unsigned after ReLU, else two's complement. */
static mhoi_map_coding codes_map(size_t bits, bool has_sign)
{
    return (mhoi_map_coding){
        .kind = MHOI_MAP_CODES, .bits = bits, .codes = mhoi_codes_of_map(bits, has_sign)};
}

/* Pixels, of which a DAC of fewer bits drops the low ones; where x is no multiple of them, codes of x. */
static mhoi_map_coding input_map(const mho_net *net, const mhoi_machine *hw)
{
    const size_t dac = hw->input.first_bits;
    const bool fewer = net->input_bits >= 1 && net->input_bits < dac;
    return codes_map(fewer ? net->input_bits : dac, mhoi_net_input_codes(net).is_signed);
}

/* Signs, and sums of them: whole numbers, which a code of as many bits as they take holds. */
static mhoi_map_coding sum_map(const mhoi_plan *plan, const mho_node *n, const mhoi_machine *hw)
{
    int64_t most = 0;
    for (size_t k = 0; k < n->inputs; k++) {
        const mhoi_map_coding *in = &plan->map[n->input[k]];
        if (!(in->kind == MHOI_MAP_BITS || in->whole) || most > INT8_MAX)
            return plan->one_bit_maps ? bits_map() : codes_map(hw->input.bits, true);
        most += in->codes.hi;
    }
    if (most > INT8_MAX)
        return codes_map(8, true);
    mhoi_map_coding map = codes_map(2, true);
    while (map.codes.hi < most)
        map = codes_map(map.bits + 1, true);
    map.codes.lo = -(int32_t)most;
    map.codes.hi = (int32_t)most;
    map.scale = 1;
    map.whole = true;
    return map;
}

static mhoi_map_coding map_of(const mhoi_plan *plan, const mho_net *net, size_t node,
                              const mhoi_machine *hw)
{
    const mho_node *n = &net->node[node];
    switch (n->op) {
    case MHO_OP_INPUT:
        return input_map(net, hw);
    case MHO_OP_MAXPOOL:
    case MHO_OP_AVGPOOL:
    case MHO_OP_FLATTEN:
    case MHO_OP_SOFTMAX:
        return plan->map[n->input[0]];
    case MHO_OP_ADD:
        return sum_map(plan, n, hw);
    case MHO_OP_GENERAL:
        if (mhoi_node_moves(n) && plan->map[n->input[0]].kind == MHOI_MAP_CODES)
            return plan->map[n->input[0]];
        return codes_map(hw->input.bits, mhoi_net_values(net, node).is_signed);
    case MHO_OP_STEP: /* 0 and 1 are codes of one bit */
        return codes_map(hw->input.wide ? hw->input.bits : 1, false);
    case MHO_OP_SIGN:
        return plan->one_bit_maps || plan->mixed ? bits_map() : codes_map(hw->input.bits, true);
    case MHO_OP_RELU:
        return plan->one_bit_maps ? bits_map() : codes_map(hw->input.bits, false);
    default:
        return plan->one_bit_maps ? bits_map() : codes_map(hw->input.bits, true);
    }
}

/* A pool's map is like the one it reads; averages of whole numbers are none. */
static void take_from_input(const mho_node *n, mhoi_map_coding *map)
{
    map->whole = map->whole && n->op != MHO_OP_AVGPOOL;
}

/* Codes whose bits and scale the network tells; an average of codes keeps their scale. */
static void take_from_network(const mho_node *n, const mhoi_machine *hw, mhoi_map_coding *map)
{
    if (!n->value_bits || map->kind != MHOI_MAP_CODES || mhoi_op_is(n->op, MHOI_OP_POOL))
        return;
    if (hw->input.wide && n->op != MHO_OP_INPUT && n->value_bits < hw->input.bits)
        return;
    *map = codes_map(n->value_bits, map->codes.lo < 0);
    map->codes = mhoi_codes_of_values(n->value_bits, map->codes.lo < 0, n->value_below);
    map->zero = mhoi_codes_zero(map->codes);
    map->codes.lo += map->zero;
    map->codes.hi += map->zero;
    map->scale = mhoi_node_rounds(n) ? n->value_scale : 0;
}

/* Element-wise layers work on sums before they become codes, weighted layers and pools on codes; others on values. */
static bool wants_values(const mho_net *net, size_t reader, const bool *wanted)
{
    const mho_node *r = &net->node[reader];
    if (mho_node_is_weighted(r) || mhoi_op_is(r->op, MHOI_OP_POOL))
        return false;
    return r->op == MHO_OP_FLATTEN || mhoi_node_moves(r) ? wanted[reader] : true;
}

/* Which nodes have readers that want values, where the last one counts as a reader of its own. */
static void find_wanted(const mho_net *net, const mhoi_readers *readers, bool *wanted)
{
    for (size_t i = net->nodes; i-- > 0;) {
        wanted[i] = i + 1 == net->nodes;
        for (size_t k = readers->first[i]; k < readers->first[i + 1]; k++)
            wanted[i] = wanted[i] || wants_values(net, readers->reader[k], wanted);
    }
}

static bool holds_values(const mhoi_plan *plan, const mho_net *net, size_t i, const bool *wanted)
{
    const mho_node *n = &net->node[i];
    if (n->op == MHO_OP_INPUT || mhoi_op_is(n->op, MHOI_OP_POOL))
        return false;
    if (n->op == MHO_OP_FLATTEN || n->op == MHO_OP_SOFTMAX ||
        mhoi_node_is_view(n)) /* the same map */
        return plan->map[n->input[0]].values;
    if (mhoi_node_moves(n))
        return wanted[i] || plan->map[n->input[0]].values ||
               plan->map[n->input[0]].kind == MHOI_MAP_BITS;
    return n->op == MHO_OP_GENERAL || wanted[i];
}

mho_status mhoi_maps_set(mhoi_plan *plan, const mho_net *net, const mhoi_readers *readers,
                         const mhoi_machine *hw)
{
    bool *wanted = NULL;
    plan->general = mhoi_net_is_mixed(net);
    if (plan->general && plan->one_bit_maps)
        return mho_error(MHO_ENOTMODELED,
                         "network %s: in crossbar.mode binary and ternary maps are of 1 bit, and "
                         "its general operators work on values",
                         net->name);
    mho_status s = mhoi_alloc(&wanted, net->nodes, sizeof *wanted, "placement");
    if (!s)
        find_wanted(net, readers, wanted);
    for (size_t i = 0; !s && i < plan->nodes; i++) {
        plan->map[i] = map_of(plan, net, i, hw);
        take_from_input(&net->node[i], &plan->map[i]);
        take_from_network(&net->node[i], hw, &plan->map[i]);
        plan->map[i].values = plan->general && holds_values(plan, net, i, wanted);
        if (plan->map[i].values && plan->map[i].kind == MHOI_MAP_BITS)
            plan->map[i] = codes_map(hw->input.bits, true);
        plan->map[i].values = plan->general && holds_values(plan, net, i, wanted);
    }
    mhoi_free(&wanted);
    return s;
}

/* Element-wise layers that rise, or fall, and max pools. */
static bool keeps_order(const mho_node *node, const mho_node *layer)
{
    switch (node->op) {
    case MHO_OP_RELU:
    case MHO_OP_SIGN:
    case MHO_OP_STEP:
    case MHO_OP_MAXPOOL:
    case MHO_OP_FLATTEN:
        return true;
    case MHO_OP_LEAKY_RELU:
        return node->slope >= 0;
    case MHO_OP_BATCHNORM: /* of the layer's channels, not of a flattened map */
        return node->out.c == layer->out.c;
    default:
        return false;
    }
}

bool mhoi_reaches_sign(const mho_net *net, const mhoi_readers *readers, size_t node)
{
    const mho_node *layer = &net->node[node];
    for (size_t i = node; (i = mhoi_readers_sole(readers, i)) != MHOI_NO_NODE;) {
        if (!keeps_order(&net->node[i], layer))
            return false;
        if (net->node[i].op == MHO_OP_SIGN || net->node[i].op == MHO_OP_STEP)
            return true;
    }
    return false;
}
