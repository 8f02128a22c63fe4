/* SPDX-License-Identifier: Apache-2.0 */
/* Running the steps of a plan on one block of images. */
#include <math.h>

#include "base/contract.h"
#include "base/finite.h"
#include "infer/infer_coded.h"
#include "infer/infer_dense.h"
#include "infer/infer_ordered.h"
#include "net/op_table.h"

/* Over the channels of every pixel. */
static void softmax(size_t rows, size_t c, const float *x, float *y)
{
    for (size_t i = 0; i < rows; ++i, x += c, y += c) {
        float top = x[0], sum = 0.0f;
        for (size_t k = 1; k < c; ++k)
            top = x[k] > top ? x[k] : top;
        for (size_t k = 0; k < c; ++k)
            sum += y[k] = expf(x[k] - top);
        for (size_t k = 0; k < c; ++k)
            y[k] /= sum;
    }
}

static float *value_of(const infer_plan *plan, float *memory, size_t node, size_t first)
{
    return memory + plan->offset[node] +
           (plan->whole[node] ? first * infer_elements(plan->net->node[node].out) : 0);
}

/* A layer that forms sums has made `count` values of y: infinities would end as scores, or hide behind a sign. */
static mho_status check_finite(const mho_node *node, size_t count, const float *y)
{
    switch (node->op) {
    case MHO_OP_CONV:
    case MHO_OP_FC:
        if (node->alphabet ==
            MHO_ALPHABET_BINARY) /* sums of as many inputs as there are rows: far from the end of float */
            return MHO_OK;
        break;
    case MHO_OP_AVGPOOL:
    case MHO_OP_BATCHNORM:
    case MHO_OP_ADD:
        break;
    default:
        return MHO_OK;
    }
    if (mhoi_all_finite(y, count))
        return MHO_OK;
    return mho_error(MHO_EDOMAIN,
                     "layer %s: a value is not finite: its parameters or inputs are too large",
                     node->name);
}

static mho_status compute_general(const infer_plan *plan, const infer_step *step, size_t first,
                                  size_t n, float *memory, float *y)
{
    const float *x[MHOI_NODE_INPUTS];
    for (size_t k = 0; k < step->node->inputs; ++k)
        x[k] = value_of(plan, memory, step->node->input[k], first);
    return mhoi_infer_work_run(plan->net, step->node, n, x, y);
}

/* One step on n images of the block, from `first` on. */
static mho_status compute_step(const infer_plan *plan, const mhoi_loops *loops,
                               const infer_step *step, size_t first, size_t n, float *memory)
{
    const mho_node *node = step->node;
    const float *x = value_of(plan, memory, step->input, first);
    float *y = value_of(plan, memory, step->output, first);
    const size_t count = n * infer_elements(node->out);
    switch (node->op) {
    case MHO_OP_CONV:
    case MHO_OP_FC:
        if (step->dense) {
            mhoi_infer_dense_run(plan->net, step, n, x, y, memory + plan->codes);
            return MHO_OK;
        }
        if (step->ordered) {
            mhoi_infer_ordered_run(step, n, x, y, memory + plan->codes);
            return MHO_OK;
        }
        if (step->coded)
            return mhoi_infer_coded_run(plan->net, step, n, x, y, memory + plan->codes,
                                        memory + plan->scratch);
        return mhoi_conv_run(step->conv, x, step->packed, step->bias, y, memory + plan->scratch);
    case MHO_OP_MAXPOOL:
        loops->maxpool(node, n, x, y, NULL);
        return MHO_OK;
    case MHO_OP_AVGPOOL:
        if (mhoi_infer_averages_codes(plan->net, node))
            mhoi_infer_average(node, node->value_scale, n, x, y);
        else
            loops->avgpool(node, n, x, y);
        return MHO_OK;
    case MHO_OP_BATCHNORM:
        loops->affine(count, step->tile, x, step->a, step->b, y);
        return MHO_OK;
    case MHO_OP_SIGN:
        mhoi_loops_sign(loops, node->sign_zero, count, x, y);
        return MHO_OK;
    case MHO_OP_STEP:
        loops->step(count, x, y);
        return MHO_OK;
    case MHO_OP_RELU:
    case MHO_OP_LEAKY_RELU:
        loops->relu(count, node->op == MHO_OP_RELU ? 0.0f : node->slope, x, y);
        return MHO_OK;
    case MHO_OP_ADD:
        loops->add(count, x, value_of(plan, memory, node->input[1], first), y);
        return MHO_OK;
    case MHO_OP_FLATTEN:
        mhoi_transpose(n, node->in.h * node->in.w, node->in.c, x, y);
        return MHO_OK;
    case MHO_OP_SOFTMAX:
        softmax(n * node->out.h * node->out.w, node->out.c, x, y);
        return MHO_OK;
    case MHO_OP_GENERAL:
        return compute_general(plan, step, first, n, memory, y);
    default: /* the input is in place before the first step */
        break;
    }
    return mhoi_node_refuse(node, MHOI_WALK_INFER);
}

