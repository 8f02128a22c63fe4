/* SPDX-License-Identifier: Apache-2.0 */
/* One block of images through the steps, in one thread's memory. */
#include <math.h>
#include <string.h>

#include "base/parallel.h"
#include "base/contract.h"
#include "base/finite.h"
#include "chip/chip_finish.h"
#include "chip/chip_lanes.h"
#include "chip/chip_work.h"

const uint8_t *mhoi_chip_work_map(const chip_work *work, size_t map)
{
    return work->map[map];
}

const float *mhoi_chip_work_scores(const chip_work *work)
{
    return work->scores;
}

void mhoi_chip_work_scores_to(chip_work *work, float *scores)
{
    work->scores = scores ? scores : work->own;
}

void mhoi_chip_load(const mho_chip *chip, const mho_images *images, size_t first, size_t n,
                    uint8_t *out)
{
    const size_t size = chip->map[0].size, shift = chip->input_shift;
    const chip_map *map = &chip->map[0];
    mhoi_loader loader;
    const mho_shape shape = mhoi_image_shape_of(chip->input, map->shape, images);
    MHO_ASSERT(mhoi_loader_open(images, shape, &chip->image, NULL, &loader) == MHO_OK);
    if (!chip->input_own || images->value || loader.last) {
        mhoi_loader_codes(&loader, first, n, map->scale, map->codes.lo, map->codes.hi, out);
        return;
    }
    const uint8_t *pixel = images->pixel + first * size;
    if (!shift) {
        memcpy(out, pixel, n * size);
        return;
    }
    const uint32_t half = 1u << (shift - 1), top = (uint32_t)chip->map[0].codes.hi;
    for (size_t i = 0; i < n * size; i++) {
        const uint32_t code = (pixel[i] + half) >> shift;
        out[i] = (uint8_t)(code < top ? code : top);
    }
}

void mhoi_chip_work_load(const mho_chip *chip, chip_work *work, const mho_images *images,
                         size_t first, size_t n, uint64_t number)
{
    work->first = number;
    mhoi_chip_load(chip, images, first, n, work->map[0]);
}

static inline double sum_at(const chip_work *work, bool plain, size_t i)
{
    return plain ? (double)work->sum[i] : (double)work->total[i];
}

static void note_bad(chip_work *work, size_t step)
{
    work->bad = work->bad && work->bad <= step ? work->bad : step + 1;
}

/* Of image k of the block. */
static void to_map(const mho_chip *chip, chip_work *work, size_t i, size_t k,
                   const chip_watch *watch, float *y, uint8_t *out)
{
    const chip_step *step = &chip->step[i];
    const chip_map *map = &chip->map[step->out];
    mhoi_chip_chain_run(&step->chain, map->size / step->chain.channels, y);
    if (!mhoi_all_finite(y, map->size)) {
        note_bad(work, i);
        memset(y, 0, map->size * sizeof *y);
    }
    if (map->values) {
        if (map->scaled) /* every reader has the values of codes that the network tells */
            mho_quant_round(y, map->size, map->scale, chip_numbers(map));
        memcpy(out, y, map->bytes);
        return;
    }
    if (map->coding == MHOI_MAP_BITS) {
        for (size_t j = 0; j < map->size; j++)
            out[j] = y[j] > 0;
        return;
    }
    const float scale =
        watch && watch->value ? watch->value(watch->user, i, k, y, map->size) : map->scale;
    mhoi_chip_lanes_best()->codes(y, map->size, scale, chip_numbers(map), map->zero, out);
}

/* What sum w x is in units, of 1-bit inputs whose rows tell sum w v; element i of [channels][P]. */
static double units_of_bits(const chip_layer *layer, double m, size_t i)
{
    if (!mhoi_is_zero_one(layer->place))
        return m;
    const size_t k = layer->per_position ? i : i / layer->positions;
    const double excess = layer->excess ? (double)layer->excess[k] / layer->cells->unit : 0;
    return 2 * m - layer->w_sum[k] - excess;
}

/* The same of codes whose zero is one of them. */
static double units_of_codes(const chip_layer *layer, double m, size_t i)
{
    const size_t k = layer->per_position ? i : i / layer->positions;
    return layer->zero ? m - (double)layer->zero * layer->w_sum[k] : m;
}

/* Exact where devices and converters are.  y[channels][P] of one image, whose sums begin at `at`. */
static void to_values(const mho_chip *chip, const chip_work *work, const chip_step *step, size_t at,
                      float *y)
{
    const chip_layer *layer = &chip->layer[step->layer];
    const chip_map *in = &chip->map[step->in];
    const bool bits = in->coding == MHOI_MAP_BITS, plain = chip_is_plain(layer);
    chip_to_value to = {.unit = layer->cells->unit,
                        .x_scale = bits ? 1 : (double)in->scale,
                        .weight_scale = layer->weight_scale};
    mhoi_chip_converter_value(layer, &to.gain, &to.offset);
    if (plain && !bits && !layer->zero) {
        mhoi_chip_lanes_best()->values(&to, work->sum + at, chip_channels(layer), layer->positions,
                                       y);
        return;
    }
    for (size_t c = 0, i = 0; c < chip_channels(layer); c++) {
        const double scale = to.x_scale * layer->weight_scale[c];
        for (size_t end = i + layer->positions; i < end; i++) {
            const double m = (to.gain * sum_at(work, plain, at + i) + to.offset) / to.unit;
            y[i] =
                (float)((bits ? units_of_bits(layer, m, i) : units_of_codes(layer, m, i)) * scale);
        }
    }
}

