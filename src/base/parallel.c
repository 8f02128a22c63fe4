/* SPDX-License-Identifier: Apache-2.0 */
/* Parallel loops (OpenMP).
 *
 * Items are handed out in rising order, and an item is left out only when a lower one has failed.  So
 * every item below the lowest failing one has run, and which failure is reported does not depend on
 * threads or timing.
 *
 * OpenMP ends the process if it cannot start a thread.  So threads that it has not started yet are tried out
 * before, and with too little memory for them fewer do the work. */
#include <omp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "base/parallel.h"

#define MESSAGE_SIZE 1024

typedef struct loop {
    size_t items;
    mhoi_body_fn *body;
    void *context;
    atomic_size_t next, failed; /* failed: lowest failing item so far, items if none */
    atomic_bool skipped;        /* by an interruption */
    mho_status status;          /* of the failed item; guarded by the lock */
    pthread_mutex_t lock;
    char message[MESSAGE_SIZE];
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

/* A thread of the loop but the caller's own works for the caller's run. */
static void work_for(mhoi_binding caller, loop *l, size_t thread)
{
    const mhoi_binding before = mhoi_bound();
    mhoi_bind((mhoi_binding){.run = caller.run, .worker = caller.worker || thread > 0});
    work(l, thread);
    mhoi_bind(before);
}

static void *wait_for_lock(void *lock)
{
    (void)pthread_mutex_lock(lock);
    (void)pthread_mutex_unlock(lock);
    return NULL;
}

/* How many of `wanted` threads can be there at once beside the others. */
static size_t try_threads(size_t wanted)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    pthread_t thread[MHOI_THREADS_MAX];
    size_t started = 0;
    (void)pthread_mutex_lock(&lock);
    while (started < wanted && pthread_create(&thread[started], NULL, wait_for_lock, &lock) == 0)
        started++;
    (void)pthread_mutex_unlock(&lock);
    for (size_t i = 0; i < started; i++)
        (void)pthread_join(thread[i], NULL);
    return started;
}

/* The caller's team grows to so many threads if it can; OpenMP keeps the threads of the loop before. */
static size_t startable(size_t threads)
{
    static _Thread_local size_t team = 1;
    if (threads > team)
        threads = team + try_threads(threads - team);
    if (threads > 1)
        team = threads;
    return threads;
}

mho_status mhoi_parallel(size_t items, mhoi_body_fn *body, void *context)
{
    loop l = {.items = items, .body = body, .context = context, .status = MHO_OK};
    (void)pthread_mutex_init(&l.lock, NULL);
    atomic_init(&l.failed, items);
    const bool within = omp_in_parallel(); /* a loop within a loop runs on its one thread */
    const size_t threads = within ? 1 : startable(mhoi_threads_for(items));
    const mhoi_binding caller = mhoi_bound();
    if (threads <= 1) {
        work(&l, 0);
    } else {
#pragma omp parallel num_threads((int)threads)
        work_for(caller, &l, (size_t)omp_get_thread_num());
    }
    (void)pthread_mutex_destroy(&l.lock);
    if (l.status != MHO_OK)
        return mho_error(l.status, "%s", l.message);
    if (atomic_load(&l.skipped))
        return mho_error(MHO_EINTERRUPTED, "interrupted");
    return MHO_OK;
}
