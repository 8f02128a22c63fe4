/* SPDX-License-Identifier: Apache-2.0 */
/* Programs cells: level centres, and a draw per cell (docs/models/device.md). */
#include "mho/device.h"

#include <math.h>
#include <stdbool.h>

#include "base/rng.h"

enum { CHUNK = 512 };
/* Redraw k of cell i is draw i + k * REDRAW_STEP: no two cells of one array share a draw. */
static const uint64_t REDRAW_STEP = UINT64_C(1) << 40;

mho_status mho_device_check(const mho_device *d)
{
    if (d->bits < 1 || d->bits > 8)
        return mho_error(MHO_ECONFIG, "device.bits = %zu, want 1..8", d->bits);
    if (d->resolution_bits < 10 || d->resolution_bits > 14)
        return mho_error(MHO_ECONFIG, "device.resolution_bits = %zu, want 10..14",
                         d->resolution_bits);
    if (!(d->g_off_S >= 0) || !isfinite(d->g_off_S))
        return mho_error(MHO_ECONFIG, "device.g_off = %g S, want 0 or more", d->g_off_S);
    if (!(d->g_on_S > d->g_off_S) || !isfinite(d->g_on_S))
        return mho_error(MHO_ECONFIG, "device.g_off = %g S, want below g_on = %g S", d->g_off_S,
                         d->g_on_S);
    if (d->distribution < MHO_DIST_UNIFORM || d->distribution > MHO_DIST_LOGNORMAL)
        return mho_error(MHO_ECONFIG, "device.distribution = %d, want 0..2", d->distribution);
    if (!(d->variation >= 0) || !isfinite(d->variation))
        return mho_error(MHO_ECONFIG, "device.variation = %g, want 0 or more", d->variation);
    if (!(d->variation_sigma >= 0) || !isfinite(d->variation_sigma))
        return mho_error(MHO_ECONFIG, "device.variation_sigma = %g, want 0 or more",
                         d->variation_sigma);
    return MHO_OK;
}

int32_t mho_device_delta(const mho_device *d)
{
    return (int32_t)1 << (d->resolution_bits - d->bits - 1);
}

int32_t mho_device_level(const mho_device *d, size_t k)
{
    return (int32_t)(2 * k + 1) * mho_device_delta(d);
}

/* The range an integer may take: 0 S at the low end, MHO_CONDUCTANCE_RATIO at the high one. */
typedef struct limits {
    float low, high, g_off;
} limits;

static limits device_limits(const mho_device *d)
{
    const double full = (double)((int32_t)1 << d->resolution_bits);
    const double off = d->g_off_S / (d->g_on_S - d->g_off_S) * full;
    return (limits){.low = (float)-fmin(off, INT16_MAX),
                    .high = (float)floor(MHO_CONDUCTANCE_RATIO * full),
                    .g_off = (float)off};
}

static int16_t hold(float g, const limits *range, uint64_t *held)
{
    if (g >= range->low && g <= range->high)
        return (int16_t)lrintf(g);
    ++*held;
    return (int16_t)lrintf(g < range->low ? range->low : range->high);
}

/* u[i] normal of deviation 1 / 3, redrawn until within -1..1. */
static void truncated_normal(const mhoi_stream *s, uint64_t first, size_t n, float *u)
{
    mhoi_rng_normal(s, first, n, u);
    for (size_t i = 0; i < n; ++i) {
        for (uint64_t k = 1; fabsf(u[i]) > 3.0F; ++k)
            mhoi_rng_normal(s, first + i + k * REDRAW_STEP, 1, &u[i]);
        u[i] *= 1.0F / 3.0F;
    }
}

static void draw_unit(const mho_device *d, const mhoi_stream *s, uint64_t first, size_t n, float *u)
{
    if (d->distribution == MHO_DIST_UNIFORM) {
        mhoi_rng_uniform(s, first, n, u);
        for (size_t i = 0; i < n; ++i)
            u[i] = 2.0F * u[i] - 1.0F;
    } else if (d->distribution == MHO_DIST_GAUSSIAN) {
        truncated_normal(s, first, n, u);
    } else {
        mhoi_rng_normal(s, first, n, u);
    }
}

static void program_chunk(const mho_device *d, const limits *range, size_t n, const uint8_t *level,
                          const float *u, int16_t *g, uint64_t *held)
{
    const float spread = (float)(d->variation * mho_device_delta(d));
    const float sigma = (float)d->variation_sigma;
    for (size_t i = 0; i < n; ++i) {
        const float centre = (float)mho_device_level(d, level[i]);
        const float cell = d->distribution == MHO_DIST_LOGNORMAL
                               ? (range->g_off + centre) * expf(sigma * u[i]) - range->g_off
                               : centre + spread * u[i];
        g[i] = hold(cell, range, held);
    }
}

static bool is_ideal(const mho_device *d)
{
    return (d->distribution == MHO_DIST_LOGNORMAL ? d->variation_sigma : d->variation) == 0;
}

void mho_device_program(const mho_device *d, uint64_t seed, uint32_t trial, uint32_t layer,
                        uint32_t array, uint64_t first, size_t n, const uint8_t *level, int16_t *g,
                        uint64_t *held)
{
    const mhoi_stream stream = {.seed = seed, .trial = trial, .layer = layer, .array = array};
    const limits range = device_limits(d);
    uint64_t beyond = 0;
    if (is_ideal(d)) {
        for (size_t i = 0; i < n; ++i)
            g[i] = (int16_t)mho_device_level(d, level[i]);
    } else {
        float u[CHUNK];
        for (size_t i = 0; i < n; i += CHUNK) {
            const size_t m = n - i < CHUNK ? n - i : CHUNK;
            draw_unit(d, &stream, first + i, m, u);
            program_chunk(d, &range, m, level + i, u, g + i, &beyond);
        }
    }
    if (held)
        *held += beyond;
}
