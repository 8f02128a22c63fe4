/* SPDX-License-Identifier: Apache-2.0 */
/* A program that is no graph of layers, for hardware: layers for the products with constants and what layers know, a
 * general node for every other operation.  The program stays what software runs. */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "net/net_impl.h"
#include "net/op_table.h"
#include "onnx/onnx_graph.h"

enum { READS_MAX = 8 }; /* operands of what layers do */

static bool is_one_of(const char *name, const char *list)
{
    const size_t length = strlen(name);
    for (const char *at = strstr(list, name); at && length; at = strstr(at + 1, name))
        if ((at == list || at[-1] == ' ') && (!at[length] || at[length] == ' '))
            return true;
    return false;
}

static bool is_real(mho_type type)
{
    return type == MHO_TYPE_FLOAT || type == MHO_TYPE_FLOAT16 || type == MHO_TYPE_BFLOAT16 ||
           type == MHO_TYPE_DOUBLE;
}

/* Whole numbers are products of real ones on crossbars, but for what wraps. */
static bool is_number(mho_type type)
{
    return is_real(type) || type == MHO_TYPE_INT8 || type == MHO_TYPE_UINT8 ||
           type == MHO_TYPE_INT16 || type == MHO_TYPE_INT32;
}

/* Do axes longer than 1 keep their order?  Then elements stay where they are. */
static bool keeps_order(const mhoi_operation *n, const mho_array *in)
{
    const int64_t *perm;
    const size_t there = mhoi_attr_ints(n, "perm", &perm);
    int64_t last = -1;
    if (strcmp(n->op, "Transpose") != 0)
        return false;
    for (size_t k = 0; k < in->rank; k++) {
        const int64_t axis = there == in->rank ? perm[k] : (int64_t)(in->rank - 1 - k);
        if (axis < 0 || axis >= (int64_t)in->rank)
            return false;
        if (in->size[axis] == 1)
            continue;
        if (axis < last)
            return false;
        last = axis;
    }
    return true;
}

/* Elements in the same order: the same node. */
static bool is_same_values(const mhoi_graph *g, const mhoi_operation *n)
{
    if (n->output[0] == MHOI_NO_OPERAND) /* others are read */
        return false;
    const mho_array *in = &g->known.array[n->input[0]], *out = &g->known.array[n->output[0]];
    if (n->domain[0] || in->type == MHO_TYPE_NONE || out->count != in->count || n->outputs != 1)
        return false;
    if (is_one_of(n->op, "Flatten Reshape Squeeze Unsqueeze Identity Dropout"))
        return true;
    if (strcmp(n->op, "Cast") == 0)
        return is_real(in->type) && is_real(out->type);
    return keeps_order(n, in);
}

/* Operators that layers do as they are. */
static const char layers[] =
    "Conv BatchNormalization MaxPool AveragePool GlobalMaxPool GlobalAveragePool Add Sum "
    "Relu LeakyRelu Sign";

/* Every operand that is no constant as the map that its array is, of one image. */
static mho_status make_maps(mhoi_graph *g, const mhoi_operation *n)
{
    if (n->inputs > READS_MAX)
        return mho_error(MHO_ENOTMODELED, "reads too many");
    for (size_t i = 0; i < n->inputs; i++) {
        const size_t operand = n->input[i];
        if (operand == MHOI_NO_OPERAND || mhoi_graph_constant(g, n, i))
            continue;
        const mho_array *a = &g->known.array[operand];
        if (!g->value[operand].there || !is_number(a->type) || a->rank < 2 || a->rank > 4 ||
            a->size[0] != 1)
            return mho_error(MHO_ENOTMODELED, "reads no map");
        const mho_shape shape = mhoi_map_shape(a);
        mho_status s = mhoi_graph_map(g, operand, (const size_t[]){1, shape.c, shape.h, shape.w},
                                      &g->value[operand].node);
        if (s)
            return s;
        g->value[operand].flat = a->rank == 2;
    }
    return MHO_OK;
}

