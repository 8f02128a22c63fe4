/* SPDX-License-Identifier: Apache-2.0 */
/* Products of rows of weights as they lie in a network, [C_out][elements], with the inputs of a few images: for fully
 * connected layers too large to be held a second time in another order.
 *
 * An element k adds to sum k mod 16 of its run, in order, in single precision; the 16 sums of a run are added up in double,
 * one after the other: the same digits on every CPU.  Products of codes of 8 bits are exact. */
#ifndef MHO_DNN_DENSE_H
#define MHO_DNN_DENSE_H

#include <stddef.h>

enum {
    MHOI_DENSE_LANES = 16,
    MHOI_DENSE_RUN =
        1024, /* elements: 64 a sum, whose products of 9-bit by 8-bit codes stay below 2^24 */
    MHOI_DENSE_ROWS = 4, /* rows of weights that are worked on together, at most */
};

typedef struct mhoi_dense {
    /* sum[i][o] += x[i][count] . w[o][count] of one run, i < n, o < rows; rows are x_step, w_step, sum_step apart.
     * count <= MHOI_DENSE_RUN, a multiple of MHOI_DENSE_LANES. */
    void (*products)(size_t n, size_t rows, size_t count, const float *x, size_t x_step,
                     const float *w, size_t w_step, double *sum, size_t sum_step);
} mhoi_dense;

extern const mhoi_dense mhoi_dense_ref, mhoi_dense_avx2, mhoi_dense_avx512;
const mhoi_dense *mhoi_dense_best(void);

#endif
