/* SPDX-License-Identifier: Apache-2.0 */
/* A mapped network: maps (feature maps held in bytes), steps that make one map of another, and the
 * crossbars that some of the steps use.  docs/models/chip.md has the equations. */
#ifndef MHO_CHIP_IMPL_H
#define MHO_CHIP_IMPL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "map/machine.h"
#include "mho/chip.h"
#include "mho/crossbar.h"
#include "mho/quant.h"
#include "net/graph.h"

#define CHIP_NONE SIZE_MAX
#define CHIP_POINTS_MAX 8

typedef enum chip_coding {
    CHIP_BITS,  /* v in {0, 1} for x = 2 v - 1 */
    CHIP_CODES, /* x = code 2^exponent; the input's scale need not be a power of two */
} chip_coding;

typedef struct chip_map {
    char name[MHO_NAME]; /* of the node that makes it */
    mho_shape shape;
    size_t size; /* c h w bytes an image */
    chip_coding coding;
    size_t bits; /* of a code */
    mho_codes codes;
    int exponent;
    float scale; /* of a code */
} chip_map;

/* One function of one element.  CONV stands for its bias (y = x + b). */
typedef struct chip_point {
    mho_op op;
    float slope;
    float *a, *b; /* [channels] */
} chip_point;

typedef struct chip_chain {
    chip_point point[CHIP_POINTS_MAX];
    size_t points, channels;
} chip_chain;

/* How weights lie in cells; docs/models/coding.md. */
typedef struct chip_cells {
    bool single;     /* one cell a weight, not a pair */
    bool reference;  /* single: every tile has a reference column in place of g- */
    bool digital;    /* single: the digital part takes base x the sum of the inputs off */
    bool middle;     /* binary single: the offset is the middle of the range, no level */
    mho_codes codes; /* of a weight m */
    int32_t offset;  /* single: level of m = 0, all slices together */
    int64_t base;    /* its conductance */
    int64_t scale;   /* sum over the slices of their weights 2^(slice_bits s) */
    size_t slices, slice_bits, together;          /* together: slices side by side in a plane */
    size_t planes, plane_columns;                 /* columns of cells, references included */
    size_t tiles, tile_columns, weights_per_tile; /* of a plane: the columns of one crossbar */
} chip_cells;

/* Column of a plane: a slice of a weight column, or a reference. */
typedef struct chip_column {
    size_t tile, weight, slice;
    bool is_reference;
    size_t engine; /* its column in mho_crossbar, no reference */
} chip_column;

/* What an element of the input drives a row with; bits: the same as (byte ^ flip) >> shift & mask. */
typedef struct chip_drive_row {
    uint8_t table[256];
    bool bits;
    uint8_t flip, shift, mask;
} chip_drive_row;

/* One of the reads that make up a sum, on one row or on two. */
typedef struct chip_read {
    int32_t weight;
    chip_drive_row row[2];
} chip_read;

/* The crossbars of one convolution or fully connected layer. */
typedef struct chip_layer {
    char name[MHO_NAME];
    size_t groups, columns, rows, positions; /* of one group: C, R, P */
    size_t lines;                            /* word lines: R rows_per_weight */
    size_t row_groups;                       /* X_in: crossbars that the rows are split over */
    size_t engine_columns;                   /* C slices */
    size_t images;                           /* taken through the crossbars at once */
    bool per_pair;                           /* the engine converts S+ - S- */
    mho_crossbar **xb;                       /* [groups] */
    mho_crossbar *counter; /* digital offset: sums of the inputs of a group; else NULL */
    chip_cells cells;
    chip_read *read; /* [reads] */
    size_t reads, rows_per_weight, read_bits;
    bool read_signed, as_is; /* as_is: one read of the map itself */
    int32_t read_lo, read_hi;
    int16_t *m;       /* [groups C][R] weights in units */
    bool last, sense; /* sense: one comparison at the threshold, no code */
    size_t output_bits;
    bool needs_range; /* to be calibrated */
    chip_coding coding;
    int32_t x_lo, x_hi; /* inputs in steps of the input converter */
    int32_t unit;       /* integer conductance of one unit of weight */
    double z_scale;     /* codes: z = sum of m x, times this */
    int weight_exponent;
    /* Binary layers: bit = (z >= z_edge) != flip, and what padding leaves of sum w: [channels], or
     * [channels][P] where the layer pads. */
    bool per_position;
    int32_t *z_edge, *w_sum;
    int32_t
        *excess; /* sum of a column's g+ - g- beyond its ideal; like w_sum, NULL unless read back */
    mho_window window;
    int32_t *threshold;       /* of the crossbars' sum; like w_sum */
    uint8_t *flip;            /* [channels] */
    mho_converter converter;  /* in use; ideal while calibrating */
    mho_converter calibrated; /* to be used when calibration is over */
} chip_layer;

