/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"
#include "base/file.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *bytes = NULL;
    size_t length = 0;
    const mho_status s = mhoi_file_read(fuzz_file(data, size), 1 << 20, &bytes, &length);
    mhoi_free(&bytes);
    fuzz_done(s);
    return 0;
}
