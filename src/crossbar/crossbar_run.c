/* SPDX-License-Identifier: Apache-2.0 */
/* Hardware inference of one layer: blocks of pixels, row groups, four sums at a time, converters. */
#include <string.h>

#include "base/parallel.h"
#include "crossbar/crossbar_impl.h"

#define X_BYTES (1 << 17) /* of inputs that stay in the second cache */
#define AHEAD_TILES 4     /* fewer do not hide the way to tables that are far */

/* One run of the engine over a block. */
typedef struct block {
    const mho_crossbar *xb;
    mho_crossbar_work *work;
    const mho_converter *converter;
    mhoi_code code;
    bool exact; /* the code is exact in single precision */
    bool per_pair;
    size_t pixels;
    int32_t *sum;               /* of column 0 */
    size_t pitch;               /* from column to column of sum */
    const mho_reading *reading; /* NULL: no noise */
    uint64_t pixel;             /* the block's first one in the data set, */
    size_t first;               /* and of the images at once */
} block;

static void run_kernel(const mho_crossbar *xb, const mhoi_job *job)
{
    if (xb->counting)
        xb->kernels->count(job);
    else if (xb->quads)
        xb->kernels->dot_quads(job);
    else if (xb->dots)
        xb->kernels->dot(job);
    else
        xb->kernels->lookup(job);
}

/* First table of row group k, side, column (or strip) c. */
static const char *table_of(const mho_crossbar *xb, mhoi_side side, size_t k, size_t c)
{
    if (mhoi_is_shared(xb, side))
        return (const char *)((side == MHOI_PLUS ? xb->g_plus : xb->g_minus) + c * xb->rows +
                              k * xb->shape.crossbar_rows);
    const size_t steps = xb->group_step[k] * mhoi_tables_of(xb, side) + c * mhoi_steps_of(xb, k);
    return (const char *)xb->table[side] + steps * mhoi_step_bytes(xb);
}

static void set_sum(mhoi_job *job, const mho_crossbar *xb, size_t j, mhoi_side side, size_t k,
                    size_t c)
{
    job->w[j] = table_of(xb, side, k, c);
    job->bias[j] = xb->bias[side][k * xb->shape.columns + c];
}

/* Counting: column c + j, for as many columns as a job works out.  With noise the counts themselves. */
static void set_counts(mhoi_job *job, const block *b, size_t k, size_t c, size_t left)
{
    const mho_crossbar *xb = b->xb;
    job->difference = b->per_pair;
    job->unit = b->reading ? 1 : xb->high - xb->low;
    job->base = b->work->count;
    job->total = b->work->count + (b->reading ? 0 : MHOI_BLOCK);
    for (size_t j = 0; j < MHOI_SUMS; ++j)
        job->w[j] = table_of(xb, MHOI_PLUS, k, c + (j < left ? j : left - 1));
}

/* Counts the inputs of row group k that are 1: what all columns share. */
static void count_inputs(const block *b, size_t k)
{
    static const size_t place[MHOI_BLOCK / MHOI_TILE] = {0,   64,  128, 192, 256, 320, 384, 448,
                                                         512, 576, 640, 704, 768, 832, 896, 960};
    const mho_crossbar *xb = b->xb;
    int32_t *base = b->work->count, *total = base + MHOI_BLOCK;
    const void *used = table_of(xb, MHOI_PLUS, k, xb->shape.columns);
    memset(base, 0, 2 * MHOI_BLOCK * sizeof *base);
    const mhoi_job job = {.x = b->work->x,
                          .steps = mhoi_steps_of(xb, k),
                          .pixels = b->pixels,
                          .w = {used, used, used, used},
                          .code = {.ideal = true},
                          .outputs = 1,
                          .out = {total},
                          .place = place,
                          .unit = 1,
                          .base = base,
                          .total = base};
    xb->kernels->count(&job);
    for (size_t q = 0; !b->reading && q < MHOI_BLOCK; ++q) {
        base[q] = xb->low * total[q];
        total[q] *= xb->low + xb->high;
    }
}

/* Weight columns of a job. */
static size_t job_columns(const block *b)
{
    const size_t sums = b->xb->strips ? MHOI_RAW : MHOI_SUMS;
    return b->per_pair ? sums : sums / 2;
}

