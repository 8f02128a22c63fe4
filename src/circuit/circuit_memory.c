/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that is kept from one crossbar to the next. */
#include "circuit/circuit_memory.h"

#include "base/alloc.h"

mho_status mhoi_circuit_memory_hold(mhoi_circuit_memory *m, size_t bytes)
{
    if (m->bytes >= bytes)
        return MHO_OK;
    mhoi_circuit_memory_drop(m);
    const mho_status s = mhoi_alloc(&m->at, bytes, 1, "resistor networks of a crossbar");
    m->bytes = s ? 0 : bytes;
    return s;
}

mho_status mhoi_circuit_memory_cells(mhoi_circuit_memory *m, size_t doubles)
{
    if (m->cells >= doubles)
        return MHO_OK;
    mhoi_free(&m->cell);
    const mho_status s =
        mhoi_alloc(&m->cell, doubles, sizeof *m->cell, "conductances of a crossbar");
    m->cells = s ? 0 : doubles;
    return s;
}

void mhoi_circuit_memory_drop(mhoi_circuit_memory *m)
{
    mhoi_free(&m->at);
    m->bytes = 0;
}

void mhoi_circuit_memory_free(mhoi_circuit_memory *m)
{
    mhoi_circuit_memory_drop(m);
    mhoi_free(&m->cell);
    m->cells = 0;
}
