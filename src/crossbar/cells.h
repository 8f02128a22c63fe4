/* SPDX-License-Identifier: Apache-2.0 */
/* The cells of a crossbar where it keeps them, for who programs them in place; and what it takes. */
#ifndef MHO_CROSSBAR_CELLS_H
#define MHO_CROSSBAR_CELLS_H

#include "mho/crossbar.h"

/* [C][R] each; written, they are to be handed to mho_crossbar_program (which copies nothing then) before the crossbar
 * runs again, whatever becomes of that call.  NULL: its rows stand in another order, and it keeps them so. */
void mhoi_crossbar_cells(mho_crossbar *xb, int16_t **g_plus, int16_t **g_minus);

/* Does memory made for an earlier programming of the crossbar do for this one? */
bool mhoi_crossbar_work_fits(const mho_crossbar *xb, const mho_crossbar_work *work);
/* Bytes that a crossbar of this shape will take, at most, and *work those of a thread that runs it. */
size_t mhoi_crossbar_bytes(const mho_crossbar_shape *shape, bool noisy, size_t *work);

#endif
