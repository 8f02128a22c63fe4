/* SPDX-License-Identifier: Apache-2.0 */
/* General nodes among layers: operations of the program, and a few of our own between layers and arrays. */
#include <string.h>

#include "base/alloc.h"
#include "net/net_impl.h"
#include "onnx/onnx_graph.h"

enum { UNKNOWN_MAX = 16 }; /* inputs of an operation that is asked again for its shape */

mho_array mhoi_graph_array(mho_type type, size_t rank, const size_t *size)
{
    mho_array a = {.type = type, .rank = rank, .count = 1};
    for (size_t k = 0; k < rank; k++) {
        a.size[k] = size[k];
        a.count *= size[k];
    }
    return a;
}

/* The readers of layers do not change a program; what they add to it is memory of its own. */
static mhoi_program *program_of(const mhoi_graph *g)
{
    return (mhoi_program *)(uintptr_t)g->program;
}

static mho_status keep_copy(mhoi_graph *g, const mho_array *a, mho_array *out)
{
    *out = *a;
    const size_t bytes = a->count * mho_type_bytes(a->type);
    mho_status s = mhoi_program_take(program_of(g), &out->data, bytes + 1, 1);
    if (!s && bytes)
        memcpy(out->data, a->data, bytes);
    return s;
}

mho_status mhoi_graph_keep(mhoi_graph *g, size_t operand, mho_array *out)
{
    const mho_array *a = &g->known.array[operand];
    *out = *a;
    return g->known.owned[operand] ? keep_copy(g, a, out) : MHO_OK;
}

static mho_status append(mhoi_graph *g, const char *name, mho_node *node, size_t *out)
{
    return mhoi_graph_add(g, name[0] ? name : node->general, node, out);
}

static mho_status make_work(mhoi_graph *g, size_t inputs, mhoi_work **out)
{
    mhoi_program *p = program_of(g);
    mho_status s = mhoi_program_take(p, out, 1, sizeof **out);
    if (!s)
        s = mhoi_program_take(p, &(*out)->in, inputs + 1, sizeof *(*out)->in);
    if (!s)
        s = mhoi_program_take(p, &(*out)->from, inputs + 1, sizeof *(*out)->from);
    if (!s)
        (*out)->inputs = inputs;
    return s;
}

/* Why nothing is known of what the operation gives: what is wrong with it, where all is known that it reads. */
static mho_status tell_unknown(const mhoi_graph *g, const mhoi_operation *n)
{
    const mho_array *in[UNKNOWN_MAX];
    mho_array out[UNKNOWN_MAX] = {{0}};
    mhoi_call c = {.op = n, .inputs = n->inputs, .outputs = n->outputs, .in = in, .out = out};
    bool all = n->row && n->inputs <= UNKNOWN_MAX && n->outputs <= UNKNOWN_MAX;
    for (size_t k = 0; all && k < n->inputs; k++) {
        in[k] = n->input[k] == MHOI_NO_OPERAND ? NULL : &g->known.array[n->input[k]];
        all = !in[k] || in[k]->type != MHO_TYPE_NONE;
    }
    if (all && mhoi_operation_check(n))
        return MHO_ENOTMODELED;
    mho_status s = all ? n->row->shape(&c) : MHO_OK;
    if (s && s != MHO_ENODATA)
        return s == MHO_ENOMEM ? s : MHO_ENOTMODELED;
    return mho_error(MHO_ENOTMODELED, "its shape is known only when it runs");
}

mho_status mhoi_graph_work(mhoi_graph *g, const mhoi_operation *n, size_t k, size_t *out)
{
    mho_node node = {.op = MHO_OP_GENERAL, .general = n->op};
    mhoi_work *work = NULL;
    const mho_array *to = &g->known.array[n->output[k]];
    if (to->type == MHO_TYPE_NONE)
        return tell_unknown(g, n);
    mho_status s = make_work(g, n->inputs, &work);
    if (s)
        return s;
    work->why = g->why;
    work->op = n;
    work->output = k;
    work->out = *to;
    work->out.data = NULL;
    for (size_t i = 0; !s && i < n->inputs; i++) {
        const size_t operand = n->input[i];
        work->from[i] = MHOI_NO_NODE;
        if (operand == MHOI_NO_OPERAND)
            continue;
        if (g->known.array[operand].type == MHO_TYPE_NONE)
            return mho_error(MHO_ENOTMODELED, "the shape of '%s' is known only when it runs",
                             g->program->operand[operand].name);
        if (g->known.array[operand].count == 0) { /* as good as a constant */
            work->in[i] = g->known.array[operand];
            work->in[i].data = NULL;
            continue;
        }
        if (mhoi_graph_constant(g, n, i)) {
            s = mhoi_graph_keep(g, operand, &work->in[i]);
            continue;
        }
        if (!g->value[operand].there)
            return mho_error(MHO_ENOTMODELED, "input '%s' is not there",
                             g->program->operand[operand].name);
        if (node.inputs == MHOI_NODE_INPUTS)
            return mho_error(MHO_ENOTMODELED, "more than %zu inputs", MHOI_NODE_INPUTS);
        work->in[i] = g->known.array[operand];
        work->in[i].data = NULL;
        work->from[i] = node.inputs;
        node.input[node.inputs++] = g->value[operand].node;
    }
    node.work = work;
    return s ? s : append(g, n->name, &node, out);
}

