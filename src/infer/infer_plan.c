/* SPDX-License-Identifier: Apache-2.0 */
/* Preparing a network for inference: weights packed, batch normalization as two coefficients, and, in float
 * networks, batch normalization and ReLU merged into the convolution or fully connected layer before. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "infer/infer_coded.h"
#include "infer/infer_dense.h"
#include "infer/infer_ordered.h"
#include "quant/codes.h"

#define LANES_BYTES                                                                                \
    ((size_t)1 << 20) /* of the head's values, to stay in or near the second-level cache */

/* Networks that decide: merging would change the sums that a decision is made of in the last digit. */
static bool has_sign(const mho_net *net)
{
    for (size_t i = 0; i < net->nodes; ++i)
        if (net->node[i].op == MHO_OP_SIGN || net->node[i].op == MHO_OP_STEP)
            return true;
    return false;
}

/* The only node that reads node i, or 0 if there is none or several. */
static size_t only_reader(const mho_net *net, size_t i)
{
    size_t reader = 0, readers = 0;
    for (size_t j = i + 1; j < net->nodes; ++j)
        for (size_t k = 0; k < net->node[j].inputs; ++k)
            if (net->node[j].input[k] == i) {
                reader = j;
                ++readers;
            }
    return readers == 1 ? reader : 0;
}

/* The same; 0 also where the value itself is wanted, to be rounded. */
static size_t merged_reader(const mho_net *net, size_t i)
{
    return mhoi_node_rounds(&net->node[i]) ? 0 : only_reader(net, i);
}

/* The batch normalization and ReLU behind layer i that are computed with it. */
typedef struct merged {
    const mho_node *bn, *relu, *pool; /* pool: by lanes only */
    size_t output;
} merged;

static merged merge_of(const mho_net *net, size_t i, bool merge)
{
    merged m = {.output = i};
    if (!merge || has_sign(net) || !mho_node_is_weighted(&net->node[i]) ||
        mhoi_infer_is_coded(net, &net->node[i]))
        return m;
    size_t next = merged_reader(net, i);
    if (next && net->node[next].op == MHO_OP_BATCHNORM) {
        m.bn = &net->node[next];
        m.output = next;
        next = merged_reader(net, next);
    }
    if (next && (net->node[next].op == MHO_OP_RELU || net->node[next].op == MHO_OP_LEAKY_RELU)) {
        m.relu = &net->node[next];
        m.output = next;
    }
    return m;
}

/* Adds the 2 x 2 maximum pooling behind convolution i and its merged layers, if there is one. */
static merged merge_pool(const mho_net *net, size_t i, merged m)
{
    const size_t next = merged_reader(net, m.output);
    const mho_node *pool = &net->node[next];
    const mho_shape in = pool->in;
    if (net->node[i].op != MHO_OP_CONV || !next || pool->op != MHO_OP_MAXPOOL || pool->kh != 2 ||
        pool->kw != 2 || pool->stride_h != 2 || pool->stride_w != 2 || pool->dilation_h != 1 ||
        pool->dilation_w != 1 || in.h % 2 || in.w % 2 || pool->out.h != in.h / 2 ||
        pool->out.w != in.w / 2 || pool->pad_top || pool->pad_left)
        return m;
    m.pool = pool;
    m.output = next;
    return m;
}

/* Weights and bias of a layer, with its batch normalization multiplied in. */
static mho_status fold(const mho_node *node, const mho_node *bn, float *weight, float **bias)
{
    const size_t count = mho_node_weight_count(node), each = count / node->out.c;
    memcpy(weight, node->weight, count * sizeof *weight);
    mho_status s = mhoi_infer_finite(node, weight, count, "weight");
    if (s != MHO_OK || (!node->bias && !bn))
        return s;
    s = mhoi_alloc(bias, node->out.c, sizeof **bias, "bias");
    if (s != MHO_OK)
        return s;
    if (node->bias)
        memcpy(*bias, node->bias, node->out.c * sizeof **bias);
    for (size_t k = 0; bn && k < node->out.c; ++k) {
        float a, b;
        mho_batchnorm_coefficients(bn, k, &a, &b);
        (*bias)[k] = (*bias)[k] * a + b;
        for (size_t j = 0; j < each; ++j)
            weight[k * each + j] *= a;
    }
    if (bn)
        s = mhoi_infer_finite(bn, weight, count, "with it the weight before it,");
    return s ? s : mhoi_infer_finite(node, *bias, node->out.c, "bias");
}

