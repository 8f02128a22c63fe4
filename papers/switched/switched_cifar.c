/* SPDX-License-Identifier: Apache-2.0 */
/* Networks that were never meant for 1-bit maps, on CIFAR-10: what the plain search loses, and what training all weights on,
 * with the thresholds in place, wins back.  The talk has nothing of it. */
#include <math.h>

#include "switched.h"

enum { NETS = 2, SEARCHED = 500 };
static const char *const nets[NETS] = {"cifarnet", "vgg-small"};

typedef struct outcome {
    double plain, bits, refined; /* test error in %; refined NaN: nothing was trained */
    mho_quantize_report *report;
} outcome;

static mho_status options_of(const paper_args *args, const switched_data *d,
                             mho_threshold_options *o)
{
    mho_status s = mho_fields_preset(&mho_threshold_fields, o, NULL);
    o->images = args->images ? args->images : SEARCHED;
    o->images = o->images < d->train ? o->images : d->train;
    o->grid_last = 0.4;
    o->grid_step = 0.02; /* a search of so large layers takes minutes */
    return s;
}

/* All weights, on all training images. */
static mho_status refine(const paper_args *args, const switched_data *d, mho_net *net,
                         double *error)
{
    mho_train_options o;
    mho_status s = mho_fields_preset(&mho_train_fields, &o, NULL);
    o.epochs = args->epochs;
    o.learning_rate =
        0.0002; /* at 0.002 vgg-small falls to chance: its batch normalization is in the weights */
    o.label_smoothing = 0;
    o.shift = 3;
    o.mirror = true;
    o.fine_tune = true;
    o.step_window = 0.25;
    o.seed = args->seed;
    mho_data data = *d->data;
    data.test.count = 0; /* looked at once, below */
    if (!s)
        s = mho_train(net, &data, &o, NULL, false, NULL, NULL);
    return s ? s : switched_software(d, net, error);
}

static mho_status run_net(const paper_args *args, const switched_data *d, const char *name,
                          outcome *o)
{
    char path[64];
    mho_threshold_options options;
    mho_net *net = NULL, *bits = NULL;
    snprintf(path, sizeof path, "%s-float-cifar10", name);
    mho_status s = mho_net_open(path, &net);
    if (!s)
        s = switched_software(d, net, &o->plain);
    if (!s)
        s = options_of(args, d, &options);
    if (!s)
        s = mho_threshold_search(net, &d->data->train, &options, &bits, &o->report);
    if (!s)
        s = switched_software(d, bits, &o->bits);
    if (!s && args->epochs)
        s = refine(args, d, bits, &o->refined);
    mho_net_destroy(net);
    mho_net_destroy(bits);
    return s;
}

static void print_error(FILE *out, const switched_data *d, const char *what, double percent)
{
    const mho_interval i = mho_images_interval(percent / 100, d->test);
    fprintf(out, "    %-36s %6.2f %%   %.2f..%.2f %%\n", what, percent, 100 * i.low, 100 * i.high);
}

static void print_net(FILE *out, const paper_args *args, const switched_data *d, const char *name,
                      const outcome *o)
{
    char what[64];
    fprintf(out, "\n  %s on CIFAR-10, %zu test images%*s error   other images, 95 %%\n", name,
            d->test, 2, "");
    print_error(out, d, "float", o->plain);
    print_error(out, d, "1-bit maps by threshold search", o->bits);
    snprintf(what, sizeof what, "all weights trained on, %zu epoch%s", args->epochs,
             args->epochs == 1 ? "" : "s");
    if (!isnan(o->refined))
        print_error(out, d, what, o->refined);
    fprintf(out, "    thresholds of %zu training images, and error on them:", o->report->images);
    for (size_t l = 0; l < o->report->layers; l++) {
        const mho_quantize_curve *c = &o->report->curve[l];
        fprintf(out, " %.2f (%.0f %%)", c->threshold[c->best],
                100 * (1 - (double)c->correct[c->best] / (double)o->report->images));
    }
    fputc('\n', out);
}

mho_status switched_cifar(const paper_args *args, const switched_data *d, FILE *out)
{
    mho_status s = MHO_OK;
    for (size_t i = 0; !s && i < NETS; i++) {
        outcome o = {.refined = NAN};
        mho_run_set_part(NULL, nets[i], i, NETS);
        s = run_net(args, d, nets[i], &o);
        if (!s)
            print_net(out, args, d, nets[i], &o);
        mho_quantize_report_destroy(o.report);
    }
    mho_run_set_part(NULL, "", 0, 0);
    return s;
}
