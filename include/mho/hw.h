/* SPDX-License-Identifier: Apache-2.0 */
/* A hardware description: device, crossbar, converters, coding, and the readings of the cost table.
 * One YAML file (configs/hw/), one field table, one struct. */
#ifndef MHO_HW_H
#define MHO_HW_H

#include "mho/config.h"
#include "mho/device.h"
#include "mho/json.h"

typedef enum mho_cell { MHO_CELL_1T1R, MHO_CELL_0T1R } mho_cell;
typedef enum mho_mode {
    MHO_MODE_BINARY,  /* weights +-1: only the lowest and the highest level of a cell are used */
    MHO_MODE_FULL,    /* weights of several bits on all levels */
    MHO_MODE_TERNARY, /* as binary, and weights may be 0 */
} mho_mode;
/* Codings of weights and inputs (docs/models/coding.md). */
typedef enum mho_weights {
    MHO_WEIGHTS_DIFFERENTIAL, /* a pair of cells in two crossbars, one of them at the lowest level */
    MHO_WEIGHTS_SINGLE,       /* one cell at an offset level: offset binary */
} mho_weights;
typedef enum mho_offset {
    MHO_OFFSET_COLUMN,  /* a reference column of cells at the offset in every crossbar */
    MHO_OFFSET_DIGITAL, /* the offset times the sum of the inputs, counted digitally */
} mho_offset;
typedef enum mho_slicing { MHO_SLICES_COLUMNS, MHO_SLICES_CROSSBARS } mho_slicing;
typedef enum mho_coding {
    MHO_CODING_DIRECT,    /* +-1 drives a row with 1 or 0; a signed code with a signed voltage */
    MHO_CODING_TWO_READS, /* max(x, 0), then max(-x, 0) */
    MHO_CODING_TWO_ROWS,  /* both at once, on two rows; with single columns: XNOR pairs */
} mho_coding;
typedef enum mho_range {
    MHO_RANGE_FULL,       /* every sum that can occur */
    MHO_RANGE_CALIBRATED, /* the middle `percentile` of the sums of calibration images, per layer */
    MHO_RANGE_LEAST_SQUARES, /* the middle part of them whose codes are nearest to the sums, per layer */
} mho_range;
typedef enum mho_converter_per {
    MHO_PER_CROSSBAR, /* each crossbar of a pair is converted, the codes are subtracted */
    MHO_PER_PAIR,     /* the analog difference is converted */
} mho_converter_per;

/* Binary feature maps: which sum w the digital part subtracts (docs/models/chip.md eq. (2)). */
typedef enum mho_column_sum {
    MHO_SUM_OF_WEIGHTS, /* that of the ideal weights: known before programming */
    MHO_SUM_READ_BACK,  /* that of the programmed cells, read once with all rows driven */
} mho_column_sum;

/* How the power-of-two scale of a layer's weights or feature map is chosen (docs/models/chip.md). */
typedef enum mho_scale_rule {
    MHO_RULE_COVER,          /* the smallest that holds every value: nothing saturates */
    MHO_RULE_LEAST_SQUARES,  /* least squared error of the quantized values */
    MHO_RULE_LEAST_ABSOLUTE, /* least absolute error */
} mho_scale_rule;
/* Readings of the cost table (docs/models/cost.md). */
typedef enum mho_sharing { MHO_INPUT_SHARED, MHO_INPUT_COPIED } mho_sharing;
typedef enum mho_adc4_area { MHO_ADC4_COMPARATORS, MHO_ADC4_PRINTED } mho_adc4_area;
typedef enum mho_subtract { MHO_SUBTRACT_OUTPUT, MHO_SUBTRACT_PARTIAL } mho_subtract;
typedef enum mho_classifier { MHO_CLASSIFIER_LIKE_OTHERS, MHO_CLASSIFIER_LAST_BITS } mho_classifier;
typedef enum mho_footnote_c { MHO_FOOTNOTE_C_MW, MHO_FOOTNOTE_C_W } mho_footnote_c;

