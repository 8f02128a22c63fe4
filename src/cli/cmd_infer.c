/* SPDX-License-Identifier: Apache-2.0 */
/* mho infer: software inference of a data set, or of one given input. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

/* Of the largest expected value: float sums in another order differ by less, and a value between two half floats may
 * be either. */
static double tolerance_of(mho_type type)
{
    switch (type) {
    case MHO_TYPE_FLOAT16:
        return 1.0 / 1024;
    case MHO_TYPE_BFLOAT16:
        return 1.0 / 128;
    default:
        return 1e-4;
    }
}

/* --- a data set -------------------------------------------------------------------------------------- */

static mho_json *interval_json(const mho_interval *interval)
{
    mho_json *json = mho_json_object();
    mho_json_put(json, "low", mho_json_number(interval->low));
    mho_json_put(json, "high", mho_json_number(interval->high));
    return json;
}

typedef struct found {
    size_t images, classes;
    mho_tally tally;
    double seconds;
    char note[MHO_INPUT_NOTE];
} found;

static mho_status report_errors_json(const cli_args *args, const mho_net *net, const mho_data *data,
                                     const found *f)
{
    const double count = (double)f->images, error = (double)f->tally.errors / count,
                 beyond = (double)f->tally.top5_errors / count;
    const mho_interval interval = mho_images_interval(error, f->images),
                       five = mho_images_interval(beyond, f->images);
    mho_json *root = cli_result_json(args);
    mho_json_put(root, "network", mho_json_text(mho_net_name(net)));
    mho_json_put(root, "data", mho_json_text(data->name));
    mho_json_put(root, "place", mho_json_text(data->place));
    mho_json_put(root, "input", cli_input_json(net));
    if (*f->note)
        mho_json_put(root, "input_note", mho_json_text(f->note));
    mho_json_put(root, "images", mho_json_integer((int64_t)f->images));
    mho_json_put(root, "classes", mho_json_integer((int64_t)f->classes));
    mho_json_put(root, "errors", mho_json_integer((int64_t)f->tally.errors));
    mho_json_put(root, "error", mho_json_number(error));
    mho_json_put(root, "interval", interval_json(&interval));
    if (f->classes > 5) {
        mho_json_put(root, "top5_errors", mho_json_integer((int64_t)f->tally.top5_errors));
        mho_json_put(root, "top5_error", mho_json_number(beyond));
        mho_json_put(root, "top5_interval", interval_json(&five));
    }
    mho_json_put(root, "images_per_second",
                 mho_json_number(f->seconds > 0 ? count / f->seconds : 0));
    mho_json_put(root, "seconds", mho_json_number(f->seconds));
    mho_json_put(root, "threads", mho_json_integer((int64_t)mho_run_threads(NULL)));
    mho_json_put(root, "kernel", mho_json_text(mho_cpu_name(mho_cpu_level())));
    return cli_print_json(args, root);
}

static void add_interval(cli_table *table, double error, size_t images)
{
    const mho_interval interval = mho_images_interval(error, images);
    cli_table_text(table, "%.2f..%.2f %%", 100 * interval.low, 100 * interval.high);
}

static mho_status report_errors(const cli_args *args, const mho_net *net, const mho_data *data,
                                const found *f)
{
    const double count = (double)f->images, error = (double)f->tally.errors / count;
    if (args->json)
        return report_errors_json(args, net, data, f);
    char title[400];
    const bool five = f->classes > 5;
    snprintf(title, sizeof title, "%s on %s (%s)", mho_net_name(net), data->name, data->place);
    cli_table *table = cli_table_create(
        title, five ? "images>|errors>|error>|other images, 95 %>|not in 5 best>|images a second>"
                    : "images>|errors>|error>|other images, 95 %>|images a second>");
    cli_table_text(table, "%zu", f->images);
    cli_table_text(table, "%zu", f->tally.errors);
    cli_table_percent(table, error, 2);
    add_interval(table, error, f->images);
    if (five)
        cli_table_percent(table, (double)f->tally.top5_errors / count, 2);
    cli_table_text(table, "%.0f", f->seconds > 0 ? count / f->seconds : 0);
    cli_table_print(table, args);
    cli_table_destroy(table);
    return MHO_OK;
}

static mho_status infer_data(const cli_args *args, mho_net *net, const mho_data *data)
{
    const size_t count = args->has_images ? args->images : data->test.count;
    found f = {.images = count, .classes = mho_net_output_shape(net).c};
    if (count > data->test.count || count == 0)
        return mho_error(MHO_EUSAGE, "images = %zu, want 1..%zu: %s has no more", count,
                         data->test.count, data->name);
    if (args->try_scales)
        return cli_try_scales(args, net, data, count);
    cli_tell_input(args, net);
    (void)cli_tell_images(args, net, &data->test, count, f.note);
    cli_tell_classes(args, data->test.classes, f.classes);
    const double start = mho_seconds();
    mho_status s = mho_infer_tally(net, &data->test, count, &f.tally);
    f.seconds = mho_seconds() - start;
    return s == MHO_OK ? report_errors(args, net, data, &f) : s;
}

