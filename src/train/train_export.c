/* SPDX-License-Identifier: Apache-2.0 */
/* From the flat parameters of training to a network: signs of latent weights, order of elements, batch
 * normalization that never is exactly 0 before a sign. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "infer/infer_impl.h"
#include "train/train_impl.h"

static void export_weighted(const trainer *t, const train_layer *l, mho_node *node)
{
    const mho_node *from = l->node;
    const size_t count = mho_node_weight_count(from);
    const float *w = l->used ? l->used : t->w + l->weight;
    if (from->op == MHO_OP_FC)
        mhoi_transpose(from->out.c, from->in.h * from->in.w, from->in.c, w, node->weight);
    else
        memcpy(node->weight, w, count * sizeof *w);
    if (from->has_bias)
        memcpy(node->bias, t->w + l->bias, from->out.c * sizeof *node->bias);
}

void mhoi_train_export(const trainer *t, mho_net *net)
{
    for (size_t i = 0; i <= t->last; ++i) {
        const train_layer *l = &t->layer[i];
        mho_node *node = &net->node[i];
        if (l->value_bits)
            node->value_scale = t->rounding ? ldexpf(1, (int)l->exponent[1]) : 0;
        if (mho_node_is_weighted(node)) {
            export_weighted(t, l, node);
        } else if (node->op == MHO_OP_BATCHNORM) {
            const size_t bytes = node->out.c * sizeof(float);
            memcpy(node->gamma, t->w + l->gamma, bytes);
            memcpy(node->beta, t->w + l->beta, bytes);
            memcpy(node->mean, l->mean, bytes);
            memcpy(node->variance, l->variance, bytes);
        }
    }
    mhoi_train_avoid_zero(net);
}

static mho_status import_weighted(trainer *t, const train_layer *l)
{
    const mho_node *from = l->node;
    const size_t count = mho_node_weight_count(from);
    float *w = NULL;
    mho_status s = mhoi_alloc(&w, count, sizeof *w, "weights");
    if (s != MHO_OK)
        return s;
    if (from->op == MHO_OP_FC)
        mhoi_transpose(from->out.c, from->in.c, from->in.h * from->in.w, from->weight, w);
    else
        memcpy(w, from->weight, count * sizeof *w);
    for (size_t k = 0; k < count; ++k)
        t->w[l->weight + (l->index ? l->index[k] : k)] = w[k];
    if (from->has_bias)
        memcpy(t->w + l->bias, from->bias, from->out.c * sizeof *from->bias);
    mhoi_free(&w);
    return MHO_OK;
}

mho_status mhoi_train_import(trainer *t)
{
    mho_status s = MHO_OK;
    for (size_t i = 0; s == MHO_OK && i <= t->last; ++i) {
        const train_layer *l = &t->layer[i];
        const mho_node *node = l->node;
        if (mho_node_is_weighted(node)) {
            s = import_weighted(t, l);
        } else if (node->op == MHO_OP_BATCHNORM) {
            const size_t bytes = node->out.c * sizeof(float);
            memcpy(t->w + l->gamma, node->gamma, bytes);
            memcpy(t->w + l->beta, node->beta, bytes);
        }
    }
    return s;
}

/* Are the values of node i signs, or sums of signs? */
static bool is_whole(const mho_net *net, size_t i)
{
    const mho_node *node = &net->node[i];
    if (node->op == MHO_OP_MAXPOOL || node->op == MHO_OP_FLATTEN)
        return is_whole(net, node->input[0]);
    for (size_t k = 0; node->op == MHO_OP_ADD && k < node->inputs; k++)
        if (!is_whole(net, node->input[k]))
            return false;
    return node->op == MHO_OP_ADD || node->op == MHO_OP_SIGN || node->op == MHO_OP_STEP;
}

/* The step between attainable sums of batch normalization i: 1 behind a binary layer that reads signs and behind a
 * sum of signs, the input's scale behind a layer that reads the input; 0 if the sums are no multiples of anything. */
static double sum_step(const mho_net *net, size_t i)
{
    const mho_node *layer = &net->node[net->node[i].input[0]];
    if (layer->op == MHO_OP_ADD)
        return is_whole(net, net->node[i].input[0]) ? 1 : 0;
    if (!mho_node_is_weighted(layer) || layer->alphabet != MHO_ALPHABET_BINARY || layer->has_bias)
        return 0;
    size_t from = layer->input[0];
    while (net->node[from].op == MHO_OP_MAXPOOL || net->node[from].op == MHO_OP_FLATTEN)
        from = net->node[from].input[0];
    if (net->node[from].op == MHO_OP_INPUT)
        return mhoi_net_input_codes(net).own && !net->input.channels ? (double)net->input_scale : 0;
    return is_whole(net, from) ? 1 : 0;
}

static bool sign_follows(const mho_net *net, size_t i)
{
    for (size_t j = i + 1; j < net->nodes; ++j) {
        if (net->node[j].input[0] != i)
            continue;
        const mho_op op = net->node[j].op;
        if (op == MHO_OP_SIGN || op == MHO_OP_STEP ||
            ((op == MHO_OP_MAXPOOL || op == MHO_OP_FLATTEN) && sign_follows(net, j)))
            return true;
    }
    return false;
}

/* The sum next to the zero of y = x a + b at which y is exactly 0; NAN if there is none. */
static double zero_sum(const mho_node *bn, size_t k, double step)
{
    float a, b;
    mho_batchnorm_coefficients(bn, k, &a, &b);
    if (a == 0.0f)
        return b == 0.0f ? 0 : NAN;
    const double nearest = rint(-(double)b / (double)a / step);
    for (double j = nearest - 2; j <= nearest + 2; ++j) {
        const float product = (float)(j * step) * a;
        if (product + b == 0.0f)
            return j * step;
    }
    return NAN;
}

/* Lowers beta by a quarter of the distance between neighbouring values, at least by one digit of beta: a
 * sum that gave 0 (decided as -1) gives less, and its neighbours keep their sides. */
static void lower(mho_node *bn, size_t k, double step)
{
    float a, b;
    mho_batchnorm_coefficients(bn, k, &a, &b);
    const double distance = a != 0.0f ? fabs((double)a) * step / 4 : 1.0 / 1024;
    const float beta = (float)((double)bn->beta[k] - distance);
    bn->beta[k] = beta < bn->beta[k] ? beta : nextafterf(bn->beta[k], -HUGE_VALF);
}

void mhoi_train_avoid_zero(mho_net *net)
{
    for (size_t i = 1; i < net->nodes; ++i) {
        mho_node *bn = &net->node[i];
        if (bn->op != MHO_OP_BATCHNORM || !sign_follows(net, i))
            continue;
        const double step = sum_step(net, i);
        for (size_t k = 0; step > 0 && k < bn->out.c; ++k)
            if (!isnan(zero_sum(bn, k, step)))
                lower(bn, k, step);
    }
}
