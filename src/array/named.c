/* SPDX-License-Identifier: Apache-2.0 */
#include "array/named.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "mho/asset.h"
#include "mho/config.h"

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), k = strlen(end);
    return n >= k && strcmp(text + n - k, end) == 0;
}

static mho_status no_such(const char *folder, const char *what, const char *name)
{
    enum { NAMES = 32, BYTES = 64 };
    char text[NAMES][BYTES];
    const char *names[NAMES];
    size_t count = 0, assets, skip = strlen(folder);
    const mho_asset *asset = mho_assets(&assets);
    for (size_t i = 0; i < assets && count < NAMES; i++) {
        const char *path = asset[i].path;
        if (strncmp(path, folder, skip) != 0 || !ends_with(path, ".yaml"))
            continue;
        snprintf(text[count], BYTES, "%.*s", (int)(strlen(path) - skip - 5), path + skip);
        names[count] = text[count];
        count++;
    }
    const char *near = mho_nearest(name, names, count);
    return mho_error(MHO_EUSAGE, "no %s named %s%s%s%s", what, name,
                     near    ? "; did you mean "
                     : count ? "; built in: "
                             : "",
                     near    ? near
                     : count ? names[0]
                             : "",
                     near ? "?" : "");
}

mho_status mhoi_named_open(const char *folder, const char *what, const char *name, mhoi_named *out)
{
    memset(out, 0, sizeof *out);
    snprintf(out->place, sizeof out->place, "%s%s.yaml", folder, name);
    const mho_asset *asset = mho_asset_find(out->place);
    if (asset) {
        out->text = asset->data;
        return MHO_OK;
    }
    if (!strchr(name, '/') && !ends_with(name, ".yaml") && !ends_with(name, ".yml"))
        return no_such(folder, what, name);
    size_t size;
    mho_status s = mhoi_file_read(name, MHOI_TEXT_MAX, &out->own, &size);
    if (s != MHO_OK)
        return s;
    snprintf(out->place, sizeof out->place, "%s", name);
    out->text = out->own;
    return MHO_OK;
}
