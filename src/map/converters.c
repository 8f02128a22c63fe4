/* SPDX-License-Identifier: Apache-2.0 */
/* Which converter reads a layer's columns, and the sums it may be given: docs/models/map.md, table "converters", and
 * docs/models/chip.md eq. (7). */
#include <stdio.h>

#include "map/placement.h"

static size_t output_bits(const mhoi_plan *plan, const mhoi_output_options *output,
                          const mhoi_place *place)
{
    const mho_placement_layer *told = place->told;
    if (plan->mixed && !place->to_bits && !told->last)
        return output->code_bits;
    if (place->row_groups > 1)
        return told->first ? output->first_bits : output->split_bits;
    return told->last ? output->last_bits : output->bits;
}

/* The noise of a reference column is the same in every difference with it. */
static bool shares_noise(const mhoi_plan *plan, const mhoi_place *place)
{
    return place->cells.coding->reference && mho_device_is_noisy(&plan->device);
}

static mho_status check_noise(const mhoi_plan *plan, const mhoi_place *place)
{
    if (place->cells.level0 && mho_device_is_noisy(&plan->device))
        return mho_error(MHO_ENOTMODELED,
                         "layer %s: read noise of the reference column of output.reference level0: "
                         "want output.reference none",
                         place->told->name);
    if (!shares_noise(plan, place) || !place->per_pair)
        return MHO_OK;
    return mho_error(MHO_ENOTMODELED,
                     "layer %s: read noise of a reference column in the analog differences of "
                     "output.per pair: want output.per crossbar, or crossbar.offset digital",
                     place->told->name);
}

/* A sense amplifier compares one sum with a threshold that is known beforehand. */
static mho_status check_sense(const mhoi_place *place)
{
    const char *name = place->told->name;
    if (!place->sense)
        return MHO_OK;
    if (place->inputs.reads > 1)
        return mho_error(
            MHO_ENOTMODELED,
            "layer %s: output.bits = 1, a sense amplifier, cannot add up %zu reads: want "
            "more bits or 0, or input.coding and bits_per_read of one read",
            name, place->inputs.reads);
    if (place->cells.slices > place->cells.joined)
        return mho_error(MHO_ENOTMODELED,
                         "layer %s: output.bits = 1, a sense amplifier, cannot add up %zu slices: "
                         "want more bits or 0, or weights that one cell holds",
                         name, place->cells.slices);
    if (place->cells.coding->counted && place->inputs.lines == 1)
        return mho_error(MHO_ENOTMODELED,
                         "layer %s: output.bits = 1, a sense amplifier, cannot take off a digital "
                         "offset that depends on the input: want crossbar.offset column, "
                         "input.coding two_rows, or more output bits or 0",
                         name);
    return MHO_OK;
}

/* A share of the threshold is known beforehand as the whole is, and one read tells a column's part. */
static mho_status check_vote(const mhoi_place *place)
{
    const bool plain = place->inputs.reads == 1 && place->cells.slices == 1 &&
                       !place->cells.coding->counted && place->in.kind != MHOI_MAP_BITS &&
                       !place->turned;
    if (!place->vote || plain)
        return MHO_OK;
    return mho_error(
        MHO_ENOTMODELED,
        "layer %s: output.split = vote of several reads or slices, of digital offsets or of maps "
        "of +-1: want sums",
        place->told->name);
}

static size_t ceil_div(size_t a, size_t b)
{
    return a / b + (a % b != 0);
}

static bool converts_references(const mhoi_place *place)
{
    return place->cells.coding->reference && !place->per_pair;
}

/* Of one crossbar, its references among them where they are converted. */
static size_t most_columns(const mhoi_place *place)
{
    const mhoi_cells *k = &place->cells;
    const size_t weights = k->columns < k->weights_per_tile ? k->columns : k->weights_per_tile;
    const size_t references = converts_references(place) ? k->references : 0;
    return (weights * k->together + references) / k->joined;
}

