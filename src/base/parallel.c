/* SPDX-License-Identifier: Apache-2.0 */
/* Parallel loops (OpenMP).
 *
 * Items are handed out in rising order, and an item is left out only when a lower one has failed.  So
 * every item below the lowest failing one has run, and which failure is reported does not depend on
 * threads or timing. */
#include <omp.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>

#include "base/parallel.h"

#define THREADS_MAX 1024
#define MESSAGE_SIZE 1024

static atomic_size_t wanted_threads;

static size_t available_threads(void)
{
    cpu_set_t set;
    size_t n = sched_getaffinity(0, sizeof set, &set) == 0 ? (size_t)CPU_COUNT(&set) : 1;
    return n < 1 ? 1 : n > THREADS_MAX ? THREADS_MAX : n;
}

mho_status mho_threads_set(size_t threads)
{
    if (threads > THREADS_MAX)
        return mho_error(MHO_EDOMAIN, "threads = %zu, want 0..%d", threads, THREADS_MAX);
    atomic_store(&wanted_threads, threads);
    omp_set_num_threads((int)mho_threads());
    return MHO_OK;
}

size_t mho_threads(void)
{
    size_t n = atomic_load(&wanted_threads);
    return n ? n : available_threads();
}

bool mhoi_is_master(void)
{
    return omp_get_thread_num() == 0;
}

typedef struct loop {
    size_t items;
    mhoi_body_fn *body;
    void *context;
    atomic_size_t next, failed; /* failed: lowest failing item so far, items if none */
    atomic_bool skipped;        /* by an interruption */
    mho_status status;          /* of the failed item; guarded by the critical section */
    char message[MESSAGE_SIZE];
} loop;

static void record_failure(loop *l, size_t item, mho_status s)
{
#pragma omp critical(mhoi_parallel_failure)
    if (item < atomic_load(&l->failed)) {
        atomic_store(&l->failed, item);
        l->status = s;
        (void)snprintf(l->message, sizeof l->message, "%s", mho_error_message());
    }
}

static void work(loop *l, size_t thread)
{
    for (;;) {
        size_t item = atomic_fetch_add(&l->next, 1);
        if (item >= atomic_load(&l->failed)) /* also the end: failed <= items */
            return;
        if (mho_interrupted()) {
            atomic_store(&l->skipped, true);
            return;
        }
        mho_status s = l->body(l->context, item, thread);
        if (s != MHO_OK)
            record_failure(l, item, s);
    }
}

mho_status mhoi_parallel(size_t items, mhoi_body_fn *body, void *context)
{
    loop l = {.items = items, .body = body, .context = context, .status = MHO_OK};
    atomic_init(&l.failed, items);
    size_t threads = mho_threads();
    if (threads > items)
        threads = items;
    if (threads <= 1 || omp_in_parallel()) { /* a loop within a loop runs on its one thread */
        work(&l, 0);
    } else {
#pragma omp parallel num_threads((int)threads)
        work(&l, (size_t)omp_get_thread_num());
    }
    if (l.status != MHO_OK)
        return mho_error(l.status, "%s", l.message);
    if (atomic_load(&l.skipped))
        return mho_error(MHO_EINTERRUPTED, "interrupted");
    return MHO_OK;
}
