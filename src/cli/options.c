/* SPDX-License-Identifier: Apache-2.0 */
/* The table of options, and the parser that it drives: --name value, --name=value, -o value. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

#define AT(member) offsetof(cli_args, member)

const cli_option cli_options[] = {
    {"hw", 0, CLI_TEXT, "HW", AT(hw), 0, 0, 0,
     "hardware description: a built-in name (`mho hw` lists them), a YAML file, a stored result "
     "(.json), or a stored point (results.db:POINT)"},
    {"data", 0, CLI_TEXT, "DIR", AT(data), 0, 0, 0,
     "folder with the data set, or a name of `mho data add`, or x.npy,y.npy (test images and "
     "labels), or `synthetic`; else $MHO_DATA, ~/.cache/mho/mnist, synthetic digits"},
    {"calibration", 0, CLI_TEXT, "DATA", AT(calibration), 0, 0, 0,
     "converters are calibrated on the first train images, or on the first of `test`, or on those "
     "of another data set"},
    {"scale", 0, CLI_TEXT, "S", AT(scale), 0, 0, 0,
     "the network reads x = (pixel S - mean) / std, pixels 0..255; as 1/255"},
    {"mean", 0, CLI_TEXT, "M,...", AT(mean), 0, 0, 0,
     "mean of the scaled pixels, one for all or one for each channel, as 0.485,0.456,0.406"},
    {"std", 0, CLI_TEXT, "D,...", AT(std), 0, 0, 0,
     "standard deviation that they are divided by, likewise"},
    {"range", 0, CLI_TEXT, "LOW:HIGH", AT(range), 0, 0, 0,
     "what pixels 0 and 255 become, in place of --scale, as -1:1"},
    {"layout", 0, CLI_TEXT, "LAYOUT", AT(layout), 0, 0, 0,
     "order of the elements where the network reads a vector: NCHW (as if not given; flat is the "
     "same) or NHWC"},
    {"try-scales", 0, CLI_FLAG, NULL, AT(try_scales), 0, 0, 0,
     "the error under each of the usual scales, means and layouts"},
    {"style", 0, CLI_TEXT, "STYLE", AT(style), 0, 0, 0, "float, binary or circulant"},
    {"block", 0, CLI_TEXT, "LAYERS", AT(block), 0, 0, 0,
     "sizes of circulant blocks, as fc:128,conv:16 or conv2:8 (1: an ordinary layer)"},
    {"bits", 0, CLI_TEXT, "LAYERS", AT(bits), 0, 0, 0,
     "weights and maps of few bits, as fc:2,conv:4, or fc:2/4: weights/maps; mho quantize: one "
     "number, of all"},
    {"weights-bits", 0, CLI_TEXT, "B", AT(weights_bits), 0, 0, 0, "bits of the weights alone"},
    {"maps-bits", 0, CLI_TEXT, "B", AT(maps_bits), 0, 0, 0, "bits of the maps alone"},
    {"sizes", 0, CLI_TEXT, "LIST", AT(sizes), 0, 0, 0,
     "block sizes to try in every layer that they fit (no larger than its filters, nor than its "
     "rows: kernel times channels), 1: an ordinary one (1,8,16,32,64,128)"},
    {"within", 0, CLI_REAL, "POINTS", AT(within), AT(has_within), 0, 0,
     "measure designs on images, the best first, until one has at most so many points more error "
     "than the network without blocks"},
    {"method", 0, CLI_TEXT, "METHOD", AT(method), 0, 0, 0,
     "fixed (weights and maps of B bits), threshold (1-bit maps); not given: threshold, or fixed "
     "with --bits"},
    {"set", 0, CLI_LIST, "KEY=VALUE", AT(set), 0, 0, 0,
     "set one field, as crossbar.rows=256; may be given many times"},
    {"sweep", 0, CLI_LIST, "SWEEP", AT(sweep), 0, 0, 0,
     "values of one field, as device.bits=1,3,5 or device.variation=0:1:0.25 (FROM:TO:STEP, "
     "FROM:TO:*FACTOR); "
     "several: their product; mho buffer: the same, or a built-in name (buffer-paper) or a YAML "
     "file"},
    {"ci", 0, CLI_REAL, "POINTS", AT(ci), 0, 0, 0,
     "programmings end once the 95 % interval is +- so many points of error (0: never early)"},
    {"trials", 0, CLI_SIZE, "N", AT(trials), AT(has_trials), 1, 1000000,
     "programmings of the crossbars, each with its own device variation (10)"},
    {"images", 0, CLI_SIZE, "N", AT(images), AT(has_images), 1, SIZE_MAX,
     "the first N test images (all)"},
    {"seed", 0, CLI_SIZE, "S", AT(seed), AT(has_seed), 0, SIZE_MAX,
     "seed of the random numbers (1)"},
    {"epochs", 0, CLI_SIZE, "N", AT(epochs), AT(has_epochs), 1, 100000,
     "passes over the training images"},
    {"checkpoint", 0, CLI_TEXT, "FILE", AT(checkpoint), 0, 0, 0,
     "file rewritten after every epoch; reproduce: a folder of them"},
    {"resume", 0, CLI_FLAG, NULL, AT(resume), 0, 0, 0,
     "go on from the checkpoint or the stored results"},
    {"digital", 0, CLI_LIST, "OP[,OP]", AT(digital), 0, 0, 0,
     "operators that crossbars cannot hold and digital units shall do, as ConvTranspose,LSTM"},
    {"shape", 0, CLI_LIST, "NAME=SIZES", AT(shape), 0, 0, 0,
     "sizes that an ONNX file leaves open: of an input, as x=1x3x224x224, or by the name of the "
     "size, as height=224"},
    {"input", 0, CLI_LIST, "FILE", AT(input), 0, 0, 0,
     "input tensor, .npy or .pb (or a picture whose bytes the network decodes); once for each "
     "input, in order"},
    {"expect", 0, CLI_LIST, "FILE", AT(expect), 0, 0, 0,
     "tensor the result is compared with, .npy or .pb; once for each output, in order"},
    {"conductance", 0, CLI_TEXT, "FILE", AT(conductance), 0, 0, 0,
     "CSV of conductances in siemens: a word line a line, a value a bit line"},
    {"voltage", 0, CLI_TEXT, "FILE", AT(voltage), 0, 0, 0,
     "CSV of driver voltages: one value a line, or an input vector a line; `float`: not driven"},
    {"r-row", 0, CLI_REAL, "OHM", AT(r_row), 0, 0, 0, "word line from cell to cell (0)"},
    {"r-col", 0, CLI_REAL, "OHM", AT(r_col), 0, 0, 0, "bit line from cell to cell (0)"},
    {"r-driver", 0, CLI_REAL, "OHM", AT(r_driver), 0, 0, 0, "of each driver (0)"},
    {"r-sense", 0, CLI_REAL, "OHM", AT(r_sense), 0, 0, 0, "of each sense amplifier (0)"},
    {"both-sides", 0, CLI_FLAG, NULL, AT(both_sides), 0, 0, 0, "drive word lines at both ends"},
    {"float-zeros", 0, CLI_FLAG, NULL, AT(float_zeros), 0, 0, 0,
     "word lines at 0 V are not selected and float, instead of being held at 0 V"},
    {"approximate", 0, CLI_FLAG, NULL, AT(approximate), 0, 0, 0,
     "for screening: exact to first order in the wire resistances, with a bound on the error"},
    {"spice", 0, CLI_TEXT, "FILE", AT(spice), 0, 0, 0,
     "write the circuit with the first input vector as a netlist for ngspice -b"},
    {"mirror", 0, CLI_TEXT, "URL", AT(mirror), 0, 0, 0, "where to download from"},
    {"explain", 0, CLI_FLAG, NULL, AT(explain), 0, 0, 0,
     "tell the formula and the source of every number"},
    {"trace", 0, CLI_TEXT, "FROM:TO", AT(trace), 0, 0, 0,
     "draw these cycles as timelines, as 0:80"},
    {"vcd", 0, CLI_TEXT, "FILE", AT(vcd), 0, 0, 0, "write the waveforms there (for GTKWave)"},
    {"service", 0, CLI_TEXT, "N|LAYER=N", AT(service), 0, 0, 0,
     "cycles a window occupies a conv or fc layer (1); a list as 2,conv2=4"},
    {"registered-pool", 0, CLI_FLAG, NULL, AT(registered_pool), 0, 0, 0,
     "a pooling result leaves one cycle later"},
    {"weight", 0, CLI_TEXT, "KIND:SIZE", AT(weight), 0, 0, 0,
     "one bank of the weight buffer, as rram:1M or sram:128K"},
    {"io", 0, CLI_TEXT, "KIND:SIZE", AT(io), 0, 0, 0, "one bank of each I/O buffer, as sram:128K"},
    {"acc", 0, CLI_SIZE, "N", AT(acc), AT(has_acc), 0, 65536,
     "words of a PE's accumulation buffer: 0 (one register), 16, 32, 64, 128"},
    {"order", 0, CLI_TEXT, "ORDER", AT(order), 0, 0, 0, "loops: kernel or pixel first"},
    {"level", 0, CLI_SIZE, "N", AT(level), AT(has_level), 1, 3,
     "schedule: 1 single layers, 2 fused layers, 3 fixed weights besides"},
    {"layers", 0, CLI_TEXT, "WHICH", AT(layers), 0, 0, 0,
     "conv, or all with the fully connected ones"},
    {"batch", 0, CLI_SIZE, "N", AT(batch), AT(has_batch), 1, 65536,
     "images that share each load of the weights"},
    {"macro", 0, CLI_TEXT, "FILE:KIND,...", AT(macro), 0, 0, 0,
     "memories from texts of NVSim or CACTI, as bank.out:rram"},
    {"gantt", 0, CLI_FLAG, NULL, AT(gantt), 0, 0, 0, "draw the schedule in time"},
    {"explore", 0, CLI_FLAG, NULL, AT(explore), 0, 0, 0,
     "a sweep instead of one design; -o FILE.csv or FILE.json stores all points"},
    {"shard", 0, CLI_TEXT, "I/N", AT(shard), 0, 0, 0,
     "every Nth point, from the Ith on, as 2/4: for machines that know nothing of each other (mho "
     "merge joins their files)"},
    {"svg", 0, CLI_TEXT, "FILE", AT(svg), 0, 0, 0, "draw the sweep, or the search, there"},
    {"list", 0, CLI_FLAG, NULL, AT(list), 0, 0, 0, "list what there is"},
    {"man", 0, CLI_FLAG, NULL, AT(man), 0, 0, 0, "the manual page, as troff"},
    {"output", 'o', CLI_TEXT, "FILE", AT(output), 0, 0, 0,
     "write there instead of to the terminal"},
    {"json", 0, CLI_FLAG, NULL, AT(json), 0, 0, 0, "print one JSON value, in SI units"},
    {"csv", 0, CLI_FLAG, NULL, AT(csv), 0, 0, 0,
     "print the tables as CSV, in SI units; --csv TABLE prints one of several (docs/cli.md)"},
    {"html", 0, CLI_TEXT, "FILE", AT(html), 0, 0, 0,
     "write the report there as a page with charts: one file that opens from disk"},
    {"threads", 0, CLI_SIZE, "N", AT(threads), 0, 0, 1024,
     "threads; 0 = as many as there are cores (results do not depend on it)"},
    {"memory", 0, CLI_SIZE, "SIZE", AT(memory), 0, 1, SIZE_MAX,
     "most memory, as 2G or 800M (M: 2^20 bytes, also in what it tells): chips that need more are "
     "worked through layer by layer, with the "
     "maps of all images kept in memory or in files in $TMPDIR; software takes fewer images at "
     "once; "
     "what cannot keep it says what does for all of the command, a note where operators are "
     "computed one by one, which it does not bind (results do not depend on it; "
     "three "
     "quarters "
     "of the machine's)"},
    {"wide", 0, CLI_FLAG, NULL, AT(wide), 0, 0, 0,
     "tables as wide as they are, also beyond the terminal's width"},
    {"quiet", 'q', CLI_FLAG, NULL, AT(quiet), 0, 0, 0, "no progress bar, no remarks"},
    {"help", 'h', CLI_FLAG, NULL, AT(help), 0, 0, 0, "this page"},
};
const size_t cli_option_count = sizeof cli_options / sizeof *cli_options;
_Static_assert(sizeof cli_options / sizeof *cli_options <= CLI_OPTIONS_MAX, "cli_args.given");

static bool has_word(const char *words, const char *word)
{
    size_t length = strlen(word);
    for (const char *p = words; (p = strstr(p, word)); p += length)
        if ((p == words || p[-1] == ' ') && (p[length] == 0 || p[length] == ' '))
            return true;
    return false;
}

bool cli_command_takes(const cli_command *command, const cli_option *option)
{
    return has_word(command->options, option->name) || has_word(CLI_COMMON, option->name) ||
           (!command->plain && has_word(CLI_TABLE, option->name));
}

const cli_command *cli_command_find(const char *name)
{
    for (size_t i = 0; i < cli_command_count; i++)
        if (strcmp(name, cli_commands[i].name) == 0)
            return &cli_commands[i];
    return NULL;
}

mho_status cli_command_unknown(const char *name)
{
    if (*name == '-')
        return mho_error(MHO_EUSAGE,
                         "%s: options stand behind the command, as mho evaluate lenet --hw bcnn",
                         name);
    const char *names[64];
    size_t n = 0;
    for (size_t i = 0; i < cli_command_count && n < 64; i++)
        names[n++] = cli_commands[i].name;
    return mho_error_near(MHO_EUSAGE, name, names, n, "no command %s", name);
}

static mho_status unknown_option(const cli_command *command, const char *given, size_t length)
{
    enum { NAMES_MAX = 64, NAME_BYTES = 32 };
    char word[NAMES_MAX] = "", dashed[NAMES_MAX][NAME_BYTES];
    snprintf(word, sizeof word, "--%.*s", (int)length, given);
    const char *names[NAMES_MAX];
    size_t n = 0;
    for (size_t i = 0; i < cli_option_count && n < NAMES_MAX; i++) {
        if (!cli_command_takes(command, &cli_options[i]))
            continue;
        snprintf(dashed[n], NAME_BYTES, "--%s", cli_options[i].name);
        names[n] = dashed[n];
        n++;
    }
    return mho_error_near(MHO_EUSAGE, word, names, n, "%s has no option --%.*s", command->name,
                          (int)length, given);
}

/* As a field of descriptions takes it, with its units. */
static bool parse_as(const mho_field *field, const char *text, void *out)
{
    const mho_fields table = {"option", field, 1, field->size};
    char assignment[64];
    const int n = snprintf(assignment, sizeof assignment, "%s=%s", field->key, text);
    return n < (int)sizeof assignment && mho_fields_set(&table, assignment, out, NULL) == MHO_OK;
}

