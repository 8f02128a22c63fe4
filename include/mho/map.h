/* SPDX-License-Identifier: Apache-2.0 */
/* A network placed on crossbars: the one place that decides, for each weighted layer, how rows and columns are split
 * (bcnn Eq. 5, Table II), which cells hold a weight, in how many reads an input is applied, and what converts the
 * sums.  The chip, the pipeline and the prices are of this placement.  Shapes are enough; parameters only tell the
 * alphabet of the weights. */
#ifndef MHO_MAP_H
#define MHO_MAP_H

#include "mho/cost.h"
#include "mho/hw.h"
#include "mho/net.h"
#include "mho/reuse.h"

MHO_C_BEGIN

/* What a chip does; for one image but for the cells, which are programmed once.  mho_chip_counts tells what it
 * really did. */
typedef struct mho_counts {
    uint64_t cells;           /* programmed, references included */
    uint64_t row_drives;      /* word lines driven (also with 0): lines x reads x positions */
    uint64_t dac_conversions; /* of these by a DAC: reads of more than 1 bit */
    uint64_t conversions;     /* sums told by output converters */
    uint64_t additions; /* digital: of row groups (adder tree), slices and reads, and the counts of
                                 a digital offset */
} mho_counts;

/* What a layer takes of its input slices in an image, and where it waits; docs/models/reuse.md.  Bytes and bits of all channels. */
typedef struct mho_reuse_layer {
    mho_windows windows;
    mho_reuse_counts counts;              /* slices */
    double slice_bits;                    /* a slice */
    double input_buffer_B, register_B;    /* that a crossbar needs; more than there is: */
    double refetched_bits, reloaded_bits; /* fetched, and loaded again, for want of them */
    double stored_B, parked_B;            /* most that waits: slices, partial sums; */
    double room_B;   /* in the processing elements' buffers there is room for this; */
    double global_B; /* beyond: in the global buffer */
    double fetched_bits, written_bits;  /* slices: read for windows, written by the layer before */
    double sum_bits;                    /* partial sums put aside, and as many fetched */
    double kept_bits;                   /* layer by layer: the map, written and read as a whole */
    double pe_read_bits, pe_write_bits; /* all of these, where they are held */
    double global_read_bits, global_write_bits, dram_bits;
} mho_reuse_layer;

typedef struct mho_placement_layer {
    size_t node; /* of the network */
    char name[MHO_NAME];
    bool first, last; /* in the order of weighted layers */
    size_t groups;    /* g; where groups share crossbars, so many of such blocks */
    size_t packed; /* groups of the network that a block holds, along its diagonal; 1: it is one */
    size_t rows,
        columns;      /* R = h w C_in / g, C = C_out / g: weights of one group, columns are pairs */
    size_t positions; /* P = H_out W_out; 1 for fully connected */

    /* Circulant weights as representative vectors: R = p k, C = q copies, and every read is one of `turns` with the
     * inputs rotated by so many rows; else block, copies and turns are 1.  docs/models/coding.md, "Circulant" */
    size_t block, copies, turns;

    /* docs/models/coding.md */
    mho_alphabet alphabet;
    const char *weights, *inputs; /* codings */
    size_t sides;                 /* cells of a weight and slice: 2 a pair, 1 */
    bool reference;               /* a reference column a slice in every crossbar */
    bool level0;                  /* one at level 0 in every crossbar of a pair */
    size_t word_lines, slices; /* rows of the crossbars: R, or 2 R; cells of a weight (or pairs) */
    size_t sums;   /* of a column of weights that are converted: its slices, or 1 that joins them */
    size_t planes; /* crossbars that the slices lie in: 1, or as many */
    size_t x_in, x_out;    /* row and column splits of one group */
    size_t passes;         /* groups of rows of a crossbar, on one after the other */
    size_t row_groups;     /* sums that a column is made of: x_in, or more with such groups */
    size_t crossbar_pairs; /* g X_in X_out planes; single cells: crossbars */
    double utilization;    /* cells in use over cells of these crossbars */

    size_t input_bits;            /* of the codes of its input: 1: no DAC */
    size_t reads;                 /* that one sum is made of, */
    size_t read_bits;             /* and the bits of one */
    const char *converter;        /* "ideal", "code" (2^bits of them), */
    bool sense;                   /* or "sense amplifier": one comparison at the threshold */
    size_t output_bits;           /* of a converter; 0 ideal */
    bool per_pair;                /* it takes an analog difference of columns, not one column */
    size_t columns_per_converter; /* that take turns, at most */
    uint64_t converters;          /* that stand */
    size_t duplication;           /* times that the layer stands */

    /* docs/models/timing.md */
    size_t service;            /* cycles that a window occupies the layer */
    uint64_t occupied;         /* cycles that an image does, in the line-buffer pipeline */
    double t_read_s, window_s; /* a read of all columns; a window; 0 where no clock is known */
    mho_reuse_layer reuse;     /* zeros where the description has none */
    size_t tiles;              /* that begin with its crossbars */
    double input_bits_moved, bit_hops,
        dram_bits;                /* an image: of its input map; on links; from memory */
    uint64_t rewritten_cells;     /* that an image has written anew, since crossbars are few */
    double converter_utilization; /* share of the interval in which its converters convert */

    /* amounts; each works `positions` times an image (bcnn Table II) */
    uint64_t cells;         /* g R C: weights */
    uint64_t inputs_shared; /* D0 = g R */
    uint64_t inputs_copied; /* Dx = g R X_out */
    uint64_t outputs;       /* A = g C X_in: weight columns with a converter */
    mho_counts counts;
} mho_placement_layer;

