/* SPDX-License-Identifier: Apache-2.0 */
/* Whole files: zlib unpacks on reading what is packed and passes on what is not. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/alloc.h"
#include "base/file.h"

#define FIRST_CAPACITY ((size_t)1 << 16)
#define READ_MAX ((size_t)1 << 30) /* zlib counts in unsigned */
#define PATH_SIZE 4096

/* Doubles *capacity of *bytes, keeping size bytes. */
static mho_status grow(char **bytes, size_t size, size_t *capacity)
{
    char *larger;
    mho_status s = mhoi_alloc(&larger, *capacity * 2, 1, "file contents");
    if (s != MHO_OK)
        return s;
    memcpy(larger, *bytes, size);
    mhoi_free(bytes);
    *bytes = larger;
    *capacity *= 2;
    return MHO_OK;
}

static mho_status read_failure(gzFile file, const char *path)
{
    int code;
    const char *text = gzerror(file, &code);
    if (code == Z_ERRNO)
        return mho_error(MHO_EFILE, "%s: cannot read: %s", path, strerror(errno));
    const size_t length = strlen(path); /* zlib's text may begin with the path, too */
    if (strncmp(text, path, length) == 0 && strncmp(text + length, ": ", 2) == 0)
        text += length + 2;
    return mho_error(MHO_EFORMAT, "%s: damaged gzip: %s", path, text);
}

static mho_status read_all(gzFile file, const char *path, char **bytes, size_t *size)
{
    size_t capacity = FIRST_CAPACITY, length = 0;
    int got, code;
    mho_status s = mhoi_alloc(bytes, capacity, 1, "file contents");
    while (s == MHO_OK) {
        size_t room = capacity - 1 - length;
        got = gzread(file, *bytes + length, (unsigned)(room < READ_MAX ? room : READ_MAX));
        if (got < 0)
            return read_failure(file, path);
        if (got == 0)
            break;
        length += (size_t)got;
        if (length + 1 == capacity)
            s = grow(bytes, length, &capacity);
    }
    if (s != MHO_OK)
        return mho_error_prefix(s, "%s", path);
    (void)gzerror(file, &code);
    if (code != Z_OK && code != Z_STREAM_END) /* ends within the packed data */
        return read_failure(file, path);
    (*bytes)[length] = '\0';
    *size = length;
    return MHO_OK;
}

mho_status mhoi_file_read(const char *path, char **bytes, size_t *size)
{
    *bytes = NULL;
    *size = 0;
    errno = 0;
    gzFile file = gzopen(path, "rbe");
    if (!file)
        return mho_error(errno ? MHO_EFILE : MHO_ENOMEM, "%s: cannot open: %s", path,
                         strerror(errno ? errno : ENOMEM));
    mho_status s = read_all(file, path, bytes, size);
    (void)gzclose_r(file);
    if (s != MHO_OK)
        mhoi_free(bytes);
    return s;
}

static bool write_bytes(int fd, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t n = write(fd, bytes, size < READ_MAX ? size : READ_MAX);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        bytes += n;
        size -= (size_t)n;
    }
    return true;
}

/* Writes and closes; keeps the first error in errno. */
static bool write_file(const char *path, const void *bytes, size_t size, bool sync)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0)
        return false;
    bool good = write_bytes(fd, bytes, size) && (!sync || fsync(fd) == 0);
    int error = errno;
    if (close(fd) != 0 && good) {
        good = false;
        error = errno;
    }
    errno = error;
    return good;
}

mho_status mhoi_file_write(const char *path, const void *bytes, size_t size)
{
    char temporary[PATH_SIZE];
    struct stat info;
    if (stat(path, &info) == 0 && !S_ISREG(info.st_mode)) { /* a device or pipe stays what it is */
        if (!write_file(path, bytes, size, false))
            return mho_error(MHO_EFILE, "%s: cannot write: %s", path, strerror(errno));
        return MHO_OK;
    }
    int length = snprintf(temporary, sizeof temporary, "%s.tmp-%ld", path, (long)getpid());
    if (length < 0 || (size_t)length >= sizeof temporary)
        return mho_error(MHO_EFILE, "%.100s...: cannot write: name too long", path);
    if (!write_file(temporary, bytes, size, true) || rename(temporary, path) != 0) {
        int error = errno;
        (void)unlink(temporary);
        return mho_error(MHO_EFILE, "%s: cannot write: %s", path, strerror(error));
    }
    return MHO_OK;
}

bool mhoi_file_exists(const char *path)
{
    return access(path, F_OK) == 0;
}
