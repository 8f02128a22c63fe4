/* SPDX-License-Identifier: Apache-2.0 */
#include "data/load.h"

#include <math.h>

#include "base/hash.h"
#include "net/graph.h"

static bool is_flat(mho_shape s)
{
    return (s.c == 1) + (s.h == 1) + (s.w == 1) >= 2;
}

static size_t elements(mho_shape s)
{
    return s.c * s.h * s.w;
}

static bool same(mho_shape a, mho_shape b)
{
    return a.c == b.c && a.h == b.h && a.w == b.w;
}

/* Channels of a picture: as of arrays, what a larger first and so small a last size tell to be [h][w][c]. */
#define CHANNELS_LAST 4

/* Does the network want [h][w][c] of it?  Sizes that fit by chance, as of maps of many channels, do not count. */
static bool is_last(mho_shape is, mho_shape want)
{
    return want.w <= CHANNELS_LAST && want.c > CHANNELS_LAST &&
           same((mho_shape){is.h, is.w, is.c}, want) && !same(is, want);
}

/* The same elements in the same order: sides of 1 stand elsewhere, as of the lines [c][w] of one axis. */
static bool in_order(mho_shape is, mho_shape want)
{
    const size_t a[] = {is.c, is.h, is.w}, b[] = {want.c, want.h, want.w};
    size_t i = 0, k = 0;
    for (;;) {
        while (i < 3 && a[i] == 1)
            i++;
        while (k < 3 && b[k] == 1)
            k++;
        if (i == 3 || k == 3 || a[i] != b[k])
            return i == k && i == 3;
        i++;
        k++;
    }
}

bool mhoi_images_are(const mho_images *images, mho_shape want)
{
    return in_order(images->shape, want) || is_last(images->shape, want);
}

mho_shape mhoi_image_shape_of(mho_shape own, mho_shape map, const mho_images *images)
{
    return is_flat(own) && elements(map) == elements(own) && mhoi_images_are(images, map) ? map
                                                                                          : own;
}

mho_shape mhoi_image_shape(const mho_net *net, const mho_images *images)
{
    const mho_net *placed = mhoi_net_placed(net);
    const mho_shape own = net->node[0].out;
    return mhoi_image_shape_of(own, placed ? placed->node[0].out : own, images);
}

mho_status mho_images_fit(const mho_images *images, mho_shape want, size_t classes,
                          const char *network)
{
    const mho_shape is = images->shape;
    if (!in_order(is, want) && !is_last(is, want) &&
        (elements(is) != elements(want) || !(is_flat(is) || is_flat(want))))
        return mho_error(MHO_EDOMAIN, "images of %zu x %zu x %zu, %s%s wants %zu x %zu x %zu", is.c,
                         is.h, is.w, network ? "network " : "the network", network ? network : "",
                         want.c, want.h, want.w);
    if (classes && images->label && images->classes > classes)
        return mho_error(MHO_EDOMAIN, "images of %zu classes, %s%s tells %zu apart",
                         images->classes, network ? "network " : "the network",
                         network ? network : "", classes);
    return MHO_OK;
}

mho_status mhoi_loader_open(const mho_images *images, mho_shape want, const mho_input *in,
                            const char *network, mhoi_loader *out)
{
    const bool told = in_order(images->shape, want) && !is_last(images->shape, want);
    const mho_shape is = told || (is_flat(images->shape) && !is_flat(want)) ? want : images->shape;
    mho_status s = mho_images_fit(images, want, 0, network);
    if (s != MHO_OK)
        return s;
    *out = (mhoi_loader){.images = images,
                         .in = *in,
                         .want = want,
                         .each = elements(want),
                         .c = is.c,
                         .plane = is.h * is.w};
    const bool spread = is.c > 1 && out->plane > 1; /* the order matters */
    out->last = spread && (is_last(is, want) || (is_flat(want) && in->layout == MHO_LAYOUT_NHWC));
    out->bare = images->value && !in->values;
    out->scaled = !in->channels;
    if (images->value && !in->scale_set)
        out->in.scale = 1;
    if (images->value && in->values && in->range_set)
        return mho_error(MHO_EDOMAIN, "a range tells what bytes become, and these images are other "
                                      "numbers: give scale and mean");
    if (!out->bare && in->channels > 1 && in->channels != is.c)
        return mho_error(MHO_EDOMAIN,
                         "means of %zu channels, the images have %zu (%zu x %zu x %zu)",
                         in->channels, is.c, images->shape.c, images->shape.h, images->shape.w);
    return MHO_OK;
}

/* Bytes in order, which most images are. */
static void read_plain(const mhoi_loader *l, size_t first, size_t n, float *out)
{
    const uint8_t *pixel = l->images->pixel + first * l->each;
    for (size_t i = 0; i < n * l->each; i++)
        out[i] = (float)pixel[i] * l->in.scale;
}

void mhoi_loader_read(const mhoi_loader *l, size_t first, size_t n, bool channels_last, float *out)
{
    const size_t plane = l->want.h * l->want.w, c = l->want.c;
    const bool turn = channels_last && plane > 1 && c > 1;
    if (!turn && l->scaled && !l->last && l->images->pixel) {
        read_plain(l, first, n, out);
        return;
    }
    for (size_t i = 0; i < n; i++, out += l->each)
        for (size_t k = 0; k < c; k++)
            for (size_t p = 0; p < plane; p++)
                out[turn ? p * c + k : k * plane + p] = mhoi_loader_at(l, first + i, k * plane + p);
}

void mhoi_loader_codes(const mhoi_loader *l, size_t first, size_t n, float scale, int low, int high,
                       uint8_t *out)
{
    for (size_t i = 0; i < n; i++)
        for (size_t d = 0; d < l->each; d++) {
            const float code = nearbyintf(mhoi_loader_at(l, first + i, d) / scale);
            *out++ = (uint8_t)(code < (float)low ? low : code > (float)high ? high : (int)code);
        }
}

mho_status mhoi_input_cover(mho_net *net, const mho_images *images, size_t count)
{
    const mhoi_input_codes codes = mhoi_net_input_codes(net);
    mhoi_loader l;
    mho_input in;
    float low = 0, high = 0;
    mho_net_get_input(net, &in);
    if (!images->value || in.low != 0 || in.high != 0)
        return MHO_OK;
    mho_status s = mhoi_loader_open(images, net->node[0].out, &in, net->name, &l);
    for (size_t i = 0; s == MHO_OK && i < count; i++)
        for (size_t d = 0; d < l.each; d++) {
            const float x = mhoi_loader_at(&l, i, d);
            low = x < low ? x : low;
            high = x > high ? x : high;
        }
    const float step = codes.largest / 128, below = codes.is_signed ? -codes.largest : 0;
    if (s == MHO_OK && (low < below - step || high > codes.largest + step)) {
        in = net->input;
        in.scale = net->input_scale;
        in.bits = net->input_bits;
        in.low = low;
        in.high = high;
        s = mho_net_set_input(net, &in);
    }
    return s;
}

uint64_t mhoi_images_hash(uint64_t h, const mho_images *images, size_t count)
{
    const size_t n = count * elements(images->shape);
    return images->value ? mhoi_fnv1a(h, images->value, n * sizeof *images->value)
                         : mhoi_fnv1a(h, images->pixel, n);
}
