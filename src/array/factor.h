/* SPDX-License-Identifier: Apache-2.0 */
/* A product of axes over fields of a MAC array, priced point by point.
 *
 * Each thing that a price is made of (a schedule, the counts of its steps, a memory) depends on some axes
 * only; it is made once for every combination of their values.  A point then looks them up and is priced
 * in a few dozen operations, with the arithmetic of a single run (docs/models/array.md, section "Sweeps"). */
#ifndef MHO_ARRAY_FACTOR_H
#define MHO_ARRAY_FACTOR_H

#include "array/array_price.h"

typedef struct mhoi_axis {
    const char *key;            /* of the field: "buffers.io" */
    const mhoi_array_hw *value; /* [values] the base with the field at each value */
    size_t values;
} mhoi_axis;

typedef struct mhoi_factor mhoi_factor;

/* The last axis turns fastest; base is the first point.  Threads: mhoi_threads(); results do not depend on it.
 * MHO_ECONFIG: a memory that its technology lacks; MHO_ENOTMODELED: a field that no sweep can have. */
MHO_MUST_CHECK mho_status mhoi_factor_create(const mho_net *net, const mhoi_array_hw *base,
                                             const mhoi_axis *axis, size_t axes,
                                             const mho_macro *extra, size_t extras,
                                             mhoi_factor **out);
void mhoi_factor_destroy(mhoi_factor *factor);
uint64_t mhoi_factor_points(const mhoi_factor *factor);
size_t mhoi_factor_schedules(const mhoi_factor *factor); /* different ones */
/* The description of a point, and the power of its idle DDR. */
void mhoi_factor_hw(const mhoi_factor *factor, uint64_t index, mhoi_array_hw *out,
                    double *ddr_standby_W);

/* point[count]: first, first + 1, ...  Allocates nothing.
 * MHO_EDOMAIN: points there are not, or whose price is not finite. */
MHO_MUST_CHECK mho_status mhoi_factor_price(const mhoi_factor *factor, uint64_t first, size_t count,
                                            mho_array_point *point);

#endif
