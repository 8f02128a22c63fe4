/* SPDX-License-Identifier: Apache-2.0 */
/* mho simulate: the error of a trained network on crossbars, over programmings of their cells. */
#include <math.h>
#include <stdio.h>

#include "simulate_sweep.h"

static void add_percent(cli_table *t, const char *what, double fraction, int decimals)
{
    cli_table_text(t, "%s", what);
    cli_table_percent(t, fraction, decimals);
}

static void add_errors(cli_table *t, const cli_args *args, const mho_result *r)
{
    const mho_spread *e = &r->error.spread;
    char text[64];
    add_percent(t, "software", r->software_error, 2);
    add_percent(t, "crossbars, ideal devices", r->ideal_error, 2);
    cli_table_text(t, "crossbars, mean of %s", cli_count(e->trials, "programming", text));
    cli_table_percent(t, e->mean, 3);
    cli_table_text(t, "+- 95 %%, of programmings");
    if (args->csv ? isfinite(r->error.half) : cli_has_interval(&r->error))
        cli_table_percent(t, r->error.half, 3);
    else
        cli_table_text(t, "-");
    add_percent(t, "95 % of other images: from", r->error.images.low, 3);
    add_percent(t, "to", r->error.images.high, 3);
    add_percent(t, "standard deviation", e->std, 3);
    add_percent(t, "least", e->min, 2);
    add_percent(t, "most", e->max, 2);
}

static void print_table(const cli_args *args, const mho_result *r)
{
    char title[512], images[64];
    snprintf(title, sizeof title, "%s on %s, %s (%s), %s, seed %zu", r->network, mho_hw_name(r->hw),
             r->data, r->data_place, cli_count(r->options.images, "image", images), args->seed);
    cli_table *t = cli_table_create(title, "error|of the images>");
    add_errors(t, args, r);
    cli_table_print(t, args);
    cli_table_destroy(t);
    cli_print_remarks(r, args);
    if (args->csv)
        return;
    fprintf(args->out, "\n%.0f images/s on crossbars, %zu threads, %s kernels\n",
            r->images_per_second, r->threads, r->kernel);
    const mho_write_count *p = &r->programming;
    if (mho_hw_number(r->hw, "device.verify_rewrites") > 0)
        fprintf(args->out,
                "%.3f writes a cell, %.3g %% of the cells out of tolerance after the last\n",
                (double)p->writes / (double)p->cells, 100 * (double)p->outside / (double)p->cells);
}

static mho_status report(const cli_args *args, const mho_result *result)
{
    cli_tell_result(result, args);
    if (args->json)
        return cli_print_json(args, mho_result_json(result));
    print_table(args, result);
    return MHO_OK;
}

/* --- arrays without labels ------------------------------------------------------------------------------------ */

static mho_json *agreement_json(const mho_agreement *a)
{
    mho_json *v = mho_json_object();
    mho_json_put(v, "relative_error", mho_json_number(a->relative));
    mho_json_put(v, "largest_error", mho_json_number(a->worst));
    mho_json_put(v, "same_largest_score", mho_json_number(a->same));
    return v;
}

static void add_agreement(cli_table *t, const char *what, const mho_agreement *a)
{
    cli_table_text(t, "%s", what);
    cli_table_percent(t, a->relative, 3);
    cli_table_percent(t, a->worst, 3);
    cli_table_percent(t, a->same, 2);
}

