/* SPDX-License-Identifier: Apache-2.0 */
/* Parallel loops (OpenMP).
 *
 * Items are handed out in rising order, and an item is left out only when a lower one has failed.  So
 * every item below the lowest failing one has run, and which failure is reported does not depend on
 * threads or timing. */
#include <omp.h>
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

mho_status mhoi_parallel(size_t items, mhoi_body_fn *body, void *context)
{
    loop l = {.items = items, .body = body, .context = context, .status = MHO_OK};
    atomic_init(&l.failed, items);
    const size_t threads = mhoi_threads_for(items);
    const mhoi_binding caller = mhoi_bound();
    if (threads <= 1 || omp_in_parallel()) { /* a loop within a loop runs on its one thread */
        work(&l, 0);
    } else {
#pragma omp parallel num_threads((int)threads)
        work_for(caller, &l, (size_t)omp_get_thread_num());
    }
    if (l.status != MHO_OK)
        return mho_error(l.status, "%s", l.message);
    if (atomic_load(&l.skipped))
        return mho_error(MHO_EINTERRUPTED, "interrupted");
    return MHO_OK;
}
