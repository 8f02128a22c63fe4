/* SPDX-License-Identifier: Apache-2.0 */
/* One layer on crossbars: geometry, weights in units, and the digital correction of binary inputs. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/finite.h"
#include "chip/chip_impl.h"
#include "net/block.h"

enum {
    SUM_BYTES = 1 << 20,  /* of one turn through the crossbars: they stay in the cache */
    TURNED_PIXELS = 1024, /* whose windows do, while their rows turn */
};

static mho_window window_of(const mho_node *node, size_t groups, bool turned)
{
    if (node->op == MHO_OP_FC && turned)
        return (mho_window){.c = node->in.c,
                            .h = node->in.h,
                            .w = node->in.w,
                            .kh = node->in.h,
                            .kw = node->in.w,
                            .stride_h = 1,
                            .stride_w = 1,
                            .dilation_h = 1,
                            .dilation_w = 1};
    if (node->op == MHO_OP_FC)
        return (mho_window){.c = node->in.c * node->in.h * node->in.w,
                            .h = 1,
                            .w = 1,
                            .kh = 1,
                            .kw = 1,
                            .stride_h = 1,
                            .stride_w = 1,
                            .dilation_h = 1,
                            .dilation_w = 1};
    return (mho_window){.c = node->in.c / groups,
                        .h = node->in.h,
                        .w = node->in.w,
                        .kh = node->kh,
                        .kw = node->kw,
                        .stride_h = node->stride_h,
                        .stride_w = node->stride_w,
                        .dilation_h = node->dilation_h,
                        .dilation_w = node->dilation_w,
                        .pad_top = node->pad_top,
                        .pad_left = node->pad_left,
                        .pad_bottom = node->pad_bottom,
                        .pad_right = node->pad_right};
}

static mho_status check_weights(const mho_node *node, mho_alphabet alphabet, size_t n)
{
    const bool ternary = alphabet == MHO_ALPHABET_TERNARY;
    const bool free = alphabet == MHO_ALPHABET_REAL || alphabet == MHO_ALPHABET_SCALED;
    if (free && mhoi_all_finite(node->weight, n))
        return MHO_OK;
    for (size_t i = 0; i < n; i++) {
        const float w = node->weight[i];
        if (!isfinite(w))
            return mho_error(MHO_EDOMAIN, "layer %s: weight[%zu] = %g, want a finite number",
                             node->name, i, (double)w);
        if (!free && w != 1 && w != -1 && !(ternary && w == 0))
            return mho_error(MHO_EDOMAIN,
                             "layer %s: weight[%zu] = %g, want +1 or -1%s in crossbar.mode %s "
                             "(train with style binary, or use crossbar.mode full)",
                             node->name, i, (double)w, ternary ? ", or 0," : "",
                             ternary ? "ternary" : "binary");
    }
    return MHO_OK;
}

/* What a code of each channel is worth: as the network tells, whose weights are whole multiples of that, or one power of two
 * for all, by the rule of the hardware. */
static mho_status find_scales(const mho_chip *chip, const mho_node *node, size_t n,
                              chip_layer *layer)
{
    const mho_codes codes = layer->cells->codes;
    int exponent = 0;
    if (layer->cells->alphabet != MHO_ALPHABET_REAL)
        return MHO_OK;
    if (!node->weight_scale)
        exponent = mho_quant_exponent(node->weight, n, codes,
                                      (mho_scale_rule)chip->plan->quant.weight_rule);
    if (exponent > MHO_QUANT_EXPONENT_MAX)
        return mho_error(MHO_EDOMAIN, "layer %s: weights too large for codes %d..%d in float",
                         node->name, codes.lo, codes.hi);
    for (size_t c = 0; c < node->out.c; c++)
        layer->weight_scale[c] =
            node->weight_scale ? (double)node->weight_scale[c] : ldexp(1, exponent);
    return MHO_OK;
}

