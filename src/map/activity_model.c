/* SPDX-License-Identifier: Apache-2.0 */
/* What the components of a layer do for one image, for technologies with component models: docs/models/cost.md eq. (18)
 * to (27).  Numbers are those of the placement, what the chip counts while it runs; conductances, voltages and times those of
 * the description and of the technology.  Readings of a paper have no part in it. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "map/activity.h"

typedef mhoi_activities builder;

/* Of what stands once. */
static double converters_of(const mho_placement_layer *l)
{
    const size_t each = l->converters / l->duplication;
    return (double)each;
}

static double windows(const builder *b)
{
    return (double)b->layer->positions * (double)b->layer->reads * (double)b->layer->turns;
}

static size_t bits_of(size_t states)
{
    size_t bits = 0;
    while (states > (size_t)1 << bits)
        bits++;
    return bits;
}

/* Of the word lines, those that a read drives, on average: of two rows (or reads) one is at 0; the ones of +-1 are on
 * one of them in any case. */
static double driven(const builder *b)
{
    const double ones = b->plan->read.activity;
    if (!b->place->inputs.coding->one_of_two)
        return ones;
    return b->place->in.kind == MHOI_MAP_BITS ? 0.5 : ones / 2;
}

/* Word lines may all be on, and the inputs on the other lines. */
static double raised(const builder *b)
{
    return b->plan->read.gates == MHO_GATES_ALL ? 1 : driven(b);
}

/* Mean of x / x_max over the word lines of a read, or of its square: codes of several bits that all occur as often have
 * the mean 1/2, as single bits have, and the mean square (2 n + 1) / 6 n with n = 2^bits - 1. */
static double drive(const builder *b, bool square)
{
    const double top = exp2((double)b->layer->read_bits) - 1;
    return driven(b) * (square ? (2 * top + 1) / (3 * top) : 1);
}

/* Crossbars that a row group of a group lies in. */
static double crossbars_of(const mho_placement_layer *l)
{
    return (double)(l->x_out * l->planes * l->sides);
}

/* Columns of cells of a group, references included. */
static double columns_of(const mho_placement_layer *l)
{
    return (double)l->counts.cells / ((double)l->groups * (double)l->word_lines);
}

static void input_converters(builder *b)
{
    const mho_placement_layer *l = b->layer;
    char component[MHO_COST_NAME];
    if (l->read_bits == 1 || b->plan->input.drive != MHO_DRIVE_VOLTAGE)
        return;
    const bool copied = b->plan->readings.input_sharing == MHO_INPUT_COPIED;
    snprintf(component, sizeof component, "dac%zu", l->read_bits);
    mho_activity *a = mhoi_activity_start(b, "DAC", component, "dac");
    mhoi_activity_argue(a, "bits", (double)l->read_bits);
    const size_t lines = l->word_lines / b->place->cells.fold; /* merged: one for all of a weight */
    a->amount = (double)l->groups * (double)lines * (copied ? crossbars_of(l) : 1);
    a->operations = a->amount * windows(b);
    mhoi_activity_explain(
        a, "g word lines%s = %zu x %zu%s; x P T = %zu x %zu", copied ? " crossbars" : "", l->groups,
        lines, copied ? " x X_out planes sides" : ", shared by the crossbars of a row group",
        l->positions, l->reads * l->turns);
}

/* Times that columns are read anew for their converters. */
static size_t turns_read(const builder *b)
{
    return b->plan->output.sampled ? 1 : b->layer->columns_per_converter;
}

/* Times that a column is charged. */
static size_t turns_charged(const builder *b)
{
    return b->plan->output.waiting == MHO_WAITING_OFF ? 1 : turns_read(b);
}

static void word_lines(builder *b)
{
    const mho_placement_layer *l = b->layer;
    mho_activity *a = mhoi_activity_start(b, "word lines", "word_line", "word_line");
    mhoi_activity_argue(a, "columns", (double)b->plan->crossbar_columns);
    mhoi_activity_argue(a, "resistance", mhoi_row_resistance(&b->plan->wires));
    mhoi_activity_argue(a, "end", b->plan->wires.r_driver_ohm);
    a->amount = (double)l->groups * (double)l->word_lines * crossbars_of(l);
    const mho_cell_activity *measured = mhoi_activity_measured(b);
    const double all = (double)l->groups * (double)l->word_lines * windows(b);
    const bool gated = b->plan->read.gates == MHO_GATES_INPUTS;
    const double share = measured && gated ? measured->driven / all : raised(b);
    const double pulses = mhoi_pulses_of(b->plan, b->place).pulses * (double)turns_read(b);
    a->operations = a->amount * windows(b) * share * pulses;
    mhoi_activity_explain(a,
                          "g word lines X_out planes sides = %zu x %zu x %zu x %zu x %zu; x P T = "
                          "%zu x %zu, %.3g of them driven%s",
                          l->groups, l->word_lines, l->x_out, l->planes, l->sides, l->positions,
                          l->reads * l->turns, share, measured && gated ? " (measured)" : "");
    if (pulses > 1)
        mhoi_activity_append(a, ", %.3g pulses each", pulses);
}

