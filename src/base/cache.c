/* SPDX-License-Identifier: Apache-2.0 */
/* The user's folder of what was computed before: written beside and renamed, so that nobody sees half a file; not synced, as a
 * file that a loss of power damaged is found to be so and made anew. */
#include "base/cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/parallel.h"
#include "mho/run.h"

#define LEFT_OVER_S 3600 /* a temporary file this old has nobody who writes it */

mho_status mho_cache_folder(char path[MHO_CACHE_PATH])
{
    const char *own = getenv("MHO_CACHE"), *cache = getenv("XDG_CACHE_HOME"),
               *home = getenv("HOME");
    int n = 0;
    path[0] = 0;
    if (own && *own && *own != '/' && strcasecmp(own, "off") != 0)
        return mho_error(MHO_ECONFIG,
                         "MHO_CACHE = %.200s, want a folder that begins with /, or off", own);
    if (own && *own)
        n = *own == '/' ? snprintf(path, MHO_CACHE_PATH, "%s", own) : 0;
    else if (cache && cache[0] == '/')
        n = snprintf(path, MHO_CACHE_PATH, "%s/mho", cache);
    else if (home && home[0] == '/')
        n = snprintf(path, MHO_CACHE_PATH, "%s/.cache/mho", home);
    if (n <= 0 || n >= MHO_CACHE_PATH)
        path[0] = 0;
    return MHO_OK;
}

bool mhoi_cache_on(void)
{
    return mho_run_cache(NULL) != NULL;
}

/* path[PATH_MAX] of a file in the folder; false: there is no folder, or it is too long. */
static bool path_of(const char *name, const char *end, char *path)
{
    const char *folder = mho_run_cache(NULL);
    const int n = folder ? snprintf(path, PATH_MAX, "%s/%s%s", folder, name, end) : -1;
    return n > 0 && n < PATH_MAX;
}

void mhoi_cache_note(const char *name, const char *what)
{
    char path[PATH_MAX];
    if (path_of(name, "", path))
        mhoi_run_note_cache(path, what);
}

static bool read_all(int fd, char *to, size_t size)
{
    for (size_t done = 0; done < size;) {
        const ssize_t n = read(fd, to + done, size - done);
        if (n <= 0 && !(n < 0 && errno == EINTR))
            return false;
        done += n > 0 ? (size_t)n : 0;
    }
    return true;
}

static bool write_all(int fd, const char *from, size_t size)
{
    for (size_t done = 0; done < size;) {
        const ssize_t n = write(fd, from + done, size - done);
        if (n <= 0 && !(n < 0 && errno == EINTR))
            return false;
        done += n > 0 ? (size_t)n : 0;
    }
    return true;
}

/* Of a file that is ours, and no pipe or device. */
static bool may_read(int fd, const char *name, size_t most, size_t *size)
{
    struct stat info;
    if (fstat(fd, &info) != 0)
        return false;
    if (!S_ISREG(info.st_mode) || info.st_uid != geteuid()) {
        mhoi_cache_note(name, "not a file of this user");
        return false;
    }
    *size = (size_t)info.st_size;
    if (info.st_size > 0 && *size <= most)
        return true;
    mhoi_cache_note(name, info.st_size > 0 ? "too large" : "empty");
    return false;
}

bool mhoi_cache_read(const char *name, size_t most, char **bytes, size_t *size)
{
    char path[PATH_MAX];
    *bytes = NULL;
    if (!path_of(name, "", path))
        return false;
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
    if (fd < 0)
        return false;
    bool good = may_read(fd, name, most, size) &&
                mhoi_alloc(bytes, *size, 1, "calibration of before") == MHO_OK;
    if (good && !read_all(fd, *bytes, *size)) {
        mhoi_cache_note(name, "cannot be read");
        good = false;
    }
    if (good)
        (void)futimens(fd, NULL);
    (void)close(fd);
    if (!good)
        mhoi_free(bytes);
    return good;
}

/* With all folders above it. */
static bool make_folder(const char *path)
{
    char part[PATH_MAX];
    const size_t n = strlen(path);
    if (n >= sizeof part)
        return false;
    for (size_t i = 1; i <= n; i++) {
        if (path[i] != '/' && path[i])
            continue;
        memcpy(part, path, i);
        part[i] = 0;
        if (mkdir(part, 0700) != 0 && errno != EEXIST)
            return false;
    }
    return true;
}

typedef struct kept_file {
    char name[MHOI_CACHE_NAME];
    size_t bytes;
    struct timespec used;
} kept_file;

static int by_use(const void *a, const void *b)
{
    const kept_file *x = a, *y = b;
    if (x->used.tv_sec != y->used.tv_sec)
        return x->used.tv_sec < y->used.tv_sec ? -1 : 1;
    return (x->used.tv_nsec > y->used.tv_nsec) - (x->used.tv_nsec < y->used.tv_nsec);
}

