/* SPDX-License-Identifier: Apache-2.0 */
/* Sums are bit sets in units of the plan's greatest common divisor.  Items are single layers that may
 * be fixed or streamed, and groups that stream some of their layers but no more than R.  Instead of the
 * streamed bytes of an item its deficit (the most it can stream, less what it does) is combined over the
 * items: the deficits together may take `slack` = (the most of all) - need, and the nearer they come to
 * it, the cheaper. */
#include "array/subset.h"

#include <string.h>

#include "base/alloc.h"
#include "base/parallel.h"

#define BITS_MAX ((uint64_t)1 << 28)
enum { QUICK = 24 }; /* deficits of a group tried first */

static size_t words(size_t count)
{
    return (count + 63) / 64;
}

static bool get(const uint64_t *word, size_t i)
{
    return word[i / 64] >> (i % 64) & 1;
}

/* into |= from << shift, both of `count` bits; into may be from. */
static void or_shifted(uint64_t *into, const uint64_t *from, size_t shift, size_t count)
{
    size_t n = words(count), skip = shift / 64, rest = shift % 64;
    for (size_t i = n; i-- > skip;) {
        uint64_t w = from[i - skip] << rest;
        if (rest && i > skip)
            w |= from[i - skip - 1] >> (64 - rest);
        into[i] |= w;
    }
    if (count % 64)
        into[n - 1] &= ~(uint64_t)0 >> (64 - count % 64);
}

static mho_status bits_alloc(uint64_t **word, size_t count)
{
    if (count > BITS_MAX)
        return mho_error(MHO_ENOTMODELED, "%zu subset sums are too many for an exact schedule",
                         count);
    return mhoi_alloc(word, words(count), sizeof **word, "subset sums");
}

mho_status mhoi_subset_all(const mhoi_plan *plan, uint64_t **sums, size_t *count)
{
    *count = (size_t)(plan->before[plan->layers] / plan->unit_B) + 1;
    mho_status status = bits_alloc(sums, *count);
    if (status != MHO_OK)
        return status;
    mhoi_subset_range(plan, 0, plan->layers, *sums, *count);
    return MHO_OK;
}

void mhoi_subset_range(const mhoi_plan *plan, size_t k0, size_t k1, uint64_t *sums, size_t bits)
{
    sums[0] = 1;
    mhoi_subset_add(plan, k0, k1, sums, bits);
}

void mhoi_subset_add(const mhoi_plan *plan, size_t k0, size_t k1, uint64_t *sums, size_t bits)
{
    for (size_t l = k0; l < k1; l++) {
        size_t units = (size_t)(plan->work->layer[l].weight_B / plan->unit_B);
        if (units < bits)
            or_shifted(sums, sums, units, bits);
    }
}

size_t mhoi_subset_next(const uint64_t *sums, size_t count, size_t units)
{
    while (units < count && !get(sums, units))
        units++;
    return units;
}

typedef struct item {
    size_t first, last; /* layers; one layer, or a group that R limits */
    uint64_t *sums;     /* group: [layers + 1][words(count)]: sums of its first l layers */
    size_t count;       /* group: sums 0..count-1 fit R */
    size_t most;        /* units it can stream */
    uint64_t *total;    /* [words(slack + 1)] deficits of the items so far, this one included */
} item;

typedef struct solver {
    const mhoi_plan *plan;
    item *item;
    size_t items;
    size_t slack; /* units */
    uint64_t *start;
    size_t tries;   /* deficits of a group looked at */
    bool cut_short; /* some group has more */
} solver;

static size_t layer_units(const solver *s, size_t layer)
{
    return (size_t)(s->plan->work->layer[layer].weight_B / s->plan->unit_B);
}

static const uint64_t *item_all(const item *it)
{
    return it->sums + (it->last - it->first + 1) * words(it->count);
}

static mho_status group_sums(const solver *s, item *it, uint64_t R)
{
    size_t layers = it->last - it->first + 1;
    it->count = (size_t)(R / s->plan->unit_B) + 1;
    size_t n = words(it->count);
    if (it->count > BITS_MAX)
        return bits_alloc(&it->sums, it->count);
    mho_status status = mhoi_alloc(&it->sums, (layers + 1) * n, sizeof *it->sums, "subset sums");
    if (status != MHO_OK)
        return status;
    it->sums[0] = 1;
    for (size_t l = 0; l < layers; l++) {
        uint64_t *next = it->sums + (l + 1) * n;
        memcpy(next, it->sums + l * n, n * sizeof *next);
        size_t units = layer_units(s, it->first + l);
        if (units < it->count)
            or_shifted(next, it->sums + l * n, units, it->count);
    }
    for (it->most = it->count - 1; !get(item_all(it), it->most);)
        it->most--;
    return MHO_OK;
}

static void add_layer(solver *s, size_t layer)
{
    s->item[s->items++] = (item){.first = layer, .last = layer, .most = layer_units(s, layer)};
}

