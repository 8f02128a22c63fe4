/* SPDX-License-Identifier: Apache-2.0 */
/* Normalizations with what stands before them: sums, and the embedding of words. */
#include <string.h>

#include "onnx/onnx_expand.h"

/* LayerNormalization of x, which gives output 0. */
static MhoiOnnx__NodeProto *normalize(mhoi_expansion *e, const char *op, char *x, char *scale,
                                      char *shift)
{
    MhoiOnnx__NodeProto *n =
        shift ? mhoi_x_add(e, op, e->from->output[0], x, scale, shift, mhoi_x_end)
              : mhoi_x_add(e, op, e->from->output[0], x, scale, mhoi_x_end);
    mhoi_x_int(e, n, "axis", -1);
    mhoi_x_float(e, n, "epsilon", mhoi_x_told_float(e, "epsilon", 1e-12F));
    return n;
}

static mho_status expand_skip(mhoi_expansion *e)
{
    const bool simple = strcmp(e->from->op_type, "SkipSimplifiedLayerNormalization") == 0;
    char *bias = mhoi_x_in(e, simple ? 3 : 4), *sum = mhoi_x_out(e, 3);
    if (mhoi_x_out(e, 1) || mhoi_x_out(e, 2))
        return mho_error(MHO_ENOTMODELED, "outputs 1 and 2, which are for training");
    MhoiOnnx__NodeProto *n =
        mhoi_x_add(e, "Add", NULL, mhoi_x_in(e, 0), mhoi_x_in(e, 1), mhoi_x_end);
    if (bias)
        n = mhoi_x_add(e, "Add", NULL, mhoi_x_name(n), bias, mhoi_x_end);
    if (sum)
        n->output[0] = sum;
    (void)normalize(e, simple ? "SimplifiedLayerNormalization" : "LayerNormalization",
                    mhoi_x_name(n), mhoi_x_in(e, 2), simple ? NULL : mhoi_x_in(e, 3));
    return MHO_OK;
}

static mho_status expand_embedding(mhoi_expansion *e)
{
    char *ids = mhoi_x_in(e, 0), *positions = mhoi_x_in(e, 8), *rows = mhoi_x_in(e, 3);
    MhoiOnnx__NodeProto *n = mhoi_x_add(e, "Gather", NULL, mhoi_x_in(e, 2), ids, mhoi_x_end);
    char *sum = mhoi_x_name(n);
    if (positions) {
        rows = mhoi_x_of(e, "Gather", rows, positions, mhoi_x_end);
    } else {
        char *zero = mhoi_x_numbers(e, 1, (const int64_t[]){0}),
             *one = mhoi_x_numbers(e, 1, (const int64_t[]){1});
        char *shape = mhoi_x_of(e, "Shape", ids, mhoi_x_end);
        char *length = mhoi_x_of(e, "Gather", shape, one, mhoi_x_end);
        rows = mhoi_x_of(e, "Slice", rows, zero, length, zero, mhoi_x_end);
    }
    sum = mhoi_x_of(e, "Add", sum, rows, mhoi_x_end);
    if (mhoi_x_in(e, 1) && mhoi_x_in(e, 4)) {
        char *segment = mhoi_x_of(e, "Gather", mhoi_x_in(e, 4), mhoi_x_in(e, 1), mhoi_x_end);
        sum = mhoi_x_name(mhoi_x_add(e, "Add", mhoi_x_out(e, 2), sum, segment, mhoi_x_end));
    } else if (mhoi_x_out(e, 2)) {
        sum = mhoi_x_name(mhoi_x_add(e, "Identity", mhoi_x_out(e, 2), sum, mhoi_x_end));
    }
    if (mhoi_x_out(e, 1) && mhoi_x_in(e, 7)) {
        n = mhoi_x_add(e, "ReduceSum", mhoi_x_out(e, 1), mhoi_x_in(e, 7),
                       mhoi_x_numbers(e, 1, (const int64_t[]){1}), mhoi_x_end);
        mhoi_x_int(e, n, "keepdims", 0);
    } else if (mhoi_x_out(e, 1)) {
        return mho_error(MHO_ENOTMODELED, "lengths without a mask");
    }
    (void)normalize(e, "LayerNormalization", sum, mhoi_x_in(e, 5), mhoi_x_in(e, 6));
    return MHO_OK;
}

const mhoi_expand_row mhoi_expand_norms[] = {
    {"SkipLayerNormalization", 3, 5, "epsilon ", expand_skip},
    {"SkipSimplifiedLayerNormalization", 3, 4, "epsilon ", expand_skip},
    {"EmbedLayerNormalization", 7, 9, "epsilon mask_index_type ", expand_embedding},
    {0}};