static mho_status weight_units(const mho_node *node, const chip_layer *layer, int16_t **m)
{
    const size_t n = mho_node_weight_count(node), each = n / node->out.c;
    mho_status s = mhoi_alloc(m, n, sizeof **m, node->name);
    if (s)
        return s;
    if (layer->cells->alphabet != MHO_ALPHABET_REAL) { /* alpha is a factor of the channel */
        for (size_t i = 0; i < n; i++) {
            const float w = node->weight[i];
            (*m)[i] = (int16_t)(((w > 0) - (w < 0)) * layer->cells->one);
        }
        return MHO_OK;
    }
    for (size_t c = 0; c < node->out.c; c++)
        mho_quant_codes(node->weight + c * each, each, (float)layer->weight_scale[c],
                        layer->cells->codes, *m + c * each);
    return MHO_OK;
}

/* The same where codes are bytes, without a wider copy. */
static mho_status take_bytes(const mho_node *node, chip_layer *layer)
{
    const size_t n = mho_node_weight_count(node), each = n / node->out.c;
    int8_t *m = NULL;
    const mho_status s = mhoi_alloc(&m, n, sizeof *m, node->name);
    for (size_t c = 0; !s && c < node->out.c; c++)
        mho_quant_bytes(node->weight + c * each, each, (float)layer->weight_scale[c],
                        layer->cells->codes, (uint8_t *)m + c * each);
    return s ? s : mhoi_chip_weights_take_bytes(&m, n, &layer->m);
}

/* Groups that share crossbars: a column has the rows of all groups of its block, those of others are 0. */
static mho_status pack_units(const mho_node *node, const chip_layer *layer, int16_t **m)
{
    const size_t packed = layer->place->told->packed, rows = layer->rows / packed,
                 columns = layer->columns / packed;
    int16_t *wide = NULL;
    if (packed == 1)
        return MHO_OK;
    mho_status s =
        mhoi_alloc(&wide, layer->groups * layer->columns * layer->rows, sizeof *wide, node->name);
    for (size_t c = 0; !s && c < node->out.c; c++)
        memcpy(wide + c * layer->rows + c / columns % packed * rows, *m + c * rows,
               rows * sizeof *wide);
    mhoi_free(m);
    *m = wide;
    return s;
}

static mho_status take_weights(const mho_chip *chip, const mho_node *node, chip_layer *layer)
{
    const size_t n = mho_node_weight_count(node);
    const bool plain = layer->place->told->packed == 1 && !layer->place->turned;
    bool signs = false;
    int16_t *m = NULL;
    mho_status s =
        mhoi_alloc(&layer->weight_scale, node->out.c, sizeof *layer->weight_scale, node->name);
    for (size_t c = 0; !s && c < node->out.c; c++)
        layer->weight_scale[c] = 1;
    if (!s && plain && layer->cells->alphabet != MHO_ALPHABET_REAL)
        s = mhoi_chip_weights_signs(node->weight, n, (int16_t)layer->cells->one, &layer->m, &signs);
    if (!s && !signs)
        s = check_weights(node, layer->cells->alphabet, n);
    if (!s && !signs)
        s = find_scales(chip, node, n, layer);
    if (s || signs)
        return s;
    const mho_codes codes = layer->cells->codes;
    if (plain && layer->cells->alphabet == MHO_ALPHABET_REAL && codes.lo >= INT8_MIN &&
        codes.hi <= INT8_MAX)
        return take_bytes(node, layer);
    s = weight_units(node, layer, &m);
    if (!s)
        s = pack_units(node, layer, &m);
    if (!s && layer->place->turned)
        s = mhoi_chip_turn_weights(node, layer, &m);
    if (!s)
        s = mhoi_chip_weights_take(&m, layer->groups * layer->columns * layer->rows, &layer->m);
    mhoi_free(&m);
    return s;
}

