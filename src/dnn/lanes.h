/* SPDX-License-Identifier: Apache-2.0 */
/* Convolution with 16 images side by side: values are [h][w][c][16], so that every lane of a register works
 * whatever the number of channels.  For small networks, whose 16 images stay in a cache: oneDNN fills
 * registers with channels, and 1, 20 or 50 of those leave lanes empty.
 *
 * Sums run over kernel row, kernel column, input channel in this order. */
#ifndef MHO_DNN_LANES_H
#define MHO_DNN_LANES_H

#include "net/graph.h"

enum { MHOI_LANES = 16 };

typedef struct mhoi_lanes {
    size_t columns; /* output channels worked out together */
    /* y = convolution of x without padding or groups, plus bias (NULL: 0); pool: the largest of each 2 x 2
     * window of it; relu: then slope y where y <= 0; 0 <= slope. */
    void (*conv)(const mho_node *conv, bool pool, bool relu, float slope, const float *packed,
                 const float *bias, const float *x, float *y);
} mhoi_lanes;

extern const mhoi_lanes mhoi_lanes_ref, mhoi_lanes_avx2, mhoi_lanes_avx512;
const mhoi_lanes *mhoi_lanes_best(void);

/* Weights [C_out][C_in][kh][kw] in the order of a table's kernels: floats needed, and the packing. */
size_t mhoi_lanes_packed(const mhoi_lanes *lanes, const mho_node *conv);
void mhoi_lanes_pack(const mhoi_lanes *lanes, const mho_node *conv, const float *weight,
                     float *packed);

/* [16][n] to [n][16], and back. */
void mhoi_lanes_enter(size_t n, const float *from, float *to);
void mhoi_lanes_leave(size_t n, const float *from, float *to);

#endif
