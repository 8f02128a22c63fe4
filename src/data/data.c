/* SPDX-License-Identifier: Apache-2.0 */
/* Where data sets are looked for, and which one a folder holds. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "data/data_impl.h"

#define SYNTHETIC "synthetic"

/* One kind of data set: what its folder is told by, and how a part is read. */
typedef struct source {
    const char *name;
    size_t files;
    size_t (*present)(const char *folder);
    mho_status (*read)(const char *folder, bool train, mho_images *out);
} source;

static const source sources[] = {
    {"mnist", MHOI_MNIST_FILES, mhoi_mnist_present, mhoi_mnist_read},
    {"cifar10", MHOI_CIFAR_FILES, mhoi_cifar_present, mhoi_cifar_read},
};
#define SOURCES (sizeof sources / sizeof *sources)

mho_status mhoi_path(char path[MHOI_PATH], const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(path, MHOI_PATH, format, arguments);
    va_end(arguments);
    if (length < 0 || length >= MHOI_PATH)
        return mho_error(MHO_EDOMAIN, "%.60s...: a path of %d bytes, want at most %d", path, length,
                         MHOI_PATH - 1);
    return MHO_OK;
}

void mho_images_free(mho_images *images)
{
    if (images == NULL)
        return;
    mhoi_free(&images->pixel);
    mhoi_free(&images->label);
    memset(images, 0, sizeof *images);
}

void mho_data_destroy(mho_data *data)
{
    if (data == NULL)
        return;
    mho_images_free(&data->train);
    mho_images_free(&data->test);
    mhoi_free(&data);
}

static mho_status set_place(mho_data *data, const char *name, const char *place)
{
    if (strlen(place) >= sizeof data->place)
        return mho_error(MHO_EDOMAIN, "%.60s...: a folder name of %zu bytes, want at most %zu",
                         place, strlen(place), sizeof data->place - 1);
    snprintf(data->name, sizeof data->name, "%s", name);
    snprintf(data->place, sizeof data->place, "%s", place);
    return MHO_OK;
}

/* Takes the folder if it has at least `least` files of the source (0: all of them). */
static mho_status try_folder(mho_data *data, const source *kind, const char *folder, size_t least)
{
    size_t present = kind->present(folder);
    if (present == 0 || present < (least == 0 ? kind->files : least))
        return MHO_OK;
    return set_place(data, kind->name, folder);
}

/* A folder the user named: it holds the files, or it holds mnist/. */
static mho_status find_named(mho_data *data, const char *where)
{
    char inner[MHOI_PATH];
    struct stat state;
    if (stat(where, &state) != 0)
        return mho_error(MHO_ENODATA,
                         "%s: no such folder; name one with MNIST or CIFAR-10 files, or "
                         "`" SYNTHETIC "`",
                         where);
    if (!S_ISDIR(state.st_mode))
        return mho_error(MHO_ENODATA, "%s: not a folder; name the one that holds the data files",
                         where);
    mho_status s = mhoi_path(inner, "%s/mnist", where);
    for (size_t i = 0; i < SOURCES && s == MHO_OK && data->name[0] == 0; i++)
        s = try_folder(data, &sources[i], where, 1);
    if (s == MHO_OK && data->name[0] == 0)
        s = try_folder(data, &sources[0], inner, 1);
    if (s == MHO_OK && data->name[0] == 0)
        s = mho_error(
            MHO_ENODATA,
            "%s: no data set here; looked for MNIST (train-images-idx3-ubyte, "
            "train-labels-idx1-ubyte, t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte; also "
            "with .idx or .gz) here and in mnist/, and for CIFAR-10 (data_batch_1.bin to "
            "data_batch_5.bin, test_batch.bin; also with .gz)",
            where);
    return s;
}

/* $MHO_DATA/mnist, then ~/.cache/mho/mnist; the name stays empty if neither is complete. */
static mho_status find_default(mho_data *data)
{
    char folder[MHOI_PATH];
    const char *root = getenv("MHO_DATA");
    mho_status s = MHO_OK;
    if (root != NULL && root[0] != 0) {
        s = mhoi_path(folder, "%s/mnist", root);
        if (s == MHO_OK)
            s = try_folder(data, &sources[0], folder, 0);
    }
    if (s == MHO_OK && data->name[0] == 0 && mhoi_cache_folder(folder, "mnist") == MHO_OK)
        s = try_folder(data, &sources[0], folder, 0);
    return s;
}