/* What no crossbar holds: activation functions, normalization, pools, products of two maps.  A layer of such a kind has a
 * digital unit of its own; docs/models/map.md, "Digital units". */
typedef struct mho_placement_digital {
    size_t node; /* of the network's graph on hardware: mho_net_placed */
    char name[MHO_NAME], op[MHO_NAME];
    /* for one image: multiply-accumulates; additions and comparisons; multiplications; functions of one argument, by
     * table; divisions; all as elementary operations, a division one a bit */
    double macs, adds, multiplies, functions, divisions, operations;
    double values_read, values_written;
    double seconds;  /* of its unit */
    bool priced;     /* digital.priced */
    size_t service;  /* cycles of the layers' clock for a position of its output, */
    uint64_t cycles; /* and for all; 1 each where no clock is known */
} mho_placement_digital;

/* Tiles of crossbars in a mesh; what moves is counted of the placement, contention bounded: analytic. */
typedef struct mho_tiles {
    size_t tiles, side;    /* 0: the description has none */
    double bit_hops;       /* an image */
    double busiest_link_s; /* the time that its bits of an image take: no interval is shorter */
    double wait_s;         /* that other streams' packets can delay an image by, at most */
} mho_tiles;

typedef struct mho_placement {
    mho_placement_layer *layer;
    size_t layers;
    mho_placement_digital *digital;
    size_t digitals;
    double macs, digital_macs;              /* of an image: on crossbars, in digital units */
    double digital_operations;              /* multiply-accumulates among them */
    size_t crossbar_rows, crossbar_columns; /* of one crossbar */
    uint64_t crossbar_pairs, cells;         /* sums of the layers, copies counted; weights */
    uint64_t crossbars;                     /* that stand: both of a pair, and copies */
    uint64_t budget;                        /* crossbars that there are; 0: as many as it takes */
    /* fewer than it takes: layers that take turns on `room` crossbars, written anew in every image */
    uint64_t room, rewritten_crossbars, rewritten_cells; /* 0: none */
    double rewrite_s;
    mho_tiles tiles;
    mho_reuse reuse;
    double global_B, global_room_B; /* what waits in the global buffer, and what it holds */
    bool single;                    /* crossbars, not pairs: single cells hold weights */
    mho_counts counts;              /* of all layers */
    const char *clock;              /* what tells the length of a cycle, */
    double clock_s;                 /* which is 0 if nothing does */
    uint64_t interval;         /* cycles from one image to the next in the line-buffer pipeline */
    char bottleneck[MHO_NAME]; /* the layer that sets it */
    bool layer_by_layer;       /* timing.schedule */
    struct mhoi_plan *plan;    /* all that mho_chip_create needs to know */
} mho_placement;

