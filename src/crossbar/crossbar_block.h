/* SPDX-License-Identifier: Apache-2.0 */
/* What the files that run a crossbar share: crossbar_run.c, crossbar_job.c, crossbar_apart.c. */
#ifndef MHO_CROSSBAR_BLOCK_H
#define MHO_CROSSBAR_BLOCK_H

#include "crossbar/crossbar_impl.h"

/* One run of the engine over a block. */
typedef struct mhoi_block {
    const mho_crossbar *xb;
    mho_crossbar_work *work;
    const mho_converter *converter;
    mhoi_code code;
    bool exact; /* the code is exact in single precision */
    bool per_pair;
    size_t pixels;
    int32_t *sum; /* of first_column */
    size_t first_column;
    size_t pitch;               /* from column to column of sum */
    const mho_reading *reading; /* NULL: no noise */
    uint64_t pixel;             /* the block's first one in the data set, */
    size_t first;               /* and of the images at once */
} mhoi_block;

void mhoi_run_kernel(const mho_crossbar *xb, const mhoi_job *job);
/* Weight columns of a job. */
size_t mhoi_job_columns(const mhoi_block *b);
/* The tables of a job's sums, or (from = MHOI_VARIANCE) of their variances. */
void mhoi_set_sums(mhoi_job *job, const mhoi_block *b, mhoi_side from, size_t k, size_t c);
/* The sums of row group k from column c on: S+, S- of some columns, or the differences of twice as
 * many.  Beyond the last column of four sums the last one is worked out again and dropped. */
mhoi_job mhoi_make_job(const mhoi_block *b, size_t k, size_t c);
/* The same job, of other columns. */
void mhoi_set_columns(mhoi_job *job, const mhoi_block *b, size_t k, size_t c);
/* Job (k, c) fetches the tables of the one that follows, if there is one. */
void mhoi_set_ahead(mhoi_job *job, const mhoi_block *b, size_t k, size_t c, size_t next_k,
                    size_t next_c);
/* Counts the inputs of row group k that are 1: what all columns share. */
void mhoi_count_inputs(const mhoi_block *b, size_t k);
/* Squares of the inputs of row group k, whole, or their low bytes and then their high ones. */
void mhoi_square_inputs(const mhoi_block *b, size_t k);
/* The sums of a job themselves, raw[sums][MHOI_PITCH]: mhoi_raw_of tells which is where. */
void mhoi_run_raw(const mhoi_block *b, mhoi_job job, int32_t *raw);
/* Raw sums of row group k, columns from c on, their noise, and what follows them. */
void mhoi_run_apart(const mhoi_block *b, const mhoi_job *job, size_t k, size_t c);

#endif
