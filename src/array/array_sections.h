/* SPDX-License-Identifier: Apache-2.0 */
/* Sections `array` and `buffers` of a hardware description of arch array. */
#ifndef MHO_ARRAY_SECTIONS_H
#define MHO_ARRAY_SECTIONS_H

#include "cost/cost_sections.h"
#include "hw/sections.h"
#include "mho/array.h"

typedef enum mho_acc_groups { MHO_ACC_DEPTH, MHO_ACC_HALF } mho_acc_groups;

typedef struct mhoi_array_options {
    size_t p, m, n;
    double clock_Hz;
    int order;    /* mho_order */
    size_t level; /* 1..3 */
    bool all_layers;
    size_t batch;
    bool halo, first_image;
} mhoi_array_options;

typedef struct mhoi_buffers_options {
    char io_text[40], weight_text[40]; /* "sram:128K" */
    mho_memory io, weight;             /* what they say: one bank */
    size_t banks;                      /* of each buffer */
    size_t acc_depth; /* words of a PE's accumulation buffer; 0 = a single register */
    int acc_groups;   /* mho_acc_groups: pixel groups worked on at once, depth or depth / 2 */
    size_t ddr_chips;
    int io_read;           /* mho_io_read */
    double io_read_factor; /* of mode paper */
    bool double_buffer, interpolate;
} mhoi_buffers_options;

extern const mhoi_section mhoi_array_section, mhoi_buffers_section;

/* All that a MAC array is described by, in one piece. */
typedef struct mhoi_array_hw {
    mhoi_array_options array;
    mhoi_buffers_options buffers;
    mho_prices prices;
    char technology[256];
} mhoi_array_hw;

/* MHO_ECONFIG unless the description is of arch array. */
MHO_MUST_CHECK mho_status mhoi_array_hw_of(const mho_hw *hw, mhoi_array_hw *out);

/* The technology with the prices of the description, and macros of the user added. */
MHO_MUST_CHECK mho_status mhoi_array_technology(const mhoi_array_hw *hw, const mho_macro *extra,
                                                size_t extras, mho_technology **out);
/* Looks the parts up; tech gets interpolated memories. */
MHO_MUST_CHECK mho_status mhoi_design_open(const mhoi_array_hw *hw, mho_technology *tech,
                                           mho_design *design);
/* What a schedule is searched for: DDR bytes weigh what they cost in the design. */
mho_schedule_options mhoi_capacity_of(const mhoi_array_hw *hw, const mho_component *ddr);

#endif
