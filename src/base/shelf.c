/* SPDX-License-Identifier: Apache-2.0 */
/* A table of chains by the hash of name and key; one lock, as what is looked up is worth much more than the look. */
#include "base/shelf.h"

#include <pthread.h>
#include <string.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "base/parallel.h"

enum { CHAINS = 1024, NAMES = 8 };

typedef struct kept {
    struct kept *next;
    uint64_t hash;
    const char *name;
    size_t size;
    unsigned char *key;
    void *object;
    mhoi_shelf_free_fn *release;
} kept;

struct mhoi_shelf {
    pthread_mutex_t lock;
    kept *chain[CHAINS];
    const char *name[NAMES];
    size_t count[NAMES]; /* objects of that name */
};

mho_status mhoi_shelf_create(mhoi_shelf **out)
{
    mho_status s = mhoi_alloc(out, 1, sizeof **out, "shelf");
    if (!s)
        pthread_mutex_init(&(*out)->lock, NULL);
    return s;
}

static void free_kept(kept *k)
{
    if (k->release)
        k->release(k->object);
    mhoi_free(&k->key);
    mhoi_free(&k);
}

void mhoi_shelf_destroy(mhoi_shelf *shelf)
{
    if (!shelf)
        return;
    for (size_t i = 0; i < CHAINS; i++)
        while (shelf->chain[i]) {
            kept *k = shelf->chain[i];
            shelf->chain[i] = k->next;
            free_kept(k);
        }
    pthread_mutex_destroy(&shelf->lock);
    mhoi_free(&shelf);
}

mhoi_shelf *mhoi_shelf_use(mhoi_shelf *shelf)
{
    mhoi_shelf **at = mhoi_run_shelf(), *before = *at;
    *at = shelf;
    return before;
}

static uint64_t hash_of(const char *name, const void *key, size_t size)
{
    const unsigned char *p = key;
    uint64_t hash = mhoi_fnv1a_text(MHOI_HASH_START, name), word;
    size_t i = 0;
    for (; i + sizeof word <= size; i += sizeof word) { /* keys are long */
        memcpy(&word, p + i, sizeof word);
        hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
        hash ^= hash >> 32;
    }
    return mhoi_fnv1a(hash, p + i, size - i);
}

static kept *look(const mhoi_shelf *shelf, uint64_t hash, const char *name, const void *key,
                  size_t size)
{
    for (kept *k = shelf->chain[hash % CHAINS]; k; k = k->next)
        if (k->hash == hash && k->size == size && !strcmp(k->name, name) &&
            !memcmp(k->key, key, size))
            return k;
    return NULL;
}

const void *mhoi_shelf_find(const char *name, const void *key, size_t size)
{
    mhoi_shelf *shelf = *mhoi_run_shelf();
    if (!shelf)
        return NULL;
    const uint64_t hash = hash_of(name, key, size);
    pthread_mutex_lock(&shelf->lock);
    const kept *found = look(shelf, hash, name, key, size);
    pthread_mutex_unlock(&shelf->lock);
    return found ? found->object : NULL;
}

/* Is there room for one more of that name? */
static bool take_room(mhoi_shelf *shelf, const char *name, size_t most)
{
    for (size_t i = 0; i < NAMES; i++) {
        if (!shelf->name[i])
            shelf->name[i] = name;
        if (!strcmp(shelf->name[i], name))
            return shelf->count[i] < most && ++shelf->count[i];
    }
    return false;
}

bool mhoi_shelf_keep(const char *name, size_t most, const void *key, size_t size, void *object,
                     mhoi_shelf_free_fn *release)
{
    mhoi_shelf *shelf = *mhoi_run_shelf();
    kept *k = NULL;
    if (!shelf || mhoi_alloc(&k, 1, sizeof *k, "shelf"))
        return false;
    *k = (kept){.hash = hash_of(name, key, size), .name = name, .size = size, .object = object};
    bool room = !mhoi_alloc(&k->key, size, 1, "shelf");
    if (room) {
        memcpy(k->key, key, size);
        pthread_mutex_lock(&shelf->lock);
        room = !look(shelf, k->hash, name, key, size) && take_room(shelf, name, most);
        if (room) {
            k->release = release;
            k->next = shelf->chain[k->hash % CHAINS];
            shelf->chain[k->hash % CHAINS] = k;
        }
        pthread_mutex_unlock(&shelf->lock);
    }
    if (!room) {
        mhoi_free(&k->key);
        mhoi_free(&k);
    }
    return room;
}
