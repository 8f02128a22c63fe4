/* SPDX-License-Identifier: Apache-2.0 */
/* The wires of a crossbar: section `wires` of a hardware description. */
#include "circuit/wires_section.h"

#include "base/fields.h"

#define REAL(...) MHOI_REAL(mho_circuit_options, __VA_ARGS__)
#define YES_NO(...) MHOI_YES_NO(mho_circuit_options, __VA_ARGS__)

static const char *const precisions[] = {
    [MHO_CIRCUIT_DOUBLE] = "double", [MHO_CIRCUIT_SINGLE] = "single", NULL};

static const mho_field wires_rows[] = {
    REAL("wires.r_row", r_row_ohm, "0", 0, 1e9, "ohm", 1,
         "resistance of a word line from one cell to the next; 0 = ideal wire"),
    REAL("wires.r_col", r_col_ohm, "0", 0, 1e9, "ohm", 1,
         "resistance of a bit line from one cell to the next; 0 = ideal wire"),
    REAL("wires.r_driver", r_driver_ohm, "0", 0, 1e9, "ohm", 1,
         "in series with each driver of a word line"),
    REAL("wires.r_sense", r_sense_ohm, "0", 0, 1e9, "ohm", 1,
         "in series with each converter at the end of a bit line"),
    YES_NO("wires.both_sides", both_sides, "false",
           "word lines are driven at both ends, with the same voltage"),
    YES_NO("wires.approximate", approximate, "false",
           "currents that cross more than one cell are approximated, for screening: programming is "
           "quicker, and "
           "reports tell the bound of the error"),
    MHOI_CHOICE(
        mho_circuit_options, "wires.precision", precision, "double", precisions,
        "of the exact solution; single eliminates 1.7 times faster, and is exact to about 5e-6 of "
        "an effective conductance; arrays below 64 x 64 cells are solved in double always"),
};
static const mho_fields wires_fields = {"wires", wires_rows, sizeof wires_rows / sizeof *wires_rows,
                                        sizeof(mho_circuit_options)};

const mhoi_section mhoi_wires_section = {.name = "wires", .fields = &wires_fields};