static mho_status parse_bytes(const cli_option *option, const char *text, size_t *out)
{
    static const mho_field bytes = {"bytes", MHO_FIELD_UINT, 0, sizeof(size_t), "0", 1, 9e15, "B",
                                    1,       NULL,           ""};
    if (parse_as(&bytes, text, out))
        return MHO_OK;
    return mho_error(MHO_EUSAGE,
                     "--%s = %s, want 1..9e15 bytes, as 2G, 800M (of 1024) or 500000000",
                     option->name, text);
}

static mho_status parse_size(const cli_option *option, const char *text, size_t *out)
{
    if (!strcmp(option->metavar, "SIZE"))
        return parse_bytes(option, text, out);
    char *end = NULL;
    errno = 0;
    const unsigned long long v = strtoull(text, &end, 10);
    const bool digits = text[0] >= '0' && text[0] <= '9' && !*end;
    if (!digits || errno || v < option->min || v > option->max)
        return mho_error(MHO_EUSAGE, "--%s = %s, want a whole number %zu..%zu%s", option->name,
                         text, option->min, option->max, digits ? "" : " in digits alone");
    *out = v;
    return MHO_OK;
}

static mho_status parse_ohm(const cli_option *option, const char *text, double *out)
{
    static const mho_field resistance = {
        "r", MHO_FIELD_DOUBLE, 0, sizeof(double), "0", 0, 1e30, "ohm", 1, NULL, ""};
    if (parse_as(&resistance, text, out))
        return MHO_OK;
    return mho_error(MHO_EUSAGE, "--%s = %s, want a number from 0, in ohm or with a unit as 2 kOhm",
                     option->name, text);
}

