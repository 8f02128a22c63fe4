/* SPDX-License-Identifier: Apache-2.0 */
/* What drives the rows of a layer in each read, and the sums that its crossbars make of it. */
#include <string.h>

#include "chip/chip_work.h"

static void drive_bits(const uint8_t *restrict in, size_t n, const mhoi_drive *row,
                       uint8_t *restrict out)
{
    const uint8_t flip = row->flip, shift = row->shift, mask = row->mask;
    for (size_t i = 0; i < n; i++)
        out[i] = (uint8_t)((in[i] ^ flip) >> shift & mask);
}

/* bent NULL: linear cells. */
static void drive_table(const uint8_t *restrict in, size_t n, const mhoi_drive *row,
                        const uint8_t *bent, uint8_t *restrict out)
{
    uint8_t table[256];
    for (size_t i = 0; i < 256; i++)
        table[i] = bent ? bent[row->table[i]] : row->table[i];
    for (size_t i = 0; i < n; i++)
        out[i] = table[in[i]];
}

/* Two rows of single elements. */
static void drive_pairs(const uint8_t *in, size_t n, const mhoi_drive row[2], const uint8_t *bent,
                        uint8_t *out)
{
    uint8_t table[256][2];
    for (size_t i = 0; i < 256; i++)
        for (size_t r = 0; r < 2; r++)
            table[i][r] = bent ? bent[row[r].table[i]] : row[r].table[i];
    for (size_t i = 0; i < n; i++)
        memcpy(out + 2 * i, table[in[i]], 2);
}

/* Plane i of `part` elements on rows planes 2 i, 2 i + 1, or on one. */
static void drive_planes(const uint8_t *in, size_t planes, size_t part, size_t rows,
                         const mhoi_read *read, const uint8_t *bent, uint8_t *out)
{
    for (size_t i = 0; i < planes; i++, in += part)
        for (size_t r = 0; r < rows; r++, out += part)
            if (read->row[r].bits && !bent)
                drive_bits(in, part, &read->row[r], out);
            else
                drive_table(in, part, &read->row[r], bent, out);
}

/* Nonlinear cells are driven by more than bits; calibration sees linear ones. */
static bool is_bent(const mho_chip *chip, const chip_layer *layer)
{
    return chip->plan->device.nonlinearity > 0 && chip->programmed && layer->inputs->bits > 1;
}

/* What a read of in[count] drives the rows with: [lines of the window]; the elements of a channel, `plane` of them,
 * stand together. */
static const uint8_t *drive(const mho_chip *chip, chip_work *work, const chip_layer *layer,
                            const mhoi_read *read, size_t count, size_t plane, const uint8_t *in)
{
    const size_t rows = layer->inputs->lines, part = rows > 1 ? plane : count;
    const bool nonlinear = is_bent(chip, layer);
    uint8_t bent[256] = {0}; /* codes that there are not */
    if (layer->inputs->as_is && !nonlinear)
        return in;
    if (nonlinear)
        mhoi_chip_drive((mho_codes){layer->inputs->lo, layer->inputs->hi},
                        chip->plan->device.nonlinearity, bent);
    if (rows == 2 && part == 1)
        drive_pairs(in, count, read->row, nonlinear ? bent : NULL, work->driven);
    else
        drive_planes(in, count / part, part, rows, read, nonlinear ? bent : NULL, work->driven);
    return work->driven;
}

static const uint8_t *drive_images(const mho_chip *chip, chip_work *work, const chip_step *step,
                                   size_t r, size_t n, const uint8_t *in)
{
    const chip_layer *layer = &chip->layer[step->layer];
    return drive(chip, work, layer, &layer->inputs->read[r], n * chip->map[step->in].size,
                 layer->window.h * layer->window.w, in);
}

/* The windows of group g that work holds. */
static const uint8_t *drive_windows(const mho_chip *chip, chip_work *work, const chip_layer *layer,
                                    size_t r, size_t tiles)
{
    return drive(chip, work, layer, &layer->inputs->read[r], tiles * layer->rows * CHIP_TILE,
                 CHIP_TILE, work->window);
}

