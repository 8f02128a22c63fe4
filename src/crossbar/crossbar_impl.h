/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the crossbar engine share. */
#ifndef MHO_CROSSBAR_IMPL_H
#define MHO_CROSSBAR_IMPL_H

#include "mho/crossbar.h"

enum { MHOI_BLOCK = 512 }; /* pixels (positions of all images) worked on at once */

struct mho_crossbar {
    mho_crossbar_shape shape;
    size_t rows, w_out, positions;
    size_t groups;               /* row groups: crossbars along the rows */
    int16_t *g_plus, *g_minus;   /* [C][R] */
};

struct mho_crossbar_work {
    size_t images;
    int16_t *x;                     /* [R][MHOI_BLOCK] inputs of the pixels of a block */
    int32_t s_plus[MHOI_BLOCK], s_minus[MHOI_BLOCK], sum[MHOI_BLOCK];
};

/* code(S), exact for every S. */
int32_t mhoi_convert(const mho_converter *converter, int64_t s);

#endif