/* One of ours as *file; what a program left that was killed while it wrote goes at once. */
static bool look_at(int folder, const char *name, kept_file *file)
{
    struct stat info;
    if (strncmp(name, MHOI_CACHE_PREFIX, strlen(MHOI_CACHE_PREFIX)) != 0 ||
        strlen(name) >= sizeof file->name ||
        fstatat(folder, name, &info, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(info.st_mode))
        return false;
    if (strstr(name, ".tmp-")) {
        if (info.st_mtim.tv_sec + LEFT_OVER_S < time(NULL))
            (void)unlinkat(folder, name, 0);
        return false;
    }
    *file = (kept_file){.bytes = (size_t)info.st_size, .used = info.st_mtim};
    memcpy(file->name, name, strlen(name) + 1);
    return true;
}

/* Down to three quarters of what is allowed. */
static void forget_oldest(int folder, kept_file *file, size_t count, size_t bytes)
{
    size_t left = count;
    if (count <= MHOI_CACHE_FILES && bytes <= MHOI_CACHE_BYTES)
        return;
    qsort(file, count, sizeof *file, by_use);
    for (size_t i = 0;
         i < count && (left > MHOI_CACHE_FILES / 4 * 3 || bytes > MHOI_CACHE_BYTES / 4 * 3); i++) {
        (void)unlinkat(folder, file[i].name, 0);
        bytes -= file[i].bytes;
        left--;
    }
}

static void keep_bounded(const char *path)
{
    DIR *folder = opendir(path);
    kept_file *file = NULL;
    size_t count = 0, room = 0, bytes = 0;
    mho_status s = MHO_OK;
    for (struct dirent *e = folder ? readdir(folder) : NULL; !s && e; e = readdir(folder)) {
        s = mhoi_grow(&file, &room, count, sizeof *file, "files of the cache");
        if (!s && look_at(dirfd(folder), e->d_name, &file[count]))
            bytes += file[count++].bytes;
    }
    if (!s && count)
        forget_oldest(dirfd(folder), file, count, bytes);
    mhoi_free(&file);
    if (folder)
        (void)closedir(folder);
}

void mhoi_cache_write(const char *name, const void *bytes, size_t size)
{
    static atomic_uint number;
    char path[PATH_MAX], temporary[PATH_MAX], end[48];
    snprintf(end, sizeof end, ".tmp-%ld-%u", (long)getpid(), atomic_fetch_add(&number, 1));
    if (!path_of(name, "", path) || !path_of(name, end, temporary) ||
        !make_folder(mho_run_cache(NULL)))
        return;
    const int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return;
    bool good = write_all(fd, bytes, size);
    good = close(fd) == 0 && good;
    if (!good || rename(temporary, path) != 0)
        (void)unlink(temporary);
    keep_bounded(mho_run_cache(NULL));
}

/* Length of the part of the path that is there. */
static size_t length_there(const char *path)
{
    char part[PATH_MAX];
    struct stat info;
    size_t n = strlen(path);
    memcpy(part, path, n + 1);
    while (n && stat(part, &info) != 0) {
        while (n && part[n - 1] != '/')
            n--;
        n -= n > 0;
        part[n] = 0;
    }
    return n;
}

/* Takes folders away that were made below the first `there` bytes. */
static void unmake_folder(const char *path, size_t there)
{
    char part[PATH_MAX];
    memcpy(part, path, strlen(path) + 1);
    for (size_t n = strlen(path); n > there; n--)
        if ((path[n] == '/' || !path[n]) && path[n - 1] != '/') {
            part[n] = 0;
            (void)rmdir(part);
        }
}

static mho_status try_writing(const char *folder)
{
    char path[PATH_MAX];
    (void)snprintf(path, sizeof path, "%s/" MHOI_CACHE_PREFIX ".tmp-XXXXXX", folder);
    const int fd = mkstemp(path);
    bool good = fd >= 0 && write_all(fd, "x", 1);
    const int why = errno;
    if (fd >= 0) {
        (void)close(fd);
        (void)unlink(path);
    }
    return good ? MHO_OK
                : mho_error(MHO_EFILE, "%s: no file can be written there: %s", folder,
                            strerror(why));
}

mho_status mho_run_check_cache(const mho_run *run)
{
    const char *folder = mho_run_cache(run);
    if (!folder)
        return MHO_OK;
    if (strlen(folder) > PATH_MAX - MHOI_CACHE_NAME)
        return mho_error(MHO_EFILE, "%.200s...: too long for a folder", folder);
    const size_t there = length_there(folder);
    mho_status s = make_folder(folder) ? MHO_OK
                                       : mho_error(MHO_EFILE, "%s: cannot make the folder: %s",
                                                   folder, strerror(errno));
    if (!s)
        s = try_writing(folder);
    unmake_folder(folder, there);
    return s;
}
