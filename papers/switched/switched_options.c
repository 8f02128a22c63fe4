/* SPDX-License-Identifier: Apache-2.0 */
/* What the options of the threshold search win on Caffe LeNet with ReLU: grid, percentile, thresholds a channel, a second pass,
 * what a 1 is worth, and how many training images are searched. */
#include <math.h>

#include "switched.h"

paper_run_fn switched_options;

enum { CASES = 12, IMAGES = 10000 };
#define NETWORK "lenet-relu"

/* 0: as ever. */
static const struct {
    const char *what;
    double step, percentile;
    size_t passes, part; /* part: of the images */
    bool maximum, channels;
} cases[CASES] = {
    {.what = "plain"},
    {.what = "grid_step=0.005", .step = 0.005},
    {.what = "grid_step=0.02", .step = 0.02},
    {.what = "grid_step=0.05", .step = 0.05},
    {.what = "percentile=99.9", .percentile = 99.9},
    {.what = "percentile=99", .percentile = 99},
    {.what = "passes=2", .passes = 2},
    {.what = "amplitude=maximum", .maximum = true},
    {.what = "a third of the images", .part = 3},
    {.what = "a tenth of the images", .part = 10},
    {.what = "a hundredth of the images", .part = 100},
    {.what = "channels=true, a tenth of the images", .channels = true, .part = 10},
};

static mho_status set_options(size_t i, size_t images, mho_threshold_options *o)
{
    const mho_status s = mho_fields_preset(&mho_threshold_fields, o, NULL);
    o->images = cases[i].part ? (images + cases[i].part - 1) / cases[i].part : images;
    o->grid_step = cases[i].step > 0 ? cases[i].step : o->grid_step;
    o->percentile = cases[i].percentile > 0 ? cases[i].percentile : o->percentile;
    o->passes = cases[i].passes ? cases[i].passes : o->passes;
    o->channels = cases[i].channels;
    o->amplitude = cases[i].maximum ? MHO_AMPLITUDE_MAXIMUM : MHO_AMPLITUDE_ONE;
    return s;
}

/* The last curve of each layer has the threshold that is taken. */
static void print_case(FILE *out, const char *what, const mho_quantize_report *r, double error,
                       double before)
{
    const mho_quantize_curve *last = &r->curve[r->curves - 1];
    fprintf(out, "  %-38s %7zu %8.2f %% %8.2f %% %+7.2f %9.1f\n", what, r->images,
            100 * (1 - (double)last->correct[last->best] / (double)r->images), error,
            error - before, r->seconds);
}

static mho_status run_case(const switched_data *d, const mho_net *net, size_t i, double before,
                           paper_result *result)
{
    mho_threshold_options options;
    mho_quantize_report *report = NULL;
    mho_net *bits = NULL;
    double error = 0;
    mho_status s = set_options(i, d->train, &options);
    if (!s)
        s = mho_threshold_search(net, &d->data->train, &options, &bits, &report);
    if (!s)
        s = switched_software(d, bits, &error);
    if (!s)
        s = paper_value(result, error - before, "%s: loss, %s", NETWORK, cases[i].what);
    if (!s)
        print_case(result->text, cases[i].what, report, error, before);
    mho_quantize_report_destroy(report);
    mho_net_destroy(bits);
    return s;
}

static mho_status run(const switched_data *d, paper_result *result)
{
    mho_net *net = NULL;
    double before = 0;
    mho_status s = switched_model(NETWORK, "float", &net);
    if (!s)
        s = switched_software(d, net, &before);
    if (!s)
        fprintf(result->text,
                "  " NETWORK ": %.2f %% in float, %zu test images; mho quantize " NETWORK
                " --method threshold --set images=N --set ...\n"
                "  %-38s %7s %10s %10s %7s %9s\n",
                before, d->test, "option", "images", "of these", "test error", "loss",
                "search (s)");
    for (size_t i = 0; !s && i < CASES; i++)
        s = run_case(d, net, i, before, result);
    mho_net_destroy(net);
    return s;
}

mho_status switched_options(const paper_args *args, paper_result *result)
{
    paper_args all = *args;
    switched_data d;
    all.images = 0; /* all test images */
    mho_status s = switched_open(&all, &d);
    if (!s)
        switched_judge(&d, result);
    if (!s && d.mnist)
        s = switched_check_images(args, &d);
    if (!s && d.mnist) {
        const size_t wanted = args->images ? args->images : IMAGES;
        d.train = wanted < d.train ? wanted : d.train;
        s = run(&d, result);
    }
    for (size_t i = 0; !s && !d.mnist && i < CASES; i++)
        s = paper_value(result, (double)NAN, "%s: loss, %s", NETWORK, cases[i].what);
    switched_close(&d);
    return s;
}
