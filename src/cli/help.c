/* SPDX-License-Identifier: Apache-2.0 */
/* Help pages and the manual page, all from the tables of commands, options and
 * fields. */
#include <string.h>

#include "cli.h"

static bool is_frame(const cli_command *command)
{
    return command->run == cmd_help || command->run == cmd_completion;
}

void cli_help_overview(FILE *out, bool color)
{
    const cli_marks *m = cli_marks_of(color);
    fprintf(out,
            "%smho %s%s: accuracy, cycles, energy and area of neural networks on RRAM crossbars\n\n"
            "  mho COMMAND [arguments] [options]\n\n",
            m->bold, mho_version(), m->end);
    for (size_t i = 0; i < cli_command_count; i++)
        fprintf(out, "%s  %s%-11s%s %s\n",
                i && is_frame(&cli_commands[i]) && !is_frame(&cli_commands[i - 1]) ? "\n" : "",
                m->bold, cli_commands[i].name, m->end, cli_commands[i].summary);
    fprintf(out,
            "\nStart with           mho evaluate lenet --hw bcnn\n"
            "A command's options  mho help COMMAND\n"
            "Between runs         calibrations of chips are kept in ~/.cache/mho; MHO_CACHE=off "
            "keeps none\n");
}

#define HELP_WIDTH 100

/* Words in lines of the screen's width, each after the first with an indent. */
static void print_wrapped(const char *text, size_t column, size_t indent, FILE *out)
{
    const size_t screen = cli_width(out),
                 most = screen && screen < HELP_WIDTH ? screen : HELP_WIDTH;
    for (bool first = true; *text; first = false) {
        const size_t n = strcspn(text, " ");
        if (!first && column + 1 + n > most && indent + n <= most) {
            fprintf(out, "\n%*s", (int)indent, "");
            column = indent;
        } else if (!first) {
            fputc(' ', out);
            column++;
        }
        fwrite(text, 1, n, out);
        column += n;
        text += n + (text[n] == ' ');
    }
    fputc('\n', out);
}

/* Paragraphs are broken anew on a narrow screen; lines that begin with a space (examples) stay lines. */
static void print_details(const char *text, FILE *out)
{
    const size_t screen = cli_width(out);
    char paragraph[4096];
    size_t used = 0;
    if (!screen || screen >= HELP_WIDTH) {
        fprintf(out, "%s\n", text);
        return;
    }
    while (*text || used) {
        const size_t n = strcspn(text, "\n");
        const bool goes_on = n && *text != ' ' && used + n + 2 < sizeof paragraph;
        if (goes_on) {
            used += (size_t)snprintf(paragraph + used, sizeof paragraph - used, "%s%.*s",
                                     used ? " " : "", (int)n, text);
        } else {
            if (used)
                print_wrapped(paragraph, 0, 0, out);
            used = 0;
            if (*text)
                fprintf(out, "%.*s\n", (int)n, text);
        }
        text += n + (text[n] == '\n');
    }
}

static void print_option(const cli_option *option, FILE *out)
{
    char left[64];
    snprintf(left, sizeof left, "%s--%s%s%s",
             option->letter ? (char[]){'-', option->letter, ',', ' ', 0} : "    ", option->name,
             option->metavar ? " " : "", option->metavar ? option->metavar : "");
    fprintf(out, "  %-22s ", left);
    print_wrapped(option->help, strlen(left) > 22 ? strlen(left) + 3 : 25, 25, out);
}

/* "1..4096 nm", "yes|no", ... */
static void field_bounds(const mho_field *f, char *text, size_t size)
{
    size_t n = 0;
    text[0] = 0;
    switch (f->kind) {
    case MHO_FIELD_BOOL:
        snprintf(text, size, "true | false");
        break;
    case MHO_FIELD_UINT:
    case MHO_FIELD_DOUBLE:
        snprintf(text, size, "%.12g..%.12g%s%s", f->min, f->max, *f->unit ? " " : "", f->unit);
        break;
    case MHO_FIELD_ENUM:
        for (size_t i = 0; f->names[i] && n < size; i++)
            n += (size_t)snprintf(text + n, size - n, "%s%s", i ? " | " : "", f->names[i]);
        break;
    case MHO_FIELD_STRING:
        snprintf(text, size, "text");
        break;
    case MHO_FIELD_PATH:
        snprintf(text, size, "file");
        break;
    case MHO_FIELD_NAMED:
        snprintf(text, size, "name or file");
        break;
    }
}

static void print_field(const mho_field *f, FILE *out, const cli_marks *m)
{
    char bounds[160];
    field_bounds(f, bounds, sizeof bounds);
    fprintf(out, "  %s%s%s = %s   %s[%s]%s\n      ", m->bold, f->key, m->end, f->preset, m->dim,
            bounds, m->end);
    print_wrapped(f->help, 6, 6, out);
}

