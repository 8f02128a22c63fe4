/* SPDX-License-Identifier: Apache-2.0 */
/* Shortest path for a given set of fixed layers, and the paper's pruned tree over those sets
 * (`buffer` Section 4.3): exact, exponential in the number of layers. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/parallel.h"
#include "array/moves.h"
#include "array/search.h"

static double move_cost(const mhoi_plan *plan, const mhoi_move *move, const uint64_t *streamed,
                        uint64_t R)
{
    uint64_t weights = streamed[move->k1] - streamed[move->k0];
    if (weights == 0)
        return move->map_J;
    if (mhoi_move_single(move))
        return R == 0 ? INFINITY
                      : move->map_J +
                            (double)(weights + mhoi_penalty_B(move, R)) * plan->options->e_rd_J;
    return weights > R ? INFINITY : move->map_J + (double)weights * plan->options->e_rd_J;
}

double mhoi_cheapest(const mhoi_plan *plan, const uint64_t *streamed, uint64_t R, double *cost,
                     const mhoi_move **via)
{
    size_t n = plan->layers;
    for (size_t k = 0; k <= n; k++)
        for (unsigned m = 0; m < 1u << plan->lives[k]; m++)
            cost[mhoi_place(k, m)] = INFINITY;
    cost[mhoi_place(0, 0)] = 0.0;
    for (size_t k = 0; k < n; k++)
        for (unsigned m = 0; m < 1u << plan->lives[k]; m++) {
            size_t from = mhoi_place(k, m);
            if (cost[from] == INFINITY)
                continue;
            for (size_t i = plan->start[from]; i < plan->end[from]; i++) {
                const mhoi_move *move = &plan->move[i];
                double c = cost[from] + move_cost(plan, move, streamed, R);
                size_t to = mhoi_place(move->k1, move->m1);
                if (c < cost[to]) {
                    cost[to] = c;
                    via[to] = move;
                }
            }
        }
    return cost[mhoi_place(n, 0)];
}

void mhoi_path_follow(const mhoi_plan *plan, const mhoi_move *const *via, mhoi_path *path)
{
    path->steps = 0;
    for (size_t at = mhoi_place(plan->layers, 0); at != mhoi_place(0, 0);) {
        const mhoi_move *move = via[at];
        path->step[path->steps++] = move;
        at = mhoi_place(move->k0, move->m0);
    }
    for (size_t i = 0; i < path->steps / 2; i++) {
        const mhoi_move *swap = path->step[i];
        path->step[i] = path->step[path->steps - 1 - i];
        path->step[path->steps - 1 - i] = swap;
    }
}

typedef struct tree {
    const mhoi_plan *plan;
    double *cost;
    const mhoi_move **via;
    uint64_t *streamed; /* [layers + 1] */
    bool *fixed;        /* [layers] of the branch under way */
    mhoi_path *best;
} tree;

static void leaf(tree *t, uint64_t fixed_B)
{
    uint64_t R = t->plan->options->weight_B - fixed_B;
    double cost = mhoi_cheapest(t->plan, t->streamed, R, t->cost, t->via);
    if (!(cost < t->best->cost_J * (1.0 - 1e-12)))
        return;
    t->best->cost_J = t->best->bound_J = cost;
    t->best->R = R;
    memcpy(t->best->fixed, t->fixed, t->plan->layers * sizeof *t->fixed);
    mhoi_path_follow(t->plan, t->via, t->best);
}

static mho_status branch(tree *t, size_t k, uint64_t fixed_B)
{
    if (k == t->plan->layers) {
        leaf(t, fixed_B);
        return mhoi_interruption();
    }
    uint64_t weight_B = t->plan->work->layer[k].weight_B;
    if (t->plan->options->level == 3 && fixed_B + weight_B <= t->plan->options->weight_B) {
        t->fixed[k] = true;
        t->streamed[k + 1] = t->streamed[k];
        mho_status s = branch(t, k + 1, fixed_B + weight_B);
        if (s != MHO_OK)
            return s;
    }
    t->fixed[k] = false;
    t->streamed[k + 1] = t->streamed[k] + weight_B;
    return branch(t, k + 1, fixed_B);
}

mho_status mhoi_tree_search(const mhoi_plan *plan, mhoi_path *best)
{
    tree t = {.plan = plan, .best = best};
    size_t places = (plan->layers + 1) * MHOI_MASKS;
    mho_status s = mhoi_alloc(&t.cost, places, sizeof *t.cost, "schedule places");
    if (s == MHO_OK)
        s = mhoi_alloc(&t.via, places, sizeof *t.via, "schedule places");
    if (s == MHO_OK)
        s = mhoi_alloc(&t.streamed, plan->layers + 1, sizeof *t.streamed, "schedule sums");
    if (s == MHO_OK)
        s = mhoi_alloc(&t.fixed, plan->layers, sizeof *t.fixed, "fixed layers");
    if (s == MHO_OK)
        s = branch(&t, 0, 0);
    mhoi_free(&t.cost);
    mhoi_free(&t.via);
    mhoi_free(&t.streamed);
    mhoi_free(&t.fixed);
    return s;
}
