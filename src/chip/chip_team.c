/* SPDX-License-Identifier: Apache-2.0 */
/* Threads that share out one set of images: between two layers that are worked by columns, each takes its part of the images
 * through the steps (more parts would read crossbars more often); a thread waits only where it needs what others have not
 * finished yet.
 *
 * All of it is one loop, so that threads are woken up once.  Its items are handed out in rising order, so who waits, waits
 * for threads that are at work. */
#include <sched.h>
#include <stdatomic.h>
#include <string.h>

#include "base/alloc.h"
#include "base/parallel.h"
#include "chip/chip_idle.h"
#include "chip/chip_team.h"
#include "chip/chip_work.h"
#include "crossbar/cells.h"

enum {
    PIXELS_LEAST = 1024,   /* of a part, for a layer to be worked by images */
    BYTES_LEAST = 1 << 18, /* or it reads less than this of its crossbars */
    CELLS_LEAST = 1 << 16, /* and less than a kernel's pixels take no longer */
    LINE = 64,
    SPINS = 4000,
};

/* What a core of 2022 takes, roughly. */
#define NS_NEAR_BYTE 0.012 /* to read what a shared cache holds, while it works on something else */
#define NS_FAR_BYTE 0.1    /* and what it does not */
#define NEAR_BYTES 16e6
#define NS_LOOKUP 0.004 /* for a multiplication by a bit */
#define NS_PRODUCT 0.028
#define SHORT_MORE 0.3   /* of its time, that a layer of few pixels loses */
#define SHARE_LEAST 0.02 /* of the time, that reading once a thread would add */

typedef struct team {
    const mho_chip *chip;
    const chip_flight *flight;
    size_t threads, parts; /* of the images */
    size_t *cut, cuts;     /* steps that are worked by columns */
    uint8_t **map;         /* [maps] that they read, or made after them: [n][bytes]; else NULL */
    uint8_t **buffer;      /* [buffers][n][bytes] of the others, part by part */
    int32_t *sum;          /* [n][columns][P] of a cut */
    chip_work **work;      /* [threads] */
    atomic_size_t *done;   /* [phases] items */
    atomic_bool failed;
    void *slab; /* memory of all maps and sums */
    size_t slab_bytes;
} team;

static double products_ns(const chip_layer *layer, size_t images)
{
    const double products = (double)(layer->groups * layer->cells->converted * layer->lines) *
                            (double)(layer->positions * images);
    return products * (layer->inputs->bits == 1 ? NS_LOOKUP : NS_PRODUCT);
}

static double work_ns(const mho_chip *chip, size_t images)
{
    double work = 0;
    for (size_t l = 0; l < chip->layers; l++)
        work += products_ns(&chip->layer[l], images);
    return work;
}

/* Is a thread's part of the images less than the pixels that kernels take at once? */
static bool is_short(const chip_layer *layer, size_t images, size_t threads)
{
    return (images + threads - 1) / threads * layer->positions < CHIP_TILE;
}

/* Is the layer one that reads a lot for few pixels, and simple enough to be worked by columns? */
static bool is_cut(const mho_chip *chip, const chip_step *step, size_t images, size_t threads)
{
    if (step->kind != CHIP_CROSSBAR || step->out == CHIP_NONE)
        return false;
    const chip_layer *layer = &chip->layer[step->layer];
    const size_t each = (images + threads - 1) / threads;
    const bool simple = layer->groups == 1 && chip_is_plain(layer) && !layer->counter &&
                        layer->inputs->as_is && chip->plan->device.nonlinearity == 0;
    return simple && images <= layer->images && each * layer->positions < PIXELS_LEAST &&
           layer->cells->converted >= threads * MHOI_COLUMNS &&
           (mhoi_crossbar_read_bytes(layer->xb[0]) >= BYTES_LEAST ||
            (is_short(layer, images, threads) && layer->rows * layer->columns >= CELLS_LEAST));
}

bool mhoi_chip_team_pays(const mho_chip *chip, size_t images, size_t threads)
{
    double more = 0;
    if (threads < 2 || images < threads || images > threads * chip->block)
        return false;
    for (size_t i = 0; i < chip->steps; i++)
        if (is_cut(chip, &chip->step[i], images, threads)) {
            const chip_layer *layer = &chip->layer[chip->step[i].layer];
            const double bytes = (double)mhoi_crossbar_read_bytes(layer->xb[0]);
            more += bytes * (bytes > NEAR_BYTES ? NS_FAR_BYTE : NS_NEAR_BYTE);
            if (is_short(layer, images, threads))
                more += SHORT_MORE * products_ns(layer, images);
        }
    return more > SHARE_LEAST * (work_ns(chip, images) + more);
}

