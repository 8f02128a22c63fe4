/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "mho/hw.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size);
    mho_hw *out = NULL;
    const mho_status s = mho_hw_read(text, "fuzz.yaml", NULL, &out);
    if (s == MHO_OK)
        mho_hw_destroy(out);
    free(text);
    fuzz_done(s);
    return 0;
}
