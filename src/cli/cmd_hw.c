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

static mho_status list_json(const cli_args *args)
{
    mho_json *root = mho_json_array();
    size_t count;
    const mho_asset *asset = mho_assets(&count);
    for (size_t f = 0; f < sizeof folders / sizeof *folders; f++)
        for (size_t i = 0; i < count; i++) {
            char name[48], what[160], arch[24];
            if (!asset_in(&asset[i], &folders[f], name))
                continue;
            describe(asset[i].data, what, sizeof what);
            mho_json *entry = mho_json_object();
            mho_json_put(entry, "kind", mho_json_text(folders[f].kind));
            mho_json_put(entry, "name", mho_json_text(name));
            mho_json_put(entry, "file", mho_json_text(asset[i].path));
            arch_of(&folders[f], name, arch);
            if (*arch)
                mho_json_put(entry, "arch", mho_json_text(arch));
            mho_json_put(entry, "description", mho_json_text(what));
            mho_json_add(root, entry);
        }
    return cli_print_json(args, root);
}

static void list_csv(const cli_args *args)
{
    cli_table *t = cli_table_create("", "kind|name|arch|description");
    size_t count;
    const mho_asset *asset = mho_assets(&count);
    for (size_t f = 0; f < sizeof folders / sizeof *folders; f++)
        for (size_t i = 0; i < count; i++) {
            char name[48], what[160], arch[24];
            if (!asset_in(&asset[i], &folders[f], name))
                continue;
            describe(asset[i].data, what, sizeof what);
            cli_table_text(t, "%s", folders[f].kind);
            cli_table_text(t, "%s", name);
            arch_of(&folders[f], name, arch);
            cli_table_text(t, "%s", arch);
            cli_table_text(t, "%s", what);
        }
    cli_table_print(t, args);
    cli_table_destroy(t);
}

static void list_text(const cli_args *args)
{
    size_t count;
    const mho_asset *asset = mho_assets(&count);
    const cli_marks *m = cli_marks_of(args->color);
    for (size_t f = 0; f < sizeof folders / sizeof *folders; f++) {
        fprintf(args->out, "%s%s%s%s\n", f ? "\n" : "", m->bold, folders[f].title, m->end);
        for (size_t i = 0; i < count; i++) {
            char name[48], what[160], arch[24];
            if (!asset_in(&asset[i], &folders[f], name))
                continue;
            describe(asset[i].data, what, sizeof what);
            arch_of(&folders[f], name, arch);
            fprintf(args->out, *arch ? "  %-14s %-9s %s\n" : "  %-14s%s %s\n", name, arch, what);
        }
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
