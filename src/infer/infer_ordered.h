/* SPDX-License-Identifier: Apache-2.0 */
/* Weighted steps whose sums are formed in one order, tap after tap, so that every CPU gives the same digits: slower than
 * the convolutions of dnn.h, for what searches decide on. */
#ifndef MHO_INFER_ORDERED_H
#define MHO_INFER_ORDERED_H

#include "infer/infer_impl.h"

/* weight [C_out][...] in the order of the input's elements. */
MHO_MUST_CHECK mho_status mhoi_infer_ordered_create(infer_step *step, const float *weight);
void mhoi_infer_ordered_free(infer_step *step);
/* Floats of memory that a run takes. */
size_t mhoi_infer_ordered_floats(const infer_step *step);
void mhoi_infer_ordered_run(const infer_step *step, size_t n, const float *x, float *y,
                            float *memory);

#endif