/* --- given inputs ------------------------------------------------------------------------------------ */

typedef struct comparison {
    double max_abs_diff, tolerance; /* the largest of all outputs */
    bool match;
    const char *note; /* of the inputs; "": none */
} comparison;

/* The same number, infinities and NaN included, is no difference. */
static double difference(double got, double want)
{
    if (got == want || (isnan(got) && isnan(want)))
        return 0;
    return fabs(got - want);
}

/* The sizes that are not 1. */
static bool same_sizes(const mho_array *a, const mho_array *b)
{
    size_t i = 0, k = 0;
    for (; i < a->rank || k < b->rank; i++, k++) {
        while (i < a->rank && a->size[i] == 1)
            i++;
        while (k < b->rank && b->size[k] == 1)
            k++;
        if ((i < a->rank) != (k < b->rank) || (i < a->rank && a->size[i] != b->size[k]))
            return false;
    }
    return true;
}

static mho_status compare(const char *path, const mho_array *got, comparison *out)
{
    mho_array expect;
    char have[MHO_ARRAY_TEXT], want[MHO_ARRAY_TEXT];
    double scale = 0, most = 0;
    mho_status s = mho_array_read(path, &expect);
    if (s != MHO_OK)
        return s;
    if (!same_sizes(got, &expect))
        s = mho_error(MHO_EFORMAT, "%s: %s, the network gives %s", path,
                      mho_array_text(&expect, want), mho_array_text(got, have));
    for (size_t i = 0; s == MHO_OK && i < got->count; i++) {
        const double y = mho_array_number(&expect, i);
        const double diff = difference(mho_array_number(got, i), y);
        most = diff <= most ? most : diff; /* NaN stays */
        scale = isfinite(y) ? fmax(scale, fabs(y)) : scale;
    }
    const double tolerance = tolerance_of(expect.type) * fmax(1, scale);
    out->match = out->match && most <= tolerance;
    if (!(most <= out->max_abs_diff))
        out->max_abs_diff = most;
    out->tolerance = fmax(out->tolerance, tolerance);
    mho_array_free(&expect);
    return s;
}

static size_t largest(const mho_array *a, size_t first, size_t count)
{
    size_t best = 0;
    for (size_t k = 1; k < count; k++)
        if (mho_array_number(a, first + k) > mho_array_number(a, first + best))
            best = k;
    return best;
}

static mho_json *array_json(const mho_array *a, size_t n)
{
    mho_json *all = mho_json_array();
    const size_t each = n ? a->count / n : 0;
    for (size_t i = 0; i < n; i++) {
        mho_json *row = mho_json_array();
        for (size_t k = 0; k < each; k++)
            mho_json_add(row, mho_json_number(mho_array_number(a, i * each + k)));
        mho_json_add(all, row);
    }
    return all;
}

static mho_json *outputs_json(const mho_array *out, size_t outputs)
{
    mho_json *all = mho_json_array();
    for (size_t i = 0; i < outputs; i++) {
        mho_json *one = mho_json_object(), *shape = mho_json_array();
        for (size_t k = 0; k < out[i].rank; k++)
            mho_json_add(shape, mho_json_integer((int64_t)out[i].size[k]));
        mho_json_put(one, "type", mho_json_text(mho_type_name(out[i].type)));
        mho_json_put(one, "shape", shape);
        mho_json_add(all, one);
    }
    return all;
}

static mho_status report_json(const cli_args *args, const mho_array *out, size_t outputs, size_t n,
                              const comparison *c)
{
    mho_json *root = cli_result_json(args);
    mho_json_put(root, "images", mho_json_integer((int64_t)n));
    if (*c->note)
        mho_json_put(root, "input_note", mho_json_text(c->note));
    if (args->expect[0]) {
        mho_json_put(root, "max_abs_diff", mho_json_number(c->max_abs_diff));
        mho_json_put(root, "tolerance", mho_json_number(c->tolerance));
        mho_json_put(root, "match", mho_json_bool(c->match));
    }
    mho_json_put(root, "outputs", outputs_json(out, outputs));
    mho_json_put(root, "scores", array_json(&out[0], n));
    return cli_print_json(args, root);
}

static void print_scores(const cli_args *args, const mho_array *scores, size_t n)
{
    cli_table *table = cli_table_create("Scores", "image>|class>|score>");
    const size_t each = scores->count / n;
    for (size_t i = 0; i < n; i++) {
        const size_t best = largest(scores, i * each, each);
        cli_table_text(table, "%zu", i);
        cli_table_text(table, "%zu", best);
        cli_table_text(table, "%.6g", mho_array_number(scores, i * each + best));
    }
    cli_table_print(table, args);
    cli_table_destroy(table);
}

static void print_outputs(const cli_args *args, const mho_array *out, size_t outputs)
{
    char text[MHO_ARRAY_TEXT];
    cli_table *table = cli_table_create("Outputs", "output>|array|first>|last>");
    for (size_t i = 0; i < outputs; i++) {
        cli_table_text(table, "%zu", i);
        cli_table_text(table, "%s", mho_array_text(&out[i], text));
        for (size_t k = 0; k < 2; k++)
            if (out[i].count)
                cli_table_text(table, "%.6g", mho_array_number(&out[i], k * (out[i].count - 1)));
            else
                cli_table_text(table, "none");
    }
    cli_table_print(table, args);
    cli_table_destroy(table);
}

