/* SPDX-License-Identifier: Apache-2.0 */
/* mho quantize: a trained network with fewer bits, the way there, and what it costs in accuracy. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

static void decibels(cli_table *t, double dB)
{
    if (isfinite(dB))
        cli_table_text(t, "%.1f dB", dB);
    else
        cli_table_text(t, "-");
}

typedef struct errors {
    size_t images, before, after;
    char note[MHO_INPUT_NOTE];
} errors;

/* e->images: the first so many; all, if there are fewer. */
static mho_status test(const mho_data *data, const mho_net *before, const mho_net *after, errors *e)
{
    mho_status s = mho_infer_errors(before, &data->test, e->images, &e->before);
    return s ? s : mho_infer_errors(after, &data->test, e->images, &e->after);
}

static const char *method_of(const cli_args *args)
{
    const bool bits = args->bits || args->weights_bits || args->maps_bits;
    return args->method ? args->method : bits ? "fixed" : "threshold";
}

static double share(size_t wrong, size_t of)
{
    return of ? (double)wrong / (double)of : 0;
}

static mho_status print_json(const cli_args *args, const mho_net *net, const mho_data *data,
                             const char *method, const mho_quantize_report *r, const errors *e)
{
    mho_json *root = cli_result_json(args);
    mho_json_put(root, "network", mho_json_text(mho_net_name(net)));
    mho_json_put(root, "method", mho_json_text(method));
    mho_json_put(root, "data", mho_json_text(data->name));
    mho_json_put(root, "place", mho_json_text(data->place));
    if (*e->note)
        mho_json_put(root, "input_note", mho_json_text(e->note));
    mho_json_put(root, "test_images", mho_json_unsigned(e->images));
    if (e->images) {
        mho_json_put(root, "test_error_before", mho_json_number(share(e->before, e->images)));
        mho_json_put(root, "test_error", mho_json_number(share(e->after, e->images)));
    }
    mho_json_put(root, "search", mho_quantize_report_json(r));
    mho_json_put(root, "threads", mho_json_unsigned(mho_run_threads(NULL)));
    mho_json_put(root, "kernel", mho_json_text(mho_cpu_name(mho_cpu_level())));
    mho_json_put(root, "model", mho_json_text(args->output));
    return cli_print_json(args, root);
}

/* The last search of a layer as a whole. */
static const mho_quantize_curve *curve_of(const mho_quantize_report *r, const char *layer)
{
    const mho_quantize_curve *found = NULL;
    for (size_t i = 0; i < r->curves; i++)
        if (r->curve[i].channel == SIZE_MAX && !strcmp(r->curve[i].layer, layer))
            found = &r->curve[i];
    return found;
}

static double wrong_at(const mho_quantize_report *r, const mho_quantize_curve *c, size_t j)
{
    return share(r->images - c->correct[j], r->images);
}

#define FLAT 0.001 /* of error: 0.1 points */

/* The run of thresholds around the best whose error is at most FLAT larger. */
static void flat(const mho_quantize_report *r, const mho_quantize_curve *c, size_t *from,
                 size_t *to)
{
    const double most = wrong_at(r, c, c->best) + FLAT;
    for (*from = c->best; *from > 0 && wrong_at(r, c, *from - 1) <= most; --*from)
        ;
    for (*to = c->best; *to + 1 < c->points && wrong_at(r, c, *to + 1) <= most; ++*to)
        ;
}

static void print_layers(const cli_args *args, const mho_quantize_report *r)
{
    cli_table *t = cli_table_create(
        "Thresholds of outputs re-scaled to 0..1",
        "layer|threshold>|train error>|+0.1 points within>|largest output>|at or below 0>|"
        "ones behind pooling>");
    for (size_t i = 0; i < r->layers; i++) {
        const mho_quantize_layer *l = &r->layer[i];
        const mho_quantize_curve *c = curve_of(r, l->name);
        size_t from = 0, to = 0;
        flat(r, c, &from, &to);
        cli_table_text(t, "%s", l->name);
        cli_table_text(t, "%.4g", c->threshold[c->best]);
        cli_table_percent(t, wrong_at(r, c, c->best), 2);
        cli_table_text(t, "%.4g..%.4g", c->threshold[from], c->threshold[to]);
        cli_table_text(t, "%.4g", l->largest);
        cli_table_percent(t, l->zero, 1);
        cli_table_percent(t, l->ones, 1);
    }
    cli_table_print(t, args);
    cli_table_destroy(t);
}

enum { SHOWN = 11 };

