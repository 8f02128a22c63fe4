/* SPDX-License-Identifier: Apache-2.0 */
/* mho evaluate NET --hw HW */
#include "evaluate.h"

mho_status cmd_evaluate(const cli_args *args)
{
    evaluation e;
    mho_status s = evaluation_run(args, &e);
    bool show = s == MHO_OK || e.interrupted;
    cli_progress_clear();
    if (show && args->json) {
        mho_status written = cli_print_json(args, evaluation_json(&e));
        s = written ? written : s;
    } else if (show && args->csv) {
        evaluation_print_csv(&e, args);
    } else if (show) {
        evaluation_print(&e, args);
    }
    if (s == MHO_EINTERRUPTED && e.interrupted)
        s = mho_error(MHO_EINTERRUPTED,
                      "interrupted after %zu of %zu programmings; the report is of these",
                      e.spread.trials, e.trials);
    evaluation_free(&e);
    return s;
}
