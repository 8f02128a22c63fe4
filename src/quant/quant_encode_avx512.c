/* SPDX-License-Identifier: Apache-2.0 */
#define MHOI_ENCODE mhoi_encode_avx512
#include "quant/quant_encode_body.h"
