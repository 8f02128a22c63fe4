/* SPDX-License-Identifier: Apache-2.0 */
/* Images through a network of general operators that has one input of images and gives classes. */
#ifndef MHO_INFER_INFER_GENERAL_H
#define MHO_INFER_INFER_GENERAL_H

#include "mho/infer.h"

typedef struct mhoi_general mhoi_general;

/* MHO_ENOTMODELED: it has several inputs, or its shapes are not known before it runs. */
MHO_MUST_CHECK mho_status mhoi_general_create(const mho_net *net, mhoi_general **out);
void mhoi_general_destroy(mhoi_general *general);
/* input [n][elements of the network's input], scores [n][elements of its output]: with all threads. */
MHO_MUST_CHECK mho_status mhoi_general_run(mhoi_general *general, size_t n, const float *input,
                                           float *scores);

#endif
