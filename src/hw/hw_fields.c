/* SPDX-License-Identifier: Apache-2.0 */
/* The field table of a hardware description, and the bounds across fields. */
#include "mho/hw.h"

#define ENTRY(key, kind, member, preset, min, max, unit, scale, names, help)                       \
    {                                                                                              \
        key, kind, offsetof(mho_hw, member), sizeof(((mho_hw *)0)->member), preset, min, max,      \
            unit, scale, names, help                                                               \
    }
#define COUNT(key, member, preset, min, max, help)                                                 \
    ENTRY(key, MHO_FIELD_UINT, member, preset, min, max, "", 1, NULL, help)
#define REAL(key, member, preset, min, max, unit, scale, help)                                     \
    ENTRY(key, MHO_FIELD_DOUBLE, member, preset, min, max, unit, scale, NULL, help)
#define CHOICE(key, member, preset, names, help)                                                   \
    ENTRY(key, MHO_FIELD_ENUM, member, preset, 0, 0, "", 1, names, help)
#define YES_NO(key, member, preset, help)                                                          \
    ENTRY(key, MHO_FIELD_BOOL, member, preset, 0, 1, "", 1, NULL, help)

static const char *const distributions[] = {"uniform", "gaussian", "lognormal", NULL};
static const char *const cells[] = {"1t1r", "0t1r", NULL};
static const char *const modes[] = {"binary", "full", "ternary", NULL};
static const char *const weights[] = {"differential", "single", NULL};
static const char *const offsets[] = {"column", "digital", NULL};
static const char *const slicings[] = {"columns", "crossbars", NULL};
static const char *const codings[] = {"direct", "two_reads", "two_rows", NULL};
static const char *const ranges[] = {"full", "calibrated", "least_squares", NULL};
static const char *const pers[] = {"crossbar", "pair", NULL};
static const char *const column_sums[] = {"weights", "read_back", NULL};
static const char *const rules[] = {"cover", "least_squares", "least_absolute", NULL};
static const char *const sharings[] = {"shared", "copied", NULL};
static const char *const adc4_areas[] = {"comparators", "printed", NULL};
static const char *const subtracts[] = {"output", "partial", NULL};
static const char *const classifiers[] = {"like_others", "last_bits", NULL};
static const char *const footnotes_c[] = {"mw", "w", NULL};