/* A constant for each element of the last axis, added to a product without a bias. */
static mho_status add_bias(mhoi_graph *g, const mhoi_operation *n)
{
    for (size_t k = 0; k < 2 && n->inputs == 2; k++) {
        const mho_array *b = mhoi_graph_constant(g, n, k);
        const size_t other = n->input[1 - k];
        const mhoi_value *value = other == MHOI_NO_OPERAND ? NULL : &g->value[other];
        if (!b || !value || !value->there || !value->biased || g->readers[other] != 1)
            continue;
        mho_node *node = &g->net->node[value->biased - 1];
        if (node->has_bias || b->count != node->out.c || b->rank == 0 ||
            b->size[b->rank - 1] != node->out.c)
            continue;
        mho_status s = mhoi_alloc(&node->bias, node->out.c, sizeof *node->bias, "ONNX parameters");
        for (size_t c = 0; !s && c < node->out.c; c++)
            node->bias[c] = (float)mho_array_number(b, c);
        node->has_bias = !s;
        if (!s)
            g->value[n->output[0]] = (mhoi_value){.there = true, .node = value->node};
        return s;
    }
    return MHO_ENOTMODELED;
}

static mho_status convert(mhoi_graph *g, const mhoi_operation *n)
{
    if (mhoi_is_quantized_product(n))
        return mhoi_graph_quantized(g, n);
    if (mhoi_is_recurrent(n))
        return mhoi_graph_recurrent(g, n);
    if (n->domain[0] || n->outputs != 1)
        return MHO_ENOTMODELED;
    if (is_one_of(n->op, "Clip QuantizeLinear DequantizeLinear"))
        return mhoi_onnx_convert_rounding(g, n);
    if (is_one_of(n->op, "MatMul Gemm"))
        return mhoi_graph_product(g, n);
    if (strcmp(n->op, "Einsum") == 0)
        return mhoi_graph_einsum(g, n);
    if (strcmp(n->op, "ConvTranspose") == 0)
        return mhoi_graph_transposed(g, n);
    if (mhoi_is_deep(g, n))
        return mhoi_graph_deep(g, n);
    if (strcmp(n->op, "Add") == 0) {
        mho_status s = add_bias(g, n);
        if (s != MHO_ENOTMODELED)
            return s;
    }
    const mho_type type = g->known.array[n->output[0]].type;
    const bool conv = strcmp(n->op, "Conv") == 0;
    if (!is_one_of(n->op, layers) || !(conv ? is_number(type) : is_real(type)))
        return MHO_ENOTMODELED;
    mho_status s = make_maps(g, n);
    return s ? s : mhoi_onnx_convert(g, n);
}

/* Nodes from `count` on go. */
static void take_back(mhoi_graph *g, size_t count)
{
    for (size_t i = count; i < g->net->nodes; i++) {
        mho_node *node = &g->net->node[i];
        float **const values[] = {&node->bias, &node->gamma, &node->beta, &node->mean,
                                  &node->variance};
        if (!node->lent)
            mhoi_free(&node->weight);
        for (size_t k = 0; k < sizeof values / sizeof *values; k++)
            mhoi_free(values[k]);
        *node = (mho_node){0};
    }
    g->net->nodes = count;
}

static bool is_read(const mhoi_graph *g, size_t operand)
{
    return operand != MHOI_NO_OPERAND && g->readers[operand];
}

static mho_status take_choice(mhoi_graph *g, const mhoi_operation *n)
{
    for (size_t k = 0; k < n->outputs; k++) {
        const size_t from = mhoi_chosen(n, &g->known.array[n->input[0]], k);
        if (from == MHOI_NO_OPERAND || !g->value[from].there)
            return mho_error(MHO_ENOTMODELED, "node '%s' (If): its condition is not known",
                             n->name);
        g->value[n->output[k]] = g->value[from];
        g->value[n->output[k]].again = true;
        g->value[n->output[k]].biased = 0;
    }
    return MHO_OK;
}

