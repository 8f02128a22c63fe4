/* SPDX-License-Identifier: Apache-2.0 */
/* One cell a weight; in every crossbar a reference column of cells at the offset, one a slice, takes the part of the
 * other crossbar of a pair. */
#include "map/coding.h"

extern const mhoi_coding mhoi_coding_column;
const mhoi_coding mhoi_coding_column = {
    .name = "single, reference column",
    .sides = 1,
    .reference = true,
    .slices = mhoi_single_slices,
    .set_codes = mhoi_single_codes,
    .set_conductances = mhoi_single_conductances,
    .levels = mhoi_single_levels,
};
