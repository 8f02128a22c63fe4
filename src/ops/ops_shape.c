/* SPDX-License-Identifier: Apache-2.0 */
/* Operators that leave the elements as they are and in their order: other sizes, another type, or the sizes themselves. */
#include <string.h>

#include "ops/ops_impl.h"

static mho_status copy_run(mhoi_call *c)
{
    if (c->out->count)
        memcpy(c->out->data, c->in[0]->data, c->out->count * mho_type_bytes(c->out->type));
    return MHO_OK;
}

/* Sizes that hold as many elements as the input has. */
static mho_status reshaped(mhoi_call *c, size_t rank, const size_t *size)
{
    char from[MHO_ARRAY_TEXT], to[MHO_ARRAY_TEXT];
    mho_status s = mhoi_out(c, 0, c->in[0]->type, rank, size);
    if (!s && c->out->count != c->in[0]->count)
        s = mho_error(MHO_EFORMAT, "%s does not become %s", mho_array_text(c->in[0], from),
                      mho_array_text(c->out, to));
    return s;
}

/* 0: as it is there (unless allowzero); -1: what is left. */
static mho_status reshape_shape(mhoi_call *c)
{
    int64_t want[MHOI_RANK_MAX];
    size_t rank, size[MHOI_RANK_MAX], product = 1, open = SIZE_MAX;
    const bool zero = mhoi_attr_int(c->op, "allowzero", 0) != 0;
    mho_status s = mhoi_numbers(c, 1, "shape", MHOI_RANK_MAX, want, &rank);
    if (!s && rank == SIZE_MAX)
        s = mho_error(MHO_EFORMAT, "no shape");
    for (size_t k = 0; !s && k < rank; k++) {
        if (want[k] < -1 || (want[k] == -1 && open != SIZE_MAX) ||
            (want[k] == 0 && !zero && k >= c->in[0]->rank))
            return mho_error(MHO_EFORMAT, "size %zu of the shape is %lld", k, (long long)want[k]);
        size[k] = want[k] == 0 && !zero ? c->in[0]->size[k] : want[k] == -1 ? 1 : (size_t)want[k];
        open = want[k] == -1 ? k : open;
        if (__builtin_mul_overflow(product, size[k], &product))
            return mho_error(MHO_EFORMAT, "more than 2^31 elements");
    }
    if (!s && open != SIZE_MAX)
        size[open] = product ? c->in[0]->count / product : 0;
    return s ? s : reshaped(c, rank, size);
}

static mho_status flatten_shape(mhoi_call *c)
{
    const mho_array *x = c->in[0];
    const int64_t axis = mhoi_attr_int(c->op, "axis", 1), r = (int64_t)x->rank;
    if (axis < -r || axis > r)
        return mho_error(MHO_EFORMAT, "axis %lld of %zu dimensions", (long long)axis, x->rank);
    const size_t at = (size_t)(axis < 0 ? axis + r : axis);
    return reshaped(
        c, 2, (const size_t[]){mhoi_product(x->size, 0, at), mhoi_product(x->size, at, x->rank)});
}

/* The axes that input 1 or the attribute names, as a set of bits of `rank` dimensions. */
static mho_status axes_of(mhoi_call *c, size_t rank, unsigned *set, size_t *count)
{
    int64_t axis[MHOI_RANK_MAX];
    mho_status s = mhoi_numbers(c, 1, "axes", MHOI_RANK_MAX, axis, count);
    *set = 0;
    for (size_t k = 0; !s && *count != SIZE_MAX && k < *count; k++) {
        size_t at = 0;
        s = mhoi_axis(axis[k], rank, &at);
        if (!s && *set >> at & 1)
            s = mho_error(MHO_EFORMAT, "axis %lld is named twice", (long long)axis[k]);
        *set |= 1U << at;
    }
    return s;
}

static mho_status squeeze_shape(mhoi_call *c)
{
    const mho_array *x = c->in[0];
    size_t rank = 0, size[MHOI_RANK_MAX], count;
    unsigned set;
    mho_status s = axes_of(c, x->rank, &set, &count);
    for (size_t k = 0; !s && k < x->rank; k++) {
        const bool gone = count == SIZE_MAX ? x->size[k] == 1 : set >> k & 1;
        if (gone && x->size[k] != 1)
            return mho_error(MHO_EFORMAT, "squeezes axis %zu of size %zu", k, x->size[k]);
        if (!gone)
            size[rank++] = x->size[k];
    }
    return s ? s : reshaped(c, rank, size);
}

