/* SPDX-License-Identifier: Apache-2.0 */
/* Hardware inference of whole networks with device variation, in images a second and core, beside
 * software inference of the same network (what `mho infer` runs) in the same run and beside its bar; programming, the first and a later
 * one, in per cent of evaluating 10,000 images on one core; calibration on these images, in seconds and in runs of
 * them (making: of a chip on one image, mostly its weights and ideal cells, which that leaves out; all: both together; the
 * least of the rounds; nan where one image is all, or the difference is less than they vary), and
 * in picoseconds a multiplication of these images, which is the same for networks of any depth; two threads over one; peak memory (of network, images and chip, the network until the chip has its weights: a process
 * a case, before software runs).
 * Weights are random: speed does not depend on them.
 *
 * Of two threads: `clock` is how many times faster they are by the clock, which wants an idle machine; `work` the same from
 * processor times, that of one thread over that of the busier of the two, which leaves out the time they
 * wait for a core; `cpu` what both use together, 1.00 where the second costs nothing.
 *
 * Below each case its bars: what is wanted beside what is.  Software inference is mho's own, not plain oneDNN: oneDNN's convolutions with layers
 * merged, own kernels for LeNet and large fully connected layers; on LeNet it is faster than a plain chain of oneDNN's primitives (bench_infer),
 * so that the ratio to these would be larger.  MHO_BENCH_SHORT: the cases of 1000 classes with 8 images, LeNet, one round.
 *
 * On paper, 16 cores: by Amdahl's law from what the second thread costs in this run; and no more than memory feeds, from the
 * bytes that a multiplication takes from it, counted (weights once a block of images, the map of a layer read and written
 * once), and the rate of copies of two threads here.
 *
 *     bench_chip [CASE [IMAGES [key=value ...]]]      all cases without CASE */
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/parallel.h"
#include "bench_net.h"
#include "bench_record.h"
#include "chip/chip_impl.h"
#include "mho/mho.h"

enum { FEW = 16, ROUNDS = 3, THREADS = 2, FEW_IMAGES = 8 };
#define ENOUGH_S 10                /* of one kind of measurement */
#define COPIED ((size_t)256 << 20) /* bytes of a thread, beyond its caches */
#define LEAST_S 0.5                /* and at least so much: short runs are often disturbed */

static int rounds(void)
{
    return is_short() ? 1 : ROUNDS;
}

static double cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Multiplications of an image. */
static double macs_of(const mho_net *net)
{
    double macs = 0;
    for (size_t k = 0; k < net->nodes; k++) {
        const mho_node *node = &net->node[k];
        const double positions = node->op == MHO_OP_CONV ? (double)(node->out.h * node->out.w) : 1;
        if (mho_node_is_weighted(node))
            macs += (double)mho_node_weight_count(node) * positions;
    }
    return macs;
}

typedef struct bench_case {
    const char *name, *net, *hw;
    mho_style style;
    size_t images;
    double bar;   /* images a second and core */
    double gmacs; /* GMAC/s a core */
    double peak;  /* MB */
    const char *set[5];
} bench_case;

/* Of all cases: runs that calibration takes, threads, programming with wires in per cent of 10,000 images. */
#define BAR_CALIBRATION 1.5
#define BAR_THREADS 1.9
#define BAR_WIRES 25
#define BAR_A100 178 /* GMAC/s: ResNet-50 by CrossSim on an A100 in 23 ms */
enum { PAPER_CORES = 16 };

