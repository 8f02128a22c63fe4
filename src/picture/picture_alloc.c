/* SPDX-License-Identifier: Apache-2.0 */
/* Memory for the samples of a picture, against what its file can hold. */
#include "base/alloc.h"
#include "picture_impl.h"

mho_status mhoi_picture_alloc(const char *path, size_t size, size_t ratio, mhoi_picture *out)
{
    if (out->w < 1 || out->w > MHOI_PICTURE_SIDE || out->h < 1 || out->h > MHOI_PICTURE_SIDE)
        return mho_error(MHO_EFORMAT, "%s: %zu x %zu pixels, want sides of 1..%zu", path, out->h,
                         out->w, MHOI_PICTURE_SIDE);
    const size_t samples = out->c * out->h * out->w;
    if (samples / ratio > size)
        return mho_error(MHO_EFORMAT, "%s: %zu bytes are too few for %zu x %zu x %zu samples", path,
                         size, out->c, out->h, out->w);
    return mhoi_alloc(&out->sample, samples, 1, path);
}
