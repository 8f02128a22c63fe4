/* SPDX-License-Identifier: Apache-2.0 */
/* Runs: threads, seed, interruption and progress of one line of work, bound to its thread. */
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/parallel.h"

#define REPORT_INTERVAL_S 0.1
#define MEMORY (UINT64_C(1) << 30)
#define MEMORY_MORE 1 /* M that are told on top: texts are of other lengths in the next run */

typedef struct named_text {
    struct named_text *next;
    char *name, *place, *text;
} named_text;

/* Atomic where another thread or a signal handler may come in between. */
struct mho_run {
    atomic_size_t threads;   /* 0: as many as this process may run on */
    _Atomic uint64_t memory; /* 0: MEMORY */
    atomic_bool interrupted;
    uint64_t seed;
    mho_progress_fn *progress;
    void *progress_user;
    _Atomic double last_report_s;
    char part_of[64];
    size_t part, parts;       /* parts 0: no part of anything */
    struct mhoi_shelf *shelf; /* NULL: nothing is kept */
    named_text *named;
    char *cache;           /* NULL: none */
    char cache_note[1200]; /* "": nothing to tell */
    atomic_bool unbound;   /* something took memory that the budget does not bind */
};

static mho_run default_run = {.seed = 1};
static _Thread_local mhoi_binding here;

static mho_run *bound_run(void)
{
    return here.run ? here.run : &default_run;
}

static const mho_run *readable(const mho_run *run)
{
    return run ? run : bound_run();
}

static mho_run *writable(mho_run *run)
{
    return run ? run : bound_run();
}

struct mhoi_shelf **mhoi_run_shelf(void)
{
    return &bound_run()->shelf;
}

mho_status mho_run_create(mho_run **out)
{
    mho_status s = mhoi_alloc(out, 1, sizeof **out, "run");
    if (!s)
        (*out)->seed = 1;
    return s;
}

static void free_named(named_text *n)
{
    mhoi_free(&n->name);
    mhoi_free(&n->place);
    mhoi_free(&n->text);
    mhoi_free(&n);
}

static mho_status copy(const char *text, char **out)
{
    mho_status s = mhoi_alloc(out, strlen(text) + 1, 1, "text of a run");
    if (!s)
        memcpy(*out, text, strlen(text));
    return s;
}

mho_status mho_run_name_text(mho_run *run, const char *name, const char *place, const char *text)
{
    named_text *n = NULL;
    mho_status s = mhoi_alloc(&n, 1, sizeof *n, "text of a run");
    if (s)
        return s;
    s = copy(name, &n->name);
    if (!s)
        s = copy(place, &n->place);
    if (!s)
        s = copy(text, &n->text);
    if (s) {
        free_named(n);
        return s;
    }
    n->next = writable(run)->named;
    writable(run)->named = n;
    return MHO_OK;
}

const char *mhoi_run_text(const char *name, const char **place)
{
    const named_text *n = bound_run()->named;
    while (n && strcmp(n->name, name) != 0)
        n = n->next;
    *place = n ? n->place : NULL;
    return n ? n->text : NULL;
}

void mho_run_destroy(mho_run *run)
{
    while (run && run->named) {
        named_text *n = run->named;
        run->named = n->next;
        free_named(n);
    }
    if (run)
        mhoi_free(&run->cache);
    mhoi_free(&run);
}

mho_status mho_run_set_cache(mho_run *run, const char *folder)
{
    char *own = NULL;
    const mho_status s = folder ? copy(folder, &own) : MHO_OK;
    if (s)
        return s;
    mhoi_free(&writable(run)->cache);
    writable(run)->cache = own;
    writable(run)->cache_note[0] = 0;
    return MHO_OK;
}

const char *mho_run_cache(const mho_run *run)
{
    return readable(run)->cache;
}

const char *mho_run_cache_note(const mho_run *run)
{
    return readable(run)->cache_note;
}

void mhoi_run_note_cache(const char *path, const char *what)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* workers make chips, too */
    mho_run *run = bound_run();
    (void)pthread_mutex_lock(&lock);
    snprintf(run->cache_note, sizeof run->cache_note, "%.1000s: %.150s", path, what);
    (void)pthread_mutex_unlock(&lock);
}

mho_run *mho_run_bind(mho_run *run)
{
    mho_run *before = here.run;
    here.run = run == &default_run ? NULL : run;
    return before;
}

mhoi_binding mhoi_bound(void)
{
    return here;
}

void mhoi_bind(mhoi_binding binding)
{
    here = binding;
}

/* --- threads and seed ------------------------------------------------------------------------------ */

static size_t available_threads(void)
{
    cpu_set_t set;
    size_t n = sched_getaffinity(0, sizeof set, &set) == 0 ? (size_t)CPU_COUNT(&set) : 1;
    return n < 1 ? 1 : n > MHOI_THREADS_MAX ? MHOI_THREADS_MAX : n;
}

mho_status mho_run_set_threads(mho_run *run, size_t threads)
{
    if (threads > MHOI_THREADS_MAX)
        return mho_error(MHO_EDOMAIN, "threads = %zu, want 0..%d", threads, MHOI_THREADS_MAX);
    atomic_store(&writable(run)->threads, threads);
    return MHO_OK;
}

size_t mho_run_threads(const mho_run *run)
{
    size_t n = atomic_load(&readable(run)->threads);
    return n ? n : available_threads();
}

size_t mhoi_threads(void)
{
    return mho_run_threads(NULL);
}

size_t mhoi_threads_for(size_t items)
{
    size_t threads = mhoi_threads();
    return threads < items ? threads : items ? items : 1;
}

