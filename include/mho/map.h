/* SPDX-License-Identifier: Apache-2.0 */
/* Where each layer goes: row, column and signal splitting over crossbars (bcnn Eq. 5, Table II), and
 * the activity of every component for one image.  Needs shapes only, no parameters. */
#ifndef MHO_MAP_H
#define MHO_MAP_H

#include "mho/cost.h"
#include "mho/hw.h"
#include "mho/net.h"

/* How weights lie in crossbars; docs/models/coding.md. */
typedef struct mho_cell_layout {
    size_t slices;               /* cells (pairs) of a weight */
    size_t planes;               /* crossbars that the slices lie in: 1, or as many */
    bool reference;              /* a reference column a slice in every crossbar */
    size_t weights_per_crossbar; /* weight columns */
} mho_cell_layout;

typedef struct mho_map_layer {
    size_t node; /* of the network */
    char name[MHO_NAME];
    size_t groups; /* g */
    size_t rows,
        columns;      /* R = h w C_in / g, C = C_out / g: weights of one group, columns are pairs */
    size_t positions; /* P = H_out W_out; 1 for fully connected */
    size_t word_lines, slices; /* rows of the crossbars: R, or 2 R; cells of a weight (or pairs) */
    size_t x_in, x_out;        /* row and column splits of one group */
    size_t crossbar_pairs;     /* g X_in X_out planes; single cells: crossbars */
    double utilization;        /* cells in use over cells of these crossbars */
    bool first, last;          /* in the order of weighted layers */
    size_t input_bits, output_bits; /* converters; 0 ideal */
    /* amounts; each works `positions` times an image (bcnn Table II) */
    uint64_t cells;         /* g R C: weights */
    uint64_t inputs_shared; /* D0 = g R */
    uint64_t inputs_copied; /* Dx = g R X_out */
    uint64_t outputs;       /* A = g C X_in: weight columns with a converter */
} mho_map_layer;

typedef struct mho_map {
    mho_map_layer *layer;
    size_t layers;
    uint64_t crossbar_pairs, cells;
    bool single; /* crossbars, not pairs: single cells hold weights */
} mho_map;

/* MHO_ECONFIG: hw is no crossbar accelerator, or its crossbars are too narrow for the slices of one weight
 * (and their references); MHO_ENOTMODELED: no weighted layer; MHO_EDOMAIN: counts beyond 64 bits. */
MHO_API MHO_MUST_CHECK mho_status mho_map_create(const mho_net *net, const mho_hw *hw,
                                                 mho_map **out);
MHO_API void mho_map_destroy(mho_map *map);

/* What the components of every layer do for one image, in the readings of hw: an array of *count
 * activities for mho_cost_create, to be freed with mho_activities_destroy.  docs/models/cost.md eq. (3)
 * to (8).  MHO_ENOTMODELED: an ideal converter (0 bits) has no price. */
MHO_API MHO_MUST_CHECK mho_status mho_map_activities(const mho_map *map, const mho_hw *hw,
                                                     mho_activity **out, size_t *count);
MHO_API void mho_activities_destroy(mho_activity *activity);

/* The cells a map occupies, for mho_programming_estimate. */
MHO_API void mho_map_programming_load(const mho_map *map, const mho_hw *hw,
                                      mho_programming_load *out);

/* A network on a hardware description, mapped and priced with the technology that it names: all of the
 * above and mho_cost_create in one call. */
typedef struct mho_estimate {
    mho_map *map;
    mho_activity *activity;
    size_t activities;
    mho_technology *tech;
    mho_cost *cost;
    mho_programming programming;
    bool has_programming; /* false: the technology does not tell what a write takes */
} mho_estimate;

MHO_API MHO_MUST_CHECK mho_status mho_estimate_create(const mho_net *net, const mho_hw *hw,
                                                      mho_estimate **out);
MHO_API void mho_estimate_destroy(mho_estimate *estimate);

/* bcnn Eq. 6 and Eq. 7, summed over all layers of the network (they describe chains; branches that join
 * are counted as if they followed each other).  MHO_EDOMAIN beyond 64 bits. */
MHO_API MHO_MUST_CHECK mho_status mho_cycles_pipelined(const mho_net *net, uint64_t *cycles);
MHO_API MHO_MUST_CHECK mho_status mho_cycles_layer_by_layer(const mho_net *net, uint64_t *cycles);
/* What one layer adds to Eq. 6; first: it is the network's first convolution. */
MHO_API MHO_MUST_CHECK mho_status mho_cycles_pipelined_term(const mho_node *node, bool first,
                                                            uint64_t *cycles);

#endif