/* Of operators that layers take in part, why not this one. */
static mho_status keep_reason(mhoi_graph *g, const mhoi_operation *n)
{
    const char *why = mho_error_message();
    g->why = NULL;
    return mhoi_is_recurrent(n) || (!n->domain[0] && strcmp(n->op, "ConvTranspose") == 0)
               ? mhoi_program_text((mhoi_program *)(uintptr_t)g->program, why, strlen(why), &g->why)
               : MHO_OK;
}

static mho_status place_operation(mhoi_graph *g, const mhoi_operation *n)
{
    for (size_t k = 0; k < n->guards; k++)
        if (!mhoi_guard_holds(&n->guard[k], &g->known.array[n->guard[k].operand]))
            return MHO_OK; /* if that is not known, what it gives is not there for the choice */
    if (mhoi_graph_is_known(g, n))
        return MHO_OK;
    if (mhoi_is_choice(n))
        return take_choice(g, n);
    if (n->inputs && n->input[0] != MHOI_NO_OPERAND && g->value[n->input[0]].there &&
        is_same_values(g, n)) {
        g->value[n->output[0]] = g->value[n->input[0]];
        g->value[n->output[0]].again = true;
        g->value[n->output[0]].biased = 0;
        return MHO_OK;
    }
    const size_t before = g->net->nodes, kept = n->inputs < READS_MAX ? n->inputs : READS_MAX;
    mhoi_value was[READS_MAX];
    for (size_t i = 0; i < kept; i++)
        if (n->input[i] != MHOI_NO_OPERAND)
            was[i] = g->value[n->input[i]];
    mho_status s = convert(g, n);
    if (s == MHO_ENOTMODELED || s == MHO_ECONFIG || s == MHO_EDOMAIN || s == MHO_EFORMAT) {
        s = keep_reason(g, n);
        take_back(g, before);
        for (size_t i = 0; i < kept; i++) /* maps that were made for it */
            if (n->input[i] != MHOI_NO_OPERAND)
                g->value[n->input[i]] = was[i];
        for (size_t k = 0; !s && k < n->outputs; k++) {
            size_t node;
            if (!is_read(g, n->output[k]))
                continue;
            s = mhoi_graph_work(g, n, k, &node);
            if (!s && !n->domain[0] && strcmp(n->op, "DequantizeLinear") == 0)
                mhoi_graph_tell_codes(g, node, g->known.array[n->input[0]].type,
                                      mhoi_graph_constant(g, n, 1), mhoi_graph_constant(g, n, 2));
            if (!s)
                g->value[n->output[k]] = (mhoi_value){.there = true, .node = node};
        }
    }
    return s ? mho_error_prefix(s, "node '%s' (%s)", n->name, n->op) : MHO_OK;
}

/* The operand whose first axis is that of `operand`, as far back as can be told. */
static size_t first_axis_of(const mhoi_program *p, size_t operand)
{
    while (operand != MHOI_NO_OPERAND && p->operand[operand].maker < p->operations) {
        const mhoi_operation *n = &p->operation[p->operand[operand].maker];
        if (n->domain[0] ||
            !is_one_of(
                n->op,
                "Identity Cast Dropout Relu LeakyRelu Tanh Sigmoid Clip Add Sub Mul Div MatMul "
                "LayerNormalization Gather"))
            return MHOI_NO_OPERAND;
        operand = n->input[0];
        if (n->inputs > 1 && operand != MHOI_NO_OPERAND && p->operand[operand].constant)
            operand = n->input[1];
    }
    return operand;
}

