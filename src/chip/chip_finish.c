/* SPDX-License-Identifier: Apache-2.0 */
/* From sums, or from maps that are added up, to codes: a channel at a time, so that what lies between stays in a first
 * cache. */
#include "chip/chip_finish.h"

#include "chip/chip_lanes.h"

/* Channels of fewer elements are worked on all together. */
enum { LEAST = 16 };

static bool makes_codes(const chip_map *map, const chip_chain *chain)
{
    return !map->values && map->coding == MHOI_MAP_CODES && chain->channels > 0 &&
           map->size >= LEAST * chain->channels;
}

/* The chain of a channel, and its codes.  False: a value is not finite. */
static bool finish(const mhoi_chip_lanes *lanes, const chip_map *map, const chip_chain *chain,
                   size_t c, float *y, uint8_t *out)
{
    const size_t positions = map->size / chain->channels;
    mhoi_chip_chain_channel(chain, c, positions, y);
    const bool finite = lanes->finite(y, positions);
    for (size_t i = 0; !finite && i < positions; i++)
        y[i] = 0;
    lanes->codes(y, positions, map->scale, chip_numbers(map), map->zero, out + c * positions);
    return finite;
}

bool mhoi_chip_finishes_sums(const mho_chip *chip, const chip_step *step)
{
    const chip_layer *layer = &chip->layer[step->layer];
    return step->out != CHIP_NONE && chip->map[step->in].coding != MHOI_MAP_BITS &&
           chip_is_plain(layer) && !layer->zero &&
           makes_codes(&chip->map[step->out], &step->chain) &&
           step->chain.channels == layer->groups * layer->channels;
}

bool mhoi_chip_finish_sums(const mho_chip *chip, const chip_step *step, const int32_t *sum,
                           float *y, uint8_t *out)
{
    const mhoi_chip_lanes *lanes = mhoi_chip_lanes_best();
    const chip_layer *layer = &chip->layer[step->layer];
    const size_t positions = layer->positions;
    chip_to_value to = {.unit = layer->cells->unit, .x_scale = (double)chip->map[step->in].scale};
    bool finite = true;
    mhoi_chip_converter_value(layer, &to.gain, &to.offset);
    for (size_t c = 0; c < step->chain.channels; c++) {
        to.weight_scale = layer->weight_scale + c;
        lanes->values(&to, sum + c * positions, 1, positions, y);
        finite &= finish(lanes, &chip->map[step->out], &step->chain, c, y, out);
    }
    return finite;
}

static bool has_codes(const chip_map *map)
{
    return !map->values && map->coding == MHOI_MAP_CODES;
}

bool mhoi_chip_finishes_maps(const mho_chip *chip, const chip_step *step)
{
    return step->out != CHIP_NONE && has_codes(&chip->map[step->in]) &&
           (step->in2 == CHIP_NONE || has_codes(&chip->map[step->in2])) &&
           makes_codes(&chip->map[step->out], &step->chain) &&
           chip->map[step->out].size == chip->map[step->in].size;
}

static void decode(const mhoi_chip_lanes *lanes, const chip_map *map, const uint8_t *in, size_t n,
                   float *y)
{
    lanes->decode(in, n, map->codes.lo < 0, map->zero, map->scale, y);
}

bool mhoi_chip_finish_maps(const mho_chip *chip, const chip_step *step, const uint8_t *in,
                           const uint8_t *in2, float *y, float *second, uint8_t *out)
{
    const mhoi_chip_lanes *lanes = mhoi_chip_lanes_best();
    const chip_map *map = &chip->map[step->out];
    const size_t positions = map->size / step->chain.channels;
    bool finite = true;
    for (size_t c = 0; c < step->chain.channels; c++) {
        decode(lanes, &chip->map[step->in], in + c * positions, positions, y);
        if (in2) {
            decode(lanes, &chip->map[step->in2], in2 + c * positions, positions, second);
            lanes->add_values(second, positions, y);
        }
        finite &= finish(lanes, map, &step->chain, c, y, out);
    }
    return finite;
}
