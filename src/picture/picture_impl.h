/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this module tell each other. */
#ifndef MHO_PICTURE_PICTURE_IMPL_H
#define MHO_PICTURE_PICTURE_IMPL_H

#include "picture/picture.h"

MHO_MUST_CHECK mho_status mhoi_picture_png(const char *path, const char *bytes, size_t size,
                                           mhoi_picture *out);
MHO_MUST_CHECK mho_status mhoi_picture_jpeg(const char *path, const char *bytes, size_t size,
                                            mhoi_picture *out);
MHO_MUST_CHECK mho_status mhoi_picture_bmp(const char *path, const char *bytes, size_t size,
                                           mhoi_picture *out);
/* Checks the sides of out against the bytes there are (at most `ratio` samples a byte), and allocates. */
MHO_MUST_CHECK mho_status mhoi_picture_alloc(const char *path, size_t size, size_t ratio,
                                             mhoi_picture *out);

#endif
