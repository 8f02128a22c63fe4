/* SPDX-License-Identifier: Apache-2.0 */
/* Whole files: zlib unpacks on reading what is packed and passes on what is not. */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/parallel.h"

#define FIRST_CAPACITY ((size_t)1 << 16)
#define READ_MAX ((size_t)1 << 24) /* from one look at the interruption to the next */
#define RATIO_MAX 200              /* what is packed tighter and large is a bomb, no data */
#define USUAL 16
#define SMALL ((size_t)1 << 26) /* up to so many bytes it may be */

typedef struct reader {
    gzFile file;
    const char *path;
    size_t most;
    bool tight; /* most is what a packed file of that size may have */
    char *bytes;
    size_t size, capacity;
} reader;

/* The size of a file and of its contents, if it tells: 0 if not.  A packed file ends with its size unpacked (modulo 2^32). */
static size_t told_size(int fd, size_t *size, bool *packed)
{
    struct stat info;
    unsigned char head[2], tail[4];
    *size = 0;
    *packed = false;
    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode) || info.st_size <= 0)
        return 0;
    *size = (size_t)info.st_size;
    if (pread(fd, head, 2, 0) != 2 || head[0] != 0x1f || head[1] != 0x8b)
        return *size;
    *packed = true;
    if (*size < 18 || pread(fd, tail, 4, info.st_size - 4) != 4)
        return 0;
    return (size_t)tail[0] | (size_t)tail[1] << 8 | (size_t)tail[2] << 16 | (size_t)tail[3] << 24;
}

/* How large the contents will be, 0 if nobody knows.  A packed file is believed as far as files are usually packed: more
 * room is made as bytes come. */
static size_t expected_size(int fd, reader *r)
{
    size_t size;
    bool packed;
    const size_t told = told_size(fd, &size, &packed);
    if (!packed)
        return told;
    const size_t tight = size > SMALL / RATIO_MAX ? size * RATIO_MAX : SMALL;
    r->tight = tight < r->most;
    r->most = r->tight ? tight : r->most;
    return told < USUAL * size ? told : USUAL * size;
}

/* Room for `capacity` bytes, keeping those there are. */
static mho_status reserve(reader *r, size_t capacity)
{
    char *larger;
    mho_status s = mhoi_alloc(&larger, capacity, 1, "file contents");
    if (s != MHO_OK)
        return mho_error_prefix(s, "%s", r->path);
    if (r->size)
        memcpy(larger, r->bytes, r->size);
    mhoi_free(&r->bytes);
    r->bytes = larger;
    r->capacity = capacity;
    return MHO_OK;
}

static mho_status read_failure(const reader *r)
{
    int code;
    const char *text = gzerror(r->file, &code);
    if (code == Z_ERRNO)
        return mho_error(MHO_EFILE, "%s: cannot read: %s", r->path, strerror(errno));
    const size_t length = strlen(r->path); /* zlib's text may begin with the path, too */
    if (strncmp(text, r->path, length) == 0 && strncmp(text + length, ": ", 2) == 0)
        text += length + 2;
    return mho_error(MHO_EFORMAT, "%s: damaged gzip: %s", r->path, text);
}

static mho_status too_long(const reader *r)
{
    if (r->tight)
        return mho_error(
            MHO_EFORMAT,
            "%s: unpacks to more than %zu bytes, more than %d times its size: unpack it "
            "if it is meant",
            r->path, r->most, RATIO_MAX);
    return mho_error(MHO_EFORMAT, "%s: longer than %zu bytes%s, the most a file of this kind has",
                     r->path, r->most, gzdirect(r->file) ? "" : " unpacked");
}

