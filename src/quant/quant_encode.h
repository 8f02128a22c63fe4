/* SPDX-License-Identifier: Apache-2.0 */
/* mho_quant_encode for each instruction set, with the same codes. */
#ifndef MHO_QUANT_ENCODE_H
#define MHO_QUANT_ENCODE_H

#include "mho/quant.h"

/* code[i] of x[i] by, for up to 2^31 numbers. */
typedef mho_encoded mhoi_encode_fn(const float *x, size_t n, float by, float top, uint8_t *code);

mhoi_encode_fn mhoi_encode_ref, mhoi_encode_avx2, mhoi_encode_avx512;

#endif
