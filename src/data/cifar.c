/* SPDX-License-Identifier: Apache-2.0 */
/* CIFAR-10, binary version: records of a label byte and the 32 x 32 planes red, green, blue. */
#include <string.h>

#include "base/alloc.h"
#include "base/file.h"
#include "data/data_impl.h"

#define PIXELS (3 * 32 * 32)
#define RECORD (1 + PIXELS)
#define TRAIN_FILES 5

/* File `index` of 0..5, the last one the test images; MHO_ENODATA if it is missing. */
static mho_status find_file(const char *folder, size_t index, char path[MHOI_PATH])
{
    static const char *const stem[MHOI_CIFAR_FILES] = {"data_batch_1", "data_batch_2",
                                                       "data_batch_3", "data_batch_4",
                                                       "data_batch_5", "test_batch"};
    for (size_t i = 0; i < 2; i++) {
        mho_status s = mhoi_path(path, "%s/%s.bin%s", folder, stem[index], i == 0 ? "" : ".gz");
        if (s != MHO_OK)
            return s;
        if (mhoi_file_exists(path))
            return MHO_OK;
    }
    return mho_error(MHO_ENODATA, "%s: no %s.bin[.gz]", folder, stem[index]);
}

size_t mhoi_cifar_present(const char *folder)
{
    size_t present = 0;
    char path[MHOI_PATH];
    for (size_t i = 0; i < MHOI_CIFAR_FILES; i++)
        present += find_file(folder, i, path) == MHO_OK;
    return present;
}

/* Splits the records of one file into labels and pixels, as images block.. of out. */
static mho_status add_records(const char *path, const char *bytes, size_t size, size_t files,
                              size_t file, mho_images *out)
{
    size_t records = size / RECORD;
    if (records == 0 || size % RECORD != 0)
        return mho_error(MHO_EFORMAT,
                         "%s: %zu bytes, want a multiple of %d (label and 3 x 32 x 32 pixels)",
                         path, size, RECORD);
    if (file == 0) {
        out->count = records * files;
        mho_status s = mhoi_alloc(&out->pixel, out->count, PIXELS, "CIFAR-10 images");
        if (s == MHO_OK)
            s = mhoi_alloc(&out->label, out->count, sizeof *out->label, "CIFAR-10 labels");
        if (s != MHO_OK)
            return s;
    }
    if (records * files != out->count)
        return mho_error(MHO_EFORMAT, "%s: %zu records, the first file has %zu", path, records,
                         out->count / files);
    mho_images part = {.count = records};
    part.label = out->label + file * records;
    for (size_t i = 0; i < records; i++) {
        part.label[i] = (uint8_t)bytes[i * RECORD];
        if (part.label[i] >= out->classes)
            return mho_error(MHO_EFORMAT, "%s: label %zu is %u, want 0..%zu", path, i,
                             part.label[i], out->classes - 1);
        memcpy(out->pixel + (file * records + i) * PIXELS, bytes + i * RECORD + 1, PIXELS);
    }
    return MHO_OK;
}

mho_status mhoi_cifar_read(const char *folder, bool train, mho_images *out)
{
    size_t first = train ? 0 : TRAIN_FILES, files = train ? TRAIN_FILES : 1;
    *out = (mho_images){.shape = {3, 32, 32}, .classes = 10};
    mho_status s = MHO_OK;
    for (size_t i = 0; i < files && s == MHO_OK; i++) {
        char path[MHOI_PATH], *bytes = NULL;
        size_t size = 0;
        s = find_file(folder, first + i, path);
        if (s == MHO_OK)
            s = mhoi_file_read(path, MHOI_DATA_MAX, &bytes, &size);
        if (s == MHO_OK)
            s = add_records(path, bytes, size, files, i, out);
        mhoi_free(&bytes);
    }
    if (s != MHO_OK)
        mho_images_free(out);
    return s;
}
