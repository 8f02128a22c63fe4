/* SPDX-License-Identifier: Apache-2.0 */
/* NSGA-II (Deb, Pratap, Agarwal, Meyarivan, IEEE Trans. Evolutionary Computation 6(2), 2002) over the choices of the axes:
 * fast non-dominated sorting with crowding distance, constrained domination, binary tournaments, uniform crossover, and a
 * mutation that steps to a neighbouring value or to any.  Random numbers go by generation and child, so that a search that
 * was cut off proposes the same points again, which the store then has. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "explore/explore_impl.h"

typedef struct member {
    size_t point;
    size_t rank; /* of its front, from 0 */
    double crowding;
} member;

static double value_of(const mho_explore *x, size_t point, size_t o)
{
    const double v =
        mhoi_explore_value(x, &x->objective[o], &x->point[point].sum, x->point[point].choice);
    return isnan(v) ? INFINITY : x->objective[o].most ? -v : v;
}

static bool is_valid(const mho_explore *x, size_t point)
{
    const explore_point *p = &x->point[point];
    return p->state == EXPLORE_DONE && mhoi_explore_keeps(x, &p->sum, x->accuracy);
}

/* Constrained domination: what keeps the constraints before what does not. */
static bool dominates(const mho_explore *x, size_t a, size_t b)
{
    const bool va = is_valid(x, a), vb = is_valid(x, b);
    if (va != vb)
        return va;
    return va && mhoi_explore_beats(x, &x->point[a], &x->point[b]);
}

static void rank_members(const mho_explore *x, member *m, size_t n)
{
    size_t left = n;
    for (size_t i = 0; i < n; i++)
        m[i].rank = SIZE_MAX;
    for (size_t rank = 0; left; rank++) {
        const size_t before = left;
        for (size_t i = 0; i < n; i++) {
            bool beaten = m[i].rank < rank;
            for (size_t k = 0; k < n && !beaten; k++)
                beaten = m[k].rank >= rank && dominates(x, m[k].point, m[i].point);
            if (!beaten) {
                m[i].rank = rank;
                left--;
            }
        }
        if (left == before)
            return;
    }
}

typedef struct sorted {
    double value;
    member *of;
} sorted;

static int by_value(const void *a, const void *b)
{
    const sorted *x = a, *y = b;
    if (x->value < y->value || x->value > y->value)
        return x->value < y->value ? -1 : 1;
    return x->of->point < y->of->point ? -1 : x->of->point > y->of->point;
}

static mho_status crowd(const mho_explore *x, member *m, size_t n)
{
    sorted *list = NULL;
    mho_status s = mhoi_alloc(&list, n, sizeof *list, "population");
    for (size_t i = 0; i < n; i++)
        m[i].crowding = 0;
    for (size_t rank = 0; !s && rank < n; rank++)
        for (size_t o = 0; o < x->objectives; o++) {
            size_t k = 0;
            for (size_t i = 0; i < n; i++)
                if (m[i].rank == rank)
                    list[k++] = (sorted){value_of(x, m[i].point, o), &m[i]};
            if (!k)
                continue;
            qsort(list, k, sizeof *list, by_value);
            const double range = list[k - 1].value - list[0].value;
            list[0].of->crowding = list[k - 1].of->crowding = INFINITY;
            for (size_t i = 1; i + 1 < k && range > 0; i++)
                list[i].of->crowding += (list[i + 1].value - list[i - 1].value) / range;
        }
    mhoi_free(&list);
    return s;
}

static int by_fitness(const void *a, const void *b)
{
    const member *x = a, *y = b;
    if (x->rank != y->rank)
        return x->rank < y->rank ? -1 : 1;
    if (x->crowding < y->crowding || x->crowding > y->crowding)
        return x->crowding > y->crowding ? -1 : 1;
    return x->point < y->point ? -1 : x->point > y->point;
}

typedef struct dice {
    const mho_explore *x;
    uint32_t stream;
    uint64_t index;
} dice;

static uint32_t roll(dice *d, uint32_t n)
{
    return mhoi_explore_random(d->x, d->stream, d->index++, n);
}

