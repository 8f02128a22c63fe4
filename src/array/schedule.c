/* SPDX-License-Identifier: Apache-2.0 */
/* Searches and their result: steps with their traffic. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "array/moves.h"
#include "array/search.h"

static void fill_step(const mhoi_plan *plan, const mhoi_path *path, const mhoi_move *move,
                      mho_step *step)
{
    *step = (mho_step){.first = move->k0, .last = move->k1 - 1, .nw = 1, .nf = move->nf};
    step->rd_map_B = move->rd_B;
    step->wr_map_B = move->wr_B;
    for (size_t l = move->k0; l < move->k1; l++)
        if (!path->fixed[l])
            step->streamed_B += plan->work->layer[l].weight_B;
    step->rd_weight_B = step->streamed_B;
    if (!mhoi_move_single(move) || step->streamed_B == 0)
        return;
    step->nw = (move->weight_B + path->R - 1) / path->R;
    uint64_t more = mhoi_penalty_B(move, path->R);
    step->reuse_maps = more > 0 && more == move->weight_B * (move->nf - 1);
    if (step->reuse_maps)
        step->rd_weight_B += more;
    else
        step->rd_map_B += more;
}

static void mark_kept(const mhoi_plan *plan, const mhoi_move *move, bool *kept)
{
    for (size_t b = 0; b < plan->lives[move->k1]; b++)
        if (move->m1 >> b & 1)
            kept[plan->live[move->k1 * MHOI_LIVE + b]] = true;
}

static mho_status allocate(const mhoi_plan *plan, size_t steps, mho_schedule **out)
{
    mho_schedule *schedule;
    mho_status s = mhoi_alloc(&schedule, 1, sizeof *schedule, "schedule");
    if (s != MHO_OK)
        return s;
    s = mhoi_alloc(&schedule->step, steps, sizeof *schedule->step, "schedule steps");
    if (s == MHO_OK)
        s = mhoi_alloc(&schedule->fixed, plan->layers, sizeof *schedule->fixed, "fixed layers");
    if (s == MHO_OK)
        s = mhoi_alloc(&schedule->kept, plan->work->tensors, sizeof *schedule->kept, "kept maps");
    if (s != MHO_OK)
        mho_schedule_destroy(schedule);
    else
        *out = schedule;
    return s;
}

mho_status mhoi_schedule_from_path(const mhoi_plan *plan, const mhoi_path *path, mho_schedule **out)
{
    if (path->steps == 0)
        return mho_error(MHO_EDOMAIN, "%s: no schedule with buffers of %llu and %llu bytes",
                         plan->work->name, (unsigned long long)plan->options->io_B,
                         (unsigned long long)plan->options->weight_B);
    mho_schedule *schedule;
    mho_status s = allocate(plan, path->steps, &schedule);
    if (s != MHO_OK)
        return s;
    memcpy(schedule->fixed, path->fixed, plan->layers * sizeof *path->fixed);
    for (size_t l = 0; l < plan->layers; l++)
        schedule->fixed_B += path->fixed[l] ? plan->work->layer[l].weight_B : 0;
    schedule->steps = path->steps;
    for (size_t i = 0; i < path->steps; i++) {
        mho_step *step = &schedule->step[i];
        fill_step(plan, path, path->step[i], step);
        mark_kept(plan, path->step[i], schedule->kept);
        schedule->rd_weight_B += step->rd_weight_B;
        schedule->rd_map_B += step->rd_map_B;
        schedule->wr_B += step->wr_map_B;
    }
    schedule->energy_J =
        (double)(schedule->rd_weight_B + schedule->rd_map_B) * plan->options->e_rd_J +
        (double)schedule->wr_B * plan->options->e_wr_J;
    schedule->optimal = path->bound_J >= path->cost_J * (1.0 - 1e-12);
    schedule->bound_J = schedule->optimal ? schedule->energy_J : path->bound_J;
    *out = schedule;
    return MHO_OK;
}

static mho_status search(const mho_workload *work, const mho_schedule_options *options,
                         mhoi_search_fn *method, mho_schedule **out)
{
    *out = NULL;
    mhoi_plan *plan;
    mho_status s = mhoi_plan_create(work, options, &plan);
    if (s != MHO_OK)
        return s;
    mhoi_path path;
    s = mhoi_path_create(plan->layers, &path);
    if (s == MHO_OK)
        s = method(plan, &path);
    if (s == MHO_OK)
        s = mhoi_schedule_from_path(plan, &path, out);
    mhoi_path_free(&path);
    mhoi_plan_destroy(plan);
    return s;
}

/* Up to here the tree is faster than branch and bound. */
enum { TREE_FAST = 9, TREE_MAX = 20 };

mho_status mho_schedule_search(const mho_workload *work, const mho_schedule_options *options,
                               mho_schedule **out)
{
    bool tree = options->level < 3 || work->layers <= TREE_FAST;
    return search(work, options, tree ? mhoi_tree_search : mhoi_bound_search, out);
}

mho_status mho_schedule_tree(const mho_workload *work, const mho_schedule_options *options,
                             mho_schedule **out)
{
    *out = NULL;
    if (options->level == 3 && work->layers > TREE_MAX)
        return mho_error(MHO_EDOMAIN, "%s: %zu layers, the tree takes at most %d", work->name,
                         work->layers, TREE_MAX);
    return search(work, options, mhoi_tree_search, out);
}

mho_status mho_schedule_bound(const mho_workload *work, const mho_schedule_options *options,
                              mho_schedule **out)
{
    return search(work, options, options->level < 3 ? mhoi_tree_search : mhoi_bound_search, out);
}

void mho_schedule_destroy(mho_schedule *schedule)
{
    if (!schedule)
        return;
    mhoi_free(&schedule->step);
    mhoi_free(&schedule->fixed);
    mhoi_free(&schedule->kept);
    mhoi_free(&schedule);
}
