/* SPDX-License-Identifier: Apache-2.0 */
#define CHIP_LANES_TABLE mhoi_chip_lanes_avx2
#include "chip/chip_lanes_body.h"
