/* SPDX-License-Identifier: Apache-2.0 */
#include "array/labels.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/parallel.h"

enum { ROUNDS = 12, LABELS_MAX = 1 << 24 };
#define NONE UINT32_MAX

uint64_t mhoi_labels_need(const mhoi_labels *s, uint64_t R)
{
    uint64_t all = s->plan->before[s->plan->layers] + R, have = s->plan->options->weight_B;
    uint64_t unit = s->plan->unit_B;
    size_t units = all > have ? (size_t)((all - have + unit - 1) / unit) : 0;
    return mhoi_subset_next(s->sums, s->sums_count, units) * unit;
}

/* What a move may stream, and what that costs beyond its maps. */
uint64_t mhoi_labels_cap(const mhoi_labels *s, const mhoi_move *move, uint64_t R)
{
    if (move->weight_B <= R)
        return move->weight_B;
    const uint64_t *sums = s->group + s->group_of[move - s->plan->move] * s->words;
    size_t bit = (size_t)(R / s->plan->unit_B), w = bit / 64;
    uint64_t word = sums[w] & ~(uint64_t)0 >> (63 - bit % 64);
    while (word == 0) /* ends: the empty sum is there */
        word = sums[--w];
    return (w * 64 + 63 - (size_t)__builtin_clzll(word)) * s->plan->unit_B;
}

static double penalty_J(const mhoi_labels *s, const mhoi_move *move)
{
    return s->R == 0 ? INFINITY : (double)mhoi_penalty_B(move, s->R) * s->plan->options->e_rd_J;
}

/* rest[q] for one multiplier, from the end to the start; returns its Lagrangian bound of a whole path. */
static double relax(mhoi_labels *s, size_t q, double multiplier)
{
    const mhoi_plan *plan = s->plan;
    double *rest = s->rest[q];
    s->multiplier[q] = multiplier;
    size_t places = (plan->layers + 1) * MHOI_MASKS;
    for (size_t p = 0; p < places; p++)
        rest[p] = INFINITY;
    rest[mhoi_place(plan->layers, 0)] = 0.0;
    for (size_t i = 0; i < plan->moves; i++) {
        const mhoi_move *move = &plan->move[i];
        double after = rest[mhoi_place(move->k1, move->m1)], least = move->map_J;
        if (!mhoi_move_single(move)) {
            least -= multiplier * (double)mhoi_labels_cap(s, move, s->R);
        } else {
            double more = penalty_J(s, move) - multiplier * (double)move->weight_B;
            least += more < 0.0 ? more : 0.0;
        }
        size_t from = mhoi_place(move->k0, move->m0);
        if (after + least < rest[from])
            rest[from] = after + least;
    }
    return rest[mhoi_place(0, 0)] + multiplier * (double)s->need;
}

/* The best multiplier by golden section on the concave bound; keeps 0, the best, and a larger one. */
double mhoi_labels_relax(mhoi_labels *s)
{
    double bound = relax(s, 0, 0.0);
    if (s->need == 0 || bound == INFINITY) {
        relax(s, 1, 0.0);
        relax(s, 2, 0.0);
        return bound;
    }
    double low = 0.0, high = 4.0 * s->plan->options->e_rd_J, best = 0.0;
    for (int i = 0; i < ROUNDS; i++) {
        double a = low + 0.382 * (high - low), b = low + 0.618 * (high - low);
        double at_a = relax(s, 1, a), at_b = relax(s, 2, b);
        if (at_a > bound) {
            bound = at_a;
            best = a;
        }
        if (at_b > bound) {
            bound = at_b;
            best = b;
        }
        if (at_a < at_b)
            low = a;
        else
            high = b;
    }
    relax(s, 1, best);
    relax(s, 2, 2.0 * best + 0.1 * s->plan->options->e_rd_J);
    return bound;
}

/* Least cost of any completion of (cost, cap) at a place. */
static double completed(const mhoi_labels *s, size_t place, double cost, uint64_t cap)
{
    double least = s->rest[0][place];
    double missing = cap < s->need ? (double)(s->need - cap) : 0.0;
    for (size_t q = 1; q < MHOI_MULTIPLIERS; q++) {
        double b = s->rest[q][place] + s->multiplier[q] * missing;
        if (missing > 0.0 && b > least)
            least = b;
    }
    return cost + least;
}