static void set_strips(mhoi_job *job, const block *b, mhoi_side side, size_t k, size_t c)
{
    const size_t strips = mhoi_tables_of(b->xb, side), first = c / mhoi_strip_columns(side);
    job->strips = strips - first < MHOI_STRIPS ? strips - first : MHOI_STRIPS;
    for (size_t u = 0; u < job->strips; ++u)
        job->w[u] = table_of(b->xb, side, k, first + u);
    job->lane_bias = b->xb->bias[side] + (k * strips + first) * MHOI_STRIP;
}

/* The tables of a job's sums, or (from = MHOI_VARIANCE) of their variances. */
static void set_sums(mhoi_job *job, const block *b, mhoi_side from, size_t k, size_t c)
{
    const size_t each = b->per_pair ? 1 : 2, left = b->xb->shape.columns - c;
    if (b->xb->strips) {
        set_strips(job, b, from + (b->per_pair ? MHOI_DIFFERENCE : MHOI_PLUS), k, c);
        return;
    }
    for (size_t j = 0; j < MHOI_SUMS; ++j) {
        const mhoi_side side = b->per_pair ? MHOI_DIFFERENCE : j % 2 ? MHOI_MINUS : MHOI_PLUS;
        const size_t column = c + (j / each < left ? j / each : left - 1);
        set_sum(job, b->xb, j, from + side, k, column);
    }
}

/* The tables of a row group lie column by column, and then come those of the next. */
static void set_ahead(mhoi_job *job, const block *b, size_t k, size_t c)
{
    const bool last = k + 1 == b->xb->groups && c + job_columns(b) >= b->xb->shape.columns;
    if (!b->xb->far || last || b->pixels < AHEAD_TILES * MHOI_TILE)
        return;
    job->ahead_bytes = job->steps * mhoi_step_bytes(b->xb);
    for (size_t j = 0; j < MHOI_SUMS; ++j)
        job->ahead[j] = (const char *)job->w[j] + job_columns(b) * job->ahead_bytes;
}

/* The sums of row group k from column c on: S+, S- of some columns, or the differences of twice as
 * many.  Beyond the last column of four sums the last one is worked out again and dropped. */
static mhoi_job make_job(const block *b, size_t k, size_t c)
{
    const mho_crossbar *xb = b->xb;
    const size_t left = xb->shape.columns - c, room = job_columns(b);
    mhoi_job job = {.x = b->work->x,
                    .steps = mhoi_steps_of(xb, k),
                    .pixels = b->pixels,
                    .widen = xb->widen,
                    .folded = xb->folded,
                    .whole = xb->whole,
                    .shift = xb->shift,
                    .code = b->code,
                    .paired = !b->per_pair,
                    .accumulate = k > b->work->first_group,
                    .outputs = left < room ? left : room,
                    .pitch = b->pitch,
                    .place = b->work->place};
    if (xb->counting)
        set_counts(&job, b, k, c, left);
    else
        set_sums(&job, b, MHOI_PLUS, k, c);
    set_ahead(&job, b, k, c);
    for (size_t j = 0; b->sum && j < job.outputs && j < MHOI_SUMS;
         ++j) /* no sum: raw ones are told */
        job.out[j] = b->sum + (c + j) * b->pitch;
    return job;
}

/* The sums themselves, raw[sums][MHOI_PITCH]: mhoi_raw_of tells which is where. */
static void run_raw(const block *b, mhoi_job job, int32_t *raw)
{
    size_t place[MHOI_BLOCK / MHOI_TILE];
    for (size_t i = 0; i < MHOI_BLOCK / MHOI_TILE; ++i)
        place[i] = MHOI_TILE * i;
    for (size_t j = 0; j < MHOI_SUMS; ++j)
        job.out[j] = raw + j * MHOI_PITCH;
    job.code.ideal = true;
    job.paired = job.accumulate = false;
    job.raw = !b->xb->strips;
    job.outputs = b->xb->strips ? job.strips * MHOI_STRIP : MHOI_SUMS;
    job.pitch = MHOI_PITCH;
    job.place = place;
    run_kernel(b->xb, &job);
}

/* The first of the block's pixels that a job is about. */
static size_t first_of(const block *b, const mhoi_job *job)
{
    return (size_t)(job->place - b->work->place) * MHOI_TILE;
}

