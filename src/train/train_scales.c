/* SPDX-License-Identifier: Apache-2.0 */
/* When weights and feature maps of few bits begin to be rounded, and on which scales: docs/models/train.md eq. (8). */
#include <math.h>
#include <string.h>

#include "train/train_impl.h"

static bool rounds(const trainer *t)
{
    for (size_t i = 0; i <= t->last; ++i)
        if (t->layer[i].exponent)
            return true;
    return false;
}

size_t mhoi_train_rounds_from(const trainer *t)
{
    if (!rounds(t))
        return SIZE_MAX;
    const size_t from = (size_t)ceil(t->options.float_share * (double)t->options.epochs);
    return from < t->options.epochs ? from : t->options.epochs - 1;
}

/* Weights stay where rounding still moves them. */
static void set_limits(trainer *t)
{
    for (size_t i = 0; i <= t->last; ++i) {
        const train_layer *l = &t->layer[i];
        if (l->weight_codes.hi)
            l->segment->limit = ldexpf((float)l->weight_codes.hi + 0.5f, (int)l->exponent[0]);
    }
}

void mhoi_train_resume_rounding(trainer *t)
{
    set_limits(t);
    t->rounding = true;
}

/* An average keeps the scale of what it averages. */
static bool inherits(const trainer *t, size_t i, size_t *from)
{
    const mho_node *node = &t->net->node[i];
    if (node->op != MHO_OP_AVGPOOL)
        return false;
    for (*from = node->input[0]; !t->layer[*from].value_bits; *from = t->net->node[*from].input[0])
        if (!*from)
            return false;
    return true;
}

/* The scale of map i, those before it being rounded already. */
static mho_status find_map_scale(trainer *t, size_t i)
{
    train_layer *l = &t->layer[i];
    size_t from;
    if (inherits(t, i, &from)) {
        l->exponent[1] = t->layer[from].exponent[1];
        return MHO_OK;
    }
    mho_status s = mhoi_train_forward(t);
    if (s == MHO_OK)
        l->exponent[1] = (float)mho_quant_exponent(
            l->value, t->batch * train_elements(l->node->out), l->codes, MHO_RULE_LEAST_SQUARES);
    return s;
}

mho_status mhoi_train_start_rounding(trainer *t)
{
    mho_status s = MHO_OK;
    for (size_t i = 0; i <= t->last; ++i) {
        train_layer *l = &t->layer[i];
        if (l->weight_codes.hi)
            l->exponent[0] = (float)mho_quant_exponent(t->w + l->weight, l->numbers,
                                                       l->weight_codes, MHO_RULE_LEAST_SQUARES);
        if (l->value_bits)
            l->exponent[1] = NAN; /* not rounded while maps before it are looked at */
    }
    mhoi_train_resume_rounding(t);
    for (size_t k = 0; k < t->images->count; ++k)
        t->order[k] = (uint32_t)k;
    memset(t->shift, 0, t->images->count * sizeof *t->shift);
    t->at = 0;
    s = mhoi_train_prepare(t);
    for (size_t i = 1; s == MHO_OK && i <= t->last; ++i)
        if (t->layer[i].value_bits)
            s = find_map_scale(t, i);
    return s;
}
