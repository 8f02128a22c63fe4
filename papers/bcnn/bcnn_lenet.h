/* SPDX-License-Identifier: Apache-2.0 */
/* LeNet and its test images, run on crossbars: what the accuracy tables of this paper share. */
#ifndef MHO_PAPERS_BCNN_LENET_H
#define MHO_PAPERS_BCNN_LENET_H

#include "bcnn.h"

typedef struct bcnn_lenet {
    mho_study *study;
    char data[MHO_NAME]; /* which images */
    size_t images, trials;
    uint64_t seed;
    bool comparable;   /* MNIST, and all of its test images */
    char setting[160]; /* "10000 images of mnist, 10 programmings, seed 1" */
    const char *what;  /* progress: the error to come is `part` of `parts` */
    size_t part, parts;
} bcnn_lenet;

MHO_MUST_CHECK mho_status bcnn_lenet_open(const paper_args *args, bcnn_lenet *out);
void bcnn_lenet_close(bcnn_lenet *lenet);
/* Marks every row as not comparable where the run is not. */
void bcnn_lenet_judge(const bcnn_lenet *lenet, paper_result *result);
/* Error in % on the built-in hardware `hw` with the `key=value`s of `sets`, of the network trained for its mode;
 * without variation (the sets say so) one programming is enough.  Counts lenet->part on. */
MHO_MUST_CHECK mho_status bcnn_lenet_error(bcnn_lenet *lenet, const char *hw,
                                           const char *const *sets, size_t trials,
                                           mho_spread *percent);
/* Binomial error of the images, in points, at an error of so many %. */
double bcnn_lenet_binomial(const bcnn_lenet *lenet, double percent);

#endif
