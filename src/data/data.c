/* SPDX-License-Identifier: Apache-2.0 */
/* Where data sets are looked for, and which one a folder holds. */
#include <stdarg.h>
#include <stdint.h>
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
    size_t train_files, test_files;
    size_t (*present)(const char *folder, bool train);
    mho_status (*read)(const char *folder, bool train, mho_images *out); /* NULL: by most */
    mho_status (*read_most)(const char *folder, bool train, size_t most, mho_images *out);
} source;

static const source sources[] = {
    {"mnist", 2, 2, mhoi_mnist_present, NULL, mhoi_mnist_read},
    {"cifar10", 5, 1, mhoi_cifar10_present, mhoi_cifar10_read, NULL},
    {"cifar100", 1, 1, mhoi_cifar100_present, mhoi_cifar100_read, NULL},
    {"arrays", 2, 2, mhoi_arrays_present, mhoi_arrays_read, NULL},
    {"pictures", 1, 1, mhoi_pictures_present, NULL, mhoi_pictures_read},
    {"idx", 2, 2, NULL, NULL, mhoi_mnist_read}, /* files named as those of MNIST, of other images */
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
    if (!images->borrowed) {
        mhoi_free(&images->pixel);
        mhoi_free(&images->value);
    }
    if (!images->borrowed_label)
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

/* Takes the folder if it has files of the source. */
static mho_status try_source(mho_data *data, const source *kind, const char *folder)
{
    if (mhoi_npz_is(folder) && kind->present != mhoi_arrays_present)
        return MHO_OK;
    if (!kind->present)
        return MHO_OK;
    const size_t train = kind->present(folder, true), test = kind->present(folder, false);
    if (train + test == 0)
        return MHO_OK;
    data->has_train = train == kind->train_files;
    data->has_test = test == kind->test_files;
    const bool other = kind == &sources[0] && !mhoi_mnist_is_mnist(folder);
    return set_place(data, other ? "idx" : kind->name, folder);
}

static mho_status try_folder(mho_data *data, const char *folder)
{
    mho_status s = MHO_OK;
    for (size_t i = 0; i < SOURCES && s == MHO_OK && data->name[0] == 0; i++)
        s = try_source(data, &sources[i], folder);
    return s;
}

static mho_status nothing_there(const char *where)
{
    return mho_error(
        MHO_ENODATA,
        "%s: no data set here; looked for MNIST and other IDX files (train-images-idx3-ubyte, "
        "train-labels-idx1-ubyte, t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte; also with .idx "
        "or "
        ".gz) here and in mnist/, for CIFAR-10 (data_batch_1.bin to data_batch_5.bin, "
        "test_batch.bin) and CIFAR-100 (train.bin, test.bin; also with .gz), and for arrays "
        "(x_train.npy, y_train.npy, x_test.npy, y_test.npy), and for pictures "
        "(train/CLASS/FILE.png, "
        "test/CLASS/FILE.png; also .jpg, .pgm, .ppm)",
        where);
}

/* A folder the user named: it holds the files, or it holds mnist/; or the files themselves. */
static mho_status find_place(mho_data *data, const char *where)
{
    char inner[MHOI_PATH];
    struct stat state;
    if (mhoi_arrays_is_list(where)) {
        mho_status listed = mhoi_arrays_check_list(where);
        return listed != MHO_OK ? listed : try_folder(data, where);
    }
    if (mhoi_npz_is(where)) {
        mho_status packed = try_folder(data, where);
        return packed == MHO_OK && !data->name[0]
                   ? mho_error(MHO_ENODATA,
                               "%s: no arrays x_train, y_train, x_test, y_test (nor x, y) in it",
                               where)
                   : packed;
    }
    if (stat(where, &state) != 0)
        return mho_error(
            MHO_ENODATA,
            "%s: no such folder, nor a name that is remembered; name a folder with data files, or "
            "`" SYNTHETIC "`",
            where);
    if (!S_ISDIR(state.st_mode))
        return mho_error(MHO_ENODATA, "%s: not a folder; name the one that holds the data files",
                         where);
    mho_status s = mhoi_path(inner, "%s/mnist", where);
    if (s == MHO_OK)
        s = try_folder(data, where);
    if (s == MHO_OK && data->name[0] == 0)
        s = try_folder(data, inner);
    return s == MHO_OK && data->name[0] == 0 ? nothing_there(where) : s;
}

/* A name that is remembered, unless a folder has it as well: which of the two was meant, nobody knows. */
static mho_status find_named(mho_data *data, const char *where)
{
    char place[sizeof data->place] = "";
    struct stat state;
    mho_status s = strchr(where, '/') ? MHO_OK : mhoi_remembered(where, place);
    if (s == MHO_OK && place[0] && stat(where, &state) == 0)
        s = mho_error(
            MHO_EDOMAIN,
            "%s: a folder here, and the name remembered for %s: write ./%s or the whole path",
            where, place, where);
    if (s != MHO_OK || !place[0])
        return s != MHO_OK ? s : find_place(data, where);
    s = find_place(data, place);
    return s != MHO_OK ? mho_error_prefix(s, "%s", where) : MHO_OK;
}

/* What $MHO_DATA names, which must be there: other data would mean another model as well; else ~/.cache/mho/mnist, if it is
 * complete; else the name stays empty. */
static mho_status find_default(mho_data *data)
{
    char folder[MHOI_PATH];
    const char *root = getenv("MHO_DATA");
    if (root != NULL && root[0] != 0) {
        mho_status named = find_named(data, root);
        return named != MHO_OK ? mho_error_prefix(named, "MHO_DATA") : MHO_OK;
    }
    mho_status s = MHO_OK;
    if (mhoi_cache_folder(folder, "mnist") == MHO_OK)
        s = try_folder(data, folder);
    if (s == MHO_OK && !(data->has_train && data->has_test))
        data->name[0] = data->place[0] = 0;
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
        data->has_train = data->has_test = true;
        s = set_place(data, SYNTHETIC, place);
    }
    return s;
}

