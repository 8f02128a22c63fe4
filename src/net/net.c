/* SPDX-License-Identifier: Apache-2.0 */
/* Life, parameters and sizes of a network. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "net/net_impl.h"
#include "net/op_table.h"
#include "net/program.h"

void mhoi_node_set_window(mho_node *node, size_t kh, size_t kw)
{
    node->kh = kh;
    node->kw = kw;
    node->stride_h = node->stride_w = node->dilation_h = node->dilation_w = node->groups = 1;
    node->pad_top = node->pad_left = node->pad_bottom = node->pad_right = 0;
}

bool mho_node_is_weighted(const mho_node *node)
{
    return mhoi_op_is(node->op, MHOI_OP_WEIGHTED);
}

size_t mho_node_weight_count(const mho_node *node)
{
    if (node->op == MHO_OP_CONV)
        return node->out.c * (node->in.c / node->groups) * node->kh * node->kw;
    if (node->op == MHO_OP_FC)
        return node->out.c * node->in.c * node->in.h * node->in.w;
    return 0;
}

uint64_t mho_node_macs(const mho_node *node)
{
    return (uint64_t)(mho_node_weight_count(node) - node->idle) * node->out.h * node->out.w;
}

const mho_net *mhoi_net_placed(const mho_net *net)
{
    if (!net->program)
        return net;
    return net->placed ? net->placed : net->program->placed;
}

const mho_net *mhoi_net_in_codes(const mho_net *net)
{
    const mho_net *placed = net->program && !net->foreign ? mhoi_net_placed(net) : NULL;
    for (size_t i = 0; placed && i < placed->nodes; i++)
        if (mhoi_node_rounds(&placed->node[i]) || placed->node[i].weight_scale)
            return placed;
    return NULL;
}

mho_net mhoi_net_view(const mho_net *net, const mho_net *placed)
{
    mho_net view = *net;
    view.node = placed->node;
    view.nodes = placed->nodes;
    view.program = NULL;
    view.placed = NULL;
    if (net->program)
        view.declared = net->node[0].dims;
    return view;
}

const mho_net *mho_net_placed(const mho_net *net)
{
    return mhoi_net_placed(net);
}

uint64_t mho_net_macs(const mho_net *net)
{
    uint64_t sum = 0;
    if (net->program && net->program->placed)
        net = net->program->placed;
    for (size_t i = 0; i < net->nodes; i++)
        sum += mho_node_macs(&net->node[i]);
    return sum;
}

/* Tables of numbers: what else is constant is part of an operation. */
static uint64_t numbers_in(const mho_array *a)
{
    const bool real = a->type == MHO_TYPE_FLOAT || a->type == MHO_TYPE_DOUBLE ||
                      a->type == MHO_TYPE_FLOAT16 || a->type == MHO_TYPE_BFLOAT16;
    return real && a->data && a->rank > 0 && a->count > 1 ? a->count : 0;
}

static uint64_t numbers_of(const mho_node *node)
{
    const size_t biases = node->phases ? node->out.c / node->phases : node->out.c;
    uint64_t sum = mho_node_weight_count(node) - node->idle + (node->has_bias ? biases : 0);
    for (size_t k = 0; node->work && k < node->work->inputs; k++)
        sum += node->work->from[k] == MHOI_NO_NODE ? numbers_in(&node->work->in[k]) : 0;
    return sum;
}

uint64_t mho_net_parameters(const mho_net *net)
{
    const struct mhoi_program *program = net->program;
    uint64_t sum = 0;
    if (program && program->placed)
        return mho_net_parameters(program->placed);
    for (size_t i = 0; program && i < program->operands; i++)
        sum += program->operand[i].constant ? numbers_in(&program->operand[i].array) : 0;
    for (size_t i = 0; !program && i < net->nodes; i++)
        sum += numbers_of(&net->node[i]);
    return sum;
}

