/* SPDX-License-Identifier: Apache-2.0 */
#include "data/data_impl.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *bytes = (const char *)data;
    mho_images images, labels;
    size_t at = 0;
    fuzz_done(mhoi_idx_parse_images("fuzz.idx", bytes, size, &at, &images));
    const size_t count = size < 8 ? 0 : (size_t)data[6] << 8 | data[7]; /* as a header may say */
    const mho_status s = mhoi_idx_parse_labels("fuzz.idx", bytes, size, count, &labels);
    if (s == MHO_OK)
        mho_images_free(&labels);
    fuzz_done(s);
    return 0;
}
