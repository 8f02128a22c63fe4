/* SPDX-License-Identifier: Apache-2.0 */
/* --sweep: the axes one a line. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "mho/study.h"

enum { AXES = 8 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size), *rest = text;
    const char *axes[AXES + 1] = {NULL};
    mho_hw *hw = NULL;
    mho_grid *grid = NULL;
    for (size_t i = 0; i < AXES && rest; i++)
        axes[i] = strsep(&rest, "\n");
    mho_status s = mho_hw_default("crossbar", &hw);
    if (s == MHO_OK)
        s = mho_grid_create(hw, axes, &grid);
    if (s == MHO_OK)
        mho_grid_destroy(grid);
    mho_hw_destroy(hw);
    free(text);
    fuzz_done(s);
    return 0;
}
