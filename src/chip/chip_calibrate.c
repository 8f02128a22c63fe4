/* SPDX-License-Identifier: Apache-2.0 */
/* Calibration on images with ideal devices and ideal converters: the ranges of converters (eq. 7), and
 * in full mode the scales of feature maps (eq. 9).
 *
 * A map's scale decides the sums behind it, so where there are maps of codes the steps are taken one after the
 * other, each in a pass over the images; maps of 1 bit have no scales, and networks of them need one pass.  Memory does not grow with the
 * number of images, and whole-number counts add up to the same in any order. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/parallel.h"
#include "chip/chip_impl.h"
#include "crossbar/converter.h"

enum { BINS = 1 << 16 };

typedef struct histogram {
    int64_t low, width; /* bin b counts sums of low + b width .. + width - 1 */
    uint64_t *bin;      /* [BINS] */
} histogram;

typedef struct extent {
    float smallest, largest;
} extent;

typedef struct pass pass;

/* What one thread gathers. */
typedef struct gatherer {
    pass *of;
    chip_work *work;
    histogram *sums; /* [layers], bin NULL where none is wanted */
    extent values;
    int64_t **inputs; /* [layers][channels] sums of codes; NULL but for votes */
    double *error;    /* [MHO_QUANT_CANDIDATES] of the block under way */
    histogram *now;
    bool per_pair;
} gatherer;

struct pass {
    mho_chip *chip;
    const mho_images *images;
    size_t count, from, steps; /* watches steps from..steps - 1 */
    size_t threads;
    gatherer *thread;
    bool errors;   /* second pass: errors of candidate exponents, not extents */
    int exponent;  /* the first candidate */
    double *error; /* [blocks][MHO_QUANT_CANDIDATES] */
};

static void count_sums(void *user, const int32_t *s_plus, const int32_t *s_minus, size_t n)
{
    gatherer *g = user;
    histogram *h = g->now;
    for (size_t i = 0; i < n; i++) {
        if (g->per_pair) {
            h->bin[((int64_t)s_plus[i] - s_minus[i] - h->low) / h->width]++;
        } else {
            h->bin[(s_plus[i] - h->low) / h->width]++;
            h->bin[(s_minus[i] - h->low) / h->width]++;
        }
    }
}

static void add_inputs(const chip_layer *layer, size_t n, const uint8_t *in, int64_t *sum)
{
    const size_t plane = layer->window.h * layer->window.w,
                 channels = layer->groups * layer->window.c;
    for (size_t i = 0; i < n * channels; i++, in += plane)
        for (size_t p = 0; p < plane; p++)
            sum[i % channels] += layer->x_lo < 0 ? (int8_t)in[p] : in[p];
}

static void watch_input(void *user, size_t step, size_t n, const uint8_t *in)
{
    gatherer *g = user;
    const mho_chip *chip = g->of->chip;
    const size_t l = chip->step[step].layer;
    const chip_layer *layer = &chip->layer[l];
    if (step < g->of->from || !layer->needs_range || g->of->errors)
        return;
    if (layer->place->vote) {
        add_inputs(layer, n, in, g->inputs[l]);
        return;
    }
    g->now = &g->sums[l];
    g->per_pair = layer->place->per_pair;
    mhoi_chip_tell_sums(chip, g->work, step, n, in, count_sums, g);
}

static void watch_value(void *user, size_t step, const float *y, size_t count)
{
    gatherer *g = user;
    const pass *p = g->of;
    if (step < p->from)
        return;
    if (p->errors) {
        const chip_map *map = &p->chip->map[p->chip->step[step].out];
        for (int k = 0; k < MHO_QUANT_CANDIDATES; k++)
            g->error[k] += mho_quant_error(y, count, ldexpf(1, p->exponent - k), map->codes,
                                           (mho_scale_rule)p->chip->plan->quant.map_rule);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        g->values.smallest = y[i] < g->values.smallest ? y[i] : g->values.smallest;
        g->values.largest = y[i] > g->values.largest ? y[i] : g->values.largest;
    }
}

