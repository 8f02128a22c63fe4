/* SPDX-License-Identifier: Apache-2.0 */
/* Operators on codes: as products of whole numbers, or of the real numbers that the codes stand for. */
#include <string.h>

#include "onnx/onnx_expand.h"

/* Whole sums of codes as floats, times the scales of both. */
static char *scaled_sums(mhoi_expansion *e, char *a, char *b, char *a_zero, char *b_zero,
                         char *a_scale, char *b_scale, char *bias)
{
    MhoiOnnx__NodeProto *n = mhoi_x_add(e, "MatMulInteger", NULL, a, b, a_zero, b_zero, mhoi_x_end);
    if (bias)
        n = mhoi_x_add(e, "Add", NULL, mhoi_x_name(n), bias, mhoi_x_end);
    n = mhoi_x_add(e, "Cast", NULL, mhoi_x_name(n), mhoi_x_end);
    mhoi_x_int(e, n, "to", MHOI_ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT);
    char *scale = mhoi_x_of(e, "Mul", a_scale, b_scale, mhoi_x_end);
    return mhoi_x_of(e, "Mul", mhoi_x_name(n), scale, mhoi_x_end);
}

static char *turned(mhoi_expansion *e, char *x, const char *name)
{
    if (!mhoi_x_told_int(e, name, 0))
        return x;
    MhoiOnnx__NodeProto *n = mhoi_x_add(e, "Transpose", NULL, x, mhoi_x_end);
    mhoi_x_ints(e, n, "perm", 2, (const int64_t[]){1, 0});
    return mhoi_x_name(n);
}

static mho_status expand_qgemm(mhoi_expansion *e)
{
    if (mhoi_x_told_float(e, "alpha", 1) != 1)
        return mho_error(MHO_ENOTMODELED, "alpha = %g", (double)mhoi_x_told_float(e, "alpha", 1));
    char *y = scaled_sums(e, turned(e, mhoi_x_in(e, 0), "transA"),
                          turned(e, mhoi_x_in(e, 3), "transB"), mhoi_x_in(e, 2), mhoi_x_in(e, 5),
                          mhoi_x_in(e, 1), mhoi_x_in(e, 4), mhoi_x_in(e, 6));
    if (mhoi_x_in(e, 7))
        (void)mhoi_x_add(e, "QuantizeLinear", NULL, y, mhoi_x_in(e, 7), mhoi_x_in(e, 8),
                         mhoi_x_end);
    mhoi_x_finish(e);
    return MHO_OK;
}

static mho_status expand_integer(mhoi_expansion *e)
{
    char *y = scaled_sums(e, mhoi_x_in(e, 0), mhoi_x_in(e, 1), mhoi_x_in(e, 4), mhoi_x_in(e, 5),
                          mhoi_x_in(e, 2), mhoi_x_in(e, 3), NULL);
    if (mhoi_x_in(e, 6))
        (void)mhoi_x_add(e, "Add", NULL, y, mhoi_x_in(e, 6), mhoi_x_end);
    mhoi_x_finish(e);
    return MHO_OK;
}

static mho_status expand_dynamic(mhoi_expansion *e)
{
    MhoiOnnx__NodeProto *q =
        mhoi_x_add(e, "DynamicQuantizeLinear", NULL, mhoi_x_in(e, 0), mhoi_x_end);
    while (q->n_output < 3)
        q->output[q->n_output++] = mhoi_x_fresh(e);
    char *y = scaled_sums(e, q->output[0], mhoi_x_in(e, 1), q->output[2], mhoi_x_in(e, 3),
                          q->output[1], mhoi_x_in(e, 2), NULL);
    if (mhoi_x_in(e, 4))
        (void)mhoi_x_add(e, "Add", NULL, y, mhoi_x_in(e, 4), mhoi_x_end);
    mhoi_x_finish(e);
    return MHO_OK;
}

static mho_status expand_concat(mhoi_expansion *e)
{
    if (e->from->n_input < 5 || e->from->n_input % 3 != 2)
        return mho_error(MHO_EFORMAT, "%zu inputs", e->from->n_input);
    const size_t parts = e->from->n_input / 3;
    char **part = mhoi_x_take(e, parts * sizeof *part);
    for (size_t k = 0; k < parts; k++)
        part[k] = mhoi_x_of(e, "DequantizeLinear", mhoi_x_in(e, 3 * k + 2), mhoi_x_in(e, 3 * k + 3),
                            mhoi_x_in(e, 3 * k + 4), mhoi_x_end);
    MhoiOnnx__NodeProto *n = mhoi_x_begin(e, "Concat", NULL, parts);
    for (size_t k = 0; k < parts; k++)
        n->input[n->n_input++] = part[k];
    mhoi_x_hand_down(e, n, "axis");
    (void)mhoi_x_add(e, "QuantizeLinear", NULL, mhoi_x_name(n), mhoi_x_in(e, 0), mhoi_x_in(e, 1),
                     mhoi_x_end);
    mhoi_x_finish(e);
    return MHO_OK;
}

