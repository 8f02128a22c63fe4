/* SPDX-License-Identifier: Apache-2.0 */
/* What a graph tells of itself: who reads whom, what values its maps have, what its weights are. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "net/op_table.h"

static void fill_readers(const mho_net *net, mhoi_readers *r)
{
    for (size_t i = 0; i < net->nodes; i++)
        for (size_t k = 0; k < net->node[i].inputs; k++)
            r->first[net->node[i].input[k] + 1]++;
    for (size_t i = 0; i < net->nodes; i++)
        r->first[i + 1] += r->first[i];
    /* last_use counts those of a node that stand there, before it becomes what it is called. */
    for (size_t i = 0; i < net->nodes; i++)
        for (size_t k = 0; k < net->node[i].inputs; k++) {
            const size_t from = net->node[i].input[k];
            r->reader[r->first[from] + r->last_use[from]++] = i;
        }
    for (size_t i = 0; i < net->nodes; i++)
        r->last_use[i] = mhoi_readers_count(r, i) ? r->reader[r->first[i + 1] - 1] : i;
    r->last_use[net->nodes - 1] = net->nodes;
}

mho_status mhoi_readers_create(const mho_net *net, mhoi_readers *out)
{
    size_t edges = 0;
    for (size_t i = 0; i < net->nodes; i++)
        edges += net->node[i].inputs;
    *out = (mhoi_readers){NULL, NULL, NULL};
    mho_status s = mhoi_alloc(&out->first, net->nodes + 1, sizeof *out->first, "readers of layers");
    if (!s)
        s = mhoi_alloc(&out->reader, edges, sizeof *out->reader, "readers of layers");
    if (!s)
        s = mhoi_alloc(&out->last_use, net->nodes, sizeof *out->last_use, "readers of layers");
    if (!s)
        fill_readers(net, out);
    return s;
}

void mhoi_readers_free(mhoi_readers *r)
{
    mhoi_free(&r->first);
    mhoi_free(&r->reader);
    mhoi_free(&r->last_use);
}

size_t mhoi_readers_count(const mhoi_readers *r, size_t i)
{
    return r->first[i + 1] - r->first[i];
}

size_t mhoi_readers_sole(const mhoi_readers *r, size_t i)
{
    return mhoi_readers_count(r, i) == 1 ? r->reader[r->first[i]] : MHOI_NO_NODE;
}

mhoi_values mhoi_net_values(const mho_net *net, size_t i)
{
    const mho_node *node = &net->node[i];
    bool averaged = false;
    while (mhoi_op_is(node->op, MHOI_OP_POOL) || node->op == MHO_OP_FLATTEN ||
           mhoi_node_moves(node)) {
        averaged = averaged || node->op == MHO_OP_AVGPOOL;
        i = node->input[0];
        node = &net->node[i];
    }
    if (node->op == MHO_OP_INPUT)
        return (mhoi_values){MHOI_VALUES_CODES, net->input_bits,
                             mhoi_net_input_codes(net).is_signed};
    if (node->op == MHO_OP_STEP)
        return averaged ? (mhoi_values){MHOI_VALUES_CODES, 0, false}
                        : (mhoi_values){MHOI_VALUES_ZERO_ONE, 1, false};
    if (node->op == MHO_OP_SIGN && !averaged)
        return (mhoi_values){MHOI_VALUES_PLUS_MINUS, 1, true};
    const bool positive =
        node->op == MHO_OP_RELU || node->op == MHO_OP_SOFTMAX || mhoi_net_work_is_positive(net, i);
    return (mhoi_values){MHOI_VALUES_CODES, node->value_bits, !positive};
}

/* Of one channel's weights: all the same size alpha > 0; also whether all are that of 1, or 0 and 1. */
typedef struct values {
    bool same_size, ones, ones_or_zero, all_zero;
} values;

static values look_at(const float *weight, size_t count)
{
    const float alpha = fabsf(weight[0]);
    values v = {alpha > 0, true, true, true};
    for (size_t k = 0; k < count; k++) {
        const float size = fabsf(weight[k]);
        v.same_size = v.same_size && size == alpha;
        v.ones = v.ones && size == 1;
        v.ones_or_zero = v.ones_or_zero && (size == 1 || size == 0);
        v.all_zero = v.all_zero && size == 0;
    }
    return v;
}

mho_alphabet mhoi_node_find_alphabet(const mho_node *node)
{
    const size_t count = mho_node_weight_count(node);
    if (!count || !node->weight)
        return MHO_ALPHABET_REAL;
    const size_t each = count / node->out.c;
    values all = {true, true, true, true};
    for (size_t c = 0; c < node->out.c; c++) {
        const values v = look_at(node->weight + c * each, each);
        all.same_size = all.same_size && v.same_size;
        all.ones = all.ones && v.ones;
        all.ones_or_zero = all.ones_or_zero && v.ones_or_zero;
        all.all_zero = all.all_zero && v.all_zero;
    }
    if (all.ones)
        return MHO_ALPHABET_BINARY;
    if (all.ones_or_zero && !all.all_zero)
        return MHO_ALPHABET_TERNARY;
    return all.same_size && each > 1 ? MHO_ALPHABET_SCALED : MHO_ALPHABET_REAL;
}

const char *mho_alphabet_name(mho_alphabet alphabet)
{
    static const char *const names[MHO_ALPHABET_COUNT] = {
        [MHO_ALPHABET_REAL] = "real",
        [MHO_ALPHABET_TERNARY] = "ternary",
        [MHO_ALPHABET_BINARY] = "binary",
        [MHO_ALPHABET_SCALED] = "scaled",
    };
    return (unsigned)alphabet < MHO_ALPHABET_COUNT ? names[alphabet] : "?";
}