static size_t first_of(const team *t, size_t part)
{
    const size_t n = t->flight->n, each = n / t->parts, more = n % t->parts;
    return part * each + (part < more ? part : more);
}

/* Where the work of a thread finds the maps of images from `first` on. */
static void set_maps(const team *t, chip_work *work, size_t first)
{
    for (size_t i = 0; i < t->chip->maps; i++) {
        const chip_map *map = &t->chip->map[i];
        work->map[i] = t->map[i] ? t->map[i] + first * map->bytes
                                 : t->buffer[map->buffer] + first * t->chip->buffer[map->buffer];
    }
}

static void reset_maps(const team *t, chip_work *work)
{
    for (size_t i = 0; i < t->chip->maps; i++)
        work->map[i] = work->buffer[t->chip->map[i].buffer];
}

/* The part's images from the sums of the cut before to the map that the next cut reads, or to the end. */
static mho_status run_part(const team *t, size_t cut, size_t part, chip_work *work)
{
    const mho_chip *chip = t->chip;
    const chip_flight *f = t->flight;
    const size_t first = first_of(t, part), n = first_of(t, part + 1) - first;
    const size_t from = cut ? t->cut[cut - 1] : 0, to = cut < t->cuts ? t->cut[cut] : chip->steps;
    const int32_t *sum = NULL;
    set_maps(t, work, first);
    work->first = f->number + first;
    if (cut) {
        const chip_layer *layer = &chip->layer[chip->step[from].layer];
        sum = t->sum + first * chip_channels(layer) * layer->positions;
    } else {
        mhoi_chip_work_load(chip, work, f->images, f->first + first, n, f->number + first);
    }
    mhoi_chip_work_scores_to(work, f->scores ? f->scores + first * chip->classes : NULL);
    const mho_status s = mhoi_chip_work_go_on(chip, work, from, to, n, sum);
    const float *score = mhoi_chip_work_scores(work);
    mhoi_chip_work_scores_to(work, NULL);
    for (size_t i = 0; !s && to == chip->steps && f->label && i < n; i++)
        f->label[first + i] = chip_best_class(score + i * chip->classes, chip->classes);
    return s;
}

/* Some columns of a cut's sums, of all images. */
static mho_status run_columns(const team *t, size_t cut, size_t slice, chip_work *work)
{
    const mho_chip *chip = t->chip;
    const chip_step *step = &chip->step[t->cut[cut]];
    const chip_layer *layer = &chip->layer[step->layer];
    const size_t columns = layer->cells->converted,
                 strips = (columns + MHOI_COLUMNS - 1) / MHOI_COLUMNS;
    const size_t from = slice * strips / t->threads * MHOI_COLUMNS;
    const size_t end = (slice + 1) * strips / t->threads * MHOI_COLUMNS;
    const mho_reading reading = {.seed = chip->seed,
                                 .trial = chip->trial,
                                 .layer = (uint32_t)step->layer,
                                 .first = t->flight->number};
    mho_status s = MHO_OK;
    if (work->brief)
        s = mhoi_chip_work_enter(chip, work, step->layer);
    if (!s) {
        mho_crossbar_work *own = work->layer[step->layer];
        mhoi_crossbar_work_columns(layer->xb[0], own, from, (end < columns ? end : columns) - from);
        mho_crossbar_work_groups(layer->xb[0], own, 0, layer->place->row_groups);
        mho_crossbar_run(layer->xb[0], own, &layer->converter, layer->place->per_pair, t->flight->n,
                         t->map[step->in], t->sum, &reading);
        mhoi_crossbar_work_columns(layer->xb[0], own, 0, 0);
        s = mhoi_interruption();
    }
    if (work->brief)
        mhoi_chip_work_leave(chip, work, step->layer);
    return s;
}

/* Until all items of a phase are done; false: they will not be. */
static bool wait_for(const team *t, size_t phase, size_t items)
{
    for (size_t spin = 0; atomic_load(&t->done[phase]) < items; spin++) {
        if (atomic_load(&t->failed) || mhoi_interrupted())
            return false;
        if (spin < SPINS)
            mhoi_rest();
        else
            (void)sched_yield();
    }
    return true;
}

