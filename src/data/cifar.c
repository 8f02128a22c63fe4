/* SPDX-License-Identifier: Apache-2.0 */
/* CIFAR-10 and CIFAR-100, binary version: records of a label byte (CIFAR-100: a coarse one, then the fine one, which is
 * taken) and the 32 x 32 planes red, green, blue. */
#include <string.h>

#include "base/alloc.h"
#include "base/file.h"
#include "data/data_impl.h"

#define PIXELS (3 * 32 * 32)

typedef struct cifar {
    size_t labels, classes; /* labels: bytes of a record; the last one is taken */
    size_t train_files;
    const char *train[5], *test;
} cifar;

static const cifar cifar10 = {
    1,
    10,
    5,
    {"data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5"},
    "test_batch"};
static const cifar cifar100 = {2, 100, 1, {"train"}, "test"};

/* MHO_ENODATA if it is missing. */
static mho_status find_file(const char *folder, const char *stem, char path[MHOI_PATH])
{
    for (size_t i = 0; i < 2; i++) {
        mho_status s = mhoi_path(path, "%s/%s.bin%s", folder, stem, i == 0 ? "" : ".gz");
        if (s != MHO_OK)
            return s;
        if (mhoi_file_exists(path))
            return MHO_OK;
    }
    return mho_error(MHO_ENODATA, "%s: no %s.bin[.gz]", folder, stem);
}

static size_t present(const cifar *c, const char *folder, bool train)
{
    char path[MHOI_PATH];
    size_t n = 0;
    for (size_t i = 0; train && i < c->train_files; i++)
        n += find_file(folder, c->train[i], path) == MHO_OK;
    return train ? n : (size_t)(find_file(folder, c->test, path) == MHO_OK);
}

size_t mhoi_cifar10_present(const char *folder, bool train)
{
    return present(&cifar10, folder, train);
}

size_t mhoi_cifar100_present(const char *folder, bool train)
{
    return present(&cifar100, folder, train);
}

static mho_status reserve(const cifar *c, size_t images, mho_images *out)
{
    *out = (mho_images){.shape = {3, 32, 32}, .classes = c->classes, .count = images};
    mho_status s = mhoi_alloc(&out->pixel, images, PIXELS, "CIFAR images");
    return s != MHO_OK ? s : mhoi_alloc(&out->label, images, sizeof *out->label, "CIFAR labels");
}

/* Splits the records of file `file` of `files` into labels and pixels; all files have as many as the first. */
static mho_status add_records(const cifar *c, const char *path, const char *bytes, size_t size,
                              size_t files, size_t file, mho_images *out)
{
    const size_t record = c->labels + PIXELS, records = size / record;
    if (records == 0 || size % record != 0)
        return mho_error(MHO_EFORMAT,
                         "%s: %zu bytes, want a multiple of %zu (label and 3 x 32 x 32 pixels)",
                         path, size, record);
    mho_status s = file == 0 ? reserve(c, records * files, out) : MHO_OK;
    if (s == MHO_OK && records * files != out->count)
        s = mho_error(MHO_EFORMAT, "%s: %zu records, the first file has %zu", path, records,
                      out->count / files);
    for (size_t i = 0; s == MHO_OK && i < records; i++) {
        const size_t at = file * records + i;
        const char *from = bytes + i * record;
        out->label[at] = (uint8_t)from[c->labels - 1];
        memcpy(out->pixel + at * PIXELS, from + c->labels, PIXELS);
        if (out->label[at] >= c->classes)
            s = mho_error(MHO_EFORMAT, "%s: label %zu is %u, want 0..%zu", path, i, out->label[at],
                          c->classes - 1);
    }
    return s;
}

static mho_status read_part(const cifar *c, const char *folder, bool train, mho_images *out)
{
    const size_t files = train ? c->train_files : 1;
    mho_status s = MHO_OK;
    *out = (mho_images){.count = 0};
    for (size_t i = 0; i < files && s == MHO_OK; i++) {
        char path[MHOI_PATH], *bytes = NULL;
        size_t size = 0;
        s = find_file(folder, train ? c->train[i] : c->test, path);
        if (s == MHO_OK)
            s = mhoi_file_read(path, MHOI_DATA_MAX, &bytes, &size);
        if (s == MHO_OK)
            s = add_records(c, path, bytes, size, files, i, out);
        mhoi_free(&bytes);
    }
    if (s != MHO_OK)
        mho_images_free(out);
    return s;
}

mho_status mhoi_cifar10_read(const char *folder, bool train, mho_images *out)
{
    return read_part(&cifar10, folder, train, out);
}

mho_status mhoi_cifar100_read(const char *folder, bool train, mho_images *out)
{
    return read_part(&cifar100, folder, train, out);
}

mho_status mhoi_cifar_parse(bool hundred, const char *path, const char *bytes, size_t size,
                            mho_images *out)
{
    *out = (mho_images){.count = 0};
    mho_status s = add_records(hundred ? &cifar100 : &cifar10, path, bytes, size, 1, 0, out);
    if (s != MHO_OK)
        mho_images_free(out);
    return s;
}
