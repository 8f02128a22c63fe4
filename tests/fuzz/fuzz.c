/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/alloc.h"

static void must(int good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "fuzz: %s\n", what);
    abort();
}

char *fuzz_text(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    must(text != NULL, "out of memory");
    if (size)
        memcpy(text, data, size);
    text[size] = '\0';
    return text;
}

const char *fuzz_file(const uint8_t *data, size_t size)
{
    static int fd = -1;
    static char path[32];
    if (fd >= 0)
        close(fd);
    fd = memfd_create("fuzz", 0);
    must(fd >= 0 && (!size || write(fd, data, size) == (ssize_t)size), "no file in memory");
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    return path;
}

void fuzz_done(mho_status s)
{
    fuzz_done_from(s, 0);
}

void fuzz_done_from(mho_status s, uint64_t live)
{
    must(mhoi_alloc_live() == live, "the reader left memory behind");
    must(s == MHO_OK || *mho_error_message(), "a failure without a message");
    must(s != MHO_EINTERNAL, mho_error_message());
}
