/* SPDX-License-Identifier: Apache-2.0 */
/* The table of codings of weights, and the columns that a group's weights take. */
#include "map/coding.h"

enum { CHUNK = 256 };

extern const mhoi_coding mhoi_coding_differential, mhoi_coding_column, mhoi_coding_digital,
    mhoi_coding_merged;

/* crossbar.weights, and the coding of each value of crossbar.offset. */
const char *const mhoi_coding_names[] = {"differential", "single", "merged", NULL};
static const mhoi_coding *const codings[][2] = {
    {&mhoi_coding_differential, &mhoi_coding_differential},
    {&mhoi_coding_column, &mhoi_coding_digital},
    {&mhoi_coding_merged, &mhoi_coding_merged},
};
_Static_assert(sizeof codings / sizeof *codings + 1 ==
                   sizeof mhoi_coding_names / sizeof *mhoi_coding_names,
               "every coding has a name");

static const mhoi_coding *coding_of(const mhoi_crossbar_options *crossbar)
{
    return codings[crossbar->weights][crossbar->offset];
}

/* Bits of a real weight. */
static size_t weight_bits_of(const mhoi_machine *hw, mho_alphabet alphabet, size_t told)
{
    return alphabet == MHO_ALPHABET_REAL ? (told ? told : hw->crossbar.weight_bits) : 0;
}

size_t mhoi_coding_fold(const mhoi_machine *hw, const mho_device *device, mho_alphabet alphabet,
                        size_t weight_bits)
{
    const mhoi_coding *coding = coding_of(&hw->crossbar);
    return coding->parts
               ? 2 * coding->parts(weight_bits_of(hw, alphabet, weight_bits), device->bits)
               : 1;
}

static size_t ceil_div(size_t a, size_t b)
{
    return a / b + (a % b != 0);
}

static mho_status set_planes(const mhoi_crossbar_options *crossbar, size_t columns, mhoi_cells *k)
{
    k->planes = crossbar->slicing == MHO_SLICES_CROSSBARS ? k->slices : 1;
    k->together = k->slices / k->planes;
    k->references = k->coding->reference ? k->together : k->level0;
    const size_t want = k->together + k->references;
    if (crossbar->columns < want)
        return mho_error(
            MHO_ECONFIG,
            "crossbar.columns = %zu, want %zu or more for the %zu slices of a weight%s",
            crossbar->columns, want, k->together, k->references ? " and their references" : "");
    k->weights_per_tile = (crossbar->columns - k->references) / k->together;
    k->tile_columns = k->weights_per_tile * k->together + k->references;
    k->tiles = ceil_div(columns, k->weights_per_tile);
    k->plane_columns = columns * k->together + k->tiles * k->references;
    k->columns = columns;
    k->converted = columns * k->slices;
    return MHO_OK;
}

mho_status mhoi_cells_set(const mhoi_machine *hw, const mho_device *device, mho_alphabet alphabet,
                          size_t weight_bits, bool level0, size_t columns, mhoi_cells *cells)
{
    const size_t bits = weight_bits ? weight_bits : hw->crossbar.weight_bits;
    const bool real = alphabet == MHO_ALPHABET_REAL;
    const mhoi_weight_wish wish = {.alphabet = alphabet,
                                   .device = device,
                                   .weight_bits = real ? bits : 0,
                                   .mirrored = hw->input.coding == MHO_CODING_TWO_ROWS};
    const mhoi_coding *coding = coding_of(&hw->crossbar);
    *cells = (mhoi_cells){.coding = coding,
                          .alphabet = alphabet,
                          .level0 = level0,
                          .slice_bits = device->bits,
                          .bottom = mho_device_level(device, 0)};
    cells->fold = mhoi_coding_fold(hw, device, alphabet, weight_bits);
    cells->slices = wish.weight_bits ? coding->slices(wish.weight_bits, device->bits) : 1;
    for (size_t s = 0; s < cells->slices; s++)
        cells->scale += (int64_t)1 << (cells->slice_bits * s);
    coding->set_codes(&wish, cells);
    if (cells->codes.hi < 1)
        return mho_error(MHO_ECONFIG,
                         "device.bits = %zu, want 2 or more for %s weights in %s cells%s",
                         device->bits, mho_alphabet_name(alphabet), coding->name,
                         real ? ", or crossbar.weight_bits" : "");
    coding->set_conductances(&wish, cells);
    const mho_status s = set_planes(&hw->crossbar, columns, cells);
    cells->joined = hw->output.merge == MHO_MERGE_SLICES ? cells->together : 1;
    return s;
}

/* References behind all columns of weights. */
static mhoi_column column_beside_level0(const mhoi_cells *k, size_t plane, size_t column)
{
    const size_t weights = k->columns * k->together;
    if (column >= weights)
        return (mhoi_column){.tile = column - weights, .is_reference = true};
    const size_t weight = column / k->together;
    const size_t slice = k->planes > 1 ? plane : column % k->together;
    return (mhoi_column){.tile = weight / k->weights_per_tile,
                         .weight = weight,
                         .slice = slice,
                         .engine = mhoi_engine_column(k, weight, slice)};
}

mhoi_column mhoi_column_of(const mhoi_cells *k, size_t plane, size_t column)
{
    if (k->level0)
        return column_beside_level0(k, plane, column);
    const size_t tile = column / k->tile_columns, at = column % k->tile_columns;
    const size_t first = tile * k->weights_per_tile, left = k->columns - first;
    const size_t weights = left < k->weights_per_tile ? left : k->weights_per_tile;
    const size_t weight = at / k->together, slice = k->planes > 1 ? plane : at % k->together;
    return (mhoi_column){.tile = tile,
                         .weight = first + weight,
                         .slice = slice,
                         .is_reference = weight == weights,
                         .engine = mhoi_engine_column(k, first + weight, slice)};
}

size_t mhoi_reference_of(const mhoi_cells *k, size_t column)
{
    const size_t step = k->planes > 1 ? 1 : k->slices, weight = column / step % k->columns;
    return k->coding->reference ? column - weight % k->weights_per_tile * step : column;
}

/* Word lines of an input channel: all its taps, then all of them mirrored where a weight has two. */
static void weights_of_lines(size_t lines, size_t taps, const int16_t *m, size_t first, size_t n,
                             int16_t *out)
{
    for (size_t i = 0; i < n; i++) {
        const size_t channel = (first + i) / taps, tap = (first + i) % taps;
        const int16_t v = m[channel / lines * taps + tap];
        out[i] = (int16_t)(channel % lines ? -v : v);
    }
}

void mhoi_column_levels(const mhoi_cells *cells, const mhoi_inputs *inputs, size_t taps,
                        const int16_t *m, mhoi_column column, bool minus, size_t first, size_t n,
                        uint8_t *level)
{
    const mhoi_cell_side side = column.is_reference ? MHOI_CELL_REFERENCE
                                : minus             ? MHOI_CELL_MINUS
                                                    : MHOI_CELL_PLUS;
    if (inputs->lines == 1 || column.is_reference) {
        const int16_t *from = column.is_reference ? NULL : m + first;
        cells->coding->levels(cells, column.slice, side, from, n, level);
        return;
    }
    int16_t weight[CHUNK];
    for (size_t done = 0, count; done < n; done += count) {
        count = n - done < CHUNK ? n - done : CHUNK;
        weights_of_lines(inputs->lines, taps, m, first + done, count, weight);
        cells->coding->levels(cells, column.slice, side, weight, count, level + done);
    }
}
