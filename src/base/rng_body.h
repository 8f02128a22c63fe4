/* SPDX-License-Identifier: Apache-2.0 */
/* rng.c for registers of WIDTH floats: the same operations in the same order in every lane, so the same
 * digits.  Included once for each instruction set, which defines WIDTH, the types, and the few
 * operations that C has no sign for:
 *
 *     words, wides, ints, floats   WIDTH lanes of 32 bits, or WIDTH / 2 of 64
 *     product(a, b)                of the low halves of 64-bit lanes
 *     low_halves(a, b)             the low halves of a in even, of b in odd 32-bit lanes
 *     as_float(i), root(x), lesser(x, y)
 *     fused(a, b, c)               a b + c, rounded once
 *     interleave(a, b, out)        out[2 WIDTH] = a0 b0 a1 b1 ...; any alignment
 *     SPREAD_WIDE(x), SPREAD_FLOAT(x), FIRST_LANES = 0, 1, 2, ... in lanes of 64 bits
 *
 * A lane of 64 bits holds a word of one counter in its low half; the high half is whatever a product left
 * there, as nothing reads it. */
#include <string.h>

#include "base/rng_impl.h"

enum {
    REGISTERS = 4, /* of counters at once: a round of Philox waits for the one before it */
    BLOCKS = WIDTH / 2,
    DRAWS = 2 * WIDTH, /* of a register of counters */
};
#define INLINE __attribute__((always_inline)) static inline
#define UNROLL _Pragma("GCC unroll 10")

typedef struct pairs {
    words r, a; /* draws 2j and 2j + 1 */
} pairs;

typedef struct keys {
    uint64_t of[MHOI_PHILOX_ROUNDS][2];
} keys;

static keys keys_of(const mhoi_stream *s)
{
    keys key;
    uint32_t k0 = (uint32_t)s->seed, k1 = (uint32_t)(s->seed >> 32);
    for (size_t i = 0; i < MHOI_PHILOX_ROUNDS; i++) {
        key.of[i][0] = k0;
        key.of[i][1] = k1;
        k0 += MHOI_PHILOX_BUMP_0;
        k1 += MHOI_PHILOX_BUMP_1;
    }
    return key;
}

/* What the first two rounds make of the three words that all counters of a call share, where they share them: only the
 * low word of a counter differs. */
typedef struct shared {
    uint32_t key[3], c3;
} shared;

static shared shared_of(const mhoi_stream *s, const keys *key, uint64_t block)
{
    const uint64_t p1 = UINT64_C(0xCD9E8D57) * (uint32_t)(block >> 32 << 16 | s->layer);
    const uint32_t c0 = (uint32_t)(p1 >> 32) ^ (uint32_t)s->array ^ (uint32_t)key->of[0][0];
    const uint64_t p0 = UINT64_C(0xD2511F53) * c0;
    return (shared){.key = {(uint32_t)s->trial ^ (uint32_t)key->of[0][1],
                            (uint32_t)p1 ^ (uint32_t)key->of[1][0],
                            (uint32_t)(p0 >> 32) ^ (uint32_t)key->of[1][1]},
                    .c3 = (uint32_t)p0};
}

