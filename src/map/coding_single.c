/* SPDX-License-Identifier: Apache-2.0 */
/* One cell a weight, at an offset level: offset binary, in slices.  What takes the offset out is the coding's own
 * matter (coding_column.c, coding_digital.c). */
#include "map/coding.h"

size_t mhoi_single_slices(size_t bits, size_t cell_bits)
{
    return (bits + cell_bits - 1) / cell_bits;
}

void mhoi_single_codes(const mhoi_weight_wish *wish, mhoi_cells *cells)
{
    const int32_t top = mhoi_level_top(wish->device);
    switch (wish->alphabet) {
    case MHO_ALPHABET_BINARY:
    case MHO_ALPHABET_SCALED:
        cells->codes = (mho_codes){-top, top};
        cells->middle = true;
        cells->levels = 2;
        break;
    case MHO_ALPHABET_TERNARY:
        cells->offset = top / 2;
        cells->codes = (mho_codes){-(top / 2), top / 2};
        cells->levels = 3;
        break;
    case MHO_ALPHABET_REAL:
    case MHO_ALPHABET_COUNT:
        cells->offset = (int32_t)1
                        << ((wish->weight_bits ? wish->weight_bits : wish->device->bits) - 1);
        cells->codes = (mho_codes){-cells->offset + wish->mirrored, cells->offset - 1};
        cells->levels = (size_t)top + 1;
        break;
    }
    cells->one = wish->alphabet == MHO_ALPHABET_REAL ? 1 : cells->codes.hi;
}

void mhoi_single_conductances(const mhoi_weight_wish *wish, mhoi_cells *cells)
{
    const int32_t half = mho_device_delta(wish->device), lowest = mho_device_level(wish->device, 0);
    cells->unit = (cells->middle ? 1 : 2) * half * cells->one;
    cells->base = cells->middle ? lowest + cells->unit
                                : lowest * cells->scale + 2 * half * (int64_t)cells->offset;
}

void mhoi_single_levels(const mhoi_cells *cells, size_t slice, mhoi_cell_side side,
                        const int16_t *m, size_t n, uint8_t *level)
{
    const uint32_t mask = ((uint32_t)1 << cells->slice_bits) - 1;
    const unsigned shift = (unsigned)(cells->slice_bits * slice);
    const bool reference = side == MHOI_CELL_REFERENCE;
    if (cells->middle) { /* a reference is drawn half a level above the middle, and lowered */
        for (size_t i = 0; i < n; i++)
            level[i] = (uint8_t)(reference ? (mask + 1) / 2 : m[i] > 0 ? mask : 0);
        return;
    }
    for (size_t i = 0; i < n; i++)
        level[i] = (uint8_t)((uint32_t)((reference ? 0 : m[i]) + cells->offset) >> shift & mask);
}
