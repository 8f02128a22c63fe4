/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that is kept from one crossbar to the next. */
#include "circuit/circuit_memory.h"

#include "base/alloc.h"

mho_status mhoi_circuit_memory_hold(mhoi_circuit_memory *m, size_t doubles)
{
    if (m->doubles >= doubles)
        return MHO_OK;
    mhoi_circuit_memory_free(m);
    const mho_status s =
        mhoi_alloc(&m->at, doubles, sizeof *m->at, "resistor networks of a crossbar");
    m->doubles = s ? 0 : doubles;
    return s;
}

void mhoi_circuit_memory_free(mhoi_circuit_memory *m)
{
    mhoi_free(&m->at);
    m->doubles = 0;
}