static const mho_field fields[] = {
    COUNT("device.bits", device.bits, "7", 1, 8, "bits a cell holds: 2^bits conductance levels"),
    REAL("device.g_on", device.g_on_S, "100", 0, 1e6, "uS", 1e-6,
         "upper end of the conductance range"),
    REAL("device.g_off", device.g_off_S, "1", 0, 1e6, "uS", 1e-6,
         "lower end of the conductance range"),
    CHOICE("device.distribution", device.distribution, "uniform", distributions,
           "of the programming error u: g = level centre + u x half a level"),
    REAL("device.variation", device.variation, "1", 0, 64, "", 1,
         "largest |u|; 1 = anywhere within the level, 0 = ideal devices"),
    REAL("device.variation_sigma", device.variation_sigma, "0.1", 0, 2, "", 1,
         "lognormal only: deviation of ln g"),
    REAL("device.variation_rise", device.variation_rise, "0", -64, 64, "", 1,
         "added to variation (lognormal: variation_sigma) from the lowest to the highest level, "
         "linearly"),
    ENTRY("device.table", MHO_FIELD_STRING, device.table, "", 0, 0, "", 1, NULL,
          "CSV of measured levels (level, mean in S, deviation in S) in place of variation"),
    REAL("device.verify_tolerance", device.verify_tolerance, "0.5", 0, 64, "", 1,
         "write-verify: a cell farther from its level centre is written again; in half levels"),
    COUNT("device.verify_rewrites", device.verify_rewrites, "0", 0, 254,
          "most times that a cell is written again; 0 = cells are not verified"),
    REAL("device.stuck_on", device.stuck_on, "0", 0, 1, "", 1,
         "share of cells that conduct g_on, whatever is written"),
    REAL("device.stuck_off", device.stuck_off, "0", 0, 1, "", 1,
         "share of cells that conduct g_off, whatever is written"),
    YES_NO(
        "device.off_leak", device.off_leak, "false",
        "g_off of every driven row stays in single-ended sums: no reference column takes it out"),
    REAL("device.drift_nu", device.drift_nu, "0", -10, 10, "", 1,
         "mean exponent of conductance drift: g(t) = g (t / t0)^-nu"),
    REAL("device.drift_nu_spread", device.drift_nu_spread, "0", 0, 10, "", 1,
         "deviation of the exponent over cells"),
    REAL("device.drift_time", device.drift_time_s, "1", 1e-9, 1e12, "s", 1,
         "t: how long after programming the network runs"),
    REAL("device.drift_start", device.drift_start_s, "1", 1e-9, 1e12, "s", 1,
         "t0: how long after programming g was measured"),
    REAL("device.nonlinearity", device.nonlinearity, "0", 0, 20, "", 1,
         "b of I ~ g sinh(b V / V_read) / sinh(b) for inputs of several bits; 0 = I ~ g V"),
    REAL("device.read_noise", device.read_noise, "0", 0, 10, "", 1,
         "deviation of a cell's conductance at every read, as a share of its own conductance"),
    REAL("device.read_noise_fixed", device.read_noise_fixed, "0", 0, 10, "", 1,
         "the same as a share of g_on - g_off, equal for all cells; variances add"),
    COUNT("device.resolution_bits", device.resolution_bits, "12", 10, 14,
          "conductances are integers of g_on - g_off in 2^resolution_bits parts"),

    COUNT("crossbar.rows", crossbar.rows, "128", 1, 4096, "word lines of one crossbar"),
    COUNT("crossbar.columns", crossbar.columns, "128", 1, 4096, "bit lines of one crossbar"),
    CHOICE("crossbar.cell", crossbar.cell, "1t1r", cells, "with or without an access transistor"),
    CHOICE(
        "crossbar.mode", crossbar.mode, "binary", modes,
        "binary: weights +-1 on the end levels; ternary: 0 besides; full: weights of several bits"),
    CHOICE("crossbar.weights", crossbar.weights, "differential", weights,
           "a pair of cells a weight, in two crossbars, or a single one at an offset level"),
    CHOICE(
        "crossbar.offset", crossbar.offset, "column", offsets,
        "what takes the offset of single cells out: a reference column in every crossbar, or the "
        "digital sum of the inputs"),
    COUNT(
        "crossbar.weight_bits", crossbar.weight_bits, "0", 0, 16,
        "full mode: bits of a weight, its sign included, in slices of device.bits; 0 = of one cell "
        "or pair"),
    CHOICE("crossbar.slicing", crossbar.slicing, "columns", slicings,
           "slices of a weight lie in neighbouring columns, or in crossbars of their own"),

    REAL("wires.r_row", wires.r_row_ohm, "0", 0, 1e9, "ohm", 1,
         "resistance of a word line from one cell to the next; 0 = ideal wire"),
    REAL("wires.r_col", wires.r_col_ohm, "0", 0, 1e9, "ohm", 1,
         "resistance of a bit line from one cell to the next; 0 = ideal wire"),
    REAL("wires.r_driver", wires.r_driver_ohm, "0", 0, 1e9, "ohm", 1,
         "in series with each driver of a word line"),
    REAL("wires.r_sense", wires.r_sense_ohm, "0", 0, 1e9, "ohm", 1,
         "in series with each converter at the end of a bit line"),
    YES_NO("wires.both_sides", wires.both_sides, "false",
           "word lines are driven at both ends, with the same voltage"),

    COUNT("input.first_bits", input.first_bits, "8", 1, 8, "DAC of the first layer"),
    COUNT("input.bits", input.bits, "1", 1, 8,
          "DAC of the other layers; 1 = none, the bit drives the row"),
    CHOICE(
        "input.coding", input.coding, "direct", codings,
        "of inputs with a sign: +-1 as 1 and 0, codes as signed voltages; or positive and negative "
        "part in two reads, or on two rows"),
    COUNT("input.bits_per_read", input.bits_per_read, "0", 0, 8,
          "bits of an input code that drive the rows in one read; 1 = bit-serial, 0 = all at once"),

    COUNT("output.first_bits", output.first_bits, "8", 0, 16,
          "ADC of the first layer's partial sums; 0 = ideal"),
    COUNT("output.bits", output.bits, "1", 0, 16,
          "ADC of layers whose rows fit one crossbar; 1 = sense amplifier at the threshold, 0 = "
          "ideal"),
    COUNT("output.split_bits", output.split_bits, "4", 0, 16,
          "ADC of partial sums where rows are split; 0 = ideal"),
    COUNT("output.last_bits", output.last_bits, "8", 0, 16,
          "ADC of the classifier where its rows fit one crossbar; 0 = ideal"),
    CHOICE("output.range", output.range, "least_squares", ranges,
           "sums between the first and the last code: all that can occur, `percentile` of those of "
           "images, or those of them whose codes miss them least"),
    REAL("output.percentile", output.percentile, "99.9", 50, 100, "%", 1,
         "calibrated: share of the sums that the range holds"),
    COUNT("output.calibration_images", output.calibration_images, "1000", 1, 1e6,
          "training images the range is calibrated on"),
    YES_NO("output.aligned", output.aligned, "true",
           "decision edges halfway between possible sums"),
    CHOICE(
        "output.column_sum", output.column_sum, "weights", column_sums,
        "binary maps: the digital sum of a column's weights is that of the ideal weights, or read "
        "back from its cells"),
    CHOICE("output.per", output.per, "crossbar", pers,
           "one converter for each crossbar of a pair, or for the analog difference"),
    REAL("output.offset", output.offset, "0", 0, 1000, "", 1,
         "deviation of the converters' offsets, in steps (sense amplifier: in units of weight)"),
    REAL("output.gain_error", output.gain_error, "0", 0, 1, "", 1,
         "deviation of the converters' relative gain"),
    REAL("output.inl", output.inl, "0", 0, 1000, "", 1,
         "deviation of the converters' integral nonlinearity in the middle of the range, in steps"),

    CHOICE("quant.weight_rule", quant.weight_rule, "cover", rules,
           "full mode: how the power-of-two scale of a layer's weights is chosen"),
    CHOICE("quant.map_rule", quant.map_rule, "cover", rules,
           "full mode: how the power-of-two scale of a feature map is chosen"),

    CHOICE("cost.input_sharing", cost.input_sharing, "shared", sharings,
           "column groups share the input converters, or each has its own"),
    COUNT("cost.converters_per_weight_column", cost.converters_per_weight_column, "2", 1, 2,
          "output converters of a pair of columns"),
    COUNT("cost.conducting_cells_per_weight", cost.conducting_cells_per_weight, "1", 1, 2,
          "cells of a pair that take energy"),
    CHOICE("cost.adc4_area", cost.adc4_area, "comparators", adc4_areas,
           "area of a 4-bit converter: 15 comparators, or as printed"),
    CHOICE("cost.subtractors", cost.subtractors, "output", subtracts,
           "one subtractor a layer output, or one a partial sum"),
    CHOICE("cost.classifier", cost.classifier, "like_others", classifiers,
           "output converters of the classifier: as in the other layers, or of output.last_bits"),
    CHOICE("cost.footnote_c", cost.footnote_c, "mw", footnotes_c,
           "digital power of bcnn Table III: mW as printed, or read as W"),
    YES_NO("cost.buffer", cost.buffer, "false", "count the feature-map buffer"),
    ENTRY("technology", MHO_FIELD_STRING, technology, "bcnn-45nm", 0, 0, "", 1, NULL,
          "table of component costs: configs/tech/NAME.yaml, or a path"),
};

