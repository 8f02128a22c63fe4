/* SPDX-License-Identifier: Apache-2.0 */
#include "mho/json.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    mho_json *value = NULL;
    const mho_status s = mho_json_parse((const char *)data, size, "fuzz.json", &value);
    if (s == MHO_OK)
        mho_json_destroy(value);
    fuzz_done(s);
    return 0;
}