static mho_status gather_block(void *context, size_t item, size_t thread)
{
    pass *p = context;
    gatherer *g = &p->thread[thread];
    const chip_watch watch = {watch_input, watch_value, g};
    const size_t first = item * p->chip->block;
    const size_t n = p->count - first < p->chip->block ? p->count - first : p->chip->block;
    g->error = p->error + item * MHO_QUANT_CANDIDATES;
    mhoi_chip_work_load(p->chip, g->work, p->images, first, n);
    return mhoi_chip_work_run(p->chip, g->work, p->steps, n, &watch);
}

static size_t blocks_of(const pass *p)
{
    return (p->count + p->chip->block - 1) / p->chip->block;
}

/* Bounds of the sums of ideal devices.  With wire resistance the inputs share what a column of cells
 * conducts in another way: an effective conductance is at least 0 S, and those of a column add up to no more
 * than its cells. */
static mhoi_range bounds_of(const mho_chip *chip, const chip_layer *layer)
{
    const mho_device *d = &chip->plan->device;
    if (mhoi_wires_ideal(&chip->plan->wires))
        return mhoi_range_full(chip->plan, layer->place);
    mhoi_place whole = *layer->place; /* of rows that are on or not: wires join them */
    whole.group_rows = whole.crossbar_rows;
    const mhoi_range range = mhoi_range_full(chip->plan, &whole);
    const mhoi_cells *k = layer->cells;
    const size_t rows = layer->lines < whole.group_rows ? layer->lines : whole.group_rows;
    /* Merged: what the lines of a weight are worth together. */
    const int64_t worth = k->fold > 1 ? 2 * ((int64_t)k->codes.hi + 1) : 1;
    const int64_t x =
        layer->inputs->hi > -layer->inputs->lo ? layer->inputs->hi : -(int64_t)layer->inputs->lo;
    const double off = d->off_leak ? 0 : d->g_off_S / mho_device_unit_S(d);
    const int64_t more =
        (int64_t)rows * x * worth * (llabs(mho_device_level(d, 0)) + (int64_t)(2 * off) + 2);
    return (mhoi_range){range.lo - more, range.hi + more};
}

static mho_status gatherer_create(pass *p, gatherer *g)
{
    const mho_chip *chip = p->chip;
    g->of = p;
    mho_status s = mhoi_chip_work_create(chip, chip->block, &g->work);
    if (!s)
        s = mhoi_alloc(&g->sums, chip->layers, sizeof *g->sums, "calibration");
    if (!s)
        s = mhoi_alloc(&g->inputs, chip->layers, sizeof *g->inputs, "calibration");
    for (size_t l = 0; !s && l < chip->layers; l++) {
        if (!chip->layer[l].needs_range)
            continue;
        if (chip->layer[l].place->vote) {
            s = mhoi_alloc(&g->inputs[l], chip->layer[l].groups * chip->layer[l].window.c,
                           sizeof **g->inputs, "calibration");
            continue;
        }
        const mhoi_range range = bounds_of(chip, &chip->layer[l]);
        g->sums[l].low = range.lo;
        g->sums[l].width = (range.hi - range.lo) / BINS + 1;
        s = mhoi_alloc(&g->sums[l].bin, BINS, sizeof *g->sums[l].bin, "calibration");
    }
    return s;
}

static void gatherer_free(gatherer *g, size_t layers)
{
    mhoi_chip_work_destroy(g->work);
    for (size_t l = 0; g->sums && l < layers; l++)
        mhoi_free(&g->sums[l].bin);
    for (size_t l = 0; g->inputs && l < layers; l++)
        mhoi_free(&g->inputs[l]);
    mhoi_free(&g->inputs);
    mhoi_free(&g->sums);
}

