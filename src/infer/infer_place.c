/* SPDX-License-Identifier: Apache-2.0 */
/* Where the values of a block are kept.
 *
 * A value lives from the step that makes it to the last one that reads it, and values that never live at once may
 * have the same place.  The steps of the head run again for every slice of the block: what they keep of the whole
 * block lives from the first step on. */
#include "base/alloc.h"
#include "infer/infer_impl.h"

/* A value that is or will be live: floats [at, at + size), steps [from, to]. */
typedef struct kept {
    size_t node, at, size, from, to;
} kept;

/* The whole block's value is there if a step after the head reads it, if it is the input or the output, or if every
 * value is wanted. */
static void choose_whole(infer_plan *plan, bool merge)
{
    plan->whole[0] = plan->whole[plan->net->nodes - 1] = true;
    for (size_t i = 0; i < plan->steps; ++i) {
        const infer_step *step = &plan->step[i];
        for (size_t k = 0; i >= plan->head && k < step->node->inputs; ++k)
            plan->whole[k ? step->node->input[k] : step->input] = true;
        if (i >= plan->head || !merge)
            plan->whole[step->output] = true;
    }
}

/* last[node]: the last step that reads it. */
static void find_last(const infer_plan *plan, bool merge, size_t *last)
{
    for (size_t i = 0; i < plan->steps; ++i) {
        const infer_step *step = &plan->step[i];
        last[step->output] = i;
        for (size_t k = 0; k < step->node->inputs; ++k)
            last[k ? step->node->input[k] : step->input] = i;
    }
    if (plan->head && last[0] < plan->head - 1)
        last[0] = plan->head - 1; /* every slice reads it again */
    last[plan->net->nodes - 1] = plan->steps;
    for (size_t i = 0; !merge && i < plan->net->nodes; ++i)
        last[i] = plan->steps;
}

static kept describe(const infer_plan *plan, size_t node, size_t step, const size_t *last)
{
    const size_t n = plan->whole[node] ? plan->block : plan->slice;
    const size_t floats = n * infer_elements(plan->net->node[node].out);
    const bool all_slices = plan->whole[node] && step < plan->head;
    /* Whole cache lines. */
    return (kept){.node = node,
                  .size = (floats + 15) / 16 * 16,
                  .from = all_slices ? 0 : step,
                  .to = last[node]};
}

/* The lowest place that none of the values which live at the same time has; `value` is sorted by `at`. */
static size_t find_place(const kept *value, size_t count, const kept *v)
{
    size_t at = 0;
    for (size_t i = 0; i < count; ++i) {
        const bool together = value[i].from <= v->to && v->from <= value[i].to;
        if (together && value[i].at < at + v->size && at < value[i].at + value[i].size)
            at = value[i].at + value[i].size;
    }
    return at;
}

static void insert(kept *value, size_t count, kept v)
{
    size_t i = count;
    for (; i > 0 && value[i - 1].at > v.at; --i)
        value[i] = value[i - 1];
    value[i] = v;
}

/* Drops what no step from `step` on can meet: nothing lives before it begins but the whole values of the head. */
static size_t drop_dead(kept *value, size_t count, size_t step, size_t head)
{
    size_t kept_on = 0;
    for (size_t i = 0; i < count; ++i)
        if (step <= head || value[i].to >= step)
            value[kept_on++] = value[i];
    return kept_on;
}

static size_t place_all(infer_plan *plan, const size_t *last, kept *value)
{
    size_t count = 0, floats = 0;
    for (size_t i = 0; i <= plan->steps; ++i) {
        const size_t node = i ? plan->step[i - 1].output : 0, step = i ? i - 1 : 0;
        kept v = describe(plan, node, step, last);
        count = drop_dead(value, count, step, plan->head);
        v.at = plan->offset[node] = find_place(value, count, &v);
        insert(value, count++, v);
        floats = v.at + v.size > floats ? v.at + v.size : floats;
    }
    return floats;
}

mho_status mhoi_infer_place(infer_plan *plan, bool merge)
{
    size_t *last = NULL;
    kept *value = NULL;
    mho_status s = mhoi_alloc(&last, plan->net->nodes, sizeof *last, "inference steps");
    if (s == MHO_OK)
        s = mhoi_alloc(&value, plan->steps + 1, sizeof *value, "inference steps");
    if (s == MHO_OK) {
        choose_whole(plan, merge);
        find_last(plan, merge, last);
        size_t at = place_all(plan, last, value);
        if (plan->lanes) {
            const size_t out = plan->step[plan->head - 1].output;
            plan->enter = at;
            at += MHOI_LANES * infer_elements(plan->net->node[0].out);
            plan->leave = at;
            at += MHOI_LANES * infer_elements(plan->net->node[out].out);
        }
        const size_t scratch = (plan->scratch + 63) / 64 * 16;
        plan->scratch = at;
        const size_t codes = (plan->codes + 15) / 16 * 16;
        plan->codes = at + scratch;
        plan->floats = plan->codes + codes;
    }
    mhoi_free(&last);
    mhoi_free(&value);
    return s;
}
