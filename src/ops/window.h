/* SPDX-License-Identifier: Apache-2.0 */
/* Windows over the axes of space, 1 to 6 of them: convolution and pooling. */
#ifndef MHO_OPS_WINDOW_H
#define MHO_OPS_WINDOW_H

#include "ops/ops_impl.h"

#define MHOI_SPACE (MHOI_RANK_MAX - 2)

typedef struct mhoi_window {
    size_t space; /* axes of it */
    size_t in[MHOI_SPACE], out[MHOI_SPACE], kernel[MHOI_SPACE], stride[MHOI_SPACE],
        dilation[MHOI_SPACE], before[MHOI_SPACE], after[MHOI_SPACE];
} mhoi_window;

/* kernel_shape, strides, dilations, pads, auto_pad over the axes 2.. of x; kernel: sizes where the attribute is left
 * out (NULL: it must be there).  ceil: a last partial window counts if it begins inside. */
MHO_MUST_CHECK mho_status mhoi_window_of(const mhoi_call *c, const mho_array *x,
                                         const size_t *kernel, bool ceil, mhoi_window *w);
/* Position `at` of the output and `k` of the kernel: the place in x along one axis; -1: in the padding. */
static inline int64_t mhoi_window_at(const mhoi_window *w, size_t axis, size_t at, size_t k)
{
    const int64_t i =
        (int64_t)(at * w->stride[axis] + k * w->dilation[axis]) - (int64_t)w->before[axis];
    return i < (int64_t)w->in[axis] ? i : -1;
}

#define MHOI_WINDOW_ATTRIBUTES "kernel_shape strides dilations pads auto_pad "

#endif
