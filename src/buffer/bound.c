/* SPDX-License-Identifier: Apache-2.0 */
/* Level 3 for networks of any depth: branch and bound over R, the bytes left to stream weights.
 *
 * With W the weights of the network, Bw the buffer and u the streamed (not fixed) bytes, a schedule costs
 *     (maps and penalties of its moves) + e_rd u,      u >= W - Bw + R,
 * where each group streams at most R.  Over an interval of R the right side is bounded from below by
 * taking the largest R for what groups may stream and the smallest for what has to be streamed; what
 * remains is a shortest path that must collect `need` streamable bytes, solved by labels (cost,
 * collected) with a Lagrangian bound on the rest.  At a single R the subset sums decide
 * (docs/models/buffer.md eq. (9)-(12)). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "buffer/search.h"
#include "buffer/subset.h"

/* Places walked and subset sums solved at single values of R, in all, before a rest is left open. */
enum { MULTIPLIERS = 3, ROUNDS = 12, WALK_MAX = 4000000, SOLVE_MAX = 20000 };

typedef struct label {
    double cost;  /* maps and penalties so far */
    uint64_t cap; /* streamable bytes so far */
    uint32_t move, parent, next;
    mhoi_weights weights;
} label;
#define NONE UINT32_MAX

typedef struct interval {
    size_t first, last; /* of the candidates: R rises */
    double bound;
} interval;

typedef struct search {
    const mhoi_plan *plan;
    mhoi_path *best;
    /* the interval under study */
    uint64_t R, need;
    double *rest[MULTIPLIERS]; /* [places] least cost - multiplier x cap of the way to the end */
    double multiplier[MULTIPLIERS];
    label *label;
    size_t labels, room;
    uint32_t *head;  /* [places] list of labels */
    uint32_t *order; /* room to sort one list */
    size_t order_room;
    mhoi_choice *choice; /* [layers] a path to try */
    size_t choices;
    bool *fixed;
    uint64_t *sums; /* all sums of weights, in units */
    size_t sums_count;
    uint64_t *group;    /* [pairs][words] what a group can stream: sums of its layers up to Bw */
    uint32_t *group_of; /* [moves] its row */
    size_t words;
    uint64_t *candidate; /* values of R at which something becomes possible or cheaper, rising */
    size_t candidates;
    interval *heap;
    size_t heaped, heap_room;
    size_t walked, solved;
} search;

/* What has to be streamed if R is to be left: the least sum of weights >= W - Bw + R. */
static uint64_t need_of(const search *s, uint64_t R)
{
    uint64_t all = s->plan->before[s->plan->layers] + R, have = s->plan->options->weight_B;
    uint64_t unit = s->plan->unit_B;
    size_t units = all > have ? (size_t)((all - have + unit - 1) / unit) : 0;
    return mhoi_subset_next(s->sums, s->sums_count, units) * unit;
}

/* What a move may stream, and what that costs beyond its maps. */
static uint64_t group_cap(const search *s, const mhoi_move *move, uint64_t R)
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

static double penalty_J(const search *s, const mhoi_move *move)
{
    return s->R == 0 ? INFINITY : (double)mhoi_penalty_B(move, s->R) * s->plan->options->e_rd_J;
}

/* rest[q] for one multiplier, from the end to the start; returns its Lagrangian bound of a whole path. */
static double relax(search *s, size_t q, double multiplier)
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
            least -= multiplier * (double)group_cap(s, move, s->R);
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
static double lagrange(search *s)
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
static double completed(const search *s, size_t place, double cost, uint64_t cap)
{
    double least = s->rest[0][place];
    double missing = cap < s->need ? (double)(s->need - cap) : 0.0;
    for (size_t q = 1; q < MULTIPLIERS; q++) {
        double b = s->rest[q][place] + s->multiplier[q] * missing;
        if (missing > 0.0 && b > least)
            least = b;
    }
    return cost + least;
}

/* What any schedule that ends at cost `maps` costs in all; it is of use if below the best so far. */
static bool useful(const search *s, double maps)
{
    double all = maps + (double)s->need * s->plan->options->e_rd_J;
    return all < s->best->cost_J * (1.0 - 1e-13);
}

