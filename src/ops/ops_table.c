/* SPDX-License-Identifier: Apache-2.0 */
/* The table of general operators, and the evaluation of one operation. */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "ops/ops_impl.h"

static const mhoi_operator *const lists[] = {
    mhoi_ops_unary,     mhoi_ops_binary,  mhoi_ops_shape,  mhoi_ops_move,      mhoi_ops_index,
    mhoi_ops_make,      mhoi_ops_reduce,  mhoi_ops_norm,   mhoi_ops_matmul,    mhoi_ops_conv,
    mhoi_ops_pool,      mhoi_ops_quant,   mhoi_ops_resize, mhoi_ops_recurrent, mhoi_ops_attention,
    mhoi_ops_einsum,    mhoi_ops_vendor,  mhoi_ops_loss,   mhoi_ops_detect,    mhoi_ops_patches,
    mhoi_ops_signal,    mhoi_ops_unique,  mhoi_ops_loop,   mhoi_ops_sequence,  mhoi_ops_ml,
    mhoi_ops_threshold, mhoi_ops_picture, mhoi_ops_tree};

const mhoi_operator *mhoi_operator_at(size_t i)
{
    for (size_t k = 0; k < sizeof lists / sizeof lists[0]; k++)
        for (const mhoi_operator *row = lists[k]; row->name; row++)
            if (i-- == 0)
                return row;
    return NULL;
}

const mhoi_operator *mhoi_operator_find(const char *domain, const char *name)
{
    for (size_t k = 0; k < sizeof lists / sizeof lists[0]; k++)
        for (const mhoi_operator *row = lists[k]; row->name; row++)
            if (strcmp(row->name, name) == 0 && strcmp(row->domain, domain) == 0)
                return row;
    return NULL;
}

bool mhoi_is_attribute_of(const char *list, const char *name)
{
    const size_t length = strlen(name);
    for (const char *at = strstr(list, name); at && length; at = strstr(at + 1, name))
        if ((at == list || at[-1] == ' ') && at[length] == ' ')
            return true;
    return false;
}

mho_status mhoi_operation_check(const mhoi_operation *op)
{
    const mhoi_operator *row = op->row;
    if (!row)
        return mho_error(MHO_ENOTMODELED, "unknown operator %s%s%s", op->domain,
                         op->domain[0] ? ":" : "", op->op);
    if (op->inputs < row->inputs_min || op->inputs > row->inputs_max)
        return mho_error(MHO_EFORMAT, "%s of %zu inputs, want %zu..%zu", op->op, op->inputs,
                         row->inputs_min, row->inputs_max);
    for (size_t k = 0; k < row->inputs_min; k++)
        if (op->input[k] == MHOI_NO_OPERAND)
            return mho_error(MHO_EFORMAT, "%s: input %zu is left out", op->op, k);
    if (op->outputs > row->outputs_max)
        return mho_error(MHO_ENOTMODELED, "%s of %zu outputs, want up to %zu", op->op, op->outputs,
                         row->outputs_max);
    for (size_t k = 0; k < op->attrs; k++)
        if (!mhoi_is_attribute_of(row->attributes, op->attr[k].name))
            return mho_error(MHO_ENOTMODELED, "%s: unknown attribute '%s'", op->op,
                             op->attr[k].name);
    return MHO_OK;
}

/* Attributes that are of one kind wherever the standard has them; others are not listed. */
static const struct attribute_kind {
    const char *names, *want;
    mhoi_attr_kind kind, also;
} attribute_kinds[] = {
    {"axis batch_dims blocksize ceil_mode count_include_pad exclusive group hidden_size "
     "input_forget keepdims largest layout "
     "linear_before_reset reverse storage_order transA transB ",
     "a whole number", MHOI_ATTR_INT, MHOI_ATTR_INT},
    {"axes dilations kernel_shape output_padding output_shape pads perm strides ", "whole numbers",
     MHOI_ATTR_INTS, MHOI_ATTR_INT},
    {"alpha beta clip epsilon gamma lambd momentum ", "a number", MHOI_ATTR_FLOAT, MHOI_ATTR_INT},
    {"activations auto_pad direction equation ", "a text", MHOI_ATTR_TEXT, MHOI_ATTR_TEXT},
};

