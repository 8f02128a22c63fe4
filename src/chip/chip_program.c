/* SPDX-License-Identifier: Apache-2.0 */
/* Programming: signed levels to pairs of conductances.  Every cell has its own draw, numbered within
 * its crossbar array, so threads share the work in any way. */
#include <string.h>

#include "base/alloc.h"
#include "base/parallel.h"
#include "base/rng.h"
#include "chip/chip_drawn.h"
#include "crossbar/cells.h"

enum { CELLS = 4096 }; /* an item */
/* Added to the number of the array: cells use the streams up to 3 x 2^28. */
#define CONVERTER_STREAM (UINT32_C(3) << 28)

typedef struct program {
    mho_chip *chip;
    mho_device device;
    uint64_t seed;
    uint32_t trial, layer, array;
    chip_layer *of;
    size_t weights; /* before those of the group */
    size_t plane;
    int16_t *g[2];          /* of the plane [columns][lines]; one where weights are single cells */
    mho_write_count *count; /* [threads] */
    bool ideal, bare;       /* bare: without wires, and not counted */
    double wires_bound;
    chip_drawn drawn; /* of the layer: cells that are known, or to be kept */
} program;

/* Levels of `count` lines from `line` on of a column.  The weights that they are of begin with an input channel. */
static mho_status column_levels(const program *p, mhoi_column column, bool minus, size_t line,
                                size_t count, uint8_t *level)
{
    const chip_layer *layer = p->of;
    const size_t taps = layer->place->turned ? 1 : layer->window.kh * layer->window.kw;
    const bool plain = layer->inputs->lines == 1; /* a line is a row */
    const size_t fold = layer->cells->fold;
    const size_t each = fold > 1 ? fold : plain ? 1 : taps * layer->inputs->lines;
    const size_t unit = fold > 1 || plain ? 1 : taps, from = line / each;
    const size_t all = layer->rows / unit, end = (line + count - 1) / each + 1;
    const size_t n = (end < all ? end : all) - (from < all ? from : all);
    int16_t near[CELLS], *far = NULL;
    mho_status s = n * unit > CELLS ? mhoi_alloc(&far, n * unit, sizeof *far, "weights") : MHO_OK;
    if (s)
        return s;
    int16_t *m = far ? far : near;
    if (!column.is_reference)
        mhoi_chip_weights_get(
            &layer->m, p->weights + column.weight % layer->columns * layer->rows + from * unit,
            n * unit, m);
    if (fold > 1)
        mhoi_chip_merge_levels(layer, m, line - from * each, count, level);
    else
        mhoi_column_levels(layer->cells, layer->inputs, taps, m, column, minus, line - from * each,
                           count, level);
    mhoi_free(&far);
    return MHO_OK;
}

/* Levels of cells [first, first + n) of the plane. */
static mho_status fill_levels(const program *p, bool minus, size_t first, size_t n, uint8_t *level)
{
    const size_t lines = p->of->lines * p->of->cells->fold;
    mho_status s = MHO_OK;
    for (size_t done = 0, count; !s && done < n; done += count) {
        const size_t at = first + done, line = at % lines, left = lines - line;
        count = n - done < left ? n - done : left;
        s = column_levels(p, mhoi_column_of(p->of->cells, p->plane, at / lines), minus, line, count,
                          level + done);
    }
    return s;
}

/* A reference in the middle of the range lies half a level below the level it is drawn at. */
static void lower_references(const program *p, size_t first, size_t n, int16_t *g)
{
    const size_t lines = p->of->lines;
    const int32_t half = mho_device_delta(&p->device);
    for (size_t i = 0; i < n; i++)
        if (mhoi_column_of(p->of->cells, p->plane, (first + i) / lines).is_reference)
            g[i] = (int16_t)(g[i] - half);
}

static size_t plane_cells(const program *p)
{
    return p->of->cells->plane_columns * p->of->lines * p->of->cells->fold;
}

