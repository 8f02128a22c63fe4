/* SPDX-License-Identifier: Apache-2.0 */
/* Section `quant` of a hardware description. */
#ifndef MHO_QUANT_SECTION_H
#define MHO_QUANT_SECTION_H

#include "base/section.h"
#include "mho/quant.h"

typedef enum mhoi_quant_scales {
    MHOI_QUANT_AUTO, /* power of two, but of files that mho has not written */
    MHOI_QUANT_POWER_OF_TWO,
    MHOI_QUANT_LAYER,
    MHOI_QUANT_CHANNEL,
} mhoi_quant_scales;

typedef struct mhoi_quant_options {
    int scales;                /* mhoi_quant_scales */
    int weight_rule, map_rule; /* mho_scale_rule of full mode; binary mode needs no scale */
} mhoi_quant_options;

extern const mhoi_section mhoi_quant_section;

#endif
