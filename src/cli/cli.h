/* SPDX-License-Identifier: Apache-2.0 */
/* The frame of the program: one table of commands, one of options; parsing, help and completion come
 * from them.  Data goes to args->out, everything else to stderr. */
#ifndef MHO_CLI_H
#define MHO_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "mho/mho.h"

#define CLI_SETS_MAX 64
#define CLI_FILES_MAX 64

/* Every option of every command has its place here; each command's row lists those it takes. */
typedef struct cli_args {
    const char *file[CLI_FILES_MAX]; /* positional arguments */
    size_t files;
    const char *set[CLI_SETS_MAX + 1]; /* --set key=value, NULL-terminated */
    size_t sets;
    const char *hw, *data, *output;
    const char *style, *checkpoint, *mirror, *input, *expect;
    size_t seed, threads, images, trials, epochs;
    bool has_trials, has_images, has_epochs; /* given on the command line */
    bool json, csv, quiet, explain, resume, list;
    FILE *out; /* stdout, or the file of -o for commands whose -o is the report */
    bool color; /* stdout is a terminal and NO_COLOR is not set */
} cli_args;

typedef mho_status cli_run_fn(const cli_args *args);

typedef enum cli_option_kind { CLI_FLAG, CLI_SIZE, CLI_TEXT, CLI_LIST } cli_option_kind;

typedef struct cli_option {
    const char *name; /* "threads" */
    char letter;      /* 'o', or 0 */
    cli_option_kind kind;
    const char *metavar; /* "N" */
    size_t offset, given; /* in cli_args; given: offset of its has_ flag, or 0 */
    const char *help;
} cli_option;

typedef struct cli_command {
    const char *name, *synopsis, *summary; /* "evaluate", "NET --hw HW [options]", "accuracy, ..." */
    size_t files_min, files_max;
    const char *options; /* "hw data trials seed" : names of cli_options; json, csv, threads, quiet, help always */
    cli_run_fn *run;
    const char *details; /* paragraphs and examples of the help page */
} cli_command;

extern const cli_command cli_commands[];
extern const size_t cli_command_count;
extern const cli_option cli_options[];
extern const size_t cli_option_count;

/* One function a command, in cmd_NAME.c. */
cli_run_fn cmd_evaluate, cmd_train, cmd_infer, cmd_simulate, cmd_map, cmd_cost, cmd_reproduce, cmd_nets,
    cmd_hw, cmd_data, cmd_doctor;

/* --- opening what the user named (open.c) ---------------------------------------------------------- */

/* NET: zoo name, YAML file, or ONNX file. MHO_EFILE names the nearest zoo name. */
MHO_MUST_CHECK mho_status cli_open_net(const char *name, mho_net **out);
/* NET with trained parameters: an ONNX file as it is; for a zoo name the built-in
 * models/NAME-STYLE-DATA.onnx ("lenet-binary-mnist").  MHO_ENODATA tells how to train one. */
MHO_MUST_CHECK mho_status cli_open_model(const char *name, mho_style style, const char *data_name,
                                         mho_net **out);

/* --- tables (table.c): aligned text, CSV, or JSON from one description ------------------------------ */

typedef struct cli_table cli_table;
/* columns: "layer|rows>|energy (uJ)>" : titles, '>' = right-aligned */
cli_table *cli_table_create(const char *title, const char *columns);
/* One cell each, left to right; a full row starts the next one. */
void cli_table_text(cli_table *t, const char *format, ...) MHO_PRINTF(2, 3);
void cli_table_rule(cli_table *t); /* a line before the next row (totals) */
void cli_table_print(const cli_table *t, const cli_args *args); /* text, or CSV with args->csv */
void cli_table_destroy(cli_table *t);

/* Writes and destroys root on args->out. */
MHO_MUST_CHECK mho_status cli_print_json(const cli_args *args, mho_json *root);

/* 12.3 uJ, 4.56 mm2, 1.2 GB: three or four significant digits with the SI prefix that fits. */
const char *cli_si(double value, const char *unit, char text[32]);

#endif