static mho_status program_cells(void *context, size_t item, size_t thread)
{
    program *p = context;
    const size_t first = item * CELLS, left = plane_cells(p) - first;
    const size_t n = left < CELLS ? left : CELLS;
    uint8_t level[CELLS];
    for (uint32_t side = 0; side < 2 && p->g[side]; side++) {
        int16_t *g = p->g[side] + first;
        const mho_status s = fill_levels(p, side == 1, first, n, level);
        if (s)
            return s;
        mho_device_program(&p->device, p->seed, p->trial, p->layer, p->array + side, first, n,
                           level, g, p->bare ? NULL : &p->count[thread]);
        if (p->of->cells->middle && p->of->cells->coding->reference)
            lower_references(p, first, n, g);
    }
    return MHO_OK;
}

/* The engine sees a reference column as the other side of every pair of its tile. */
static void spread_references(const program *p, int16_t *g_plus, int16_t *g_minus)
{
    const chip_layer *layer = p->of;
    const size_t lines = layer->lines, columns = layer->cells->plane_columns;
    for (size_t q = 0; q < columns; q++) {
        const mhoi_column column = mhoi_column_of(layer->cells, p->plane, q);
        const int16_t *from = p->g[0] + q * lines;
        if (!column.is_reference) {
            memcpy(g_plus + column.engine * lines, from, lines * sizeof *from);
            continue;
        }
        const size_t first = column.tile * layer->cells->weights_per_tile;
        for (size_t w = first; w < column.weight; w++) {
            const size_t back = (column.weight - w) * layer->cells->together;
            const mhoi_column of = mhoi_column_of(layer->cells, p->plane, q - back);
            memcpy(g_minus + of.engine * lines, from, lines * sizeof *from);
        }
    }
}

/* A sum is told less what the tile's cells at level 0 conduct: to the engine, each cell conducts so much less. */
static mho_status take_level0_off(const program *p, size_t side, int16_t *out)
{
    const size_t lines = p->of->lines, weights = p->of->cells->columns * p->of->cells->together;
    for (size_t q = 0; q < weights; q++) {
        const mhoi_column column = mhoi_column_of(p->of->cells, p->plane, q);
        const int16_t *from = p->g[side] + q * lines;
        const int16_t *reference = p->g[side] + (weights + column.tile) * lines;
        for (size_t r = 0; r < lines; r++) {
            const int32_t g = from[r] - reference[r];
            if (g < INT16_MIN || g > INT16_MAX)
                return mho_error(MHO_EDOMAIN,
                                 "a cell of %d units less a reference of %d, want "
                                 "fewer units (device.resolution_bits)",
                                 from[r], reference[r]);
            out[column.engine * lines + r] = (int16_t)g;
        }
    }
    return MHO_OK;
}

/* The cells, and what wires make of them. */
static mho_status draw_plane(program *p, size_t g)
{
    const size_t n = plane_cells(p);
    mho_status s = MHO_OK;
    for (size_t side = 0; p->drawn.known && side < 2 && p->g[side]; side++)
        mhoi_chip_drawn_take(&p->drawn, n, p->g[side]);
    if (p->drawn.known)
        return MHO_OK;
    s = mhoi_parallel((n + CELLS - 1) / CELLS, program_cells, p);
    if (!s && !p->bare)
        s = mhoi_chip_wires_apply(p->of, p->chip->plan, g, p->g[0], p->g[1], &p->wires_bound);
    for (size_t side = 0; !s && p->drawn.layer && side < 2 && p->g[side]; side++)
        mhoi_chip_drawn_put(&p->drawn, n, p->g[side]);
    return s;
}

/* Cells of plane `plane` of group g, and wires. */
static mho_status program_plane(program *p, size_t g, size_t plane)
{
    mho_chip *chip = p->chip;
    const mhoi_cells *k = p->of->cells;
    const size_t first = plane * k->plane_columns * p->of->lines;
    p->plane = plane;
    p->array = (uint32_t)(2 * (g * k->planes + plane));
    p->g[0] = k->references || k->fold > 1 ? chip->plane : chip->g_plus + first;
    p->g[1] = k->coding->sides == 1 ? NULL
              : k->level0           ? chip->plane + plane_cells(p)
                                    : chip->g_minus + first;
    mho_status s = draw_plane(p, g);
    for (size_t side = 0; !s && !p->bare && !p->ideal && side < k->coding->sides; side++)
        mhoi_chip_draw_add(p->of, k->plane_columns, p->g[side]);
    if (!s && k->fold > 1)
        s = mhoi_chip_merge(p->of, chip->plane, chip->g_plus, chip->g_minus);
    if (!s && k->coding->reference)
        spread_references(p, chip->g_plus, chip->g_minus);
    if (!s && k->level0)
        s = take_level0_off(p, 0, chip->g_plus);
    if (!s && k->level0)
        s = take_level0_off(p, 1, chip->g_minus);
    return s;
}

