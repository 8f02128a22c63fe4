/* SPDX-License-Identifier: Apache-2.0 */
/* What a network is before its numbers become codes: the same function, with fewer layers and ranges that agree. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "mho/infer.h"
#include "net/op_table.h"
#include "net/program.h"
#include "quantize/fixed_impl.h"

mho_status mhoi_fixed_check(const mho_net *net)
{
    size_t weighted = 0;
    for (size_t i = 1; i < net->nodes; i++) {
        const mho_node *n = &net->node[i];
        weighted += mho_node_is_weighted(n);
        if (n->op == MHO_OP_SIGN || n->op == MHO_OP_STEP)
            return mho_error(MHO_ENOTMODELED, "layer '%s': %s: this map is of 1 bit already",
                             n->name, mho_op_name(n->op));
        if (mho_node_block(n) > 1)
            return mho_error(MHO_ENOTMODELED,
                             "layer '%s': block-circulant weights, which training rounds", n->name);
    }
    if (!weighted)
        return mho_error(MHO_EDOMAIN,
                         "network %s has no convolution and no fully connected layer: nothing to "
                         "quantize",
                         net->name);
    return mho_net_has_parameters(net)
               ? MHO_OK
               : mho_error(MHO_EDOMAIN, "network %s has no weights: train it, or read a model",
                           net->name);
}

/* --- batch normalization ------------------------------------------------------------------------------------ */

static mho_status need_bias(mho_node *node)
{
    if (node->has_bias)
        return MHO_OK;
    node->has_bias = true;
    return mhoi_alloc(&node->bias, node->out.c, sizeof *node->bias, node->name);
}

static mho_status fold(mho_node *node, const mho_node *norm)
{
    const size_t each = mho_node_weight_count(node) / node->out.c;
    mho_status s = need_bias(node);
    if (!s)
        s = mhoi_node_own_weights(node);
    for (size_t c = 0; !s && c < node->out.c; c++) {
        float a, b;
        mho_batchnorm_coefficients(norm, c, &a, &b);
        for (size_t k = 0; k < each; k++)
            node->weight[c * each + k] *= a;
        node->bias[c] = node->bias[c] * a + b;
    }
    return s;
}

/* Node i computes nothing: its readers read what it reads. */
static void drop(mho_net *net, size_t i)
{
    const size_t from = net->node[i].input[0];
    float **const parameters[] = {&net->node[i].gamma, &net->node[i].beta, &net->node[i].mean,
                                  &net->node[i].variance};
    for (size_t k = 0; k < sizeof parameters / sizeof *parameters; k++)
        mhoi_free(parameters[k]);
    memmove(&net->node[i], &net->node[i + 1], (net->nodes - i - 1) * sizeof *net->node);
    net->nodes--;
    for (size_t j = i; j < net->nodes; j++)
        for (size_t k = 0; k < net->node[j].inputs; k++) {
            size_t *input = &net->node[j].input[k];
            *input = *input == i ? from : *input > i ? *input - 1 : *input;
        }
}

static size_t sole_reader(const mho_net *net, size_t i)
{
    size_t reader = 0, readers = 0;
    for (size_t j = i + 1; j < net->nodes; j++)
        for (size_t k = 0; k < net->node[j].inputs; k++)
            if (net->node[j].input[k] == i) {
                reader = j;
                readers++;
            }
    return readers == 1 ? reader : 0;
}

static bool is_free(const mho_node *node)
{
    return mho_node_is_weighted(node) && node->alphabet == MHO_ALPHABET_REAL && !node->weight_bits;
}

static mho_status fold_all(mho_net *net)
{
    mho_status s = MHO_OK;
    for (size_t i = 2; !s && i < net->nodes;) {
        const mho_node *norm = &net->node[i];
        mho_node *before = &net->node[norm->op == MHO_OP_BATCHNORM ? norm->input[0] : 0];
        if (norm->op != MHO_OP_BATCHNORM || !is_free(before) || before->out.c != norm->out.c ||
            mhoi_node_rounds(before) || sole_reader(net, norm->input[0]) != i) {
            i++;
            continue;
        }
        s = fold(before, norm);
        before->value_bits = norm->value_bits;
        before->value_below = norm->value_below;
        before->value_scale = norm->value_scale;
        drop(net, i);
    }
    return s;
}