/* A number that is not negative. */
static mho_status parse_real(const cli_option *option, const char *text, double *out)
{
    if (!strcmp(option->metavar, "OHM"))
        return parse_ohm(option, text, out);
    char *end = NULL;
    const double v = strtod(text, &end);
    if (!*text || text[strspn(text, "+.0123456789eE-")] || *end || !isfinite(v) || v < 0)
        return mho_error(MHO_EUSAGE, "--%s = %s, want a number from 0", option->name, text);
    *out = v;
    return MHO_OK;
}

static size_t key_length(const char *assignment)
{
    return strcspn(assignment, "=");
}

/* One field has one value: of two, one was not meant. */
static mho_status check_set(const cli_args *args, const char *text)
{
    const size_t n = key_length(text);
    for (size_t i = 0; args->set[i]; i++)
        if (key_length(args->set[i]) == n && !strncmp(args->set[i], text, n))
            return mho_error(MHO_EUSAGE, "--set %s and --set %s: want one of the two", args->set[i],
                             text);
    return MHO_OK;
}

mho_status cli_refuse_both(const cli_args *args, const char *option, const char *key)
{
    const size_t n = strlen(key);
    const char *given = NULL;
    for (size_t i = 0; i < cli_option_count && !given; i++)
        if (!strcmp(cli_options[i].name, option))
            given = args->given[i];
    for (size_t i = 0; given && args->set[i]; i++)
        if (key_length(args->set[i]) == n && !strncmp(args->set[i], key, n))
            return mho_error(MHO_EUSAGE, "--%s%s%s and --set %s: want one of the two", option,
                             *given ? " " : "", given, args->set[i]);
    return MHO_OK;
}

