/* SPDX-License-Identifier: Apache-2.0 */
/* mho quantize: a trained network with fewer bits, the way there, and what it costs in accuracy. */
#include <stdio.h>
#include <string.h>

#include "cli.h"

typedef struct errors {
    size_t images, before, after;
} errors;

static mho_status test(const mho_data *data, const mho_net *before, const mho_net *after, errors *e)
{
    e->images = data->test.count;
    mho_status s = mho_infer_errors(before, &data->test, e->images, &e->before);
    return s ? s : mho_infer_errors(after, &data->test, e->images, &e->after);
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

static mho_status draw(const cli_args *args, const mho_quantize_report *r)
{
    mho_output *output = NULL;
    mho_status s = mho_output_open(args->svg, &output);
    if (s)
        return s;
    mho_quantize_report_svg(r, mho_output_stream(output));
    return mho_output_finish(output, MHO_OK);
}

static mho_status quantize(const cli_args *args, const mho_net *net, const mho_data *data)
{
    const char *method = args->method ? args->method : "threshold";
    mho_net *out = NULL;
    mho_quantize_report *r = NULL;
    errors e = {0, 0, 0};
    mho_status s = mho_quantize(net, data, method, args->set, &out, &r);
    if (!s)
        s = mho_onnx_write(out, args->output);
    if (!s && args->svg)
        s = draw(args, r);
    if (!s)
        s = test(data, net, out, &e);
    cli_progress_clear();
    if (!s && args->json)
        s = print_json(args, net, data, method, r, &e);
    else if (!s)
        print_text(args, net, data, r, &e);
    mho_quantize_report_destroy(r);
    mho_net_destroy(out);
    return s;
}

static mho_status check_output(const char *path)
{
    mho_output *probe = NULL;
    if (!path)
        return mho_error(MHO_EUSAGE, "quantize writes a model: name it with -o out.onnx");
    mho_status s = mho_output_open(path, &probe);
    return s ? s : mho_output_close(probe, false);
}

mho_status cmd_quantize(const cli_args *args)
{
    mho_data *found = NULL, *data = NULL;
    mho_net *net = NULL;
    mho_status s = check_output(args->output);
    if (!s)
        s = mho_data_open(args->data, false, false, &found);
    if (!s)
        s = mho_model_open(args->file[0], MHO_STYLE_FLOAT, found->name, &net);
    s = cli_hint_model(s, args->file[0]);
    if (!s)
        s = mho_data_open(args->data, true, found->has_test, &data);
    if (!s)
        s = quantize(args, net, data);
    mho_net_destroy(net);
    mho_data_destroy(data);
    mho_data_destroy(found);
    return s;
}
