/* SPDX-License-Identifier: Apache-2.0 */
/* A program as layers: what mho writes, and chains and residuals as common exporters write them. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "net/net_impl.h"
#include "onnx/onnx_graph.h"

/* Everything that keeps a program from being layers: operators by name with how often, then why where it is told. */
typedef struct blockers {
    char text[800];
    size_t length;
    bool *lost; /* [operands]: given by what is no layer */
} blockers;

static void block(blockers *b, const mhoi_operation *n, const char *why)
{
    char item[256], end[2] = "";
    const size_t room = sizeof b->text - b->length;
    if (why)
        snprintf(item, sizeof item, "%s '%s' (%.120s)", n->op, n->name, why);
    else
        snprintf(item, sizeof item, "%s", n->op[0] ? n->op : "an operator without a name");
    for (const char *at = strstr(b->text, item); at && !why; at = strstr(at + 1, item)) {
        end[0] = at[strlen(item)];
        if ((at == b->text || at[-1] == ' ') && (!end[0] || end[0] == ','))
            return; /* named already */
    }
    const int n_written = snprintf(b->text + b->length, room, "%s%s", b->length ? ", " : "", item);
    if (n_written > 0 && (size_t)n_written < room)
        b->length += (size_t)n_written;
    else
        b->text[b->length] = 0;
}

/* The operation that reads the input, if it is the only one; NULL. */
static const mhoi_operation *sole_reader(const mhoi_graph *g, size_t operand)
{
    for (size_t i = 0; g->readers[operand] == 1 && i < g->program->operations; i++) {
        const mhoi_operation *n = &g->program->operation[i];
        if (n->inputs && n->input[0] == operand && n->outputs)
            return n;
    }
    return NULL;
}

/* [N, h, w, c] to [N, c, h, w] */
static bool turns_channels(const mhoi_operation *n)
{
    static const int64_t perm[4] = {0, 3, 1, 2};
    const int64_t *ints = NULL;
    return strcmp(n->op, "Transpose") == 0 && mhoi_attr_ints(n, "perm", &ints) == 4 &&
           memcmp(ints, perm, sizeof perm) == 0;
}

/* All axes but that of the images become one. */
static bool flattens(const mhoi_graph *g, const mhoi_operation *n, size_t features)
{
    const mho_array *out = &g->known.array[n->output[0]];
    return (strcmp(n->op, "Flatten") == 0 || strcmp(n->op, "Reshape") == 0) && out->rank == 2 &&
           out->size[0] == 1 && out->size[1] == features;
}

/* What a file declares as [N, h, w, c], or of another rank, and brings into our order itself, is taken in our order. */
static bool take_turned(mhoi_graph *g, const mho_array *a)
{
    mho_net *net = g->net;
    const mhoi_operation *n = sole_reader(g, g->program->input[0]);
    const bool last = a->rank == 4 && a->size[3] <= 4 && a->size[1] > 4;
    if (a->rank < 3 || a->rank > MHOI_RANK + 1 || !n)
        return false;
    if (a->rank == 4 && turns_channels(n))
        net->node[0].out = (mho_shape){a->size[3], a->size[1], a->size[2]};
    else if ((a->rank != 4 || last) && flattens(g, n, a->count))
        net->node[0].out = (mho_shape){a->count, 1, 1};
    else
        return false;
    net->input.layout = last ? MHO_LAYOUT_NHWC : MHO_LAYOUT_NCHW;
    net->declared.rank = a->rank - 1;
    memcpy(net->declared.size, a->size + 1, net->declared.rank * sizeof *a->size);
    g->turn = n;
    return true;
}

