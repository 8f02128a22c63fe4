/* SPDX-License-Identifier: Apache-2.0 */
/* dense_kernel.h for AVX2. */
#define MHOI_DENSE_TABLE mhoi_dense_avx2
#define WIDTH 8
#define ROWS 2
#define IMAGES 2
#include "dnn/dense_kernel_body.h"
