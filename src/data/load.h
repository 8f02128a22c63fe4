/* SPDX-License-Identifier: Apache-2.0 */
/* Images as networks read them: the one place where pixels become x. */
#ifndef MHO_DATA_LOAD_H
#define MHO_DATA_LOAD_H

#include "mho/data.h"

typedef struct mhoi_loader {
    const mho_images *images;
    mho_input in;
    mho_shape want;          /* of the network's input */
    size_t each, c, plane;   /* elements of an image; its channels, and their elements */
    bool last, scaled, bare; /* x in order [h][w][c]; x = e scale; x = e */
} mhoi_loader;

/* Fits the images to the network's input of that shape: the same; [h][w][c] of it, or as many elements where one of the two is
 * flat, in the order that in->layout tells.  network: its name for the message, or NULL.
 * MHO_EDOMAIN: they do not fit, or means of other channels. */
MHO_MUST_CHECK mho_status mhoi_loader_open(const mho_images *images, mho_shape want,
                                           const mho_input *in, const char *network,
                                           mhoi_loader *out);

/* x at place d of an image, 0 <= d < each, in the order of the network's input. */
static inline float mhoi_loader_at(const mhoi_loader *l, size_t image, size_t d)
{
    if (!l->last && (l->bare || l->scaled)) {
        const size_t at = image * l->each + d;
        const float there = l->images->value ? l->images->value[at] : (float)l->images->pixel[at];
        return l->bare ? there : there * l->in.scale;
    }
    const size_t k = l->last ? d % l->c : d / l->plane;
    const size_t i = image * l->each + (l->last ? k * l->plane + d / l->c : d);
    const float e = l->images->value ? l->images->value[i] : (float)l->images->pixel[i];
    if (l->bare)
        return e;
    return l->scaled ? e * l->in.scale : mho_input_value(&l->in, k, e);
}

/* Are they of that shape: in this order, or channels last? */
bool mhoi_images_are(const mho_images *images, mho_shape want);

/* As what a network reads such images: the map that its elements are, where they are no map in software. */
mho_shape mhoi_image_shape(const mho_net *net, const mho_images *images);
mho_shape mhoi_image_shape_of(mho_shape own, mho_shape map, const mho_images *images);

/* n images from `first` on: out is [n][each] in the order of the network's input, or, with channels_last, [n][h][w][c] of its
 * shape. */
void mhoi_loader_read(const mhoi_loader *l, size_t first, size_t n, bool channels_last, float *out);
/* The nearest codes of a scale, low..high: bytes, in two's complement where low < 0. */
void mhoi_loader_codes(const mhoi_loader *l, size_t first, size_t n, float scale, int low, int high,
                       uint8_t *out);

/* Where the first `count` images are numbers that are no bytes and reach beyond what the codes of the network's input cover, they
 * cover these from now on. */
MHO_MUST_CHECK mho_status mhoi_input_cover(mho_net *net, const mho_images *images, size_t count);

/* Of the elements of the first `count` images. */
uint64_t mhoi_images_hash(uint64_t h, const mho_images *images, size_t count);

#endif
