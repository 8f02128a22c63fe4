/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MHO_CLI_PRICE_REPORT_H
#define MHO_CLI_PRICE_REPORT_H

#include "cli.h"

/* What is to be told with prices, as a paragraph of a report; and on stderr, where another table prices than the one
 * named.  base: the 8-bit CNN by the technology that stands beside; NULL: not known. */
void cli_print_price_notes(const mho_price_notes *notes, const mho_result_cost *base,
                           const mho_hw *hw, const cli_args *args);
void cli_tell_instead(const mho_price_notes *notes, const cli_args *args);

#endif
