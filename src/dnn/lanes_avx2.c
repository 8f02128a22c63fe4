/* SPDX-License-Identifier: Apache-2.0 */
/* lanes.h for AVX2. */
#define MHOI_LANES_TABLE mhoi_lanes_avx2
#define WIDTH 8
#define COLUMNS 3
#include "dnn/lanes_body.h"
