/* SPDX-License-Identifier: Apache-2.0 */
#include "array/moves.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/parallel.h"

/* Maps produced before k and read at or after it: map by map, so that they stand in the order of the
 * tensors at every boundary. */
static mho_status find_live(mhoi_plan *plan)
{
    const mho_workload *work = plan->work;
    for (size_t t = 0; t < work->tensors; t++) {
        const mho_work_map *x = &work->tensor[t];
        size_t first = x->producer == MHO_WORK_INPUT ? 0 : x->producer + 1;
        for (size_t k = first; x->last_use != MHO_WORK_INPUT && k <= x->last_use; k++) {
            if (plan->lives[k] == MHOI_LIVE)
                return mho_error(MHO_ENOTMODELED, "%s: more than %d feature maps alive before %s",
                                 work->name, MHOI_LIVE, work->layer[k].name);
            plan->live[k * MHOI_LIVE + plan->lives[k]++] = t;
        }
    }
    return MHO_OK;
}

static uint64_t kept_B(const mhoi_plan *plan, size_t k, unsigned mask)
{
    uint64_t sum = 0;
    for (size_t b = 0; b < plan->lives[k]; b++)
        if (mask >> b & 1)
            sum += plan->work->tensor[plan->live[k * MHOI_LIVE + b]].bytes;
    return sum;
}

/* -1: not alive at k; 0: in DDR; 1: kept. */
static int status_at(const mhoi_plan *plan, size_t k, unsigned mask, size_t tensor)
{
    for (size_t b = 0; b < plan->lives[k]; b++)
        if (plan->live[k * MHOI_LIVE + b] == tensor)
            return (int)(mask >> b & 1);
    return -1;
}

static bool reads(const mho_work_layer *layer, size_t tensor)
{
    bool found = layer->input == tensor;
    for (size_t e = 0; e < layer->extras; e++)
        found |= layer->extra[e] == tensor;
    return found;
}

static bool reads_between(const mhoi_plan *plan, size_t k0, size_t k1, size_t tensor)
{
    for (size_t l = k0; l < k1; l++)
        if (reads(&plan->work->layer[l], tensor))
            return true;
    return false;
}

/* Of the maps alive at k1, as bits: those kept at (k0, m0), those in DDR there, and of the latter those that no layer
 * between reads. */
typedef struct crossing {
    unsigned kept, away, unread;
} crossing;

static crossing crossing_of(const mhoi_plan *plan, size_t k0, unsigned m0, size_t k1)
{
    crossing c = {0};
    for (size_t b = 0; b < plan->lives[k1]; b++) {
        size_t t = plan->live[k1 * MHOI_LIVE + b];
        int before = status_at(plan, k0, m0, t);
        c.kept |= (unsigned)(before == 1) << b;
        c.away |= (unsigned)(before == 0) << b;
        c.unread |= (unsigned)(before == 0 && !reads_between(plan, k0, k1, t)) << b;
    }
    return c;
}

/* May the maps alive after the step have the statuses of m1?  A map kept before stays kept; a map in DDR
 * becomes kept only if this step reads it (whole: a single layer in one piece). */
static bool consistent(const crossing *c, const mhoi_move *move)
{
    const bool in_pieces = mhoi_move_single(move) && move->nf > 1;
    return !(c->kept & ~(unsigned)move->m1) && !((in_pieces ? c->away : c->unread) & move->m1);
}

/* Rows that neighbouring pieces of the input share, once for each cut. */
static uint64_t halo_B(const mhoi_plan *plan, const mho_work_layer *layer, uint64_t pieces)
{
    if (!plan->options->halo || layer->kh <= layer->stride_h)
        return 0;
    return (pieces - 1) * (layer->kh - layer->stride_h) * layer->w_in * layer->c_in *
           plan->work->batch;
}

static void single_input(const mhoi_plan *plan, mhoi_move *move)
{
    const mho_work_layer *layer = &plan->work->layer[move->k0];
    move->nf = 1;
    if (status_at(plan, move->k0, move->m0, layer->input) != 0)
        return;
    uint64_t bytes = plan->work->tensor[layer->input].bytes;
    uint64_t room = plan->options->io_B - kept_B(plan, move->k0, move->m0);
    if (room == 0) {
        move->nf = 0; /* impossible */
        return;
    }
    move->nf = (bytes + room - 1) / room;
    move->input_B = bytes + halo_B(plan, layer, move->nf);
}

