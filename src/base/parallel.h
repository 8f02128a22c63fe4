/* SPDX-License-Identifier: Apache-2.0 */
/* Parallel loops with errors and interruption carried back to the caller. */
#ifndef MHO_BASE_PARALLEL_H
#define MHO_BASE_PARALLEL_H

#include <stddef.h>

#include "mho/run.h"

/* Calls body(context, item, thread) for every item < items, thread < mho_threads(), dynamically shared
 * out.  On an error the remaining items are skipped; of several, the lowest item's status and message
 * win.  Returns MHO_EINTERRUPTED if interrupted meanwhile. */
typedef mho_status mhoi_body_fn(void *context, size_t item, size_t thread);
MHO_MUST_CHECK mho_status mhoi_parallel(size_t items, mhoi_body_fn *body, void *context);

/* Tells the progress callback (if any), at most ten times a second; only the master thread does. */
void mhoi_progress(const char *what, uint64_t done, uint64_t total, const char *unit);

/* Whether this is the thread that called mhoi_parallel (or no parallel loop runs). */
bool mhoi_is_master(void);

/* Tests: forgets an interruption. */
void mhoi_interrupt_clear(void);

#endif