_Static_assert(sizeof fields / sizeof *fields <= MHO_HW_FIELDS_MAX, "mho_hw_config.origin");

const mho_fields mho_hw_fields = {"hardware", fields, sizeof fields / sizeof *fields,
                                  sizeof(mho_hw)};

static mho_status check_weights(const mho_hw *hw)
{
    const bool single = hw->crossbar.weights == MHO_WEIGHTS_SINGLE;
    const size_t bits = hw->crossbar.weight_bits;
    if (mho_hw_is_binary(hw) && bits)
        return mho_error(
            MHO_ECONFIG,
            "crossbar.weight_bits = %zu, want 0: in crossbar.mode binary and ternary a "
            "weight is +-1 (or 0)",
            bits);
    if (bits == 1)
        return mho_error(
            MHO_ECONFIG,
            "crossbar.weight_bits = 1, want 2 or more (its sign is one of them), or 0");
    if (hw->crossbar.mode == MHO_MODE_TERNARY && single && hw->device.bits < 2)
        return mho_error(MHO_ECONFIG,
                         "device.bits = %zu, want 2 or more: a single cell of a ternary weight "
                         "takes three levels",
                         hw->device.bits);
    if (!mho_hw_is_binary(hw) && single && !bits && hw->device.bits < 2)
        return mho_error(MHO_ECONFIG,
                         "device.bits = %zu, want 2 or more: a single cell holds a weight and its "
                         "sign; or crossbar.weight_bits of several cells",
                         hw->device.bits);
    return MHO_OK;
}

mho_status mho_hw_check(const mho_hw *hw)
{
    mho_status s = mho_device_check(&hw->device);
    if (s)
        return s;
    s = check_weights(hw);
    if (s)
        return s;
    if (mho_hw_is_binary(hw) && hw->input.bits != 1)
        return mho_error(MHO_ECONFIG,
                         "input.bits = %zu, want 1: in crossbar.mode binary and ternary a feature "
                         "map is 1 bit",
                         hw->input.bits);
    const bool wires = hw->wires.r_row_ohm > 0 || hw->wires.r_col_ohm > 0 ||
                       hw->wires.r_driver_ohm > 0 || hw->wires.r_sense_ohm > 0;
    if (wires && hw->device.nonlinearity > 0)
        return mho_error(MHO_ENOTMODELED,
                         "device.nonlinearity = %g with wire resistance: want linear cells (0), or "
                         "ideal wires",
                         hw->device.nonlinearity);
    return MHO_OK;
}

mho_status mho_hw_check_cost(const mho_hw *hw)
{
    const struct {
        bool refused;
        const char *field, *value;
    } part[] = {
        {hw->crossbar.weights != MHO_WEIGHTS_DIFFERENTIAL, "crossbar.weights", "single"},
        {hw->crossbar.weight_bits != 0, "crossbar.weight_bits", "above 0"},
        {hw->input.coding != MHO_CODING_DIRECT, "input.coding", codings[hw->input.coding]},
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
