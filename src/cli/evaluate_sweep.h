/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MHO_CLI_EVALUATE_SWEEP_H
#define MHO_CLI_EVALUATE_SWEEP_H

#include "study_report.h"

/* mho evaluate --sweep */
mho_status evaluate_sweep(const cli_args *args);

#endif
