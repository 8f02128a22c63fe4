/* SPDX-License-Identifier: Apache-2.0 */
#include "data/data_impl.h"
#include "tensor/npy.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *bytes = (const char *)data;
    mho_images images, labels = {.count = 0};
    mho_status s = mhoi_arrays_parse_x("fuzz.npy", bytes, size, &images);
    if (s == MHO_OK)
        mho_images_free(&images);
    fuzz_done(s);
    mhoi_npy npy;
    if (mhoi_npy_parse(bytes, size, "fuzz.npy", &npy) == MHO_OK)
        labels.count = npy.count;
    s = mhoi_arrays_parse_y("fuzz.npy", bytes, size, &labels);
    mho_images_free(&labels);
    fuzz_done(s);
    return 0;
}