static mho_status grow(void *array, size_t *room, size_t used, size_t size, const char *what)
{
    if (used < *room)
        return MHO_OK;
    void **old = array, *more;
    size_t bigger = *room ? 2 * *room : 1024;
    mho_status status = mhoi_alloc(&more, bigger, size, what);
    if (status != MHO_OK)
        return status;
    if (used)
        memcpy(more, *old, used * size);
    mhoi_free(old);
    *old = more;
    *room = bigger;
    return MHO_OK;
}

static mho_status add_label(search *s, size_t place, double cost, uint64_t cap, uint32_t move,
                            uint32_t parent, mhoi_weights weights)
{
    if (!useful(s, completed(s, place, cost, cap)))
        return MHO_OK;
    mho_status status = grow(&s->label, &s->room, s->labels, sizeof *s->label, "schedule labels");
    if (status != MHO_OK)
        return status;
    if (cap > s->need)
        cap = s->need;
    s->label[s->labels] = (label){cost, cap, move, parent, s->head[place], weights};
    s->head[place] = (uint32_t)s->labels++;
    return MHO_OK;
}

/* The ways a path can take a move: how it treats the weights, what it costs, what it can stream. */
typedef struct way {
    mhoi_weights weights;
    double cost;
    uint64_t cap;
} way;

static size_t ways_of(const search *s, const mhoi_move *move, way option[2])
{
    double penalty = mhoi_move_single(move) ? penalty_J(s, move) : 0.0;
    uint64_t cap = mhoi_move_single(move) ? move->weight_B : group_cap(s, move, s->R);
    if (penalty == 0.0) {
        option[0] = (way){MHOI_FREE, move->map_J, cap};
        return 1;
    }
    option[0] = (way){MHOI_FIXED, move->map_J, 0};
    option[1] = (way){MHOI_STREAMED, move->map_J + penalty, cap};
    return penalty == INFINITY ? 1 : 2;
}

static mho_status extend(search *s, size_t place, uint32_t from)
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
    const label *all = user, *x = &all[*(const uint32_t *)a], *y = &all[*(const uint32_t *)b];
    if (x->cost != y->cost)
        return x->cost < y->cost ? -1 : 1;
    return x->cap > y->cap ? -1 : x->cap < y->cap;
}

/* Drops the labels of a place that another one beats in both cost and cap; order[] gets the rest. */
static mho_status pareto(search *s, size_t place, size_t *count)
{
    size_t n = 0;
    for (uint32_t l = s->head[place]; l != NONE; l = s->label[l].next) {
        mho_status status = grow(&s->order, &s->order_room, n, sizeof *s->order, "schedule labels");
        if (status != MHO_OK)
            return status;
        s->order[n++] = l;
    }
    if (n > 1)
        qsort_r(s->order, n, sizeof *s->order, by_cost, s->label);
    *count = 0;
    for (size_t i = 0; i < n; i++)
        if (*count == 0 || s->label[s->order[i]].cap > s->label[s->order[*count - 1]].cap)
            s->order[(*count)++] = s->order[i];
    return MHO_OK;
}

static void path_of(search *s, uint32_t last)
{
    s->choices = 0;
    for (uint32_t l = last; s->label[l].move != NONE; l = s->label[l].parent)
        s->choices++;
    size_t i = s->choices;
    for (uint32_t l = last; s->label[l].move != NONE; l = s->label[l].parent)
        s->choice[--i] = (mhoi_choice){&s->plan->move[s->label[l].move], s->label[l].weights};
}

/* Cheapest path that collects `need`; *maps is its cost, infinite if all are no better than the best
 * known.  Its choices are in s->choice. */
static mho_status label_search(search *s, double *maps)
{
    const mhoi_plan *plan = s->plan;
    *maps = INFINITY;
    s->labels = 0;
    for (size_t p = 0; p < (plan->layers + 1) * MHOI_MASKS; p++)
        s->head[p] = NONE;
    mho_status status = add_label(s, mhoi_place(0, 0), 0.0, 0, NONE, NONE, MHOI_FREE);
    for (size_t k = 0; k < plan->layers; k++)
        for (unsigned m = 0; m < 1u << plan->lives[k]; m++) {
            size_t count = 0, place = mhoi_place(k, m);
            if (status == MHO_OK)
                status = pareto(s, place, &count);
            for (size_t i = 0; i < count && status == MHO_OK; i++)
                status = extend(s, place, s->order[i]);
        }
    uint32_t last = NONE;
    for (uint32_t l = s->head[mhoi_place(plan->layers, 0)]; l != NONE && status == MHO_OK;
         l = s->label[l].next)
        if (s->label[l].cap >= s->need && s->label[l].cost < *maps) {
            *maps = s->label[l].cost;
            last = l;
        }
    if (last != NONE && status == MHO_OK)
        path_of(s, last);
    return status;
}