static mho_status add_to_list(const char **list, const char *name, const char *text)
{
    size_t n = 0;
    while (list[n])
        n++;
    if (n == CLI_SETS_MAX)
        return mho_error(MHO_EUSAGE, "more than %d times --%s", CLI_SETS_MAX, name);
    list[n] = text;
    return MHO_OK;
}

static mho_status store(const cli_option *option, const char *text, cli_args *args)
{
    char *base = (char *)args;
    const char **given = &args->given[option - cli_options];
    if (*given && option->kind != CLI_FLAG && option->kind != CLI_LIST)
        return mho_error(MHO_EUSAGE, "--%s %s and --%s %s: want one of the two", option->name,
                         *given, option->name, text);
    *given = text ? text : "";
    if (option->given)
        *(bool *)(void *)(base + option->given) = true;
    switch (option->kind) {
    case CLI_FLAG:
        *(bool *)(void *)(base + option->offset) = true;
        return MHO_OK;
    case CLI_SIZE:
        return parse_size(option, text, (size_t *)(void *)(base + option->offset));
    case CLI_REAL:
        return parse_real(option, text, (double *)(void *)(base + option->offset));
    case CLI_TEXT:
        if (!*text)
            return mho_error(MHO_EUSAGE, "--%s is empty", option->name);
        *(const char **)(void *)(base + option->offset) = text;
        return MHO_OK;
    case CLI_LIST:
        if (option->offset == AT(set) && check_set(args, text) != MHO_OK)
            return MHO_EUSAGE;
        args->sets += option->offset == AT(set) && args->sets < CLI_SETS_MAX;
        if (option->offset == AT(digital) && !*text)
            return mho_error(MHO_EUSAGE, "--digital is empty");
        return add_to_list((const char **)(void *)(base + option->offset), option->name, text);
    }
    return mho_error(MHO_EINTERNAL, "option --%s has no kind", option->name);
}

