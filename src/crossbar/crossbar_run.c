/* SPDX-License-Identifier: Apache-2.0 */
/* Hardware inference of one layer: blocks of pixels, row groups, four sums at a time, converters. */
#include <string.h>

#include "base/parallel.h"
#include "crossbar/cells.h"
#include "crossbar/crossbar_block.h"

#define X_BYTES (1 << 17)   /* of inputs that stay in the second cache, */
#define SUM_BYTES (1 << 18) /* and of sums */

/* Products: so many pixels that what the columns read again and again, with noise squares, too, stays in the second
 * cache. */
static size_t pixels_at_once(const mhoi_block *b, size_t k)
{
    const size_t bytes = mhoi_steps_of(b->xb, k) * sizeof(int32_t) * (b->reading ? 2 : 1);
    const size_t part = X_BYTES / bytes;
    if (!b->xb->dots)
        return b->pixels;
    return part < MHOI_TILE ? MHOI_TILE : part / MHOI_TILE * MHOI_TILE;
}

/* Column by column of one row group, then those of the next. */
static void fetch_in_order(mhoi_job *job, const mhoi_block *b, size_t k, size_t c)
{
    const size_t next = c + mhoi_job_columns(b);
    if (next < mhoi_last_column(b->xb, b->work))
        mhoi_set_ahead(job, b, k, c, k, next);
    else
        mhoi_set_ahead(job, b, k, c, k + 1, b->work->first_column);
}

static size_t tiles_of(const mhoi_block *b)
{
    return (b->pixels + MHOI_TILE - 1) / MHOI_TILE;
}

static void run_job(const mhoi_block *b, const mhoi_job *job, size_t k, size_t c)
{
    if (b->exact && !b->reading && !b->work->watch)
        mhoi_run_kernel(b->xb, job);
    else
        mhoi_run_apart(b, job, k, c);
    mhoi_count_sums(b->xb, b->work, b->per_pair, k, c, job->outputs, job->pixels);
}

/* All columns of row group k. */
static void run_group(const mhoi_block *b, size_t k)
{
    const size_t part = pixels_at_once(b, k), end = mhoi_last_column(b->xb, b->work);
    if (b->xb->counting)
        mhoi_count_inputs(b, k);
    for (size_t first = 0; first < b->pixels; first += part)
        for (size_t c = b->work->first_column; c < end; c += mhoi_job_columns(b)) {
            mhoi_job job = mhoi_make_job(b, k, c);
            job.place += first / MHOI_TILE;
            job.pixels = b->pixels - first < part ? b->pixels - first : part;
            if (b->xb->dots)
                job.x = (const int32_t *)job.x + first * job.steps;
            fetch_in_order(&job, b, k, c);
            run_job(b, &job, k, c);
        }
}

/* Row groups from k on whose inputs there is room for. */
static size_t groups_at_once(const mhoi_block *b, size_t k)
{
    const size_t end = mhoi_last_group(b->xb, b->work);
    const size_t room = b->work->x_bytes / (tiles_of(b) * MHOI_TILE * sizeof(uint16_t));
    size_t next = k + 1;
    while (next < end && b->xb->group_step[next + 1] - b->xb->group_step[k] <= room)
        ++next;
    return next - k;
}

static bool has_tables(const mho_crossbar *xb, bool per_pair, mhoi_side from)
{
    if (xb->counting || (!per_pair && mhoi_is_shared(xb, from)))
        return true;
    return xb->kernels &&
           (per_pair ? xb->table[from + MHOI_DIFFERENCE] != NULL
                     : xb->table[from + MHOI_PLUS] && (xb->strips || xb->table[from + MHOI_MINUS]));
}

/* Memory and tables for noise. */
static bool has_noise(const mho_crossbar *xb, const mho_crossbar_work *work, bool per_pair)
{
    return has_tables(xb, per_pair, MHOI_VARIANCE) && work->variance &&
           (xb->shape.input_bits == 1 || work->square);
}

