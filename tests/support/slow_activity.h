/* SPDX-License-Identifier: Apache-2.0 */
/* The judge of mho_chip_layer_activity: every cell, window, read and image by itself, in siemens. */
#ifndef SLOW_ACTIVITY_H
#define SLOW_ACTIVITY_H

#include <math.h>
#include <stdlib.h>

#include "chip/chip_impl.h"

typedef struct slow_layer {
    double *line_S; /* [groups][lines] what all cells of a word line conduct together */
    mho_chip_activity seen;
} slow_layer;

typedef struct slow_activity {
    const mho_chip *chip;
    slow_layer layer[64];
} slow_activity;

/* The cells of one column, written one by one; a reference in the middle of the range is half a level lower. */
static inline void slow_column(const mho_chip *chip, size_t l, size_t g, size_t plane,
                               size_t column, size_t side, double *line_S)
{
    const chip_layer *layer = &chip->layer[l];
    const mhoi_cells *k = layer->cells;
    const mho_device *d = &chip->plan->device;
    const mhoi_column c = mhoi_column_of(k, plane, column);
    int16_t m[1 << 14];
    assert_in_range(layer->rows, 1, sizeof m / sizeof *m);
    mhoi_chip_weights_get(&layer->m, (g * layer->columns + c.weight % layer->columns) * layer->rows,
                          layer->rows, m);
    for (size_t i = 0; i < layer->lines * k->fold; i++) {
        const size_t r = i / k->fold, j = i % k->fold;
        uint8_t level;
        int16_t cell;
        if (k->fold > 1) { /* plus and minus, from the low slice on */
            const int32_t v = j % 2 ? -m[r] : m[r];
            level = (uint8_t)((v > 0 ? v : 0) / (1 << j / 2 * d->bits) % (1 << d->bits));
        } else
            mhoi_column_levels(k, layer->inputs, layer->window.kh * layer->window.kw, m, c,
                               side == 1, r, 1, &level);
        mho_device_program(d, chip->seed, chip->trial, (uint32_t)l,
                           (uint32_t)(2 * (g * k->planes + plane) + side),
                           column * layer->lines * k->fold + i, 1, &level, &cell, NULL);
        const bool middle = k->middle && k->coding->reference && c.is_reference;
        const double units = cell - (middle ? mho_device_delta(d) : 0);
        line_S[r] += (d->off_leak ? 0 : d->g_off_S) + units * mho_device_unit_S(d);
    }
}

static inline void slow_activity_start(slow_activity *a, const mho_chip *chip)
{
    a->chip = chip;
    for (size_t l = 0; l < chip->layers; l++) {
        const chip_layer *layer = &chip->layer[l];
        a->layer[l] = (slow_layer){.line_S = calloc(layer->groups * layer->lines, sizeof(double))};
        for (size_t g = 0; g < layer->groups; g++)
            for (size_t p = 0; p < layer->cells->planes; p++)
                for (size_t c = 0; c < layer->cells->plane_columns; c++)
                    for (size_t side = 0; side < layer->cells->coding->sides; side++)
                        slow_column(chip, l, g, p, c, side, a->layer[l].line_S + g * layer->lines);
    }
}

static inline void slow_activity_end(slow_activity *a)
{
    for (size_t l = 0; l < a->chip->layers; l++)
        free(a->layer[l].line_S);
}

/* What the input element that word line r reads at position p drives it with in one read; 0 where it is padding. */
static inline double slow_input(const chip_layer *layer, const mhoi_read *read, size_t g, size_t r,
                                size_t p, const uint8_t *in)
{
    const mho_window *w = &layer->window;
    const size_t taps = w->kh * w->kw, tap = r % taps, lines = layer->inputs->lines;
    const size_t channel = r / taps / lines, line = r / taps % lines;
    const size_t wide =
        (w->w + w->pad_left + w->pad_right - (w->kw - 1) * w->dilation_w - 1) / w->stride_w + 1;
    const long y = (long)(p / wide * w->stride_h + tap / w->kw * w->dilation_h) - (long)w->pad_top;
    const long x = (long)(p % wide * w->stride_w + tap % w->kw * w->dilation_w) - (long)w->pad_left;
    if (y < 0 || x < 0 || y >= (long)w->h || x >= (long)w->w)
        return 0;
    const size_t at = ((g * w->c + channel) * w->h + (size_t)y) * w->w + (size_t)x;
    const uint8_t code = read->row[line].table[in[at]];
    return layer->inputs->is_signed ? (int8_t)code : code;
}

/* The input that a linear cell would need for the current of this one. */
static inline double slow_current(const mho_device *d, const mhoi_inputs *in, double x, double top)
{
    if (d->nonlinearity == 0 || in->bits == 1)
        return x;
    return nearbyint(top * sinh(d->nonlinearity * x / top) / sinh(d->nonlinearity));
}

static inline void slow_image(slow_activity *a, size_t l, const uint8_t *in)
{
    const chip_layer *layer = &a->chip->layer[l];
    mho_chip_activity *seen = &a->layer[l].seen;
    const double top = fmax(layer->inputs->hi, -layer->inputs->lo);
    seen->images++;
    seen->largest = top;
    for (size_t g = 0; g < layer->groups; g++)
        for (size_t p = 0; p < layer->positions; p++)
            for (size_t r = 0; r < layer->lines; r++)
                for (size_t i = 0; i < layer->inputs->reads; i++) {
                    const double x = slow_input(layer, &layer->inputs->read[i], g, r, p, in);
                    const double current =
                        fabs(slow_current(&a->chip->plan->device, layer->inputs, x, top)) / top;
                    const double power = current * fabs(x) / top;
                    const double line_S = a->layer[l].line_S[g * layer->lines + r];
                    const double lines = (double)layer->cells->fold;
                    seen->driven += x != 0 ? layer->cells->fold : 0;
                    seen->drive += lines * current;
                    seen->square += lines * power;
                    seen->drive_S += line_S * current;
                    seen->square_S += line_S * power;
                }
}

#endif