/* A tile of pixels at a time. */
static void convert_by_book(const block *b, const mhoi_job *job)
{
    int32_t plus[MHOI_TILE], minus[MHOI_TILE] = {0};
    for (size_t j = 0; j < job->outputs; ++j)
        for (size_t q = 0; q < job->pixels; q += MHOI_TILE) {
            const size_t left = job->pixels - q, n = left < MHOI_TILE ? left : MHOI_TILE;
            int32_t *out = job->out[0] + j * job->pitch + job->place[q / MHOI_TILE];
            mhoi_codes_values(b->xb, n, b->work->raw + mhoi_raw_of(job, j, 0) + q, plus);
            if (job->paired)
                mhoi_codes_values(b->xb, n, b->work->raw + mhoi_raw_of(job, j, 1) + q, minus);
            for (size_t i = 0; i < n; ++i)
                out[i] = plus[i] - minus[i] + (job->accumulate ? out[i] : 0);
        }
}

/* One comparison a sum, whose edge an offset moves: what votes are.  Not so: false. */
static bool compare(const block *b, const mhoi_job *job, size_t k, size_t c)
{
    const mho_crossbar *xb = b->xb;
    if (!xb->error || b->converter->codes != 2 || xb->codes || job->paired)
        return false;
    const mho_converter_error *error = xb->error + k * xb->shape.columns + c;
    for (size_t j = 0; j < job->outputs; ++j) {
        const int64_t edge = mhoi_converter_moved_edge(b->converter, &error[j]);
        if (error[j].gain != 0 || error[j].bow != 0 || edge != (int32_t)edge)
            return false;
    }
    for (size_t j = 0; j < job->outputs; ++j) {
        const int32_t edge = (int32_t)mhoi_converter_moved_edge(b->converter, &error[j]);
        const int32_t *raw = b->work->raw + mhoi_raw_of(job, j, 0);
        for (size_t q = 0; q < job->pixels; q += MHOI_TILE) {
            const size_t left = job->pixels - q, n = left < MHOI_TILE ? left : MHOI_TILE;
            int32_t *out = job->out[0] + j * job->pitch + job->place[q / MHOI_TILE];
            if (job->accumulate)
                for (size_t i = 0; i < n; ++i)
                    out[i] += raw[q + i] >= edge;
            else
                for (size_t i = 0; i < n; ++i)
                    out[i] = raw[q + i] >= edge;
        }
    }
    return true;
}

/* Converters that single precision would not do right, or that have errors: whole-number arithmetic on raw sums. */
static void convert_raw(const block *b, const mhoi_job *job, size_t k, size_t c)
{
    const mho_crossbar *xb = b->xb;
    if (xb->codes && b->converter->codes && !xb->error) {
        convert_by_book(b, job);
        return;
    }
    if (compare(b, job, k, c))
        return;
    for (size_t j = 0; j < job->outputs; ++j) {
        const int32_t *plus = b->work->raw + mhoi_raw_of(job, j, 0);
        const int32_t *minus = b->work->raw + mhoi_raw_of(job, j, 1);
        for (size_t q = 0; q < job->pixels; ++q) {
            int32_t *out = job->out[0] + j * job->pitch + job->place[q / MHOI_TILE] + q % MHOI_TILE;
            int32_t code = mhoi_convert_real(xb, b->converter, 0, k, c + j, plus[q]);
            if (job->paired)
                code -= mhoi_convert_real(xb, b->converter, 1, k, c + j, minus[q]);
            *out = code + (job->accumulate ? *out : 0);
        }
    }
}

static size_t square_tiles(const block *b)
{
    return (b->pixels + MHOI_TILE - 1) / MHOI_TILE;
}

/* Do variances come in two parts, of low and of high bytes? */
static bool has_high(const mho_crossbar *xb)
{
    return mhoi_squares_wide(xb) && !xb->one_product;
}

/* Squares of the inputs of row group k, whole, or their low bytes and then their high ones. */
static void square_inputs(const block *b, size_t k)
{
    const size_t pairs = mhoi_steps_of(b->xb, k) * square_tiles(b) * MHOI_TILE;
    int32_t *low = b->work->square, *high = low + pairs;
    b->xb->kernels->square(b->work->x, pairs, low, b->xb->one_product ? NULL : high);
}

/* The variances of a job's sums, by the same kernel: low and high parts of work->variance. */
static void run_variances(const block *b, mhoi_job job, size_t k, size_t c)
{
    const mho_crossbar *xb = b->xb;
    const size_t wide = has_high(xb), pairs = job.steps * square_tiles(b) * MHOI_TILE;
    set_sums(&job, b, MHOI_VARIANCE, k, c);
    set_ahead(&job, b, k, c);
    job.widen = xb->variance_widen;
    const size_t first = first_of(b, &job);
    for (size_t part = 0; part <= wide; ++part) {
        if (b->work->square)
            job.x = b->work->square + part * pairs + first * job.steps;
        run_raw(b, job, b->work->variance + part * MHOI_RAW * MHOI_PITCH);
    }
}

