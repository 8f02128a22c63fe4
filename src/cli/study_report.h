/* SPDX-License-Identifier: Apache-2.0 */
/* Results of studies for the eye and as CSV; mho_result_json is the JSON. */
#ifndef MHO_CLI_STUDY_REPORT_H
#define MHO_CLI_STUDY_REPORT_H

#include "cli.h"

/* What the options of the command line ask for. */
mho_subject cli_subject(const cli_args *args);
mho_study_options cli_study_options(const cli_args *args);

void cli_evaluate_print(const mho_result *result, const cli_args *args);
void cli_evaluate_print_csv(const mho_result *result, const cli_args *args);
/* The interval over programmings is told where they differ: equal ones, which are counted in whole images, have no
 * spread to estimate it from, and "+- 0.00" would claim what two of them cannot know. */
bool cli_has_interval(const mho_error_estimate *error);
/* What rows and cells did while images ran, beside what was assumed. */
void cli_print_activity(const mho_result *result, const cli_args *args);
/* Lines below the errors: what is missing, and what was done to cells. */
void cli_print_remarks(const mho_result *result, const cli_args *args);

#endif
