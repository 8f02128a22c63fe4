/* SPDX-License-Identifier: Apache-2.0 */
/* What happens in the cells while images run: docs/models/chip.md eq. (15) to (18).
 *
 * A cell of conductance g behind a row that is driven with x takes a current of g x and a power of g x^2, in units of the
 * read voltage.  Summed over the columns, positions and reads of an image that is linear in what the elements of its
 * input map drive rows with: an element counts with all cells of its row in all windows that read it.  So programming adds up
 * these conductances, and an image costs a product with its map, not one with the weights.  All sums are whole
 * numbers: threads, kernels and the order of images leave no trace. */
#include <pthread.h>
#include <string.h>

#include "base/alloc.h"
#include "chip/chip_lanes.h"

enum {
    TILE = 2048,    /* elements whose sums stay in a first cache */
    BYTE_MAX = 255, /* images whose ones a byte can count */
};

struct chip_tally {
    pthread_mutex_t lock; /* runs of several threads may add to it */
    chip_flow flow[];     /* [layers] */
};

mho_status mhoi_chip_tally_create(size_t layers, struct chip_tally **out)
{
    mho_status s = mhoi_alloc(out, 1, sizeof **out + layers * sizeof(chip_flow), "counts");
    if (!s)
        pthread_mutex_init(&(*out)->lock, NULL);
    return s;
}

void mhoi_chip_tally_destroy(struct chip_tally *tally)
{
    if (!tally)
        return;
    pthread_mutex_destroy(&tally->lock);
    mhoi_free(&tally);
}

void mhoi_chip_tally_clear(struct chip_tally *tally, size_t layers)
{
    pthread_mutex_lock(&tally->lock);
    memset(tally->flow, 0, layers * sizeof *tally->flow);
    pthread_mutex_unlock(&tally->lock);
}

static void add_counts(mho_counts *to, const mho_counts *c)
{
    to->cells += c->cells;
    to->row_drives += c->row_drives;
    to->dac_conversions += c->dac_conversions;
    to->conversions += c->conversions;
    to->additions += c->additions;
}

void mhoi_chip_tally_add(struct chip_tally *tally, size_t layer, const chip_flow *f)
{
    chip_flow *to = &tally->flow[layer];
    pthread_mutex_lock(&tally->lock);
    to->images += f->images;
    add_counts(&to->counts, &f->counts);
    to->driven += f->driven;
    to->drive += f->drive;
    to->square += f->square;
    to->g_drive += f->g_drive;
    to->g_square += f->g_square;
    pthread_mutex_unlock(&tally->lock);
}

static chip_flow flow_of(struct chip_tally *tally, size_t layer)
{
    pthread_mutex_lock(&tally->lock);
    const chip_flow flow = tally->flow[layer];
    pthread_mutex_unlock(&tally->lock);
    return flow;
}

mho_counts mho_chip_counts(const mho_chip *chip)
{
    mho_counts sum = {.cells = chip->programming.cells};
    for (size_t l = 0; l < chip->layers; l++) {
        const chip_flow flow = flow_of(chip->tally, l);
        add_counts(&sum, &flow.counts);
    }
    return sum;
}

/* --- conductances ------------------------------------------------------------------------------------- */

static size_t map_size(const chip_layer *layer)
{
    return layer->groups * layer->window.c * layer->window.h * layer->window.w;
}

static void set_windows(chip_layer *layer);
static void set_drives(const mho_chip *chip, chip_layer *layer);

mho_status mhoi_chip_draw_create(const mho_chip *chip, chip_layer *layer)
{
    const size_t lines = layer->inputs->lines;
    mho_status s =
        mhoi_alloc(&layer->draw, lines * map_size(layer), sizeof *layer->draw, layer->name);
    if (!s)
        s = mhoi_alloc(&layer->windows, layer->window.h * layer->window.w, sizeof *layer->windows,
                       layer->name);
    if (!s)
        s = mhoi_alloc(&layer->drives, lines, sizeof *layer->drives, layer->name);
    if (!s)
        s = mhoi_alloc(&layer->line_draw, layer->lines, sizeof *layer->line_draw, layer->name);
    if (s)
        return s;
    set_windows(layer);
    set_drives(chip, layer);
    return MHO_OK;
}

size_t mhoi_chip_draw_bytes(const chip_layer *layer)
{
    const size_t lines = layer->inputs->lines;
    return lines * map_size(layer) * sizeof *layer->draw +
           layer->window.h * layer->window.w * sizeof *layer->windows +
           lines * sizeof *layer->drives + layer->lines * sizeof *layer->line_draw;
}

