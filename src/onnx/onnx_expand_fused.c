/* SPDX-License-Identifier: Apache-2.0 */
/* Convolutions, products and activation functions that a runtime made one operator of. */
#include <stdio.h>
#include <string.h>

#include "onnx/onnx_expand.h"

static mho_status activate(mhoi_expansion *e, char *x)
{
    static const struct {
        const char *op, *first, *second;
    } known[] = {{"Relu", NULL, NULL},     {"Tanh", NULL, NULL},
                 {"Sigmoid", NULL, NULL},  {"LeakyRelu", "alpha", NULL},
                 {"Clip", "min", "max"},   {"HardSigmoid", "alpha", "beta"},
                 {"HardSwish", NULL, NULL}};
    const MhoiOnnx__AttributeProto *a = mhoi_x_told(e, "activation"),
                                   *list = mhoi_x_told(e, "activation_params");
    const size_t length = a && a->has_s ? a->s.len : 0;
    for (size_t k = 0; length && k < sizeof known / sizeof *known; k++) {
        if (length != strlen(known[k].op) || memcmp(a->s.data, known[k].op, length) != 0)
            continue;
        MhoiOnnx__NodeProto *n = mhoi_x_add(e, known[k].op, NULL, x, mhoi_x_end);
        if (known[k].first && list && list->n_floats > 0)
            mhoi_x_float(e, n, known[k].first, list->floats[0]);
        else if (known[k].first && mhoi_x_told(e, "activation_alpha"))
            mhoi_x_float(e, n, known[k].first, mhoi_x_told_float(e, "activation_alpha", 0));
        if (known[k].second && list && list->n_floats > 1)
            mhoi_x_float(e, n, known[k].second, list->floats[1]);
        else if (known[k].second && mhoi_x_told(e, "activation_beta"))
            mhoi_x_float(e, n, known[k].second, mhoi_x_told_float(e, "activation_beta", 0));
        mhoi_x_finish(e);
        return MHO_OK;
    }
    if (length)
        return mho_error(MHO_ENOTMODELED, "activation = %.*s", (int)(length < 40 ? length : 40),
                         (const char *)a->s.data);
    mhoi_x_finish(e);
    return MHO_OK;
}

static mho_status expand_conv(mhoi_expansion *e)
{
    MhoiOnnx__NodeProto *n =
        mhoi_x_add(e, "Conv", NULL, mhoi_x_in(e, 0), mhoi_x_in(e, 1), mhoi_x_in(e, 2), mhoi_x_end);
    static const char *const names[] = {"auto_pad",     "dilations", "group",
                                        "kernel_shape", "pads",      "strides"};
    for (size_t k = 0; k < sizeof names / sizeof *names; k++)
        mhoi_x_hand_down(e, n, names[k]);
    if (mhoi_x_in(e, 3))
        n = mhoi_x_add(e, "Add", NULL, mhoi_x_name(n), mhoi_x_in(e, 3), mhoi_x_end);
    return activate(e, mhoi_x_name(n));
}

static mho_status expand_gemm(mhoi_expansion *e)
{
    MhoiOnnx__NodeProto *n =
        mhoi_x_add(e, "Gemm", NULL, mhoi_x_in(e, 0), mhoi_x_in(e, 1), mhoi_x_in(e, 2), mhoi_x_end);
    static const char *const names[] = {"alpha", "beta", "transA", "transB"};
    for (size_t k = 0; k < sizeof names / sizeof *names; k++)
        mhoi_x_hand_down(e, n, names[k]);
    return activate(e, mhoi_x_name(n));
}

/* A constant matrix the other way round, as weights may stand; others stay what they are. */
static char *turn_constant(mhoi_expansion *e, char *name, bool *turns)
{
    const MhoiOnnx__TensorProto *t = *turns ? mhoi_x_initializer(e, name) : NULL;
    if (!t || t->n_dims != 2)
        return name;
    MhoiOnnx__NodeProto *n = mhoi_x_add(e, "Transpose", NULL, name, mhoi_x_end);
    mhoi_x_ints(e, n, "perm", 2, (const int64_t[]){1, 0});
    *turns = false;
    return mhoi_x_name(n);
}