bool mhoi_labels_useful(const mhoi_labels *s, double maps)
{
    double all = maps + (double)s->need * s->plan->options->e_rd_J;
    return all < s->best->cost_J * (1.0 - 1e-13);
}

static mho_status add_label(mhoi_labels *s, size_t place, double cost, uint64_t cap, uint32_t move,
                            uint32_t parent, mhoi_weights weights)
{
    if (!mhoi_labels_useful(s, completed(s, place, cost, cap)))
        return MHO_OK;
    mho_status status =
        mhoi_grow(&s->label, &s->room, s->labels, sizeof *s->label, "schedule labels");
    if (status != MHO_OK)
        return status;
    if (cap > s->need)
        cap = s->need;
    s->label[s->labels] = (mhoi_label){cost, cap, move, parent, s->head[place], weights};
    s->head[place] = (uint32_t)s->labels++;
    return MHO_OK;
}

/* The ways a path can take a move: how it treats the weights, what it costs, what it can stream. */
typedef struct way {
    mhoi_weights weights;
    double cost;
    uint64_t cap;
} way;

static size_t ways_of(const mhoi_labels *s, const mhoi_move *move, way option[2])
{
    double penalty = mhoi_move_single(move) ? penalty_J(s, move) : 0.0;
    uint64_t cap = mhoi_move_single(move) ? move->weight_B : mhoi_labels_cap(s, move, s->R);
    if (penalty == 0.0) {
        option[0] = (way){MHOI_FREE, move->map_J, cap};
        return 1;
    }
    option[0] = (way){MHOI_FIXED, move->map_J, 0};
    option[1] = (way){MHOI_STREAMED, move->map_J + penalty, cap};
    return penalty == INFINITY ? 1 : 2;
}

static mho_status extend(mhoi_labels *s, size_t place, uint32_t from)
{
    mho_status status = MHO_OK;
    for (size_t i = s->plan->start[place]; i < s->plan->end[place] && status == MHO_OK; i++) {
        const mhoi_move *move = &s->plan->move[i];
        size_t to = mhoi_place(move->k1, move->m1);
        way option[2];
        size_t ways = ways_of(s, move, option);
        for (size_t w = 0; w < ways && status == MHO_OK; w++)
            status =
                add_label(s, to, s->label[from].cost + option[w].cost,
                          s->label[from].cap + option[w].cap, (uint32_t)i, from, option[w].weights);
    }
    return status;
}

static int by_cost(const void *a, const void *b, void *user)
{
    const mhoi_label *all = user, *x = &all[*(const uint32_t *)a], *y = &all[*(const uint32_t *)b];
    if (x->cost != y->cost)
        return x->cost < y->cost ? -1 : 1;
    return x->cap > y->cap ? -1 : x->cap < y->cap;
}

/* The labels of a place into s->order. */
static mho_status list_labels(mhoi_labels *s, size_t place, size_t *count)
{
    *count = 0;
    for (uint32_t l = s->head[place]; l != NONE; l = s->label[l].next) {
        mho_status status =
            mhoi_grow(&s->order, &s->order_room, *count, sizeof *s->order, "schedule labels");
        if (status != MHO_OK)
            return status;
        s->order[(*count)++] = l;
    }
    return MHO_OK;
}

static void clear_labels(mhoi_labels *s)
{
    s->labels = 0;
    for (size_t p = 0; p < (s->plan->layers + 1) * MHOI_MASKS; p++)
        s->head[p] = NONE;
}

/* Drops the labels of a place that another one beats in both cost and cap; order[] gets the rest. */
static mho_status pareto(mhoi_labels *s, size_t place, size_t *count)
{
    size_t n;
    mho_status status = list_labels(s, place, &n);
    if (status != MHO_OK)
        return status;
    if (n > 1)
        qsort_r(s->order, n, sizeof *s->order, by_cost, s->label);
    *count = 0;
    for (size_t i = 0; i < n; i++)
        if (*count == 0 || s->label[s->order[i]].cap > s->label[s->order[*count - 1]].cap)
            s->order[(*count)++] = s->order[i];
    return MHO_OK;
}