static void print_fields(const mho_fields *fields, FILE *out, bool color)
{
    const cli_marks *m = cli_marks_of(color);
    fprintf(out, "\n%sFields of the %s%s (YAML, and --set KEY=VALUE)\n", m->bold, fields->what,
            m->end);
    for (size_t i = 0; i < fields->count; i++)
        print_field(&fields->field[i], out, m);
}

static void print_arch(const char *arch, FILE *out, bool color)
{
    const cli_marks *m = cli_marks_of(color);
    mho_hw *hw;
    if (mho_hw_default(arch, &hw))
        return;
    fprintf(out, "\n%sFields of the hardware, arch: %s%s (YAML, and --set KEY=VALUE)\n", m->bold,
            arch, m->end);
    for (size_t i = 0; i < mho_hw_field_count(hw); i++)
        print_field(mho_hw_field(hw, i), out, m);
    mho_hw_destroy(hw);
}

void cli_help_command(const cli_command *command, FILE *out, bool color)
{
    const cli_marks *m = cli_marks_of(color);
    fprintf(out, "%smho %s%s %s\n\n  %s\n", m->bold, command->name, m->end, command->synopsis,
            command->summary);
    if (command->details) {
        fputc('\n', out);
        print_details(command->details, out);
    }
    fprintf(out, "\n%sOptions%s\n", m->bold, m->end);
    for (size_t i = 0; i < cli_option_count; i++)
        if (cli_command_takes(command, &cli_options[i]))
            print_option(&cli_options[i], out);
    if (command->fields)
        print_fields(command->fields, out, color);
    if (command->more_fields)
        print_fields(command->more_fields, out, color);
    if (command->arch && *command->arch)
        fputs("\nThe fields of the hardware, for YAML and --set KEY=VALUE: mho help hw\n", out);
    for (size_t i = 0; command->arch && !*command->arch && mho_hw_arch_name(i); i++)
        print_arch(mho_hw_arch_name(i), out, color);
}

/* --- manual page ----------------------------------------------------------------------------------- */

static void troff(const char *text, FILE *out)
{
    for (const char *p = text; *p; p++) {
        if (*p == '-' || *p == '\\')
            fputc('\\', out);
        if ((*p == '.' || *p == '\'') && (p == text || p[-1] == '\n'))
            fputs("\\&", out);
        fputc(*p, out);
    }
}

static void man_command(const cli_command *command, FILE *out)
{
    fprintf(out, ".SS \"mho %s ", command->name);
    troff(command->synopsis, out);
    fputs("\"\n", out);
    troff(command->summary, out);
    fputc('\n', out);
    if (command->details) {
        fputs(".PP\n.nf\n", out);
        troff(command->details, out);
        fputs("\n.fi\n", out);
    }
    fputs(".PP\nOptions:", out);
    const char *separator = " ";
    for (size_t i = 0; i < cli_option_count; i++)
        if (cli_command_takes(command, &cli_options[i])) {
            fprintf(out, "%s\\-\\-%s", separator, cli_options[i].name);
            separator = ", ";
        }
    fputc('\n', out);
}

static void man_page(FILE *out)
{
    fprintf(out,
            ".TH MHO 1 \"\" \"mho %s\"\n.SH NAME\nmho \\- neural networks on RRAM crossbars\n"
            ".SH SYNOPSIS\n.B mho\n.I command\n[arguments] [options]\n.SH COMMANDS\n",
            mho_version());
    for (size_t i = 0; i < cli_command_count; i++)
        man_command(&cli_commands[i], out);
    fputs(".SH OPTIONS\n", out);
    for (size_t i = 0; i < cli_option_count; i++) {
        const cli_option *o = &cli_options[i];
        fprintf(out, ".TP\n.B \\-\\-%s %s\n", o->name, o->metavar ? o->metavar : "");
        troff(o->help, out);
        fputc('\n', out);
    }
    fputs(
        ".SH EXIT STATUS\n0 done; 1 a check or a published band failed; 2 usage or configuration; "
        "3 file or data; 4 internal or memory; 130 interrupted.\n"
        ".SH ENVIRONMENT\n.B MHO_DATA\nfolder of data sets; \n.B MHO_CPU\nref, avx2 or avx512; \n"
        ".B MHO_CACHE\nfolder (from / on) where calibrations are kept between runs, off: none "
        "(else "
        "$XDG_CACHE_HOME/mho, ~/.cache/mho); \n"
        ".B NO_COLOR\nplain text.\n",
        out);
}

mho_status cmd_help(const cli_args *args)
{
    if (args->man) {
        man_page(args->out);
        return MHO_OK;
    }
    if (!args->files) {
        cli_help_overview(args->out, args->color);
        return MHO_OK;
    }
    const cli_command *command = cli_command_find(args->file[0]);
    if (command) {
        cli_help_command(command, args->out, args->color);
        return MHO_OK;
    }
    return cli_command_unknown(args->file[0]);
}
