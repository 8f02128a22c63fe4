/* SPDX-License-Identifier: Apache-2.0 */
/* Copies of the sections of a crossbar accelerator, for what works by many of them. */
#ifndef MHO_MAP_MACHINE_H
#define MHO_MAP_MACHINE_H

#include "cost/cost_sections.h"
#include "map/map_sections.h"
#include "mho/circuit.h"
#include "mho/device.h"
#include "mho/hw.h"
#include "quant/quant_section.h"

typedef struct mhoi_machine {
    char name[32];
    mho_device device;
    mhoi_crossbar_options crossbar;
    mho_circuit_options wires;
    mhoi_input_options input;
    mhoi_output_options output;
    mhoi_read_options read;
    mhoi_quant_options quant;
    mhoi_timing_options timing;
    mhoi_chip_options chip;
    mhoi_reuse_options reuse;
    mhoi_digital_options digital;
    mhoi_readings_options readings;
    mhoi_technology_options technology;
} mhoi_machine;

/* MHO_ECONFIG: hw is of another arch. */
MHO_MUST_CHECK mho_status mhoi_machine_of(const mho_hw *hw, mhoi_machine *out);

#endif
