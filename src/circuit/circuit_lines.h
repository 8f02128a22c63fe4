/* SPDX-License-Identifier: Apache-2.0 */
/* Word lines and bit lines one by one, the other ends of their cells held at given voltages. */
#ifndef MHO_CIRCUIT_LINES_H
#define MHO_CIRCUIT_LINES_H

#include "circuit/circuit_impl.h"

/* A node's part of what comes from the line's far end (pass), and of what flows into the node (gain); all
 * [N][M].  Only for wires that have resistance. */
typedef struct lines {
    const circuit *c;
    double *word_pass, *word_gain, *bit_pass, *bit_gain;
} lines;

MHO_MUST_CHECK mho_status mhoi_lines_create(const circuit *c, lines *out);
void mhoi_lines_destroy(lines *l);

/* u [N][M]: voltages of the word lines where drivers are at v [N] (what floats is ignored) and bit lines
 * at w [N][M]; docs/models/circuit.md eq. (9). */
void mhoi_lines_word(const lines *l, const double *v, const double *w, double *u);
/* u [N][M]: voltages of the word lines where f [N][M] flows into their nodes, drivers and bit lines at 0 V. */
void mhoi_lines_word_source(const lines *l, const double *f, double *u);
/* w [N][M]: voltages of the bit lines where word lines are at u and sense amplifiers at 0 V. */
void mhoi_lines_bit(const lines *l, const double *u, double *w);

#endif
