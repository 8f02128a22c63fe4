/* SPDX-License-Identifier: Apache-2.0 */
/* Checkpoints: everything that decides how training goes on, in one file.
 *
 * header, then w, m, v (parameters) and the moving averages (statistics) as floats of this machine; the
 * header has a check sum of them all and a fingerprint of what must not change: options, network, images. */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/file.h"
#include "train/train_impl.h"

typedef struct header {
    char magic[8];
    uint64_t parameters, statistics, fingerprint, sum, step, epochs_done;
    double train_error, test_error, loss, learning_rate;
} header;

static const char magic[8] = "mhotrn1\n";

/* FNV-1a over eight bytes at a time, then the rest. */
static uint64_t fold(uint64_t hash, const void *bytes, size_t size)
{
    const unsigned char *p = bytes;
    for (; size >= 8; size -= 8, p += 8) {
        uint64_t word;
        memcpy(&word, p, 8);
        hash = (hash ^ word) * 0x100000001b3u;
        hash ^= hash >> 29;
    }
    for (; size; --size, ++p)
        hash = (hash ^ *p) * 0x100000001b3u;
    return hash;
}

static uint64_t fingerprint(const trainer *t)
{
    const mho_train_options *o = &t->options;
    const double real[] = {o->learning_rate, o->learning_rate_end, o->latent_rate, o->weight_decay,
                           o->label_smoothing};
    const size_t whole[] = {o->epochs, o->batch, o->shift, o->seed, t->images->count};
    uint64_t hash = fold(0xcbf29ce484222325u, real, sizeof real);
    hash = fold(hash, whole, sizeof whole);
    for (size_t i = 0; i < t->net->nodes; ++i) {
        const mho_node *n = &t->net->node[i];
        const size_t node[] = {(size_t)n->op, n->input[0], n->in.c,
                               n->out.c,      n->out.h,    n->out.w,
                               n->kh,         n->groups,   n->alphabet == MHO_ALPHABET_BINARY};
        hash = fold(hash, node, sizeof node);
    }
    hash = fold(hash, t->images->label, t->images->count * sizeof *t->images->label);
    return fold(hash, t->images->pixel, t->images->count * train_elements(t->images->shape));
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

mho_status train_save(const trainer *t, const train_progress *progress, const char *path)
{
    part parts[4];
    parts_of(t, parts);
    header h = {.parameters = t->parameters,
                .statistics = t->statistics,
                .fingerprint = fingerprint(t),
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
    mho_status s = mhoi_alloc(&bytes, size, 1, "checkpoint");
    if (s != MHO_OK)
        return s;
    size_t at = sizeof h;
    for (size_t k = 0; k < 4; at += parts[k].bytes, ++k)
        if (parts[k].bytes)
            memcpy(bytes + at, parts[k].data, parts[k].bytes);
    h.sum = fold(h.step, bytes + sizeof h, size - sizeof h);
    memcpy(bytes, &h, sizeof h);
    s = mhoi_file_write(path, bytes, size);
    mhoi_free(&bytes);
    return s;
}

static mho_status check(const trainer *t, const header *h, const char *bytes, size_t size,
                        const char *path)
{
    if (size < sizeof *h || memcmp(h->magic, magic, sizeof magic) != 0)
        return mho_error(MHO_EFORMAT, "%s: not a checkpoint of mho train", path);
    if (h->fingerprint != fingerprint(t))
        return mho_error(MHO_ECONFIG, "%s: made with another network, other data or other options",
                         path);
    const size_t want = sizeof *h + (3 * t->parameters + t->statistics) * sizeof(float);
    if (h->parameters != t->parameters || h->statistics != t->statistics || size != want)
        return mho_error(MHO_EFORMAT, "%s: %zu bytes, want %zu", path, size, want);
    if (h->sum != fold(h->step, bytes + sizeof *h, size - sizeof *h) ||
        h->epochs_done > t->options.epochs)
        return mho_error(MHO_EFORMAT, "%s: damaged checkpoint", path);
    return MHO_OK;
}

mho_status train_load(trainer *t, train_progress *progress, const char *path)
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
        s = train_prepare(t);
    }
    mhoi_free(&bytes);
    return s;
}
