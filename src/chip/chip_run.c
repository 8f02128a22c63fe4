/* SPDX-License-Identifier: Apache-2.0 */
/* One block of images through the steps, in one thread's memory. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "chip/chip_impl.h"

struct chip_work {
    uint8_t **map;             /* [maps] block images each */
    mho_crossbar_work **layer; /* [layers] */
    int32_t *sum;
    uint8_t *driven; /* inputs as nonlinear cells see them; NULL where cells are linear */
    float *value;
    float *scores; /* [block][classes] */
    size_t maps, layers;
};

static size_t largest(size_t a, size_t b)
{
    return a > b ? a : b;
}

mho_status chip_work_create(const mho_chip *chip, chip_work **out)
{
    *out = NULL;
    chip_work *work = NULL;
    mho_status s = mhoi_alloc(&work, 1, sizeof *work, "inference memory");
    if (s)
        return s;
    work->maps = chip->maps;
    work->layers = chip->layers;
    s = mhoi_alloc(&work->map, chip->maps, sizeof *work->map, "inference memory");
    for (size_t i = 0; !s && i < chip->maps; i++)
        s = mhoi_alloc(&work->map[i], chip->block * chip->map[i].size, 1, chip->map[i].name);
    if (!s)
        s = mhoi_alloc(&work->layer, chip->layers, sizeof *work->layer, "inference memory");
    size_t sums = 0, values = chip->classes, driven = 0;
    for (size_t i = 0; !s && i < chip->layers; i++) {
        const chip_layer *layer = &chip->layer[i];
        const size_t size = layer->groups * layer->columns * layer->positions;
        sums = largest(sums, layer->images * size);
        values = largest(values, size);
        s = mho_crossbar_work_create(layer->xb[0], layer->images, &work->layer[i]);
    }
    for (size_t i = 0; i < chip->maps; i++)
        values = largest(values, chip->map[i].size);
    for (size_t i = 0; chip->hw.device.nonlinearity > 0 && i < chip->maps; i++)
        driven = largest(driven, chip->block * chip->map[i].size);
    if (!s)
        s = mhoi_alloc(&work->driven, driven, 1, "inputs");
    if (!s)
        s = mhoi_alloc(&work->sum, sums, sizeof *work->sum, "sums");
    if (!s)
        s = mhoi_alloc(&work->value, values, sizeof *work->value, "values");
    if (!s)
        s = mhoi_alloc(&work->scores, chip->block * chip->classes, sizeof *work->scores, "scores");
    if (s) {
        chip_work_destroy(work);
        return s;
    }
    *out = work;
    return MHO_OK;
}

void chip_work_destroy(chip_work *work)
{
    if (!work)
        return;
    for (size_t i = 0; work->map && i < work->maps; i++)
        mhoi_free(&work->map[i]);
    for (size_t i = 0; work->layer && i < work->layers; i++)
        mho_crossbar_work_destroy(work->layer[i]);
    mhoi_free(&work->map);
    mhoi_free(&work->layer);
    mhoi_free(&work->driven);
    mhoi_free(&work->sum);
    mhoi_free(&work->value);
    mhoi_free(&work->scores);
    mhoi_free(&work);
}

mho_crossbar_work *chip_work_crossbar(chip_work *work, size_t layer)
{
    return work->layer[layer];
}

const float *chip_work_scores(const chip_work *work)
{
    return work->scores;
}

void chip_work_load(const mho_chip *chip, chip_work *work, const mho_images *images, size_t first,
                    size_t n)
{
    const size_t size = chip->map[0].size, shift = chip->input_shift;
    const uint8_t *pixel = images->pixel + first * size;
    if (!shift) {
        memcpy(work->map[0], pixel, n * size);
        return;
    }
    const uint32_t half = 1u << (shift - 1), top = (uint32_t)chip->map[0].codes.hi;
    for (size_t i = 0; i < n * size; i++) {
        const uint32_t code = (pixel[i] + half) >> shift;
        work->map[0][i] = (uint8_t)(code < top ? code : top);
    }
}

/* sum[n][C][P] of n images of in. */
static void sums(const mho_chip *chip, chip_work *work, const chip_step *step, size_t n,
                 const uint8_t *in)
{
    const chip_layer *layer = &chip->layer[step->layer];
    const size_t in_size = chip->map[step->in].size / layer->groups;
    const size_t out_size = layer->columns * layer->positions;
    for (size_t g = 0; g < layer->groups; g++)
        mho_crossbar_run(layer->xb[g], work->layer[step->layer], &layer->converter, chip->per_pair,
                         n, in + g * in_size, work->sum + g * out_size, NULL);
}

static void to_map(const mho_chip *chip, const chip_step *step, size_t i, const chip_watch *watch,
                   float *y, uint8_t *out)
{
    const chip_map *map = &chip->map[step->out];
    chip_chain_run(&step->chain, map->size / step->chain.channels, y);
    if (watch && watch->value)
        watch->value(watch->user, i, y, map->size);
    mho_quant_bytes(y, map->size, map->exponent, map->codes, out);
}