void mhoi_converters_choose(const mhoi_plan *plan, mhoi_place *place)
{
    place->vote = plan->output.split == MHO_SPLIT_VOTE && place->to_bits && place->row_groups > 1;
    place->output_bits = place->vote ? 1 : output_bits(plan, &plan->output, place);
    place->sense = place->to_bits && place->row_groups == 1 && place->output_bits == 1;
}

mho_status mhoi_converters_set(const mhoi_plan *plan, mhoi_place *place)
{
    const bool counted = place->cells.coding->counted;
    place->per_pair =
        counted || place->vote || place->cells.fold > 1 ||
        (place->sense ? !shares_noise(plan, place) : plan->output.per == MHO_PER_PAIR);
    const size_t columns = most_columns(place);
    place->share = plan->output.share < columns ? plan->output.share : columns;
    mho_status s = check_sense(place);
    if (!s)
        s = check_vote(place);
    return s ? s : check_noise(plan, place);
}

mho_status mhoi_converters_stand(const mhoi_place *place, bool references, uint64_t *out)
{
    const mho_placement_layer *l = place->told;
    const mhoi_cells *k = &place->cells;
    const size_t last = k->columns - (k->tiles - 1) * k->weights_per_tile;
    const size_t beside = references ? k->references : 0;
    const uint64_t full =
        ceil_div((k->weights_per_tile * k->together + beside) / k->joined, place->share);
    const uint64_t of_tiles =
        (k->tiles - 1) * full + ceil_div((last * k->together + beside) / k->joined, place->share);
    if (__builtin_mul_overflow(of_tiles, (uint64_t)l->groups, out) ||
        __builtin_mul_overflow(*out, (uint64_t)l->x_in, out) ||
        __builtin_mul_overflow(*out, (uint64_t)k->planes, out))
        return mho_error(MHO_EDOMAIN, "layer '%s': its counts leave 64 bits", l->name);
    return MHO_OK;
}

/* Columns of a crossbar as they lie: slices side by side, references last. */
size_t mhoi_converter_of(const mhoi_place *place, size_t column, bool reference)
{
    const mhoi_cells *k = &place->cells;
    const size_t step = k->planes > 1 ? 1 : k->slices;
    const size_t weight = column / step % k->columns, slice = column % step;
    const size_t first = weight / k->weights_per_tile * k->weights_per_tile;
    const size_t left = k->columns - first;
    const size_t weights = left < k->weights_per_tile ? left : k->weights_per_tile;
    const size_t at = (reference ? weights : weight - first) * k->together + slice;
    const size_t taken = at - at % place->share;
    if (taken >= weights * k->together)
        return SIZE_MAX;
    return column - slice - (weight - first) * step + taken;
}

const char *mhoi_converter_name(const mhoi_place *place)
{
    return place->sense ? "sense amplifier" : place->output_bits ? "code" : "ideal";
}

static size_t priced_bits(const mhoi_plan *plan, const mhoi_place *place)
{
    const mho_placement_layer *l = place->told;
    if (!l->last)
        return place->output_bits;
    if (plan->readings.classifier == MHO_CLASSIFIER_LAST_BITS)
        return plan->output.last_bits;
    return l->x_in > 1 ? place->output_bits : plan->output.bits;
}

mho_status mhoi_converters_price(const mhoi_plan *plan, const mhoi_place *place,
                                 mhoi_converter_price *out)
{
    const size_t bits = priced_bits(plan, place);
    const mhoi_coding *coding = place->cells.coding;
    *out = (mhoi_converter_price){.each = 1};
    if (!bits)
        return mho_error(MHO_ENOTMODELED,
                         "layer '%s': an ideal output converter (0 bits) has no price",
                         place->told->name);
    if (bits == 1) { /* one a pair, always */
        snprintf(out->component, sizeof out->component, "sense_amplifier");
        return MHO_OK;
    }
    const bool printed = bits == 4 && plan->readings.adc4_area == MHO_ADC4_PRINTED;
    snprintf(out->component, sizeof out->component, "adc%zu%s", bits, printed ? "_printed" : "");
    out->in_pair = coding->sides == 2;
    if (out->in_pair && (place->sense || !place->per_pair))
        out->each = plan->readings.converters_per_weight_column;
    out->references = coding->reference && !place->told->per_pair;
    return MHO_OK;
}