typedef enum chip_kind { CHIP_CROSSBAR, CHIP_POOL, CHIP_POINTWISE } chip_kind;

typedef struct chip_step {
    chip_kind kind;
    size_t in, in2,
        out;          /* maps; in2 = CHIP_NONE but for an addition; out = CHIP_NONE: the scores */
    size_t layer;     /* crossbar */
    chip_chain chain; /* crossbar, pointwise */
    mho_node pool;    /* pool: its geometry */
    uint8_t *all;     /* pool of bits: [channels] 1 = AND, 0 = OR */
} chip_step;

struct mho_chip {
    mhoi_machine hw;
    mho_shape input;
    size_t input_shift; /* pixels are held in so many bits less, rounded */
    size_t classes;
    bool binary, per_pair;
    chip_map *map;
    size_t maps;
    chip_step *step;
    size_t steps;
    chip_layer *layer;
    size_t layers;
    size_t scores_map; /* where no step makes scores: the map they are read from */
    size_t block;      /* images a thread takes at once */
    bool programmed;
    int16_t *g_plus, *g_minus; /* [cells of the largest group] for programming */
    int16_t *plane;            /* the same with reference columns; NULL without */
    float *variance[2];        /* of g_plus, g_minus; NULL where reads have no noise */
    uint64_t seed;             /* of the programming, and of its reads */
    uint32_t trial;
    mho_write_count programming; /* the last one */
};

/* chip_plan.c: maps, steps and layers from the graph. */
MHO_MUST_CHECK mho_status chip_plan(mho_chip *chip, const mho_net *net);
/* chip_layer.c: geometry, signed levels, crossbars of a layer that reads `in`. */
MHO_MUST_CHECK mho_status chip_layer_create(const mho_chip *chip, const mho_node *node,
                                            const chip_map *in, bool first, bool last,
                                            chip_layer *layer);
/* chip_coding.c: cells of weights, reads of inputs.  MHO_ECONFIG: crossbars too narrow. */
MHO_MUST_CHECK mho_status chip_coding_set(const mhoi_machine *hw, chip_layer *layer);
MHO_MUST_CHECK mho_status chip_reads_set(const mhoi_machine *hw, const chip_map *in,
                                         chip_layer *layer);
chip_column chip_column_of(const chip_layer *layer, size_t plane, size_t column);
/* The first of the engine's columns that share a reference column with this one; else itself. */
size_t chip_reference_of(const chip_layer *layer, size_t column);
/* Levels of lines [first, first + n) of a column whose weights are m[R] (a reference: unused). */
void chip_column_levels(const chip_layer *layer, const int16_t *m, chip_column column, bool minus,
                        size_t first, size_t n, uint8_t *level);
int64_t chip_read_weights(const chip_layer *layer); /* their sum */
/* Is sum w v what reads tell, v = 1 for x = +1 and 0 for x = -1?  Else it is sum w x. */
static inline bool chip_is_zero_one(const chip_layer *layer)
{
    return layer->coding == CHIP_BITS && layer->reads == 1 && layer->rows_per_weight == 1;
}
/* Excess of the columns of group g, programmed to g_plus, g_minus [columns][rows]. */
void chip_layer_read_back(chip_layer *layer, size_t g, const int16_t *g_plus,
                          const int16_t *g_minus);
void chip_layer_free(chip_layer *layer);

/* chip_chain.c */
MHO_MUST_CHECK mho_status chip_chain_add(chip_chain *chain, const mho_node *node, size_t channels);
void chip_chain_free(chip_chain *chain);
float chip_chain_value(const chip_chain *chain, size_t channel, float z);
void chip_chain_run(const chip_chain *chain, size_t positions,
                    float *z); /* z[channels][positions] */

/* chip_threshold.c: merges a chain that ends in sign into the layer; eq. (3). */
MHO_MUST_CHECK mho_status chip_threshold_merge(chip_layer *layer, const chip_chain *chain);
/* Thresholds of the sums that layer->converter makes; eq. (4). */
void chip_threshold_set(chip_layer *layer);

