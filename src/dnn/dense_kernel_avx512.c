/* SPDX-License-Identifier: Apache-2.0 */
/* dense_kernel.h for AVX-512. */
#define MHOI_DENSE_TABLE mhoi_dense_avx512
#define WIDTH 16
#define ROWS 4
#define IMAGES 4
#include "dnn/dense_kernel_body.h"
