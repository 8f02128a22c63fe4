/* SPDX-License-Identifier: Apache-2.0 */
/* Level 3 for networks of any depth: branch and bound over R, the bytes left to stream weights.
 *
 * With W the weights of the network, Bw the buffer and u the streamed (not fixed) bytes, a schedule costs
 *     (maps and penalties of its moves) + e_rd u,      u >= W - Bw + R,
 * where each group streams at most R.  Over an interval of R the right side is bounded from below by
 * taking the largest R for what groups may stream and the smallest for what has to be streamed; what
 * remains is a shortest path that must collect `need` streamable bytes, solved by labels (cost,
 * collected) with a Lagrangian bound on the rest.  At a single R the subset sums decide
 * (docs/models/array.md eq. (9)-(12)). */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/parallel.h"
#include "array/labels.h"
#include "array/search.h"

typedef struct interval {
    size_t first, last; /* of the candidates: R rises */
    double bound;
} interval;

typedef struct search {
    const mhoi_plan *plan;
    mhoi_path *best;
    mhoi_labels l;
    bool *fixed;
    uint64_t *candidate; /* values of R at which something becomes possible or cheaper, rising */
    size_t candidates;
    interval *heap;
    size_t heaped, heap_room;
} search;

/* Prices the path in s->l.choice with R left for streaming; keeps it if it is the best. */
static mho_status try_path(search *s, uint64_t R, bool *possible)
{
    uint64_t streamed;
    *possible = R > 0 || mhoi_labels_need(&s->l, 0) == 0;
    if (!*possible)
        return MHO_OK;
    mho_status status = mhoi_subset_solve(s->plan, s->l.choice, s->l.choices, R,
                                          mhoi_labels_need(&s->l, R), s->fixed, &streamed);
    *possible = status == MHO_OK && streamed != UINT64_MAX;
    if (!*possible)
        return status;
    double e_rd_J = s->plan->options->e_rd_J, cost = (double)streamed * e_rd_J;
    for (size_t i = 0; i < s->l.choices; i++) {
        const mhoi_move *move = s->l.choice[i].move;
        cost += move->map_J;
        if (mhoi_move_single(move) && !s->fixed[move->k0])
            cost += R == 0 ? INFINITY : (double)mhoi_penalty_B(move, R) * e_rd_J;
    }
    if (!(cost < s->best->cost_J * (1.0 - 1e-13)))
        return MHO_OK;
    mhoi_path *best = s->best;
    best->cost_J = cost;
    best->R = s->plan->options->weight_B + streamed - s->plan->before[s->plan->layers];
    best->steps = s->l.choices;
    for (size_t i = 0; i < s->l.choices; i++)
        best->step[i] = s->l.choice[i].move;
    memcpy(best->fixed, s->fixed, s->plan->layers * sizeof *s->fixed);
    return MHO_OK;
}

static uint64_t path_cap(const search *s, uint64_t R)
{
    uint64_t cap = 0;
    for (size_t i = 0; i < s->l.choices; i++) {
        const mhoi_move *move = s->l.choice[i].move;
        if (mhoi_move_single(move))
            cap += s->l.choice[i].weights == MHOI_FIXED ? 0 : move->weight_B;
        else
            cap += mhoi_labels_cap(&s->l, move, R);
    }
    return cap;
}

