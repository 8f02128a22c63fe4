/* SPDX-License-Identifier: Apache-2.0 */
/* MNIST: four IDX files, found under any of the names they go by. */
#include <string.h>

#include "base/file.h"
#include "base/hash.h"
#include "data/data_impl.h"

/* The published files; sums of SHA-256 over the .gz. */
const mhoi_mnist_file mhoi_mnist_files[MHOI_MNIST_FILES] = {
    {"train-images", "idx3", 9912422,
     "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"},
    {"train-labels", "idx1", 28881,
     "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"},
    {"t10k-images", "idx3", 1648877,
     "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"},
    {"t10k-labels", "idx1", 4542,
     "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"},
};

/* *path = the first name that exists; MHO_ENODATA if none does. */
static mho_status find_file(const char *folder, const mhoi_mnist_file *file, char path[MHOI_PATH])
{
    static const char *const join[2] = {"-", "."}, *const end[2] = {"", ".gz"};
    for (size_t i = 0; i < 4; i++) {
        mho_status s = mhoi_path(path, "%s/%s%s%s-ubyte%s", folder, file->stem, join[i / 2],
                                 file->rank, end[i % 2]);
        if (s != MHO_OK)
            return s;
        if (mhoi_file_exists(path))
            return MHO_OK;
    }
    return mho_error(MHO_ENODATA, "%s: no %s-%s-ubyte[.gz] (nor %s.%s-ubyte[.gz])", folder,
                     file->stem, file->rank, file->stem, file->rank);
}

size_t mhoi_mnist_present(const char *folder, bool train)
{
    size_t present = 0;
    char path[MHOI_PATH];
    for (size_t i = 0; i < 2; i++)
        present += find_file(folder, &mhoi_mnist_files[(train ? 0 : 2) + i], path) == MHO_OK;
    return present;
}

enum { PIXELS = 28 * 28, LABELS = 16 };

/* By the first image of the part, which is 28 x 28. */
static bool image_is(const char *folder, size_t part)
{
    static const uint64_t first[2] = {UINT64_C(0x4835811aa7e49e10), UINT64_C(0x34911e12542ca507)};
    static const uint8_t sides[8] = {0, 0, 0, 28, 0, 0, 0, 28};
    uint8_t head[16 + PIXELS];
    char path[MHOI_PATH];
    if (find_file(folder, &mhoi_mnist_files[2 * part], path) != MHO_OK)
        return true;
    const size_t size = mhoi_file_head(path, head, sizeof head);
    if (size < 16)
        return true; /* reading it will tell what is wrong */
    return head[3] == 3 && !memcmp(head + 8, sides, sizeof sides) &&
           (size < sizeof head || mhoi_fnv1a(MHOI_HASH_START, head + 16, PIXELS) == first[part]);
}

/* By its first labels. */
static bool labels_are(const char *folder, size_t part)
{
    static const uint8_t first[2][LABELS] = {{5, 0, 4, 1, 9, 2, 1, 3, 1, 4, 3, 5, 3, 6, 1, 7},
                                             {7, 2, 1, 0, 4, 1, 4, 9, 5, 9, 0, 6, 9, 0, 1, 5}};
    uint8_t head[8 + LABELS];
    char path[MHOI_PATH];
    if (find_file(folder, &mhoi_mnist_files[2 * part + 1], path) != MHO_OK)
        return true;
    const size_t size = mhoi_file_head(path, head, sizeof head);
    return size <= 8 || !memcmp(head + 8, first[part], size - 8);
}

/* Fashion-MNIST and others have the same names, shapes and classes. */
bool mhoi_mnist_is_mnist(const char *folder)
{
    return image_is(folder, 0) && image_is(folder, 1) && labels_are(folder, 0) &&
           labels_are(folder, 1);
}

/* All labels are read: they tell the classes. */
mho_status mhoi_mnist_read(const char *folder, bool train, size_t most, mho_images *out)
{
    size_t all = 0;
    const mhoi_mnist_file *file = &mhoi_mnist_files[train ? 0 : 2];
    char images[MHOI_PATH], labels[MHOI_PATH];
    *out = (mho_images){.count = 0};
    mho_status s = find_file(folder, &file[0], images);
    if (s == MHO_OK)
        s = find_file(folder, &file[1], labels);
    if (s == MHO_OK)
        s = mhoi_idx_read_first(images, most, out, &all);
    const size_t count = out->count;
    out->count = all;
    if (s == MHO_OK)
        s = mho_idx_read_labels(labels, out);
    out->count = count;
    if (s != MHO_OK)
        mho_images_free(out);
    return s;
}
