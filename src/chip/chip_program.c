/* SPDX-License-Identifier: Apache-2.0 */
/* Programming: signed levels to pairs of conductances.  Every cell has its own draw, numbered within
 * its crossbar array, so threads share the work in any way. */
#include "base/alloc.h"
#include "base/parallel.h"
#include "base/rng.h"
#include "chip/chip_impl.h"

enum { CELLS = 4096 }; /* an item */
/* Added to the number of the array: cells use the streams up to 3 x 2^28. */
#define CONVERTER_STREAM (UINT32_C(3) << 28)

typedef struct program {
    mho_chip *chip;
    mho_device device;
    uint64_t seed;
    uint32_t trial, layer, group;
    size_t cells;
    const int16_t *m;
    mho_write_count *count; /* [threads] */
    bool ideal;
} program;

static mho_status program_cells(void *context, size_t item, size_t thread)
{
    program *p = context;
    const size_t first = item * CELLS, n = p->cells - first < CELLS ? p->cells - first : CELLS;
    uint8_t level[CELLS];
    for (uint32_t side = 0; side < 2; side++) {
        for (size_t i = 0; i < n; i++) {
            const int m = side ? -p->m[first + i] : p->m[first + i];
            level[i] = (uint8_t)(m > 0 ? m : 0);
        }
        mho_device_program(&p->device, p->seed, p->trial, p->layer, 2 * p->group + side, first, n,
                           level, (side ? p->chip->g_minus : p->chip->g_plus) + first,
                           &p->count[thread]);
    }
    return MHO_OK;
}

/* Errors of the converters of group g: normal, of the deviations told, drawn once a programming. */
static mho_status set_errors(const program *p, const chip_layer *layer, size_t g)
{
    const mho_hw *hw = &p->chip->hw;
    const bool none = hw->output.offset == 0 && hw->output.gain_error == 0 && hw->output.inl == 0;
    const int32_t codes = layer->calibrated.codes;
    const size_t sides = p->chip->per_pair || layer->sense ? 1 : 2; /* converters of a column */
    const size_t each = layer->row_groups * layer->columns;
    if (p->ideal || none || (!codes && !layer->sense))
        return mho_crossbar_set_errors(layer->xb[g], NULL);
    const float step = (float)(codes ? layer->calibrated.step : layer->unit);
    const float offset = step * (float)hw->output.offset, bow = step * (float)hw->output.inl;
    const float gain = codes ? (float)hw->output.gain_error : 0;
    mho_converter_error *error;
    mho_status s = mhoi_alloc(&error, 2 * each, sizeof *error, "converter errors");
    for (uint32_t side = 0; !s && side < sides; side++) {
        const mhoi_stream stream = {p->seed, p->trial, p->layer,
                                    CONVERTER_STREAM + 2 * (uint32_t)g + side};
        for (size_t i = 0; i < each; i++) {
            float n[3];
            mhoi_rng_normal(&stream, 4 * i, 3, n);
            error[side * each + i] =
                (mho_converter_error){offset * n[0], gain * n[1], codes ? bow * n[2] : 0};
        }
    }
    if (!s)
        s = mho_crossbar_set_errors(layer->xb[g], error);
    mhoi_free(&error);
    return s;
}

static mho_status program_layer(program *p, chip_layer *layer)
{
    p->cells = layer->columns * layer->rows;
    mho_status s = MHO_OK;
    for (size_t g = 0; !s && g < layer->groups; g++) {
        p->group = (uint32_t)g;
        p->m = layer->m + g * p->cells;
        s = mhoi_parallel((p->cells + CELLS - 1) / CELLS, program_cells, p);
        if (!s)
            s = chip_wires_apply(&p->chip->hw, layer->rows, layer->columns, p->chip->g_plus,
                                 p->chip->g_minus);
        if (!s)
            s = mho_crossbar_program(layer->xb[g], p->chip->g_plus, p->chip->g_minus);
        if (!s)
            s = set_errors(p, layer, g);
        if (!s)
            chip_layer_read_back(layer, g, p->chip->g_plus, p->chip->g_minus);
    }
    if (!s && layer->excess && layer->z_edge)
        chip_threshold_set(p->chip, layer);
    return s ? mho_error_prefix(s, "layer %s", layer->name) : MHO_OK;
}

static mho_write_count sum_of(const mho_write_count *count, size_t threads)
{
    mho_write_count sum = {0};
    for (size_t t = 0; t < threads; t++) {
        sum.cells += count[t].cells;
        sum.writes += count[t].writes;
        sum.outside += count[t].outside;
        sum.stuck += count[t].stuck;
        sum.held += count[t].held;
    }
    return sum;
}

mho_status chip_program(mho_chip *chip, bool ideal, uint64_t seed, uint32_t trial)
{
    program p = {.chip = chip, .device = chip->hw.device, .seed = seed, .trial = trial};
    p.ideal = ideal;
    if (ideal)
        p.device = mho_device_ideal(&chip->hw.device);
    chip->programmed = false;
    mho_status s = mhoi_alloc(&p.count, mho_threads(), sizeof *p.count, "counts of programming");
    for (size_t i = 0; !s && i < chip->layers; i++) {
        p.layer = (uint32_t)i;
        s = program_layer(&p, &chip->layer[i]);
    }
    chip->programming = p.count ? sum_of(p.count, mho_threads()) : (mho_write_count){0};
    mhoi_free(&p.count);
    chip->programmed = !s && !ideal;
    return s;
}
