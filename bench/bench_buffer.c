/* SPDX-License-Identifier: Apache-2.0 */
/* Exploration of buffer designs, one core: the paper's whole exploration; design points a second of a sweep
 * over memories, banks, depths, clocks and two technologies of VGG-11 with level-3 optima, beside a search
 * and a price of its own for every point, in the same run; ResNet-152 at level 3 with 16 MB. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench_record.h"
#include "mho/mho.h"

enum { ROUNDS = 9, SAMPLE = 1500 };

static void must(mho_status s)
{
    if (s) {
        fprintf(stderr, "%s: %s\n", mho_status_name(s), mho_error_message());
        exit(mho_status_exit_code(s));
    }
}

static double cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static mho_workload *work_of(const char *name)
{
    mho_net *net;
    mho_workload *work;
    must(mho_net_zoo(name, &net));
    must(mho_workload_create(net, false, 1, &work));
    mho_net_destroy(net);
    return work;
}

/* Schedules, prices and front of a sweep; *search_s: the part before the prices. */
static double run_sweep(const mho_net *net, const mho_hw *hw, const mho_grid *grid,
                        mho_array_point *point, size_t room, double *search_s, uint64_t *points)
{
    mho_array_sweep *sweep;
    mho_front front = {0};
    double start = cpu_seconds();
    must(mho_array_sweep_create(net, hw, grid, NULL, 0, &sweep));
    *search_s = cpu_seconds() - start;
    uint64_t all = mho_array_sweep_points(sweep);
    for (uint64_t first = 0; first < all; first += room) {
        size_t count = all - first < room ? (size_t)(all - first) : room;
        must(mho_array_sweep_price(sweep, first, count, point));
        for (size_t i = 0; i < count; i++)
            must(mho_front_add(&front, point[i].index, point[i].result.area_m2,
                               point[i].result.total_J));
    }
    double seconds = cpu_seconds() - start;
    mho_front_free(&front);
    mho_array_sweep_destroy(sweep);
    *points = all;
    return seconds;
}

/* The baseline: every point is set, looks its memories up, searches its schedule and is priced by itself. */
static double run_single(const mho_net *net, mho_hw *hw, const mho_grid *grid)
{
    double sum = 0.0, start = cpu_seconds();
    const size_t step = mho_grid_points(grid) / SAMPLE;
    for (size_t i = 0; i < SAMPLE; i++) {
        mho_array_estimate *e;
        must(mho_grid_apply(grid, i * step, hw));
        must(mho_array_estimate_create(net, hw, NULL, 0, &e));
        sum += e->result.total_J;
        mho_array_estimate_destroy(e);
    }
    double seconds = cpu_seconds() - start;
    if (!isfinite(sum))
        exit(1);
    return seconds / SAMPLE;
}

static void resnet152(void)
{
    mho_workload *work = work_of("resnet152");
    const mho_schedule_options o = {1 << 20, 16 << 20, 3, 100e-12, 82.719e-12, false};
    mho_schedule *schedule;
    double start = cpu_seconds();
    must(mho_schedule_search(work, &o, &schedule));
    printf("ResNet-152, %zu layers, level 3, 16 MB of weights, 1 MB of maps: %.3f s, %s\n",
           work->layers, cpu_seconds() - start,
           schedule->optimal ? "proven optimal" : "NOT PROVEN");
    mho_schedule_destroy(schedule);
    mho_workload_destroy(work);
}

/* With a second technology: the same memories from a file. */
static mho_grid *wide_grid(const mho_hw *hw)
{
    static const char path[] = "/tmp/bench-buffer-technology.yaml";
    const mho_asset *asset = mho_asset_find("configs/tech/buffer-22nm.yaml");
    char technologies[64];
    FILE *file = fopen(path, "w");
    if (!file || fwrite(asset->data, 1, asset->size, file) != asset->size || fclose(file) != 0)
        exit(3);
    snprintf(technologies, sizeof technologies, "technology=buffer-22nm,%s", path);
    const char *axes[] = {technologies,
                          "array.order=kernel,pixel",
                          "array.clock=0.1:4:0.1",
                          "buffers.banks=1,2,4,6,8,12,16,24,32,64",
                          "buffers.weight=sram:16K,sram:32K,sram:64K,sram:128K,sram:256K,rram:128K,"
                          "rram:256K,rram:512K,rram:1M,rram:2M",
                          "buffers.io=sram:16K,sram:32K,sram:64K,sram:128K,sram:256K",
                          "buffers.acc.depth=0,16,32,64,128",
                          NULL};
    mho_grid *grid;
    must(mho_grid_create(hw, axes, &grid));
    return grid;
}

int main(void)
{
    enum { ROOM = 1 << 16 };
    mho_hw *hw;
    mho_net *net;
    mho_grid *grid;
    mho_array_point *point = malloc(ROOM * sizeof *point);
    double least = INFINITY, search_s = 0.0, part_s;
    uint64_t points;
    if (!point)
        return 4;
    must(mho_run_set_threads(NULL, 1));
    must(mho_hw_default("array", &hw));
    must(mho_net_zoo("vgg11", &net));

    must(mho_grid_open("buffer-paper", hw, &grid));
    for (int i = 0; i < ROUNDS; i++) {
        double s = run_sweep(net, hw, grid, point, ROOM, &part_s, &points);
        if (s < least) {
            least = s;
            search_s = part_s;
        }
    }
    mho_grid_destroy(grid);
    printf("the paper's exploration, %llu designs: %.2f ms of one core (schedules %.2f ms)\n",
           (unsigned long long)points, 1e3 * least, 1e3 * search_s);

    grid = wide_grid(hw);
    double all_s = run_sweep(net, hw, grid, point, ROOM, &search_s, &points);
    double single_s = run_single(net, hw, grid);
    printf("sweep of %llu designs with level-3 optima: %.3f s of one core (schedules %.3f s)\n",
           (unsigned long long)points, all_s, search_s);
    printf("    %.2f million designs a second; %.0f times as fast as %.1f us for a design of its "
           "own\n",
           1e-6 * (double)points / all_s, single_s / (all_s / (double)points), 1e6 * single_s);
    record("buffer", "sweep of designs", "designs/s", (double)points / all_s, false, true);
    record("buffer", "sweep of designs", "times a design of its own",
           single_s / (all_s / (double)points), true, true);
    mho_grid_destroy(grid);
    resnet152();
    mho_net_destroy(net);
    mho_hw_destroy(hw);
    free(point);
    return 0;
}
