/* SPDX-License-Identifier: Apache-2.0 */
/* Statuses, allocation, parallel loops, interruption, progress and the choice of the kernel variant. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/parallel.h"

static void test_status(void **state)
{
    (void)state;
    assert_string_equal(mho_status_name(MHO_EFORMAT), "EFORMAT");
    assert_string_equal(mho_status_text(MHO_EFORMAT), "malformed file");
    assert_int_equal(mho_status_exit_code(MHO_OK), 0);
    assert_int_equal(mho_status_exit_code(MHO_ECHECK), 1);
    assert_int_equal(mho_status_exit_code(MHO_EUSAGE), 2);
    assert_int_equal(mho_status_exit_code(MHO_ENODATA), 3);
    assert_int_equal(mho_status_exit_code(MHO_ENOMEM), 4);
    assert_int_equal(mho_status_exit_code(MHO_EINTERRUPTED), 130);
    assert_string_equal(mho_status_name((mho_status)99), "EINTERNAL");
    assert_int_equal(mho_error(MHO_EDOMAIN, "rows = %d", 0), MHO_EDOMAIN);
    assert_int_equal(mho_error_prefix(MHO_EDOMAIN, "a.yaml:%d", 7), MHO_EDOMAIN);
    assert_string_equal(mho_error_message(), "a.yaml:7: rows = 0");
    assert_int_equal(mho_error(MHO_EFILE, "again: %s", mho_error_message()), MHO_EFILE);
    assert_string_equal(mho_error_message(), "again: a.yaml:7: rows = 0");
    for (int i = 0; i < 600; i++)
        assert_int_equal(mho_error_prefix(MHO_EFILE, "%d", i % 10), MHO_EFILE);
    assert_int_equal(strlen(mho_error_message()), 1023);
}

/* Wherever the system puts it: the same need in every run. */
static void test_large(void **state)
{
    (void)state;
    enum { PIECES = 8 };
    const size_t size = ((size_t)9 << 20) + 100;
    char *piece[PIECES];
    const uint64_t before = mhoi_alloc_bytes();
    for (size_t i = 0; i < PIECES; i++) {
        assert_int_equal(mhoi_alloc(&piece[i], size, 1, "a large piece"), MHO_OK);
        assert_int_equal(mhoi_alloc_bytes() - before, (i + 1) * size);
    }
    for (size_t i = 0; i < PIECES; i++)
        mhoi_free(&piece[i]);
    assert_int_equal(mhoi_alloc_bytes(), before);
}

/* The larger of needs is told, and what does for all of them. */
static void test_need(void **state)
{
    (void)state;
    const uint64_t M = 1 << 20, there = MHOI_MEMORY_PROGRAM + mhoi_alloc_bytes();
    mhoi_need n = {.bytes = 0}, all;
    mhoi_memory_need(&n, 3 * M, "first");
    mhoi_memory_need(&n, 5 * M, "layer %d", 2);
    mhoi_memory_need(&n, 4 * M, "third");
    all = n;
    mhoi_memory_need(&all, 9 * M, "later");
    mho_run_set_memory(NULL, there + 5 * M);
    assert_int_equal(mhoi_memory_grant(&n, &all), MHO_OK);
    mho_run_set_memory(NULL, there + 5 * M - 1);
    assert_int_equal(mhoi_memory_grant(&n, &all), MHO_ENOMEM);
    assert_non_null(strstr(mho_error_message(), "layer 2 takes 5M, and "));
    char want[64];
    (void)snprintf(want, sizeof want, "want %zuM of memory",
                   (size_t)((there + 10 * M - 1) / M) + 1);
    assert_non_null(strstr(mho_error_message(), want));
    assert_int_equal(mhoi_memory_want(5 * M, "alone"), MHO_ENOMEM);
    (void)snprintf(want, sizeof want, "want %zuM of memory", (size_t)((there + 6 * M - 1) / M) + 1);
    assert_non_null(strstr(mho_error_message(), want));
    mho_run_set_memory(NULL, 0);
}

