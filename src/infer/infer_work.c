/* SPDX-License-Identifier: Apache-2.0 */
/* General nodes among layers in software: image after image, as arrays in the order of files, by the arithmetic of
 * ops/ops.h; what a chip's digital units do. */
#include <string.h>

#include "base/alloc.h"
#include "base/parallel.h"
#include "infer/infer_impl.h"
#include "net/op_table.h"
#include "ops/ops.h"

/* The operands and results of one call. */
typedef struct call {
    const mho_net *net;
    const mho_node *node;
    const mho_array **in;
    mho_array *own, *out;
} call;

/* Image k of x, the values of a node, [h][w][c], as an array in the order [c][h][w]. */
static mho_status take(const mho_net *net, size_t node, const mho_array *want, const float *x,
                       size_t k, mho_array *out)
{
    const mho_shape shape = net->node[node].out;
    const size_t size = infer_elements(shape);
    mho_array floats = *want;
    *out = (mho_array){0};
    if (want->count != size)
        return mho_error(MHO_EINTERNAL, "%zu values for an input of %zu", size, want->count);
    floats.type = MHO_TYPE_FLOAT;
    floats.data = NULL;
    mho_status s = mhoi_array_alloc(&floats, "inference");
    if (s)
        return s;
    mhoi_transpose(1, shape.h * shape.w, shape.c, x + k * size, floats.data);
    if (want->type == MHO_TYPE_FLOAT) {
        *out = floats;
        return MHO_OK;
    }
    s = mhoi_array_convert(&floats, want->type, out);
    mho_array_free(&floats);
    return s;
}

/* The result as values of image k. */
static mho_status put(const mho_node *node, mho_array *result, size_t k, float *y)
{
    const size_t size = infer_elements(node->out);
    mho_array floats = {0};
    if (result->count != size)
        return mho_error(MHO_EINTERNAL, "gives %zu values, want %zu", result->count, size);
    const mho_array *from = result;
    mho_status s = MHO_OK;
    if (result->type != MHO_TYPE_FLOAT) {
        s = mhoi_array_convert(result, MHO_TYPE_FLOAT, &floats);
        from = &floats;
    }
    if (!s)
        mhoi_transpose(1, node->out.c, node->out.h * node->out.w, from->data, y + k * size);
    mho_array_free(&floats);
    return s;
}

static mho_status run_one(const call *c, size_t k, const float *const *x, float *y)
{
    const mhoi_work *w = c->node->work;
    mho_status s = MHO_OK;
    for (size_t i = 0; !s && i < w->inputs; i++) {
        c->own[i] = (mho_array){0};
        c->in[i] = w->in[i].type == MHO_TYPE_NONE ? NULL : &w->in[i];
        if (w->from[i] == MHOI_NO_NODE)
            continue;
        s = take(c->net, c->node->input[w->from[i]], &w->in[i], x[w->from[i]], k, &c->own[i]);
        c->in[i] = &c->own[i];
    }
    mhoi_call run = {
        .op = w->op, .inputs = w->inputs, .outputs = w->op->outputs, .in = c->in, .out = c->out};
    if (!s)
        s = mhoi_call_run(&run);
    if (!s)
        s = put(c->node, &c->out[w->output], k, y);
    for (size_t i = 0; i < w->op->outputs; i++)
        mho_array_free(&c->out[i]);
    for (size_t i = 0; i < w->inputs; i++)
        mho_array_free(&c->own[i]);
    return s;
}

/* The same values in another shape. */
static mho_status run_view(const call *c, size_t n, const float *x, float *y)
{
    mho_status s = MHO_OK;
    for (size_t k = 0; !s && k < n; k++) {
        mho_array a;
        s = take(c->net, c->node->input[0], &c->node->work->out, x, k, &a);
        if (!s)
            s = put(c->node, &a, k, y);
        mho_array_free(&a);
    }
    return s;
}

/* The values of all outputs, in the order of files. */
static mho_status run_list(const call *c, size_t n, const float *const *x, float *y)
{
    mho_status s = MHO_OK;
    for (size_t k = 0; k < n; k++)
        for (size_t i = 0; !s && i < c->node->inputs; i++) {
            mho_array a, as = c->node->work->in[i];
            as.type = MHO_TYPE_FLOAT;
            s = take(c->net, c->node->input[i], &as, x[i], k, &a);
            if (!s)
                memcpy(y, a.data, a.count * sizeof *y);
            y += as.count;
            mho_array_free(&a);
        }
    return s;
}

mho_status mhoi_infer_work_run(const mho_net *net, const mho_node *node, size_t n,
                               const float *const *x, float *y)
{
    const mhoi_work *w = node->work;
    call c = {.net = net, .node = node};
    mho_status s = MHO_OK;
    if (!w)
        return mhoi_node_refuse(node, MHOI_WALK_INFER);
    if (mhoi_node_lists(node))
        return run_list(&c, n, x, y);
    if (!w->op)
        return run_view(&c, n, x[0], y);
    mhoi_memory_unbound();
    s = mhoi_alloc(&c.in, w->inputs, sizeof(void *), "inference");
    if (!s)
        s = mhoi_alloc(&c.own, w->inputs, sizeof *c.own, "inference");
    if (!s)
        s = mhoi_alloc(&c.out, w->op->outputs, sizeof *c.out, "inference");
    for (size_t k = 0; !s && k < n; k++)
        s = run_one(&c, k, x, y);
    mhoi_free(&c.in);
    mhoi_free(&c.own);
    mhoi_free(&c.out);
    return s ? mho_error_prefix(s, "layer %s", node->name) : MHO_OK;
}
