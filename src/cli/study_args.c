/* SPDX-License-Identifier: Apache-2.0 */
/* Options of the command line as those of a study, and what reports of studies share. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "study_report.h"

mho_subject cli_subject(const cli_args *args)
{
    const char *which = args->calibration;
    const bool part = !which || !strcmp(which, "train") || !strcmp(which, "test");
    return (mho_subject){.net = args->file[0],
                         .hw = args->hw,
                         .set = args->set,
                         .data = args->data,
                         .input = args->setting,
                         .calibrate_on_test = which && !strcmp(which, "test"),
                         .calibrate_on = part ? NULL : which};
}

mho_json *cli_value_json(const char *text)
{
    char *end = NULL;
    const double v = strtod(text, &end);
    return *end || !*text || !isfinite(v) ? mho_json_text(text) : mho_json_number(v);
}

mho_study_options cli_study_options(const cli_args *args)
{
    mho_study_options options = mho_study_options_default();
    options.seed = args->seed;
    options.images = args->images;
    options.trials = args->trials;
    options.wanted_half = args->ci / 100;
    return options;
}

/* Student's t of two or three programmings is so large that the interval leaves 0 to 100 %: it tells nothing. */
static bool is_too_wide(double mean, double half, size_t trials)
{
    return trials < MHO_TRIALS_LEAST && (half > mean || half > 1 - mean);
}

bool cli_tells_half(double mean, double half, size_t trials)
{
    return isfinite(half) && half > 0 && !is_too_wide(mean, half, trials);
}

bool cli_has_interval(const mho_error_estimate *error)
{
    return cli_tells_half(error->spread.mean, error->half, error->spread.trials);
}

static void print_no_interval(const mho_spread *e, FILE *out)
{
    if (e->std > 0)
        fprintf(out,
                "  %zu programmings are too few to tell an interval: it would leave 0 to 100 %%\n",
                e->trials);
    else
        fprintf(out,
                "  all %zu programmings have the same error on these images: no interval can be "
                "told from them\n",
                e->trials);
}

void cli_print_remarks(const mho_result *r, const cli_args *args)
{
    const mho_write_count *p = &r->programming;
    char held[32], cells[32];
    if (!r->complete)
        fprintf(args->out, "  incomplete: interrupted after %zu of %zu programmings\n",
                r->error.spread.trials, r->options.trials);
    if (!args->csv && r->error.spread.trials > 1 && !cli_has_interval(&r->error))
        print_no_interval(&r->error.spread, args->out);
    if (r->wires_bound > 0 && !(args->csv && args->quiet))
        fprintf(args->csv ? stderr : args->out,
                "  wires.approximate: no current is wrong by more than %.3g %% of that with all "
                "inputs on\n",
                100 * r->wires_bound);
    if (p->held && !(args->csv && args->quiet)) /* beside CSV on stderr */
        fprintf(args->csv ? stderr : args->out,
                "  %s of %s cells were held at an end of the range a conductance can take (last "
                "programming)\n",
                cli_grouped(p->held, held), cli_grouped(p->cells, cells));
}