/* Error over thresholds: all points as CSV, a few of each layer as text. */
static void print_curves(const cli_args *args, const mho_quantize_report *r)
{
    cli_table *t =
        cli_table_create("Train error by threshold", "layer|pass>|threshold>|train error>");
    for (size_t i = 0; i < r->curves; i++) {
        const mho_quantize_curve *c = &r->curve[i];
        const size_t step = args->csv || c->points <= SHOWN ? 1 : (c->points - 1) / (SHOWN - 1);
        for (size_t j = 0; c->channel == SIZE_MAX && j < c->points; j += step) {
            cli_table_text(t, "%s", c->layer);
            cli_table_text(t, "%zu", c->pass);
            cli_table_text(t, "%.4g", c->threshold[j]);
            cli_table_percent(t, wrong_at(r, c, j), 2);
        }
    }
    cli_table_print(t, args);
    cli_table_destroy(t);
}

static void print_text(const cli_args *args, const mho_net *net, const mho_data *data,
                       const mho_quantize_report *r, const errors *e)
{
    char title[400];
    snprintf(title, sizeof title, "%s on %s (%s), %zu training images", mho_net_name(net),
             data->name, data->place, r->images);
    cli_table *t = cli_table_create(
        title, "test error before>|with 1-bit maps>|loss in points>|search>|model");
    cli_table_percent(t, share(e->before, e->images), 2);
    cli_table_percent(t, share(e->after, e->images), 2);
    cli_table_text(t, "%+.2f", 100 * (share(e->after, e->images) - share(e->before, e->images)));
    cli_table_si(t, r->seconds, "s");
    cli_table_text(t, "%s", args->output);
    cli_table_print(t, args);
    cli_table_destroy(t);
    fputc('\n', args->out);
    print_layers(args, r);
    fputc('\n', args->out);
    print_curves(args, r);
}

static void print_error(cli_table *t, const mho_quantize_report *r, const errors *e,
                        const cli_args *args)
{
    if (e->images) {
        cli_table_percent(t, share(e->before, e->images), 2);
        cli_table_percent(t, share(e->after, e->images), 2);
        cli_table_text(t, "%+.2f",
                       100 * (share(e->after, e->images) - share(e->before, e->images)));
    } else {
        for (size_t i = 0; i < 3; i++)
            cli_table_text(t, "-");
    }
    if (r->codings)
        decibels(t, r->output_snr_dB);
    cli_table_si(t, r->seconds, "s");
    cli_table_text(t, "%s", args->output);
}

static void print_codes(const cli_args *args, const mho_quantize_report *r)
{
    cli_table *t = cli_table_create("Codes", "of|what|bits>|scales>|a code is worth>|beyond the "
                                             "last code>|signal to noise>|with all before it>");
    for (size_t i = 0; i < r->codings; i++) {
        const mho_quantize_codes *c = &r->codes[i];
        cli_table_text(t, "%s", c->name);
        cli_table_text(t, "%s", c->weights ? "weights" : "map");
        cli_table_text(t, "%zu", c->bits);
        cli_table_text(t, "%zu", c->scales);
        if (c->scale_least == c->scale_most)
            cli_table_text(t, "%.4g", c->scale_least);
        else
            cli_table_text(t, "%.3g..%.3g", c->scale_least, c->scale_most);
        cli_table_percent(t, c->clipped, 3);
        decibels(t, c->snr_dB);
        decibels(t, c->whole_snr_dB);
    }
    cli_table_print(t, args);
    cli_table_destroy(t);
}

static void print_fixed(const cli_args *args, const mho_net *net, const mho_data *data,
                        const mho_quantize_report *r, const errors *e)
{
    char title[400];
    snprintf(title, sizeof title, "%.40s on %.40s (%.200s), calibrated on %zu training images",
             mho_net_name(net), data->name, data->place, r->images);
    cli_table *t = cli_table_create(title, "test error before>|in codes>|loss in points>|signal to "
                                           "noise of the scores>|took>|model");
    print_error(t, r, e, args);
    cli_table_print(t, args);
    cli_table_destroy(t);
    fputc('\n', args->out);
    print_codes(args, r);
}

static mho_status draw(const cli_args *args, const mho_quantize_report *r)
{
    mho_output *output = NULL;
    mho_status s = mho_output_open(args->svg, &output);
    if (s)
        return s;
    mho_quantize_report_svg(r, mho_output_stream(output));
    return mho_output_finish(output, MHO_OK);
}

/* --bits and its kin are fields of the method, before those of --set. */
typedef struct settings {
    char text[3][64];
    const char *set[CLI_SETS_MAX + 4];
} settings;

