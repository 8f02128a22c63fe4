/* SPDX-License-Identifier: Apache-2.0 */
/* The digital part between crossbars: thresholds and pools. */
#include <math.h>
#include <string.h>

#include "chip/chip_lanes.h"

enum {
    ROW_MAX = 4096, /* elements of a row of which the largest are found together */
    ROW_WIDE = 64,  /* from here on wide registers pay off */
};

void mhoi_chip_bits(const int32_t *sum, size_t channels, size_t positions, const int32_t *threshold,
                    bool per_position, const uint8_t *flip, uint8_t *bit)
{
    const mhoi_chip_lanes *lanes = mhoi_chip_lanes_best();
    if (positions == 1)
        for (size_t c = 0; c < channels; c++)
            bit[c] = (uint8_t)((sum[c] >= threshold[c]) ^ flip[c]);
    else
        for (size_t c = 0; c < channels; c++, sum += positions, bit += positions)
            if (per_position)
                lanes->bits_each(sum, positions, threshold + c * positions, flip[c], bit);
            else
                lanes->bits(sum, positions, threshold[c], flip[c], bit);
}

void mhoi_chip_bits_wide(const int64_t *sum, size_t channels, size_t positions,
                         const int64_t *threshold, bool per_position, const uint8_t *flip,
                         uint8_t *bit)
{
    for (size_t c = 0; c < channels; c++)
        for (size_t p = 0; p < positions; p++, sum++, bit++)
            *bit = (uint8_t)((*sum >= threshold[per_position ? c * positions + p : c]) ^ flip[c]);
}

typedef struct span {
    size_t from, to, step, count;
} span;

/* Elements o stride - pad + k step, k = 0 .. kernel - 1, that are inside 0..n. */
static span inside(size_t o, size_t stride, size_t pad, size_t kernel, size_t step, size_t n)
{
    const size_t first = o * stride, last = first + (kernel - 1) * step + 1;
    const size_t skipped = first < pad ? (pad - first + step - 1) / step : 0;
    span s = {first + skipped * step - pad, last - pad < n ? last - pad : n, step, 0};
    s.count = (s.to - s.from + step - 1) / step;
    return s;
}

static int32_t element(const chip_map *map, uint8_t v)
{
    return (map->codes.lo < 0 ? (int8_t)v : v) - map->zero;
}

/* Largest, or the mean of what is no padding, rounded to the nearest (halves away from zero; to the even one where the
 * network tells the scale). */
static uint8_t window_value(const mho_node *pool, const chip_map *map, const uint8_t *in, span y,
                            span x, bool smallest)
{
    int32_t best = element(map, in[y.from * pool->in.w + x.from]);
    int32_t sum = 0, count = (int32_t)(y.count * x.count);
    for (size_t iy = y.from; iy < y.to; iy += y.step)
        for (size_t ix = x.from; ix < x.to; ix += x.step) {
            const int32_t v = element(map, in[iy * pool->in.w + ix]);
            best = (smallest ? v < best : v > best) ? v : best;
            sum += v;
        }
    if (pool->op == MHO_OP_MAXPOOL)
        return (uint8_t)(best + map->zero);
    if (mhoi_node_rounds(pool)) /* as the software of the network whose codes these are */
        return (uint8_t)(lrint((double)sum / count) + map->zero);
    return (uint8_t)((2 * sum + (sum >= 0 ? count : -count)) / (2 * count) + map->zero);
}

static void pool_any(const mho_node *pool, const chip_map *map, const uint8_t *in, bool smallest,
                     uint8_t *out)
{
    for (size_t oy = 0; oy < pool->out.h; oy++) {
        const span y =
            inside(oy, pool->stride_h, pool->pad_top, pool->kh, pool->dilation_h, pool->in.h);
        for (size_t ox = 0; ox < pool->out.w; ox++) {
            const span x =
                inside(ox, pool->stride_w, pool->pad_left, pool->kw, pool->dilation_w, pool->in.w);
            *out++ = window_value(pool, map, in, y, x, smallest);
        }
    }
}

/* The largest of codes, or of bits: of the rows of a window first.  flip: 0x80 of two's complement; the complement finds the
 * smallest. */
static void pool_max(const mhoi_chip_lanes *lanes, const mho_node *pool, bool two,
                     const uint8_t *in, uint8_t flip, uint8_t *out)
{
    uint8_t row[ROW_MAX];
    for (size_t oy = 0; oy < pool->out.h; oy++, out += pool->out.w) {
        const span y =
            inside(oy, pool->stride_h, pool->pad_top, pool->kh, pool->dilation_h, pool->in.h);
        memcpy(row, in + y.from * pool->in.w, pool->in.w);
        for (size_t iy = y.from + y.step; iy < y.to; iy += y.step)
            lanes->larger(in + iy * pool->in.w, pool->in.w, flip, row);
        if (two) {
            lanes->larger_pairs(row, pool->out.w, flip, out);
            continue;
        }
        for (size_t ox = 0; ox < pool->out.w; ox++) {
            const span x =
                inside(ox, pool->stride_w, pool->pad_left, pool->kw, pool->dilation_w, pool->in.w);
            uint8_t best = row[x.from] ^ flip;
            for (size_t ix = x.from + x.step; ix < x.to; ix += x.step) {
                const uint8_t v = row[ix] ^ flip;
                best = v > best ? v : best;
            }
            out[ox] = best ^ flip;
        }
    }
}

void mhoi_chip_pool(const mho_node *pool, const chip_map *map, const uint8_t *all,
                    const uint8_t *in, uint8_t *out)
{
    const size_t size_in = pool->in.h * pool->in.w, size_out = pool->out.h * pool->out.w;
    const mhoi_chip_lanes *lanes =
        pool->in.w < ROW_WIDE ? &mhoi_chip_lanes_ref : mhoi_chip_lanes_best();
    const bool bits = map->coding == MHOI_MAP_BITS;
    const uint8_t flip = (uint8_t)(map->codes.lo < 0 ? 0x80 : 0);
    const bool two = pool->op == MHO_OP_MAXPOOL && pool->kh == 2 && pool->kw == 2 &&
                     pool->stride_h == 2 && pool->stride_w == 2 && pool->dilation_h == 1 &&
                     pool->dilation_w == 1 && !pool->pad_top && !pool->pad_left &&
                     2 * pool->out.h <= pool->in.h && 2 * pool->out.w <= pool->in.w;
    for (size_t c = 0; c < pool->out.c; c++, in += size_in, out += size_out)
        if (two && bits)
            lanes->pool_two(in, pool->in.w, pool->out.h, pool->out.w, all[c], out);
        else if (pool->op == MHO_OP_MAXPOOL && pool->in.w <= ROW_MAX)
            pool_max(lanes, pool, two, in, all[c] ? (uint8_t)~flip : flip, out);
        else
            pool_any(pool, map, in, all[c], out);
}
