/* SPDX-License-Identifier: Apache-2.0 */
/* Statuses, allocation, parallel loops, interruption, progress and the choice of the kernel variant. */
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
        assert_int_equal(mho_threads_set(threads), MHO_OK);
        assert_int_equal(mho_threads(), threads);
        assert_int_equal(mhoi_parallel(ITEMS, count_item, &c), MHO_OK);
        for (size_t i = 0; i < ITEMS; i++)
            assert_int_equal(atomic_load(&c.done[i]), 1);
        assert_int_equal(mhoi_parallel(0, count_item, &c), MHO_OK);
        assert_int_equal(mhoi_parallel(1, count_item, &c), MHO_OK);
    }
    assert_int_equal(mho_threads_set(1025), MHO_EDOMAIN);
    assert_string_equal(mho_error_message(), "threads = 1025, want 0..1024");
    assert_int_equal(mho_threads_set(0), MHO_OK);
    assert_true(mho_threads() >= 1);
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
        assert_int_equal(mho_threads_set(threads), MHO_OK);
        for (size_t late = 37; late <= 42; late++) {
            (void)mho_error(MHO_EUSAGE, "stale");
            assert_int_equal(mhoi_parallel(ITEMS, fail_some, &late), MHO_EDOMAIN);
            assert_string_equal(mho_error_message(), "item 37");
        }
    }
    assert_int_equal(mho_threads_set(0), MHO_OK);
}

typedef struct nest {
    count count;
    bool master; /* of the thread that runs the inner loop */
} nest;

static mho_status inner(void *context, size_t item, size_t thread)
{
    nest *n = context;
    if (mhoi_is_master() != n->master)
        return mho_error(MHO_EINTERNAL, "item %zu runs on another thread", item);
    return count_item(&n->count, item, thread);
}

static mho_status outer(void *context, size_t item, size_t thread)
{
    nest *n = (nest *)context + item;
    (void)thread;
    n->master = mhoi_is_master();
    (void)usleep(2000); /* lets every thread have some */
    return mhoi_parallel(ITEMS, inner, n);
}

/* A loop within a loop runs on the thread that calls it, which is still the master or still not. */
static void test_nested(void **state)
{
    (void)state;
    static nest n[8];
    size_t masters = 0;
    for (size_t i = 0; i < 8; i++)
        n[i].count.threads = 1;
    assert_int_equal(mho_threads_set(4), MHO_OK);
    assert_int_equal(mhoi_parallel(8, outer, n), MHO_OK);
    for (size_t i = 0; i < 8; i++) {
        masters += n[i].master;
        for (size_t k = 0; k < ITEMS; k++)
            assert_int_equal(atomic_load(&n[i].count.done[k]), 1);
    }
    assert_true(masters < 8);
    assert_int_equal(mho_threads_set(0), MHO_OK);
}

static mho_status interrupt_at_100(void *context, size_t item, size_t thread)
{
    (void)thread;
    atomic_fetch_add((atomic_size_t *)context, 1);
    if (item == 100)
        mho_interrupt();
    return MHO_OK;
}

static void test_interrupted(void **state)
{
    (void)state;
    for (size_t threads = 1; threads <= 4; threads += 3) {
        atomic_size_t done = 0;
        assert_int_equal(mho_threads_set(threads), MHO_OK);
        assert_int_equal(mhoi_parallel(100000, interrupt_at_100, &done), MHO_EINTERRUPTED);
        assert_true(atomic_load(&done) >= 101 && atomic_load(&done) < 100000);
        assert_true(mho_interrupted());
        mhoi_interrupt_clear();
        assert_false(mho_interrupted());
    }
    assert_int_equal(mho_threads_set(0), MHO_OK);
}

typedef struct told {
    size_t calls;
    uint64_t last;
} told;

static void tell(void *user, const char *what, uint64_t done, uint64_t total, const char *unit)
{
    told *t = user;
    t->calls++;
    t->last = done;
    assert_string_equal(what, "work");
    assert_string_equal(unit, "items");
    assert_int_equal(total, 1000000);
}

static void test_progress(void **state)
{
    (void)state;
    told t = {0, 0};
    double start_s = mho_seconds();
    mho_progress_set(tell, &t);
    for (uint64_t i = 1; i <= 1000000; i++)
        mhoi_progress("work", i, 1000000, "items");
    mho_progress_set(NULL, NULL);
    mhoi_progress("work", 1, 1000000, "items");
    double seconds = mho_seconds() - start_s;
    assert_int_equal(t.last, 1000000);
    assert_true(t.calls >= 1 && (double)t.calls <= 2 + 10 * seconds);
}

static void tell_part(void *user, const char *what, uint64_t done, uint64_t total, const char *unit)
{
    told *t = user;
    t->calls++;
    t->last = done;
    assert_string_equal(what, "points");
    assert_string_equal(unit, "items");
    assert_int_equal(total, 400);
}

static void test_progress_of_parts(void **state)
{
    (void)state;
    told t = {0, 0};
    mho_progress_set(tell_part, &t);
    mho_progress_part("points", 1, 4);
    mhoi_progress("work", 30, 100, "items");
    assert_int_equal(t.last, 130);
    mho_progress_part("points", 3, 4);
    mhoi_progress("work", 100, 100, "items");
    assert_int_equal(t.last, 400);
    assert_int_equal(t.calls, 2);
    mho_progress_part("", 0, 0);
    mho_progress_set(NULL, NULL);
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
        cmocka_unit_test(test_every_item_once),
        cmocka_unit_test(test_lowest_failure),
        cmocka_unit_test(test_nested),
        cmocka_unit_test(test_interrupted),
        cmocka_unit_test(test_progress),
        cmocka_unit_test(test_progress_of_parts),
        cmocka_unit_test(test_cpu),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