/* Smallest and largest conductance that a reference column takes off a cell. */
static mhoi_range references(const mho_device *device, const mhoi_cells *k)
{
    if (!k->coding->reference)
        return (mhoi_range){mho_device_level(device, 0), mho_device_level(device, 0)};
    if (k->middle)
        return (mhoi_range){k->base, k->base};
    mhoi_range range = {INT32_MAX, 0};
    for (size_t s = 0; s < k->slices; s++) {
        uint8_t level;
        k->coding->levels(k, s, MHOI_CELL_REFERENCE, NULL, 1, &level);
        const int64_t g = mho_device_level(device, level);
        range.lo = g < range.lo ? g : range.lo;
        range.hi = g > range.hi ? g : range.hi;
    }
    return range;
}

/* Of two lines one is on: lines that a row group has both of count once. */
static size_t lines_on(const mhoi_place *place, size_t first, size_t end)
{
    size_t on = end - first;
    for (size_t r = first; r + place->apart < end; r++)
        on -= r / place->apart % 2 == 0;
    return on;
}

/* Word lines of any row group that can be on at once. */
static size_t most_lines(const mhoi_plan *plan, const mhoi_place *place)
{
    const size_t n = place->lines < place->group_rows ? place->lines : place->group_rows;
    const size_t inputs = place->lines / place->inputs.lines;
    if (place->inputs.lines < 2)
        return n;
    if (place->vote && plan->output.deal != MHO_DEAL_NONE) /* lines as they are dealt */
        return n < inputs ? n : inputs;
    size_t most = 0;
    for (size_t first = 0; first < place->lines; first += n) {
        const size_t on =
            lines_on(place, first, first + n < place->lines ? first + n : place->lines);
        most = on > most ? on : most;
    }
    return most;
}

mhoi_range mhoi_range_full(const mhoi_plan *plan, const mhoi_place *place)
{
    const mho_device *device = &plan->device;
    const mhoi_cells *k = &place->cells;
    const mhoi_inputs *in = &place->inputs;
    const int64_t most = (int64_t)most_lines(plan, place);
    const int64_t g_top = mho_device_level(device, (size_t)mhoi_level_top(device));
    const int64_t g_bottom = mho_device_level(device, 0);
    const int64_t x = in->hi > -in->lo ? in->hi : -(int64_t)in->lo;
    if (k->fold > 1) { /* both signs meet in the column */
        const int64_t either = most * x * k->unit * k->codes.hi / k->one;
        return (mhoi_range){-either, either};
    }
    if (!place->per_pair || k->coding->counted) {
        const int64_t off = k->level0 ? g_bottom : 0, up = g_top - off, down = g_bottom - off;
        const int64_t lo = down < 0 ? in->hi * down : 0, hi = down < 0 ? in->lo * down : 0;
        return (mhoi_range){most * (lo < in->lo * up ? lo : in->lo * up),
                            most * (hi > in->hi * up ? hi : in->hi * up)};
    }
    const mhoi_range off = references(device, k);
    const int64_t up = g_top - off.lo, down = off.hi - g_bottom;
    if (k->coding->sides == 2 || in->lo < 0) {
        const int64_t either = most * x * (up > down ? up : down);
        return (mhoi_range){-either, either};
    }
    return (mhoi_range){-most * x * down, most * x * up};
}

/* Where level 0 conducts half a unit of real weights (or anything but whole ones) in every driven row, only differences
 * are free of it, be it those of a pair or with a reference column. */
int64_t mhoi_sum_spacing(const mhoi_place *place)
{
    const mhoi_cells *k = &place->cells;
    const bool whole = k->bottom % k->unit == 0;
    const bool difference = k->level0 || (place->per_pair && !k->coding->counted);
    return k->alphabet != MHO_ALPHABET_REAL || difference || whole ? k->unit : k->unit / 2;
}