/* Turns the path into items; *most is what it can stream in all. */
static mho_status add_items(solver *s, const mhoi_choice *choice, size_t choices, uint64_t R,
                            bool *fixed, size_t *most)
{
    *most = 0;
    for (size_t i = 0; i < choices; i++) {
        const mhoi_move *move = choice[i].move;
        if (choice[i].weights != MHOI_FREE) {
            fixed[move->k0] = choice[i].weights == MHOI_FIXED;
            *most += fixed[move->k0] ? 0 : layer_units(s, move->k0);
            continue;
        }
        size_t before = s->items;
        if (mhoi_move_single(move) || move->weight_B <= R) {
            for (size_t l = move->k0; l < move->k1; l++)
                add_layer(s, l);
        } else {
            item *it = &s->item[s->items++];
            *it = (item){.first = move->k0, .last = move->k1 - 1};
            mho_status status = group_sums(s, it, R);
            if (status != MHO_OK)
                return status;
        }
        for (; before < s->items; before++)
            *most += s->item[before].most;
    }
    return MHO_OK;
}

/* it->total from that of the item before: all sums of deficits up to the slack. */
static void combine_item(solver *s, item *it, const uint64_t *before)
{
    size_t count = s->slack + 1;
    memcpy(it->total, before, words(count) * sizeof *before);
    if (!it->sums) {
        if (it->most <= s->slack)
            or_shifted(it->total, before, it->most, count);
        return;
    }
    const uint64_t *all = item_all(it);
    size_t tried = 0;
    for (size_t d = 1; d <= it->most && d <= s->slack; d++)
        if (get(all, it->most - d)) {
            if (tried++ == s->tries) {
                s->cut_short = true;
                return;
            }
            or_shifted(it->total, before, d, count);
        }
}

static mho_status combine(solver *s)
{
    size_t count = s->slack + 1;
    mho_status status = s->start ? MHO_OK : bits_alloc(&s->start, count);
    if (status != MHO_OK)
        return status;
    s->start[0] = 1;
    const uint64_t *before = s->start;
    for (size_t i = 0; i < s->items; i++) {
        if (!s->item[i].total)
            status = bits_alloc(&s->item[i].total, count);
        if (status == MHO_OK)
            status = mhoi_interruption();
        if (status != MHO_OK)
            return status;
        combine_item(s, &s->item[i], before);
        before = s->item[i].total;
    }
    return MHO_OK;
}

/* Fixes the layers of an item that are not part of the streamed `sum`. */
static void mark_item(const solver *s, const item *it, size_t sum, bool *fixed)
{
    if (!it->sums) {
        fixed[it->first] = sum == 0;
        return;
    }
    size_t n = words(it->count);
    for (size_t l = it->last - it->first + 1; l-- > 0;) {
        size_t layer = it->first + l, units = layer_units(s, layer);
        bool stream = sum >= units && get(it->sums + l * n, sum - units);
        fixed[layer] = !stream;
        sum -= stream ? units : 0;
    }
}

static bool has_deficit(const item *it, size_t d)
{
    if (!it->sums)
        return d == 0 || d == it->most;
    return d <= it->most && get(item_all(it), it->most - d);
}

/* Walks back from the largest total within the slack; returns it. */
static size_t mark(const solver *s, bool *fixed)
{
    const uint64_t *last = s->items ? s->item[s->items - 1].total : s->start;
    size_t used = s->slack;
    while (!get(last, used))
        used--;
    size_t total = used;
    for (size_t i = s->items; i-- > 0;) {
        const item *it = &s->item[i];
        const uint64_t *before = i ? s->item[i - 1].total : s->start;
        size_t d = 0;
        while (!(has_deficit(it, d) && get(before, used - d)))
            d = it->sums ? d + 1 : it->most;
        mark_item(s, it, it->most - d, fixed);
        used -= d;
    }
    return total;
}

static mho_status solve(solver *s, size_t most, uint64_t need_B, bool *fixed, uint64_t *streamed_B)
{
    size_t need = (size_t)((need_B + s->plan->unit_B - 1) / s->plan->unit_B);
    if (most < need)
        return MHO_OK;
    s->slack = most - need;
    mho_status status = MHO_OK;
    size_t deficit = 0;
    for (s->tries = QUICK; status == MHO_OK; s->tries = SIZE_MAX) {
        s->cut_short = false;
        status = combine(s);
        if (status != MHO_OK)
            return status;
        deficit = mark(s, fixed);
        if (deficit == s->slack || !s->cut_short)
            break;
    }
    *streamed_B = (uint64_t)(most - deficit) * s->plan->unit_B;
    return status;
}

mho_status mhoi_subset_solve(const mhoi_plan *plan, const mhoi_choice *choice, size_t choices,
                             uint64_t R, uint64_t need_B, bool *fixed, uint64_t *streamed_B)
{
    solver s = {.plan = plan};
    size_t most = 0;
    *streamed_B = UINT64_MAX;
    mho_status status = mhoi_alloc(&s.item, plan->layers, sizeof *s.item, "weights");
    if (status == MHO_OK)
        status = add_items(&s, choice, choices, R, fixed, &most);
    if (status == MHO_OK)
        status = solve(&s, most, need_B, fixed, streamed_B);
    for (size_t i = 0; i < s.items; i++) {
        mhoi_free(&s.item[i].sums);
        mhoi_free(&s.item[i].total);
    }
    mhoi_free(&s.item);
    mhoi_free(&s.start);
    return status;
}