/* Finds the option that `word` ("--name", "--name=value", "-o", "-oFILE") names; *value: what is behind it. */
static mho_status find_option(const cli_command *command, const char *word, const cli_option **out,
                              const char **value)
{
    *out = NULL;
    *value = NULL;
    if (word[1] != '-') {
        for (size_t i = 0; i < cli_option_count; i++)
            if (cli_options[i].letter == word[1] && cli_command_takes(command, &cli_options[i])) {
                *out = &cli_options[i];
                *value = word[2] ? word + 2 : NULL;
                return MHO_OK;
            }
        return mho_error(MHO_EUSAGE, "%s has no option %s", command->name, word);
    }
    size_t length = strcspn(word + 2, "=");
    for (size_t i = 0; i < cli_option_count; i++)
        if (strlen(cli_options[i].name) == length &&
            !strncmp(cli_options[i].name, word + 2, length) &&
            cli_command_takes(command, &cli_options[i])) {
            *out = &cli_options[i];
            *value = word[2 + length] ? word + 3 + length : NULL;
            return MHO_OK;
        }
    return unknown_option(command, word + 2, length);
}

bool cli_ends_with(const char *text, const char *end)
{
    const size_t n = text ? strlen(text) : 0, k = strlen(end);
    return n > k && !strcmp(text + n - k, end);
}