/* The row groups from k on whose sums have 32 bits, for the runs that follow; returns the first of the next ones. */
static size_t take_part(const chip_layer *layer, mho_crossbar_work *work, size_t k)
{
    const size_t left = layer->place->row_groups - k, n = layer->part < left ? layer->part : left;
    mho_crossbar_work_groups(layer->xb[0], work, k, n);
    return k + n;
}

/* sum[n][groups columns][P] of what drives the rows in read r of images [first, first + n) of the block. */
static void read_sums(const mho_chip *chip, chip_work *work, const chip_step *step, size_t r,
                      size_t first, size_t n, const uint8_t *driven)
{
    const chip_layer *layer = &chip->layer[step->layer];
    const size_t size = chip->map[step->in].size * layer->inputs->lines / layer->groups;
    const size_t out_size = layer->cells->converted * layer->positions;
    for (size_t g = 0; g < layer->groups; g++) {
        const mho_reading reading = {.seed = chip->seed,
                                     .trial = chip->trial,
                                     .layer = (uint32_t)step->layer,
                                     .array = (uint32_t)(g * layer->inputs->reads + r),
                                     .first = work->first + first};
        mho_crossbar_run(layer->xb[g], work->layer[step->layer], &layer->converter,
                         layer->place->per_pair, n, driven + g * size, work->sum + g * out_size,
                         &reading);
    }
}

/* The sums of what the rows are driven with, where a digital offset needs them. */
static void read_counts(chip_work *work, const chip_layer *layer, size_t l, size_t n,
                        size_t in_size, const uint8_t *driven)
{
    for (size_t g = 0; layer->counter && g < layer->groups; g++)
        mho_crossbar_run(layer->counter, work->counter[l], &(mho_converter){0}, true, n,
                         driven + g * in_size / layer->groups, work->count + g * layer->positions,
                         NULL);
}

/* Takes the base of counted cells off total[n][channels][P]. */
static void take_base_off(chip_work *work, const chip_layer *layer, size_t n, size_t r)
{
    const size_t P = layer->positions;
    const int64_t base = layer->cells->base * layer->inputs->read[r].weight;
    for (size_t i = 0; i < n * layer->groups; i++)
        for (size_t c = 0; c < layer->columns; c++)
            for (size_t p = 0; p < P; p++)
                work->total[(i * layer->columns + c) * P + p] -= base * work->count[i * P + p];
}

/* Adds the slices of one read, and of its first or another part of the rows, to total[n][channels][P]. */
static void add_read(chip_work *work, const chip_layer *layer, size_t n, size_t r, bool first)
{
    const mhoi_cells *k = layer->cells;
    const size_t P = layer->positions, columns = layer->columns;
    const int64_t step = k->coding->counted && layer->converter.codes ? layer->converter.step : 1;
    for (size_t i = 0; i < n * layer->groups; i++)
        for (size_t c = 0; c < columns; c++) {
            int64_t *total = work->total + (i * columns + c) * P;
            if (first && r == 0)
                memset(total, 0, P * sizeof *total);
            for (size_t s = 0; s < k->slices; s++) {
                const size_t column = mhoi_engine_column(k, c, s);
                const int32_t *sum = work->sum + (i * layer->cells->converted + column) * P;
                const int64_t weight =
                    step * layer->inputs->read[r].weight * ((int64_t)1 << (k->slice_bits * s));
                for (size_t p = 0; p < P; p++)
                    total[p] += weight * sum[p];
            }
        }
}

/* The sum of the inputs does not change when they turn. */
static void take_counts_off(const mho_chip *chip, chip_work *work, size_t l, size_t r,
                            size_t pixels, const uint8_t *driven)
{
    const chip_layer *layer = &chip->layer[l];
    const size_t tiles = (pixels + CHIP_TILE - 1) / CHIP_TILE;
    const int64_t base = layer->cells->base * layer->inputs->read[r].weight;
    mho_crossbar_work_turn(layer->counter, work->counter[l], 0, pixels);
    mho_crossbar_run(layer->counter, work->counter[l], &(mho_converter){0}, true, tiles, driven,
                     work->count, NULL);
    mhoi_chip_turn_count(layer, work->count, tiles, base, work->turned);
}

