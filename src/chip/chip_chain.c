/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of one element that follow a layer: bias, batch normalization, ReLU, sign, in float and in
 * the order of the network, with the formulas of software inference. */
#include <math.h>

#include "base/alloc.h"
#include "chip/chip_lanes.h"
#include "mho/infer.h"

static mho_status check_finite(const mho_node *node, const char *what, const float *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!isfinite(v[i]))
            return mho_error(MHO_EDOMAIN, "layer %s: %s[%zu] = %g, want a finite number",
                             node->name, what, i, (double)v[i]);
    return MHO_OK;
}

static mho_status add_batchnorm(chip_point *point, const mho_node *node, size_t channels)
{
    mho_status s = mhoi_alloc(&point->a, channels, sizeof *point->a, node->name);
    if (!s)
        s = mhoi_alloc(&point->b, channels, sizeof *point->b, node->name);
    for (size_t c = 0; !s && c < channels; c++)
        mho_batchnorm_coefficients(node, c, &point->a[c], &point->b[c]);
    if (!s)
        s = check_finite(node, "batch normalization factor", point->a, channels);
    return s ? s : check_finite(node, "batch normalization offset", point->b, channels);
}

static mho_status add_bias(chip_point *point, const mho_node *node, size_t channels)
{
    mho_status s = mhoi_alloc(&point->b, channels, sizeof *point->b, node->name);
    for (size_t c = 0; !s && c < channels; c++)
        point->b[c] = node->bias[c];
    return s ? s : check_finite(node, "bias", point->b, channels);
}

mho_status mhoi_chip_chain_scale(chip_chain *chain, const mho_node *node)
{
    const size_t each = mho_node_weight_count(node) / node->out.c;
    chip_point *point = &chain->point[chain->points++];
    *point = (chip_point){.op = MHO_OP_BATCHNORM};
    mho_status s = mhoi_alloc(&point->a, node->out.c, sizeof *point->a, node->name);
    if (!s)
        s = mhoi_alloc(&point->b, node->out.c, sizeof *point->b, node->name);
    for (size_t c = 0; !s && c < node->out.c; c++)
        point->a[c] = fabsf(node->weight[c * each]);
    return s;
}

mho_status mhoi_chip_chain_add(chip_chain *chain, const mho_node *node, size_t channels)
{
    if (chain->points == CHIP_POINTS_MAX)
        return mho_error(MHO_ENOTMODELED, "layer %s: more than %d element-wise layers in a row",
                         node->name, CHIP_POINTS_MAX);
    chip_point *point = &chain->point[chain->points++];
    *point = (chip_point){.op = node->op,
                          .slope = node->slope,
                          .zero_fires = node->op == MHO_OP_SIGN && node->sign_zero > 0};
    chain->channels = channels;
    if (node->op == MHO_OP_BATCHNORM)
        return add_batchnorm(point, node, channels);
    if (mho_node_is_weighted(node))
        return add_bias(point, node, channels);
    return MHO_OK;
}

void mhoi_chip_chain_free(chip_chain *chain)
{
    for (size_t i = 0; i < CHIP_POINTS_MAX; i++) {
        mhoi_free(&chain->point[i].a);
        mhoi_free(&chain->point[i].b);
    }
}

float mhoi_chip_chain_value(const chip_chain *chain, size_t channel, float z)
{
    for (size_t i = 0; i < chain->points; i++) {
        const chip_point *point = &chain->point[i];
        switch (point->op) {
        case MHO_OP_BATCHNORM:
            z = z * point->a[channel] + point->b[channel];
            break;
        case MHO_OP_RELU:
            z = z > 0 ? z : 0;
            break;
        case MHO_OP_LEAKY_RELU:
            z = z > 0 ? z : z * point->slope;
            break;
        case MHO_OP_SIGN:
            z = z > 0 || (z == 0 && point->zero_fires) ? 1.0f : -1.0f;
            break;
        case MHO_OP_STEP:
            z = z > 0 ? 1.0f : 0.0f;
            break;
        default:
            z += point->b[channel];
        }
    }
    return z;
}

void mhoi_chip_chain_channel(const chip_chain *chain, size_t channel, size_t positions, float *z)
{
    const mhoi_chip_lanes *lanes = mhoi_chip_lanes_best();
    for (size_t i = 0; i < chain->points; i++) {
        const chip_point *p = &chain->point[i];
        lanes->point(p, p->a ? p->a[channel] : 1, p->b ? p->b[channel] : 0, positions, z);
    }
}

/* Channels of one element each are worked on side by side. */
static void run_flat(const chip_chain *chain, float *z)
{
    const mhoi_chip_lanes *lanes = mhoi_chip_lanes_best();
    for (size_t i = 0; i < chain->points; i++) {
        const chip_point *p = &chain->point[i];
        if (p->b)
            lanes->point_each(p->a, p->b, chain->channels, z);
        else
            lanes->point(p, 1, 0, chain->channels, z);
    }
}

void mhoi_chip_chain_run(const chip_chain *chain, size_t positions, float *z)
{
    if (positions == 1) {
        run_flat(chain, z);
        return;
    }
    for (size_t c = 0; c < chain->channels; c++)
        mhoi_chip_chain_channel(chain, c, positions, z + c * positions);
}
