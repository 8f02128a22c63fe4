/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of `mho buffer`: one design in a report, or a sweep of many. */
#ifndef MHO_CLI_BUFFER_H
#define MHO_CLI_BUFFER_H

#include "cli.h"

typedef struct cli_buffer {
    mho_net *net;
    mho_hw *hw;
    mho_macro *macro; /* of --macro */
    size_t macros;
    mho_array_estimate *estimate; /* of one design */
} cli_buffer;

/* buffer_report.c */
void cli_buffer_print(const cli_args *args, const cli_buffer *b);
void cli_buffer_print_schedule(const cli_args *args, const cli_buffer *b);
mho_json *cli_buffer_json(const cli_args *args, const cli_buffer *b);
/* buffer_gantt.c: the steps along the time. */
void cli_buffer_gantt(const cli_args *args, const cli_buffer *b);
/* buffer_explore.c */
MHO_MUST_CHECK mho_status cli_buffer_explore(const cli_args *args, cli_buffer *b);

#endif
