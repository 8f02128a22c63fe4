/* SPDX-License-Identifier: Apache-2.0 */
/* One picture in memory: PNG, JPEG, PGM, PPM and BMP, told by the first bytes. */
#ifndef MHO_PICTURE_PICTURE_H
#define MHO_PICTURE_PICTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mho/status.h"

/* A picture as its file has it. */
typedef struct mhoi_picture {
    size_t c, h, w;  /* c: 1 or 3 */
    uint8_t *sample; /* [h][w][c] */
} mhoi_picture;

#define MHOI_PICTURE_SIDE ((size_t)1 << 15)

/* mhoi_free sample.  MHO_EFORMAT: damaged, truncated; MHO_ENOTMODELED: of another kind (transparent, 16 bits, CMYK, ...), or mho
 * was built without the library. */
MHO_MUST_CHECK mho_status mhoi_picture_parse(const char *path, const char *bytes, size_t size,
                                             mhoi_picture *out);
/* A picture as a PNG file; mhoi_free *bytes.  The same picture gives the same bytes. */
MHO_MUST_CHECK mho_status mhoi_picture_write_png(const char *path, const mhoi_picture *picture,
                                                 char **bytes, size_t *size);

#endif
