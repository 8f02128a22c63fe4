/* SPDX-License-Identifier: Apache-2.0 */
/* What maps weights and inputs to crossbars: sections `crossbar`, `input`, `output` and `timing` of a
 * hardware description. */
#include "map/map_sections.h"

#include <string.h>

#include "base/fields.h"

static const char *const cells[] = {"1t1r", "0t1r", NULL};
static const char *const modes[] = {"binary", "full", "ternary", "mixed", NULL};
static const char *const offsets[] = {"column", "digital", NULL};
static const char *const packings[] = {"none", "diagonal", NULL};
static const char *const circulants[] = {"expanded", "turned", NULL};
static const char *const copy_orders[] = {"near", "spread", NULL};
static const char *const slicings[] = {"columns", "crossbars", NULL};
static const char *const ranges[] = {"full", "calibrated", "least_squares", NULL};
static const char *const edges[] = {"uniform", "quantile", "lloyd", NULL};
static const char *const pers[] = {"crossbar", "pair", NULL};
static const char *const references[] = {"none", "level0", NULL};
static const char *const splits[] = {"sums", "vote", NULL};
static const char *const deals[] = {"none", "random", "snake", "exchange", "exact", NULL};
static const char *const readouts[] = {"sense_amplifier", "flash", "sar", "ramp", NULL};
static const char *const duplications[] = {"none", "balanced", NULL};
static const char *const schedules[] = {"pipelined", "layer_by_layer", NULL};
static const char *const drives[] = {"voltage", "pulses", "repeats", NULL};
static const char *const merges[] = {"none", "slices", NULL};
static const char *const waitings[] = {"conduct", "off", NULL};
static const char *const column_sums[] = {"weights", "read_back", NULL};

#define COUNT(...) MHOI_COUNT(mhoi_crossbar_options, __VA_ARGS__)
#define CHOICE(...) MHOI_CHOICE(mhoi_crossbar_options, __VA_ARGS__)

static const char *crossbar_idle(const void *options, const char *key)
{
    const mhoi_crossbar_options *o = options;
    if (!strcmp(key, "crossbar.offset") && o->weights != MHO_WEIGHTS_SINGLE)
        return "crossbar.weights is not single";
    if ((!strcmp(key, "crossbar.copies") || !strcmp(key, "crossbar.copy_order")) &&
        o->circulant != MHO_CIRCULANT_TURNED)
        return "crossbar.circulant is not turned";
    if (!strcmp(key, "crossbar.slicing") && !o->weight_bits)
        return "crossbar.weight_bits is 0: a weight has one slice";
    return NULL;
}

static mho_status crossbar_check(const void *options)
{
    const mhoi_crossbar_options *o = options;
    if (o->active_rows > o->rows)
        return mho_error(MHO_ECONFIG,
                         "crossbar.active_rows = %zu, want at most crossbar.rows = %zu",
                         o->active_rows, o->rows);
    if (o->duplication == MHO_DUPLICATION_BALANCED && !o->budget)
        return mho_error(MHO_ECONFIG,
                         "crossbar.budget = 0, want the crossbars that crossbar.duplication "
                         "balanced may take");
    if (!o->copies && o->duplication != MHO_DUPLICATION_BALANCED)
        return mho_error(MHO_ECONFIG, "crossbar.copies = 0, which crossbar.duplication balanced "
                                      "chooses: want that, or 1 or more");
    return MHO_OK;
}

static const mho_field crossbar_rows[] = {
    COUNT("crossbar.rows", rows, "128", 1, 4096, "word lines of one crossbar"),
    COUNT("crossbar.columns", columns, "128", 1, 4096, "bit lines of one crossbar"),
    CHOICE("crossbar.cell", cell, "1t1r", cells, "with or without an access transistor"),
    CHOICE(
        "crossbar.mode", mode, "binary", modes,
        "binary: weights +-1 on the end levels; ternary: 0 besides; full: weights of several bits; "
        "mixed: as the network says, layer by layer"),
    CHOICE(
        "crossbar.weights", weights, "differential", mhoi_coding_names,
        "a pair of cells a weight, in two crossbars; a single one at an offset level; or all its "
        "cells merged in one column, sign and significance in the voltages of their lines"),
    CHOICE(
        "crossbar.offset", offset, "column", offsets,
        "what takes the offset of single cells out: a reference column in every crossbar, or the "
        "digital sum of the inputs"),
    COUNT("crossbar.weight_bits", weight_bits, "0", 0, 16,
          "real weights: bits, the sign included, in slices of device.bits; 0 = of one cell "
          "or pair; layers whose bits the network tells have those"),
    CHOICE("crossbar.slicing", slicing, "columns", slicings,
           "slices of a weight lie in neighbouring columns, or in crossbars of their own"),
    CHOICE("crossbar.packing", packing, "diagonal", packings,
           "small groups of a convolution: block after block along the diagonal of a crossbar, as "
           "many as take the fewest crossbars; or a crossbar of its own for each"),
    CHOICE("crossbar.duplication", duplication, "none", duplications,
           "balanced: convolutions stand several times, so that the slowest layer is as fast as "
           "crossbar.budget allows"),
    COUNT("crossbar.budget", budget, "0", 0, 1e9,
          "crossbars of the chip, both of a pair counted; 0 = as many as the network takes"),
    COUNT("crossbar.active_rows", active_rows, "0", 0, 4096,
          "word lines of a crossbar that are on at a time, each group of them a converted sum; 0 = "
          "all"),
    CHOICE("crossbar.circulant", circulant, "expanded", circulants,
           "block-circulant layers lie as the ordinary ones they stand for, or a representative "
           "vector in a column, whose inputs turn"),
    COUNT("crossbar.copies", copies, "1", 0, 65536,
          "turned: copies of a representative vector, each rotated: so many outputs a read; "
          "divides the block size; 0 = in each layer a power of two, chosen with "
          "crossbar.duplication balanced"),
    CHOICE("crossbar.copy_order", copy_order, "spread", copy_orders,
           "copies are rotated by 0, 1, .. and inputs turn by as many rows as there are copies, or "
           "by block / copies, .. and inputs turn by one row"),
};
static const mho_fields crossbar_fields = {"crossbar", crossbar_rows,
                                           sizeof crossbar_rows / sizeof *crossbar_rows,
                                           sizeof(mhoi_crossbar_options)};

