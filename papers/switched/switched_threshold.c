/* SPDX-License-Identifier: Apache-2.0 */
/* The quantization result of the talk: three networks on MNIST lose less than 1 % with 1-bit maps.  The talk does not
 * say which they are; these are those of an independent prototype.  Thresholds are searched here, on all training
 * images; the narrow network's refinement, which the talk does not have, is a trained model of the library. */
#include <math.h>
#include <string.h>

#include "switched.h"

paper_run_fn switched_threshold;

enum { NETS = 3, SHOWN = 10 };

static const struct {
    const char *name;
    bool refined; /* there is a refined network */
} nets[NETS] = {{"cnn-12-64", false}, {"lenet-relu", false}, {"lenet5", true}};

typedef struct outcome {
    double plain, eight, bits, refined; /* test error in % */
    mho_quantize_report *report;
} outcome;

static mho_status search(const switched_data *d, const mho_net *net, outcome *o)
{
    mho_threshold_options options;
    mho_net *bits = NULL;
    mho_status s = mho_fields_preset(&mho_threshold_fields, &options, NULL);
    options.images = d->train;
    if (!s)
        s = mho_threshold_search(net, &d->data->train, &options, &bits, &o->report);
    if (!s)
        s = switched_software(d, bits, &o->bits);
    mho_net_destroy(bits);
    return s;
}

static mho_status run_net(const switched_data *d, size_t i, outcome *o)
{
    static const char *const ideal[] = {"device.variation=0", NULL};
    mho_net *net = NULL, *refined = NULL;
    mho_spread eight = {.mean = 0};
    mho_status s = switched_model(nets[i].name, "float", &net);
    if (!s)
        s = switched_software(d, net, &o->plain);
    if (!s)
        s = switched_hardware(d, net, "cnn8", ideal, 1, 1, &eight);
    o->eight = eight.mean;
    if (!s)
        s = search(d, net, o);
    if (!s && nets[i].refined)
        s = switched_model(nets[i].name, "onebit", &refined);
    if (!s && nets[i].refined)
        s = switched_software(d, refined, &o->refined);
    mho_net_destroy(net);
    mho_net_destroy(refined);
    return s;
}

/* The least share, over the layers, of outputs in the lowest tenth of 0..1 or below. */
static double near_zero(const mho_quantize_report *r)
{
    double least = 1;
    for (size_t l = 0; l < r->layers; l++) {
        double share = r->layer[l].zero;
        for (size_t b = 0; b < MHO_QUANTIZE_BINS / 10; b++)
            share += r->layer[l].share[b];
        least = share < least ? share : least;
    }
    return least;
}

static mho_status tell(paper_result *result, size_t i, const outcome *o)
{
    const char *name = nets[i].name;
    const double loss = o->bits - o->plain;
    mho_status s = paper_value(result, o->plain, "%s: float error", name);
    if (!s)
        s = paper_value(result, o->eight, "%s: 8-bit error", name);
    if (!s)
        s = paper_value(result, o->bits, "%s: 1-bit error", name);
    if (!s)
        s = paper_value(result, loss, "%s: loss", name);
    if (!s)
        s = paper_value(result, loss < 1, "%s: loss below 1 point (1: yes)", name);
    if (!s)
        s = paper_value(result, near_zero(o->report) > 0.5, "%s: most outputs near 0 (1: yes)",
                        name);
    if (!s && nets[i].refined)
        s = paper_value(result, o->refined - o->plain, "%s: loss after refinement", name);
    if (!s && nets[i].refined)
        s = paper_value(result, o->refined - o->plain < 1,
                        "%s: loss below 1 point after refinement (1: yes)", name);
    return s;
}

static void print_net(FILE *out, const char *name, const outcome *o)
{
    const mho_quantize_report *r = o->report;
    fprintf(out, "\n  %s: float %.2f %%, 8-bit %.2f %%, 1-bit %.2f %%\n", name, o->plain, o->eight,
            o->bits);
    fprintf(out,
            "    %-8s %9s %11s %9s  share of outputs at or below 0, and in tenths of 0..1 (%%)\n",
            "layer", "threshold", "train error", "ones");
    for (size_t l = 0; l < r->layers; l++) {
        const mho_quantize_layer *layer = &r->layer[l];
        const mho_quantize_curve *c = &r->curve[l];
        fprintf(out, "    %-8s %9.2f %9.2f %% %7.1f %%  %.1f |", layer->name, c->threshold[c->best],
                100 * (1 - (double)c->correct[c->best] / (double)r->images), 100 * layer->ones,
                100 * layer->zero);
        for (size_t t = 0; t < SHOWN; t++) {
            double share = 0;
            for (size_t b = 0; b < MHO_QUANTIZE_BINS / SHOWN; b++)
                share += layer->share[t * (MHO_QUANTIZE_BINS / SHOWN) + b];
            fprintf(out, " %.2g", 100 * share);
        }
        fputc('\n', out);
    }
}

static mho_status no_values(paper_result *result)
{
    for (size_t i = 0; i < result->rows; i++) {
        mho_status s = paper_value(result, (double)NAN, "%s", result->row[i].name);
        if (s)
            return s;
    }
    return MHO_OK;
}

mho_status switched_threshold(const paper_args *args, paper_result *result)
{
    switched_data d;
    mho_status s = switched_open(args, &d);
    if (!s)
        switched_judge(&d, result);
    if (!s && !d.mnist)
        s = no_values(result);
    if (!s && d.mnist)
        fprintf(result->text, "  Thresholds searched on %zu training images; %zu test images\n",
                d.train, d.test);
    if (!s && d.cifar)
        s = switched_cifar(args, &d, result->text);
    for (size_t i = 0; !s && d.mnist && i < NETS; i++) {
        outcome o = {.report = NULL};
        s = run_net(&d, i, &o);
        if (!s)
            s = tell(result, i, &o);
        if (!s)
            print_net(result->text, nets[i].name, &o);
        if (!s && i + 1 == NETS)
            mho_quantize_report_svg(o.report, result->svg);
        mho_quantize_report_destroy(o.report);
    }
    switched_close(&d);
    return s;
}
