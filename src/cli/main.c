/* SPDX-License-Identifier: Apache-2.0 */
/* The program: finds the command, parses its options, runs it, and turns its status into an exit code.
 *
 * Ctrl-C: the first asks the work under way to end well, the second ends the program at once.
 * A reader that closes our pipe has what it wanted: no error.  A full disk is one. */
#include <errno.h>
#include <malloc.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "screen.h"

static volatile sig_atomic_t signals_seen;
static mho_run *run; /* set before signals are caught */

static void on_signal(int number)
{
    static const char note[] = "\nmho: finishing what is under way; once more stops now\n";
    (void)number;
    if (signals_seen++)
        _exit(130);
    mho_run_interrupt(run);
    int saved = errno;
    if (isatty(STDERR_FILENO) && write(STDERR_FILENO, note, sizeof note - 1) < 0)
        errno = 0;
    errno = saved;
}

static mho_status start_run(void)
{
    mho_status s = mho_run_create(&run);
    (void)mho_run_bind(run);
    return s;
}

static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a file beyond the limit is an error of the write */
}

static int report(mho_status s, const char *command)
{
    if (s == MHO_OK)
        return 0;
    cli_progress_clear();
    const char *message = mho_error_message();
    fprintf(stderr, "mho: error: %s\n", *message ? message : mho_status_text(s));
    if (s == MHO_EUSAGE)
        fprintf(stderr, "mho: see `mho %s%s`\n", command ? "help " : "--help",
                command ? command : "");
    return mho_status_exit_code(s);
}

/* Where the report goes: stdout, or the file of -o, which changes only once the report is complete. */
typedef struct destination {
    mho_output *output; /* NULL: stdout */
    FILE *file;
    FILE *screen; /* a terminal whose lines are to be broken; NULL: it is none */
} destination;

static mho_status destination_open(const char *path, destination *d)
{
    *d = (destination){.file = stdout};
    mho_status s = path ? mho_output_open(path, &d->output) : MHO_OK;
    if (d->output)
        d->file = mho_output_stream(d->output);
    return s;
}

/* Where reports are written: to a terminal in lines of its width. */
static FILE *destination_stream(destination *d)
{
    const size_t width = d->output ? 0 : cli_width(d->file);
    if (width)
        d->screen = cli_screen_open(d->file, width);
    return d->screen ? d->screen : d->file;
}

/* The other end of a pipe is gone. */
static bool reader_gone(FILE *file)
{
    struct pollfd end = {.fd = fileno(file), .events = POLLOUT};
    return poll(&end, 1, 0) == 1 && (end.revents & POLLERR);
}

/* Flushes and closes.  A failure of the write is the result unless the command itself failed before. */
static mho_status standard_close(FILE *file, bool keep, mho_status s)
{
    bool failed = ferror(file) != 0, gone = reader_gone(file);
    errno = 0;
    failed = fclose(file) != 0 || failed;
    if (gone && (failed || s == MHO_EFILE)) { /* of two, the message tells the rest */
        failed = false;
        s = s == MHO_EFILE ? MHO_OK : s;
    }
    const char *reason = errno ? strerror(errno) : "the device refused";
    if (failed && keep)
        s = mho_error(MHO_EFILE, "standard output: cannot write: %s", reason);
    else if (failed && s == MHO_EFILE)
        s = mho_error_prefix(s, "standard output");
    return s;
}

/* Whether what was reported is a whole. */
static bool keeps(mho_status s)
{
    return s == MHO_OK || s == MHO_EINTERRUPTED || s == MHO_ECHECK;
}

static mho_status destination_close(destination *d, mho_status s)
{
    const bool keep = keeps(s);
    if (d->screen)
        (void)fclose(d->screen); /* what failed is told by the terminal's own stream */
    if (!d->output)
        return standard_close(d->file, keep, s);
    if (!keep)
        return mho_output_finish(d->output, s);
    const mho_status closed = mho_output_close(d->output, true);
    return closed ? closed : s;
}

/* --html: the JSON of the command goes into memory, and from there into a page, which is written whole. */
typedef struct page {
    char *json;
    size_t size;
    FILE *file;
} page;

static mho_status page_open(page *p)
{
    if (!mho_page_built()) /* said before anything is computed */
        return mho_page_write("", 0, stdout);
    p->file = open_memstream(&p->json, &p->size);
    return p->file ? MHO_OK : mho_error(MHO_ENOMEM, "out of memory for the page");
}

static mho_status page_close(page *p, const char *path, mho_status s)
{
    const bool failed = fclose(p->file) != 0;
    mho_output *output = NULL;
    mho_status written = failed ? mho_error(MHO_ENOMEM, "out of memory for the page") : MHO_OK;
    if (keeps(s) && p->size) {
        if (!written)
            written = mho_output_open(path, &output);
        if (!written)
            written = mho_page_write(p->json, p->size, mho_output_stream(output));
        if (output)
            written = mho_output_finish(output, written);
    }
    free(p->json);
    return keeps(s) && written ? written : s;
}

static mho_status run_with_page(const cli_command *command, cli_args *args)
{
    page p = {.json = NULL};
    mho_status s = page_open(&p);
    if (s)
        return s;
    args->out = p.file;
    args->color = false;
    s = page_close(&p, args->html, command->run(args));
    if (keeps(s) && !args->quiet) {
        cli_progress_clear();
        fprintf(stderr, "mho: wrote %s\n", args->html);
    }
    return s;
}

