/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "fuzz.h"
#include "mho/array.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size);
    mho_array_options options;
    static mho_sweep_axes axes;
    mho_status s = mho_array_open(NULL, NULL, &options, NULL);
    if (s == MHO_OK)
        s = mho_sweep_axes_read(text, "fuzz.yaml", &options, &axes);
    free(text);
    fuzz_done(s);
    return 0;
}
