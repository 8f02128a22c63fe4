/* SPDX-License-Identifier: Apache-2.0 */
/* Stored results as JSON, and every value of them with its path: what mho show prints and mho diff compares. */
#ifndef MHO_CLI_STORED_H
#define MHO_CLI_STORED_H

#include "cli.h"

/* "results.db:3", or a file of --json. */
MHO_MUST_CHECK mho_status cli_stored_open(const char *name, mho_json **out);
/* "results.db", 3; with the description. */
MHO_MUST_CHECK mho_status cli_stored_open_point(const char *path, int64_t id, mho_json **out);

typedef struct cli_leaf {
    char path[256], text[256];
    double number;
    bool is_number;
} cli_leaf;

typedef struct cli_leaves {
    cli_leaf *at;
    size_t count, room;
} cli_leaves;

/* Of the result, not of the run that made it nor of where values come from. */
void cli_leaves_add(cli_leaves *leaves, const char *path, const mho_json *value);
/* The same of a stored point, under the names that results of mho evaluate have. */
void cli_leaves_add_point(cli_leaves *leaves, const mho_json *point);
void cli_leaves_free(cli_leaves *leaves);

#endif
