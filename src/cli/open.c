/* SPDX-License-Identifier: Apache-2.0 */
/* Opens what the user named: a network of the zoo, a YAML file, an ONNX file, a trained model. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli.h"

#define TEXT_MAX ((size_t)64 << 20) /* no description is longer */

mho_status cli_read_file(const char *path, char **text, size_t *size)
{
    *text = NULL;
    *size = 0;
    FILE *f = fopen(path, "rb");
    if (!f)
        return mho_error(MHO_EFILE, "%s: cannot open: %s", path, strerror(errno));
    size_t capacity = 1 << 16, n = 0, got;
    char *bytes = cli_alloc(capacity);
    while ((got = fread(bytes + n, 1, capacity - 1 - n, f)) > 0) {
        n += got;
        if (n + 1 < capacity || capacity > TEXT_MAX)
            continue;
        char *more = cli_alloc(capacity * 2);
        memcpy(more, bytes, n);
        free(bytes);
        bytes = more;
        capacity *= 2;
    }
    mho_status s = MHO_OK;
    if (ferror(f))
        s = mho_error(MHO_EFILE, "%s: cannot read: %s", path, strerror(errno));
    else if (n > TEXT_MAX)
        s = mho_error(MHO_EFORMAT, "%s: longer than %zu bytes", path, TEXT_MAX);
    fclose(f);
    if (s) {
        free(bytes);
        return s;
    }
    bytes[n] = 0;
    *text = bytes;
    *size = n;
    return MHO_OK;
}

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), k = strlen(end);
    return n >= k && strcmp(text + n - k, end) == 0;
}

static bool is_yaml(const char *name)
{
    return ends_with(name, ".yaml") || ends_with(name, ".yml");
}

static mho_status open_yaml(const char *path, mho_net **out)
{
    char *text = NULL;
    size_t size = 0;
    mho_status s = cli_read_file(path, &text, &size);
    if (!s && strlen(text) != size)
        s = mho_error(MHO_EFORMAT, "%s: holds a zero byte: not YAML", path);
    if (!s)
        s = mho_net_read(text, path, out);
    free(text);
    return s;
}

mho_status cli_open_net(const char *name, mho_net **out)
{
    *out = NULL;
    if (ends_with(name, ".onnx"))
        return mho_onnx_read(name, out);
    if (is_yaml(name))
        return open_yaml(name, out);
    return mho_net_zoo(name, out);
}

mho_status cli_open_model(const char *name, mho_style style, const char *data_name, mho_net **out)
{
    const char *style_name = style == MHO_STYLE_BINARY ? "binary" : "float";
    mho_net *net = NULL;
    *out = NULL;
    mho_status s = cli_open_net(name, &net);
    if (s)
        return s;
    if (mho_net_has_parameters(net)) {
        *out = net;
        return MHO_OK;
    }
    mho_net_destroy(net);
    char path[256];
    snprintf(path, sizeof path, "models/%s-%s-%s.onnx", name, style_name, data_name);
    const mho_asset *model = mho_asset_find(path);
    if (model)
        return mho_onnx_parse(model->data, model->size, path, out);
    return mho_error(
        MHO_ENODATA,
        "%s: no trained %s network for %s data is built in; train one (`mho train %s --style %s "
        "--data DIR -o model.onnx`) and name the file; `mho map` and `mho cost` need none",
        name, style_name, data_name, name, style_name);
}
