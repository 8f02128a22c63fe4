/* SPDX-License-Identifier: Apache-2.0 */
/* All points of a batch: keys and prices on all threads, then the errors in rungs (rung.c).  What the store has is not computed
 * again, and what is computed goes there at once. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/parallel.h"
#include "explore/explore_impl.h"
#include "explore/ranks.h"
#include "mho/run.h"

enum { CHUNK = 512, CHUNK_OF_RANKS = 65536 };

typedef struct chunk {
    mho_explore *x;
    size_t first;
    mho_hw **hw; /* [threads] */
} chunk;

static void judge_price(const mho_explore *x, explore_point *p)
{
    const explore_state before = p->state;
    p->state = !mhoi_explore_keeps(x, &p->sum, false) ? EXPLORE_INFEASIBLE
               : x->accuracy                          ? EXPLORE_PRICED
                                                      : EXPLORE_DONE;
    if (p->state != before && p->state != EXPLORE_PRICED)
        p->stored = false;
}

static mho_status price_item(void *context, size_t item, size_t thread)
{
    const chunk *c = context;
    explore_point *p = &c->x->point[c->first + item];
    mho_status s = mhoi_explore_identify(c->x, p, &c->hw[thread]);
    const bool refused = p->state == EXPLORE_FAILED;
    if (!s)
        s = mhoi_explore_recall(c->x, p);
    if (s || refused || p->state == EXPLORE_FAILED)
        return s;
    if (!p->stored && c->x->ranks) /* others do */
        return MHO_OK;
    if (!p->stored)
        s = mhoi_explore_price_of(c->x, p, c->hw[thread]);
    if (!s && p->state != EXPLORE_FAILED)
        judge_price(c->x, p);
    return s;
}

static mho_status priced_elsewhere(mho_explore *x, void *user, size_t point)
{
    explore_point *p = &x->point[point];
    mho_store *store = user;
    if (p->state != EXPLORE_FAILED)
        judge_price(x, p);
    mho_status s = p->state == EXPLORE_PRICED ? MHO_OK : mhoi_explore_store(x, store, p);
    return s ? s : mhoi_explore_commit(x, store, false);
}

static mho_status price_by_ranks(mho_explore *x, mho_store *store, size_t first, size_t n)
{
    size_t *list = NULL, count = 0;
    mho_status s = mhoi_alloc(&list, n, sizeof *list, "points");
    for (size_t i = first; !s && i < first + n; i++)
        if (!x->point[i].stored && x->point[i].state == EXPLORE_NEW)
            list[count++] = i;
    if (!s)
        s = mhoi_ranks_do(x, WIRE_PRICE, 0, list, count, priced_elsewhere, store);
    mhoi_free(&list);
    return s;
}

static mho_status price_chunk(mho_explore *x, size_t first, size_t n)
{
    const size_t threads = mhoi_threads_for(n);
    chunk c = {x, first, NULL};
    mho_status s = mhoi_alloc(&c.hw, threads, sizeof *c.hw, "points");
    if (s)
        return s;
    s = mhoi_parallel(n, price_item, &c);
    for (size_t t = 0; t < threads; t++)
        mho_hw_destroy(c.hw[t]);
    mhoi_free(&c.hw);
    return s;
}

static mho_status price_all(mho_explore *x, mho_store *store, size_t first)
{
    mho_status s = MHO_OK;
    const size_t most = x->ranks ? CHUNK_OF_RANKS : CHUNK;
    for (size_t at = first; !s && at < x->points; at += most) {
        const size_t n = x->points - at < most ? x->points - at : most;
        s = price_chunk(x, at, n);
        for (size_t i = at; i < at + n; i++)
            x->known += x->point[i].stored;
        if (!s && x->ranks)
            s = price_by_ranks(x, store, at, n);
        for (size_t i = at; i < at + n; i++) {
            explore_point *p = &x->point[i];
            const bool ended = p->state != EXPLORE_NEW && p->state != EXPLORE_PRICED;
            if ((!s || s == MHO_EINTERRUPTED) && ended) {
                const mho_status put = mhoi_explore_store(x, store, p);
                s = put ? put : s;
            }
        }
        const mho_status kept =
            !s || s == MHO_EINTERRUPTED ? mhoi_explore_commit(x, store, s != MHO_OK) : MHO_OK;
        s = kept ? kept : s;
        if (!x->accuracy)
            mhoi_explore_tell(x, "explore", at + n - first, x->points - first);
        s = s ? s : mhoi_explore_interruption(x);
    }
    return s;
}

