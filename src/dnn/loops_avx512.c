/* SPDX-License-Identifier: Apache-2.0 */
/* loops.h for AVX512. */
#define MHOI_LOOPS mhoi_loops_avx512
#include "dnn/loops_body.h"
