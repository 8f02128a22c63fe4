/* SPDX-License-Identifier: Apache-2.0 */
/* Images through a chip, by one thread or several.
 *
 * Few images: several threads share them out in stages.  A stage is a crossbar's layer and what follows it, and its items are
 * parts of the images; layers that read a lot for few pixels are worked by columns of all images instead.  Items are handed
 * out in rising order, to whoever is free: a thread that is slower for a moment (its core works for others, too) does fewer
 * of them, and who waits, waits for threads that are at work.  All of it is one loop, so that threads are woken up once.
 *
 * Many images, or one thread: parts go through all steps at once. */
#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/parallel.h"
#include "chip/chip_cut.h"
#include "chip/chip_idle.h"
#include "chip/chip_team.h"
#include "chip/chip_work.h"
#include "crossbar/cells.h"

enum {
    PIXELS_LEAST = 1024,   /* of a part, for a layer to be worked by images */
    BYTES_LEAST = 1 << 18, /* or it reads less than this of its crossbars */
    CELLS_LEAST = 1 << 16, /* and less than a kernel's pixels take no longer */
    SUMS_MOST = 1 << 20,   /* of all images, for a layer to be worked by columns */
    LINE = 64,
    SPINS = 4000, /* of who waits for others; then it lets them work, */
    YIELDS = 16,
    NAP_NS = 20000,  /* and sleeps: there may be more threads than cores */
    EVEN = 2,        /* parts of the images a thread (of slices of columns one: they gather anew) */
    PART_IMAGES = 8, /* fewer take longer each: then a thread has one part */
    MANY_BLOCKS = 4, /* a thread: those even out by themselves */
    MANY_TURNS = 4,  /* blocks a thread, where they keep TURN_IMAGES */
    TURN_IMAGES = 128,
};

/* What a core of 2022 takes, roughly. */
#define NS_NEAR_BYTE 0.012 /* to read what a shared cache holds, while it works on something else */
#define NS_FAR_BYTE 0.1    /* and what it does not */
#define NEAR_BYTES 16e6
#define NS_LOOKUP 0.004 /* for a multiplication by a bit */
#define NS_PRODUCT 0.028
#define SHORT_MORE 0.3   /* of its time, that a layer of few pixels loses */
#define SHARE_LEAST 0.02 /* of the time, that reading once a thread would add */

/* Steps [from, to) of a part of the images, or the sums of step `from` by columns, of all of them: the next stage goes on
 * from those. */
typedef struct stage {
    size_t from, to;
    bool columns;
    size_t first; /* of its items */
} stage;

