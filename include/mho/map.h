/* SPDX-License-Identifier: Apache-2.0 */
/* Where each layer goes: row, column and signal splitting over crossbars (bcnn Eq. 5, Table II), and
 * the activity of every component for one image.  Needs shapes only, no parameters. */
#ifndef MHO_MAP_H
#define MHO_MAP_H

#include "mho/hw.h"
#include "mho/net.h"

typedef struct mho_map_layer {
    size_t node; /* of the network */
    char name[MHO_NAME];
    size_t groups;          /* g */
    size_t rows, columns;   /* R = h w C_in / g, C = C_out / g: weights of one group, columns are pairs */
    size_t positions;       /* P = H_out W_out; 1 for fully connected */
    size_t x_in, x_out;     /* row and column splits of one group */
    size_t crossbar_pairs;  /* g X_in X_out */
    double utilization;     /* cells in use over cells of these crossbars */
    bool first, last;       /* in the order of weighted layers */
    size_t input_bits, output_bits; /* converters; 0 ideal */
    /* amounts; each works `positions` times an image (bcnn Table II) */
    uint64_t cells;             /* g R C: weights */
    uint64_t inputs_shared;     /* D0 = g R */
    uint64_t inputs_copied;     /* Dx = g R X_out */
    uint64_t outputs;           /* A = g C X_in: weight columns with a converter */
} mho_map_layer;

typedef struct mho_map {
    mho_map_layer *layer;
    size_t layers;
    uint64_t crossbar_pairs, cells;
} mho_map;

MHO_API MHO_MUST_CHECK mho_status mho_map_create(const mho_net *net, const mho_hw *hw, mho_map **out);
MHO_API void mho_map_destroy(mho_map *map);

/* Eq. 6 and Eq. 7 of bcnn. */
MHO_API MHO_MUST_CHECK mho_status mho_cycles_pipelined(const mho_net *net, uint64_t *cycles);
MHO_API MHO_MUST_CHECK mho_status mho_cycles_layer_by_layer(const mho_net *net, uint64_t *cycles);

#endif
