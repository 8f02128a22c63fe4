/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "fuzz.h"
#include "mho/study.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size);
    mho_hw *hw;
    mho_grid *grid = NULL;
    mho_status s = mho_hw_default("array", &hw);
    if (s == MHO_OK)
        s = mho_grid_read(text, "fuzz.yaml", hw, &grid);
    mho_grid_destroy(grid);
    mho_hw_destroy(hw);
    free(text);
    fuzz_done(s);
    return 0;
}