void mhoi_chip_draw_free(chip_layer *layer)
{
    mhoi_free(&layer->draw);
    mhoi_free(&layer->windows);
    mhoi_free(&layer->drives);
    mhoi_free(&layer->line_draw);
}

void mhoi_chip_draw_begin(chip_layer *layer)
{
    memset(layer->line_draw, 0, layer->lines * sizeof *layer->line_draw);
}

/* out[lines] += columns of g, in parts of sums that stay in the first cache; of short numbers, which fill registers. */
static void add_columns(size_t columns, size_t lines, const int16_t *g, int64_t *out)
{
    enum { PART = 1024, SHORT = 1 << 15 }; /* columns whose sums fit 32 bits */
    int32_t sum[PART];
    for (size_t c = 0; c < columns; c += SHORT)
        for (size_t r = 0; r < lines; r += PART) {
            const size_t n = lines - r < PART ? lines - r : PART;
            const size_t end = columns - c < SHORT ? columns : c + SHORT;
            memset(sum, 0, n * sizeof *sum);
            for (size_t k = c; k < end; k++)
                for (size_t i = 0; i < n; i++)
                    sum[i] += g[k * lines + r + i];
            for (size_t i = 0; i < n; i++)
                out[r + i] += sum[i];
        }
}

void mhoi_chip_draw_add(chip_layer *layer, size_t columns, const int16_t *g)
{
    const size_t fold = layer->cells->fold;
    if (fold == 1) {
        add_columns(columns, layer->lines, g, layer->line_draw);
        return;
    }
    for (size_t c = 0; c < columns; c++)
        for (size_t r = 0; r < layer->lines * fold; r++)
            layer->line_draw[r / fold] += g[c * layer->lines * fold + r];
}

typedef struct taps {
    size_t first, count; /* output positions along an axis whose tap lies inside the map */
} taps;

static taps inside(size_t offset, size_t pad, size_t stride, size_t in, size_t out)
{
    const size_t first = offset >= pad ? 0 : (pad - offset + stride - 1) / stride;
    const size_t end = in + pad > offset ? (in + pad - offset - 1) / stride + 1 : 0;
    const size_t last = end < out ? end : out;
    return (taps){first, last > first ? last - first : 0};
}

/* Adds `value` to the elements of to[h][w] that tap (y, x) of the windows reads. */
static void spread(const chip_layer *layer, size_t y, size_t x, int64_t value, int64_t *to)
{
    const mho_window *w = &layer->window;
    const size_t span = (w->kw - 1) * w->dilation_w + 1;
    const size_t w_out = (w->w + w->pad_left + w->pad_right - span) / w->stride_w + 1;
    const size_t h_out = layer->positions / w_out;
    const size_t dy = y * w->dilation_h, dx = x * w->dilation_w;
    const taps down = inside(dy, w->pad_top, w->stride_h, w->h, h_out);
    const taps across = inside(dx, w->pad_left, w->stride_w, w->w, w_out);
    for (size_t i = 0; i < down.count; i++) {
        int64_t *row = to + ((down.first + i) * w->stride_h + dy - w->pad_top) * w->w +
                       across.first * w->stride_w + dx - w->pad_left;
        for (size_t j = 0; j < across.count; j++)
            row[j * w->stride_w] += value;
    }
}

/* What line l of a row of inputs meets in all its turns: another row's cells in each. */
static int64_t turned_draw(const chip_layer *layer, size_t row, size_t l)
{
    const size_t k = layer->place->told->block, turns = layer->place->told->turns;
    int64_t sum = 0;
    for (size_t t = 0; t < turns; t++) {
        const size_t back = row % k + k - t * layer->place->turn_step % k;
        sum += layer->line_draw[(row - row % k + back % k) * layer->inputs->lines + l];
    }
    return sum;
}

/* Line l of a weight that tap and channel i of a window meet. */
static int64_t draw_of(const chip_layer *layer, size_t i, size_t tap, size_t l)
{
    const size_t all = layer->window.kh * layer->window.kw;
    return layer->place->turned ? turned_draw(layer, tap * layer->slot + i, l)
                                : layer->line_draw[(i * layer->inputs->lines + l) * all + tap];
}

