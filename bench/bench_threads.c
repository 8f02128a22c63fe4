/* SPDX-License-Identifier: Apache-2.0 */
/* Two threads beside one, and beside what this machine gives at all: two processes of one thread each that do the same at the
 * same time, whose cores share clock, caches and memory as threads do, but no work.  Hardware inference of networks with
 * random weights, the three ways in turns, the best of all rounds.
 *
 * `clock`: how many times more images a second, by the clock, which wants an idle machine.  `work`: the same from processor
 * times, of the busier of the two, which leaves out waiting for a core.  `of it`: threads over processes, by the clock.
 *
 *     bench_threads [CASE [IMAGES]]      all cases without CASE, 64 images */
#include <dirent.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench_net.h"
#include "bench_record.h"

enum { IMAGES = 64, CALIBRATED = 16, ROUNDS = 7, SETS = 2 };
#define ROUND_S 0.06  /* at least */
#define ENOUGH_S 12.0 /* of a way */

typedef struct bench_case {
    const char *name, *net, *hw;
    mho_style style;
    const char *set[SETS];
} bench_case;

static const bench_case cases[] = {
    {"lenet", "lenet", "bcnn", MHO_STYLE_BINARY, {"device.variation=1"}},
    {"lenet-ideal", "lenet", "bcnn", MHO_STYLE_BINARY, {"device.variation=0"}},
    {"lenet-8bit", "lenet", "cnn8", MHO_STYLE_FLOAT, {NULL}},
    {"vgg11-cifar10", "vgg11-cifar10", "bcnn", MHO_STYLE_BINARY, {NULL}},
    {"resnet20-8bit", "resnet20", "cnn8", MHO_STYLE_FLOAT, {NULL}},
    {"alexnet", "alexnet", "bcnn", MHO_STYLE_BINARY, {NULL}},
    {"resnet18-8bit", "resnet18", "cnn8", MHO_STYLE_FLOAT, {NULL}},
};

typedef struct timing {
    double wall, cpu; /* seconds of a run: by the clock, and of the busier thread */
} timing;

/* A process beside this one, which runs while it is told to. */
typedef struct partner {
    atomic_int state;
    timing best;
} partner;

enum { REST, READY, RUN, END };

typedef struct scene {
    mho_chip *chip;
    mho_images images;
    uint16_t *label;
} scene;

static void keep_least(timing *least, timing t)
{
    least->wall = t.wall < least->wall ? t.wall : least->wall;
    least->cpu = t.cpu < least->cpu ? t.cpu : least->cpu;
}

/* Processor time of the two threads of this process, 0 of one that is not started yet. */
static void thread_seconds(double seconds[2])
{
    DIR *tasks = opendir("/proc/self/task");
    const struct dirent *task;
    for (size_t i = 0; i < 2 && tasks && (task = readdir(tasks));) {
        struct timespec t = {0};
        if (task->d_name[0] == '.')
            continue;
        (void)clock_gettime((clockid_t)(~(unsigned)atoi(task->d_name) << 3 | 6), &t);
        seconds[i++] = (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
    }
    if (tasks)
        closedir(tasks);
}

/* A few runs, of which the best counts by the clock, and all for processor time. */
static timing run(const scene *s, size_t threads)
{
    timing best = {1e9, 0};
    double before[2] = {0}, after[2] = {0};
    size_t runs = 0;
    must(mho_run_set_threads(NULL, threads));
    thread_seconds(before);
    for (double all = 0; all < ROUND_S; runs++) {
        const double start = mho_seconds();
        must(mho_chip_run(s->chip, &s->images, 0, s->images.count, NULL, s->label));
        const double wall = mho_seconds() - start;
        best.wall = wall < best.wall ? wall : best.wall;
        all += wall;
    }
    thread_seconds(after);
    for (size_t i = 0; i < 2; i++) {
        const double cpu = (after[i] - before[i]) / (double)runs;
        best.cpu = cpu > best.cpu ? cpu : best.cpu;
    }
    return best;
}

static void rest_a_moment(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 100000}, NULL);
}

static void serve(const scene *s, partner *p)
{
    (void)run(s, 1); /* its pages are its own now */
    atomic_store(&p->state, READY);
    while (atomic_load(&p->state) != END) {
        if (atomic_load(&p->state) == RUN)
            keep_least(&p->best, run(s, 1));
        else
            rest_a_moment();
    }
    _exit(0);
}

