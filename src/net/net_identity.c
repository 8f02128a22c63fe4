/* SPDX-License-Identifier: Apache-2.0 */
/* One number for a network: all of its attributes, and its parameters if they are wanted. */
#include <math.h>
#include <string.h>

#include "base/identity.h"
#include "net/graph.h"
#include "net/program.h"

/* A new member changes what a node computes: mix it in below, then correct the size. */
_Static_assert(sizeof(void *) != 8 || sizeof(mho_node) == 944,
               "a member of mho_node that mho_net_identity leaves out");
_Static_assert(sizeof(void *) != 8 || sizeof(mho_net) == 1280,
               "a member of mho_net that mho_net_identity leaves out");

static uint64_t mix_text(uint64_t h, const char *text)
{
    return mhoi_hash(h, text, strlen(text) + 1);
}

/* Whether there are any is part of it: no bias is not a bias of zeros. */
static uint64_t mix_floats(uint64_t h, const float *v, size_t n)
{
    const uint64_t count = v ? n : 0;
    h = mhoi_hash(h, &count, sizeof count);
    return v ? mhoi_hash(h, v, n * sizeof *v) : h;
}

static uint64_t mix_attributes(uint64_t h, const mho_node *n)
{
    const uint64_t whole[] = {(uint64_t)n->op, n->in.c,     n->in.h,      n->in.w,
                              n->out.c,        n->out.h,    n->out.w,     n->kh,
                              n->kw,           n->stride_h, n->stride_w,  n->dilation_h,
                              n->dilation_w,   n->pad_top,  n->pad_left,  n->pad_bottom,
                              n->pad_right,    n->groups,   n->ceil_mode, (uint64_t)n->alphabet,
                              n->has_bias,     n->inputs,   n->dims.rank};
    const float real[] = {n->slope, n->epsilon, n->sign_zero};
    h = mix_text(h, n->name);
    h = mhoi_hash(h, n->dims.size, n->dims.rank * sizeof *n->dims.size);
    h = mhoi_hash(h, whole, sizeof whole);
    h = mhoi_hash(h, real, sizeof real);
    const uint64_t coded[] = {n->block, n->block_channels, n->weight_bits, n->value_bits};
    if (n->block > 1 || n->weight_bits || n->value_bits)
        h = mhoi_hash(h, coded, sizeof coded);
    const uint64_t transposed[] = {n->phases, n->idle};
    if (n->phases)
        h = mhoi_hash(h, transposed, sizeof transposed);
    if (n->value_below)
        h = mhoi_hash(h, &n->value_below, sizeof n->value_below);
    return mhoi_hash(h, n->input, n->inputs * sizeof *n->input);
}

static uint64_t mix_parameters(uint64_t h, const mho_node *n)
{
    const size_t c = n->out.c;
    int exponent;
    const bool power = frexpf(n->value_scale, &exponent) == 0.5f;
    exponent -= 1;
    if (mhoi_node_rounds(n))
        h = power ? mhoi_hash(h, &exponent, sizeof exponent)
                  : mhoi_hash(h, &n->value_scale, sizeof n->value_scale);
    if (n->weight_scale)
        h = mix_floats(h, n->weight_scale, c);
    h = mix_floats(h, n->weight, mho_node_weight_count(n));
    h = mix_floats(h, n->bias, c);
    h = mix_floats(h, n->gamma, c);
    h = mix_floats(h, n->beta, c);
    h = mix_floats(h, n->mean, c);
    return mix_floats(h, n->variance, c);
}

/* Nothing of what is usual. */
static uint64_t mix_input(uint64_t h, const mho_input *in)
{
    const float range[2] = {in->low, in->high};
    if (in->channels)
        h = mix_floats(mix_floats(h, in->mean, in->channels), in->deviation, in->channels);
    if (in->low != 0 || in->high != 0)
        h = mhoi_hash(h, range, sizeof range);
    if (in->values)
        h = mhoi_hash(h, &in->scale_set, sizeof in->scale_set);
    return in->layout ? mhoi_hash(h, &in->layout, sizeof in->layout) : h;
}

uint64_t mho_net_identity(const mho_net *net, bool parameters)
{
    const uint64_t whole[] = {net->nodes, net->input_bits};
    uint64_t h = mhoi_hash(MHOI_HASH_START, whole, sizeof whole);
    h = mhoi_hash(h, &net->input_scale, sizeof net->input_scale);
    h = mix_input(h, &net->input);
    for (size_t i = 0; i < net->nodes; i++) {
        h = mix_attributes(h, &net->node[i]);
        if (parameters)
            h = mix_parameters(h, &net->node[i]);
    }
    return net->program ? mhoi_program_identity(net->program, h, parameters) : h;
}
