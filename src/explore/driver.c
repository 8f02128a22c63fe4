/* SPDX-License-Identifier: Apache-2.0 */
/* All points of a batch: keys and prices on all threads, then the errors in rungs, a point after the other and each on all
 * threads.  What the store has is not computed again, and what is computed goes there at once. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/decimal.h"
#include "base/parallel.h"
#include "explore/explore_impl.h"
#include "explore/ranks.h"
#include "mho/run.h"

enum { CHUNK = 512, CHUNK_OF_RANKS = 65536 };
#define COMMIT_EVERY_S 0.05
#define COMMIT_LATEST_S 0.5
#define COMMIT_SHARE 9 /* of the time, one part in ten goes to the disk */

static double objective_of(const mho_explore *x, const mho_summary *sum)
{
    const double v = x->objectives ? mhoi_explore_result_of(sum, x->objective[0].result)
                     : x->accuracy ? sum->error
                                   : sum->energy_J;
    return x->objectives && x->objective[0].most ? -v : v;
}

/* "explore\tbest min error 0.0123 at output.bits=4" */
static void tell(const mho_explore *x, const char *what, uint64_t done, uint64_t total)
{
    char text[192];
    const explore_point *best = NULL;
    for (size_t i = 0; total < 20000 && i < x->points; i++) {
        const explore_point *p = &x->point[i];
        const bool counts = p->state == EXPLORE_DONE && mhoi_explore_keeps(x, &p->sum, x->accuracy);
        if (counts && (!best || objective_of(x, &p->sum) < objective_of(x, &best->sum)))
            best = p;
    }
    snprintf(text, sizeof text, "%s", what);
    if (best)
        mhoi_decimal_print(text, sizeof text, "%s\tbest %s %.4g", what,
                           x->objectives ? x->objective[0].text
                           : x->accuracy ? "error"
                                         : "energy (J)",
                           fabs(objective_of(x, &best->sum)));
    mho_run *inner = mho_run_bind(x->outer);
    mhoi_progress(text, done, total, "points");
    mho_run_bind(inner);
}

/* What is committed is finished.  A point of long work is at once; cheap ones wait for each other, for no longer than
 * COMMIT_LATEST_S. */
static mho_status commit(mho_explore *x, mho_store *store, bool now)
{
    const double t = mho_seconds();
    double wait = COMMIT_SHARE * x->commit_s;
    wait = wait < COMMIT_EVERY_S ? COMMIT_EVERY_S : wait > COMMIT_LATEST_S ? COMMIT_LATEST_S : wait;
    if (!now && t - x->last_commit_s < wait)
        return MHO_OK;
    mho_status s = mho_store_commit(store);
    x->last_commit_s = mho_seconds();
    x->commit_s = x->last_commit_s - t;
    return s;
}

static mho_status store_point(mho_explore *x, mho_store *store, explore_point *p)
{
    return p->stored ? MHO_OK : mhoi_explore_put(x, store, p);
}

