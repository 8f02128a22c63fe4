/* SPDX-License-Identifier: Apache-2.0 */
/* What post-training quantization takes. */
#ifndef MHO_QUANTIZE_NEED_H
#define MHO_QUANTIZE_NEED_H

#include "base/parallel.h"
#include "mho/net.h"

/* mho_fixed_quantize, beside the network. */
void mhoi_fixed_need(const mho_net *net, bool equalize, mhoi_need *need);

#endif
