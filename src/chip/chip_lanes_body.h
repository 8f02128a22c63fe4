/* SPDX-License-Identifier: Apache-2.0 */
/* chip_lanes.h once for each instruction set: the file that includes it defines CHIP_LANES_TABLE. */
#include <math.h>
#include <string.h>

#include "base/finite.h"
#include "chip/chip_lanes.h"
#include "quant/codes.h"

static void add(const int32_t *restrict sum, int32_t times, int64_t *restrict to)
{
    for (size_t q = 0; q < CHIP_TILE; q++)
        to[q] += (int64_t)times * sum[q];
}

/* A division by a power of two is a multiplication, digit by digit. */
__attribute__((always_inline)) static inline void row(const chip_to_value *to,
                                                      const int32_t *restrict sum, size_t n,
                                                      const double *restrict scale, size_t step,
                                                      float *restrict y)
{
    const double gain = to->gain, offset = to->offset, unit = to->unit, x_scale = to->x_scale;
    int exponent;
    if (frexp(unit, &exponent) == 0.5) {
        const double by = 1 / unit;
        for (size_t i = 0; i < n; i++)
            y[i] = (float)((gain * sum[i] + offset) * by * (x_scale * scale[i * step]));
        return;
    }
    for (size_t i = 0; i < n; i++)
        y[i] = (float)((gain * sum[i] + offset) / unit * (x_scale * scale[i * step]));
}

/* Across positions, or channels where there is but one. */
static void values(const chip_to_value *to, const int32_t *sum, size_t channels, size_t positions,
                   float *y)
{
    if (positions == 1) {
        row(to, sum, channels, to->weight_scale, 1, y);
        return;
    }
    for (size_t c = 0; c < channels; c++)
        row(to, sum + c * positions, positions, to->weight_scale + c, 0, y + c * positions);
}

static void drives(const uint8_t *restrict x, size_t n, uint32_t *restrict both,
                   uint32_t *restrict square)
{
    for (size_t i = 0; i < n; i++) {
        const uint32_t v = x[i];
        both[i] += v + ((uint32_t)(v != 0) << 16);
        square[i] += v * v;
    }
}

static size_t bits_in(uint64_t x)
{
    return x ? (size_t)(64 - __builtin_clzll(x)) : 0;
}

static bool weigh(const uint64_t *restrict word, const uint32_t *restrict windows,
                  const int64_t *restrict draw, size_t n, chip_weighed *out)
{
    const uint64_t square_mask = (UINT64_C(1) << CHIP_SQUARE_BITS) - 1;
    const uint64_t drive_mask = (UINT64_C(1) << CHIP_DRIVE_BITS) - 1;
    uint64_t of_draw = 0, of_word = 0, driven = 0, drives = 0, squares = 0, g_drive = 0,
             g_square = 0;
    for (size_t i = 0; i < n; i++) {
        of_draw |= (uint64_t)(draw[i] < 0 ? ~draw[i] : draw[i]);
        of_word |= (word[i] >> CHIP_SQUARE_BITS & drive_mask) | (word[i] & square_mask);
    }
    if (bits_in(of_draw) + bits_in(of_word) + bits_in(n) > 62)
        return false;
    for (size_t i = 0; i < n; i++) {
        const uint64_t square = word[i] & square_mask;
        const uint64_t drive = word[i] >> CHIP_SQUARE_BITS & drive_mask;
        driven += (word[i] >> (CHIP_SQUARE_BITS + CHIP_DRIVE_BITS)) * windows[i];
        drives += drive * windows[i];
        squares += square * windows[i];
        g_drive += drive * (uint64_t)draw[i];
        g_square += square * (uint64_t)draw[i];
    }
    *out = (chip_weighed){.driven = driven,
                          .drive = drives,
                          .square = squares,
                          .g_drive = (int64_t)g_drive,
                          .g_square = (int64_t)g_square};
    return true;
}

