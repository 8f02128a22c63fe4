/* SPDX-License-Identifier: Apache-2.0 */
/* A progress bar on stderr, shown once a piece of work looks like taking over two seconds. */
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

enum { BAR = 24 };

typedef struct progress_state {
    char what[64];
    double start_s;
    uint64_t last;
    bool shown;
} progress_state;

static progress_state state;

void cli_progress_clear(void)
{
    if (state.shown)
        fputs("\r\033[K", stderr);
    state.shown = false;
}

static void time_left(double seconds, char text[32])
{
    if (!isfinite(seconds) || seconds > 359999)
        snprintf(text, 32, "?");
    else if (seconds < 60)
        snprintf(text, 32, "%.0f s left", ceil(seconds));
    else if (seconds < 3600)
        snprintf(text, 32, "%d:%02d min left", (int)seconds / 60, (int)seconds % 60);
    else
        snprintf(text, 32, "%d:%02d h left", (int)seconds / 3600, (int)seconds / 60 % 60);
}

static void show(const char *what, uint64_t done, uint64_t total, const char *unit,
                 double elapsed_s)
{
    char bar[BAR + 1], left[32], amount[32];
    double fraction = (double)done / (double)total, rate = (double)done / elapsed_s;
    size_t filled = (size_t)(fraction * BAR);
    memset(bar, '.', BAR);
    memset(bar, '#', filled < BAR ? filled : BAR);
    bar[BAR] = 0;
    time_left((double)(total - done) / rate, left);
    if (rate < 1000)
        snprintf(amount, sizeof amount, "%.3g", rate);
    else
        cli_grouped((uint64_t)rate, amount);
    const size_t name = strcspn(what, "\t"); /* what is behind a tab is told at the end */
    fprintf(stderr, "\r\033[K%.*s [%s] %3.0f %%  %s %s/s  %s%s%s", (int)name, what, bar,
            100 * fraction, amount, unit, left, what[name] ? "  " : "",
            what[name] ? what + name + 1 : "");
    fflush(stderr);
    state.shown = true;
}

static bool on_progress(void *user, const char *what, uint64_t done, uint64_t total,
                        const char *unit)
{
    (void)user;
    double now_s = mho_seconds();
    const size_t name = strcspn(what, "\t");
    if (strlen(state.what) != name || strncmp(what, state.what, name) != 0 || done < state.last) {
        cli_progress_clear();
        snprintf(state.what, sizeof state.what, "%.*s", (int)(name < 63 ? name : 63), what);
        state.start_s = now_s;
    }
    state.last = done;
    double elapsed_s = now_s - state.start_s;
    if (!total || done >= total) {
        cli_progress_clear();
        return true;
    }
    bool long_work = done && elapsed_s / (double)done * (double)total > 2;
    if (state.shown || (elapsed_s > 0.3 && long_work))
        show(what, done, total, unit, elapsed_s);
    return true;
}

void cli_progress_start(bool quiet)
{
    state = (progress_state){0};
    if (!quiet && isatty(STDERR_FILENO))
        mho_run_set_progress(NULL, on_progress, NULL);
}