/* Prices the path in s->choice with R left for streaming; keeps it if it is the best. */
static mho_status try_path(search *s, uint64_t R, bool *possible)
{
    uint64_t streamed;
    *possible = R > 0 || need_of(s, 0) == 0;
    if (!*possible)
        return MHO_OK;
    mho_status status =
        mhoi_subset_solve(s->plan, s->choice, s->choices, R, need_of(s, R), s->fixed, &streamed);
    *possible = status == MHO_OK && streamed != UINT64_MAX;
    if (!*possible)
        return status;
    double e_rd_J = s->plan->options->e_rd_J, cost = (double)streamed * e_rd_J;
    for (size_t i = 0; i < s->choices; i++) {
        const mhoi_move *move = s->choice[i].move;
        cost += move->map_J;
        if (mhoi_move_single(move) && !s->fixed[move->k0])
            cost += R == 0 ? INFINITY : (double)mhoi_penalty_B(move, R) * e_rd_J;
    }
    if (!(cost < s->best->cost_J * (1.0 - 1e-13)))
        return MHO_OK;
    mhoi_path *best = s->best;
    best->cost_J = cost;
    best->R = s->plan->options->weight_B + streamed - s->plan->before[s->plan->layers];
    best->steps = s->choices;
    for (size_t i = 0; i < s->choices; i++)
        best->step[i] = s->choice[i].move;
    memcpy(best->fixed, s->fixed, s->plan->layers * sizeof *s->fixed);
    return MHO_OK;
}

static uint64_t path_cap(const search *s, uint64_t R)
{
    uint64_t cap = 0;
    for (size_t i = 0; i < s->choices; i++) {
        const mhoi_move *move = s->choice[i].move;
        if (mhoi_move_single(move))
            cap += s->choice[i].weights == MHOI_FIXED ? 0 : move->weight_B;
        else
            cap += group_cap(s, move, R);
    }
    return cap;
}

/* Tries the path found for an interval at the smallest R of the interval where it can work. */
static mho_status improve(search *s, const interval *in)
{
    size_t low = in->first, high = in->last;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (path_cap(s, s->candidate[mid]) >= need_of(s, s->candidate[mid]))
            high = mid;
        else
            low = mid + 1;
    }
    bool possible = false;
    mho_status status = MHO_OK;
    for (int tries = 0; tries < 4 && low <= in->last && !possible && status == MHO_OK; tries++)
        status = try_path(s, s->candidate[low++], &possible);
    return status;
}

/* Streamed bytes come in steps of the divisor common to what the path can stream. */
static bool path_useful(const search *s, double maps)
{
    uint64_t step = 0;
    for (size_t i = 0; i < s->choices; i++) {
        const mhoi_move *move = s->choice[i].move;
        if (mhoi_move_single(move)) {
            step = s->choice[i].weights == MHOI_FIXED ? step : mhoi_gcd(step, move->weight_B);
            continue;
        }
        for (size_t l = move->k0; l < move->k1; l++)
            if (s->plan->work->layer[l].weight_B <= s->R)
                step = mhoi_gcd(step, s->plan->work->layer[l].weight_B);
    }
    uint64_t streamed = step ? (s->need + step - 1) / step * step : s->need;
    double all = maps + (double)streamed * s->plan->options->e_rd_J;
    return all < s->best->cost_J * (1.0 - 1e-13);
}

static bool exhausted(const search *s)
{
    return s->walked >= WALK_MAX || s->solved >= SOLVE_MAX;
}

