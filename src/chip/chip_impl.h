/* SPDX-License-Identifier: Apache-2.0 */
/* A mapped network: maps (feature maps held in bytes), steps that make one map of another, and the
 * crossbars that some of the steps use.  docs/models/chip.md has the equations. */
#ifndef MHO_CHIP_IMPL_H
#define MHO_CHIP_IMPL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chip/chip_weights.h"
#include "data/load.h"
#include "map/placement.h"
#include "mho/chip.h"
#include "mho/crossbar.h"
#include "mho/quant.h"
#include "net/graph.h"

#define CHIP_NONE SIZE_MAX
#define CHIP_POINTS_MAX 8

typedef struct chip_map {
    char name[MHO_NAME]; /* of the node that makes it */
    mho_shape shape;
    size_t size;   /* c h w elements an image */
    size_t bytes;  /* of an image: one an element, or of values a float */
    bool values;   /* real numbers, of no code */
    size_t buffer; /* that holds it from its step to its last reader */
    mhoi_map_kind coding;
    size_t bits;     /* of a code */
    mho_codes codes; /* that bytes hold; */
    int32_t zero;    /* worth (code - zero) scale */
    bool scaled;     /* the network tells the scale; else images do */
    float scale;     /* of a code */
} chip_map;

/* What codes are worth in scales. */
static inline mho_codes chip_numbers(const chip_map *map)
{
    return (mho_codes){map->codes.lo - map->zero, map->codes.hi - map->zero};
}

/* One function of one element.  CONV stands for its bias (y = x + b). */
typedef struct chip_point {
    mho_op op;
    float slope;
    bool zero_fires; /* sign: 0 is +1, else -1: a comparison has no third value */
    float *a, *b;    /* [channels] */
} chip_point;

typedef struct chip_chain {
    chip_point point[CHIP_POINTS_MAX];
    size_t points, channels;
} chip_chain;

/* Sums over images, positions and cells pass 64 bits. */
__extension__ typedef __int128 chip_wide;

/* What images did in a layer, in whole numbers: codes, and integer conductances. */
typedef struct chip_flow {
    uint64_t images;
    mho_counts counts;
    uint64_t driven, drive, square; /* over row drives: how many were not 0, sums of |x| and x^2 */
    chip_wide g_drive, g_square;    /* the same times the conductance of all cells of the row */
} chip_flow;

/* The crossbars of one convolution or fully connected layer. */
typedef struct chip_layer {
    char name[MHO_NAME];
    size_t groups, columns, rows, positions; /* of one group: C, R, P */
    size_t channels;                         /* outputs of one group: C, but where inputs turn */
    size_t slot;                             /* where inputs turn: rows of a tap */
    const mhoi_place *place;                 /* what the mapping decided */
    const mhoi_cells *cells;                 /* place->cells */
    const mhoi_inputs *inputs;               /* place->inputs */
    size_t lines;                            /* word lines: R, or 2 R */
    size_t images;                           /* taken through the crossbars at once */
    size_t
        part; /* row groups whose sums are added up in 32 bits, the rest in 64; all: [place->row_groups] */
    mho_crossbar **xb;     /* [groups] */
    mho_crossbar *counter; /* digital offset: sums of the inputs of a group; else NULL */
    chip_weights m;        /* [groups C][R] weights in units */
    bool needs_range;      /* to be calibrated */
    double *
        mean; /* votes: [groups][input channels][lines of a weight] of what drives them; else NULL */
    uint32_t *
        order; /* votes: [groups][lines] the line of the window's order on each word line; NULL: as they come */
    mhoi_map_kind coding;
    int32_t x_lo, x_hi; /* inputs in steps of the input converter */
    int32_t zero; /* of them that is worth 0: z = sum m x - zero sum m over what is no padding */
    double *weight_scale; /* [outputs of the layer] of m */
    double x_scale;       /* z = sum of m x, times both; bits: 1 */
    /* Layers before 1-bit maps: bit = (z >= z_edge) != flip; inputs of 1 bit, or with a zero: what padding leaves of sum
     * w: [channels], or [channels][P] where the layer pads. */
    bool per_position;
    int64_t *z_edge; /* NULL: values follow, no bits */
    int32_t *w_sum;
    int64_t *tap; /* [kh][kw] for sums over a column; inputs of 1 bit */
    int64_t
        *excess; /* sum of a column's g+ - g- beyond its ideal; like w_sum, NULL unless read back */
    mho_window window;       /* on the map; fully connected layers whose inputs turn: all of it */
    int32_t *threshold;      /* of the crossbars' sum; like w_sum */
    int64_t *wide_threshold; /* the same of sums of several slices or reads */
    uint8_t *flip;           /* [channels] */
    int64_t *draw;     /* [lines of a weight][map]: conductance behind an element, in all windows */
    uint32_t *windows; /* [h][w] that read an element */
    uint64_t (*drives)[256]; /* [lines of a weight][byte]: see chip_activity.c */
    bool drives_are_codes;   /* in one read, of every byte that there is */
    int64_t *line_draw;      /* [lines] of the group that is programmed */
    mho_converter converter; /* in use; ideal while calibrating */
    bool tabled;             /* its crossbars have values for the codes: sums are of these, */
    size_t book_codes;       /* and these are the codes: */
    int32_t *book_edge, *book_value;
    mho_converter calibrated; /* to be used when calibration is over */
} chip_layer;

