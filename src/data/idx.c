/* SPDX-License-Identifier: Apache-2.0 */
/* IDX files: a big-endian header (magic 0x00000800 + rank, one 32-bit size per dimension), then bytes.
 * The bytes read are moved to the front of their buffer and kept, so an image is in memory once. */
#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"
#include "base/file.h"
#include "data/data_impl.h"

#define MAGIC_LABELS 0x00000801u
#define MAGIC_IMAGES 0x00000803u
#define HEADER_LABELS 8
#define HEADER_IMAGES 16
#define SIDE_MAX 4096

static uint32_t big_endian(const char *bytes)
{
    const uint8_t *b = (const uint8_t *)bytes;
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static mho_status check_header(const char *path, const char *bytes, size_t size, size_t header,
                               uint32_t magic, const char *what)
{
    if (size < 4)
        return mho_error(MHO_EFORMAT, "%s: %zu bytes, too short for an IDX file", path, size);
    if (big_endian(bytes) != magic)
        return mho_error(MHO_EFORMAT, "%s: magic 0x%08" PRIx32 ", want 0x%08" PRIx32 " (IDX %s)",
                         path, big_endian(bytes), magic, what);
    if (size < header)
        return mho_error(MHO_EFORMAT, "%s: %zu bytes, the header of IDX %s has %zu", path, size,
                         what, header);
    if (big_endian(bytes + 4) == 0)
        return mho_error(MHO_EFORMAT, "%s: 0 %s, want at least 1", path, what);
    return MHO_OK;
}

static mho_status check_body(const char *path, uint64_t have, uint64_t want, const char *what)
{
    if (have < want)
        return mho_error(MHO_EFORMAT,
                         "%s: truncated: %" PRIu64 " bytes of %s, the header promises %" PRIu64,
                         path, have, what, want);
    if (have > want)
        return mho_error(MHO_EFORMAT,
                         "%s: %" PRIu64 " bytes of %s, the header promises %" PRIu64 ": %" PRIu64
                         " trailing bytes",
                         path, have, what, want, have - want);
    return MHO_OK;
}

static mho_status parse_images(const char *path, const char *bytes, size_t size, mho_images *out)
{
    mho_status s = check_header(path, bytes, size, HEADER_IMAGES, MAGIC_IMAGES, "images");
    if (s != MHO_OK)
        return s;
    size_t count = big_endian(bytes + 4), h = big_endian(bytes + 8), w = big_endian(bytes + 12);
    if (h < 1 || h > SIDE_MAX || w < 1 || w > SIDE_MAX)
        return mho_error(MHO_EFORMAT, "%s: images of %zu x %zu pixels, want sides of 1..%d", path,
                         h, w, SIDE_MAX);
    out->shape = (mho_shape){1, h, w};
    out->count = count;
    return check_body(path, size - HEADER_IMAGES, (uint64_t)count * h * w, "pixels");
}

mho_status mho_idx_read_images(const char *path, mho_images *out)
{
    memset(out, 0, sizeof *out);
    mho_images images = {.count = 0};
    char *bytes = NULL;
    size_t size = 0;
    mho_status s = mhoi_file_read(path, &bytes, &size);
    if (s == MHO_OK)
        s = parse_images(path, bytes, size, &images);
    if (s != MHO_OK) {
        mhoi_free(&bytes);
        return s;
    }
    memmove(bytes, bytes + HEADER_IMAGES, size - HEADER_IMAGES);
    images.pixel = (uint8_t *)bytes;
    *out = images;
    return MHO_OK;
}

mho_status mhoi_labels_check(const char *path, const mho_images *images)
{
    for (size_t i = 0; i < images->count; i++)
        if (images->label[i] >= images->classes)
            return mho_error(MHO_EFORMAT, "%s: label %zu is %u, want 0..%zu", path, i,
                             images->label[i], images->classes - 1);
    return MHO_OK;
}

static mho_status parse_labels(const char *path, char *bytes, size_t size, const mho_images *into)
{
    mho_status s = check_header(path, bytes, size, HEADER_LABELS, MAGIC_LABELS, "labels");
    if (s == MHO_OK)
        s = check_body(path, size - HEADER_LABELS, big_endian(bytes + 4), "labels");
    if (s == MHO_OK && big_endian(bytes + 4) != into->count)
        s = mho_error(MHO_EFORMAT, "%s: %" PRIu32 " labels for %zu images", path,
                      big_endian(bytes + 4), into->count);
    if (s != MHO_OK)
        return s;
    memmove(bytes, bytes + HEADER_LABELS, size - HEADER_LABELS);
    mho_images labels = {.count = into->count, .label = (uint8_t *)bytes, .classes = 10};
    return mhoi_labels_check(path, &labels);
}

mho_status mho_idx_read_labels(const char *path, mho_images *into)
{
    char *bytes = NULL;
    size_t size = 0;
    mho_status s = mhoi_file_read(path, &bytes, &size);
    if (s == MHO_OK)
        s = parse_labels(path, bytes, size, into);
    if (s != MHO_OK) {
        mhoi_free(&bytes);
        return s;
    }
    mhoi_free(&into->label);
    into->label = (uint8_t *)bytes;
    into->classes = 10;
    return MHO_OK;
}
