/* SPDX-License-Identifier: Apache-2.0 */
/* rows_kernel.h for AVX2. */
#define MHOI_ROWS_TABLE mhoi_rows_avx2
#define WIDTH 8
#define VECTORS 2
#define ROWS 5
#include "dnn/rows_kernel_body.h"
