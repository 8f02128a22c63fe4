/* SPDX-License-Identifier: Apache-2.0 */
#include "mho/circuit.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    mho_circuit_table table;
    const char *path = fuzz_file(data, size);
    mho_status s = mho_circuit_read_conductances(path, &table);
    mho_circuit_table_clear(&table);
    fuzz_done(s);
    s = mho_circuit_read_voltages(path, size ? data[0] % 4 + 1 : 1, &table);
    mho_circuit_table_clear(&table);
    fuzz_done(s);
    return 0;
}
