/* SPDX-License-Identifier: Apache-2.0 */
/* The memory of one thread: maps, sums and crossbars' own, and what it counts. */
#include <string.h>

#include "base/alloc.h"
#include "chip/chip_work.h"
#include "crossbar/cells.h"

static size_t largest(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* What the memory of one thread comes to is counted. */
static mho_status take(chip_work *work, void *out, size_t count, size_t size, const char *what)
{
    work->bytes += count * size;
    return mhoi_alloc(out, count, size, what);
}

mho_status mhoi_chip_work_enter(const mho_chip *chip, chip_work *work, size_t l)
{
    const chip_layer *layer = &chip->layer[l];
    mho_status s = mho_crossbar_work_create(layer->xb[0], &work->layer[l]);
    if (!s && layer->counter)
        s = mho_crossbar_work_create(layer->counter, &work->counter[l]);
    return s;
}

void mhoi_chip_work_leave(const mho_chip *chip, chip_work *work, size_t l)
{
    if (work->layer[l] && (work->counter[l] || !chip->layer[l].counter))
        work->flow[l] = mhoi_chip_work_flow(chip, work, l);
    mho_crossbar_work_destroy(work->layer[l]);
    mho_crossbar_work_destroy(work->counter[l]);
    work->layer[l] = work->counter[l] = NULL;
}

typedef struct sizes {
    size_t sums, totals, counts, driven, windows, turned; /* elements */
} sizes;

static void turned_sizes(const chip_layer *layer, size_t together, sizes *z)
{
    const size_t pixels = chip_tiles(layer, together) * CHIP_TILE;
    z->sums = largest(z->sums, pixels * layer->cells->converted);
    z->counts = largest(z->counts, layer->cells->coding->counted ? pixels : 0);
    z->windows = largest(z->windows, pixels * layer->rows);
    z->driven = largest(z->driven, pixels * layer->lines);
    z->turned = largest(z->turned, pixels * (layer->channels + 1));
}

/* Of layers [from, to). */
static sizes sizes_of(const mho_chip *chip, size_t from, size_t to, size_t images)
{
    sizes z = {.sums = 0};
    for (size_t i = from; i < to; i++) {
        const chip_layer *layer = &chip->layer[i];
        const size_t together = images < layer->images ? images : layer->images;
        const size_t n = together * layer->groups * layer->positions;
        const size_t in = layer->groups * layer->window.c * layer->window.h * layer->window.w;
        z.totals = largest(z.totals, chip_is_plain(layer) ? 0 : n * layer->channels);
        if (layer->place->turned) {
            turned_sizes(layer, together, &z);
            continue;
        }
        z.sums = largest(z.sums, n * layer->cells->converted);
        z.counts = largest(z.counts, layer->cells->coding->counted ? n : 0);
        if (!layer->inputs->as_is || chip->plan->device.nonlinearity > 0)
            z.driven = largest(z.driven, images * in * layer->inputs->lines);
    }
    return z;
}

bool mhoi_chip_work_holds_totals(const mho_chip *chip, const chip_work *work)
{
    return sizes_of(chip, work->from, work->to, work->images).totals <= work->totals;
}

static mho_status alloc_sums(const mho_chip *chip, size_t images, chip_work *work)
{
    const sizes z = sizes_of(chip, work->from, work->to, images);
    mho_status s = take(work, &work->sum, z.sums, sizeof *work->sum, "sums");
    work->totals = z.totals;
    if (!s)
        s = take(work, &work->total, z.totals, sizeof *work->total, "sums");
    if (!s)
        s = take(work, &work->count, z.counts, sizeof *work->count, "sums");
    if (!s)
        s = take(work, &work->window, z.windows, 1, "windows");
    if (!s)
        s = take(work, &work->turned, z.turned, sizeof *work->turned, "sums");
    return s ? s : take(work, &work->driven, z.driven, 1, "inputs");
}

static mho_status alloc_maps(const mho_chip *chip, size_t images, chip_work *work)
{
    mho_status s =
        mhoi_alloc(&work->buffer, chip->buffers, sizeof *work->buffer, "inference memory");
    for (size_t i = 0; !s && i < chip->buffers; i++)
        s = take(work, &work->buffer[i], images * chip->buffer[i], 1, "feature maps");
    for (size_t i = 0; !s && i < chip->maps; i++)
        work->map[i] = work->buffer[chip->map[i].buffer];
    return s;
}

/* Of a thread, for the crossbars of layers [from, to) at once. */
static size_t crossbar_bytes(const mho_chip *chip, size_t from, size_t to)
{
    const bool noisy = mho_device_is_noisy(&chip->plan->device);
    size_t sum = 0;
    for (size_t i = from; i < to; i++) {
        const mho_crossbar_shape shape = mhoi_chip_layer_shape(&chip->layer[i]);
        size_t bytes;
        (void)mhoi_crossbar_bytes(&shape, noisy, &bytes);
        sum += bytes;
    }
    return sum;
}

static mho_status alloc_layers(const mho_chip *chip, chip_work *work)
{
    work->brief = crossbar_bytes(chip, work->from, work->to) > CHIP_BRIEF_FROM;
    mho_status s = mhoi_alloc(&work->layer, chip->layers, sizeof *work->layer, "inference memory");
    if (!s)
        s = mhoi_alloc(&work->counter, chip->layers, sizeof *work->counter, "counters");
    for (size_t i = work->from; !s && !work->brief && i < work->to; i++)
        s = mhoi_chip_work_enter(chip, work, i);
    if (!s)
        s = mhoi_alloc(&work->told, 2 * chip->layers, sizeof *work->told, "inference memory");
    return s ? s : mhoi_alloc(&work->flow, chip->layers, sizeof *work->flow, "inference memory");
}

static size_t values_of(const mho_chip *chip, size_t from, size_t to)
{
    size_t values = chip->classes;
    for (size_t i = 0; i < chip->maps; i++)
        values = largest(values, chip->map[i].size);
    for (size_t i = from; i < to; i++)
        values = largest(values, chip_channels(&chip->layer[i]) * chip->layer[i].positions);
    return values;
}

static mho_status alloc_values(const mho_chip *chip, size_t images, chip_work *work)
{
    const size_t values = values_of(chip, work->from, work->to);
    mho_status s = take(work, &work->value, values, sizeof *work->value, "values");
    if (!s)
        s = take(work, &work->second, values, sizeof *work->second, "values");
    if (!s)
        s = take(work, &work->own, images * chip->classes, sizeof *work->own, "scores");
    work->scores = work->own;
    return s;
}

/* Of layers [from, to). */
static mho_status create(const mho_chip *chip, size_t from, size_t to, size_t images, bool maps,
                         chip_work **out)
{
    *out = NULL;
    chip_work *work = NULL;
    mho_status s = mhoi_alloc(&work, 1, sizeof *work, "inference memory");
    if (s)
        return s;
    work->buffers = maps ? chip->buffers : 0;
    work->layers = chip->layers;
    work->from = from;
    work->to = to;
    work->images = images;
    s = mhoi_alloc(&work->map, chip->maps, sizeof *work->map, "inference memory");
    if (!s && maps)
        s = alloc_maps(chip, images, work);
    if (!s)
        s = alloc_layers(chip, work);
    if (!s)
        s = alloc_sums(chip, images, work);
    if (!s)
        s = alloc_values(chip, images, work);
    if (s) {
        mhoi_chip_work_destroy(work);
        return s;
    }
    *out = work;
    return MHO_OK;
}

mho_status mhoi_chip_work_create(const mho_chip *chip, size_t images, chip_work **out)
{
    return create(chip, 0, chip->layers, images, true, out);
}

mho_status mhoi_chip_work_create_bare(const mho_chip *chip, size_t images, chip_work **out)
{
    return create(chip, 0, chip->layers, images, false, out);
}

static size_t first_layer(const mho_chip *chip, size_t step)
{
    return chip->step[step].kind == CHIP_CROSSBAR ? chip->step[step].layer : 0;
}

static size_t end_layer(const mho_chip *chip, size_t step)
{
    return chip->step[step].kind == CHIP_CROSSBAR ? chip->step[step].layer + 1 : 0;
}

mho_status mhoi_chip_work_create_step(const mho_chip *chip, size_t step, size_t images,
                                      chip_work **out)
{
    return create(chip, first_layer(chip, step), end_layer(chip, step), images, false, out);
}

size_t mhoi_chip_work_bytes(const mho_chip *chip, size_t step, size_t *driven)
{
    sizes z = sizes_of(chip, first_layer(chip, step), end_layer(chip, step), chip->block);
    const sizes one = sizes_of(chip, first_layer(chip, step), end_layer(chip, step), 1);
    *driven = one.driven;
    return z.sums * sizeof(int32_t) + z.totals * sizeof(int64_t) + z.counts * sizeof(int32_t) +
           z.windows + z.turned * sizeof(int64_t) +
           2 * values_of(chip, first_layer(chip, step), end_layer(chip, step)) * sizeof(float);
}

void mhoi_chip_work_destroy(chip_work *work)
{
    if (!work)
        return;
    for (size_t i = 0; work->buffer && i < work->buffers; i++)
        mhoi_free(&work->buffer[i]);
    mhoi_free(&work->buffer);
    for (size_t i = 0; work->layer && i < work->layers; i++)
        mho_crossbar_work_destroy(work->layer[i]);
    mhoi_free(&work->map);
    for (size_t i = 0; work->counter && i < work->layers; i++)
        mho_crossbar_work_destroy(work->counter[i]);
    mhoi_free(&work->layer);
    mhoi_free(&work->counter);
    mhoi_free(&work->flow);
    mhoi_free(&work->told);
    mhoi_free(&work->driven);
    mhoi_free(&work->sum);
    mhoi_free(&work->total);
    mhoi_free(&work->window);
    mhoi_free(&work->turned);
    mhoi_free(&work->count);
    mhoi_free(&work->value);
    mhoi_free(&work->second);
    mhoi_free(&work->own);
    mhoi_free(&work);
}

/* Since it was settled. */
static mho_crossbar_counts counts_since(const mho_crossbar_work *work,
                                        const mho_crossbar_counts *told)
{
    mho_crossbar_counts c = mho_crossbar_work_counts(work);
    c.row_drives -= told->row_drives;
    c.conversions -= told->conversions;
    c.additions -= told->additions;
    return c;
}

chip_flow mhoi_chip_work_flow(const mho_chip *chip, const chip_work *work, size_t l)
{
    const chip_layer *layer = &chip->layer[l];
    if (!work->layer[l])
        return work->flow[l];
    const mho_crossbar_counts c = counts_since(work->layer[l], &work->told[l]);
    chip_flow flow = work->flow[l];
    const uint64_t drives = c.row_drives * layer->cells->fold;
    flow.counts.row_drives += drives;
    flow.counts.dac_conversions += layer->inputs->bits > 1 ? c.row_drives : 0;
    flow.counts.conversions += layer->place->sense ? 0 : c.conversions;
    flow.counts.additions += c.additions;
    if (layer->counter) { /* n numbers are added up by n - 1 additions */
        const mho_crossbar_counts rows =
            counts_since(work->counter[l], &work->told[chip->layers + l]);
        flow.counts.additions += rows.row_drives - rows.conversions;
    }
    return flow;
}

void mhoi_chip_work_settle(const mho_chip *chip, chip_work *work)
{
    for (size_t l = 0; l < chip->layers; l++) {
        work->told[l] = mho_crossbar_work_counts(work->layer[l]);
        if (chip->layer[l].counter)
            work->told[chip->layers + l] = mho_crossbar_work_counts(work->counter[l]);
    }
    memset(work->flow, 0, chip->layers * sizeof *work->flow);
}
