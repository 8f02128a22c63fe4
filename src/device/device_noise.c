/* SPDX-License-Identifier: Apache-2.0 */
/* Noise of a read: docs/models/device.md eq. (11). */
#include <math.h>

#include "device/device_impl.h"

bool mho_device_is_noisy(const mho_device *d)
{
    return d->read_noise > 0 || d->read_noise_fixed > 0;
}

void mho_device_read_variance(const mho_device *d, size_t n, const int16_t *g, float *variance)
{
    const double off = mhoi_device_off(d) - mhoi_device_zero(d); /* from integers to siemens */
    const double fixed = d->read_noise_fixed * mhoi_device_full(d);
    for (size_t i = 0; i < n; ++i) {
        const double own = d->read_noise * (g[i] + off);
        variance[i] = (float)(own * own + fixed * fixed);
    }
}
