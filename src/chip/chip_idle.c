/* SPDX-License-Identifier: Apache-2.0 */
/* Memory of runs that is kept for the next one: one vector after the other through a small chip, or few images through one
 * programming after the other, would else spend more on fresh pages than on sums. */
#include <pthread.h>

#include "base/alloc.h"
#include "chip/chip_idle.h"
#include "chip/chip_work.h"
#include "crossbar/cells.h"

enum {
    KEPT = 16,             /* threads that find theirs again */
    KEPT_BYTES = 64 << 20, /* of one thread; crossbars have memory of their own each besides */
    KEPT_LAYERS = 64,
};

struct chip_idle {
    pthread_mutex_t lock; /* runs of several threads may take and give */
    chip_work *work[KEPT];
    void *maps; /* of a set of images that threads share out */
    size_t bytes;
};

mho_status mhoi_chip_idle_create(struct chip_idle **out)
{
    mho_status s = mhoi_alloc(out, 1, sizeof **out, "idle memory");
    if (!s)
        pthread_mutex_init(&(*out)->lock, NULL);
    return s;
}

static bool fits(const mho_chip *chip, const chip_work *work)
{
    for (size_t l = 0; l < chip->layers; l++)
        if (!mhoi_crossbar_work_fits(chip->layer[l].xb[0], work->layer[l]))
            return false;
    return mhoi_chip_work_holds_totals(chip, work); /* sums may have become wider */
}

static void drop(chip_work **work)
{
    mhoi_chip_work_destroy(*work);
    *work = NULL;
}

void mhoi_chip_idle_programmed(const mho_chip *chip)
{
    for (size_t i = 0; i < KEPT; i++)
        if (chip->idle->work[i] && !fits(chip, chip->idle->work[i]))
            drop(&chip->idle->work[i]);
}

void mhoi_chip_idle_destroy(struct chip_idle *idle)
{
    if (!idle)
        return;
    for (size_t i = 0; i < KEPT; i++)
        drop(&idle->work[i]);
    mhoi_free(&idle->maps);
    pthread_mutex_destroy(&idle->lock);
    mhoi_free(&idle);
}

mho_status mhoi_chip_idle_take(const mho_chip *chip, size_t images, chip_work **out)
{
    struct chip_idle *idle = chip->idle;
    *out = NULL;
    pthread_mutex_lock(&idle->lock);
    for (size_t i = 0; i < KEPT && !*out; i++)
        if (idle->work[i] && idle->work[i]->images >= images) {
            *out = idle->work[i];
            idle->work[i] = NULL;
        }
    pthread_mutex_unlock(&idle->lock);
    return *out ? MHO_OK : mhoi_chip_work_create_bare(chip, images, out);
}

/* In the place of one for fewer images, if there is no free one. */
static chip_work *exchange(struct chip_idle *idle, chip_work *work)
{
    size_t at = 0;
    for (size_t i = 0; i < KEPT; i++) {
        const size_t had = idle->work[i] ? idle->work[i]->images : 0;
        at = had < (idle->work[at] ? idle->work[at]->images : 0) ? i : at;
    }
    chip_work *out = idle->work[at];
    if (out && out->images >= work->images)
        return work;
    idle->work[at] = work;
    return out;
}

void mhoi_chip_idle_give(const mho_chip *chip, chip_work *work)
{
    if (work && !work->brief && chip->layers <= KEPT_LAYERS && work->bytes <= KEPT_BYTES) {
        mhoi_chip_work_settle(chip, work);
        pthread_mutex_lock(&chip->idle->lock);
        work = exchange(chip->idle, work);
        pthread_mutex_unlock(&chip->idle->lock);
    }
    mhoi_chip_work_destroy(work);
}

mho_status mhoi_chip_idle_take_maps(const mho_chip *chip, size_t bytes, void **out, size_t *has)
{
    struct chip_idle *idle = chip->idle;
    pthread_mutex_lock(&idle->lock);
    *out = idle->maps;
    *has = idle->bytes;
    idle->maps = NULL;
    pthread_mutex_unlock(&idle->lock);
    if (*out && *has >= bytes)
        return MHO_OK;
    mhoi_free(out);
    *has = bytes;
    return mhoi_alloc(out, bytes, 1, "feature maps");
}

void mhoi_chip_idle_give_maps(const mho_chip *chip, void *maps, size_t bytes)
{
    struct chip_idle *idle = chip->idle;
    if (maps && bytes <= KEPT_BYTES) {
        pthread_mutex_lock(&idle->lock);
        void *before = idle->maps;
        idle->maps = maps;
        idle->bytes = bytes;
        pthread_mutex_unlock(&idle->lock);
        maps = before;
    }
    mhoi_free(&maps);
}
