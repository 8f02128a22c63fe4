/* SPDX-License-Identifier: Apache-2.0 */
/* The cells of a crossbar where it keeps them, for who programs them in place; and what it takes. */
#ifndef MHO_CROSSBAR_CELLS_H
#define MHO_CROSSBAR_CELLS_H

#include "mho/crossbar.h"

/* [C][R] each; written, they are to be handed to mho_crossbar_program (which copies nothing then) before the crossbar
 * runs again, whatever becomes of that call.  NULL: its rows stand in another order, and it keeps them so. */
void mhoi_crossbar_cells(mho_crossbar *xb, int16_t **g_plus, int16_t **g_minus);

/* In place of mho_crossbar_program, for cells of two conductances, every pair of which has one each: high and low where the bit
 * at + c R + r is 1, low and high where it is 0.  The crossbar has no cells then, and noise of reads wants another programming.
 * Eight bytes behind the last bit's may be read.  *done false: this crossbar wants cells. */
MHO_MUST_CHECK mho_status mhoi_crossbar_program_signs(mho_crossbar *xb, const uint64_t *bit,
                                                      size_t at, int16_t low, int16_t high,
                                                      bool *done);

/* The same for pairs (base + each max(m, 0), base + each max(-m, 0)) of weights m[C][R] in -most..most, where they are bytes
 * times a power of two and inputs are multiplied. */
MHO_MUST_CHECK mho_status mhoi_crossbar_program_bytes(mho_crossbar *xb, const int8_t *m,
                                                      int32_t base, int32_t each, int32_t most,
                                                      bool *done);

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
