/* SPDX-License-Identifier: Apache-2.0 */
/* The fields of a cell and their bounds; level centres (docs/models/device.md). */
#include "mho/device.h"

#include <math.h>

#include "device/device_impl.h"

static mho_status check_real(const char *name, double value, double min, double max)
{
    if (value >= min && value <= max)
        return MHO_OK;
    if (max == HUGE_VAL)
        return mho_error(MHO_ECONFIG, "device.%s = %g, want %g or more", name, value, min);
    return mho_error(MHO_ECONFIG, "device.%s = %g, want %g..%g", name, value, min, max);
}

static mho_status check_range(const mho_device *d)
{
    if (!(d->g_off_S >= 0) || !isfinite(d->g_off_S))
        return mho_error(MHO_ECONFIG, "device.g_off = %g S, want 0 or more", d->g_off_S);
    if (!(d->g_on_S > d->g_off_S) || !isfinite(d->g_on_S))
        return mho_error(MHO_ECONFIG, "device.g_off = %g uS, want below device.g_on = %g uS",
                         d->g_off_S * 1e6, d->g_on_S * 1e6);
    const double top = MHO_CONDUCTANCE_RATIO * mhoi_device_full(d);
    if (d->off_leak && mhoi_device_off(d) + top > INT16_MAX)
        return mho_error(MHO_ECONFIG,
                         "device.g_off = %g S with g_on = %g S: with off_leak, integers of "
                         "resolution_bits = %zu pass 16 bits",
                         d->g_off_S, d->g_on_S, d->resolution_bits);
    if (top > INT16_MAX)
        return mho_error(
            MHO_ECONFIG,
            "device.table = %s: %zu levels in %g of the range g_off..g_on: integers of "
            "resolution_bits = %zu pass 16 bits; want a narrower range",
            d->table, d->table_levels,
            (mhoi_device_means(d).high_S - mhoi_device_means(d).low_S) / (d->g_on_S - d->g_off_S),
            d->resolution_bits);
    return MHO_OK;
}

static mho_status check_variation(const mho_device *d)
{
    if (d->distribution < MHO_DIST_UNIFORM || d->distribution > MHO_DIST_LOGNORMAL)
        return mho_error(MHO_ECONFIG, "device.distribution = %d, want 0..2", d->distribution);
    if (!(d->variation >= 0) || !isfinite(d->variation))
        return mho_error(MHO_ECONFIG, "device.variation = %g, want 0 or more", d->variation);
    if (!(d->variation_sigma >= 0) || !isfinite(d->variation_sigma))
        return mho_error(MHO_ECONFIG, "device.variation_sigma = %g, want 0 or more",
                         d->variation_sigma);
    const bool lognormal = d->distribution == MHO_DIST_LOGNORMAL;
    const double base = lognormal ? d->variation_sigma : d->variation;
    if (!(base + d->variation_rise >= 0) || !isfinite(d->variation_rise))
        return mho_error(
            MHO_ECONFIG,
            "device.variation_rise = %g, want at least -%g: %s at the highest level is "
            "0 or more",
            d->variation_rise, base, lognormal ? "variation_sigma" : "variation");
    return MHO_OK;
}

static mho_status check_effects(const mho_device *d)
{
    if (d->verify_rewrites > 254)
        return mho_error(MHO_ECONFIG, "device.verify_rewrites = %zu, want 0..254",
                         d->verify_rewrites);
    const struct {
        const char *name;
        double value, min, max;
    } real[] = {{"verify_tolerance", d->verify_tolerance, 0, HUGE_VAL},
                {"stuck_on", d->stuck_on, 0, 1},
                {"stuck_off", d->stuck_off, 0, 1 - d->stuck_on},
                {"drift_nu", d->drift_nu, -10, 10},
                {"drift_nu_spread", d->drift_nu_spread, 0, 10},
                {"nonlinearity", d->nonlinearity, 0, 20},
                {"read_noise", d->read_noise, 0, 10},
                {"read_noise_fixed", d->read_noise_fixed, 0, 10}};
    mho_status s = MHO_OK;
    for (size_t i = 0; !s && i < sizeof real / sizeof *real; ++i)
        s = check_real(real[i].name, real[i].value, real[i].min, real[i].max);
    if (!s && (d->drift_nu != 0 || d->drift_nu_spread > 0) &&
        !(d->drift_start_s > 0 && d->drift_time_s >= d->drift_start_s && isfinite(d->drift_time_s)))
        s = mho_error(MHO_ECONFIG, "device.drift_time = %g s, want at least drift_start = %g s",
                      d->drift_time_s, d->drift_start_s);
    return s;
}

