/* SPDX-License-Identifier: Apache-2.0 */
/* What the chip measured while a study's images ran, and what it costs. */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "study/study_impl.h"

mho_status mhoi_study_measure_start(const mho_placement *placement, mho_result *result)
{
    mho_status s = mhoi_alloc(&result->activity, placement->layers, sizeof *result->activity,
                              "measured activity");
    result->activities = s ? 0 : placement->layers;
    for (size_t l = 0; l < result->activities; l++)
        snprintf(result->activity[l].name, sizeof result->activity[l].name, "%s",
                 placement->layer[l].name);
    return s;
}

void mhoi_study_measure_add(const mho_chip *chip, mho_result *result)
{
    for (size_t l = 0; l < result->activities; l++) {
        const mho_chip_activity a = mho_chip_layer_activity(chip, l);
        mho_chip_activity *sum = &result->activity[l].sum;
        sum->images += a.images;
        sum->counts.cells = a.counts.cells;
        sum->counts.row_drives += a.counts.row_drives;
        sum->counts.dac_conversions += a.counts.dac_conversions;
        sum->counts.conversions += a.counts.conversions;
        sum->counts.additions += a.counts.additions;
        sum->driven += a.driven;
        sum->cells_on_row = a.cells_on_row;
        sum->largest = a.largest;
        sum->drive += a.drive;
        sum->square += a.square;
        sum->drive_S += a.drive_S;
        sum->square_S += a.square_S;
    }
}

mho_status mhoi_study_measure_price(const mho_net *net, mho_result *result)
{
    mho_cell_activity *measured = NULL;
    mho_estimate *e = NULL;
    if (!result->activities || !result->activity[0].sum.images)
        return MHO_OK;
    mho_status s = mhoi_alloc(&measured, result->activities, sizeof *measured, "measured activity");
    for (size_t l = 0; !s && l < result->activities; l++) {
        const mho_chip_activity *a = &result->activity[l].sum;
        const double images = (double)a->images;
        measured[l] = (mho_cell_activity){.driven = (double)a->driven / images,
                                          .drive = a->drive / images,
                                          .square = a->square / images,
                                          .drive_S = a->drive_S / images,
                                          .square_S = a->square_S / images};
    }
    if (!s)
        s = mho_estimate_create_measured(net, result->hw, measured, &e);
    /* By the same technology, or there is nothing to compare. */
    const bool same = !s && !strcmp(e->tech->name, result->notes.technology);
    if (same)
        s = mho_estimate_set_interval(e, result->speed.interval, result->generic_interval);
    if (!s && same)
        s = mhoi_study_copy_cost(e->cost, &result->measured);
    if (!s && same && e->generic)
        result->measured_generic_J = e->generic->energy_J;
    result->has_measured = !s && same;
    mho_estimate_destroy(e);
    mhoi_free(&measured);
    return s == MHO_ENOTMODELED ? MHO_OK : s; /* there is no price, then */
}