MHOI_WALKER_HANDLES(MHOI_WALK_INFER,
                    MHOI_OP_BIT(INPUT) | MHOI_OP_BIT(CONV) | MHOI_OP_BIT(FC) |
                        MHOI_OP_BIT(MAXPOOL) | MHOI_OP_BIT(AVGPOOL) | MHOI_OP_BIT(BATCHNORM) |
                        MHOI_OP_BIT(SIGN) | MHOI_OP_BIT(STEP) | MHOI_OP_BIT(RELU) |
                        MHOI_OP_BIT(LEAKY_RELU) | MHOI_OP_BIT(ADD) | MHOI_OP_BIT(FLATTEN) |
                        MHOI_OP_BIT(SOFTMAX) | MHOI_OP_BIT(GENERAL));

static void round_output(const infer_plan *plan, const infer_step *step, size_t count, float *y)
{
    if (step->codes.hi)
        mho_quant_round(y, count, plan->net->node[step->output].value_scale, step->codes);
}

static mho_status run_step(const infer_plan *plan, const mhoi_loops *loops, const infer_step *step,
                           size_t first, size_t n, float *memory)
{
    float *y = value_of(plan, memory, step->output, first);
    mho_status s = compute_step(plan, loops, step, first, n, memory);
    if (!s)
        s = check_finite(step->node, n * infer_elements(step->node->out), y);
    if (!s)
        round_output(plan, step, n * infer_elements(plan->net->node[step->output].out), y);
    return s;
}

/* One step of the head by lanes: an image of 16 times the channels, but for the convolutions. */
static mho_status run_lanes_step(const infer_plan *plan, const mhoi_loops *loops, size_t i,
                                 float *memory)
{
    const infer_step *step = &plan->step[i];
    const float *x = memory + (i ? plan->offset[step->input] : plan->enter);
    float *y = memory + (i + 1 < plan->head ? plan->offset[step->output] : plan->leave);
    mho_node wide = *step->node;
    wide.in.c *= MHOI_LANES;
    wide.out.c *= MHOI_LANES;
    const size_t count = infer_elements(wide.out);
    switch (wide.op) {
    case MHO_OP_CONV:
        plan->lanes->conv(step->node, step->pool, step->relu, step->slope, step->packed, step->bias,
                          x, y);
        break;
    case MHO_OP_MAXPOOL:
        loops->maxpool(&wide, 1, x, y, NULL);
        break;
    case MHO_OP_AVGPOOL:
        loops->avgpool(&wide, 1, x, y);
        break;
    case MHO_OP_BATCHNORM:
        loops->affine(count, step->tile, x, step->a, step->b, y);
        break;
    case MHO_OP_SIGN:
        mhoi_loops_sign(loops, wide.sign_zero, count, x, y);
        break;
    case MHO_OP_STEP:
        loops->step(count, x, y);
        break;
    case MHO_OP_RELU:
    case MHO_OP_LEAKY_RELU:
        loops->relu(count, wide.op == MHO_OP_RELU ? 0.0f : wide.slope, x, y);
        break;
    default: /* lanes_can lets no other operator in */
        MHO_ASSERT(false);
    }
    const size_t all = infer_elements(plan->net->node[step->output].out) * MHOI_LANES;
    mho_status s = check_finite(step->node, all, y);
    if (!s)
        round_output(plan, step, all, y);
    return s;
}

static mho_status run_lanes(const infer_plan *plan, const mhoi_loops *loops, size_t first,
                            float *memory)
{
    const size_t last = plan->step[plan->head - 1].output;
    mhoi_lanes_enter(infer_elements(plan->net->node[0].out), value_of(plan, memory, 0, first),
                     memory + plan->enter);
    mho_status s = MHO_OK;
    for (size_t i = 0; s == MHO_OK && i < plan->head; ++i)
        s = run_lanes_step(plan, loops, i, memory);
    mhoi_lanes_leave(infer_elements(plan->net->node[last].out), memory + plan->leave,
                     value_of(plan, memory, last, first));
    return s;
}

mho_status mhoi_infer_plan_run(const infer_plan *plan, float *memory)
{
    const mhoi_loops *loops = mhoi_loops_best();
    mho_status s = MHO_OK;
    for (size_t first = 0; s == MHO_OK && plan->lanes && first < plan->block; first += plan->slice)
        s = run_lanes(plan, loops, first, memory);
    for (size_t first = 0; !plan->lanes && first < plan->block; first += plan->slice)
        for (size_t i = 0; s == MHO_OK && i < plan->head; ++i)
            s = run_step(plan, loops, &plan->step[i], first, plan->slice, memory);
    for (size_t i = plan->head; s == MHO_OK && i < plan->steps; ++i)
        s = run_step(plan, loops, &plan->step[i], 0, plan->block, memory);
    return s;
}
