/* SPDX-License-Identifier: Apache-2.0 */
/* Kept by what cells depend on: network, device, wires, how weights lie on cells (a digest of it all, of a chip), seed,
 * programming and layer.  Chips of one digest follow each other; where memory is short the cells of the digest that was
 * used longest ago go, and what would only take the place of its own kind is not kept. */
#include "chip/chip_drawn.h"

#include <pthread.h>
#include <string.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "base/parallel.h"
#include "base/shelf.h"
#include "chip/drawn_cells.h"

enum { CHAINS = 256, BYTES_MOST = 512 << 20, SHARE = 8 };

typedef struct drawn_layer {
    struct drawn_layer *next, *older; /* of the chain, of the digest */
    struct digest *of;
    uint64_t seed;
    uint32_t trial, layer;
    bool ideal;
    size_t users, cells;
    mho_write_count count;
    double bound;
    int16_t *g; /* [cells] all planes, one side after the other */
} drawn_layer;

typedef struct digest {
    struct digest *next;
    uint64_t half[2];
    size_t pending; /* layers under way, not yet kept */
    drawn_layer *last;
} digest;

struct drawn_place {
    pthread_mutex_t lock;
    size_t bytes, budget;
    digest *first; /* the one that was used last */
    drawn_layer *chain[CHAINS];
};

static void release(void *object)
{
    struct drawn_place *place = object;
    while (place->first) {
        digest *d = place->first;
        place->first = d->next;
        while (d->last) {
            drawn_layer *l = d->last;
            d->last = l->older;
            mhoi_free(&l->g);
            mhoi_free(&l);
        }
        mhoi_free(&d);
    }
    pthread_mutex_destroy(&place->lock);
    mhoi_free(&place);
}

static struct drawn_place *find_place(void)
{
    return (struct drawn_place *)(uintptr_t)mhoi_shelf_find("drawn cells", "", 1);
}

void mhoi_drawn_cells_open(size_t budget)
{
    const uint64_t share = mhoi_memory_left() / SHARE;
    struct drawn_place *place = NULL;
    if (find_place() || mhoi_alloc(&place, 1, sizeof *place, "drawn cells"))
        return;
    pthread_mutex_init(&place->lock, NULL);
    place->budget = budget ? budget : (size_t)(share < BYTES_MOST ? share : BYTES_MOST);
    if (!mhoi_shelf_keep("drawn cells", 1, "", 1, place, release))
        release(place);
}

bool mhoi_chip_drew(const mho_chip *chip)
{
    return chip->drew;
}

/* --- what cells depend on --------------------------------------------------------------------------------- */

/* By words, which are many where weights are. */
static void mix(uint64_t half[2], const void *bytes, size_t size)
{
    static const uint64_t factor[2] = {UINT64_C(0x9e3779b97f4a7c15), UINT64_C(0xd6e8feb86659fd93)};
    const unsigned char *p = bytes;
    for (size_t i = 0; i < size; i += sizeof(uint64_t)) {
        uint64_t word = 0;
        memcpy(&word, p + i, size - i < sizeof word ? size - i : sizeof word);
        for (int k = 0; k < 2; k++) {
            half[k] = (half[k] ^ word) * factor[k];
            half[k] ^= half[k] >> 29;
        }
    }
}

static void mix_sizes(uint64_t half[2], size_t n, const size_t *size)
{
    mix(half, size, n * sizeof *size);
}

