/* SPDX-License-Identifier: Apache-2.0 */
/* rows_kernel.h for AVX-512. */
#define MHOI_ROWS_TABLE mhoi_rows_avx512
#define WIDTH 16
#define VECTORS 4
#define ROWS 6
#include "dnn/rows_kernel_body.h"
