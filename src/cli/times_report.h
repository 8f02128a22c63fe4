/* SPDX-License-Identifier: Apache-2.0 */
/* What a window takes in each layer: reads, passes, turns at converters, cycles. */
#ifndef MHO_CLI_TIMES_REPORT_H
#define MHO_CLI_TIMES_REPORT_H

#include "cli.h"

void cli_times_print(const mho_placement *placement, const cli_args *args);

#endif