typedef struct own_converter {
    uint32_t side;
    size_t number; /* told by its first column, as if each had one */
} own_converter;

/* What converts sum i (row group, column) of that side: groups of active rows have one converter, columns may share it, and
 * a reference has one for all columns that it serves. */
static own_converter own_of(const chip_layer *layer, size_t i, uint32_t side)
{
    const mhoi_place *place = layer->place;
    const size_t converted = layer->cells->converted, c = i % converted;
    const size_t crossbar = i / converted / (place->crossbar_rows / place->group_rows);
    const bool reference = side && layer->cells->coding->reference;
    const size_t column = mhoi_converter_of(place, c, reference);
    if (reference && column == SIZE_MAX)
        return (own_converter){side, crossbar * converted + mhoi_reference_of(layer->cells, c)};
    return (own_converter){reference ? 0 : side, crossbar * converted + column};
}

/* Errors of the converters of group g: normal, of the deviations told, drawn once a programming. */
static mho_status set_errors(const program *p, const chip_layer *layer, size_t g)
{
    const mhoi_output_options *output = &p->chip->plan->output;
    const bool none = output->offset == 0 && output->gain_error == 0 && output->inl == 0;
    const int32_t codes = layer->calibrated.codes;
    const size_t sides =
        layer->place->per_pair || layer->place->sense ? 1 : 2; /* converters of a column */
    const size_t each = layer->place->row_groups * layer->cells->converted;
    const bool vote = layer->place->vote && !p->ideal && layer->z_edge;
    if (p->ideal || (none && !vote) || (!codes && !layer->place->sense))
        return mho_crossbar_set_errors(layer->xb[g], NULL);
    const float step = (float)(codes ? layer->calibrated.step : layer->cells->unit);
    const float offset = step * (float)output->offset, bow = step * (float)output->inl;
    const float gain = codes ? (float)output->gain_error : 0;
    mho_converter_error *error;
    mho_status s = mhoi_alloc(&error, 2 * each, sizeof *error, "converter errors");
    for (uint32_t side = 0; !s && side < sides; side++) {
        for (size_t i = 0; i < each; i++) {
            float n[3];
            const own_converter own = own_of(layer, i, side);
            const mhoi_stream stream = {p->seed, p->trial, p->layer,
                                        CONVERTER_STREAM + 2 * (uint32_t)g + own.side};
            mhoi_rng_normal(&stream, 4 * own.number, 3, n);
            error[side * each + i] =
                (mho_converter_error){offset * n[0], gain * n[1], codes ? bow * n[2] : 0};
            if (vote)
                error[side * each + i].offset -= (float)mhoi_chip_threshold_share(
                    layer, g * layer->columns + i % layer->cells->converted,
                    i / layer->cells->converted);
        }
    }
    if (!s)
        s = mho_crossbar_set_errors(layer->xb[g], error);
    mhoi_free(&error);
    return s;
}

static mho_status program_planes(program *p, size_t g, bool bare)
{
    mho_status s = MHO_OK;
    p->bare = bare;
    for (size_t plane = 0; !s && plane < p->of->cells->planes; plane++)
        s = program_plane(p, g, plane);
    return s;
}

/* To the cells of chip->g_plus, g_minus. */
static mho_status program_cells_of(program *p, chip_layer *layer, size_t g)
{
    int16_t *g_plus = p->chip->g_plus, *g_minus = p->chip->g_minus;
    const size_t cells = layer->cells->converted * layer->lines;
    const bool noisy = mho_device_is_noisy(&p->device);
    mho_status s = MHO_OK;
    p->weights = g * layer->columns * layer->rows;
    mhoi_chip_draw_begin(layer);
    if (layer->cells->coding->counted)
        memset(g_minus, 0, cells * sizeof *g_minus);
    if (noisy && mhoi_chip_noise_needs_bare(p->chip->plan)) {
        s = program_planes(p, g, true);
        mhoi_chip_noise_bare(p->chip, layer);
    }
    if (!s)
        s = program_planes(p, g, false);
    if (!s)
        s = mho_crossbar_program(layer->xb[g], g_plus, g_minus);
    if (!s)
        s = set_errors(p, layer, g);
    if (!s && noisy)
        s = mhoi_chip_noise_set(p->chip, layer, g);
    if (!s)
        mhoi_chip_layer_read_back(layer, g, g_plus, g_minus);
    if (!s && !p->ideal)
        mhoi_chip_draw_set(layer, g);
    return s;
}

