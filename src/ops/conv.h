/* SPDX-License-Identifier: Apache-2.0 */
/* Convolution, shared with its quantized forms. */
#ifndef MHO_OPS_CONV_H
#define MHO_OPS_CONV_H

#include "ops/window.h"

typedef struct mhoi_conv_shape {
    size_t n, in, out, groups;
    mhoi_window window;
} mhoi_conv_shape;

/* x [n][in][...], w [out][in / groups][...]: by the attributes of the call. */
MHO_MUST_CHECK mho_status mhoi_conv_geometry(const mhoi_call *c, const mho_array *x,
                                             const mho_array *w, mhoi_conv_shape *g);
MHO_MUST_CHECK mho_status mhoi_conv_out(mhoi_call *c, mho_type type, const mho_array *x,
                                        const mhoi_conv_shape *g);
/* In double, with plain loops.  bias [out] or NULL. */
void mhoi_conv_loops(const mhoi_conv_shape *g, const double *x, const double *w, const double *bias,
                     double *y);

/* Whole numbers in double, exactly: by the kernel of dnn where that is exact. */
MHO_MUST_CHECK mho_status mhoi_conv_wholes(const mhoi_call *c, const mhoi_conv_shape *g,
                                           const double *x, const double *w, double *y);

#endif
