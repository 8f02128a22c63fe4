/* SPDX-License-Identifier: Apache-2.0 */
/* Checkpoints: everything that decides how training goes on, in one file.
 *
 * header, then w, m, v (parameters) and the moving averages (statistics) as floats of this machine; the
 * header has a check sum of them all and the identity of what must not change: options, network, images. */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/identity.h"
#include "train/train_impl.h"

enum { IDENTITY_BYTES = 2048 };

typedef struct header {
    char magic[8];
    uint64_t parameters, statistics, sum, step, epochs_done;
    double train_error, test_error, loss, learning_rate;
    char identity[IDENTITY_BYTES];
} header;

static const char magic[8] = "mhotrn2\n";

/* Everything that decides how training goes on; the parameters are what it changes. */
static mho_status identify(const trainer *t, char text[IDENTITY_BYTES])
{
    const mho_images *images = t->images;
    bool fits = true;
    memset(text, 0, IDENTITY_BYTES);
    for (size_t i = 0; fits && i < mho_train_fields.count; ++i) {
        char value[64];
        mho_field_print(&mho_train_fields, i, &t->options, value, sizeof value);
        fits = mhoi_identity_add(text, IDENTITY_BYTES, mho_train_fields.field[i].key, "%s", value);
    }
    uint64_t data =
        mhoi_hash(MHOI_HASH_START, images->label, images->count * sizeof *images->label);
    data = mhoi_images_hash(data, images, images->count);
    fits =
        fits &&
        mhoi_identity_add_id(text, IDENTITY_BYTES, "network_id", mho_net_identity(t->net, false)) &&
        mhoi_identity_add(text, IDENTITY_BYTES, "images", "%zu", images->count) &&
        mhoi_identity_add_id(text, IDENTITY_BYTES, "data_id", data);
    return fits ? MHO_OK : mho_error(MHO_EINTERNAL, "no room for the identity of a checkpoint");
}

typedef struct part {
    float *data;
    size_t bytes;
} part;

static void parts_of(const trainer *t, part out[4])
{
    const size_t bytes = t->parameters * sizeof(float);
    out[0] = (part){t->w, bytes};
    out[1] = (part){t->m, bytes};
    out[2] = (part){t->v, bytes};
    out[3] = (part){t->moving, t->statistics * sizeof(float)};
}

static uint64_t sum_of(const header *h, const char *body, size_t bytes)
{
    return mhoi_hash(mhoi_hash(h->step, h->identity, sizeof h->identity), body, bytes);
}

mho_status mhoi_train_save(const trainer *t, const train_progress *progress, const char *path)
{
    part parts[4];
    parts_of(t, parts);
    header h = {.parameters = t->parameters,
                .statistics = t->statistics,
                .step = t->step,
                .epochs_done = progress->epochs_done,
                .train_error = progress->last.train_error,
                .test_error = progress->last.test_error,
                .loss = progress->last.loss,
                .learning_rate = progress->last.learning_rate};
    memcpy(h.magic, magic, sizeof magic);
    size_t size = sizeof h;
    for (size_t k = 0; k < 4; ++k)
        size += parts[k].bytes;
    char *bytes = NULL;
    mho_status s = identify(t, h.identity);
    if (s == MHO_OK)
        s = mhoi_alloc(&bytes, size, 1, "checkpoint");
    if (s != MHO_OK)
        return s;
    size_t at = sizeof h;
    for (size_t k = 0; k < 4; at += parts[k].bytes, ++k)
        if (parts[k].bytes)
            memcpy(bytes + at, parts[k].data, parts[k].bytes);
    h.sum = sum_of(&h, bytes + sizeof h, size - sizeof h);
    memcpy(bytes, &h, sizeof h);
    s = mhoi_file_write(path, bytes, size);
    mhoi_free(&bytes);
    return s;
}

/* A file that ends where its own header says, and whose bytes are those that were written. */
static bool is_whole(const header *h, const char *bytes, size_t size)
{
    return size >= sizeof *h && memcmp(h->magic, magic, sizeof magic) == 0 &&
           memchr(h->identity, 0, sizeof h->identity) &&
           size - sizeof *h == (3 * h->parameters + h->statistics) * sizeof(float) &&
           h->sum == sum_of(h, bytes + sizeof *h, size - sizeof *h);
}

static mho_status check(const trainer *t, const header *h, const char *bytes, size_t size,
                        const char *path)
{
    char here[IDENTITY_BYTES], difference[400];
    if (!is_whole(h, bytes, size))
        return mho_error(MHO_EFORMAT, "%s: damaged, or no training checkpoint of this version",
                         path);
    mho_status s = identify(t, here);
    if (s)
        return s;
    if (!mhoi_identity_same(h->identity, here, difference, sizeof difference))
        return mho_error(MHO_ECONFIG, "%s: of another training: %s", path, difference);
    if (h->parameters != t->parameters || h->statistics != t->statistics ||
        h->epochs_done > t->options.epochs)
        return mho_error(MHO_EFORMAT, "%s: damaged checkpoint", path);
    return MHO_OK;
}

mho_status mhoi_train_load(trainer *t, train_progress *progress, const char *path)
{
    char *bytes = NULL;
    size_t size = 0;
    header h = {0};
    mho_status s = mhoi_file_read(path, MHOI_MODEL_MAX, &bytes, &size);
    if (s != MHO_OK)
        return s;
    memcpy(&h, bytes, size < sizeof h ? size : sizeof h);
    s = check(t, &h, bytes, size, path);
    if (s == MHO_OK) {
        part parts[4];
        parts_of(t, parts);
        size_t at = sizeof h;
        for (size_t k = 0; k < 4; at += parts[k].bytes, ++k)
            if (parts[k].bytes)
                memcpy(parts[k].data, bytes + at, parts[k].bytes);
        t->step = h.step;
        progress->epochs_done = h.epochs_done;
        progress->last = (mho_train_epoch){.epoch = h.epochs_done,
                                           .epochs = t->options.epochs,
                                           .train_error = h.train_error,
                                           .test_error = h.test_error,
                                           .loss = h.loss,
                                           .learning_rate = h.learning_rate};
        if (h.epochs_done > mhoi_train_rounds_from(t))
            mhoi_train_resume_rounding(t);
        s = mhoi_train_prepare(t);
    }
    mhoi_free(&bytes);
    return s;
}
