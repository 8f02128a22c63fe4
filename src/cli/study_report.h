/* SPDX-License-Identifier: Apache-2.0 */
/* Results of studies for the eye and as CSV; mho_result_json is the JSON. */
#ifndef MHO_CLI_STUDY_REPORT_H
#define MHO_CLI_STUDY_REPORT_H

#include "cli.h"

/* What the options of the command line ask for. */
mho_subject cli_subject(const cli_args *args);
mho_study_options cli_study_options(const cli_args *args);
/* A value of an axis: a number, or a text. */
mho_json *cli_value_json(const char *text);

void cli_evaluate_print(const mho_result *result, const cli_args *args);
void cli_evaluate_print_csv(const mho_result *result, const cli_args *args);
/* Of mho evaluate: the first lines, and what ran on what. */
void cli_evaluate_print_head(const mho_result *result, const cli_args *args);
/* Is the hardware the 8-bit CNN's, which stands beside all others? */
bool cli_is_base(const mho_result *result);
bool cli_has_wires(const mho_hw *hw);
/* "at assumed activity 0.5" */
const char *cli_assumed(const mho_result *result, char text[48]);
/* "0.65..1.01 %" */
const char *cli_range(mho_interval v, char text[48]);
/* The interval over programmings is told where they differ: equal ones, which are counted in whole images, have no
 * spread to estimate it from, and "+- 0.00" would claim what two of them cannot know.  Nor is
 * one told that a few programmings give beyond 0 to 100 %. */
bool cli_has_interval(const mho_error_estimate *error);
bool cli_tells_half(double mean, double half, size_t trials);
/* What "-" means there. */
#define CLI_NO_INTERVAL "- where they are all equal, or too few to tell"
/* What rows and cells did while images ran, beside what was assumed. */
void cli_print_activity(const mho_result *result, const cli_args *args);
/* Lines below the errors: what is missing, and what was done to cells. */
void cli_print_remarks(const mho_result *result, const cli_args *args);

#endif