/* tap[kh][kw]: sums of the rows v of one column that read the same element of their channels, `less` off each row. */
static void sum_taps(const mho_window *w, const int16_t *v, int64_t less, int64_t *tap)
{
    const size_t taps = w->kh * w->kw;
    if (taps == 1) {
        int64_t sum = 0;
        for (size_t i = 0; i < w->c; i++)
            sum += v[i];
        tap[0] = sum - less * (int64_t)w->c;
        return;
    }
    for (size_t t = 0; t < taps; t++)
        tap[t] = -less * (int64_t)w->c;
    for (size_t i = 0; i < w->c; i++)
        for (size_t t = 0; t < taps; t++)
            tap[t] += v[i * taps + t];
}

/* Of those that meet no padding at output position p. */
static int64_t sum_inside(const mho_window *w, const int64_t *tap, size_t p)
{
    const size_t span = (w->kw - 1) * w->dilation_w + 1;
    const size_t w_out = (w->w + w->pad_left + w->pad_right - span) / w->stride_w + 1;
    const size_t oy = p / w_out * w->stride_h, ox = p % w_out * w->stride_w;
    int64_t sum = 0;
    for (size_t y = 0; y < w->kh; y++) {
        if (oy + y * w->dilation_h - w->pad_top >= w->h) /* also below zero */
            continue;
        for (size_t x = 0; x < w->kw; x++)
            sum += ox + x * w->dilation_w - w->pad_left < w->w ? tap[y * w->kw + x] : 0;
    }
    return sum;
}

/* x = 2 v - 1, so sum w x = 2 sum w v - sum w over the elements that are no padding (those are x = 0); likewise x = q - zero. */
static mho_status correction(const mho_chip *chip, const mho_node *node, chip_layer *layer)
{
    int16_t *row = NULL;
    const mho_window *w = &layer->window;
    const size_t channels = layer->groups * layer->columns;
    const bool read_back = chip->plan->output.column_sum == MHO_SUM_READ_BACK;
    const bool wanted = layer->coding == MHOI_MAP_BITS || layer->zero;
    layer->per_position = wanted && (w->pad_top || w->pad_left || w->pad_bottom || w->pad_right);
    const size_t n = channels * (layer->per_position ? layer->positions : 1);
    const size_t positions = n / channels;
    mho_status s = mhoi_chip_threshold_room(layer);
    if (!s && wanted)
        s = mhoi_alloc(&layer->w_sum, n, sizeof(int32_t), node->name);
    if (!s && mhoi_is_zero_one(layer->place) && read_back)
        s = mhoi_alloc(&layer->excess, n, sizeof *layer->excess, node->name);
    if (!s && wanted)
        s = mhoi_alloc(&layer->tap, w->kh * w->kw, sizeof *layer->tap, node->name);
    if (!s && wanted)
        s = mhoi_alloc(&row, layer->rows, sizeof *row, node->name);
    for (size_t c = 0; !s && wanted && c < channels; c++) {
        if (w->kh * w->kw == 1) {
            layer->tap[0] = mhoi_chip_weights_sum(&layer->m, c * layer->rows, layer->rows);
        } else {
            mhoi_chip_weights_get(&layer->m, c * layer->rows, layer->rows, row);
            sum_taps(w, row, 0, layer->tap);
        }
        for (size_t p = 0; p < positions; p++)
            layer->w_sum[c * positions + p] =
                (int32_t)(sum_inside(w, layer->tap, p) / layer->cells->one);
    }
    mhoi_free(&row);
    return s;
}

/* Adds what slice s of column c conducts together, times its weight, to sum[positions]; the digital part takes the
 * base off. */
static void add_cells(const chip_layer *layer, size_t c, size_t s, const int16_t *g, bool plus,
                      size_t positions, int64_t *sum)
{
    const mhoi_cells *k = layer->cells;
    const size_t column = mhoi_engine_column(k, c, s);
    const int64_t less = k->coding->counted && s == 0 && plus ? k->base : 0;
    const int64_t weight = (plus ? 1 : -1) * ((int64_t)1 << (k->slice_bits * s));
    sum_taps(&layer->window, g + column * layer->rows, less, layer->tap);
    for (size_t p = 0; p < positions; p++)
        sum[p] += weight * sum_inside(&layer->window, layer->tap, p);
}

