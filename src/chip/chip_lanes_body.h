/* SPDX-License-Identifier: Apache-2.0 */
/* chip_lanes.h once for each instruction set: the file that includes it defines CHIP_LANES_TABLE. */
#include <math.h>

#include "chip/chip_lanes.h"

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

const mhoi_chip_lanes CHIP_LANES_TABLE = {.add = add, .values = values, .drives = drives};