/* Bits of one image, whose sums begin at `at`. */
static void to_bits(chip_work *work, size_t l, const chip_layer *layer, size_t at, uint8_t *out)
{
    const size_t channels = chip_channels(layer);
    work->flow[l].counts.conversions += layer->place->sense ? channels * layer->positions : 0;
    if (chip_is_plain(layer))
        mhoi_chip_bits(work->sum + at, channels, layer->positions, layer->threshold,
                       layer->per_position, layer->flip, out);
    else
        mhoi_chip_bits_wide(work->total + at, channels, layer->positions, layer->wide_threshold,
                            layer->per_position, layer->flip, out);
}

/* What follows the sums of images [first, first + n) of the block. */
static void finish_images(const mho_chip *chip, chip_work *work, size_t i, size_t first, size_t n,
                          const chip_watch *watch)
{
    const chip_step *step = &chip->step[i];
    const chip_layer *layer = &chip->layer[step->layer];
    const size_t out_size = chip_channels(layer) * layer->positions;
    const bool finishes = !(watch && watch->value) && mhoi_chip_finishes_sums(chip, step);
    for (size_t k = 0; k < n; k++) {
        const size_t at = k * out_size;
        uint8_t *out = step->out == CHIP_NONE
                           ? NULL
                           : work->map[step->out] + (first + k) * chip->map[step->out].bytes;
        if (!out) {
            float *scores = work->scores + (first + k) * out_size;
            to_values(chip, work, step, at, scores);
            mhoi_chip_chain_run(&step->chain, out_size / step->chain.channels, scores);
        } else if (layer->z_edge) {
            to_bits(work, step->layer, layer, at, out);
        } else if (finishes) {
            if (!mhoi_chip_finish_sums(chip, step, work->sum + at, work->value, out))
                note_bad(work, i);
        } else {
            to_values(chip, work, step, at, work->value);
            to_map(chip, work, i, first + k, watch, work->value, out);
        }
    }
}

static void run_crossbar(const mho_chip *chip, chip_work *work, size_t i, size_t n,
                         const chip_watch *watch)
{
    const chip_step *step = &chip->step[i];
    const chip_layer *layer = &chip->layer[step->layer];
    if (watch && watch->input)
        watch->input(watch->user, i, n, work->map[step->in]);
    if (chip->programmed) /* not while calibrating */
        mhoi_chip_flow_add(layer, n, work->map[step->in], &work->flow[step->layer]);
    size_t every = 1;
    void *looker = watch && watch->sums ? watch->sums(watch->user, i, &every) : NULL;
    mho_crossbar_work_watch(work->layer[step->layer], looker ? watch->each : NULL, looker);
    mho_crossbar_work_watch_every(work->layer[step->layer], every);
    for (size_t first = 0; first < n; first += layer->images) {
        const size_t m = n - first < layer->images ? n - first : layer->images;
        mhoi_chip_sums(chip, work, step, first, m);
        finish_images(chip, work, i, first, m, watch);
    }
}

/* The same once others have worked out the sums. */
static void finish_crossbar(const mho_chip *chip, chip_work *work, size_t i, size_t n,
                            const int32_t *sum)
{
    const chip_step *step = &chip->step[i];
    int32_t *own = work->sum;
    mhoi_chip_flow_add(&chip->layer[step->layer], n, work->map[step->in], &work->flow[step->layer]);
    work->sum = (int32_t *)(uintptr_t)sum; /* it is read */
    finish_images(chip, work, i, 0, n, NULL);
    work->sum = own;
}

static void run_pointwise(const mho_chip *chip, chip_work *work, size_t i, size_t n,
                          const chip_watch *watch)
{
    const chip_step *step = &chip->step[i];
    const size_t size = chip->map[step->in].size;
    if (!(watch && watch->value) && mhoi_chip_finishes_maps(chip, step)) {
        for (size_t k = 0; k < n; k++)
            if (!mhoi_chip_finish_maps(chip, step, work->map[step->in] + k * size,
                                       step->in2 == CHIP_NONE ? NULL
                                                              : work->map[step->in2] + k * size,
                                       work->value, work->second, work->map[step->out] + k * size))
                note_bad(work, i);
        return;
    }
    for (size_t k = 0; k < n; k++) {
        float *y = step->out == CHIP_NONE ? work->scores + k * size : work->value;
        mhoi_chip_decode(&chip->map[step->in], work->map[step->in], k, y);
        if (step->in2 != CHIP_NONE) {
            mhoi_chip_decode(&chip->map[step->in2], work->map[step->in2], k, work->second);
            for (size_t e = 0; e < size; e++)
                y[e] += work->second[e];
        }
        if (step->out == CHIP_NONE)
            mhoi_chip_chain_run(&step->chain, size / step->chain.channels, y);
        else
            to_map(chip, work, i, k, watch, y,
                   work->map[step->out] + k * chip->map[step->out].bytes);
    }
}