/* A line that is clamped does not move. */
static void bit_lines(builder *b)
{
    const mho_placement_layer *l = b->layer;
    if (b->plan->read.supply == MHO_SUPPLY_CLAMPED)
        return;
    mho_activity *a = mhoi_activity_start(b, "bit lines", "bit_line", "bit_line");
    mhoi_activity_argue(a, "rows", (double)(b->place->crossbar_rows * b->place->cells.fold));
    mhoi_activity_argue(a, "v", b->plan->read.voltage_V);
    mhoi_activity_argue(a, "resistance", b->plan->wires.r_col_ohm);
    mhoi_activity_argue(a, "end", b->plan->wires.r_sense_ohm);
    a->amount = (double)(l->groups * l->x_in) * columns_of(l);
    a->operations =
        (double)(l->groups * l->row_groups * turns_charged(b)) * columns_of(l) * windows(b);
    mhoi_activity_explain(a, "g X_in columns of cells = %zu x %zu x %.0f; x P T = %zu x %zu",
                          l->groups, l->x_in, columns_of(l), l->positions, l->reads * l->turns);
    if (l->row_groups > l->x_in)
        mhoi_activity_append(a, " x %zu / %zu groups of active rows", l->row_groups, l->x_in);
    if (turns_charged(b) > 1)
        mhoi_activity_append(a, " x %zu turns", turns_charged(b));
}

/* Conductance of a cell at the mean level; the integers are above g_off, but where it leaks into the sums. */
static double mean_conductance(const builder *b)
{
    const mho_device *d = &b->plan->device;
    const double off_S = d->off_leak ? 0 : d->g_off_S, unit_S = mho_device_unit_S(d);
    const double low_S = off_S + mho_device_level(d, 0) * unit_S;
    const double high_S = off_S + mho_device_level(d, (size_t)mhoi_level_top(d)) * unit_S;
    /* Beside the diagonal of packed groups cells are at level 0. */
    return low_S + b->plan->read.level * (high_S - low_S) / (double)b->layer->packed;
}

/* Cells that are driven, each as much as its input, and their mean conductance; linear: as x, else as x^2. */
typedef struct conduction {
    double cells, g_S;
} conduction;

static conduction conduction_of(const builder *b, bool linear)
{
    const mho_cell_activity *m = mhoi_activity_measured(b);
    if (!m)
        return (conduction){(double)b->layer->counts.cells * windows(b) * drive(b, !linear),
                            mean_conductance(b)};
    const double cells = columns_of(b->layer) * (linear ? m->drive : m->square);
    return (conduction){cells, cells > 0 ? (linear ? m->drive_S : m->square_S) / cells : 0};
}

static void cells(builder *b, const mhoi_read_time *time)
{
    const mho_placement_layer *l = b->layer;
    const bool clamped = b->plan->read.supply == MHO_SUPPLY_CLAMPED;
    const bool pulse = b->plan->read.conduct == MHO_CONDUCT_PULSE, /* of units of input, */
        voltage = b->plan->input.drive == MHO_DRIVE_VOLTAGE;       /* at full drive */
    const double units = pulse ? mhoi_conducted_units(b->plan, b->place) : 1;
    const conduction c = conduction_of(b, clamped || pulse || !voltage);
    const char *name = b->plan->transistor ? "cell_1t1r" : "cell_0t1r";
    char model[MHO_COST_NAME];
    snprintf(model, sizeof model, "%s%s", name, clamped ? "_clamped" : "");
    mho_activity *a = mhoi_activity_start(b, "cells", name, model);
    mhoi_activity_argue(a, "g", c.g_S);
    mhoi_activity_argue(a, "v", b->plan->read.voltage_V);
    mhoi_activity_argue(a, "t", time->conduct_s * units);
    a->amount = (double)l->counts.cells;
    a->operations = c.cells;
    mhoi_activity_explain(a,
                          "g word lines columns = %zu x %zu x %.0f stand; x P T = %zu x %zu, at a "
                          "mean drive of %.3g%s",
                          l->groups, l->word_lines, columns_of(l), l->positions,
                          l->reads * l->turns, c.cells / a->amount / windows(b),
                          mhoi_activity_measured(b) ? " (measured)" : "");
}

static const char *readout_model(const mhoi_plan *plan)
{
    static const char *const model[] = {"adc_sense_amplifier", "adc_flash", "adc_sar", "adc_ramp"};
    return model[plan->output.readout];
}

