/* SPDX-License-Identifier: Apache-2.0 */
/* The words that may come next on a command line, for the completion of all shells: `mho __complete WORD...`, the last one the
 * word that has been begun.  A line each, behind a tab what it is; none: a file. */
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "papers.h"

typedef struct answer {
    FILE *out;
    const char *begun;  /* of the word, without `keep` */
    const char *before; /* what stands before it in the same word, as "--hw=" or "bcnn," */
    size_t keep;
} answer;

static void offer(const answer *a, const char *word, const char *end, const char *what)
{
    if (strncmp(word, a->begun, strlen(a->begun)) != 0)
        return;
    fprintf(a->out, "%.*s%s%s", (int)a->keep, a->before, word, end);
    if (*what)
        fprintf(a->out, "\t%.*s", (int)strcspn(what, "\n"), what);
    fputc('\n', a->out);
}

/* The same answer about what follows the last of `mark` in the word that has been begun. */
static answer beyond(answer a, char mark)
{
    const char *last = strrchr(a.begun, mark);
    if (last) {
        a.keep += (size_t)(last + 1 - a.begun);
        a.begun = last + 1;
    }
    return a;
}

static void offer_list(const answer *a, const char *words)
{
    char word[64];
    for (const char *p = words; *p; p += strspn(p, " ")) {
        const size_t n = strcspn(p, " ");
        snprintf(word, sizeof word, "%.*s", (int)n, p);
        offer(a, word, "", "");
        p += n;
    }
}

/* Names of what is built in under a folder. */
static void offer_built_in(const answer *a, const char *folder, const char *ending)
{
    size_t count;
    char name[256];
    const mho_asset *asset = mho_assets(&count);
    const size_t n = strlen(folder);
    for (size_t i = 0; i < count; i++) {
        if (strncmp(asset[i].path, folder, n) != 0 || !cli_ends_with(asset[i].path, ending) ||
            strchr(asset[i].path + n, '/'))
            continue;
        const size_t length = strlen(asset[i].path) - n - strlen(ending);
        snprintf(name, sizeof name, "%.*s", (int)length, asset[i].path + n);
        offer(a, name, "", "");
    }
}

static void offer_networks(const answer *a)
{
    offer_built_in(a, "configs/net/", ".yaml");
    offer_built_in(a, "models/", ".onnx");
}

static void offer_hardware(const answer *a)
{
    offer_built_in(a, "configs/hw/", ".yaml");
}

/* Words of a line that complete it. */
typedef struct line {
    const cli_command *command;
    char **word;
    size_t words; /* before the one that has been begun */
} line;

/* The value that option `name` has on the line, or NULL. */
static const char *value_on(const line *l, const char *name)
{
    const size_t n = strlen(name);
    for (size_t i = 0; i < l->words; i++) {
        if (!strncmp(l->word[i], name, n) && l->word[i][n] == '=')
            return l->word[i] + n + 1;
        if (!strcmp(l->word[i], name) && i + 1 < l->words)
            return l->word[i + 1];
    }
    return NULL;
}

static void offer_field(const answer *a, const mho_field *f)
{
    static const char *const yes_no[] = {"true", "false", NULL};
    const size_t n = strlen(f->key);
    if (strncmp(a->begun, f->key, n) != 0 || a->begun[n] != '=') {
        offer(a, f->key, "=", f->help);
        return;
    }
    const answer value = beyond(beyond(*a, '='), ',');
    const char *const *name = f->kind == MHO_FIELD_BOOL ? yes_no : f->names;
    for (size_t i = 0; name && name[i]; i++)
        offer(&value, name[i], "", "");
    if (f->kind == MHO_FIELD_NAMED && !strcmp(f->key, "technology"))
        offer_built_in(&value, "configs/tech/", ".yaml");
}

static void offer_table(const answer *a, const mho_fields *fields)
{
    for (size_t i = 0; fields && i < fields->count; i++)
        offer_field(a, &fields->field[i]);
}

/* KEY=VALUE: fields of the command, of the description on the line, or of all kinds of them. */
static void offer_fields(const answer *a, const line *l)
{
    offer_table(a, l->command->fields);
    offer_table(a, l->command->more_fields);
    if (l->command->fields)
        return;
    const char *named = value_on(l, "--hw");
    if (!named && l->command->run == cmd_hw && l->words > 1)
        named = l->word[1];
    for (size_t k = 0; mho_hw_arch_name(k); k++) {
        mho_hw *hw = NULL;
        const bool open = named && k == 0 && mho_hw_open(named, NULL, &hw) == MHO_OK;
        if (!open && mho_hw_default(mho_hw_arch_name(k), &hw) != MHO_OK)
            continue;
        for (size_t i = 0; i < mho_hw_field_count(hw); i++)
            offer_field(a, mho_hw_field(hw, i));
        mho_hw_destroy(hw);
        if (open)
            return;
    }
}

