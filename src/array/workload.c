/* SPDX-License-Identifier: Apache-2.0 */
/* From a network to what the MAC array has to do: its layers in order, and the maps between them.
 *
 * Every node's output is a version of some layer's map: activations keep it, pooling shrinks it at the
 * write-back, an addition completes it at the write-back of the later operand.  A version that is
 * superseded must have no other reader, else fusing it would lose data. */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "mho/array.h"
#include "net/op_table.h"

typedef struct builder {
    const mho_net *net;
    mho_workload *work;
    size_t *tensor;  /* [nodes] tensor that holds the node's output */
    size_t *readers; /* [nodes] */
} builder;

static uint64_t elements(mho_shape s)
{
    return (uint64_t)s.c * s.h * s.w;
}

static size_t new_tensor(mho_workload *work, uint64_t bytes, size_t producer)
{
    mho_work_map *t = &work->tensor[work->tensors];
    *t = (mho_work_map){bytes, producer, MHO_WORK_INPUT, MHO_WORK_INPUT};
    return work->tensors++;
}

static void use(mho_workload *work, size_t tensor, size_t layer)
{
    mho_work_map *t = &work->tensor[tensor];
    if (t->first_use == MHO_WORK_INPUT)
        t->first_use = layer;
    t->last_use = layer;
}

static mho_status add_layer(builder *b, size_t i)
{
    const mho_node *node = &b->net->node[i];
    mho_workload *work = b->work;
    size_t index = work->layers++;
    mho_work_layer *layer = &work->layer[index];
    bool fc = node->op == MHO_OP_FC;
    if (!fc && (node->dilation_h != 1 || node->dilation_w != 1))
        return mho_error(MHO_ENOTMODELED,
                         "%s: layer '%s': the MAC array has no rule for a dilation of %zu x %zu",
                         b->net->name, node->name, node->dilation_h, node->dilation_w);
    snprintf(layer->name, sizeof layer->name, "%s", node->name);
    layer->node = i;
    layer->kh = fc ? 1 : node->kh;
    layer->kw = fc ? 1 : node->kw;
    layer->stride_h = fc ? 1 : node->stride_h;
    layer->stride_w = fc ? 1 : node->stride_w;
    layer->groups = fc ? 1 : node->groups;
    layer->c_in = fc ? (size_t)elements(node->in) : node->in.c;
    layer->c_out = node->out.c;
    layer->h_in = fc ? 1 : node->in.h;
    layer->w_in = fc ? 1 : node->in.w;
    layer->h_out = node->out.h;
    layer->w_out = node->out.w;
    layer->pixels = (uint64_t)node->out.h * node->out.w;
    layer->weight_B = mho_node_weight_count(node);
    layer->macs = mho_node_macs(node);
    layer->input = b->tensor[node->input[0]];
    use(work, layer->input, index);
    layer->output = new_tensor(work, elements(node->out) * work->batch, index);
    b->tensor[i] = layer->output;
    work->weight_B += layer->weight_B;
    work->macs += layer->macs * work->batch;
    return MHO_OK;
}

/* The output of node i replaces the map of its input node. */
static mho_status replace(builder *b, size_t i, size_t from)
{
    const mho_node *node = &b->net->node[i];
    const mho_work_map *t = &b->work->tensor[b->tensor[from]];
    if (b->readers[from] > 1)
        return mho_error(MHO_ENOTMODELED,
                         "%s: node %s cannot be fused: its input %s is read by %zu others too",
                         b->net->name, node->name, b->net->node[from].name, b->readers[from] - 1);
    if (t->first_use != MHO_WORK_INPUT)
        return mho_error(MHO_ENOTMODELED, "%s: node %s changes a map that a layer has read already",
                         b->net->name, node->name);
    b->tensor[i] = b->tensor[from];
    b->work->tensor[b->tensor[i]].bytes = elements(node->out) * b->work->batch;
    return MHO_OK;
}

static mho_status add_addition(builder *b, size_t i)
{
    const mho_node *node = &b->net->node[i];
    mho_workload *work = b->work;
    size_t from = node->input[0], other = node->input[1];
    const mho_work_map *t = work->tensor;
    if (t[b->tensor[from]].producer == MHO_WORK_INPUT ||
        (t[b->tensor[other]].producer != MHO_WORK_INPUT &&
         t[b->tensor[other]].producer > t[b->tensor[from]].producer)) {
        from = node->input[1];
        other = node->input[0];
    }
    size_t index = t[b->tensor[from]].producer;
    if (index == MHO_WORK_INPUT || b->tensor[from] == b->tensor[other])
        return mho_error(MHO_ENOTMODELED, "%s: node %s adds no layer's output to another map",
                         b->net->name, node->name);
    mho_work_layer *layer = &work->layer[index];
    if (layer->extras == MHO_WORK_EXTRAS)
        return mho_error(MHO_ENOTMODELED, "%s: node %s: more than %d maps are added to %s",
                         b->net->name, node->name, MHO_WORK_EXTRAS, layer->name);
    mho_status s = replace(b, i, from);
    if (s != MHO_OK)
        return s;
    layer->extra[layer->extras++] = b->tensor[other];
    use(work, b->tensor[other], index);
    return MHO_OK;
}

