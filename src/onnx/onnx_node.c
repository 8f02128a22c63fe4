/* SPDX-License-Identifier: Apache-2.0 */
/* Inputs and attributes of an ONNX node, and the operators that are no more than these: those with the flag PLAIN
 * in the table of operators, which tells how to read them. */
#include <string.h>

#include "net/net_impl.h"
#include "net/op_table.h"
#include "onnx/onnx_graph.h"

size_t mhoi_node_input(const mhoi_operation *n, size_t i)
{
    return i < n->inputs ? n->input[i] : MHOI_NO_OPERAND;
}

const char *mhoi_node_input_name(const mhoi_graph *g, const mhoi_operation *n, size_t i)
{
    const size_t operand = mhoi_node_input(n, i);
    return operand == MHOI_NO_OPERAND ? "" : g->program->operand[operand].name;
}

mho_status mhoi_node_refuse_value(const char *what, int64_t value)
{
    return mho_error(MHO_ENOTMODELED, "%s = %lld", what, (long long)value);
}

mho_status mhoi_node_ints(const mhoi_operation *n, const char *name, size_t count, int64_t low,
                          size_t *out)
{
    const int64_t *ints;
    const size_t there = mhoi_attr_ints(n, name, &ints);
    if (!ints)
        return MHO_OK;
    if (there != count)
        return mho_error(MHO_ENOTMODELED, "%s of %zu numbers, want %zu", name, there, count);
    for (size_t k = 0; k < count; k++) {
        if (ints[k] < low || ints[k] > MHOI_ONNX_EDGE_MAX)
            return mho_error(MHO_ENOTMODELED, "%s = %lld", name, (long long)ints[k]);
        out[k] = (size_t)ints[k];
    }
    return MHO_OK;
}

/* An attribute as the table of operators has it. */
static mho_status read_attribute(const mhoi_operation *n, const mhoi_attribute *a, mho_node *layer)
{
    char *const at = (char *)layer + a->offset;
    size_t *const size = (void *)at;
    switch (a->kind) {
    case MHOI_ATTRIBUTE_SIZE: {
        const int64_t value = mhoi_attr_int(n, a->onnx, (int64_t)*size);
        if (value < 0 || value > MHOI_ONNX_EDGE_MAX)
            return mhoi_node_refuse_value(a->onnx, value);
        *size = (size_t)value;
        return MHO_OK;
    }
    case MHOI_ATTRIBUTE_BOOL:
        *(bool *)at = mhoi_attr_int(n, a->onnx, *(bool *)at) != 0;
        return MHO_OK;
    case MHOI_ATTRIBUTE_FLOAT:
        *(float *)(void *)at = mhoi_attr_float(n, a->onnx, a->absent);
        return MHO_OK;
    case MHOI_ATTRIBUTE_PAIR:
        return mhoi_node_ints(n, a->onnx, 2, 0, size);
    case MHOI_ATTRIBUTE_PADS:
        return mhoi_node_ints(n, a->onnx, 4, 0, size);
    }
    return mho_error(MHO_EINTERNAL, "attribute %s has no kind", a->onnx);
}

/* The operator of that ONNX name that is what its attributes say and no more; MHO_OP_COUNT: none. */
static mho_op find_plain(const char *name)
{
    for (mho_op op = 0; op < MHO_OP_COUNT; op++)
        if (mhoi_op_is(op, MHOI_OP_PLAIN) && strcmp(mhoi_op_info_of(op)->onnx, name) == 0)
            return op;
    return MHO_OP_COUNT;
}

static mho_status check_plain_attributes(const mhoi_operation *n, const mhoi_attribute *known)
{
    for (size_t i = 0; i < n->attrs; i++) {
        const char *name = n->attr[i].name;
        const mhoi_attribute *a = known;
        while (a->key && (!a->onnx || strcmp(a->onnx, name) != 0))
            a++;
        if (!a->key)
            return mho_error(MHO_ENOTMODELED, "unknown attribute '%s'", name);
    }
    return MHO_OK;
}

static mho_status convert(mhoi_graph *g, const mhoi_operation *n, mho_op op)
{
    const mhoi_op_info *info = mhoi_op_info_of(op);
    mho_node layer = mhoi_node_initial(op);
    bool flat = false, other;
    layer.inputs = n->inputs;
    if (n->inputs < info->inputs_min || n->inputs > info->inputs_max)
        return mho_error(MHO_EFORMAT, "%zu inputs, want %zu..%zu", n->inputs, info->inputs_min,
                         info->inputs_max);
    mho_status s = check_plain_attributes(n, info->attribute);
    for (size_t k = 0; !s && k < n->inputs; k++) {
        s = mhoi_graph_layer(g, mhoi_node_input(n, k), &layer.input[k], k ? &other : &flat);
        if (!s && k && other != flat)
            s = mho_error(MHO_ENOTMODELED, "reads 2 and 4 dimensions");
    }
    if (op == MHO_OP_SIGN && g->foreign)
        layer.sign_zero = 0; /* as the standard has it */
    for (const mhoi_attribute *a = info->attribute; !s && a->key; a++)
        if (a->onnx)
            s = read_attribute(n, a, &layer);
    return s ? s : mhoi_graph_append(g, n, &layer, flat);
}

bool mhoi_onnx_is_plain(const char *op)
{
    return find_plain(op) != MHO_OP_COUNT;
}

mho_status mhoi_onnx_convert_plain(mhoi_graph *g, const mhoi_operation *n)
{
    const mho_op op = find_plain(n->op);
    return op != MHO_OP_COUNT ? convert(g, n, op) : mho_error(MHO_ENOTMODELED, "unknown operator");
}
