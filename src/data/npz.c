/* SPDX-License-Identifier: Apache-2.0 */
/* NumPy archives: a zip file of .npy files, stored or deflated, found by the directory at its end. */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/file.h"
#include "data/data_impl.h"

#define END_BYTES ((size_t)22) /* the end of the directory, without its comment */
#define COMMENT_MAX ((size_t)65535)
#define ENTRY_BYTES ((size_t)46)
#define LOCAL_BYTES ((size_t)30)
#define ENTRY_RATIO ((size_t)1100) /* deflate makes at most so many bytes of one */

enum { STORED = 0, DEFLATED = 8 };

static size_t number(const char *at, size_t bytes)
{
    size_t value = 0;
    for (size_t k = bytes; k-- > 0;)
        value = value << 8 | (unsigned char)at[k];
    return value;
}

bool mhoi_npz_is(const char *where)
{
    const size_t n = strlen(where);
    return n > 4 && strcmp(where + n - 4, ".npz") == 0 && !strchr(where, ',') &&
           mhoi_file_exists(where);
}

/* Where the directory begins, and how many entries it has. */
static bool find_directory(const char *bytes, size_t size, size_t *at, size_t *entries)
{
    for (size_t back = END_BYTES; back <= size && back <= END_BYTES + COMMENT_MAX; back++) {
        const char *end = bytes + size - back;
        if (memcmp(end, "PK\5\6", 4) != 0)
            continue;
        *entries = number(end + 10, 2);
        *at = number(end + 16, 4);
        return *at <= size;
    }
    return false;
}

typedef struct entry {
    const char *data;
    size_t packed, size, method;
} entry;

/* The entry of that name, "x_test.npy". */
static bool find_entry(const char *bytes, size_t size, const char *name, entry *out)
{
    size_t at, entries;
    const size_t length = strlen(name);
    if (!find_directory(bytes, size, &at, &entries))
        return false;
    for (size_t i = 0; i < entries; i++) {
        if (size - at < ENTRY_BYTES || memcmp(bytes + at, "PK\1\2", 4) != 0)
            return false;
        const char *e = bytes + at;
        const size_t own = number(e + 28, 2), more = number(e + 30, 2) + number(e + 32, 2);
        if (size - at - ENTRY_BYTES < own + more)
            return false;
        at += ENTRY_BYTES + own + more;
        if (own != length || memcmp(e + ENTRY_BYTES, name, own) != 0)
            continue;
        const size_t local = number(e + 42, 4);
        *out = (entry){NULL, number(e + 20, 4), number(e + 24, 4), number(e + 10, 2)};
        if (local > size || size - local < LOCAL_BYTES || memcmp(bytes + local, "PK\3\4", 4) != 0)
            return false;
        const size_t skip =
            LOCAL_BYTES + number(bytes + local + 26, 2) + number(bytes + local + 28, 2);
        if (size - local < skip || size - local - skip < out->packed)
            return false;
        out->data = bytes + local + skip;
        return true;
    }
    return false;
}

/* Names of an array of a part.  A pair without a part is of test images. */
static bool find_array(const char *bytes, size_t size, bool train, char axis, entry *out)
{
    static const char *const names[2][2][6] = {
        {{"x_test", "x-test", "test_x", "test_images", "test_data", NULL},
         {"y_test", "y-test", "test_y", "test_labels", NULL, NULL}},
        {{"x_train", "x-train", "train_x", "train_images", "train_data", NULL},
         {"y_train", "y-train", "train_y", "train_labels", NULL, NULL}}};
    static const char *const pairs[2][7] = {{"x", "X", "images", "data", "features", "arr_0", NULL},
                                            {"y", "Y", "labels", "label", "target", "arr_1", NULL}};
    char name[64];
    const char *const *list = names[train][axis == 'y'];
    for (size_t k = 0; list[k]; k++) {
        (void)snprintf(name, sizeof name, "%s.npy", list[k]);
        if (find_entry(bytes, size, name, out))
            return true;
    }
    for (size_t k = 0; !train && pairs[axis == 'y'][k]; k++) {
        (void)snprintf(name, sizeof name, "%s.npy", pairs[axis == 'y'][k]);
        if (find_entry(bytes, size, name, out))
            return true;
    }
    return false;
}

/* The bytes of an entry: *made what is to be freed, NULL where they lie in the file. */
static mho_status unpack(const char *path, const entry *e, const char **bytes, char **made)
{
    *made = NULL;
    *bytes = e->data;
    if (e->method == STORED)
        return e->size == e->packed ? MHO_OK : mho_error(MHO_EFORMAT, "%s: damaged archive", path);
    if (e->method != DEFLATED)
        return mho_error(MHO_ENOTMODELED,
                         "%s: packed by method %zu of zip, want stored or deflated", path,
                         e->method);
    if (e->size / ENTRY_RATIO > e->packed)
        return mho_error(MHO_EFORMAT, "%s: damaged archive", path);
    mho_status s = mhoi_alloc(made, e->size, 1, path);
    if (s == MHO_OK)
        s = mhoi_inflate(path, e->data, e->packed, *made, e->size);
    *bytes = *made;
    if (s != MHO_OK)
        mhoi_free(made);
    return s;
}

mho_status mhoi_npz_parse(const char *path, const char *bytes, size_t size, bool train,
                          mho_images *out)
{
    entry e[2];
    const char *data;
    char *made;
    *out = (mho_images){.count = 0};
    for (size_t k = 0; k < 2; k++)
        if (!find_array(bytes, size, train, k ? 'y' : 'x', &e[k]))
            return mho_error(
                MHO_ENODATA,
                "%s: no array of %s %s (looked for %c_%s, %s_%s%s), or a damaged archive", path,
                train ? "train" : "test", k ? "labels" : "images", k ? 'y' : 'x',
                train ? "train" : "test", train ? "train" : "test", k ? "labels" : "images",
                train ? ""
                : k   ? ", y, labels"
                      : ", x, images");
    mho_status s = unpack(path, &e[0], &data, &made);
    if (s == MHO_OK)
        s = mhoi_arrays_parse_x(path, data, e[0].size, out);
    mhoi_free(&made);
    if (s == MHO_OK)
        s = unpack(path, &e[1], &data, &made);
    if (s == MHO_OK) {
        s = mhoi_arrays_parse_y(path, data, e[1].size, out);
        mhoi_free(&made);
    }
    if (s != MHO_OK)
        mho_images_free(out);
    return s;
}

size_t mhoi_npz_present(const char *path, bool train)
{
    char *bytes = NULL;
    size_t size = 0, count = 0;
    entry e;
    if (mhoi_file_read(path, MHOI_DATA_MAX, &bytes, &size) == MHO_OK)
        count = (size_t)find_array(bytes, size, train, 'x', &e) +
                (size_t)find_array(bytes, size, train, 'y', &e);
    mhoi_free(&bytes);
    return count;
}

mho_status mhoi_npz_read(const char *path, bool train, mho_images *out)
{
    char *bytes = NULL;
    size_t size = 0;
    *out = (mho_images){.count = 0};
    mho_status s = mhoi_file_read(path, MHOI_DATA_MAX, &bytes, &size);
    if (s == MHO_OK)
        s = mhoi_npz_parse(path, bytes, size, train, out);
    mhoi_free(&bytes);
    return s;
}
