/* SPDX-License-Identifier: Apache-2.0 */
/* Hardware inference of the binary LeNet with device variation, images a second and core, beside
 * software inference of the same network in the same run.  Weights are random: speed does not depend on
 * them.  Arguments: [images [hardware [key=value ...]]]. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/rng.h"
#include "mho/mho.h"

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

int main(int argc, char **argv)
{
    const size_t count = argc > 1 ? strtoul(argv[1], NULL, 10) : 2000;
    const char *name = argc > 2 ? argv[2] : "bcnn";
    mho_net *plain, *net;
    mho_hw_config hw;
    mho_images images = {.count = 0};
    mho_chip *chip;
    must(mho_cpu_init());
    must(mho_threads_set(1));
    must(mho_net_zoo("lenet", &plain));
    must(mho_net_style(plain, MHO_STYLE_BINARY, &net));
    must(mho_net_alloc_parameters(net));
    randomize(net);
    must(mho_hw_open(name, argc > 3 ? (const char *const *)argv + 3 : NULL, &hw));
    must(mho_digits_generate(MHO_DIGITS_SEED, 0, count, &images));
    double start = cpu_seconds();
    must(mho_chip_create(net, &hw.hw, &images, &chip));
    const double calibration = cpu_seconds() - start;
    start = cpu_seconds();
    must(mho_chip_program(chip, 1, 0));
    const double programming = cpu_seconds() - start;
    start = cpu_seconds();
    uint8_t *label = malloc(count);
    must(mho_chip_run(chip, &images, 0, count, NULL, label));
    const double hardware = cpu_seconds() - start;
    start = cpu_seconds();
    size_t wrong;
    must(mho_infer_errors(net, &images, count, &wrong));
    const double software = cpu_seconds() - start;
    printf("binary lenet on %s, %s kernels, CPU seconds of one core\n", name,
           mho_cpu_name(mho_cpu_level()));
    printf("calibration %.3f s, programming %.4f s\n", calibration, programming);
    printf("hardware inference %.0f images/s, software %.0f images/s, ratio %.2f\n",
           (double)count / hardware, (double)count / software, software / hardware);
    free(label);
    mho_chip_destroy(chip);
    mho_images_free(&images);
    mho_net_destroy(net);
    mho_net_destroy(plain);
    return 0;
}
