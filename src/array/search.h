/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MHO_ARRAY_SEARCH_H
#define MHO_ARRAY_SEARCH_H

#include "array/moves.h"

/* Fills best with the cheapest path and the proven bound; best->steps stays 0 if there is none. */
typedef mho_status mhoi_search_fn(const mhoi_plan *plan, mhoi_path *best);

/* The paper's pruned tree over the sets of fixed layers. */
mhoi_search_fn mhoi_tree_search;
/* Branch and bound over R, the bytes left to stream weights: for networks of any depth. */
mhoi_search_fn mhoi_bound_search;

#endif
