/* SPDX-License-Identifier: Apache-2.0 */
/* A chain as a network: the weights as they are now, and a step behind every site that has thresholds.  A threshold is
 * taken off the layer's bias; where ReLU, average pooling or batch normalization stands between, a batch normalization
 * that does nothing else takes it off. */
#include <string.h>

#include "base/alloc.h"
#include "mho/infer.h"
#include "net/net_impl.h"
#include "net/op_table.h"
#include "quantize/chain.h"

static mho_node *append(mho_net *net, const mho_node *like, mho_op op)
{
    const size_t i = net->nodes++;
    mho_node *node = &net->node[i];
    *node = like ? *like : mhoi_node_initial(op);
    node->weight = node->bias = node->gamma = node->beta = node->mean = node->variance = NULL;
    node->inputs = 1;
    node->input[0] = i - 1;
    if (!like)
        mhoi_net_set_usual_name(net, i);
    return node;
}

/* The part of a layer up to its site: the nodes of the network it came from, without what is multiplied in and
 * without a ReLU that stands right before a step. */
static void append_layer(const chain_layer *l, mho_net *net)
{
    append(net, l->node, l->node->op)->has_bias = true;
    for (size_t i = 0; i < l->after; i++)
        append(net, l->step[i].node, l->step[i].op);
    if (l->threshold && l->after)
        append(net, NULL, MHO_OP_BATCHNORM);
    if (l->threshold)
        append(net, NULL, MHO_OP_STEP);
    for (size_t i = l->after; i < l->steps; i++)
        append(net, l->step[i].node, l->step[i].op);
    if (l->relu && !l->threshold)
        append(net, NULL, l->slope > 0 ? MHO_OP_LEAKY_RELU : MHO_OP_RELU)->slope = l->slope;
}

static void put_weights(const chain_layer *l, mho_node *node)
{
    const size_t area = l->rows.kh * l->rows.kw, c_in = l->in.c, c_out = l->raw.c;
    for (size_t o = 0; o < c_out; o++) {
        for (size_t i = 0; i < c_in; i++)
            for (size_t k = 0; k < area; k++)
                node->weight[(o * c_in + i) * area + k] = l->weight[(k * c_in + i) * c_out + o];
        node->bias[o] = l->bias[o] - (l->threshold && !l->after ? l->threshold[o] : 0);
    }
    node->alphabet = mhoi_node_find_alphabet(node);
}

#define EPSILON 0x1p-20f /* it and the variance add up to 1, exactly */

/* y = a x + b as a batch normalization of mean 0. */
static void put_norm(mho_node *node, const float *a, const float *b, float sign)
{
    node->epsilon = EPSILON;
    for (size_t k = 0; k < node->out.c; k++) {
        node->gamma[k] = a ? a[k] : 1;
        node->beta[k] = sign * b[k];
        node->mean[k] = 0;
        node->variance[k] = 1 - EPSILON;
    }
}

static size_t put_layer(const chain_layer *l, mho_net *net, size_t i)
{
    put_weights(l, &net->node[i++]);
    for (size_t k = 0; k < l->after; k++, i++)
        if (l->step[k].op == MHO_OP_BATCHNORM)
            put_norm(&net->node[i], l->step[k].a, l->step[k].b, 1);
    if (l->threshold && l->after)
        put_norm(&net->node[i++], NULL, l->threshold, -1);
    return i + (l->threshold != NULL) + (l->steps - l->after) + (l->relu && !l->threshold);
}

mho_status mhoi_chain_export(const chain *c, mho_net **out)
{
    mho_net *net = NULL;
    *out = NULL;
    mho_status s = mhoi_net_create(c->net->name, c->net->nodes + 2 * c->layers, &net);
    if (s)
        return s;
    memcpy(net->source, c->net->source, sizeof net->source);
    net->input_scale = c->net->input_scale;
    net->input_bits = c->net->input_bits;
    net->input = c->net->input;
    net->node[0] = c->net->node[0];
    net->nodes = 1;
    for (size_t l = 0; l < c->layers; l++)
        append_layer(&c->layer[l], net);
    s = mhoi_net_infer_shapes(net, c->net->name);
    if (!s)
        s = mhoi_net_alloc_parameters(net);
    for (size_t l = 0, i = 1; !s && l < c->layers; l++)
        i = put_layer(&c->layer[l], net, i);
    if (s)
        mho_net_destroy(net);
    else
        *out = net;
    return s;
}

static void take_weights(chain_layer *l, const mho_node *node)
{
    const size_t area = l->rows.kh * l->rows.kw, c_in = l->in.c, c_out = l->raw.c;
    for (size_t o = 0; o < c_out; o++) {
        for (size_t i = 0; i < c_in; i++)
            for (size_t k = 0; k < area; k++)
                l->weight[(k * c_in + i) * c_out + o] = node->weight[(o * c_in + i) * area + k];
        l->bias[o] = node->bias[o] + (l->threshold && !l->after ? l->threshold[o] : 0);
    }
}

/* The batch normalizations of net behind layer l, in their order; the one of a threshold is not among them. */
static void take_norms(chain_layer *l, const mho_net *net, size_t i)
{
    for (size_t k = 0; k < l->after; k++, i++)
        for (size_t j = 0; l->step[k].op == MHO_OP_BATCHNORM && j < l->step[k].tile; j++)
            mho_batchnorm_coefficients(&net->node[i], j % net->node[i].out.c, &l->step[k].a[j],
                                       &l->step[k].b[j]);
}

void mhoi_chain_import(chain *c, const mho_net *net)
{
    size_t l = 0;
    for (size_t i = 1; i < net->nodes; i++)
        if (mho_node_is_weighted(&net->node[i])) {
            take_weights(&c->layer[l], &net->node[i]);
            take_norms(&c->layer[l], net, i + 1);
            mhoi_chain_pack(c, l++);
        }
}
