/* SPDX-License-Identifier: Apache-2.0 */
/* Circulant weights as representative vectors: y_t = sum_b w[b] x[(b + t) mod k].  A column of cells holds a vector, and
 * turn t of the inputs is another read of the same cells; docs/models/coding.md eq. (9). */
#include <string.h>

#include "base/alloc.h"
#include "chip/chip_lanes.h"
#include "net/block.h"

/* Codes of the numbers that tell the weights, from the codes of the weights. */
static void numbers_of(const mhoi_block *b, const uint32_t *index, const int16_t *m,
                       int16_t *number)
{
    const size_t count = b->groups * b->filters * b->taps * b->channels;
    memset(number, 0, mhoi_block_numbers(b) * sizeof *number);
    for (size_t i = 0; i < count; i++)
        number[index[i]] = m[i];
}

/* Copy c of a vector w holds w[(b - r) mod k], r being its rotation. */
static void place_vectors(const chip_layer *layer, const mhoi_block *b, const int16_t *number,
                          int16_t *m)
{
    const size_t copies = layer->place->told->copies, k = b->k;
    for (size_t gj = 0; gj < b->groups * b->q; gj++)
        for (size_t c = 0; c < copies; c++) {
            const size_t r = mhoi_copy_rotation(layer->place, c);
            int16_t *column = m + (gj * copies + c) * layer->rows;
            for (size_t row = 0; row < layer->rows; row++)
                column[row] = number[gj * layer->rows + row / k * k + (row % k + k - r) % k];
        }
}

mho_status mhoi_chip_turn_weights(const mho_node *node, const chip_layer *layer, int16_t **units)
{
    const mhoi_block b = mhoi_block_of(node);
    uint32_t *index = NULL;
    int16_t *number = NULL, *m = NULL;
    mho_status s = mhoi_block_check(node);
    if (!s)
        s = mhoi_alloc(&index, mho_node_weight_count(node), sizeof *index, node->name);
    if (!s)
        s = mhoi_alloc(&number, mhoi_block_numbers(&b), sizeof *number, node->name);
    if (!s)
        s = mhoi_alloc(&m, layer->groups * layer->columns * layer->rows, sizeof *m, node->name);
    if (!s) {
        mhoi_block_indices(&b, false, index);
        numbers_of(&b, index, *units, number);
        place_vectors(layer, &b, number, m);
        mhoi_free(units);
        *units = m;
    }
    mhoi_free(&index);
    mhoi_free(&number);
    return s;
}

/* Copies bytes of consecutive pixels, from pixel q on, into a row of the windows. */
static void put_run(uint8_t *row, size_t pitch, size_t q, const uint8_t *from, size_t step,
                    size_t count)
{
    while (count) {
        const size_t at = q % CHIP_TILE, room = CHIP_TILE - at, n = count < room ? count : room;
        uint8_t *to = row + q / CHIP_TILE * pitch + at;
        if (step == 1)
            memcpy(to, from, n);
        else
            for (size_t i = 0; i < n; i++)
                to[i] = from[i * step];
        q += n;
        from += n * step;
        count -= n;
    }
}

typedef struct span {
    size_t first, count; /* of the output positions whose element is inside the map */
} span;

/* Output positions o of 0..n_out - 1 with 0 <= o stride + offset - pad < n. */
static span inside(size_t n_out, size_t stride, size_t offset, size_t pad, size_t n)
{
    const size_t first = offset < pad ? (pad - offset + stride - 1) / stride : 0;
    const size_t end = n + pad > offset ? (n + pad - offset + stride - 1) / stride : 0;
    const size_t last = end < n_out ? end : n_out;
    return (span){first, last > first ? last - first : 0};
}

