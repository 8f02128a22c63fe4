/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "mho/cost.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size);
    mho_technology *out = NULL;
    const mho_status s = mho_technology_parse(text, "fuzz.yaml", &out);
    if (s == MHO_OK)
        mho_technology_destroy(out);
    free(text);
    fuzz_done(s);
    return 0;
}
