/* SPDX-License-Identifier: Apache-2.0 */
/* The hardware of a point. */
#include "hw/sections.h"
#include "map/map_sections.h"
#include "study/study_impl.h"

mho_style mhoi_study_style(const mho_hw *hw)
{
    return mhoi_is_binary(mhoi_hw_section(hw, &mhoi_crossbar_section)) ? MHO_STYLE_BINARY
                                                                       : MHO_STYLE_FLOAT;
}

mho_status mhoi_study_hw(const mho_study *study, size_t point, mho_hw **out)
{
    const bool own = point && study->others;
    mho_status s = mho_hw_clone(own ? study->other[point - 1] : study->hw, out);
    if (!s && study->grid)
        s = mho_grid_apply(study->grid, point, *out);
    if (s) {
        mho_hw_destroy(*out);
        *out = NULL;
    }
    return s;
}
