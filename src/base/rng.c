/* SPDX-License-Identifier: Apache-2.0 */
/* Philox 4x32-10 (Salmon et al., Parallel random numbers: as easy as 1, 2, 3, SC 2011).
 *
 * The counter of block b = i / 4 is {b low 32 bits, array, layer | b high 16 bits << 16, trial}, the key
 * is the seed.  Logarithm, sine and cosine are written out in single precision and compiled without
 * contraction, so the digits are the same on every machine. */
#include <Random123/philox.h>
#include <math.h>
#include <string.h>

#include "base/x86.h"
#include "base/contract.h"
#include "base/rng_impl.h"

#define LAYER_MAX UINT32_C(0xffff)
#define INDEX_MAX (UINT64_C(1) << 50)

/* out[MHOI_RNG_BLOCK] = the draws of block b. */
static inline void philox(const mhoi_stream *s, uint64_t b, uint32_t *out)
{
    const philox4x32_key_t key = {{(uint32_t)s->seed, (uint32_t)(s->seed >> 32)}};
    const philox4x32_ctr_t counter = {
        {(uint32_t)b, s->array, s->layer | (uint32_t)(b >> 32) << 16, s->trial}};
    const philox4x32_ctr_t r = philox4x32(counter, key);
    memcpy(out, r.v, sizeof r.v);
}

static void fill_u32(const mhoi_stream *s, uint64_t block, size_t steps, void *out)
{
    uint32_t *to = out;
    for (size_t i = 0; i < steps; i++)
        philox(s, block + i, to + MHOI_RNG_BLOCK * i);
}

static void fill_uniform(const mhoi_stream *s, uint64_t block, size_t steps, void *out)
{
    float *to = out;
    uint32_t draw[MHOI_RNG_BLOCK];
    for (size_t i = 0; i < steps; i++, to += MHOI_RNG_BLOCK) {
        philox(s, block + i, draw);
        for (size_t j = 0; j < MHOI_RNG_BLOCK; j++)
            to[j] = (float)(int32_t)((draw[j] >> 9) * 2 + 1) * 0x1p-24f;
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

static void fill_normal(const mhoi_stream *s, uint64_t block, size_t steps, void *out)
{
    float *to = out;
    uint32_t draw[MHOI_RNG_BLOCK];
    for (size_t i = 0; i < steps; i++, to += MHOI_RNG_BLOCK) {
        philox(s, block + i, draw);
        for (size_t j = 0; j < MHOI_RNG_BLOCK; j += 2)
            box_muller(draw[j], draw[j + 1], &to[j], &to[j + 1]);
    }
}

static const mhoi_rng_kernels plain = {
    .draws = MHOI_RNG_BLOCK, .u32 = fill_u32, .uniform = fill_uniform, .normal = fill_normal};

const mhoi_rng_kernels *mhoi_rng_kernels_of(mho_cpu level)
{
    switch (level) {
#if MHOI_X86
    case MHO_CPU_AVX512:
        return &mhoi_rng_kernels_avx512;
    case MHO_CPU_AVX2:
        return &mhoi_rng_kernels_avx2;
#endif
    default:
        return &plain;
    }
}

/* Whole steps go where they are wanted; a first or last part by way of a step of its own. */
void mhoi_rng_draw(const mhoi_rng_kernels *k, mhoi_rng_fill *fill, const mhoi_stream *s,
                   uint64_t first, size_t n, void *out)
{
    uint32_t *to = out, part[MHOI_RNG_STEP_MAX];
    MHO_ASSERT(s->layer <= LAYER_MAX);
    MHO_ASSERT(first < INDEX_MAX && n <= INDEX_MAX - first);
    for (size_t count; n > 0; first += count, to += count, n -= count) {
        const size_t skip = (size_t)(first % MHOI_RNG_BLOCK), rest = k->draws - skip;
        count = skip || n < k->draws ? (n < rest ? n : rest) : n / k->draws * k->draws;
        const bool whole = count >= k->draws;
        fill(s, first / MHOI_RNG_BLOCK, whole ? count / k->draws : 1, whole ? to : part);
        if (!whole)
            memcpy(to, part + skip, count * sizeof *to);
    }
}

void mhoi_rng_u32(const mhoi_stream *s, uint64_t first, size_t n, uint32_t *out)
{
    const mhoi_rng_kernels *k = mhoi_rng_kernels_of(mho_cpu_level());
    mhoi_rng_draw(k, k->u32, s, first, n, out);
}

void mhoi_rng_uniform(const mhoi_stream *s, uint64_t first, size_t n, float *out)
{
    const mhoi_rng_kernels *k = mhoi_rng_kernels_of(mho_cpu_level());
    mhoi_rng_draw(k, k->uniform, s, first, n, out);
}

void mhoi_rng_normal(const mhoi_stream *s, uint64_t first, size_t n, float *out)
{
    const mhoi_rng_kernels *k = mhoi_rng_kernels_of(mho_cpu_level());
    mhoi_rng_draw(k, k->normal, s, first, n, out);
}