/* Each map that comes from outside is read once, each that leaves and is not kept is written once. */
static void map_traffic(const mhoi_plan *plan, mhoi_move *move)
{
    const mho_workload *work = plan->work;
    bool single = mhoi_move_single(move);
    for (size_t b = 0; b < plan->lives[move->k0]; b++) {
        size_t t = plan->live[move->k0 * MHOI_LIVE + b];
        if (!(move->m0 >> b & 1) && reads_between(plan, move->k0, move->k1, t))
            move->rd_B +=
                single && work->layer[move->k0].input == t ? move->input_B : work->tensor[t].bytes;
    }
    move->wr_B += plan->out_B[move->k1] - plan->out_B[move->k0];
    for (size_t b = 0; b < plan->lives[move->k1]; b++) {
        const mho_work_map *x = &work->tensor[plan->live[move->k1 * MHOI_LIVE + b]];
        const bool made =
            x->producer != MHO_WORK_INPUT && x->producer >= move->k0 && x->producer < move->k1;
        if (made && x->last_use != MHO_WORK_INPUT && !(move->m1 >> b & 1))
            move->wr_B += x->bytes;
    }
    move->map_J =
        (double)move->rd_B * plan->options->e_rd_J + (double)move->wr_B * plan->options->e_wr_J;
}

static mho_status push(mhoi_plan *plan, const mhoi_move *move)
{
    mho_status s =
        mhoi_grow(&plan->move, &plan->room, plan->moves, sizeof *plan->move, "schedule moves");
    if (s)
        return s;
    plan->move[plan->moves++] = *move;
    plan->end[mhoi_place(move->k0, move->m0)] = plan->moves;
    return MHO_OK;
}

/* Can never read anything again: its input is kept, or comes in one piece. */
static bool no_penalty(const mhoi_move *move)
{
    return !mhoi_move_single(move) || move->input_B == 0 || move->nf <= 1;
}

/* Moves of a place rise in k1, then in m1. */
static const mhoi_move *find_move(const mhoi_plan *plan, size_t k0, unsigned m0, size_t k1,
                                  unsigned m1)
{
    size_t low = plan->start[mhoi_place(k0, m0)], high = plan->end[mhoi_place(k0, m0)];
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        const mhoi_move *move = &plan->move[mid];
        if (move->k1 < k1 || (move->k1 == k1 && move->m1 < m1))
            low = mid + 1;
        else
            high = mid;
    }
    const mhoi_move *move = &plan->move[low];
    bool found = low < plan->end[mhoi_place(k0, m0)] && move->k1 == k1 && move->m1 == m1;
    return found ? move : NULL;
}

/* Two steps that move no more than the group are at least as good: each may stream R by itself. */
static bool splits(const mhoi_plan *plan, const mhoi_move *group)
{
    if (plan->next_kept[group->k0 + 1] >= group->k1)
        return false; /* whatever is cut is written and read again */
    for (size_t i = plan->start[mhoi_place(group->k0, group->m0)]; i < plan->moves; i++) {
        const mhoi_move *first = &plan->move[i];
        if (!no_penalty(first) || first->rd_B > group->rd_B || first->wr_B > group->wr_B)
            continue;
        const mhoi_move *second = find_move(plan, first->k1, first->m1, group->k1, group->m1);
        if (second && no_penalty(second) && first->rd_B + second->rd_B <= group->rd_B &&
            first->wr_B + second->wr_B <= group->wr_B)
            return true;
    }
    return false;
}

/* From its production on the map and all others alive fit: it is kept. */
static bool always_fits(const mhoi_plan *plan, size_t t)
{
    const mho_work_map *x = &plan->work->tensor[t];
    return x->producer != MHO_WORK_INPUT &&
           plan->tight[x->last_use + 1] == plan->tight[x->producer + 1];
}

/* A map that always fits is never worth spilling. */
static bool worth_while(const mhoi_plan *plan, size_t k, unsigned mask)
{
    for (size_t b = 0; b < plan->lives[k]; b++)
        if (!(mask >> b & 1) && always_fits(plan, plan->live[k * MHOI_LIVE + b]))
            return false;
    return kept_B(plan, k, mask) <= plan->options->io_B;
}

/* Whether every group from (k0, m0) that goes on beyond k is no better than one step to k and another from
 * there: all maps alive at k fit the buffer, so those that cross it are kept at no cost.  A map that the
 * first step has at hand, and that two later layers read, may have to be in DDR between them: it must be
 * one that always fits. */