/* out[registers] = the draws of the counters from `block` on, WIDTH / 2 a register. */
INLINE void philox(const keys *key, const shared *same, uint64_t block, size_t registers,
                   pairs *out)
{
    const wides m0 = SPREAD_WIDE(UINT64_C(0xD2511F53)), m1 = SPREAD_WIDE(UINT64_C(0xCD9E8D57));
    wides c[REGISTERS][4];
    for (size_t j = 0; j < registers; j++) {
        const wides p0 = product(FIRST_LANES + (block + j * BLOCKS), m0);
        const wides p1 = product((p0 >> 32) ^ SPREAD_WIDE(same->key[0]), m1);
        c[j][0] = (p1 >> 32) ^ SPREAD_WIDE(same->key[1]);
        c[j][1] = p1;
        c[j][2] = p0 ^ SPREAD_WIDE(same->key[2]);
        c[j][3] = SPREAD_WIDE(same->c3);
    }
    UNROLL for (size_t i = 2; i < MHOI_PHILOX_ROUNDS; i++)
        UNROLL for (size_t j = 0; j < registers; j++)
    {
        const wides p0 = product(c[j][0], m0), p1 = product(c[j][2], m1);
        c[j][0] = (p1 >> 32) ^ c[j][1] ^ SPREAD_WIDE(key->of[i][0]);
        c[j][1] = p1;
        c[j][2] = (p0 >> 32) ^ c[j][3] ^ SPREAD_WIDE(key->of[i][1]);
        c[j][3] = p0;
    }
    for (size_t j = 0; j < registers; j++) {
        out[j].r = low_halves(c[j][0], c[j][2]);
        out[j].a = low_halves(c[j][1], c[j][3]);
    }
}

/* A register of counters, whatever they share. */
INLINE void philox_any(const mhoi_stream *s, const keys *key, uint64_t block, pairs *out)
{
    const wides m0 = SPREAD_WIDE(UINT64_C(0xD2511F53)), m1 = SPREAD_WIDE(UINT64_C(0xCD9E8D57));
    wides c0 = FIRST_LANES + block, c1 = SPREAD_WIDE(s->array), c3 = SPREAD_WIDE(s->trial);
    wides c2 = (c0 >> 32 << 16) | SPREAD_WIDE(s->layer);
    for (size_t i = 0; i < MHOI_PHILOX_ROUNDS; i++) {
        const wides p0 = product(c0, m0), p1 = product(c2, m1);
        c0 = (p1 >> 32) ^ c1 ^ SPREAD_WIDE(key->of[i][0]);
        c1 = p1;
        c2 = (p0 >> 32) ^ c3 ^ SPREAD_WIDE(key->of[i][1]);
        c3 = p0;
    }
    out->r = low_halves(c0, c2);
    out->a = low_halves(c1, c3);
}

/* -2 ln (x / 2^32): the steps of rng.c, but for powers of two, by which products are exact, and which so are left to the
 * exponent or joined with the addition that follows. */
INLINE floats minus_twice_log(floats x)
{
    const words shifted = (words)x - (UINT32_C(0x3f3504f3) + (UINT32_C(32) << 23));
    const floats e = as_float((ints)shifted >> 23);
    const floats m = (floats)((shifted & UINT32_C(0x7fffff)) + UINT32_C(0x3f3504f3));
    const floats t = (m - 1.0f) / (m + 1.0f), t2 = t * t;
    const floats series = t2 * (0.33333334f + t2 * (0.2f + t2 * (0.14285715f + t2 * 0.11111111f)));
    return fused(SPREAD_FLOAT(-4.0f), t + t * series, e * (-2.0f * 0.69314718f));
}

INLINE floats sine(floats a)
{
    const floats a2 = a * a;
    return a - a * a2 *
                   (0.16666667f - a2 * (8.3333333e-3f - a2 * (1.9841270e-4f - a2 * 2.7557319e-6f)));
}

INLINE floats cosine(floats a)
{
    const floats a2 = a * a;
    return 1.0f - a2 * (0.5f - a2 * (4.1666667e-2f - a2 * (1.3888889e-3f - a2 * 2.4801587e-5f)));
}

INLINE floats radius_of(words draw)
{
    const floats high = as_float((ints)(draw >> 16)), low = as_float((ints)(draw & 0xffff));
    const floats x = fused(high, SPREAD_FLOAT(65536.0f), low + 0.5f);
    return root(minus_twice_log(lesser(x, SPREAD_FLOAT(0x1p32f))));
}