/* --- errors ------------------------------------------------------------------------------------------------- */

typedef struct entry {
    uint64_t net, set, cell_key;
    size_t point;
} entry;

static int by_cells(const void *a, const void *b)
{
    const entry *x = a, *y = b;
    if (x->cell_key != y->cell_key)
        return x->cell_key < y->cell_key ? -1 : 1;
    return x->point < y->point ? -1 : x->point > y->point;
}

/* Points whose cells and sums are alike have one evidence: that of the first, which takes over the best there is. */
static mho_status find_twins(mho_explore *x, size_t first)
{
    entry *list = NULL;
    size_t n = 0;
    mho_status s = mhoi_alloc(&list, x->points, sizeof *list, "points");
    if (s)
        return s;
    for (size_t i = 0; i < x->points; i++)
        if (x->point[i].cell_key && x->point[i].state != EXPLORE_FAILED &&
            (i < first ? x->point[i].twin == i : x->point[i].state == EXPLORE_PRICED))
            list[n++] = (entry){.cell_key = x->point[i].cell_key, .point = i};
    qsort(list, n, sizeof *list, by_cells);
    for (size_t i = 0, lead = 0; i < n; i++) {
        if (!i || list[i].cell_key != list[i - 1].cell_key)
            lead = list[i].point;
        explore_point *p = &x->point[list[i].point], *l = &x->point[lead];
        p->twin = lead;
        if (p != l && p->evidence.blocks && !l->evidence.blocks) {
            l->evidence = p->evidence;
            p->evidence = (explore_evidence){.blocks = 0};
        }
    }
    mhoi_free(&list);
    return MHO_OK;
}

static mho_status run_software(mho_explore *x, size_t first)
{
    mho_status s = MHO_OK;
    for (size_t i = first; !s && i < x->points; i++) {
        explore_point *p = &x->point[i];
        mho_hw *hw = NULL;
        if (p->state != EXPLORE_PRICED)
            continue;
        s = mhoi_explore_hw(x, p, &hw);
        if (!s)
            s = mhoi_bench_software(x->bench, mhoi_explore_net(x, p), mhoi_explore_set(x, p), hw,
                                    &p->sum.software_error);
        mho_hw_destroy(hw);
    }
    return s;
}

static mho_status run_errors(mho_explore *x, mho_store *store, size_t first)
{
    mho_status s = find_twins(x, first);
    for (size_t i = first; !s && i < x->points; i++)
        if (x->point[i].state == EXPLORE_PRICED &&
            !mhoi_explore_has(&x->point[x->point[i].twin].evidence, x, x->rungs - 1)) {
            x->points_full++;
            x->images_full += (uint64_t)x->trials *
                              mhoi_bench_images(x->bench, mhoi_explore_set(x, &x->point[i]));
        }
    if (!s)
        s = run_software(x, first);
    for (size_t r = 0; !s && r < x->rungs; r++)
        s = mhoi_explore_rung(x, store, first, r);
    return s;
}

mho_status mhoi_explore_batch(mho_explore *x, mho_store *store, size_t first)
{
    x->store = store;
    mho_status s = price_all(x, store, first);
    if (!s && x->accuracy)
        s = run_errors(x, store, first);
    if (!s || s == MHO_EINTERRUPTED) {
        const mho_status kept = mhoi_explore_commit(x, store, true);
        s = kept ? kept : s;
    }
    return s;
}