cli_format cli_format_of(const cli_args *args)
{
    return args->json ? CLI_JSON : args->csv ? CLI_CSV : CLI_REPORT;
}

bool cli_is_sweep(const cli_args *args)
{
    return args->sweep[0];
}

bool cli_is_data_show(const cli_args *args)
{
    return args->files && !strcmp(args->file[0], "show");
}

bool cli_is_stored_sweep(const cli_args *args)
{
    return args->output && cli_format_of(args) != CLI_REPORT &&
           (args->explore || args->sweep[0] || args->svg);
}

bool cli_owns_output(const cli_command *command, const cli_args *args)
{
    return command->own_output || (command->owns_output && command->owns_output(args));
}

/* -o x.html is --html x.html.  A page is made of the JSON. */
static mho_status take_page(const cli_command *command, cli_args *args)
{
    if (args->html && args->output)
        return mho_error(MHO_EUSAGE, "%s: --html %s and -o %s exclude each other", command->name,
                         args->html, args->output);
    if (!args->html) {
        args->html = args->output;
        args->output = NULL;
    }
    if (args->json || args->csv)
        return mho_error(MHO_EUSAGE, "%s: --%s and a page (%s) exclude each other", command->name,
                         args->json ? "json" : "csv", args->html);
    args->json = true;
    return MHO_OK;
}

/* -o x.json is --json, -o x.csv is --csv: a file holds what its name says. */
static mho_status take_format(const cli_command *command, cli_args *args)
{
    if (args->html ||
        (cli_ends_with(args->output, ".html") && !command->plain && !command->own_output))
        return take_page(command, args);
    const bool json = cli_ends_with(args->output, ".json");
    const bool csv = cli_ends_with(args->output, ".csv");
    if (args->json && args->csv)
        return mho_error(MHO_EUSAGE, "%s: --json and --csv exclude each other", command->name);
    if (cli_owns_output(command, args) && !command->named_format)
        return MHO_OK;
    if ((json && args->csv) || (csv && args->json))
        return mho_error(MHO_EUSAGE, "%s: --%s and -o %s exclude each other", command->name,
                         json ? "csv" : "json", args->output);
    args->json = args->json || json;
    args->csv = args->csv || csv;
    return MHO_OK;
}

/* after_csv: the word behind a bare --csv, which was meant for a table where it is one argument too many. */
static mho_status check_files(const cli_command *command, const cli_args *args,
                              const char *after_csv)
{
    if (after_csv && !args->help && args->files > command->files_max)
        return cli_csv_unknown(command->name, after_csv);
    if (args->help || (args->files >= command->files_min && args->files <= command->files_max))
        return MHO_OK;
    if (args->files > command->files_max)
        return mho_error(MHO_EUSAGE, "%s: one argument too many: %s", command->name,
                         args->file[command->files_max]);
    return mho_error(MHO_EUSAGE, "%s: an argument is missing: mho %s %s", command->name,
                     command->name, command->synopsis);
}

/* Sizes of --shape stand behind the file's name, where the library reads them. */
static mho_status add_shapes(const cli_command *command, cli_args *args)
{
    size_t at = 0;
    if (!args->shape[0] || !args->files)
        return MHO_OK;
    if (!cli_ends_with(args->file[0], ".onnx"))
        return mho_error(MHO_EUSAGE, "%s: --shape wants an ONNX file, not %s", command->name,
                         args->file[0]);
    at = (size_t)snprintf(args->sized_net, sizeof args->sized_net, "%s", args->file[0]);
    for (size_t i = 0; args->shape[i] && at < sizeof args->sized_net; i++)
        at += (size_t)snprintf(args->sized_net + at, sizeof args->sized_net - at, "%c%s",
                               i ? ',' : ':', args->shape[i]);
    args->file[0] = args->sized_net;
    return at < sizeof args->sized_net
               ? MHO_OK
               : mho_error(MHO_EUSAGE, "%s: --shape of more than %zu characters", command->name,
                           sizeof args->sized_net);
}

