/* SPDX-License-Identifier: Apache-2.0 */
/* Sections of a hardware description that the mapping works by.  Output bits 0 = an ideal converter: every
 * possible sum has its own code. */
#ifndef MHO_MAP_SECTIONS_H
#define MHO_MAP_SECTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/section.h"
#include "mho/reuse.h"

typedef enum mho_cell { MHO_CELL_1T1R, MHO_CELL_0T1R } mho_cell;
typedef enum mho_mode {
    MHO_MODE_BINARY,  /* weights +-1: only the lowest and the highest level of a cell are used */
    MHO_MODE_FULL,    /* weights of several bits on all levels */
    MHO_MODE_TERNARY, /* as binary, and weights may be 0 */
    MHO_MODE_MIXED,   /* as the network says, layer by layer */
} mho_mode;
/* Codings of weights and inputs (docs/models/coding.md). */
typedef enum mho_weights {
    MHO_WEIGHTS_DIFFERENTIAL, /* a pair of cells in two crossbars, one of them at the lowest level */
    MHO_WEIGHTS_SINGLE,       /* one cell at an offset level: offset binary */
    MHO_WEIGHTS_MERGED,       /* all cells of a weight in one column, on lines of their own */
} mho_weights;
typedef enum mho_offset {
    MHO_OFFSET_COLUMN,  /* a reference column of cells at the offset in every crossbar */
    MHO_OFFSET_DIGITAL, /* the offset times the sum of the inputs, counted digitally */
} mho_offset;
/* How layers of block-circulant weights lie. */
typedef enum mho_circulant {
    MHO_CIRCULANT_EXPANDED, /* as the ordinary layers that they stand for */
    MHO_CIRCULANT_TURNED,   /* representative vectors in columns; the inputs turn */
} mho_circulant;
/* Which rotations the copies of a representative vector hold: by 0, 1, .. g - 1, and the inputs turn by g; or by
 * 0, k / g, .., and the inputs turn by 1. */
typedef enum mho_copies { MHO_COPIES_NEAR, MHO_COPIES_SPREAD } mho_copies;
typedef enum mho_slicing { MHO_SLICES_COLUMNS, MHO_SLICES_CROSSBARS } mho_slicing;
typedef enum mho_coding {
    MHO_CODING_DIRECT,    /* +-1 drives a row with 1 or 0; a signed code with a signed voltage */
    MHO_CODING_TWO_READS, /* max(x, 0), then max(-x, 0) */
    MHO_CODING_TWO_ROWS,  /* both at once, on two rows; with single columns: XNOR pairs */
} mho_coding;
/* How a code of several bits drives its row in a read. */
typedef enum mho_drive {
    MHO_DRIVE_VOLTAGE, /* one voltage, of a DAC */
    MHO_DRIVE_PULSES, /* a pulse for each group of bits, as long as its code; the column weights groups */
    MHO_DRIVE_REPEATS, /* a pulse a bit, integrated as often as the bit weighs */
} mho_drive;
typedef enum mho_range {
    MHO_RANGE_FULL,       /* every sum that can occur */
    MHO_RANGE_CALIBRATED, /* the middle `percentile` of the sums of calibration images, per layer */
    MHO_RANGE_LEAST_SQUARES, /* the middle part of them whose codes are nearest to the sums, per layer */
} mho_range;
typedef enum mho_edges {
    MHO_EDGES_UNIFORM,  /* equal steps */
    MHO_EDGES_QUANTILE, /* as many sums of calibration images between all of them */
    MHO_EDGES_LLOYD,    /* least squared error of these sums */
} mho_edges;
typedef enum mho_converter_per {
    MHO_PER_CROSSBAR, /* each crossbar of a pair is converted, the codes are subtracted */
    MHO_PER_PAIR,     /* the analog difference is converted */
} mho_converter_per;

/* What single-ended sums of a pair's crossbars are told without (docs/models/chip.md eq. (14)). */
typedef enum mho_reference {
    MHO_REFERENCE_NONE,
    MHO_REFERENCE_LEVEL0, /* what a column of cells at level 0 conducts, one in every crossbar */
} mho_reference;