void mhoi_chip_draw_set(chip_layer *layer, size_t g)
{
    const mho_window *w = &layer->window;
    const size_t lines = layer->inputs->lines, plane = w->h * w->w, count = map_size(layer);
    for (size_t i = 0; i < w->c; i++)
        for (size_t l = 0; l < lines; l++) {
            int64_t *to = layer->draw + l * count + (g * w->c + i) * plane;
            memset(to, 0, plane * sizeof *to);
            for (size_t y = 0; y < w->kh; y++)
                for (size_t x = 0; x < w->kw; x++)
                    spread(layer, y, x, draw_of(layer, i, y * w->kw + x, l), to);
        }
}

/* Through a plane that programming sets anew. */
static void set_windows(chip_layer *layer)
{
    const size_t plane = layer->window.h * layer->window.w;
    for (size_t y = 0; y < layer->window.kh; y++)
        for (size_t x = 0; x < layer->window.kw; x++)
            spread(layer, y, x, 1, layer->draw);
    for (size_t p = 0; p < plane; p++)
        layer->windows[p] = (uint32_t)layer->draw[p] * (uint32_t)layer->place->told->turns *
                            (uint32_t)layer->cells->fold;
}

static uint64_t packed(uint64_t driven, uint64_t drive, uint64_t square)
{
    return driven << (CHIP_DRIVE_BITS + CHIP_SQUARE_BITS) | drive << CHIP_SQUARE_BITS | square;
}

/* What the reads of an image drive line `line` with, where the map holds `byte`. */
static uint64_t drives_of(const mho_chip *chip, const chip_layer *layer, size_t line, uint8_t byte)
{
    const mhoi_inputs *in = layer->inputs;
    const bool nonlinear = chip->plan->device.nonlinearity > 0 && in->bits > 1;
    uint64_t driven = 0, drive = 0, square = 0;
    uint8_t bent[256] = {0}; /* codes that there are not */
    if (nonlinear)
        mhoi_chip_drive((mho_codes){in->lo, in->hi}, chip->plan->device.nonlinearity, bent);
    for (size_t r = 0; r < in->reads; r++) {
        const uint8_t code = in->read[r].row[line].table[byte];
        const int32_t signed_x = in->is_signed ? (int8_t)code : code;
        const int32_t signed_i = !nonlinear      ? signed_x
                                 : in->is_signed ? (int8_t)bent[code]
                                                 : bent[code];
        const uint64_t x = (uint64_t)(signed_x < 0 ? -signed_x : signed_x);
        const uint64_t current = (uint64_t)(signed_i < 0 ? -signed_i : signed_i);
        driven += x != 0;
        drive += current;
        square += x * current;
    }
    return packed(driven, drive, square);
}

static void set_drives(const mho_chip *chip, chip_layer *layer)
{
    layer->drives_are_codes = !layer->inputs->is_signed;
    for (size_t l = 0; l < layer->inputs->lines; l++)
        for (size_t byte = 0; byte < 256; byte++) {
            const uint64_t drives = drives_of(chip, layer, l, (uint8_t)byte);
            layer->drives[l][byte] = drives;
            layer->drives_are_codes &= drives == packed(byte != 0, byte, byte * byte);
        }
}

/* --- images ------------------------------------------------------------------------------------------- */

/* Sums over some images of what elements [first, first + n) drive a line with. */
typedef struct tile {
    size_t first, n;
    uint64_t sum[TILE];
} tile;

/* sum = images x a + ones x (b - a): bytes are 0 or 1. */
static void sum_bits(const uint8_t *in, size_t size, size_t images, const uint64_t drives[256],
                     tile *t)
{
    uint8_t ones[TILE] = {0};
    for (size_t k = 0; k < images; k++)
        for (size_t e = 0; e < t->n; e++)
            ones[e] = (uint8_t)(ones[e] + in[k * size + t->first + e]);
    for (size_t e = 0; e < t->n; e++)
        t->sum[e] = (images - ones[e]) * drives[0] + ones[e] * drives[1];
}

static void sum_codes(const uint8_t *in, size_t size, size_t images, const uint64_t drives[256],
                      tile *t)
{
    memset(t->sum, 0, t->n * sizeof *t->sum);
    for (size_t k = 0; k < images; k++)
        for (size_t e = 0; e < t->n; e++)
            t->sum[e] += drives[in[k * size + t->first + e]];
}