/* The whole part of files; of IDX files, pictures and synthetic digits the first `most`, or all there are. */
static mho_status read_part(const mho_data *data, bool train, size_t most, mho_images *out)
{
    const size_t all = train ? MHO_DIGITS_TRAIN : MHO_DIGITS_TEST;
    for (size_t i = 0; i < SOURCES; i++)
        if (strcmp(data->name, sources[i].name) == 0)
            return sources[i].read ? sources[i].read(data->place, train, out)
                                   : sources[i].read_most(data->place, train, most, out);
    return mho_digits_generate(MHO_DIGITS_SEED, train ? 0 : MHO_DIGITS_TRAIN,
                               most < all ? most : all, out);
}

static mho_status check_parts(const mho_data *data)
{
    const mho_shape *a = &data->train.shape, *b = &data->test.shape;
    if (data->train.count == 0 || data->test.count == 0)
        return MHO_OK;
    if (a->c != b->c || a->h != b->h || a->w != b->w)
        return mho_error(MHO_EFORMAT,
                         "%s: train images of %zu x %zu x %zu, test images of %zu x %zu x "
                         "%zu pixels",
                         data->place, a->c, a->h, a->w, b->c, b->h, b->w);
    if (!data->train.pixel != !data->test.pixel)
        return mho_error(MHO_EFORMAT,
                         "%s: %s images are bytes 0..255, %s images other numbers: want the same",
                         data->place, data->train.pixel ? "train" : "test",
                         data->train.pixel ? "test" : "train");
    return MHO_OK;
}

/* Both parts have the classes of either. */
static void join_classes(mho_data *data)
{
    mho_images *a = &data->train, *b = &data->test;
    const size_t most = a->classes > b->classes ? a->classes : b->classes;
    a->classes = a->count ? most : 0;
    b->classes = b->count ? most : 0;
}