/* All paths at one R that could still beat the best known, by subset sums. */
static mho_status walk(search *s, size_t place, double cost, uint64_t cap)
{
    if (!useful(s, completed(s, place, cost, cap)) || exhausted(s))
        return MHO_OK;
    s->walked++;
    if (place == mhoi_place(s->plan->layers, 0)) {
        bool possible;
        if (cap < s->need || !path_useful(s, cost))
            return MHO_OK;
        s->solved++;
        return try_path(s, s->R, &possible);
    }
    mho_status status = MHO_OK;
    for (size_t i = s->plan->start[place]; i < s->plan->end[place] && status == MHO_OK; i++) {
        const mhoi_move *move = &s->plan->move[i];
        size_t to = mhoi_place(move->k1, move->m1), depth = s->choices++;
        way option[2];
        size_t ways = ways_of(s, move, option);
        for (size_t w = 0; w < ways && status == MHO_OK; w++) {
            s->choice[depth] = (mhoi_choice){move, option[w].weights};
            status = walk(s, to, cost + option[w].cost, cap + option[w].cap);
        }
        s->choices = depth;
    }
    return status;
}

static mho_status push(search *s, size_t first, size_t last, double bound)
{
    mho_status status =
        grow(&s->heap, &s->heap_room, s->heaped, sizeof *s->heap, "schedule intervals");
    if (status != MHO_OK)
        return status;
    size_t i = s->heaped++;
    for (; i > 0 && s->heap[(i - 1) / 2].bound > bound; i = (i - 1) / 2)
        s->heap[i] = s->heap[(i - 1) / 2];
    s->heap[i] = (interval){first, last, bound};
    return MHO_OK;
}

static interval pop(search *s)
{
    interval top = s->heap[0], last = s->heap[--s->heaped];
    size_t i = 0;
    for (size_t child; (child = 2 * i + 1) < s->heaped; i = child) {
        child += child + 1 < s->heaped && s->heap[child + 1].bound < s->heap[child].bound;
        if (last.bound <= s->heap[child].bound)
            break;
        s->heap[i] = s->heap[child];
    }
    s->heap[i] = last;
    return top;
}

/* Bounds an interval of R, tries its path, and splits it if it may hold something better. */
static mho_status study(search *s, interval in, double *open)
{
    s->R = s->candidate[in.last];
    s->need = need_of(s, s->candidate[in.first]);
    double maps = lagrange(s);
    if (!useful(s, maps))
        return MHO_OK;
    mho_status status = label_search(s, &maps);
    if (status != MHO_OK || maps == INFINITY)
        return status;
    double bound = maps + (double)s->need * s->plan->options->e_rd_J;
    status = improve(s, &in);
    if (status != MHO_OK || !useful(s, maps))
        return status;
    if (in.first == in.last) { /* its best path had no fitting subset sums: look at the others */
        s->choices = 0;
        status = walk(s, mhoi_place(0, 0), 0.0, 0);
        if (exhausted(s) && bound < *open)
            *open = bound;
        return status;
    }
    size_t mid = in.first + (in.last - in.first) / 2;
    status = push(s, in.first, mid, bound);
    return status == MHO_OK ? push(s, mid + 1, in.last, bound) : status;
}

/* R is Bw less a sum of weights: offset + j units.  Between two neighbouring candidates no group can
 * stream more and no layer passes in fewer pieces, so the smaller R is the better. */
static mho_status fill_candidates(search *s, size_t rows)
{
    const mhoi_plan *plan = s->plan;
    uint64_t have = plan->options->weight_B, unit = plan->unit_B, *seen;
    uint64_t offset = have % unit;
    mho_status status = mhoi_alloc(&seen, s->words + 1, sizeof *seen, "schedule candidates");
    if (status != MHO_OK)
        return status;
    for (size_t r = 0; r < rows; r++)
        for (size_t w = 0; w < s->words; w++)
            seen[w] |= s->group[r * s->words + w];
    seen[0] |= 3; /* nothing to stream, and the least */
    for (size_t i = 0; i < plan->moves; i++) {
        const mhoi_move *move = &plan->move[i];
        for (uint64_t q = 1; mhoi_move_single(move) && move->input_B > 0; q++) {
            uint64_t R = (move->weight_B + q - 1) / q;
            uint64_t at = R > offset ? (R - offset + unit - 1) / unit : 0;
            if (at < s->words * 64)
                seen[at / 64] |= (uint64_t)1 << (at % 64);
            if (move->nf <= 1 || R <= unit || move->input_B * q >= move->weight_B * (move->nf - 1))
                break;
        }
    }
    size_t count = 0;
    for (size_t w = 0; w <= s->words; w++)
        count += (size_t)__builtin_popcountll(seen[w]);
    status = mhoi_alloc(&s->candidate, count, sizeof *s->candidate, "schedule candidates");
    for (size_t b = 0; b < s->words * 64 && status == MHO_OK; b++)
        if (seen[b / 64] >> (b % 64) & 1 && offset + b * unit <= have)
            s->candidate[s->candidates++] = offset + b * unit;
    mhoi_free(&seen);
    return status;
}

