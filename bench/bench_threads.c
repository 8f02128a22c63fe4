/* SPDX-License-Identifier: Apache-2.0 */
/* Two threads beside one, and beside what this machine gives at all: two processes of one thread each that do the same at the
 * same time, whose cores share clock, caches and memory as threads do, but no work.  Hardware inference of networks with
 * random weights, the three ways in turns, means of a round, and the median of all rounds' ratios: cores that are shared with
 * others vary by a third from one millisecond to the next, and the best of each way would compare other moments.
 *
 * `clock`: how many times more images a second, by the clock, which wants an idle machine.  `work`: the same from processor
 * times, of the busier of the two, which leaves out waiting for a core, but not what the others there leave of caches and
 * clock.  `of it`: threads over processes, by the clock.
 *
 *     bench_threads [CASE [IMAGES]]      all cases without CASE, 64 images */
#include <dirent.h>
#include <semaphore.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench_net.h"
#include "bench_record.h"

enum { IMAGES = 64, CALIBRATED = 16, ROUNDS = 25, ROUNDS_LEAST = 5, SETS = 2 };
#define ROUND_S 0.06 /* at least */
#define ENOUGH_S 5.0 /* of a way, after the least rounds */

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
    double wall, cpu; /* seconds of a run: by the clock, and of the busier thread or process */
} timing;

/* A process beside this one, which sleeps until it is told to run. */
typedef struct partner {
    pid_t child;
    sem_t go, done;
    bool ends;
    timing last;
} partner;

typedef struct scene {
    mho_chip *chip;
    mho_images images;
    uint16_t *label;
} scene;

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

/* The mean of a few runs. */
static timing run(const scene *s, size_t threads)
{
    timing t = {0, 0};
    double before[2] = {0}, after[2] = {0};
    size_t runs = 0;
    must(mho_run_set_threads(NULL, threads));
    thread_seconds(before);
    const double start = mho_seconds();
    do {
        must(mho_chip_run(s->chip, &s->images, 0, s->images.count, NULL, s->label));
        t.wall = (mho_seconds() - start) / (double)++runs;
    } while (t.wall * (double)runs < ROUND_S);
    thread_seconds(after);
    for (size_t i = 0; i < 2; i++) {
        const double cpu = (after[i] - before[i]) / (double)runs;
        t.cpu = cpu > t.cpu ? cpu : t.cpu;
    }
    return t;
}

static void wait_on(sem_t *what)
{
    while (sem_wait(what) != 0) /* a signal */
        ;
}

/* Ends the program if the other one has ended, which would not tell. */
static void wait_done(partner *p)
{
    struct timespec later;
    (void)clock_gettime(CLOCK_REALTIME, &later);
    for (later.tv_sec++; sem_timedwait(&p->done, &later) != 0; later.tv_sec++)
        if (waitpid(p->child, NULL, WNOHANG) != 0)
            exit(4);
}

static void serve(const scene *s, partner *p)
{
    (void)run(s, 1); /* its pages are its own now */
    sem_post(&p->done);
    for (wait_on(&p->go); !p->ends; wait_on(&p->go)) {
        p->last = run(s, 1);
        sem_post(&p->done);
    }
    _exit(0);
}

/* The slower of the two counts. */
static timing run_beside(const scene *s, partner *p)
{
    sem_post(&p->go);
    timing t = run(s, 1);
    wait_done(p);
    t.wall = p->last.wall > t.wall ? p->last.wall : t.wall;
    t.cpu = p->last.cpu > t.cpu ? p->last.cpu : t.cpu;
    return t;
}

static partner *open_partner(const scene *s)
{
    partner *p = mmap(NULL, sizeof *p, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED || sem_init(&p->go, 1, 0) != 0 || sem_init(&p->done, 1, 0) != 0)
        exit(4);
    p->child = fork();
    if (p->child < 0)
        exit(4);
    if (p->child == 0)
        serve(s, p);
    wait_done(p);
    return p;
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *x, size_t n)
{
    qsort(x, n, sizeof *x, ascending);
    return n % 2 ? x[n / 2] : (x[n / 2 - 1] + x[n / 2]) / 2;
}

typedef struct ratios {
    double clock[ROUNDS], work[ROUNDS], limit[ROUNDS], limit_work[ROUNDS], images[ROUNDS];
    size_t n;
} ratios;

static void add_round(ratios *r, const scene *s, partner *p)
{
    const timing one = run(s, 1), two = run(s, 2), pair = run_beside(s, p);
    r->clock[r->n] = one.wall / two.wall;
    r->work[r->n] = one.cpu / two.cpu;
    r->limit[r->n] = 2 * one.wall / pair.wall;
    r->limit_work[r->n] = 2 * one.cpu / pair.cpu;
    r->images[r->n++] = (double)s->images.count / one.cpu;
}

static void measure(const bench_case *b, const scene *s)
{
    partner *p = open_partner(s);
    ratios r = {.n = 0};
    (void)run(s, 2);
    const double start = mho_seconds();
    while (r.n < ROUNDS_LEAST || (r.n < ROUNDS && mho_seconds() - start < 3 * ENOUGH_S))
        add_round(&r, s, p);
    p->ends = true;
    sem_post(&p->go);
    (void)wait(NULL);
    const double clock = median(r.clock, r.n), work = median(r.work, r.n),
                 limit = median(r.limit, r.n);
    printf("%-16s %7zu %10.1f %8.2f %6.2f %10.2f %6.2f %9.2f\n", b->name, s->images.count,
           median(r.images, r.n), clock, work, limit, median(r.limit_work, r.n), clock / limit);
    fflush(stdout);
    *record_images() = s->images.count;
    record("threads", b->name, "two threads, clock", clock, true, true);
    record("threads", b->name, "two threads, work", work, true, true);
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
static bool run_case(const bench_case *b, size_t count)
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
    const bool ran = child > 0 && waitpid(child, &status, 0) == child && status == 0;
    if (!ran)
        printf("%-16s failed\n", b->name);
    return ran;
}

int main(int argc, char **argv)
{
    bool found = false, ran = true;
    const size_t images = argc > 2 ? count_of(argv[2]) : IMAGES;
    if (argc > 3) {
        fprintf(stderr, "bench_threads [CASE [IMAGES]], got %s besides\n", argv[3]);
        return 2;
    }
    must(mho_cpu_init());
    must(mho_run_set_threads(NULL, 1));
    printf("%s kernels\n%-16s %7s %10s %15s %17s %9s\n%-16s %7s %10s %8s %6s %10s %6s\n",
           mho_cpu_name(mho_cpu_level()), "case", "images", "images/s", "two threads",
           "two processes", "of it", "", "", "a core", "clock", "work", "clock", "work");
    printf("times one thread, by the clock (of idle cores; wanted: 1.9) and by processor time; of "
           "it: threads over processes\n");
    fflush(stdout);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (argc > 1 && strcmp(argv[1], cases[i].name) != 0)
            continue;
        found = true;
        ran = run_case(&cases[i], images) && ran;
    }
    if (!found)
        fprintf(stderr, "bench_threads: no case %s\n", argv[1]);
    return !found ? 2 : ran ? 0 : 4;
}
