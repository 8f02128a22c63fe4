/* SPDX-License-Identifier: Apache-2.0 */
/* Parallel loops.
 *
 * Items are handed out in rising order, and an item is left out only when a lower one has failed.  So
 * every item below the lowest failing one has run, and which failure is reported does not depend on
 * threads or timing.
 *
 * Threads of earlier loops wait for the next one awake for a moment (one loop often follows another at once, and to wake up takes
 * longer than a short loop), then asleep: on a busy machine waiting awake costs more than the work.  The caller does not wait for a thread that has not woken up
 * by the time the items are gone, and where no thread can be started, fewer do the work. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "base/parallel.h"
#include "base/x86.h"

#define MESSAGE_SIZE 1024
enum { MOMENT = 2000 }; /* rests: some 20 microseconds */

struct helper;

typedef struct loop {
    size_t items;
    mhoi_body_fn *body;
    void *context;
    atomic_size_t next, failed; /* failed: lowest failing item so far, items if none */
    atomic_bool skipped;        /* by an interruption */
    mho_status status;          /* of the failed item; guarded by the lock */
    pthread_mutex_t lock;
    char message[MESSAGE_SIZE];
    mhoi_binding caller;
    struct helper *asked; /* those not at work yet; guarded by the pool's lock, as the rest */
    atomic_size_t busy;   /* helpers at work */
    pthread_cond_t idle;  /* none is at work any more */
} loop;

static void record_failure(loop *l, size_t item, mho_status s)
{
    (void)pthread_mutex_lock(&l->lock);
    if (item < atomic_load(&l->failed)) {
        atomic_store(&l->failed, item);
        l->status = s;
        (void)snprintf(l->message, sizeof l->message, "%s", mho_error_message());
    }
    (void)pthread_mutex_unlock(&l->lock);
}

static void work(loop *l, size_t thread)
{
    for (;;) {
        size_t item = atomic_fetch_add(&l->next, 1);
        if (item >= atomic_load(&l->failed)) /* also the end: failed <= items */
            return;
        if (mhoi_interrupted()) {
            atomic_store(&l->skipped, true);
            return;
        }
        mho_status s = l->body(l->context, item, thread);
        if (s != MHO_OK)
            record_failure(l, item, s);
    }
}

/* Whether this thread is at work in a loop: a loop within it runs on this one thread. */
static _Thread_local bool within;

bool mhoi_in_loop(void)
{
    return within;
}

/* A thread of the loop but the caller's own works for the caller's run. */
static void work_for_caller(loop *l, size_t thread)
{
    const mhoi_binding before = mhoi_bound();
    mhoi_bind((mhoi_binding){.run = l->caller.run, .worker = l->caller.worker || thread > 0});
    within = true;
    work(l, thread);
    within = false;
    mhoi_bind(before);
}

/* --- threads that help ----------------------------------------------------------------------------- */

/* Either in the pool's list, or in that of a loop that has asked it, or at work in that loop (in no list). */
typedef struct helper {
    struct helper *next;
    pthread_cond_t wake;
    loop *loop; /* that has asked it, NULL: none */
    atomic_bool asked;
    size_t thread;
} helper;

static struct {
    pthread_mutex_t lock;
    helper all
        [MHOI_THREADS_MAX]; /* static: a run out of memory can still make use of what was started */
    size_t started;
    helper *free;
} pool = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void give_back(helper *h)
{
    h->loop = NULL;
    h->next = pool.free;
    pool.free = h;
}

static void leave_asked(helper *h)
{
    helper **at = &h->loop->asked;
    while (*at != h)
        at = &(*at)->next;
    *at = h->next;
}

void mhoi_rest(void)
{
#if MHOI_X86
    __builtin_ia32_pause();
#endif
}

static void *help(void *argument)
{
    helper *h = argument;
    (void)pthread_mutex_lock(&pool.lock);
    for (;;) {
        while (!h->loop)
            (void)pthread_cond_wait(&h->wake, &pool.lock);
        loop *l = h->loop;
        atomic_store(&h->asked, false);
        leave_asked(h);
        (void)atomic_fetch_add(&l->busy, 1);
        (void)pthread_mutex_unlock(&pool.lock);
        work_for_caller(l, h->thread);
        (void)pthread_mutex_lock(&pool.lock);
        give_back(h);
        if (atomic_fetch_sub(&l->busy, 1) == 1)
            (void)pthread_cond_signal(&l->idle);
        (void)pthread_mutex_unlock(&pool.lock);
        for (int i = 0; i < MOMENT && !atomic_load(&h->asked); i++)
            mhoi_rest();
        (void)pthread_mutex_lock(&pool.lock);
    }
    return NULL;
}

/* One more helper; the process keeps it.  NULL: there are as many as can be. */
static helper *start_helper(void)
{
    pthread_t thread;
    helper *h = &pool.all[pool.started];
    if (pool.started == MHOI_THREADS_MAX || pthread_cond_init(&h->wake, NULL) != 0)
        return NULL;
    if (pthread_create(&thread, NULL, help, h) != 0) {
        (void)pthread_cond_destroy(&h->wake);
        return NULL;
    }
    (void)pthread_detach(thread);
    pool.started++;
    return h;
}

static void ask_helpers(loop *l, size_t threads)
{
    (void)pthread_mutex_lock(&pool.lock);
    for (size_t thread = 1; thread < threads; thread++) {
        helper *h = pool.free;
        if (h)
            pool.free = h->next;
        else if (!(h = start_helper()))
            break;
        h->loop = l;
        h->thread = thread;
        h->next = l->asked;
        l->asked = h;
        atomic_store(&h->asked, true);
        (void)pthread_cond_signal(&h->wake);
    }
    (void)pthread_mutex_unlock(&pool.lock);
}

/* Nobody is at work in the loop afterwards, or will be. */
static void dismiss_helpers(loop *l)
{
    (void)pthread_mutex_lock(&pool.lock);
    while (l->asked) {
        helper *h = l->asked;
        l->asked = h->next;
        give_back(h);
    }
    (void)pthread_mutex_unlock(&pool.lock);
    for (int i = 0; i < MOMENT && atomic_load(&l->busy); i++)
        mhoi_rest();
    (void)pthread_mutex_lock(&pool.lock);
    while (atomic_load(&l->busy))
        (void)pthread_cond_wait(&l->idle, &pool.lock);
    (void)pthread_mutex_unlock(&pool.lock);
}

mho_status mhoi_parallel(size_t items, mhoi_body_fn *body, void *context)
{
    loop l = {
        .items = items, .body = body, .context = context, .status = MHO_OK, .caller = mhoi_bound()};
    (void)pthread_mutex_init(&l.lock, NULL);
    (void)pthread_cond_init(&l.idle, NULL);
    atomic_init(&l.failed, items);
    const size_t threads = within ? 1 : mhoi_threads_for(items);
    if (threads <= 1) {
        work(&l, 0);
    } else {
        ask_helpers(&l, threads);
        work_for_caller(&l, 0);
        dismiss_helpers(&l);
    }
    (void)pthread_cond_destroy(&l.idle);
    (void)pthread_mutex_destroy(&l.lock);
    if (l.status != MHO_OK)
        return mho_error(l.status, "%s", l.message);
    if (atomic_load(&l.skipped))
        return mho_error(MHO_EINTERRUPTED, "interrupted");
    return MHO_OK;
}
