/* SPDX-License-Identifier: Apache-2.0 */
/* Wire resistance: programmed cells become the effective conductances of their crossbars, tile by tile
 * of crossbar.rows x crossbar.columns (fewer, where slices do not fill them); docs/models/chip.md eq. (12). */
#include <string.h>

#include "base/alloc.h"
#include "base/parallel.h"
#include "chip/chip_impl.h"
#include "circuit/circuit_memory.h"

typedef struct wires {
    mho_circuit_options options;
    mho_device device; /* its g_off_S is what the integers count from */
    size_t rows, columns, tile_rows, tile_columns, down, across;
    bool level0; /* behind the columns of a side: a reference column a tile, its last one */
    int16_t *side[2];
    mhoi_circuit_memory *memory; /* [threads] */
} wires;

/* Columns g and their reference side by side, as they lie in the crossbar. */
static mho_status with_reference(const wires *w, size_t rows, size_t columns, int16_t *g,
                                 int16_t *reference, mhoi_circuit_memory *memory)
{
    int16_t *all = NULL;
    mho_status s = mhoi_alloc(&all, rows * (columns + 1), sizeof *all, "crossbar behind wires");
    for (size_t c = 0; !s && c <= columns; c++)
        memcpy(all + c * rows, c < columns ? g + c * w->rows : reference, rows * sizeof *all);
    if (!s)
        s = mhoi_circuit_effective(&w->options, &w->device, rows, columns + 1, rows, all, all,
                                   memory);
    for (size_t c = 0; !s && c <= columns; c++)
        memcpy(c < columns ? g + c * w->rows : reference, all + c * rows, rows * sizeof *all);
    mhoi_free(&all);
    return s;
}

static mho_status tile(void *context, size_t item, size_t thread)
{
    const wires *w = context;
    const size_t across = item % w->across, down = item / w->across % w->down;
    const size_t row = down * w->tile_rows, column = across * w->tile_columns;
    const size_t rows = w->rows - row < w->tile_rows ? w->rows - row : w->tile_rows;
    const size_t columns =
        w->columns - column < w->tile_columns ? w->columns - column : w->tile_columns;
    int16_t *side = w->side[item / w->across / w->down], *g = side + column * w->rows + row;
    mhoi_circuit_memory *memory = &w->memory[thread];
    const mho_status s =
        w->level0
            ? with_reference(w, rows, columns, g, side + (w->columns + across) * w->rows + row,
                             memory)
            : mhoi_circuit_effective(&w->options, &w->device, rows, columns, w->rows, g, g, memory);
    return s ? mho_error_prefix(s, "crossbar at row %zu, column %zu", row, column) : MHO_OK;
}

/* Columns of lines as they stand on the word lines (back: in the window's order again). */
static void reorder(const chip_layer *layer, const uint32_t *order, bool back, int16_t *held,
                    int16_t *g)
{
    const size_t fold = layer->cells->fold, lines = layer->lines;
    for (size_t c = 0; c < layer->cells->plane_columns; c++, g += lines * fold) {
        memcpy(held, g, lines * fold * sizeof *held);
        for (size_t l = 0; l < lines; l++)
            memcpy(g + (back ? order[l] : l) * fold, held + (back ? l : order[l]) * fold,
                   fold * sizeof *g);
    }
}

static mho_status apply(const chip_layer *layer, const mhoi_plan *plan, int16_t *g_plus,
                        int16_t *g_minus, double *bound)
{
    wires w = {.options = plan->wires,
               .device = plan->device,
               .rows = layer->lines * layer->cells->fold,
               .columns = layer->cells->plane_columns,
               .tile_rows = layer->place->crossbar_rows * layer->cells->fold,
               .tile_columns = layer->cells->tile_columns,
               .side = {g_plus, g_minus}};
    if (layer->cells->level0) {
        w.level0 = true;
        w.columns = layer->cells->columns * layer->cells->together;
        w.tile_columns--;
    }
    w.down = (w.rows + w.tile_rows - 1) / w.tile_rows;
    w.across = (w.columns + w.tile_columns - 1) / w.tile_columns;
    if (w.device.off_leak) { /* integers count from 0 S, of the same unit */
        w.device.g_on_S -= w.device.g_off_S;
        w.device.g_off_S = 0;
    }
    const size_t tiles = (g_minus ? 2 : 1) * w.down * w.across, threads = mhoi_threads_for(tiles);
    mho_status s = mhoi_alloc(&w.memory, threads, sizeof *w.memory, "crossbars behind wires");
    if (!s)
        s = mhoi_parallel(tiles, tile, &w);
    for (size_t t = 0; w.memory && t < threads; t++) {
        *bound = w.memory[t].bound > *bound ? w.memory[t].bound : *bound;
        mhoi_circuit_memory_free(&w.memory[t]);
    }
    mhoi_free(&w.memory);
    return s;
}

mho_status mhoi_chip_wires_apply(const chip_layer *layer, const mhoi_plan *plan, size_t group,
                                 int16_t *g_plus, int16_t *g_minus, double *bound)
{
    const uint32_t *order = layer->order ? layer->order + group * layer->lines : NULL;
    int16_t *held = NULL;
    if (mhoi_wires_ideal(&plan->wires))
        return MHO_OK;
    mho_status s = mhoi_alloc(&held, order ? layer->lines * layer->cells->fold : 0, sizeof *held,
                              "crossbar behind wires");
    for (size_t side = 0; !s && order && side < (g_minus ? 2 : 1); side++)
        reorder(layer, order, false, held, side ? g_minus : g_plus);
    if (!s)
        s = apply(layer, plan, g_plus, g_minus, bound);
    for (size_t side = 0; !s && order && side < (g_minus ? 2 : 1); side++)
        reorder(layer, order, true, held, side ? g_minus : g_plus);
    mhoi_free(&held);
    return s;
}
