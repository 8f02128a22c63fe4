/* SPDX-License-Identifier: Apache-2.0 */
/* Memory in which a thread solves one crossbar after another; clearing it anew each time would cost an eighth of the work. */
#ifndef MHO_CIRCUIT_MEMORY_H
#define MHO_CIRCUIT_MEMORY_H

#include "mho/circuit.h"

typedef struct mhoi_circuit_memory {
    void *at;
    size_t bytes;
    double *cell; /* conductances of the cells, and in effect */
    size_t cells;
    size_t N, M, need; /* of the last shape: numbers that it takes; N = 0: none yet */
    size_t real;       /* bytes of a number, double or float */
    bool both_sides;
    double
        bound; /* largest so far of an approximate one: on a current, as a part of that with all inputs on */
} mhoi_circuit_memory; /* starts as {0} */

/* At least so many bytes: zero, or what was left there.  MHO_ENOMEM: then there are none. */
MHO_MUST_CHECK mho_status mhoi_circuit_memory_hold(mhoi_circuit_memory *m, size_t bytes);
/* Room for so many doubles at `cell`, of any values.  MHO_ENOMEM: then there is none. */
MHO_MUST_CHECK mho_status mhoi_circuit_memory_cells(mhoi_circuit_memory *m, size_t doubles);
/* Of the networks alone. */
void mhoi_circuit_memory_drop(mhoi_circuit_memory *m);
void mhoi_circuit_memory_free(mhoi_circuit_memory *m);

/* mho_circuit_effective in `memory`. */
MHO_MUST_CHECK mho_status mhoi_circuit_effective(const mho_circuit_options *options,
                                                 const mho_device *device, size_t N, size_t M,
                                                 size_t stride, const int16_t *g,
                                                 int16_t *effective, mhoi_circuit_memory *memory);

#endif
