/* SPDX-License-Identifier: Apache-2.0 */
/* Accuracy against the size of blocks and the bits, networks trained alike. */
#ifndef MHO_PAPERS_REBOC_SWEEP_H
#define MHO_PAPERS_REBOC_SWEEP_H

#include "papers.h"

/* LeNet, or (cifar) cifarnet, each of args->epochs epochs; a table on out. */
MHO_MUST_CHECK mho_status reboc_sweep(const paper_args *args, bool cifar, FILE *out);

#endif