typedef struct team {
    const mho_chip *chip;
    const chip_flight *flight;
    size_t threads, parts;    /* of the images in hand */
    size_t first, n;          /* those, of the flight */
    bool whole;               /* a part goes through all steps in the memory of a thread */
    stage *stage;             /* and the end, of no items */
    size_t stages, slices;    /* items of a stage by columns */
    uint8_t **map;            /* [maps] that stages by columns read: [n][bytes]; else NULL */
    uint8_t **buffer;         /* [buffers][n][bytes] of the others, part by part */
    int32_t *sum;             /* [n][columns][P] of a stage by columns */
    chip_work **work;         /* [threads] */
    atomic_size_t *done;      /* [parts] stages */
    atomic_size_t *by_column; /* [stages] items done */
    atomic_bool failed;
    atomic_size_t images; /* that are through */
    _Atomic uint64_t sums, beyond;
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

/* Does the layer read a lot for few pixels, and is it simple enough to be worked by columns? */
static bool is_cut(const mho_chip *chip, const chip_step *step, size_t images, size_t threads)
{
    if (step->kind != CHIP_CROSSBAR || step->out == CHIP_NONE)
        return false;
    const chip_layer *layer = &chip->layer[step->layer];
    const size_t each = (images + threads - 1) / threads;
    const bool simple = layer->groups == 1 && chip_is_plain(layer) && !layer->counter &&
                        layer->inputs->as_is && chip->plan->device.nonlinearity == 0;
    return simple && images * layer->cells->converted * layer->positions <= SUMS_MOST &&
           each * layer->positions < PIXELS_LEAST &&
           layer->cells->converted >= threads * MHOI_COLUMNS &&
           (mhoi_crossbar_read_bytes(layer->xb[0]) >= BYTES_LEAST ||
            (is_short(layer, images, threads) && layer->rows * layer->columns >= CELLS_LEAST));
}

/* Whether layers are worked by columns at all. */
static bool cuts_pay(const mho_chip *chip, size_t images, size_t threads)
{
    double more = 0;
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

/* The first image in hand of a part. */
static size_t first_of(const team *t, size_t part)
{
    const size_t each = t->n / t->parts, more = t->n % t->parts;
    return part * each + (part < more ? part : more);
}

static size_t largest_part(const team *t)
{
    return (t->n + t->parts - 1) / t->parts;
}

/* Where the work of a thread finds the maps of images from `at` on, of those that there is room for. */
static void set_maps(const team *t, chip_work *work, size_t at)
{
    for (size_t i = 0; i < t->chip->maps; i++) {
        const chip_map *map = &t->chip->map[i];
        work->map[i] = t->map[i] ? t->map[i] + at * map->bytes
                                 : t->buffer[map->buffer] + at * t->chip->buffer[map->buffer];
    }
}

static void tell_done(team *t, size_t images)
{
    const size_t done = atomic_fetch_add(&t->images, images) + images;
    mhoi_progress("crossbars", done, t->flight->n, "images");
}

/* A part's images through a stage, which begins with the sums of the one before if that was by columns. */
static mho_status run_part(team *t, size_t at, size_t part, size_t thread)
{
    const mho_chip *chip = t->chip;
    const chip_flight *f = t->flight;
    const stage *of = &t->stage[at];
    const size_t own = first_of(t, part), n = first_of(t, part + 1) - own, first = t->first + own;
    const int32_t *sum = NULL;
    chip_work *work = t->work[thread];
    if (n == 0) /* fewer images than parts, at the end */
        return MHO_OK;
    set_maps(t, work, t->whole ? thread * largest_part(t) : own);
    work->first = f->number + first;
    if (at && t->stage[at - 1].columns) {
        const chip_layer *layer = &chip->layer[chip->step[of->from].layer];
        sum = t->sum + own * chip_channels(layer) * layer->positions;
    } else if (!at) {
        mhoi_chip_work_load(chip, work, f->images, f->first + first, n, f->number + first);
    }
    chip_cutter cutter = {.chip = chip};
    const chip_watch watch = mhoi_chip_cutter_watch(&cutter);
    mhoi_chip_work_scores_to(work, f->scores ? f->scores + first * chip->classes : NULL);
    const mho_status s =
        mhoi_chip_work_go_on(chip, work, of->from, of->to, n, sum, f->cut ? &watch : NULL);
    const float *score = mhoi_chip_work_scores(work);
    mhoi_chip_work_scores_to(work, NULL);
    atomic_fetch_add(&t->sums, cutter.cut.sums);
    atomic_fetch_add(&t->beyond, cutter.cut.beyond);
    if (s || of->to < chip->steps)
        return s;
    for (size_t i = 0; f->label && i < n; i++)
        f->label[first + i] = chip_best_class(score + i * chip->classes, chip->classes);
    tell_done(t, n);
    return MHO_OK;
}

/* Some columns of a step's sums, of all images. */
static mho_status run_columns(const team *t, size_t at, size_t slice, chip_work *work)
{
    const mho_chip *chip = t->chip;
    const chip_step *step = &chip->step[t->stage[at].from];
    const chip_layer *layer = &chip->layer[step->layer];
    const size_t columns = layer->cells->converted,
                 strips = (columns + MHOI_COLUMNS - 1) / MHOI_COLUMNS;
    const size_t from = slice * strips / t->slices * MHOI_COLUMNS;
    const size_t end = (slice + 1) * strips / t->slices * MHOI_COLUMNS;
    const mho_reading reading = {.seed = chip->seed,
                                 .trial = chip->trial,
                                 .layer = (uint32_t)step->layer,
                                 .first = t->flight->number + t->first};
    mho_status s = MHO_OK;
    if (work->brief)
        s = mhoi_chip_work_enter(chip, work, step->layer);
    if (!s) {
        mho_crossbar_work *own = work->layer[step->layer];
        mhoi_crossbar_work_columns(layer->xb[0], own, from, (end < columns ? end : columns) - from);
        mho_crossbar_work_groups(layer->xb[0], own, 0, layer->place->row_groups);
        mho_crossbar_run(layer->xb[0], own, &layer->converter, layer->place->per_pair, t->n,
                         t->map[step->in], t->sum, &reading);
        mhoi_crossbar_work_columns(layer->xb[0], own, 0, 0);
        s = mhoi_interruption();
    }
    if (work->brief)
        mhoi_chip_work_leave(chip, work, step->layer);
    return s;
}

/* Until so many are done; false: they will not be. */
static bool wait_for(const team *t, const atomic_size_t *done, size_t items)
{
    for (size_t spin = 0; atomic_load(done) < items; spin++) {
        if (atomic_load(&t->failed) || mhoi_interrupted())
            return false;
        if (spin < SPINS)
            mhoi_rest();
        else if (spin < SPINS + YIELDS)
            (void)sched_yield();
        else
            (void)nanosleep(&(struct timespec){.tv_nsec = NAP_NS}, NULL);
    }
    return true;
}

/* For what a stage goes on from: its own part of the stage before, or all of that. */
static bool wait_for_stage(const team *t, size_t at, size_t part)
{
    if (at && t->stage[at - 1].columns)
        return wait_for(t, &t->by_column[at - 1], t->slices);
    if (!t->stage[at].columns)
        return wait_for(t, &t->done[part], at);
    bool all = true;
    for (size_t i = 0; all && i < t->parts; i++)
        all = wait_for(t, &t->done[i], at);
    return all;
}

static size_t stage_of(const team *t, size_t item)
{
    size_t at = 0;
    while (t->stage[at + 1].first <= item)
        at++;
    return at;
}

static mho_status run_item(void *context, size_t item, size_t thread)
{
    team *t = context;
    const size_t at = stage_of(t, item), i = item - t->stage[at].first;
    const bool columns = t->stage[at].columns;
    if (!wait_for_stage(t, at, i))
        return mhoi_interruption();
    const mho_status s =
        columns ? run_columns(t, at, i, t->work[thread]) : run_part(t, at, i, thread);
    if (s)
        atomic_store(&t->failed, true);
    else if (columns)
        atomic_fetch_add(&t->by_column[at], 1);
    else
        atomic_store(&t->done[i], at + 1);
    return s;
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
    const size_t images = t->whole ? t->threads * largest_part(t) : t->n;
    size_t at = 0, sums = 0;
    for (size_t i = 0; i < t->stages; i++) {
        if (!t->stage[i].columns)
            continue;
        const chip_step *step = &chip->step[t->stage[i].from];
        const chip_layer *layer = &chip->layer[step->layer];
        const size_t n = images * layer->cells->converted * layer->positions;
        sums = n > sums ? n : sums;
        if (!t->map[step->in])
            t->map[step->in] = place(t, &at, images * chip->map[step->in].bytes);
    }
    for (size_t i = 0; i < chip->buffers; i++)
        t->buffer[i] = place(t, &at, images * chip->buffer[i]);
    t->sum = place(t, &at, sums * sizeof *t->sum);
    return at;
}

static void add_stage(team *t, size_t from, bool columns)
{
    stage *s = &t->stage[t->stages];
    const size_t before = t->stages ? (s[-1].columns ? t->slices : t->parts) : 0;
    if (t->stages)
        s[-1].to = from;
    *s = (stage){.from = from, .columns = columns, .first = t->stages ? s[-1].first + before : 0};
    t->stages++;
}

static void set_stages(team *t)
{
    const mho_chip *chip = t->chip;
    const bool cuts = !t->whole && !t->flight->cut && cuts_pay(chip, t->n, t->threads);
    t->stages = 0;
    for (size_t i = 0; i < chip->steps; i++) {
        const bool columns = cuts && is_cut(chip, &chip->step[i], t->n, t->threads);
        if (columns && i == 0)
            add_stage(t, 0, false); /* takes the images in */
        if (columns)
            add_stage(t, i, true);
        if (i == 0 || columns || (!t->whole && chip->step[i].kind == CHIP_CROSSBAR))
            add_stage(t, i, false);
    }
    add_stage(t, chip->steps, false);
    t->stages--;
}

static mho_status open_team(team *t)
{
    const mho_chip *chip = t->chip;
    mho_status s = mhoi_alloc(&t->stage, 2 * chip->steps + 2, sizeof *t->stage, "inference memory");
    if (!s)
        s = mhoi_alloc(&t->by_column, 2 * chip->steps + 2, sizeof *t->by_column,
                       "inference memory");
    if (!s)
        s = mhoi_alloc(&t->done, t->parts, sizeof *t->done, "inference memory");
    if (!s)
        s = mhoi_alloc(&t->map, chip->maps, sizeof *t->map, "inference memory");
    if (!s)
        s = mhoi_alloc(&t->buffer, chip->buffers, sizeof *t->buffer, "inference memory");
    if (!s)
        s = mhoi_alloc(&t->work, t->threads, sizeof(chip_work *), "inference memory");
    if (s)
        return s;
    set_stages(t);
    s = mhoi_chip_idle_take_maps(chip, lay_out(t), &t->slab, &t->slab_bytes);
    if (!s)
        (void)lay_out(t);
    for (size_t i = 0; !s && i < t->threads; i++)
        s = mhoi_chip_idle_take(chip, largest_part(t), &t->work[i]);
    return s;
}

static void close_team(team *t)
{
    for (size_t i = 0; t->work && i < t->threads; i++)
        mhoi_chip_idle_give(t->chip, t->work[i]);
    mhoi_chip_idle_give_maps(t->chip, t->slab, t->slab_bytes);
    mhoi_free(&t->work);
    mhoi_free(&t->buffer);
    mhoi_free(&t->map);
    mhoi_free(&t->done);
    mhoi_free(&t->by_column);
    mhoi_free(&t->stage);
}

/* Blocks of all images: equally large, none above chip->block, as many for one thread as for another. */
static size_t blocks_of(const mho_chip *chip, size_t n, size_t threads)
{
    const size_t least = (n + threads * chip->block - 1) / (threads * chip->block);
    size_t turns = threads > 1 ? n / (threads * TURN_IMAGES) : 1;
    turns = turns < MANY_TURNS ? turns : MANY_TURNS;
    turns = turns < least ? least : turns;
    return turns * threads < n ? turns * threads : n;
}

static mho_status run_in_hand(team *t)
{
    for (size_t i = 0; i < t->parts; i++)
        atomic_store(&t->done[i], 0);
    for (size_t i = 0; i < t->stages; i++)
        atomic_store(&t->by_column[i], 0);
    const size_t items = t->stage[t->stages].first;
    mho_status s = MHO_OK;
    if (t->threads > 1)
        return mhoi_parallel(items, run_item, t);
    for (size_t i = 0; !s && i < items; i++)
        s = run_item(t, i, 0);
    return s;
}

/* In hand at once: all images, or where stages need memory of them, so many that a thread has a block of them. */
static mho_status run_all(team *t)
{
    const size_t most = t->n;
    mho_status s = MHO_OK;
    for (t->first = 0; !s && t->first < t->flight->n; t->first += t->n) {
        const size_t left = t->flight->n - t->first;
        t->n = left < most ? left : most;
        s = run_in_hand(t);
    }
    return s;
}

/* How the images are shared out. */
static void share_out(team *t, size_t threads)
{
    const size_t n = t->flight->n, block = t->chip->block;
    t->n = n;
    t->whole = threads <= 1 || n < threads || n >= MANY_BLOCKS * threads * block;
    if (t->whole) {
        t->parts = blocks_of(t->chip, n, threads);
        t->threads = threads < t->parts ? threads : t->parts;
        return;
    }
    const size_t turns = (n + threads * block - 1) / (threads * block);
    t->n = (n + turns - 1) / turns;
    t->threads = threads;
    t->parts = t->n < EVEN * threads * PART_IMAGES ? threads : EVEN * threads;
    t->slices = threads;
}

static mho_status run_by(const mho_chip *chip, const chip_flight *flight, size_t threads)
{
    team t = {.chip = chip, .flight = flight};
    share_out(&t, threads);
    mho_status s = flight->n ? open_team(&t) : MHO_OK;
    if (!s && flight->n)
        s = run_all(&t);
    for (size_t i = 0; !s && t.work && i < t.threads; i++)
        for (size_t l = 0; l < chip->layers; l++) {
            const chip_flow flow = mhoi_chip_work_flow(chip, t.work[i], l);
            mhoi_chip_tally_add(chip->tally, l, &flow);
        }
    if (flight->cut)
        *flight->cut = (mho_cut){.sums = t.sums, .beyond = t.beyond};
    close_team(&t);
    return s;
}

mho_status mhoi_chip_team_run(const mho_chip *chip, const chip_flight *flight)
{
    const size_t threads = mhoi_in_loop() ? 1 : mhoi_threads();
    const mho_status s = run_by(chip, flight, threads);
    /* Of several images that fail the same one is told for any number of threads. */
    return s == MHO_EDOMAIN && threads > 1 ? run_by(chip, flight, 1) : s;
}