/* Tries the path found for an interval at the smallest R of the interval where it can work. */
static mho_status improve(search *s, const interval *in)
{
    size_t low = in->first, high = in->last;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (path_cap(s, s->candidate[mid]) >= mhoi_labels_need(&s->l, s->candidate[mid]))
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

static mho_status push(search *s, size_t first, size_t last, double bound)
{
    mho_status status =
        mhoi_grow(&s->heap, &s->heap_room, s->heaped, sizeof *s->heap, "schedule intervals");
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
    s->l.R = s->candidate[in.last];
    s->l.need = mhoi_labels_need(&s->l, s->candidate[in.first]);
    double maps = mhoi_labels_relax(&s->l);
    if (!mhoi_labels_useful(&s->l, maps))
        return MHO_OK;
    mho_status status = mhoi_labels_cheapest(&s->l, &maps);
    if (status != MHO_OK || maps == INFINITY)
        return status;
    double bound = maps + (double)s->l.need * s->plan->options->e_rd_J;
    status = improve(s, &in);
    if (status != MHO_OK || !mhoi_labels_useful(&s->l, maps))
        return status;
    if (in.first == in.last) { /* its best path had no fitting subset sums: look at all */
        bool found, possible;
        status = mhoi_labels_exact(&s->l, &found);
        if (status == MHO_OK && found)
            status = try_path(s, s->l.R, &possible);
        if (s->l.tried >= MHOI_TRIED_MAX && bound < *open)
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
    mho_status status = mhoi_alloc(&seen, s->l.words + 1, sizeof *seen, "schedule candidates");
    if (status != MHO_OK)
        return status;
    for (size_t r = 0; r < rows; r++)
        for (size_t w = 0; w < s->l.words; w++)
            seen[w] |= s->l.group[r * s->l.words + w];
    seen[0] |= 3; /* nothing to stream, and the least */
    for (size_t i = 0; i < plan->moves; i++) {
        const mhoi_move *move = &plan->move[i];
        for (uint64_t q = 1; mhoi_move_single(move) && move->input_B > 0; q++) {
            uint64_t R = (move->weight_B + q - 1) / q;
            uint64_t at = R > offset ? (R - offset + unit - 1) / unit : 0;
            if (at < s->l.words * 64)
                seen[at / 64] |= (uint64_t)1 << (at % 64);
            if (move->nf <= 1 || R <= unit || move->input_B * q >= move->weight_B * (move->nf - 1))
                break;
        }
    }
    size_t count = 0;
    for (size_t w = 0; w <= s->l.words; w++)
        count += (size_t)__builtin_popcountll(seen[w]);
    status = mhoi_alloc(&s->candidate, count, sizeof *s->candidate, "schedule candidates");
    for (size_t b = 0; b < s->l.words * 64 && status == MHO_OK; b++)
        if (seen[b / 64] >> (b % 64) & 1 && offset + b * unit <= have)
            s->candidate[s->candidates++] = offset + b * unit;
    mhoi_free(&seen);
    return status;
}

enum { GROUP_WORDS_MAX = 1 << 26 }; /* half a gigabyte */

/* Numbers the groups, in order of the first layer, then of the last: row[k1] of one k0. */
static void number_groups(search *s, size_t k0, size_t *row, size_t *rows)
{
    const mhoi_plan *plan = s->plan;
    size_t first = plan->start[mhoi_place(k0, 0)], end = first;
    for (unsigned m = 0; m < 1u << plan->lives[k0]; m++)
        if (plan->end[mhoi_place(k0, m)] > end)
            end = plan->end[mhoi_place(k0, m)];
    for (size_t i = first; i < end; i++)
        if (!mhoi_move_single(&plan->move[i]))
            row[plan->move[i].k1] = 1;
    for (size_t k1 = k0 + 1; k1 <= plan->layers; k1++)
        if (row[k1])
            row[k1] = ++*rows;
    for (size_t i = first; i < end; i++)
        s->l.group_of[i] =
            mhoi_move_single(&plan->move[i]) ? 0 : (uint32_t)(row[plan->move[i].k1] - 1);
}

/* Sums of the groups from k0: each holds the sums of the one before it. */
static void sum_groups(search *s, size_t k0, const size_t *row, size_t bits)
{
    uint64_t *before = NULL;
    size_t from = k0;
    for (size_t k1 = k0 + 1; k1 <= s->plan->layers; k1++) {
        if (!row[k1])
            continue;
        uint64_t *sums = s->l.group + (row[k1] - 1) * s->l.words;
        if (before)
            memcpy(sums, before, s->l.words * sizeof *sums);
        else
            sums[0] = 1;
        mhoi_subset_add(s->plan, from, k1, sums, bits);
        before = sums;
        from = k1;
    }
}

/* Rows of s->l.group: for every group the sums of its layers. */
static mho_status fill_groups(search *s)
{
    const mhoi_plan *plan = s->plan;
    size_t *row; /* [layers + 1] from 1, of the groups of one first layer */
    size_t n = plan->layers, rows = 0;
    mho_status status = mhoi_alloc(&row, n + 1, sizeof *row, "groups");
    if (status != MHO_OK)
        return status;
    size_t bits = (size_t)(plan->options->weight_B / plan->unit_B) + 1;
    s->l.words = (bits + 63) / 64;
    for (size_t k0 = 0; k0 < n; k0++) {
        memset(row, 0, (n + 1) * sizeof *row);
        number_groups(s, k0, row, &rows);
    }
    if (rows > GROUP_WORDS_MAX / s->l.words)
        status =
            mho_error(MHO_ENOTMODELED,
                      "%s: %zu groups of layers with %zu sums of weights each are too many for "
                      "an exact schedule (larger I/O buffers leave fewer; level 2 fixes none)",
                      plan->work->name, rows, bits);
    if (status == MHO_OK)
        status =
            mhoi_alloc(&s->l.group, rows * s->l.words, sizeof *s->l.group, "subset sums of groups");
    size_t again = 0;
    for (size_t k0 = 0; k0 < n && status == MHO_OK; k0++) {
        memset(row, 0, (n + 1) * sizeof *row);
        number_groups(s, k0, row, &again);
        sum_groups(s, k0, row, bits);
        status = mhoi_interruption();
    }
    mhoi_free(&row);
    return status == MHO_OK ? fill_candidates(s, rows) : status;
}

static mho_status allocate(search *s)
{
    mho_status status = mhoi_labels_alloc(&s->l);
    if (status == MHO_OK)
        status = mhoi_alloc(&s->l.group_of, s->plan->moves, sizeof *s->l.group_of, "groups");
    if (status == MHO_OK)
        status = fill_groups(s);
    if (status == MHO_OK)
        status = mhoi_alloc(&s->fixed, s->plan->layers, sizeof *s->fixed, "fixed layers");
    return status;
}

static void release(search *s)
{
    mhoi_labels_free(&s->l);
    mhoi_free(&s->fixed);
    mhoi_free(&s->candidate);
    mhoi_free(&s->heap);
}

mho_status mhoi_bound_search(const mhoi_plan *plan, mhoi_path *best)
{
    search s = {.plan = plan, .best = best, .l = {.plan = plan, .best = best}};
    double open = INFINITY; /* least bound of what was given up */
    mho_status status = allocate(&s);
    if (status == MHO_OK)
        status = push(&s, 0, s.candidates - 1, 0.0);
    for (uint64_t studied = 0; status == MHO_OK && s.heaped > 0; studied++) {
        interval in = pop(&s);
        mhoi_progress("schedule", studied, studied + s.heaped + 1, "intervals");
        if (!(in.bound < best->cost_J * (1.0 - 1e-13)))
            break; /* the rest is no better */
        status = study(&s, in, &open);
    }
    best->bound_J = open < best->cost_J ? open : best->cost_J;
    release(&s);
    return status;
}
