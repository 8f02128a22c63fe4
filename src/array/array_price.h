/* SPDX-License-Identifier: Apache-2.0 */
/* What a design does, in two halves: work counted once for a schedule, an order and a depth, and what the
 * memories make of it.  A single run and a sweep go through the same arithmetic; both leave multiplying by
 * prices to cost. */
#ifndef MHO_ARRAY_PRICE_H
#define MHO_ARRAY_PRICE_H

#include "array/array_sections.h"
#include "cost/cost_price.h"

/* What stands in a design. */
typedef enum mhoi_part { MHOI_IO, MHOI_WEIGHT, MHOI_ACC, MHOI_DDR, MHOI_MAC, MHOI_PARTS } mhoi_part;

/* What the parts do: the dynamic rows of Table 6; accumulating is a read and a write. */
typedef struct mhoi_term {
    mho_array_row row;
    mhoi_part part;
    mho_operation operation;
} mhoi_term;
enum { MHOI_TERMS = 9 };
static const mhoi_term mhoi_terms[MHOI_TERMS] = {
    {MHO_ROW_READ_IOBUF, MHOI_IO, MHO_OPERATION_READ},
    {MHO_ROW_READ_WEIGHT, MHOI_WEIGHT, MHO_OPERATION_READ},
    {MHO_ROW_READ_DDR, MHOI_DDR, MHO_OPERATION_READ},
    {MHO_ROW_WRITE_IOBUF, MHOI_IO, MHO_OPERATION_WRITE},
    {MHO_ROW_WRITE_WEIGHT, MHOI_WEIGHT, MHO_OPERATION_WRITE},
    {MHO_ROW_WRITE_DDR, MHOI_DDR, MHO_OPERATION_WRITE},
    {MHO_ROW_CALCULATE, MHOI_MAC, MHO_OPERATION_USE},
    {MHO_ROW_ACCUMULATE, MHOI_ACC, MHO_OPERATION_READ},
    {MHO_ROW_ACCUMULATE, MHOI_ACC, MHO_OPERATION_WRITE},
};

/* Work of a step for each of the things that can set its time: cycles, then bytes. */
typedef struct mhoi_step_count {
    double work[MHO_BOUND_COUNT];
} mhoi_step_count;

typedef struct mhoi_counts {
    uint64_t cycles;
    double batch, load_B; /* load_B: fixed weights, loaded before the first image */
    double weight_read_B, weight_write_B, io_read_B, io_write_B, ddr_read_B,
        ddr_write_B;         /* batch */
    double work[MHOI_TERMS]; /* of an image: bytes of memories, operations of the rest */
} mhoi_counts;

void mhoi_step_count_fill(const mho_workload *work, const mho_step *step, const mhoi_array_hw *hw,
                          mhoi_step_count *count);
void mhoi_counts_fill(const mho_workload *work, const mho_schedule *schedule,
                      const mhoi_array_hw *hw, mhoi_counts *counts);

/* A part as plain numbers: its speed, what an operation moves, and its price. */
typedef struct mhoi_bank {
    double width_B, rd_Bps, wr_Bps;
    mhoi_price price;
} mhoi_bank;
mhoi_bank mhoi_bank_of(const mho_design *design, mhoi_part part);

/* A design point. */
typedef struct mhoi_array_machine {
    const mhoi_bank *bank[MHOI_PARTS];
    double stand[MHOI_PARTS];       /* how many of each */
    double unit_s[MHO_BOUND_COUNT]; /* seconds for a cycle or a byte: eq. (6) */
} mhoi_array_machine;
/* Fills stand and unit_s from bank and the description. */
void mhoi_array_machine_fill(const mhoi_array_hw *hw, mhoi_array_machine *machine);

static inline double mhoi_step_time_s(const mhoi_step_count *count,
                                      const mhoi_array_machine *machine)
{
    double longest = 0.0;
    for (int b = 0; b < MHO_BOUND_COUNT; b++) {
        double t = count->work[b] * machine->unit_s[b];
        longest = t > longest ? t : longest;
    }
    return longest;
}

static inline double mhoi_operations(const mhoi_counts *counts, const mhoi_array_machine *machine,
                                     int t)
{
    return counts->work[t] / machine->bank[mhoi_terms[t].part]->width_B;
}

/* Counts and times of the result, once time_s and memory_bound hold the steps of the batch. */
void mhoi_result_fill(const mhoi_counts *counts, const mhoi_array_machine *machine,
                      mho_array_result *result);
/* Energies and area of the result, in the order and with the arithmetic of mho_cost_create. */
void mhoi_energies_fill(const mhoi_counts *counts, const mhoi_array_machine *machine,
                        mho_array_result *result);

/* --- one design ------------------------------------------------------------------------------------------ */

/* All of the result but energy and area.  step (may be NULL): [schedule->steps]. */
void mhoi_array_run(const mho_workload *work, const mho_schedule *schedule, const mhoi_array_hw *hw,
                    const mho_design *design, mho_array_result *result, mho_step_time *step);
/* What memories, accumulators and multipliers do for an image that takes run->time_s.  Returns how many. */
size_t mhoi_array_activities(const mho_workload *work, const mho_schedule *schedule,
                             const mhoi_array_hw *hw, const mho_design *design,
                             const mho_array_result *run,
                             mho_activity activity[MHO_ARRAY_ACTIVITIES]);
/* Prices them and fills energy and area of the result. */
MHO_MUST_CHECK mho_status mhoi_array_price(const mho_technology *tech, const mho_activity *activity,
                                           size_t activities, mho_array_result *result,
                                           mho_cost **cost);

#endif
