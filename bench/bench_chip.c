/* SPDX-License-Identifier: Apache-2.0 */
/* Hardware inference of whole networks with device variation, in images a second and core, beside
 * software inference of the same network in the same run and beside its bar; programming as a part of
 * evaluating 10,000 images; the speed of two threads, which wants an idle machine; peak memory.  Weights are random: speed does not
 * depend on them.
 *
 *     bench_chip [CASE [IMAGES [key=value ...]]]      all cases without CASE */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "base/rng.h"
#include "mho/mho.h"

enum { ROUNDS = 3 };

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

static void randomize(mho_net *net)
{
    mhoi_stream stream = {.seed = 1};
    float u;
    uint64_t i = 0;
    for (size_t k = 0; k < net->nodes; k++) {
        mho_node *node = &net->node[k];
        for (size_t j = 0; j < mho_node_weight_count(node); j++) {
            mhoi_rng_uniform(&stream, i++, 1, &u);
            node->weight[j] = u < 0.5f ? -1.0f : 1.0f;
        }
        for (size_t j = 0; node->op == MHO_OP_BATCHNORM && j < node->out.c; j++)
            node->variance[j] = 100;
    }
}

typedef struct bench_case {
    const char *name, *net, *hw;
    mho_style style;
    size_t images;
    double bar; /* images a second and core */
    const char *set[4];
} bench_case;

static const bench_case cases[] = {
    {"lenet", "lenet", "bcnn", MHO_STYLE_BINARY, 4000, 8000, {"device.variation=1"}},
    {"lenet-3bit", "lenet", "bcnn", MHO_STYLE_BINARY, 4000, 8000, {"device.bits=3"}},
    {"lenet-ideal", "lenet", "bcnn", MHO_STYLE_BINARY, 4000, 8000, {"device.variation=0"}},
    {"lenet-8bit", "lenet", "cnn8", MHO_STYLE_FLOAT, 2000, 2000, {NULL}},
    {"vgg11-cifar10", "vgg11-cifar10", "bcnn", MHO_STYLE_BINARY, 256, 300, {NULL}},
    {"vgg11-cifar10-ideal",
     "vgg11-cifar10",
     "bcnn",
     MHO_STYLE_BINARY,
     256,
     300,
     {"device.variation=0"}},
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

static mho_net *random_net(const bench_case *b)
{
    mho_net *plain, *net;
    must(mho_net_zoo(b->net, &plain));
    must(mho_net_style(plain, b->style, &net));
    must(mho_net_alloc_parameters(net));
    randomize(net);
    mho_net_destroy(plain);
    return net;
}

/* Clock time of hardware inference by so many threads. */
static double wall(mho_chip *chip, const mho_images *images, size_t threads, uint8_t *label)
{
    must(mho_threads_set(threads));
    const double start = mho_seconds();
    must(mho_chip_run(chip, images, 0, images->count, NULL, label));
    const double seconds = mho_seconds() - start;
    must(mho_threads_set(1));
    return seconds;
}

static double least(double a, double b)
{
    return a < b ? a : b;
}

static void run_case(const bench_case *b, size_t count, const char *const *set)
{
    mho_net *net = random_net(b);
    mho_images images = images_for(net, count);
    uint8_t *label = malloc(count);
    mho_hw_config hw;
    mho_chip *chip;
    size_t wrong;
    struct rusage usage;
    must(mho_hw_open(b->hw, set, &hw));
    double start = cpu_seconds();
    must(mho_chip_create(net, &hw.hw, &images, &chip));
    const double calibration = cpu_seconds() - start;
    start = cpu_seconds();
    must(mho_chip_program(chip, 1, 0));
    const double programming = cpu_seconds() - start;
    double hardware = 1e9, software = 1e9, one = 1e9, two = 1e9;
    for (int round = 0; round < ROUNDS; round++) {
        start = cpu_seconds();
        one = least(one, wall(chip, &images, 1, label));
        hardware = least(hardware, cpu_seconds() - start);
        two = least(two, wall(chip, &images, 2, label));
        start = cpu_seconds();
        must(mho_infer_errors(net, &images, count, &wrong));
        software = least(software, cpu_seconds() - start);
    }
    getrusage(RUSAGE_SELF, &usage);
    const double rate = (double)count / hardware;
    printf("%-20s %8.0f %6.2f %8.2f %11.2f %12.2f %11.3f %8.0f\n", b->name, rate, rate / b->bar,
           software / hardware, one / two, 100 * programming / (10000 / rate), calibration,
           (double)usage.ru_maxrss / 1024);
    free(label);
    mho_chip_destroy(chip);
    mho_images_free(&images);
    mho_net_destroy(net);
}

int main(int argc, char **argv)
{
    bool found = false;
    must(mho_cpu_init());
    must(mho_threads_set(1));
    printf("%s kernels\n%-20s %8s %6s %8s %11s %12s %11s %8s\n", mho_cpu_name(mho_cpu_level()),
           "case", "images/s", "/bar", "/software", "2 threads", "programming", "calibration",
           "peak");
    printf("%-20s %8s %6s %8s %11s %12s %11s %8s\n", "", "a core", "", "", "/one", "% of 10,000",
           "s", "MB");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const bench_case *b = &cases[i];
        if (argc > 1 && strcmp(argv[1], b->name) != 0)
            continue;
        found = true;
        run_case(b, argc > 2 ? strtoul(argv[2], NULL, 10) : b->images,
                 argc > 3 ? (const char *const *)argv + 3 : b->set);
        fflush(stdout);
    }
    if (!found)
        fprintf(stderr, "bench_chip: no case %s\n", argv[1]);
    return found ? 0 : 2;
}