typedef enum chip_kind { CHIP_CROSSBAR, CHIP_POOL, CHIP_POINTWISE, CHIP_GENERAL } chip_kind;

typedef struct chip_step {
    chip_kind kind;
    size_t in, in2,
        out;          /* maps; in2 = CHIP_NONE but for an addition; out = CHIP_NONE: the scores */
    size_t layer;     /* crossbar */
    chip_chain chain; /* crossbar, pointwise */
    mho_node pool;    /* pool: its geometry */
    uint8_t *all;     /* pool of bits: [channels] 1 = AND, 0 = OR */
    const mhoi_work *work; /* general: what it computes, */
    size_t *from, reads;   /* of these maps; in is the first */
    bool moves;            /* general: codes are moved, and keep their scale */
} chip_step;

struct mho_chip {
    mhoi_plan *plan;              /* held */
    struct mhoi_program *program; /* held: memory of general nodes; NULL */
    mho_shape input;
    size_t input_shift; /* pixels are held in so many bits less, rounded */
    bool input_own;     /* pixels are the codes; else codes are the nearest of x */
    mho_input image;
    size_t classes;
    chip_map *map;
    size_t maps;
    size_t *buffer; /* [buffers] bytes an image */
    size_t buffers;
    chip_step *step;
    size_t steps;
    chip_layer *layer;
    size_t layers;
    size_t scores_map; /* where no step makes scores: the map they are read from */
    size_t block;      /* images a thread takes at once */
    bool programmed;
    bool drew; /* at the last programming: not all cells were there already */
    bool
        cells_known; /* cells_digest is that of all that cells depend on but seed and programming */
    uint64_t cells_digest[2];
    int16_t *g_plus, *g_minus; /* of the group that is programmed: its crossbar has them */
    int16_t *plane; /* of one plane with reference columns (at level 0: both sides); NULL without */
    float *variance[2]; /* of g_plus, g_minus; NULL where reads have no noise */
    uint64_t seed;      /* of the programming, and of its reads */
    uint32_t trial;
    mho_write_count programming; /* the last one */
    double wires_bound;          /* of it, where wires are approximate */
    struct chip_tally *tally;    /* what runs did since then */
    bool streamed; /* crossbars are there for one layer at a time, as a run needs them */
    struct chip_stream *stream; /* NULL: of all */
    struct chip_idle *idle;     /* and the memory that they left */
};

