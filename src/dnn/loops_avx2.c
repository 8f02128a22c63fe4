/* SPDX-License-Identifier: Apache-2.0 */
/* loops.h for AVX2. */
#define MHOI_LOOPS mhoi_loops_avx2
#include "dnn/loops_body.h"
