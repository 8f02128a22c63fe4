/* SPDX-License-Identifier: Apache-2.0 */
/* A MAC-array accelerator whose weights live in an SRAM or RRAM buffer: DDR schedule, time and energy.
 *
 * The array multiplies p pixels x m input channels by n output channels a cycle.  Feature maps pass
 * through an input and an output buffer of the same size, weights through a weight buffer; what does not
 * fit goes to DDR.  docs/models/array.md has the equations; bytes are bytes of 8-bit data.
 *
 * A run has steps that can be taken apart: what the network asks for (mho_workload), which DDR traffic the
 * best schedule needs, given capacities alone (mho_schedule), and how long that takes and what everything does
 * with given memories, which cost prices: mho_array_estimate_create does all of it for a hardware description of
 * arch array.  Sweeps (mho/study.h) compute a schedule once and price it many times. */
#ifndef MHO_ARRAY_H
#define MHO_ARRAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "mho/config.h"
#include "mho/cost.h"
#include "mho/hw.h"
#include "mho/json.h"
#include "mho/net.h"
#include "mho/status.h"

MHO_C_BEGIN

/* --- what the network asks for -------------------------------------------------------------------- */

#define MHO_WORK_EXTRAS 3

typedef struct mho_work_layer {
    char name[MHO_NAME];
    size_t node;                                            /* of the network */
    size_t kh, kw, stride_h, stride_w, groups, c_in, c_out; /* channels in all */
    size_t h_out, w_out;                                    /* of the convolution, before pooling */
    size_t h_in, w_in;
    size_t input, output;                  /* tensors */
    size_t extra[MHO_WORK_EXTRAS], extras; /* tensors added at the write-back */
    uint64_t weight_B, macs, pixels;       /* pixels: h_out w_out */
} mho_work_layer;

typedef struct
    mho_work_map { /* a feature map as stored: after its pooling, all images of the batch */
    uint64_t bytes;
    size_t producer;            /* layer, or MHO_WORK_INPUT */
    size_t first_use, last_use; /* layers; MHO_WORK_INPUT if none: an output of the network */
} mho_work_map;
#define MHO_WORK_INPUT SIZE_MAX

typedef struct mho_workload {
    char name[MHO_NAME];
    mho_work_layer *layer;
    size_t layers;
    mho_work_map *tensor;
    size_t tensors;
    size_t batch;
    uint64_t weight_B, macs; /* macs of the batch */
} mho_workload;

/* Convolutions, with the fully connected layers if all.  Pooling, activations and additions are fused
 * into the write-back.  MHO_ENOTMODELED: a graph for which that is impossible (names the node). */
MHO_API MHO_MUST_CHECK mho_status mho_workload_create(const mho_net *net, bool all, size_t batch,
                                                      mho_workload **out);
MHO_API void mho_workload_destroy(mho_workload *work);

/* --- DDR schedule ----------------------------------------------------------------------------------- */

typedef struct mho_schedule_options {
    uint64_t io_B, weight_B; /* capacities of one I/O buffer and of the weight buffer */
    int level;               /* 1 single layer, 2 fused groups, 3 fixed weights besides */
    double e_rd_J, e_wr_J;   /* a DDR byte: what is minimized; of an estimate, their prices */
    bool halo;               /* tiles of a map read their overlap again */
} mho_schedule_options;

/* Layers first..last run together: one layer, or a fused group. */
typedef struct mho_step {
    size_t first, last;
    bool reuse_maps; /* single layer in pieces: maps stay while weights pass (else the other way) */
    uint64_t nw, nf; /* pieces of the weights, of the input map */
    uint64_t rd_weight_B, rd_map_B, wr_map_B; /* DDR, of the batch */
    uint64_t streamed_B;                      /* weights not fixed */
} mho_step;

typedef struct mho_schedule {
    mho_step *step;
    size_t steps;
    bool *fixed; /* [layers] weights stay in the weight buffer for good */
    bool *kept;  /* [tensors] stays on chip from its production to its last use */
    uint64_t fixed_B, rd_weight_B, rd_map_B, wr_B;
    double energy_J; /* DDR, of the batch */
    double bound_J;  /* no schedule of this model needs less */
    bool optimal;    /* energy_J equals the bound */
} mho_schedule;

/* The schedule of least DDR energy.
 * MHO_EDOMAIN: no schedule exists (a buffer of size 0). */
MHO_API MHO_MUST_CHECK mho_status mho_schedule_search(const mho_workload *work,
                                                      const mho_schedule_options *options,
                                                      mho_schedule **out);
/* The same by one method, as a check: the paper's pruned tree over fixed sets (MHO_EDOMAIN: more than 20
 * layers at level 3), or branch and bound. */
MHO_API MHO_MUST_CHECK mho_status mho_schedule_tree(const mho_workload *work,
                                                    const mho_schedule_options *options,
                                                    mho_schedule **out);
MHO_API MHO_MUST_CHECK mho_status mho_schedule_bound(const mho_workload *work,
                                                     const mho_schedule_options *options,
                                                     mho_schedule **out);