/* Rows of s->group: for every group the sums of its layers. */
static mho_status fill_groups(search *s)
{
    const mhoi_plan *plan = s->plan;
    size_t *row; /* [(layers + 1)^2] from 1 */
    size_t n = plan->layers + 1, rows = 0;
    mho_status status = mhoi_alloc(&row, n * n, sizeof *row, "groups");
    if (status != MHO_OK)
        return status;
    for (size_t i = 0; i < plan->moves; i++) {
        const mhoi_move *move = &plan->move[i];
        if (!mhoi_move_single(move) && row[move->k0 * n + move->k1] == 0)
            row[move->k0 * n + move->k1] = ++rows;
        s->group_of[i] = mhoi_move_single(move) ? 0 : (uint32_t)(row[move->k0 * n + move->k1] - 1);
    }
    size_t bits = (size_t)(plan->options->weight_B / plan->unit_B) + 1;
    s->words = (bits + 63) / 64;
    status = mhoi_alloc(&s->group, rows * s->words, sizeof *s->group, "subset sums of groups");
    for (size_t i = 0; i < n * n && status == MHO_OK; i++)
        if (row[i])
            mhoi_subset_range(plan, i / n, i % n, s->group + (row[i] - 1) * s->words, bits);
    mhoi_free(&row);
    return status == MHO_OK ? fill_candidates(s, rows) : status;
}

static mho_status allocate(search *s)
{
    size_t places = (s->plan->layers + 1) * MHOI_MASKS;
    mho_status status = mhoi_alloc(&s->head, places, sizeof *s->head, "schedule places");
    for (size_t q = 0; q < MULTIPLIERS && status == MHO_OK; q++)
        status = mhoi_alloc(&s->rest[q], places, sizeof *s->rest[q], "schedule places");
    if (status == MHO_OK)
        status = mhoi_alloc(&s->choice, s->plan->layers, sizeof *s->choice, "schedule path");
    if (status == MHO_OK)
        status = mhoi_subset_all(s->plan, &s->sums, &s->sums_count);
    if (status == MHO_OK)
        status = mhoi_alloc(&s->group_of, s->plan->moves, sizeof *s->group_of, "groups");
    if (status == MHO_OK)
        status = fill_groups(s);
    if (status == MHO_OK)
        status = mhoi_alloc(&s->fixed, s->plan->layers, sizeof *s->fixed, "fixed layers");
    return status;
}

static void release(search *s)
{
    mhoi_free(&s->head);
    for (size_t q = 0; q < MULTIPLIERS; q++)
        mhoi_free(&s->rest[q]);
    mhoi_free(&s->choice);
    mhoi_free(&s->fixed);
    mhoi_free(&s->sums);
    mhoi_free(&s->group);
    mhoi_free(&s->group_of);
    mhoi_free(&s->candidate);
    mhoi_free(&s->label);
    mhoi_free(&s->order);
    mhoi_free(&s->heap);
}

mho_status mhoi_bound_search(const mhoi_plan *plan, mhoi_path *best)
{
    search s = {.plan = plan, .best = best};
    double open = INFINITY; /* least bound of what was given up */
    mho_status status = allocate(&s);
    if (status == MHO_OK)
        status = push(&s, 0, s.candidates - 1, 0.0);
    while (status == MHO_OK && s.heaped > 0) {
        interval in = pop(&s);
        if (!(in.bound < best->cost_J * (1.0 - 1e-13)))
            break; /* the rest is no better */
        status = study(&s, in, &open);
    }
    best->bound_J = open < best->cost_J ? open : best->cost_J;
    release(&s);
    return status;
}
