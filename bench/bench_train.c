/* SPDX-License-Identifier: Apache-2.0 */
/* CPU and clock seconds of a training epoch of 60,000 MNIST-shaped images, float and binary LeNet, measured on
 * 12,000 of them.  bench/train_torch.py does the same with PyTorch; run both in turn.
 *
 *     bench_train [THREADS] [KEY=VALUE]... */
#include <stdio.h>
#include <stdlib.h>

#include "bench_record.h"
#include "mho/mho.h"

#define IMAGES 12000
#define EPOCH 60000

static void need(mho_status s)
{
    if (s == MHO_OK)
        return;
    fprintf(stderr, "bench_train: %s\n", mho_error_message());
    exit(mho_status_exit_code(s));
}

static void fastest(void *user, const mho_train_epoch *e)
{
    mho_train_epoch *best = user;
    if (best->epoch == 0 || e->cpu_seconds < best->cpu_seconds)
        best->cpu_seconds = e->cpu_seconds;
    if (best->epoch == 0 || e->seconds < best->seconds)
        best->seconds = e->seconds;
    best->epoch = e->epoch;
}

int main(int argc, char **argv)
{
    mho_data data = {.name = "synthetic"};
    mho_net *plain = NULL;
    mho_train_options options;
    need(mho_cpu_init());
    need(mho_run_set_threads(NULL, argc > 1 ? strtoull(argv[1], NULL, 10) : 1));
    need(mho_digits_generate(1, 0, IMAGES, &data.train));
    need(mho_net_zoo("lenet", &plain));
    need(mho_fields_preset(&mho_train_fields, &options, NULL));
    options.epochs = 3;
    for (int i = 2; i < argc; i++)
        need(mho_fields_set(&mho_train_fields, argv[i], &options, NULL));
    for (int style = MHO_STYLE_FLOAT; style <= MHO_STYLE_BINARY; style++) {
        mho_net *net = NULL;
        mho_train_epoch best = {0};
        need(mho_net_style(plain, (mho_style)style, &net));
        need(mho_train(net, &data, &options, NULL, false, fastest, &best));
        printf("mho %-6s  %6.2f CPU s an epoch  %6.2f s  threads %zu  batch %zu\n",
               style == MHO_STYLE_BINARY ? "binary" : "float", best.cpu_seconds * EPOCH / IMAGES,
               best.seconds * EPOCH / IMAGES, mho_run_threads(NULL), options.batch);
        *record_images() = IMAGES;
        record("train", style == MHO_STYLE_BINARY ? "lenet binary" : "lenet float",
               "CPU s an epoch", best.cpu_seconds * EPOCH / IMAGES, false, false);
        mho_net_destroy(net);
    }
    mho_net_destroy(plain);
    mho_images_free(&data.train);
    return 0;
}