/* Columns [from, end) of sum[n][C][P] from the block's [C][pixels], pixel = image P + position. */
static void scatter(const mhoi_block *b, size_t from, size_t end, int32_t *sum)
{
    const size_t positions = b->xb->positions, columns = b->xb->shape.columns, first = b->first;
    const int32_t *block = b->sum + (from - b->first_column) * b->pitch;
    if (positions == 1) {
        b->xb->kernels->transpose(block, b->pitch, end - from, b->pixels,
                                  sum + first * columns + from, columns);
        return;
    }
    for (size_t c = from; c < end; ++c)
        for (size_t q = 0; q < b->pixels;) {
            const size_t image = (first + q) / positions, p = (first + q) % positions;
            const size_t left = b->pixels - q, n = positions - p < left ? positions - p : left;
            memcpy(sum + (image * columns + c) * positions + p, block + (c - from) * b->pitch + q,
                   n * sizeof *sum);
            q += n;
        }
}

static bool goes_direct(const mhoi_block *b)
{
    return b->xb->direct && !(b->xb->strips && b->work->sum);
}

/* Of whole tiles, as MHOI_PITCH is of a whole block: sums of few pixels lie together, and leave the rest of their memory
 * alone. */
static size_t pitch_of(size_t pixels)
{
    return (pixels + MHOI_TILE - 1) / MHOI_TILE * MHOI_TILE + MHOI_PITCH - MHOI_BLOCK;
}

/* Where the sums of the block's pixels go: to a block of their own, or, where no tile straddles two
 * images, straight to sum[n][C][P]. */
static void set_places(mhoi_block *b, size_t first, int32_t *sum)
{
    const size_t positions = b->xb->positions, columns = b->xb->shape.columns;
    const bool direct = goes_direct(b);
    b->sum = direct ? sum : b->work->sum;
    b->pitch = direct ? positions : pitch_of(b->pixels);
    b->first_column = 0;
    for (size_t q = 0; q < b->pixels; q += MHOI_TILE) {
        const size_t image = (first + q) / positions, p = (first + q) % positions;
        b->work->place[q / MHOI_TILE] = direct ? image * columns * positions + p : q;
    }
}

/* Rows that the bundles of row group k hold. */
static size_t rows_of(const mho_crossbar *xb, size_t k)
{
    size_t rows = 0;
    for (size_t i = xb->group_bundle[k]; i < xb->group_bundle[k + 1]; ++i)
        rows += xb->bundle[i].rows;
    return rows;
}

/* So many columns that their sums stay in the second cache while row group after row group adds to them. */
static size_t columns_at_once(const mhoi_block *b)
{
    const size_t columns = SUM_BYTES / (b->pixels * sizeof(int32_t)) / MHOI_COLUMNS * MHOI_COLUMNS;
    return columns < MHOI_COLUMNS ? MHOI_COLUMNS : columns;
}

/* Columns [from, end) of row groups [k, last), whose inputs are in work->x. */
static void run_columns(const mhoi_block *b, size_t k, size_t last, size_t from, size_t end)
{
    const size_t step = mhoi_job_columns(b), first_step = b->xb->group_step[k];
    for (size_t group = k; group < last; ++group) {
        const size_t before = (b->xb->group_step[group] - first_step) * tiles_of(b) * MHOI_TILE;
        mhoi_job job = mhoi_make_job(b, group, from);
        job.x = (const uint16_t *)b->work->x + before;
        for (size_t c = from; c < end; c += step) {
            mhoi_set_columns(&job, b, group, c);
            if (c + step < end)
                mhoi_set_ahead(&job, b, group, c, group, c + step);
            else if (group + 1 < last)
                mhoi_set_ahead(&job, b, group, c, group + 1, from);
            else if (end < mhoi_last_column(b->xb, b->work))
                mhoi_set_ahead(&job, b, group, c, k, end);
            else
                mhoi_set_ahead(&job, b, group, c, last, b->work->first_column);
            run_job(b, &job, group, c);
        }
    }
}

