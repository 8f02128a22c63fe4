/* SPDX-License-Identifier: Apache-2.0 */
/* Activity of every component for one image: docs/models/cost.md eq. (3) to (8).  The readings of
 * the description decide how often each component stands and works; prices are the technology's. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "device/device_section.h"
#include "hw/sections.h"
#include "map/machine.h"

enum { KINDS = 5 }; /* activities a layer has at most */

typedef struct builder {
    mho_activity *activity;
    size_t count;
    const mho_map_layer *layer;
    const mhoi_machine *hw;
} builder;

static mho_activity *next(builder *b, const char *group, const char *component)
{
    mho_activity *a = &b->activity[b->count++];
    memcpy(a->layer, b->layer->name, sizeof a->layer);
    snprintf(a->group, sizeof a->group, "%s", group);
    snprintf(a->component, sizeof a->component, "%s", component);
    return a;
}

/* `amount` stand; each works P times. */
static mho_activity *put(builder *b, const char *group, const char *component, double amount)
{
    mho_activity *a = next(b, group, component);
    a->amount = amount;
    a->operations = amount * (double)b->layer->positions;
    return a;
}

static void input_converters(builder *b)
{
    const mho_map_layer *l = b->layer;
    if (l->input_bits == 1)
        return;
    char component[MHO_COST_NAME];
    snprintf(component, sizeof component, "dac%zu", l->input_bits);
    bool copied = b->hw->readings.input_sharing == MHO_INPUT_COPIED;
    double amount = (double)(copied ? l->inputs_copied : l->inputs_shared);
    mho_activity *a = put(b, "DAC", component, amount);
    if (copied)
        snprintf(a->formula, sizeof a->formula, "Dx = g R X_out = %zu x %zu x %zu; x P = %zu",
                 l->groups, l->rows, l->x_out, l->positions);
    else
        snprintf(a->formula, sizeof a->formula, "D0 = g R = %zu x %zu; x P = %zu", l->groups,
                 l->rows, l->positions);
}

static size_t priced_output_bits(const mho_map_layer *l, const mhoi_machine *hw)
{
    if (!l->last)
        return l->output_bits;
    if (hw->readings.classifier == MHO_CLASSIFIER_LAST_BITS)
        return hw->output.last_bits;
    return l->x_in > 1 ? l->output_bits : hw->output.bits;
}

static void adc_name(char *component, size_t size, size_t bits, const mhoi_machine *hw)
{
    const char *area = bits == 4 && hw->readings.adc4_area == MHO_ADC4_PRINTED ? "_printed" : "";
    snprintf(component, size, "adc%zu%s", bits, area);
}

static mho_status output_converters(builder *b)
{
    const mho_map_layer *l = b->layer;
    size_t bits = priced_output_bits(l, b->hw);
    if (!bits)
        return mho_error(MHO_ENOTMODELED,
                         "layer '%s': an ideal output converter (0 bits) has no price", l->name);
    mho_activity *a;
    if (bits == 1) {
        a = put(b, "ADC", "sense_amplifier", (double)l->outputs);
        snprintf(a->formula, sizeof a->formula, "A = g C X_in = %zu x %zu x %zu; x P = %zu",
                 l->groups, l->columns, l->x_in, l->positions);
        return MHO_OK;
    }
    char component[MHO_COST_NAME];
    adc_name(component, sizeof component, bits, b->hw);
    size_t each = b->hw->readings.converters_per_weight_column;
    a = put(b, "ADC", component, (double)each * (double)l->outputs);
    snprintf(a->formula, sizeof a->formula,
             "%zu A = %zu g C X_in = %zu x %zu x %zu x %zu; x P = %zu", each, each, each, l->groups,
             l->columns, l->x_in, l->positions);
    return MHO_OK;
}

static void cells(builder *b)
{
    const mho_map_layer *l = b->layer;
    bool transistor = b->hw->crossbar.cell == MHO_CELL_1T1R;
    size_t conducting = b->hw->readings.conducting_cells_per_weight;
    mho_activity *a = next(b, "cells", transistor ? "cell_1t1r" : "cell_0t1r");
    a->amount = 2 * (double)l->cells;
    a->operations = (double)conducting * (double)l->cells * (double)l->positions;
    snprintf(a->formula, sizeof a->formula,
             "2 g R C = 2 x %zu x %zu x %zu stand; %zu of a pair conducts; x P = %zu", l->groups,
             l->rows, l->columns, conducting, l->positions);
}

