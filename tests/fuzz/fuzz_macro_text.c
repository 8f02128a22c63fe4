/* SPDX-License-Identifier: Apache-2.0 */
#include "mho/cost.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    mho_macro macro;
    fuzz_done(mho_macro_read(fuzz_file(data, size), "sram", &macro));
    return 0;
}