static mho_status find(mho_data *data, const char *where)
{
    mho_status s = MHO_OK;
    if (where == NULL)
        s = find_default(data);
    else if (strcmp(where, SYNTHETIC) != 0)
        s = find_named(data, where);
    if (s == MHO_OK && data->name[0] == 0) {
        char place[64];
        snprintf(place, sizeof place, "generated from seed %d", MHO_DIGITS_SEED);
        s = set_place(data, SYNTHETIC, place);
    }
    return s;
}

static mho_status read_part(const mho_data *data, bool train, mho_images *out)
{
    for (size_t i = 0; i < SOURCES; i++)
        if (strcmp(data->name, sources[i].name) == 0)
            return sources[i].read(data->place, train, out);
    return mho_digits_generate(MHO_DIGITS_SEED, train ? 0 : MHO_DIGITS_TRAIN,
                               train ? MHO_DIGITS_TRAIN : MHO_DIGITS_TEST, out);
}

static mho_status check_shapes(const mho_data *data)
{
    const mho_shape *a = &data->train.shape, *b = &data->test.shape;
    if (data->train.count == 0 || data->test.count == 0)
        return MHO_OK;
    if (a->c != b->c || a->h != b->h || a->w != b->w)
        return mho_error(MHO_EFORMAT,
                         "%s: train images of %zu x %zu x %zu, test images of %zu x %zu x "
                         "%zu pixels",
                         data->place, a->c, a->h, a->w, b->c, b->h, b->w);
    return MHO_OK;
}

mho_status mho_data_open(const char *where, bool train, bool test, mho_data **out)
{
    mho_data *data;
    *out = NULL;
    mho_status s = mhoi_alloc(&data, 1, sizeof *data, "data set");
    if (s != MHO_OK)
        return s;
    s = find(data, where);
    if (s == MHO_OK && train)
        s = read_part(data, true, &data->train);
    if (s == MHO_OK && test)
        s = read_part(data, false, &data->test);
    if (s == MHO_OK)
        s = check_shapes(data);
    if (s != MHO_OK)
        goto fail;
    *out = data;
    return MHO_OK;
fail:
    mho_data_destroy(data);
    return s;
}

/* Copies the first `count` of `from`. */
static mho_status copy_head(const mho_images *from, size_t count, mho_images *out)
{
    size_t size = from->shape.c * from->shape.h * from->shape.w;
    *out = (mho_images){.shape = from->shape, .count = count, .classes = from->classes};
    mho_status s = mhoi_alloc(&out->pixel, count, size, "first images");
    if (s == MHO_OK)
        s = mhoi_alloc(&out->label, count, sizeof *out->label, "labels of the first images");
    if (s != MHO_OK) {
        mho_images_free(out);
        return s;
    }
    if (count > 0) {
        memcpy(out->pixel, from->pixel, count * size);
        memcpy(out->label, from->label, count * sizeof *out->label);
    }
    return MHO_OK;
}

mho_status mho_data_head(const mho_data *data, size_t count, mho_images *out)
{
    memset(out, 0, sizeof *out);
    if (data->train.count == 0 && strcmp(data->name, SYNTHETIC) == 0 && count <= MHO_DIGITS_TRAIN)
        return mho_digits_generate(MHO_DIGITS_SEED, 0, count, out);
    mho_images whole = data->train;
    mho_status s = data->train.count > 0 ? MHO_OK : read_part(data, true, &whole);
    if (s == MHO_OK && count > whole.count)
        s = mho_error(MHO_EDOMAIN, "%s: the first %zu of %zu train images", data->place, count,
                      whole.count);
    if (s == MHO_OK)
        s = copy_head(&whole, count, out);
    if (data->train.count == 0)
        mho_images_free(&whole);
    return s;
}
