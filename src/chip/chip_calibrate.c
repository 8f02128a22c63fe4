/* SPDX-License-Identifier: Apache-2.0 */
/* Calibration on images with ideal devices and ideal converters: the ranges of converters (eq. 7), and
 * in full mode the scales of feature maps (eq. 9).
 *
 * Maps of 1 bit have no scales, and networks of them need one pass, a block of images after the other.  A map's scale
 * decides the sums behind it, so where there are maps of codes all images take one step, then all the next; what
 * a step makes is kept for its readers, and each step runs once.  Its scale is that of all images, and known
 * when the last has passed: an image is quantized by what those before it ask for, and the few that this turns
 * out to be wrong for take the step again.  Whole-number counts add up to the same in any order, and errors of scales
 * are added up in the images' order, so the result is the same for any threads. */
#include <math.h>
#include <pthread.h>
#include <string.h>

#include "base/alloc.h"
#include "base/parallel.h"
#include "chip/chip_decide.h"
#include "chip/chip_keep.h"
#include "chip/chip_range.h"
#include "chip/chip_recall.h"
#include "chip/chip_stream.h"

enum {
    ITEMS = 4,      /* a thread, of each step */
    ITEM_MIN = 16,  /* images */
    NOT_YET = -4096 /* no exponent */
};

typedef struct pass pass;

/* What one thread gathers. */
typedef struct gatherer {
    pass *of;
    chip_work *work;
    chip_histogram *sums; /* [layers] */
    int64_t **
        inputs; /* [layers][channels][lines of a weight] sums of what drives them; NULL but for votes */
    size_t first; /* image of the item under way */
} gatherer;

typedef enum turn_kind {
    ALL,    /* everything is looked at */
    ERRORS, /* of candidates, which had another first one when the image came by */
    FINAL,  /* the map alone */
} turn_kind;

/* What is known of the exponent of the map that a step makes. */
typedef struct scale {
    pthread_mutex_t lock;
    float smallest, largest;               /* of the images so far */
    int cover;                             /* exponent that covers them: the first candidate */
    double so_far[MHO_QUANT_CANDIDATES];   /* errors of the images so far that had this first one */
    int exponent;                          /* FINAL */
    int *used, *first;                     /* [count] of each image: exponent, first candidate */
    double (*error)[MHO_QUANT_CANDIDATES]; /* [count]; NULL: rule `cover` needs none */
} scale;

struct pass {
    mho_chip *chip;
    const mho_images *images;
    size_t count, step, threads;
    size_t together; /* images of an item */
    gatherer *thread;
    chip_keep *keep;
    chip_recall recall;
    turn_kind turn;
    scale scale;
    size_t decides; /* the step whose range goes by decisions too, */
    uint8_t *in;    /* and all images as it reads them; NULL: there is none */
};

static void note_inputs(const pass *p, size_t first, size_t n, const uint8_t *in)
{
    const size_t bytes = p->chip->map[p->chip->step[p->decides].in].bytes;
    memcpy(p->in + first * bytes, in, n * bytes);
}

static mho_status find_decision(pass *p)
{
    const mho_chip *chip = p->chip;
    mho_status s = MHO_OK;
    for (size_t i = 0; !s && !p->in && i < chip->steps; i++)
        if (mhoi_chip_decides(chip, i, p->images)) {
            p->decides = i;
            s = mhoi_alloc(&p->in, p->count * chip->map[chip->step[i].in].bytes, 1, "calibration");
        }
    return s;
}

static void add_inputs(const chip_layer *layer, size_t n, const uint8_t *in, int64_t *sum)
{
    const size_t plane = layer->window.h * layer->window.w,
                 channels = layer->groups * layer->window.c;
    const size_t lines = layer->inputs->lines;
    for (size_t i = 0; i < n * channels; i++, in += plane)
        for (size_t p = 0; p < plane; p++) {
            const int64_t x = layer->x_lo < 0 ? (int8_t)in[p] : in[p];
            int64_t *of = sum + i % channels * lines;
            of[lines > 1 && x < 0] += lines > 1 && x < 0 ? -x : x;
        }
}

static void watch_input(void *user, size_t step, size_t n, const uint8_t *in)
{
    gatherer *g = user;
    const size_t l = g->of->chip->step[step].layer;
    if (g->of->turn == ALL && g->inputs[l])
        add_inputs(&g->of->chip->layer[l], n, in, g->inputs[l]);
}

