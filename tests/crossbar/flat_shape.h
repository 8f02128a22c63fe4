/* SPDX-License-Identifier: Apache-2.0 */
/* The shape of a fully connected layer: one position, no windows. */
#ifndef MHO_TEST_FLAT_SHAPE_H
#define MHO_TEST_FLAT_SHAPE_H

#include "crossbar/crossbar_impl.h"

static inline mho_crossbar_shape flat_shape(size_t rows, size_t columns, size_t crossbar_rows,
                                            size_t bits)
{
    return (mho_crossbar_shape){.window = {.c = rows,
                                           .h = 1,
                                           .w = 1,
                                           .kh = 1,
                                           .kw = 1,
                                           .stride_h = 1,
                                           .stride_w = 1,
                                           .dilation_h = 1,
                                           .dilation_w = 1},
                                .columns = columns,
                                .crossbar_rows = crossbar_rows,
                                .input_bits = bits};
}

#endif
