/* SPDX-License-Identifier: Apache-2.0 */
/* Exploration of buffer designs, one core: the paper's whole exploration; design points a second of a sweep
 * over memories, banks, depths, clocks and two technologies of VGG-11 with level-3 optima, beside a search
 * and a price of its own for every point, in the same run; ResNet-152 at level 3 with 16 MB. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

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
static double run_sweep(const mho_workload *work, const mho_array_options *o,
                        const mho_sweep_axes *axes, mho_technology *const *macros, mho_point *point,
                        size_t room, double *search_s)
{
    mho_sweep *sweep;
    mho_front front = {0};
    double start = cpu_seconds();
    must(mho_sweep_create(work, o, axes, macros, &sweep));
    *search_s = cpu_seconds() - start;
    uint64_t all = mho_sweep_points(sweep);
    for (uint64_t first = 0; first < all; first += room) {
        size_t count = all - first < room ? (size_t)(all - first) : room;
        must(mho_sweep_price(sweep, first, count, point));
        for (size_t i = 0; i < count; i++)
            must(mho_front_add(&front, &point[i]));
    }
    double seconds = cpu_seconds() - start;
    mho_front_free(&front);
    mho_sweep_destroy(sweep);
    return seconds;
}

/* The baseline: every point looks its memories up, searches its schedule and is priced by itself. */
static double run_single(const mho_workload *work, const mho_array_options *base,
                         const mho_sweep_axes *a, mho_technology *const *macros)
{
    double sum = 0.0, start = cpu_seconds();
    for (size_t i = 0; i < SAMPLE; i++) {
        mho_array_options o = *base;
        mho_design design;
        mho_schedule_options capacity;
        mho_schedule *schedule;
        mho_array_result result;
        o.banks = a->banks[i % a->bank_counts];
        o.order = a->order[i % a->orders];
        o.array.clock_Hz = a->clock_Hz[i % a->clocks];
        o.acc_depth = a->acc_depth[i % a->depths];
        memcpy(o.weight.kind, a->weight[i % a->weights].kind, sizeof o.weight.kind);
        o.weight.size_B = a->weight[i % a->weights].size_B;
        o.io.size_B = a->io[i / a->weights % a->ios].size_B;
        must(mho_design_open(&o, macros[i % 2], &design, &capacity));
        must(mho_schedule_search(work, &capacity, &schedule));
        mho_array_run(work, schedule, &o, &design, &result, NULL);
        mho_activity activity[MHO_ARRAY_ACTIVITIES];
        mho_cost *cost;
        size_t count = mho_array_activities(work, schedule, &o, &design, &result, activity);
        must(mho_array_price(macros[i % 2], activity, count, &result, &cost));
        mho_cost_destroy(cost);
        sum += result.total_J;
        mho_schedule_destroy(schedule);
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

int main(void)
{
    enum { ROOM = 1 << 16 };
    mho_array_options o;
    mho_sweep_axes axes;
    mho_technology *library[2];
    mho_point *point = malloc(ROOM * sizeof *point);
    double least = INFINITY, search_s = 0.0, part_s;
    if (!point)
        return 4;
    must(mho_run_set_threads(NULL, 1));
    must(mho_array_open(NULL, NULL, &o, NULL));
    for (int i = 0; i < 2; i++)
        must(mho_technology_open("buffer-22nm", &library[i]));
    for (size_t i = 0; i < library[1]->macros; i++) { /* a second technology: half the energy */
        library[1]->macro[i].component.energy[MHO_OPERATION_READ].value *= 0.5;
        library[1]->macro[i].component.energy[MHO_OPERATION_WRITE].value *= 0.5;
    }
    mho_technology *const *macros = library;
    mho_workload *work = work_of("vgg11");

    must(mho_sweep_axes_open("buffer-paper", &o, &axes));
    for (int i = 0; i < ROUNDS; i++) {
        double s = run_sweep(work, &o, &axes, macros, point, ROOM, &part_s);
        if (s < least) {
            least = s;
            search_s = part_s;
        }
    }
    printf("the paper's exploration, 1500 designs: %.2f ms of one core (schedules %.2f ms)\n",
           1e3 * least, 1e3 * search_s);

    must(mho_sweep_axes_open("buffer-wide", &o, &axes));
    strcpy(axes.library[1], "half the energy");
    axes.libraries = 2;
    double points = 2.0 * (double)(axes.orders * axes.clocks * axes.bank_counts * axes.weights *
                                   axes.ios * axes.depths);
    double all_s = run_sweep(work, &o, &axes, macros, point, ROOM, &search_s);
    double single_s = run_single(work, &o, &axes, macros);
    printf("sweep of %.0f designs with level-3 optima: %.3f s of one core (schedules %.3f s)\n",
           points, all_s, search_s);
    printf("    %.2f million designs a second; %.0f times as fast as %.1f us for a design of its "
           "own\n",
           1e-6 * points / all_s, single_s / (all_s / points), 1e6 * single_s);
    resnet152();
    mho_workload_destroy(work);
    for (int i = 0; i < 2; i++)
        mho_technology_destroy(library[i]);
    free(point);
    return 0;
}
