/* SPDX-License-Identifier: Apache-2.0 */
/* Operators of a runtime's own domain, and some that the standard gave up, that are several standard ones in one: they are laid out as those, so that all that
 * knows the standard ones (crossbars, prices) knows them. */
#include <string.h>

#include "base/alloc.h"
#include "onnx/onnx_expand.h"
#include "ops/ops.h"

#define NODES_MOST 144 /* of an operator, besides those that each input takes */
#define NODE_BYTES ((size_t)1024)

static const mhoi_expand_row *const lists[] = {mhoi_expand_fused, mhoi_expand_norms,
                                               mhoi_expand_attention, mhoi_expand_codes};

static const mhoi_expand_row *find(const mhoi_expand_row *list, const MhoiOnnx__NodeProto *n)
{
    for (const mhoi_expand_row *row = list; row->name; row++)
        if (strcmp(row->name, mhoi_onnx_text(n->op_type)) == 0)
            return row;
    return NULL;
}

static const mhoi_expand_row *row_of(const MhoiOnnx__NodeProto *n)
{
    const char *domain = mhoi_onnx_text(n->domain);
    const mhoi_expand_row *row = NULL;
    if (!domain[0] || strcmp(domain, "ai.onnx") == 0)
        return find(mhoi_expand_old, n);
    if (strcmp(domain, "qonnx.custom_op.channels_last") == 0)
        return find(mhoi_expand_last, n);
    if (strcmp(domain, "com.microsoft") != 0)
        return NULL;
    for (size_t k = 0; !row && k < sizeof lists / sizeof *lists; k++)
        row = find(lists[k], n);
    return row;
}

bool mhoi_onnx_expands(const MhoiOnnx__NodeProto *n)
{
    return row_of(n) != NULL;
}

static mho_status check(const mhoi_expand_row *row, const MhoiOnnx__NodeProto *n)
{
    if (n->n_input < row->inputs_min || n->n_input > row->inputs_max)
        return mho_error(MHO_EFORMAT, "%zu inputs, want %zu..%zu", n->n_input, row->inputs_min,
                         row->inputs_max);
    if (!n->n_output || !mhoi_onnx_text(n->output[0])[0])
        return mho_error(MHO_EFORMAT, "no output");
    for (size_t k = 0; k < n->n_attribute; k++)
        if (!mhoi_is_attribute_of(row->attributes, mhoi_onnx_text(n->attribute[k]->name)) ||
            mhoi_onnx_text(n->attribute[k]->ref_attr_name)[0])
            return mho_error(MHO_ENOTMODELED, "unknown attribute '%s'",
                             mhoi_onnx_text(n->attribute[k]->name));
    return MHO_OK;
}

mho_status mhoi_onnx_expand(const MhoiOnnx__NodeProto *n, const MhoiOnnx__GraphProto *graph,
                            void **memory, MhoiOnnx__NodeProto ***out_nodes, size_t *count)
{
    const mhoi_expand_row *row = row_of(n);
    mho_status s = check(row, n);
    mhoi_expansion e = {.from = n, .graph = graph, .most = n->n_input + NODES_MOST};
    *memory = NULL;
    *count = 0;
    e.room = e.most * (NODE_BYTES + 4 * strlen(mhoi_onnx_text(n->n_output ? n->output[0] : "")));
    if (!s)
        s = mhoi_alloc(&e.arena, e.room, 1, "ONNX nodes");
    if (!s) {
        *memory = e.arena;
        e.node = mhoi_x_take(&e, e.most * sizeof(MhoiOnnx__NodeProto *));
        s = row->expand(&e);
        *out_nodes = e.node;
        *count = e.nodes;
    }
    return s ? mho_error_prefix(s, "node '%s' (%s%s%s)", mhoi_onnx_text(n->name),
                                mhoi_onnx_text(n->domain), mhoi_onnx_text(n->domain)[0] ? ":" : "",
                                row->name)
             : MHO_OK;
}
