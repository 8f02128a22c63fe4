/* SPDX-License-Identifier: Apache-2.0 */
/* Of software inference, for modules that decide by its values. */
#ifndef MHO_INFER_NODES_H
#define MHO_INFER_NODES_H

#include "mho/infer.h"

/* From now on mho_infer_run_nodes forms the sums of weighted layers in one order: the same digits on every CPU.  It alone may
 * run then: the weights that mho_infer_run has are freed. */
void mhoi_infer_set_ordered(mho_infer *infer);
/* From now on mho_infer_run gives the values of all outputs, one after the other. */
void mhoi_infer_want_all(mho_infer *infer);

#endif