/* --- ReLU and maximum pools: either order gives the same values, and codes behind ReLU need no sign ---------- */

static void exchange(mho_net *net, size_t pool, size_t relu)
{
    mho_node first = net->node[relu], second = net->node[pool];
    const mho_node *before = &net->node[second.input[0]];
    first.input[0] = second.input[0];
    second.input[0] = pool;
    first.in = first.out = before->out;
    first.dims = before->dims;
    net->node[pool] = first;
    net->node[relu] = second;
}

static void relu_first(mho_net *net)
{
    bool moved = true;
    while (moved) {
        moved = false;
        for (size_t i = 1; i < net->nodes; i++) {
            const size_t next = sole_reader(net, i);
            if (net->node[i].op != MHO_OP_MAXPOOL || !next || net->node[next].op != MHO_OP_RELU ||
                mhoi_node_rounds(&net->node[i]) || sole_reader(net, net->node[i].input[0]) != i)
                continue;
            exchange(net, i, next);
            moved = true;
        }
    }
}

mho_status mhoi_fixed_prepare(const mho_net *net, mho_net **out)
{
    mho_status s = mhoi_net_clone_lent(net, out);
    if (!s)
        s = fold_all(*out);
    if (!s)
        relu_first(*out);
    if (s) {
        mho_net_destroy(*out);
        *out = NULL;
    }
    return s;
}

/* --- cross-layer equalization -------------------------------------------------------------------------------- */

bool mhoi_fixed_has_depthwise(const mho_net *net)
{
    for (size_t i = 1; i < net->nodes; i++)
        if (net->node[i].op == MHO_OP_CONV && net->node[i].groups > 1 &&
            net->node[i].groups == net->node[i].in.c)
            return true;
    return false;
}

/* The layer that alone reads layer i, past what keeps a factor of a channel; 0: none. */
static size_t next_layer(const mho_net *net, size_t i)
{
    const size_t channels = net->node[i].out.c;
    size_t at = i, elements = 1;
    while ((at = sole_reader(net, at))) {
        const mho_node *n = &net->node[at];
        if (mho_node_is_weighted(n)) {
            elements = n->in.c * n->in.h * n->in.w;
            const bool same = n->op == MHO_OP_CONV ? n->in.c == channels : elements % channels == 0;
            return is_free(n) && same ? at : 0;
        }
        if (n->op != MHO_OP_RELU && n->op != MHO_OP_LEAKY_RELU && n->op != MHO_OP_MAXPOOL &&
            n->op != MHO_OP_AVGPOOL && n->op != MHO_OP_FLATTEN)
            return 0;
        if (mhoi_node_rounds(n))
            return 0;
    }
    return 0;
}

/* Weights of a node that read channel c of `channels`: calls with each run. */
typedef struct column {
    size_t first, run, step, runs;
} column;

static column column_of(const mho_node *n, size_t channels, size_t c)
{
    if (n->op == MHO_OP_FC) {
        const size_t all = n->in.c * n->in.h * n->in.w, each = all / channels;
        return (column){c * each, each, all, n->out.c};
    }
    const size_t in = n->in.c / n->groups, taps = n->kh * n->kw, out = n->out.c / n->groups;
    return (column){(c / in * out * in + c % in) * taps, taps, in * taps, out};
}

static float largest_of(const float *w, column at)
{
    float most = 0;
    for (size_t r = 0; r < at.runs; r++)
        for (size_t k = 0; k < at.run; k++) {
            const float size = fabsf(w[at.first + r * at.step + k]);
            most = size > most ? size : most;
        }
    return most;
}

static void multiply(float *w, column at, float by)
{
    for (size_t r = 0; r < at.runs; r++)
        for (size_t k = 0; k < at.run; k++)
            w[at.first + r * at.step + k] *= by;
}

enum { SWEEPS = 20 };
#define FACTOR_MOST 1e4f

/* Channel c of layer a, read by layer b: how far the factor was from 1. */
static float balance(mho_node *a, mho_node *b, size_t c)
{
    const size_t each = mho_node_weight_count(a) / a->out.c;
    const column out = {c * each, each, 0, 1}, in = column_of(b, a->out.c, c);
    const float r1 = largest_of(a->weight, out), r2 = largest_of(b->weight, in);
    const float factor = sqrtf(r2) / sqrtf(r1);
    if (!(r1 > 0) || !(r2 > 0) || factor > FACTOR_MOST || factor < 1 / FACTOR_MOST)
        return 0;
    multiply(a->weight, out, factor);
    multiply(b->weight, in, 1 / factor);
    if (a->has_bias)
        a->bias[c] *= factor;
    return fabsf(factor - 1);
}

