/* SPDX-License-Identifier: Apache-2.0 */
/* Section `wires` of a hardware description; its options are a mho_circuit_options. */
#ifndef MHO_WIRES_SECTION_H
#define MHO_WIRES_SECTION_H

#include "base/section.h"
#include "mho/circuit.h"

extern const mhoi_section mhoi_wires_section;

#endif
