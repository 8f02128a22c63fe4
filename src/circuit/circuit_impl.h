/* SPDX-License-Identifier: Apache-2.0 */
/* Resistor networks as conductances between nodes, and elimination of inner nodes. */
#ifndef MHO_CIRCUIT_IMPL_H
#define MHO_CIRCUIT_IMPL_H

#include "circuit/circuit_memory.h"
#include "mho/circuit.h"

typedef struct circuit {
    const mho_circuit_options *options;
    size_t N, M;
    const double *g_S;
    const bool *floating;
} circuit;

/* Errors as told in mho/circuit.h. */
MHO_MUST_CHECK mho_status mhoi_circuit_check(const circuit *c);

/* Of a block of cells, with its ports. */
enum { LEFT, RIGHT, TOP, BOTTOM, SIDES };

/* A network of `size` nodes of which the first `inner` have no connection to the outside:
 * o[i][j], i < j, is the conductance between nodes i and j.  Below the diagonal nothing is defined. */
typedef struct network {
    double *o;
    double *scratch; /* of the elimination */
    size_t size, inner;
} network;

MHO_MUST_CHECK mho_status mhoi_network_create(size_t size, size_t inner, network *out);
void mhoi_network_destroy(network *net);

/* Eliminates the inner nodes (docs/models/circuit.md eq. (4)).  Row k < inner then holds the conductances
 * that node k had when its turn came, divided by the root of their sum, and that root on the diagonal. */
void mhoi_network_eliminate(network *net);
/* The same, but of the remaining nodes only the conductances from [inner, split) to [split, size). */
void mhoi_network_eliminate_across(network *net, size_t split);

/* x [size]: voltages; those of the inner nodes from the others, after the elimination. */
void mhoi_network_voltages(const network *net, double *x);

/* Conductance of wire and driver at the ends of word line n (0 if it floats), and at the foot of a bit
 * line.  Only where that resistance is not 0. */
double mhoi_circuit_driver_S(const circuit *c, size_t n);
double mhoi_circuit_sense_S(const circuit *c);

/* T by merging blocks, in double or single precision; both wires have resistance. */
MHO_MUST_CHECK mho_status mhoi_circuit_nested_double(const circuit *c, mhoi_circuit_memory *memory,
                                                     double *T_S);
MHO_MUST_CHECK mho_status mhoi_circuit_nested_single(const circuit *c, mhoi_circuit_memory *memory,
                                                     double *T_S);
/* mho_circuit_transfer in `memory`. */
MHO_MUST_CHECK mho_status mhoi_circuit_transfer(const circuit *c, mhoi_circuit_memory *memory,
                                                double *T_S);
/* T where word lines or bit lines or both are ideal wires. */
MHO_MUST_CHECK mho_status mhoi_circuit_with_ideal_wires(const circuit *c, double *T_S);
/* Then: the voltages u [N][M] of ideal word lines and w [N][M] of ideal bit lines. */
MHO_MUST_CHECK mho_status mhoi_circuit_ideal_voltages(const circuit *c, const double *v, double *u,
                                                      double *w);

#endif
