/* SPDX-License-Identifier: Apache-2.0 */
/* What layers need, and all images through one layer after the other.  A programming draws every layer's cells once whether
 * they stay or not, so little is lost but that a second run of the same programming draws them again. */
#include <math.h>
#include <pthread.h>
#include <string.h>

#include "base/alloc.h"
#include "base/finite.h"
#include "base/parallel.h"
#include "chip/chip_keep.h"
#include "chip/chip_range.h"
#include "chip/chip_stream.h"
#include "chip/chip_work.h"
#include "crossbar/cells.h"

enum {
    HANDS_PART = 8,     /* of the budget, for maps that are under way */
    TOGETHER_MOST = 64, /* images of an item */
};

struct chip_stream {
    pthread_mutex_t lock;   /* one run at a time has the layers */
    mho_write_count *count; /* [layers] of the programming */
};

/* --- what fits ---------------------------------------------------------------------------------------- */

/* Bytes of a step while it runs. */
typedef struct need {
    size_t cells, thread; /* of its layer; of each thread */
    size_t maps,
        driven; /* of an image that a thread has in hand: in and out, and what drives rows among them */
} need;

static size_t map_bytes(const mho_chip *chip, size_t map)
{
    return map == CHIP_NONE ? 0 : chip->map[map].bytes;
}

static need need_of(const mho_chip *chip, size_t step)
{
    const chip_step *of = &chip->step[step];
    need n = {.maps =
                  map_bytes(chip, of->in) + map_bytes(chip, of->in2) + map_bytes(chip, of->out)};
    for (size_t k = 1; k < of->reads; k++)
        n.maps += map_bytes(chip, of->from[k]);
    n.thread = mhoi_chip_work_bytes(chip, step, &n.driven);
    n.maps += n.driven;
    if (of->kind != CHIP_CROSSBAR)
        return n;
    const chip_layer *layer = &chip->layer[of->layer];
    const bool noisy = mho_device_is_noisy(&chip->plan->device);
    size_t work;
    const mho_crossbar_shape shape = mhoi_chip_layer_shape(layer);
    n.cells =
        layer->groups * mhoi_crossbar_bytes(&shape, noisy, &work) + mhoi_chip_draw_bytes(layer);
    n.thread += work + mhoi_chip_histogram_bytes(chip, layer);
    if (layer->cells->coding->counted) {
        const mho_crossbar_shape counter = mhoi_chip_counter_shape(layer);
        n.cells += mhoi_crossbar_bytes(&counter, false, &work);
        n.thread += work;
    }
    return n;
}

static size_t all_of(const need *n, size_t together, size_t threads)
{
    return n->cells + threads * (n->thread + together * n->maps);
}

/* All layers at once, and the maps of a block in each thread. */
static double resident_need(const mho_chip *chip, size_t threads)
{
    double cells = 0, thread = 0, most = 0;
    for (size_t i = 0; i < chip->steps; i++) {
        const need n = need_of(chip, i);
        cells += (double)n.cells;
        thread += (double)n.thread;
        most = (double)n.thread > most ? (double)n.thread : most;
    }
    thread = thread > (double)CHIP_BRIEF_FROM + most ? (double)CHIP_BRIEF_FROM + most : thread;
    for (size_t i = 0; i < chip->buffers; i++)
        thread += (double)(chip->block * chip->buffer[i]);
    return cells + (double)threads * thread;
}

static const char *name_of(const mho_chip *chip, size_t step)
{
    const chip_step *of = &chip->step[step];
    return of->kind == CHIP_CROSSBAR ? chip->layer[of->layer].name
           : of->out == CHIP_NONE    ? "of the scores"
                                     : chip->map[of->out].name;
}

void mhoi_chip_stream_need(const mho_chip *chip, mhoi_need *least)
{
    const size_t threads = mhoi_threads();
    for (size_t i = 0; i < chip->steps; i++) {
        const need n = need_of(chip, i);
        mhoi_memory_need(least, all_of(&n, 1, threads),
                         "layer %.60s alone (cells %.0fM; sums and maps of %zu threads)",
                         name_of(chip, i), ceil((double)n.cells / 1048576), threads);
    }
}

