/* SPDX-License-Identifier: Apache-2.0 */
/* Networks of one kind trained alike (epochs, rates, images, seed), the uncompressed one among them: what blocks cost by their size,
 * and bits by their number, with the interval of other test images. */
#include "reboc_sweep.h"

#include <string.h>

typedef struct wanted {
    const char *block, *bits; /* NULL: none */
} wanted;

static const wanted of_lenet[] = {{NULL, NULL},
                                  {"fc:4,conv:4c", NULL},
                                  {"fc:16,conv:4c", NULL},
                                  {"fc:16,conv:16c", NULL},
                                  {"fc:64,conv:16c", NULL},
                                  {"fc:128,conv:16c", NULL},
                                  {NULL, "fc:4/4,conv:4"},
                                  {NULL, "fc:2/4,conv:4"},
                                  {"fc:128,conv:16c", "fc:8/8,conv:8"},
                                  {"fc:128,conv:16c", "fc:6/6,conv:6"},
                                  {"fc:128,conv:16c", "fc:4/4,conv:4"},
                                  {"fc:128,conv:16c", "fc:2/4,conv:4"}};
static const wanted of_cifarnet[] = {{NULL, NULL},
                                     {"fc:4,conv:4c", NULL},
                                     {"fc:16,conv:8c", NULL},
                                     {"fc:64,conv:16c", NULL},
                                     {"fc:64,conv:16c", "fc:6/6,conv:6"},
                                     {"fc:64,conv:16c", "fc:4/4,conv:4"}};

static mho_status make(const char *name, const wanted *w, mho_net **out)
{
    mho_net *plain = NULL;
    mho_status s = mho_net_zoo(name, &plain);
    if (!s)
        s = mho_net_style(plain, MHO_STYLE_FLOAT, out);
    if (!s && w->block)
        s = mho_net_set_blocks(*out, w->block);
    if (!s && w->bits)
        s = mho_net_set_bits(*out, w->bits);
    mho_net_destroy(plain);
    return s;
}

static mho_status train(const paper_args *args, bool cifar, const mho_data *from, mho_net *net)
{
    mho_train_options o;
    mho_data data = *from;
    data.test.count = 0; /* looked at once, at the end */
    mho_status s = mho_fields_preset(&mho_train_fields, &o, NULL);
    o.epochs = args->epochs;
    o.learning_rate = cifar ? 0.002 : 0.004;
    o.weight_decay = 0;
    o.label_smoothing = 0.02;
    o.shift = cifar ? 3 : 1;
    o.mirror = cifar;
    o.seed = args->seed;
    return s ? s : mho_train(net, &data, &o, NULL, false, NULL, NULL);
}

static size_t numbers(const mho_net *net)
{
    size_t sum = 0;
    for (size_t i = 0; i < mho_net_nodes(net); i++)
        if (mho_node_is_weighted(mho_net_node(net, i)))
            sum += mho_node_stored_weights(mho_net_node(net, i));
    return sum;
}

static mho_status run(const paper_args *args, bool cifar, const mho_data *data, const wanted *w,
                      double *uncompressed, FILE *out)
{
    mho_net *net = NULL;
    size_t wrong = 0, count = data->test.count;
    count = args->images && args->images < count ? args->images : count;
    mho_status s = make(cifar ? "cifarnet" : "lenet", w, &net);
    if (!s)
        s = train(args, cifar, data, net);
    if (!s)
        s = mho_infer_errors(net, &data->test, count, &wrong);
    if (!s) {
        const double error = (double)wrong / (double)count;
        const mho_interval i = mho_images_interval(error, count);
        if (!w->block && !w->bits)
            *uncompressed = error;
        fprintf(out, "  %-18s %-16s %9zu %8.2f %%   %5.2f..%5.2f %% %+8.2f\n",
                w->block ? w->block : "-", w->bits ? w->bits : "real", numbers(net), 100 * error,
                100 * i.low, 100 * i.high, 100 * (error - *uncompressed));
    }
    mho_net_destroy(net);
    return s;
}

mho_status reboc_sweep(const paper_args *args, bool cifar, FILE *out)
{
    const wanted *all = cifar ? of_cifarnet : of_lenet;
    const size_t count = cifar ? sizeof of_cifarnet / sizeof *all : sizeof of_lenet / sizeof *all;
    mho_data *data = NULL;
    double uncompressed = 0;
    mho_status s = mho_data_open(args->data, true, true, &data);
    if (!s)
        fprintf(out,
                "\n  %s, trained here for %zu epoch%s each on %zu images (few bits from half of "
                "them on)\n"
                "  %-18s %-16s %9s %10s   %14s %8s\n",
                cifar ? "cifarnet" : "lenet", args->epochs, args->epochs == 1 ? "" : "s",
                data->train.count, "blocks", "weights/maps", "numbers", "error", "other images",
                "change");
    for (size_t i = 0; !s && i < count; i++) {
        mho_run_set_part(NULL, "training", i, count);
        s = run(args, cifar, data, &all[i], &uncompressed, out);
    }
    mho_run_set_part(NULL, "", 0, 0);
    mho_data_destroy(data);
    return s;
}
