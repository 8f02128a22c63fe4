/* SPDX-License-Identifier: Apache-2.0 */
/* mho simulate --sweep: cmd_simulate_sweep.c runs the points, sweep_rows.c keeps their rows in a file. */
#ifndef MHO_CLI_SIMULATE_SWEEP_H
#define MHO_CLI_SIMULATE_SWEEP_H

#include "study_report.h"

typedef struct sweep_row {
    double software_error;
    mho_error_estimate error;
} sweep_row;

mho_status simulate_sweep(const cli_args *args);

/* Rows as CSV: a first line that tells the run, the titles, then a row a point, each complete on the disk
 * before the next is computed. */
typedef struct sweep_rows {
    const char *path;
    FILE *file; /* NULL where nothing is kept */
} sweep_rows;

/* path NULL keeps nothing.  With resume, *done rows of an earlier run are read into row[points]; a last line
 * that was cut off is dropped.  MHO_EUSAGE: the file exists and resume was not asked for; MHO_EFORMAT,
 * with the line: rows of another run or damaged ones; MHO_EFILE. */
MHO_MUST_CHECK mho_status sweep_rows_open(const char *path, bool resume, const char *run,
                                          const mho_grid *sweep, sweep_row *row, size_t *done,
                                          sweep_rows *out);
MHO_MUST_CHECK mho_status sweep_rows_add(sweep_rows *rows, const mho_grid *sweep, size_t point,
                                         const sweep_row *row);
void sweep_rows_close(sweep_rows *rows);

#endif