/* --csv TABLE: likewise, and one table of it goes on. */
static mho_status run_with_table(const cli_command *command, cli_args *args)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = args->out;
    args->out = open_memstream(&text, &size);
    if (!args->out) {
        args->out = out;
        return mho_error(MHO_ENOMEM, "out of memory for a table");
    }
    args->color = false;
    mho_status s = command->run(args);
    const bool failed = fclose(args->out) != 0;
    args->out = out;
    if (failed)
        s = mho_error(MHO_ENOMEM, "out of memory for a table");
    else if (keeps(s) && size) {
        const mho_status selected = cli_csv_select(text, command->name, args->csv_table, out);
        s = s ? s : selected;
    }
    free(text);
    return s;
}

/* Points of a store that --hw names, as "results.db:3", are found under that name from now on. */
static mho_status name_points(const char *hw)
{
    char one[1024], place[1100], *json = NULL;
    mho_status s = MHO_OK;
    for (const char *p = hw; !s && p && *p;) {
        const size_t n = strcspn(p, ",");
        snprintf(one, sizeof one, "%.*s", (int)(n < sizeof one ? n : sizeof one - 1), p);
        p += n + (p[n] == ',');
        if (cli_ends_with(one, ".db") && access(one, F_OK) == 0) {
            s = mho_error(
                MHO_EUSAGE,
                "--hw %s: a file of results: which point of it? as --hw %s:1 (mho show %s "
                "and mho query tell them)",
                one, one, one);
            break;
        }
        if (!mho_store_is_point(one))
            continue;
        s = mho_store_hw(one, &json);
        snprintf(place, sizeof place, "%s.json", one);
        if (!s)
            s = mho_run_name_text(NULL, one, place, json);
        mho_store_text_free(json);
        json = NULL;
    }
    return s;
}

/* What is freed goes back to the system at once: a heap keeps holes between what stays, which would count. */
static void bind_heap(const cli_args *args)
{
    enum { LARGE = 1 << 20 };
    if (args->memory)
        (void)mallopt(M_MMAP_THRESHOLD, LARGE);
}

/* Where something took more that the budget does not bind.  M as the option has it. */
static void tell_peak(const cli_args *args)
{
    const double M = 1 << 20;
    const double peak = (double)mho_peak_bytes() / M, told = (double)args->memory / M;
    if (!args->memory || args->quiet)
        return;
    if (!mho_run_memory_bound(run))
        fprintf(stderr,
                "mho: note: --memory does not bind operators that are computed one by one, "
                "nor training: the peak was %.0fM\n",
                ceil(peak));
    else if (peak > told)
        fprintf(stderr,
                "mho: note: the peak was %.0fM, beyond --memory %.0fM: it binds chips, inference "
                "and quantization; reading the model and images takes what it takes\n",
                ceil(peak), told);
}

static mho_status use_cache(void)
{
    char folder[MHO_CACHE_PATH];
    const mho_status s = mho_cache_folder(folder);
    return s || !*folder ? s : mho_run_set_cache(run, folder);
}

static void tell_cache(const cli_args *args)
{
    const char *note = mho_run_cache_note(run);
    if (*note && !args->quiet)
        fprintf(stderr, "mho: note: %s: calibrated anew\n", note);
}

static mho_status run_command(const cli_command *command, int argc, char **argv)
{
    static char name[] = "mho";
    cli_args args = {.seed = 1, .trials = 10};
    mho_status s = cli_parse(command, argc - 2, argv + 2, &args);
    if (s)
        return s;
    destination d;
    s = destination_open(cli_owns_output(command, &args) || args.help ? NULL : args.output, &d);
    if (s)
        return s;
    const bool broken = args.help || (cli_format_of(&args) == CLI_REPORT && !args.wide &&
                                      command->run != cmd_completion && !args.man);
    args.color = cli_color(d.file);
    args.out = broken ? destination_stream(&d) : d.file;
    if (args.help) {
        cli_help_command(command, args.out, args.color);
        return destination_close(&d, MHO_OK);
    }
    s = mho_cpu_init();
    if (!s)
        s = mho_run_set_threads(run, args.threads);
    mho_run_set_memory(run, args.memory);
    bind_heap(&args);
    if (!s)
        s = use_cache();
    if (!s)
        s = name_points(args.hw);
    for (size_t i = 0; !s && command->run == cmd_hw && i < args.files; i++)
        s = name_points(args.file[i]);
    if (!s) {
        mho_run_set_seed(run, args.seed);
        argv[0] = name; /* wherever it lies */
        char *line = cli_command_line(argc, argv);
        args.command = line;
        cli_progress_start(args.quiet);
        s = args.html        ? run_with_page(command, &args)
            : args.csv_table ? run_with_table(command, &args)
                             : command->run(&args);
        cli_progress_clear();
        free(line);
        if (!s)
            tell_peak(&args);
        tell_cache(&args);
    }
    return destination_close(&d, s);
}

static mho_status run_bare(const char *word)
{
    destination d;
    mho_status s = destination_open(NULL, &d);
    if (s)
        return s;
    if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0)
        fprintf(d.file, "mho %s\n", mho_version());
    else
        cli_help_overview(destination_stream(&d), cli_color(d.file));
    return destination_close(&d, MHO_OK);
}

int main(int argc, char **argv)
{
    if (start_run() != MHO_OK)
        return report(MHO_ENOMEM, NULL);
    catch_signals();
    if (argc < 2)
        return report(
            mho_error(MHO_EUSAGE, "no command; the main job is `mho evaluate lenet --hw bcnn`"),
            NULL);
    const char *word = argv[1];
    if (!strcmp(word, "--help") || !strcmp(word, "-h") || !strcmp(word, "--version") ||
        !strcmp(word, "-V"))
        return report(run_bare(word), NULL);
    if (!strcmp(word, "__complete"))
        return report(cli_complete((size_t)(argc - 2), argv + 2, stdout), NULL);
    const cli_command *command = cli_command_find(word);
    if (command)
        return report(run_command(command, argc, argv), command->name);
    return report(cli_command_unknown(word), NULL);
}
