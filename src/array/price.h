/* SPDX-License-Identifier: Apache-2.0 */
/* A price in two halves: what is counted once for a schedule, an order and a depth, and what the memories
 * make of it.  A single price and a sweep go through the same arithmetic. */
#ifndef MHO_ARRAY_PRICE_H
#define MHO_ARRAY_PRICE_H

#include "mho/array.h"

/* Work of a step for each of the things that can set its time: cycles, then bytes. */
typedef struct mhoi_step_count {
    double work[MHO_BOUND_COUNT];
} mhoi_step_count;

typedef struct mhoi_counts {
    uint64_t cycles;
    double batch, macs, load_B; /* load_B: fixed weights, loaded before the first image */
    double weight_read_B, weight_write_B, io_read_B, io_write_B, ddr_read_B, ddr_write_B;
} mhoi_counts;

void mhoi_step_count_fill(const mho_workload *work, const mho_step *step,
                          const mho_array_options *options, mhoi_step_count *count);
void mhoi_counts_fill(const mho_workload *work, const mho_schedule *schedule,
                      const mho_array_options *options, mhoi_counts *counts);

typedef struct mhoi_memories {
    const mho_macro *io, *weight, *acc, *ddr;
} mhoi_memories;

/* Seconds for a cycle or a byte: eq. (6). */
typedef struct mhoi_rates {
    double unit_s[MHO_BOUND_COUNT];
} mhoi_rates;
void mhoi_rates_fill(const mho_array_options *options, const mhoi_memories *memories,
                     mhoi_rates *rates);

static inline double mhoi_step_time_s(const mhoi_step_count *count, const mhoi_rates *rates)
{
    double longest = 0.0;
    for (int b = 0; b < MHO_BOUND_COUNT; b++) {
        double t = count->work[b] * rates->unit_s[b];
        longest = t > longest ? t : longest;
    }
    return longest;
}

/* Everything else of the result, once time_s and memory_bound hold the steps of the batch. */
void mhoi_energies_fill(const mhoi_counts *counts, const mho_array_options *options,
                        const mhoi_memories *memories, const mhoi_rates *rates,
                        mho_array_result *result);

#endif
