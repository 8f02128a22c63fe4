/* SPDX-License-Identifier: Apache-2.0 */
/* Opens what the user names: a network of the zoo, a YAML or ONNX file, a model of the library. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/named.h"
#include "mho/asset.h"
#include "mho/onnx.h"
#include "mho/study.h"
#include "net/block.h"

static bool ends_with(const char *text, const char *end)
{
    const size_t n = strlen(text), k = strlen(end);
    return n >= k && strcmp(text + n - k, end) == 0;
}

static mho_status open_yaml(const char *path, mho_net **out)
{
    mhoi_named file;
    mho_status s = mhoi_named_file(path, NULL, &file);
    if (s)
        return s;
    s = mho_net_read(file.text, file.place, out);
    mhoi_named_close(&file);
    return s;
}

/* "FILE.onnx:NAME=SIZES,..." */
static mho_status open_sized(const char *name, mho_net **out)
{
    const char *sizes = strstr(name, ".onnx:") + strlen(".onnx");
    char path[MHOI_PATH_MAX];
    const size_t length = (size_t)(sizes - name);
    if (length >= sizeof path)
        return mho_error(MHO_EUSAGE, "%s: the path is too long", name);
    memcpy(path, name, length);
    path[length] = 0;
    return mho_onnx_read_sized(path, sizes + 1, out);
}

/* NULL: none is built in under that name. */
static const mho_asset *built_in_model(const char *name)
{
    char path[256];
    const int n = snprintf(path, sizeof path, "models/%s.onnx", name);
    return n > 0 && (size_t)n < sizeof path ? mho_asset_find(path) : NULL;
}

/* "NET?block=conv:16,fc:128&bits=conv:4": what is changed of a network after it was opened. */
typedef struct changed {
    char name[MHOI_PATH_MAX], block[256], bits[256]; /* "": as it is */
} changed;

static mho_status take_change(const char *name, const char *text, size_t length, changed *out)
{
    static const struct {
        const char *key;
        size_t at;
    } keys[] = {{"block=", offsetof(changed, block)}, {"bits=", offsetof(changed, bits)}};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const size_t n = strlen(keys[i].key);
        char *to = (char *)out + keys[i].at;
        if (length < n || strncmp(text, keys[i].key, n) != 0)
            continue;
        if (*to || length == n || length - n >= sizeof out->block)
            return mho_error(MHO_EUSAGE, "%s: want %sLAYERS once, of 1 to %zu characters", name,
                             keys[i].key, sizeof out->block - 1);
        memcpy(to, text + n, length - n);
        to[length - n] = 0;
        return MHO_OK;
    }
    return mho_error(MHO_EUSAGE, "%s: '%.*s', want block=LAYERS or bits=LAYERS", name, (int)length,
                     text);
}

static mho_status split(const char *name, changed *out)
{
    const char *text = strstr(name, "?b");
    const size_t length = text ? (size_t)(text - name) : strlen(name);
    mho_status s = MHO_OK;
    out->block[0] = out->bits[0] = 0;
    if (length >= sizeof out->name)
        return mho_error(MHO_EUSAGE, "%.40s...: the name is too long", name);
    memcpy(out->name, name, length);
    out->name[length] = 0;
    while (!s && text && *text) {
        const size_t n = strcspn(++text, "&");
        s = take_change(name, text, n, out);
        text += n;
    }
    return s;
}

static mho_status change(mho_status s, const changed *c, mho_net **net)
{
    if (!s && *c->block)
        s = mho_net_set_blocks(*net, c->block);
    if (!s && *c->block)
        s = mho_net_check_blocks(*net);
    if (!s && *c->bits)
        s = mho_net_set_bits(*net, c->bits);
    if (s) {
        mho_net_destroy(*net);
        *net = NULL;
    }
    return s;
}

static mho_status open_plain(const char *name, mho_net **out)
{
    const mho_asset *model = built_in_model(name);
    *out = NULL;
    if (model)
        return mho_onnx_parse(model->data, model->size, model->path, out);
    if (ends_with(name, ".onnx"))
        return mho_onnx_read(name, out);
    if (strstr(name, ".onnx:"))
        return open_sized(name, out);
    if (ends_with(name, ".yaml") || ends_with(name, ".yml"))
        return open_yaml(name, out);
    mho_status s = mho_net_zoo(name, out);
    if (s == MHO_EUSAGE && mhoi_file_exists(name))
        s = mho_error(s, "%s: a file of which kind? want .yaml, .yml or .onnx", name);
    return s;
}

mho_status mho_net_open(const char *name, mho_net **out)
{
    changed c;
    *out = NULL;
    mho_status s = split(name, &c);
    if (!s)
        s = open_plain(c.name, out);
    return change(s, &c, out);
}

static const char *style_name(mho_style style)
{
    return style == MHO_STYLE_BINARY ? "binary" : "float";
}

/* " (there is one for mnist, synthetic)": the data that networks of that name and style are trained on. */
static void list_models(const char *name, mho_style style, char *text, size_t size)
{
    char stem[256];
    size_t count, used = 0;
    const mho_asset *asset = mho_assets(&count);
    const int n = snprintf(stem, sizeof stem, "models/%s-%s-", name, style_name(style));
    *text = 0;
    for (size_t i = 0; i < count && used < size; i++) {
        const char *data = asset[i].path + n;
        if (n > 0 && (size_t)n < sizeof stem && !strncmp(asset[i].path, stem, (size_t)n))
            used += (size_t)snprintf(text + used, size - used, "%s%.*s",
                                     used ? ", " : " (there is one for ", (int)strcspn(data, "."),
                                     data);
    }
    if (used && used < size)
        (void)snprintf(text + used, size - used, ")");
}

static mho_status open_model(const char *name, mho_style style, const char *data_name,
                             mho_net **out)
{
    mho_net *net = NULL;
    *out = NULL;
    mho_status s = open_plain(name, &net);
    if (s)
        return s;
    if (mho_net_has_parameters(net)) {
        *out = net;
        return MHO_OK;
    }
    mho_net_destroy(net);
    char path[MHOI_PATH_MAX + 64];
    snprintf(path, sizeof path, "models/%s-%s-%s.onnx", name, style_name(style), data_name);
    const mho_asset *model = mho_asset_find(path);
    if (model)
        return mho_onnx_parse(model->data, model->size, path, out);
    char there[128];
    list_models(name, style, there, sizeof there);
    return mho_error(MHO_ENOMODEL, "%s: no trained %s network for %s data is built in%s", name,
                     style_name(style), data_name, there);
}

mho_status mho_model_open(const char *name, mho_style style, const char *data_name, mho_net **out)
{
    changed c;
    *out = NULL;
    mho_status s = split(name, &c);
    if (!s)
        s = open_model(c.name, style, data_name, out);
    return change(s, &c, out);
}
