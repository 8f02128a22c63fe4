/* SPDX-License-Identifier: Apache-2.0 */
/* Maps of many images between steps. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "chip/chip_keep.h"

enum { IN, IN2, OUT, FROM, ROLES = FROM + MHOI_NODE_INPUTS };

typedef struct slot {
    uint8_t *bytes; /* in memory */
    int file;       /* else; below 0: not kept */
} slot;

/* Of one thread: maps of the images at once that are not in memory. */
typedef struct hands {
    uint8_t *part[ROLES];
    size_t room[ROLES];
    uint8_t *packed; /* of a map */
    size_t packed_room;
} hands;

struct chip_keep {
    const mho_chip *chip;
    const mho_images *images;
    size_t first, count, together, threads;
    size_t budget, used; /* bytes */
    slot *slot;          /* [maps] */
    size_t *last;        /* [maps] step that reads it */
    hands *of;           /* [threads] */
};

mho_status mhoi_chip_keep_create(const mho_chip *chip, const mho_images *images, size_t first,
                                 size_t count, size_t together, size_t threads, size_t budget,
                                 chip_keep **out)
{
    chip_keep *keep;
    *out = NULL;
    mho_status s = mhoi_alloc(&keep, 1, sizeof *keep, "feature maps");
    if (s)
        return s;
    *keep = (chip_keep){.chip = chip,
                        .images = images,
                        .first = first,
                        .count = count,
                        .together = together,
                        .threads = threads,
                        .budget = budget};
    s = mhoi_alloc(&keep->slot, chip->maps, sizeof *keep->slot, "feature maps");
    for (size_t i = 0; !s && i < chip->maps; i++)
        keep->slot[i].file = -1;
    if (!s)
        s = mhoi_alloc(&keep->last, chip->maps, sizeof *keep->last, "feature maps");
    if (!s)
        s = mhoi_alloc(&keep->of, threads, sizeof *keep->of, "feature maps");
    if (s) {
        mhoi_chip_keep_destroy(keep);
        return s;
    }
    mhoi_chip_last_uses(chip, keep->last);
    *out = keep;
    return MHO_OK;
}

/* Bits of a chip whose memory is short are kept as such: 8 in a byte. */
static bool is_packed(const chip_keep *keep, size_t map)
{
    return keep->chip->streamed && keep->chip->map[map].coding == MHOI_MAP_BITS;
}

/* Of an image, as it is kept. */
static size_t bytes_of(const chip_keep *keep, size_t map)
{
    const size_t bytes = keep->chip->map[map].bytes;
    return is_packed(keep, map) ? (bytes + 7) / 8 : bytes;
}

static void pack(const uint8_t *in, size_t n, uint8_t *out)
{
    for (size_t i = 0; i < n; i += 8) {
        unsigned byte = 0;
        for (size_t k = 0; k < 8 && i + k < n; k++)
            byte |= (unsigned)in[i + k] << k;
        out[i / 8] = (uint8_t)byte;
    }
}

static void unpack(const uint8_t *in, size_t n, uint8_t *out)
{
    for (size_t i = 0; i < n; i++)
        out[i] = in[i / 8] >> i % 8 & 1;
}

static void forget(chip_keep *keep, size_t map)
{
    slot *of = &keep->slot[map];
    if (of->bytes)
        keep->used -= keep->count * bytes_of(keep, map);
    mhoi_free(&of->bytes);
    if (of->file >= 0)
        (void)close(of->file);
    of->file = -1;
}

void mhoi_chip_keep_destroy(chip_keep *keep)
{
    if (!keep)
        return;
    for (size_t i = 0; keep->slot && keep->last && i < keep->chip->maps; i++)
        forget(keep, i);
    for (size_t t = 0; keep->of && t < keep->threads; t++)
        for (size_t r = 0; r < ROLES; r++)
            mhoi_free(&keep->of[t].part[r]);
    for (size_t t = 0; keep->of && t < keep->threads; t++)
        mhoi_free(&keep->of[t].packed);
    mhoi_free(&keep->slot);
    mhoi_free(&keep->last);
    mhoi_free(&keep->of);
    mhoi_free(&keep);
}

static mho_status file_error(const chip_keep *keep, const char *what)
{
    return mho_error(MHO_EFILE, "feature maps of %zu images: %s a file in %s: %s", keep->count,
                     what, getenv("TMPDIR") ? getenv("TMPDIR") : "/var/tmp", strerror(errno));
}

/* A file that goes with its last descriptor. */
static mho_status open_file(chip_keep *keep, int *file)
{
    const char *folder = getenv("TMPDIR");
    char path[512];
    const int n = snprintf(path, sizeof path, "%s/mho-XXXXXX", folder ? folder : "/var/tmp");
    errno = ENAMETOOLONG;
    *file = n > 0 && (size_t)n < sizeof path ? mkstemp(path) : -1;
    if (*file < 0)
        return file_error(keep, "cannot make");
    (void)unlink(path);
    return MHO_OK;
}

mho_status mhoi_chip_keep_begin(chip_keep *keep, size_t step)
{
    const size_t out = keep->chip->step[step].out;
    if (out == CHIP_NONE)
        return MHO_OK;
    const size_t bytes = keep->count * bytes_of(keep, out);
    if (bytes > keep->budget - keep->used)
        return open_file(keep, &keep->slot[out].file);
    keep->used += bytes;
    return mhoi_alloc(&keep->slot[out].bytes, bytes, 1, "feature maps");
}

void mhoi_chip_keep_end(chip_keep *keep, size_t step)
{
    for (size_t i = 0; i < keep->chip->maps; i++)
        if (keep->last[i] <= step)
            forget(keep, i);
}

