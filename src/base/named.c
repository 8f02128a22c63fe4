/* SPDX-License-Identifier: Apache-2.0 */
#include "base/named.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/parallel.h"
#include "mho/asset.h"
#include "mho/config.h"

enum { NAMES_MAX = 64, NAME_BYTES = 48, LISTED = 8 };

static const char yaml[] = ".yaml";

static bool ends_with(const char *text, const char *end)
{
    const size_t n = strlen(text), k = strlen(end);
    return n > k && !strcmp(text + n - k, end);
}

bool mhoi_is_path(const char *name)
{
    return strchr(name, '/') || ends_with(name, yaml) || ends_with(name, ".yml") ||
           ends_with(name, ".json");
}

bool mhoi_is_json(const char *path)
{
    return ends_with(path, ".json");
}

void mhoi_stem(const char *path, char *out, size_t size)
{
    const char *base = strrchr(path, '/');
    base = base ? base + 1 : path;
    size_t n = strlen(base);
    const char *dot = strrchr(base, '.');
    if (dot && dot != base && mhoi_is_path(base))
        n = (size_t)(dot - base);
    n = n < size ? n : size - 1;
    memcpy(out, base, n);
    out[n] = 0;
}

mho_status mhoi_path_beside(const char *beside, const char *path, char *out, size_t size)
{
    const char *slash = beside && *path != '/' ? strrchr(beside, '/') : NULL;
    const int folder = slash ? (int)(slash - beside) + 1 : 0;
    const int n = snprintf(out, size, "%.*s%s", folder, beside ? beside : "", path);
    if (n < 0 || (size_t)n >= size)
        return mho_error(MHO_EFILE, "%s: path of %d bytes, want less than %zu", path, n, size);
    return MHO_OK;
}

static mho_status no_such(const char *folder, const char *what, const char *name)
{
    char text[NAMES_MAX][NAME_BYTES], list[LISTED * (NAME_BYTES + 2)] = "";
    const char *names[NAMES_MAX];
    size_t count = 0, assets, length = 0;
    const mho_asset *asset = mho_assets(&assets);
    for (size_t i = 0; i < assets && count < NAMES_MAX; i++) {
        if (strncmp(asset[i].path, folder, strlen(folder)) || !ends_with(asset[i].path, yaml))
            continue;
        mhoi_stem(asset[i].path, text[count], NAME_BYTES);
        if (count < LISTED)
            length += (size_t)snprintf(list + length, sizeof list - length, "%s%s",
                                       count ? ", " : "", text[count]);
        names[count] = text[count];
        count++;
    }
    if (mho_nearest(name, names, count))
        return mho_error_near(MHO_EUSAGE, name, names, count, "no %s named %s", what, name);
    return mho_error(MHO_EUSAGE, "no %s named %s; built in: %s%s", what, name, list,
                     count > LISTED ? ", ..." : "");
}

mho_status mhoi_named_file(const char *name, const char *from, mhoi_named *out)
{
    memset(out, 0, sizeof *out);
    mho_status s = mhoi_path_beside(from, name, out->place, sizeof out->place);
    if (s)
        return s;
    /* a built-in file names others that are built in; a file of the user is read as it is now */
    const mho_asset *asset = from && mho_asset_find(from) ? mho_asset_find(out->place) : NULL;
    if (asset) {
        out->text = asset->data;
        out->size = asset->size;
        return MHO_OK;
    }
    s = mhoi_file_read(out->place, MHOI_TEXT_MAX, &out->own, &out->size);
    if (!s && strlen(out->own) != out->size)
        s = mho_error(MHO_EFORMAT, "%s: not text (a zero byte at %zu)", out->place,
                      strlen(out->own));
    out->text = out->own;
    if (s)
        mhoi_named_close(out);
    return s;
}

mho_status mhoi_named_builtin(const char *const *folders, const char *what, const char *name,
                              mhoi_named *out)
{
    memset(out, 0, sizeof *out);
    for (size_t i = 0; folders[i]; i++) {
        snprintf(out->place, sizeof out->place, "%s%s%s", folders[i], name, yaml);
        const mho_asset *asset = mho_asset_find(out->place);
        if (!asset)
            continue;
        out->text = asset->data;
        out->size = asset->size;
        return MHO_OK;
    }
    return no_such(folders[0], what, name);
}

mho_status mhoi_named_open(const char *const *folders, const char *what, const char *name,
                           const char *from, mhoi_named *out)
{
    const char *place = NULL, *text = mhoi_run_text(name, &place);
    if (text) {
        *out = (mhoi_named){.text = text, .size = strlen(text)};
        snprintf(out->place, sizeof out->place, "%s", place);
        return MHO_OK;
    }
    return mhoi_is_path(name) ? mhoi_named_file(name, from, out)
                              : mhoi_named_builtin(folders, what, name, out);
}

void mhoi_named_close(mhoi_named *named)
{
    mhoi_free(&named->own);
    named->text = NULL;
}
