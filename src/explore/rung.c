/* SPDX-License-Identifier: Apache-2.0 */
/* One rung: the evidence that it wants, of points whose cells and sums are alike once.  Threads have a point each, as a point has
 * parts that one thread does alone; where chips are large, or points fewer than threads, all threads are at one point. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/parallel.h"
#include "explore/queue.h"
#include "explore/ranks.h"

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
    const uint64_t before = x->work.images;
    const explore_state state = lead->state;
    mho_status s = state == EXPLORE_FAILED ? MHO_OK : mhoi_explore_extend(x, lead, rung, &x->work);
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
    if (x->work.images != before || (last && (other || !p->recalled_done)))
        p->stored = false;
    s = mhoi_explore_store(x, store, p);
    return s ? s : mhoi_explore_commit(x, store, false);
}

/* All points against all are too many to ask wave by wave. */
enum { WAVES_MAX = 20000 };

/* Points of the rung; of a wave, those that none of the others would beat by its prices. */
static mho_status order_of(const mho_explore *x, size_t first, bool wave, size_t **order,
                           size_t *count)
{
    mho_status s = mhoi_alloc(order, x->points, sizeof **order, "points");
    *count = 0;
    for (size_t i = first; !s && i < x->points; i++)
        if (x->point[i].state == EXPLORE_PRICED &&
            (!wave || !mhoi_explore_is_beaten_by(x, first, i, EXPLORE_PRICED)))
            (*order)[(*count)++] = i;
    return s;
}

/* Points that lead others or stand alone, and lack evidence. */
static mho_status leads_of(const mho_explore *x, const size_t *order, size_t n, size_t rung,
                           size_t **lead, size_t *leads)
{
    bool *listed = NULL;
    *leads = 0;
    mho_status s = mhoi_alloc(&listed, x->points, sizeof *listed, "points");
    if (!s)
        s = mhoi_alloc(lead, n, sizeof **lead, "points");
    for (size_t i = 0; !s && i < n; i++) {
        const size_t l = x->point[order[i]].twin;
        if (!listed[l] && !mhoi_explore_has(&x->point[l].evidence, x, rung))
            (*lead)[(*leads)++] = l;
        listed[l] = true;
    }
    mhoi_free(&listed);
    return s;
}

static mho_status take_over(mho_explore *x, void *user, size_t point)
{
    const size_t *rung = user;
    explore_point *p = &x->point[point];
    if (p->state == EXPLORE_DROPPED) /* only its twins go on */
        return MHO_OK;
    p->stored = false;
    return run_point(x, x->store, p, *rung);
}

typedef struct rung_run {
    mho_explore *x;
    size_t rung, leads, done, points;
    explore_queue *queue;
    long *group;          /* [threads] */
    pthread_mutex_t lock; /* of the queue, the search and the store */
    char what[64];
} rung_run;

/* The point is changed in one go, with the lock: others look at all points meanwhile. */
static mho_status extend_item(void *context, size_t item, size_t thread)
{
    rung_run *r = context;
    mho_explore *x = r->x;
    explore_work work = {0};
    mho_status s = mhoi_explore_interruption(x);
    (void)item;
    if (s)
        return s;
    (void)pthread_mutex_lock(&r->lock);
    const size_t at = mhoi_queue_take(r->queue, &r->group[thread]);
    explore_point p = x->point[at];
    (void)pthread_mutex_unlock(&r->lock);
    const explore_state before = p.state;
    s = mhoi_explore_extend(x, &p, r->rung, &work);
    (void)pthread_mutex_lock(&r->lock);
    x->point[at] = p;
    mhoi_explore_work_add(&x->work, &work);
    if (!s && before != EXPLORE_DROPPED)
        s = take_over(x, &r->rung, at);
    mhoi_explore_tell(x, r->what, ++r->done, r->points);
    (void)pthread_mutex_unlock(&r->lock);
    return s;
}

/* All threads at one point after the other. */
static mho_status extend_serially(rung_run *r)
{
    mho_status s = MHO_OK;
    while (!s && mhoi_queue_waiting(r->queue))
        s = extend_item(r, 0, 0);
    return s;
}

static mho_status extend_here(rung_run *r, const size_t *lead)
{
    const size_t threads = mhoi_threads();
    bool large = threads < 2;
    mho_status s = mhoi_queue_create(r->x, lead, r->leads, true, &r->queue);
    if (!s)
        s = mhoi_alloc(&r->group, threads, sizeof *r->group, "threads");
    for (size_t t = 0; !s && t < threads; t++)
        r->group[t] = EXPLORE_NO_GROUP;
    for (size_t i = 0; i < r->leads; i++)
        large = large || mhoi_explore_is_large(r->x, &r->x->point[lead[i]]);
    if (!s && !large)
        s = mhoi_parallel(r->leads - r->leads % threads, extend_item, r);
    if (!s)
        s = extend_serially(r);
    mhoi_queue_destroy(r->queue);
    mhoi_free(&r->group);
    return s;
}

static mho_status extend(mho_explore *x, const size_t *order, size_t n, size_t rung)
{
    rung_run r = {.x = x, .rung = rung, .points = n};
    size_t *lead = NULL;
    snprintf(r.what, sizeof r.what, x->rungs > 1 ? "step %zu of %zu" : "explore", rung + 1,
             x->rungs);
    (void)pthread_mutex_init(&r.lock, NULL);
    mho_status s = leads_of(x, order, n, rung, &lead, &r.leads);
    r.done = n - r.leads;
    if (!s && x->ranks)
        s = mhoi_ranks_do(x, WIRE_EXTEND, rung, lead, r.leads, take_over, &rung);
    else if (!s)
        s = extend_here(&r, lead);
    (void)pthread_mutex_destroy(&r.lock);
    mhoi_free(&lead);
    return s;
}

static mho_status run_wave(mho_explore *x, mho_store *store, size_t first, size_t rung, bool wave,
                           size_t *n)
{
    size_t *order = NULL;
    mho_status s = order_of(x, first, wave, &order, n);
    if (!s && *n)
        s = extend(x, order, *n, rung);
    for (size_t i = 0; !s && i < *n; i++) {
        explore_point *p = &x->point[order[i]];
        if (p->state == EXPLORE_PRICED) /* not yet taken over: twins, and what was known */
            s = run_point(x, store, p, rung);
    }
    mhoi_free(&order);
    return s;
}

/* The last rung goes by waves where prices alone tell which of two points is the better one, the best prices first: whoever beats
 * others and keeps the constraints spares them.  Which points are run depends on no order within a wave. */
mho_status mhoi_explore_rung(mho_explore *x, mho_store *store, size_t first, size_t rung)
{
    const bool last = rung + 1 == x->rungs;
    const bool waves =
        last && rung && x->points - first <= WAVES_MAX && mhoi_explore_goes_by_prices(x);
    size_t n = 0;
    mho_status s = run_wave(x, store, first, rung, waves, &n);
    while (!s && waves && n) {
        mhoi_explore_drop_beaten(x, first);
        s = run_wave(x, store, first, rung, waves, &n);
    }
    if (!s && !last)
        mhoi_explore_halve(x, first, rung);
    for (size_t i = first; !s && i < x->points; i++)
        if (x->point[i].state == EXPLORE_DROPPED)
            s = mhoi_explore_store(x, store, &x->point[i]);
    return s;
}
