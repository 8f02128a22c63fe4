/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MHO_DEVICE_IMPL_H
#define MHO_DEVICE_IMPL_H

#include "mho/device.h"

/* g_off in integer units. */
double mhoi_device_off(const mho_device *d);
/* g_on in integer units above g_off. */
double mhoi_device_full(const mho_device *d);
/* The lowest level, above g_off; without what off_leak adds. */
int32_t mhoi_device_lowest(const mho_device *d);
/* The lowest and the highest mean of the table. */
typedef struct mhoi_means {
    double low_S, high_S;
} mhoi_means;
mhoi_means mhoi_device_means(const mho_device *d);
/* The integer of a cell at g_off: 0 where a reference column takes g_off out, else the above, rounded. */
int32_t mhoi_device_zero(const mho_device *d);

#endif