static mho_status add_node(builder *b, size_t i)
{
    const mho_node *node = &b->net->node[i];
    switch (node->op) {
    case MHO_OP_INPUT:
        b->tensor[i] = new_tensor(b->work, elements(node->out) * b->work->batch, MHO_WORK_INPUT);
        return MHO_OK;
    case MHO_OP_CONV:
    case MHO_OP_FC:
        return add_layer(b, i);
    case MHO_OP_MAXPOOL:
    case MHO_OP_AVGPOOL:
        return replace(b, i, node->input[0]);
    case MHO_OP_ADD:
        return add_addition(b, i);
    case MHO_OP_BATCHNORM:
    case MHO_OP_SIGN:
    case MHO_OP_STEP:
    case MHO_OP_RELU:
    case MHO_OP_LEAKY_RELU:
    case MHO_OP_FLATTEN:
    case MHO_OP_SOFTMAX:
        if (b->readers[node->input[0]] > 1)
            return replace(b, i, node->input[0]);
        b->tensor[i] = b->tensor[node->input[0]];
        return MHO_OK;
    default:
        break;
    }
    return mhoi_node_refuse(node, MHOI_WALK_ARRAY);
}

MHOI_WALKER_HANDLES(MHOI_WALK_ARRAY, MHOI_OP_BIT(INPUT) | MHOI_OP_BIT(CONV) | MHOI_OP_BIT(FC) |
                                         MHOI_OP_BIT(MAXPOOL) | MHOI_OP_BIT(AVGPOOL) |
                                         MHOI_OP_BIT(BATCHNORM) | MHOI_OP_BIT(SIGN) |
                                         MHOI_OP_BIT(STEP) | MHOI_OP_BIT(RELU) |
                                         MHOI_OP_BIT(LEAKY_RELU) | MHOI_OP_BIT(ADD) |
                                         MHOI_OP_BIT(FLATTEN) | MHOI_OP_BIT(SOFTMAX));

/* Without the fully connected layers the work ends where the first of them reads. */
static size_t last_node(const mho_net *net, bool all)
{
    for (size_t i = 0; i < net->nodes && !all; i++)
        if (net->node[i].op == MHO_OP_FC)
            return i;
    return net->nodes;
}

static mho_status build(builder *b, size_t nodes)
{
    mho_status s = mhoi_alloc(&b->work->layer, nodes, sizeof *b->work->layer, "layers");
    if (s == MHO_OK)
        s = mhoi_alloc(&b->work->tensor, nodes, sizeof *b->work->tensor, "feature maps");
    if (s == MHO_OK)
        s = mhoi_alloc(&b->tensor, nodes, sizeof *b->tensor, "feature maps");
    if (s == MHO_OK)
        s = mhoi_alloc(&b->readers, b->net->nodes, sizeof *b->readers, "readers");
    if (s != MHO_OK)
        return s;
    for (size_t i = 0; i < nodes; i++)
        for (size_t k = 0; k < b->net->node[i].inputs; k++)
            b->readers[b->net->node[i].input[k]]++;
    for (size_t i = 0; i < nodes && s == MHO_OK; i++)
        s = add_node(b, i);
    return s;
}

mho_status mho_workload_create(const mho_net *net, bool all, size_t batch, mho_workload **out)
{
    *out = NULL;
    if (batch == 0 || batch > 65536)
        return mho_error(MHO_EDOMAIN, "batch = %zu, want 1..65536", batch);
    builder b = {.net = net};
    mho_status s = mhoi_net_check_walk(net, MHOI_WALK_ARRAY);
    if (s == MHO_OK)
        s = mhoi_alloc(&b.work, 1, sizeof *b.work, "workload");
    if (s != MHO_OK)
        return s;
    snprintf(b.work->name, sizeof b.work->name, "%s", net->name);
    b.work->batch = batch;
    s = build(&b, last_node(net, all));
    if (s == MHO_OK && b.work->layers == 0)
        s = mho_error(MHO_ENOTMODELED, "%s: no %s layer to schedule", net->name,
                      all ? "weighted" : "convolution");
    mhoi_free(&b.tensor);
    mhoi_free(&b.readers);
    if (s != MHO_OK)
        mho_workload_destroy(b.work);
    else
        *out = b.work;
    return s;
}

void mho_workload_destroy(mho_workload *work)
{
    if (!work)
        return;
    mhoi_free(&work->layer);
    mhoi_free(&work->tensor);
    mhoi_free(&work);
}