/* The first axis is taken for that of images: is it the steps of a sequence? */
static mho_status refuse_steps(const mhoi_program *p, size_t operand)
{
    const mhoi_operand *o = &p->operand[operand];
    if (o->array.rank < 2 || (!o->symbol[0] && o->array.size[0] == 1))
        return MHO_OK;
    for (size_t i = 0; i < p->operations; i++) {
        const mhoi_operation *n = &p->operation[i];
        if (mhoi_is_recurrent(n) && !mhoi_attr_int(n, "layout", 0) &&
            first_axis_of(p, n->input[0]) == operand)
            return mho_error(
                MHO_ENOTMODELED,
                "the first axis of input '%s' is the steps of %s '%s', not images: want "
                "an input [1, steps, ...] with a Transpose behind it (batch_first)",
                o->name, n->op, n->name);
    }
    return MHO_OK;
}

static mho_status check_input(const mhoi_graph *g, size_t k)
{
    const mhoi_operand *o = &g->program->operand[g->program->input[k]];
    const mho_array *a = &g->known.array[g->program->input[k]];
    bool told = o->ranked && o->array.type != MHO_TYPE_NONE;
    for (size_t i = 1; i < o->array.rank; i++)
        told = told && !o->symbol[i];
    mho_status s = o->ranked ? refuse_steps(g->program, g->program->input[k]) : MHO_OK;
    if (s)
        return s;
    if (a->type == MHO_TYPE_NONE && told)
        return mho_error(MHO_ENOTMODELED, "input '%s' is larger than an array may be", o->name);
    if (a->type == MHO_TYPE_NONE || !a->count)
        return mho_error(MHO_ENOTMODELED, "the sizes of input '%s' are not told", o->name);
    if (a->rank > 1 && a->size[0] != 1)
        return mho_error(MHO_ENOTMODELED, "input '%s' is of %zu images at a time, want one",
                         o->name, a->size[0]);
    return MHO_OK;
}

/* Elements [first, first + count) of the row that all inputs are, as input k. */
static mho_status part_of_row(mhoi_graph *g, size_t k, size_t all, size_t first)
{
    const size_t operand = g->program->input[k];
    const mho_array *a = &g->known.array[operand];
    int64_t from = (int64_t)first, to = (int64_t)(first + a->count), axis = 1;
    mho_array bounds[3];
    int64_t *const value[3] = {&from, &to, &axis};
    for (size_t i = 0; i < 3; i++) {
        bounds[i] = mhoi_graph_array(MHO_TYPE_INT64, 1, (const size_t[]){1});
        bounds[i].data = value[i];
    }
    const mho_array in = mhoi_graph_array(MHO_TYPE_FLOAT, 2, (const size_t[]){1, all}),
                    out = mhoi_graph_array(MHO_TYPE_FLOAT, 2, (const size_t[]){1, a->count});
    const mhoi_own_work slice = {
        .op = "Slice", .in = &in, .out = &out, .constant = bounds, .constants = 3};
    g->value[operand] = (mhoi_value){.there = true, .flat = a->rank == 2};
    return mhoi_graph_own(g, 0, g->program->operand[operand].name, &slice, &g->value[operand].node);
}

/* One input as it is; several as the parts of one row. */
static mho_status add_input(mhoi_graph *g)
{
    const mhoi_program *p = g->program;
    size_t all = 0, first = 0;
    mho_status s = p->inputs ? MHO_OK : mho_error(MHO_ENOTMODELED, "no input");
    for (size_t k = 0; !s && k < p->inputs; k++) {
        s = check_input(g, k);
        all += g->known.array[p->input[k]].count;
    }
    if (s)
        return s;
    const mho_array *a = &g->known.array[p->input[0]];
    const char *name = p->inputs > 1 ? "inputs" : p->operand[p->input[0]].name;
    g->net->node[0].out = p->inputs > 1 ? (mho_shape){all, 1, 1} : mhoi_map_shape(a);
    g->net->nodes = 1;
    mhoi_net_set_unique_name(g->net, 0, name[0] ? name : "input");
    g->value[p->input[0]] = (mhoi_value){.there = true, .flat = a->rank == 2};
    s = mhoi_net_infer_node(g->net, 0);
    for (size_t k = 0; !s && p->inputs > 1 && k < p->inputs; k++) {
        s = part_of_row(g, k, all, first);
        first += g->known.array[p->input[k]].count;
    }
    return s;
}

