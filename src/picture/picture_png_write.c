/* SPDX-License-Identifier: Apache-2.0 */
/* A PNG file of a picture, in memory. */
#include <string.h>

#include "base/alloc.h"
#include "picture_impl.h"

#ifndef MHO_PNG

mho_status mhoi_picture_write_png(const char *path, const mhoi_picture *picture, char **bytes,
                                  size_t *size)
{
    (void)picture;
    *bytes = NULL;
    *size = 0;
    return mho_error(MHO_ENOTMODELED, "%s: mho was built without libpng", path);
}

#else

#include <png.h>

mho_status mhoi_picture_write_png(const char *path, const mhoi_picture *picture, char **bytes,
                                  size_t *size)
{
    png_image image = {.version = PNG_IMAGE_VERSION,
                       .width = (png_uint_32)picture->w,
                       .height = (png_uint_32)picture->h,
                       .format = picture->c == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB};
    *bytes = NULL;
    *size = 0;
    if (picture->w < 1 || picture->w > MHOI_PICTURE_SIDE || picture->h < 1 ||
        picture->h > MHOI_PICTURE_SIDE)
        return mho_error(MHO_EDOMAIN, "%s: %zu x %zu pixels, want sides of 1..%zu", path,
                         picture->h, picture->w, MHOI_PICTURE_SIDE);
    png_alloc_size_t need = PNG_IMAGE_PNG_SIZE_MAX(image);
    char *made = NULL;
    mho_status s = mhoi_alloc(&made, need, 1, path);
    if (!s && !png_image_write_to_memory(&image, made, &need, 0, picture->sample, 0, NULL))
        s = mho_error(MHO_EINTERNAL, "%s: %s", path, image.message);
    if (s) {
        mhoi_free(&made);
        return s;
    }
    *bytes = made;
    *size = need;
    return MHO_OK;
}

#endif
