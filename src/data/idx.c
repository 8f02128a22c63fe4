/* SPDX-License-Identifier: Apache-2.0 */
/* IDX files: a big-endian header (0, 0, element type, rank; one 32-bit size per dimension), then the elements.
 * Images are bytes of rank 2 to 4: [n][features], [n][h][w], [n][c][h][w]; labels are bytes, or whole numbers of
 * 16 or 32 bits.  The bytes of images are moved to the front of their buffer and kept, so that an image is in
 * memory once. */
#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"
#include "base/file.h"
#include "data/data_impl.h"

#define RANK_MAX 4
#define SIDE_MAX ((size_t)1 << 20)
#define PIXELS_MAX ((size_t)1 << 28) /* of one image */

enum { TYPE_UINT8 = 0x08, TYPE_INT16 = 0x0b, TYPE_INT32 = 0x0c };

typedef struct header {
    size_t rank, size[RANK_MAX], bytes, width; /* bytes: of the header; width: of an element */
} header;

static uint32_t big_endian(const char *bytes)
{
    const uint8_t *b = (const uint8_t *)bytes;
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static size_t width_of(uint32_t magic)
{
    switch (magic >> 8) {
    case TYPE_UINT8:
        return 1;
    case TYPE_INT16:
        return 2;
    case TYPE_INT32:
        return 4;
    default:
        return 0;
    }
}

static mho_status read_header(const char *path, const char *bytes, size_t size, bool images,
                              header *out)
{
    const char *what = images ? "images" : "labels";
    if (size < 4)
        return mho_error(MHO_EFORMAT, "%s: %zu bytes, too short for an IDX file", path, size);
    const uint32_t magic = big_endian(bytes);
    *out = (header){.rank = magic & 0xff, .width = width_of(magic)};
    out->bytes = 4 + 4 * out->rank;
    if (images ? out->width != 1 || out->rank < 2 || out->rank > RANK_MAX
               : !out->width || out->rank != 1)
        return mho_error(MHO_EFORMAT, "%s: magic 0x%08" PRIx32 ", want 0x%08x (IDX %s%s)", path,
                         magic, images ? 0x803u : 0x801u, what,
                         images ? "; 0x00000802 and 0x00000804 are taken, too"
                                : "; 0x00000b01 and 0x00000c01 are taken, too");
    if (size < out->bytes)
        return mho_error(MHO_EFORMAT, "%s: %zu bytes, the header of IDX %s has %zu", path, size,
                         what, out->bytes);
    for (size_t k = 0; k < out->rank; k++)
        out->size[k] = big_endian(bytes + 4 + 4 * k);
    if (out->size[0] == 0)
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

static mho_status shape_of(const char *path, const header *h, mho_shape *out)
{
    *out = (mho_shape){1, 1, 1};
    size_t pixels = 1;
    for (size_t k = 1; k < h->rank; k++) {
        if (h->size[k] < 1 || h->size[k] > SIDE_MAX || h->size[k] > PIXELS_MAX / pixels)
            return mho_error(MHO_EFORMAT,
                             "%s: a side of %zu pixels, want 1..%zu and 2^28 pixels an image", path,
                             h->size[k], SIDE_MAX);
        pixels *= h->size[k];
    }
    if (h->rank == 2)
        out->c = h->size[1];
    else
        *out =
            (mho_shape){h->rank == 4 ? h->size[1] : 1, h->size[h->rank - 2], h->size[h->rank - 1]};
    return MHO_OK;
}

mho_status mhoi_idx_parse_images(const char *path, const char *bytes, size_t size, size_t *at,
                                 mho_images *out)
{
    header h = {.rank = 0};
    *out = (mho_images){.count = 0};
    mho_shape shape;
    mho_status s = read_header(path, bytes, size, true, &h);
    if (s == MHO_OK)
        s = shape_of(path, &h, &shape);
    if (s == MHO_OK)
        s = check_body(path, size - h.bytes, (uint64_t)h.size[0] * shape.c * shape.h * shape.w,
                       "pixels");
    if (s != MHO_OK)
        return s;
    out->shape = shape;
    out->count = h.size[0];
    *at = h.bytes;
    return MHO_OK;
}

mho_status mho_idx_read_images(const char *path, mho_images *out)
{
    memset(out, 0, sizeof *out);
    mho_images images;
    char *bytes = NULL;
    size_t size = 0, at = 0;
    mho_status s = mhoi_file_read(path, MHOI_DATA_MAX, &bytes, &size);
    if (s == MHO_OK)
        s = mhoi_idx_parse_images(path, bytes, size, &at, &images);
    if (s != MHO_OK) {
        mhoi_free(&bytes);
        return s;
    }
    memmove(bytes, bytes + at, size - at);
    images.pixel = (uint8_t *)bytes;
    *out = images;
    return MHO_OK;
}

/* The size of an IDX file of images by its header; 0 if it is none, or tells another size at its end. */
static uint64_t promised_size(const char *path, header *h, mho_shape *shape)
{
    char head[4 + 4 * RANK_MAX];
    const size_t size = mhoi_file_head(path, head, sizeof head);
    if (read_header(path, head, size, true, h) != MHO_OK || shape_of(path, h, shape) != MHO_OK)
        return 0;
    const uint64_t all = h->bytes + (uint64_t)h->size[0] * shape->c * shape->h * shape->w;
    return all == mhoi_file_told_size(path) ? all : 0;
}

/* What is packed behind them stays packed: its check sum is not looked at.  Whatever is strange is left to the whole file's
 * reader, who tells what it is. */
mho_status mhoi_idx_read_first(const char *path, size_t most, mho_images *out, size_t *all)
{
    header h = {.rank = 0};
    mho_shape shape = {0, 0, 0};
    uint8_t *bytes = NULL;
    const uint64_t promised = promised_size(path, &h, &shape);
    const size_t each = shape.c * shape.h * shape.w;
    const bool few = promised && most < h.size[0] && most <= PIXELS_MAX / each;
    *out = (mho_images){.shape = shape, .count = most};
    mho_status s = few ? mhoi_alloc(&bytes, h.bytes + most * each, 1, "first images") : MHO_OK;
    if (s == MHO_OK && few &&
        mhoi_file_head(path, bytes, h.bytes + most * each) == h.bytes + most * each) {
        memmove(bytes, bytes + h.bytes, most * each);
        out->pixel = bytes;
        *all = h.size[0];
        return MHO_OK;
    }
    mhoi_free(&bytes);
    s = s == MHO_OK ? mho_idx_read_images(path, out) : s;
    *all = out->count;
    return s;
}

/* A negative number comes out as a large one. */
static uint32_t element(const char *bytes, size_t width, size_t i)
{
    const uint8_t *b = (const uint8_t *)bytes + i * width;
    if (width == 1)
        return b[0];
    if (width == 2)
        return (uint32_t)(int32_t)(int16_t)(b[0] << 8 | b[1]);
    return big_endian(bytes + i * width);
}

mho_status mhoi_label_set(const char *path, size_t i, int64_t value, mho_images *images)
{
    if (value < 0 || value >= MHO_CLASSES_MAX)
        return mho_error(MHO_EFORMAT, "%s: label %zu is %" PRId64 ", want 0..%d", path, i, value,
                         MHO_CLASSES_MAX - 1);
    images->label[i] = (uint16_t)value;
    if ((size_t)value >= images->classes)
        images->classes = (size_t)value + 1;
    return MHO_OK;
}

mho_status mhoi_idx_parse_labels(const char *path, const char *bytes, size_t size, size_t count,
                                 mho_images *out)
{
    header h = {.rank = 0};
    *out = (mho_images){.count = count};
    mho_status s = read_header(path, bytes, size, false, &h);
    if (s == MHO_OK)
        s = check_body(path, size - h.bytes, (uint64_t)h.size[0] * h.width, "labels");
    if (s == MHO_OK && h.size[0] != count)
        s = mho_error(MHO_EFORMAT, "%s: %zu labels for %zu images", path, h.size[0], count);
    if (s == MHO_OK)
        s = mhoi_alloc(&out->label, count, sizeof *out->label, "labels");
    for (size_t i = 0; s == MHO_OK && i < count; i++)
        s = mhoi_label_set(path, i, (int32_t)element(bytes + h.bytes, h.width, i), out);
    if (s != MHO_OK)
        mho_images_free(out);
    return s;
}

mho_status mho_idx_read_labels(const char *path, mho_images *into)
{
    char *bytes = NULL;
    size_t size = 0;
    mho_images labels = {.count = 0};
    mho_status s = mhoi_file_read(path, MHOI_DATA_MAX, &bytes, &size);
    if (s == MHO_OK)
        s = mhoi_idx_parse_labels(path, bytes, size, into->count, &labels);
    mhoi_free(&bytes);
    if (s != MHO_OK)
        return s;
    mhoi_free(&into->label);
    into->label = labels.label;
    into->classes = labels.classes;
    return MHO_OK;
}
