/* SPDX-License-Identifier: Apache-2.0 */
/* What the programs of this paper share. */
#ifndef MHO_PAPERS_BCNN_H
#define MHO_PAPERS_BCNN_H

#include "papers.h"

/* A network of the zoo on a built-in hardware description, priced.  sets as of mho_hw_open. */
MHO_MUST_CHECK mho_status bcnn_price(const char *net, const char *hw, const char *const *sets,
                                     mho_estimate **out);

#endif
