/* SPDX-License-Identifier: Apache-2.0 */
#include "map/machine.h"

#include <stdio.h>

#include "circuit/wires_section.h"
#include "device/device_section.h"
#include "hw/sections.h"

mho_status mhoi_machine_of(const mho_hw *hw, mhoi_machine *out)
{
    mho_status s = mho_hw_want(hw, "crossbar");
    if (s)
        return s;
    snprintf(out->name, sizeof out->name, "%s", mho_hw_name(hw));
    out->device = *(const mho_device *)mhoi_hw_section(hw, &mhoi_device_section);
    out->crossbar = *(const mhoi_crossbar_options *)mhoi_hw_section(hw, &mhoi_crossbar_section);
    out->wires = *(const mho_circuit_options *)mhoi_hw_section(hw, &mhoi_wires_section);
    out->input = *(const mhoi_input_options *)mhoi_hw_section(hw, &mhoi_input_section);
    out->output = *(const mhoi_output_options *)mhoi_hw_section(hw, &mhoi_output_section);
    out->read = *(const mhoi_read_options *)mhoi_hw_section(hw, &mhoi_read_section);
    out->quant = *(const mhoi_quant_options *)mhoi_hw_section(hw, &mhoi_quant_section);
    out->chip = *(const mhoi_chip_options *)mhoi_hw_section(hw, &mhoi_chip_section);
    out->reuse = *(const mhoi_reuse_options *)mhoi_hw_section(hw, &mhoi_reuse_section);
    out->digital = *(const mhoi_digital_options *)mhoi_hw_section(hw, &mhoi_digital_section);
    out->timing = *(const mhoi_timing_options *)mhoi_hw_section(hw, &mhoi_timing_section);
    out->readings = *(const mhoi_readings_options *)mhoi_hw_section(hw, &mhoi_readings_section);
    out->technology =
        *(const mhoi_technology_options *)mhoi_hw_section(hw, &mhoi_technology_section);
    return MHO_OK;
}