static void *watch_sums(void *user, size_t step, size_t *every)
{
    gatherer *g = user;
    chip_histogram *h = &g->sums[g->of->chip->step[step].layer];
    *every = h->every;
    return g->of->turn == ALL && h->count ? h : NULL;
}

static int best_candidate(int first, const double *error)
{
    int best = 0;
    for (int k = 1; k < MHO_QUANT_CANDIDATES; k++)
        best = error[k] < error[best] ? k : best;
    return first - best;
}

/* Takes the extent of an image in; the exponent that covers all so far. */
static int cover_with(scale *s, float smallest, float largest, mho_codes codes)
{
    if (s->cover == NOT_YET || smallest < s->smallest || largest > s->largest) {
        s->smallest = smallest < s->smallest ? smallest : s->smallest;
        s->largest = largest > s->largest ? largest : s->largest;
        const int cover = mho_quant_cover(s->smallest, s->largest, codes);
        if (cover != s->cover)
            memset(s->so_far, 0, sizeof s->so_far);
        s->cover = cover;
    }
    return s->cover;
}

static void find_extent(const float *y, size_t count, float *smallest, float *largest)
{
    float low = 0, high = 0;
    for (size_t i = 0; i < count; i++) {
        low = y[i] < low ? y[i] : low;
        high = y[i] > high ? y[i] : high;
    }
    *smallest = low;
    *largest = high;
}

static void find_errors(const pass *p, const chip_map *map, int first, const float *y, size_t count,
                        double *error)
{
    for (int k = 0; k < MHO_QUANT_CANDIDATES; k++)
        error[k] = mho_quant_error(y, count, ldexpf(1, first - k), map->codes,
                                   (mho_scale_rule)p->chip->plan->quant.map_rule);
}

/* The exponent by what images so far ask for. */
static int guess(pass *p, const chip_map *map, size_t image, const float *y, size_t count)
{
    scale *s = &p->scale;
    float smallest, largest;
    find_extent(y, count, &smallest, &largest);
    (void)pthread_mutex_lock(&s->lock);
    int exponent = cover_with(s, smallest, largest, map->codes);
    (void)pthread_mutex_unlock(&s->lock);
    s->first[image] = exponent;
    if (!s->error)
        return exponent;
    find_errors(p, map, exponent, y, count, s->error[image]);
    (void)pthread_mutex_lock(&s->lock);
    for (int k = 0; s->cover == exponent && k < MHO_QUANT_CANDIDATES; k++)
        s->so_far[k] += s->error[image][k];
    exponent = best_candidate(s->cover, s->so_far);
    (void)pthread_mutex_unlock(&s->lock);
    return exponent;
}

static float watch_value(void *user, size_t step, size_t image, const float *y, size_t count)
{
    const gatherer *g = user;
    pass *p = g->of;
    scale *s = &p->scale;
    const chip_map *map = &p->chip->map[p->chip->step[step].out];
    image += g->first;
    if (!mhoi_chip_makes_codes(p->chip, &p->chip->step[step]))
        return map->scale;
    if (p->turn == ALL) {
        s->used[image] = guess(p, map, image, y, count);
    } else if (p->turn == ERRORS) {
        find_errors(p, map, s->cover, y, count, s->error[image]);
        s->first[image] = s->cover;
    } else {
        s->used[image] = s->exponent;
    }
    return ldexpf(1, s->used[image]);
}

/* --- all steps, a block of images after the other ---------------------------------------------------- */

static const chip_watch watcher = {.input = watch_input,
                                   .sums = watch_sums,
                                   .each = mhoi_chip_histogram_count,
                                   .value = watch_value};

static mho_status gather_block(void *context, size_t item, size_t thread)
{
    pass *p = context;
    gatherer *g = &p->thread[thread];
    chip_watch watch = watcher;
    const size_t first = item * p->together;
    const size_t n = p->count - first < p->together ? p->count - first : p->together;
    watch.user = g;
    mhoi_chip_work_load(p->chip, g->work, p->images, first, n, first);
    const mho_status s = mhoi_chip_work_run(p->chip, g->work, p->chip->steps, n, &watch);
    if (!s && p->in)
        note_inputs(p, first, n, mhoi_chip_work_map(g->work, p->chip->step[p->decides].in));
    return s;
}

/* --- one step, all images ---------------------------------------------------------------------------- */