/* Row groups whose inputs are in work->x. */
static void run_groups(mhoi_block *b, size_t k, size_t groups, int32_t *sum)
{
    const size_t last = mhoi_last_column(b->xb, b->work), columns = columns_at_once(b);
    const bool apart = !goes_direct(b), ends = k + groups == mhoi_last_group(b->xb, b->work);
    for (size_t from = b->work->first_column; from < last; from += columns) {
        const size_t end = last - from < columns ? last : from + columns;
        if (apart && ends && k == b->work->first_group) /* nobody needs them later */
            b->first_column = from;
        run_columns(b, k, k + groups, from, end);
        if (apart && ends)
            scatter(b, from, end, sum);
    }
}

/* Inputs of row groups [k, last). */
static void pack_groups(const mhoi_block *b, const uint8_t *map, size_t images, size_t k,
                        size_t last)
{
    const mho_crossbar *xb = b->xb;
    const bool together = xb->flat && !xb->counting && !xb->dots;
    for (size_t g = k, next; g < last; g = next) {
        const size_t before = (xb->group_step[g] - xb->group_step[k]) * tiles_of(b) * MHOI_TILE;
        uint16_t *x = (uint16_t *)b->work->x + before;
        next = together ? mhoi_flat_groups(xb, b->work, images, g, last) : g + 1;
        if (together)
            mhoi_gather_flat(xb, b->work, map, images, g, next, x);
        else
            mhoi_gather_group(xb, b->work, map, images, g, b->pixels, x);
        for (size_t i = g; i < next && !b->work->first_column; ++i)
            b->work->counts.row_drives += rows_of(xb, i) * b->pixels;
    }
}

/* All row groups of a block. */
static void run_block(mhoi_block *b, const uint8_t *map, size_t images, int32_t *sum)
{
    const mho_crossbar *xb = b->xb;
    const bool by_columns = !xb->counting && !xb->dots && !b->work->watch;
    const size_t end = mhoi_last_group(xb, b->work);
    for (size_t k = b->work->first_group, n; k < end && !mhoi_interrupted(); k += n) {
        n = by_columns ? groups_at_once(b, k) : 1;
        pack_groups(b, map, images, k, k + n);
        if (b->reading && b->work->square)
            mhoi_square_inputs(b, k);
        if (by_columns)
            run_groups(b, k, n, sum);
        else
            run_group(b, k);
    }
    if (!by_columns && !goes_direct(b))
        scatter(b, b->work->first_column, mhoi_last_column(xb, b->work), sum);
}

/* The pixels of `images` images from `first` of the map on, in blocks. */
static void run_images(mhoi_block *b, const uint8_t *map, size_t images, int32_t *sum)
{
    const size_t pixels = mhoi_pixels_of(b->xb, b->work, images);
    const uint64_t pixel = b->pixel;
    map = mhoi_order_maps(b->xb, b->work, images, map);
    mhoi_gather_images(b->xb, b->work, map, images);
    for (size_t first = 0; first < pixels; first += b->pixels) {
        b->pixels = pixels - first < MHOI_BLOCK ? pixels - first : MHOI_BLOCK;
        mhoi_gather_runs(b->xb, b->work, first, b->pixels);
        set_places(b, first, sum);
        b->first = first;
        b->pixel = pixel + first;
        run_block(b, map, images, sum);
    }
}

/* So many pixels of the limit are done; false: all. */
static bool next_images(mho_crossbar_work *work, size_t pixels)
{
    if (!work->limit)
        return true;
    if (work->limit <= pixels)
        return false;
    work->limit -= pixels;
    return true;
}

/* Is the code exact in single precision?  A converter is looked at once, not in each of many short runs. */
static bool prepare(mho_crossbar_work *work, const mho_converter *converter)
{
    const mho_converter *last = &work->converter;
    if (work->prepared && last->codes == converter->codes && last->edge == converter->edge &&
        last->step == converter->step)
        return work->exact;
    work->converter = *converter;
    work->exact = mhoi_code_prepare(converter, &work->code);
    work->prepared = true;
    return work->exact;
}

