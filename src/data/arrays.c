/* SPDX-License-Identifier: Apache-2.0 */
/* Data sets as NumPy arrays: x_train.npy, y_train.npy, x_test.npy, y_test.npy.  Labels are whole numbers.  Features are
 * bytes 0..255, whole numbers in that range, or floating numbers 0..1, which become the nearest of 256 codes: the code
 * times the usual scale of a network's input, 2^-8, is the feature again. */
#include <math.h>

#include "base/alloc.h"
#include "base/file.h"
#include "data/data_impl.h"
#include "base/parallel.h"
#include "tensor/npy.h"

#define POLL ((size_t)1 << 20)

static mho_status find_file(const char *folder, bool train, char axis, char path[MHOI_PATH])
{
    mho_status s = mhoi_path(path, "%s/%c_%s.npy", folder, axis, train ? "train" : "test");
    if (s != MHO_OK || mhoi_file_exists(path))
        return s;
    return mho_error(MHO_ENODATA, "%s: no %c_%s.npy", folder, axis, train ? "train" : "test");
}

size_t mhoi_arrays_present(const char *folder, bool train)
{
    char path[MHOI_PATH];
    return (size_t)(find_file(folder, train, 'x', path) == MHO_OK) +
           (find_file(folder, train, 'y', path) == MHO_OK);
}

static mho_status set_shape(const mhoi_npy *x, const char *path, mho_images *out)
{
    if (x->dims < 1 || x->dims > 4 || !x->count)
        return mho_error(MHO_EFORMAT,
                         "%s: %zu elements in %zu dimensions, want [n], [n][features], [n][h][w] "
                         "or [n][c][h][w]",
                         path, x->count, x->dims);
    out->count = x->size[0];
    out->shape = (mho_shape){1, 1, 1};
    if (x->dims == 2)
        out->shape.c = x->size[1];
    else if (x->dims > 2)
        out->shape =
            (mho_shape){x->dims == 4 ? x->size[1] : 1, x->size[x->dims - 2], x->size[x->dims - 1]};
    return MHO_OK;
}

static mho_status set_pixel(const mhoi_npy *x, const char *path, size_t i, uint8_t *pixel)
{
    const double v = mhoi_npy_value(x, i);
    const bool floating = x->kind == 'f';
    if (!(v >= 0 && v <= (floating ? 1 : 255)))
        return mho_error(MHO_EDOMAIN, "%s: element %zu is %g, want %s", path, i, v,
                         floating
                             ? "0..1 (or whole numbers 0..255 of a whole type): scale the features"
                             : "0..255");
    const double code = floating ? nearbyint(256 * v) : x->kind == 'b' ? 255 * v : v;
    *pixel = (uint8_t)(code > 255 ? 255 : code);
    return MHO_OK;
}

mho_status mhoi_arrays_parse_x(const char *path, const char *bytes, size_t size, mho_images *out)
{
    mhoi_npy x;
    *out = (mho_images){.count = 0};
    mho_status s = mhoi_npy_parse(bytes, size, path, &x);
    if (s == MHO_OK)
        s = set_shape(&x, path, out);
    if (s == MHO_OK)
        s = mhoi_alloc(&out->pixel, x.count, 1, "features");
    for (size_t i = 0; s == MHO_OK && i < x.count; i++) {
        s = set_pixel(&x, path, i, &out->pixel[i]);
        if (i % POLL == 0 && mhoi_interrupted())
            s = mho_error(MHO_EINTERRUPTED, "%s: interrupted", path);
    }
    if (s != MHO_OK)
        mho_images_free(out);
    return s;
}

mho_status mhoi_arrays_parse_y(const char *path, const char *bytes, size_t size, mho_images *into)
{
    mhoi_npy y;
    mho_status s = mhoi_npy_parse(bytes, size, path, &y);
    if (s == MHO_OK && (y.dims < 1 || y.size[0] != y.count))
        s = mho_error(MHO_EFORMAT, "%s: %zu labels in %zu dimensions, want [n]", path, y.count,
                      y.dims);
    if (s == MHO_OK && y.count != into->count)
        s = mho_error(MHO_EFORMAT, "%s: %zu labels for %zu images", path, y.count, into->count);
    if (s == MHO_OK)
        s = mhoi_alloc(&into->label, y.count, sizeof *into->label, "labels");
    for (size_t i = 0; s == MHO_OK && i < y.count; i++) {
        const double v = mhoi_npy_value(&y, i);
        s = v >= 0 && v < MHO_CLASSES_MAX && v == floor(v)
                ? mhoi_label_set(path, i, (int64_t)v, into)
                : mho_error(MHO_EFORMAT, "%s: label %zu is %g, want a whole number 0..%d", path, i,
                            v, MHO_CLASSES_MAX - 1);
    }
    return s;
}

mho_status mhoi_arrays_read(const char *folder, bool train, mho_images *out)
{
    char path[MHOI_PATH], *bytes = NULL;
    size_t size = 0;
    *out = (mho_images){.count = 0};
    mho_status s = find_file(folder, train, 'x', path);
    if (s == MHO_OK)
        s = mhoi_file_read(path, MHOI_DATA_MAX, &bytes, &size);
    if (s == MHO_OK)
        s = mhoi_arrays_parse_x(path, bytes, size, out);
    mhoi_free(&bytes);
    if (s == MHO_OK)
        s = find_file(folder, train, 'y', path);
    if (s == MHO_OK)
        s = mhoi_file_read(path, MHOI_DATA_MAX, &bytes, &size);
    if (s == MHO_OK)
        s = mhoi_arrays_parse_y(path, bytes, size, out);
    mhoi_free(&bytes);
    if (s != MHO_OK)
        mho_images_free(out);
    return s;
}
