/* SPDX-License-Identifier: Apache-2.0 */
/* Slices that windows share, and the buffers that hold what waits. */
#ifndef MHO_CLI_REUSE_REPORT_H
#define MHO_CLI_REUSE_REPORT_H

#include "cli.h"

/* Walks all layers and prints a table; nothing where the description has no reuse.share.  MHO_EINTERNAL: the walk does not
 * agree with what was counted. */
MHO_MUST_CHECK mho_status cli_reuse_print(const mho_placement *placement, const cli_args *args);

#endif