/* MHO_ECONFIG: hw is no crossbar accelerator, or its crossbars are too narrow for one weight; MHO_ENOTMODELED: no weighted layer, or what
 * this hardware cannot read, with the layer's name; MHO_EDOMAIN: counts beyond 64 bits. */
MHO_API MHO_MUST_CHECK mho_status mho_placement_create(const mho_net *net, const mho_hw *hw,
                                                       mho_placement **out);
MHO_API void mho_placement_destroy(mho_placement *placement);

/* service[nodes of the network], for mho_pipeline_create: cycles a window occupies each weighted layer, 0 for other
 * nodes. */
MHO_API void mho_placement_service(const mho_placement *placement, size_t *service);
/* copies[nodes of the network]: times that each weighted layer stands, 0 for other nodes. */
MHO_API void mho_placement_copies(const mho_placement *placement, size_t *copies);
/* Does some window occupy its layer for more than one cycle? */
MHO_API bool mho_placement_is_slow(const mho_placement *placement);

/* What the components of every layer do for one image, in the readings of the description: an array of *count
 * activities for mho_cost_create, to be freed with mho_activities_destroy.  docs/models/cost.md eq. (3)
 * to (8e).  MHO_ENOTMODELED: an ideal converter (0 bits) has no price. */
MHO_API MHO_MUST_CHECK mho_status mho_placement_activities(const mho_placement *placement,
                                                           mho_activity **out, size_t *count);
/* The same for a technology: of one with component models all that its models tell, in the numbers of the placement;
 * readings are a matter of the others.  docs/models/cost.md eq. (15) to (27).  MHO_ENOTMODELED: the models tell no delay of
 * a read. */
MHO_API MHO_MUST_CHECK mho_status mho_placement_activities_for(const mho_placement *placement,
                                                               const mho_technology *tech,
                                                               mho_activity **out, size_t *count);
MHO_API void mho_activities_destroy(mho_activity *activity);

/* The cells that are written, for mho_programming_estimate. */
MHO_API void mho_placement_programming(const mho_placement *placement, mho_programming_load *out);

/* A network on a hardware description, placed and priced with the technology that it names: all of the
 * above and mho_cost_create in one call. */
typedef struct mho_estimate {
    mho_placement *placement;
    mho_activity *activity;
    size_t activities;
    mho_technology *tech;
    mho_cost *cost;
    mho_programming programming;
    bool has_programming; /* false: the technology does not tell what a write takes */
    char overrides[512];  /* what the description sets in place of the named technology's own; "" */
    char instead[512];    /* why another technology than the one named prices it all; "" if not */
    char fallback[MHO_COST_NAME]; /* that one, as mho_technology_open takes it; "" */
    /* A technology that is good for comparisons alone has another one's prices beside, placed with its clock; else
     * NULL. */
    mho_placement *generic_placement;
    mho_technology *generic_tech;
    mho_activity *generic_activity;
    mho_cost *generic;
} mho_estimate;

MHO_API MHO_MUST_CHECK mho_status mho_estimate_create(const mho_net *net, const mho_hw *hw,
                                                      mho_estimate **out);
/* What happened in the cells of a layer, of one image on average (mho_chip_layer_activity). */
typedef struct mho_cell_activity {
    double driven;        /* row drives with an input other than 0 */
    double drive, square; /* sums over the row drives of x and of x^2; x = 1: the largest input */
    double drive_S, square_S; /* sums over the cells of these rows of g x and of g x^2 */
} mho_cell_activity;
/* The same with measured[layers of the placement] in place of what read.activity and read.level (or the readings of a
 * paper) assume of word lines and cells; docs/models/cost.md eq. (28) to (30). */
MHO_API MHO_MUST_CHECK mho_status mho_estimate_create_measured(const mho_net *net, const mho_hw *hw,
                                                               const mho_cell_activity *measured,
                                                               mho_estimate **out);
/* An image every so many cycles, as a simulated pipeline tells, in place of the bound of a placement: leakage and the use of
 * converters are counted anew.  generic: likewise of generic_placement, where there is one. */
MHO_API MHO_MUST_CHECK mho_status mho_estimate_set_interval(mho_estimate *estimate,
                                                            uint64_t interval, uint64_t generic);
