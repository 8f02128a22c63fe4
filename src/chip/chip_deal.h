/* SPDX-License-Identifier: Apache-2.0 */
/* Which rows of a layer stand in which of the crossbars that it is split over, so that every part has the same mean:
 * docs/models/coding.md eq. (13). */
#ifndef MHO_CHIP_DEAL_H
#define MHO_CHIP_DEAL_H

#include <stddef.h>
#include <stdint.h>

#include "map/map_sections.h"
#include "mho/status.h"

enum { MHOI_DEAL_EXACT_ROWS = 16 }; /* most that are dealt out exactly */

/* Rows [rows][columns] of what each adds to the mean of each column, to parts of `part` rows (the last has what is left). */
typedef struct mhoi_deal {
    size_t rows, columns, part;
    const float *mean;
} mhoi_deal;

/* How far the parts are from their shares: the sum over parts and columns of (mean of the part - share of the whole)^2, a
 * part's share being that of its rows. */
double mhoi_deal_miss(const mhoi_deal *d, const uint32_t *order);
/* order[rows]: the row on each word line.  MHO_EDOMAIN: too many rows for MHO_DEAL_EXACT.  Cost: exchange compares all pairs
 * of rows, in all columns, until none is better elsewhere. */
MHO_MUST_CHECK mho_status mhoi_deal_rows(const mhoi_deal *d, mho_deal how, uint32_t layer,
                                         uint32_t *order);

#endif
