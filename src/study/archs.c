/* SPDX-License-Identifier: Apache-2.0 */
/* The kinds of hardware: which sections belong together, and the bounds across them. */
#include "study/archs.h"

#include <string.h>

#include "array/array_sections.h"
#include "circuit/wires_section.h"
#include "cost/cost_sections.h"
#include "device/device_section.h"
#include "map/map_sections.h"
#include "quant/quant_section.h"

static mho_status check_weights(const mhoi_crossbar_options *crossbar, const mho_device *device)
{
    const bool single = crossbar->weights == MHO_WEIGHTS_SINGLE;
    const size_t bits = crossbar->weight_bits;
    if (mhoi_is_binary(crossbar) && bits)
        return mho_error(
            MHO_ECONFIG,
            "crossbar.weight_bits = %zu, want 0: in crossbar.mode binary and ternary a "
            "weight is +-1 (or 0)",
            bits);
    if (bits == 1)
        return mho_error(
            MHO_ECONFIG,
            "crossbar.weight_bits = 1, want 2 or more (its sign is one of them), or 0");
    if (crossbar->mode == MHO_MODE_TERNARY && single && device->bits < 2)
        return mho_error(MHO_ECONFIG,
                         "device.bits = %zu, want 2 or more: a single cell of a ternary weight "
                         "takes three levels",
                         device->bits);
    if (crossbar->mode == MHO_MODE_FULL && single && !bits && device->bits < 2)
        return mho_error(MHO_ECONFIG,
                         "device.bits = %zu, want 2 or more: a single cell holds a weight and its "
                         "sign; or crossbar.weight_bits of several cells",
                         device->bits);
    return MHO_OK;
}

static mho_status check_crossbar(const mho_hw *hw)
{
    const mho_device *device = mhoi_hw_section(hw, &mhoi_device_section);
    const mhoi_crossbar_options *crossbar = mhoi_hw_section(hw, &mhoi_crossbar_section);
    const mho_circuit_options *wires = mhoi_hw_section(hw, &mhoi_wires_section);
    const mhoi_input_options *input = mhoi_hw_section(hw, &mhoi_input_section);
    const mhoi_output_options *output = mhoi_hw_section(hw, &mhoi_output_section);
    mho_status s = check_weights(crossbar, device);
    if (s)
        return s;
    if (output->reference == MHO_REFERENCE_LEVEL0 && crossbar->weights == MHO_WEIGHTS_SINGLE)
        return mho_error(MHO_ECONFIG,
                         "output.reference = level0, want none with crossbar.weights single, whose "
                         "offset crossbar.offset takes off");
    if (output->reference == MHO_REFERENCE_LEVEL0 && crossbar->weights == MHO_WEIGHTS_MERGED)
        return mho_error(MHO_ECONFIG, "output.reference = level0, want none with crossbar.weights "
                                      "merged, whose columns take level 0 off themselves");
    if (output->merge == MHO_MERGE_SLICES && crossbar->slicing == MHO_SLICES_CROSSBARS)
        return mho_error(MHO_ECONFIG, "output.merge = slices, want none with crossbar.slicing "
                                      "crossbars: currents of one crossbar can be joined");
    if (mhoi_is_binary(crossbar) && input->bits != 1)
        return mho_error(MHO_ECONFIG,
                         "input.bits = %zu, want 1: in crossbar.mode binary and ternary a feature "
                         "map is 1 bit",
                         input->bits);
    const bool resistance = wires->r_row_ohm > 0 || wires->r_col_ohm > 0 ||
                            wires->r_driver_ohm > 0 || wires->r_sense_ohm > 0;
    if (resistance && device->nonlinearity > 0)
        return mho_error(MHO_ENOTMODELED,
                         "device.nonlinearity = %g with wire resistance: want linear cells (0), or "
                         "ideal wires",
                         device->nonlinearity);
    return MHO_OK;
}

/* Readings are a matter of tables that have no models, and what cells are read under of those that have. */
static const char *idle_in_prices(const mhoi_technology_options *technology, const char *key)
{
    const bool reading =
        !strncmp(key, "readings.", 9) && strcmp(key, "readings.input_sharing") != 0;
    if (reading && technology->models)
        return "the technology has component models, which take the placement's own numbers";
    const bool read =
        !strncmp(key, "read.", 5) || !strcmp(key, "output.readout") || !strcmp(key, "leakage");
    if (read && !technology->models && !technology->fallback)
        return "the technology has no component models";
    return NULL;
}

/* One price alone that is set, of a converter that does not stand. */
static const char *idle_converter(const char *overrides, int readout)
{
    static const char *const model[][2] = {
        [MHO_READOUT_SENSE_AMPLIFIER] = {"adc_sense_amplifier.",
                                         "output.readout is not sense_amplifier"},
        [MHO_READOUT_FLASH] = {"adc_flash.", "output.readout is not flash"},
        [MHO_READOUT_SAR] = {"adc_sar.", "output.readout is not sar"},
        [MHO_READOUT_RAMP] = {"adc_ramp.", "output.readout is not ramp"},
    };
    if (strchr(overrides, ';'))
        return NULL;
    for (int i = 0; i < (int)(sizeof model / sizeof *model); i++)
        if (i != readout && !strncmp(overrides, model[i][0], strlen(model[i][0])))
            return model[i][1];
    return NULL;
}