/* The row of one tap and channel; what meets padding was zeroed before. */
static void put_row(const chip_layer *layer, const uint8_t *channel, size_t image_bytes, size_t n,
                    size_t ky, size_t kx, uint8_t *row, size_t pitch)
{
    const mho_window *w = &layer->window;
    const size_t span_w = (w->kw - 1) * w->dilation_w + 1;
    const size_t w_out = (w->w + w->pad_left + w->pad_right - span_w) / w->stride_w + 1;
    const size_t dy = ky * w->dilation_h, dx = kx * w->dilation_w;
    const span y = inside(layer->positions / w_out, w->stride_h, dy, w->pad_top, w->h);
    const span x = inside(w_out, w->stride_w, dx, w->pad_left, w->w);
    for (size_t image = 0; image < n; image++, channel += image_bytes)
        for (size_t oy = y.first; oy < y.first + y.count && x.count; oy++) {
            const uint8_t *line = channel + (oy * w->stride_h + dy - w->pad_top) * w->w;
            put_run(row, pitch, image * layer->positions + oy * w_out + x.first,
                    line + x.first * w->stride_w + dx - w->pad_left, w->stride_w, x.count);
        }
}

void mhoi_chip_turn_windows(const chip_layer *layer, const uint8_t *map, size_t n, size_t g,
                            uint8_t *window)
{
    const mho_window *w = &layer->window;
    const size_t taps = w->kh * w->kw, plane = w->h * w->w, pitch = layer->rows * CHIP_TILE;
    const size_t image_bytes = layer->groups * w->c * plane, slot = layer->slot;
    memset(window, 0, chip_tiles(layer, n) * pitch);
    for (size_t tap = 0; tap < taps; tap++)
        for (size_t c = 0; c < w->c; c++)
            put_row(layer, map + (g * w->c + c) * plane, image_bytes, n, tap / w->kw, tap % w->kw,
                    window + (tap * slot + c) * CHIP_TILE, pitch);
}

static void add_tile(const mhoi_chip_lanes *lanes, const int32_t *sum, int64_t times, int64_t *to)
{
    if (times == (int32_t)times) {
        lanes->add(sum, (int32_t)times, to);
        return;
    }
    for (size_t q = 0; q < CHIP_TILE; q++)
        to[q] += times * sum[q];
}

void mhoi_chip_turn_add(const chip_layer *layer, const int32_t *sum, size_t tiles, size_t t,
                        int64_t weight, int64_t *total)
{
    const mhoi_cells *k = layer->cells;
    const size_t copies = layer->place->told->copies, block = layer->place->told->block;
    const mhoi_chip_lanes *lanes = mhoi_chip_lanes_best();
    for (size_t column = 0; column < layer->columns; column++) {
        const size_t rotation = mhoi_copy_rotation(layer->place, column % copies);
        const size_t channel = column / copies * block + t * layer->place->turn_step + rotation;
        if (channel >= layer->channels) /* of padding */
            continue;
        int64_t *to = total + channel * tiles * CHIP_TILE;
        for (size_t tile = 0; tile < tiles; tile++, to += CHIP_TILE)
            for (size_t s = 0; s < k->slices; s++) {
                const size_t at = tile * k->converted + mhoi_engine_column(k, column, s);
                add_tile(lanes, sum + at * CHIP_TILE, weight * ((int64_t)1 << (k->slice_bits * s)),
                         to);
            }
    }
}

void mhoi_chip_turn_out(const chip_layer *layer, const int64_t *total, size_t n, size_t g,
                        int64_t *out)
{
    const size_t P = layer->positions, pitch = chip_tiles(layer, n) * CHIP_TILE;
    const size_t all = layer->groups * layer->channels;
    const int64_t *less = total + layer->channels * pitch;
    for (size_t c = 0; c < layer->channels; c++)
        for (size_t i = 0; i < n; i++) {
            int64_t *to = out + (i * all + g * layer->channels + c) * P;
            for (size_t p = 0; p < P; p++)
                to[p] = total[c * pitch + i * P + p] - less[i * P + p];
        }
}

void mhoi_chip_turn_count(const chip_layer *layer, const int32_t *count, size_t tiles,
                          int64_t weight, int64_t *total)
{
    const mhoi_chip_lanes *lanes = mhoi_chip_lanes_best();
    int64_t *less = total + layer->channels * tiles * CHIP_TILE;
    for (size_t tile = 0; tile < tiles; tile++)
        add_tile(lanes, count + tile * CHIP_TILE, weight, less + tile * CHIP_TILE);
}
