/* SPDX-License-Identifier: Apache-2.0 */
/* Archives of arrays: both parts of whatever the bytes are. */
#include "data/data_impl.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    mho_images images;
    for (int train = 0; train < 2; train++) {
        mho_status s = mhoi_npz_parse("fuzz.npz", (const char *)data, size, train, &images);
        mho_images_free(&images);
        fuzz_done(s);
    }
    return 0;
}
