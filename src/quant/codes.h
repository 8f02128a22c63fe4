/* SPDX-License-Identifier: Apache-2.0 */
/* The codes that so many bits give. */
#ifndef MHO_QUANT_CODES_H
#define MHO_QUANT_CODES_H

#include <stdbool.h>

#include "mho/quant.h"

/* Of a feature map: two's complement where it has a sign. */
static inline mho_codes mhoi_codes_of_map(size_t bits, bool has_sign)
{
    const int32_t half = (int32_t)1 << (bits - 1);
    return has_sign ? (mho_codes){-half, half - 1} : (mho_codes){0, 2 * half - 1};
}

/* The same with so many codes below 0; 0: two's complement where it has a sign. */
static inline mho_codes mhoi_codes_of_values(size_t bits, bool has_sign, size_t below)
{
    const int32_t low = -(int32_t)below;
    return below ? (mho_codes){low, low + ((int32_t)1 << bits) - 1}
                 : mhoi_codes_of_map(bits, has_sign);
}

/* What is added to codes so that a byte holds them, with a sign where many are below 0; 0: it does anyway. */
static inline int32_t mhoi_codes_zero(mho_codes codes)
{
    if (codes.lo >= -128 && codes.hi <= (codes.lo < 0 ? 127 : 255))
        return 0;
    return codes.lo > -64 ? -codes.lo : -128 - codes.lo;
}

/* The nearest code.  Rounding adds and takes away 1.5 x 2^23, which leaves the nearest whole number (ties to even) of any
 * float below 2^22, in a form that compilers turn into vectors. */
static inline float mhoi_nearest_code(float x, float inverse, mho_codes codes)
{
    const float round_magic = 12582912.0f;
    float t = x * inverse;
    t = t < (float)codes.lo ? (float)codes.lo : t;
    t = t > (float)codes.hi ? (float)codes.hi : t;
    return (t + round_magic) - round_magic;
}

/* Of weights, as many above 0 as below, so that every coding holds them. */
static inline mho_codes mhoi_codes_of_weights(size_t bits)
{
    const int32_t most = ((int32_t)1 << (bits - 1)) - 1;
    return (mho_codes){-most, most};
}

#endif
