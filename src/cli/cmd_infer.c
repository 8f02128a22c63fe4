/* SPDX-License-Identifier: Apache-2.0 */
/* mho infer: software inference of a data set, or of one given input. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

#define TOLERANCE                                                                                  \
    1e-4 /* of the largest expected value: float sums in another order differ by less */

/* --- a data set -------------------------------------------------------------------------------------- */

static mho_status report_errors(const cli_args *args, const mho_net *net, const mho_data *data,
                                size_t count, size_t errors, double seconds)
{
    const double error = count ? (double)errors / (double)count : 0;
    const double rate = seconds > 0 ? (double)count / seconds : 0;
    if (args->json) {
        mho_json *root = cli_result_json(args);
        mho_json_put(root, "network", mho_json_text(mho_net_name(net)));
        mho_json_put(root, "data", mho_json_text(data->name));
        mho_json_put(root, "place", mho_json_text(data->place));
        mho_json_put(root, "images", mho_json_integer((int64_t)count));
        mho_json_put(root, "errors", mho_json_integer((int64_t)errors));
        mho_json_put(root, "error", mho_json_number(error));
        mho_json_put(root, "images_per_second", mho_json_number(rate));
        mho_json_put(root, "seconds", mho_json_number(seconds));
        mho_json_put(root, "threads", mho_json_integer((int64_t)mho_run_threads(NULL)));
        mho_json_put(root, "kernel", mho_json_text(mho_cpu_name(mho_cpu_level())));
        return cli_print_json(args, root);
    }
    char title[400];
    snprintf(title, sizeof title, "%s on %s (%s)", mho_net_name(net), data->name, data->place);
    cli_table *table = cli_table_create(title, "images>|errors>|error>|images a second>");
    cli_table_text(table, "%zu", count);
    cli_table_text(table, "%zu", errors);
    cli_table_percent(table, error, 2);
    cli_table_text(table, "%.0f", rate);
    cli_table_print(table, args);
    cli_table_destroy(table);
    return MHO_OK;
}

static mho_status infer_data(const cli_args *args, const mho_net *net, const mho_data *data)
{
    const size_t count = args->has_images ? args->images : data->test.count;
    size_t errors = 0;
    if (count > data->test.count)
        return mho_error(MHO_EUSAGE, "images = %zu, want 1..%zu: %s has no more", count,
                         data->test.count, data->name);
    const double start = mho_seconds();
    mho_status s = mho_infer_errors(net, &data->test, count, &errors);
    return s == MHO_OK ? report_errors(args, net, data, count, errors, mho_seconds() - start) : s;
}

/* --- a given input ----------------------------------------------------------------------------------- */

typedef struct comparison {
    double max_abs_diff, scale;
    bool match;
} comparison;

static size_t elements(mho_shape s)
{
    return s.c * s.h * s.w;
}

static mho_status compare(const char *path, const float *scores, size_t count, comparison *out)
{
    mho_tensor expect;
    mho_status s = mho_tensor_read(path, &expect);
    *out = (comparison){.match = true};
    if (s != MHO_OK)
        return s;
    if (expect.count != count)
        s = mho_error(MHO_EFORMAT, "%s: %zu values, the network gives %zu", path, expect.count,
                      count);
    for (size_t i = 0; s == MHO_OK && i < count; i++) {
        const double diff = fabs((double)scores[i] - (double)expect.data[i]);
        out->max_abs_diff = diff <= out->max_abs_diff ? out->max_abs_diff : diff; /* NaN stays */
        out->scale = fmax(out->scale, fabs((double)expect.data[i]));
    }
    out->match = out->max_abs_diff <= TOLERANCE * fmax(1, out->scale);
    mho_tensor_free(&expect);
    return s;
}

static size_t largest(const float *score, size_t count)
{
    size_t best = 0;
    for (size_t k = 1; k < count; k++)
        if (score[k] > score[best])
            best = k;
    return best;
}

