/* SPDX-License-Identifier: Apache-2.0 */
/* A weight down a column: two cells a slice, one for each sign, on word lines of their own that one input selects
 * together.  The voltage of a line carries sign and significance, so the column's current is the sum of whole weights.
 * docs/models/coding.md, "Merged". */
#include "map/coding.h"

/* Slices of the magnitude. */
static size_t parts(size_t bits, size_t cell_bits)
{
    return bits ? (bits - 1 + cell_bits - 1) / cell_bits : 1;
}

/* Columns: one holds all of it. */
static size_t slices(size_t bits, size_t cell_bits)
{
    (void)bits;
    (void)cell_bits;
    return 1;
}

static void levels(const mhoi_cells *cells, size_t part, mhoi_cell_side side, const int16_t *m,
                   size_t n, uint8_t *level)
{
    const int32_t mask = ((int32_t)1 << cells->slice_bits) - 1;
    const unsigned shift = (unsigned)(cells->slice_bits * part);
    const int32_t sign = side == MHOI_CELL_MINUS ? -1 : 1;
    for (size_t i = 0; i < n; i++)
        level[i] = (uint8_t)((sign * m[i] > 0 ? sign * m[i] : 0) >> shift & mask);
}

extern const mhoi_coding mhoi_coding_merged;
const mhoi_coding mhoi_coding_merged = {
    .name = "merged",
    .sides = 1,
    .parts = parts,
    .slices = slices,
    .set_codes = mhoi_pair_codes,
    .set_conductances = mhoi_pair_conductances,
    .levels = levels,
};
