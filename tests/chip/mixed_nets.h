/* SPDX-License-Identifier: Apache-2.0 */
/* Random networks whose layers differ: weights real, ternary, +-1 and +-alpha; maps of codes, +-1 and 0 or 1; residual
 * sums before sign. */
#ifndef MIXED_NETS_H
#define MIXED_NETS_H

#include "chip_nets.h"

static inline float any_weight(dice *d, mho_alphabet alphabet, float alpha)
{
    const float sign = roll(d, 2) ? 1.0f : -1.0f;
    switch (alphabet) {
    case MHO_ALPHABET_TERNARY:
        return roll(d, 3) ? sign : 0;
    case MHO_ALPHABET_BINARY:
        return sign;
    case MHO_ALPHABET_SCALED:
        return sign * alpha;
    default:
        return real(d);
    }
}

static inline void set_weights(dice *d, mho_net *net)
{
    static const float alphas[] = {0.25f, 0.5f, 1, 2, 0.75f, 0.3125f};
    for (size_t i = 0; i < net->nodes; i++) {
        mho_node *node = &net->node[i];
        if (!mho_node_is_weighted(node))
            continue;
        const size_t each = mho_node_weight_count(node) / node->out.c;
        for (size_t c = 0; c < node->out.c; c++) {
            const float alpha = alphas[roll(d, 6)];
            for (size_t k = 0; k < each; k++)
                node->weight[c * each + k] = any_weight(d, node->alphabet, alpha);
        }
    }
}

/* Batch normalization, a max pool and an activation, or some of them. */
static inline void add_tail(dice *d, builder *b, bool pool)
{
    static const mho_op acts[] = {MHO_OP_SIGN, MHO_OP_SIGN, MHO_OP_STEP, MHO_OP_RELU,
                                  MHO_OP_LEAKY_RELU};
    const uint32_t act = roll(d, 6), order = roll(d, 2);
    if (order && roll(d, 3))
        add_plain(b, MHO_OP_BATCHNORM, "bn");
    if (pool)
        add_pool_node(b, MHO_OP_MAXPOOL, 2, 2, 0);
    if (!order && roll(d, 3))
        add_plain(b, MHO_OP_BATCHNORM, "bn");
    if (act < 5)
        add_plain(b, acts[act], "act");
}

static inline void add_weights(dice *d, builder *b, bool fc, size_t out, size_t k, size_t groups)
{
    if (fc)
        add_fc(b, out, false, roll(d, 2));
    else
        add_conv(b, out, k, 1, k / 2, groups, false, roll(d, 2));
    b->node[b->nodes - 1].alphabet = (mho_alphabet)roll(d, 4);
}

static inline mho_net *random_mixed(dice *d)
{
    builder b = {.nodes = 0};
    add_node(&b, MHO_OP_INPUT, "input", 0)->out =
        (mho_shape){1 + roll(d, 3), 8 + roll(d, 4), 8 + roll(d, 4)};
    size_t c = b.node[0].out.c;
    const size_t convs = 1 + roll(d, 3);
    size_t pools = 0;
    for (size_t i = 0; i < convs; i++) {
        const size_t groups = c % 2 == 0 && roll(d, 2) ? 2 : 1;
        c = 2 * (1 + roll(d, 4));
        add_weights(d, &b, false, c, 1 + 2 * roll(d, 2), groups);
        add_tail(d, &b, i == 0 && roll(d, 2));
        if (roll(d, 2)) { /* x + conv(x), then often a sign */
            const size_t from = b.nodes - 1;
            add_weights(d, &b, false, c, 3, 1);
            mho_node *add = add_node(&b, MHO_OP_ADD, "add", b.nodes - 1);
            add->inputs = 2;
            add->input[1] = from;
            const bool pool = pools < 2 && roll(d, 2);
            add_tail(d, &b, pool);
            pools += pool;
        }
    }
    add_plain(&b, MHO_OP_FLATTEN, "flatten");
    if (roll(d, 2)) {
        add_weights(d, &b, true, 5 + roll(d, 20), 1, 1);
        add_tail(d, &b, false);
    }
    add_weights(d, &b, true, 3 + roll(d, 8), 1, 1);
    mho_net *net = finish(&b);
    randomize(d, net);
    set_weights(d, net);
    return net;
}

#endif
