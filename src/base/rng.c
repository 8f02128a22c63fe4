/* SPDX-License-Identifier: Apache-2.0 */
/* Philox 4x32-10 (Salmon et al., Parallel random numbers: as easy as 1, 2, 3, SC 2011).
 *
 * The counter of block b = i / 4 is {b low 32 bits, array, layer | b high 16 bits << 16, trial}, the key
 * is the seed.  Logarithm, sine and cosine are written out in single precision and compiled without
 * contraction, so the digits are the same on every machine. */
#include <Random123/philox.h>
#include <math.h>
#include <string.h>

#include "base/contract.h"
#include "base/rng.h"

#define BLOCK 4   /* draws a counter */
#define BATCH 256 /* draws made at once */
#define LAYER_MAX UINT32_C(0xffff)
#define INDEX_MAX (UINT64_C(1) << 50)

/* out[0 .. BLOCK blocks) = draws of the blocks from b on. */
static void batch(const mhoi_stream *s, uint64_t b, size_t blocks, uint32_t *restrict out)
{
    philox4x32_key_t key = {{(uint32_t)s->seed, (uint32_t)(s->seed >> 32)}};
    for (size_t j = 0; j < blocks; j++) {
        uint64_t block = b + j;
        philox4x32_ctr_t counter = {
            {(uint32_t)block, s->array, s->layer | (uint32_t)(block >> 32) << 16, s->trial}};
        philox4x32_ctr_t r = philox4x32(counter, key);
        memcpy(out + BLOCK * j, r.v, sizeof r.v);
    }
}

static void check(const mhoi_stream *s, uint64_t first, size_t n)
{
    MHO_ASSERT(s->layer <= LAYER_MAX);
    MHO_ASSERT(first < INDEX_MAX && n <= INDEX_MAX - first);
}

/* Walks first .. first + n in batches that start on a block: of draw[BATCH], the `count` draws from
 * `skip` on are wanted.  Returns count. */
static size_t next_batch(const mhoi_stream *s, uint64_t at, size_t left, uint32_t *draw,
                         size_t *skip)
{
    *skip = (size_t)(at % BLOCK);
    const size_t wanted = (*skip + left + BLOCK - 1) / BLOCK;
    batch(s, at / BLOCK, wanted < BATCH / BLOCK ? wanted : BATCH / BLOCK, draw);
    return left < BATCH - *skip ? left : BATCH - *skip;
}

void mhoi_rng_u32(const mhoi_stream *s, uint64_t first, size_t n, uint32_t *out)
{
    uint32_t draw[BATCH];
    size_t skip, count;
    check(s, first, n);
    for (size_t done = 0; done < n; done += count) {
        count = next_batch(s, first + done, n - done, draw, &skip);
        memcpy(out + done, draw + skip, count * sizeof *out);
    }
}

void mhoi_rng_uniform(const mhoi_stream *s, uint64_t first, size_t n, float *out)
{
    uint32_t draw[BATCH];
    size_t skip, count;
    check(s, first, n);
    for (size_t done = 0; done < n; done += count) {
        count = next_batch(s, first + done, n - done, draw, &skip);
        for (size_t i = 0; i < count; i++)
            out[done + i] = (float)(int32_t)((draw[skip + i] >> 9) * 2 + 1) * 0x1p-24f;
    }
}

/* Natural logarithm of x > 0 (normal), error below 2 units in the last place: x = 2^e m with m in
 * [sqrt(1/2), sqrt(2)), ln m = 2 atanh(t) with t = (m - 1) / (m + 1). */
static inline float log_of(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    uint32_t shifted = bits - UINT32_C(0x3f3504f3);
    int32_t e = (int32_t)shifted >> 23;
    uint32_t m_bits = (shifted & UINT32_C(0x7fffff)) + UINT32_C(0x3f3504f3);
    float m;
    memcpy(&m, &m_bits, sizeof m);
    float t = (m - 1.0f) / (m + 1.0f), t2 = t * t;
    float series = t2 * (0.33333334f + t2 * (0.2f + t2 * (0.14285715f + t2 * 0.11111111f)));
    return (float)e * 0.69314718f + 2.0f * (t + t * series);
}

/* Taylor series on |a| <= pi / 4: error below 1e-7. */
static inline float sine(float a)
{
    float a2 = a * a;
    return a - a * a2 *
                   (0.16666667f - a2 * (8.3333333e-3f - a2 * (1.9841270e-4f - a2 * 2.7557319e-6f)));
}

static inline float cosine(float a)
{
    float a2 = a * a;
    return 1.0f - a2 * (0.5f - a2 * (4.1666667e-2f - a2 * (1.3888889e-3f - a2 * 2.4801587e-5f)));
}

/* Two normals of two draws: radius sqrt(-2 ln u) and an angle from the other draw, its top two bits
 * the quadrant, the rest the angle from -pi / 4 to pi / 4 within it. */
static inline void box_muller(uint32_t r_bits, uint32_t a_bits, float *even, float *odd)
{
    float high = (float)(int32_t)(r_bits >> 16), low = (float)(int32_t)(r_bits & 0xffff);
    float u = (high * 65536.0f + (low + 0.5f)) * 0x1p-32f;
    float radius = sqrtf(-2.0f * log_of(u < 1.0f ? u : 1.0f));
    int32_t in_quadrant = (int32_t)(a_bits << 2) >> 8;
    float a = ((float)in_quadrant + 0.5f) * (0.78539816f * 0x1p-23f);
    float sn = sine(a), cs = cosine(a);
    float x = a_bits & UINT32_C(0x40000000) ? sn : cs, y = a_bits & UINT32_C(0x40000000) ? cs : sn;
    float sign = a_bits & UINT32_C(0x80000000) ? -radius : radius;
    *even = sign * x;
    *odd = sign * y;
}

void mhoi_rng_normal(const mhoi_stream *s, uint64_t first, size_t n, float *out)
{
    uint32_t draw[BATCH];
    float normal[BATCH];
    check(s, first, n);
    for (size_t done = 0, count; done < n; done += count) {
        size_t skip;
        count = next_batch(s, first + done, n - done, draw, &skip);
        for (size_t i = skip / 2 * 2; i < skip + count; i += 2)
            box_muller(draw[i], draw[i + 1], &normal[i], &normal[i + 1]);
        memcpy(out + done, normal + skip, count * sizeof *out);
    }
}
