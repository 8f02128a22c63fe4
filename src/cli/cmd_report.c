/* SPDX-License-Identifier: Apache-2.0 */
/* mho report RESULTS.db -o FILE.html */
#include "cli.h"

mho_status cmd_report(const cli_args *args)
{
    mho_output *output = NULL;
    if (!args->output)
        return mho_error(MHO_EUSAGE, "report: where to? name a page, as -o report.html");
    if (!cli_ends_with(args->output, ".html") && !cli_ends_with(args->output, ".htm"))
        return mho_error(MHO_EUSAGE, "report: %s: a page is HTML: want a name that ends in .html",
                         args->output);
    mho_status s = mho_output_open(args->output, &output);
    if (s)
        return s;
    s = mho_output_finish(output, mho_report_write(args->file[0], mho_output_stream(output)));
    if (!s && !args->quiet)
        fprintf(stderr, "mho: wrote %s\n", args->output);
    return s;
}