/* [N, c, h, w] or [N, features] */
static mho_status add_input(mhoi_graph *g)
{
    const mhoi_program *p = g->program;
    if (p->inputs != 1 || p->outputs != 1)
        return mho_error(MHO_ENOTMODELED, "%zu inputs and %zu outputs", p->inputs, p->outputs);
    const mhoi_operand *o = &p->operand[p->input[0]];
    const mho_array *a = &g->known.array[p->input[0]];
    const bool turned =
        a->type == MHO_TYPE_FLOAT && a->rank && a->size[0] == 1 && take_turned(g, a);
    if (!turned && (a->type != MHO_TYPE_FLOAT || (a->rank != 4 && a->rank != 2)))
        return mho_error(MHO_ENOTMODELED,
                         "an input of other than float [N, c, h, w] or [N, features]");
    const bool flat = turned ? g->net->node[0].out.h * g->net->node[0].out.w == 1 : a->rank == 2;
    if (!turned)
        g->net->node[0].out = (mho_shape){a->size[1], flat ? 1 : a->size[2], flat ? 1 : a->size[3]};
    g->net->nodes = 1;
    mhoi_net_set_unique_name(g->net, 0, o->name[0] ? o->name : "input");
    g->value[turned ? g->turn->output[0] : p->input[0]] = (mhoi_value){.there = true, .flat = flat};
    return mhoi_net_infer_node(g->net, 0);
}

void mhoi_graph_count_readers(mhoi_graph *g)
{
    for (size_t i = 0; i < g->program->operations; i++)
        for (size_t k = 0; k < g->program->operation[i].inputs; k++)
            if (g->program->operation[i].input[k] != MHOI_NO_OPERAND)
                g->readers[g->program->operation[i].input[k]]++;
    for (size_t i = 0; i < g->program->outputs; i++)
        g->readers[g->program->output[i]]++;
}

bool mhoi_graph_is_known(const mhoi_graph *g, const mhoi_operation *n)
{
    for (size_t k = 0; k < n->outputs; k++)
        if (n->output[k] != MHOI_NO_OPERAND && !g->known.array[n->output[k]].data)
            return false;
    return true;
}

static bool reads_lost(const blockers *b, const mhoi_operation *n)
{
    for (size_t k = 0; k < n->inputs; k++)
        if (n->input[k] != MHOI_NO_OPERAND && b->lost[n->input[k]])
            return true;
    return false;
}

static void lose(blockers *b, const mhoi_operation *n)
{
    for (size_t k = 0; k < n->outputs; k++)
        if (n->output[k] != MHOI_NO_OPERAND)
            b->lost[n->output[k]] = true;
}

/* One operation; MHO_OK also where it is no layer, which is noted. */
static mho_status walk_one(mhoi_graph *g, blockers *b, const mhoi_operation *n)
{
    if (mhoi_graph_is_known(g, n) || n == g->turn)
        return MHO_OK;
    if (!mhoi_onnx_has_layer(n)) {
        block(b, n, NULL);
        lose(b, n);
        return MHO_OK;
    }
    if (reads_lost(b, n)) {
        lose(b, n);
        return MHO_OK;
    }
    mho_status s = mhoi_onnx_convert(g, n);
    if (s == MHO_ENOTMODELED || s == MHO_ECONFIG || s == MHO_EDOMAIN) {
        block(
            b, n,
            mho_error_message()); /* the layers are of no use any more, but the rest is looked at */
        lose(b, n);
        s = MHO_OK;
    }
    return s ? mho_error_prefix(s, "node '%s' (%s)", n->name, n->op) : MHO_OK;
}

static mho_status check_output(mhoi_graph *g)
{
    const size_t operand = g->program->output[0];
    size_t node;
    bool flat;
    mho_status s = mhoi_graph_layer(g, operand, &node, &flat);
    if (!s && node + 1 != g->net->nodes)
        s = mho_error(MHO_ENOTMODELED, "output '%s' is not the last layer",
                      g->program->operand[operand].name);
    return s;
}