/* chip_plan.c: maps, steps and layers from the graph. */
MHO_MUST_CHECK mho_status mhoi_chip_plan(mho_chip *chip, const mho_net *net);
/* chip_buffers.c: which buffer holds which map. */
MHO_MUST_CHECK mho_status mhoi_chip_buffers_set(mho_chip *chip);
/* last[maps]: the last step that makes or reads a map; of the scores' map: all steps. */
void mhoi_chip_last_uses(const mho_chip *chip, size_t *last);
/* chip_layer.c: geometry, signed levels, crossbars of a layer that reads `in`. */
MHO_MUST_CHECK mho_status mhoi_chip_layer_create(const mho_chip *chip, const mho_node *node,
                                                 const mhoi_place *place, const chip_map *in,
                                                 chip_layer *layer);
/* Its crossbars, which know nothing of cells yet, and what is added up in them; away with them. */
mho_crossbar_shape mhoi_chip_layer_shape(const chip_layer *layer);
/* Of what counts its inputs, where its coding wants that. */
mho_crossbar_shape mhoi_chip_counter_shape(const chip_layer *layer);
MHO_MUST_CHECK mho_status mhoi_chip_layer_up(const mho_chip *chip, chip_layer *layer);
void mhoi_chip_layer_down(chip_layer *layer);
/* Excess of the columns of group g, programmed to g_plus, g_minus [columns][rows]. */
void mhoi_chip_layer_read_back(chip_layer *layer, size_t g, const int16_t *g_plus,
                               const int16_t *g_minus);
void mhoi_chip_layer_free(chip_layer *layer);

/* Sums of one read of one slice are all there is, and have 32 bits. */
static inline bool chip_is_plain(const chip_layer *layer)
{
    return layer->inputs->reads == 1 && layer->cells->slices == 1 &&
           !layer->cells->coding->counted && !layer->place->turned &&
           layer->part == layer->place->row_groups;
}

/* Means that a layer with votes has. */
static inline size_t chip_means(const chip_layer *layer)
{
    return layer->groups * layer->window.c * layer->inputs->lines;
}

/* What line l of the window's order adds to the sum of a channel on average: its weight times what drives it; the second line
 * of an input holds -m. */
static inline double chip_mean_of(const chip_layer *layer, size_t channel, size_t l)
{
    const size_t taps = layer->window.kh * layer->window.kw, lines = layer->inputs->lines;
    const size_t driver = l / taps, row = driver / lines * taps + l % taps;
    const double mean = layer->mean[channel / layer->columns * layer->window.c * lines + driver];
    const int16_t m = chip_weight(&layer->m, channel * layer->rows + row);
    return driver % lines ? -m * mean : m * mean;
}

/* chip_chain.c */
/* Factors alpha of the channels of scaled weights. */
MHO_MUST_CHECK mho_status mhoi_chip_chain_scale(chip_chain *chain, const mho_node *node);
MHO_MUST_CHECK mho_status mhoi_chip_chain_add(chip_chain *chain, const mho_node *node,
                                              size_t channels);
void mhoi_chip_chain_free(chip_chain *chain);
float mhoi_chip_chain_value(const chip_chain *chain, size_t channel, float z);
void mhoi_chip_chain_run(const chip_chain *chain, size_t positions,
                         float *z); /* z[channels][positions] */

/* Of one channel: z[positions]. */
void mhoi_chip_chain_channel(const chip_chain *chain, size_t channel, size_t positions, float *z);

/* chip_threshold.c: edges of z for a chain that ends in sign or step, eq. (3); to be found, and found (again, when
 * the scale of the layer's input is known). */
