/* SPDX-License-Identifier: Apache-2.0 */
/* A network that waits while others work: weights that are codes, or +-1, a byte each. */
#ifndef MHO_NET_SMALL_WEIGHTS_H
#define MHO_NET_SMALL_WEIGHTS_H

#include "net/graph.h"

typedef struct mhoi_small_weights mhoi_small_weights;
/* Puts weights of net into bytes where that loses nothing, and back, to the bit. */
MHO_MUST_CHECK mho_status mhoi_net_shrink(mho_net *net, mhoi_small_weights **out);
/* *small NULL: there is nothing to do. */
MHO_MUST_CHECK mho_status mhoi_net_expand(mho_net *net, mhoi_small_weights **small);
void mhoi_small_weights_free(mhoi_small_weights *small);

#endif
