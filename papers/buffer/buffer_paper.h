/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the tables and figures of `buffer`. */
#ifndef PAPERS_BUFFER_H
#define PAPERS_BUFFER_H

#include "papers.h"

/* A zoo network on a built-in accelerator ("table6-rram"); to be freed with mho_array_estimate_destroy. */
MHO_MUST_CHECK mho_status buffer_run_one(const char *net, const char *hw, const char *const *sets,
                                         mho_array_estimate **out);

#endif