/* What a count of high cells and one of inputs make of sum j. */
static void set_counted(const block *b, size_t side, mhoi_disturb *d)
{
    const mho_crossbar *xb = b->xb;
    d->counts = true;
    d->low = b->work->count + MHOI_BLOCK;
    d->sum_count = xb->high - xb->low;
    d->sum_input = b->per_pair ? xb->low - xb->high : side ? xb->high : xb->low;
    d->variance_count = b->per_pair ? 0 : xb->variance_high - xb->variance_low;
    d->variance_input = b->per_pair ? xb->variance_low + xb->variance_high
                        : side      ? xb->variance_high
                                    : xb->variance_low;
}

/* The variance of a sum from one product, of squares less MHOI_SQUARE_MIDDLE. */
static void set_whole(const block *b, size_t k, size_t column, size_t side, mhoi_disturb *d)
{
    const mhoi_side of = b->per_pair ? MHOI_VAR_PAIR : side ? MHOI_VAR_MINUS : MHOI_VAR_PLUS;
    const uint32_t total = (uint32_t)b->xb->bias[of][k * b->xb->shape.columns + column];
    d->whole = true;
    d->more = total * MHOI_SQUARE_MIDDLE;
}

/* Noise of a job's sum, of a column and side, that is raw[at]. */
static void disturb_sum(const block *b, const mhoi_job *job, size_t k, size_t column, size_t side,
                        size_t at)
{
    const mho_crossbar *xb = b->xb;
    int32_t *raw = b->work->raw + at, *variance = b->work->variance + at;
    const uint64_t pixel = b->pixel + first_of(b, job);
    mhoi_disturb d = {.pixels = job->pixels,
                      .sum = raw,
                      .low = variance,
                      .high = has_high(xb) ? variance + MHOI_RAW * MHOI_PITCH : NULL,
                      .normal = b->work->normal,
                      .unit = xb->noise_unit,
                      .half = b->converter->codes == 0 ? 0.5F : 0.0F,
                      .out = raw};
    if (xb->counting)
        set_counted(b, side, &d);
    else if (b->work->square && xb->one_product)
        set_whole(b, k, column, side, &d);
    mhoi_noise_draw(xb, b->reading, k, column, side, pixel, job->pixels, b->work->normal);
    xb->kernels->disturb(&d);
}

/* Tells raw sums of row group k, columns from c on, to who looks on. */
static void tell_watch(const block *b, const mhoi_job *job, size_t k, size_t c)
{
    const int32_t *raw = b->work->raw;
    const size_t first = b->first + first_of(b, job);
    for (size_t j = 0; j < job->outputs; ++j)
        mhoi_tell_watch(b->xb, b->work, k, c + j, first, job->pixels, raw + mhoi_raw_of(job, j, 0),
                        job->paired ? raw + mhoi_raw_of(job, j, 1) : NULL);
}

/* Raw sums, noise, and what follows them. */
static void run_apart(const block *b, const mhoi_job *job, size_t k, size_t c)
{
    run_raw(b, *job, b->work->raw);
    if (b->reading && !b->xb->counting)
        run_variances(b, *job, k, c);
    for (size_t j = 0; b->reading && j < job->outputs; ++j)
        for (size_t side = 0; side <= job->paired; ++side)
            disturb_sum(b, job, k, c + j, side, mhoi_raw_of(job, j, side));
    if (b->work->watch)
        tell_watch(b, job, k, c);
    if (b->exact)
        b->xb->kernels->finish(job, b->work->raw);
    else
        convert_raw(b, job, k, c);
}

/* Products: so many pixels that what the columns read again and again, with noise squares, too, stays in the second
 * cache. */
static size_t pixels_at_once(const block *b, size_t k)
{
    const size_t bytes = mhoi_steps_of(b->xb, k) * sizeof(int32_t) * (b->reading ? 2 : 1);
    const size_t part = X_BYTES / bytes;
    if (!b->xb->dots)
        return b->pixels;
    return part < MHOI_TILE ? MHOI_TILE : part / MHOI_TILE * MHOI_TILE;
}

