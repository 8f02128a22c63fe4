/* SPDX-License-Identifier: Apache-2.0 */
/* A byte a weight instead of four. */
#include <math.h>

#include "base/alloc.h"
#include "net/small_weights.h"

struct mhoi_small_weights {
    size_t nodes;
    int8_t **code; /* [nodes]; NULL: the weights are where they were */
};

/* What a code of channel c is worth. */
static float scale_of(const mho_node *node, size_t c)
{
    return node->weight_scale ? node->weight_scale[c] : 1;
}

static bool may_be_codes(const mho_node *node)
{
    return node->weight && !node->lent &&
           (node->alphabet == MHO_ALPHABET_BINARY || (node->weight_bits && node->weight_scale));
}

/* False: there is a weight that is no code. */
static bool take_codes(const mho_node *node, int8_t *code)
{
    const size_t count = mho_node_weight_count(node), each = count / node->out.c;
    for (size_t c = 0; c < node->out.c; c++) {
        const float scale = scale_of(node, c), *w = node->weight + c * each;
        for (size_t k = 0; k < each; k++) {
            const float rounded = nearbyintf(w[k] / scale);
            if (!(fabsf(rounded) <= 127) || rounded * scale != w[k])
                return false;
            code[c * each + k] = (int8_t)rounded;
        }
    }
    return true;
}

mho_status mhoi_net_shrink(mho_net *net, mhoi_small_weights **out)
{
    mho_status s = mhoi_alloc(out, 1, sizeof **out, "codes");
    if (!s)
        s = mhoi_alloc(&(*out)->code, net->nodes, sizeof(int8_t *), "codes");
    if (!s)
        (*out)->nodes = net->nodes;
    for (size_t i = 0; !s && i < net->nodes; i++) {
        mho_node *node = &net->node[i];
        if (!may_be_codes(node))
            continue;
        s = mhoi_alloc(&(*out)->code[i], mho_node_weight_count(node), 1, node->name);
        if (!s && take_codes(node, (*out)->code[i]))
            mhoi_free(&node->weight);
        else
            mhoi_free(&(*out)->code[i]);
    }
    return s;
}

mho_status mhoi_net_expand(mho_net *net, mhoi_small_weights **small)
{
    mho_status s = MHO_OK;
    for (size_t i = 0; *small && !s && i < (*small)->nodes; i++) {
        mho_node *node = &net->node[i];
        const int8_t *code = (*small)->code[i];
        const size_t count = code ? mho_node_weight_count(node) : 0;
        if (!code)
            continue;
        s = mhoi_alloc(&node->weight, count, sizeof *node->weight, node->name);
        for (size_t k = 0; !s && k < count; k++)
            node->weight[k] = (float)code[k] * scale_of(node, k / (count / node->out.c));
        mhoi_free(&(*small)->code[i]);
    }
    mhoi_small_weights_free(*small);
    *small = NULL;
    return s;
}

void mhoi_small_weights_free(mhoi_small_weights *small)
{
    for (size_t i = 0; small && i < small->nodes; i++)
        mhoi_free(&small->code[i]);
    if (small)
        mhoi_free(&small->code);
    mhoi_free(&small);
}