static void subtractors(builder *b)
{
    const mho_map_layer *l = b->layer;
    bool partial = b->hw->readings.subtractors == MHO_SUBTRACT_PARTIAL;
    bool watt = b->hw->readings.footnote_c == MHO_FOOTNOTE_C_W;
    double amount = (double)(partial ? l->outputs : l->groups * l->columns);
    mho_activity *a = put(b, "SUB", watt ? "sub8_w" : "sub8", amount);
    if (partial)
        snprintf(a->formula, sizeof a->formula, "A = g C X_in = %zu x %zu x %zu; x P = %zu",
                 l->groups, l->columns, l->x_in, l->positions);
    else
        snprintf(a->formula, sizeof a->formula, "C_out = g C = %zu x %zu; x P = %zu", l->groups,
                 l->columns, l->positions);
}

/* Every input element is read once a position, 32 bits a word. */
static void buffer(builder *b)
{
    const mho_map_layer *l = b->layer;
    if (!b->hw->readings.buffer)
        return;
    bool watt = b->hw->readings.footnote_c == MHO_FOOTNOTE_C_W;
    size_t words = (size_t)ceil((double)l->inputs_shared * (double)l->input_bits / 32);
    mho_activity *a = put(b, "buffer", watt ? "sram32_w" : "sram32", (double)words);
    snprintf(a->formula, sizeof a->formula,
             "ceil(D0 bits / 32) = ceil(%zu x %zu x %zu / 32); x P = %zu", l->groups, l->rows,
             l->input_bits, l->positions);
}

static mho_status check_priced(const mhoi_machine *hw)
{
    const struct {
        bool refused;
        const char *field, *value;
    } part[] = {
        {hw->crossbar.weights != MHO_WEIGHTS_DIFFERENTIAL, "crossbar.weights", "single"},
        {hw->crossbar.weight_bits != 0, "crossbar.weight_bits", "above 0"},
        {hw->input.coding != MHO_CODING_DIRECT, "input.coding",
         hw->input.coding == MHO_CODING_TWO_READS ? "two_reads" : "two_rows"},
        {hw->input.bits_per_read != 0, "input.bits_per_read", "above 0"},
    };
    for (size_t i = 0; i < sizeof part / sizeof *part; i++)
        if (part[i].refused)
            return mho_error(
                MHO_ENOTMODELED,
                "%s %s: what it costs is not modelled; mho simulate tells its accuracy",
                part[i].field, part[i].value);
    return MHO_OK;
}

mho_status mho_map_activities(const mho_map *map, const mho_hw *hw, mho_activity **out,
                              size_t *count)
{
    mhoi_machine machine;
    builder b = {.hw = &machine};
    *out = NULL;
    *count = 0;
    mho_status s = mhoi_machine_of(hw, &machine);
    if (!s)
        s = check_priced(&machine);
    if (s)
        return s;
    s = mhoi_alloc(&b.activity, map->layers * KINDS, sizeof *b.activity, "activities");
    if (s)
        return s;
    for (size_t i = 0; i < map->layers; i++) {
        b.layer = &map->layer[i];
        input_converters(&b);
        s = output_converters(&b);
        if (s)
            goto fail;
        cells(&b);
        subtractors(&b);
        buffer(&b);
    }
    *out = b.activity;
    *count = b.count;
    return MHO_OK;
fail:
    mho_activities_destroy(b.activity);
    return s;
}

void mho_activities_destroy(mho_activity *activity)
{
    mhoi_free(&activity);
}

void mho_map_programming_load(const mho_map *map, const mho_hw *hw, mho_programming_load *out)
{
    const mhoi_crossbar_options *crossbar = mhoi_hw_section(hw, &mhoi_crossbar_section);
    const mho_device *device = mhoi_hw_section(hw, &mhoi_device_section);
    size_t largest = 0;
    for (size_t i = 0; i < map->layers; i++)
        if (map->layer[i].crossbar_pairs > largest)
            largest = map->layer[i].crossbar_pairs;
    *out = (mho_programming_load){
        .cells = 2 * (double)map->cells,
        .crossbars = 2 * (double)map->crossbar_pairs,
        .largest_layer_crossbars = 2 * (double)largest,
        .rows = crossbar->rows,
        .multilevel = crossbar->mode == MHO_MODE_FULL && device->bits > 1,
    };
}
