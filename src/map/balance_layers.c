/* SPDX-License-Identifier: Apache-2.0 */
/* Which layers stand how often, and with how many rotated copies of their representative vectors, so that the slowest one is as
 * fast as the budget allows: docs/models/timing.md, "Balance".  Every way to build a layer is an option of mho_balance_choose, so
 * the choice is exact for what mhoi_occupied tells of a layer. */
#include <string.h>

#include "base/alloc.h"
#include "map/placement.h"
#include "net/op_table.h"

typedef struct ways {
    mho_balance_option *option;
    mhoi_build *build;
    size_t count, room;
} ways;

static mho_status add_way(ways *w, mho_balance_option option, mhoi_build build)
{
    if (w->count == w->room) {
        const size_t room = w->room ? 2 * w->room : 64;
        mho_balance_option *options = NULL;
        mhoi_build *builds = NULL;
        mho_status s = mhoi_alloc(&options, room, sizeof *options, "ways to build a layer");
        if (!s)
            s = mhoi_alloc(&builds, room, sizeof *builds, "ways to build a layer");
        if (s) {
            mhoi_free(&options);
            return s;
        }
        if (w->count) {
            memcpy(options, w->option, w->count * sizeof *options);
            memcpy(builds, w->build, w->count * sizeof *builds);
        }
        mhoi_free(&w->option);
        mhoi_free(&w->build);
        *w = (ways){options, builds, w->count, room};
    }
    w->option[w->count] = option;
    w->build[w->count++] = build;
    return MHO_OK;
}

/* Once, and as often as makes it faster within the budget. */
static mho_status add_layer(const mho_net *net, const mhoi_place *place, uint64_t budget, ways *w)
{
    const mho_placement_layer *l = place->told;
    const bool fc = net->node[l->node].op == MHO_OP_FC;
    const uint64_t one = (uint64_t)l->sides * l->crossbar_pairs;
    const size_t most = fc ? 1 : l->service < l->positions ? l->service : l->positions;
    mho_status s = MHO_OK;
    for (size_t d = 1; !s && d <= most; d++) {
        uint64_t crossbars;
        if (__builtin_mul_overflow(one, (uint64_t)d, &crossbars) || (crossbars > budget && d > 1))
            break;
        s = add_way(w, (mho_balance_option){mhoi_occupied(place, fc, d), crossbars},
                    (mhoi_build){l->copies, d});
    }
    return s;
}

/* Of ways with the crossbars of the chosen one the fastest; of those the one with most copies, whose inputs turn least. */
static mhoi_build fastest(const ways *w, size_t choice)
{
    size_t best = choice;
    for (size_t k = 0; k < w->count; k++) {
        if (w->option[k].crossbars != w->option[choice].crossbars)
            continue;
        const uint64_t time = w->option[k].time, least = w->option[best].time;
        if (time < least || (time == least && w->build[k].copies > w->build[best].copies))
            best = k;
    }
    return w->build[best];
}

static mho_status choose(const ways *w, size_t layers, uint64_t budget, mhoi_build *out,
                         bool *found)
{
    mho_balance_layer *layer = NULL;
    size_t *choice = NULL;
    mho_balance best;
    uint64_t least = 0;
    mho_status s = mhoi_alloc(&layer, layers, sizeof *layer, "balance");
    if (!s)
        s = mhoi_alloc(&choice, layers, sizeof *choice, "balance");
    for (size_t i = 0; !s && i < layers; i++) {
        uint64_t one = UINT64_MAX;
        layer[i] = (mho_balance_layer){w[i].option, w[i].count};
        for (size_t k = 0; k < w[i].count; k++)
            one = w[i].option[k].crossbars < one ? w[i].option[k].crossbars : one;
        if (__builtin_add_overflow(least, one, &least))
            least = UINT64_MAX;
    }
    *found = !s && least <= budget;
    if (*found)
        s = mho_balance_choose(layer, layers, budget, choice, &best);
    for (size_t i = 0; !s && *found && i < layers; i++)
        out[i] = fastest(&w[i], choice[i]);
    mhoi_free(&layer);
    mhoi_free(&choice);
    return s;
}

/* Adds the ways of all layers with so many copies; *more: some layer could have more. */
static mho_status add_copies(const mho_net *net, uint64_t budget, const mho_placement *p,
                             size_t copies, ways *w, bool *more)
{
    mho_status s = MHO_OK;
    *more = false;
    for (size_t i = 0; !s && i < p->layers; i++) {
        const mho_placement_layer *l = &p->layer[i];
        *more = *more || (l->block > 1 && l->block % (2 * copies) == 0);
        if (copies == 1 || l->copies == copies)
            s = add_layer(net, &p->plan->place[i], budget, &w[i]);
    }
    return s;
}

mho_status mhoi_builds_choose(const mho_net *net, uint64_t budget, bool copies,
                              mhoi_place_fn *place, void *user, mhoi_build **out, bool *found)
{
    ways *w = NULL;
    size_t layers = 0;
    bool more = true;
    mho_status s = MHO_OK;
    *out = NULL;
    *found = false;
    for (size_t g = 1; !s && more; g *= 2) {
        mho_placement *p = NULL;
        s = place(user, g, &p);
        layers = s ? layers : p->layers;
        if (!s && !w)
            s = mhoi_alloc(&w, layers, sizeof *w, "ways to build layers");
        if (!s)
            s = add_copies(net, budget, p, g, w, &more);
        more = more && copies;
        mho_placement_destroy(p);
    }
    if (!s)
        s = mhoi_alloc(out, layers, sizeof **out, "ways to build layers");
    if (!s)
        s = choose(w, layers, budget, *out, found);
    for (size_t i = 0; w && i < layers; i++) {
        mhoi_free(&w[i].option);
        mhoi_free(&w[i].build);
    }
    mhoi_free(&w);
    if (s)
        mhoi_free(out);
    return s;
}
