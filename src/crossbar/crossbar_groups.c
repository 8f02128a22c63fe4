/* SPDX-License-Identifier: Apache-2.0 */
/* How many row groups add up within 32 bits: sums of one group do by programming, those of long columns need not. */
#include <math.h>
#include <stdlib.h>

#include "base/contract.h"
#include "crossbar/cells.h"
#include "crossbar/crossbar_impl.h"

static int64_t top_input(const mho_crossbar *xb)
{
    const int64_t codes = (int64_t)1 << xb->shape.input_bits;
    return xb->shape.input_signed ? codes / 2 : codes - 1;
}

/* Largest |S+ - S-| of any column, over one row group, and over all of them. */
static void largest_differences(const mho_crossbar *xb, int64_t *group, int64_t *column)
{
    const size_t n = xb->shape.crossbar_rows;
    *group = *column = 0;
    if (xb->bare) {
        *group = xb->group_most;
        *column = xb->column_most;
    }
    for (size_t c = 0; !xb->bare && c < xb->shape.columns; ++c) {
        int64_t all = 0;
        for (size_t first = 0; first < xb->rows; first += n) {
            const size_t last = first + n < xb->rows ? first + n : xb->rows;
            int64_t sum = 0;
            for (size_t i = c * xb->rows + first; i < c * xb->rows + last; ++i)
                sum += abs(xb->g_plus[i] - xb->g_minus[i]);
            *group = sum > *group ? sum : *group;
            all += sum;
        }
        *column = all > *column ? all : *column;
    }
    *group *= top_input(xb);
    *column *= top_input(xb);
}

/* What noise and offsets of two converters add to a group's sum at most. */
static int64_t misses(const mho_crossbar *xb)
{
    double offset = 0;
    for (size_t i = 0; xb->error && i < 2 * xb->groups * xb->shape.columns; ++i)
        offset = fmax(offset, fabs((double)xb->error[i].offset));
    const double noise = xb->noisy ? xb->noise_most + 1 : 0;
    return (int64_t)ceil(2 * (offset + noise));
}

/* Largest partial sum of a converter that has codes. */
static int64_t largest_value(const mho_crossbar *xb, const mho_converter *converter, bool per_pair)
{
    int64_t low = 0, high = converter->codes - 1;
    for (size_t k = 0; k < xb->codes; ++k) {
        const int64_t value = xb->code_value[k];
        low = k == 0 || value < low ? value : low;
        high = k == 0 || value > high ? value : high;
    }
    if (!per_pair)
        return high - low;
    return high > -low ? high : -low;
}

static size_t fitting(const mho_crossbar *xb, int64_t largest)
{
    const int64_t fit = INT32_MAX / (largest < 1 ? 1 : largest);
    return fit < 1 ? 1 : fit < (int64_t)xb->groups ? (size_t)fit : xb->groups;
}

size_t mho_crossbar_fitting_groups(const mho_crossbar *xb, const mho_converter *converter,
                                   bool per_pair)
{
    int64_t group, column;
    if (converter->codes)
        return fitting(xb, largest_value(xb, converter, per_pair));
    const int64_t more = misses(xb);
    if (fitting(xb, xb->largest_sum + more) == xb->groups)
        return xb->groups;
    largest_differences(xb, &group, &column);
    if (column + (int64_t)xb->groups * more <= INT32_MAX)
        return xb->groups;
    return fitting(xb, group + more);
}

void mhoi_crossbar_work_columns(const mho_crossbar *xb, mho_crossbar_work *work, size_t first,
                                size_t count)
{
    const size_t end = first + count;
    MHO_ASSERT(first % MHOI_COLUMNS == 0 && end <= xb->shape.columns);
    MHO_ASSERT(end % MHOI_COLUMNS == 0 || end == xb->shape.columns);
    work->first_column = first;
    work->columns = count;
}

void mho_crossbar_work_groups(const mho_crossbar *xb, mho_crossbar_work *work, size_t first,
                              size_t count)
{
    MHO_ASSERT(first + count <= xb->groups);
    work->first_group = first;
    work->groups = count;
}
