/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MHO_DEVICE_IMPL_H
#define MHO_DEVICE_IMPL_H

#include "mho/device.h"

/* g_off in integer units. */
double mhoi_device_off(const mho_device *d);
/* The integer of a cell at g_off: 0 where a reference column takes g_off out, else the above, rounded. */
int32_t mhoi_device_zero(const mho_device *d);

#endif