static const char *idle_on_crossbar(const mho_hw *hw, const char *key)
{
    const mhoi_crossbar_options *crossbar = mhoi_hw_section(hw, &mhoi_crossbar_section);
    const mho_circuit_options *wires = mhoi_hw_section(hw, &mhoi_wires_section);
    const mhoi_output_options *output = mhoi_hw_section(hw, &mhoi_output_section);
    const char *prices = idle_in_prices(mhoi_hw_section(hw, &mhoi_technology_section), key);
    if (prices)
        return prices;
    if (!strcmp(key, "output.merge") && output->merge == MHO_MERGE_SLICES && !crossbar->weight_bits)
        return "crossbar.weight_bits is 0: a weight has one slice";
    if (!strcmp(key, "overrides")) {
        const mhoi_technology_options *tech = mhoi_hw_section(hw, &mhoi_technology_section);
        return idle_converter(tech->overrides, output->readout);
    }
    if (!strcmp(key, "readings.converters_per_weight_column") && output->per == MHO_PER_PAIR)
        return "output.per is pair: one converter takes the difference of both columns";
    if (!strncmp(key, "readings.con", 12) && crossbar->weights == MHO_WEIGHTS_SINGLE)
        return "crossbar.weights is single: a weight has no pair";
    if (!strncmp(key, "quant.", 6) && mhoi_is_binary(crossbar))
        return "crossbar.mode is not full";
    if (!strcmp(key, "quant.scales") && crossbar->mode != MHO_MODE_FULL)
        return "crossbar.mode is not full: a layer has one scale";
    if (!strcmp(key, "output.column_sum") && crossbar->mode == MHO_MODE_FULL)
        return "crossbar.mode is full";
    if (!strcmp(key, "output.code_bits") && crossbar->mode != MHO_MODE_MIXED)
        return "crossbar.mode is not mixed";
    if (!strcmp(key, "wires.both_sides") && wires->r_row_ohm == 0 && wires->r_driver_ohm == 0)
        return "wires.r_row and r_driver are 0";
    if (!strcmp(key, "wires.approximate") && (wires->r_row_ohm == 0 || wires->r_col_ohm == 0))
        return "wires.r_row or r_col is 0: exact elimination is as quick";
    if (!strcmp(key, "wires.precision") && (wires->r_row_ohm == 0 || wires->r_col_ohm == 0))
        return "wires.r_row or r_col is 0: what is solved then is solved in double precision";
    if (!strcmp(key, "wires.precision") && wires->approximate)
        return "wires.approximate is true: nothing is solved exactly";
    return NULL;
}

static const mhoi_section *const crossbar_sections[] = {
    &mhoi_device_section,     &mhoi_crossbar_section,
    &mhoi_wires_section,      &mhoi_input_section,
    &mhoi_output_section,     &mhoi_read_section,
    &mhoi_timing_section,     &mhoi_chip_section,
    &mhoi_reuse_section,      &mhoi_digital_section,
    &mhoi_quant_section,      &mhoi_readings_section,
    &mhoi_technology_section, NULL};
static const mhoi_arch crossbar_arch = {"crossbar", crossbar_sections, check_crossbar,
                                        idle_on_crossbar};

static const mhoi_section *const array_sections[] = {
    &mhoi_array_section, &mhoi_buffers_section, &mhoi_prices_section, &mhoi_memories_section, NULL};
static const mhoi_arch array_arch = {.name = "array", .sections = array_sections};

/* The first is that of descriptions which name none. */
static const mhoi_arch *const archs[] = {&crossbar_arch, &array_arch, NULL};

const mhoi_arch *const *mhoi_archs(void)
{
    return archs;
}

const char *mho_hw_arch_name(size_t i)
{
    const size_t count = sizeof archs / sizeof *archs - 1;
    return i < count ? archs[i]->name : NULL;
}

mho_status mho_hw_open(const char *name, const char *const *sets, mho_hw **out)
{
    return mhoi_hw_open(archs, name, sets, out);
}

mho_status mho_hw_read(const char *text, const char *place, const char *const *sets, mho_hw **out)
{
    return mhoi_hw_read(archs, text, place, sets, out);
}

mho_status mho_hw_clone_ideal(const mho_hw *hw, mho_hw **out)
{
    mho_status s = mho_hw_clone(hw, out);
    mho_device *device = s ? NULL : mhoi_hw_edit(*out, &mhoi_device_section);
    if (device)
        *device = mho_device_ideal(device);
    return s;
}

const mho_device *mho_hw_device(const mho_hw *hw)
{
    return mhoi_hw_section(hw, &mhoi_device_section);
}

mho_status mho_hw_default(const char *arch, mho_hw **out)
{
    const mhoi_arch *found = NULL;
    *out = NULL;
    mho_status s = mhoi_arch_find(archs, "default hardware", arch, &found);
    return s ? s : mhoi_hw_default(found, out);
}