mho_status mhoi_operation_check_kinds(const mhoi_operation *op)
{
    const size_t count = sizeof attribute_kinds / sizeof *attribute_kinds;
    for (size_t k = 0; !op->domain[0] && k < op->attrs; k++) {
        const mhoi_attr *a = &op->attr[k];
        const bool empty = a->kind == MHOI_ATTR_FLOATS && !a->count; /* a list of no type */
        for (size_t i = 0; i < count && !empty; i++)
            if (mhoi_is_attribute_of(attribute_kinds[i].names, a->name) &&
                a->kind != attribute_kinds[i].kind && a->kind != attribute_kinds[i].also)
                return mho_error(MHO_EFORMAT,
                                 "node '%s' (%s): attribute '%s' is of another type, want %s",
                                 op->name, op->op, a->name, attribute_kinds[i].want);
    }
    return MHO_OK;
}

/* What the operation reads, in words. */
static mho_status add_context(mho_status s, const mhoi_call *c)
{
    char text[400] = "", shape[MHO_ARRAY_TEXT];
    size_t at = 0;
    for (size_t k = 0; k < c->inputs && k < 4 && at < sizeof text; k++)
        at += (size_t)snprintf(text + at, sizeof text - at, "%s%s", k ? ", " : " of ",
                               c->in[k] ? mho_array_text(c->in[k], shape) : "nothing");
    return mho_error_prefix(s, "node '%s' (%s%s%s)", c->op->name, c->op->op, text,
                            c->inputs > 4 ? ", ..." : "");
}

/* May input k be a sequence? */
static bool takes_list(const mhoi_operator *row, size_t k)
{
    if (row->domain[0])
        return false;
    if (strcmp(row->name, "If") == 0)
        return k > 0;
    return k == 0 &&
           (strncmp(row->name, "Sequence", 8) == 0 || strcmp(row->name, "Identity") == 0 ||
            strcmp(row->name, "ConcatFromSequence") == 0) &&
           strcmp(row->name, "SequenceConstruct") != 0;
}

static mho_status shape_of(mhoi_call *c)
{
    for (size_t k = 0; k < c->outputs; k++)
        c->out[k] = (mho_array){0};
    /* Of a choice, what the branch that is not taken would give is never known. */
    const size_t needed = mhoi_is_choice(c->op) ? 1 : c->inputs;
    for (size_t k = 0; k < needed || k < c->op->row->inputs_min; k++)
        if (k >= c->inputs || !c->in[k] ? k < c->op->row->inputs_min
                                        : c->in[k]->type == MHO_TYPE_NONE)
            return mho_error(MHO_ENODATA, "input %zu is not known", k);
    for (size_t k = 0; k < c->inputs; k++)
        if (c->in[k] && c->in[k]->type == MHOI_TYPE_LIST && !takes_list(c->op->row, k))
            return mho_error(MHO_EFORMAT, "input %zu is a sequence, want an array", k);
    return c->op->row->shape(c);
}

mho_status mhoi_call_shape(mhoi_call *c)
{
    mho_status s = shape_of(c);
    return s ? add_context(s, c) : MHO_OK;
}

mho_status mhoi_call_run(mhoi_call *c)
{
    mho_status s = shape_of(c);
    for (size_t k = 0; !s && k < c->outputs; k++)
        if (c->out[k].type != MHO_TYPE_NONE)
            s = mhoi_array_alloc(&c->out[k], c->op->name);
    if (!s)
        s = c->op->row->run(c);
    if (!s)
        return MHO_OK;
    for (size_t k = 0; k < c->outputs; k++)
        mho_array_free(&c->out[k]);
    return add_context(s, c);
}
