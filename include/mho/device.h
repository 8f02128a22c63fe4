/* SPDX-License-Identifier: Apache-2.0 */
/* The RRAM cell: conductance levels, and how far a programmed cell misses them.
 *
 * A cell of N bits has 2^N levels.  They lie in the middle of equal intervals of the range,
 * g_(k) = g_off + (2k + 1) Delta g with Delta g = (g_on - g_off) / 2^(N+1) (bcnn Section IV-B), or the
 * lowest and the highest are the ends of the range, g_(k) = g_off + 2k Delta g, or a measured table tells
 * them.  A programmed cell has g = g_(k) + u Delta g, u drawn once a programming.
 *
 * Conductances are held as integers, multiples of about (g_on - g_off) / 2^resolution_bits above g_off
 * (mho_device_unit_S; such that Delta g is a whole number): sums of them are exact, so results do not
 * depend on order, threads or kernel. */
#ifndef MHO_DEVICE_H
#define MHO_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mho/config.h"
#include "mho/status.h"

MHO_C_BEGIN

typedef enum mho_distribution {
    MHO_DIST_UNIFORM,   /* u uniform on (-variation, variation) */
    MHO_DIST_GAUSSIAN,  /* u normal of deviation variation / 3, redrawn beyond variation */
    MHO_DIST_LOGNORMAL, /* g = g_(k) exp(variation_sigma n), n standard normal */
} mho_distribution;

typedef enum mho_levels {
    MHO_LEVELS_INTERVALS, /* in the middle of 2^N equal intervals of the range */
    MHO_LEVELS_ENDS,      /* g_off, g_on and equally spaced between them */
} mho_levels;

typedef struct mho_device {
    size_t bits;             /* N, 1..8 */
    double g_on_S, g_off_S;  /* 0 <= g_off < g_on */
    int levels;              /* mho_levels; without a table */
    int distribution;        /* mho_distribution */
    double variation;        /* half-width of u, dimensionless; 0 = ideal */
    double variation_sigma;  /* lognormal only: deviation of ln g */
    double variation_rise;   /* added to either from the lowest to the highest level, linearly */
    char table[256];         /* path of measured levels (mho_device_read_table); "" = none */
    double verify_tolerance; /* half levels: a cell farther from its centre is written again */
    size_t verify_rewrites; /* most times it is written again, 0..254; 0 = cells are not verified */
    double stuck_on, stuck_off; /* shares of cells that conduct g_on, g_off whatever is written */
    double drift_nu, drift_nu_spread;   /* g(t) = g (t / t0)^-nu, nu normal over cells */
    double drift_time_s, drift_start_s; /* t, t0 */
    double nonlinearity;                /* b of I ~ g sinh(b V / V_read) / sinh(b); 0 = I ~ g V */
    /* Noise of a read, drawn anew for every cell and read: deviation as a share of the cell's own
     * conductance, and as a share of g_on - g_off, the same for every cell; variances add. */
    double read_noise, read_noise_fixed;
    bool
        off_leak; /* no reference column takes g_off of every driven row out of single-ended sums */
    size_t resolution_bits; /* of the integers above; 8..14, and more than bits */
    /* What the table holds, in siemens; levels 0 = none. */
    size_t table_levels;
    float table_mean_S[256], table_deviation_S[256];
    uint8_t table_nearest[256]; /* the measured level that stands for level k of mho_device_level */
} mho_device;

/* Field keys are "device.bits", ...: a part of the hardware description's table. */

/* Errors name the field and the value. */
MHO_API MHO_MUST_CHECK mho_status mho_device_check(const mho_device *device);

/* Reads device->table if it names a file: lines of `level, mean, deviation`, the last two in siemens, one
 * for each level; `#` starts a comment, a first line that begins with `level` is a title.  With no table
 * the levels are dropped.  Errors name file and line: MHO_EFILE, MHO_EFORMAT, MHO_EDOMAIN (a level that is
 * missing, told twice or too high; a mean beyond what a cell can conduct; a deviation below 0; means that
 * are all the same). */
MHO_API MHO_MUST_CHECK mho_status mho_device_read_table(mho_device *device);

/* The same device without anything that keeps a cell from the centre of its level (the mean, where a table
 * tells it), and without noise; what a cell is (bits, range, levels, resolution, leak) stays. */
MHO_API mho_device mho_device_ideal(const mho_device *device);

/* Centre of level k and Delta g, in integer units of the resolution, exact.  With a table: of 2^N equally
 * spaced levels from the lowest mean to the highest; a cell that is to have one of them gets the measured
 * level whose mean is nearest to it. */
MHO_API int32_t mho_device_level(const mho_device *device, size_t k);
MHO_API int32_t mho_device_delta(const mho_device *device);
/* What one integer unit is; an integer g of a cell stands for g_off + g units, with off_leak for g units. */
MHO_API double mho_device_unit_S(const mho_device *device);

/* What programming took; counts add up over calls. */
typedef struct mho_write_count {
    uint64_t cells;
    uint64_t writes;  /* of all cells, at least one each */
    uint64_t outside; /* cells beyond the tolerance after the last write; verified devices only */
    uint64_t stuck;
    uint64_t held; /* draws held at the end of the range a conductance can take */
} mho_write_count;

/* Programs n cells: g[i] = conductance in integer units of a cell set to level[i].  The draw of cell i
 * depends on (seed, trial, layer, array, first + i) only; first + i < 2^32, array < 2^28.
 * A draw below 0 S or beyond MHO_CONDUCTANCE_RATIO (g_on - g_off) above g_off is held there and
 * counted.  count may be NULL. */
#define MHO_CONDUCTANCE_RATIO 1.6 /* largest representable g over g_on, in units above g_off */
MHO_API void mho_device_program(const mho_device *device, uint64_t seed, uint32_t trial,
                                uint32_t layer, uint32_t array, uint64_t first, size_t n,
                                const uint8_t *level, int16_t *g, mho_write_count *count);

/* Does a cell conduct something else at every read? */
MHO_API bool mho_device_is_noisy(const mho_device *device);
/* variance[i] of one read of a cell that conducts g[i], in (integer units)^2; docs/models/device.md
 * eq. (11). */
MHO_API void mho_device_read_variance(const mho_device *device, size_t n, const int16_t *g,
                                      float *variance);

MHO_C_END

#endif
