/* SPDX-License-Identifier: Apache-2.0 */
/* Wire resistance: programmed cells become the effective conductances of their crossbars, tile by tile
 * of crossbar.rows x crossbar.columns (fewer, where slices do not fill them); docs/models/chip.md eq. (12). */
#include "base/parallel.h"
#include "chip/chip_impl.h"
#include "mho/circuit.h"

typedef struct wires {
    mho_circuit_options options;
    mho_device device; /* its g_off_S is what the integers count from */
    size_t rows, columns, tile_rows, tile_columns, down, across;
    int16_t *side[2];
} wires;

static mho_status tile(void *context, size_t item, size_t thread)
{
    const wires *w = context;
    const size_t across = item % w->across, down = item / w->across % w->down;
    const size_t row = down * w->tile_rows, column = across * w->tile_columns;
    const size_t rows = w->rows - row < w->tile_rows ? w->rows - row : w->tile_rows;
    const size_t columns =
        w->columns - column < w->tile_columns ? w->columns - column : w->tile_columns;
    int16_t *g = w->side[item / w->across / w->down] + column * w->rows + row;
    (void)thread;
    const mho_status s =
        mho_circuit_effective(&w->options, &w->device, rows, columns, w->rows, g, g);
    return s ? mho_error_prefix(s, "crossbar at row %zu, column %zu", row, column) : MHO_OK;
}

mho_status mhoi_chip_wires_apply(const chip_layer *layer, const mhoi_plan *plan, int16_t *g_plus,
                                 int16_t *g_minus)
{
    if (mhoi_wires_ideal(&plan->wires))
        return MHO_OK;
    wires w = {.options = plan->wires,
               .device = plan->device,
               .rows = layer->lines,
               .columns = layer->cells->plane_columns,
               .tile_rows = layer->place->crossbar_rows,
               .tile_columns = layer->cells->tile_columns,
               .side = {g_plus, g_minus}};
    w.down = (w.rows + w.tile_rows - 1) / w.tile_rows;
    w.across = (w.columns + w.tile_columns - 1) / w.tile_columns;
    if (w.device.off_leak) { /* integers count from 0 S, of the same unit */
        w.device.g_on_S -= w.device.g_off_S;
        w.device.g_off_S = 0;
    }
    return mhoi_parallel((g_minus ? 2 : 1) * w.down * w.across, tile, &w);
}
