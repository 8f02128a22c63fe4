/* SPDX-License-Identifier: Apache-2.0 */
/* The RRAM cell: conductance levels, and how far a programmed cell misses them.
 *
 * A cell of N bits has 2^N levels.  With Delta g = (g_on - g_off) / 2^(N+1) the centre of level k is
 * g_(k) = g_off + (2k + 1) Delta g, and a programmed cell has g = g_(k) + u Delta g, u drawn once a
 * programming (bcnn Section IV-B).
 *
 * Conductances are held as integers, multiples of (g_on - g_off) / 2^resolution_bits above g_off: sums
 * of them are exact, so results do not depend on order, threads or kernel. */
#ifndef MHO_DEVICE_H
#define MHO_DEVICE_H

#include <stddef.h>
#include <stdint.h>

#include "mho/config.h"
#include "mho/status.h"

typedef enum mho_distribution {
    MHO_DIST_UNIFORM,   /* u uniform on (-variation, variation) */
    MHO_DIST_GAUSSIAN,  /* u normal of deviation variation / 3, redrawn beyond variation */
    MHO_DIST_LOGNORMAL, /* g = g_(k) exp(variation_sigma n), n standard normal */
} mho_distribution;

typedef struct mho_device {
    size_t bits;            /* N, 1..8 */
    double g_on_S, g_off_S; /* 0 <= g_off < g_on */
    int distribution;       /* mho_distribution */
    double variation;       /* half-width of u, dimensionless; 0 = ideal */
    double variation_sigma; /* lognormal only: deviation of ln g */
    size_t resolution_bits; /* of the integers above; 10..14 */
} mho_device;

/* Field keys are "device.bits", ...: a part of the hardware description's table. */

/* Errors name the field and the value. */
MHO_API MHO_MUST_CHECK mho_status mho_device_check(const mho_device *device);

/* Centre of level k and Delta g, in integer units of the resolution (exact: the resolution is finer
 * than Delta g). */
MHO_API int32_t mho_device_level(const mho_device *device, size_t k);
MHO_API int32_t mho_device_delta(const mho_device *device);

/* Programs n cells: g[i] = conductance in integer units of a cell set to level[i].  The draw of cell i
 * depends on (seed, trial, layer, array, first + i) only.
 * A draw below 0 S or beyond MHO_CONDUCTANCE_RATIO x 2^resolution_bits is held there and added to *held
 * (may be NULL). */
#define MHO_CONDUCTANCE_RATIO 1.6 /* largest representable g over g_on, in units above g_off */
MHO_API void mho_device_program(const mho_device *device, uint64_t seed, uint32_t trial, uint32_t layer,
                                uint32_t array, uint64_t first, size_t n, const uint8_t *level,
                                int16_t *g, uint64_t *held);

#endif
