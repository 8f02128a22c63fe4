/* SPDX-License-Identifier: Apache-2.0 */
/* Of software inference, for modules that decide by its values. */
#ifndef MHO_INFER_NODES_H
#define MHO_INFER_NODES_H

#include "base/parallel.h"
#include "mho/infer.h"

/* For mho_infer_run_nodes alone, whose sums of weighted layers are formed in one order: the same digits on every CPU. */
MHO_MUST_CHECK mho_status mhoi_infer_create_ordered(const mho_net *net, size_t batch,
                                                    mho_infer **out);
/* Bytes that inference has of weights in the order of its kernels, and what one layer's take besides while they are brought
 * into it; coded: where all maps and weights are codes.  Large fully connected layers stay where they are. */
uint64_t mhoi_infer_weight_bytes(const mho_net *net, bool coded);
/* The least that inference of so many images takes beside the network, and that mho_infer_create wants. */
void mhoi_infer_need(const mho_net *net, size_t images, mhoi_need *need);
/* From now on mho_infer_run gives the values of all outputs, one after the other. */
void mhoi_infer_want_all(mho_infer *infer);

#endif
