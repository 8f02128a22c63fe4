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

static void set_codes(const mhoi_weight_wish *wish, mhoi_cells *cells)
{
    const int32_t top = mhoi_level_top(wish->device);
    const bool real = wish->alphabet == MHO_ALPHABET_REAL;
    const int32_t most =
        real && wish->weight_bits ? ((int32_t)1 << (wish->weight_bits - 1)) - 1 : top;
    cells->codes = (mho_codes){-most, most};
    cells->one = real ? 1 : top;
    cells->levels = real ? (size_t)top + 1 : 2;
}

static void set_conductances(const mhoi_weight_wish *wish, mhoi_cells *cells)
{
    cells->unit = 2 * mho_device_delta(wish->device) * cells->one;
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
    .set_codes = set_codes,
    .set_conductances = set_conductances,
    .levels = levels,
};
