/* SPDX-License-Identifier: Apache-2.0 */
/* From feature maps to what a kernel reads.
 *
 * A plane is an image with its padding in place; with a stride s > 1 along the row the columns of a plane row are
 * sorted by their phase (x mod s), so that neighbouring positions read neighbouring bytes.  For 1-bit
 * inputs the kernel columns of a position are then gathered into one window byte (bit x = kernel
 * column x) by shifting the plane over itself; a bundle is put together from such bytes. */
#include <string.h>

#include "base/x86.h"
#include "crossbar/crossbar_impl.h"

static void copy_row(const mho_crossbar *xb, const uint8_t *row, uint8_t *out)
{
    const mho_window *w = &xb->shape.window;
    if (w->stride_w == 1) {
        memcpy(out + w->pad_left, row, w->w);
        return;
    }
    const size_t s = w->stride_w, phases = w->kw == 1 ? 1 : s; /* that windows read */
    for (size_t phase = 0; phase < phases; ++phase) {
        const size_t first = (phase + s - w->pad_left % s) % s;
        uint8_t *to = out + phase * xb->plane_w + (first + w->pad_left) / s;
        if (s == 2) /* told to compilers */
            for (size_t x = first; x < w->w; x += 2)
                *to++ = row[x];
        else
            for (size_t x = first; x < w->w; x += s)
                *to++ = row[x];
    }
}

static void copy_plane(const mho_crossbar *xb, const uint8_t *image, uint8_t *plane)
{
    const mho_window *w = &xb->shape.window;
    const size_t h = w->h + w->pad_top + w->pad_bottom;
    if (xb->plane_bytes == w->c * w->h * w->w && w->stride_w == 1) {
        memcpy(plane, image, xb->plane_bytes);
        return;
    }
    const size_t step = w->kh == 1 ? w->stride_h : 1; /* rows that windows read */
    const size_t y0 = w->kh == 1 ? (step - w->pad_top % step) % step : 0;
    /* The padding was zeroed with the buffer and is never written. */
    for (size_t i = 0; i < w->c; ++i)
        for (size_t y = y0; y < w->h; y += step)
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
            const size_t x = (first + bit) * w->dilation_w;
            offset[bit] = x % w->stride_w * xb->plane_w + x / w->stride_w;
        }
        xb->kernels->window(plane, offset, bits, xb->plane_bytes, window + chunk * xb->plane_bytes);
    }
}

void mhoi_gather_images(const mho_crossbar *xb, mho_crossbar_work *work, const uint8_t *map,
                        size_t images)
{
    const mho_window *w = &xb->shape.window;
    const size_t image_bytes = w->c * w->h * w->w, bytes = xb->chunks * xb->plane_bytes;
    work->source = xb->in_place ? map : work->window;
    if (xb->flat || xb->in_place)
        return;
    for (size_t i = 0; i < images; ++i) {
        if (xb->shape.input_bits == 1 && w->kw > 1) {
            copy_plane(xb, map + i * image_bytes, work->plane);
            make_windows(xb, work->plane, work->window + i * bytes);
        } else {
            copy_plane(xb, map + i * image_bytes, work->window + i * bytes);
        }
    }
}

const uint8_t mhoi_lane_order[MHOI_TILE] = {
    0,  32, 16, 48, 1,  33, 17, 49, 2,  34, 18, 50, 3,  35, 19, 51, 4,  36, 20, 52, 5,  37,
    21, 53, 6,  38, 22, 54, 7,  39, 23, 55, 8,  40, 24, 56, 9,  41, 25, 57, 10, 42, 26, 58,
    11, 43, 27, 59, 12, 44, 28, 60, 13, 45, 29, 61, 14, 46, 30, 62, 15, 47, 31, 63};

/* Where every pixel of a tile reads, relative to the tile's first one. */
static void find_tiles(mho_crossbar_work *work)
{
    size_t q = 0;
    memset(work->tile, 0, sizeof work->tile);
    work->near = work->straight = true;
    for (size_t i = 0; i < work->runs; ++i)
        for (size_t o = 0; o < work->run[i].length; ++o, ++q) {
            mhoi_tile *tile = &work->tile[q / MHOI_TILE];
            const size_t from = work->run[i].from + o;
            if (q % MHOI_TILE == 0)
                tile->from = from;
            const size_t distance = from - tile->from;
            work->near = work->near && distance < 2 * MHOI_TILE;
            work->straight = work->straight && distance == q % MHOI_TILE;
            tile->order[q % MHOI_TILE] = (uint8_t)distance;
        }
    for (mhoi_tile *tile = work->tile; tile < work->tile + (q + MHOI_TILE - 1) / MHOI_TILE; ++tile)
        for (size_t i = 0; i < MHOI_TILE; ++i)
            tile->lane[i] = tile->order[mhoi_lane_order[i]];
}