static mho_status report(const cli_args *args, const mho_array *in, size_t inputs,
                         const mho_array *out, size_t outputs, const comparison *c)
{
    const size_t n = inputs && in[0].rank ? in[0].size[0] : 1;
    const bool by_image = outputs == 1 && out[0].rank && out[0].size[0] == n && out[0].rank <= 2;
    if (args->json)
        return report_json(args, out, outputs, out[0].count && by_image ? n : 1, c);
    if (by_image && out[0].count)
        print_scores(args, &out[0], n);
    else
        print_outputs(args, out, outputs);
    if (args->expect[0] && !args->csv)
        fprintf(args->out, "\nLargest difference from %s: %.3g (%s)\n", args->expect[0],
                c->max_abs_diff, c->match ? "matches" : "does not match");
    return MHO_OK;
}

static size_t length(const char *const *list)
{
    size_t n = 0;
    while (list[n])
        n++;
    return n;
}

static mho_status check_and_report(const cli_args *args, const char *note, const mho_array *in,
                                   size_t inputs, const mho_array *out, size_t outputs)
{
    comparison c = {.match = true, .note = note};
    mho_status s = MHO_OK;
    for (size_t k = 0; s == MHO_OK && args->expect[k]; k++)
        s = compare(args->expect[k], &out[k], &c);
    if (s == MHO_OK)
        s = report(args, in, inputs, out, outputs, &c);
    if (s == MHO_OK && !c.match)
        s = mho_error(MHO_ECHECK, "largest difference from %s is %.3g, want %.3g or less",
                      args->expect[0], c.max_abs_diff, c.tolerance);
    return s;
}

static mho_status infer_input(const cli_args *args, const mho_net *net)
{
    const size_t inputs = length(args->input), outputs = mho_net_outputs(net);
    mho_array *in = cli_alloc((inputs + 1) * sizeof *in), *out = cli_alloc(outputs * sizeof *out);
    mho_status s = MHO_OK;
    memset(in, 0, (inputs + 1) * sizeof *in);
    cli_tell_assumed(args, net);
    if (length(args->expect) > outputs)
        s = mho_error(MHO_EUSAGE, "%zu times --expect, the network has %zu outputs",
                      length(args->expect), outputs);
    for (size_t k = 0; s == MHO_OK && k < inputs; k++)
        s = mho_array_read(args->input[k], &in[k]);
    if (s == MHO_OK)
        s = mho_infer_arrays(net, inputs, in, outputs, out);
    if (s == MHO_OK) {
        char note[MHO_INPUT_NOTE] = "";
        if (inputs == 1)
            (void)cli_tell_array(args, net, &in[0], note);
        s = check_and_report(args, note, in, inputs, out, outputs);
        for (size_t k = 0; k < outputs; k++)
            mho_array_free(&out[k]);
    }
    for (size_t k = 0; k < inputs; k++)
        mho_array_free(&in[k]);
    free(out);
    free(in);
    return s;
}

/* A network of the zoo is one that was trained on the data; a file needs no data to be run on arrays. */
static mho_status open_network(const cli_args *args, mho_style style, mho_net **net)
{
    mho_data *data = NULL; /* its name alone */
    mho_status s = mho_net_open(args->file[0], net);
    if (s != MHO_OK || mho_net_has_parameters(*net))
        return s;
    mho_net_destroy(*net);
    *net = NULL;
    s = mho_data_open(args->data, false, false, &data);
    if (s == MHO_OK)
        s = mho_model_open(args->file[0], style, data->name, net);
    mho_data_destroy(data);
    return cli_hint_model(s, args->file[0]);
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
    if (args->has_images && args->input[0])
        return mho_error(MHO_EUSAGE, "--images and --input: want one of the two");
    if (args->input[0] && (args->setting[0] || args->try_scales))
        return mho_error(MHO_EUSAGE, "--input gives arrays that the network reads as they are: no "
                                     "--scale, --mean, --std, --range, --layout, --try-scales");
    if (args->setting[0] && args->try_scales)
        return mho_error(MHO_EUSAGE,
                         "--try-scales tries its own: no --scale, --mean, --std, --range, "
                         "--layout");
    s = open_network(args, style, &net);
    const bool arrays = s == MHO_OK && (args->input[0] || mho_net_inputs(net) == 0);
    if (s == MHO_OK && args->expect[0] && !arrays)
        s = mho_error(MHO_EUSAGE, "--expect needs --input");
    if (s == MHO_OK)
        s = cli_set_input(args, net);
    if (s == MHO_OK && !arrays)
        s = mho_data_open_test(args->data, args->has_images ? args->images : 0, &data);
    if (s == MHO_OK)
        s = arrays ? infer_input(args, net) : infer_data(args, net, data);
    mho_net_destroy(net);
    mho_data_destroy(data);
    return s;
}