/* Where every code drives the row itself. */
static void sum_squares(const uint8_t *in, size_t size, size_t images, tile *t)
{
    const mhoi_chip_lanes *lanes = mhoi_chip_lanes_best();
    uint32_t both[TILE], square[TILE];
    memset(both, 0, t->n * sizeof *both);
    memset(square, 0, t->n * sizeof *square);
    for (size_t k = 0; k < images; k++)
        lanes->drives(in + k * size + t->first, t->n, both, square);
    for (size_t e = 0; e < t->n; e++)
        t->sum[e] = packed(both[e] >> 16, both[e] & 0xffff, square[e]);
}

/* In 128 bits: as long as sums may be. */
static void add_long(const tile *t, const uint32_t *windows, const int64_t *draw, chip_flow *flow)
{
    for (size_t e = 0; e < t->n; e++) {
        const uint64_t square = t->sum[e] & ((UINT64_C(1) << CHIP_SQUARE_BITS) - 1);
        const uint64_t drive =
            t->sum[e] >> CHIP_SQUARE_BITS & ((UINT64_C(1) << CHIP_DRIVE_BITS) - 1);
        flow->driven += (t->sum[e] >> (CHIP_SQUARE_BITS + CHIP_DRIVE_BITS)) * windows[e];
        flow->drive += drive * windows[e];
        flow->square += square * windows[e];
        flow->g_drive += (chip_wide)draw[e] * (int64_t)drive;
        flow->g_square += (chip_wide)draw[e] * (int64_t)square;
    }
}

/* Adds a tile of line l to the flow. */
static void add_tile(const chip_layer *layer, size_t l, const tile *t, chip_flow *flow)
{
    const size_t plane = layer->window.h * layer->window.w;
    const int64_t *draw = layer->draw + l * map_size(layer) + t->first;
    uint32_t windows[TILE];
    chip_weighed w;
    for (size_t e = 0, p = t->first % plane; e < t->n; e++, p = p + 1 < plane ? p + 1 : 0)
        windows[e] = layer->windows[p];
    if (!mhoi_chip_lanes_best()->weigh(t->sum, windows, draw, t->n, &w)) {
        add_long(t, windows, draw, flow);
        return;
    }
    flow->driven += w.driven;
    flow->drive += w.drive;
    flow->square += w.square;
    flow->g_drive += w.g_drive;
    flow->g_square += w.g_square;
}

void mhoi_chip_flow_add(const chip_layer *layer, size_t n, const uint8_t *in, chip_flow *flow)
{
    const size_t size = map_size(layer);
    tile t;
    flow->images += n;
    for (size_t from = 0, images; from < n; from += images) {
        images = n - from < BYTE_MAX ? n - from : BYTE_MAX;
        for (size_t l = 0; l < layer->inputs->lines; l++)
            for (t.first = 0; t.first < size; t.first += t.n) {
                t.n = size - t.first < TILE ? size - t.first : TILE;
                if (layer->coding == MHOI_MAP_BITS)
                    sum_bits(in + from * size, size, images, layer->drives[l], &t);
                else if (layer->drives_are_codes)
                    sum_squares(in + from * size, size, images, &t);
                else
                    sum_codes(in + from * size, size, images, layer->drives[l], &t);
                add_tile(layer, l, &t, flow);
            }
    }
}

/* --- in siemens --------------------------------------------------------------------------------------- */

mho_chip_activity mho_chip_layer_activity(const mho_chip *chip, size_t l)
{
    const chip_layer *layer = &chip->layer[l];
    const mhoi_cells *k = layer->cells;
    const mho_device *device = &chip->plan->device;
    const chip_flow flow = flow_of(chip->tally, l);
    const double top =
        layer->inputs->hi > -layer->inputs->lo ? layer->inputs->hi : -layer->inputs->lo;
    const uint64_t on_row = k->plane_columns * k->planes * k->coding->sides;
    const double unit_S = mho_device_unit_S(device), off_S = device->off_leak ? 0 : device->g_off_S;
    mho_chip_activity a = {.images = flow.images,
                           .counts = flow.counts,
                           .driven = flow.driven,
                           .cells_on_row = on_row,
                           .largest = top,
                           .drive = (double)flow.drive / top,
                           .square = (double)flow.square / (top * top)};
    a.drive_S = (double)flow.g_drive / top * unit_S + a.drive * (double)on_row * off_S;
    a.square_S = (double)flow.g_square / (top * top) * unit_S + a.square * (double)on_row * off_S;
    a.counts.cells = layer->place->told->counts.cells;
    return a;
}
