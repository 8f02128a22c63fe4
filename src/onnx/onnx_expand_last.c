/* SPDX-License-Identifier: Apache-2.0 */
/* Operators of QONNX on maps whose channels are the last axis, those of weights, too: the standard's between two transpositions. */
#include <string.h>

#include "onnx/onnx_expand.h"

enum { AXES_MOST = 6 };

static char *turn(mhoi_expansion *e, char *x, size_t axes, bool back)
{
    int64_t perm[AXES_MOST];
    for (size_t k = 0; k < axes; k++)
        perm[k] = (int64_t)k;
    for (size_t k = 1; k < axes; k++) /* channels to the second place, or from there to the last */
        perm[k] = back ? (k + 1 < axes ? (int64_t)k + 1 : 1)
                       : (k == 1 ? (int64_t)axes - 1 : (int64_t)k - 1);
    MhoiOnnx__NodeProto *n = mhoi_x_add(e, "Transpose", NULL, x, mhoi_x_end);
    mhoi_x_ints(e, n, "perm", axes, perm);
    return mhoi_x_name(n);
}

static mho_status expand_window(mhoi_expansion *e)
{
    static const char *const names[] = {"auto_pad",  "ceil_mode", "count_include_pad",
                                        "dilations", "group",     "kernel_shape",
                                        "pads",      "strides"};
    const MhoiOnnx__AttributeProto *kernel = mhoi_x_told(e, "kernel_shape");
    const size_t axes = kernel ? kernel->n_ints + 2 : 0;
    if (axes < 3 || axes > AXES_MOST)
        return mho_error(MHO_EFORMAT, "a kernel_shape of %zu numbers", axes ? axes - 2 : 0);
    char *x = turn(e, mhoi_x_in(e, 0), axes, false);
    char *w = mhoi_x_in(e, 1) ? turn(e, mhoi_x_in(e, 1), axes, false) : NULL;
    MhoiOnnx__NodeProto *n =
        mhoi_x_add(e, e->from->op_type, NULL, x, w, mhoi_x_in(e, 2), mhoi_x_end);
    while (n->n_input > 1 && n->input[n->n_input - 1] == mhoi_x_end)
        n->n_input--;
    for (size_t k = 0; k < sizeof names / sizeof *names; k++)
        mhoi_x_hand_down(e, n, names[k]);
    (void)turn(e, mhoi_x_name(n), axes, true);
    mhoi_x_finish(e);
    return MHO_OK;
}

/* Of channels that are last anyway: (x - mean) gamma / sqrt(variance + epsilon) + beta. */
static mho_status expand_normalization(mhoi_expansion *e)
{
    char *epsilon = mhoi_x_number(e, mhoi_x_told_float(e, "epsilon", 1e-5F));
    char *deviation =
        mhoi_x_of(e, "Sqrt", mhoi_x_of(e, "Add", mhoi_x_in(e, 4), epsilon, mhoi_x_end), mhoi_x_end);
    char *scale = mhoi_x_of(e, "Div", mhoi_x_in(e, 1), deviation, mhoi_x_end);
    char *x = mhoi_x_of(e, "Sub", mhoi_x_in(e, 0), mhoi_x_in(e, 3), mhoi_x_end);
    x = mhoi_x_of(e, "Mul", x, scale, mhoi_x_end);
    (void)mhoi_x_of(e, "Add", x, mhoi_x_in(e, 2), mhoi_x_end);
    mhoi_x_finish(e);
    return MHO_OK;
}

#define POOL "auto_pad ceil_mode count_include_pad dilations kernel_shape pads strides "
const mhoi_expand_row mhoi_expand_last[] = {
    {"Conv", 2, 3, "auto_pad dilations group kernel_shape pads strides ", expand_window},
    {"MaxPool", 1, 1, POOL, expand_window},
    {"AveragePool", 1, 1, POOL, expand_window},
    {"BatchNormalization", 5, 5, "epsilon momentum ", expand_normalization},
    {0}};