/* A fully connected layer is a 1 x 1 convolution over the images of a block in a row. */
static mho_node fc_as_conv(const mho_node *fc, size_t block)
{
    mho_node conv = *fc;
    conv.op = MHO_OP_CONV;
    conv.in = (mho_shape){mho_node_weight_count(fc) / fc->out.c, 1, block};
    conv.out = (mho_shape){fc->out.c, 1, block};
    mhoi_node_set_window(&conv, 1, 1);
    return conv;
}

/* Weights in the order of the input's elements, multiplied with batch normalization. */
static mho_status ordered_weights(const infer_plan *plan, infer_step *step, const mho_node *bn,
                                  float **out)
{
    const mho_node *node = step->node;
    const mho_shape in = plan->net->node[step->input].out;
    float *plain = NULL;
    mho_status s = mhoi_alloc(&plain, mho_node_weight_count(node), sizeof *plain, "weights");
    if (s == MHO_OK)
        s = fold(node, bn, plain, &step->bias);
    *out = plain;
    if (s != MHO_OK || node->op != MHO_OP_FC || in.h * in.w == 1)
        return s;
    s = mhoi_alloc(out, mho_node_weight_count(node), sizeof **out, "weights");
    if (s == MHO_OK)
        mhoi_transpose(node->out.c, in.c, in.h * in.w, plain, *out);
    mhoi_free(&plain);
    return s;
}

static mho_status prepare_lanes(const infer_plan *plan, infer_step *step, const mho_node *bn)
{
    float *weight = NULL;
    mho_status s = ordered_weights(plan, step, bn, &weight);
    if (s == MHO_OK)
        s = mhoi_alloc(&step->packed, mhoi_lanes_packed(plan->lanes, step->node), sizeof(float),
                       "weights");
    if (s == MHO_OK)
        mhoi_lanes_pack(plan->lanes, step->node, weight, step->packed);
    mhoi_free(&weight);
    return s;
}

static mho_status pack_weights(infer_step *step, const float *weight)
{
    mho_status s = mhoi_alloc(&step->packed, mhoi_conv_packed_bytes(step->conv), 1, "weights");
    return s ? s : mhoi_conv_pack(step->conv, weight, step->packed);
}

static mho_status prepare_dense(infer_plan *plan, infer_step *step, const mho_node *bn)
{
    mho_status s = mhoi_infer_dense_create(plan->net, step, bn);
    const size_t floats = s ? 0 : mhoi_infer_dense_floats(step, plan->block);
    plan->codes = floats > plan->codes ? floats : plan->codes;
    return s;
}

static mho_status prepare_weighted(infer_plan *plan, infer_step *step, const mho_node *bn)
{
    if (plan->lanes && step->node->op == MHO_OP_CONV && step < plan->step + plan->head)
        return prepare_lanes(plan, step, bn);
    if (mhoi_infer_is_dense(step->node))
        return prepare_dense(plan, step, bn);
    const bool fc = step->node->op == MHO_OP_FC;
    const mho_node conv = fc ? fc_as_conv(step->node, plan->block) : *step->node;
    float *weight = NULL;
    mho_status s = ordered_weights(plan, step, bn, &weight);
    const bool head = step < plan->step + plan->head,
               coded = mhoi_infer_is_coded(plan->net, step->node);
    const size_t images = head ? plan->slice : plan->block;
    if (s == MHO_OK && plan->ordered && !coded) {
        s = mhoi_infer_ordered_create(step, weight);
        mhoi_free(&weight);
        const size_t floats = s == MHO_OK ? mhoi_infer_ordered_floats(step) : 0;
        plan->codes = floats > plan->codes ? floats : plan->codes;
        return s;
    }
    if (s == MHO_OK)
        s = mhoi_conv_create(&conv, MHOI_CONV_FORWARD, fc ? 1 : images, step->bias && !coded,
                             step->relu && !coded, step->slope, &step->conv);
    if (s == MHO_OK)
        s = coded ? mhoi_infer_coded_create(plan->net, step, weight) : pack_weights(step, weight);
    const size_t floats = s == MHO_OK ? mhoi_infer_coded_floats(plan->net, step, images) : 0;
    plan->codes = floats > plan->codes ? floats : plan->codes;
    if (s == MHO_OK && mhoi_conv_scratch_bytes(step->conv) > plan->scratch)
        plan->scratch = mhoi_conv_scratch_bytes(step->conv);
    mhoi_free(&weight);
    return s;
}

