/* SPDX-License-Identifier: Apache-2.0 */
/* What writing the cells takes, once for all, and what it would take at every frame:
 * docs/models/cost.md eq. (9) to (14). */
#include <math.h>
#include <string.h>

#include "mho/cost.h"

static mho_status figure(const mho_technology *tech, const char *name, bool multilevel, double *out)
{
    char full[MHO_COST_NAME];
    size_t n = strlen(name);
    memcpy(full, name, n + 1);
    if (multilevel)
        memcpy(full + n, "_multilevel", sizeof "_multilevel");
    const mho_constant *c = mho_technology_constant(tech, full);
    if (!c || !c->quantity.counted)
        return mho_error(MHO_ENOTMODELED, "technology '%s' has no constant '%s'", tech->name, full);
    *out = c->quantity.value;
    return MHO_OK;
}

mho_status mho_programming_estimate(const mho_technology *tech, const mho_programming_load *load,
                                    mho_programming *out)
{
    mho_programming p = {0};
    mho_status s = figure(tech, "write_energy", load->multilevel, &p.write_J);
    if (!s)
        s = figure(tech, "write_pulse", load->multilevel, &p.write_s);
    if (!s)
        s = figure(tech, "endurance", load->multilevel, &p.endurance);
    if (s)
        return s;
    p.energy_J = load->cells * p.write_J;
    p.serial_s = load->cells * p.write_s;
    p.parallel_s = (double)load->rows * p.write_s;
    p.reuse_crossbars = load->largest_layer_crossbars;
    p.writes_per_cell = load->crossbars / load->largest_layer_crossbars;
    p.reuse_energy_J = p.energy_J;
    p.frames = p.endurance / p.writes_per_cell;
    const double sizes[] = {p.energy_J, p.serial_s, p.parallel_s, p.writes_per_cell, p.frames};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        if (!isfinite(sizes[i]))
            return mho_error(
                MHO_EDOMAIN,
                "technology '%s': writing %g cells at %g J and %g s, endurance %g, has "
                "no finite price",
                tech->name, load->cells, p.write_J, p.write_s, p.endurance);
    *out = p;
    return MHO_OK;
}