void mhoi_gather_runs(const mho_crossbar *xb, mho_crossbar_work *work, size_t first, size_t pixels)
{
    size_t runs = 0;
    if (xb->flat || (work->first == first && work->pixels == pixels))
        return;
    work->first = first;
    work->pixels = pixels;
    for (size_t q = first; q < first + pixels; ++runs) {
        const size_t image = q / xb->positions, p = q % xb->positions;
        const size_t y = p / xb->w_out, x = p % xb->w_out;
        const size_t left = first + pixels - q;
        const size_t row = xb->in_place ? xb->positions - p : xb->w_out - x; /* until a gap */
        const size_t from = image * xb->chunks * xb->plane_bytes +
                            y * xb->shape.window.stride_h * xb->plane_row + x;
        work->run[runs] = (mhoi_run){.from = (uint32_t)from,
                                     .to = (uint32_t)(q - first),
                                     .length = (uint32_t)(row < left ? row : left)};
        q += work->run[runs].length;
    }
    work->runs = runs;
    find_tiles(work);
}

/* One window byte a pixel; a run may write up to 15 bytes too many, which the next one mends.  (None where
 * the map is read in place: runs are whole tiles then.) */
static void gather_one(const mho_crossbar_work *work, const mhoi_segment *s, uint8_t *out)
{
    const uint8_t *window = work->source + s->offset;
    for (size_t i = 0; i < work->runs; ++i) {
        const mhoi_run run = work->run[i];
        size_t o = 0;
        for (; o + 8 < run.length; o += 16)
            memcpy(out + run.to + o, window + run.from + o, 16);
        if (o < run.length)
            memcpy(out + run.to + o, window + run.from + o, 8);
    }
}

/* Windows one element wide, of whatever bits, that need no cutting. */
static bool is_row(const mho_crossbar *xb)
{
    return xb->shape.window.kw == 1 || xb->shape.input_bits != 1;
}

static const mhoi_segment *segments_of(const mho_crossbar *xb, const mho_crossbar_work *work,
                                       const mhoi_bundle *bundle)
{
    return (work->segment ? work->segment : xb->segment) + bundle->segment;
}

static void gather_bundle(const mho_crossbar *xb, const mho_crossbar_work *work,
                          const mhoi_bundle *bundle, size_t tiles, uint8_t *out)
{
    const mhoi_segment *s = segments_of(xb, work, bundle);
    /* Bits beyond the window's are 0, and the table repeats itself beyond the bundle's rows. */
    const bool plain = bundle->segments == 1 && s->right == 0 && xb->shape.window.kw <= 8 &&
                       bundle->rows == xb->shape.window.kw;
    if (work->near && xb->kernels->gather)
        xb->kernels->gather(work, tiles, s, bundle->segments, is_row(xb), out, MHOI_TILE);
    else if (plain || xb->shape.input_bits != 1)
        gather_one(work, s, out);
    else if (MHOI_X86) /* every kernel variant has them */
        mhoi_bits_avx2(work->source, work->run, work->runs, s, bundle->segments, is_row(xb), out);
}

/* Rows of a flat map from the first of row group k to the last before row group `last`. */
static size_t flat_rows(const mho_crossbar *xb, size_t k, size_t last)
{
    const mhoi_bundle *end = xb->bundle + xb->group_bundle[last] - 1;
    return end->row + end->rows - xb->bundle[xb->group_bundle[k]].row;
}

/* Words of 32 rows of a flat map, counted: every column has the same. */
static void gather_flat_words(const mho_crossbar *xb, mho_crossbar_work *work, const uint8_t *map,
                              size_t images, size_t k, uint32_t *x)
{
    const size_t steps = mhoi_steps_of(xb, k), pitch = MHOI_BLOCK;
    const size_t tiles = (images + MHOI_TILE - 1) / MHOI_TILE;
    uint32_t *bits = (void *)work->bytes;
    xb->kernels->flat_bits(map + xb->bundle[xb->group_bundle[k]].row, xb->rows,
                           flat_rows(xb, k, k + 1), images, pitch, bits);
    for (size_t i = 0; i < steps * tiles; ++i)
        memcpy(x + i * MHOI_TILE, bits + i % steps * pitch + i / steps * MHOI_TILE,
               MHOI_TILE * sizeof *bits);
}