static mho_status stream_create(size_t layers, struct chip_stream **out)
{
    mho_status s = mhoi_alloc(out, 1, sizeof **out, "layers");
    if (s)
        return s;
    (void)pthread_mutex_init(&(*out)->lock, NULL);
    return mhoi_alloc(&(*out)->count, layers, sizeof *(*out)->count, "layers");
}

void mhoi_chip_stream_destroy(struct chip_stream *stream)
{
    if (!stream)
        return;
    (void)pthread_mutex_destroy(&stream->lock);
    mhoi_free(&stream->count);
    mhoi_free(&stream);
}

mho_status mhoi_chip_stream_choose(mho_chip *chip)
{
    const size_t threads = mhoi_threads();
    mho_status s = MHO_OK;
    chip->streamed = resident_need(chip, threads) > (double)mhoi_memory_left();
    if (chip->streamed) {
        mhoi_need least = {.bytes = 0};
        mhoi_chip_stream_need(chip, &least);
        s = mhoi_memory_grant(&least, NULL);
        return s ? s : stream_create(chip->layers, &chip->stream);
    }
    for (size_t l = 0; !s && l < chip->layers; l++)
        s = mhoi_chip_layer_up(chip, &chip->layer[l]);
    return s;
}

void mhoi_chip_stream_clear(mho_chip *chip)
{
    if (chip->streamed)
        memset(chip->stream->count, 0, chip->layers * sizeof *chip->stream->count);
}

static size_t most_maps(const mho_chip *chip)
{
    size_t most = 1;
    for (size_t i = 0; i < chip->steps; i++) {
        const need n = need_of(chip, i);
        most = n.maps > most ? n.maps : most;
    }
    return most;
}

size_t mhoi_chip_stream_together(const mho_chip *chip, size_t wanted, size_t threads)
{
    if (!chip->streamed)
        return wanted;
    const size_t most = mhoi_memory_left() / HANDS_PART / threads / most_maps(chip);
    const size_t n = wanted < TOGETHER_MOST ? wanted : TOGETHER_MOST;
    return most < 1 ? 1 : n < most ? n : most;
}

size_t mhoi_chip_stream_maps(const mho_chip *chip, size_t together, size_t threads)
{
    const size_t left = mhoi_memory_left();
    size_t most = 0;
    if (!chip->streamed && !mhoi_memory_told())
        return mho_run_memory(NULL);
    for (size_t i = 0; i < chip->steps; i++) {
        need n = need_of(chip, i);
        n.cells = chip->streamed ? n.cells : 0;
        const size_t bytes = all_of(&n, together, threads);
        most = bytes > most ? bytes : most;
    }
    return most < left ? left - most : 0;
}

/* --- a run -------------------------------------------------------------------------------------------- */

typedef struct streaming {
    mho_chip *chip;
    const chip_flight *flight;
    size_t step, together, threads;
    chip_work **work; /* [threads] of the step */
    chip_keep *keep;
} streaming;

static mho_status tell_scores(const streaming *r, size_t from, size_t n, const float *score)
{
    const size_t classes = r->chip->classes;
    if (!mhoi_all_finite(score, n * classes))
        return mhoi_chip_not_finite(r->chip, r->chip->steps - 1);
    if (r->flight->scores)
        memcpy(r->flight->scores + from * classes, score, n * classes * sizeof *score);
    for (size_t i = 0; r->flight->label && i < n; i++)
        r->flight->label[from + i] = chip_best_class(score + i * classes, classes);
    return MHO_OK;
}

static mho_status run_item(void *context, size_t item, size_t thread)
{
    const streaming *r = context;
    const size_t from = item * r->together, left = r->flight->n - from;
    const size_t n = left < r->together ? left : r->together;
    chip_work *work = r->work[thread];
    chip_kept kept;
    mho_status s = mhoi_chip_keep_get(r->keep, r->step, from, n, thread, &kept);
    work->first = r->flight->number + from;
    if (!s)
        s = mhoi_chip_work_step(r->chip, work, r->step, n, kept.in, kept.in2, kept.from, kept.out,
                                NULL);
    if (!s)
        s = mhoi_chip_keep_store(r->keep, r->step, from, n, thread, &kept);
    if (s || r->chip->step[r->step].out != CHIP_NONE)
        return s;
    return tell_scores(r, from, n, mhoi_chip_work_scores(work));
}

