/* SPDX-License-Identifier: Apache-2.0 */
/* Scales of feature maps, and what layers with thresholds make of them. */
#include <math.h>

#include "chip/chip_impl.h"

void mhoi_chip_scales(mho_chip *chip)
{
    for (size_t i = 0; i < chip->steps; i++) {
        const chip_step *step = &chip->step[i];
        if (step->out == CHIP_NONE)
            continue;
        chip_map *out = &chip->map[step->out];
        if (step->kind == CHIP_POOL) {
            out->exponent = chip->map[step->in].exponent;
            out->scale = chip->map[step->in].scale;
        } else {
            out->scale = ldexpf(1.0f, out->exponent);
        }
    }
}

bool mhoi_chip_makes_codes(const mho_chip *chip, const chip_step *step)
{
    return step->kind != CHIP_POOL && step->out != CHIP_NONE &&
           chip->map[step->out].coding == MHOI_MAP_CODES && !chip->map[step->out].scaled &&
           !(step->kind == CHIP_CROSSBAR && chip->layer[step->layer].z_edge);
}

void mhoi_chip_rescale(mho_chip *chip, const chip_step *step)
{
    chip_layer *layer = &chip->layer[step->layer];
    const chip_map *in = &chip->map[step->in];
    if (step->kind != CHIP_CROSSBAR || !layer->z_edge)
        return;
    layer->z_scale =
        ldexp((double)(in->coding == MHOI_MAP_BITS ? 1 : in->scale), layer->weight_exponent);
    mhoi_chip_threshold_merge(layer, &step->chain);
    mhoi_chip_threshold_set(layer);
}