/* Binary feature maps: which sum w the digital part subtracts (docs/models/chip.md eq. (2)). */
typedef enum mho_column_sum {
    MHO_SUM_OF_WEIGHTS, /* that of the ideal weights: known before programming */
    MHO_SUM_READ_BACK,  /* that of the programmed cells, read once with all rows driven */
} mho_column_sum;

/* Slices of a weight in neighbouring columns. */
typedef enum mho_merge {
    MHO_MERGE_NONE,
    MHO_MERGE_SLICES, /* weighted and joined before they are converted */
} mho_merge;

/* Columns that wait for their converter and are not sampled. */
typedef enum mho_waiting {
    MHO_WAITING_CONDUCT,
    MHO_WAITING_OFF, /* a multiplexer cuts them off */
} mho_waiting;

/* What crossbars that a layer's rows are split over give, where a 1-bit map follows. */
typedef enum mho_split {
    MHO_SPLIT_SUMS, /* partial sums, added up */
    MHO_SPLIT_VOTE, /* one comparison each with its share of the threshold; the majority decides */
} mho_split;

/* Which rows of a layer stand in which of the crossbars that vote. */
typedef enum mho_deal {
    MHO_DEAL_NONE, /* in their order */
    MHO_DEAL_RANDOM,
    MHO_DEAL_SNAKE,    /* sorted by their means, dealt to and fro */
    MHO_DEAL_EXCHANGE, /* from there on exchanged while that brings the means together */
    MHO_DEAL_EXACT,    /* means as near to each other as can be */
} mho_deal;

/* How a column becomes a code of several bits; one bit is one comparison in any of them. */
typedef enum mho_readout {
    MHO_READOUT_SENSE_AMPLIFIER, /* one decision a bit, one after the other */
    MHO_READOUT_FLASH,           /* all thresholds at once */
    MHO_READOUT_SAR,             /* successive approximation */
    MHO_READOUT_RAMP,            /* all thresholds one after the other */
} mho_readout;

/* Section `read`: under which a cell conducts in a read. */
typedef enum mho_supply {
    MHO_SUPPLY_OWN,     /* a supply of the read voltage drives the rows */
    MHO_SUPPLY_CLAMPED, /* bit lines are clamped at it; the current comes from the logic's supply */
} mho_supply;
typedef enum mho_gates {
    MHO_GATES_INPUTS, /* inputs drive the word lines */
    MHO_GATES_ALL,    /* inputs drive the other lines, under word lines that are all on */
} mho_gates;
typedef enum mho_conduct {
    MHO_CONDUCT_READ,     /* as long as the read takes, conversions included */
    MHO_CONDUCT_SETTLING, /* until the sum is sampled */
    MHO_CONDUCT_PULSE,    /* for read.pulse a unit of input */
} mho_conduct;

typedef struct mhoi_read_options {
    double voltage_V;
    int supply;  /* mho_supply */
    int gates;   /* mho_gates */
    int conduct; /* mho_conduct */
    double pulse_s;
    double activity; /* share of ones in the input, where none is known */
    double level;    /* share of cells that conduct g_on, the others g_off: the mean, likewise */
} mhoi_read_options;

typedef enum mho_duplication {
    MHO_DUPLICATION_NONE,
    MHO_DUPLICATION_BALANCED, /* the slowest layer as fast as the budget allows */
} mho_duplication;

typedef enum mho_packing {
    MHO_PACKING_NONE,
    MHO_PACKING_DIAGONAL, /* groups share crossbars, block after block along the diagonal */
} mho_packing;

typedef struct mhoi_crossbar_options {
    size_t rows, columns; /* word lines N, bit lines M of one crossbar */
    int cell;             /* mho_cell */
    int mode;             /* mho_mode */
    int weights;          /* mho_weights */
    int offset;           /* mho_offset, of single columns */
    size_t weight_bits;   /* full mode, sign included; 0: what one cell or pair holds */
    int slicing;          /* mho_slicing: where the slices of a weight lie */
    int packing;          /* mho_packing */
    int duplication;      /* mho_duplication */
    size_t budget;        /* crossbars that there are; 0: as many as the network takes */
    size_t active_rows;   /* word lines that are on at a time; 0: all */
    int circulant;        /* mho_circulant */
    size_t copies;        /* g, of a representative vector in a crossbar */
    int copy_order;       /* mho_copies */
} mhoi_crossbar_options;

