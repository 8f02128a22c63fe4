/* SPDX-License-Identifier: Apache-2.0 */
/* Running the steps of a plan on one block of images. */
#include <math.h>

#include "infer/infer_impl.h"

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

/* One step on n images of the block, from `first` on. */
static mho_status run_step(const infer_plan *plan, const mhoi_loops *loops, const infer_step *step,
                           size_t first, size_t n, float *memory)
{
    const mho_node *node = step->node;
    const float *x = value_of(plan, memory, step->input[0], first);
    float *y = value_of(plan, memory, step->output, first);
    const size_t count = n * infer_elements(node->out);
    switch (node->op) {
    case MHO_OP_CONV:
    case MHO_OP_FC:
        return mhoi_conv_run(step->conv, x, step->packed, step->bias, y, memory + plan->scratch);
    case MHO_OP_MAXPOOL:
        loops->maxpool(node, n, x, y, NULL);
        return MHO_OK;
    case MHO_OP_AVGPOOL:
        loops->avgpool(node, n, x, y);
        return MHO_OK;
    case MHO_OP_BATCHNORM:
        loops->affine(count, step->tile, x, step->a, step->b, y);
        return MHO_OK;
    case MHO_OP_SIGN:
        loops->sign(count, x, y);
        return MHO_OK;
    case MHO_OP_RELU:
    case MHO_OP_LEAKY_RELU:
        loops->relu(count, node->op == MHO_OP_RELU ? 0.0f : node->slope, x, y);
        return MHO_OK;
    case MHO_OP_ADD:
        loops->add(count, x, value_of(plan, memory, step->input[1], first), y);
        return MHO_OK;
    case MHO_OP_FLATTEN:
        mhoi_transpose(n, node->in.h * node->in.w, node->in.c, x, y);
        return MHO_OK;
    case MHO_OP_SOFTMAX:
        softmax(n * node->out.h * node->out.w, node->out.c, x, y);
        return MHO_OK;
    default:
        return mho_error(MHO_ENOTMODELED, "%s: inference of operator %d", node->name, (int)node->op);
    }
}

mho_status infer_plan_run(const infer_plan *plan, float *memory)
{
    const mhoi_loops *loops = mhoi_loops_best();
    mho_status s = MHO_OK;
    for (size_t first = 0; first < plan->block; first += plan->slice)
        for (size_t i = 0; s == MHO_OK && i < plan->head; ++i)
            s = run_step(plan, loops, &plan->step[i], first, plan->slice, memory);
    for (size_t i = plan->head; s == MHO_OK && i < plan->steps; ++i)
        s = run_step(plan, loops, &plan->step[i], 0, plan->block, memory);
    return s;
}
