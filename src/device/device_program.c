/* SPDX-License-Identifier: Apache-2.0 */
/* Programs cells (docs/models/device.md): stuck cells are chosen, the others written, verified and
 * written again, all but the stuck ones drift, and values are rounded once.  Values are conductances above g_off in integer units until then.
 *
 * Every effect draws from a stream of its own, so switching one on leaves the draws of the others alone. */
#include <math.h>
#include <string.h>

#include "base/contract.h"
#include "base/rng.h"
#include "device/device_impl.h"

enum { CHUNK = 512 };
/* Redraw k of write w of cell i is draw i + w WRITE_STEP + k REDRAW_STEP: no two cells of one array share
 * a draw. */
static const uint64_t WRITE_STEP = UINT64_C(1) << 32, REDRAW_STEP = UINT64_C(1) << 40;

/* Added to the number of the array. */
enum { STREAM_STUCK = 1 << 28, STREAM_DRIFT = 2 << 28 };

/* One level: written cells are centre + spread u, or with lognormal (off + centre) exp(spread u) - off. */
typedef struct target {
    float centre, spread, nominal;
} target;

typedef struct plan {
    const mho_device *device;
    mhoi_stream stream;
    target target[256];
    float low, high, off, full; /* limits; g_off; g_on */
    float tolerance;
    bool lognormal, exact; /* exact: no draws at all while writing */
    bool regular;          /* centres are equally spaced, spreads equal */
} plan;

/* Of the measured level k; the lowest is a whole number, and so is the highest. */
static target table_target(const mho_device *d, size_t k, bool lognormal)
{
    const double unit_S = mho_device_unit_S(d), off = mhoi_device_off(d);
    const double above = (double)d->table_mean_S[k] - mhoi_device_means(d).low_S;
    const double g = mhoi_device_lowest(d) + above / unit_S, mean = off + g;
    const double deviation = (double)d->table_deviation_S[k] / unit_S;
    target t = {.centre = (float)g, .spread = (float)deviation, .nominal = (float)g};
    if (lognormal && mean > 0) { /* of the same mean and deviation */
        const double variance = log1p(deviation * deviation / (mean * mean));
        t.centre = (float)(mean * exp(-variance / 2) - off);
        t.spread = (float)sqrt(variance);
    } else if (d->distribution == MHO_DIST_UNIFORM) {
        t.spread = (float)(deviation * sqrt(3));
    } else if (d->distribution == MHO_DIST_GAUSSIAN) {
        t.spread = (float)(deviation * 3 / 0.986578); /* of a normal cut at three deviations */
    }
    return t;
}

static target plain_target(const mho_device *d, size_t k, bool lognormal)
{
    const double top = (double)(((size_t)1 << d->bits) - 1);
    const double base = lognormal ? d->variation_sigma : d->variation;
    const double v = fmax(0, base + d->variation_rise * (double)k / top);
    const float centre = (float)(mhoi_device_lowest(d) + (int32_t)(2 * k) * mho_device_delta(d));
    return (target){.centre = centre,
                    .nominal = centre,
                    .spread = (float)(lognormal ? v : v * mho_device_delta(d))};
}

static void make_plan(const mho_device *d, plan *p)
{
    const double full = mhoi_device_full(d), off = mhoi_device_off(d);
    p->device = d;
    p->low = (float)-fmin(off, INT16_MAX);
    p->high = (float)floor(MHO_CONDUCTANCE_RATIO * full);
    p->off = (float)off;
    p->full = (float)full;
    p->lognormal = d->distribution == MHO_DIST_LOGNORMAL;
    p->exact = p->regular = true;
    p->tolerance = (float)(d->verify_tolerance * mho_device_delta(d));
    for (size_t k = 0; k < (size_t)1 << d->bits; ++k) {
        target *t = &p->target[k];
        *t = d->table_levels ? table_target(d, d->table_nearest[k], p->lognormal)
                             : plain_target(d, k, p->lognormal);
        p->regular = p->regular && t->spread == p->target[0].spread && !d->table_levels;
        p->exact = p->exact && t->spread == 0;
    }
}

/* Is any of the draws beyond +-3?  Without branches: few are. */
static bool any_beyond(const float *u, size_t n)
{
    int beyond = 0;
    for (size_t i = 0; i < n; ++i)
        beyond |= fabsf(u[i]) > 3.0F;
    return beyond != 0;
}

