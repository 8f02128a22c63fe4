/* SPDX-License-Identifier: Apache-2.0 */
/* A chip with fewer crossbars than the network takes: some layers stay, the others take turns on the rest of the crossbars and
 * are written anew in every image.  docs/models/timing.md eq. (9) to (11). */
#include "base/alloc.h"
#include "map/placement.h"

static uint64_t crossbars_of(const mho_placement_layer *l)
{
    return (uint64_t)l->sides * l->crossbar_pairs;
}

/* Layers that stay if the others take turns on `room` crossbars: those that are larger, then the largest that fit.  Returns
 * their crossbars; UINT64_MAX: the larger ones do not fit beside the room. */
static uint64_t choose(const mhoi_plan *plan, uint64_t budget, uint64_t room, bool *stays)
{
    uint64_t sum = 0, left = budget - room;
    for (size_t i = 0; i < plan->layers; i++) {
        const uint64_t c = crossbars_of(&plan->layer[i]);
        stays[i] = c > room;
        if (stays[i] && c > left - sum)
            return UINT64_MAX;
        sum += stays[i] ? c : 0;
    }
    for (;;) {
        size_t best = SIZE_MAX;
        for (size_t i = 0; i < plan->layers; i++) {
            const uint64_t c = crossbars_of(&plan->layer[i]);
            if (!stays[i] && c <= left - sum &&
                (best == SIZE_MAX || c > crossbars_of(&plan->layer[best])))
                best = i;
        }
        if (best == SIZE_MAX)
            return sum;
        stays[best] = true;
        sum += crossbars_of(&plan->layer[best]);
    }
}

/* The room that leaves most crossbars as they are, of those that some layer just fits; where a layer is larger than the
 * chip, all of it is room and nothing stays. */
static uint64_t best_room(const mhoi_plan *plan, uint64_t budget, bool *stays)
{
    uint64_t best = budget, most = 0;
    for (size_t i = 0; i < plan->layers; i++) {
        const uint64_t room = crossbars_of(&plan->layer[i]);
        const uint64_t kept = room < budget ? choose(plan, budget, room, stays) : UINT64_MAX;
        if (kept != UINT64_MAX && kept > most) {
            most = kept;
            best = room;
        }
    }
    if (!most || choose(plan, budget, best, stays) == UINT64_MAX)
        for (size_t i = 0; i < plan->layers; i++)
            stays[i] = false;
    return best;
}

/* Seconds of a cell's write. */
static mho_status write_pulse(const mho_technology *tech, bool multilevel, double *seconds)
{
    const char *name = multilevel ? "write_pulse_multilevel" : "write_pulse";
    const mho_constant *pulse = mho_technology_constant(tech, name);
    if (!pulse)
        return mho_error(MHO_ENOTMODELED,
                         "crossbar.budget is less than the network takes, and technology '%s' does "
                         "not tell %s, how long a write takes",
                         tech->name, name);
    *seconds = pulse->quantity.value;
    return MHO_OK;
}

/* All crossbars of a layer that fit at once are written at once, a word line at a time. */
static mho_status rewrite(const mhoi_place *place, const mho_technology *tech, uint64_t room,
                          mho_placement *out, mho_placement_layer *l)
{
    const uint64_t c = crossbars_of(l), rounds = c / room + (c % room != 0);
    const size_t lines = place->lines < place->crossbar_rows ? place->lines : place->crossbar_rows;
    double pulse_s = 0;
    const mho_status s = write_pulse(tech, place->cells.levels > 2, &pulse_s);
    l->rewritten_cells = l->counts.cells;
    out->rewritten_cells += l->counts.cells;
    out->rewritten_crossbars += c;
    out->rewrite_s += (double)rounds * (double)lines * pulse_s;
    return s;
}

mho_status mhoi_rewrite_set(const mho_technology *tech, mho_placement *out)
{
    mhoi_plan *plan = out->plan;
    uint64_t needed = 0;
    bool *stays = NULL;
    for (size_t i = 0; i < plan->layers; i++)
        needed += crossbars_of(&plan->layer[i]);
    if (!out->budget || needed <= out->budget)
        return MHO_OK;
    mho_status s = mhoi_alloc(&stays, plan->layers, sizeof *stays, "layers that stay");
    if (s)
        return s;
    out->room = best_room(plan, out->budget, stays);
    out->layer_by_layer = true;
    for (size_t i = 0; !s && i < plan->layers; i++)
        if (!stays[i])
            s = rewrite(&plan->place[i], tech, out->room, out, &plan->layer[i]);
    mhoi_free(&stays);
    return s;
}