MHO_API void mho_estimate_destroy(mho_estimate *estimate);

/* What digital units do, put into an object: macs: {crossbars, digital}, and digital, a list of mho_digital_json.  cost: with
 * energy and area, or NULL. */
MHO_API void mho_placement_digital_json(const mho_placement *placement, const mho_cost *cost,
                                        mho_json *object);
/* One unit; energy_J NaN: without prices. */
MHO_API mho_json *mho_digital_json(const mho_placement_digital *unit, double energy_J,
                                   double area_m2);

/* What is to be told with the prices of an estimate. */
typedef struct mho_price_notes {
    char technology[MHO_COST_NAME];  /* whose prices they are */
    char note[MHO_COST_SOURCE];      /* what it says of them */
    char instead[512];               /* as in the estimate */
    bool relative;                   /* good for comparisons alone */
    bool modeled;                    /* by models: read.*, output.readout and leakage enter */
    double error_energy, error_time; /* factors by which totals may be wrong; 0: not told */
    double leakage_J;                /* part of the energy */
    char generic[MHO_COST_NAME];     /* the technology whose totals stand beside; "": none */
    double generic_energy_J, generic_area_m2;
    char not_counted[512]; /* parts, "; " between them */
    char beyond[512];      /* prices beyond where their source holds, likewise */
    char overrides[640];   /* what the description sets in place of the technology's own; "" */
} mho_price_notes;
MHO_API void mho_estimate_notes(const mho_estimate *estimate, mho_price_notes *out);
/* Puts them into an object: technology, technology_note, relative, error_factor, leakage_J, not_counted, beyond_source,
 * and overrides where there are some. */
MHO_API void mho_price_notes_json(const mho_price_notes *notes, mho_json *object);

/* The JSON form of an estimate, put into an object: network, hw, what mho_price_notes_json tells, energy_J, area_m2, counts, what mho_placement_digital_json tells,
 * programming, config, and entries (every number with formula and source) if wanted.  net and hw: those of the estimate. */
MHO_API void mho_estimate_json(const mho_estimate *estimate, const mho_net *net, const mho_hw *hw,
                               bool entries, mho_json *object);

/* --- balance: which layers stand how often ------------------------------------------------------------- */

/* A way to build a layer: how long an image keeps it (in any unit), and the crossbars that it takes. */
typedef struct mho_balance_option {
    uint64_t time, crossbars;
} mho_balance_option;
typedef struct mho_balance_layer {
    const mho_balance_option *option;
    size_t options;
} mho_balance_layer;
typedef struct mho_balance {
    uint64_t time, crossbars; /* of the slowest layer; of all */
} mho_balance;

/* Chooses an option for each layer, choice[layers], so that the slowest layer takes the least time that `budget` crossbars
 * allow, each layer with the fewest crossbars for that time.  Exact.
 * MHO_ECONFIG: even the cheapest options of all layers are beyond the budget, which the message tells. */
MHO_API MHO_MUST_CHECK mho_status mho_balance_choose(const mho_balance_layer *layer, size_t layers,
                                                     uint64_t budget, size_t *choice,
                                                     mho_balance *out);

/* bcnn Eq. 6 and Eq. 7, summed over all layers of the network (they describe chains; branches that join
 * are counted as if they followed each other).  MHO_EDOMAIN beyond 64 bits. */
MHO_API MHO_MUST_CHECK mho_status mho_cycles_pipelined(const mho_net *net, uint64_t *cycles);
MHO_API MHO_MUST_CHECK mho_status mho_cycles_layer_by_layer(const mho_net *net, uint64_t *cycles);
/* Eq. 7 where a window occupies a layer for the placement's service times: every window but one cycle of it more. */
MHO_API MHO_MUST_CHECK mho_status mho_placement_layer_by_layer(const mho_placement *placement,
                                                               const mho_net *net,
                                                               uint64_t *cycles);
/* What one layer adds to Eq. 6; first: it is the network's first convolution. */
MHO_API MHO_MUST_CHECK mho_status mho_cycles_pipelined_term(const mho_node *node, bool first,
                                                            uint64_t *cycles);

MHO_C_END

#endif
