/* SPDX-License-Identifier: Apache-2.0 */
/* Scales of pooled maps, and what layers with thresholds make of them. */
#include "chip/chip_impl.h"

void mhoi_chip_scales(mho_chip *chip)
{
    for (size_t i = 0; i < chip->steps; i++) {
        const chip_step *step = &chip->step[i];
        if (step->out == CHIP_NONE)
            continue;
        if (step->kind == CHIP_POOL || (step->kind == CHIP_GENERAL && step->moves))
            chip->map[step->out].scale = chip->map[step->in].scale;
    }
}

bool mhoi_chip_makes_codes(const mho_chip *chip, const chip_step *step)
{
    return (step->kind == CHIP_CROSSBAR || step->kind == CHIP_POINTWISE) &&
           step->out != CHIP_NONE && !chip->map[step->out].values &&
           chip->map[step->out].coding == MHOI_MAP_CODES && !chip->map[step->out].scaled &&
           !(step->kind == CHIP_CROSSBAR && chip->layer[step->layer].z_edge);
}

void mhoi_chip_rescale(mho_chip *chip, const chip_step *step)
{
    chip_layer *layer = &chip->layer[step->layer];
    const chip_map *in = &chip->map[step->in];
    if (step->kind != CHIP_CROSSBAR || !layer->z_edge)
        return;
    layer->x_scale = (double)(in->coding == MHOI_MAP_BITS ? 1 : in->scale);
    mhoi_chip_threshold_merge(layer, &step->chain);
    mhoi_chip_threshold_set(layer);
}
