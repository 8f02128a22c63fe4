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
    cli_tell_idle(result->hw, args);
    cli_tell_blocks(result->hw, args);
    cli_tell_zero_signs(args);
    cli_tell_input(args, NULL);
    cli_tell_classes(args, result->classes, result->outputs);
    if (args->json)
        return cli_print_json(args, mho_result_json(result));
    print_table(args, result);
    return MHO_OK;
}

mho_status cmd_simulate(const cli_args *args)
{
    const mho_subject subject = cli_subject(args);
    const mho_study_options options = cli_study_options(args);
    mho_result result = {.command = NULL};
    if (!args->hw)
        return mho_error(MHO_EUSAGE, "--hw is missing: name a hardware description, as --hw bcnn");
    if (args->sweep[0])
        return simulate_sweep(args);
    if (!args->files)
        return mho_error(MHO_EUSAGE, "simulate: which network? `mho simulate NET --hw HW`");
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