static void run_pool(const mho_chip *chip, chip_work *work, const chip_step *step, size_t n)
{
    const chip_map *in = &chip->map[step->in], *out = &chip->map[step->out];
    for (size_t k = 0; k < n; k++)
        mhoi_chip_pool(&step->pool, in, step->all, work->map[step->in] + k * in->size,
                       work->map[step->out] + k * out->size);
}

mho_status mhoi_chip_not_finite(const mho_chip *chip, size_t i)
{
    const chip_step *step = &chip->step[i];
    const char *name = step->kind == CHIP_CROSSBAR ? chip->layer[step->layer].name
                       : step->out != CHIP_NONE    ? chip->map[step->out].name
                                                   : "of the scores";
    return mho_error(MHO_EDOMAIN,
                     "layer %s: a value is not finite: its parameters or inputs are too large",
                     name);
}

static mho_status run_step(const mho_chip *chip, chip_work *work, size_t i, size_t n,
                           const chip_watch *watch)
{
    const size_t l = chip->step[i].layer;
    mho_status s = MHO_OK;
    switch (chip->step[i].kind) {
    case CHIP_CROSSBAR:
        if (work->brief)
            s = mhoi_chip_work_enter(chip, work, l);
        if (!s)
            run_crossbar(chip, work, i, n, watch);
        if (work->brief)
            mhoi_chip_work_leave(chip, work, l);
        break;
    case CHIP_POOL:
        run_pool(chip, work, &chip->step[i], n);
        break;
    case CHIP_POINTWISE:
        run_pointwise(chip, work, i, n, watch);
        break;
    case CHIP_GENERAL:
        return mhoi_chip_general(chip, work, &chip->step[i], n);
    }
    return s;
}

mho_status mhoi_chip_work_step(const mho_chip *chip, chip_work *work, size_t step, size_t n,
                               const uint8_t *in, const uint8_t *in2, const uint8_t *const *from,
                               uint8_t *out, const chip_watch *watch)
{
    const chip_step *of = &chip->step[step];
    work->bad = 0;
    work->map[of->in] = (uint8_t *)(uintptr_t)in; /* a step writes to its output alone */
    if (of->in2 != CHIP_NONE)
        work->map[of->in2] = (uint8_t *)(uintptr_t)in2;
    for (size_t k = 0; k < of->reads; k++)
        work->map[of->from[k]] = (uint8_t *)(uintptr_t)from[k];
    if (of->out != CHIP_NONE)
        work->map[of->out] = out;
    mho_status s = run_step(chip, work, step, n, watch);
    if (!s)
        s = mhoi_interruption(); /* a crossbar's sums may have ended early */
    if (s)
        return s;
    return work->bad ? mhoi_chip_not_finite(chip, work->bad - 1) : MHO_OK;
}

/* After the last step. */
static void end_block(const mho_chip *chip, chip_work *work, size_t n)
{
    if (chip->scores_map != CHIP_NONE)
        for (size_t k = 0; k < n; k++)
            mhoi_chip_decode(&chip->map[chip->scores_map], work->map[chip->scores_map], k,
                             work->scores + k * chip->classes);
    if (!mhoi_all_finite(work->scores, n * chip->classes))
        note_bad(work, chip->steps - 1);
}

static mho_status run_steps(const mho_chip *chip, chip_work *work, size_t from, size_t to, size_t n,
                            const chip_watch *watch)
{
    mho_status s = MHO_OK;
    for (size_t i = from; !s && i < to && !mhoi_interrupted(); i++)
        s = run_step(chip, work, i, n, watch);
    if (!s)
        s = mhoi_interruption();
    if (!s && to == chip->steps)
        end_block(chip, work, n);
    if (s)
        return s;
    return work->bad ? mhoi_chip_not_finite(chip, work->bad - 1) : MHO_OK;
}

mho_status mhoi_chip_work_run(const mho_chip *chip, chip_work *work, size_t steps, size_t n,
                              const chip_watch *watch)
{
    work->bad = 0;
    return run_steps(chip, work, 0, steps, n, watch);
}

mho_status mhoi_chip_work_go_on(const mho_chip *chip, chip_work *work, size_t from, size_t to,
                                size_t n, const int32_t *sum, const chip_watch *watch)
{
    work->bad = 0;
    if (sum)
        finish_crossbar(chip, work, from++, n, sum);
    return run_steps(chip, work, from, to, n, watch);
}
