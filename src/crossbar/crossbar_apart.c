/* SPDX-License-Identifier: Apache-2.0 */
/* Sums that are looked at before their codes are: noise, real converters, whoever looks on. */
#include "crossbar/crossbar_block.h"

/* The sums themselves, raw[sums][MHOI_PITCH]: mhoi_raw_of tells which is where. */
void mhoi_run_raw(const mhoi_block *b, mhoi_job job, int32_t *raw)
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
    mhoi_run_kernel(b->xb, &job);
}

/* The first of the block's pixels that a job is about. */
static size_t first_of(const mhoi_block *b, const mhoi_job *job)
{
    return (size_t)(job->place - b->work->place) * MHOI_TILE;
}

/* A tile of pixels at a time. */
static void convert_by_book(const mhoi_block *b, const mhoi_job *job)
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
static bool compare(const mhoi_block *b, const mhoi_job *job, size_t k, size_t c)
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
static void convert_raw(const mhoi_block *b, const mhoi_job *job, size_t k, size_t c)
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

static size_t square_tiles(const mhoi_block *b)
{
    return (b->pixels + MHOI_TILE - 1) / MHOI_TILE;
}

/* Do variances come in two parts, of low and of high bytes? */
static bool has_high(const mho_crossbar *xb)
{
    return mhoi_squares_wide(xb) && !xb->one_product;
}

/* Squares of the inputs of row group k, whole, or their low bytes and then their high ones. */
void mhoi_square_inputs(const mhoi_block *b, size_t k)
{
    const size_t pairs = mhoi_steps_of(b->xb, k) * square_tiles(b) * MHOI_TILE;
    int32_t *low = b->work->square, *high = low + pairs;
    b->xb->kernels->square(b->work->x, pairs, low, b->xb->one_product ? NULL : high);
}

/* The variances of a job's sums, by the same kernel: low and high parts of work->variance. */
static void run_variances(const mhoi_block *b, mhoi_job job, size_t k, size_t c)
{
    const mho_crossbar *xb = b->xb;
    const size_t wide = has_high(xb), pairs = job.steps * square_tiles(b) * MHOI_TILE;
    mhoi_set_sums(&job, b, MHOI_VARIANCE, k, c);
    job.widen = xb->variance_widen;
    const size_t first = first_of(b, &job);
    for (size_t part = 0; part <= wide; ++part) {
        if (b->work->square)
            job.x = b->work->square + part * pairs + first * job.steps;
        mhoi_run_raw(b, job, b->work->variance + part * MHOI_RAW * MHOI_PITCH);
    }
}

/* What a count of high cells and one of inputs make of sum j. */
static void set_counted(const mhoi_block *b, size_t side, mhoi_disturb *d)
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
static void set_whole(const mhoi_block *b, size_t k, size_t column, size_t side, mhoi_disturb *d)
{
    const mhoi_side of = b->per_pair ? MHOI_VAR_PAIR : side ? MHOI_VAR_MINUS : MHOI_VAR_PLUS;
    const uint32_t total = (uint32_t)b->xb->bias[of][k * b->xb->shape.columns + column];
    d->whole = true;
    d->more = total * MHOI_SQUARE_MIDDLE;
}

/* Noise of a job's sum, of a column and side, that is raw[at]. */
static void disturb_sum(const mhoi_block *b, const mhoi_job *job, size_t k, size_t column,
                        size_t side, size_t at)
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
static void tell_watch(const mhoi_block *b, const mhoi_job *job, size_t k, size_t c)
{
    const int32_t *raw = b->work->raw;
    const size_t first = b->first + first_of(b, job);
    for (size_t j = 0; j < job->outputs; ++j)
        mhoi_tell_watch(b->xb, b->work, k, c + j, first, job->pixels, raw + mhoi_raw_of(job, j, 0),
                        job->paired ? raw + mhoi_raw_of(job, j, 1) : NULL);
}

/* Raw sums, noise, and what follows them. */
void mhoi_run_apart(const mhoi_block *b, const mhoi_job *job, size_t k, size_t c)
{
    mhoi_run_raw(b, *job, b->work->raw);
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