/* The middle `percentile` of the sums: what is left when half the rest is cut off at either end. */
static mhoi_range middle(const histogram *h, double percentile)
{
    uint64_t total = 0;
    for (size_t b = 0; b < BINS; b++)
        total += h->bin[b];
    const uint64_t cut = (uint64_t)((double)total * (100 - percentile) / 200);
    size_t first = 0, last = BINS - 1;
    for (uint64_t below = h->bin[0]; below <= cut && first < last; below += h->bin[first])
        first++;
    for (uint64_t above = h->bin[last]; above <= cut && last > first; above += h->bin[last])
        last--;
    return (mhoi_range){h->low + (int64_t)first * h->width,
                        h->low + (int64_t)last * h->width + h->width - 1};
}

/* Squares of what the codes' values miss the sums by, added up. */
static double squared_error(const histogram *h, const mho_converter *c)
{
    double sum = 0;
    for (size_t b = 0; b < BINS; b++) {
        if (!h->bin[b])
            continue;
        const double miss = mhoi_converter_miss(c, h->low + (int64_t)b * h->width + h->width / 2);
        sum += (double)h->bin[b] * miss * miss;
    }
    return sum;
}

/* A narrow range clips sums, a wide one has coarse codes: eq. (7a). */
static mho_converter least_squares(const mho_chip *chip, const chip_layer *layer,
                                   const histogram *h)
{
    static const double percentiles[] = {100,  99.99, 99.9, 99.8, 99.5, 99,
                                         98.5, 98,    97,   96,   95,   90};
    mho_converter best = {0};
    double least = 0;
    for (size_t i = 0; i < sizeof percentiles / sizeof *percentiles; i++) {
        const mho_converter c =
            mhoi_chip_converter_of(chip, layer, middle(h, percentiles[i]), true);
        const double error = squared_error(h, &c);
        if (i == 0 || error < least) {
            least = error;
            best = c;
        }
    }
    return best;
}

static void set_means(const pass *p, size_t l, chip_layer *layer)
{
    const double count = (double)p->count * (double)(layer->window.h * layer->window.w);
    for (size_t k = 0; k < layer->groups * layer->window.c; k++) {
        int64_t sum = 0;
        for (size_t t = 0; t < p->threads; t++)
            sum += p->thread[t].inputs[l][k];
        layer->mean[k] = (double)sum / count;
    }
    layer->needs_range = false;
}

/* Of calibration's sums; a full range is known without. */
static void set_range(const mho_chip *chip, chip_layer *layer, const histogram *sums)
{
    const mhoi_output_options *output = &chip->plan->output;
    if (output->range == MHO_RANGE_LEAST_SQUARES)
        layer->calibrated = least_squares(chip, layer, sums);
    else if (output->range == MHO_RANGE_CALIBRATED)
        layer->calibrated =
            mhoi_chip_converter_of(chip, layer, middle(sums, output->percentile), true);
}

static mho_status set_ranges(pass *p)
{
    mho_chip *chip = p->chip;
    mho_status s = MHO_OK;
    for (size_t i = p->from; !s && i < p->steps; i++) {
        if (chip->step[i].kind != CHIP_CROSSBAR || !chip->layer[chip->step[i].layer].needs_range)
            continue;
        const size_t l = chip->step[i].layer;
        chip_layer *layer = &chip->layer[l];
        if (layer->place->vote) {
            set_means(p, l, layer);
            continue;
        }
        histogram *all = &p->thread[0].sums[l];
        for (size_t t = 1; t < p->threads; t++)
            for (size_t b = 0; b < BINS; b++)
                all->bin[b] += p->thread[t].sums[l].bin[b];
        set_range(chip, layer, all);
        const mhoi_sums sums = {all->low, all->width, BINS, all->bin};
        s = mhoi_chip_edges_set(chip, layer, &sums);
        layer->needs_range = false;
    }
    return s;
}

