/* SPDX-License-Identifier: Apache-2.0 */
/* Results of networks trained in blocks and bits as a table; those of a long run are built in. */
#include "reboc_sweep.h"

/* A number in %, or of points. */
static mho_status percent(const mho_json *point, const char *key, double *out)
{
    const mho_json *v = NULL;
    mho_status s = mho_json_need(point, key, &v);
    if (!s)
        s = mho_json_to_number(v, out);
    *out *= 100;
    return s;
}

/* "+1.23 +- 0.40", "" where the point has none. */
static mho_status change(const mho_json *point, const char *key, char text[64])
{
    double d = 0, within = 0;
    char name[64];
    text[0] = 0;
    if (!mho_json_get(point, key))
        return MHO_OK;
    snprintf(name, sizeof name, "%s_within", key);
    mho_status s = percent(point, key, &d);
    if (!s)
        s = percent(point, name, &within);
    snprintf(text, 64, "%+.2f +- %.2f", d, within);
    return s;
}

static mho_status whole(const mho_json *v, const char *key, long long *out)
{
    const mho_json *is = NULL;
    int64_t value = 0;
    mho_status s = mho_json_need(v, key, &is);
    if (!s)
        s = mho_json_to_integer(is, &value);
    *out = (long long)value;
    return s;
}

/* "" of null */
static const char *text_of(const mho_json *v, const char *key, const char *otherwise)
{
    const char *text = otherwise;
    return mho_json_to_text(mho_json_get(v, key), &text) ? otherwise : text;
}

static mho_status line(const mho_json *point, FILE *out)
{
    double error = 0, low = 0, high = 0, train = 0;
    long long stored = 0;
    char real[64] = "", same[64] = "";
    mho_status s = percent(point, "error", &error);
    if (!s)
        s = percent(point, "error_low", &low);
    if (!s)
        s = percent(point, "error_high", &high);
    if (!s)
        s = percent(point, "train_error", &train);
    if (!s)
        s = whole(point, "stored_weights", &stored);
    if (!s)
        s = change(point, "change", real);
    if (!s)
        s = change(point, "change_at_bits", same);
    if (!s)
        fprintf(out, "  %-23s  %-13s %8lld %7.2f %% %7.2f %%  %5.2f..%5.2f %%  %15s  %15s\n",
                text_of(point, "block", "-"), text_of(point, "bits", "real"), stored, train, error,
                low, high, real, same);
    return s;
}

mho_status reboc_trained_print(const mho_json *v, FILE *out)
{
    const mho_json *points = NULL;
    long long train = 0, epochs = 0, bits = 0, images = 0;
    mho_status s = mho_json_need(v, "points", &points);
    if (!s)
        s = whole(v, "train_images", &train);
    if (!s)
        s = whole(v, "images", &images);
    if (!s)
        s = whole(v, "epochs", &epochs);
    if (!s)
        s = whole(v, "bits_epochs", &bits);
    if (s)
        return s;
    fprintf(out,
            "\n  %s on %s: %lld epoch%s each on %lld images, few bits from there on for %lld; %lld "
            "test images, 95 %%\n"
            "  %-23s  %-13s %8s %9s %9s  %14s  %15s  %15s\n",
            text_of(v, "network", "-"), text_of(v, "data", "-"), epochs, epochs == 1 ? "" : "s",
            train, bits, images, "blocks", "weights/maps", "numbers", "training", "error",
            "other images", "to uncompressed", "at the same bits");
    for (size_t i = 0; !s && i < mho_json_count(points); i++)
        s = line(mho_json_at(points, i), out);
    return s;
}

mho_status reboc_trained_kept(const char *network, mho_json **out)
{
    char path[128];
    *out = NULL;
    snprintf(path, sizeof path, "papers/reboc/trained-%.60s.json", network);
    const mho_asset *asset = mho_asset_find(path);
    if (!asset)
        return mho_error(MHO_EINTERNAL, "%s is not built in", path);
    return mho_json_parse(asset->data, asset->size, path, out);
}