static mho_status program_group(program *p, chip_layer *layer, size_t g)
{
    mho_chip *chip = p->chip;
    const size_t cells = layer->cells->converted * layer->lines;
    int16_t *own[2] = {NULL, NULL};
    mho_status s = MHO_OK;
    mhoi_crossbar_cells(layer->xb[g], &chip->g_plus, &chip->g_minus);
    if (!chip->g_plus) {
        s = mhoi_alloc(&own[0], cells, sizeof **own, "conductances");
        if (!s)
            s = mhoi_alloc(&own[1], cells, sizeof **own, "conductances");
        chip->g_plus = own[0];
        chip->g_minus = own[1];
    }
    if (!s)
        s = program_cells_of(p, layer, g);
    chip->g_plus = chip->g_minus = NULL;
    mhoi_free(&own[0]);
    mhoi_free(&own[1]);
    return s;
}

/* Cells, noise and converters as they are now tell how many row groups 32 bits hold the sums of. */
static mho_status set_part(chip_layer *layer)
{
    const bool plain = chip_is_plain(layer);
    layer->part = layer->place->row_groups;
    for (size_t g = 0; g < layer->groups; g++) {
        const size_t fit =
            mho_crossbar_fitting_groups(layer->xb[g], &layer->converter, layer->place->per_pair);
        layer->part = fit < layer->part ? fit : layer->part;
    }
    const mho_status s = mhoi_chip_threshold_room(layer);
    if (!s && layer->z_edge && (layer->excess || plain != chip_is_plain(layer)))
        mhoi_chip_threshold_set(layer);
    return s;
}

static mho_status program_layer(program *p, chip_layer *layer)
{
    mho_status s = MHO_OK;
    p->of = layer;
    for (size_t g = 0; !s && g < layer->groups; g++)
        s = program_group(p, layer, g);
    if (!s)
        s = set_part(layer);
    return s ? mho_error_prefix(s, "layer %s", layer->name) : MHO_OK;
}

static void add_count(mho_write_count *sum, const mho_write_count *count)
{
    sum->cells += count->cells;
    sum->writes += count->writes;
    sum->outside += count->outside;
    sum->stuck += count->stuck;
    sum->held += count->held;
}

/* Do weights tell all that there is to know of the cells?  Those of ideal pairs do, without wires. */
static bool are_told(const program *p, const chip_layer *layer)
{
    const mhoi_cells *k = layer->cells;
    return p->ideal && !layer->m.whole && !layer->excess && !layer->order &&
           !layer->place->turned && layer->inputs->lines == 1 && k->coding->sides == 2 &&
           !k->level0 && k->fold == 1 && k->planes == 1 && k->slices == 1 &&
           mhoi_wires_ideal(&p->chip->plan->wires);
}

/* What a pair of weight m conducts, m = 0..most: base + each m in the cell of its sign. */
typedef struct pairs {
    int32_t base, each, most;
} pairs;

enum { MOST = INT8_MAX };

static bool is_line(const program *p, const pairs *of, int32_t sign, bool minus)
{
    int16_t m[MOST + 1], g[MOST + 1];
    uint8_t level[MOST + 1];
    mho_write_count count = {0};
    const size_t n = (size_t)of->most + 1;
    bool same = true;
    for (int32_t i = 0; i <= of->most; i++)
        m[i] = (int16_t)(sign * i);
    p->of->cells->coding->levels(p->of->cells, 0, minus ? MHOI_CELL_MINUS : MHOI_CELL_PLUS, m, n,
                                 level);
    mho_device_program(&p->device, 0, 0, 0, 0, 0, n, level, g, &count);
    const int32_t each = (sign < 0) == minus ? of->each : 0; /* the other cell is at its lowest */
    for (int32_t i = 0; i <= of->most; i++)
        same = same && g[i] == of->base + each * i;
    return same && !count.held && !count.outside;
}