mho_status mho_device_check(const mho_device *d)
{
    if (d->bits < 1 || d->bits > 8)
        return mho_error(MHO_ECONFIG, "device.bits = %zu, want 1..8", d->bits);
    if (d->resolution_bits < 8 || d->resolution_bits > 14)
        return mho_error(MHO_ECONFIG, "device.resolution_bits = %zu, want 8..14",
                         d->resolution_bits);
    if (d->resolution_bits <= d->bits)
        return mho_error(MHO_ECONFIG,
                         "device.resolution_bits = %zu of cells of device.bits = %zu, want more",
                         d->resolution_bits, d->bits);
    mho_status s = check_range(d);
    if (!s)
        s = check_variation(d);
    if (!s)
        s = check_effects(d);
    if (!s && d->table[0] && d->table_levels != (size_t)1 << d->bits)
        s = mho_error(MHO_ECONFIG, "device.table = %s has %zu levels, device.bits = %zu wants %zu",
                      d->table, d->table_levels, d->bits, (size_t)1 << d->bits);
    return s;
}

mho_device mho_device_ideal(const mho_device *device)
{
    mho_device d = *device;
    d.distribution = MHO_DIST_UNIFORM;
    d.variation = d.variation_sigma = d.variation_rise = 0;
    for (size_t k = 0; k < d.table_levels; ++k)
        d.table_deviation_S[k] = 0;
    d.verify_rewrites = 0;
    d.stuck_on = d.stuck_off = 0;
    d.drift_nu = d.drift_nu_spread = d.nonlinearity = 0;
    d.read_noise = d.read_noise_fixed = 0;
    return d;
}

mhoi_means mhoi_device_means(const mho_device *d)
{
    mhoi_means m = {(double)d->table_mean_S[0], (double)d->table_mean_S[0]};
    for (size_t k = 1; k < d->table_levels; ++k) {
        m.low_S = fmin(m.low_S, (double)d->table_mean_S[k]);
        m.high_S = fmax(m.high_S, (double)d->table_mean_S[k]);
    }
    return m;
}

static bool has_intervals(const mho_device *d)
{
    return !d->table_levels && d->levels == MHO_LEVELS_INTERVALS;
}

/* From the lowest level to the highest, in siemens; not of intervals. */
static double span_S(const mho_device *d)
{
    const mhoi_means m = mhoi_device_means(d);
    return d->table_levels ? m.high_S - m.low_S : d->g_on_S - d->g_off_S;
}

static int32_t span(const mho_device *d)
{
    return (((int32_t)1 << d->bits) - 1) * 2 * mho_device_delta(d);
}

double mho_device_unit_S(const mho_device *d)
{
    if (has_intervals(d))
        return (d->g_on_S - d->g_off_S) / ldexp(1, (int)d->resolution_bits);
    return span_S(d) / span(d);
}

double mhoi_device_off(const mho_device *d)
{
    return d->g_off_S / mho_device_unit_S(d);
}

double mhoi_device_full(const mho_device *d)
{
    if (has_intervals(d))
        return ldexp(1, (int)d->resolution_bits);
    return (d->g_on_S - d->g_off_S) / span_S(d) * span(d);
}

int32_t mhoi_device_lowest(const mho_device *d)
{
    if (d->table_levels)
        return (int32_t)lrint((mhoi_device_means(d).low_S - d->g_off_S) / mho_device_unit_S(d));
    return d->levels == MHO_LEVELS_ENDS ? 0 : mho_device_delta(d);
}

int32_t mhoi_device_zero(const mho_device *d)
{
    return d->off_leak ? (int32_t)lrint(mhoi_device_off(d)) : 0;
}

int32_t mho_device_delta(const mho_device *d)
{
    if (has_intervals(d))
        return (int32_t)1 << (d->resolution_bits - d->bits - 1);
    /* The largest whole number that leaves the range its resolution, but for what single precision leaves
     * of means at its ends. */
    const double half_levels = 2 * (ldexp(1, (int)d->bits) - 1);
    const double wanted =
        ldexp(1, (int)d->resolution_bits) * span_S(d) / (d->g_on_S - d->g_off_S) / half_levels;
    return (int32_t)fmax(1, floor(wanted + 0.01));
}

int32_t mho_device_level(const mho_device *d, size_t k)
{
    return mhoi_device_zero(d) + mhoi_device_lowest(d) + (int32_t)(2 * k) * mho_device_delta(d);
}
