/* SPDX-License-Identifier: Apache-2.0 */
/* A sweep over fields of a MAC array: the grid tells what the axes are, the array module prices their product. */
#include <string.h>

#include "array/factor.h"
#include "base/alloc.h"
#include "study/study_impl.h"

struct mho_array_sweep {
    mhoi_factor *factor;
};

/* Values of one axis, all others at their first. */
static mho_status read_axis(const mho_grid *grid, size_t axis, size_t stride, mho_hw *hw,
                            mhoi_axis *out)
{
    mhoi_array_hw *value;
    const size_t values = mho_grid_values(grid, axis);
    mho_status s = mhoi_alloc(&value, values, sizeof *value, "values of a sweep");
    out->value = value;
    out->key = mho_grid_key(grid, axis);
    out->values = values;
    for (size_t v = 0; !s && v < values; v++) {
        s = mho_grid_apply(grid, v * stride, hw);
        if (!s)
            s = mhoi_array_hw_of(hw, &value[v]);
    }
    return s;
}

static mho_status read_axes(const mho_grid *grid, mho_hw *hw, mhoi_array_hw *base, mhoi_axis *axis)
{
    mho_status s = mho_grid_apply(grid, 0, hw);
    if (!s)
        s = mhoi_array_hw_of(hw, base);
    size_t stride = 1;
    for (size_t a = mho_grid_axes(grid); !s && a-- > 0;) {
        s = read_axis(grid, a, stride, hw, &axis[a]);
        stride *= mho_grid_values(grid, a);
    }
    return s;
}

static mho_status make(mho_array_sweep *sweep, const mho_net *net, const mho_hw *hw,
                       const mho_grid *grid, const mho_macro *extra, size_t extras)
{
    const size_t axes = mho_grid_axes(grid);
    mhoi_array_hw base;
    mhoi_axis *axis = NULL;
    mho_hw *scratch = NULL;
    mho_status s = mho_hw_clone(hw, &scratch);
    if (!s)
        s = mhoi_alloc(&axis, axes, sizeof *axis, "axes of a sweep");
    if (!s)
        s = read_axes(grid, scratch, &base, axis);
    if (!s)
        s = mhoi_factor_create(net, &base, axis, axes, extra, extras, &sweep->factor);
    for (size_t a = 0; axis && a < axes; a++)
        mhoi_free(&axis[a].value);
    mhoi_free(&axis);
    mho_hw_destroy(scratch);
    return s;
}

mho_status mho_array_sweep_create(const mho_net *net, const mho_hw *hw, const mho_grid *grid,
                                  const mho_macro *extra, size_t extras, mho_array_sweep **out)
{
    *out = NULL;
    mho_array_sweep *sweep = NULL;
    mho_status s = mho_hw_want(hw, "array");
    if (!s && (mhoi_study_grid_find(grid, "network") != SIZE_MAX ||
               mhoi_study_grid_find(grid, "data") != SIZE_MAX))
        s = mho_error(MHO_ECONFIG,
                      "a sweep of MAC-array designs takes one network and no data: want "
                      "fields of the hardware as axes");
    if (!s)
        s = mhoi_alloc(&sweep, 1, sizeof *sweep, "sweep");
    if (s)
        return s;
    s = mhoi_grid_place_error(grid, make(sweep, net, hw, grid, extra, extras));
    if (s)
        mho_array_sweep_destroy(sweep);
    else
        *out = sweep;
    return s;
}

void mho_array_sweep_destroy(mho_array_sweep *sweep)
{
    if (!sweep)
        return;
    mhoi_factor_destroy(sweep->factor);
    mhoi_free(&sweep);
}

uint64_t mho_array_sweep_points(const mho_array_sweep *sweep)
{
    return mhoi_factor_points(sweep->factor);
}

size_t mho_array_sweep_schedules(const mho_array_sweep *sweep)
{
    return mhoi_factor_schedules(sweep->factor);
}

mho_status mho_array_sweep_price(const mho_array_sweep *sweep, uint64_t first, size_t count,
                                 mho_array_point *point)
{
    return mhoi_factor_price(sweep->factor, first, count, point);
}

void mho_array_sweep_choice(const mho_array_sweep *sweep, uint64_t index, mho_array_choice *out)
{
    mhoi_array_hw hw;
    double ddr_standby_W;
    mhoi_factor_hw(sweep->factor, index, &hw, &ddr_standby_W);
    *out = (mho_array_choice){.pixel_first = hw.array.order == MHO_ORDER_PIXEL,
                              .level = hw.array.level,
                              .clock_Hz = hw.array.clock_Hz,
                              .ddr_standby_W = ddr_standby_W,
                              .banks = hw.buffers.banks,
                              .weight = hw.buffers.weight,
                              .io = hw.buffers.io,
                              .acc_depth = hw.buffers.acc_depth};
    memcpy(out->technology, hw.technology, sizeof out->technology);
}