static void path_of(mhoi_labels *s, uint32_t last)
{
    s->choices = 0;
    for (uint32_t l = last; s->label[l].move != NONE; l = s->label[l].parent)
        s->choices++;
    size_t i = s->choices;
    for (uint32_t l = last; s->label[l].move != NONE; l = s->label[l].parent)
        s->choice[--i] = (mhoi_choice){&s->plan->move[s->label[l].move], s->label[l].weights};
}

mho_status mhoi_labels_cheapest(mhoi_labels *s, double *maps_J)
{
    const mhoi_plan *plan = s->plan;
    *maps_J = INFINITY;
    clear_labels(s);
    mho_status status = add_label(s, mhoi_place(0, 0), 0.0, 0, NONE, NONE, MHOI_FREE);
    for (size_t k = 0; k < plan->layers; k++)
        for (unsigned m = 0; m < 1u << plan->lives[k]; m++) {
            size_t count = 0, place = mhoi_place(k, m);
            if (status == MHO_OK)
                status = mhoi_interruption();
            if (status == MHO_OK)
                status = pareto(s, place, &count);
            for (size_t i = 0; i < count && status == MHO_OK; i++)
                status = extend(s, place, s->order[i]);
        }
    uint32_t last = NONE;
    for (uint32_t l = s->head[mhoi_place(plan->layers, 0)]; l != NONE && status == MHO_OK;
         l = s->label[l].next)
        if (s->label[l].cap >= s->need && s->label[l].cost < *maps_J) {
            *maps_J = s->label[l].cost;
            last = l;
        }
    if (last != NONE && status == MHO_OK)
        path_of(s, last);
    return status;
}

/* --- a single R, exactly: labels carry what is streamed, not what could be --------------------------- */

static mho_status add_exact(mhoi_labels *s, size_t place, double cost, uint64_t sum, uint32_t move,
                            uint32_t parent, mhoi_weights weights)
{
    double beyond = sum > s->need ? (double)(sum - s->need) * s->plan->options->e_rd_J : 0.0;
    if (++s->tried < MHOI_TRIED_MAX && s->labels == LABELS_MAX)
        s->tried = MHOI_TRIED_MAX;
    if (s->tried >= MHOI_TRIED_MAX ||
        !mhoi_labels_useful(s, completed(s, place, cost, sum) + beyond))
        return MHO_OK;
    mho_status status =
        mhoi_grow(&s->label, &s->room, s->labels, sizeof *s->label, "schedule labels");
    if (status != MHO_OK)
        return status;
    s->label[s->labels] = (mhoi_label){cost, sum, move, parent, s->head[place], weights};
    s->head[place] = (uint32_t)s->labels++;
    return MHO_OK;
}

/* A group with every sum of its layers that fits R. */
static mho_status extend_group(mhoi_labels *s, uint32_t from, uint32_t i)
{
    const mhoi_move *move = &s->plan->move[i];
    const uint64_t *sums = s->group + s->group_of[i] * s->words;
    uint64_t unit = s->plan->unit_B, most = s->R < move->weight_B ? s->R : move->weight_B;
    size_t to = mhoi_place(move->k1, move->m1), last = (size_t)(most / unit);
    mho_status status = MHO_OK;
    for (size_t w = 0; w <= last / 64 && status == MHO_OK; w++)
        for (uint64_t word = sums[w]; word && status == MHO_OK; word &= word - 1) {
            size_t bit = w * 64 + (size_t)__builtin_ctzll(word);
            if (bit <= last)
                status = add_exact(s, to, s->label[from].cost + move->map_J,
                                   s->label[from].cap + bit * unit, i, from, MHOI_FREE);
        }
    return status;
}

