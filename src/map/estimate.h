/* SPDX-License-Identifier: Apache-2.0 */
/* Estimates whose interval someone else counts, before anything is priced. */
#ifndef MHO_MAP_ESTIMATE_H
#define MHO_MAP_ESTIMATE_H

#include "mho/map.h"

/* Cycles from one image to the next of that placement; beside: of the one that a relative technology has beside its own. */
typedef mho_status mhoi_pace_fn(void *user, const mho_placement *placement,
                                const mho_technology *tech, bool beside, uint64_t *interval);
/* The same digits as mho_estimate_create and mho_estimate_set_interval, priced once. */
MHO_MUST_CHECK mho_status mhoi_estimate_create_paced(const mho_net *net, const mho_hw *hw,
                                                     mhoi_pace_fn *pace, void *user,
                                                     mho_estimate **out);

#endif
