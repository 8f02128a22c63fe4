/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the tables and figures of `buffer`. */
#ifndef PAPERS_BUFFER_H
#define PAPERS_BUFFER_H

#include "papers.h"

typedef struct buffer_run {
    mho_workload *work;
    mho_array_options options;
    mho_schedule *schedule;
    mho_design design;
    mho_array_result result;
} buffer_run;

/* A zoo network on a built-in accelerator ("table6-rram"); buffer_run_free in any case. */
MHO_MUST_CHECK mho_status buffer_run_one(const char *net, const char *hw, const char *const *sets,
                                         buffer_run *run);
void buffer_run_free(buffer_run *run);

#endif
