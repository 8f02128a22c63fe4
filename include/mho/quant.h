/* SPDX-License-Identifier: Apache-2.0 */
/* Fixed-point quantization: value = code x scale, code a whole number in lo..hi, rounded to the nearest (ties to the
 * even one), held at the ends; scale a normal float above 0, as is its inverse.
 * docs/models/chip.md eq. (8), (9). */
#ifndef MHO_QUANT_H
#define MHO_QUANT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mho/status.h"

MHO_C_BEGIN

/* How the power-of-two scale of a layer's weights or feature map is chosen (docs/models/chip.md). */
typedef enum mho_scale_rule {
    MHO_RULE_COVER,          /* the smallest that holds every value: nothing saturates */
    MHO_RULE_LEAST_SQUARES,  /* least squared error of the quantized values */
    MHO_RULE_LEAST_ABSOLUTE, /* least absolute error */
} mho_scale_rule;

#define MHO_QUANT_CANDIDATES                                                                       \
    12 /* exponents a least-error rule looks at, from the covering one down */

typedef struct mho_codes {
    int32_t lo, hi; /* lo <= 0 < hi, |lo| and hi below 2^22 */
} mho_codes;

/* Exponents with which every scale, and its inverse, is a normal float, and so are those of the candidates below. */
#define MHO_QUANT_EXPONENT_MIN (-110)
#define MHO_QUANT_EXPONENT_MAX 126

/* Smallest exponent with which smallest..largest needs no code beyond lo..hi, at least MHO_QUANT_EXPONENT_MIN; 0 for all
 * zeros.  Above MHO_QUANT_EXPONENT_MAX: the values are too large for float, or not finite. */
MHO_API int mho_quant_cover(float smallest, float largest, mho_codes codes);

/* code[i] of x[i], as int16. */
MHO_API void mho_quant_codes(const float *x, size_t n, float scale, mho_codes codes, int16_t *code);
/* The same into bytes: uint8, or two's complement where codes.lo < 0; |lo|, hi below 256. */
MHO_API void mho_quant_bytes(const float *x, size_t n, float scale, mho_codes codes, uint8_t *code);

/* How many numbers were beyond the codes by half a step or not finite, and how many of the other sign by half a step. */
typedef struct mho_encoded {
    size_t beyond, below;
} mho_encoded;
/* What word lines are driven with: code[i] = x[i] / step rounded (ties up), of -x[i] where `negative`; numbers of the other
 * sign become 0, those beyond most the last code.  Units: x and step the same, step a normal float above 0. */
MHO_API mho_encoded mho_quant_encode(const float *x, size_t n, double step, uint8_t most,
                                     bool negative, uint8_t *code);

/* x[i] = its code x scale. */
MHO_API void mho_quant_round(float *x, size_t n, float scale, mho_codes codes);

/* Sum over x of |x - quantized x| (rule least_absolute), else of its square. */
MHO_API double mho_quant_error(const float *x, size_t n, float scale, mho_codes codes,
                               mho_scale_rule rule);
/* Exponent chosen by the rule for x[n]; of equal errors the larger exponent.  x finite. */
MHO_API int mho_quant_exponent(const float *x, size_t n, mho_codes codes, mho_scale_rule rule);

MHO_C_END

#endif
