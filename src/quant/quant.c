/* SPDX-License-Identifier: Apache-2.0 */
/* Fixed-point quantization. */
#include <math.h>
#include <stdbool.h>

#include "mho/quant.h"
#include "quant/codes.h"

static bool covers(float smallest, float largest, int exponent, mho_codes codes)
{
    double s = ldexp(1.0, exponent);
    return nearbyint(largest / s) <= codes.hi && nearbyint(smallest / s) >= codes.lo;
}

int mho_quant_cover(float smallest, float largest, mho_codes codes)
{
    float top = fmaxf(largest, -smallest);
    if (!isfinite(smallest) || !isfinite(largest))
        return MHO_QUANT_EXPONENT_MAX + 1;
    if (!(top > 0))
        return 0;
    int exponent;
    (void)frexpf(top, &exponent);
    while (!covers(smallest, largest, exponent, codes))
        exponent++;
    while (exponent > MHO_QUANT_EXPONENT_MIN && covers(smallest, largest, exponent - 1, codes))
        exponent--;
    return exponent < MHO_QUANT_EXPONENT_MIN ? MHO_QUANT_EXPONENT_MIN : exponent;
}

void mho_quant_codes(const float *x, size_t n, float scale, mho_codes codes, int16_t *code)
{
    const float inverse = 1.0f / scale;
    for (size_t i = 0; i < n; i++)
        code[i] = (int16_t)(int32_t)mhoi_nearest_code(x[i], inverse, codes);
}

void mho_quant_bytes(const float *x, size_t n, float scale, mho_codes codes, uint8_t *code)
{
    const float inverse = 1.0f / scale;
    for (size_t i = 0; i < n; i++)
        code[i] = (uint8_t)(int32_t)mhoi_nearest_code(x[i], inverse, codes);
}

void mho_quant_round(float *x, size_t n, float scale, mho_codes codes)
{
    const float inverse = 1.0f / scale;
    for (size_t i = 0; i < n; i++)
        x[i] = mhoi_nearest_code(x[i], inverse, codes) * scale;
}

double mho_quant_error(const float *x, size_t n, float scale, mho_codes codes, mho_scale_rule rule)
{
    const float inverse = 1.0f / scale;
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        double d = (double)x[i] - (double)(mhoi_nearest_code(x[i], inverse, codes) * scale);
        sum += rule == MHO_RULE_LEAST_ABSOLUTE ? fabs(d) : d * d;
    }
    return sum;
}

/* 0 and all that is not NaN, in numbers beside each other, which do not wait for one another. */
static void find_extent(const float *x, size_t n, float *smallest, float *largest)
{
    enum { BESIDE = 16 };
    float low[BESIDE] = {0}, high[BESIDE] = {0};
    size_t i = 0;
    for (; i + BESIDE <= n; i += BESIDE)
        for (size_t k = 0; k < BESIDE; k++) {
            low[k] = x[i + k] < low[k] ? x[i + k] : low[k];
            high[k] = x[i + k] > high[k] ? x[i + k] : high[k];
        }
    for (; i < n; i++) {
        low[0] = x[i] < low[0] ? x[i] : low[0];
        high[0] = x[i] > high[0] ? x[i] : high[0];
    }
    *smallest = *largest = 0;
    for (size_t k = 0; k < BESIDE; k++) {
        *smallest = low[k] < *smallest ? low[k] : *smallest;
        *largest = high[k] > *largest ? high[k] : *largest;
    }
}

int mho_quant_exponent(const float *x, size_t n, mho_codes codes, mho_scale_rule rule)
{
    float smallest, largest;
    find_extent(x, n, &smallest, &largest);
    int cover = mho_quant_cover(smallest, largest, codes), best = cover;
    if (rule == MHO_RULE_COVER)
        return cover;
    double least = mho_quant_error(x, n, ldexpf(1, cover), codes, rule);
    for (int e = cover - 1; e > cover - MHO_QUANT_CANDIDATES; e--) {
        double error = mho_quant_error(x, n, ldexpf(1, e), codes, rule);
        if (error < least) {
            least = error;
            best = e;
        }
    }
    return best;
}