/* Does image i have to take the step in this turn? */
static bool is_due(const pass *p, size_t i)
{
    const scale *s = &p->scale;
    return p->turn == ALL ||
           (p->turn == ERRORS ? s->first[i] != s->cover : s->used[i] != s->exponent);
}

static mho_status take_step(pass *p, gatherer *g, size_t first, size_t n, size_t thread)
{
    chip_kept kept;
    chip_watch watch = watcher;
    mho_status s = mhoi_chip_keep_get(p->keep, p->step, first, n, thread, &kept);
    watch.user = g;
    g->first = first;
    if (!s && p->in && p->step == p->decides)
        note_inputs(p, first, n, kept.in);
    if (!s)
        s = mhoi_chip_work_step(p->chip, g->work, p->step, n, kept.in, kept.in2, kept.from,
                                kept.out, &watch);
    return s ? s : mhoi_chip_keep_store(p->keep, p->step, first, n, thread, &kept);
}

static mho_status gather_item(void *context, size_t item, size_t thread)
{
    pass *p = context;
    const size_t from = item * p->together;
    const size_t end = p->count - from < p->together ? p->count : from + p->together;
    mho_status s = MHO_OK;
    for (size_t first = from, n; !s && first < end; first += n) {
        for (n = 0; first + n < end && is_due(p, first + n); n++)
            continue;
        if (n)
            s = take_step(p, &p->thread[thread], first, n, thread);
        else
            n = 1;
    }
    return s;
}

static size_t items_of(const pass *p)
{
    return (p->count + p->together - 1) / p->together;
}

static mho_status run_turn(pass *p, turn_kind turn)
{
    bool due = false;
    p->turn = turn;
    for (size_t i = 0; !due && i < p->count; i++)
        due = is_due(p, i);
    return due ? mhoi_parallel(items_of(p), gather_item, p) : MHO_OK;
}

/* Errors of blocks of images, then of all. */
static int least_error(const pass *p)
{
    const scale *s = &p->scale;
    double all[MHO_QUANT_CANDIDATES] = {0};
    for (size_t first = 0; first < p->count; first += p->chip->block)
        for (int k = 0; k < MHO_QUANT_CANDIDATES; k++) {
            double sum = 0;
            for (size_t i = first; i < p->count && i < first + p->chip->block; i++)
                sum += s->error[i][k];
            all[k] += sum;
        }
    return best_candidate(s->cover, all);
}

/* The exponent of the map that the step makes, and of the pools of it; all images have it then. */
static mho_status set_exponent(pass *p)
{
    mho_chip *chip = p->chip;
    chip_map *map = &chip->map[chip->step[p->step].out];
    scale *s = &p->scale;
    if (s->cover > MHO_QUANT_EXPONENT_MAX)
        return mho_error(
            MHO_EDOMAIN, "layer %s: values of %g..%g are too large for codes %d..%d in float",
            map->name, (double)s->smallest, (double)s->largest, map->codes.lo, map->codes.hi);
    mho_status status = MHO_OK;
    s->exponent = s->cover;
    if (s->error)
        status = run_turn(p, ERRORS);
    if (!status && s->error)
        s->exponent = least_error(p);
    if (!status)
        status = run_turn(p, FINAL);
    map->scale = ldexpf(1, s->exponent);
    mhoi_chip_scales(chip);
    return status;
}

static void start_scale(scale *s)
{
    s->smallest = s->largest = 0;
    s->cover = NOT_YET;
    memset(s->so_far, 0, sizeof s->so_far);
}

static void set_means(const pass *p, size_t l, chip_layer *layer)
{
    const double count = (double)p->count * (double)(layer->window.h * layer->window.w);
    for (size_t k = 0; k < chip_means(layer); k++) {
        int64_t sum = 0;
        for (size_t t = 0; t < p->threads; t++)
            sum += p->thread[t].inputs[l][k];
        layer->mean[k] = (double)sum / count;
    }
}