static void test_alloc(void **state)
{
    (void)state;
    uint64_t live = mhoi_alloc_live(), made = mhoi_alloc_count();
    double *a = (double *)1;
    assert_int_equal(mhoi_alloc(&a, 0, sizeof *a, "none"), MHO_OK);
    assert_null(a);
    assert_int_equal(mhoi_alloc_count(), made);
    assert_int_equal(mhoi_alloc(&a, 1001, sizeof *a, "some"), MHO_OK);
    assert_int_equal((uintptr_t)a % 64, 0);
    for (size_t i = 0; i < 1001; i++)
        assert_true(a[i] == 0);
    assert_int_equal(mhoi_alloc_live(), live + 1);
    mhoi_free(&a);
    assert_null(a);
    mhoi_free(&a);
    assert_int_equal(mhoi_alloc_live(), live);
    assert_int_equal(mhoi_alloc(&a, SIZE_MAX / 2, 16, "too much"), MHO_ENOMEM);
    assert_null(a);
    assert_string_equal(mho_error_message(),
                        "out of memory: too much: 148 EB (9223372036854775807 x 16)");
    mhoi_alloc_fail_at(2);
    double *b;
    assert_int_equal(mhoi_alloc(&a, 3, 8, "first"), MHO_OK);
    assert_int_equal(mhoi_alloc(&b, 300, 8, "second"), MHO_ENOMEM);
    assert_string_equal(mho_error_message(), "out of memory: second: 2.4 kB (300 x 8)");
    assert_int_equal(mhoi_alloc(&b, 3, 8, "third"), MHO_OK);
    mhoi_free(&a);
    mhoi_free(&b);
    assert_int_equal(mhoi_alloc_live(), live);
}

#define ITEMS 500

typedef struct count {
    atomic_int done[ITEMS];
    size_t threads;
} count;

static mho_status count_item(void *context, size_t item, size_t thread)
{
    count *c = context;
    atomic_fetch_add(&c->done[item], 1);
    return thread < c->threads ? MHO_OK : mho_error(MHO_EINTERNAL, "thread %zu", thread);
}

static void test_every_item_once(void **state)
{
    (void)state;
    for (size_t threads = 1; threads <= 7; threads += 3) {
        count c = {.threads = threads};
        assert_int_equal(mho_run_set_threads(NULL, threads), MHO_OK);
        assert_int_equal(mho_run_threads(NULL), threads);
        assert_int_equal(mhoi_parallel(ITEMS, count_item, &c), MHO_OK);
        for (size_t i = 0; i < ITEMS; i++)
            assert_int_equal(atomic_load(&c.done[i]), 1);
        assert_int_equal(mhoi_parallel(0, count_item, &c), MHO_OK);
        assert_int_equal(mhoi_parallel(1, count_item, &c), MHO_OK);
    }
    assert_int_equal(mho_run_set_threads(NULL, 1025), MHO_EDOMAIN);
    assert_string_equal(mho_error_message(), "threads = 1025, want 0..1024");
    assert_int_equal(mho_run_set_threads(NULL, 0), MHO_OK);
    assert_true(mho_run_threads(NULL) >= 1);
}

/* Items 37 and 40 up fail; *late of them does so after all the others. */
static mho_status fail_some(void *context, size_t item, size_t thread)
{
    const size_t *late = context;
    (void)thread;
    if (item == *late)
        (void)usleep(2000);
    if (item == 37 || item >= 40)
        return mho_error(item == 37 ? MHO_EDOMAIN : MHO_EFILE, "item %zu", item);
    return MHO_OK;
}

static void test_lowest_failure(void **state)
{
    (void)state;
    for (size_t threads = 1; threads <= 7; threads++) {
        assert_int_equal(mho_run_set_threads(NULL, threads), MHO_OK);
        for (size_t late = 37; late <= 42; late++) {
            (void)mho_error(MHO_EUSAGE, "stale");
            assert_int_equal(mhoi_parallel(ITEMS, fail_some, &late), MHO_EDOMAIN);
            assert_string_equal(mho_error_message(), "item 37");
        }
    }
    assert_int_equal(mho_run_set_threads(NULL, 0), MHO_OK);
}