static const bench_case cases[] = {
    {"lenet", "lenet", "bcnn", MHO_STYLE_BINARY, 4000, 8000, 0, 0, {"device.variation=1"}},
    {"lenet-3bit", "lenet", "bcnn", MHO_STYLE_BINARY, 4000, 8000, 0, 0, {"device.bits=3"}},
    {"lenet-ideal", "lenet", "bcnn", MHO_STYLE_BINARY, 4000, 8000, 0, 0, {"device.variation=0"}},
    {"lenet-noise",
     "lenet",
     "bcnn",
     MHO_STYLE_BINARY,
     4000,
     5000,
     0,
     0,
     {"device.variation=1", "device.read_noise=0.05"}},
    {"lenet-noise-ideal",
     "lenet",
     "bcnn",
     MHO_STYLE_BINARY,
     4000,
     5000,
     0,
     0,
     {"device.variation=0", "device.read_noise=0.05"}},
    {"lenet-wires",
     "lenet",
     "bcnn",
     MHO_STYLE_BINARY,
     4000,
     8000,
     0,
     0,
     {"wires.r_row=0.1", "wires.r_col=0.1"}},
    {"lenet-wires-approximate",
     "lenet",
     "bcnn",
     MHO_STYLE_BINARY,
     4000,
     8000,
     0,
     0,
     {"wires.r_row=0.1", "wires.r_col=0.1", "wires.approximate=true"}},
    {"lenet-8bit", "lenet", "cnn8", MHO_STYLE_FLOAT, 2000, 2000, 0, 0, {NULL}},
    {"vgg11-cifar10", "vgg11-cifar10", "bcnn", MHO_STYLE_BINARY, 256, 300, 0, 0, {NULL}},
    {"vgg11-cifar10-ideal",
     "vgg11-cifar10",
     "bcnn",
     MHO_STYLE_BINARY,
     256,
     300,
     0,
     0,
     {"device.variation=0"}},
    {"alexnet", "alexnet", "bcnn", MHO_STYLE_BINARY, 16, 0, 0, 0, {NULL}},
    {"vgg16", "vgg16", "bcnn", MHO_STYLE_BINARY, 16, 0, 0, 1500, {NULL}},
    {"alexnet-8bit", "alexnet", "cnn8", MHO_STYLE_FLOAT, 16, 0, 0, 0, {NULL}},
    {"resnet34-8bit", "resnet34", "cnn8", MHO_STYLE_FLOAT, 16, 0, 0, 0, {NULL}},
    {"resnet50-8bit", "resnet50", "cnn8", MHO_STYLE_FLOAT, 16, 6, 25, 600, {"device.variation=1"}},
    {"resnet50-8bit-ideal",
     "resnet50",
     "cnn8",
     MHO_STYLE_FLOAT,
     16,
     0,
     0,
     600,
     {"device.variation=0"}},
    {"resnet152-8bit", "resnet152", "cnn8", MHO_STYLE_FLOAT, 8, 0, 0, 0, {NULL}},
    {"mobilenet_v2-8bit", "mobilenet_v2", "cnn8", MHO_STYLE_FLOAT, 16, 0, 0, 0, {NULL}},
    {"lenet-isaac", "lenet", "isaac", MHO_STYLE_FLOAT, 200, 0, 0, 0, {NULL}},
};

/* Digits, or random pixels where the network wants another shape. */
static mho_images images_for(const mho_net *net, size_t count)
{
    mho_images images = {.count = 0};
    const mho_shape shape = net->node[0].out;
    must(mho_digits_generate(MHO_DIGITS_SEED, 0, count, &images));
    if (shape.c == images.shape.c && shape.h == images.shape.h && shape.w == images.shape.w)
        return images;
    const size_t bytes = count * shape.c * shape.h * shape.w;
    uint8_t *pixel = realloc(images.pixel, bytes);
    if (!pixel)
        exit(4);
    images.pixel = pixel;
    images.shape = shape;
    for (size_t i = 0; i < bytes; i++)
        pixel[i] = (uint8_t)rand();
    return images;
}

/* Processor time of each of so many threads of this process: the caller's and those that serve the library's loops, 0 of
 * one that is not started yet.  By the clock of each thread, whose number is made of the thread's as Linux does it. */