static mho_status extend_exact(mhoi_labels *s, size_t place, uint32_t from)
{
    mho_status status = MHO_OK;
    for (size_t i = s->plan->start[place]; i < s->plan->end[place] && status == MHO_OK; i++) {
        const mhoi_move *move = &s->plan->move[i];
        size_t to = mhoi_place(move->k1, move->m1);
        if (!mhoi_move_single(move)) {
            status = extend_group(s, from, (uint32_t)i);
            continue;
        }
        double cost = s->label[from].cost + move->map_J, penalty = penalty_J(s, move);
        uint64_t sum = s->label[from].cap;
        status = add_exact(s, to, cost, sum, (uint32_t)i, from, MHOI_FIXED);
        if (status == MHO_OK && penalty < INFINITY)
            status = add_exact(s, to, cost + penalty, sum + move->weight_B, (uint32_t)i, from,
                               MHOI_STREAMED);
    }
    return status;
}

static int by_sum(const void *a, const void *b, void *user)
{
    const mhoi_label *all = user, *x = &all[*(const uint32_t *)a], *y = &all[*(const uint32_t *)b];
    if (x->cap != y->cap)
        return x->cap < y->cap ? -1 : 1;
    return x->cost < y->cost ? -1 : x->cost > y->cost;
}

/* Of the labels of a place with the same sum the cheapest, in s->order. */
static mho_status cheapest_of_sums(mhoi_labels *s, size_t place, size_t *count)
{
    size_t n;
    mho_status status = list_labels(s, place, &n);
    if (status != MHO_OK)
        return status;
    if (n > 1)
        qsort_r(s->order, n, sizeof *s->order, by_sum, s->label);
    *count = 0;
    for (size_t i = 0; i < n; i++)
        if (*count == 0 || s->label[s->order[i]].cap != s->label[s->order[*count - 1]].cap)
            s->order[(*count)++] = s->order[i];
    return MHO_OK;
}

mho_status mhoi_labels_exact(mhoi_labels *s, bool *found)
{
    const mhoi_plan *plan = s->plan;
    size_t end = mhoi_place(plan->layers, 0);
    *found = false;
    clear_labels(s);
    mho_status status = add_exact(s, mhoi_place(0, 0), 0.0, 0, NONE, NONE, MHOI_FREE);
    for (size_t k = 0; k < plan->layers; k++)
        for (unsigned m = 0; m < 1u << plan->lives[k]; m++) {
            size_t count = 0, place = mhoi_place(k, m);
            if (status == MHO_OK)
                status = mhoi_interruption();
            if (status == MHO_OK)
                status = cheapest_of_sums(s, place, &count);
            for (size_t i = 0; i < count && status == MHO_OK; i++)
                status = extend_exact(s, place, s->order[i]);
        }
    uint32_t last = NONE;
    double least = INFINITY;
    for (uint32_t l = s->head[end]; l != NONE && status == MHO_OK; l = s->label[l].next) {
        double all = s->label[l].cost + (double)s->label[l].cap * plan->options->e_rd_J;
        if (s->label[l].cap >= s->need && all < least) {
            least = all;
            last = l;
        }
    }
    if (last == NONE || status != MHO_OK)
        return status;
    path_of(s, last);
    *found = true;
    return MHO_OK;
}

mho_status mhoi_labels_alloc(mhoi_labels *s)
{
    size_t places = (s->plan->layers + 1) * MHOI_MASKS;
    mho_status status = mhoi_alloc(&s->head, places, sizeof *s->head, "schedule places");
    for (size_t q = 0; q < MHOI_MULTIPLIERS && status == MHO_OK; q++)
        status = mhoi_alloc(&s->rest[q], places, sizeof *s->rest[q], "schedule places");
    if (status == MHO_OK)
        status = mhoi_alloc(&s->choice, s->plan->layers, sizeof *s->choice, "schedule path");
    if (status == MHO_OK)
        status = mhoi_subset_all(s->plan, &s->sums, &s->sums_count);
    return status;
}

void mhoi_labels_free(mhoi_labels *s)
{
    mhoi_free(&s->head);
    for (size_t q = 0; q < MHOI_MULTIPLIERS; q++)
        mhoi_free(&s->rest[q]);
    mhoi_free(&s->choice);
    mhoi_free(&s->sums);
    mhoi_free(&s->group);
    mhoi_free(&s->group_of);
    mhoi_free(&s->label);
    mhoi_free(&s->order);
}