/* Options whose values are words. */
static void offer_value(const answer *a, const line *l, const char *option)
{
    static const struct {
        const char *option, *words;
    } known[] = {{"style", "float binary circulant"},
                 {"method", "fixed threshold"},
                 {"data", "synthetic"},
                 {"calibration", "train test synthetic"},
                 {"order", "kernel pixel"},
                 {"layers", "conv all"},
                 {"layout", "NCHW NHWC"},
                 {"level", "1 2 3"},
                 {"acc", "0 16 32 64 128"},
                 {"weight", "rram: sram:"},
                 {"io", "rram: sram:"}};
    if (!strcmp(option, "hw")) {
        const answer last = l->command->run == cmd_compare ? beyond(*a, ',') : *a;
        offer_hardware(&last);
    }
    if (!strcmp(option, "set") || !strcmp(option, "sweep"))
        offer_fields(a, l);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (!strcmp(known[i].option, option))
            offer_list(a, known[i].words);
}

static void offer_options(const answer *a, const cli_command *command)
{
    char name[64];
    for (size_t i = 0; i < cli_option_count; i++) {
        if (!cli_command_takes(command, &cli_options[i]))
            continue;
        snprintf(name, sizeof name, "--%s", cli_options[i].name);
        offer(a, name, "", cli_options[i].help);
    }
}

static void offer_commands(const answer *a)
{
    for (size_t i = 0; i < cli_command_count; i++)
        offer(a, cli_commands[i].name, "", cli_commands[i].summary);
}

/* What a command is about. */
static void offer_subjects(const answer *a, const line *l)
{
    const cli_command *c = l->command;
    const char *synopsis = c->synopsis + (*c->synopsis == '[');
    if (!strncmp(synopsis, "NET", 3) || !strncmp(synopsis, "MODEL", 5))
        offer_networks(a);
    if (c->run == cmd_hw)
        offer_hardware(a);
    if (c->run == cmd_completion)
        offer_list(a, "bash zsh fish");
    if (c->run == cmd_data && l->words == 1)
        offer_list(a, "list add remove show fetch");
    if (c->run == cmd_data && l->words == 2 && !strcmp(l->word[1], "fetch"))
        offer_list(a, "mnist");
    if (c->run == cmd_help)
        offer_commands(a);
    for (size_t i = 0; c->run == cmd_reproduce && i < paper_count; i++)
        offer(a, papers[i].id, "", papers[i].title);
    if (c->run == cmd_reproduce)
        offer(a, "all", "", "all of them");
}

static const cli_option *option_of(const cli_command *command, const char *word, size_t length)
{
    for (size_t i = 0; i < cli_option_count; i++) {
        const cli_option *o = &cli_options[i];
        const bool named = !strncmp(word, "--", 2) && length == strlen(o->name) + 2 &&
                           !strncmp(word + 2, o->name, length - 2);
        const bool lettered = o->letter && length == 2 && word[0] == '-' && word[1] == o->letter;
        if ((named || lettered) && cli_command_takes(command, o) && o->kind != CLI_FLAG)
            return o;
    }
    return NULL;
}

mho_status cli_complete(size_t words, char **word, FILE *out)
{
    const char *begun = words ? word[words - 1] : "";
    answer a = {.out = out, .begun = begun, .before = begun};
    if (words < 2) {
        offer_commands(&a);
        offer(&a, "--help", "", "an overview");
        offer(&a, "--version", "", "of the program");
        return MHO_OK;
    }
    const line l = {cli_command_find(word[0]), word, words - 1};
    if (!l.command)
        return MHO_OK;
    const cli_option *before =
        option_of(l.command, l.word[l.words - 1], strlen(l.word[l.words - 1]));
    const cli_option *same = option_of(l.command, begun, strcspn(begun, "="));
    if (before && l.words > 1)
        offer_value(&a, &l, before->name);
    else if (same && strchr(begun, '=')) {
        a.keep = strcspn(begun, "=") + 1;
        a.begun = begun + a.keep;
        offer_value(&a, &l, same->name);
    } else if (*begun == '-')
        offer_options(&a, l.command);
    else
        offer_subjects(&a, &l);
    return MHO_OK;
}