const mhoi_section mhoi_crossbar_section = {
    .name = "crossbar", .fields = &crossbar_fields, .check = crossbar_check, .idle = crossbar_idle};
#undef COUNT
#undef CHOICE

#define COUNT(...) MHOI_COUNT(mhoi_input_options, __VA_ARGS__)
#define CHOICE(...) MHOI_CHOICE(mhoi_input_options, __VA_ARGS__)

static const mho_field input_rows[] = {
    COUNT("input.first_bits", first_bits, "8", 1, 8, "DAC of the first layer"),
    COUNT("input.bits", bits, "1", 1, 8,
          "DAC of the other layers; 1 = none, the bit drives the row; codes whose bits the network "
          "tells have those"),
    CHOICE(
        "input.coding", coding, "direct", mhoi_input_coding_names,
        "of inputs with a sign: +-1 as 1 and 0, codes as signed voltages; or positive and negative "
        "part in two reads, or on two rows"),
    COUNT("input.bits_per_read", bits_per_read, "0", 0, 8,
          "bits of an input code that drive the rows in one read; 1 = bit-serial, 0 = all at once"),
    CHOICE(
        "input.drive", drive, "voltage", drives,
        "how a read of several bits drives a row: one voltage of a DAC; a pulse for each group of "
        "input.pulse_bits, as long as its code, which the column weights; or a pulse a bit, "
        "integrated as often as it weighs"),
    COUNT("input.pulse_bits", pulse_bits, "3", 1, 8, "bits of a pulse, with input.drive pulses"),
};
static const mho_fields input_fields = {"input", input_rows, sizeof input_rows / sizeof *input_rows,
                                        sizeof(mhoi_input_options)};

static const char *input_idle(const void *options, const char *key)
{
    const mhoi_input_options *o = options;
    if (!strcmp(key, "input.pulse_bits") && o->drive != MHO_DRIVE_PULSES)
        return "input.drive is not pulses";
    return NULL;
}

const mhoi_section mhoi_input_section = {
    .name = "input", .fields = &input_fields, .idle = input_idle};
#undef COUNT
#undef CHOICE

#define COUNT(...) MHOI_COUNT(mhoi_output_options, __VA_ARGS__)
#define REAL(...) MHOI_REAL(mhoi_output_options, __VA_ARGS__)
#define CHOICE(...) MHOI_CHOICE(mhoi_output_options, __VA_ARGS__)
#define YES_NO(...) MHOI_YES_NO(mhoi_output_options, __VA_ARGS__)

static mho_status output_check(const void *options)
{
    const mhoi_output_options *o = options;
    if (o->reference == MHO_REFERENCE_LEVEL0 && o->per == MHO_PER_PAIR)
        return mho_error(MHO_ECONFIG, "output.reference = level0, want none with output.per pair: "
                                      "the difference of a pair is free of level 0");
    return MHO_OK;
}

static const char *output_idle(const void *options, const char *key)
{
    const mhoi_output_options *o = options;
    if (!strcmp(key, "output.percentile") && o->range != MHO_RANGE_CALIBRATED)
        return "output.range is not calibrated";
    if (!strcmp(key, "output.deal") && o->split != MHO_SPLIT_VOTE)
        return "output.split is not vote";
    if (!strcmp(key, "output.sampled") && o->share == 1)
        return "output.share is 1: no column waits";
    if (!strcmp(key, "output.waiting") && (o->share == 1 || o->sampled))
        return "no column waits that is not sampled";
    return NULL;
}