static mho_status expand_same(mhoi_expansion *e)
{
    MhoiOnnx__NodeProto *n = mhoi_x_add(e, e->from->op_type, e->from->output[0], mhoi_x_in(e, 0),
                                        mhoi_x_in(e, 1), mhoi_x_in(e, 2), mhoi_x_end);
    mhoi_x_hand_down(e, n, "axis");
    mhoi_x_hand_down(e, n, "block_size");
    return MHO_OK;
}

/* --- a matrix of few bits: W [N][K], codes of blocks along K in bytes, the lowest bits first */

typedef struct blocks {
    int64_t k, n, bits, size, count; /* blocks of `size` along K, `count` of them in a row */
} blocks;

/* Codes in bytes [N, bytes of a row] as numbers, [N, blocks, each]. */
static char *unpack(mhoi_expansion *e, char *x, const blocks *b, int64_t each)
{
    const int64_t parts = 8 / b->bits, most = (int64_t)1 << b->bits;
    const int64_t row = (b->count * each + parts - 1) / parts;
    MhoiOnnx__NodeProto *all = mhoi_x_begin(e, "Concat", NULL, (size_t)parts);
    char *last = mhoi_x_numbers(e, 1, (const int64_t[]){2});
    x = mhoi_x_of(e, "Reshape", x, mhoi_x_numbers(e, 2, (const int64_t[]){b->n, row}), mhoi_x_end);
    x = mhoi_x_cast(e, x, MHOI_ONNX__TENSOR_PROTO__DATA_TYPE__INT32);
    for (int64_t i = 0; i < parts; i++) {
        char *shifted = mhoi_x_cast(e, mhoi_x_numbers(e, 1, (const int64_t[]){1 << (b->bits * i)}),
                                    MHOI_ONNX__TENSOR_PROTO__DATA_TYPE__INT32);
        char *modulus =
            mhoi_x_cast(e, mhoi_x_numbers(e, 1, &most), MHOI_ONNX__TENSOR_PROTO__DATA_TYPE__INT32);
        char *code = mhoi_x_of(e, "Div", x, shifted, mhoi_x_end);
        code = mhoi_x_of(e, "Mod", code, modulus, mhoi_x_end);
        all->input[all->n_input++] = mhoi_x_of(e, "Unsqueeze", code, last, mhoi_x_end);
    }
    mhoi_x_int(e, all, "axis", 2);
    x = mhoi_x_of(e, "Reshape", mhoi_x_name(all),
                  mhoi_x_numbers(e, 2, (const int64_t[]){b->n, row * parts}), mhoi_x_end);
    char *zero = mhoi_x_numbers(e, 1, (const int64_t[]){0});
    char *end = mhoi_x_numbers(e, 1, (const int64_t[]){b->count * each});
    char *axis = mhoi_x_numbers(e, 1, (const int64_t[]){1});
    x = mhoi_x_of(e, "Slice", x, zero, end, axis, mhoi_x_end);
    char *shape = mhoi_x_numbers(e, 3, (const int64_t[]){b->n, b->count, each});
    return mhoi_x_cast(e, mhoi_x_of(e, "Reshape", x, shape, mhoi_x_end), MHOI_X_FLOAT);
}

static mho_status blocks_of(const mhoi_expansion *e, blocks *b)
{
    *b = (blocks){.k = mhoi_x_told_int(e, "K", 0),
                  .n = mhoi_x_told_int(e, "N", 0),
                  .bits = mhoi_x_told_int(e, "bits", 4),
                  .size = mhoi_x_told_int(e, "block_size", 0)};
    if (b->k < 1 || b->n < 1 || b->size < 1 || b->k > INT32_MAX || b->n > INT32_MAX ||
        b->size > INT32_MAX)
        return mho_error(MHO_EFORMAT, "K = %lld, N = %lld, block_size = %lld", (long long)b->k,
                         (long long)b->n, (long long)b->size);
    b->count = (b->k + b->size - 1) / b->size;
    if (b->bits != 2 && b->bits != 4 && b->bits != 8)
        return mho_error(MHO_ENOTMODELED, "bits = %lld, want 2, 4 or 8", (long long)b->bits);
    return mhoi_x_in(e, 4) ? mho_error(MHO_ENOTMODELED, "an order of its own of the blocks (g_idx)")
                           : MHO_OK;
}

/* Zero points are packed as the codes are, or one real number a block; half of the codes where they are left out. */
static char *zero_points(mhoi_expansion *e, const blocks *b, char *shape)
{
    const MhoiOnnx__TensorProto *zero = mhoi_x_initializer(e, mhoi_x_in(e, 3));
    if (!mhoi_x_in(e, 3))
        return mhoi_x_number(e, (float)((int64_t)1 << (b->bits - 1)));
    if (zero && zero->data_type != MHOI_ONNX__TENSOR_PROTO__DATA_TYPE__UINT8)
        return mhoi_x_of(e, "Reshape", mhoi_x_cast(e, mhoi_x_in(e, 3), MHOI_X_FLOAT), shape,
                         mhoi_x_end);
    return unpack(e, mhoi_x_in(e, 3), b, 1);
}