typedef struct nest {
    count count;
    pthread_t thread; /* that runs the inner loop */
} nest;

static mho_status inner(void *context, size_t item, size_t thread)
{
    nest *n = context;
    if (!pthread_equal(pthread_self(), n->thread))
        return mho_error(MHO_EINTERNAL, "item %zu runs on another thread", item);
    return count_item(&n->count, item, thread);
}

static mho_status outer(void *context, size_t item, size_t thread)
{
    nest *n = (nest *)context + item;
    (void)thread;
    n->thread = pthread_self();
    (void)usleep(2000); /* lets every thread have some */
    return mhoi_parallel(ITEMS, inner, n);
}

/* A loop within a loop runs on the thread that calls it. */
static void test_nested(void **state)
{
    (void)state;
    static nest n[8];
    size_t own = 0;
    for (size_t i = 0; i < 8; i++)
        n[i].count.threads = 1;
    assert_int_equal(mho_run_set_threads(NULL, 4), MHO_OK);
    assert_int_equal(mhoi_parallel(8, outer, n), MHO_OK);
    for (size_t i = 0; i < 8; i++) {
        own += pthread_equal(n[i].thread, pthread_self()) != 0;
        for (size_t k = 0; k < ITEMS; k++)
            assert_int_equal(atomic_load(&n[i].count.done[k]), 1);
    }
    assert_true(own < 8);
    assert_int_equal(mho_run_set_threads(NULL, 0), MHO_OK);
}

static mho_status interrupt_at_100(void *context, size_t item, size_t thread)
{
    (void)thread;
    atomic_fetch_add((atomic_size_t *)context, 1);
    if (item == 100)
        mho_run_interrupt(NULL);
    return MHO_OK;
}

static void test_interrupted(void **state)
{
    (void)state;
    for (size_t threads = 1; threads <= 4; threads += 3) {
        atomic_size_t done = 0;
        assert_int_equal(mho_run_set_threads(NULL, threads), MHO_OK);
        assert_int_equal(mhoi_parallel(100000, interrupt_at_100, &done), MHO_EINTERRUPTED);
        assert_true(atomic_load(&done) >= 101 && atomic_load(&done) < 100000);
        assert_true(mho_run_interrupted(NULL));
        mho_run_resume(NULL);
        assert_false(mho_run_interrupted(NULL));
    }
    assert_int_equal(mho_run_set_threads(NULL, 0), MHO_OK);
}

typedef struct told {
    size_t calls, stop_at; /* stop_at: 0 = never */
    uint64_t last;
    pthread_t thread;
} told;

static bool tell(void *user, const char *what, uint64_t done, uint64_t total, const char *unit)
{
    told *t = user;
    t->calls++;
    t->last = done;
    assert_string_equal(what, "work");
    assert_string_equal(unit, "items");
    assert_int_equal(total, 1000000);
    assert_true(pthread_equal(pthread_self(), t->thread));
    return t->calls != t->stop_at;
}

static void test_progress(void **state)
{
    (void)state;
    told t = {.thread = pthread_self()};
    double start_s = mho_seconds();
    mho_run_set_progress(NULL, tell, &t);
    for (uint64_t i = 1; i <= 1000000; i++)
        mhoi_progress("work", i, 1000000, "items");
    mho_run_set_progress(NULL, NULL, NULL);
    mhoi_progress("work", 1, 1000000, "items");
    double seconds = mho_seconds() - start_s;
    assert_int_equal(t.last, 1000000);
    assert_true(t.calls >= 1 && (double)t.calls <= 2 + 10 * seconds);
}

static bool tell_part(void *user, const char *what, uint64_t done, uint64_t total, const char *unit)
{
    told *t = user;
    t->calls++;
    t->last = done;
    assert_string_equal(what, "points");
    assert_string_equal(unit, "items");
    assert_int_equal(total, 400);
    return true;
}

