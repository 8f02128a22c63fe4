/* SPDX-License-Identifier: Apache-2.0 */
/* Codes for hardware of a network that has none: post-training quantization to the bits that cells and drivers hold, where
 * quant.scales asks for it.  Networks that mho trains and writes are read as their papers say: powers of two. */
#include "hw/sections.h"
#include "map/map_sections.h"
#include "map/placement.h"
#include "mho/quantize.h"
#include "quant/quant_section.h"
#include "quantize/need.h"
#include "study/study_impl.h"

enum { IMAGES_MOST = 512 };

/* Weights in codes; those of files from elsewhere are numbers still where their maps are codes already, which they keep. */
static bool has_codes(const mho_net *net)
{
    const bool foreign = net->foreign;
    net = mhoi_net_placed(net) ? mhoi_net_placed(net) : net;
    for (size_t i = 0; i < net->nodes; i++)
        if (net->node[i].weight_bits || (net->node[i].value_bits && !foreign))
            return true;
    return false;
}

static size_t bits_of(int32_t largest) /* of weights, their sign included */
{
    size_t bits = 1;
    for (; largest > 0; largest >>= 1)
        bits++;
    return bits;
}

/* Bits of a weight in cells; 0: real weights are held by none. */
static mho_status weight_bits(const mho_net *net, const mho_hw *hw, size_t *bits)
{
    mho_placement *placement = NULL;
    mho_status s = mho_placement_create(net, hw, &placement);
    *bits = 0;
    if (s)
        return s;
    mhoi_plan *plan = mhoi_plan_hold(placement);
    for (size_t l = 0; l < plan->layers && !*bits; l++)
        if (plan->place[l].cells.alphabet == MHO_ALPHABET_REAL)
            *bits = bits_of(plan->place[l].cells.codes.hi);
    mhoi_plan_release(plan);
    mho_placement_destroy(placement);
    return MHO_OK;
}

static mho_status set_options(const mho_net *net, const mho_hw *hw, int scales,
                              mho_fixed_options *o)
{
    const mhoi_input_options *input = mhoi_hw_section(hw, &mhoi_input_section);
    mho_status s = mho_fields_preset(&mho_fixed_fields, o, NULL);
    o->scales = scales == MHOI_QUANT_LAYER ? MHO_SCALES_LAYER : MHO_SCALES_CHANNEL;
    o->images = IMAGES_MOST;
    o->maps_bits = input->bits;
    if (!s)
        s = weight_bits(net, hw, &o->weights_bits);
    o->search = o->maps_bits < 8 || o->weights_bits < 8; /* little is left to win with 8 */
    return s;
}

/* Are there to be codes, and with which options? */
static mho_status wants_codes(const mho_net *net, const mho_hw *hw, mho_fixed_options *o,
                              bool *wanted)
{
    const mhoi_crossbar_options *crossbar = mhoi_hw_section(hw, &mhoi_crossbar_section);
    const mhoi_quant_options *quant = mhoi_hw_section(hw, &mhoi_quant_section);
    const bool automatic = quant->scales == MHOI_QUANT_AUTO;
    *wanted = crossbar->mode == MHO_MODE_FULL && quant->scales != MHOI_QUANT_POWER_OF_TWO &&
              (!automatic || (net->foreign && !has_codes(net)));
    if (!*wanted)
        return MHO_OK;
    const mho_status s = set_options(net, hw, quant->scales, o);
    *wanted = !s && o->weights_bits >= 2 && o->weights_bits <= 8 && o->maps_bits >= 2 &&
              o->maps_bits <= 8;
    return s;
}

mho_status mhoi_study_quantize_need(const mho_net *net, const mho_hw *hw, mhoi_need *need,
                                    uint64_t *coded)
{
    mho_fixed_options o;
    bool wanted;
    const mho_status s = wants_codes(net, hw, &o, &wanted);
    *coded = 0;
    if (s || !wanted)
        return s;
    const mho_net *placed = mhoi_net_placed(net) ? mhoi_net_placed(net) : net;
    mhoi_fixed_need(placed, o.equalize != MHO_EQUALIZE_NONE, need);
    *coded = sizeof(float) * mho_net_parameters(placed);
    return MHO_OK;
}

mho_status mhoi_study_quantize(const mho_net *net, const mho_hw *hw, const mho_images *images,
                               study_model *model)
{
    const mhoi_quant_options *quant = mhoi_hw_section(hw, &mhoi_quant_section);
    mho_fixed_options o;
    bool wanted;
    mho_net_destroy(model->coded);
    model->coded = NULL;
    mho_status s = images->count ? wants_codes(net, hw, &o, &wanted) : MHO_OK;
    if (s || !images->count || !wanted)
        return s;
    s = mho_fixed_quantize(net, images, &o, &model->coded, NULL);
    return s == MHO_ENOTMODELED && quant->scales == MHOI_QUANT_AUTO ? MHO_OK : s;
}