mho_status mhoi_net_create(const char *name, size_t nodes, mho_net **out)
{
    *out = NULL;
    if (nodes == 0 || nodes > MHOI_NET_NODES_MAX)
        return mho_error(MHO_EDOMAIN, "network %s: %zu layers, want 1..%zu", name, nodes,
                         MHOI_NET_NODES_MAX);
    mho_net *net = NULL;
    mho_status s = mhoi_alloc(&net, 1, sizeof *net, "network");
    if (s)
        return s;
    s = mhoi_alloc(&net->node, nodes, sizeof *net->node, "layers of a network");
    if (s) {
        mhoi_free(&net);
        return s;
    }
    snprintf(net->name, sizeof net->name, "%s", name);
    net->nodes = nodes;
    net->input_bits = 8;
    net->input_scale = 1.0F / 256;
    *out = net;
    return MHO_OK;
}

/* The parameter arrays of a node and how long they are: what clone, alloc and free walk over. */
typedef struct parameter {
    float **values;
    size_t count;
    float initial;
} parameter;

#define PARAMETERS 7

static void node_parameters(mho_node *node, parameter p[PARAMETERS])
{
    const size_t bias = mho_node_is_weighted(node) && node->has_bias ? node->out.c : 0;
    const size_t channels = node->op == MHO_OP_BATCHNORM ? node->out.c : 0;
    const size_t scales = mho_node_is_weighted(node) && node->has_weight_scale ? node->out.c : 0;
    p[0] = (parameter){&node->weight, mho_node_weight_count(node), 0};
    p[1] = (parameter){&node->bias, bias, 0};
    p[2] = (parameter){&node->gamma, channels, 1};
    p[3] = (parameter){&node->beta, channels, 0};
    p[4] = (parameter){&node->mean, channels, 0};
    p[5] = (parameter){&node->variance, channels, 1};
    p[6] = (parameter){&node->weight_scale, scales, 1};
}

void mhoi_net_free_parameters(mho_net *net)
{
    for (size_t i = 0; i < net->nodes; i++) {
        mho_node *node = &net->node[i];
        float **const values[PARAMETERS] = {&node->weight,      &node->bias, &node->gamma,
                                            &node->beta,        &node->mean, &node->variance,
                                            &node->weight_scale};
        for (size_t k = node->lent ? 1 : 0; k < PARAMETERS; k++)
            mhoi_free(values[k]);
    }
}

void mho_net_destroy(mho_net *net)
{
    if (!net)
        return;
    mhoi_net_free_parameters(net);
    mhoi_free(&net->placed); /* its nodes are the program's */
    mhoi_program_release(net->program);
    mhoi_free(&net->node);
    mhoi_free(&net);
}

bool mho_net_has_parameters(const mho_net *net)
{
    for (size_t i = 0; i < net->nodes; i++) {
        const mho_node *node = &net->node[i];
        if (mho_node_is_weighted(node) && (!node->weight || (node->has_bias && !node->bias)))
            return false;
        if (node->op == MHO_OP_BATCHNORM && !node->gamma)
            return false;
    }
    return true;
}

/* Refuses what cannot fit before asking for it: an overcommitting system would grant it and kill
 * later. */
static mho_status check_memory(const mho_net *net)
{
    double want = 0;
    for (size_t i = 0; i < net->nodes; i++) {
        parameter p[PARAMETERS];
        mho_node node = net->node[i];
        node_parameters(&node, p);
        for (size_t k = 0; k < PARAMETERS; k++)
            want += (double)p[k].count * sizeof(float);
    }
    const double have = (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE);
    if (want > have)
        return mho_error(MHO_ENOMEM,
                         "network %s: parameters of %.1f GB, this machine has %.1f GB of memory",
                         net->name, want * 1e-9, have * 1e-9);
    return MHO_OK;
}

mho_status mhoi_net_alloc_parameters(mho_net *net)
{
    mho_status s = check_memory(net);
    mhoi_net_free_parameters(net);
    for (size_t i = 0; !s && i < net->nodes; i++) {
        parameter p[PARAMETERS];
        node_parameters(&net->node[i], p);
        for (size_t k = 0; !s && k < PARAMETERS; k++) {
            s = mhoi_alloc(p[k].values, p[k].count, sizeof(float), net->node[i].name);
            for (size_t j = 0; !s && p[k].initial != 0 && j < p[k].count; j++)
                (*p[k].values)[j] = p[k].initial;
        }
    }
    if (s)
        mhoi_net_free_parameters(net);
    return s;
}

