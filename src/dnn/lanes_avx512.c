/* SPDX-License-Identifier: Apache-2.0 */
/* lanes.h for AVX-512. */
#define MHOI_LANES_TABLE mhoi_lanes_avx512
#define WIDTH 16
#define COLUMNS 5
#include "dnn/lanes_body.h"
