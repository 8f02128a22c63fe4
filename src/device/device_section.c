/* SPDX-License-Identifier: Apache-2.0 */
/* The fields of a cell: section `device` of a hardware description. */
#include "device/device_section.h"

#include <string.h>

#include "base/fields.h"
#include "base/hash.h"

#define COUNT(...) MHOI_COUNT(mho_device, __VA_ARGS__)
#define REAL(...) MHOI_REAL(mho_device, __VA_ARGS__)
#define CHOICE(...) MHOI_CHOICE(mho_device, __VA_ARGS__)
#define YES_NO(...) MHOI_YES_NO(mho_device, __VA_ARGS__)
#define FIELD(...) MHOI_FIELD(mho_device, __VA_ARGS__)

static const char *const levels[] = {"intervals", "ends", NULL};
static const char *const distributions[] = {"uniform", "gaussian", "lognormal", NULL};

static mho_status read_table(void *options)
{
    return mho_device_read_table(options);
}

static mho_status check(const void *options)
{
    return mho_device_check(options);
}

static uint64_t content(const void *options)
{
    const mho_device *d = options;
    uint64_t h =
        mhoi_fnv1a(MHOI_HASH_START, d->table_mean_S, d->table_levels * sizeof *d->table_mean_S);
    return mhoi_fnv1a(h, d->table_deviation_S, d->table_levels * sizeof *d->table_deviation_S);
}

static bool is(const char *key, const char *field)
{
    return !strcmp(key + strlen("device."), field);
}

static const char *idle(const void *options, const char *key)
{
    const mho_device *d = options;
    const bool lognormal = d->distribution == MHO_DIST_LOGNORMAL;
    if (d->table_levels && (is(key, "levels") || is(key, "variation") ||
                            is(key, "variation_sigma") || is(key, "variation_rise")))
        return "device.table tells the levels";
    if (is(key, "variation_sigma") && !lognormal)
        return "device.distribution is not lognormal";
    if (is(key, "variation") && lognormal)
        return "device.distribution is lognormal";
    if (is(key, "verify_tolerance") && !d->verify_rewrites)
        return "device.verify_rewrites is 0";
    if ((is(key, "drift_nu") || is(key, "drift_nu_spread")) &&
        d->drift_time_s <= d->drift_start_s && (d->drift_nu != 0 || d->drift_nu_spread > 0))
        return "device.drift_time is device.drift_start: no time passes";
    if ((is(key, "drift_time") || is(key, "drift_start")) && d->drift_nu == 0 &&
        d->drift_nu_spread == 0)
        return "device.drift_nu and drift_nu_spread are 0";
    return NULL;
}

static const mho_field device_rows[] = {
    COUNT("device.bits", bits, "7", 1, 8, "bits a cell holds: 2^bits conductance levels"),
    REAL("device.g_on", g_on_S, "100", 0, 1e6, "uS", 1e-6, "upper end of the conductance range"),
    REAL("device.g_off", g_off_S, "1", 0, 1e6, "uS", 1e-6, "lower end of the conductance range"),
    CHOICE("device.levels", levels, "intervals", levels,
           "intervals: in the middle of 2^bits equal parts of the range; ends: g_off, g_on and "
           "equally "
           "spaced between them"),
    CHOICE("device.distribution", distribution, "uniform", distributions,
           "of the programming error u: g = level centre + u x half a level"),
    REAL("device.variation", variation, "1", 0, 64, "", 1,
         "largest |u|; 1 = anywhere within the level, 0 = ideal devices"),
    REAL("device.variation_sigma", variation_sigma, "0.1", 0, 2, "", 1,
         "lognormal only: deviation of ln g"),
    REAL("device.variation_rise", variation_rise, "0", -64, 64, "", 1,
         "added to variation (lognormal: variation_sigma) from the lowest to the highest level, "
         "linearly"),
    FIELD("device.table", MHO_FIELD_PATH, table, "", 0, 0, "", 1, NULL,
          "CSV of measured levels (level, mean in S, deviation in S) in place of levels and "
          "variation"),
    REAL("device.verify_tolerance", verify_tolerance, "0.5", 0, 64, "", 1,
         "write-verify: a cell farther from its level centre is written again; in half levels"),
    COUNT("device.verify_rewrites", verify_rewrites, "0", 0, 254,
          "most times that a cell is written again; 0 = cells are not verified"),
    REAL("device.stuck_on", stuck_on, "0", 0, 1, "", 1,
         "share of cells that conduct g_on, whatever is written"),
    REAL("device.stuck_off", stuck_off, "0", 0, 1, "", 1,
         "share of cells that conduct g_off, whatever is written"),
    YES_NO(
        "device.off_leak", off_leak, "false",
        "g_off of every driven row stays in single-ended sums: no reference column takes it out"),
    REAL("device.drift_nu", drift_nu, "0", -10, 10, "", 1,
         "mean exponent of conductance drift: g(t) = g (t / t0)^-nu"),
    REAL("device.drift_nu_spread", drift_nu_spread, "0", 0, 10, "", 1,
         "deviation of the exponent over cells"),
    REAL("device.drift_time", drift_time_s, "1", 1e-9, 1e12, "s", 1,
         "t: how long after programming the network runs"),
    REAL("device.drift_start", drift_start_s, "1", 1e-9, 1e12, "s", 1,
         "t0: how long after programming g was measured"),
    REAL("device.nonlinearity", nonlinearity, "0", 0, 20, "", 1,
         "b of I ~ g sinh(b V / V_read) / sinh(b) for inputs of several bits; 0 = I ~ g V"),
    REAL("device.read_noise", read_noise, "0", 0, 10, "", 1,
         "deviation of a cell's conductance at every read, as a share of its own conductance"),
    REAL("device.read_noise_fixed", read_noise_fixed, "0", 0, 10, "", 1,
         "the same as a share of g_on - g_off, equal for all cells; variances add"),
    COUNT("device.resolution_bits", resolution_bits, "12", 8, 14,
          "conductances are integers of g_on - g_off in 2^resolution_bits parts, or just fewer"),
};
static const mho_fields device_fields = {
    "device", device_rows, sizeof device_rows / sizeof *device_rows, sizeof(mho_device)};

const mhoi_section mhoi_device_section = {.name = "device",
                                          .fields = &device_fields,
                                          .presets = "configs/device/",
                                          .finish = read_table,
                                          .check = check,
                                          .content = content,
                                          .idle = idle};
