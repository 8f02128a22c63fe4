/* SPDX-License-Identifier: Apache-2.0 */
/* What digital units do beside crossbars, as a table. */
#ifndef MHO_CLI_DIGITAL_REPORT_H
#define MHO_CLI_DIGITAL_REPORT_H

#include "cli.h"

/* cost: with energies; NULL: without.  Nothing where there are none. */
void cli_digital_print(const mho_placement *placement, const mho_cost *cost, const cli_args *args);
void cli_digital_print_result(const mho_result *result, const cli_args *args);

#endif