static const mho_field output_rows[] = {
    COUNT("output.first_bits", first_bits, "8", 0, 16,
          "ADC of the first layer's partial sums; 0 = ideal"),
    COUNT("output.bits", bits, "1", 0, 16,
          "ADC of layers whose rows fit one crossbar; 1 = sense amplifier at the threshold, 0 = "
          "ideal"),
    COUNT("output.split_bits", split_bits, "4", 0, 16,
          "ADC of partial sums where rows are split; 0 = ideal"),
    CHOICE("output.split", split, "sums", splits,
           "1-bit maps, where rows are split: partial sums are added up, or each crossbar compares "
           "with its "
           "share of the threshold and the majority decides"),
    CHOICE(
        "output.deal", deal, "none", deals,
        "votes: rows dealt out so that every crossbar has the same mean of calibration images: in "
        "their order, at random, sorted and to and fro, then exchanged while it helps, or exactly "
        "(up to 16 rows)"),
    COUNT("output.last_bits", last_bits, "8", 0, 16,
          "ADC of the classifier where its rows fit one crossbar; 0 = ideal"),
    COUNT("output.code_bits", code_bits, "8", 0, 16,
          "mixed mode: ADC of layers that no 1-bit map follows, but the classifier; 0 = ideal"),
    CHOICE("output.range", range, "least_squares", ranges,
           "sums between the first and the last code: all that can occur, `percentile` of those of "
           "images, or those of them whose codes miss them least (a classifier's: also by its "
           "decisions)"),
    REAL("output.percentile", percentile, "99.9", 50, 100, "%", 1,
         "calibrated: share of the sums that the range holds"),
    COUNT("output.calibration_images", calibration_images, "1000", 1, 1e6,
          "training images the range is calibrated on"),
    CHOICE("output.edges", edges, "uniform", edges,
           "equal steps between decision edges; or as many sums of calibration images between them "
           "(quantile), or edges and values of least squared error of these (lloyd)"),
    YES_NO("output.aligned", aligned, "true", "decision edges halfway between possible sums"),
    CHOICE(
        "output.column_sum", column_sum, "weights", column_sums,
        "binary maps: the digital sum of a column's weights is that of the ideal weights, or read "
        "back from its cells"),
    CHOICE("output.per", per, "crossbar", pers,
           "one converter for each crossbar of a pair, or for the analog difference"),
    CHOICE(
        "output.reference", reference, "none", references,
        "pairs, one converter a crossbar: level0 = a column of cells at level 0 in every crossbar "
        "is taken off its sums before they are converted"),
    CHOICE("output.readout", readout, "flash", readouts,
           "how a column is converted: one decision a bit, all thresholds at once, successive "
           "approximation, all thresholds in turn; 1 bit is one comparison in any of them"),
    COUNT("output.share", share, "1", 1, 4096, "columns that a converter takes in turn"),
    YES_NO(
        "output.sampled", sampled, "true",
        "columns that wait for their converter are sampled and conduct once; false: each is read "
        "anew, and all conduct"),
    CHOICE("output.merge", merge, "none", merges,
           "each slice of a weight is converted, or the currents of its columns are weighted and "
           "joined before"),
    CHOICE(
        "output.waiting", waiting, "conduct", waitings,
        "columns that wait for their converter and are not sampled conduct with the others, or a "
        "multiplexer cuts them off"),
    REAL("output.offset", offset, "0", 0, 1000, "", 1,
         "deviation of the converters' offsets, in steps (sense amplifier: in units of weight)"),
    REAL("output.gain_error", gain_error, "0", 0, 1, "", 1,
         "deviation of the converters' relative gain"),
    REAL("output.inl", inl, "0", 0, 1000, "", 1,
         "deviation of the converters' integral nonlinearity in the middle of the range, in steps"),
};
static const mho_fields output_fields = {
    "output", output_rows, sizeof output_rows / sizeof *output_rows, sizeof(mhoi_output_options)};

const mhoi_section mhoi_output_section = {
    .name = "output", .fields = &output_fields, .check = output_check, .idle = output_idle};

static const mho_field timing_rows[] = {
    MHOI_REAL(mhoi_timing_options, "timing.t_read", read_s, "0", 0, 1e9, "ns", 1e-9,
              "a read of a crossbar, conversions included unless timing.t_convert tells them; 0 = "
              "as the technology tells"),
    MHOI_REAL(
        mhoi_timing_options, "timing.t_convert", convert_s, "0", 0, 1e9, "ns", 1e-9,
        "a conversion, those of a converter in turn behind the read: then a cycle is one; 0 = "
        "in the time of the read"),
    MHOI_CHOICE(mhoi_timing_options, "timing.schedule", schedule, "pipelined", schedules,
                "all layers work at once, on several images; or one layer after the other"),
};
static const mho_fields timing_fields = {
    "timing", timing_rows, sizeof timing_rows / sizeof *timing_rows, sizeof(mhoi_timing_options)};

const mhoi_section mhoi_timing_section = {.name = "timing", .fields = &timing_fields};
