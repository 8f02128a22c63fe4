/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "fuzz.h"
#include "mho/device.h"
#include "mho/hw.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    mho_hw *hw = NULL;
    mho_status s = mho_hw_default("crossbar", &hw);
    if (s == MHO_OK) {
        mho_device device = *mho_hw_device(hw);
        device.bits = 2;
        (void)snprintf(device.table, sizeof device.table, "%s", fuzz_file(data, size));
        s = mho_device_read_table(&device);
    }
    mho_hw_destroy(hw);
    fuzz_done(s);
    return 0;
}