static bool is_cut(const mhoi_plan *plan, size_t k0, unsigned m0, size_t k, uint64_t pieces)
{
    if (plan->live_B[k] > plan->options->io_B || (k == k0 + 1 && pieces != 1))
        return false;
    for (size_t b = 0; b < plan->lives[k]; b++) {
        size_t t = plan->live[k * MHOI_LIVE + b], before_last = plan->use_before_last[t];
        int before = status_at(plan, k0, m0, t);
        bool once = before_last == MHO_WORK_INPUT || before_last < k;
        if (before == 1 || once || (before == 0 && !reads_between(plan, k0, k, t)))
            continue;
        if (before == 0 || !always_fits(plan, t))
            return false;
    }
    return true;
}

enum { MOVES_MAX = 1 << 21 };

static mho_status add_move(mhoi_plan *plan, mhoi_move *move)
{
    map_traffic(plan, move);
    if (!mhoi_move_single(move) && splits(plan, move))
        return MHO_OK;
    if (plan->moves == MOVES_MAX)
        return mho_error(
            MHO_ENOTMODELED,
            "%s: more than %d ways to fuse its %zu layers with I/O buffers of %llu bytes "
            "(larger ones leave fewer; level 1 fuses none)",
            plan->work->name, MOVES_MAX, plan->layers, (unsigned long long)plan->options->io_B);
    return push(plan, move);
}

static mho_status add_moves(mhoi_plan *plan, size_t k0, unsigned m0)
{
    size_t end = plan->options->level >= 2 ? plan->layers : k0 + 1;
    uint64_t pieces = 1;
    for (size_t k1 = k0 + 1; k1 <= end; k1++) {
        uint64_t weight_B = plan->before[k1] - plan->before[k0];
        if (k1 > k0 + 1 && weight_B > plan->options->weight_B)
            return MHO_OK;
        const crossing c = crossing_of(plan, k0, m0, k1);
        for (unsigned m1 = 0; m1 < 1u << plan->lives[k1]; m1++) {
            mhoi_move move = {.k0 = (uint32_t)k0,
                              .k1 = (uint32_t)k1,
                              .m0 = (uint8_t)m0,
                              .m1 = (uint8_t)m1,
                              .weight_B = weight_B,
                              .nf = 1};
            if (mhoi_move_single(&move)) {
                single_input(plan, &move);
                pieces = move.nf;
            }
            if (move.nf == 0 || !consistent(&c, &move) || !worth_while(plan, k1, m1))
                continue;
            mho_status s = add_move(plan, &move);
            if (s != MHO_OK)
                return s;
        }
        if (is_cut(plan, k0, m0, k1, pieces))
            return MHO_OK;
    }
    return MHO_OK;
}

static void find_uses(mhoi_plan *plan)
{
    const mho_workload *work = plan->work;
    for (size_t t = 0; t < work->tensors; t++)
        plan->use_before_last[t] = MHO_WORK_INPUT;
    for (size_t l = 0; l < plan->layers; l++) {
        const mho_work_layer *layer = &work->layer[l];
        if (work->tensor[layer->input].last_use != l)
            plan->use_before_last[layer->input] = l;
        for (size_t e = 0; e < layer->extras; e++)
            if (work->tensor[layer->extra[e]].last_use != l)
                plan->use_before_last[layer->extra[e]] = l;
    }
}

/* What fits at each boundary. */
static void find_room(mhoi_plan *plan)
{
    size_t n = plan->layers;
    uint64_t io_B = plan->options->io_B;
    plan->next_kept[n + 1] = n + 1;
    for (size_t k = n + 1; k-- > 0;) {
        plan->next_kept[k] = plan->next_kept[k + 1];
        for (size_t b = 0; b < plan->lives[k]; b++) {
            uint64_t bytes = plan->work->tensor[plan->live[k * MHOI_LIVE + b]].bytes;
            plan->live_B[k] += bytes;
            if (bytes <= io_B)
                plan->next_kept[k] = k;
        }
    }
    for (size_t k = 0; k <= n; k++)
        plan->tight[k + 1] = plan->tight[k] + (plan->live_B[k] > io_B);
}