static timing run_beside(const scene *s, partner *p)
{
    atomic_store(&p->state, RUN);
    const timing t = run(s, 1);
    atomic_store(&p->state, READY);
    return t;
}

static partner *open_partner(const scene *s)
{
    partner *p = mmap(NULL, sizeof *p, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED)
        exit(4);
    p->best = (timing){1e9, 1e9};
    const pid_t child = fork();
    if (child < 0)
        exit(4);
    if (child == 0)
        serve(s, p);
    while (atomic_load(&p->state) != READY && waitpid(child, NULL, WNOHANG) == 0)
        rest_a_moment();
    return p;
}

static void measure(const bench_case *b, const scene *s)
{
    timing one = {1e9, 1e9}, two = one, pair = one;
    partner *p = open_partner(s);
    (void)run(s, 2);
    double all = 0;
    for (int round = 0; round < ROUNDS && all < ENOUGH_S; round++) {
        const timing t = run(s, 1);
        keep_least(&one, t);
        keep_least(&two, run(s, 2));
        keep_least(&pair, run_beside(s, p));
        all += t.wall;
    }
    atomic_store(&p->state, END);
    (void)wait(NULL);
    /* The slower of the two counts. */
    pair.wall = p->best.wall > pair.wall && p->best.wall < 1e9 ? p->best.wall : pair.wall;
    pair.cpu = p->best.cpu > pair.cpu && p->best.cpu < 1e9 ? p->best.cpu : pair.cpu;
    const double clock = one.wall / two.wall, limit = 2 * one.wall / pair.wall;
    printf("%-16s %7zu %10.1f %8.2f %6.2f %10.2f %6.2f %9.2f\n", b->name, s->images.count,
           (double)s->images.count / one.cpu, clock, one.cpu / two.cpu, limit,
           2 * one.cpu / pair.cpu, clock / limit);
    fflush(stdout);
    *record_images() = s->images.count;
    record("threads", b->name, "two threads, clock", clock, true, true);
    record("threads", b->name, "two threads, work", one.cpu / two.cpu, true, true);
    record("threads", b->name, "two processes, clock", limit, true, true);
    (void)munmap(p, sizeof *p);
}

/* Random pixels. */
static mho_images images_for(mho_shape shape, size_t count)
{
    const size_t bytes = count * shape.c * shape.h * shape.w;
    mho_images images = {.shape = shape, .count = count, .pixel = malloc(bytes)};
    if (!images.pixel)
        exit(4);
    for (size_t i = 0; i < bytes; i++)
        images.pixel[i] = (uint8_t)rand();
    return images;
}

/* In a process of its own: what one leaves in memory does not disturb the next. */
static void run_case(const bench_case *b, size_t count)
{
    const pid_t child = fork();
    int status = 0;
    if (child == 0) {
        mho_net *net = random_net(b->net, b->style);
        scene s = {.images = images_for(net->node[0].out, count),
                   .label = malloc(count * sizeof *s.label)};
        mho_images few = s.images;
        mho_hw *hw;
        few.count = count < CALIBRATED ? count : CALIBRATED;
        must(mho_hw_open(b->hw, b->set, &hw));
        must(mho_chip_open(net, hw, &few, &s.chip));
        mho_net_destroy(net);
        must(mho_chip_program(s.chip, 1, 0));
        measure(b, &s);
        _exit(0);
    }
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
        printf("%-16s failed\n", b->name);
}

int main(int argc, char **argv)
{
    bool found = false;
    must(mho_cpu_init());
    must(mho_run_set_threads(NULL, 1));
    printf("%s kernels\n%-16s %7s %10s %15s %17s %9s\n%-16s %7s %10s %8s %6s %10s %6s\n",
           mho_cpu_name(mho_cpu_level()), "case", "images", "images/s", "two threads",
           "two processes", "of it", "", "", "a core", "clock", "work", "clock", "work");
    fflush(stdout);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (argc > 1 && strcmp(argv[1], cases[i].name) != 0)
            continue;
        found = true;
        run_case(&cases[i], argc > 2 ? strtoul(argv[2], NULL, 10) : IMAGES);
    }
    if (!found)
        fprintf(stderr, "bench_threads: no case %s\n", argv[1]);
    return found ? 0 : 2;
}