/* Nodes that lead to no output go, the others move up. */
static mho_status prune(mhoi_graph *g)
{
    mho_net *net = g->net;
    size_t *to = NULL, kept = 0;
    mho_status s = mhoi_alloc(&to, net->nodes, sizeof *to, "layers");
    if (s)
        return s;
    to[net->nodes - 1] = 1;
    to[0] = 1;
    for (size_t i = net->nodes; i-- > 0;)
        for (size_t k = 0; to[i] && k < net->node[i].inputs; k++)
            to[net->node[i].input[k]] = 1;
    for (size_t i = 0; i < net->nodes; i++) {
        if (!to[i]) {
            const size_t all = net->nodes;
            mho_net one = {.node = &net->node[i], .nodes = 1};
            mhoi_graph single = {.net = &one};
            take_back(&single, 0);
            net->nodes = all;
            continue;
        }
        to[i] = kept;
        if (kept != i) {
            net->node[kept] = net->node[i];
            net->node[i] = (mho_node){0};
        }
        for (size_t k = 0; k < net->node[kept].inputs; k++)
            net->node[kept].input[k] = to[net->node[kept].input[k]];
        kept++;
    }
    net->nodes = kept;
    mhoi_free(&to);
    return MHO_OK;
}

/* The last node is the output. */
static mho_status finish(mhoi_graph *g)
{
    const mhoi_program *p = g->program;
    for (size_t i = 0; i < p->outputs; i++)
        if (!g->value[p->output[i]].there)
            return mho_error(MHO_ENOTMODELED, "output '%s' does not depend on the input",
                             p->operand[p->output[i]].name);
    if (p->outputs > 1) {
        mho_status s = mhoi_graph_outputs(g);
        if (s)
            return s;
    } else {
        const size_t last = g->value[p->output[0]].node;
        take_back(g, last + 1);
    }
    mho_status s = prune(g);
    if (!s)
        s = mhoi_net_infer_shapes(g->net, "graph");
    if (!s)
        s = mhoi_onnx_check_finite(g->net);
    for (size_t i = 0; !s && i < g->net->nodes; i++)
        g->net->node[i].alphabet = mhoi_node_find_alphabet(&g->net->node[i]);
    return s;
}

static mho_status place(mhoi_graph *g, const char *name)
{
    mhoi_program *p = (mhoi_program *)(uintptr_t)g->program;
    /* A view before each input, and what stands around a quantized product; few operations become so many. */
    const size_t room = 8 * p->operations + p->inputs + 8;
    for (size_t i = 0; i < p->operations; i++)
        g->spare +=
            mhoi_is_recurrent(&p->operation[i]) ? (MHOI_STEPS_MOST + 2) * MHOI_STEP_NODES : 0;
    if (g->spare > MHOI_NET_NODES_MAX / 2)
        g->spare = MHOI_NET_NODES_MAX / 2;
    mho_status s = mhoi_graph_make_room(g, name, room + g->spare);
    if (!s)
        mhoi_graph_count_readers(g);
    if (!s)
        s = add_input(g);
    for (size_t i = 0; !s && i < p->operations; i++)
        s = place_operation(g, &p->operation[i]);
    return s ? s : finish(g);
}

mho_status mhoi_onnx_place(mhoi_program *program, bool foreign, const char *name)
{
    mhoi_graph g = {.program = program, .foreign = foreign, .mixed = true};
    mho_status s = place(&g, name);
    mhoi_graph_free(&g);
    if (!s) {
        program->placed = g.net;
        return MHO_OK;
    }
    mho_net_destroy(g.net);
    if (s == MHO_ENOMEM || s == MHO_EINTERNAL)
        return s;
    const char *why = mho_error_message();
    s = mhoi_alloc(&program->unplaced, strlen(why) + 1, 1, "ONNX model");
    if (!s)
        memcpy(program->unplaced, why, strlen(why));
    return s;
}