static mho_status report_agreement(const cli_args *args, const mho_net *net, const mho_hw *hw,
                                   const mho_array *x, size_t trials, const mho_agreement both[2])
{
    const size_t images = x->size[0];
    char note[MHO_INPUT_NOTE] = "";
    (void)cli_tell_array(args, net, x, note);
    char title[512], count[64], programmings[64];
    if (args->json) {
        mho_json *root = mho_json_object();
        mho_json_put(root, "format", mho_json_unsigned(1));
        mho_json_put(root, "command", mho_json_text(args->command));
        mho_json_put(root, "network", mho_json_text(mho_net_name(net)));
        mho_json_put(root, "hardware", mho_json_text(mho_hw_name(hw)));
        mho_json_put(root, "images", mho_json_unsigned(images));
        if (*note)
            mho_json_put(root, "input_note", mho_json_text(note));
        mho_json_put(root, "trials", mho_json_unsigned(trials));
        mho_json_put(root, "ideal_devices", agreement_json(&both[0]));
        mho_json_put(root, "programmings", agreement_json(&both[1]));
        return cli_print_json(args, root);
    }
    snprintf(title, sizeof title, "%s on %s, %s of %s, seed %zu: scores beside software's",
             mho_net_name(net), mho_hw_name(hw), cli_count(images, "image", count), args->input[0],
             args->seed);
    cli_table *t = cli_table_create(title, "on|relative error>|largest error>|same largest score>");
    add_agreement(t, "crossbars, ideal devices", &both[0]);
    (void)cli_count(trials, "programming", programmings);
    snprintf(title, sizeof title, "crossbars, mean of %s", programmings);
    add_agreement(t, title, &both[1]);
    cli_table_print(t, args);
    cli_table_destroy(t);
    return MHO_OK;
}

/* As they are: what is made of bytes is not made of them. */
static void tell_as_they_are(const cli_args *args)
{
    if (!args->quiet && (args->scale || args->range || args->mean || args->std))
        fprintf(stderr, "mho: note: --input feeds arrays as they are; --scale, --range, --mean and "
                        "--std tell what the drivers' codes cover\n");
}

static mho_status simulate_input(const cli_args *args)
{
    const size_t trials = cli_study_options(args).trials;
    const mho_subject subject = cli_subject(args);
    mho_array x = {0};
    mho_net *net = NULL;
    mho_hw *hw = NULL;
    mho_agreement both[2];
    if (args->input[1])
        return mho_error(MHO_EUSAGE, "--input twice: one array of images");
    if (args->has_images || args->data || args->calibration)
        return mho_error(MHO_EUSAGE,
                         "--input gives the images: no --data, --images, --calibration");
    mho_status s = mho_net_open(args->file[0], &net);
    if (!s && !mho_net_has_parameters(net))
        s = mho_error(MHO_EUSAGE, "%s: --input wants a trained network, a file", args->file[0]);
    if (!s)
        s = mho_hw_open(args->hw, subject.set, &hw);
    if (!s)
        s = cli_set_input(args, net);
    if (!s)
        s = mho_array_read(args->input[0], &x);
    if (!s)
        tell_as_they_are(args);
    if (!s)
        s = mho_study_agreement(net, hw, &x, args->seed, trials, &both[0], &both[1]);
    if (!s)
        s = report_agreement(args, net, hw, &x, trials, both);
    mho_array_free(&x);
    mho_hw_destroy(hw);
    mho_net_destroy(net);
    return s;
}

mho_status cmd_simulate(const cli_args *args)
{
    const mho_subject subject = cli_subject(args);
    const mho_study_options options = cli_study_options(args);
    mho_result result = {.command = NULL};
    if (!args->hw)
        return mho_error(MHO_EUSAGE, "--hw is missing: name a hardware description, as --hw bcnn");
    if (args->sweep[0] && args->input[0])
        return mho_error(MHO_EUSAGE, "--sweep and --input: want one of the two");
    if (args->sweep[0])
        return simulate_sweep(args);
    if (!args->files)
        return mho_error(MHO_EUSAGE, "simulate: which network? `mho simulate NET --hw HW`");
    if (args->input[0])
        return simulate_input(args);
    if (args->ci > 0 || args->resume)
        return mho_error(MHO_EUSAGE, "--%s goes with --sweep", args->resume ? "resume" : "ci");
    mho_status s = cli_hint_model(mho_study_simulate(&subject, &options, &result), args->file[0]);
    result.command = args->command;
    if (!s || (s == MHO_EINTERRUPTED && result.error.spread.trials)) {
        const mho_status reported = report(args, &result);
        s = reported ? reported : s;
    }
    mho_result_free(&result);
    return s;
}