/* u[i] normal of deviation 1 / 3, redrawn until within -1..1. */
static void truncated_normal(const mhoi_stream *s, uint64_t first, size_t n, float *u)
{
    enum { TOGETHER = 16 };
    mhoi_rng_normal(s, first, n, u);
    for (size_t from = 0; from < n; from += TOGETHER) {
        const size_t end = from + TOGETHER < n ? from + TOGETHER : n;
        if (!any_beyond(u + from, end - from))
            continue;
        for (size_t i = from; i < end; ++i)
            for (uint64_t k = 1; fabsf(u[i]) > 3.0F; ++k)
                mhoi_rng_normal(s, first + i + k * REDRAW_STEP, 1, &u[i]);
    }
    for (size_t i = 0; i < n; ++i)
        u[i] *= 1.0F / 3.0F;
}

static void draw_unit(const plan *p, uint64_t first, size_t n, float *u)
{
    if (p->device->distribution == MHO_DIST_UNIFORM) {
        mhoi_rng_uniform(&p->stream, first, n, u);
        for (size_t i = 0; i < n; ++i)
            u[i] = 2.0F * u[i] - 1.0F;
    } else if (p->device->distribution == MHO_DIST_GAUSSIAN) {
        truncated_normal(&p->stream, first, n, u);
    } else {
        mhoi_rng_normal(&p->stream, first, n, u);
    }
}

/* Whole numbers below 2^24, so a centre that is worked out is the one that is looked up. */
static void targets_of(const plan *p, size_t n, const uint8_t *level, float *centre, float *spread)
{
    const int32_t delta = mho_device_delta(p->device), lowest = mhoi_device_lowest(p->device);
    const float same = p->target[0].spread;
    for (size_t i = 0; p->regular && i < n; ++i) {
        centre[i] = (float)(lowest + 2 * (int32_t)level[i] * delta);
        spread[i] = same;
    }
    for (size_t i = 0; !p->regular && i < n; ++i) {
        centre[i] = p->target[level[i]].centre;
        spread[i] = p->target[level[i]].spread;
    }
}

/* The first write of every cell, stuck or not. */
static void write_once(const plan *p, size_t n, const uint8_t *level, const float *u, float *g)
{
    float centre[CHUNK], spread[CHUNK];
    targets_of(p, n, level, centre, spread);
    if (p->lognormal)
        for (size_t i = 0; i < n; ++i)
            g[i] = (p->off + centre[i]) * expf(spread[i] * u[i]) - p->off;
    else
        for (size_t i = 0; i < n; ++i)
            g[i] = centre[i] + spread[i] * u[i];
}

static bool is_outside(const plan *p, const target *t, float g)
{
    return fabsf(g - t->nominal) > p->tolerance;
}

/* Reads each cell and writes it again until it is within the tolerance, 1 + verify_rewrites times at the
 * most; a stuck one in vain. */
static void verify_cells(const plan *p, uint64_t first, size_t n, const uint8_t *level,
                         const bool *stuck, float *g, mho_write_count *count)
{
    const size_t most = p->device->verify_rewrites + 1;
    float again;
    for (size_t i = 0; i < n; ++i) {
        const target *t = &p->target[level[i]];
        if (p->exact && !stuck[i])
            continue;
        size_t writes = 1;
        for (; writes < most && is_outside(p, t, g[i]); ++writes)
            if (!stuck[i]) {
                draw_unit(p, first + i + writes * WRITE_STEP, 1, &again);
                write_once(p, 1, &level[i], &again, &g[i]);
            }
        count->writes += writes - 1;
        count->outside += is_outside(p, t, g[i]);
    }
}

static void write_cells(const plan *p, uint64_t first, size_t n, const uint8_t *level, float *g)
{
    float u[CHUNK];
    if (p->exact)
        memset(u, 0, sizeof u);
    else
        draw_unit(p, first, n, u);
    write_once(p, n, level, u, g);
}

static void stick_cells(const plan *p, uint64_t first, size_t n, float *g, bool *stuck,
                        mho_write_count *count)
{
    const float on = (float)p->device->stuck_on;
    const float either = (float)(p->device->stuck_on + p->device->stuck_off);
    mhoi_stream stream = p->stream;
    float u[CHUNK];
    stream.array += STREAM_STUCK;
    mhoi_rng_uniform(&stream, first, n, u);
    for (size_t i = 0; i < n; ++i) {
        stuck[i] = u[i] < either;
        if (stuck[i])
            g[i] = u[i] < on ? p->full : 0;
        count->stuck += stuck[i];
    }
}

