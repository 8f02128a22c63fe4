/* SPDX-License-Identifier: Apache-2.0 */
/* The variants of rng.h: each gives the same digits.  For tests and benchmarks besides rng.c. */
#ifndef MHO_BASE_RNG_IMPL_H
#define MHO_BASE_RNG_IMPL_H

#include "base/rng.h"
#include "mho/run.h"

enum { MHOI_RNG_BLOCK = 4 /* draws a counter */, MHOI_RNG_STEP_MAX = 32 };

#define MHOI_PHILOX_ROUNDS 10
#define MHOI_PHILOX_BUMP_0 UINT32_C(0x9E3779B9) /* added to the key after each round */
#define MHOI_PHILOX_BUMP_1 UINT32_C(0xBB67AE85)

/* out[steps][draws of a step], 4 bytes each, of the counters from `block` on. */
typedef void mhoi_rng_fill(const mhoi_stream *s, uint64_t block, size_t steps, void *out);

typedef struct mhoi_rng_kernels {
    size_t draws; /* of a step: whole blocks, at most MHOI_RNG_STEP_MAX */
    mhoi_rng_fill *u32, *uniform, *normal;
} mhoi_rng_kernels;

extern const mhoi_rng_kernels mhoi_rng_kernels_avx2, mhoi_rng_kernels_avx512;
const mhoi_rng_kernels *mhoi_rng_kernels_of(mho_cpu level);

/* Draws first .. first + n - 1 by one fill of a variant. */
void mhoi_rng_draw(const mhoi_rng_kernels *k, mhoi_rng_fill *fill, const mhoi_stream *s,
                   uint64_t first, size_t n, void *out);

#endif
