/* SPDX-License-Identifier: Apache-2.0 */
/* What a window takes in each layer: reads, passes, turns at converters, cycles. */
#ifndef MHO_CLI_TIMES_REPORT_H
#define MHO_CLI_TIMES_REPORT_H

#include "cli.h"

void cli_times_print(const mho_placement *placement, const cli_args *args);
/* Key "rewriting", where the chip has fewer crossbars than the network takes. */
void cli_rewriting_json(const mho_placement *placement, mho_json *root);
/* Keys of a layer. */
void cli_times_json(const mho_placement_layer *layer, mho_json *out);

#endif
