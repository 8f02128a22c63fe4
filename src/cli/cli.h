/* SPDX-License-Identifier: Apache-2.0 */
/* The frame of the program: one table of commands, one of options; parsing, help, man page and completion
 * come from them.  Data goes to args->out, everything else to stderr. */
#ifndef MHO_CLI_H
#define MHO_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "mho/mho.h"

#define CLI_SETS_MAX 64
#define CLI_OPTIONS_MAX 96
#define CLI_FILES_MAX 64

/* Every option of every command has its place here; each command's row lists those it takes. */
typedef struct cli_args {
    const char *file[CLI_FILES_MAX]; /* positional arguments */
    size_t files;
    const char *digital[CLI_SETS_MAX + 1]; /* --digital OP,OP */
    char digital_set[256];                 /* the setting that it becomes */
    const char *set[CLI_SETS_MAX + 1];     /* --set key=value, NULL-terminated */
    size_t sets;
    const char *sweep[CLI_SETS_MAX + 1]; /* --sweep key=values, likewise */
    const char
        *given[CLI_OPTIONS_MAX]; /* of each of cli_options: its value, "" of a flag, or NULL */
    double ci;                   /* points of error */
    const char *command;         /* the whole command line */
    const char *hw, *data, *calibration, *output;
    const char *csv_table; /* of --csv; NULL: all */
    const char *html;      /* the report goes there as a page: json is set, out is in memory */
    const char *style, *method, *block, *bits, *weights_bits, *maps_bits, *checkpoint, *mirror;
    const char *shape[CLI_SETS_MAX + 1]; /* likewise; they stand behind file[0] after parsing */
    char sized_net[1024];                /* what file[0] is then */
    const char *input[CLI_SETS_MAX + 1], *expect[CLI_SETS_MAX + 1]; /* NULL-terminated */
    size_t memory;                                /* bytes; 0: as the library likes */
    size_t seed, threads, images, trials, epochs; /* seed 1, trials 10, else 0 unless given */
    const char *trace, *vcd, *service;
    const char *conductance, *voltage, *spice;
    double r_row, r_col, r_driver, r_sense;
    bool both_sides, float_zeros, approximate;
    bool has_seed, has_trials, has_images, has_epochs; /* given on the command line */
    const char *shard;                                 /* "2/4" */
    const char *sizes;
    double within; /* points of error */
    bool has_within;
    const char *scale, *range, *mean, *std, *layout;
    char setting_text[5][256];
    const char *setting[6]; /* these as settings of mho_input_set, NULL-terminated */
    bool try_scales;
    const char *weight, *io, *order, *layers, *macro, *svg;
    size_t acc, level, batch;
    bool has_acc, has_level, has_batch, gantt, explore;
    bool json, csv, quiet, explain, resume, list, man, help, version, registered_pool, wide;
    FILE *out;  /* stdout, or the file of -o for commands whose -o is the report */
    bool color; /* out is a terminal and NO_COLOR is not set */
} cli_args;

typedef mho_status cli_run_fn(const cli_args *args);

typedef enum cli_option_kind { CLI_FLAG, CLI_SIZE, CLI_TEXT, CLI_LIST, CLI_REAL } cli_option_kind;

typedef struct cli_option {
    const char *name; /* "threads" */
    char letter;      /* 'o', or 0 */
    cli_option_kind kind;
    const char *metavar;  /* "N" */
    size_t offset, given; /* in cli_args; given: offset of its has_ flag, or 0 */
    size_t min, max;      /* CLI_SIZE */
    const char *help;
} cli_option;

typedef struct cli_command {
    const char *name, *synopsis,
        *summary; /* "evaluate", "NET --hw HW [options]", "accuracy, ..." */
    size_t files_min, files_max;
    const char
        *options; /* "hw data trials seed": names of cli_options; those of CLI_COMMON besides */
    cli_run_fn *run;
    const char *details;                    /* paragraphs and examples of the help page */
    const mho_fields *fields, *more_fields; /* keys of --set shown on the help page, or NULL */
    const char *arch; /* of the hardware it takes, whose fields `help hw` ("": all) lists */
    bool own_output;  /* -o is not the report: the command writes args->output itself */
    bool (*owns_output)(
        const cli_args *args); /* the same with these arguments; NULL: as own_output */
    bool named_format;         /* though it does, the ending of -o tells the format of the report */
    bool plain;                /* prints no table: takes none of CLI_TABLE */
} cli_command;

