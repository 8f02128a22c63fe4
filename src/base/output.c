/* SPDX-License-Identifier: Apache-2.0 */
/* The one writer of files: a temporary file beside the wanted one, synced and renamed once it is complete. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "mho/file.h"

#define SUFFIX_SIZE 48

struct mho_output {
    char *path;      /* as named, for messages */
    char *target;    /* the file behind links; NULL: written in place */
    char *temporary; /* beside it */
    FILE *file;
};

static mho_status cannot(const char *path, int reason)
{
    return mho_error(MHO_EFILE, "%s: cannot write: %s", path,
                     reason ? strerror(reason) : "the device refused");
}

static void destroy(mho_output *o)
{
    if (o->file)
        (void)fclose(o->file);
    mhoi_free(&o->path);
    mhoi_free(&o->target);
    mhoi_free(&o->temporary);
    mhoi_free(&o);
}

static mho_status copy(const char *text, size_t room, char **out)
{
    const size_t size = strlen(text) + 1;
    mho_status s = mhoi_alloc(out, size + room, 1, "file name");
    if (s == MHO_OK)
        memcpy(*out, text, size);
    return s;
}

/* Where the file is that path names: links are followed; a path that does not exist yet is itself. */
static mho_status set_target(mho_output *o)
{
    char *real = realpath(o->path, NULL);
    mho_status s = copy(real ? real : o->path, 0, &o->target);
    free(real);
    if (s == MHO_OK)
        s = copy(o->target, SUFFIX_SIZE, &o->temporary);
    if (s == MHO_OK) {
        static atomic_uint number;
        const size_t n = strlen(o->temporary);
        snprintf(o->temporary + n, SUFFIX_SIZE, ".tmp-%ld-%u", (long)getpid(),
                 atomic_fetch_add(&number, 1));
    }
    return s;
}

/* The temporary file, with the old one's permissions if there is one. */
static FILE *open_temporary(const mho_output *o, const struct stat *old)
{
    const int fd = open(o->temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0)
        return NULL;
    if (old && fchmod(fd, old->st_mode & 07777) != 0)
        errno = 0; /* a file system without permissions: the file is written all the same */
    FILE *file = fdopen(fd, "wb");
    if (!file) {
        const int reason = errno;
        (void)close(fd);
        (void)unlink(o->temporary);
        errno = reason;
    }
    return file;
}

mho_status mho_output_open(const char *path, mho_output **out)
{
    mho_output *o = NULL;
    struct stat info;
    const bool there = stat(path, &info) == 0, in_place = there && !S_ISREG(info.st_mode);
    *out = NULL;
    mho_status s = mhoi_alloc(&o, 1, sizeof *o, "output file");
    if (s != MHO_OK)
        return s;
    s = copy(path, 0, &o->path);
    if (s == MHO_OK && !in_place)
        s = set_target(o);
    if (s == MHO_OK && there && !in_place && access(path, W_OK) != 0)
        s = cannot(path, errno);
    if (s != MHO_OK)
        goto fail;
    o->file = in_place ? fopen(path, "wbe") : open_temporary(o, there ? &info : NULL);
    if (!o->file) {
        s = cannot(path, errno);
        goto fail;
    }
    *out = o;
    return MHO_OK;
fail:
    destroy(o);
    return s;
}

FILE *mho_output_stream(const mho_output *output)
{
    return output->file;
}

/* The new name lasts through a loss of power once its folder is synced; where that fails, the file is whole still. */
static void sync_folder(const char *target)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(target, '/');
    const size_t n = slash ? (size_t)(slash - target) + (slash == target) : 1;
    if (n >= sizeof folder)
        return;
    memcpy(folder, slash ? target : ".", n);
    folder[n] = '\0';
    const int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    (void)fsync(fd);
    (void)close(fd);
}

mho_status mho_output_close(mho_output *output, bool keep)
{
    if (!output)
        return MHO_OK;
    bool good = !ferror(output->file);
    errno = 0;
    if (!good) { /* the stream has forgotten the reason: one more byte brings it back */
        clearerr(output->file);
        (void)fputc('\n', output->file);
    }
    good = fflush(output->file) == 0 && good;
    if (good && keep && output->temporary)
        good = fsync(fileno(output->file)) == 0;
    int reason = errno;
    if (fclose(output->file) != 0 && good) {
        good = false;
        reason = errno;
    }
    output->file = NULL;
    if (good && keep && output->temporary && rename(output->temporary, output->target) != 0) {
        good = false;
        reason = errno;
    }
    if (output->temporary && good && keep)
        sync_folder(output->target);
    else if (output->temporary)
        (void)unlink(output->temporary);
    mho_status s = good || !keep ? MHO_OK : cannot(output->path, reason);
    destroy(output);
    return s;
}

mho_status mho_output_finish(mho_output *output, mho_status s)
{
    const bool refused = output && s == MHO_EFILE && ferror(output->file); /* closing tells why */
    const mho_status closed = mho_output_close(output, s == MHO_OK || refused);
    return s != MHO_OK && !refused ? s : closed;
}

mho_status mhoi_file_write(const char *path, const void *bytes, size_t size)
{
    mho_output *output = NULL;
    mho_status s = mho_output_open(path, &output);
    if (s != MHO_OK)
        return s;
    if (size > 0 && fwrite(bytes, 1, size, output->file) != size) {
        s = cannot(path, errno);
        return mho_output_finish(output, s);
    }
    return mho_output_close(output, true);
}
