/* SPDX-License-Identifier: Apache-2.0 */
/* Parallel loops with errors and interruption carried back to the caller, and what the library asks of the
 * run that is bound to the calling thread (mho/run.h). */
#ifndef MHO_BASE_PARALLEL_H
#define MHO_BASE_PARALLEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mho/run.h"

enum { MHOI_THREADS_MAX = 1024 };

/* Calls body(context, item, thread) for every item < items, thread < mhoi_threads_for(items), dynamically
 * shared out.  On an error the remaining items are skipped; of several, the lowest item's status and
 * message win.  Returns MHO_EINTERRUPTED if interrupted meanwhile. */
typedef mho_status mhoi_body_fn(void *context, size_t item, size_t thread);
MHO_MUST_CHECK mho_status mhoi_parallel(size_t items, mhoi_body_fn *body, void *context);

/* Whether the calling thread is at work in a loop: a loop within it runs on this thread alone. */
bool mhoi_in_loop(void);

/* A moment, of some ten nanoseconds, for who waits awake. */
void mhoi_rest(void);

/* Threads of the run, at least 1; as many of them as a loop over items uses: memory of a thread is made
 * for these only. */
size_t mhoi_threads(void);
size_t mhoi_threads_for(size_t items);

/* What the run's memory (told: mho_run_set_memory; else three quarters of the machine's) leaves beside the program itself and
 * all that is allocated now. */
#define MHOI_MEMORY_PROGRAM ((uint64_t)24 << 20)
uint64_t mhoi_memory_left(void);
bool mhoi_memory_told(void);
/* From here on something takes memory that nobody foresees. */
void mhoi_memory_unbound(void);
/* The largest of several needs, each of so many bytes beside what is allocated when it is told. */
typedef struct mhoi_need {
    uint64_t bytes, taken;
    char what[160];
} mhoi_need;
void mhoi_memory_need(mhoi_need *need, uint64_t bytes, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The larger of the two. */
void mhoi_memory_more(mhoi_need *need, const mhoi_need *other);
/* MHO_ENOMEM, with how much memory would do, where there is less: "WHAT takes 300M, and ..." (M: 2^20 bytes).  whole: the largest
 * need of all that is to come (NULL: this one), which is what is told to do. */
MHO_MUST_CHECK mho_status mhoi_memory_grant(const mhoi_need *need, const mhoi_need *whole);
/* Both at once, of one need. */
MHO_MUST_CHECK mho_status mhoi_memory_want(uint64_t bytes, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The run's seed, for calls that are not given one. */
uint64_t mhoi_seed(void);

/* Whether the run is interrupted; long loops return mhoi_interruption() then. */
bool mhoi_interrupted(void);
/* MHO_OK, or MHO_EINTERRUPTED with its message. */
MHO_MUST_CHECK mho_status mhoi_interruption(void);

/* Tells the progress callback (if any), at most ten times a second; only the thread that bound the run
 * does, workers of a loop are silent. */
void mhoi_progress(const char *what, uint64_t done, uint64_t total, const char *unit);

/* Where the bound run has what it keeps (base/shelf.h); NULL there: nothing. */
struct mhoi_shelf **mhoi_run_shelf(void);
/* What mho_run_cache_note tells. */
void mhoi_run_note_cache(const char *path, const char *what);

/* Of mho_run_name_text, in the bound run; NULL: nothing of that name. */
const char *mhoi_run_text(const char *name, const char **place);

/* What a thread is bound to.  A worker of a loop takes its caller's run and gives back what it had. */
typedef struct mhoi_binding {
    mho_run *run; /* NULL: the default run */
    bool worker;
} mhoi_binding;
mhoi_binding mhoi_bound(void);
void mhoi_bind(mhoi_binding binding);

#endif