static mho_status expand_matmul(mhoi_expansion *e)
{
    bool a = mhoi_x_told_int(e, "transA", 0) != 0, b = mhoi_x_told_int(e, "transB", 0) != 0;
    if (mhoi_x_told_int(e, "transBatchA", 0) || mhoi_x_told_int(e, "transBatchB", 0))
        return mho_error(MHO_ENOTMODELED, "transBatchA or transBatchB");
    char *weight = turn_constant(e, mhoi_x_in(e, 1), &b);
    MhoiOnnx__NodeProto *n =
        mhoi_x_add(e, a || b ? "Einsum" : "MatMul", NULL, mhoi_x_in(e, 0), weight, mhoi_x_end);
    char equation[32];
    snprintf(equation, sizeof equation, "...%s,...%s->...ik", a ? "ji" : "ij", b ? "kj" : "jk");
    if (a || b)
        mhoi_x_text(e, n, "equation", equation);
    if (mhoi_x_told_float(e, "alpha", 1) != 1) {
        char *alpha = mhoi_x_number(e, mhoi_x_told_float(e, "alpha", 1));
        (void)mhoi_x_add(e, "Mul", NULL, mhoi_x_name(n), alpha, mhoi_x_end);
    }
    mhoi_x_finish(e);
    return MHO_OK;
}

static mho_status expand_gelu(mhoi_expansion *e)
{
    char *x = mhoi_x_in(e, 0);
    if (mhoi_x_in(e, 1))
        x = mhoi_x_of(e, "Add", x, mhoi_x_in(e, 1), mhoi_x_end);
    MhoiOnnx__NodeProto *n = mhoi_x_add(e, "Gelu", NULL, x, mhoi_x_end);
    if (strcmp(e->from->op_type, "FastGelu") == 0)
        mhoi_x_text(e, n, "approximate", "tanh");
    mhoi_x_finish(e);
    return MHO_OK;
}

static mho_status expand_quick_gelu(mhoi_expansion *e)
{
    mhoi_x_float(e, mhoi_x_add(e, "Swish", NULL, mhoi_x_in(e, 0), mhoi_x_end), "alpha",
                 mhoi_x_told_float(e, "alpha", 1.702F));
    mhoi_x_finish(e);
    return MHO_OK;
}

static mho_status expand_product_gelu(mhoi_expansion *e)
{
    char *x = mhoi_x_of(e, "MatMul", mhoi_x_in(e, 0), mhoi_x_in(e, 1), mhoi_x_end);
    if (mhoi_x_in(e, 2))
        x = mhoi_x_of(e, "Add", x, mhoi_x_in(e, 2), mhoi_x_end);
    mhoi_x_text(e, mhoi_x_add(e, "Gelu", NULL, x, mhoi_x_end), "approximate", "tanh");
    mhoi_x_finish(e);
    return MHO_OK;
}

/* x + bias + what passed by. */
static mho_status expand_bias_add(mhoi_expansion *e)
{
    char *x = mhoi_x_of(e, "Add", mhoi_x_in(e, 0), mhoi_x_in(e, 1), mhoi_x_end);
    (void)mhoi_x_of(e, "Add", x, mhoi_x_in(e, 2), mhoi_x_end);
    mhoi_x_finish(e);
    return MHO_OK;
}

