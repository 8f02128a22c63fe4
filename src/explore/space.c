/* SPDX-License-Identifier: Apache-2.0 */
/* Points: the full product of the axes with their conditions, random ones, or a Latin hypercube.  Random numbers are a
 * function of the sample's seed and a counter, so that all processes of a run choose the same points. */
#include <string.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "explore/explore_impl.h"

double mhoi_explore_uniform(const mho_explore *x, uint32_t stream, uint64_t index)
{
    const uint64_t words[] = {x->sample_seed, stream, index};
    uint64_t z = mhoi_fnv1a(MHOI_HASH_START, words, sizeof words);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9); /* splitmix64 */
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (double)((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

uint32_t mhoi_explore_random(const mho_explore *x, uint32_t stream, uint64_t index, uint32_t n)
{
    const uint32_t k = (uint32_t)(mhoi_explore_uniform(x, stream, index) * (double)n);
    return k < n ? k : n - 1;
}

void mhoi_explore_tie(const mho_explore *x, uint32_t *choice)
{
    for (size_t a = 0; a < x->axes; a++)
        choice[a] = choice[x->zip_of[a]];
}

static mho_status append(mho_explore *x, const uint32_t *choice, size_t place)
{
    mho_status s =
        x->points < EXPLORE_POINTS_MAX
            ? mhoi_grow(&x->point, &x->room, x->points, sizeof *x->point, "points")
            : mho_error(MHO_ECONFIG, "%s: more than %d points", x->place, EXPLORE_POINTS_MAX);
    if (s)
        return s;
    explore_point *p = &x->point[x->points];
    *p = (explore_point){.place = place, .twin = x->points, .sum = mho_summary_none()};
    s = mhoi_alloc(&p->choice, x->axes, sizeof *p->choice, "point");
    if (s)
        return s;
    memcpy(p->choice, choice, x->axes * sizeof *choice);
    x->points++;
    return MHO_OK;
}

mho_status mhoi_explore_add(mho_explore *x, const uint32_t *choice, size_t *index, bool *is_new)
{
    for (size_t i = 0; i < x->points; i++)
        if (!memcmp(x->point[i].choice, choice, x->axes * sizeof *choice)) {
            *index = i;
            *is_new = false;
            return MHO_OK;
        }
    *index = x->points;
    *is_new = true;
    return append(x, choice, x->points);
}

/* The next product of the axes that lead; false after the last. */
static bool advance(const mho_explore *x, uint32_t *choice)
{
    for (size_t a = x->axes; a-- > 0;) {
        if (x->zip_of[a] != a)
            continue;
        if (++choice[a] < mho_grid_values(x->grid, a))
            return true;
        choice[a] = 0;
    }
    return false;
}

/* Points that conditions leave are counted, and shared out in turn. */
static mho_status choose_all(mho_explore *x)
{
    uint32_t choice[MHO_GRID_AXES_MAX] = {0};
    size_t allowed = 0;
    mho_status s = MHO_OK;
    do {
        mhoi_explore_tie(x, choice);
        if (!mhoi_explore_allows(x, choice))
            continue;
        if (!x->shards || allowed % x->shards == x->shard - 1)
            s = append(x, choice, allowed);
        allowed++;
    } while (!s && advance(x, choice));
    return s;
}

static mho_status choose_random(mho_explore *x)
{
    const uint64_t most = 1000 * (uint64_t)x->samples;
    size_t taken = 0;
    mho_status s = MHO_OK;
    for (uint64_t i = 0; !s && taken < x->samples && i < most; i++) {
        uint32_t choice[MHO_GRID_AXES_MAX];
        size_t index;
        bool is_new;
        for (size_t a = 0; a < x->axes; a++)
            choice[a] =
                mhoi_explore_random(x, (uint32_t)a, i, (uint32_t)mho_grid_values(x->grid, a));
        mhoi_explore_tie(x, choice);
        if (!mhoi_explore_allows(x, choice))
            continue;
        s = mhoi_explore_add(x, choice, &index, &is_new);
        taken += is_new;
    }
    return s;
}

/* Each axis is cut in as many strata as there are points, and a point lies in each of them once. */
static mho_status choose_latin(mho_explore *x)
{
    uint32_t *stratum = NULL;
    const size_t n = x->samples;
    mho_status s = mhoi_alloc(&stratum, n * x->axes, sizeof *stratum, "strata");
    for (size_t a = 0; !s && a < x->axes; a++) {
        uint32_t *of = stratum + a * n;
        for (size_t i = 0; i < n; i++)
            of[i] = (uint32_t)i;
        for (size_t i = n; i-- > 1;) {
            const uint32_t k = mhoi_explore_random(x, 1000 + (uint32_t)a, i, (uint32_t)i + 1);
            const uint32_t swap = of[i];
            of[i] = of[k];
            of[k] = swap;
        }
    }
    for (size_t i = 0; !s && i < n; i++) {
        uint32_t choice[MHO_GRID_AXES_MAX];
        size_t index;
        bool is_new;
        for (size_t a = 0; a < x->axes; a++) {
            const double at =
                (stratum[a * n + i] + mhoi_explore_uniform(x, 2000 + (uint32_t)a, i)) / (double)n;
            choice[a] = (uint32_t)(at * (double)mho_grid_values(x->grid, a));
        }
        mhoi_explore_tie(x, choice);
        if (!mhoi_explore_allows(x, choice))
            continue;
        s = mhoi_explore_add(x, choice, &index, &is_new);
        x->repeated += !s && !is_new;
    }
    mhoi_free(&stratum);
    return s;
}

/* Of a sample that all shards choose alike, those of this one. */
static void keep_shard(mho_explore *x)
{
    size_t kept = 0;
    for (size_t i = 0; x->shards && i < x->points; i++) {
        if (i % x->shards != x->shard - 1) {
            mhoi_explore_point_free(&x->point[i]);
            continue;
        }
        x->point[kept] = x->point[i];
        x->point[kept].twin = kept;
        kept++;
    }
    x->points = x->shards ? kept : x->points;
}

mho_status mhoi_explore_choose(mho_explore *x)
{
    mho_status s = MHO_OK;
    if (x->method == EXPLORE_ALL)
        return choose_all(x);
    if (x->method == EXPLORE_RANDOM)
        s = choose_random(x);
    if (x->method == EXPLORE_LATIN)
        s = choose_latin(x);
    if (!s)
        keep_shard(x);
    return s;
}
