/* SPDX-License-Identifier: Apache-2.0 */
/* Output converters: from the range of the sums and the number of codes to the decision edges.
 *
 * Code k stands for the value lo + k step, in the middle of its interval; lo = edge - step / 2. */
#include "chip/chip_impl.h"

static int64_t floor_div(int64_t a, int64_t b) /* b > 0 */
{
    return a >= 0 ? a / b : -((-a + b - 1) / b);
}

static int64_t at_least_one(int64_t v)
{
    return v < 1 ? 1 : v;
}

/* Smallest and largest conductance that a reference column takes off a cell. */
static chip_range references(const mho_chip *chip, const chip_layer *layer)
{
    const mho_device *device = &chip->hw.device;
    const chip_cells *k = &layer->cells;
    const uint32_t mask = ((uint32_t)1 << k->slice_bits) - 1;
    if (!k->reference)
        return (chip_range){mho_device_level(device, 0), mho_device_level(device, 0)};
    if (k->middle)
        return (chip_range){k->base, k->base};
    chip_range range = {INT32_MAX, 0};
    for (size_t s = 0; s < k->slices; s++) {
        const uint32_t level = (uint32_t)k->offset >> (k->slice_bits * s) & mask;
        const int64_t g = mho_device_level(device, level);
        range.lo = g < range.lo ? g : range.lo;
        range.hi = g > range.hi ? g : range.hi;
    }
    return range;
}

chip_range chip_range_full(const mho_chip *chip, const chip_layer *layer)
{
    const mho_device *device = &chip->hw.device;
    const size_t top = ((size_t)1 << device->bits) - 1;
    const size_t lines =
        layer->lines < chip->hw.crossbar.rows ? layer->lines : chip->hw.crossbar.rows;
    /* Of two rows one is driven. */
    const int64_t most = (int64_t)(layer->rows_per_weight == 2 ? (lines + 1) / 2 : lines);
    const int64_t g_top = mho_device_level(device, top), g_bottom = mho_device_level(device, 0);
    const int64_t x = layer->read_hi > -layer->read_lo ? layer->read_hi : -(int64_t)layer->read_lo;
    if (!layer->per_pair || layer->cells.digital)
        return (chip_range){most * layer->read_lo * g_top, most * layer->read_hi * g_top};
    const chip_range off = references(chip, layer);
    const int64_t up = g_top - off.lo, down = off.hi - g_bottom;
    if (!layer->cells.single || layer->read_lo < 0) {
        const int64_t either = most * x * (up > down ? up : down);
        return (chip_range){-either, either};
    }
    return (chip_range){-most * x * down, most * x * up};
}

/* Distance of neighbouring sums that can occur.  Level 0 conducts half a unit of full mode in every driven row,
 * which only differences are free of. */
static int64_t spacing(const mho_chip *chip, const chip_layer *layer)
{
    const bool difference = layer->per_pair && !layer->cells.digital;
    return chip->binary || difference ? layer->unit : layer->unit / 2;
}

/* Moves an edge halfway between two of them. */
static int64_t align(int64_t edge, int64_t between)
{
    return floor_div(edge, between) * between + between / 2;
}

mho_converter chip_converter_of(const mho_chip *chip, const chip_layer *layer, chip_range range,
                                bool calibrated)
{
    const int64_t codes = (int64_t)1 << layer->output_bits, unit = layer->unit;
    const int64_t span = range.hi - range.lo, last = codes - 1;
    const bool lossless = floor_div(span + unit - 1, unit) <= last;
    const bool aligned = chip->hw.output.aligned || lossless;
    int64_t step, edge;
    if (!aligned)
        step = at_least_one(floor_div(span + last - 1, last));
    else if (calibrated)
        step = unit * at_least_one(floor_div(2 * span + unit * last, 2 * unit * last));
    else
        step = unit * at_least_one(floor_div(span + unit * last - 1, unit * last));
    edge = range.lo + step / 2;
    if (aligned && calibrated)
        edge = floor_div(range.lo + range.hi - step * (codes - 2), 2);
    if (aligned)
        edge = align(edge, spacing(chip, layer));
    return (mho_converter){(int32_t)codes, (int32_t)edge, (int32_t)step};
}

void chip_converter_value(const chip_layer *layer, double *gain, double *offset)
{
    const mho_converter *converter = &layer->converter;
    *gain = 1;
    *offset = 0;
    if (!converter->codes)
        return;
    *gain = layer->cells.digital ? 1 : converter->step;
    if (layer->per_pair)
        *offset = (double)chip_read_weights(layer) * (double)layer->cells.scale *
                  (double)layer->row_groups * ((double)converter->edge - 0.5 * converter->step);
}
