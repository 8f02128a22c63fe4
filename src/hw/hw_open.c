/* SPDX-License-Identifier: Apache-2.0 */
/* Finding and reading hardware descriptions.  A file's `base:` is read first, so what the file says
 * itself comes later and wins; each field remembers the file and line that set it. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/yaml.h"
#include "mho/asset.h"
#include "mho/hw.h"

enum { BASE_DEPTH_MAX = 8, PATH_MAX_BYTES = 512 };

static const char *const folders[] = {"configs/hw/", "configs/device/"};
static const char ending[] = ".yaml";

static bool ends_in_yaml(const char *name)
{
    size_t n = strlen(name);
    return n > sizeof ending - 1 && !strcmp(name + n - (sizeof ending - 1), ending);
}

/* "bcnn" of "configs/hw/bcnn.yaml". */
static void stem(const char *path, char *out, size_t size)
{
    const char *base = strrchr(path, '/');
    base = base ? base + 1 : path;
    size_t n = strlen(base);
    if (ends_in_yaml(base))
        n -= sizeof ending - 1;
    if (n >= size)
        n = size - 1;
    memcpy(out, base, n);
    out[n] = 0;
}

static bool is_hw_asset(const mho_asset *asset)
{
    return !strncmp(asset->path, folders[0], strlen(folders[0])) && ends_in_yaml(asset->path);
}

static mho_status no_such(const char *name)
{
    enum { NAMES_MAX = 64, NAME_BYTES = 32 };
    static _Thread_local char text[NAMES_MAX][NAME_BYTES];
    const char *names[NAMES_MAX];
    size_t count = 0, assets;
    const mho_asset *asset = mho_assets(&assets);
    for (size_t i = 0; i < assets && count < NAMES_MAX; i++) {
        if (!is_hw_asset(&asset[i]))
            continue;
        stem(asset[i].path, text[count], NAME_BYTES);
        names[count] = text[count];
        count++;
    }
    const char *near = mho_nearest(name, names, count);
    if (near)
        return mho_error(MHO_EUSAGE, "no hardware description named %s; did you mean %s?", name,
                         near);
    return mho_error(MHO_EUSAGE, "no hardware description named %s; built in: %s%s%s%s%s", name,
                     count > 0 ? names[0] : "none", count > 1 ? ", " : "",
                     count > 1 ? names[1] : "", count > 2 ? ", " : "", count > 2 ? names[2] : "");
}

/* Text of a description: *own is memory to free, NULL for a built-in. */
static mho_status find(const char *name, const char *from, char place[PATH_MAX_BYTES], char **own,
                       const char **text)
{
    *own = NULL;
    if (!strchr(name, '/') && !ends_in_yaml(name)) {
        for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
            snprintf(place, PATH_MAX_BYTES, "%s%s%s", folders[i], name, ending);
            const mho_asset *asset = mho_asset_find(place);
            if (asset) {
                *text = asset->data;
                return MHO_OK;
            }
        }
        return no_such(name);
    }
    const char *slash = from && *name != '/' ? strrchr(from, '/') : NULL;
    int folder = slash ? (int)(slash - from) + 1 : 0;
    int n = snprintf(place, PATH_MAX_BYTES, "%.*s%s", folder, from ? from : "", name);
    if (n >= PATH_MAX_BYTES)
        return mho_error(MHO_EFILE, "%s: path of %d bytes, want less than %d", name, n,
                         PATH_MAX_BYTES);
    size_t size;
    mho_status s = mhoi_file_read(place, MHOI_TEXT_MAX, own, &size);
    if (!s && strlen(*own) != size)
        s = mho_error(MHO_EFORMAT, "%s: not text (a zero byte at %zu)", place, strlen(*own));
    *text = *own;
    return s;
}

static mho_status read_one(const char *name, const char *from, unsigned depth, mho_hw_config *out);