static void test_progress_of_parts(void **state)
{
    (void)state;
    told t = {.calls = 0};
    mho_run_set_progress(NULL, tell_part, &t);
    mho_run_set_part(NULL, "points", 1, 4);
    mhoi_progress("work", 30, 100, "items");
    assert_int_equal(t.last, 130);
    mho_run_set_part(NULL, "points", 3, 4);
    mhoi_progress("work", 100, 100, "items");
    assert_int_equal(t.last, 400);
    assert_int_equal(t.calls, 2);
    mho_run_set_part(NULL, "", 0, 0);
    mho_run_set_progress(NULL, NULL, NULL);
}

static mho_status report_all_done(void *context, size_t item, size_t thread)
{
    (void)context;
    (void)item;
    (void)thread;
    mhoi_progress("work", 1000000, 1000000, "items");
    (void)usleep(500);
    return MHO_OK;
}

/* Workers are silent (tell looks at the thread), and a callback that returns false ends the work. */
static void test_progress_cancels(void **state)
{
    (void)state;
    told t = {.stop_at = 3, .thread = pthread_self()};
    assert_int_equal(mho_run_set_threads(NULL, 4), MHO_OK);
    mho_run_set_progress(NULL, tell, &t);
    assert_int_equal(mhoi_parallel(100000, report_all_done, NULL), MHO_EINTERRUPTED);
    assert_int_equal(t.calls, 3);
    assert_true(mho_run_interrupted(NULL));
    mho_run_set_progress(NULL, NULL, NULL);
    mho_run_resume(NULL);
    assert_int_equal(mho_run_set_threads(NULL, 0), MHO_OK);
}

static void test_bind(void **state)
{
    (void)state;
    mho_run *a = NULL, *b = NULL;
    assert_int_equal(mho_run_create(&a), MHO_OK);
    assert_int_equal(mho_run_create(&b), MHO_OK);
    assert_int_equal(mho_run_set_threads(a, 3), MHO_OK);
    mho_run_set_seed(b, UINT64_MAX);
    assert_null(mho_run_bind(a));
    assert_int_equal(mhoi_threads(), 3);
    assert_int_equal(mhoi_threads_for(2), 2);
    assert_int_equal(mhoi_threads_for(0), 1);
    assert_int_equal(mhoi_seed(), 1);
    assert_ptr_equal(mho_run_bind(b), a);
    assert_true(mhoi_seed() == UINT64_MAX);
    assert_int_equal(mho_run_threads(NULL), mho_run_threads(b));
    mho_run_interrupt(a);
    assert_false(mhoi_interrupted());
    assert_ptr_equal(mho_run_bind(NULL), b);
    assert_false(mhoi_interrupted());
    mho_run_destroy(a);
    mho_run_destroy(b);
    mho_run_destroy(NULL);
    mhoi_alloc_fail_at(1);
    assert_int_equal(mho_run_create(&a), MHO_ENOMEM);
    assert_null(a);
    mhoi_alloc_fail_at(0);
}

/* One of two runs: a loop that goes on until it is told to stop or is interrupted. */
typedef struct line {
    mho_run *run;
    size_t threads;
    atomic_size_t items, seen; /* seen: threads that worked */
    atomic_bool of_another_run;
    atomic_bool stop;
    mho_status status, after; /* of the loop; of another one after an interruption is taken back */
} line;

enum { MANY = 10000, STOPPED = MHO_ECHECK }; /* MANY: some seconds of work */

static mho_status step_of_line(void *context, size_t item, size_t thread)
{
    line *l = context;
    if (thread >= l->threads || mhoi_threads() != l->threads)
        atomic_store(&l->of_another_run, true);
    size_t seen = atomic_load(&l->seen);
    while (seen < thread + 1 && !atomic_compare_exchange_weak(&l->seen, &seen, thread + 1))
        ;
    atomic_fetch_add(&l->items, 1);
    (void)item;
    (void)usleep(100);
    return atomic_load(&l->stop) ? (mho_status)STOPPED : MHO_OK;
}