/* Both normals of a radius and an angle. */
INLINE void turn(floats radius, words draw, uint32_t *out)
{
    const floats in_quadrant = as_float((ints)(draw << 2) >> 8);
    const floats a = (in_quadrant + 0.5f) * (0.78539816f * 0x1p-23f);
    const words sn = (words)sine(a), cs = (words)cosine(a);
    const words swap = (sn ^ cs) & (words)((ints)(draw << 1) >> 31);
    const floats signed_radius = (floats)((words)radius ^ (draw & UINT32_C(0x80000000)));
    interleave((words)(signed_radius * (floats)(cs ^ swap)),
               (words)(signed_radius * (floats)(sn ^ swap)), out);
}

INLINE floats uniform_of(words draw)
{
    return as_float((ints)((draw >> 9) * 2 + 1)) * 0x1p-24f;
}

/* These make draws, uniform numbers or normals of a few registers. */
typedef void emit(const pairs *draw, size_t registers, uint32_t *out);

INLINE void emit_u32(const pairs *draw, size_t registers, uint32_t *out)
{
    for (size_t j = 0; j < registers; j++)
        interleave(draw[j].r, draw[j].a, out + j * DRAWS);
}

INLINE void emit_uniform(const pairs *draw, size_t registers, uint32_t *out)
{
    for (size_t j = 0; j < registers; j++)
        interleave((words)uniform_of(draw[j].r), (words)uniform_of(draw[j].a), out + j * DRAWS);
}

INLINE void emit_normal(const pairs *draw, size_t registers, uint32_t *out)
{
    floats radius[REGISTERS];
    for (size_t j = 0; j < registers; j++)
        radius[j] = radius_of(draw[j].r);
    for (size_t j = 0; j < registers; j++)
        turn(radius[j], draw[j].a, out + j * DRAWS);
}

/* Counters whose high words are the same; the last registers one by one. */
INLINE void fill_alike(const mhoi_stream *s, uint64_t block, size_t steps, uint32_t *out,
                       emit *make)
{
    const keys key = keys_of(s);
    const shared same = shared_of(s, &key, block);
    pairs draw[REGISTERS];
    for (; steps >= REGISTERS; steps -= REGISTERS) {
        philox(&key, &same, block, REGISTERS, draw);
        make(draw, REGISTERS, out);
        block += REGISTERS * BLOCKS;
        out += REGISTERS * DRAWS;
    }
    for (; steps > 0; steps--, block += BLOCKS, out += DRAWS) {
        philox(&key, &same, block, 1, draw);
        make(draw, 1, out);
    }
}

/* A register may begin within one high word and end in the next: it is worked out with both, lane by lane. */
INLINE void fill(const mhoi_stream *s, uint64_t block, size_t steps, uint32_t *out, emit *make)
{
    while (steps > 0) {
        const uint64_t left = (UINT64_C(1) << 32) - (block & UINT32_MAX);
        const uint64_t whole = left / BLOCKS;
        const size_t n = whole < steps ? (size_t)whole : steps;
        fill_alike(s, block, n, out, make);
        block += n * BLOCKS;
        out += n * DRAWS;
        steps -= n;
        if (steps == 0)
            return;
        const keys key = keys_of(s);
        pairs draw[1];
        philox_any(s, &key, block, draw);
        make(draw, 1, out);
        block += BLOCKS;
        out += DRAWS;
        steps--;
    }
}

static void fill_u32(const mhoi_stream *s, uint64_t block, size_t steps, void *out)
{
    fill(s, block, steps, out, emit_u32);
}

static void fill_uniform(const mhoi_stream *s, uint64_t block, size_t steps, void *out)
{
    fill(s, block, steps, out, emit_uniform);
}

static void fill_normal(const mhoi_stream *s, uint64_t block, size_t steps, void *out)
{
    fill(s, block, steps, out, emit_normal);
}

const mhoi_rng_kernels MHOI_RNG_TABLE = {
    .draws = DRAWS, .u32 = fill_u32, .uniform = fill_uniform, .normal = fill_normal};
