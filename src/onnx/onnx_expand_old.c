/* SPDX-License-Identifier: Apache-2.0 */
/* Experimental operators that the standard once had and gave up; files of early converters still use them. */
#include <string.h>

#include "onnx/onnx_expand.h"

/* beta + alpha f(x), or alpha f(beta x). */
static char *scaled(mhoi_expansion *e, char *x, const char *name, float otherwise)
{
    char *factor = mhoi_x_number(e, mhoi_x_told_float(e, name, otherwise));
    return mhoi_x_of(e, "Mul", x, factor, mhoi_x_end);
}

static mho_status expand_affine(mhoi_expansion *e)
{
    char *beta = mhoi_x_number(e, mhoi_x_told_float(e, "beta", 0));
    (void)mhoi_x_of(e, "Add", scaled(e, mhoi_x_in(e, 0), "alpha", 1), beta, mhoi_x_end);
    mhoi_x_finish(e);
    return MHO_OK;
}

static mho_status expand_function(mhoi_expansion *e)
{
    const bool tanh = strcmp(e->from->op_type, "ScaledTanh") == 0;
    char *x = scaled(e, mhoi_x_in(e, 0), "beta", 1);
    (void)scaled(e, mhoi_x_of(e, tanh ? "Tanh" : "Softplus", x, mhoi_x_end), "alpha", 1);
    mhoi_x_finish(e);
    return MHO_OK;
}

static mho_status expand_scale(mhoi_expansion *e)
{
    (void)scaled(e, mhoi_x_in(e, 0), "scale", 1);
    mhoi_x_finish(e);
    return MHO_OK;
}

/* scale x + bias, one of each channel. */
static mho_status expand_scaler(mhoi_expansion *e)
{
    const MhoiOnnx__AttributeProto *bias = mhoi_x_told(e, "bias");
    char *x = scaled(e, mhoi_x_in(e, 0), "scale", 1);
    if (bias && bias->n_floats) {
        MhoiOnnx__NodeProto *n = mhoi_x_begin(e, "Constant", NULL, 0);
        mhoi_x_floats(e, n, "value_floats", bias->n_floats, bias->floats);
        char *shape = mhoi_x_numbers(e, 3, (const int64_t[]){-1, 1, 1});
        char *each = mhoi_x_of(e, "Reshape", mhoi_x_name(n), shape, mhoi_x_end);
        (void)mhoi_x_of(e, "Add", x, each, mhoi_x_end);
    }
    mhoi_x_finish(e);
    return MHO_OK;
}

/* border: left, top, right and bottom elements go; with scale, height and width of what stays are told. */
static mho_status expand_crop(mhoi_expansion *e)
{
    const MhoiOnnx__AttributeProto *border = mhoi_x_told(e, "border"),
                                   *size = mhoi_x_told(e, "scale");
    if (!border || border->n_ints != 4 || (size && size->n_ints != 2))
        return mho_error(MHO_EFORMAT,
                         "a border of other than 4 numbers, or a scale of other than 2");
    const int64_t *b = border->ints, from[2] = {b[1], b[0]}, axes[2] = {2, 3};
    int64_t to[2] = {b[3] ? -b[3] : INT32_MAX, b[2] ? -b[2] : INT32_MAX};
    for (size_t k = 0; k < 2; k++) {
        if (from[k] < 0 || b[2 + k] < 0 || from[k] > INT32_MAX || b[2 + k] > INT32_MAX)
            return mho_error(MHO_EFORMAT, "a border of %lld", (long long)from[k]);
        if (size)
            to[k] = from[k] + size->ints[k];
    }
    (void)mhoi_x_of(e, "Slice", mhoi_x_in(e, 0), mhoi_x_numbers(e, 2, from),
                    mhoi_x_numbers(e, 2, to), mhoi_x_numbers(e, 2, axes), mhoi_x_end);
    mhoi_x_finish(e);
    return MHO_OK;
}

static mho_status expand_slice(mhoi_expansion *e)
{
    (void)mhoi_x_of(e, "Slice", mhoi_x_in(e, 0), mhoi_x_in(e, 1), mhoi_x_in(e, 2), mhoi_x_in(e, 3),
                    mhoi_x_end);
    mhoi_x_finish(e);
    return MHO_OK;
}

const mhoi_expand_row mhoi_expand_old[] = {
    {"Affine", 1, 1, "alpha beta ", expand_affine},
    {"ScaledTanh", 1, 1, "alpha beta ", expand_function},
    {"ParametricSoftplus", 1, 1, "alpha beta ", expand_function},
    {"Scale", 1, 1, "scale ", expand_scale},
    {"ImageScaler", 1, 1, "bias scale ", expand_scaler},
    {"Crop", 1, 1, "border scale ", expand_crop},
    {"DynamicSlice", 3, 4, "", expand_slice},
    {0}};
