/* SPDX-License-Identifier: Apache-2.0 */
/* Interruption, progress, memory and time of a run. */
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>

#include "base/parallel.h"

#define REPORT_INTERVAL_S 0.1

static volatile sig_atomic_t interrupted;
static mho_progress_fn *progress_fn;
static void *progress_user;
static double last_report_s;
static char part_of[64];
static size_t part, parts; /* parts 0: no part of anything */

void mho_interrupt(void)
{
    interrupted = 1;
}

bool mho_interrupted(void)
{
    return interrupted != 0;
}

void mhoi_interrupt_clear(void)
{
    interrupted = 0;
}

void mho_progress_set(mho_progress_fn *fn, void *user)
{
    progress_fn = fn;
    progress_user = user;
    last_report_s = 0;
}

void mho_progress_part(const char *what, size_t index, size_t count)
{
    (void)snprintf(part_of, sizeof part_of, "%s", what);
    part = index;
    parts = count;
}

void mhoi_progress(const char *what, uint64_t done, uint64_t total, const char *unit)
{
    if (!progress_fn || !mhoi_is_master())
        return;
    if (parts) {
        what = part_of;
        done += part * total;
        total *= parts;
    }
    double now_s = mho_seconds();
    if (done < total && now_s - last_report_s < REPORT_INTERVAL_S)
        return;
    last_report_s = now_s;
    progress_fn(progress_user, what, done, total, unit);
}

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
