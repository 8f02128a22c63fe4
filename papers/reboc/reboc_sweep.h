/* SPDX-License-Identifier: Apache-2.0 */
/* Accuracy against the size of blocks and the bits: networks trained alike, and the results of a long run that are kept. */
#ifndef MHO_PAPERS_REBOC_SWEEP_H
#define MHO_PAPERS_REBOC_SWEEP_H

#include "papers.h"

/* Trains LeNet, or (cifar) cifarnet, args->epochs epochs for every size of blocks, and from there on a quarter of them for
 * every number of bits; *out: the results, as reboc_trained_print reads them. */
MHO_MUST_CHECK mho_status reboc_sweep(const paper_args *args, bool cifar, mho_json **out);

/* The results of one network as a table.  MHO_EFORMAT: what v lacks, or a damaged file. */
MHO_MUST_CHECK mho_status reboc_trained_print(const mho_json *v, FILE *out);
/* Those that are built in: papers/reboc/trained-NETWORK.json. */
MHO_MUST_CHECK mho_status reboc_trained_kept(const char *network, mho_json **out);

#endif