#define CLI_COMMON "threads quiet help"
#define CLI_TABLE "json csv html output wide"

extern const cli_command cli_commands[];
extern const size_t cli_command_count;
extern const cli_option cli_options[];
extern const size_t cli_option_count;

typedef enum cli_format { CLI_REPORT, CLI_CSV, CLI_JSON } cli_format;
/* csv_tables.c: --csv TABLE */
bool cli_csv_is_table(const char *command, const char *name);
MHO_MUST_CHECK mho_status cli_csv_unknown(const char *command, const char *name);
MHO_MUST_CHECK mho_status cli_csv_select(const char *text, const char *command, const char *name,
                                         FILE *out);
/* Does the command write args->output itself? */
bool cli_owns_output(const cli_command *command, const cli_args *args);
bool cli_ends_with(const char *text, const char *end); /* text NULL: no */
cli_format cli_format_of(const cli_args *args);
bool cli_is_sweep(const cli_args *args); /* simulate: --sweep is given */
bool cli_is_data_show(const cli_args *args);
bool cli_is_stored_sweep(const cli_args *args); /* buffer: a sweep whose points go to -o */

/* One function a command, in cmd_NAME.c. */
cli_run_fn cmd_evaluate, cmd_train, cmd_infer, cmd_simulate, cmd_map, cmd_cost, cmd_reproduce,
    cmd_nets, cmd_circuit, cmd_hw, cmd_data, cmd_doctor, cmd_help, cmd_completion, cmd_pipeline,
    cmd_buffer, cmd_quantize, cmd_compare, cmd_search, cmd_explore, cmd_query, cmd_report, cmd_show,
    cmd_diff, cmd_merge;

/* --- the frame itself: options.c, help.c ------------------------------------------------------------- */

const cli_command *cli_command_find(const char *name); /* NULL if there is none */
mho_status cli_command_unknown(const char *name);      /* MHO_EUSAGE, the nearest named */
/* What may come next on a command line, for the shells' completion: complete.c. */
mho_status cli_complete(size_t words, char **word, FILE *out);
bool cli_command_takes(const cli_command *command, const cli_option *option);
/* argv[0..argc): what follows the command's name.  MHO_EUSAGE names the option and the value. */
MHO_MUST_CHECK mho_status cli_parse(const cli_command *command, int argc, char **argv,
                                    cli_args *args);
/* MHO_EUSAGE where the option, which stands for the field of that key, is given beside --set of it. */
MHO_MUST_CHECK mho_status cli_refuse_both(const cli_args *args, const char *option,
                                          const char *key);
void cli_help_overview(FILE *out, bool color);
void cli_help_command(const cli_command *command, FILE *out, bool color);
bool cli_color(FILE *out);
/* Columns that lines may take: of the terminal that out is ($COLUMNS where that is set), 0 for as many as they want. */
size_t cli_width(FILE *out); /* a terminal, and NO_COLOR is not set */

/* A note where images have fewer classes than the network tells apart. */
void cli_tell_classes(const cli_args *args, size_t images, size_t network);
/* Adds what to do about a missing trained network (MHO_ENOMODEL), or about images that are too few to calibrate on: the commands that help. */
mho_status cli_hint_model(mho_status s, const char *net);
/* A line on stderr for each field that was set and has no effect. */
void cli_tell_idle(const mho_hw *hw, const cli_args *args);
/* The same of device.g_off, which acts on errors in few configurations, and on prices in all. */
void cli_tell_g_off(const mho_hw *hw, const char *name, const cli_args *args);
/* A layer whose rows or filters (of a group) its blocks do not divide. */
typedef struct cli_padding {
    size_t block, groups, rows, filters, padded_rows, padded_filters;
} cli_padding;
/* false: nothing is padded. */
bool cli_padding_of(const mho_node *node, cli_padding *out);
/* A line on stderr where anything is. */
void cli_tell_padding(const mho_net *net);
/* Of --block: padding, and blocks or copies without effect. */
void cli_tell_blocks(const mho_hw *hw, const cli_args *args);
/* Is hw one for circulant blocks, and the network has none? */
bool cli_lacks_blocks(const mho_hw *hw, const cli_args *args);
/* Does hardware of several bits get a network whose maps thresholds make of 1 bit? */
bool cli_is_narrow(const mho_hw *hw, const cli_args *args);
void cli_tell_idle_of(const mho_hw *hw, const char *name, const cli_args *args); /* of several */
/* Numbers that are no bytes: 0..255 that are fed as they are, or what is made of them. */
void cli_tell_numbers(const mho_result *result, const cli_args *args);
/* The same of what infer, quantize and simulate --input feed; note[MHO_INPUT_NOTE]: what is told, "" where nothing is. */
bool cli_tell_images(const cli_args *args, const mho_net *net, const mho_images *images,
                     size_t count, char *note);
