/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"
#include "fuzz.h"
#include "picture/picture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    mhoi_picture picture;
    mho_status s = mhoi_picture_parse("fuzz.png", (const char *)data, size, &picture);
    if (s == MHO_OK)
        mhoi_free(&picture.sample);
    fuzz_done(s);
    return 0;
}