static mho_status prepare_batchnorm(const infer_plan *plan, infer_step *step)
{
    const mho_node *node = step->node;
    const size_t each = plan->lanes && step < plan->step + plan->head ? MHOI_LANES : 1;
    step->tile = mhoi_loops_tile(node->out.c * each);
    mho_status s = mhoi_alloc(&step->a, step->tile, sizeof *step->a, "batch normalization");
    if (s == MHO_OK)
        s = mhoi_alloc(&step->b, step->tile, sizeof *step->b, "batch normalization");
    for (size_t k = 0; s == MHO_OK && k < step->tile; ++k)
        mho_batchnorm_coefficients(node, k / each % node->out.c, &step->a[k], &step->b[k]);
    if (s == MHO_OK)
        s = mhoi_infer_finite(node, step->a, step->tile, "batch normalization factor");
    return s ? s : mhoi_infer_finite(node, step->b, step->tile, "batch normalization offset");
}

/* The node whose value a fully connected layer reads: what stands before a flatten, whose order of
 * elements its weights can take up. */
static size_t unflattened(const mho_net *net, size_t i, bool merge)
{
    while (merge && net->node[i].op == MHO_OP_FLATTEN)
        i = net->node[i].input[0];
    return i;
}

static bool only_fc_read(const mho_net *net, size_t i)
{
    bool read = false;
    for (size_t j = i + 1; j < net->nodes; ++j)
        for (size_t k = 0; k < net->node[j].inputs; ++k)
            if (net->node[j].input[k] == i) {
                read = true;
                if (net->node[j].op != MHO_OP_FC &&
                    !(net->node[j].op == MHO_OP_FLATTEN && only_fc_read(net, j)))
                    return false;
            }
    return read;
}

static mho_status add_step(infer_plan *plan, size_t i, merged m, bool merge)
{
    const mho_node *node = &plan->net->node[i];
    if (merge && node->op == MHO_OP_FLATTEN && only_fc_read(plan->net, i))
        return MHO_OK;
    infer_step *step = &plan->step[plan->steps++];
    if (plan->head == plan->steps - 1 && node->op != MHO_OP_FC)
        plan->head = plan->steps;
    step->node = node;
    step->output = m.output;
    step->input = node->op == MHO_OP_FC && only_fc_read(plan->net, node->input[0])
                      ? unflattened(plan->net, node->input[0], merge)
                      : node->input[0];
    step->relu = m.relu != NULL;
    step->pool = m.pool != NULL;
    if (mhoi_node_rounds(&plan->net->node[m.output]))
        step->codes = mhoi_codes_of_values(plan->net->node[m.output].value_bits,
                                           mhoi_net_values(plan->net, m.output).is_signed,
                                           plan->net->node[m.output].value_below);
    if (m.relu)
        step->slope = m.relu->op == MHO_OP_LEAKY_RELU ? m.relu->slope : 0.0f;
    if (mho_node_is_weighted(node))
        return prepare_weighted(plan, step, m.bn);
    return node->op == MHO_OP_BATCHNORM ? prepare_batchnorm(plan, step) : MHO_OK;
}

