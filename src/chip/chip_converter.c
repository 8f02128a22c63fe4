/* SPDX-License-Identifier: Apache-2.0 */
/* The converters of a layer, and what the sum of its codes is worth. */
#include "chip/chip_impl.h"
#include "crossbar/converter.h"

mho_converter mhoi_chip_converter_of(const mho_chip *chip, const chip_layer *layer,
                                     mhoi_range range, bool calibrated)
{
    return mhoi_converter_make(&(mhoi_converter_wish){.bits = layer->place->output_bits,
                                                      .lo = range.lo,
                                                      .hi = range.hi,
                                                      .unit = layer->cells->unit,
                                                      .between = mhoi_sum_spacing(layer->place),
                                                      .aligned = chip->plan->output.aligned,
                                                      .centred = calibrated});
}

void mhoi_chip_converter_value(const chip_layer *layer, double *gain, double *offset)
{
    const mho_converter *converter = &layer->converter;
    *gain = 1;
    *offset = 0;
    if (!converter->codes || layer->tabled)
        return;
    *gain = layer->cells->coding->counted ? 1 : converter->step;
    if (layer->place->per_pair)
        *offset = (double)mhoi_read_weights(layer->inputs) * (double)layer->cells->scale *
                  (double)layer->place->row_groups * mhoi_converter_lo(converter);
}