/* Reads on until the room is full or the file ends; *end tells which. */
static mho_status fill(reader *r, bool *end)
{
    *end = false;
    while (r->size < r->capacity) {
        const size_t room = r->capacity - r->size;
        const int got =
            gzread(r->file, r->bytes + r->size, (unsigned)(room < READ_MAX ? room : READ_MAX));
        if (got < 0)
            return read_failure(r);
        if (mhoi_interrupted())
            return mho_error(MHO_EINTERRUPTED, "%s: interrupted", r->path);
        *end = got == 0;
        if (*end)
            return MHO_OK;
        r->size += (size_t)got;
    }
    return MHO_OK;
}

/* The room has a byte more than the contents, for the zero byte and to notice the end. */
static mho_status read_all(reader *r, size_t expected)
{
    bool end = false;
    int code;
    size_t room = expected ? expected : FIRST_CAPACITY;
    mho_status s = MHO_OK;
    while (s == MHO_OK && !end) {
        s = reserve(r, (room < r->most ? room : r->most) + 1);
        if (s == MHO_OK)
            s = fill(r, &end);
        if (s == MHO_OK && !end && r->size > r->most)
            return too_long(r);
        room = 2 * r->size;
    }
    if (s != MHO_OK)
        return s;
    (void)gzerror(r->file, &code);
    if (code != Z_OK && code != Z_STREAM_END) /* ends within the packed data */
        return read_failure(r);
    r->bytes[r->size] = '\0';
    return MHO_OK;
}

mho_status mhoi_file_read(const char *path, size_t most, char **bytes, size_t *size)
{
    *bytes = NULL;
    *size = 0;
    errno = 0;
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return mho_error(MHO_EFILE, "%s: cannot open: %s", path, strerror(errno));
    reader r = {.file = gzdopen(fd, "rb"), .path = path, .most = most};
    if (!r.file) {
        (void)close(fd);
        return mho_error(MHO_ENOMEM, "%s: cannot open: %s", path, strerror(ENOMEM));
    }
    mho_status s = read_all(&r, expected_size(fd, &r));
    (void)gzclose_r(r.file);
    if (s != MHO_OK) {
        mhoi_free(&r.bytes);
        return s;
    }
    *bytes = r.bytes;
    *size = r.size;
    return MHO_OK;
}

mho_status mhoi_inflate(const char *path, const char *bytes, size_t size, char *out, size_t room)
{
    z_stream z = {.next_in = (z_const Bytef *)(uintptr_t)bytes, .next_out = (Bytef *)out};
    size_t left = room;
    if (inflateInit2(&z, -MAX_WBITS) != Z_OK)
        return mho_error(MHO_ENOMEM, "%s: no memory to unpack", path);
    int code = Z_OK;
    while (code == Z_OK && !mhoi_interrupted()) {
        const size_t in = size < READ_MAX ? size : READ_MAX,
                     space = left < READ_MAX ? left : READ_MAX;
        z.avail_in = (uInt)in;
        z.avail_out = (uInt)space;
        code = inflate(&z, Z_NO_FLUSH);
        size -= in - z.avail_in;
        left -= space - z.avail_out;
        if (code == Z_OK && in == z.avail_in && space == z.avail_out)
            break;
    }
    (void)inflateEnd(&z);
    if (mhoi_interrupted())
        return mho_error(MHO_EINTERRUPTED, "%s: interrupted", path);
    return code == Z_STREAM_END && left == 0 ? MHO_OK
                                             : mho_error(MHO_EFORMAT, "%s: damaged archive", path);
}

size_t mhoi_file_told_size(const char *path)
{
    size_t size;
    bool packed;
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    const size_t told = told_size(fd, &size, &packed);
    (void)close(fd);
    return told;
}

size_t mhoi_file_head(const char *path, void *bytes, size_t n)
{
    gzFile file = gzopen(path, "rbe");
    const int got = file ? gzread(file, bytes, (unsigned)n) : 0;
    if (file)
        (void)gzclose_r(file);
    return got > 0 ? (size_t)got : 0;
}

bool mhoi_file_exists(const char *path)
{
    return access(path, F_OK) == 0;
}
