/* SPDX-License-Identifier: Apache-2.0 */
/* Images as networks read them. */
#ifndef MHO_DATA_LOAD_H
#define MHO_DATA_LOAD_H

#include "mho/data.h"

/* n images of that shape (the network's) from `first` on, pixels times scale, other numbers as they are: out is
 * [n][c][h][w], or [n][h][w][c]. */
void mhoi_images_load(const mho_images *images, mho_shape shape, size_t first, size_t n,
                      float scale, bool channels_last, float *out);
/* Element i of all. */
static inline float mhoi_images_element(const mho_images *images, size_t i, float scale)
{
    return images->value ? images->value[i] : (float)images->pixel[i] * scale;
}
/* Of the elements of the first `count` images. */
uint64_t mhoi_images_hash(uint64_t h, const mho_images *images, size_t count);

#endif
