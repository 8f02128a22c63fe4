/* SPDX-License-Identifier: Apache-2.0 */
/* How a run is carried out: threads, CPU variant, interruption, memory, time.
 * None of these changes a result. */
#ifndef MHO_RUN_H
#define MHO_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mho/status.h"

/* Threads used by every parallel call; 0 = as many as this process may run on.
 * MHO_EDOMAIN above 1024. */
MHO_API MHO_MUST_CHECK mho_status mho_threads_set(size_t threads);
MHO_API size_t mho_threads(void);

/* Kernel variant: the best this CPU has, unless MHO_CPU=ref|avx2|avx512 forces one.
 * mho_cpu_init is called once before the first kernel; MHO_ECONFIG names a variant that is unknown
 * or that this CPU lacks. */
typedef enum mho_cpu { MHO_CPU_REF, MHO_CPU_AVX2, MHO_CPU_AVX512 } mho_cpu;
MHO_API MHO_MUST_CHECK mho_status mho_cpu_init(void);
MHO_API mho_cpu mho_cpu_level(void);
MHO_API const char *mho_cpu_name(mho_cpu level);

/* Ctrl-C: the program's handler calls mho_interrupt (async-signal safe); long calls look at
 * mho_interrupted between items, save what they have and return MHO_EINTERRUPTED. */
MHO_API void mho_interrupt(void);
MHO_API bool mho_interrupted(void);

/* Progress of long calls.  The callback gets done of total (in `unit`) at most ten times a second,
 * on the calling thread only; NULL (the start) reports nothing. */
typedef void mho_progress_fn(void *user, const char *what, uint64_t done, uint64_t total,
                             const char *unit);
MHO_API void mho_progress_set(mho_progress_fn *fn, void *user);

/* The calls up to the next mho_progress_part make up part `index` of `parts` of one piece of work and are
 * reported as such, under the name `what`; parts 0: each call is reported by itself again. */
MHO_API void mho_progress_part(const char *what, size_t index, size_t parts);

/* Peak resident memory of this process in bytes; seconds of a monotonic clock. */
MHO_API uint64_t mho_peak_bytes(void);
MHO_API double mho_seconds(void);

MHO_API const char *mho_version(void);

#endif
