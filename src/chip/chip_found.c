/* SPDX-License-Identifier: Apache-2.0 */
/* Calibrations in files: a head that tells version, key and sizes, what was found, and a hash of all that at the end.  Numbers are
 * as this machine has them, which the head tells, too. */
#include "chip/chip_found.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cache.h"
#include "base/identity.h"
#include "mho/run.h"

/* Of the file; code that calibrates in another way has other keys (mhoi_build_identity). */
enum { FORMAT = 1 };
#define ORDER UINT64_C(0x0102030405060708)
/* A file is as large as its sums at the most, and what layers and maps have besides. */
#define FILE_MOST ((size_t)64 << 20)

typedef struct head {
    char name[16], version[32];
    uint64_t order, format, key[2], maps, layers, means, sums;
} head;

/* Then this. */
typedef struct decision {
    uint64_t count, decides; /* count 0: no range goes by decisions */
} decision;

/* What is read or written, piece by piece; to NULL: it is only counted. */
typedef struct tape {
    char *to;
    const char *from;
    size_t at, size;
    bool good;
} tape;

size_t mhoi_chip_means_of(const chip_layer *layer)
{
    return layer->mean ? chip_means(layer) : 0;
}

void mhoi_chip_found_drop_sums(found *f)
{
    for (size_t l = 0; f->sums && l < f->layers; l++)
        mhoi_free(&f->sums[l].count);
    mhoi_free(&f->sums);
}

void mhoi_chip_found_release(void *object)
{
    found *f = object;
    mhoi_chip_found_drop_sums(f);
    mhoi_free(&f->scale);
    mhoi_free(&f->converter);
    mhoi_free(&f->mean);
    mhoi_free(&f->in);
    mhoi_free(&f);
}

mho_status mhoi_chip_found_create(const mho_chip *chip, found **out)
{
    found *f = NULL;
    mho_status s = mhoi_alloc(&f, 1, sizeof *f, "calibration");
    if (s)
        return s;
    f->maps = chip->maps;
    f->layers = chip->layers;
    for (size_t l = 0; l < chip->layers; l++)
        f->means += mhoi_chip_means_of(&chip->layer[l]);
    s = mhoi_alloc(&f->scale, f->maps, sizeof *f->scale, "calibration");
    if (!s)
        s = mhoi_alloc(&f->sums, f->layers, sizeof *f->sums, "calibration");
    if (!s)
        s = mhoi_alloc(&f->converter, f->layers, sizeof *f->converter, "calibration");
    if (!s)
        s = mhoi_alloc(&f->mean, f->means, sizeof *f->mean, "calibration");
    if (s)
        mhoi_chip_found_release(f);
    else
        *out = f;
    return s;
}

static void put(tape *t, const void *bytes, size_t size)
{
    if (t->to && size)
        memcpy(t->to + t->at, bytes, size);
    t->at += size;
}

static void get(tape *t, void *bytes, size_t size)
{
    t->good = t->good && size <= t->size - t->at;
    if (!t->good)
        return;
    if (size)
        memcpy(bytes, t->from + t->at, size);
    t->at += size;
}

static head head_of(const found *f, const uint64_t key[2])
{
    head h;
    memset(&h, 0, sizeof h); /* all of it is compared, gaps as well */
    h.order = ORDER;
    h.format = FORMAT;
    h.maps = f->maps;
    h.layers = f->layers;
    h.means = f->means;
    h.sums = f->sums != NULL;
    memcpy(h.key, key, sizeof h.key);
    snprintf(h.name, sizeof h.name, "mho calibration");
    snprintf(h.version, sizeof h.version, "%.31s", mho_version());
    return h;
}

static void name_of(const uint64_t key[2], char name[MHOI_CACHE_NAME])
{
    snprintf(name, MHOI_CACHE_NAME, MHOI_CACHE_PREFIX "%016" PRIx64 "%016" PRIx64, key[0], key[1]);
}

static void put_all(tape *t, const found *f, const uint64_t key[2])
{
    const head h = head_of(f, key);
    put(t, &h, sizeof h);
    put(t, f->scale, f->maps * sizeof *f->scale);
    put(t, f->mean, f->means * sizeof *f->mean);
    const decision d = {f->in ? f->count : 0, f->decides};
    put(t, &d, sizeof d);
    put(t, f->in, d.count * f->each);
    for (size_t l = 0; l < f->layers; l++)
        if (f->sums) {
            const uint64_t extent[] = {f->sums[l].first, f->sums[l].places};
            put(t, extent, sizeof extent);
            put(t, f->sums[l].count, f->sums[l].places * sizeof *f->sums[l].count);
        } else {
            put(t, &f->converter[l], sizeof f->converter[l]);
        }
}

