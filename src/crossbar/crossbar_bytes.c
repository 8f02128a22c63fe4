/* SPDX-License-Identifier: Apache-2.0 */
/* What crossbars take, before there are any. */
#include "crossbar/cells.h"
#include "crossbar/crossbar_impl.h"

/* Of a column and side, at most: ideal cells may do with less.  Variances are never the cells themselves. */
static size_t table_bytes(const mho_crossbar_shape *shape, bool variances)
{
    mho_crossbar xb = {.shape = *shape, .kernels = mhoi_crossbar_kernels(mho_cpu_level())};
    mhoi_crossbar_geometry(&xb);
    if (!xb.kernels)
        return 0;
    xb.dots = shape->input_bits > 1 || mhoi_tables_too_large(&xb);
    if (!variances && xb.dots && mhoi_can_share(&xb) &&
        shape->conversion == MHO_CONVERSION_PER_CROSSBAR)
        return xb.kernels->dot_quads ? xb.rows + 4 * xb.groups : 0;
    if (xb.dots)
        return (xb.rows + 2 * xb.groups) * sizeof(int16_t);
    const size_t least = xb.rows / xb.kernels->bundle_rows, steps = least + xb.groups;
    return mhoi_folds(&xb, least) ? steps * MHOI_FOLDED * sizeof(int16_t)
                                  : steps * sizeof(int16_t) << xb.kernels->bundle_rows;
}

size_t mhoi_crossbar_read_bytes(const mho_crossbar *xb)
{
    size_t bytes = 0;
    for (mhoi_side side = 0; side < MHOI_SIDES; ++side)
        bytes += xb->table[side] ? xb->table_bytes * mhoi_tables_of(xb, side) : 0;
    return xb->shared ? bytes + 2 * xb->rows * xb->shape.columns * sizeof *xb->g_plus : bytes;
}

size_t mhoi_crossbar_bytes(const mho_crossbar_shape *shape, bool noisy, size_t *work)
{
    mho_crossbar xb = {.shape = *shape};
    mhoi_crossbar_geometry(&xb);
    const size_t cells = xb.rows * shape->columns, columns = shape->columns;
    const size_t lines = xb.rows < shape->crossbar_rows ? xb.rows : shape->crossbar_rows;
    const size_t sides = shape->conversion == MHO_CONVERSION_PER_PAIR ? 1 : 2;
    const size_t table =
        sides * (table_bytes(shape, false) + (noisy ? table_bytes(shape, true) : 0));
    const size_t images = xb.flat || xb.in_place ? 0 : xb.block_images;
    *work = columns * MHOI_PITCH * sizeof(int32_t) + (lines + 1) * MHOI_BLOCK * sizeof(uint16_t) +
            lines / 8 * MHOI_BLOCK + xb.rows * 2 * MHOI_REF_BLOCK +
            (1 + images) * xb.chunks * xb.plane_bytes +
            (size_t)(noisy ? 5 : 2) * MHOI_RAW * MHOI_PITCH * sizeof(int32_t) +
            (noisy && shape->input_bits > 1 ? 2 * lines * MHOI_BLOCK * sizeof(int32_t) : 0);
    return cells * (noisy ? 2 : 1) * 2 * sizeof(int16_t) + table * (columns + MHOI_STRIP) +
           xb.rows * (sizeof(mhoi_bundle) + sizeof(mhoi_segment)) +
           xb.groups * columns * MHOI_SIDES * 2 * sizeof(int32_t) +
           xb.groups * columns * 2 * sizeof(mho_converter_error);
}
