/* SPDX-License-Identifier: Apache-2.0 */
/* A crossbar with wire resistance: currents into the sense amplifiers, as exact as double precision.
 *
 * N word lines are driven at the left (also at the right, if so chosen), M bit lines end at the bottom in
 * sense amplifiers, which hold 0 V.  r_row is the resistance of a word line from the driver to the first
 * cell and between neighbouring cells, r_col that of a bit line between neighbouring cells and from the
 * last cell to the sense amplifier.  Cells are linear.  Then the currents are linear in the driver
 * voltages, i = T v, and T is found once per programming.  Equations: docs/models/circuit.md. */
#ifndef MHO_CIRCUIT_H
#define MHO_CIRCUIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "mho/device.h"
#include "mho/status.h"

MHO_C_BEGIN

#define MHO_CIRCUIT_LINES 4096 /* most word lines, and most bit lines */
/* Each resistance and conductance is 0 or within these bounds: beyond them products leave the range of
 * double precision. */
#define MHO_CIRCUIT_MIN 1e-18
#define MHO_CIRCUIT_MAX 1e18

/* Of the elimination that mho_circuit_transfer and mho_circuit_effective make. */
typedef enum mho_circuit_precision {
    MHO_CIRCUIT_DOUBLE,
    MHO_CIRCUIT_SINGLE /* about half the time; entries of T exact to 1e-5 of themselves (128 x 128: 2e-6) */
} mho_circuit_precision;

typedef struct mho_circuit_options {
    double r_row_ohm, r_col_ohm;      /* of a wire segment; 0 = ideal wire */
    double r_driver_ohm, r_sense_ohm; /* in series at the ends of a word line and a bit line */
    bool both_sides;                  /* word lines driven at both ends, with the same voltage */
    bool approximate; /* effective conductances by mho_circuit_approximate; other calls are exact */
    mho_circuit_precision precision; /* of the two calls named above; all others are double */
} mho_circuit_options;

MHO_API mho_circuit_options mho_circuit_options_default(void); /* all 0 and false: ideal */

/* In all calls: g_S [N][M], conductance of the cell of word line n and bit line m.  floating [N]: true
 * where a word line has no driver, or NULL for none; a word line that is not selected but held at 0 V is
 * not floating, its voltage is 0.
 * MHO_EDOMAIN: a value is negative, NaN or out of bounds (its place is named), or a floating word line
 * has no cell of nonzero conductance; MHO_ENOMEM; MHO_EINTERRUPTED.  The output is then undefined. */

/* T [M][N] in siemens: the current into sense amplifier m per volt at driver n; 0 for a floating n.
 * Every entry is as accurate as double precision (or single: options) allows, however different wires and cells are: it comes
 * from sums, products and quotients of positive numbers.  Single: arrays of 64 x 64 cells and more whose wires all have
 * resistance; others are solved in double precision, which is quicker for them.  Cost about 15 max(N, M)^3.  One thread. */
MHO_API MHO_MUST_CHECK mho_status mho_circuit_transfer(const mho_circuit_options *options, size_t N,
                                                       size_t M, const double *g_S,
                                                       const bool *floating, double *T_S);

/* For screening: an approximation of T in time proportional to N M, and a bound on its error: where all
 * |v[n]| <= V, current m is wrong by no more than bound_S[m] V.  The approximation is exact to first
 * order in the wire resistances (for word lines that do not float), the bound holds always but can be
 * wide where wires matter much.  With ideal wires on either side it is mho_circuit_transfer. */
MHO_API MHO_MUST_CHECK mho_status mho_circuit_approximate(const mho_circuit_options *options,
                                                          size_t N, size_t M, const double *g_S,
                                                          const bool *floating, double *T_S,
                                                          double *bound_S);

/* Voltages at every cell with driver voltages v_V [N] (what floats is ignored): u_V [N][M] of the word
 * lines, w_V [N][M] of the bit lines; the map of the IR drop.  residual: the largest violation of
 * Kirchhoff's current law at any node, over the sum of conductances at the node times the largest
 * |v_V|; a few 1e-16 are the rounding of the voltages themselves.
 * MHO_ENOCONV: the residual is above 1e-10 (never expected).  Memory about 300 N M bytes and more. */
MHO_API MHO_MUST_CHECK mho_status mho_circuit_voltages(const mho_circuit_options *options, size_t N,
                                                       size_t M, const double *g_S,
                                                       const bool *floating, const double *v_V,
                                                       double *u_V, double *w_V, double *residual);

/* Currents i_A [M] of one vector of driver voltages, each exact to a relative 1e-10 of what its cells let through: by conjugate
 * gradients in a time of about N M (1 ms for 128 x 128), by elimination where wires are as bad as cells (eq. (13)).  residual and
 * errors as mho_circuit_voltages. */
MHO_API MHO_MUST_CHECK mho_status mho_circuit_vector(const mho_circuit_options *options, size_t N,
                                                     size_t M, const double *g_S,
                                                     const bool *floating, const double *v_V,
                                                     double *i_A, double *residual);

/* i_A [M] = T v. */
MHO_API void mho_circuit_currents(size_t N, size_t M, const double *T_S, const double *v_V,
                                  double *i_A);

/* Programmed crossbars with wire resistance, for mho_crossbar_program: g and effective (they may be the
 * same) in the integer units of the device, above g_off; word line n and bit line m at [m stride + n], so
 * that one crossbar can be a part of a larger matrix.  effective = round((T - g_off) / unit),
 * docs/models/circuit.md eq. (14); negative where the wires take more than g_off leaves.  Word line N - 1
 * is next to the sense amplifiers, bit line 0 next to the drivers.
 * MHO_EDOMAIN: a cell more than half a unit below 0 S, or a value beyond 32767 units. */
MHO_API MHO_MUST_CHECK mho_status mho_circuit_effective(const mho_circuit_options *options,
                                                        const mho_device *device, size_t N,
                                                        size_t M, size_t stride, const int16_t *g,
                                                        int16_t *effective);

/* The circuit with driver voltages v_V as a SPICE netlist that `ngspice -b` runs as it is: it prints
 * i(vsM), the current into sense amplifier M (from 1).  MHO_EFILE: the stream refused. */
MHO_API MHO_MUST_CHECK mho_status mho_circuit_spice(const mho_circuit_options *options, size_t N,
                                                    size_t M, const double *g_S,
                                                    const bool *floating, const double *v_V,
                                                    FILE *file);

/* Numbers of a CSV file: commas, blanks around them, `#` comments, empty lines, either line end. */
typedef struct mho_circuit_table {
    double *value; /* [rows][columns] */
    size_t rows, columns;
} mho_circuit_table;

/* Conductances in siemens, a word line a line.
 * MHO_EFORMAT: file:line:column, no number, or a line of another length; MHO_EDOMAIN: a number out of
 * bounds, more than MHO_CIRCUIT_LINES lines or columns; MHO_EFILE. */
MHO_API MHO_MUST_CHECK mho_status mho_circuit_read_conductances(const char *path,
                                                                mho_circuit_table *out);
/* Voltages of N drivers, -MHO_CIRCUIT_MAX..MHO_CIRCUIT_MAX: either N lines of one value (one input
 * vector) or any number of lines of N values (an input vector each).  out is [vectors][N].  The word
 * `float` instead of a number leaves a word line without driver; its value is then NaN. */
MHO_API MHO_MUST_CHECK mho_status mho_circuit_read_voltages(const char *path, size_t N,
                                                            mho_circuit_table *out);
MHO_API void mho_circuit_table_clear(mho_circuit_table *table);

MHO_C_END

#endif