static mho_status unsqueeze_shape(mhoi_call *c)
{
    const mho_array *x = c->in[0];
    const mho_array *axes = mhoi_in(c, 1);
    const int64_t *ints;
    const size_t more = axes ? axes->count : mhoi_attr_ints(c->op, "axes", &ints);
    size_t size[MHOI_RANK_MAX], count, from = 0;
    unsigned set;
    if (x->rank + more > MHOI_RANK_MAX)
        return mho_error(MHO_ENOTMODELED, "%zu dimensions", x->rank + more);
    mho_status s = axes_of(c, x->rank + more, &set, &count);
    for (size_t k = 0; !s && k < x->rank + more; k++)
        size[k] = set >> k & 1 ? 1 : x->size[from++];
    return s ? s : reshaped(c, x->rank + more, size);
}

/* --- sizes as values */

static void slice_of_rank(const mhoi_call *c, size_t *first, size_t *last)
{
    const int64_t r = (int64_t)c->in[0]->rank;
    int64_t a = mhoi_attr_int(c->op, "start", 0), b = mhoi_attr_int(c->op, "end", r);
    a = a < 0 ? a + r : a;
    b = b < 0 ? b + r : b;
    a = a < 0 ? 0 : a > r ? r : a;
    b = b < a ? a : b > r ? r : b;
    *first = (size_t)a;
    *last = (size_t)b;
}

static mho_status shape_shape(mhoi_call *c)
{
    size_t first, last;
    slice_of_rank(c, &first, &last);
    return mhoi_out(c, 0, MHO_TYPE_INT64, 1, (const size_t[]){last - first});
}

static mho_status shape_run(mhoi_call *c)
{
    size_t first, last;
    slice_of_rank(c, &first, &last);
    for (size_t k = first; k < last; k++)
        ((int64_t *)c->out->data)[k - first] = (int64_t)c->in[0]->size[k];
    return MHO_OK;
}

static mho_status size_shape(mhoi_call *c)
{
    return mhoi_out(c, 0, MHO_TYPE_INT64, 0, NULL);
}

static mho_status size_run(mhoi_call *c)
{
    *(int64_t *)c->out->data = (int64_t)c->in[0]->count;
    return MHO_OK;
}

/* --- types */

static mho_status cast_to(mhoi_call *c, mho_type type)
{
    if (!mho_type_bytes(type))
        return mho_error(MHO_ENOTMODELED, "to element type %d of ONNX", (int)type);
    return mhoi_out_like(c, 0, type, c->in[0]);
}

static mho_status cast_shape(mhoi_call *c)
{
    return cast_to(c, (mho_type)mhoi_attr_int(c->op, "to", 0));
}

static mho_status cast_like_shape(mhoi_call *c)
{
    return cast_to(c, c->in[1]->type);
}

static mho_status cast_run(mhoi_call *c)
{
    mho_array result;
    if (mhoi_type_is_small_float(c->out->type) && !mhoi_attr_int(c->op, "saturate", 1)) {
        for (size_t i = 0; i < c->out->count; i++)
            ((uint8_t *)c->out->data)[i] =
                mhoi_small_from(c->out->type, mho_array_number(c->in[0], i), false);
        return MHO_OK;
    }
    /* Reals beyond a type of 4 or 2 bits: set 24 says the low bits, before it the nearest end. */
    if (mhoi_type_is_packed(c->out->type) && !mhoi_type_is_small_float(c->out->type) &&
        c->op->set >= 24) {
        for (size_t i = 0; i < c->out->count; i++)
            mhoi_array_set_wholes(c->out, i, 1, &(int64_t){mhoi_array_whole(c->in[0], i)});
        return MHO_OK;
    }
    mho_status s = mhoi_array_convert(c->in[0], c->out->type, &result);
    if (!s && result.count)
        memcpy(c->out->data, result.data, result.count * mho_type_bytes(result.type));
    mho_array_free(&result);
    return s;
}

/* The same bits as another type of as many. */
static mho_status bits_shape(mhoi_call *c)
{
    const mho_type type = (mho_type)mhoi_attr_int(c->op, "to", 0);
    if (!mho_type_bytes(type) || mhoi_packed_bytes(type, 4) != mhoi_packed_bytes(c->in[0]->type, 4))
        return mho_error(MHO_ENOTMODELED, "%s to element type %d of ONNX",
                         mho_type_name(c->in[0]->type), (int)type);
    return mhoi_out_like(c, 0, type, c->in[0]);
}

