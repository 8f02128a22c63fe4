/* SPDX-License-Identifier: Apache-2.0 */
/* Options of the command line as those of a study, and what reports of studies share. */
#include <math.h>
#include <string.h>

#include "study_report.h"

mho_subject cli_subject(const cli_args *args)
{
    return (mho_subject){.net = args->file[0],
                         .hw = args->hw,
                         .set = args->set,
                         .data = args->data,
                         .calibrate_on_test =
                             args->calibration && !strcmp(args->calibration, "test")};
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

bool cli_has_interval(const mho_error_estimate *error)
{
    return isfinite(error->half) && error->spread.std > 0;
}

void cli_print_remarks(const mho_result *r, const cli_args *args)
{
    const mho_write_count *p = &r->programming;
    char held[32], cells[32];
    if (!r->complete)
        fprintf(args->out, "  incomplete: interrupted after %zu of %zu programmings\n",
                r->error.spread.trials, r->options.trials);
    if (!args->csv && r->error.spread.trials > 1 && !cli_has_interval(&r->error))
        fprintf(args->out,
                "  all %zu programmings have the same error on these images: no interval can be "
                "told from them\n",
                r->error.spread.trials);
    if (p->held && !(args->csv && args->quiet)) /* beside CSV on stderr */
        fprintf(args->csv ? stderr : args->out,
                "  %s of %s cells were held at an end of the range a conductance can take (last "
                "programming)\n",
                cli_grouped(p->held, held), cli_grouped(p->cells, cells));
}