/* All columns of row group k. */
static void run_group(const block *b, size_t k)
{
    const size_t part = pixels_at_once(b, k), end = mhoi_last_column(b->xb, b->work);
    const bool at_once = b->exact && !b->reading && !b->work->watch;
    if (b->xb->counting)
        count_inputs(b, k);
    for (size_t first = 0; first < b->pixels; first += part)
        for (size_t c = b->work->first_column; c < end; c += job_columns(b)) {
            mhoi_job job = make_job(b, k, c);
            job.place += first / MHOI_TILE;
            job.pixels = b->pixels - first < part ? b->pixels - first : part;
            if (b->xb->dots)
                job.x = (const int32_t *)job.x + first * job.steps;
            if (at_once)
                run_kernel(b->xb, &job);
            else
                run_apart(b, &job, k, c);
            mhoi_count_sums(b->xb, b->work, b->per_pair, k, c, job.outputs, job.pixels);
        }
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

/* sum[n][C][P] from the block's [C][pixels], pixel = image P + position. */
static void scatter(const block *b, size_t first, int32_t *sum)
{
    const size_t positions = b->xb->positions, columns = b->xb->shape.columns, pitch = MHOI_PITCH;
    const size_t from = b->work->first_column, end = mhoi_last_column(b->xb, b->work);
    if (positions == 1) {
        b->xb->kernels->transpose(b->work->sum + from * pitch, pitch, end - from, b->pixels,
                                  sum + first * columns + from, columns);
        return;
    }
    for (size_t c = from; c < end; ++c)
        for (size_t q = 0; q < b->pixels;) {
            const size_t image = (first + q) / positions, p = (first + q) % positions;
            const size_t left = b->pixels - q, n = positions - p < left ? positions - p : left;
            memcpy(sum + (image * columns + c) * positions + p, b->work->sum + c * pitch + q,
                   n * sizeof *sum);
            q += n;
        }
}

static bool goes_direct(const block *b)
{
    return b->xb->direct && !(b->xb->strips && b->work->sum);
}

/* Where the sums of the block's pixels go: to a block of their own, or, where no tile straddles two
 * images, straight to sum[n][C][P]. */
static void set_places(block *b, size_t first, int32_t *sum)
{
    const size_t positions = b->xb->positions, columns = b->xb->shape.columns;
    const bool direct = goes_direct(b);
    b->sum = direct ? sum : b->work->sum;
    b->pitch = direct ? positions : MHOI_PITCH;
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

/* The pixels of `images` images from `first` of the map on, in blocks. */
static void run_images(block *b, const uint8_t *map, size_t images, int32_t *sum)
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
        const size_t end = mhoi_last_group(b->xb, b->work);
        for (size_t k = b->work->first_group; k < end && !mhoi_interrupted(); ++k) {
            mhoi_gather_group(b->xb, b->work, map, images, k, b->pixels);
            if (!b->work->first_column)
                b->work->counts.row_drives += rows_of(b->xb, k) * b->pixels;
            if (b->reading && b->work->square)
                square_inputs(b, k);
            run_group(b, k);
        }
        if (!goes_direct(b))
            scatter(b, first, sum);
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
    block b = {.xb = xb, .work = work, .converter = converter, .per_pair = per_pair};
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
static void tell_sums(const block *b, const uint8_t *map, size_t images, mho_crossbar_sums_fn *each,
                      void *user)
{
    for (size_t k = 0; k < b->xb->groups && !mhoi_interrupted(); ++k) {
        mhoi_gather_group(b->xb, b->work, map, images, k, b->pixels);
        if (b->xb->counting)
            count_inputs(b, k);
        for (size_t c = 0; c < b->xb->shape.columns; c += job_columns(b)) {
            const mhoi_job job = make_job(b, k, c);
            const int32_t *raw = b->work->raw;
            run_raw(b, job, b->work->raw);
            for (size_t j = 0; j < job.outputs; ++j)
                each(user, raw + mhoi_raw_of(&job, j, 0), raw + mhoi_raw_of(&job, j, 1), b->pixels);
        }
    }
}

void mho_crossbar_sums_of(const mho_crossbar *xb, mho_crossbar_work *work, size_t n,
                          const uint8_t *map, mho_crossbar_sums_fn *each, void *user)
{
    const size_t image_bytes = xb->shape.window.c * xb->shape.window.h * xb->shape.window.w;
    block b = {.xb = xb, .work = work, .code = {.ideal = true}};
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