static void thread_seconds(size_t threads, double *seconds)
{
    DIR *tasks = opendir("/proc/self/task");
    const struct dirent *task;
    for (size_t i = 0; i < threads && tasks && (task = readdir(tasks));) {
        struct timespec t = {0};
        if (task->d_name[0] == '.')
            continue;
        const clockid_t clock = (clockid_t)(~(unsigned)atoi(task->d_name) << 3 | 6);
        if (clock_gettime(clock, &t) != 0)
            fprintf(stderr, "thread %s: no clock\n", task->d_name);
        seconds[i++] = (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
    }
    if (tasks)
        closedir(tasks);
}

typedef struct timing {
    double wall, cpu, busiest; /* seconds: clock, all threads, the thread that worked most */
} timing;

/* Hardware inference by so many threads. */
static timing run_images(mho_chip *chip, const mho_images *images, size_t threads, uint16_t *label)
{
    double before[THREADS] = {0}, after[THREADS] = {0};
    timing t = {0};
    must(mho_run_set_threads(NULL, threads));
    thread_seconds(threads, before);
    const double start = mho_seconds();
    must(mho_chip_run(chip, images, 0, images->count, NULL, label));
    t.wall = mho_seconds() - start;
    thread_seconds(threads, after);
    for (size_t i = 0; i < threads; i++) {
        const double seconds = after[i] - before[i];
        t.cpu += seconds;
        t.busiest = seconds > t.busiest ? seconds : t.busiest;
    }
    must(mho_run_set_threads(NULL, 1));
    return t;
}

static double least(double a, double b)
{
    return a < b ? a : b;
}

static void keep_least(timing *least_of, timing t)
{
    least_of->wall = least(least_of->wall, t.wall);
    least_of->cpu = least(least_of->cpu, t.cpu);
    least_of->busiest = least(least_of->busiest, t.busiest);
}

/* Processor time of the first programming, which finds its memory new, and of the quickest after it. */
static double program(mho_chip *chip, double *again)
{
    double first = 0, all = 0;
    *again = 1e9;
    for (uint32_t trial = 0; trial <= 2 * (uint32_t)rounds() && (trial < 2 || all < ENOUGH_S);
         trial++) {
        const double start = cpu_seconds();
        must(mho_chip_program(chip, 1, trial));
        const double seconds = cpu_seconds() - start;
        all += seconds;
        if (trial == 0)
            first = seconds;
        else
            *again = least(*again, seconds);
    }
    return first;
}

/* Least processor time of a programming in double and in single precision, and of inference, in turns. */
static void program_in_turns(const mho_net *net, const mho_hw *hw, const mho_images *images,
                             mho_chip *chip, uint16_t *label, double times[2], timing *one)
{
    mho_images few = *images;
    mho_hw *of;
    mho_chip *single;
    few.count = 1;
    must(mho_hw_clone(hw, &of));
    must(mho_hw_set(of, "wires.precision=single"));
    must(mho_chip_open(net, of, &few, &single));
    times[0] = times[1] = 1e9;
    for (uint32_t trial = 0; trial < 4 * (uint32_t)rounds(); trial++) {
        for (size_t k = 0; k < 2; k++) {
            const double start = cpu_seconds();
            must(mho_chip_program(k ? single : chip, 1, trial));
            times[k] = least(times[k], cpu_seconds() - start);
        }
        keep_least(one, run_images(chip, images, 1, label));
    }
    mho_chip_destroy(single);
    mho_hw_destroy(of);
}

/* Processor time of software inference. */
static double infer(const mho_net *net, const mho_images *images)
{
    size_t wrong;
    const double start = cpu_seconds();
    must(mho_infer_errors(net, images, images->count, &wrong));
    return cpu_seconds() - start;
}

static double peak_megabytes(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_maxrss / 1024;
}

static void keep(const bench_case *b, double rate, double software, const double calibration[3],
                 const timing times[2], double programming, double peak)
{
    record("chip", b->name, "images/s a core", rate, false, true);
    record("chip", b->name, "times software", software, true, true);
    if (calibration[0] > 0)
        record("chip", b->name, "calibration in runs", calibration[0], true, false);
    record("chip", b->name, "making and calibration in runs", calibration[1], true, false);
    if (calibration[2] > 0)
        record("chip", b->name, "calibration, ps a MAC", calibration[2], false, false);
    record("chip", b->name, "two threads, work", times[0].cpu / times[1].busiest, true, true);
    record("chip", b->name, "programming, %", programming, true, false);
    record("chip", b->name, "peak, MB", peak, true, false);
}

/* --- bars ----------------------------------------------------------------------------------------- */

/* least: at least the bar is wanted. */
static void tell_bar(const char *what, double is, double bar, bool least, const char *unit)
{
    const bool kept = least ? is >= bar : is <= bar;
    printf("    %-38s %9.2f %s %-8g %-14s %s\n", what, is, least ? ">=" : "<=", bar, unit,
           kept ? "kept" : "MISSED");
}

/* Bytes of memory traffic of an image: weights once a block, as cells of a pair, what a layer reads and writes as codes. */
static double traffic_of(const mho_net *net, size_t block)
{
    double bytes = 0;
    for (size_t k = 1; k < net->nodes; k++) {
        const mho_node *node = &net->node[k];
        if (!mho_node_is_weighted(node))
            continue;
        bytes += 4 * (double)mho_node_weight_count(node) / (double)block;
        bytes += (double)(node->in.c * node->in.h * node->in.w);
        bytes += 2 * (double)(node->out.c * node->out.h * node->out.w); /* and back again */
    }
    return bytes;
}

static mho_status copy_part(void *context, size_t item, size_t thread)
{
    char *const *part = context;
    (void)thread;
    memcpy(part[item], part[item] + COPIED / 2, COPIED / 2);
    return MHO_OK;
}

/* Bytes a second that two threads read and write by copying, the best of some rounds. */
static double bandwidth(void)
{
    char *part[THREADS];
    double best = 0;
    for (size_t t = 0; t < THREADS; t++) {
        part[t] = malloc(COPIED);
        if (!part[t])
            exit(4);
        memset(part[t], (int)t, COPIED);
    }
    must(mho_run_set_threads(NULL, THREADS));
    for (int round = 0; round < 2 * ROUNDS; round++) {
        const double start = mho_seconds();
        must(mhoi_parallel(THREADS, copy_part, part));
        const double rate = THREADS * (double)COPIED / (mho_seconds() - start);
        best = rate > best ? rate : best;
    }
    must(mho_run_set_threads(NULL, 1));
    for (size_t t = 0; t < THREADS; t++)
        free(part[t]);
    return best;
}

/* Of 16 cores, from this run: GMAC/s a core, how many times faster two threads are. */
static void tell_paper(const bench_case *b, double gmacs, double two, double bytes)
{
    const double rate = bandwidth(), serial = two < 2 ? 2 / two - 1 : 0;
    const double cores = PAPER_CORES / (1 + serial * (PAPER_CORES - 1));
    const double compute = gmacs * cores, memory = rate / bytes * 1e-9;
    printf("    on paper, %d cores: two threads %.2f times one leave %.1f %% of the work to one "
           "thread: "
           "%.1f times %.1f GMAC/s = %.0f GMAC/s\n"
           "    memory: %.4f bytes a MAC, %.1f GB/s here: %.0f GMAC/s at most\n",
           PAPER_CORES, two, 100 * serial, cores, gmacs, compute, bytes, rate * 1e-9, memory);
    tell_bar("16 cores on paper", least(compute, memory), BAR_A100, true, "GMAC/s (A100)");
    record("chip", b->name, "16 cores on paper, GMAC/s", least(compute, memory), false, true);
}

static void tell_bars(const bench_case *b, double rate, double gmacs, const double found[3],
                      const timing times[2], const double programming[2], double peak)
{
    if (b->bar > 0)
        tell_bar("inference", rate, b->bar, true, "images/s");
    if (b->gmacs > 0)
        tell_bar("inference", gmacs, b->gmacs, true, "GMAC/s");
    if (found[0] > 0) /* less than making takes more or less */
        tell_bar("calibration", found[0], BAR_CALIBRATION, false, "runs");
    if (b->images <= FEW) /* of large networks: small ones are not run on so few */
        tell_bar("making and calibration", found[1], BAR_CALIBRATION, false, "runs");
    tell_bar("two threads (work)", times[0].cpu / times[1].busiest, BAR_THREADS, true, "times one");
    if (strstr(b->name, "wires"))
        tell_bar("a programming with wires", programming[0], BAR_WIRES, false, "% of 10,000");
    if (programming[1] > 0) {
        tell_bar("wires.precision: single", programming[1], BAR_WIRES, false, "% of 10,000");
        printf("    single precision %.2f times faster\n", programming[0] / programming[1]);
        record("chip", b->name, "programming in single precision, %", programming[1], true, false);
    }
    if (b->peak > 0)
        tell_bar("memory", peak, b->peak, false, "MB");
}

/* Processor time of placement, cells and calibration on so many images. */
static double open_chip(const mho_net *net, const mho_hw *hw, const mho_images *images,
                        size_t count, mho_chip **chip)
{
    mho_images few = *images;
    few.count = count;
    const double start = cpu_seconds();
    must(mho_chip_open(net, hw, &few, chip));
    return cpu_seconds() - start;
}

/* The least processor time of a chip calibrated on one image, and on all of them, which stays. */
static mho_chip *make(const mho_net *net, const mho_hw *hw, const mho_images *images,
                      double *making, double *opening)
{
    mho_chip *chip = NULL;
    double all = 0;
    *making = *opening = 1e9;
    for (int round = 0; (round < rounds() && all < ENOUGH_S) || all < LEAST_S; round++) {
        mho_chip_destroy(chip);
        const double one = open_chip(net, hw, images, 1, &chip);
        mho_chip_destroy(chip);
        const double each = open_chip(net, hw, images, images->count, &chip);
        *making = least(*making, one);
        *opening = least(*opening, each);
        all += one + each;
    }
    return chip;
}

static void run_case(const bench_case *b, size_t count, const char *const *set)
{
    mho_net *net = random_net(b->net, b->style);
    mho_images images = images_for(net, count);
    uint16_t *label = malloc(count * sizeof *label);
    mho_hw *hw;
    double making, opening;
    must(mho_hw_open(b->hw, set, &hw));
    mho_chip *chip = make(net, hw, &images, &making, &opening);
    const double rest = opening - making;
    const double calibration =
        count > 1 && rest > 0 ? rest * (double)count / (double)(count - 1) : (double)NAN;
    const double macs = macs_of(net), bytes = traffic_of(net, chip->block) / macs;
    mho_net_destroy(net); /* the chip has its weights */
    double again, software = 1e9, all = 0;
    const double programming = program(chip, &again);
    timing one = {1e9, 1e9, 1e9}, two = one;
    for (int round = 0; (round < rounds() && all < ENOUGH_S) || all < LEAST_S; round++) {
        const timing t = run_images(chip, &images, 1, label);
        keep_least(&one, t);
        keep_least(&two, run_images(chip, &images, 2, label));
        all += t.cpu;
    }
    const double peak = peak_megabytes();
    net = random_net(b->net, b->style);
    for (int round = 0; round < rounds() && round * all < ROUNDS * ENOUGH_S; round++)
        software = least(software, infer(net, &images));
    *record_images() = count;
    double turns[2] = {again, 0};
    if (strstr(b->name, "wires") && mho_hw_number(hw, "wires.approximate") == 0)
        program_in_turns(net, hw, &images, chip, label, turns, &one);
    const double rate = (double)count / one.cpu, share = 100 * rate / 10000;
    const double programmings[] = {turns[0] * share, turns[1] * share};
    printf("%-23s %8.1f %6.1f %6.2f %8.2f %6.2f %6.2f %6.2f %6.1f %6.1f %7.3g %8.3g %6.2f %6.2f "
           "%6.2f %7.0f\n",
           b->name, rate, rate * macs * 1e-9, b->bar > 0 ? rate / b->bar : (double)NAN,
           software / one.cpu, one.wall / two.wall, one.cpu / two.busiest, two.cpu / one.cpu,
           programming * share, again * share, making, calibration, calibration / one.cpu,
           opening / one.cpu, 1e12 * calibration / (macs * (double)count), peak);
    const timing times[] = {one, two};
    const double found[] = {calibration / one.cpu, opening / one.cpu,
                            1e12 * calibration / (macs * (double)count)};
    keep(b, rate, software / one.cpu, found, times, programmings[0], peak);
    tell_bars(b, rate, rate * macs * 1e-9, found, times, programmings, peak);
    if (b->gmacs > 0)
        tell_paper(b, rate * macs * 1e-9, one.cpu / two.busiest, bytes);
    free(label);
    mho_chip_destroy(chip);
    mho_hw_destroy(hw);
    mho_images_free(&images);
    mho_net_destroy(net);
}

/* In a process of its own, whose peak memory is that of the case. */
static bool run_apart(const bench_case *b, size_t count, const char *const *set)
{
    int status = 0;
    fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
        run_case(b, count, set);
        fflush(stdout);
        _exit(0);
    }
    const bool ran = child > 0 && waitpid(child, &status, 0) == child && status == 0;
    if (!ran)
        printf("%-20s failed\n", b->name);
    return ran;
}