static const member *tournament(dice *d, const member *m, size_t n)
{
    const member *a = &m[roll(d, (uint32_t)n)], *b = &m[roll(d, (uint32_t)n)];
    return by_fitness(a, b) <= 0 ? a : b;
}

static void mutate(dice *d, size_t axis, uint32_t *choice)
{
    const uint32_t values = (uint32_t)mho_grid_values(d->x->grid, axis);
    if (roll(d, (uint32_t)d->x->axes) != 0) /* one axis of a child, on average */
        return;
    if (roll(d, 4) == 0)
        *choice = roll(d, values);
    else if (roll(d, 2))
        *choice = *choice + 1 < values ? *choice + 1 : *choice;
    else
        *choice = *choice ? *choice - 1 : 0;
}

/* A child that conditions allow; false: none was found. */
static bool breed(dice *d, const member *m, size_t n, uint32_t *choice)
{
    const mho_explore *x = d->x;
    for (int attempt = 0; attempt < 50; attempt++) {
        const uint32_t *a = x->point[tournament(d, m, n)->point].choice;
        const uint32_t *b = x->point[tournament(d, m, n)->point].choice;
        for (size_t axis = 0; axis < x->axes; axis++) {
            choice[axis] = roll(d, 2) ? a[axis] : b[axis];
            mutate(d, axis, &choice[axis]);
        }
        mhoi_explore_tie(x, choice);
        if (mhoi_explore_allows(x, choice))
            return true;
    }
    return false;
}

static mho_status first_generation(mho_explore *x, size_t n)
{
    mho_status s = MHO_OK;
    for (uint64_t i = 0; !s && x->points < n && i < 1000 * (uint64_t)n; i++) {
        uint32_t choice[MHO_GRID_AXES_MAX];
        size_t index;
        bool is_new;
        for (size_t a = 0; a < x->axes; a++)
            choice[a] =
                mhoi_explore_random(x, (uint32_t)a, i, (uint32_t)mho_grid_values(x->grid, a));
        mhoi_explore_tie(x, choice);
        if (mhoi_explore_allows(x, choice))
            s = mhoi_explore_add(x, choice, &index, &is_new);
    }
    return s;
}

static mho_status next_generation(mho_explore *x, uint32_t generation, const member *m, size_t n)
{
    const size_t want =
        x->samples - x->points < x->population ? x->samples - x->points : x->population;
    dice d = {x, 5000 + generation, 0};
    mho_status s = MHO_OK;
    size_t bred = 0;
    for (size_t i = 0; !s && bred < want && i < 20 * want; i++) {
        uint32_t choice[MHO_GRID_AXES_MAX];
        size_t index;
        bool is_new = false;
        if (breed(&d, m, n, choice))
            s = mhoi_explore_add(x, choice, &index, &is_new);
        bred += is_new;
    }
    return s;
}

/* The fittest of the population and what came since. */
static mho_status select_members(const mho_explore *x, member *m, size_t *n, size_t first)
{
    for (size_t i = first; i < x->points; i++)
        m[(*n)++] = (member){.point = i};
    rank_members(x, m, *n);
    mho_status s = crowd(x, m, *n);
    if (s)
        return s;
    qsort(m, *n, sizeof *m, by_fitness);
    *n = *n < x->population ? *n : x->population;
    return MHO_OK;
}

mho_status mhoi_explore_evolve(mho_explore *x, mho_store *store)
{
    member *m = NULL;
    size_t n = 0, first = 0;
    const size_t start = x->population < x->samples ? x->population : x->samples;
    mho_status s = mhoi_alloc(&m, 2 * x->population + 2, sizeof *m, "population");
    if (!s)
        s = first_generation(x, start);
    for (uint32_t generation = 0; !s && first < x->points; generation++) {
        s = mhoi_explore_batch(x, store, first);
        if (!s)
            s = select_members(x, m, &n, first);
        first = x->points;
        if (!s && x->points < x->samples)
            s = next_generation(x, generation, m, n);
    }
    mhoi_free(&m);
    return s;
}