mho_status mhoi_data_join(mho_data *data)
{
    mho_status s = check_parts(data);
    if (s == MHO_OK)
        join_classes(data);
    return s;
}

static mho_status open_parts(const char *where, bool train, bool test, size_t most_test,
                             mho_data **out)
{
    mho_data *data;
    *out = NULL;
    mho_status s = mhoi_alloc(&data, 1, sizeof *data, "data set");
    if (s != MHO_OK)
        return s;
    s = find(data, where);
    if (s == MHO_OK && train)
        s = read_part(data, true, SIZE_MAX, &data->train);
    if (s == MHO_OK && test)
        s = read_part(data, false, most_test, &data->test);
    if (s == MHO_OK)
        s = mhoi_data_join(data);
    if (s != MHO_OK)
        goto fail;
    *out = data;
    return MHO_OK;
fail:
    mho_data_destroy(data);
    return s;
}

mho_status mho_data_open(const char *where, bool train, bool test, mho_data **out)
{
    return open_parts(where, train, test, SIZE_MAX, out);
}

mho_status mho_data_open_test(const char *where, size_t most, mho_data **out)
{
    return open_parts(where, false, true, most ? most : SIZE_MAX, out);
}

/* Copies the first `count` of `from`. */
static mho_status copy_head(const mho_images *from, size_t count, mho_images *out)
{
    const size_t each = from->shape.c * from->shape.h * from->shape.w;
    *out = (mho_images){.shape = from->shape, .count = count, .classes = from->classes};
    mho_status s = mhoi_alloc(&out->label, count, sizeof *out->label, "labels of the first images");
    if (s == MHO_OK && from->value)
        s = mhoi_alloc(&out->value, count, each * sizeof *out->value, "first images");
    if (s == MHO_OK && !from->value)
        s = mhoi_alloc(&out->pixel, count, each, "first images");
    if (s != MHO_OK) {
        mho_images_free(out);
        return s;
    }
    if (count > 0 && from->value)
        memcpy(out->value, from->value, count * each * sizeof *out->value);
    else if (count > 0)
        memcpy(out->pixel, from->pixel, count * each);
    if (count > 0)
        memcpy(out->label, from->label, count * sizeof *out->label);
    return MHO_OK;
}

/* What is read besides must be of the kind of what is there. */
static mho_status check_kind(const mho_data *data, bool train, const mho_images *whole)
{
    mho_data both = *data;
    *(train ? &both.train : &both.test) = *whole;
    return check_parts(&both);
}

/* The first `count` of a part, read now if they are not there. */
static mho_status head_of(const mho_data *data, bool train, size_t count, mho_images *out)
{
    const mho_images *there = train ? &data->train : &data->test;
    const bool read = !data->in_memory && (there->count == 0 || there->count < count);
    mho_images whole = *there;
    mho_status s = read ? read_part(data, train, count, &whole) : MHO_OK;
    if (s == MHO_OK && count > whole.count)
        s = mho_error(MHO_EDOMAIN, "%s: the first %zu of %zu %s images", data->place, count,
                      whole.count, train ? "train" : "test");
    if (s == MHO_OK && read)
        s = check_kind(data, train, &whole);
    if (s == MHO_OK)
        s = copy_head(&whole, count, out);
    if (read)
        mho_images_free(&whole);
    return s;
}

mho_status mho_data_head(const mho_data *data, size_t count, mho_images *out)
{
    memset(out, 0, sizeof *out);
    if (!data->has_train && count > 0 && data->test.count > 0)
        return mho_error(
            MHO_ENODATA,
            "%s: no training images to calibrate on; the test images are taken only where "
            "calibration is told to be on test",
            data->place);
    return head_of(data, true, count, out);
}

mho_status mho_data_head_of_test(const mho_data *data, size_t count, mho_images *out)
{
    memset(out, 0, sizeof *out);
    return head_of(data, false, count, out);
}