void mhoi_chip_layer_read_back(chip_layer *layer, size_t g, const int16_t *g_plus,
                               const int16_t *g_minus)
{
    const size_t positions = layer->per_position ? layer->positions : 1;
    for (size_t c = 0; layer->excess && c < layer->columns; c++) {
        const size_t at = (g * layer->columns + c) * positions;
        for (size_t p = 0; p < positions; p++)
            layer->excess[at + p] = -(int64_t)layer->cells->unit * layer->w_sum[at + p];
        for (size_t s = 0; s < layer->cells->slices; s++) {
            add_cells(layer, c, s, g_plus, true, positions, layer->excess + at);
            add_cells(layer, c, s, g_minus, false, positions, layer->excess + at);
        }
    }
}

/* Rows of an input on two word lines: channels 2 i and 2 i + 1.  Where inputs turn: of windows side by side. */
static mho_window lines_of(const chip_layer *layer)
{
    mho_window window = layer->window;
    if (layer->place->turned)
        window = (mho_window){.c = layer->rows,
                              .h = 1,
                              .w = CHIP_TILE,
                              .kh = 1,
                              .kw = 1,
                              .stride_h = 1,
                              .stride_w = 1,
                              .dilation_h = 1,
                              .dilation_w = 1};
    window.c *= layer->inputs->lines;
    return window;
}

static size_t turned_rows(const chip_layer *layer)
{
    return layer->place->turned ? layer->place->told->block * layer->inputs->lines : 0;
}

mho_crossbar_shape mhoi_chip_counter_shape(const chip_layer *layer)
{
    return (mho_crossbar_shape){.window = lines_of(layer),
                                .columns = 1,
                                .crossbar_rows = layer->lines,
                                .input_bits = layer->inputs->bits,
                                .input_signed = layer->inputs->is_signed,
                                .conversion = MHO_CONVERSION_PER_PAIR,
                                .turn = turned_rows(layer)};
}

/* One column of ones tells the sum of what the rows are driven with. */
static mho_status create_counter(chip_layer *layer)
{
    int16_t *one = NULL, *zero = NULL;
    const mho_crossbar_shape shape = mhoi_chip_counter_shape(layer);
    mho_status s = mho_crossbar_create(&shape, &layer->counter);
    if (!s)
        s = mhoi_alloc(&one, layer->lines, sizeof *one, "counter");
    if (!s)
        s = mhoi_alloc(&zero, layer->lines, sizeof *zero, "counter");
    for (size_t i = 0; !s && i < layer->lines; i++)
        one[i] = 1;
    if (!s)
        s = mho_crossbar_program(layer->counter, one, zero);
    mhoi_free(&one);
    mhoi_free(&zero);
    return s;
}

static mho_status share_references(chip_layer *layer)
{
    uint32_t *column = NULL;
    mho_status s = mhoi_alloc(&column, layer->cells->converted, sizeof *column, "references");
    for (size_t c = 0; !s && c < layer->cells->converted; c++)
        column[c] = (uint32_t)mhoi_reference_of(layer->cells, c);
    for (size_t g = 0; !s && g < layer->groups; g++)
        s = mho_crossbar_set_references(layer->xb[g], column);
    mhoi_free(&column);
    return s;
}

mho_crossbar_shape mhoi_chip_layer_shape(const chip_layer *layer)
{
    return (mho_crossbar_shape){.window = lines_of(layer),
                                .columns = layer->cells->converted,
                                .crossbar_rows = layer->place->group_rows,
                                .input_bits = layer->inputs->bits,
                                .input_signed = layer->inputs->is_signed,
                                .conversion = layer->place->per_pair ? MHO_CONVERSION_PER_PAIR
                                                                     : MHO_CONVERSION_PER_CROSSBAR,
                                .turn = turned_rows(layer)};
}