static void output_converters(builder *b, const mhoi_read_time *time)
{
    const mho_placement_layer *l = b->layer;
    const size_t bits = l->output_bits;
    char component[MHO_COST_NAME];
    snprintf(component, sizeof component, bits == 1 ? "sense_amplifier" : "adc%zu", bits);
    mho_activity *a =
        mhoi_activity_start(b, bits ? "ADC" : "ideal converters", bits ? component : "ideal",
                            bits ? readout_model(b->plan) : "");
    a->neglectable = !bits;
    mhoi_activity_argue(a, "bits", (double)bits);
    mhoi_activity_argue(a, "rate", 1 / time->convert_s);
    mhoi_activity_argue(a, "columns", (double)b->plan->crossbar_columns);
    a->amount = converters_of(l);
    a->operations = (double)l->counts.conversions;
    mhoi_activity_explain(
        a, "columns that are told / %zu in turn; conversions = columns x P T = %.0f x %zu x %zu",
        l->columns_per_converter, a->operations / windows(b), l->positions, l->reads * l->turns);
}

/* Columns that wait for their turn are held, each by a capacitor of its own. */
static void holds(builder *b)
{
    const mho_placement_layer *l = b->layer;
    if (!b->plan->output.sampled || l->columns_per_converter == 1)
        return;
    mho_activity *a = mhoi_activity_start(b, "hold", "sample_hold", "sample_hold");
    a->operations = (double)l->counts.conversions;
    a->amount = a->operations / windows(b) * (double)l->x_in / (double)l->row_groups;
    mhoi_activity_explain(a, "a column that is told, %.0f; each conversion, of %zu that take turns",
                          a->amount, l->columns_per_converter);
}

/* Bits of the exact sum of a layer, the sign among them. */
static size_t exact_bits(const builder *b)
{
    const mhoi_cells *k = &b->place->cells;
    const int32_t weight = k->codes.hi > -k->codes.lo ? k->codes.hi : -k->codes.lo;
    const double input = exp2((double)b->layer->input_bits) - 1;
    const double most = (double)b->layer->rows * input * (double)weight / (double)k->one;
    return (size_t)ceil(log2(most + 1)) + 1;
}

/* Bits of a sum of all parts of an output: codes may be finer than what they tell, sums are not kept finer. */
static size_t sum_bits(const builder *b)
{
    const mho_placement_layer *l = b->layer;
    const mhoi_cells *k = &b->place->cells;
    const size_t code = l->output_bits ? l->output_bits : bits_of(l->word_lines);
    const size_t reads = l->reads > 1 ? l->input_bits : 0;
    const size_t bits = code + (l->sums - 1) * k->slice_bits + reads + bits_of(l->row_groups) + 1;
    const size_t exact = exact_bits(b), most = exact < 64 ? exact : 64;
    return bits < most ? bits : most;
}

static mho_activity *put_adder(builder *b, const char *group, size_t bits, double amount,
                               double operations)
{
    char component[MHO_COST_NAME];
    snprintf(component, sizeof component, "add%zu", bits);
    mho_activity *a = mhoi_activity_start(b, group, component, "adder");
    mhoi_activity_argue(a, "bits", (double)bits);
    a->amount = amount;
    a->operations = operations;
    return a;
}

/* Codes of the two crossbars of a pair, or of a column and its reference, are subtracted. */
static void subtractors(builder *b)
{
    const mho_placement_layer *l = b->layer;
    if (l->sense || b->place->per_pair || (l->sides == 1 && !l->reference))
        return;
    const double columns = (double)(l->groups * l->columns * l->sums);
    const double stand = columns * (double)l->x_in / (double)l->columns_per_converter;
    mho_activity *a = put_adder(b, "SUB", l->output_bits + 1, ceil(stand),
                                columns * (double)l->row_groups * windows(b));
    mhoi_activity_explain(a, "g C slices row groups = %zu x %zu x %zu x %zu; x P T = %zu x %zu",
                          l->groups, l->columns, l->sums, l->row_groups, l->positions,
                          l->reads * l->turns);
}

/* Slices, reads and row groups of an output are added up, behind the converters; registers hold the sum. */
static void adders(builder *b)
{
    const mho_placement_layer *l = b->layer;
    const double parts = (double)l->row_groups * (double)l->sums * (double)l->reads - 1;
    const double outputs = (double)l->groups * (double)l->columns;
    if (parts <= 0)
        return;
    const double stand = fmax(1, (double)l->x_in * (double)l->sums - 1);
    mho_activity *a = put_adder(b, "shift-add", sum_bits(b),
                                ceil(outputs * stand / (double)l->columns_per_converter),
                                outputs * parts * (double)l->positions * (double)l->turns);
    mhoi_activity_explain(a, "g C (row groups slices T - 1) P = %zu x %zu x %.0f x %zu", l->groups,
                          l->columns, parts, l->positions);
    if (l->turns > 1)
        mhoi_activity_append(a, " x %zu turns", l->turns);
}

