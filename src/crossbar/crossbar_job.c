/* SPDX-License-Identifier: Apache-2.0 */
/* What a kernel is told: which tables, inputs and sums. */
#include <string.h>

#include "crossbar/crossbar_block.h"

#define AHEAD_TILES 4 /* fewer do not hide the way to tables that are far */

void mhoi_run_kernel(const mho_crossbar *xb, const mhoi_job *job)
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
static void set_counts(mhoi_job *job, const mhoi_block *b, size_t k, size_t c, size_t left)
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
void mhoi_count_inputs(const mhoi_block *b, size_t k)
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
size_t mhoi_job_columns(const mhoi_block *b)
{
    const size_t sums = b->xb->strips ? MHOI_RAW : MHOI_SUMS;
    return b->per_pair ? sums : sums / 2;
}

static void set_strips(mhoi_job *job, const mhoi_block *b, mhoi_side side, size_t k, size_t c)
{
    const size_t strips = mhoi_tables_of(b->xb, side), first = c / mhoi_strip_columns(side);
    job->strips = strips - first < MHOI_STRIPS ? strips - first : MHOI_STRIPS;
    for (size_t u = 0; u < job->strips; ++u)
        job->w[u] = table_of(b->xb, side, k, first + u);
    job->lane_bias = b->xb->bias[side] + (k * strips + first) * MHOI_STRIP;
}

/* The tables of a job's sums, or (from = MHOI_VARIANCE) of their variances. */
void mhoi_set_sums(mhoi_job *job, const mhoi_block *b, mhoi_side from, size_t k, size_t c)
{
    const size_t last = b->xb->shape.columns - 1;
    if (b->xb->strips) {
        set_strips(job, b, from + (b->per_pair ? MHOI_DIFFERENCE : MHOI_PLUS), k, c);
        return;
    }
    for (size_t j = 0; j < MHOI_SUMS; ++j) {
        const mhoi_side side = b->per_pair ? MHOI_DIFFERENCE : j % 2 ? MHOI_MINUS : MHOI_PLUS;
        const size_t column = c + (b->per_pair ? j : j / 2);
        set_sum(job, b->xb, j, from + side, k, column < last ? column : last);
    }
}

/* Bytes before the first table of column c of row group k: they lie row group by row group, column by column. */
static size_t table_bytes_before(const mho_crossbar *xb, size_t k, size_t c)
{
    return (xb->group_step[k] * xb->shape.columns + c * mhoi_steps_of(xb, k)) * mhoi_step_bytes(xb);
}

void mhoi_set_ahead(mhoi_job *job, const mhoi_block *b, size_t k, size_t c, size_t next_k,
                    size_t next_c)
{
    const mho_crossbar *xb = b->xb;
    job->ahead_bytes = 0;
    if (!xb->far || xb->strips || next_k >= mhoi_last_group(xb, b->work) ||
        next_c >= xb->shape.columns || b->pixels < AHEAD_TILES * MHOI_TILE)
        return;
    job->ahead_bytes = mhoi_steps_of(xb, next_k) * mhoi_step_bytes(xb);
    job->ahead =
        (ptrdiff_t)table_bytes_before(xb, next_k, next_c) - (ptrdiff_t)table_bytes_before(xb, k, c);
}

void mhoi_set_columns(mhoi_job *job, const mhoi_block *b, size_t k, size_t c)
{
    const size_t left = b->xb->shape.columns - c, room = mhoi_job_columns(b);
    job->outputs = left < room ? left : room;
    if (b->xb->counting)
        set_counts(job, b, k, c, left);
    else
        mhoi_set_sums(job, b, MHOI_PLUS, k, c);
    for (size_t j = 0; b->sum && j < job->outputs && j < MHOI_SUMS;
         ++j) /* no sum: raw ones are told */
        job->out[j] = b->sum + (c - b->first_column + j) * b->pitch;
}

mhoi_job mhoi_make_job(const mhoi_block *b, size_t k, size_t c)
{
    const mho_crossbar *xb = b->xb;
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
                    .pitch = b->pitch,
                    .place = b->work->place};
    mhoi_set_columns(&job, b, k, c);
    return job;
}