/* Room of a thread for so many bytes. */
static mho_status widen(uint8_t **part, size_t *room, size_t bytes)
{
    if (bytes <= *room)
        return MHO_OK;
    mhoi_free(part);
    *room = 0;
    const mho_status s = mhoi_alloc(part, bytes, 1, "feature maps");
    *room = s ? 0 : bytes;
    return s;
}

static mho_status room(hands *of, size_t role, size_t bytes)
{
    return widen(&of->part[role], &of->room[role], bytes);
}

static mho_status read_all(const chip_keep *keep, int file, size_t at, size_t bytes, uint8_t *out)
{
    for (size_t done = 0; done < bytes;) {
        const ssize_t n = pread(file, out + done, bytes - done, (off_t)(at + done));
        if (n <= 0 && !(n < 0 && errno == EINTR))
            return file_error(keep, "cannot read");
        done += n > 0 ? (size_t)n : 0;
    }
    return MHO_OK;
}

static mho_status write_all(const chip_keep *keep, int file, size_t at, size_t bytes,
                            const uint8_t *in)
{
    for (size_t done = 0; done < bytes;) {
        const ssize_t n = pwrite(file, in + done, bytes - done, (off_t)(at + done));
        if (n <= 0 && !(n < 0 && errno == EINTR))
            return file_error(keep, "cannot write");
        done += n > 0 ? (size_t)n : 0;
    }
    return MHO_OK;
}

static mho_status get_packed(chip_keep *keep, size_t map, size_t first, size_t n, hands *of,
                             uint8_t *out)
{
    const size_t bytes = bytes_of(keep, map), size = keep->chip->map[map].bytes;
    const slot *held = &keep->slot[map];
    const uint8_t *from = held->bytes + first * bytes;
    mho_status s = MHO_OK;
    if (!held->bytes) {
        s = widen(&of->packed, &of->packed_room, n * bytes);
        if (!s)
            s = read_all(keep, held->file, first * bytes, n * bytes, of->packed);
        from = of->packed;
    }
    for (size_t i = 0; !s && i < n; i++)
        unpack(from + i * bytes, size, out + i * size);
    return s;
}

static mho_status get_input(chip_keep *keep, size_t map, size_t role, size_t first, size_t n,
                            size_t thread, const uint8_t **out)
{
    const size_t size = keep->chip->map[map].bytes;
    hands *of = &keep->of[thread];
    *out = keep->slot[map].bytes + first * size;
    if (keep->slot[map].bytes && !is_packed(keep, map))
        return MHO_OK;
    mho_status s = room(of, role, keep->together * size);
    *out = of->part[role];
    if (s)
        return s;
    if (map != 0)
        return is_packed(keep, map)
                   ? get_packed(keep, map, first, n, of, of->part[role])
                   : read_all(keep, keep->slot[map].file, first * size, n * size, of->part[role]);
    mhoi_chip_load(keep->chip, keep->images, keep->first + first, n, of->part[role]);
    return MHO_OK;
}

mho_status mhoi_chip_keep_map(chip_keep *keep, size_t map, size_t image, const uint8_t **out)
{
    return get_input(keep, map, IN, image, 1, 0, out);
}

mho_status mhoi_chip_keep_get(chip_keep *keep, size_t step, size_t first, size_t n, size_t thread,
                              chip_kept *kept)
{
    const chip_step *of = &keep->chip->step[step];
    *kept = (chip_kept){0};
    mho_status s = get_input(keep, of->in, IN, first, n, thread, &kept->in);
    if (!s && of->in2 != CHIP_NONE)
        s = get_input(keep, of->in2, IN2, first, n, thread, &kept->in2);
    for (size_t k = 0; !s && k < of->reads; k++)
        s = get_input(keep, of->from[k], FROM + k, first, n, thread, &kept->from[k]);
    if (s || of->out == CHIP_NONE)
        return s;
    const size_t size = keep->chip->map[of->out].bytes;
    if (keep->slot[of->out].bytes && !is_packed(keep, of->out)) {
        kept->out = keep->slot[of->out].bytes + first * size;
        return MHO_OK;
    }
    s = room(&keep->of[thread], OUT, keep->together * size);
    kept->out = keep->of[thread].part[OUT];
    return s;
}

static mho_status store_packed(chip_keep *keep, size_t map, size_t first, size_t n, hands *of,
                               const uint8_t *in)
{
    const size_t bytes = bytes_of(keep, map), size = keep->chip->map[map].bytes;
    slot *held = &keep->slot[map];
    uint8_t *to = held->bytes + first * bytes;
    mho_status s = MHO_OK;
    if (!held->bytes) {
        s = widen(&of->packed, &of->packed_room, n * bytes);
        to = of->packed;
    }
    for (size_t i = 0; !s && i < n; i++)
        pack(in + i * size, size, to + i * bytes);
    if (s || held->bytes)
        return s;
    return write_all(keep, held->file, first * bytes, n * bytes, to);
}

mho_status mhoi_chip_keep_store(chip_keep *keep, size_t step, size_t first, size_t n, size_t thread,
                                const chip_kept *kept)
{
    const size_t out = keep->chip->step[step].out;
    if (out == CHIP_NONE)
        return MHO_OK;
    if (is_packed(keep, out))
        return store_packed(keep, out, first, n, &keep->of[thread], kept->out);
    if (keep->slot[out].bytes)
        return MHO_OK;
    const size_t size = keep->chip->map[out].bytes;
    return write_all(keep, keep->slot[out].file, first * size, n * size, kept->out);
}