static void mix_layer(uint64_t half[2], const chip_layer *layer)
{
    const mho_window *w = &layer->window;
    const mhoi_place *place = layer->place;
    const size_t all[] = {layer->groups,
                          layer->columns,
                          layer->rows,
                          layer->channels,
                          layer->lines,
                          layer->slot,
                          w->c,
                          w->kh,
                          w->kw,
                          place->turned,
                          place->turn_step,
                          place->crossbar_rows,
                          layer->inputs->lines,
                          layer->order != NULL,
                          (size_t)layer->m.one};
    mix_sizes(half, sizeof all / sizeof *all, all);
    mix(half, &layer->inputs->coding, sizeof(void *)); /* one table of codings for all */
    mix(half, layer->cells, sizeof *layer->cells);
    if (layer->order)
        mix(half, layer->order, layer->groups * layer->lines * sizeof *layer->order);
    size_t size;
    const void *m = mhoi_chip_weights_bytes(&layer->m, &size);
    mix_sizes(half, 1, &size);
    mix(half, m, size);
}

/* Noise of reads is drawn when they are. */
static void set_digest(mho_chip *chip)
{
    mho_device device;
    memcpy(&device, &chip->plan->device, sizeof device);
    device.read_noise = device.read_noise_fixed = 0;
    chip->cells_digest[0] = MHOI_HASH_START;
    chip->cells_digest[1] = ~MHOI_HASH_START;
    mix(chip->cells_digest, &device, sizeof device);
    mix(chip->cells_digest, &chip->plan->wires, sizeof chip->plan->wires);
    mix_sizes(chip->cells_digest, 1, &chip->layers);
    for (size_t l = 0; l < chip->layers; l++)
        mix_layer(chip->cells_digest, &chip->layer[l]);
    chip->cells_known = true;
}

static size_t cells_of(const chip_layer *layer)
{
    const mhoi_cells *k = layer->cells;
    return layer->groups * k->planes * k->plane_columns * layer->lines * k->fold * k->coding->sides;
}

/* --- finding and keeping ----------------------------------------------------------------------------------- */

static size_t bytes_of(const drawn_layer *l)
{
    return sizeof *l + l->cells * sizeof *l->g;
}

static size_t chain_of(const digest *of, uint64_t seed, uint32_t trial, uint32_t layer, bool ideal)
{
    const uint64_t words[] = {of->half[0], seed, trial, layer, ideal};
    return mhoi_fnv1a(MHOI_HASH_START, words, sizeof words) % CHAINS;
}

/* The digest that is used now becomes the first. */
static digest *digest_of(struct drawn_place *place, const uint64_t half[2])
{
    digest **at = &place->first, *d = NULL;
    while (*at && memcmp((*at)->half, half, sizeof(*at)->half) != 0)
        at = &(*at)->next;
    d = *at;
    if (d)
        *at = d->next;
    else if (mhoi_alloc(&d, 1, sizeof *d, "drawn cells"))
        return NULL;
    memcpy(d->half, half, sizeof d->half);
    d->next = place->first;
    place->first = d;
    return d;
}

static void forget_if_empty(struct drawn_place *place, digest *d)
{
    digest **at = &place->first;
    if (d->last || d->pending)
        return;
    while (*at != d)
        at = &(*at)->next;
    *at = d->next;
    mhoi_free(&d);
}

static drawn_layer *look(const struct drawn_place *place, const drawn_layer *wanted)
{
    const size_t c =
        chain_of(wanted->of, wanted->seed, wanted->trial, wanted->layer, wanted->ideal);
    for (drawn_layer *l = place->chain[c]; l; l = l->next)
        if (l->of == wanted->of && l->seed == wanted->seed && l->trial == wanted->trial &&
            l->layer == wanted->layer && l->ideal == wanted->ideal)
            return l;
    return NULL;
}

static void unlink_layer(struct drawn_place *place, drawn_layer *l)
{
    drawn_layer **at = &place->chain[chain_of(l->of, l->seed, l->trial, l->layer, l->ideal)];
    while (*at != l)
        at = &(*at)->next;
    *at = l->next;
}

