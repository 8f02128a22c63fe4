/* SPDX-License-Identifier: Apache-2.0 */
#include "data/data_impl.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    for (int hundred = 0; hundred < 2; hundred++) {
        mho_images images;
        const mho_status s =
            mhoi_cifar_parse(hundred, "fuzz.bin", (const char *)data, size, &images);
        if (s == MHO_OK)
            mho_images_free(&images);
        fuzz_done(s);
    }
    return 0;
}
