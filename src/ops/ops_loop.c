/* SPDX-License-Identifier: Apache-2.0 */
/* Operations with a body: what they give is known only when they run, which is the runner's (infer/infer_loop.c). */
#include "ops/ops_impl.h"

static mho_status loop_shape(mhoi_call *c)
{
    return mho_error(MHO_ENODATA, "what %s gives is known only when it runs", c->op->op);
}

static mho_status loop_run(mhoi_call *c)
{
    return mho_error(MHO_ENOTMODELED, "%s runs in software inference alone", c->op->op);
}

#define SCAN                                                                                       \
    "body num_scan_inputs scan_input_axes scan_input_directions scan_output_axes "                 \
    "scan_output_directions "
const mhoi_operator mhoi_ops_loop[] = {
    {"Loop", "", 0, MHOI_OP_MANY, MHOI_OP_MANY, "body ", loop_shape, loop_run},
    {"Scan", "", 1, MHOI_OP_MANY, MHOI_OP_MANY, SCAN, loop_shape, loop_run},
    {0}};