static void point(const chip_point *point, float a, float b, size_t n, float *z)
{
    const float slope = point->op == MHO_OP_RELU ? 0 : point->slope;
    const float of_zero = point->zero_fires ? 1.0f : -1.0f;
    switch (point->op) {
    case MHO_OP_BATCHNORM:
        for (size_t i = 0; i < n; i++)
            z[i] = z[i] * a + b;
        break;
    case MHO_OP_RELU:
    case MHO_OP_LEAKY_RELU:
        for (size_t i = 0; i < n; i++)
            z[i] = z[i] > 0 ? z[i] : z[i] * slope;
        break;
    case MHO_OP_SIGN:
        for (size_t i = 0; i < n; i++)
            z[i] = z[i] > 0 ? 1.0f : z[i] == 0 ? of_zero : -1.0f;
        break;
    case MHO_OP_STEP:
        for (size_t i = 0; i < n; i++)
            z[i] = z[i] > 0 ? 1.0f : 0.0f;
        break;
    default:
        for (size_t i = 0; i < n; i++)
            z[i] += b;
    }
}

static void point_each(const float *restrict a, const float *restrict b, size_t n,
                       float *restrict z)
{
    if (a)
        for (size_t i = 0; i < n; i++)
            z[i] = z[i] * a[i] + b[i];
    else
        for (size_t i = 0; i < n; i++)
            z[i] += b[i];
}

static bool all_finite(const float *y, size_t n)
{
    return mhoi_all_finite(y, n);
}

static void codes(const float *restrict y, size_t n, float scale, mho_codes range, int32_t zero,
                  uint8_t *restrict code)
{
    const float inverse = 1.0f / scale;
    for (size_t i = 0; i < n; i++)
        code[i] = (uint8_t)((int32_t)mhoi_nearest_code(y[i], inverse, range) + zero);
}

static void decode(const uint8_t *restrict code, size_t n, bool is_signed, int32_t zero,
                   float scale, float *restrict y)
{
    if (is_signed)
        for (size_t i = 0; i < n; i++)
            y[i] = (float)((int8_t)code[i] - zero) * scale;
    else
        for (size_t i = 0; i < n; i++)
            y[i] = (float)(code[i] - zero) * scale;
}

static void add_values(const float *restrict x, size_t n, float *restrict y)
{
    for (size_t i = 0; i < n; i++)
        y[i] += x[i];
}

static void bits(const int32_t *restrict sum, size_t n, int32_t threshold, uint8_t flip,
                 uint8_t *restrict bit)
{
    for (size_t i = 0; i < n; i++)
        bit[i] = (uint8_t)((sum[i] >= threshold) ^ flip);
}

static void bits_each(const int32_t *restrict sum, size_t n, const int32_t *restrict threshold,
                      uint8_t flip, uint8_t *restrict bit)
{
    for (size_t i = 0; i < n; i++)
        bit[i] = (uint8_t)((sum[i] >= threshold[i]) ^ flip);
}

/* Neighbours in memory are the bytes of a number of 16 bits. */
static void pool_two(const uint8_t *restrict in, size_t w, size_t h_out, size_t w_out, bool all,
                     uint8_t *restrict out)
{
    for (size_t y = 0; y < h_out; y++, in += 2 * w, out += w_out)
        for (size_t x = 0; x < w_out; x++) {
            uint16_t up, down;
            memcpy(&up, in + 2 * x, sizeof up);
            memcpy(&down, in + w + 2 * x, sizeof down);
            const uint16_t any = up | down, each = up & down;
            out[x] = (uint8_t)(all ? each & each >> 8 : any | any >> 8);
        }
}

static void larger(const uint8_t *restrict from, size_t n, uint8_t flip, uint8_t *restrict to)
{
    for (size_t i = 0; i < n; i++) {
        const uint8_t a = from[i] ^ flip, b = to[i] ^ flip;
        to[i] = (a > b ? a : b) ^ flip;
    }
}

static void larger_pairs(const uint8_t *restrict in, size_t n, uint8_t flip, uint8_t *restrict out)
{
    for (size_t i = 0; i < n; i++) {
        const uint8_t a = in[2 * i] ^ flip, b = in[2 * i + 1] ^ flip;
        out[i] = (a > b ? a : b) ^ flip;
    }
}

const mhoi_chip_lanes CHIP_LANES_TABLE = {.add = add,
                                          .values = values,
                                          .drives = drives,
                                          .weigh = weigh,
                                          .point = point,
                                          .point_each = point_each,
                                          .finite = all_finite,
                                          .codes = codes,
                                          .decode = decode,
                                          .add_values = add_values,
                                          .bits = bits,
                                          .bits_each = bits_each,
                                          .pool_two = pool_two,
                                          .larger = larger,
                                          .larger_pairs = larger_pairs};
