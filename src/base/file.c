/* SPDX-License-Identifier: Apache-2.0 */
/* Whole files: zlib unpacks on reading what is packed and passes on what is not. */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "base/alloc.h"
#include "base/file.h"

#define FIRST_CAPACITY ((size_t)1 << 16)
#define READ_MAX ((size_t)1 << 30) /* zlib counts in unsigned */

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

bool mhoi_file_exists(const char *path)
{
    return access(path, F_OK) == 0;
}
