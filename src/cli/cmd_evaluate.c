/* SPDX-License-Identifier: Apache-2.0 */
/* mho evaluate NET --hw HW */
#include <stdio.h>

#include "price_report.h"
#include "evaluate_sweep.h"

/* The library tells what is missing; which command helps is told here. */
static mho_status hint(mho_status s, const mho_result *result, const cli_args *args)
{
    if (s == MHO_ENOTMODELED && result->stage == MHO_STAGE_PRICE)
        return mho_error(s, "%s; `mho simulate` tells the accuracy, which needs no prices",
                         mho_error_message());
    return cli_hint_model(s, args->file[0]);
}

static mho_status report(const mho_result *result, const cli_args *args)
{
    cli_tell_result(result, args);
    if (args->json || args->csv) /* the report says it itself */
        cli_tell_instead(&result->notes, args);
    if (args->json)
        return cli_print_json(args, mho_result_json(result));
    if (args->csv)
        cli_evaluate_print_csv(result, args);
    else
        cli_evaluate_print(result, args);
    return MHO_OK;
}

mho_status cmd_evaluate(const cli_args *args)
{
    const mho_subject subject = cli_subject(args);
    const mho_study_options options = cli_study_options(args);
    mho_result result = {.command = NULL};
    if (!args->files && !cli_is_sweep(args))
        return mho_error(MHO_EUSAGE, "evaluate: an argument is missing: which network?");
    if (!args->hw)
        return mho_error(MHO_EUSAGE, "--hw is missing: name a hardware description, as --hw bcnn");
    if (cli_is_sweep(args))
        return evaluate_sweep(args);
    mho_status s = hint(mho_study_evaluate(&subject, &options, &result), &result, args);
    result.command = args->command;
    const size_t done = result.error.spread.trials;
    const bool interrupted = s == MHO_EINTERRUPTED && done;
    cli_progress_clear();
    if (!s || interrupted) {
        const mho_status reported = report(&result, args);
        s = reported ? reported : s;
    }
    if (s == MHO_EINTERRUPTED && interrupted)
        s = mho_error(s, "interrupted after %zu of %zu programmings; the report is of these", done,
                      options.trials);
    mho_result_free(&result);
    return s;
}
