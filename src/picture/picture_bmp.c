/* SPDX-License-Identifier: Apache-2.0 */
/* BMP without compression: pixels of 24 or 32 bits, or 8 bits of a palette; rows from below, or from above where the height
 * is negative, each filled up to four bytes. */
#include "base/alloc.h"
#include "picture_impl.h"

#define HEADER ((size_t)54) /* of the file, 14, and of the picture, 40 or more */

static uint32_t number(const char *bytes, size_t at, size_t width)
{
    uint32_t value = 0;
    for (size_t k = width; k-- > 0;)
        value = value << 8 | (unsigned char)bytes[at + k];
    return value;
}

typedef struct layout {
    size_t pixels, palette, colours, bits, row; /* places and sizes in bytes, but bits of a pixel */
    bool from_above;
} layout;

static mho_status read_header(const char *path, const char *bytes, size_t size, layout *l,
                              mhoi_picture *out)
{
    if (size < HEADER || number(bytes, 14, 4) < 40)
        return mho_error(MHO_EFORMAT, "%s: truncated, or a BMP of before Windows 3", path);
    const uint32_t height = number(bytes, 22, 4), compression = number(bytes, 30, 4);
    l->from_above = height > INT32_MAX;
    l->bits = number(bytes, 28, 2);
    l->pixels = number(bytes, 10, 4);
    l->palette = 14 + (size_t)number(bytes, 14, 4);
    l->colours = number(bytes, 46, 4) ? number(bytes, 46, 4) : 256;
    *out = (mhoi_picture){
        .c = 3, .h = l->from_above ? 0U - height : height, .w = number(bytes, 18, 4)};
    if (compression || (l->bits != 8 && l->bits != 24 && l->bits != 32))
        return mho_error(MHO_ENOTMODELED,
                         "%s: BMP of %zu bits a pixel, compression %u, want 8, 24 or 32 bits "
                         "without compression",
                         path, l->bits, (unsigned)compression);
    mho_status s = mhoi_picture_alloc(path, size, 3, out);
    l->row = (out->w * l->bits / 8 + 3) / 4 * 4;
    if (!s && (l->pixels > size || size - l->pixels < l->row * out->h))
        s = mho_error(MHO_EFORMAT, "%s: truncated: %zu bytes, want %zu of pixels from byte %zu",
                      path, size, l->row * out->h, l->pixels);
    if (!s && l->bits == 8 && (l->palette > size || (size - l->palette) / 4 < l->colours))
        s = mho_error(MHO_EFORMAT, "%s: truncated: a palette of %zu colours", path, l->colours);
    return s;
}

mho_status mhoi_picture_bmp(const char *path, const char *bytes, size_t size, mhoi_picture *out)
{
    layout l = {.row = 0};
    mho_status s = read_header(path, bytes, size, &l, out);
    for (size_t y = 0; !s && y < out->h; y++) {
        const char *row = bytes + l.pixels + (l.from_above ? y : out->h - 1 - y) * l.row;
        for (size_t x = 0; x < out->w; x++) {
            const size_t colour = (unsigned char)row[x];
            const char *pixel = row + x * l.bits / 8;
            if (l.bits == 8 && colour >= l.colours)
                return mho_error(MHO_EFORMAT, "%s: colour %zu of %zu", path, colour, l.colours);
            if (l.bits == 8)
                pixel = bytes + l.palette + 4 * colour;
            for (size_t k = 0; k < 3; k++)
                out->sample[3 * (y * out->w + x) + k] = (uint8_t)pixel[2 - k];
        }
    }
    return s;
}