static void drift_cells(const plan *p, uint64_t first, size_t n, const bool *stuck, float *g)
{
    const mho_device *d = p->device;
    const float log_t = (float)log(d->drift_time_s / d->drift_start_s);
    const float nu = (float)d->drift_nu, spread = (float)d->drift_nu_spread;
    mhoi_stream stream = p->stream;
    float u[CHUNK];
    stream.array += STREAM_DRIFT;
    mhoi_rng_normal(&stream, first, n, u);
    for (size_t i = 0; i < n; ++i)
        if (!stuck[i])
            g[i] = (g[i] + p->off) * expf(-(nu + spread * u[i]) * log_t) - p->off;
}

/* Rounds to the nearest integer, ties to even, and holds what is beyond the limits: returns how many. */
static size_t hold(const plan *p, size_t n, const float *value, int16_t *g)
{
    const float low = p->low, high = p->high;
    const float whole = 0x1.8p23F; /* behind it single precision has no fractions */
    const int32_t zero = mhoi_device_zero(p->device);
    int32_t inside = 0;
    for (size_t i = 0; i < n; ++i) {
        const float v = value[i], below = v < high ? v : high, held = below > low ? below : low;
        inside += (v >= low) & (v <= high);
        g[i] = (int16_t)((int32_t)((held + whole) - whole) + zero);
    }
    return n - (size_t)inside;
}

static bool drifts(const mho_device *d)
{
    return (d->drift_nu != 0 || d->drift_nu_spread > 0) && d->drift_time_s > d->drift_start_s;
}

/* Ideal cells of levels without a table, which a product tells.  false: it is something else, or one of the levels is held at a
 * limit, which is to be counted. */
static bool write_ideal(const mho_device *d, size_t n, const uint8_t *level, int16_t *g)
{
    const double spread = d->distribution == MHO_DIST_LOGNORMAL ? d->variation_sigma : d->variation;
    const int32_t low = mhoi_device_lowest(d), step = 2 * mho_device_delta(d);
    const int32_t high = low + step * (((int32_t)1 << d->bits) - 1);
    if (d->table_levels || spread > 0 || d->variation_rise != 0 || d->stuck_on > 0 ||
        d->stuck_off > 0 || drifts(d) || low < -mhoi_device_off(d) ||
        high > floor(MHO_CONDUCTANCE_RATIO * mhoi_device_full(d)))
        return false;
    const int16_t first = (int16_t)(low + mhoi_device_zero(d)), each = (int16_t)step;
    for (size_t i = 0; i < n; ++i)
        g[i] = (int16_t)(first + each * level[i]);
    return true;
}

static void program_chunk(const plan *p, uint64_t first, size_t n, const uint8_t *level, int16_t *g,
                          mho_write_count *count)
{
    const mho_device *d = p->device;
    float value[CHUNK];
    bool stuck[CHUNK] = {false};
    write_cells(p, first, n, level, value);
    count->writes += n;
    if (d->stuck_on > 0 || d->stuck_off > 0)
        stick_cells(p, first, n, value, stuck, count);
    if (d->verify_rewrites > 0)
        verify_cells(p, first, n, level, stuck, value, count);
    if (drifts(d))
        drift_cells(p, first, n, stuck, value);
    count->held += hold(p, n, value, g);
}

void mho_device_program(const mho_device *d, uint64_t seed, uint32_t trial, uint32_t layer,
                        uint32_t array, uint64_t first, size_t n, const uint8_t *level, int16_t *g,
                        mho_write_count *count)
{
    mho_write_count own = {.cells = n};
    const bool ideal = write_ideal(d, n, level, g);
    plan p; /* not cleared: its targets take longer than the cells of some calls */
    MHO_ASSERT(array < STREAM_STUCK && first + n <= WRITE_STEP);
    if (!ideal)
        make_plan(d, &p);
    p.stream = (mhoi_stream){.seed = seed, .trial = trial, .layer = layer, .array = array};
    own.writes = ideal ? n : 0;
    for (size_t i = 0; !ideal && i < n; i += CHUNK) {
        const size_t m = n - i < CHUNK ? n - i : CHUNK;
        program_chunk(&p, first + i, m, level + i, g + i, &own);
    }
    if (!count)
        return;
    count->cells += own.cells;
    count->writes += own.writes;
    count->outside += own.outside;
    count->stuck += own.stuck;
    count->held += own.held;
}