/* Of x + bias the first half times the Gelu of the second. */
static mho_status expand_split_gelu(mhoi_expansion *e)
{
    char *x = mhoi_x_of(e, "Add", mhoi_x_in(e, 0), mhoi_x_in(e, 1), mhoi_x_end);
    MhoiOnnx__NodeProto *split = mhoi_x_add(e, "Split", NULL, x, mhoi_x_end);
    mhoi_x_int(e, split, "axis", -1);
    mhoi_x_int(e, split, "num_outputs", 2);
    mhoi_x_outputs(e, split, 2);
    (void)mhoi_x_of(e, "Mul", split->output[0], mhoi_x_of(e, "Gelu", split->output[1], mhoi_x_end),
                    mhoi_x_end);
    mhoi_x_finish(e);
    return MHO_OK;
}

/* Distances of the rows of a from those of b. */
static mho_status expand_distances(mhoi_expansion *e)
{
    const MhoiOnnx__AttributeProto *metric = mhoi_x_told(e, "metric");
    const char *name = metric && metric->has_s && metric->s.len ? (const char *)metric->s.data : "";
    const bool squared = metric && strncmp(name, "sqeuclidean", metric->s.len) == 0;
    if (!squared && strncmp(name, "euclidean", metric ? metric->s.len : 1) != 0)
        return mho_error(MHO_ENOTMODELED, "metric = %.*s", metric ? (int)metric->s.len : 0, name);
    char *a = mhoi_x_of(e, "Unsqueeze", mhoi_x_in(e, 0), mhoi_x_numbers(e, 1, (const int64_t[]){1}),
                        mhoi_x_end);
    char *b = mhoi_x_of(e, "Unsqueeze", mhoi_x_in(e, 1), mhoi_x_numbers(e, 1, (const int64_t[]){0}),
                        mhoi_x_end);
    MhoiOnnx__NodeProto *n = mhoi_x_add(e, squared ? "ReduceSumSquare" : "ReduceL2", NULL,
                                        mhoi_x_of(e, "Sub", a, b, mhoi_x_end),
                                        mhoi_x_numbers(e, 1, (const int64_t[]){2}), mhoi_x_end);
    mhoi_x_int(e, n, "keepdims", 0);
    mhoi_x_finish(e);
    return MHO_OK;
}

/* The standard's own of that name, or of another. */
static mho_status expand_plain(mhoi_expansion *e)
{
    const bool dims = strcmp(e->from->op_type, "ExpandDims") == 0;
    MhoiOnnx__NodeProto *n =
        mhoi_x_add(e, dims ? "Unsqueeze" : e->from->op_type, e->from->output[0], mhoi_x_in(e, 0),
                   dims ? mhoi_x_of(e, "Reshape", mhoi_x_in(e, 1),
                                    mhoi_x_numbers(e, 1, (const int64_t[]){1}), mhoi_x_end)
                        : mhoi_x_in(e, 1),
                   mhoi_x_end);
    mhoi_x_hand_down(e, n, "upper");
    return MHO_OK;
}

const mhoi_expand_row mhoi_expand_fused[] = {
    {"GemmFastGelu", 2, 3, "", expand_product_gelu},
    {"BiasAdd", 3, 3, "", expand_bias_add},
    {"BiasSplitGelu", 2, 2, "", expand_split_gelu},
    {"CDist", 2, 2, "metric ", expand_distances},
    {"ExpandDims", 2, 2, "", expand_plain},
    {"Trilu", 1, 2, "upper ", expand_plain},
    {"FusedConv", 2, 4,
     "activation activation_params auto_pad dilations group kernel_shape pads strides ",
     expand_conv},
    {"FusedGemm", 2, 3,
     "activation activation_alpha activation_beta activation_gamma alpha beta transA transB ",
     expand_gemm},
    {"FusedMatMul", 2, 2, "alpha transA transB transBatchA transBatchB ", expand_matmul},
    {"TransposeMatMul", 2, 2, "alpha transA transB ", expand_matmul},
    {"BiasGelu", 2, 2, "", expand_gelu},
    {"FastGelu", 1, 2, "", expand_gelu},
    {"QuickGelu", 1, 1, "alpha ", expand_quick_gelu},
    {0}};