/* A digital offset: an adder tree over what drives the rows of a group. */
static void input_counters(builder *b)
{
    const mho_placement_layer *l = b->layer;
    if (!b->place->cells.coding->counted || l->word_lines == 1)
        return;
    const double amount = (double)l->groups * (double)(l->word_lines - 1);
    mho_activity *a =
        put_adder(b, "count", bits_of(l->word_lines) + l->read_bits, amount,
                  amount * windows(b) / (double)l->turns); /* turned inputs have the same sum */
    mhoi_activity_explain(a, "g (word lines - 1) = %zu x (%zu - 1); x P T = %zu x %zu", l->groups,
                          l->word_lines, l->positions, l->reads);
}

/* A sum of codes becomes a bit at its threshold, one comparison an output. */
static void thresholds(builder *b)
{
    const mho_placement_layer *l = b->layer;
    if (!b->place->to_bits || l->sense)
        return;
    const double outputs = (double)l->groups * (double)l->columns;
    mho_activity *a =
        put_adder(b, "threshold", sum_bits(b), outputs, outputs * (double)l->positions);
    mhoi_activity_explain(a, "g C = %zu x %zu; x P = %zu", l->groups, l->columns, l->positions);
}

/* Codes are latched behind the converters, sums behind the adders, the elements of a window before the drivers. */
static void registers(builder *b)
{
    const mho_placement_layer *l = b->layer;
    const double codes = (double)(l->output_bits ? l->output_bits : 1);
    const double outputs = (double)l->groups * (double)l->columns;
    const double parts = (double)l->row_groups * (double)l->sums * (double)l->reads;
    const double sums = parts > 1 ? (double)sum_bits(b) : 0;
    const bool shifted =
        b->plan->reuse.share != MHO_REUSE_NONE; /* they are registers, and counted */
    const double window = shifted ? 0 : (double)l->inputs_shared * (double)l->input_bits;
    mho_activity *a = mhoi_activity_start(b, "registers", "register1", "register");
    mhoi_activity_argue(a, "bits", 1);
    a->amount = converters_of(l) * codes + outputs * sums + window;
    a->operations = (double)l->counts.conversions * codes +
                    outputs * sums * parts * (double)l->positions * (double)l->turns +
                    window * (double)l->positions;
    mhoi_activity_explain(
        a, "bits of codes, of sums (%.0f) and of the window (%.0f); each latched when it changes",
        sums, window);
}

/* The line buffer is fed every element once, a window reads what it has anew.  The smallest memory has 2 KiB, the largest
 * 512 KiB: less takes one, more several. */
static void buffers(builder *b)
{
    enum { LEAST = 2048, MOST = 524288, NARROW = 64, WIDE = 512 };
    if (b->plan->reuse.share != MHO_REUSE_NONE)
        return;
    const mhoi_place *place = b->place;
    const double bits = (double)b->layer->input_bits;
    const double bytes = ceil((double)place->held * bits / 8);
    const double banks = ceil(bytes / MOST), fresh = (double)place->fresh * bits;
    double width = NARROW;
    while (width < WIDE && width < fresh)
        width *= 2;
    const double reads = (double)b->layer->positions * ceil(fresh / width);
    const double writes = ceil((double)place->fed * bits / width);
    for (int o = MHO_OPERATION_READ; o <= MHO_OPERATION_WRITE; o++) {
        mho_activity *a = mhoi_activity_start(b, "buffer", "sram", "sram");
        mhoi_activity_argue(a, "bytes", fmax(LEAST, ceil(bytes / banks)));
        mhoi_activity_argue(a, "width", width);
        a->operation = (mho_operation)o;
        a->amount = o == MHO_OPERATION_READ ? banks : 0;
        a->operations = o == MHO_OPERATION_READ ? reads : writes;
        mhoi_activity_explain(a,
                              o == MHO_OPERATION_READ
                                  ? "%zu elements of %zu bits held; P x the %.0f bits that a "
                                    "window has anew, %.0f a word"
                                  : "%zu elements of %zu bits held; each of the image written once "
                                    "(%.0f bits a window), %.0f a word",
                              place->held, b->layer->input_bits, fresh, width);
    }
}

mho_status mhoi_activities_by_model(builder *b, const mho_technology *tech)
{
    mhoi_read_time time;
    mho_status s = mhoi_read_time_of(b->plan, b->place, tech, &time);
    if (s)
        return s;
    input_converters(b);
    word_lines(b);
    cells(b, &time);
    bit_lines(b);
    output_converters(b, &time);
    holds(b);
    subtractors(b);
    adders(b);
    input_counters(b);
    thresholds(b);
    registers(b);
    buffers(b);
    return MHO_OK;
}