static mho_status expand_few_bits(mhoi_expansion *e)
{
    blocks b;
    mho_status s = blocks_of(e, &b);
    if (s)
        return s;
    char *shape = mhoi_x_numbers(e, 3, (const int64_t[]){b.n, b.count, 1});
    char *w = unpack(e, mhoi_x_in(e, 1), &b, b.size);
    w = mhoi_x_of(e, "Sub", w, zero_points(e, &b, shape), mhoi_x_end);
    char *scale = mhoi_x_cast(e, mhoi_x_in(e, 2), MHOI_X_FLOAT);
    w = mhoi_x_of(e, "Mul", w, mhoi_x_of(e, "Reshape", scale, shape, mhoi_x_end), mhoi_x_end);
    char *rows = mhoi_x_numbers(e, 2, (const int64_t[]){b.n, b.count * b.size});
    char *zero = mhoi_x_numbers(e, 1, (const int64_t[]){0});
    char *end = mhoi_x_numbers(e, 1, &b.k), *axis = mhoi_x_numbers(e, 1, (const int64_t[]){1});
    w = mhoi_x_of(e, "Slice", mhoi_x_of(e, "Reshape", w, rows, mhoi_x_end), zero, end, axis,
                  mhoi_x_end);
    MhoiOnnx__NodeProto *turn = mhoi_x_add(e, "Transpose", NULL, w, mhoi_x_end);
    mhoi_x_ints(e, turn, "perm", 2, (const int64_t[]){1, 0});
    char *y = mhoi_x_of(e, "MatMul", mhoi_x_in(e, 0), mhoi_x_name(turn), mhoi_x_end);
    if (mhoi_x_in(e, 5))
        (void)mhoi_x_of(e, "Add", y, mhoi_x_in(e, 5), mhoi_x_end);
    mhoi_x_finish(e);
    return MHO_OK;
}

/* Condition, x, its scale and zero point, y likewise, scale and zero point of what it gives. */
static mho_status expand_where(mhoi_expansion *e)
{
    char *x = mhoi_x_of(e, "DequantizeLinear", mhoi_x_in(e, 1), mhoi_x_in(e, 2), mhoi_x_in(e, 3),
                        mhoi_x_end);
    char *y = mhoi_x_of(e, "DequantizeLinear", mhoi_x_in(e, 4), mhoi_x_in(e, 5), mhoi_x_in(e, 6),
                        mhoi_x_end);
    char *z = mhoi_x_of(e, "Where", mhoi_x_in(e, 0), x, y, mhoi_x_end);
    (void)mhoi_x_of(e, "QuantizeLinear", z, mhoi_x_in(e, 7), mhoi_x_in(e, 8), mhoi_x_end);
    mhoi_x_finish(e);
    return MHO_OK;
}

static mho_status expand_coded_mean(mhoi_expansion *e)
{
    const MhoiOnnx__AttributeProto *axes = mhoi_x_told(e, "axes");
    char *x = mhoi_x_of(e, "DequantizeLinear", mhoi_x_in(e, 0), mhoi_x_in(e, 1), mhoi_x_in(e, 2),
                        mhoi_x_end);
    char *list = axes ? mhoi_x_numbers(e, axes->n_ints, axes->ints) : NULL;
    MhoiOnnx__NodeProto *n = mhoi_x_add(e, "ReduceMean", NULL, x, list, mhoi_x_end);
    mhoi_x_hand_down(e, n, "keepdims");
    (void)mhoi_x_of(e, "QuantizeLinear", mhoi_x_name(n), mhoi_x_in(e, 3), mhoi_x_in(e, 4),
                    mhoi_x_end);
    mhoi_x_finish(e);
    return MHO_OK;
}

const mhoi_expand_row mhoi_expand_codes[] = {
    {"MatMulNBits", 3, 6, "K N accuracy_level bits block_size weight_prepacked ", expand_few_bits},
    {"QLinearWhere", 9, 9, "", expand_where},
    {"QLinearReduceMean", 4, 5, "axes keepdims ", expand_coded_mean},
    {"QGemm", 6, 9, "alpha transA transB ", expand_qgemm},
    {"MatMulIntegerToFloat", 4, 7, "", expand_integer},
    {"DynamicQuantizeMatMul", 3, 5, "", expand_dynamic},
    {"QLinearConcat", 5, 4096, "axis ", expand_concat},
    {"QuantizeLinear", 2, 3, "axis block_size ", expand_same},
    {"DequantizeLinear", 2, 3, "axis block_size ", expand_same},
    {0}};