MHO_MUST_CHECK mho_status mhoi_chip_threshold_create(chip_layer *layer);
/* Memory for the thresholds of sums as wide as the layer's are now. */
MHO_MUST_CHECK mho_status mhoi_chip_threshold_room(chip_layer *layer);
void mhoi_chip_threshold_merge(chip_layer *layer, const chip_chain *chain);
/* Thresholds of the sums that layer->converter makes; eq. (4). */
void mhoi_chip_threshold_set(chip_layer *layer);
/* Votes: what a row group's sum is compared with: its mean over images, and its rows' part of what the whole threshold is
 * beyond the whole mean. */
double mhoi_chip_threshold_share(const chip_layer *layer, size_t channel, size_t group);

/* chip_converter.c: eq. (5) to (7).  range: the sums that the converter is to hold. */
mho_converter mhoi_chip_converter_of(const mho_chip *chip, const chip_layer *layer,
                                     mhoi_range range, bool calibrated);
/* Sum of codes x gain + offset = estimated sum of conductances (a digital offset: gain and base are in it). */
void mhoi_chip_converter_value(const chip_layer *layer, double *gain, double *offset);

/* chip_scale.c: scales of maps from their exponents; pools hand on those of their input. */
void mhoi_chip_scales(mho_chip *chip);
/* Does a step make codes of values, whose scale images tell? */
bool mhoi_chip_makes_codes(const mho_chip *chip, const chip_step *step);
/* A crossbar step with thresholds takes the scale of its input. */
void mhoi_chip_rescale(mho_chip *chip, const chip_step *step);

/* chip_edges.c: sums of calibration, bin b counts those of low + b width on; edges where they are, unless equal
 * steps lose nothing of them. */
typedef struct mhoi_sums {
    int64_t low, width;
    size_t bins;
    const uint64_t *bin;
} mhoi_sums;
MHO_MUST_CHECK mho_status mhoi_chip_edges_set(const mho_chip *chip, chip_layer *layer,
                                              const mhoi_sums *sums);
/* Tells the layer's crossbars of the codes that were found. */
MHO_MUST_CHECK mho_status mhoi_chip_codes_set(chip_layer *layer);

/* chip_calibrate.c: exponents of maps, ranges of converters. */
MHO_MUST_CHECK mho_status mhoi_chip_calibrate(mho_chip *chip, const mho_images *images);

/* chip_program.c: conductances of ideal devices where ideal, else of programming (seed, trial). */
MHO_MUST_CHECK mho_status mhoi_chip_program(mho_chip *chip, bool ideal, uint64_t seed,
                                            uint32_t trial);

/* The same of one layer, whose crossbars are there; what was written is added to count. */
MHO_MUST_CHECK mho_status mhoi_chip_program_layer(mho_chip *chip, size_t layer, bool ideal,
                                                  mho_write_count *count);

/* chip_wires.c: g_plus, g_minus (NULL: none) [columns][rows] of one plane of a group become what its crossbars, tiles of
 * tile_columns, conduct in effect; untouched where wires have no resistance.  *bound: raised to that of approximate ones. */
MHO_MUST_CHECK mho_status mhoi_chip_wires_apply(const chip_layer *layer, const mhoi_plan *plan,
                                                size_t group, int16_t *g_plus, int16_t *g_minus,
                                                double *bound);

/* chip_merge.c: merged columns, cells [columns][lines fold].  Levels of lines [first, first + n) of a column of weights
 * m[lines]; the pair that the engine sees; its variances.  MHO_EDOMAIN: beyond 16 bits. */
void mhoi_chip_merge_levels(const chip_layer *layer, const int16_t *m, size_t first, size_t n,
                            uint8_t *level);
MHO_MUST_CHECK mho_status mhoi_chip_merge(const chip_layer *layer, const int16_t *cells,
                                          int16_t *g_plus, int16_t *g_minus);
void mhoi_chip_merge_variance(const chip_layer *layer, const mho_device *device,
                              const int16_t *cells, float *plus, float *minus);

/* chip_noise.c: noise of the reads of group g, as programmed to chip->g_plus, g_minus.  Where
 * mhoi_chip_noise_needs_bare, mhoi_chip_noise_bare has seen the same cells without wires before. */