static mho_status crossbars(chip_layer *layer)
{
    const mho_crossbar_shape shape = mhoi_chip_layer_shape(layer);
    mho_status s = mhoi_alloc(&layer->xb, layer->groups, sizeof(mho_crossbar *), layer->name);
    for (size_t g = 0; !s && g < layer->groups; g++)
        s = mho_crossbar_create(&shape, &layer->xb[g]);
    if (!s && layer->cells->coding->reference)
        s = share_references(layer);
    if (!s && layer->cells->coding->counted)
        s = create_counter(layer);
    return s ? mho_error_prefix(s, "layer %s", layer->name) : MHO_OK;
}

static void set_shape(const mho_node *node, const mhoi_place *place, chip_layer *layer)
{
    const mho_placement_layer *told = place->told;
    snprintf(layer->name, sizeof layer->name, "%s", node->name);
    layer->window = window_of(node, told->groups, place->turned);
    layer->place = place;
    layer->cells = &place->cells;
    layer->inputs = &place->inputs;
    layer->groups = told->groups;
    layer->columns = told->columns;
    layer->rows = told->rows;
    layer->positions = told->positions;
    layer->lines = place->lines;
    layer->part = place->row_groups;
    layer->channels = node->out.c / told->groups;
    layer->slot = mhoi_block_of(node).slot;
}

static void set_inputs(const chip_map *in, chip_layer *layer)
{
    layer->coding = in->coding;
    layer->x_lo = in->coding == MHOI_MAP_BITS ? 0 : in->codes.lo;
    layer->x_hi = in->coding == MHOI_MAP_BITS ? 1 : in->codes.hi;
    layer->zero = in->zero;
    layer->x_scale = 1; /* mhoi_chip_rescale */
}

mho_status mhoi_chip_layer_create(const mho_chip *chip, const mho_node *node,
                                  const mhoi_place *place, const chip_map *in, chip_layer *layer)
{
    set_shape(node, place, layer);
    set_inputs(in, layer);
    layer->images = SUM_BYTES / sizeof(int32_t) / (layer->cells->converted * layer->positions);
    if (place->turned)
        layer->images = TURNED_PIXELS / layer->positions;
    layer->images = layer->images < 1 || (layer->groups > 1 && !place->turned) ? 1 : layer->images;
    mho_status s = take_weights(chip, node, layer);
    if (!s)
        s = correction(chip, node, layer);
    if (!s && place->vote)
        s = mhoi_alloc(&layer->mean, chip_means(layer), sizeof *layer->mean, layer->name);
    return s;
}

mho_status mhoi_chip_layer_up(const mho_chip *chip, chip_layer *layer)
{
    mho_status s = mhoi_chip_draw_create(chip, layer);
    if (!s)
        s = crossbars(layer);
    for (size_t g = 0; !s && layer->order && g < layer->groups; g++)
        s = mho_crossbar_set_order(layer->xb[g], layer->order + g * layer->lines);
    return s ? s : mhoi_chip_codes_set(layer);
}

void mhoi_chip_layer_down(chip_layer *layer)
{
    for (size_t g = 0; layer->xb && g < layer->groups; g++)
        mho_crossbar_destroy(layer->xb[g]);
    mho_crossbar_destroy(layer->counter);
    layer->counter = NULL;
    mhoi_free(&layer->xb);
    mhoi_chip_draw_free(layer);
}

void mhoi_chip_layer_free(chip_layer *layer)
{
    mhoi_chip_layer_down(layer);
    mhoi_chip_weights_free(&layer->m);
    mhoi_free(&layer->book_edge);
    mhoi_free(&layer->book_value);
    mhoi_free(&layer->weight_scale);
    mhoi_free(&layer->mean);
    mhoi_free(&layer->order);
    mhoi_free(&layer->z_edge);
    mhoi_free(&layer->w_sum);
    mhoi_free(&layer->tap);
    mhoi_free(&layer->excess);
    mhoi_free(&layer->threshold);
    mhoi_free(&layer->wide_threshold);
    mhoi_free(&layer->flip);
}