void mho_crossbar_run(const mho_crossbar *xb, mho_crossbar_work *work,
                      const mho_converter *converter, bool per_pair, size_t n, const uint8_t *map,
                      int32_t *sum, const mho_reading *reading)
{
    const mho_window *w = &xb->shape.window;
    if (!xb->noisy)
        reading = NULL;
    if (!has_tables(xb, per_pair, MHOI_PLUS) || (reading && !has_noise(xb, work, per_pair))) {
        mhoi_ref_run(xb, work, converter, per_pair, n, map, sum, reading);
        return;
    }
    mhoi_block b = {.xb = xb, .work = work, .converter = converter, .per_pair = per_pair};
    b.reading = reading;
    b.exact = prepare(work, converter) && !xb->error && !(xb->codes && converter->codes) &&
              (xb->dots || !work->code.wide);
    b.code = work->code;
    const size_t limit = work->limit;
    for (size_t i = 0; i < n; i += xb->block_images) {
        const size_t images = n - i < xb->block_images ? n - i : xb->block_images;
        b.pixel = reading ? (reading->first + i) * xb->positions + reading->pixel : 0;
        run_images(&b, map + i * w->c * w->h * w->w, images,
                   sum + i * xb->shape.columns * xb->positions);
        if (!next_images(work, images * xb->positions))
            break;
    }
    work->limit = limit;
}

/* Tells the sums of the block's pixels. */
static void tell_sums(const mhoi_block *b, const uint8_t *map, size_t images,
                      mho_crossbar_sums_fn *each, void *user)
{
    for (size_t k = 0; k < b->xb->groups && !mhoi_interrupted(); ++k) {
        mhoi_gather_group(b->xb, b->work, map, images, k, b->pixels, b->work->x);
        if (b->xb->counting)
            mhoi_count_inputs(b, k);
        for (size_t c = 0; c < b->xb->shape.columns; c += mhoi_job_columns(b)) {
            const mhoi_job job = mhoi_make_job(b, k, c);
            const int32_t *raw = b->work->raw;
            mhoi_run_raw(b, job, b->work->raw);
            for (size_t j = 0; j < job.outputs; ++j)
                each(user, raw + mhoi_raw_of(&job, j, 0), raw + mhoi_raw_of(&job, j, 1), b->pixels);
        }
    }
}

void mho_crossbar_sums_of(const mho_crossbar *xb, mho_crossbar_work *work, size_t n,
                          const uint8_t *map, mho_crossbar_sums_fn *each, void *user)
{
    const size_t image_bytes = xb->shape.window.c * xb->shape.window.h * xb->shape.window.w;
    mhoi_block b = {.xb = xb, .work = work, .code = {.ideal = true}};
    const size_t limit = work->limit;
    const bool fast = has_tables(xb, false, MHOI_PLUS);
    for (size_t i = 0; !fast && i < n; ++i) {
        mhoi_ref_sums(xb, work, map + i * image_bytes, each, user);
        if (!next_images(work, xb->positions))
            break;
    }
    for (size_t i = 0; fast && i < n; i += xb->block_images) {
        const size_t images = n - i < xb->block_images ? n - i : xb->block_images;
        const uint8_t *block_map = mhoi_order_maps(xb, work, images, map + i * image_bytes);
        const size_t pixels = mhoi_pixels_of(xb, work, images);
        mhoi_gather_images(xb, work, block_map, images);
        for (size_t first = 0; first < pixels; first += b.pixels) {
            b.pixels = pixels - first < MHOI_BLOCK ? pixels - first : MHOI_BLOCK;
            mhoi_gather_runs(xb, work, first, b.pixels);
            tell_sums(&b, block_map, images, each, user);
        }
        if (!next_images(work, images * xb->positions))
            break;
    }
    work->limit = limit;
}

void mho_crossbar_sums(const mho_crossbar *xb, mho_crossbar_work *work, const uint8_t *map,
                       mho_crossbar_sums_fn *each, void *user)
{
    mho_crossbar_sums_of(xb, work, 1, map, each, user);
}
