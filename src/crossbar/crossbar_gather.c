/* SPDX-License-Identifier: Apache-2.0 */
/* From feature maps to what a kernel reads.
 *
 * A plane is an image with its padding in place; with a stride s > 1 the columns of a plane row are
 * sorted by their phase (x mod s), so that neighbouring positions read neighbouring bytes.  For 1-bit
 * inputs the kernel columns of a position are then gathered into one window byte (bit x = kernel
 * column x) by shifting the plane over itself; a bundle is put together from such bytes. */
#include <string.h>

#include "crossbar/crossbar_impl.h"

static inline uint64_t load(const uint8_t *from)
{
    uint64_t v;
    memcpy(&v, from, sizeof v);
    return v;
}

static inline void store(uint8_t *to, uint64_t v)
{
    memcpy(to, &v, sizeof v);
}

static void copy_row(const mho_crossbar *xb, const uint8_t *row, uint8_t *out)
{
    const mho_window *w = &xb->shape.window;
    if (w->stride == 1) {
        memcpy(out + w->pad_left, row, w->w);
        return;
    }
    for (size_t x = 0; x < w->w; ++x) {
        const size_t column = x + w->pad_left;
        out[column % w->stride * xb->plane_w + column / w->stride] = row[x];
    }
}

static void copy_plane(const mho_crossbar *xb, const uint8_t *image, uint8_t *plane)
{
    const mho_window *w = &xb->shape.window;
    const size_t h = w->h + w->pad_top + w->pad_bottom;
    if (xb->plane_bytes == w->c * w->h * w->w && w->stride == 1) {
        memcpy(plane, image, xb->plane_bytes);
        return;
    }
    /* The padding was zeroed with the buffer and is never written. */
    for (size_t i = 0; i < w->c; ++i)
        for (size_t y = 0; y < w->h; ++y)
            copy_row(xb, image + (i * w->h + y) * w->w,
                     plane + (i * h + y + w->pad_top) * xb->plane_row);
}

static void make_windows(const mho_crossbar *xb, const uint8_t *plane, uint8_t *window)
{
    const mho_window *w = &xb->shape.window;
    for (size_t chunk = 0; chunk < xb->chunks; ++chunk) {
        const size_t first = 8 * chunk, bits = w->kw - first < 8 ? w->kw - first : 8;
        size_t offset[8];
        for (size_t bit = 0; bit < bits; ++bit) {
            const size_t x = first + bit;
            offset[bit] = x % w->stride * xb->plane_w + x / w->stride;
        }
        xb->kernels->window(plane, offset, bits, xb->plane_bytes, window + chunk * xb->plane_bytes);
    }
}

void mhoi_gather_images(const mho_crossbar *xb, mho_crossbar_work *work, const uint8_t *map,
                        size_t images)
{
    const mho_window *w = &xb->shape.window;
    const size_t image_bytes = w->c * w->h * w->w, bytes = xb->chunks * xb->plane_bytes;
    if (xb->flat)
        return;
    for (size_t i = 0; i < images; ++i) {
        if (xb->shape.input_bits == 1) {
            copy_plane(xb, map + i * image_bytes, work->plane);
            make_windows(xb, work->plane, work->window + i * bytes);
        } else {
            copy_plane(xb, map + i * image_bytes, work->window + i * bytes);
        }
    }
}

void mhoi_gather_runs(const mho_crossbar *xb, mho_crossbar_work *work, size_t first, size_t pixels)
{
    size_t runs = 0;
    if (xb->flat)
        return;
    for (size_t q = first; q < first + pixels; ++runs) {
        const size_t image = q / xb->positions, p = q % xb->positions;
        const size_t y = p / xb->w_out, x = p % xb->w_out;
        const size_t left = first + pixels - q, row = xb->w_out - x;
        const size_t from = image * xb->chunks * xb->plane_bytes +
                            y * xb->shape.window.stride * xb->plane_row + x;
        work->run[runs] = (mhoi_run){.from = (uint32_t)from,
                                     .to = (uint32_t)(q - first),
                                     .length = (uint32_t)(row < left ? row : left)};
        q += work->run[runs].length;
    }
    work->runs = runs;
}