/* Bits of some tiles' pixels, of rows from the first of row group k on, become bundle indices of these tiles. */
static void expand_group(const mho_crossbar *xb, const uint32_t *bits, size_t pitch, size_t first,
                         size_t k, size_t tiles, uint16_t *x)
{
    const mhoi_bundle *bundle = xb->bundle + xb->group_bundle[k];
    const size_t bundles = mhoi_bundles_of(xb, k);
    for (size_t b = 0; b < bundles; ++b, x += MHOI_TILE) {
        const size_t bit = bundle[b].row - first;
        const uint32_t *low = bits + bit / 32 * pitch;
        const bool crosses = bit / 32 != (bit + bundle[b].rows - 1) / 32;
        xb->kernels->expand_flat(low, crosses ? low + pitch : NULL, bit % 32, tiles, x,
                                 bundles * MHOI_TILE);
    }
}

/* Tiles whose bits of these row groups there is room for; words lie some lines more than a power of two apart. */
static size_t flat_tiles(const mho_crossbar *xb, const mho_crossbar_work *work, size_t k,
                         size_t last)
{
    const size_t words = (flat_rows(xb, k, last) + 31) / 32;
    const size_t pixels = work->bits_room / words;
    return pixels < MHOI_FLAT_SLACK ? 0 : (pixels - MHOI_FLAT_SLACK) / MHOI_TILE;
}

void mhoi_gather_flat(const mho_crossbar *xb, mho_crossbar_work *work, const uint8_t *map,
                      size_t images, size_t k, size_t last, uint16_t *x)
{
    const size_t first = xb->bundle[xb->group_bundle[k]].row, rows = flat_rows(xb, k, last);
    const size_t all = (images + MHOI_TILE - 1) / MHOI_TILE, fit = flat_tiles(xb, work, k, last);
    const size_t at_once = fit < all ? fit : all, pitch = at_once * MHOI_TILE + MHOI_FLAT_SLACK;
    uint32_t *bits = (void *)work->bytes;
    for (size_t tile = 0; tile < all; tile += at_once) {
        const size_t tiles = all - tile < at_once ? all - tile : at_once, from = tile * MHOI_TILE;
        const size_t part = images - from < tiles * MHOI_TILE ? images - from : tiles * MHOI_TILE;
        xb->kernels->flat_bits(map + from * xb->rows + first, xb->rows, rows, part, pitch, bits);
        for (size_t g = k; g < last; ++g) {
            const size_t before = (xb->group_step[g] - xb->group_step[k]) * all;
            expand_group(xb, bits, pitch, first, g, tiles,
                         x + (before + tile * mhoi_bundles_of(xb, g)) * MHOI_TILE);
        }
    }
}

size_t mhoi_flat_groups(const mho_crossbar *xb, const mho_crossbar_work *work, size_t images,
                        size_t k, size_t last)
{
    const size_t all = (images + MHOI_TILE - 1) / MHOI_TILE, want = all < 3 ? all : 3;
    size_t next = k + 1;
    while (next < last && flat_tiles(xb, work, k, next + 1) >= want)
        ++next;
    return next;
}

/* One bundle a step, one bundle after the other. */
static void gather_indices(const mho_crossbar *xb, mho_crossbar_work *work, size_t k, size_t tiles,
                           uint16_t *x)
{
    const size_t bundles = mhoi_bundles_of(xb, k);
    for (size_t b = 0; b < bundles; ++b, x += MHOI_TILE) {
        const mhoi_bundle *bundle = &xb->bundle[xb->group_bundle[k] + b];
        if (work->near && xb->kernels->gather_index) {
            xb->kernels->gather_index(work, tiles, segments_of(xb, work, bundle), bundle->segments,
                                      is_row(xb), x, bundles * MHOI_TILE);
            continue;
        }
        gather_bundle(xb, work, bundle, tiles, work->bytes);
        xb->kernels->expand_index(work->bytes, tiles, x, bundles * MHOI_TILE);
    }
}