bool mhoi_chip_noise_needs_bare(const mhoi_plan *plan);
void mhoi_chip_noise_bare(const mho_chip *chip, const chip_layer *layer);
MHO_MUST_CHECK mho_status mhoi_chip_noise_set(const mho_chip *chip, const chip_layer *layer,
                                              size_t g);

/* chip_turn.c: representative vectors of circulant weights, whose inputs turn; docs/models/coding.md eq. (9).
 * Windows are columns of pixels, pixel = image P + position: [tile][group R][CHIP_TILE] bytes. */
#define CHIP_TILE ((size_t)64)
static inline size_t chip_tiles(const chip_layer *layer, size_t images)
{
    return (images * layer->positions + CHIP_TILE - 1) / CHIP_TILE;
}
/* units[groups C][R] of the vectors and their copies, in place of the weights that they stand for. */
MHO_MUST_CHECK mho_status mhoi_chip_turn_weights(const mho_node *node, const chip_layer *layer,
                                                 int16_t **units);
/* The windows of n images of a map, for group g. */
void mhoi_chip_turn_windows(const chip_layer *layer, const uint8_t *map, size_t n, size_t g,
                            uint8_t *window);
/* Adds weight x the sums of turn t, sum[tile][C slices][CHIP_TILE], to those of the group's channels,
 * total[channels + 1][tiles CHIP_TILE]; the last row is what is taken off all of them. */
void mhoi_chip_turn_add(const chip_layer *layer, const int32_t *sum, size_t tiles, size_t t,
                        int64_t weight, int64_t *total);
/* Adds weight x count[tiles CHIP_TILE] to what is taken off. */
void mhoi_chip_turn_count(const chip_layer *layer, const int32_t *count, size_t tiles,
                          int64_t weight, int64_t *total);
/* total[channel][pixels] to out[image][groups channels][P], the part of group g. */
void mhoi_chip_turn_out(const chip_layer *layer, const int64_t *total, size_t n, size_t g,
                        int64_t *out);

/* chip_run.c: a thread's memory for so many images, and one block of images through steps [0, steps). */
typedef struct chip_work chip_work;
MHO_MUST_CHECK mho_status mhoi_chip_work_create(const mho_chip *chip, size_t images,
                                                chip_work **out);
/* The same without maps, which its user sets. */
MHO_MUST_CHECK mho_status mhoi_chip_work_create_bare(const mho_chip *chip, size_t images,
                                                     chip_work **out);
/* And for that step alone. */
MHO_MUST_CHECK mho_status mhoi_chip_work_create_step(const mho_chip *chip, size_t step,
                                                     size_t images, chip_work **out);
/* What that takes, but for a crossbar's own and what drives rows: *driven bytes an image. */
size_t mhoi_chip_work_bytes(const mho_chip *chip, size_t step, size_t *driven);
/* The error of a step that makes a value that is not finite. */
mho_status mhoi_chip_not_finite(const mho_chip *chip, size_t step);
void mhoi_chip_work_destroy(chip_work *work);
/* number: by which noise is drawn, of the first of them */
void mhoi_chip_work_load(const mho_chip *chip, chip_work *work, const mho_images *images,
                         size_t first, size_t n, uint64_t number);
/* Images [first, first + n) as the first map has them. */
void mhoi_chip_load(const mho_chip *chip, const mho_images *images, size_t first, size_t n,
                    uint8_t *map);
/* Looks at what flows through while calibrating; each may be NULL. */
typedef struct chip_watch {
    /* the input map in[n] of a crossbar step, before it runs */
    void (*input)(void *user, size_t step, size_t n, const uint8_t *in);
    /* who is told (by `each`) the sums that a crossbar step converts, of one position in *every; NULL: nobody */
    void *(*sums)(void *user, size_t step, size_t *every);
    mho_crossbar_sums_fn *each;
    /* values y[count] of an image of the block that will be quantized into a map, with the scale that it returns */
    float (*value)(void *user, size_t step, size_t image, const float *y, size_t count);
    void *user;
} chip_watch;
MHO_MUST_CHECK mho_status mhoi_chip_work_run(const mho_chip *chip, chip_work *work, size_t steps,
                                             size_t n, const chip_watch *watch);
