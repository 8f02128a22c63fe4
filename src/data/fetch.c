/* SPDX-License-Identifier: Apache-2.0 */
/* Downloads data sets into the cache.  A file is written only when it is whole and its SHA-256 sum is
 * right; files that are already there and right are kept, so an interrupted fetch goes on. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/file.h"
#include "data/data_impl.h"

#define MNIST_MIRROR "https://ossci-datasets.s3.amazonaws.com/mnist/"

mho_status mhoi_cache_folder(char path[MHOI_PATH], const char *name)
{
    const char *home = getenv("HOME");
    if (home == NULL || home[0] == 0)
        return mho_error(MHO_EFILE, "HOME is not set, so there is no ~/.cache/mho/%s", name);
    return mhoi_path(path, "%s/.cache/mho/%s", home, name);
}

mho_status mhoi_make_folders(const char *path)
{
    char part[MHOI_PATH];
    size_t length = strlen(path);
    for (size_t i = 1; i <= length; i++) {
        if (path[i] != '/' && path[i] != 0)
            continue;
        memcpy(part, path, i);
        part[i] = 0;
        if (mkdir(part, 0777) != 0 && errno != EEXIST)
            return mho_error(MHO_EFILE, "%s: cannot make the folder: %s", part, strerror(errno));
    }
    return MHO_OK;
}

static bool is_fetched(const char *path, const mhoi_mnist_file *file)
{
    char sum[MHOI_SHA256_TEXT];
    return mhoi_sha256_file(path, sum) && strcmp(sum, file->sha256) == 0;
}

static mho_status fetch_file(const char *folder, const char *mirror, const mhoi_mnist_file *file,
                             size_t done, size_t total)
{
    char path[MHOI_PATH], url[MHOI_PATH], sum[MHOI_SHA256_TEXT], *bytes = NULL;
    size_t size = 0, length = strlen(mirror);
    const char *slash = length > 0 && mirror[length - 1] == '/' ? "" : "/";
    mho_status s = mhoi_path(path, "%s/%s-%s-ubyte.gz", folder, file->stem, file->rank);
    if (s == MHO_OK)
        s = mhoi_path(url, "%s%s%s-%s-ubyte.gz", mirror, slash, file->stem, file->rank);
    if (s != MHO_OK || is_fetched(path, file))
        return s;
    s = mhoi_download(url, file->bytes, done, total, &bytes, &size);
    if (s == MHO_EFILE)
        s = mho_error(s,
                      "%s; without a network, copy the four files of MNIST into %s or name the "
                      "folder that holds them",
                      mho_error_message(), folder);
    if (s == MHO_OK)
        mhoi_sha256(bytes, size, sum);
    if (s == MHO_OK && strcmp(sum, file->sha256) != 0)
        s = mho_error(MHO_EFILE, "%s: SHA-256 of %zu bytes is %s, want %s of %zu; not saved", url,
                      size, sum, file->sha256, file->bytes);
    if (s == MHO_OK)
        s = mhoi_file_write(path, bytes, size);
    mhoi_free(&bytes);
    return s;
}

mho_status mho_data_fetch(const char *name, const char *mirror)
{
    char folder[MHOI_PATH];
    if (strcmp(name, "mnist") != 0)
        return mho_error(MHO_EUSAGE, "cannot fetch '%s', want mnist", name);
    mho_status s = mhoi_cache_folder(folder, name);
    if (s == MHO_OK)
        s = mhoi_make_folders(folder);
    size_t done = 0, total = 0;
    for (size_t i = 0; i < MHOI_MNIST_FILES; i++)
        total += mhoi_mnist_files[i].bytes;
    for (size_t i = 0; i < MHOI_MNIST_FILES && s == MHO_OK; i++) {
        const mhoi_mnist_file *file = &mhoi_mnist_files[i];
        s = fetch_file(folder, mirror == NULL ? MNIST_MIRROR : mirror, file, done, total);
        done += file->bytes;
    }
    return s;
}
