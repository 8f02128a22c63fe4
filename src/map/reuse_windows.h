/* SPDX-License-Identifier: Apache-2.0 */
/* Windows along an axis, in slices of the padded map. */
#ifndef MHO_MAP_REUSE_WINDOWS_H
#define MHO_MAP_REUSE_WINDOWS_H

#include "mho/reuse.h"

typedef struct mhoi_axis {
    size_t in, pad, kernel, stride, out;
} mhoi_axis;
mhoi_axis mhoi_axis_h(const mho_windows *windows);
mhoi_axis mhoi_axis_w(const mho_windows *windows);

/* Rows of the padded map that hold something, first..end, of a row of windows. */
typedef struct mhoi_tiles_of_row {
    size_t first, end;
} mhoi_tiles_of_row;
mhoi_tiles_of_row mhoi_row_tiles(const mho_windows *windows, size_t oy);

MHO_MUST_CHECK mho_status mhoi_windows_check(const mho_windows *windows);

#endif
