/* SPDX-License-Identifier: Apache-2.0 */
/* One cell a weight; the digital part counts what drives the rows and takes offset x count off. */
#include "map/coding.h"

extern const mhoi_coding mhoi_coding_digital;
const mhoi_coding mhoi_coding_digital = {
    .name = "single, digital offset",
    .sides = 1,
    .counted = true,
    .slices = mhoi_single_slices,
    .set_codes = mhoi_single_codes,
    .set_conductances = mhoi_single_conductances,
    .levels = mhoi_single_levels,
};
