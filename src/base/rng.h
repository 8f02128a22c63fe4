/* SPDX-License-Identifier: Apache-2.0 */
/* Counter-based random numbers (Random123, Philox 4x32-10): draw i of a stream is a function of
 * (seed, trial, layer, array, i) alone, whatever the threads. */
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
/* Uniform on the open interval (0, 1), 24 bits. */
void mhoi_rng_uniform(const mhoi_stream *s, uint64_t first, size_t n, float *out);
/* Standard normal (Box-Muller on draws 2i, 2i + 1 of the stream). */
void mhoi_rng_normal(const mhoi_stream *s, uint64_t first, size_t n, float *out);

#endif
