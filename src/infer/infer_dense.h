/* SPDX-License-Identifier: Apache-2.0 */
/* Fully connected steps too large to hold their weights a second time: the network's own weights are read where they lie,
 * the inputs are brought into their order.  Codes among them are exact, and all digits are the same on every CPU. */
#ifndef MHO_INFER_DENSE_H
#define MHO_INFER_DENSE_H

#include "infer/infer_impl.h"

/* Is it such a layer? */
bool mhoi_infer_is_dense(const mho_node *node);
/* bn: batch normalization that is worked out with it, or NULL. */
MHO_MUST_CHECK mho_status mhoi_infer_dense_create(const mho_net *net, infer_step *step,
                                                  const mho_node *bn);
/* Floats of memory that a run of n images takes. */
size_t mhoi_infer_dense_floats(const infer_step *step, size_t n);
void mhoi_infer_dense_run(const mho_net *net, const infer_step *step, size_t n, const float *x,
                          float *y, float *memory);

#endif
