/* SPDX-License-Identifier: Apache-2.0 */
/* Section `device` of a hardware description; its options are a mho_device. */
#ifndef MHO_DEVICE_SECTION_H
#define MHO_DEVICE_SECTION_H

#include "base/section.h"
#include "mho/device.h"

extern const mhoi_section mhoi_device_section;

#endif