typedef struct mhoi_input_options {
    size_t first_bits; /* DAC of the first layer */
    size_t bits; /* DAC of the others: 1 = no DAC, the bit drives the row; full mode: of the maps */
    int coding;  /* mho_coding, of inputs with a sign */
    size_t bits_per_read; /* 0: a code at once; 1: bit-serial */
    int drive;            /* mho_drive */
    size_t pulse_bits;    /* of a group that is one pulse */
    bool
        wide; /* no field: maps that the network makes in fewer bits are priced with these all the same */
} mhoi_input_options;

typedef struct mhoi_output_options {
    size_t first_bits; /* ADC of the first layer, where its rows are split: partial sums */
    size_t
        bits; /* others, where one crossbar holds all rows: 1 = sense amplifier at the threshold */
    size_t split_bits; /* others, where rows are split: partial sums */
    int split;         /* mho_split */
    int deal;          /* mho_deal */
    size_t
        last_bits; /* the classifier: its sums are compared with each other, not with a threshold */
    size_t code_bits;  /* mixed mode: layers that no 1-bit map follows, but the classifier */
    int range;         /* mho_range */
    double percentile; /* calibrated: 99.9 keeps all but 0.1 %, half of it at either end */
    size_t calibration_images;
    size_t share;                   /* columns that a converter takes in turn */
    bool sampled;                   /* they conduct once for all of its turns; else in each */
    int merge;                      /* mho_merge */
    int waiting;                    /* mho_waiting */
    int edges;                      /* mho_edges */
    bool aligned;                   /* decision edges moved halfway between possible sums */
    int column_sum;                 /* mho_column_sum */
    int per;                        /* mho_converter_per */
    int reference;                  /* mho_reference */
    int readout;                    /* mho_readout */
    double offset, gain_error, inl; /* deviations over converters; in steps, -, in steps */
} mhoi_output_options;

/* How images follow each other. */
typedef enum mho_flow {
    MHO_FLOW_PIPELINED,      /* all layers work at once, on several images */
    MHO_FLOW_LAYER_BY_LAYER, /* one layer after the other, then the next image */
} mho_flow;

typedef struct mhoi_timing_options {
    double read_s; /* of a read; 0: as the technology tells */
    double
        convert_s; /* of a conversion, behind it; 0: the read includes them, or as the technology tells */
    int schedule; /* mho_flow */
} mhoi_timing_options;

/* What is around the crossbars. */
typedef struct mhoi_chip_options {
    size_t tile_crossbars; /* 0: no tiles */
    size_t buffer_KiB;     /* of a tile */
    double hop_m, link_bps;
    int dram; /* 0: none */
} mhoi_chip_options;

typedef enum mho_kept { MHO_KEPT_ONCE, MHO_KEPT_WINDOWS } mho_kept;

/* Slices that windows share. */
typedef struct mhoi_reuse_options {
    int share; /* mho_reuse */
    size_t input_buffer_B, shift_register_B;
    size_t pe_buffer_B, pe_crossbars, global_buffer_B;
    size_t sum_bits;
    int maps;       /* mho_kept */
    double bus_Bps; /* 0: without limit */
} mhoi_reuse_options;

typedef enum mho_digital_priced { MHO_DIGITAL_GENERAL, MHO_DIGITAL_ALL } mho_digital_priced;

/* Section `digital`: units that do what no crossbar holds. */
typedef struct mhoi_digital_options {
    size_t bits, lanes;
    double clock_Hz;
    int priced;          /* mho_digital_priced */
    char operators[128]; /* that are put there explicitly */
} mhoi_digital_options;

/* coding.c, reads.c: values of crossbar.weights and input.coding. */
extern const char *const mhoi_coding_names[], *const mhoi_input_coding_names[];

extern const mhoi_section mhoi_crossbar_section, mhoi_input_section, mhoi_output_section,
    mhoi_read_section, mhoi_timing_section, mhoi_chip_section, mhoi_reuse_section,
    mhoi_digital_section;

/* Weights and feature maps of +1 and -1 (and 0). */
static inline bool mhoi_is_binary(const mhoi_crossbar_options *crossbar)
{
    return crossbar->mode == MHO_MODE_BINARY || crossbar->mode == MHO_MODE_TERNARY;
}

#endif
