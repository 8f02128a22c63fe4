/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "mho/net.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size);
    mho_net *out = NULL;
    const mho_status s = mho_net_read(text, "fuzz.yaml", &out);
    if (s == MHO_OK)
        mho_net_destroy(out);
    free(text);
    fuzz_done(s);
    return 0;
}
