/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MHO_CLI_SIMULATE_SWEEP_H
#define MHO_CLI_SIMULATE_SWEEP_H

#include "study_report.h"

/* mho simulate --sweep */
mho_status simulate_sweep(const cli_args *args);

#endif