static void *run_line(void *context)
{
    line *l = context;
    (void)mho_run_bind(l->run);
    l->status = mhoi_parallel(MANY, step_of_line, l);
    if (l->status == MHO_EINTERRUPTED) {
        l->after = mhoi_parallel(MANY, step_of_line, l);
        if (l->after != MHO_EINTERRUPTED)
            return NULL;
        mho_run_resume(l->run);
        l->after = mhoi_parallel(50, step_of_line, l);
    }
    return NULL;
}

static void wait_for(atomic_size_t *counter, size_t at_least)
{
    for (int tries = 0; tries < 20000 && atomic_load(counter) < at_least; tries++)
        (void)usleep(100);
}

/* Two threads of a process with a run each: their own threads; one is interrupted and used again, the other
 * goes on. */
static void test_two_runs(void **state)
{
    (void)state;
    line l[2] = {{.threads = 2}, {.threads = 3}};
    pthread_t thread[2];
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(mho_run_create(&l[i].run), MHO_OK);
        assert_int_equal(mho_run_set_threads(l[i].run, l[i].threads), MHO_OK);
        assert_int_equal(pthread_create(&thread[i], NULL, run_line, &l[i]), 0);
    }
    wait_for(&l[0].items, 100);
    wait_for(&l[1].items, 100);
    mho_run_interrupt(l[0].run);
    assert_int_equal(pthread_join(thread[0], NULL), 0);
    wait_for(&l[1].items, atomic_load(&l[1].items) + 100);
    atomic_store(&l[1].stop, true);
    assert_int_equal(pthread_join(thread[1], NULL), 0);
    assert_int_equal(l[0].status, MHO_EINTERRUPTED);
    assert_int_equal(l[0].after, MHO_OK);
    assert_int_equal(l[1].status, STOPPED);
    for (size_t i = 0; i < 2; i++) {
        assert_false(atomic_load(&l[i].of_another_run));
        assert_int_equal(atomic_load(&l[i].seen), l[i].threads);
        mho_run_destroy(l[i].run);
    }
}

static void test_cpu(void **state)
{
    (void)state;
    const char *before = getenv("MHO_CPU");
    char *kept = before ? strdup(before) : NULL;
    assert_int_equal(setenv("MHO_CPU", "ref", 1), 0);
    assert_int_equal(mho_cpu_init(), MHO_OK);
    assert_int_equal(mho_cpu_level(), MHO_CPU_REF);
    assert_string_equal(mho_cpu_name(mho_cpu_level()), "ref");
    assert_int_equal(setenv("MHO_CPU", "sse9", 1), 0);
    assert_int_equal(mho_cpu_init(), MHO_ECONFIG);
    assert_string_equal(mho_error_message(), "MHO_CPU = sse9, want ref, avx2 or avx512");
    assert_int_equal(mho_cpu_level(), MHO_CPU_REF);
    if (kept)
        (void)setenv("MHO_CPU", kept, 1);
    else
        (void)unsetenv("MHO_CPU");
    free(kept);
    assert_int_equal(mho_cpu_init(), MHO_OK);
    assert_true(mho_peak_bytes() > 100000);
    assert_string_equal(mho_cpu_name(MHO_CPU_AVX512), "avx512");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_status),
        cmocka_unit_test(test_alloc),
        cmocka_unit_test(test_large),
        cmocka_unit_test(test_need),
        cmocka_unit_test(test_every_item_once),
        cmocka_unit_test(test_lowest_failure),
        cmocka_unit_test(test_nested),
        cmocka_unit_test(test_interrupted),
        cmocka_unit_test(test_progress),
        cmocka_unit_test(test_progress_of_parts),
        cmocka_unit_test(test_progress_cancels),
        cmocka_unit_test(test_bind),
        cmocka_unit_test(test_two_runs),
        cmocka_unit_test(test_cpu),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