static mho_status run_pass(pass *p)
{
    memset(p->error, 0, blocks_of(p) * MHO_QUANT_CANDIDATES * sizeof *p->error);
    return mhoi_parallel(blocks_of(p), gather_block, p);
}

/* The exponent of the map that step makes, and of the pools of it. */
static mho_status set_exponent(pass *p, size_t step)
{
    mho_chip *chip = p->chip;
    chip_map *map = &chip->map[chip->step[step].out];
    extent all = {0, 0};
    for (size_t t = 0; t < p->threads; t++) {
        extent *e = &p->thread[t].values;
        all.smallest = e->smallest < all.smallest ? e->smallest : all.smallest;
        all.largest = e->largest > all.largest ? e->largest : all.largest;
        *e = (extent){0, 0};
    }
    p->exponent = mho_quant_cover(all.smallest, all.largest, map->codes);
    if (p->exponent > MHO_QUANT_EXPONENT_MAX)
        return mho_error(
            MHO_EDOMAIN, "layer %s: values of %g..%g are too large for codes %d..%d in float",
            map->name, (double)all.smallest, (double)all.largest, map->codes.lo, map->codes.hi);
    mho_status s = MHO_OK;
    int best = p->exponent;
    if (chip->plan->quant.map_rule != MHO_RULE_COVER) {
        p->errors = true;
        s = run_pass(p);
        p->errors = false;
        double least = 0;
        for (int k = 0; k < MHO_QUANT_CANDIDATES; k++) {
            double error = 0;
            for (size_t b = 0; b < blocks_of(p); b++)
                error += p->error[b * MHO_QUANT_CANDIDATES + (size_t)k];
            if (k == 0 || error < least) {
                least = error;
                best = p->exponent - k;
            }
        }
    }
    map->scale = ldexpf(1, best);
    mhoi_chip_scales(chip);
    return s;
}

static mho_status all_passes(pass *p)
{
    mho_chip *chip = p->chip;
    mho_status s = MHO_OK;
    bool scales = false;
    for (size_t i = 0; i < chip->steps; i++)
        scales = scales || mhoi_chip_makes_codes(chip, &chip->step[i]);
    if (!scales) {
        p->steps = chip->steps;
        s = run_pass(p);
        return s ? s : set_ranges(p);
    }
    for (size_t i = 0; !s && i < chip->steps; i++) {
        const chip_step *step = &chip->step[i];
        const bool range = step->kind == CHIP_CROSSBAR && chip->layer[step->layer].needs_range;
        const bool scale = mhoi_chip_makes_codes(chip, step);
        mhoi_chip_rescale(chip, step);
        p->from = i;
        p->steps = i + 1;
        if (range || scale)
            s = run_pass(p);
        if (!s && range)
            s = set_ranges(p);
        if (!s && scale)
            s = set_exponent(p, i);
        mhoi_progress("calibrating", i + 1, chip->steps, "steps");
    }
    return s;
}

mho_status mhoi_chip_calibrate(mho_chip *chip, const mho_images *images)
{
    pass p = {.chip = chip, .images = images};
    const size_t wanted = chip->plan->output.calibration_images;
    p.count = images->count < wanted ? images->count : wanted;
    p.threads = mhoi_threads_for(blocks_of(&p));
    mho_status s = mhoi_alloc(&p.thread, p.threads, sizeof *p.thread, "calibration");
    if (!s)
        s = mhoi_alloc(&p.error, blocks_of(&p) * MHO_QUANT_CANDIDATES, sizeof *p.error,
                       "calibration");
    for (size_t t = 0; !s && t < p.threads; t++)
        s = gatherer_create(&p, &p.thread[t]);
    if (!s)
        s = mhoi_chip_program(chip, true, 0, 0);
    if (!s)
        s = all_passes(&p);
    for (size_t t = 0; p.thread && t < p.threads; t++)
        gatherer_free(&p.thread[t], chip->layers);
    mhoi_free(&p.thread);
    mhoi_free(&p.error);
    return s;
}