bool cli_tell_array(const cli_args *args, const mho_net *net, const mho_array *x, char *note);
/* On stderr: that crossbars do not give the 0 that ONNX has for Sign(0), if that may occur. */
void cli_tell_zero_signs(const cli_args *args);
/* MHO_EUSAGE: -o is missing, or its name does not say ONNX; errors of the place, which is tried before hours of work. */
mho_status cli_check_model_output(const char *command, const char *path);
/* All that is told beside the result of one network on one hardware. */
void cli_tell_result(const mho_result *result, const cli_args *args);

/* --- what the input of a network is (input_args.c) */

mho_status cli_collect_input(const char *command, cli_args *args);
mho_status cli_set_input(const cli_args *args, mho_net *net);
/* Says what is assumed of a file that says nothing; net NULL: it is opened for that. */
void cli_tell_input(const cli_args *args, const mho_net *net);
/* What the reader of the file took for granted. */
void cli_tell_assumed(const cli_args *args, const mho_net *net);
mho_json *cli_input_json(const mho_net *net);
/* The error under each of the usual ones. */
mho_status cli_try_scales(const cli_args *args, mho_net *net, const mho_data *data, size_t count);
/* argv[0..argc) as one line for a shell; the caller frees it. */
char *cli_command_line(int argc, char **argv);

/* --- tables (table.c): aligned text or CSV from one description --------------------------------------- */

typedef struct cli_table cli_table;
/* columns: "layer|rows>|energy=>" : titles, '>' = right-aligned, '=' = one SI prefix for all quantities */
cli_table *cli_table_create(const char *title, const char *columns);
/* One cell each, left to right; a full row starts the next one. */
void cli_table_text(cli_table *t, const char *format, ...) MHO_PRINTF(2, 3);
/* A quantity: "12.3 uJ" in text; in CSV the bare SI value, with the unit in the column's title. */
void cli_table_si(cli_table *t, double value, const char *unit);
/* A fraction 0..1: "58.2 %" with that many decimals in text; the bare fraction in CSV. */
void cli_table_percent(cli_table *t, double fraction, int decimals);
void cli_table_rule(cli_table *t); /* a line before the next row (totals) */
/* A number of CSV: all its digits; "" where there is none. */
void cli_table_number(cli_table *t, double value);
void cli_table_print(cli_table *t, const cli_args *args); /* text, or CSV with args->csv */
void cli_table_destroy(cli_table *t);

/* An object that says what it is: `format`, `command`; each report that is one object begins so. */
mho_json *cli_result_json(const cli_args *args);
/* Writes and destroys root on args->out. */
MHO_MUST_CHECK mho_status cli_print_json(const cli_args *args, mho_json *root);

/* 12.3 uJ, 4.56 mm2, 1.2 GB: three or four significant digits with the SI prefix that fits. */
const char *cli_si(double value, const char *unit, char text[32]);
/* The factor and name ("uJ") of the prefix that fits value. */
double cli_scale(double value, const char *unit, char prefixed[16]);
/* 1234567 -> 1,234,567 */
const char *cli_grouped(uint64_t value, char text[32]);

/* "1 image", "20 images"; the plural takes an s. */
const char *cli_count(uint64_t value, const char *one, char text[64]);

/* Text marks, empty strings without color. */
typedef struct cli_marks {
    const char *bold, *dim, *good, *bad, *end;
} cli_marks;
const cli_marks *cli_marks_of(bool color);

/* malloc that ends the program (exit code 4) when there is no memory: for the program's own small needs. */
void *cli_alloc(size_t bytes);

/* --- progress (progress.c) ---------------------------------------------------------------------------- */

/* Shows progress of long calls as a bar on stderr; nothing unless stderr is a terminal. */
void cli_progress_start(bool quiet);
/* Wipes the bar; call before printing a line while work goes on. */
void cli_progress_clear(void);

#endif