typedef struct chunk {
    mho_explore *x;
    size_t first;
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
    (void)thread;
    mho_status s = mhoi_explore_identify(c->x, p);
    const bool refused = p->state == EXPLORE_FAILED;
    if (!s)
        s = mhoi_explore_recall(c->x, p);
    if (s || refused || p->state == EXPLORE_FAILED)
        return s;
    if (!p->stored && c->x->ranks) /* others do */
        return MHO_OK;
    if (!p->stored)
        s = mhoi_explore_price(c->x, p);
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
    mho_status s = p->state == EXPLORE_PRICED ? MHO_OK : store_point(x, store, p);
    return s ? s : commit(x, store, false);
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

static mho_status price_all(mho_explore *x, mho_store *store, size_t first)
{
    mho_status s = MHO_OK;
    const size_t most = x->ranks ? CHUNK_OF_RANKS : CHUNK;
    for (size_t at = first; !s && at < x->points; at += most) {
        const size_t n = x->points - at < most ? x->points - at : most;
        chunk c = {x, at};
        s = mhoi_parallel(n, price_item, &c);
        for (size_t i = at; i < at + n; i++)
            x->known += x->point[i].stored;
        if (!s && x->ranks)
            s = price_by_ranks(x, store, at, n);
        for (size_t i = at; i < at + n; i++) {
            explore_point *p = &x->point[i];
            const bool ended = p->state != EXPLORE_NEW && p->state != EXPLORE_PRICED;
            if ((!s || s == MHO_EINTERRUPTED) && ended) {
                const mho_status put = store_point(x, store, p);
                s = put ? put : s;
            }
        }
        const mho_status kept =
            !s || s == MHO_EINTERRUPTED ? commit(x, store, s != MHO_OK) : MHO_OK;
        s = kept ? kept : s;
        if (!x->accuracy)
            tell(x, "explore", at + n - first, x->points - first);
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

static mho_status tell_error(const mho_explore *x, explore_point *p, size_t rung)
{
    const explore_evidence *e = &x->point[p->twin].evidence;
    mho_status s = mhoi_explore_estimate(x, e, rung, &p->error);
    p->sum.error = p->error.spread.mean;
    p->sum.ci95 = p->error.half;
    p->sum.images_low = p->error.images.low;
    p->sum.images_high = p->error.images.high;
    return s;
}

/* A chip that cannot be made fails for all of its twins. */
static mho_status share_failure(const mho_explore *x, explore_point *p)
{
    const explore_point *lead = &x->point[p->twin];
    if (lead->state != EXPLORE_FAILED || p == lead)
        return MHO_OK;
    p->state = EXPLORE_FAILED;
    p->stored = false;
    mhoi_free(&p->message);
    mho_status s = mhoi_alloc(&p->message, strlen(lead->message) + 1, 1, "message");
    if (!s)
        memcpy(p->message, lead->message, strlen(lead->message));
    return s;
}

/* Extends the evidence of the point's lead, and tells it; the last rung ends the point. */
static mho_status run_point(mho_explore *x, mho_store *store, explore_point *p, size_t rung)
{
    explore_point *lead = &x->point[p->twin];
    const uint64_t before = x->work;
    const explore_state state = lead->state;
    mho_status s = mhoi_explore_extend(x, lead, rung, &x->work);
    if (!s && lead->state == EXPLORE_FAILED && state != EXPLORE_FAILED)
        lead->stored = false;
    if (!s)
        s = share_failure(x, p);
    if (!s && p->state != EXPLORE_FAILED)
        s = tell_error(x, p, rung);
    if (s)
        return s;
    if (p->state != EXPLORE_FAILED && rung + 1 == x->rungs)
        p->state = EXPLORE_DONE;
    const bool last = rung + 1 == x->rungs;
    const bool other = p->sum.error < p->recalled_error || p->sum.error > p->recalled_error ||
                       p->error.spread.trials != p->recalled_trials;
    if (x->work != before || (last && (other || !p->recalled_done)))
        p->stored = false;
    s = store_point(x, store, p);
    return s ? s : commit(x, store, false);
}

static size_t *order_of(const mho_explore *x, size_t first, size_t *count)
{
    entry *list = NULL;
    size_t *order = NULL, n = 0;
    *count = 0;
    if (mhoi_alloc(&list, x->points, sizeof *list, "points") ||
        mhoi_alloc(&order, x->points, sizeof *order, "points")) {
        mhoi_free(&list);
        return NULL;
    }
    for (size_t i = first; i < x->points; i++)
        if (x->point[i].state == EXPLORE_PRICED)
            list[n++] = (entry){.cell_key = 0, .point = i};
    for (size_t i = 0; i < n; i++)
        order[i] = list[i].point;
    mhoi_free(&list);
    *count = n;
    return order;
}

static mho_status extended_elsewhere(mho_explore *x, void *user, size_t point)
{
    const size_t *rung = user;
    explore_point *p = &x->point[point];
    if (p->state == EXPLORE_DROPPED) /* only its twins go on */
        return MHO_OK;
    p->stored = false;
    return run_point(x, x->store, p, *rung);
}

/* The evidence that the rung wants, of the points that lead. */
static mho_status extend_by_ranks(mho_explore *x, const size_t *order, size_t n, size_t rung)
{
    size_t *list = NULL, count = 0;
    mho_status s = mhoi_alloc(&list, n, sizeof *list, "points");
    for (size_t i = 0; !s && i < n; i++) {
        const size_t lead = x->point[order[i]].twin;
        bool there = mhoi_explore_has(&x->point[lead].evidence, x, rung);
        for (size_t k = count; k-- > 0 && !there;)
            there = list[k] == lead;
        if (!there)
            list[count++] = lead;
    }
    if (!s)
        s = mhoi_ranks_do(x, WIRE_EXTEND, rung, list, count, extended_elsewhere, &rung);
    mhoi_free(&list);
    return s;
}

static mho_status run_rung(mho_explore *x, mho_store *store, size_t first, size_t rung)
{
    size_t n = 0;
    size_t *order = order_of(x, first, &n);
    char what[64];
    mho_status s = order || !x->points ? MHO_OK : MHO_ENOMEM;
    snprintf(what, sizeof what, x->rungs > 1 ? "step %zu of %zu" : "explore", rung + 1, x->rungs);
    if (!s && x->ranks)
        s = extend_by_ranks(x, order, n, rung);
    for (size_t i = 0; !s && i < n; i++) {
        s = run_point(x, store, &x->point[order[i]], rung);
        tell(x, what, i + 1, n);
        if (!s)
            s = mhoi_explore_interruption(x);
    }
    mhoi_free(&order);
    if (!s && rung + 1 < x->rungs)
        mhoi_explore_halve(x, first, rung);
    for (size_t i = first; !s && i < x->points; i++)
        if (x->point[i].state == EXPLORE_DROPPED)
            s = store_point(x, store, &x->point[i]);
    return s;
}

static mho_status run_errors(mho_explore *x, mho_store *store, size_t first)
{
    mho_status s = find_twins(x, first);
    for (size_t i = first; !s && i < x->points; i++)
        if (x->point[i].state == EXPLORE_PRICED)
            x->work_full += (uint64_t)x->trials *
                            mhoi_bench_images(x->bench, mhoi_explore_set(x, &x->point[i]));
    if (!s)
        s = run_software(x, first);
    for (size_t r = 0; !s && r < x->rungs; r++)
        s = run_rung(x, store, first, r);
    return s;
}

mho_status mhoi_explore_batch(mho_explore *x, mho_store *store, size_t first)
{
    x->store = store;
    mho_status s = price_all(x, store, first);
    if (!s && x->accuracy)
        s = run_errors(x, store, first);
    if (!s || s == MHO_EINTERRUPTED) {
        const mho_status kept = commit(x, store, true);
        s = kept ? kept : s;
    }
    return s;
}
