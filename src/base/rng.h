/* SPDX-License-Identifier: Apache-2.0 */
/* Counter-based random numbers (Random123, Philox 4x32-10): draw i of a stream is a function of
 * (seed, trial, layer, array, i) alone, whatever the threads.
 *
 * Two streams never share a draw: the seed is the key; trial, array, layer and i / 4 fill the counter.
 * Limits (asserted): layer < 2^16, i < 2^50; seed, trial and array take every value. */
#ifndef MHO_BASE_RNG_H
#define MHO_BASE_RNG_H

#include <stddef.h>
#include <stdint.h>

typedef struct mhoi_stream {
    uint64_t seed;
    uint32_t trial, layer, array;
} mhoi_stream;

/* out[i] = draw (first + i), i < n. */
void mhoi_rng_u32(const mhoi_stream *s, uint64_t first, size_t n, uint32_t *out);
/* Uniform on the open interval (0, 1): odd multiples of 2^-24. */
void mhoi_rng_uniform(const mhoi_stream *s, uint64_t first, size_t n, float *out);
/* Standard normal: Box-Muller makes normals 2j and 2j + 1 of draws 2j and 2j + 1. */
void mhoi_rng_normal(const mhoi_stream *s, uint64_t first, size_t n, float *out);

#endif