/* Copies the parameters of `from` to `to`, whose pointers are still those of `from`. */
static mho_status copy_parameters(const mho_node *from, bool lend, mho_node *to)
{
    parameter source[PARAMETERS], target[PARAMETERS];
    mho_node view = *from;
    node_parameters(&view, source);
    node_parameters(to, target);
    to->lent = lend;
    for (size_t k = lend ? 1 : 0; k < PARAMETERS; k++)
        *target[k].values = NULL;
    for (size_t k = lend ? 1 : 0; k < PARAMETERS; k++) {
        if (!*source[k].values)
            continue;
        mho_status s = mhoi_alloc(target[k].values, source[k].count, sizeof(float), from->name);
        if (s)
            return s;
        if (source[k].count)
            memcpy(*target[k].values, *source[k].values, source[k].count * sizeof(float));
    }
    return MHO_OK;
}

static mho_status clone(const mho_net *net, bool lend, mho_net **out)
{
    mho_status s = mhoi_net_create(net->name, net->nodes, out);
    if (s)
        return s;
    mho_net *copy = *out;
    mho_node *node = copy->node;
    *copy = *net;
    copy->node = node;
    copy->program = mhoi_program_share(net->program);
    copy->placed = NULL;
    if (net->placed)
        s = mhoi_net_place_input(copy);
    for (size_t i = 0; !s && i < net->nodes; i++) {
        copy->node[i] = net->node[i];
        s = copy_parameters(&net->node[i], lend, &copy->node[i]);
    }
    if (s) {
        mho_net_destroy(copy);
        *out = NULL;
    }
    return s;
}

mho_status mho_net_clone(const mho_net *net, mho_net **out)
{
    return clone(net, false, out);
}

mho_status mhoi_net_clone_lent(const mho_net *net, mho_net **out)
{
    return clone(net, true, out);
}

mho_status mhoi_node_own_weights(mho_node *node)
{
    const float *from = node->weight;
    if (!node->lent)
        return MHO_OK;
    mho_status s =
        mhoi_alloc(&node->weight, mho_node_weight_count(node), sizeof *node->weight, node->name);
    if (s) {
        node->weight = (float *)(uintptr_t)from;
        return s;
    }
    node->lent = false;
    memcpy(node->weight, from, mho_node_weight_count(node) * sizeof *node->weight);
    return MHO_OK;
}

static bool name_taken(const mho_net *net, size_t i, const char *name)
{
    for (size_t k = 0; k < i; k++)
        if (strcmp(net->node[k].name, name) == 0)
            return true;
    return false;
}

void mhoi_net_set_unique_name(mho_net *net, size_t i, const char *stem)
{
    char name[MHO_NAME];
    snprintf(name, sizeof name, "%.*s", MHO_NAME - 1, stem);
    for (size_t k = 1; name_taken(net, i, name); k++) {
        if (k < 26)
            snprintf(name, sizeof name, "%.24s%c", stem, (char)('a' + k));
        else
            snprintf(name, sizeof name, "%.24s_%zu", stem, i + k - 26);
    }
    memcpy(net->node[i].name, name, sizeof name);
}

void mhoi_net_set_usual_name(mho_net *net, size_t i)
{
    size_t weighted = 0;
    for (size_t k = 0; k <= i; k++)
        weighted += mho_node_is_weighted(&net->node[k]);
    char stem[MHO_NAME];
    if (net->node[i].op == MHO_OP_INPUT)
        snprintf(stem, sizeof stem, "input");
    else
        snprintf(stem, sizeof stem, "%s%zu", mhoi_op_info_of(net->node[i].op)->stem, weighted);
    mhoi_net_set_unique_name(net, i, stem);
}
