/* SPDX-License-Identifier: Apache-2.0 */
/* Data sets as NumPy files: x_train.npy, y_train.npy, x_test.npy, y_test.npy in a folder (also train_x.npy, and with - for _);
 * or named one by one, "x.npy,y.npy"; or all of them in one file, NAME.npz (npz.c).  array_images.c tells what the elements are. */
#include <string.h>

#include "base/alloc.h"
#include "base/file.h"
#include "data/data_impl.h"

#define LIST_MAX 4 /* files of a list: x and y of the test part, or of train and test */

static size_t list_count(const char *where)
{
    size_t n = 1;
    for (const char *p = where; *p; p++)
        n += *p == ',';
    return n;
}

bool mhoi_arrays_is_list(const char *where)
{
    return strstr(where, ".npy,") != NULL;
}

/* File i of the list, counted from 0. */
static mho_status list_item(const char *where, size_t i, char path[MHOI_PATH])
{
    for (; i; i--)
        where = strchr(where, ',') + 1;
    return mhoi_path(path, "%.*s", (int)strcspn(where, ","), where);
}

mho_status mhoi_arrays_check_list(const char *where)
{
    const size_t n = list_count(where);
    char path[MHOI_PATH];
    if (n != 2 && n != LIST_MAX)
        return mho_error(MHO_EUSAGE,
                         "%s: %zu files, want x.npy,y.npy of the test images, or "
                         "x.npy,y.npy,x.npy,y.npy: of train, then of test images",
                         where, n);
    mho_status s = MHO_OK;
    for (size_t i = 0; s == MHO_OK && i < n; i++) {
        s = list_item(where, i, path);
        if (s == MHO_OK && !mhoi_file_exists(path))
            s = mho_error(MHO_ENODATA, "%s: no such file", path);
    }
    return s;
}

static mho_status find_listed(const char *where, bool train, char axis, char path[MHOI_PATH])
{
    const size_t n = list_count(where), y = axis == 'y';
    if (n < LIST_MAX && train)
        return mho_error(MHO_ENODATA, "%s: no training images", where);
    return list_item(where, (n == LIST_MAX && !train ? 2 : 0) + y, path);
}

static mho_status find_file(const char *where, bool train, char axis, char path[MHOI_PATH])
{
    static const char join[2] = {'_', '-'};
    const char *part = train ? "train" : "test";
    if (mhoi_arrays_is_list(where))
        return find_listed(where, train, axis, path);
    for (size_t i = 0; i < 4; i++) {
        const char between = join[i % 2];
        mho_status s = i < 2 ? mhoi_path(path, "%s/%c%c%s.npy", where, axis, between, part)
                             : mhoi_path(path, "%s/%s%c%c.npy", where, part, between, axis);
        if (s != MHO_OK || mhoi_file_exists(path))
            return s;
    }
    return mho_error(MHO_ENODATA, "%s: no %c_%s.npy (nor %s_%c.npy, nor either with a -)", where,
                     axis, part, part, axis);
}

size_t mhoi_arrays_present(const char *where, bool train)
{
    char path[MHOI_PATH];
    if (mhoi_npz_is(where))
        return mhoi_npz_present(where, train);
    return (size_t)(find_file(where, train, 'x', path) == MHO_OK) +
           (find_file(where, train, 'y', path) == MHO_OK);
}

mho_status mhoi_arrays_parse_x(const char *path, const char *bytes, size_t size, mho_images *out)
{
    mhoi_npy x;
    *out = (mho_images){.count = 0};
    mho_status s = mhoi_npy_parse(bytes, size, path, &x);
    return s == MHO_OK ? mhoi_images_of(&x, path, false, out) : s;
}

mho_status mhoi_arrays_parse_y(const char *path, const char *bytes, size_t size, mho_images *into)
{
    mhoi_npy y;
    mho_status s = mhoi_npy_parse(bytes, size, path, &y);
    return s == MHO_OK ? mhoi_labels_of(&y, path, into) : s;
}

mho_status mhoi_arrays_read(const char *where, bool train, mho_images *out)
{
    char path[MHOI_PATH], *bytes = NULL;
    size_t size = 0;
    *out = (mho_images){.count = 0};
    if (mhoi_npz_is(where))
        return mhoi_npz_read(where, train, out);
    mho_status s = find_file(where, train, 'x', path);
    if (s == MHO_OK)
        s = mhoi_file_read(path, MHOI_DATA_MAX, &bytes, &size);
    if (s == MHO_OK)
        s = mhoi_arrays_parse_x(path, bytes, size, out);
    mhoi_free(&bytes);
    if (s == MHO_OK)
        s = find_file(where, train, 'y', path);
    if (s == MHO_OK)
        s = mhoi_file_read(path, MHOI_DATA_MAX, &bytes, &size);
    if (s == MHO_OK)
        s = mhoi_arrays_parse_y(path, bytes, size, out);
    mhoi_free(&bytes);
    if (s != MHO_OK)
        mho_images_free(out);
    return s;
}
