/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON form of what digital units do. */
#include <math.h>

#include "mho/map.h"

mho_json *mho_digital_json(const mho_placement_digital *d, double energy_J, double area_m2)
{
    mho_json *v = mho_json_object();
    mho_json_put(v, "name", mho_json_text(d->name));
    mho_json_put(v, "operator", mho_json_text(d->op));
    mho_json_put(v, "macs", mho_json_number(d->macs));
    mho_json_put(v, "operations", mho_json_number(d->operations));
    mho_json_put(v, "time_s", mho_json_number(d->seconds));
    mho_json_put(v, "cycles", mho_json_integer((int64_t)d->cycles));
    mho_json_put(v, "priced", mho_json_bool(d->priced));
    if (d->priced && !isnan(energy_J)) {
        mho_json_put(v, "energy_J", mho_json_number(energy_J));
        mho_json_put(v, "area_m2", mho_json_number(area_m2));
    }
    return v;
}

void mho_placement_digital_json(const mho_placement *placement, const mho_cost *cost,
                                mho_json *object)
{
    mho_json *macs = mho_json_object(), *list = mho_json_array();
    mho_json_put(macs, "crossbars", mho_json_number(placement->macs));
    mho_json_put(macs, "digital", mho_json_number(placement->digital_macs));
    for (size_t i = 0; i < placement->digitals; i++) {
        const mho_placement_digital *d = &placement->digital[i];
        const double none = (double)NAN;
        mho_json_add(list,
                     mho_digital_json(d, cost ? mho_cost_energy_J(cost, "digital", d->name) : none,
                                      cost ? mho_cost_area_m2(cost, "digital", d->name) : none));
    }
    mho_json_put(object, "macs", macs);
    mho_json_put(object, "digital", list);
}