/* Output bits 0 = an ideal converter: every possible sum has its own code. */
typedef struct mho_hw {
    char name[32]; /* of the file, without folder and ending; not a field */
    mho_device device;
    struct {
        size_t rows, columns; /* word lines N, bit lines M of one crossbar */
        int cell;             /* mho_cell */
        int mode;             /* mho_mode */
        int weights;          /* mho_weights */
        int offset;           /* mho_offset, of single columns */
        size_t weight_bits;   /* full mode, sign included; 0: what one cell or pair holds */
        int slicing;          /* mho_slicing: where the slices of a weight lie */
    } crossbar;
    struct {                              /* 0 = ideal; mho/circuit.h */
        double r_row_ohm, r_col_ohm;      /* of a segment of a word line, of a bit line */
        double r_driver_ohm, r_sense_ohm; /* in series with a driver, with a converter */
        bool both_sides;                  /* word lines are driven at both ends */
    } wires;
    struct {
        size_t first_bits; /* DAC of the first layer */
        size_t
            bits; /* DAC of the others: 1 = no DAC, the bit drives the row; full mode: of the maps */
        int coding;           /* mho_coding, of inputs with a sign */
        size_t bits_per_read; /* 0: a code at once; 1: bit-serial */
    } input;
    struct {
        size_t first_bits; /* ADC of the first layer, where its rows are split: partial sums */
        size_t
            bits; /* others, where one crossbar holds all rows: 1 = sense amplifier at the threshold */
        size_t split_bits; /* others, where rows are split: partial sums */
        size_t
            last_bits; /* the classifier: its sums are compared with each other, not with a threshold */
        int range;     /* mho_range */
        double percentile; /* calibrated: 99.9 keeps all but 0.1 %, half of it at either end */
        size_t calibration_images;
        bool aligned;                   /* decision edges moved halfway between possible sums */
        int column_sum;                 /* mho_column_sum */
        int per;                        /* mho_converter_per */
        double offset, gain_error, inl; /* deviations over converters; in steps, -, in steps */
    } output;
    struct {
        int weight_rule, map_rule; /* mho_scale_rule of full mode; binary mode needs no scale */
    } quant;
    struct {               /* readings of bcnn Table IV; docs/models/cost.md */
        int input_sharing; /* mho_sharing: column groups share the DACs (D0), or each has its own (Dx) */
        size_t converters_per_weight_column; /* 2: one per crossbar of the pair; 1 */
        size_t conducting_cells_per_weight;  /* 1: one device of the pair counts for energy; 2 */
        int adc4_area;   /* mho_adc4_area: 15 comparators of 72 T, or the printed 72 T */
        int subtractors; /* mho_subtract: one a layer output, or one a partial sum */
        int classifier;  /* mho_classifier: converters like the others', or of output.last_bits */
        int footnote_c; /* mho_footnote_c: digital power of Table III in mW as printed, or read as W */
        bool buffer;    /* count the feature-map buffer */
    } cost;
    char technology[64]; /* configs/tech/NAME.yaml, or a path */
} mho_hw;

/* The table of all fields above. */
MHO_API extern const mho_fields mho_hw_fields;
#define MHO_HW_FIELDS_MAX 96

/* A description with where each field came from. */
typedef struct mho_hw_config {
    mho_hw hw;
    mho_origin origin[MHO_HW_FIELDS_MAX];
} mho_hw_config;

/* name: built in ("bcnn" is configs/hw/bcnn.yaml), or the path of a YAML file (it has a / or ends in
 * .yaml).  A file may start with `base: NAME` and then tells only what differs; NAME is a built-in
 * hardware or device ("taox" is configs/device/taox.yaml) or a path, relative to the folder of the file
 * that names it.  sets: `key=value` strings applied last, NULL-terminated, or NULL.
 * MHO_ECONFIG: bad field (place, key, value, bounds); MHO_ENOTMODELED: nonlinear cells with wire
 * resistance; MHO_EUSAGE: no such built-in name, the nearest named; MHO_EFILE: no such file. */
MHO_API MHO_MUST_CHECK mho_status mho_hw_open(const char *name, const char *const *sets,
                                              mho_hw_config *out);
/* Weights and feature maps of +1 and -1 (and 0). */
static inline bool mho_hw_is_binary(const mho_hw *hw)
{
    return hw->crossbar.mode != MHO_MODE_FULL;
}
/* MHO_ENOTMODELED where cycles and costs of the codings of weights or inputs are not modelled. */
MHO_API MHO_MUST_CHECK mho_status mho_hw_check_cost(const mho_hw *hw);
/* Bounds across fields: g_off < g_on, ... mho_hw_open has called it. */
MHO_API MHO_MUST_CHECK mho_status mho_hw_check(const mho_hw *hw);
/* {key: {value, unit, place, source}}: stored with each result.  Values as written in YAML. */
MHO_API mho_json *mho_hw_json(const mho_hw_config *config);

#endif