mho_status mhoi_graph_view(mhoi_graph *g, size_t node, const char *name, const mho_array *shape,
                           size_t *out)
{
    mho_node view = {.op = MHO_OP_GENERAL, .general = "Reshape", .inputs = 1, .input = {node}};
    mhoi_work *work = NULL;
    mho_status s = make_work(g, 1, &work);
    if (s)
        return s;
    work->out = work->in[0] = *shape;
    work->out.data = work->in[0].data = NULL;
    view.work = work;
    return append(g, name, &view, out);
}

static bool has_axis(const char *op)
{
    static const char *const names[] = {"Gather", "Concat", "QuantizeLinear", "DequantizeLinear"};
    bool has = false;
    for (size_t k = 0; k < sizeof names / sizeof *names; k++)
        has = has || strcmp(op, names[k]) == 0;
    return has;
}

static mho_status own_operation(mhoi_graph *g, const mhoi_own_work *own, mhoi_operation **out)
{
    mhoi_program *p = program_of(g);
    mhoi_attr *attr = NULL;
    int64_t *perm = NULL;
    const size_t perms = own->perms ? own->perms : 4;
    mho_status s = mhoi_program_take(p, out, 1, sizeof **out);
    if (!s)
        s = mhoi_program_take(p, &attr, 1, sizeof *attr);
    if (!s)
        s = mhoi_program_take(p, &perm, perms, sizeof *perm);
    if (s)
        return s;
    if (own->perm)
        memcpy(perm, own->perm, perms * sizeof *perm);
    *attr = own->perm
                ? (mhoi_attr){.name = "perm", .kind = MHOI_ATTR_INTS, .count = perms, .ints = perm}
                : (mhoi_attr){.name = "axis", .kind = MHOI_ATTR_INT, .whole = own->axis};
    **out = (mhoi_operation){.name = own->op,
                             .op = own->op,
                             .domain = "",
                             .set = 13,
                             .inputs = 1 + own->others + own->constants,
                             .outputs = 1,
                             .attrs = own->perm || has_axis(own->op),
                             .attr = attr,
                             .row = mhoi_operator_find("", own->op)};
    return MHO_OK;
}

mho_status mhoi_graph_own(mhoi_graph *g, size_t node, const char *name, const mhoi_own_work *own,
                          size_t *out)
{
    mho_node added = {.op = MHO_OP_GENERAL, .general = own->op, .inputs = 1, .input = {node}};
    mhoi_work *work = NULL;
    mhoi_operation *op = NULL;
    const size_t first = 1 + own->others; /* of the constants */
    if (first > MHOI_NODE_INPUTS)
        return mho_error(MHO_ENOTMODELED, "more than %zu inputs", MHOI_NODE_INPUTS);
    mho_status s = make_work(g, first + own->constants, &work);
    if (!s)
        s = own_operation(g, own, &op);
    if (s)
        return s;
    work->op = op;
    work->in[0] = *own->in;
    work->out = *own->out;
    for (size_t i = 0; i < own->others; i++) {
        work->in[i + 1] = *own->in;
        work->in[i + 1].data = NULL;
        work->from[i + 1] = added.inputs;
        added.input[added.inputs++] = own->other[i];
    }
    work->in[0].data = work->out.data = NULL;
    for (size_t i = 0; !s && i < own->constants; i++) {
        work->from[first + i] = MHOI_NO_NODE;
        if (own->constant[i].data)
            s = keep_copy(g, &own->constant[i], &work->in[first + i]);
    }
    added.work = work;
    return s ? s : append(g, name, &added, out);
}

mho_status mhoi_graph_outputs(mhoi_graph *g)
{
    const mhoi_program *p = g->program;
    mho_node node = {.op = MHO_OP_GENERAL, .general = "outputs"};
    mhoi_work *work = NULL;
    size_t all = 0, out;
    if (p->outputs > MHOI_NODE_INPUTS)
        return mho_error(MHO_ENOTMODELED, "%zu outputs, want at most %zu", p->outputs,
                         MHOI_NODE_INPUTS);
    mho_status s = make_work(g, p->outputs, &work);
    if (!s)
        s = mhoi_program_take(program_of(g), &work->name, p->outputs, sizeof *work->name);
    for (size_t i = 0; !s && i < p->outputs; i++) {
        work->name[i] = p->operand[p->output[i]].name;
        work->in[i] = g->known.array[p->output[i]];
        work->in[i].data = NULL;
        work->from[i] = i;
        node.input[node.inputs++] = g->value[p->output[i]].node;
        all += work->in[i].count;
    }
    if (s)
        return s;
    work->out = mhoi_graph_array(MHO_TYPE_FLOAT, 2, (const size_t[]){1, all});
    node.work = work;
    return append(g, "outputs", &node, &out);
}