/* Cells of other digests go, those not used for longest first. */
static bool make_room(struct drawn_place *place, const digest *mine, size_t bytes)
{
    while (place->bytes + bytes > place->budget) {
        digest *oldest = NULL;
        for (digest *d = place->first; d; d = d->next)
            if (d != mine && d->last && !d->last->users)
                oldest = d;
        if (!oldest)
            return false;
        drawn_layer *l = oldest->last;
        oldest->last = l->older;
        unlink_layer(place, l);
        place->bytes -= bytes_of(l);
        mhoi_free(&l->g);
        mhoi_free(&l);
        forget_if_empty(place, oldest);
    }
    return true;
}

/* To be drawn: room for its cells; NULL: there is none. */
static drawn_layer *begin_layer(struct drawn_place *place, const drawn_layer *wanted)
{
    drawn_layer *l = NULL;
    if (!make_room(place, wanted->of, bytes_of(wanted)) ||
        mhoi_alloc(&l, 1, sizeof *l, "drawn cells"))
        return NULL;
    *l = *wanted;
    if (mhoi_alloc(&l->g, l->cells, sizeof *l->g, "drawn cells")) {
        mhoi_free(&l);
        return NULL;
    }
    place->bytes += bytes_of(l);
    l->of->pending++;
    return l;
}

void mhoi_chip_drawn_begin(mho_chip *chip, size_t layer, bool ideal, chip_drawn *drawn)
{
    struct drawn_place *place = chip->streamed ? NULL : find_place();
    const size_t cells = cells_of(&chip->layer[layer]);
    *drawn = (chip_drawn){.place = place};
    if (!place || mhoi_chip_noise_needs_bare(chip->plan) || cells * sizeof(int16_t) > place->budget)
        return;
    if (!chip->cells_known)
        set_digest(chip);
    pthread_mutex_lock(&place->lock);
    drawn_layer wanted = {.of = digest_of(place, chip->cells_digest),
                          .seed = ideal ? 0 : chip->seed,
                          .trial = ideal ? 0 : chip->trial,
                          .layer = (uint32_t)layer,
                          .ideal = ideal,
                          .cells = cells};
    drawn_layer *l = wanted.of ? look(place, &wanted) : NULL;
    drawn->known = l != NULL;
    if (!l && wanted.of)
        l = begin_layer(place, &wanted);
    if (l)
        l->users++;
    else if (wanted.of)
        forget_if_empty(place, wanted.of);
    drawn->layer = l;
    pthread_mutex_unlock(&place->lock);
}

void mhoi_chip_drawn_take(chip_drawn *drawn, size_t n, int16_t *g)
{
    memcpy(g, drawn->layer->g + drawn->at, n * sizeof *g);
    drawn->at += n;
}

void mhoi_chip_drawn_put(chip_drawn *drawn, size_t n, const int16_t *g)
{
    memcpy(drawn->layer->g + drawn->at, g, n * sizeof *g);
    drawn->at += n;
}

/* Of two that drew the same at once, the second one's are not kept. */
static void keep(struct drawn_place *place, drawn_layer *l, bool whole)
{
    digest *of = l->of;
    of->pending--;
    if (!whole || look(place, l)) {
        place->bytes -= bytes_of(l);
        mhoi_free(&l->g);
        mhoi_free(&l);
        forget_if_empty(place, of);
        return;
    }
    const size_t c = chain_of(l->of, l->seed, l->trial, l->layer, l->ideal);
    l->next = place->chain[c];
    place->chain[c] = l;
    l->older = of->last;
    of->last = l;
}

void mhoi_chip_drawn_end(chip_drawn *drawn, bool whole, mho_write_count *count, double *bound)
{
    drawn_layer *l = drawn->layer;
    if (!l)
        return;
    if (drawn->known) {
        *count = l->count;
        *bound = l->bound;
    } else {
        l->count = *count;
        l->bound = *bound;
    }
    pthread_mutex_lock(&drawn->place->lock);
    l->users--;
    if (!drawn->known)
        keep(drawn->place, l, whole);
    pthread_mutex_unlock(&drawn->place->lock);
    drawn->layer = NULL;
}