/* Items: the parts up to the first cut, its columns a thread, the parts up to the second cut, ... */
static mho_status run_item(void *context, size_t item, size_t thread)
{
    team *t = context;
    const size_t round = t->parts + t->threads, cut = item / round, i = item % round;
    const bool by_columns = i >= t->parts;
    const size_t phase = 2 * cut + by_columns;
    if (phase > 0 && !wait_for(t, phase - 1, by_columns ? t->parts : t->threads))
        return mhoi_interruption();
    const mho_status s = by_columns ? run_columns(t, cut, i - t->parts, t->work[thread])
                                    : run_part(t, cut, i, t->work[thread]);
    if (s) {
        atomic_store(&t->failed, true);
        return s;
    }
    const size_t done = atomic_fetch_add(&t->done[phase], 1) + 1;
    if (cut == t->cuts)
        mhoi_progress("crossbars", done * t->flight->n / t->parts, t->flight->n, "images");
    return MHO_OK;
}

/* --- memory ----------------------------------------------------------------------------------------- */

/* A place in the slab, or, where there is none yet, how large it has to be. */
static void *place(const team *t, size_t *at, size_t bytes)
{
    void *out = t->slab ? (char *)t->slab + *at : NULL;
    *at += (bytes + LINE - 1) / LINE * LINE;
    return out;
}

/* Gives every map its place; returns what they take. */
static size_t lay_out(team *t)
{
    const mho_chip *chip = t->chip;
    size_t at = 0, sums = 0;
    for (size_t i = 0; i < t->cuts; i++) {
        const chip_step *step = &chip->step[t->cut[i]];
        const chip_layer *layer = &chip->layer[step->layer];
        const size_t n = t->flight->n * layer->cells->converted * layer->positions;
        sums = n > sums ? n : sums;
        if (!t->map[step->in])
            t->map[step->in] = place(t, &at, t->flight->n * chip->map[step->in].bytes);
    }
    for (size_t i = 0; i < chip->buffers; i++)
        t->buffer[i] = place(t, &at, t->flight->n * chip->buffer[i]);
    t->sum = place(t, &at, sums * sizeof *t->sum);
    return at;
}

static mho_status open_team(team *t)
{
    const mho_chip *chip = t->chip;
    const size_t n = t->flight->n;
    t->parts = t->threads < n ? t->threads : n;
    mho_status s = mhoi_alloc(&t->cut, chip->steps, sizeof *t->cut, "inference memory");
    for (size_t i = 0; !s && i < chip->steps; i++)
        if (is_cut(chip, &chip->step[i], n, t->threads))
            t->cut[t->cuts++] = i;
    if (!s)
        s = mhoi_alloc(&t->done, 2 * t->cuts + 1, sizeof *t->done, "inference memory");
    if (!s)
        s = mhoi_alloc(&t->map, chip->maps, sizeof *t->map, "inference memory");
    if (!s)
        s = mhoi_alloc(&t->buffer, chip->buffers, sizeof *t->buffer, "inference memory");
    if (!s)
        s = mhoi_alloc(&t->work, t->threads, sizeof(chip_work *), "inference memory");
    if (!s)
        s = mhoi_chip_idle_take_maps(chip, lay_out(t), &t->slab, &t->slab_bytes);
    if (!s)
        (void)lay_out(t);
    for (size_t i = 0; !s && i < t->threads; i++)
        s = mhoi_chip_idle_take(chip, (n + t->parts - 1) / t->parts, &t->work[i]);
    return s;
}

static void close_team(team *t)
{
    for (size_t i = 0; t->work && i < t->threads; i++) {
        if (t->work[i])
            reset_maps(t, t->work[i]);
        mhoi_chip_idle_give(t->chip, t->work[i]);
    }
    mhoi_chip_idle_give_maps(t->chip, t->slab, t->slab_bytes);
    mhoi_free(&t->work);
    mhoi_free(&t->buffer);
    mhoi_free(&t->map);
    mhoi_free(&t->done);
    mhoi_free(&t->cut);
}

mho_status mhoi_chip_team_run(const mho_chip *chip, const chip_flight *flight, size_t threads)
{
    team t = {.chip = chip, .flight = flight, .threads = threads};
    mho_status s = open_team(&t);
    if (!s)
        s = mhoi_parallel(t.parts + t.cuts * (t.parts + threads), run_item, &t);
    for (size_t i = 0; !s && i < threads; i++)
        for (size_t l = 0; l < chip->layers; l++) {
            const chip_flow flow = mhoi_chip_work_flow(chip, t.work[i], l);
            mhoi_chip_tally_add(chip->tally, l, &flow);
        }
    close_team(&t);
    return s;
}
