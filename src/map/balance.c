/* SPDX-License-Identifier: Apache-2.0 */
/* The fastest choice within a budget: docs/models/timing.md eq. (8).  The slowest layer sets the pace, so for a pace each
 * layer takes the cheapest option that keeps it; the best pace is found by bisection over the times that options have. */
#include <stdlib.h>

#include "base/alloc.h"
#include "mho/map.h"

/* The cheapest option that takes no longer than `time`, of equals the fastest; SIZE_MAX: none does. */
static size_t cheapest(const mho_balance_layer *layer, uint64_t time)
{
    size_t best = SIZE_MAX;
    for (size_t i = 0; i < layer->options; i++) {
        const mho_balance_option *o = &layer->option[i];
        const mho_balance_option *b = best == SIZE_MAX ? NULL : &layer->option[best];
        if (o->time <= time && (!b || o->crossbars < b->crossbars ||
                                (o->crossbars == b->crossbars && o->time < b->time)))
            best = i;
    }
    return best;
}

/* Crossbars of all layers at that pace; UINT64_MAX: some layer cannot keep it, or more than that. */
static uint64_t crossbars_at(const mho_balance_layer *layer, size_t layers, uint64_t time)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < layers; i++) {
        const size_t choice = cheapest(&layer[i], time);
        if (choice == SIZE_MAX ||
            __builtin_add_overflow(sum, layer[i].option[choice].crossbars, &sum))
            return UINT64_MAX;
    }
    return sum;
}

static int by_value(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* All times, rising. */
static mho_status list_times(const mho_balance_layer *layer, size_t layers, uint64_t **time,
                             size_t *times)
{
    size_t n = 0;
    for (size_t i = 0; i < layers; i++)
        n += layer[i].options;
    mho_status s = mhoi_alloc(time, n, sizeof **time, "times of layers");
    if (s)
        return s;
    *times = 0;
    for (size_t i = 0; i < layers; i++)
        for (size_t k = 0; k < layer[i].options; k++)
            (*time)[(*times)++] = layer[i].option[k].time;
    qsort(*time, n, sizeof **time, by_value);
    return MHO_OK;
}

/* What the slowest pace takes does not fit either: the least that would. */
static mho_status too_small(const mho_balance_layer *layer, size_t layers, uint64_t budget)
{
    const uint64_t least = crossbars_at(layer, layers, UINT64_MAX);
    if (least == UINT64_MAX)
        return mho_error(MHO_EDOMAIN, "a layer without an option, or crossbars beyond 64 bits");
    return mho_error(MHO_ECONFIG, "a budget of %llu crossbars, want %llu or more",
                     (unsigned long long)budget, (unsigned long long)least);
}

mho_status mho_balance_choose(const mho_balance_layer *layer, size_t layers, uint64_t budget,
                              size_t *choice, mho_balance *out)
{
    uint64_t *time = NULL;
    size_t times;
    *out = (mho_balance){0};
    mho_status s = list_times(layer, layers, &time, &times);
    if (s)
        return s;
    size_t low = 0, high = times; /* the first time at which all fits is in [low, high] */
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const uint64_t crossbars = crossbars_at(layer, layers, time[middle]);
        if (crossbars <= budget && crossbars != UINT64_MAX)
            high = middle;
        else
            low = middle + 1;
    }
    if (low == times)
        s = layers ? too_small(layer, layers, budget) : MHO_OK;
    for (size_t i = 0; !s && i < layers; i++) {
        choice[i] = cheapest(&layer[i], time[low]);
        const mho_balance_option *o = &layer[i].option[choice[i]];
        out->crossbars += o->crossbars;
        out->time = o->time > out->time ? o->time : out->time;
    }
    mhoi_free(&time);
    return s;
}