MHO_API void mho_schedule_destroy(mho_schedule *schedule);

/* --- time and energy -------------------------------------------------------------------------------- */

typedef enum mho_io_read { MHO_IO_READ_PAPER, MHO_IO_READ_ONCE, MHO_IO_READ_PHYSICAL } mho_io_read;
typedef enum mho_order { MHO_ORDER_KERNEL, MHO_ORDER_PIXEL } mho_order;
typedef struct mho_memory {
    char kind[24];
    size_t size_B; /* of one bank */
} mho_memory;
/* "rram:1M", or "128K" of the given kind (NULL: none; it may be the same array as memory->kind).
 * MHO_ECONFIG names the text. */
MHO_API MHO_MUST_CHECK mho_status mho_memory_parse(const char *text, const char *kind,
                                                   mho_memory *memory);
/* "1M", "96": a size as mho_memory_parse reads it. */
MHO_API const char *mho_bytes_text(uint64_t bytes, char text[32]);

typedef enum mho_array_row {
    MHO_ROW_READ_IOBUF,
    MHO_ROW_READ_WEIGHT,
    MHO_ROW_READ_DDR,
    MHO_ROW_WRITE_IOBUF,
    MHO_ROW_WRITE_WEIGHT,
    MHO_ROW_WRITE_DDR,
    MHO_ROW_STANDBY,
    MHO_ROW_CALCULATE,
    MHO_ROW_ACCUMULATE,
    MHO_ROW_COUNT
} mho_array_row;
MHO_API const char *mho_array_row_name(mho_array_row row); /* "read_iobuf" */

/* The parts of one design point. */
typedef struct mho_design {
    mho_macro io, weight, acc, ddr; /* acc: all zero if there is none */
    mho_component mac;
} mho_design;
typedef struct mho_array_result { /* an image, of a batch its share */
    uint64_t cycles;              /* of the array alone, of the batch */
    double time_s;                /* with the bandwidths */
    bool memory_bound;            /* some step waits for a memory */
    double weight_read_B, weight_write_B, io_read_B, io_write_B, ddr_read_B,
        ddr_write_B; /* batch */
    double energy_J[MHO_ROW_COUNT], total_J;
    double area_m2;
} mho_array_result;

/* What a network costs on the array apart from the memories' prices: computed once for a sweep. */
typedef struct mho_traffic {
    uint64_t cycles, weight_read_B, macs;
    uint64_t io_read_B[3]; /* by mho_io_read */
} mho_traffic;
MHO_API MHO_MUST_CHECK mho_status mho_array_traffic(const mho_workload *work, const mho_hw *hw,
                                                    mho_traffic *traffic);

/* What a step may have to wait for. */
typedef enum mho_bound {
    MHO_BOUND_ARRAY,
    MHO_BOUND_DDR,
    MHO_BOUND_WEIGHT_READ,
    MHO_BOUND_WEIGHT_WRITE,
    MHO_BOUND_IO_READ, /* the array's bytes as in mode physical, whatever mode prices them */
    MHO_BOUND_IO_WRITE,
    MHO_BOUND_COUNT
} mho_bound;
MHO_API const char *mho_bound_name(mho_bound bound); /* "weight read" */

typedef struct mho_step_time { /* of the batch */
    double part_s[MHO_BOUND_COUNT], total_s;
    mho_bound bound; /* the longest part */
} mho_step_time;

#define MHO_ARRAY_ACTIVITIES 16

/* One network on one design: activities are in groups of mho_array_row, of the layer "all". */
typedef struct mho_array_estimate {
    mho_workload *work;
    mho_technology *tech; /* with the prices of the description, and interpolated memories */
    mho_design design;
    mho_schedule *schedule;
    mho_step_time *step; /* [schedule->steps] */
    mho_activity activity[MHO_ARRAY_ACTIVITIES];
    size_t activities;
    mho_cost *cost;
    mho_array_result result;
} mho_array_estimate;

/* hw: of arch array.  extra[extras]: memories besides those of its technology. */
MHO_API MHO_MUST_CHECK mho_status mho_array_estimate_create(const mho_net *net, const mho_hw *hw,
                                                            const mho_macro *extra, size_t extras,
                                                            mho_array_estimate **out);
MHO_API void mho_array_estimate_destroy(mho_array_estimate *estimate);
/* As keys of root (docs/cli.md, `buffer`); entries: every number with its source besides. */
MHO_API void mho_array_estimate_json(const mho_array_estimate *estimate, const mho_hw *hw,
                                     bool entries, mho_json *root);
/* Multiply-accumulates over those that the array could do in its cycles. */
MHO_API double mho_array_utilization(const mho_array_estimate *estimate, const mho_hw *hw);
/* Where the number of a row of energy comes from, if a constant of the description was fitted to it; "". */
MHO_API const char *mho_array_row_note(const mho_hw *hw, mho_array_row row);

/* One of many designs: mho/study.h. */
typedef struct mho_array_point {
    uint64_t index;
    bool optimal; /* of its schedule */
    mho_array_result result;
} mho_array_point;

MHO_C_END

#endif