void mho_run_set_memory(mho_run *run, uint64_t bytes)
{
    atomic_store(&writable(run)->memory, bytes);
    atomic_store(&writable(run)->unbound, false);
}

uint64_t mho_run_memory(const mho_run *run)
{
    const uint64_t bytes = atomic_load(&readable(run)->memory);
    return bytes ? bytes : MEMORY;
}

static uint64_t most_memory(void)
{
    const uint64_t told = atomic_load(&readable(NULL)->memory);
    const uint64_t pages = (uint64_t)sysconf(_SC_PHYS_PAGES);
    return told ? told : pages / 4 * 3 * (uint64_t)sysconf(_SC_PAGESIZE);
}

uint64_t mhoi_memory_left(void)
{
    const uint64_t most = most_memory(), taken = MHOI_MEMORY_PROGRAM + mhoi_alloc_bytes();
    return taken < most ? most - taken : 0;
}

static void need(mhoi_need *need, uint64_t bytes, const char *format, va_list args)
{
    const uint64_t taken = MHOI_MEMORY_PROGRAM + mhoi_alloc_bytes();
    if (bytes + taken < need->bytes + need->taken)
        return;
    need->bytes = bytes;
    need->taken = taken;
    (void)vsnprintf(need->what, sizeof need->what, format, args);
}

void mhoi_memory_need(mhoi_need *n, uint64_t bytes, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    need(n, bytes, format, args);
    va_end(args);
}

void mhoi_memory_more(mhoi_need *n, const mhoi_need *other)
{
    if (other->bytes + other->taken > n->bytes + n->taken)
        *n = *other;
}

static uint64_t in_M(uint64_t bytes)
{
    return (bytes >> 20) + (bytes % ((uint64_t)1 << 20) != 0);
}

mho_status mhoi_memory_grant(const mhoi_need *n, const mhoi_need *whole)
{
    const uint64_t want = n->bytes + n->taken, all = whole ? whole->bytes + whole->taken : 0;
    if (want <= most_memory())
        return MHO_OK;
    return mho_error(MHO_ENOMEM,
                     "%s takes %" PRIu64 "M, and %" PRIu64 "M are taken already (%" PRIu64
                     "M of them by the program): want %" PRIu64 "M of memory at least",
                     n->what, in_M(n->bytes), in_M(n->taken), in_M(MHOI_MEMORY_PROGRAM),
                     in_M(want > all ? want : all) + MEMORY_MORE);
}

mho_status mhoi_memory_want(uint64_t bytes, const char *format, ...)
{
    mhoi_need n = {.bytes = 0};
    va_list args;
    if (bytes <= mhoi_memory_left())
        return MHO_OK;
    va_start(args, format);
    need(&n, bytes, format, args);
    va_end(args);
    return mhoi_memory_grant(&n, NULL);
}

void mhoi_memory_unbound(void)
{
    atomic_store(&bound_run()->unbound, true);
}

bool mho_run_memory_bound(const mho_run *run)
{
    return !atomic_load(&readable(run)->unbound);
}

bool mhoi_memory_told(void)
{
    return atomic_load(&readable(NULL)->memory) != 0;
}

void mho_run_set_seed(mho_run *run, uint64_t seed)
{
    writable(run)->seed = seed;
}

uint64_t mho_run_seed(const mho_run *run)
{
    return readable(run)->seed;
}

uint64_t mhoi_seed(void)
{
    return mho_run_seed(NULL);
}

/* --- interruption and progress --------------------------------------------------------------------- */

void mho_run_interrupt(mho_run *run)
{
    atomic_store(&writable(run)->interrupted, true);
}

bool mho_run_interrupted(const mho_run *run)
{
    return atomic_load(&readable(run)->interrupted);
}

void mho_run_resume(mho_run *run)
{
    atomic_store(&writable(run)->interrupted, false);
}

bool mhoi_interrupted(void)
{
    return mho_run_interrupted(NULL);
}

mho_status mhoi_interruption(void)
{
    return mhoi_interrupted() ? mho_error(MHO_EINTERRUPTED, "interrupted") : MHO_OK;
}

void mho_run_set_progress(mho_run *run, mho_progress_fn *fn, void *user)
{
    mho_run *r = writable(run);
    r->progress = fn;
    r->progress_user = user;
    atomic_store(&r->last_report_s, 0);
}

void mho_run_set_part(mho_run *run, const char *what, size_t index, size_t parts)
{
    mho_run *r = writable(run);
    (void)snprintf(r->part_of, sizeof r->part_of, "%s", what);
    r->part = index;
    r->parts = parts;
}

void mhoi_progress(const char *what, uint64_t done, uint64_t total, const char *unit)
{
    mho_run *run = bound_run();
    if (!run->progress || here.worker)
        return;
    if (run->parts) {
        what = run->part_of;
        done += run->part * total;
        total *= run->parts;
    }
    double now_s = mho_seconds();
    if (done < total && now_s - atomic_load(&run->last_report_s) < REPORT_INTERVAL_S)
        return;
    atomic_store(&run->last_report_s, now_s);
    if (!run->progress(run->progress_user, what, done, total, unit))
        mho_run_interrupt(run);
}

/* --- the process ----------------------------------------------------------------------------------- */

uint64_t mho_peak_bytes(void)
{
    struct rusage usage;
    return getrusage(RUSAGE_SELF, &usage) == 0 ? (uint64_t)usage.ru_maxrss * 1024 : 0;
}

double mho_seconds(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

const char *mho_version(void)
{
    return MHO_VERSION;
}