static bool find_pairs(const program *p, pairs *out)
{
    const mho_codes codes = p->of->cells->codes;
    const uint8_t level[2] = {0, 1};
    int16_t g[2];
    out->most = codes.hi > -codes.lo ? codes.hi : -codes.lo;
    if (p->of->m.bit)
        out->most = p->of->m.one;
    if (out->most < 1 || out->most > MOST)
        return false;
    mho_device_program(&p->device, 0, 0, 0, 0, 0, 2, level, g, NULL);
    out->base = g[0];
    out->each = g[1] - g[0];
    return is_line(p, out, 1, false) && is_line(p, out, 1, true) && is_line(p, out, -1, false) &&
           is_line(p, out, -1, true);
}

static mho_status tell_group(const chip_layer *layer, const pairs *k, size_t g, bool *done)
{
    const size_t first = g * layer->columns * layer->rows;
    mho_crossbar *xb = layer->xb[g];
    mho_status s = layer->m.bit
                       ? mhoi_crossbar_program_signs(xb, layer->m.bit, first, (int16_t)k->base,
                                                     (int16_t)(k->base + k->each * k->most), done)
                       : mhoi_crossbar_program_bytes(xb, layer->m.byte + first, k->base, k->each,
                                                     k->most, done);
    return !s && *done ? mho_crossbar_set_errors(xb, NULL) : s;
}

/* Crossbars that are told their weights draw no cells, and take no memory for them.  *done false: they want cells. */
static mho_status tell_layer(program *p, size_t l, mho_write_count *count, bool *done)
{
    chip_layer *layer = &p->chip->layer[l];
    pairs k = {0};
    mho_status s = MHO_OK;
    p->of = layer;
    *done = are_told(p, layer) && find_pairs(p, &k);
    for (size_t g = 0; !s && *done && g < layer->groups; g++)
        s = tell_group(layer, &k, g, done);
    if (s || !*done)
        return s;
    count->cells += 2 * layer->groups * layer->columns * layer->rows;
    count->writes += 2 * layer->groups * layer->columns * layer->rows;
    return set_part(layer);
}

static mho_status draw_layer(program *p, size_t l, mho_write_count *count)
{
    mho_write_count own = {0};
    bool done;
    mho_status s = tell_layer(p, l, count, &done);
    if (s || done)
        return s ? mho_error_prefix(s, "layer %s", p->of->name) : MHO_OK;
    mhoi_chip_drawn_begin(p->chip, l, p->ideal, &p->drawn);
    s = program_layer(p, &p->chip->layer[l]);
    for (size_t t = 0; t < mhoi_threads(); t++)
        add_count(&own, &p->count[t]);
    mhoi_chip_drawn_end(&p->drawn, !s, &own, &p->wires_bound);
    add_count(count, &own);
    if (p->wires_bound > p->chip->wires_bound)
        p->chip->wires_bound = p->wires_bound;
    return s;
}

mho_status mhoi_chip_program_layer(mho_chip *chip, size_t l, bool ideal, mho_write_count *count)
{
    program p = {.chip = chip,
                 .device = chip->plan->device,
                 .seed = chip->seed,
                 .trial = chip->trial,
                 .layer = (uint32_t)l,
                 .ideal = ideal};
    if (ideal)
        p.device = mho_device_ideal(&chip->plan->device);
    mho_status s = mhoi_alloc(&p.count, mhoi_threads(), sizeof *p.count, "counts of programming");
    if (!s)
        s = draw_layer(&p, l, count);
    chip->drew = chip->drew || !p.drawn.known;
    mhoi_free(&p.count);
    return s;
}

mho_status mhoi_chip_program(mho_chip *chip, bool ideal, uint64_t seed, uint32_t trial)
{
    mho_write_count count = {0};
    mho_status s = MHO_OK;
    chip->programmed = false;
    chip->wires_bound = 0;
    chip->drew = chip->streamed;
    chip->seed = seed;
    chip->trial = trial;
    for (size_t l = 0; !s && !chip->streamed && l < chip->layers; l++)
        s = mhoi_chip_program_layer(chip, l, ideal, &count);
    chip->programming = count;
    chip->programmed = !s && !ideal;
    return s;
}
