/* SPDX-License-Identifier: Apache-2.0 */
/* A weight as a pair of cells in two crossbars, one of them at the lowest level: (|m|, 0) or (0, |m|), each side in
 * slices.  docs/models/chip.md eq. (1). */
#include <string.h>

#include "map/coding.h"

/* The pair tells the sign besides. */
static size_t slices(size_t bits, size_t cell_bits)
{
    return (bits - 1 + cell_bits - 1) / cell_bits;
}

void mhoi_pair_codes(const mhoi_weight_wish *wish, mhoi_cells *cells)
{
    const int32_t top = mhoi_level_top(wish->device);
    const bool real = wish->alphabet == MHO_ALPHABET_REAL;
    const int32_t most =
        real && wish->weight_bits ? ((int32_t)1 << (wish->weight_bits - 1)) - 1 : top;
    cells->codes = (mho_codes){-most, most};
    cells->one = real ? 1 : top;
    cells->levels = real ? (size_t)top + 1 : 2;
}

void mhoi_pair_conductances(const mhoi_weight_wish *wish, mhoi_cells *cells)
{
    cells->unit = 2 * mho_device_delta(wish->device) * cells->one;
}

static void levels(const mhoi_cells *cells, size_t slice, mhoi_cell_side side, const int16_t *m,
                   size_t n, uint8_t *level)
{
    const int32_t mask = ((int32_t)1 << cells->slice_bits) - 1;
    const unsigned shift = (unsigned)(cells->slice_bits * slice);
    const int32_t sign = side == MHOI_CELL_MINUS ? -1 : 1;
    if (side == MHOI_CELL_REFERENCE) {
        memset(level, 0, n);
        return;
    }
    if (cells->slices == 1) {
        for (size_t i = 0; i < n; i++) {
            const int32_t v = sign * m[i];
            level[i] = (uint8_t)(v > 0 ? v : 0);
        }
        return;
    }
    for (size_t i = 0; i < n; i++) {
        const int32_t v = sign * m[i];
        level[i] = (uint8_t)((v > 0 ? v : 0) >> shift & mask);
    }
}

extern const mhoi_coding mhoi_coding_differential;
const mhoi_coding mhoi_coding_differential = {
    .name = "differential",
    .sides = 2,
    .slices = slices,
    .set_codes = mhoi_pair_codes,
    .set_conductances = mhoi_pair_conductances,
    .levels = levels,
};