/* Inputs with a sign become bytes without, 128 too large, or the other way round, where the kernel wants them so. */
static void lift(const mho_crossbar *xb, uint32_t *x, size_t words)
{
    for (size_t i = 0; xb->whole != xb->shape.input_signed && i < words; ++i)
        x[i] ^= 0x80808080U;
}

/* Four bundles of 8 rows, or four rows, a step. */
static void gather_words(const mho_crossbar *xb, mho_crossbar_work *work, size_t k, size_t tiles,
                         uint32_t *x)
{
    const size_t bundles = mhoi_bundles_of(xb, k), steps = mhoi_steps_of(xb, k);
    const size_t pitch = MHOI_BLOCK + MHOI_SLACK;
    for (size_t b = 0; b < 4 * steps; ++b) {
        uint8_t *bytes = work->bytes + b % 4 * pitch;
        if (b < bundles)
            gather_bundle(xb, work, &xb->bundle[xb->group_bundle[k] + b], tiles, bytes);
        else
            memset(bytes, 0, tiles * MHOI_TILE);
        if (b % 4 == 3)
            xb->kernels->expand_words(work->bytes, pitch, tiles, x + b / 4 * MHOI_TILE,
                                      steps * MHOI_TILE);
    }
    if (xb->quads)
        lift(xb, x, tiles * steps * MHOI_TILE);
}

/* Four rows a step of a flat map, whose bytes lie in that order. */
static void gather_flat_quads(const mho_crossbar *xb, const uint8_t *map, size_t images, size_t k,
                              uint32_t *x)
{
    const size_t rows = mhoi_bundles_of(xb, k), steps = mhoi_steps_of(xb, k);
    for (size_t i = 0; i < images; ++i) {
        const uint8_t *from = map + i * xb->rows;
        uint32_t *to = x + i / MHOI_TILE * steps * MHOI_TILE + i % MHOI_TILE;
        for (size_t r = 0; r < rows; r += 4, to += MHOI_TILE) {
            *to = 0;
            memcpy(to, from + r, rows - r < 4 ? rows - r : 4);
        }
    }
    lift(xb, x, (images + MHOI_TILE - 1) / MHOI_TILE * steps * MHOI_TILE);
}

/* Two rows a step; every bundle is a row. */
static void gather_pairs(const mho_crossbar *xb, mho_crossbar_work *work, size_t k, size_t tiles,
                         int32_t *x)
{
    const size_t bundles = mhoi_bundles_of(xb, k), steps = mhoi_steps_of(xb, k);
    const mhoi_bundle *bundle = xb->bundle + xb->group_bundle[k];
    uint8_t *first = work->bytes, *second = work->bytes + MHOI_BLOCK + MHOI_SLACK;
    for (size_t b = 0; b < bundles; b += 2, x += MHOI_TILE) {
        const bool two = b + 1 < bundles;
        gather_bundle(xb, work, &bundle[b], tiles, first);
        if (two)
            gather_bundle(xb, work, &bundle[b + 1], tiles, second);
        xb->kernels->expand_pair(first, two ? second : NULL, xb->shape.input_signed, tiles, x,
                                 steps * MHOI_TILE);
    }
}

void mhoi_gather_group(const mho_crossbar *xb, mho_crossbar_work *work, const uint8_t *map,
                       size_t images, size_t k, size_t pixels, void *x)
{
    const size_t tiles = (pixels + MHOI_TILE - 1) / MHOI_TILE;
    const bool bits = !xb->dots;
    if (xb->flat && xb->quads)
        gather_flat_quads(xb, map + xb->bundle[xb->group_bundle[k]].row, images, k, x);
    else if (xb->flat && xb->counting)
        gather_flat_words(xb, work, map, images, k, x);
    else if (xb->flat && bits)
        mhoi_gather_flat(xb, work, map, images, k, k + 1, x);
    else if (xb->flat)
        xb->kernels->flat_pairs(map + xb->bundle[xb->group_bundle[k]].row, xb->rows,
                                mhoi_bundles_of(xb, k), images, xb->shape.input_signed, x,
                                mhoi_steps_of(xb, k) * MHOI_TILE);
    else if (xb->counting || xb->quads)
        gather_words(xb, work, k, tiles, x);
    else if (bits)
        gather_indices(xb, work, k, tiles, x);
    else
        gather_pairs(xb, work, k, tiles, x);
}