mho_status mhoi_fixed_equalize(mho_net *net)
{
    float moved = 1;
    mho_status s = MHO_OK;
    for (int sweep = 0; !s && sweep < SWEEPS && moved > 1e-3f; sweep++) {
        moved = 0;
        for (size_t i = 1; !s && i < net->nodes; i++) {
            mho_node *a = &net->node[i];
            const size_t next = is_free(a) && !mhoi_node_rounds(a) ? next_layer(net, i) : 0;
            if (next)
                s = mhoi_node_own_weights(a);
            if (!s && next)
                s = mhoi_node_own_weights(&net->node[next]);
            for (size_t c = 0; !s && next && c < a->out.c; c++)
                moved = fmaxf(moved, balance(a, &net->node[next], c));
        }
    }
    return s;
}

/* --- maps ---------------------------------------------------------------------------------------------------- */

static bool is_elementwise(const mho_node *n)
{
    return n->op == MHO_OP_BATCHNORM || n->op == MHO_OP_RELU || n->op == MHO_OP_LEAKY_RELU;
}

/* What gives the values that node i hands on; the node itself if it makes them. */
static size_t maker_of(const mho_net *net, size_t i)
{
    while (net->node[i].op == MHO_OP_FLATTEN || mhoi_op_is(net->node[i].op, MHOI_OP_POOL) ||
           mhoi_node_moves(&net->node[i]))
        i = net->node[i].input[0];
    return i;
}

bool mhoi_fixed_is_image(const mho_net *net, size_t i)
{
    const mho_node *n = &net->node[i];
    if (mho_node_is_weighted(n) || (n->work && n->inputs > 1))
        return false;
    for (size_t k = 0; k < n->inputs; k++)
        if (!mhoi_fixed_is_image(net, n->input[k]))
            return false;
    return true;
}

size_t mhoi_fixed_averaged(const mho_net *net, size_t i)
{
    return maker_of(net, net->node[i].input[0]);
}

/* Among general nodes: what crossbars and pools read; all else is computed in real numbers. */
static void find_mixed(const mho_net *net, bool *coded)
{
    for (size_t i = 1; i < net->nodes; i++) {
        const mho_node *n = &net->node[i];
        if (!mho_node_is_weighted(n) && !mhoi_op_is(n->op, MHOI_OP_POOL))
            continue;
        const size_t from = maker_of(net, n->input[0]);
        coded[from] = net->node[from].op != MHO_OP_INPUT && !mhoi_node_rounds(&net->node[from]);
    }
}

size_t mhoi_fixed_scores(const mho_net *net)
{
    size_t i = net->nodes - 1;
    for (;;) {
        const mho_node *n = &net->node[i];
        const bool softmax =
            n->op == MHO_OP_SOFTMAX ||
            (n->work && n->work->op && n->inputs == 1 &&
             (!strcmp(n->general, "Softmax") || !strcmp(n->general, "LogSoftmax")));
        if (!softmax && n->op != MHO_OP_FLATTEN && !mhoi_node_moves(n))
            return i;
        i = n->input[0];
    }
}

mho_status mhoi_fixed_find_maps(const mho_net *net, bool *coded)
{
    const size_t output = mhoi_fixed_scores(net);
    if (mhoi_net_is_mixed(net)) {
        find_mixed(net, coded);
        return MHO_OK;
    }
    for (size_t i = 1; i < net->nodes; i++) {
        const mho_node *n = &net->node[i];
        const size_t next = sole_reader(net, i);
        const bool makes = mho_node_is_weighted(n) || n->op == MHO_OP_ADD || is_elementwise(n);
        coded[i] = makes && i < output && !mhoi_node_rounds(n) &&
                   !(next && is_elementwise(&net->node[next]));
        if (n->op == MHO_OP_SOFTMAX && i < output)
            return mho_error(MHO_ENOTMODELED, "layer '%s': softmax inside the network", n->name);
    }
    return MHO_OK;
}
