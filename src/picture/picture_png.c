/* SPDX-License-Identifier: Apache-2.0 */
/* PNG: all of libpng.  Its errors come by longjmp to where a picture is read; nothing is allocated there but by libpng
 * itself and for the samples, which the caller frees.  Colours stay as they are stored: gamma and profiles are not
 * applied, as other readers of data sets do it. */
#include <string.h>

#include "base/alloc.h"
#include "picture_impl.h"

#ifndef MHO_PNG

mho_status mhoi_picture_png(const char *path, const char *bytes, size_t size, mhoi_picture *out)
{
    (void)bytes;
    (void)size;
    (void)out;
    return mho_error(MHO_ENOTMODELED, "%s: mho was built without libpng", path);
}

#else

#include <png.h>

#define RATIO 5000 /* samples of a byte, at most: deflate packs 1032 to 1, and bits become bytes */

typedef struct source {
    const char *path, *at;
    size_t left;
    bool failed;
} source;

static void fail(png_structp png, png_const_charp message)
{
    source *from = png_get_error_ptr(png);
    if (!from->failed)
        (void)!mho_error(MHO_EFORMAT, "%s: damaged PNG: %s", from->path, message);
    from->failed = true;
    png_longjmp(png, 1);
}

/* Of what the picture does not depend on. */
static void ignore(png_structp png, png_const_charp message)
{
    (void)png;
    (void)message;
}

static void supply(png_structp png, png_bytep to, size_t n)
{
    source *from = png_get_io_ptr(png);
    if (n > from->left)
        png_error(png, "truncated");
    memcpy(to, from->at, n);
    from->at += n;
    from->left -= n;
}

/* The kinds of pixels become 8 bits, grey or red, green and blue, perhaps with alpha. */
static mho_status set_kind(png_structp png, png_infop info, const char *path, mhoi_picture *out)
{
    const int kind = png_get_color_type(png, info), bits = png_get_bit_depth(png, info);
    if (bits == 16)
        return mho_error(MHO_ENOTMODELED, "%s: samples of 16 bits, want 8", path);
    if (kind == PNG_COLOR_TYPE_PALETTE)
        png_set_palette_to_rgb(png);
    if (kind == PNG_COLOR_TYPE_GRAY && bits < 8)
        png_set_expand_gray_1_2_4_to_8(png);
    if (png_get_valid(png, info, PNG_INFO_tRNS))
        png_set_tRNS_to_alpha(png);
    (void)png_set_interlace_handling(png);
    png_read_update_info(png, info);
    const size_t channels = png_get_channels(png, info);
    *out = (mhoi_picture){.c = channels, /* with alpha, for now */
                          .h = png_get_image_height(png, info),
                          .w = png_get_image_width(png, info)};
    return MHO_OK;
}

/* Takes alpha away where it hides nothing. */
static mho_status drop_alpha(const char *path, mhoi_picture *out)
{
    const size_t with = out->c, without = with - 1;
    if (with != 2 && with != 4)
        return MHO_OK;
    for (size_t i = 0; i < out->h * out->w; i++) {
        if (out->sample[i * with + without] != 255)
            return mho_error(MHO_ENOTMODELED, "%s: transparent pixels", path);
        memmove(out->sample + i * without, out->sample + i * with, without);
    }
    out->c = without;
    return MHO_OK;
}

static mho_status read_png(png_structp png, png_infop info, const char *path, size_t size,
                           png_bytep *volatile *rows, mhoi_picture *out)
{
    png_read_info(png, info);
    mho_status s = set_kind(png, info, path, out);
    if (s == MHO_OK)
        s = mhoi_picture_alloc(path, size, RATIO, out);
    png_bytep *row = NULL;
    if (s == MHO_OK)
        s = mhoi_alloc(&row, out->h, sizeof *row, path);
    *rows = row;
    if (s != MHO_OK)
        return s;
    for (size_t y = 0; y < out->h; y++)
        row[y] = out->sample + y * out->w * out->c;
    png_read_image(png, row);
    png_read_end(png, NULL);
    return drop_alpha(path, out);
}

mho_status mhoi_picture_png(const char *path, const char *bytes, size_t size, mhoi_picture *out)
{
    source from = {path, bytes, size, false};
    png_infop volatile info = NULL;
    png_bytep *volatile rows = NULL;
    volatile mho_status s = MHO_ENOMEM;
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &from, fail, ignore);
    if (!png)
        return mho_error(MHO_ENOMEM, "%s: no memory for libpng", path);
    if (setjmp(png_jmpbuf(png)) == 0) {
        info = png_create_info_struct(png);
        png_set_read_fn(png, &from, supply);
        png_set_user_limits(png, MHOI_PICTURE_SIDE, MHOI_PICTURE_SIDE);
        s = info ? read_png(png, info, path, size, &rows, out)
                 : mho_error(MHO_ENOMEM, "%s: no memory for libpng", path);
    } else {
        s = MHO_EFORMAT;
    }
    png_bytep *held = rows;
    png_infop held_info = info;
    mhoi_free(&held);
    png_destroy_read_struct(&png, &held_info, NULL);
    return s;
}

#endif
