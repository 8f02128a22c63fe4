/* SPDX-License-Identifier: Apache-2.0 */
/* Operations with a body. */
#ifndef MHO_INFER_INFER_LOOP_H
#define MHO_INFER_INFER_LOOP_H

#include "ops/ops.h"

/* Runs the body once: in as many arrays as it has inputs, out to be freed. */
typedef mho_status mhoi_pass_fn(void *context, const mho_array *in, mho_array *out);
/* A Loop or a Scan; out of the call is empty on an error. */
MHO_MUST_CHECK mho_status mhoi_loop_run(mhoi_call *call, mhoi_pass_fn *run, void *context);

#endif