/* So do --block and --bits, where the command opens a network and neither trains nor quantizes it. */
static mho_status add_blocks(const cli_command *command, cli_args *args)
{
    char name[sizeof args->sized_net];
    const bool changes =
        args->files && strstr(command->options, "shape") != NULL && command->run != cmd_quantize;
    if (!changes || (!args->block && !args->bits))
        return MHO_OK;
    const int n =
        snprintf(name, sizeof name, "%s?%s%s%s%s%s", args->file[0], args->block ? "block=" : "",
                 args->block ? args->block : "", args->block && args->bits ? "&" : "",
                 args->bits ? "bits=" : "", args->bits ? args->bits : "");
    if (n < 0 || (size_t)n >= sizeof name)
        return mho_error(MHO_EUSAGE, "%s: --block and --bits of more than %zu characters",
                         command->name, sizeof name);
    memcpy(args->sized_net, name, (size_t)n + 1);
    args->file[0] = args->sized_net;
    return MHO_OK;
}

/* --digital OP,OP is a setting of the description. */
static mho_status add_digital(cli_args *args)
{
    size_t at = 0;
    if (!args->digital[0])
        return MHO_OK;
    for (size_t i = 0; args->digital[i] && at < sizeof args->digital_set; i++)
        at += (size_t)snprintf(args->digital_set + at, sizeof args->digital_set - at, "%s%s",
                               i ? "," : "digital.operators=", args->digital[i]);
    if (at >= sizeof args->digital_set)
        return mho_error(MHO_EUSAGE, "--digital names too many operators");
    mho_status s = cli_refuse_both(args, "digital", "digital.operators");
    args->sets += !s && args->sets < CLI_SETS_MAX;
    return s ? s : add_to_list(args->set, "set", args->digital_set);
}

mho_status cli_parse(const cli_command *command, int argc, char **argv, cli_args *args)
{
    const char *after_csv = NULL;
    bool options_end = false;
    for (int i = 0; i < argc; i++) {
        const char *word = argv[i], *value = NULL;
        const cli_option *option = NULL;
        if (options_end || word[0] != '-' || !word[1]) {
            if (args->files == CLI_FILES_MAX)
                return mho_error(MHO_EUSAGE, "%s: more than %d arguments", command->name,
                                 CLI_FILES_MAX);
            args->file[args->files++] = word;
            continue;
        }
        if (strcmp(word, "--") == 0) {
            options_end = true;
            continue;
        }
        mho_status s = find_option(command, word, &option, &value);
        if (s)
            return s;
        if (option->offset == AT(csv)) { /* --csv=TABLE, or --csv TABLE */
            const char *next = !value && i + 1 < argc ? argv[i + 1] : NULL;
            if (cli_csv_is_table(command->name, next) && ++i)
                value = next;
            if (value && !cli_csv_is_table(command->name, value))
                return cli_csv_unknown(command->name, value);
            args->csv_table = value ? value : args->csv_table;
            after_csv = !value && next && *next != '-' ? next : after_csv;
            value = NULL;
        }
        if (option->kind == CLI_FLAG && value)
            return mho_error(MHO_EUSAGE, "%s: --%s takes no value", command->name, option->name);
        if (option->kind != CLI_FLAG && !value) {
            if (++i == argc)
                return mho_error(MHO_EUSAGE, "%s: --%s %s: the value is missing", command->name,
                                 option->name, option->metavar);
            value = argv[i];
        }
        if ((s = store(option, value, args)))
            return s;
    }
    mho_status s = take_format(command, args);
    if (!s)
        s = add_shapes(command, args);
    if (!s)
        s = add_blocks(command, args);
    if (!s)
        s = add_digital(args);
    if (!s)
        s = cli_collect_input(command->name, args);
    return s ? s : check_files(command, args, after_csv);
}
