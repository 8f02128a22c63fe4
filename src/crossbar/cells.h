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
/* Runs with this memory work out columns [first, first + count) of the sums alone, and count what drives rows with the
 * first part of them, until told otherwise; whole MHOI_COLUMNS but the last ones.  0, 0: all. */
enum { MHOI_COLUMNS = 32 };
void mhoi_crossbar_work_columns(const mho_crossbar *xb, mho_crossbar_work *work, size_t first,
                                size_t count);
/* What a run reads of the crossbar for every block of pixels. */
size_t mhoi_crossbar_read_bytes(const mho_crossbar *xb);
/* Bytes that a crossbar of this shape will take, at most, and *work those of a thread that runs it. */
size_t mhoi_crossbar_bytes(const mho_crossbar_shape *shape, bool noisy, size_t *work);

#endif