static mho_status bits_run(mhoi_call *c)
{
    const mho_type from = c->in[0]->type, to = c->out->type;
    if (mhoi_type_is_packed(from)) { /* the sign is spread over a byte */
        for (size_t i = 0; i < c->out->count; i++) {
            const uint8_t code = ((const uint8_t *)c->in[0]->data)[i];
            ((uint8_t *)c->out->data)[i] = (uint8_t)mhoi_wrap_small(to, code);
        }
    } else if (c->out->count) {
        memcpy(c->out->data, c->in[0]->data, c->out->count * mho_type_bytes(to));
    }
    for (size_t i = 0; to == MHO_TYPE_BOOL && i < c->out->count; i++)
        ((uint8_t *)c->out->data)[i] = ((uint8_t *)c->out->data)[i] != 0;
    return MHO_OK;
}

/* --- dropout: nothing is left of it in inference */

static mho_status dropout_shape(mhoi_call *c)
{
    if (c->op->set < 7 && c->outputs > 1 && !mhoi_attr_int(c->op, "is_test", 0))
        return mho_error(MHO_ENOTMODELED, "dropout as in training (is_test = 0, with a mask)");
    const mho_array *training = mhoi_in(c, 2);
    if (training && !mhoi_known(training))
        return mho_error(MHO_ENODATA, "the value of training_mode is not known");
    const mho_array *ratio = mhoi_in(c, 1);
    const bool drops = !ratio || !ratio->data || mho_array_number(ratio, 0) != 0;
    if (training && training->count && mho_array_number(training, 0) != 0 && drops)
        return mho_error(MHO_ENOTMODELED, "dropout as in training (training_mode is true)");
    mho_status s = mhoi_same_shape(c);
    return s ? s : mhoi_out_like(c, 1, c->op->set < 10 ? c->in[0]->type : MHO_TYPE_BOOL, c->in[0]);
}

static mho_status dropout_run(mhoi_call *c)
{
    mho_status s = copy_run(c);
    for (size_t i = 0; c->outputs > 1 && i < c->out[1].count; i++)
        mhoi_array_set_wholes(&c->out[1], i, 1, &(int64_t){1});
    return s;
}

/* One of the two; both have run as far as their conditions say. */
static const mho_array *chosen(const mhoi_call *c, size_t k)
{
    const size_t of_else = (c->inputs - 1) / 2;
    return c->in[1 + k + (mho_array_number(c->in[0], 0) != 0 ? 0 : of_else)];
}

static mho_status choice_shape(mhoi_call *c)
{
    mho_status s = mhoi_need_known(c, 0);
    if (!s && c->in[0]->count != 1)
        s = mho_error(MHO_EFORMAT, "a condition of %zu values", c->in[0]->count);
    for (size_t k = 0; !s && k < c->outputs; k++) {
        const mho_array *from = chosen(c, k);
        s = from && from->type ? mhoi_out_like(c, k, from->type, from)
                               : mho_error(MHO_ENODATA, "what it takes is not known");
    }
    return s;
}

static mho_status choice_run(mhoi_call *c)
{
    mho_status s = MHO_OK;
    for (size_t k = 0; !s && k < c->outputs; k++)
        s = mhoi_array_fill(chosen(c, k), &c->out[k]);
    return s;
}

static mho_status identity_run(mhoi_call *c)
{
    return mhoi_array_fill(c->in[0], c->out);
}

const mhoi_operator mhoi_ops_shape[] = {
    {"If", "", 1, MHOI_OP_MANY, MHOI_OP_MANY, "", choice_shape, choice_run},
    {"Identity", "", 1, 1, 1, "", mhoi_same_shape, identity_run},
    {"Dropout", "", 1, 3, 2, "ratio seed is_test consumed_inputs ", dropout_shape, dropout_run},
    {"Reshape", "", 1, 2, 1, "shape allowzero consumed_inputs ", reshape_shape, copy_run},
    {"Flatten", "", 1, 1, 1, "axis ", flatten_shape, copy_run},
    {"Squeeze", "", 1, 2, 1, "axes ", squeeze_shape, copy_run},
    {"Unsqueeze", "", 1, 2, 1, "axes ", unsqueeze_shape, copy_run},
    {"Shape", "", 1, 1, 1, "start end ", shape_shape, shape_run},
    {"Size", "", 1, 1, 1, "", size_shape, size_run},
    {"Cast", "", 1, 1, 1, "to saturate ", cast_shape, cast_run},
    {"BitCast", "", 1, 1, 1, "to ", bits_shape, bits_run},
    {"CastLike", "", 2, 2, 1, "saturate ", cast_like_shape, cast_run},
    {0}};
