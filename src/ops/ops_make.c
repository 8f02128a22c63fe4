/* SPDX-License-Identifier: Apache-2.0 */
/* Operators that make arrays from little: constants of a shape, ranges, unit matrices. */
#include <math.h>
#include <string.h>

#include "ops/ops_impl.h"

static mho_status filled_shape(mhoi_call *c)
{
    int64_t want[MHOI_RANK_MAX];
    size_t rank, size[MHOI_RANK_MAX];
    const mhoi_attr *value = mhoi_attr_find(c->op, "value");
    mho_status s = mhoi_numbers(c, 0, NULL, MHOI_RANK_MAX, want, &rank);
    for (size_t k = 0; !s && k < rank; k++) {
        if (want[k] < 0)
            return mho_error(MHO_EFORMAT, "size %zu is %lld", k, (long long)want[k]);
        size[k] = (size_t)want[k];
    }
    if (!s && value && value->array.count != 1)
        s = mho_error(MHO_EFORMAT, "a value of %zu elements, want one", value->array.count);
    return s ? s : mhoi_out(c, 0, value ? value->array.type : MHO_TYPE_FLOAT, rank, size);
}

static mho_status filled_run(mhoi_call *c)
{
    const mhoi_attr *value = mhoi_attr_find(c->op, "value");
    const size_t bytes = mho_type_bytes(c->out->type);
    for (size_t i = 0; value && i < c->out->count; i++)
        memcpy((char *)c->out->data + i * bytes, value->array.data, bytes);
    return MHO_OK;
}

static mho_status range_shape(mhoi_call *c)
{
    double start, limit, step;
    mho_status s = mhoi_scalar(c, 0, 0, &start);
    if (!s)
        s = mhoi_scalar(c, 1, 0, &limit);
    if (!s)
        s = mhoi_scalar(c, 2, 0, &step);
    const double n = s ? 0 : ceil((limit - start) / step);
    if (!s && !(n < 0x1p31))
        s = mho_error(MHO_EDOMAIN, "%g numbers from %g to %g", n, start, limit);
    return s ? s : mhoi_out(c, 0, c->in[0]->type, 1, (const size_t[]){n > 0 ? (size_t)n : 0});
}

static mho_status range_run(mhoi_call *c)
{
    const double start = mho_array_number(c->in[0], 0), step = mho_array_number(c->in[2], 0);
    for (size_t i = 0; i < c->out->count; i++) {
        const double value = start + (double)i * step;
        mhoi_array_set_reals(c->out, i, 1, &value);
    }
    return MHO_OK;
}

static mho_status eye_shape(mhoi_call *c)
{
    const mho_type type = (mho_type)mhoi_attr_int(c->op, "dtype", (int64_t)c->in[0]->type);
    if (c->in[0]->rank != 2 || !mho_type_bytes(type))
        return mho_error(MHO_EFORMAT, "%zu dimensions, want 2", c->in[0]->rank);
    return mhoi_out_like(c, 0, type, c->in[0]);
}

static mho_status eye_run(mhoi_call *c)
{
    const int64_t k = mhoi_attr_int(c->op, "k", 0);
    for (size_t i = 0; i < c->out->count; i++) {
        const int64_t row = (int64_t)(i / c->out->size[1]), column = (int64_t)(i % c->out->size[1]);
        mhoi_array_set_wholes(c->out, i, 1, &(int64_t){column - row == k});
    }
    return MHO_OK;
}

const mhoi_operator mhoi_ops_make[] = {
    {"ConstantOfShape", "", 1, 1, 1, "value ", filled_shape, filled_run},
    {"Range", "", 3, 3, 1, "", range_shape, range_run},
    {"EyeLike", "", 1, 1, 1, "dtype k ", eye_shape, eye_run},
    {0}};