static mho_status report_scores(const cli_args *args, const float *scores, size_t n, size_t each,
                                const comparison *c)
{
    if (args->json) {
        mho_json *root = cli_result_json(args), *all = mho_json_array();
        mho_json_put(root, "images", mho_json_integer((int64_t)n));
        if (args->expect) {
            mho_json_put(root, "max_abs_diff", mho_json_number(c->max_abs_diff));
            mho_json_put(root, "tolerance", mho_json_number(TOLERANCE * fmax(1, c->scale)));
            mho_json_put(root, "match", mho_json_bool(c->match));
        }
        for (size_t i = 0; i < n; i++) {
            mho_json *row = mho_json_array();
            for (size_t k = 0; k < each; k++)
                mho_json_add(row, mho_json_number((double)scores[i * each + k]));
            mho_json_add(all, row);
        }
        mho_json_put(root, "scores", all);
        return cli_print_json(args, root);
    }
    cli_table *table = cli_table_create("Scores", "image>|class>|score>");
    for (size_t i = 0; i < n; i++) {
        const size_t best = largest(scores + i * each, each);
        cli_table_text(table, "%zu", i);
        cli_table_text(table, "%zu", best);
        cli_table_text(table, "%.6g", (double)scores[i * each + best]);
    }
    cli_table_print(table, args);
    cli_table_destroy(table);
    if (args->expect && !args->csv)
        fprintf(args->out, "\nLargest difference from %s: %.3g (%s)\n", args->expect,
                c->max_abs_diff, c->match ? "matches" : "does not match");
    return MHO_OK;
}

static mho_status infer_input(const cli_args *args, const mho_net *net)
{
    mho_tensor input;
    mho_infer *infer = NULL;
    mho_status s = mho_tensor_read(args->input, &input);
    if (s != MHO_OK)
        return s;
    const mho_shape shape = mho_net_input_shape(net);
    const size_t in = elements(shape), each = elements(mho_net_output_shape(net));
    const size_t n = input.count / in;
    comparison c = {.match = true};
    float *scores = NULL;
    if (!n || input.count % in)
        s = mho_error(MHO_EFORMAT, "%s: %zu values, want a multiple of %zu x %zu x %zu",
                      args->input, input.count, shape.c, shape.h, shape.w);
    if (s == MHO_OK)
        s = mho_infer_create(net, n, &infer);
    if (s == MHO_OK) {
        scores = cli_alloc(n * each * sizeof *scores);
        s = mho_infer_run(infer, n, input.data, scores);
    }
    if (s == MHO_OK && args->expect)
        s = compare(args->expect, scores, n * each, &c);
    if (s == MHO_OK)
        s = report_scores(args, scores, n, each, &c);
    if (s == MHO_OK && !c.match)
        s = mho_error(MHO_ECHECK, "largest difference from %s is %.3g, want %.3g or less",
                      args->expect, c.max_abs_diff, TOLERANCE * fmax(1, c.scale));
    free(scores);
    mho_infer_destroy(infer);
    mho_tensor_free(&input);
    return s;
}

mho_status cmd_infer(const cli_args *args)
{
    mho_data *data = NULL;
    mho_net *net = NULL;
    mho_style style = MHO_STYLE_BINARY;
    mho_status s = MHO_OK;
    if (args->style && strcmp(args->style, "float") == 0)
        style = MHO_STYLE_FLOAT;
    else if (args->style && strcmp(args->style, "binary") != 0)
        return mho_error(MHO_EUSAGE, "--style %s, want float or binary", args->style);
    if (args->expect && !args->input)
        return mho_error(MHO_EUSAGE, "--expect needs --input");
    if (args->has_images && args->input)
        return mho_error(MHO_EUSAGE, "--images and --input: want one of the two");
    s = args->input ? mho_data_open(args->data, false, false, &data)
                    : mho_data_open_test(args->data, args->has_images ? args->images : 0, &data);
    if (s == MHO_OK)
        s = mho_model_open(args->file[0], style, data->name, &net);
    s = cli_hint_model(s, args->file[0]);
    if (s == MHO_OK)
        s = args->input ? infer_input(args, net) : infer_data(args, net, data);
    mho_net_destroy(net);
    mho_data_destroy(data);
    return s;
}