mho_status mhoi_onnx_check_finite(const mho_net *net)
{
    for (size_t i = 0; i < net->nodes; i++) {
        const mho_node *n = &net->node[i];
        const float *const values[] = {n->weight, n->bias, n->gamma, n->beta, n->mean, n->variance};
        for (size_t k = 0; k < sizeof values / sizeof values[0]; k++) {
            const size_t count = k == 0 ? mho_node_weight_count(n) : n->out.c;
            for (size_t j = 0; values[k] && j < count; j++)
                if (!isfinite(values[k][j]))
                    return mho_error(MHO_EFORMAT, "layer '%s': parameter %zu is %g", n->name, j,
                                     (double)values[k][j]);
        }
    }
    return MHO_OK;
}

static mho_status walk(mhoi_graph *g)
{
    blockers b = {.text = ""};
    mho_status s = mhoi_alloc(&b.lost, g->program->operands, sizeof *b.lost, "ONNX values");
    mhoi_graph_count_readers(g);
    if (!s)
        s = add_input(g);
    const bool entered = !s;
    if (s == MHO_ENOTMODELED) {
        snprintf(b.text, sizeof b.text, "%.200s", mho_error_message());
        b.length = strlen(b.text);
        for (size_t i = 0; i < g->program->inputs; i++)
            b.lost[g->program->input[i]] = true;
        s = MHO_OK;
    }
    for (size_t i = 0; !s && i < g->program->operations; i++)
        s = walk_one(g, &b, &g->program->operation[i]);
    mhoi_free(&b.lost);
    if (!s && b.length)
        return mho_error(MHO_ENOTMODELED, "%s", b.text);
    if (!s && entered)
        s = check_output(g);
    return s ? s : mhoi_onnx_check_finite(g->net);
}

mho_status mhoi_graph_make_room(mhoi_graph *g, const char *name, size_t nodes)
{
    g->room = nodes < MHOI_NET_NODES_MAX ? nodes : MHOI_NET_NODES_MAX;
    mho_status s = mhoi_net_create(name, g->room, &g->net);
    if (!s)
        s = mhoi_alloc(&g->value, g->program->operands, sizeof *g->value, "ONNX values");
    if (!s)
        s = mhoi_alloc(&g->readers, g->program->operands, sizeof *g->readers, "ONNX values");
    if (!s)
        s = mhoi_alloc(&g->lent, g->program->operands, sizeof *g->lent, "ONNX values");
    return s ? s
             : mhoi_onnx_know(g->program, g->mixed ? MHOI_ASSUME_ONE_OF_MANY : MHOI_ASSUME_ONE,
                              &g->known);
}

void mhoi_graph_free(mhoi_graph *g)
{
    mhoi_known_free(&g->known);
    mhoi_free(&g->lent);
    mhoi_free(&g->readers);
    mhoi_free(&g->value);
}

/* Weights that layers have borrowed become theirs, or go back. */
static void settle_weights(mhoi_graph *g, mhoi_program *program, bool layers)
{
    for (size_t i = 0; g->lent && i < program->operands; i++)
        if (g->lent[i] && layers)
            program->operand[i].array.data = NULL;
        else if (g->lent[i])
            g->net->node[g->lent[i] - 1].weight = NULL;
}

mho_status mhoi_onnx_layers(mhoi_program *program, bool foreign, const char *name, mho_net **out)
{
    mhoi_graph g = {.program = program, .foreign = foreign};
    *out = NULL;
    const size_t nodes = 2 * program->operations + 2; /* a flatten before each at most */
    mho_status s = mhoi_graph_make_room(&g, name, nodes);
    if (!s)
        s = walk(&g);
    if (!s)
        s = mhoi_net_infer_shapes(g.net, "graph");
    for (size_t i = 0; !s && i < g.net->nodes; i++)
        g.net->node[i].alphabet = mhoi_node_find_alphabet(&g.net->node[i]);
    settle_weights(&g, program, !s);
    mhoi_graph_free(&g);
    if (s)
        mho_net_destroy(g.net);
    else
        *out = g.net;
    return s == MHO_ECONFIG ? MHO_EFORMAT : s;
}