static void turn(const mho_chip *chip, chip_work *work, size_t l, size_t g, size_t t, size_t pixels)
{
    const chip_layer *layer = &chip->layer[l];
    const size_t rows = t * layer->place->turn_step;
    mho_crossbar_work_turn(layer->xb[g], work->layer[l], rows * layer->inputs->lines, pixels);
}

/* One read of the windows of group g that work holds, in all its turns. */
static void turned_read(const mho_chip *chip, chip_work *work, size_t l, size_t g, size_t r,
                        size_t first, size_t n)
{
    const chip_layer *layer = &chip->layer[l];
    const mhoi_cells *k = layer->cells;
    const size_t tiles = chip_tiles(layer, n), pixels = n * layer->positions;
    const size_t turns = layer->place->told->turns;
    const uint8_t *driven = drive_windows(chip, work, layer, r, tiles);
    const int64_t step = k->coding->counted && layer->converter.codes ? layer->converter.step : 1;
    for (size_t t = 0; t < turns; t++) {
        const mho_reading reading = {.seed = chip->seed,
                                     .trial = chip->trial,
                                     .layer = (uint32_t)l,
                                     .array =
                                         (uint32_t)((g * layer->inputs->reads + r) * turns + t),
                                     .pixel = (uint64_t)(work->first + first) * layer->positions};
        turn(chip, work, l, g, t, pixels);
        for (size_t part = 0; part < layer->place->row_groups;) {
            part = take_part(layer, work->layer[l], part);
            mho_crossbar_run(layer->xb[g], work->layer[l], &layer->converter,
                             layer->place->per_pair, tiles, driven, work->sum, &reading);
            mhoi_chip_turn_add(layer, work->sum, tiles, t, step * layer->inputs->read[r].weight,
                               work->turned);
        }
    }
    work->flow[l].counts.additions += pixels * layer->columns * turns * (k->slices - (r == 0));
    if (layer->counter)
        take_counts_off(chip, work, l, r, pixels, driven);
}

static void turned_sums(const mho_chip *chip, chip_work *work, const chip_step *step, size_t first,
                        size_t n)
{
    const chip_layer *layer = &chip->layer[step->layer];
    const uint8_t *in = work->map[step->in] + first * chip->map[step->in].size;
    const size_t totals = (layer->channels + 1) * chip_tiles(layer, n) * CHIP_TILE;
    for (size_t g = 0; g < layer->groups; g++) {
        mhoi_chip_turn_windows(layer, in, n, g, work->window);
        memset(work->turned, 0, totals * sizeof *work->turned);
        for (size_t r = 0; r < layer->inputs->reads; r++)
            turned_read(chip, work, step->layer, g, r, first, n);
        mhoi_chip_turn_out(layer, work->turned, n, g, work->total);
    }
}

static void one_read(const mho_chip *chip, chip_work *work, const chip_step *step, size_t r,
                     size_t first, size_t n, const uint8_t *driven)
{
    const size_t l = step->layer;
    const chip_layer *layer = &chip->layer[l];
    const bool plain = chip_is_plain(layer);
    read_counts(work, layer, l, n, chip->map[step->in].size * layer->inputs->lines, driven);
    for (size_t part = 0, next; part < layer->place->row_groups; part = next) {
        next = take_part(layer, work->layer[l], part);
        read_sums(chip, work, step, r, first, n, driven);
        if (!plain)
            add_read(work, layer, n, r, part == 0);
    }
    if (plain)
        return;
    work->flow[l].counts.additions +=
        n * chip_channels(layer) * layer->positions * (layer->cells->slices - (r == 0));
    if (layer->counter)
        take_base_off(work, layer, n, r);
}

void mhoi_chip_sums(const mho_chip *chip, chip_work *work, const chip_step *step, size_t first,
                    size_t n)
{
    const chip_layer *layer = &chip->layer[step->layer];
    const uint8_t *in = work->map[step->in] + first * chip->map[step->in].size;
    if (layer->place->turned) {
        turned_sums(chip, work, step, first, n);
        return;
    }
    for (size_t r = 0; r < layer->inputs->reads; r++)
        one_read(chip, work, step, r, first, n, drive_images(chip, work, step, r, n, in));
}