static mho_status read_settings(const cli_args *args, settings *out)
{
    const char *const value[] = {args->bits, args->weights_bits, args->maps_bits};
    static const char *const key[] = {"bits", "weights_bits", "maps_bits"};
    static const char *const option[] = {"bits", "weights-bits", "maps-bits"};
    size_t n = 0;
    for (size_t i = 0; i < 3; i++) {
        if (!value[i])
            continue;
        if (strcmp(method_of(args), "fixed") != 0)
            return mho_error(MHO_EUSAGE, "--%s belongs to --method fixed", option[i]);
        char *end;
        const unsigned long bits = strtoul(value[i], &end, 10);
        if (end == value[i] || *end || bits < 2 || bits > 8)
            return mho_error(MHO_EUSAGE, "--%s = %s, want 2..8 bits", option[i], value[i]);
        snprintf(out->text[n], sizeof out->text[n], "%s=%lu", key[i], bits);
        out->set[n] = out->text[n];
        n++;
    }
    for (size_t i = 0; args->set[i]; i++)
        out->set[n++] = args->set[i];
    out->set[n] = NULL;
    return MHO_OK;
}

/* What only training reads, where nothing is trained. */
static void tell_idle(const cli_args *args)
{
    static const char *const trained[] = {"rate=", "window=", "shift="};
    mho_threshold_options o;
    bool idle = mho_fields_preset(&mho_threshold_fields, &o, NULL) == MHO_OK;
    for (size_t i = 0; idle && args->set[i]; i++)
        idle = mho_fields_set(&mho_threshold_fields, args->set[i], &o, NULL) == MHO_OK;
    if (!idle || args->quiet || o.retrain || o.refine)
        return;
    for (size_t i = 0; args->set[i]; i++)
        for (size_t k = 0; k < 3; k++)
            if (!strncmp(args->set[i], trained[k], strlen(trained[k])))
                fprintf(stderr, "mho: note: %s has no effect: retrain and refine are 0\n",
                        args->set[i]);
}

/* Fewer images than were asked for. */
static void tell_few(const cli_args *args, const mho_data *data, const mho_quantize_report *r)
{
    static const char key[] = "calibration_images=";
    for (size_t i = 0; !args->quiet && args->set[i]; i++)
        if (!strncmp(args->set[i], key, sizeof key - 1) &&
            strtod(args->set[i] + sizeof key - 1, NULL) > (double)r->images)
            fprintf(stderr, "mho: note: %s: %s has %zu training images, which are all taken\n",
                    args->set[i], data->name, r->images);
}

static mho_status quantize(const cli_args *args, const mho_net *net, const mho_data *data)
{
    const char *method = method_of(args);
    settings set = {.set = {NULL}};
    mho_net *out = NULL;
    mho_quantize_report *r = NULL;
    errors e = {.images = data->test.count};
    (void)cli_tell_images(args, net, &data->train, data->train.count, e.note);
    e.images = args->has_images && args->images < e.images ? args->images : e.images;
    mho_status s = read_settings(args, &set);
    if (!s)
        s = mho_quantize(net, data, method, set.set, &out, &r);
    if (!s)
        s = mho_onnx_write(out, args->output);
    if (!s && args->svg)
        s = draw(args, r);
    if (!s)
        s = test(data, net, out, &e);
    cli_progress_clear();
    if (!s && !strcmp(method, "threshold"))
        tell_idle(args);
    if (!s && !strcmp(method, "fixed"))
        tell_few(args, data, r);
    if (!s && args->json)
        s = print_json(args, net, data, method, r, &e);
    else if (!s && r->codings)
        print_fixed(args, net, data, r, &e);
    else if (!s)
        print_text(args, net, data, r, &e);
    mho_quantize_report_destroy(r);
    mho_net_destroy(out);
    return s;
}

mho_status cmd_quantize(const cli_args *args)
{
    mho_data *found = NULL, *data = NULL;
    mho_net *net = NULL;
    mho_status s = cli_check_model_output("quantize", args->output);
    if (!s)
        s = mho_data_open(args->data, false, false, &found);
    if (!s)
        s = mho_model_open(args->file[0], MHO_STYLE_FLOAT, found->name, &net);
    s = cli_hint_model(s, args->file[0]);
    if (!s)
        s = cli_set_input(args, net);
    if (!s)
        cli_tell_input(args, net);
    if (!s)
        s = mho_data_open(args->data, true, found->has_test, &data);
    if (!s)
        s = quantize(args, net, data);
    mho_net_destroy(net);
    mho_data_destroy(data);
    mho_data_destroy(found);
    return s;
}