int main(int argc, char **argv)
{
    bool found = false, ran = true;
    must(mho_cpu_init());
    must(mho_run_set_threads(NULL, 1));
    printf("%s kernels\n%-23s %8s %6s %6s %8s %20s %13s %7s %29s %7s\n",
           mho_cpu_name(mho_cpu_level()), "case", "images/s", "GMAC/s", "/bar", "/soft-",
           "two threads over one", "programming", "making", "calibration", "peak");
    printf("%-23s %8s %6s %6s %8s %6s %6s %6s %6s %6s %7s %8s %6s %6s %6s %7s\n", "", "a core",
           "a core", "", "ware", "clock", "work", "cpu", "first", "again", "s", "s", "/run", "all",
           "ps/MAC", "MB");
    printf("/bar: GMAC/s over what is wanted (nan: nothing); /software: images/s over those of "
           "`mho infer` on one core; two threads: by the\n"
           "clock (of idle cores) and by processor time; programming: %% of 10,000 images; making: "
           "a chip of ideal cells; calibration: seconds,\n"
           "in runs of the same images, those with making, and a multiplication\n");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const bench_case *b = &cases[i];
        const bool few = is_short() && b->images <= FEW;
        if (argc > 1 ? strcmp(argv[1], b->name) != 0 : is_short() && !few && i > 0)
            continue;
        found = true;
        ran = run_apart(b,
                        argc > 2 ? count_of(argv[2])
                        : few    ? FEW_IMAGES
                                 : b->images,
                        argc > 3 ? (const char *const *)argv + 3 : b->set) &&
              ran;
    }
    if (!found)
        fprintf(stderr, "bench_chip: no case %s\n", argv[1]);
    return !found ? 2 : ran ? 0 : 4;
}