static mho_status set_range(pass *p, size_t l)
{
    chip_layer *layer = &p->chip->layer[l];
    mho_status s = MHO_OK;
    if (layer->place->vote)
        set_means(p, l, layer);
    for (size_t t = 1; !layer->place->vote && t < p->threads; t++)
        mhoi_chip_histogram_add(&p->thread[0].sums[l], &p->thread[t].sums[l]);
    if (!layer->place->vote)
        s = mhoi_chip_range_set(p->chip, layer, &p->thread[0].sums[l]);
    if (!s && !layer->place->vote)
        s = mhoi_chip_recall_sums(&p->recall, l, &p->thread[0].sums[l]);
    if (!s && p->in && p->chip->step[p->decides].layer == l) {
        s = mhoi_chip_decide(p->chip, p->decides, p->in, p->count);
        mhoi_chip_recall_inputs(&p->recall, p->chip, p->decides, &p->in, p->count);
    }
    layer->needs_range = false;
    return s;
}

/* Memory for the sums, or the inputs, of a layer. */
static mho_status watch_layer(pass *p, size_t l)
{
    const chip_layer *layer = &p->chip->layer[l];
    mho_status s = MHO_OK;
    for (size_t t = 0; !s && t < p->threads; t++) {
        gatherer *g = &p->thread[t];
        s = layer->place->vote
                ? mhoi_alloc(&g->inputs[l], chip_means(layer), sizeof **g->inputs, "calibration")
                : mhoi_chip_histogram_create(p->chip, layer, p->count, &g->sums[l]);
    }
    return s;
}

static void forget_layer(pass *p, size_t l)
{
    for (size_t t = 0; t < p->threads; t++) {
        mhoi_free(&p->thread[t].inputs[l]);
        mhoi_chip_histogram_free(&p->thread[t].sums[l]);
    }
}

static bool wants_range(const pass *p, size_t step)
{
    const chip_step *of = &p->chip->step[step];
    return of->kind == CHIP_CROSSBAR && p->chip->layer[of->layer].needs_range;
}

/* Memory for the step in each thread, and its crossbars, if they are not there. */
static mho_status enter_step(pass *p)
{
    mho_chip *chip = p->chip;
    const chip_step *step = &chip->step[p->step];
    mho_write_count none = {0};
    mho_status s = MHO_OK;
    if (chip->streamed && step->kind == CHIP_CROSSBAR) {
        s = mhoi_chip_layer_up(chip, &chip->layer[step->layer]);
        if (!s)
            s = mhoi_chip_program_layer(chip, step->layer, true, &none);
    }
    for (size_t t = 0; !s && t < p->threads; t++)
        s = mhoi_chip_work_create_step(chip, p->step, p->together, &p->thread[t].work);
    return s;
}

static void leave_step(pass *p)
{
    const chip_step *step = &p->chip->step[p->step];
    for (size_t t = 0; t < p->threads; t++) {
        mhoi_chip_work_destroy(p->thread[t].work);
        p->thread[t].work = NULL;
    }
    if (p->chip->streamed && step->kind == CHIP_CROSSBAR)
        mhoi_chip_layer_down(&p->chip->layer[step->layer]);
}

static mho_status one_step(pass *p)
{
    const chip_step *step = &p->chip->step[p->step];
    const bool range = wants_range(p, p->step);
    mhoi_chip_rescale(p->chip, step);
    start_scale(&p->scale);
    mho_status s = enter_step(p);
    if (!s && range)
        s = watch_layer(p, step->layer);
    if (!s)
        s = mhoi_chip_keep_begin(p->keep, p->step);
    if (!s)
        s = run_turn(p, ALL);
    if (!s && range)
        s = set_range(p, step->layer);
    if (range)
        forget_layer(p, step->layer);
    if (!s && mhoi_chip_makes_codes(p->chip, step))
        s = set_exponent(p);
    mhoi_chip_keep_end(p->keep, p->step);
    leave_step(p);
    return s;
}

/* Steps behind the last that has something to be found need not run. */
static mho_status step_by_step(pass *p)
{
    const mho_chip *chip = p->chip;
    size_t steps = 0;
    for (size_t i = 0; i < chip->steps; i++)
        if (wants_range(p, i) || mhoi_chip_makes_codes(chip, &chip->step[i]))
            steps = i + 1;
    mho_status s =
        mhoi_chip_keep_create(chip, p->images, 0, p->count, p->together, p->threads,
                              mhoi_chip_stream_maps(chip, p->together, p->threads), &p->keep);
    for (p->step = 0; !s && p->step < steps; p->step++) {
        s = one_step(p);
        mhoi_progress("calibrating", p->step + 1, steps, "steps");
    }
    for (size_t i = steps; !s && i < chip->steps; i++)
        mhoi_chip_rescale(p->chip, &chip->step[i]);
    mhoi_chip_keep_destroy(p->keep);
    return s;
}

