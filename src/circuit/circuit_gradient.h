/* SPDX-License-Identifier: Apache-2.0 */
/* Voltages for one input vector by conjugate gradients. */
#ifndef MHO_CIRCUIT_GRADIENT_H
#define MHO_CIRCUIT_GRADIENT_H

#include "circuit/circuit_lines.h"

/* u, w [N][M] with drivers at v [N], 0 where there is none; both wires have resistance.  converged: whether every current is
 * exact to a relative 1e-10 of what the cells of its bit line let through; if not, voltages are no more than a start. */
MHO_MUST_CHECK mho_status mhoi_circuit_gradient(const circuit *c, const double *v, double *u,
                                                double *w, bool *converged);

#endif