/* z = (gain sum + offset) / unit in the layer's own scale; exact where devices and converters are. */
static void to_scores(const mho_chip *chip, const chip_step *step, const int32_t *sum,
                      float *scores)
{
    const chip_layer *layer = &chip->layer[step->layer];
    const chip_map *in = &chip->map[step->in];
    const size_t n = chip->classes;
    double gain, offset;
    chip_converter_value(chip, layer, &gain, &offset);
    for (size_t i = 0; i < n; i++) {
        const double m = (gain * sum[i] + offset) / layer->unit;
        const double excess = layer->excess ? (double)layer->excess[i] / layer->unit : 0;
        scores[i] = in->coding == CHIP_BITS
                        ? (float)(2 * m - layer->w_sum[i] - excess)
                        : (float)(m * ldexp((double)in->scale, layer->weight_exponent));
    }
    chip_chain_run(&step->chain, n / step->chain.channels, scores);
}

/* Same for maps of full mode, where the unit is a power of two. */
static void to_values(const mho_chip *chip, const chip_step *step, const int32_t *sum, size_t n,
                      float *y)
{
    const chip_layer *layer = &chip->layer[step->layer];
    double gain, offset;
    chip_converter_value(chip, layer, &gain, &offset);
    const double scale =
        ldexp((double)chip->map[step->in].scale, layer->weight_exponent) / layer->unit;
    gain *= scale;
    offset *= scale;
    for (size_t i = 0; i < n; i++)
        y[i] = (float)(gain * sum[i] + offset);
}

/* What n images of map `in` drive cells with; calibration sees ideal ones. */
static const uint8_t *drive(const mho_chip *chip, chip_work *work, const chip_map *map, size_t n,
                            const uint8_t *in)
{
    uint8_t table[256];
    if (!work->driven || !chip->programmed || map->coding == CHIP_BITS || map->bits == 1)
        return in;
    chip_drive(map->codes, chip->hw.device.nonlinearity, table);
    for (size_t i = 0; i < n * map->size; i++)
        work->driven[i] = table[in[i]];
    return work->driven;
}

static void run_crossbar(const mho_chip *chip, chip_work *work, size_t i, size_t n,
                         const chip_watch *watch)
{
    const chip_step *step = &chip->step[i];
    const chip_layer *layer = &chip->layer[step->layer];
    const size_t in_size = chip->map[step->in].size, channels = layer->groups * layer->columns;
    const size_t out_size = channels * layer->positions;
    const uint8_t *in = work->map[step->in];
    if (watch && watch->input)
        watch->input(watch->user, i, n, in);
    in = drive(chip, work, &chip->map[step->in], n, in);
    for (size_t first = 0; first < n; first += layer->images) {
        const size_t m = n - first < layer->images ? n - first : layer->images;
        sums(chip, work, step, m, in + first * in_size);
        for (size_t k = 0; k < m; k++) {
            const int32_t *sum = work->sum + k * out_size;
            uint8_t *out =
                step->out == CHIP_NONE ? NULL : work->map[step->out] + (first + k) * out_size;
            if (!out) {
                to_scores(chip, step, sum, work->scores + (first + k) * out_size);
            } else if (chip->binary) {
                chip_bits(sum, channels, layer->positions, layer->threshold, layer->per_position,
                          layer->flip, out);
            } else {
                to_values(chip, step, sum, out_size, work->value);
                to_map(chip, step, i, watch, work->value, out);
            }
        }
    }
}

static void decode(const chip_map *map, const uint8_t *code, bool add, float *y)
{
    for (size_t i = 0; i < map->size; i++) {
        const float v = (float)(map->codes.lo < 0 ? (int8_t)code[i] : code[i]) * map->scale;
        y[i] = add ? y[i] + v : v;
    }
}

static void run_pointwise(const mho_chip *chip, chip_work *work, size_t i, size_t n,
                          const chip_watch *watch)
{
    const chip_step *step = &chip->step[i];
    const size_t size = chip->map[step->in].size;
    for (size_t k = 0; k < n; k++) {
        float *y = step->out == CHIP_NONE ? work->scores + k * size : work->value;
        decode(&chip->map[step->in], work->map[step->in] + k * size, false, y);
        if (step->in2 != CHIP_NONE)
            decode(&chip->map[step->in2], work->map[step->in2] + k * size, true, y);
        if (step->out == CHIP_NONE)
            chip_chain_run(&step->chain, size / step->chain.channels, y);
        else
            to_map(chip, step, i, watch, y, work->map[step->out] + k * size);
    }
}

static void run_pool(const mho_chip *chip, chip_work *work, const chip_step *step, size_t n)
{
    const chip_map *in = &chip->map[step->in], *out = &chip->map[step->out];
    for (size_t k = 0; k < n; k++)
        chip_pool(&step->pool, in, step->all, work->map[step->in] + k * in->size,
                  work->map[step->out] + k * out->size);
}

void chip_work_run(const mho_chip *chip, chip_work *work, size_t steps, size_t n,
                   const chip_watch *watch)
{
    for (size_t i = 0; i < steps; i++)
        switch (chip->step[i].kind) {
        case CHIP_CROSSBAR:
            run_crossbar(chip, work, i, n, watch);
            break;
        case CHIP_POOL:
            run_pool(chip, work, &chip->step[i], n);
            break;
        case CHIP_POINTWISE:
            run_pointwise(chip, work, i, n, watch);
            break;
        }
    if (steps == chip->steps && chip->scores_map != CHIP_NONE)
        for (size_t k = 0; k < n; k++)
            decode(&chip->map[chip->scores_map], work->map[chip->scores_map] + k * chip->classes,
                   false, work->scores + k * chip->classes);
}