/* chip_converter.c: eq. (5) to (7).  lo..hi: the sums the range is to hold. */
typedef struct chip_range {
    int64_t lo, hi;
} chip_range;
chip_range chip_range_full(const mho_chip *chip, const chip_layer *layer);
mho_converter chip_converter_of(const mho_chip *chip, const chip_layer *layer, chip_range range,
                                bool calibrated);
/* Sum of codes x gain + offset = estimated sum of conductances (a digital offset: gain and base are in it). */
void chip_converter_value(const chip_layer *layer, double *gain, double *offset);

/* chip.c: scales of maps from their exponents; pools hand on those of their input. */
void chip_scales(mho_chip *chip);

/* chip_calibrate.c: exponents of maps, ranges of converters. */
MHO_MUST_CHECK mho_status chip_calibrate(mho_chip *chip, const mho_images *images);

/* chip_program.c: conductances of ideal devices where ideal, else of programming (seed, trial). */
MHO_MUST_CHECK mho_status chip_program(mho_chip *chip, bool ideal, uint64_t seed, uint32_t trial);

/* chip_wires.c: g_plus, g_minus (NULL: none) [columns][rows] of one plane become what its crossbars, tiles of
 * tile_columns, conduct in effect; untouched where hw has no wire resistance. */
bool chip_wires_ideal(const mhoi_machine *hw);
MHO_MUST_CHECK mho_status chip_wires_apply(const mhoi_machine *hw, size_t rows, size_t columns,
                                           size_t tile_columns, int16_t *g_plus, int16_t *g_minus);

/* chip_noise.c: noise of the reads of group g, as programmed to chip->g_plus, g_minus.  Where
 * chip_noise_needs_bare, chip_noise_bare has seen the same cells without wires before. */
bool chip_noise_needs_bare(const mhoi_machine *hw);
void chip_noise_bare(const mho_chip *chip, const chip_layer *layer);
MHO_MUST_CHECK mho_status chip_noise_set(const mho_chip *chip, const chip_layer *layer, size_t g);

/* chip_run.c: a thread's memory for so many images, and one block of images through steps [0, steps). */
typedef struct chip_work chip_work;
MHO_MUST_CHECK mho_status chip_work_create(const mho_chip *chip, size_t images, chip_work **out);
void chip_work_destroy(chip_work *work);
void chip_work_load(const mho_chip *chip, chip_work *work, const mho_images *images, size_t first,
                    size_t n);
/* Looks at what flows through while calibrating; either may be NULL. */
typedef struct chip_watch {
    /* the input map in[n] of a crossbar step, before it runs */
    void (*input)(void *user, size_t step, size_t n, const uint8_t *in);
    /* values y[count] that will be quantized into a map */
    void (*value)(void *user, size_t step, const float *y, size_t count);
    void *user;
} chip_watch;
MHO_MUST_CHECK mho_status chip_work_run(const mho_chip *chip, chip_work *work, size_t steps,
                                        size_t n, const chip_watch *watch);
mho_crossbar_work *chip_work_crossbar(chip_work *work, size_t layer);
/* What a read of the layer's inputs in[n], of `map`, drives the rows with: [n][lines of the window]. */
const uint8_t *chip_work_drive(const mho_chip *chip, chip_work *work, const chip_layer *layer,
                               const chip_map *map, const chip_read *read, size_t n,
                               const uint8_t *in);
const float *
chip_work_scores(const chip_work *work); /* [n][classes] of the last run of all steps */

/* chip_drive.c: table[code] of the code that stands for the current of a cell with I ~ sinh(b V), b > 0;
 * entries of other bytes are left alone. */
void chip_drive(mho_codes codes, double b, uint8_t table[256]);

/* chip_digital.c: loops over bytes and sums. */
void chip_bits(const int32_t *sum, size_t channels, size_t positions, const int32_t *threshold,
               bool per_position, const uint8_t *flip, uint8_t *bit);
/* The same from wide sums. */
void chip_bits_wide(const int64_t *sum, size_t channels, size_t positions, const int32_t *threshold,
                    bool per_position, const uint8_t *flip, uint8_t *bit);
void chip_pool(const mho_node *pool, const chip_map *map, const uint8_t *all, const uint8_t *in,
               uint8_t *out);

#endif
