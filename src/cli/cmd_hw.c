/* SPDX-License-Identifier: Apache-2.0 */
/* mho hw: the hardware, devices and technologies that are built in; mho hw NAME: every field of one, with
 * where its value comes from. */
#include <string.h>

#include "cli.h"

typedef struct folder {
    const char *path, *kind, *title;
} folder;

static const folder folders[] = {
    {"configs/hw/", "hardware", "Hardware (--hw NAME)"},
    {"configs/silicon/", "hardware", "Measured macros (--hw NAME; mho reproduce silicon)"},
    {"configs/device/", "device", "Devices (--set device=NAME; device: NAME in a hardware file)"},
    {"configs/tech/", "technology", "Technologies (technology: NAME in a hardware file)"},
};

/* The comment at the head of a YAML file up to its first sentence's end, on one line. */
static void describe(const char *text, char *out, size_t size)
{
    size_t n = 0;
    while (*text == '#') {
        text += strspn(text, "# ");
        if (n && n + 1 < size)
            out[n++] = ' ';
        for (; *text && *text != '\n'; text++) {
            bool end =
                (*text == '.' || *text == ':') && (text[1] == '\n' || text[1] == ' ') && n > 12;
            if (end && *text == '.' && out[n - 2] == '(') /* "(Y. Wang et al." */
                end = false;
            if (end && n > 6 && !strncmp(text - 5, "et al", 5))
                end = false;
            if (end) {
                out[n] = 0;
                return;
            }
            if (n + 1 < size)
                out[n++] = *text;
        }
        text += *text == '\n';
    }
    out[n] = 0;
}

static bool asset_in(const mho_asset *asset, const folder *f, char name[48])
{
    size_t n = strlen(f->path), length = strlen(asset->path);
    if (strncmp(asset->path, f->path, n) != 0 || length < n + 6 ||
        strcmp(asset->path + length - 5, ".yaml") != 0)
        return false;
    snprintf(name, 48, "%.*s", (int)(length - n - 5), asset->path + n); /* without .yaml */
    return true;
}

/* "crossbar" of a hardware description; "" of devices and technologies. */
static void arch_of(const folder *f, const char *name, char arch[24])
{
    mho_hw *hw = NULL;
    arch[0] = 0;
    if (strcmp(f->kind, "hardware") == 0 && !mho_hw_open(name, NULL, &hw))
        snprintf(arch, 24, "%s", mho_hw_arch(hw));
    mho_hw_destroy(hw);
}

/* A built-in file; folder: of which it is. */
typedef struct entry {
    const folder *folder;
    const char *path;
    char name[48], what[160], arch[24];
    size_t next; /* asset */
} entry;

/* From {0} on to the next of all, folder by folder; false: there is no other. */
static bool next_entry(entry *e)
{
    size_t count;
    const mho_asset *asset = mho_assets(&count);
    if (!e->folder)
        e->folder = folders;
    for (; e->folder < folders + sizeof folders / sizeof *folders; e->folder++, e->next = 0)
        while (e->next < count) {
            const mho_asset *a = &asset[e->next++];
            if (!asset_in(a, e->folder, e->name))
                continue;
            e->path = a->path;
            describe(a->data, e->what, sizeof e->what);
            arch_of(e->folder, e->name, e->arch);
            return true;
        }
    return false;
}

static mho_status list_json(const cli_args *args)
{
    mho_json *root = mho_json_array();
    for (entry e = {0}; next_entry(&e);) {
        mho_json *item = mho_json_object();
        mho_json_put(item, "kind", mho_json_text(e.folder->kind));
        mho_json_put(item, "name", mho_json_text(e.name));
        mho_json_put(item, "file", mho_json_text(e.path));
        if (*e.arch)
            mho_json_put(item, "arch", mho_json_text(e.arch));
        mho_json_put(item, "description", mho_json_text(e.what));
        mho_json_add(root, item);
    }
    return cli_print_json(args, root);
}

static void list_csv(const cli_args *args)
{
    cli_table *t = cli_table_create("", "kind|name|arch|description");
    for (entry e = {0}; next_entry(&e);) {
        cli_table_text(t, "%s", e.folder->kind);
        cli_table_text(t, "%s", e.name);
        cli_table_text(t, "%s", e.arch);
        cli_table_text(t, "%s", e.what);
    }
    cli_table_print(t, args);
    cli_table_destroy(t);
}

static void list_text(const cli_args *args)
{
    const cli_marks *m = cli_marks_of(args->color);
    const folder *last = NULL;
    for (entry e = {0}; next_entry(&e); last = e.folder) {
        if (e.folder != last)
            fprintf(args->out, "%s%s%s%s\n", last ? "\n" : "", m->bold, e.folder->title, m->end);
        fprintf(args->out, *e.arch ? "  %-14s %-9s %s\n" : "  %-14s%s %s\n", e.name, e.arch,
                e.what);
    }
    fprintf(args->out,
            "\nAll fields of one: mho hw NAME.  To make your own, write `base: NAME` and what "
            "differs into a YAML file.\n");
}

static void show_fields(const mho_hw *hw, const cli_args *args)
{
    char title[96];
    snprintf(title, sizeof title, "%s, arch: %s", mho_hw_name(hw), mho_hw_arch(hw));
    cli_table *t =
        cli_table_create(args->csv ? "" : title, args->csv ? "field|value|unit|place|source|meaning"
                                                           : "field|value|unit|set in|source");
    for (size_t i = 0; i < mho_hw_field_count(hw); i++) {
        const mho_field *f = mho_hw_field(hw, i);
        char value[256];
        mho_hw_print(hw, i, value, sizeof value);
        cli_table_text(t, "%s", f->key);
        cli_table_text(t, "%s", value);
        cli_table_text(t, "%s", f->unit);
        cli_table_text(t, "%s", mho_hw_origin(hw, i)->place);
        cli_table_text(t, "%s", mho_hw_origin(hw, i)->source);
        if (args->csv)
            cli_table_text(t, "%s", f->help);
    }
    cli_table_print(t, args);
    cli_table_destroy(t);
}

mho_status cmd_hw(const cli_args *args)
{
    if (!args->files && args->sets)
        return mho_error(MHO_EUSAGE, "--set %s: of which hardware? `mho hw NAME --set ...`",
                         args->set[0]);
    if (!args->files) {
        if (args->json)
            return list_json(args);
        if (args->csv)
            list_csv(args);
        else
            list_text(args);
        return MHO_OK;
    }
    mho_hw *hw;
    mho_status s = mho_hw_open(args->file[0], args->set, &hw);
    if (s)
        return s;
    cli_tell_idle(hw, args);
    if (args->json)
        s = cli_print_json(args, mho_hw_json(hw));
    else
        show_fields(hw, args);
    mho_hw_destroy(hw);
    return s;
}
