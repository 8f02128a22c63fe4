/* SPDX-License-Identifier: Apache-2.0 */
/* A search of prices alone, AlexNet: processor time of a point with everything (chosen, known by its keys, priced, stored on
 * the disk), of its price alone, and of the rest, which the bar of 50 us is for; the least of three rounds.
 * bench_explore [POINTS, a multiple of 80] */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench_record.h"
#include "mho/explore.h"
#include "mho/run.h"
#include "study/bench.h"

enum { ROUNDS = 3 };

static double cpu_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void must(mho_status s)
{
    if (!s)
        return;
    fprintf(stderr, "bench_explore: %s\n", mho_error_message());
    exit(1);
}

static char volts[32 << 10];

static const char *const axes[] = {"crossbar.rows=64:512:*2", "crossbar.columns=64:512:*2",
                                   "output.split_bits=2:6:1", volts, NULL};

/* "read.voltage=0.1,0.101,..." */
static void set_volts(size_t values)
{
    size_t used = (size_t)snprintf(volts, sizeof volts, "read.voltage=");
    for (size_t i = 0; i < values && used + 16 < sizeof volts; i++)
        used += (size_t)snprintf(volts + used, sizeof volts - used, "%s%.4f", i ? "," : "",
                                 0.1 + 0.001 * (double)i);
}

static void write_sweep(const char *path)
{
    FILE *f = fopen(path, "w");
    if (!f)
        exit(1);
    fprintf(f, "network: alexnet\nhw: bcnn\naccuracy: false\n"
               "set: {technology: generic-45nm}\naxes:\n");
    for (size_t a = 0; axes[a]; a++) {
        const char *equal = strchr(axes[a], '=');
        const bool list = strchr(equal, ',') != NULL;
        fprintf(f, "  %.*s: %s%s%s\n", (int)(equal - axes[a]), axes[a], list ? "[" : "\"",
                equal + 1, list ? "]" : "\"");
    }
    fclose(f);
}

/* Seconds of all, rows in the store included; *points of it. */
static double explore_all(const char *sweep, const char *path, size_t *points)
{
    const mho_explore_options o = {.store = path};
    mho_explore_report r;
    mho_explore *x;
    mho_store *store;
    const double start_s = cpu_s();
    must(mho_explore_open(sweep, &o, &x));
    must(mho_store_open(path, MHO_STORE_CREATE, &store));
    must(mho_explore_run(x, store, &r));
    mho_store_close(store);
    mho_explore_destroy(x);
    *points = r.done;
    return cpu_s() - start_s;
}

/* Of the prices of the same points. */
static double price_all(void)
{
    static const char *const nets[] = {"alexnet", NULL}, *const sets[] = {NULL, NULL};
    const mhoi_bench_options o = {.nets = nets, .sets = sets};
    const char *const set[] = {"technology=generic-45nm", NULL};
    mhoi_bench *bench;
    mho_hw *base;
    mho_grid *grid;
    double sum_s = 0;
    must(mhoi_bench_open(&o, &bench));
    must(mho_hw_open("bcnn", set, &base));
    must(mhoi_grid_create_axes(base, axes, "bench", &grid));
    mhoi_bench_enter(bench);
    for (size_t i = 0; i < mho_grid_points(grid); i++) {
        size_t choice[MHO_GRID_AXES_MAX], rest = i;
        mho_hw *hw;
        mho_result result;
        mho_summary sum;
        for (size_t a = mho_grid_axes(grid); a-- > 0; rest /= mho_grid_values(grid, a))
            choice[a] = rest % mho_grid_values(grid, a);
        must(mho_hw_clone(base, &hw));
        must(mhoi_grid_choose(grid, choice, hw));
        const double start_s = cpu_s();
        must(mhoi_bench_price(bench, 0, hw, &result, &sum));
        sum_s += cpu_s() - start_s;
        mho_result_free(&result);
        mho_hw_destroy(hw);
    }
    mhoi_bench_leave(bench);
    mho_grid_destroy(grid);
    mho_hw_destroy(base);
    mhoi_bench_destroy(bench);
    return sum_s;
}

int main(int argc, char **argv)
{
    char folder[] = "/tmp/mho-bench-XXXXXX", sweep[64], path[64];
    const size_t wanted = argc > 1 ? strtoul(argv[1], NULL, 10) : 10080;
    size_t points = 0;
    if (!mkdtemp(folder))
        return 1;
    snprintf(sweep, sizeof sweep, "%s/sweep.yaml", folder);
    snprintf(path, sizeof path, "%s/r.db", folder);
    must(mho_run_set_threads(NULL, 1));
    set_volts(wanted / 80 ? wanted / 80 : 1);
    write_sweep(sweep);
    double all_s = HUGE_VAL, price_s = HUGE_VAL;
    for (int round = 0; round < ROUNDS;
         round++) { /* neighbours on the machine make them longer, never shorter */
        unlink(path);
        all_s = fmin(all_s, explore_all(sweep, path, &points));
        price_s = fmin(price_s, price_all());
    }
    const double all_us = 1e6 * all_s / (double)points, price_us = 1e6 * price_s / (double)points;
    printf("%zu priced points of alexnet: %.2f s of processor time, one thread\n"
           "  %6.1f us a point with everything\n  %6.1f us its price alone\n"
           "  %6.1f us the rest, the store included (bar 50): %.2f of the whole\n",
           points, all_s, all_us, price_us, all_us - price_us, 1 - price_us / all_us);
    record("explore", "alexnet", "us a point", all_us, false, false);
    record("explore", "alexnet", "us beside the price", all_us - price_us, false, false);
    unlink(path);
    unlink(sweep);
    rmdir(folder);
    return 0;
}