/* `base: NAME` of the file at place. */
static mho_status read_base(const char *text, const char *place, unsigned depth, mho_hw_config *out)
{
    mhoi_yaml *root;
    mho_status s = mhoi_yaml_parse(text, place, &root);
    if (s)
        return s;
    const mhoi_yaml *base = root->kind == MHOI_YAML_MAP ? mhoi_yaml_get(root, "base") : NULL;
    if (base && (base->kind != MHOI_YAML_SCALAR || !*base->text))
        s = mho_error(MHO_ECONFIG, "%s:%zu: base, want a name or a path", place, base->line);
    else if (base && depth >= BASE_DEPTH_MAX)
        s = mho_error(MHO_ECONFIG,
                      "%s:%zu: base = %s is more than %d files deep; does one name itself?", place,
                      base->line, base->text, BASE_DEPTH_MAX);
    else if (base && (s = read_one(base->text, place, depth + 1, out)) != MHO_OK &&
             (s == MHO_EFILE || s == MHO_EUSAGE))
        s = mho_error_prefix(s, "%s:%zu: base", place, base->line);
    mhoi_yaml_destroy(root);
    return s;
}

static mho_status read_one(const char *name, const char *from, unsigned depth, mho_hw_config *out)
{
    static const char *const skip[] = {"base", NULL};
    char place[PATH_MAX_BYTES];
    char *own = NULL;
    const char *text = "";
    mho_status s = find(name, from, place, &own, &text);
    if (!s)
        s = read_base(text, place, depth, out);
    if (!s)
        s = mho_fields_read(&mho_hw_fields, text, place, skip, &out->hw, out->origin);
    mhoi_free(&own);
    return s;
}

/* A path in a file is relative to that file's folder. */
static mho_status resolve_table(mho_hw_config *config)
{
    char *table = config->hw.device.table, joined[sizeof config->hw.device.table];
    for (size_t i = 0; *table && *table != '/' && i < mho_hw_fields.count; i++) {
        const char *place = config->origin[i].place, *slash = strrchr(place, '/');
        if (strcmp(mho_hw_fields.field[i].key, "device.table") || !slash)
            continue;
        int n = snprintf(joined, sizeof joined, "%.*s%s", (int)(slash - place) + 1, place, table);
        if (n < 0 || (size_t)n >= sizeof joined)
            return mho_error(MHO_ECONFIG,
                             "%s: device.table: a path of %d bytes, want less than %zu", place, n,
                             sizeof joined);
        memcpy(table, joined, (size_t)n + 1);
    }
    return MHO_OK;
}

mho_status mho_hw_open(const char *name, const char *const *sets, mho_hw_config *out)
{
    memset(out, 0, sizeof *out);
    mho_status s = mho_fields_preset(&mho_hw_fields, &out->hw, out->origin);
    if (!s)
        s = read_one(name, NULL, 0, out);
    for (; !s && sets && *sets; sets++)
        s = mho_fields_set(&mho_hw_fields, *sets, &out->hw, out->origin);
    if (s)
        return s;
    stem(name, out->hw.name, sizeof out->hw.name);
    s = resolve_table(out);
    if (!s)
        s = mho_device_read_table(&out->hw.device);
    if (!s)
        s = mho_hw_check(&out->hw);
    return s ? mho_error_prefix(s, "%s", name) : MHO_OK;
}

static mho_json *value_json(const mho_field *field, size_t i, const mho_hw *hw)
{
    char text[256];
    mho_field_print(&mho_hw_fields, i, hw, text, sizeof text);
    switch (field->kind) {
    case MHO_FIELD_UINT:
    case MHO_FIELD_DOUBLE:
        return mho_json_number(strtod(text, NULL));
    case MHO_FIELD_BOOL:
        return mho_json_bool(!strcmp(text, "true"));
    default:
        return mho_json_text(text);
    }
}

mho_json *mho_hw_json(const mho_hw_config *config)
{
    mho_json *root = mho_json_object();
    for (size_t i = 0; i < mho_hw_fields.count; i++) {
        const mho_field *field = &mho_hw_fields.field[i];
        mho_json *entry = mho_json_object();
        mho_json_put(entry, "value", value_json(field, i, &config->hw));
        if (*field->unit)
            mho_json_put(entry, "unit", mho_json_text(field->unit));
        mho_json_put(entry, "place", mho_json_text(config->origin[i].place));
        if (*config->origin[i].source)
            mho_json_put(entry, "source", mho_json_text(config->origin[i].source));
        mho_json_put(root, field->key, entry);
    }
    return root;
}