static bool lanes_can(const mho_node *n)
{
    switch (n->op) {
    case MHO_OP_CONV:
        return n->groups == 1 && n->dilation_h == 1 && n->dilation_w == 1 && !n->pad_top &&
               !n->pad_left && !n->pad_bottom && !n->pad_right;
    case MHO_OP_LEAKY_RELU:
        return n->slope >= 0.0f && n->slope <= 1.0f;
    case MHO_OP_MAXPOOL:
    case MHO_OP_AVGPOOL:
    case MHO_OP_BATCHNORM:
    case MHO_OP_SIGN:
    case MHO_OP_STEP:
    case MHO_OP_RELU:
        return true;
    default: /* step by step */
        return false;
    }
}

bool mhoi_infer_lanes_fit(const mho_net *net)
{
    size_t i = 1, floats = infer_elements(net->node[0].out);
    if (mhoi_infer_has_codes(net))
        return false;
    for (; i < net->nodes && lanes_can(&net->node[i]); ++i) {
        if (net->node[i].input[0] != i - 1 || only_reader(net, i - 1) != i)
            return false;
        const merged m = merge_of(net, i, true);
        if (merge_pool(net, i, m).output == i)
            floats += infer_elements(net->node[i].out);
    }
    const bool tail = i > 1 && i < net->nodes && only_reader(net, i - 1) == i &&
                      (net->node[i].op == MHO_OP_FC ||
                       (net->node[i].op == MHO_OP_FLATTEN && only_fc_read(net, i)));
    return tail && floats <= LANES_BYTES / sizeof(float) / MHOI_LANES;
}

static mho_status build(infer_plan *plan, bool merge)
{
    const mho_net *net = plan->net;
    bool *done = NULL;
    mho_status s = mhoi_alloc(&plan->step, net->nodes, sizeof *plan->step, "inference steps");
    if (s == MHO_OK)
        s = mhoi_alloc(&plan->offset, net->nodes, sizeof *plan->offset, "inference steps");
    if (s == MHO_OK)
        s = mhoi_alloc(&plan->whole, net->nodes, sizeof *plan->whole, "inference steps");
    if (s == MHO_OK)
        s = mhoi_alloc(&done, net->nodes, sizeof *done, "inference steps");
    for (size_t i = 1; s == MHO_OK && i < net->nodes; ++i) {
        if (done[i])
            continue;
        merged m = merge_of(net, i, merge);
        if (plan->lanes)
            m = merge_pool(net, i, m);
        if (m.pool)
            done[m.pool - net->node] = true;
        if (m.bn)
            done[m.bn - net->node] = true;
        if (m.relu)
            done[m.relu - net->node] = true;
        s = add_step(plan, i, m, merge);
    }
    mhoi_free(&done);
    return s;
}

mho_status mhoi_infer_plan_create(const mho_net *net, size_t block, size_t slice, bool merge,
                                  bool ordered, infer_plan *plan)
{
    *plan = (infer_plan){.net = net, .block = block, .slice = slice, .ordered = ordered};
    if (merge && slice == MHOI_LANES && mhoi_infer_lanes_fit(net))
        plan->lanes = mhoi_lanes_best();
    mho_status s = build(plan, merge);
    if (s == MHO_OK)
        s = mhoi_infer_place(plan, merge);
    if (s != MHO_OK)
        mhoi_infer_plan_free(plan);
    return s;
}

void mhoi_infer_plan_free(infer_plan *plan)
{
    for (size_t i = 0; i < plan->steps; ++i) {
        infer_step *step = &plan->step[i];
        mhoi_conv_destroy(step->conv);
        mhoi_infer_coded_free(step);
        mhoi_infer_ordered_free(step);
        mhoi_free(&step->packed);
        mhoi_free(&step->bias);
        mhoi_free(&step->a);
        mhoi_free(&step->b);
    }
    mhoi_free(&plan->step);
    mhoi_free(&plan->offset);
    mhoi_free(&plan->whole);
    *plan = (infer_plan){0};
}
