/* SPDX-License-Identifier: Apache-2.0 */
/* What the operators that become layers share: constants, weights, and which layer gives an operand. */
#include <string.h>

#include "base/alloc.h"
#include "net/net_impl.h"
#include "onnx/onnx_graph.h"

mho_status mhoi_graph_constant_of(const mhoi_graph *g, const mhoi_operation *n, size_t i,
                                  const mho_array **out)
{
    *out = mhoi_graph_constant(g, n, i);
    return *out ? MHO_OK
                : mho_error(MHO_ENOTMODELED, "input %zu ('%s') is no constant", i,
                            mhoi_node_input_name(g, n, i));
}

void mhoi_array_copy_scaled(const mho_array *a, double scale, float *out)
{
    if (a->type == MHO_TYPE_FLOAT && scale == 1) {
        memcpy(out, a->data, a->count * sizeof *out);
        return;
    }
    for (size_t i = 0; i < a->count; i++)
        out[i] = (float)(scale * mho_array_number(a, i));
}

mho_status mhoi_graph_vector(const mhoi_graph *g, const mhoi_operation *n, size_t i, size_t want,
                             double scale, float **out)
{
    const mho_array *a;
    mho_status s = mhoi_graph_constant_of(g, n, i, &a);
    if (!s && a->count != want)
        s = mho_error(MHO_EFORMAT, "input %zu ('%s') has %zu values, want %zu", i,
                      mhoi_node_input_name(g, n, i), a->count, want);
    if (!s)
        s = mhoi_alloc(out, want, sizeof **out, "ONNX parameters");
    if (!s)
        mhoi_array_copy_scaled(a, scale, *out);
    return s;
}

bool mhoi_graph_lend_weights(mhoi_graph *g, const mhoi_operation *n, size_t i)
{
    const size_t operand = mhoi_node_input(n, i);
    const mho_array *a = mhoi_graph_constant(g, n, i);
    mho_node *node = &g->net->node[g->net->nodes - 1];
    if (!a || a->type != MHO_TYPE_FLOAT || (g->readers[operand] != 1 && !g->mixed) ||
        a->data != g->program->operand[operand].array.data ||
        a->count != mho_node_weight_count(node))
        return false;
    node->weight = a->data;
    node->lent = g->mixed;
    if (g->mixed)
        return true;
    g->lent[operand] = g->net->nodes;
    return true;
}

/* --- layers and values */

const mhoi_value *mhoi_graph_value(const mhoi_graph *g, const mhoi_operation *n, size_t i)
{
    const size_t operand = mhoi_node_input(n, i);
    return operand != MHOI_NO_OPERAND && g->value[operand].there ? &g->value[operand] : NULL;
}

const mho_array *mhoi_graph_constant(const mhoi_graph *g, const mhoi_operation *n, size_t i)
{
    const size_t operand = mhoi_node_input(n, i);
    const mho_array *a = operand != MHOI_NO_OPERAND ? &g->known.array[operand] : NULL;
    return a && a->data ? a : NULL;
}

void mhoi_graph_give(mhoi_graph *g, const mhoi_operation *n, mhoi_value value)
{
    value.there = true;
    g->value[n->output[0]] = value;
}

mho_status mhoi_graph_add(mhoi_graph *g, const char *name, const mho_node *layer, size_t *out)
{
    const size_t i = g->net->nodes;
    if (i >= g->room)
        return mho_error(MHO_ENOTMODELED, "more than the %zu layers that there is room for",
                         g->room);
    *out = i;
    g->net->nodes++;
    g->net->node[i] = *layer;
    if (name[0])
        mhoi_net_set_unique_name(g->net, i, name);
    else
        mhoi_net_set_usual_name(g->net, i);
    return mhoi_net_infer_node(g->net, i);
}

mho_status mhoi_graph_append(mhoi_graph *g, const mhoi_operation *n, const mho_node *layer,
                             bool flat)
{
    size_t node = 0;
    mho_status s = mhoi_graph_add(g, n->name, layer, &node);
    if (!s)
        mhoi_graph_give(g, n, (mhoi_value){.node = node, .flat = flat});
    return s;
}

mho_status mhoi_graph_layer(mhoi_graph *g, size_t operand, size_t *out, bool *flat)
{
    const char *name = operand == MHOI_NO_OPERAND ? "" : g->program->operand[operand].name;
    mhoi_value *value = operand == MHOI_NO_OPERAND ? NULL : &g->value[operand];
    if (!value || !value->there)
        return mho_error(MHO_ENOTMODELED, "'%s' is no layer's output", name);
    if (value->truth)
        return mho_error(MHO_ENOTMODELED, "'%s' is a comparison, want it cast to float", name);
    if (value->reshaped) {
        const mho_node layer = {.op = MHO_OP_FLATTEN, .inputs = 1, .input = {value->node}};
        mho_status s = mhoi_graph_add(g, name, &layer, &value->node);
        if (s)
            return s;
        value->reshaped = false;
    }
    *out = value->node;
    *flat = value->flat;
    return MHO_OK;
}

mho_status mhoi_graph_begin(mhoi_graph *g, const mhoi_operation *n, mho_op op, bool map,
                            mho_node *layer, bool *flat)
{
    *layer = (mho_node){.op = op, .inputs = 1};
    *flat = false;
    if (map)
        mhoi_node_set_window(layer, 0, 0);
    mho_status s = mhoi_graph_layer(g, mhoi_node_input(n, 0), &layer->input[0], flat);
    if (!s && map && *flat)
        s = mho_error(MHO_ENOTMODELED, "input '%s' has 2 dimensions, want 4",
                      mhoi_node_input_name(g, n, 0));
    if (!s)
        layer->in = g->net->node[layer->input[0]].out;
    return s;
}