static mho_status block_by_block(pass *p)
{
    const mho_chip *chip = p->chip;
    mho_status s = MHO_OK;
    for (size_t l = 0; !s && l < chip->layers; l++)
        s = chip->layer[l].needs_range ? watch_layer(p, l) : MHO_OK;
    if (!s)
        s = mhoi_parallel(items_of(p), gather_block, p);
    for (size_t l = 0; !s && l < chip->layers; l++)
        s = chip->layer[l].needs_range ? set_range(p, l) : MHO_OK;
    for (size_t l = 0; l < chip->layers; l++)
        forget_layer(p, l);
    return s;
}

/* Images of an item: not fewer than kernels like, and enough items for all threads. */
static size_t images_together(const mho_chip *chip, size_t count)
{
    const size_t threads = mhoi_threads(), items = ITEMS * threads;
    const size_t even = threads > 1 ? (count + items - 1) / items : count;
    const size_t whole = (even + ITEM_MIN - 1) / ITEM_MIN * ITEM_MIN;
    const size_t most =
        threads > 1 && count < ITEM_MIN * threads ? (count + threads - 1) / threads : chip->block;
    return whole < most ? whole : most;
}

static mho_status gatherer_create(pass *p, bool maps, gatherer *g)
{
    const mho_chip *chip = p->chip;
    g->of = p;
    mho_status s = maps ? mhoi_chip_work_create(chip, p->together, &g->work) : MHO_OK;
    if (!s)
        s = mhoi_alloc(&g->sums, chip->layers, sizeof *g->sums, "calibration");
    return s ? s : mhoi_alloc(&g->inputs, chip->layers, sizeof *g->inputs, "calibration");
}

static mho_status scale_create(scale *s, size_t count, bool errors)
{
    mho_status status = mhoi_alloc(&s->used, count, sizeof *s->used, "calibration");
    if (!status)
        status = mhoi_alloc(&s->first, count, sizeof *s->first, "calibration");
    return status ? status
                  : mhoi_alloc(&s->error, errors ? count : 0, sizeof *s->error, "calibration");
}

static void pass_free(pass *p)
{
    for (size_t t = 0; p->thread && t < p->threads; t++) {
        mhoi_chip_work_destroy(p->thread[t].work);
        mhoi_free(&p->thread[t].inputs);
        mhoi_free(&p->thread[t].sums);
    }
    mhoi_free(&p->thread);
    mhoi_free(&p->scale.used);
    mhoi_free(&p->scale.first);
    mhoi_free(&p->scale.error);
    mhoi_free(&p->in);
    (void)pthread_mutex_destroy(&p->scale.lock);
}

mho_status mhoi_chip_calibrate(mho_chip *chip, const mho_images *images)
{
    pass p = {.chip = chip, .images = images};
    const size_t wanted = chip->plan->output.calibration_images;
    bool scales = false, recalled = false;
    for (size_t i = 0; i < chip->steps; i++)
        scales = scales || mhoi_chip_makes_codes(chip, &chip->step[i]);
    p.count = images->count < wanted ? images->count : wanted;
    p.together = mhoi_chip_stream_together(chip, images_together(chip, p.count), mhoi_threads());
    p.threads = mhoi_threads_for(items_of(&p));
    (void)pthread_mutex_init(&p.scale.lock, NULL);
    mho_status s = mhoi_alloc(&p.thread, p.threads, sizeof *p.thread, "calibration");
    if (!s)
        s = scale_create(&p.scale, p.count, chip->plan->quant.map_rule != MHO_RULE_COVER);
    if (!s)
        s = mhoi_chip_program(chip, true, 0, 0);
    if (!s)
        s = mhoi_chip_recall_open(chip, images, p.count, &p.recall);
    if (!s)
        s = mhoi_chip_recall(chip, &p.recall, &recalled);
    for (size_t t = 0; !s && !recalled && t < p.threads; t++) /* now they know how wide sums are */
        s = gatherer_create(&p, !scales && !chip->streamed, &p.thread[t]);
    if (!s && !recalled)
        s = find_decision(&p);
    if (!s && !recalled) {
        s = scales || chip->streamed ? step_by_step(&p) : block_by_block(&p);
        if (!s)
            mhoi_chip_remember(chip, &p.recall);
    }
    mhoi_chip_recall_close(&p.recall);
    pass_free(&p);
    return s;
}
