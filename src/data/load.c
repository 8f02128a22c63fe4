/* SPDX-License-Identifier: Apache-2.0 */
#include "data/load.h"

#include "base/hash.h"

void mhoi_images_load(const mho_images *images, mho_shape shape, size_t first, size_t n,
                      float scale, bool channels_last, float *out)
{
    const size_t c = shape.c, plane = shape.h * shape.w, from = first * c * plane;
    if (!channels_last || c == 1 || plane == 1) {
        for (size_t i = 0; i < n * c * plane; i++)
            out[i] = mhoi_images_element(images, from + i, scale);
        return;
    }
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < c; k++)
            for (size_t p = 0; p < plane; p++)
                out[(i * plane + p) * c + k] =
                    mhoi_images_element(images, from + (i * c + k) * plane + p, scale);
}

uint64_t mhoi_images_hash(uint64_t h, const mho_images *images, size_t count)
{
    const size_t n = count * images->shape.c * images->shape.h * images->shape.w;
    return images->value ? mhoi_hash(h, images->value, n * sizeof *images->value)
                         : mhoi_hash(h, images->pixel, n);
}