void mhoi_chip_found_store(const found *f, const uint64_t key[2])
{
    char name[MHOI_CACHE_NAME];
    tape t = {0};
    if (!mhoi_cache_on())
        return;
    put_all(&t, f, key);
    const size_t size = t.at + sizeof(uint64_t);
    if (size > FILE_MOST || mhoi_alloc(&t.to, size, 1, "calibration") != MHO_OK)
        return;
    t.at = 0;
    put_all(&t, f, key);
    const uint64_t hash = mhoi_hash(MHOI_HASH_START, t.to, t.at);
    put(&t, &hash, sizeof hash);
    name_of(key, name);
    mhoi_cache_write(name, t.to, size);
    mhoi_free(&t.to);
}

/* Of a layer; empty where it asked for none. */
static mho_status get_sums(const mho_chip *chip, tape *t, size_t l, kept_sums *out)
{
    const size_t most = mhoi_chip_histogram_places(chip, &chip->layer[l]);
    uint64_t extent[2] = {0, 0};
    get(t, extent, sizeof extent);
    t->good = t->good && extent[1] <= most && extent[0] <= most - extent[1];
    t->good = t->good && extent[1] <= CHIP_SUMS_MOST;
    if (!t->good)
        return MHO_OK;
    *out = (kept_sums){.first = extent[0], .places = extent[1]};
    const mho_status s = mhoi_alloc(&out->count, out->places, sizeof *out->count, "calibration");
    if (!s)
        get(t, out->count, out->places * sizeof *out->count);
    return s;
}

/* What a classifier reads of all images. */
static mho_status get_decision(const mho_chip *chip, tape *t, found *f)
{
    decision d = {0, 0};
    get(t, &d, sizeof d);
    t->good = t->good && d.decides < chip->steps;
    if (!t->good || !d.count)
        return MHO_OK;
    const chip_step *step = &chip->step[d.decides];
    f->decides = d.decides;
    f->count = d.count;
    f->each = chip->map[step->in].bytes;
    t->good = step->kind == CHIP_CROSSBAR && d.count <= t->size / f->each;
    if (!t->good)
        return MHO_OK;
    const mho_status s = mhoi_alloc(&f->in, f->count * f->each, 1, "calibration");
    if (!s)
        get(t, f->in, f->count * f->each);
    return s;
}

static mho_status get_all(const mho_chip *chip, tape *t, const uint64_t key[2], found *f)
{
    head h;
    mho_status s = MHO_OK;
    get(t, &h, sizeof h);
    if (!t->good)
        return MHO_OK;
    if (!h.sums)
        mhoi_chip_found_drop_sums(f);
    const head want = head_of(f, key);
    t->good = memcmp(&h, &want, sizeof h) == 0;
    get(t, f->scale, f->maps * sizeof *f->scale);
    get(t, f->mean, f->means * sizeof *f->mean);
    for (size_t i = 0; t->good && i < f->maps; i++)
        t->good = isfinite(f->scale[i]);
    if (t->good)
        s = get_decision(chip, t, f);
    for (size_t l = 0; !s && t->good && l < f->layers; l++)
        if (f->sums)
            s = get_sums(chip, t, l, &f->sums[l]);
        else
            get(t, &f->converter[l], sizeof f->converter[l]);
    t->good = t->good && t->at == t->size &&
              (!f->in || !f->sums || f->sums[chip->step[f->decides].layer].count);
    return s;
}

mho_status mhoi_chip_found_load(const mho_chip *chip, const uint64_t key[2], found **out)
{
    char name[MHOI_CACHE_NAME], *bytes;
    size_t size;
    uint64_t hash = 0;
    found *f = NULL;
    *out = NULL;
    name_of(key, name);
    if (!mhoi_cache_read(name, FILE_MOST, &bytes, &size))
        return MHO_OK;
    tape t = {.from = bytes, .good = size > sizeof hash};
    t.size = t.good ? size - sizeof hash : 0;
    if (t.good)
        memcpy(&hash, bytes + t.size, sizeof hash);
    t.good = t.good && hash == mhoi_hash(MHOI_HASH_START, bytes, t.size);
    mho_status s = t.good ? mhoi_chip_found_create(chip, &f) : MHO_OK;
    if (!s && t.good)
        s = get_all(chip, &t, key, f);
    mhoi_free(&bytes);
    if (!s && t.good) {
        *out = f;
        return MHO_OK;
    }
    if (!s)
        mhoi_cache_note(name, "damaged, or not of this version");
    if (f)
        mhoi_chip_found_release(f);
    return s;
}