/* One step of n images, from and to maps [n] that the caller holds; in2, out: NULL where the step has none;
 * from: of a general step, what it reads. */
MHO_MUST_CHECK mho_status mhoi_chip_work_step(const mho_chip *chip, chip_work *work, size_t step,
                                              size_t n, const uint8_t *in, const uint8_t *in2,
                                              const uint8_t *const *from, uint8_t *out,
                                              const chip_watch *watch);
/* A map of the last run, if nothing after it took its place. */
const uint8_t *mhoi_chip_work_map(const chip_work *work, size_t map);
const float *
mhoi_chip_work_scores(const chip_work *work); /* [n][classes] of the last run of all steps */
/* Where the runs that follow put them; NULL: into memory of its own. */
void mhoi_chip_work_scores_to(chip_work *work, float *scores);

/* What runs with this memory did in a layer; but for the cells. */
chip_flow mhoi_chip_work_flow(const mho_chip *chip, const chip_work *work, size_t layer);
/* From now on it tells what happens from now on. */
void mhoi_chip_work_settle(const mho_chip *chip, chip_work *work);

/* chip_activity.c: what runs did since the last programming. */
MHO_MUST_CHECK mho_status mhoi_chip_tally_create(size_t layers, struct chip_tally **out);
void mhoi_chip_tally_destroy(struct chip_tally *tally);
void mhoi_chip_tally_clear(struct chip_tally *tally, size_t layers);
void mhoi_chip_tally_add(struct chip_tally *tally, size_t layer, const chip_flow *flow);
/* Memory for what follows. */
MHO_MUST_CHECK mho_status mhoi_chip_draw_create(const mho_chip *chip, chip_layer *layer);
size_t mhoi_chip_draw_bytes(const chip_layer *layer);
void mhoi_chip_draw_free(chip_layer *layer);
/* The cells g[columns][lines] of a group that is programmed, all that there are; then it is finished. */
void mhoi_chip_draw_begin(chip_layer *layer);
void mhoi_chip_draw_add(chip_layer *layer, size_t columns, const int16_t *g);
void mhoi_chip_draw_set(chip_layer *layer, size_t g);
/* Images in[n] of the layer's input map. */
void mhoi_chip_flow_add(const chip_layer *layer, size_t n, const uint8_t *in, chip_flow *flow);

/* chip_drive.c: table[code] of the code that stands for the current of a cell with I ~ sinh(b V), b > 0;
 * entries of other bytes are left alone. */
void mhoi_chip_drive(mho_codes codes, double b, uint8_t table[256]);

/* chip_general.c: general operators; the values of image k of a map. */
MHO_MUST_CHECK mho_status mhoi_chip_general(const mho_chip *chip, const chip_work *work,
                                            const chip_step *step, size_t n);
void mhoi_chip_decode(const chip_map *map, const uint8_t *held, size_t k, float *y);

/* chip_digital.c: loops over bytes and sums. */
void mhoi_chip_bits(const int32_t *sum, size_t channels, size_t positions, const int32_t *threshold,
                    bool per_position, const uint8_t *flip, uint8_t *bit);
/* The same from wide sums. */
void mhoi_chip_bits_wide(const int64_t *sum, size_t channels, size_t positions,
                         const int64_t *threshold, bool per_position, const uint8_t *flip,
                         uint8_t *bit);
void mhoi_chip_pool(const mho_node *pool, const chip_map *map, const uint8_t *all,
                    const uint8_t *in, uint8_t *out);

#endif