/* Where no step makes scores. */
static mho_status read_scores(const streaming *r)
{
    const mho_chip *chip = r->chip;
    const uint8_t *held;
    float *score = NULL;
    mho_status s = mhoi_alloc(&score, chip->classes, sizeof *score, "scores");
    for (size_t i = 0; !s && i < r->flight->n; i++) {
        s = mhoi_chip_keep_map(r->keep, chip->scores_map, i, &held);
        if (s)
            break;
        mhoi_chip_decode(&chip->map[chip->scores_map], held, 0, score);
        s = tell_scores(r, i, 1, score);
    }
    mhoi_free(&score);
    return s;
}

static size_t items_of(const streaming *r)
{
    return (r->flight->n + r->together - 1) / r->together;
}

static mho_write_count sum_of(const mho_chip *chip)
{
    mho_write_count sum = {0};
    for (size_t l = 0; l < chip->layers; l++) {
        const mho_write_count *c = &chip->stream->count[l];
        sum.cells += c->cells;
        sum.writes += c->writes;
        sum.outside += c->outside;
        sum.stuck += c->stuck;
        sum.held += c->held;
    }
    return sum;
}

static mho_status program(mho_chip *chip, size_t l)
{
    mho_write_count *count = &chip->stream->count[l];
    *count = (mho_write_count){0}; /* the same cells again, if it ran before */
    return mhoi_chip_program_layer(chip, l, false, count);
}

static mho_status run_step(streaming *r)
{
    mho_chip *chip = r->chip;
    const chip_step *step = &chip->step[r->step];
    chip_layer *layer = step->kind == CHIP_CROSSBAR ? &chip->layer[step->layer] : NULL;
    mho_status s = MHO_OK;
    if (layer)
        s = mhoi_chip_layer_up(chip, layer);
    if (!s && layer)
        s = program(chip, step->layer);
    for (size_t t = 0; !s && t < r->threads; t++)
        s = mhoi_chip_work_create_step(chip, r->step, r->together, &r->work[t]);
    if (!s)
        s = mhoi_chip_keep_begin(r->keep, r->step);
    if (!s)
        s = mhoi_parallel(items_of(r), run_item, r);
    mhoi_chip_keep_end(r->keep, r->step);
    for (size_t t = 0; t < r->threads; t++) {
        if (!s && layer) {
            const chip_flow flow = mhoi_chip_work_flow(chip, r->work[t], step->layer);
            mhoi_chip_tally_add(chip->tally, step->layer, &flow);
        }
        mhoi_chip_work_destroy(r->work[t]);
        r->work[t] = NULL;
    }
    if (layer)
        mhoi_chip_layer_down(layer);
    return s;
}

static mho_status run_steps(streaming *r)
{
    mho_chip *chip = r->chip;
    mho_status s = MHO_OK;
    for (r->step = 0; !s && r->step < chip->steps; r->step++) {
        s = run_step(r);
        mhoi_progress("crossbars", (r->step + 1) * r->flight->n / chip->steps, r->flight->n,
                      "images");
    }
    if (!s && chip->scores_map != CHIP_NONE)
        s = read_scores(r);
    chip->programming = sum_of(chip);
    return s;
}

mho_status mhoi_chip_stream_run(const mho_chip *chip, const chip_flight *flight)
{
    /* Layers come and go in a chip that is otherwise as it was. */
    streaming r = {.chip = (mho_chip *)(uintptr_t)chip, .flight = flight};
    if (!flight->n)
        return MHO_OK;
    (void)pthread_mutex_lock(&chip->stream->lock);
    r.threads = mhoi_threads();
    const size_t each = (flight->n + r.threads - 1) / r.threads;
    r.together = mhoi_chip_stream_together(chip, each, r.threads);
    r.threads = mhoi_threads_for(items_of(&r));
    mho_status s = mhoi_alloc(&r.work, r.threads, sizeof *r.work, "inference memory");
    if (!s)
        s = mhoi_chip_keep_create(chip, flight->images, flight->first, flight->n, r.together,
                                  r.threads, mhoi_chip_stream_maps(chip, r.together, r.threads),
                                  &r.keep);
    if (!s)
        s = run_steps(&r);
    mhoi_chip_keep_destroy(r.keep);
    mhoi_free(&r.work);
    (void)pthread_mutex_unlock(&chip->stream->lock);
    return s;
}
