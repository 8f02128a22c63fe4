/* SPDX-License-Identifier: Apache-2.0 */
/* Completion scripts of three shells, from the tables of commands and options. */
#include <string.h>

#include "cli.h"

/* Names of what is built in under a folder. */
static void print_built_in(FILE *out, const char *folder, const char *ending)
{
    size_t count;
    const mho_asset *asset = mho_assets(&count);
    const size_t n = strlen(folder);
    for (size_t i = 0; i < count; i++)
        if (!strncmp(asset[i].path, folder, n) && cli_ends_with(asset[i].path, ending) &&
            !strchr(asset[i].path + n, '/'))
            fprintf(out, "%.*s ", (int)(strlen(asset[i].path) - n - strlen(ending)),
                    asset[i].path + n);
}

static void print_words(FILE *out, const cli_command *command)
{
    fprintf(out, "    %s) words=\"", command->name);
    for (size_t i = 0; i < cli_option_count; i++)
        if (cli_command_takes(command, &cli_options[i]))
            fprintf(out, "--%s ", cli_options[i].name);
    if (command->run == cmd_completion)
        fputs("bash zsh fish ", out);
    if (command->run == cmd_hw)
        print_built_in(out, "configs/hw/", ".yaml");
    if (!strncmp(command->synopsis + (*command->synopsis == '['), "NET", 3)) {
        print_built_in(out, "configs/net/", ".yaml");
        print_built_in(out, "models/", ".onnx");
    }
    if (command->run == cmd_help)
        for (size_t i = 0; i < cli_command_count; i++)
            fprintf(out, "%s ", cli_commands[i].name);
    fputs("\" ;;\n", out);
}

static void bash(FILE *out)
{
    fputs("_mho()\n{\n    local current=\"${COMP_WORDS[COMP_CWORD]}\" words\n"
          "    case \"$COMP_CWORD:${COMP_WORDS[1]}\" in 1:*) words=\"",
          out);
    for (size_t i = 0; i < cli_command_count; i++)
        fprintf(out, "%s ", cli_commands[i].name);
    fputs("--help --version\" ;; *) [ \"${COMP_WORDS[COMP_CWORD-1]}\" = --hw ] && words=\"", out);
    print_built_in(out, "configs/hw/", ".yaml");
    fputs("\" ;; esac\n    [ -n \"$words\" ] || case \"${COMP_WORDS[1]}\" in\n", out);
    for (size_t i = 0; i < cli_command_count; i++)
        print_words(out, &cli_commands[i]);
    fputs("    esac\n    COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
          "    [ -n \"${COMPREPLY[*]}\" ] || COMPREPLY=($(compgen -f -- \"$current\"))\n}\n"
          "complete -o filenames -F _mho mho\n",
          out);
}

/* A text between single quotes, but for characters that the shell's own syntax has a use for there. */
static void print_quoted(FILE *out, const char *text, const char *escaped, const char *quote)
{
    for (; *text; text++)
        if (*text == '\'')
            fputs(quote, out);
        else if (strchr(escaped, *text))
            fprintf(out, "\\%c", *text);
        else
            fputc(*text, out);
}

static void print_zsh_option(FILE *out, const cli_option *option)
{
    fprintf(out, "            '%s--%s%s[", option->kind == CLI_LIST ? "*" : "", option->name,
            option->kind == CLI_FLAG ? "" : "=");
    print_quoted(out, option->help, "[]:\\", "'\\''");
    fputc(']', out);
    if (option->kind != CLI_FLAG) {
        fputc(':', out);
        print_quoted(out, option->metavar, "[]:\\", "'\\''");
        fputs(":_files", out);
    }
    fputs("' \\\n", out);
}

static void zsh(FILE *out)
{
    fputs("#compdef mho\n_mho()\n{\n    local -a commands\n    commands=(\n", out);
    for (size_t i = 0; i < cli_command_count; i++) {
        fprintf(out, "        '%s:", cli_commands[i].name);
        print_quoted(out, cli_commands[i].summary, ":\\", "'\\''");
        fputs("'\n", out);
    }
    fputs("    )\n    if (( CURRENT == 2 )); then\n        _describe command commands\n"
          "        _arguments '--help' '--version'\n        return\n    fi\n"
          "    local command=$words[2]\n    shift words\n    (( CURRENT-- ))\n"
          "    case $command in\n",
          out);
    for (size_t c = 0; c < cli_command_count; c++) {
        fprintf(out, "    %s)\n        _arguments \\\n", cli_commands[c].name);
        for (size_t i = 0; i < cli_option_count; i++)
            if (cli_command_takes(&cli_commands[c], &cli_options[i]))
                print_zsh_option(out, &cli_options[i]);
        fputs("            '*:file:_files' ;;\n", out);
    }
    fputs("    esac\n}\nif [[ $funcstack[1] == _mho ]]; then _mho \"$@\"; "
          "else compdef _mho mho; fi\n",
          out);
}

static void print_fish_option(FILE *out, const char *command, const cli_option *option)
{
    fprintf(out, "complete -c mho -n '__fish_seen_subcommand_from %s' -l %s", command,
            option->name);
    if (option->letter)
        fprintf(out, " -s %c", option->letter);
    fputs(option->kind == CLI_FLAG ? " -d '" : " -r -d '", out);
    print_quoted(out, option->help, "\\", "\\'");
    fputs("'\n", out);
}

static void fish(FILE *out)
{
    for (size_t i = 0; i < cli_command_count; i++) {
        fprintf(out, "complete -c mho -n __fish_use_subcommand -f -a %s -d '",
                cli_commands[i].name);
        print_quoted(out, cli_commands[i].summary, "\\", "\\'");
        fputs("'\n", out);
    }
    for (size_t c = 0; c < cli_command_count; c++)
        for (size_t i = 0; i < cli_option_count; i++)
            if (cli_command_takes(&cli_commands[c], &cli_options[i]))
                print_fish_option(out, cli_commands[c].name, &cli_options[i]);
}

mho_status cmd_completion(const cli_args *args)
{
    static const struct {
        const char *name;
        void (*print)(FILE *out);
    } shell[] = {{"bash", bash}, {"zsh", zsh}, {"fish", fish}};
    for (size_t i = 0; i < sizeof shell / sizeof *shell; i++)
        if (!strcmp(args->file[0], shell[i].name)) {
            shell[i].print(args->out);
            return MHO_OK;
        }
    return mho_error(MHO_EUSAGE, "completion for %s, want bash, zsh or fish", args->file[0]);
}