static mho_status allocate(mhoi_plan *plan)
{
    size_t n = plan->layers;
    mho_status s = mhoi_alloc(&plan->live, (n + 1) * MHOI_LIVE, sizeof *plan->live, "live maps");
    if (s == MHO_OK)
        s = mhoi_alloc(&plan->lives, n + 1, sizeof *plan->lives, "live maps");
    if (s == MHO_OK)
        s = mhoi_alloc(&plan->live_B, n + 1, sizeof *plan->live_B, "live maps");
    if (s == MHO_OK)
        s = mhoi_alloc(&plan->tight, n + 2, sizeof *plan->tight, "live maps");
    if (s == MHO_OK)
        s = mhoi_alloc(&plan->next_kept, n + 2, sizeof *plan->next_kept, "live maps");
    if (s == MHO_OK)
        s = mhoi_alloc(&plan->use_before_last, plan->work->tensors, sizeof *plan->use_before_last,
                       "readers");
    if (s == MHO_OK)
        s = mhoi_alloc(&plan->before, n + 1, sizeof *plan->before, "weight sums");
    if (s == MHO_OK)
        s = mhoi_alloc(&plan->out_B, n + 1, sizeof *plan->out_B, "output sums");
    if (s == MHO_OK)
        s = mhoi_alloc(&plan->start, (n + 1) * MHOI_MASKS, sizeof *plan->start, "places");
    if (s == MHO_OK)
        s = mhoi_alloc(&plan->end, (n + 1) * MHOI_MASKS, sizeof *plan->end, "places");
    return s;
}

static mho_status fill(mhoi_plan *plan)
{
    size_t n = plan->layers;
    mho_status s = allocate(plan);
    if (s == MHO_OK)
        s = find_live(plan);
    if (s != MHO_OK)
        return s;
    find_uses(plan);
    find_room(plan);
    for (size_t k = 0; k < n; k++) {
        const mho_work_map *made = &plan->work->tensor[plan->work->layer[k].output];
        plan->before[k + 1] = plan->before[k] + plan->work->layer[k].weight_B;
        plan->out_B[k + 1] = plan->out_B[k] + (made->last_use == MHO_WORK_INPUT ? made->bytes : 0);
        plan->unit_B = mhoi_gcd(plan->unit_B, plan->work->layer[k].weight_B);
    }
    for (size_t k = n; k-- > 0;) { /* from the end: splits() looks at later places */
        if ((s = mhoi_interruption()) != MHO_OK)
            return s;
        for (unsigned m = 0; m < 1u << plan->lives[k]; m++) {
            size_t place = mhoi_place(k, m);
            plan->start[place] = plan->end[place] = plan->moves;
            if (worth_while(plan, k, m) && (s = add_moves(plan, k, m)) != MHO_OK)
                return s;
        }
    }
    return MHO_OK;
}

mho_status mhoi_plan_create(const mho_workload *work, const mho_schedule_options *options,
                            mhoi_plan **out)
{
    *out = NULL;
    if (options->io_B == 0 || options->weight_B == 0)
        return mho_error(MHO_EDOMAIN, "buffers of %llu and %llu bytes, want at least 1",
                         (unsigned long long)options->io_B, (unsigned long long)options->weight_B);
    if (options->level < 1 || options->level > 3)
        return mho_error(MHO_EDOMAIN, "level = %d, want 1..3", options->level);
    mhoi_plan *plan;
    mho_status s = mhoi_alloc(&plan, 1, sizeof *plan, "schedule plan");
    if (s != MHO_OK)
        return s;
    plan->work = work;
    plan->options = options;
    plan->layers = work->layers;
    s = fill(plan);
    if (s != MHO_OK)
        mhoi_plan_destroy(plan);
    else
        *out = plan;
    return s;
}

void mhoi_plan_destroy(mhoi_plan *plan)
{
    if (!plan)
        return;
    mhoi_free(&plan->live);
    mhoi_free(&plan->lives);
    mhoi_free(&plan->live_B);
    mhoi_free(&plan->tight);
    mhoi_free(&plan->next_kept);
    mhoi_free(&plan->use_before_last);
    mhoi_free(&plan->before);
    mhoi_free(&plan->out_B);
    mhoi_free(&plan->start);
    mhoi_free(&plan->end);
    mhoi_free(&plan->move);
    mhoi_free(&plan);
}

mho_status mhoi_path_create(size_t layers, mhoi_path *path)
{
    *path = (mhoi_path){.cost_J = INFINITY};
    mho_status s = mhoi_alloc(&path->step, layers, sizeof *path->step, "schedule path");
    if (s == MHO_OK)
        s = mhoi_alloc(&path->fixed, layers, sizeof *path->fixed, "fixed layers");
    if (s != MHO_OK)
        mhoi_path_free(path);
    return s;
}

void mhoi_path_free(mhoi_path *path)
{
    mhoi_free(&path->step);
    mhoi_free(&path->fixed);
}