/* One window byte a pixel; a run may write up to 7 bytes too many, which the next one mends. */
static void gather_one(const mho_crossbar_work *work, const mhoi_segment *s, uint8_t *out)
{
    const uint8_t *window = work->window + s->offset;
    for (size_t i = 0; i < work->runs; ++i) {
        const mhoi_run run = work->run[i];
        for (size_t o = 0; o < run.length; o += 8)
            store(out + run.to + o, load(window + run.from + o));
    }
}

static void gather_bits(const mho_crossbar_work *work, const mhoi_segment *segment, size_t segments,
                        uint8_t *out)
{
    const uint64_t every_byte = UINT64_C(0x0101010101010101);
    for (size_t i = 0; i < work->runs; ++i) {
        const mhoi_run run = work->run[i];
        for (size_t o = 0; o < run.length; o += 8) {
            uint64_t v = 0;
            for (const mhoi_segment *s = segment; s < segment + segments; ++s)
                v |= ((load(work->window + s->offset + run.from + o) >> s->right) &
                      s->mask * every_byte)
                     << s->left;
            store(out + run.to + o, v);
        }
    }
}

static void gather_bundle(const mho_crossbar *xb, const mho_crossbar_work *work,
                          const mhoi_bundle *bundle, uint8_t *out)
{
    const mhoi_segment *s = xb->segment + bundle->segment;
    /* Bits beyond the window's are 0, and the table repeats itself beyond the bundle's rows. */
    const bool plain = bundle->segments == 1 && s->right == 0 && xb->shape.window.kw <= 8 &&
                       bundle->rows == xb->shape.window.kw;
    if (plain || xb->shape.input_bits != 1)
        gather_one(work, s, out);
    else
        gather_bits(work, s, bundle->segments, out);
}

/* The map is read in order: pixel = image, row r = byte r of the image.  The product moves bit 0 of byte k to
 * bit 56 + k. */
static void gather_flat(const mho_crossbar *xb, const uint8_t *map, size_t images,
                        const mhoi_bundle *bundle, uint8_t *out)
{
    const uint8_t *from = map + bundle->row;
    const uint8_t mask = (uint8_t)((1U << bundle->rows) - 1);
    const size_t safe = bundle->row + 8 <= xb->rows ? images : images - 1;
    if (xb->shape.input_bits != 1) {
        for (size_t i = 0; i < images; ++i)
            out[i] = from[i * xb->rows];
        return;
    }
    for (size_t i = 0; i < safe; ++i)
        out[i] = (uint8_t)((load(from + i * xb->rows) * UINT64_C(0x0102040810204080)) >> 56) & mask;
    for (size_t i = safe; i < images; ++i) {
        out[i] = 0;
        for (size_t r = 0; r < bundle->rows; ++r)
            out[i] = (uint8_t)(out[i] | from[i * xb->rows + r] << r);
    }
}

void mhoi_gather_group(const mho_crossbar *xb, mho_crossbar_work *work, const uint8_t *map,
                       size_t images, size_t k, size_t pixels)
{
    const size_t bundles = mhoi_bundles_of(xb, k), pitch = xb->block + MHOI_SLACK;
    const mhoi_bundle *bundle = xb->bundle + xb->group_bundle[k];
    for (size_t b = 0; b < bundles; ++b) {
        uint8_t *bytes = work->bytes + b * pitch;
        if (xb->flat)
            gather_flat(xb, map, images, &bundle[b], bytes);
        else
            gather_bundle(xb, work, &bundle[b], bytes);
        if (xb->shape.input_bits == 1)
            xb->kernels->expand_index(bytes, pixels, (uint16_t *)work->x + b * xb->block);
    }
    if (xb->shape.input_bits == 1)
        return;
    for (size_t b = 0; b < bundles; b += 2)
        xb->kernels->expand_pair(work->bytes + b * pitch,
                                 b + 1 < bundles ? work->bytes + (b + 1) * pitch : NULL,
                                 xb->shape.input_signed, pixels,
                                 (int32_t *)work->x + b / 2 * xb->block);
}
