/* SPDX-License-Identifier: Apache-2.0 */
/* What the operators share: shapes, axes, numbers that are inputs or attributes, broadcasting. */
#include <string.h>

#include "base/alloc.h"
#include "ops/ops_impl.h"

mho_status mhoi_out(mhoi_call *c, size_t k, mho_type type, size_t rank, const size_t *size)
{
    return k < c->outputs ? mhoi_array_shape(type, rank, size, &c->out[k]) : MHO_OK;
}

mho_status mhoi_out_like(mhoi_call *c, size_t k, mho_type type, const mho_array *like)
{
    return mhoi_out(c, k, type, like->rank, like->size);
}

mho_status mhoi_same_shape(mhoi_call *c)
{
    return mhoi_out_like(c, 0, c->in[0]->type, c->in[0]);
}

mho_status mhoi_axis(int64_t axis, size_t rank, size_t *out)
{
    const int64_t r = (int64_t)rank;
    *out = 0;
    if (axis < -r || axis >= r)
        return mho_error(MHO_EFORMAT, "axis %lld of %zu dimensions", (long long)axis, rank);
    *out = (size_t)(axis < 0 ? axis + r : axis);
    return MHO_OK;
}

mho_status mhoi_need_known(const mhoi_call *c, size_t k)
{
    const mho_array *a = mhoi_in(c, k);
    if (a && !mhoi_known(a))
        return mho_error(MHO_ENODATA, "the value of input %zu is not known", k);
    return MHO_OK;
}

mho_status mhoi_numbers(const mhoi_call *c, size_t k, const char *attribute, size_t room,
                        int64_t *out, size_t *count)
{
    const mho_array *a = mhoi_in(c, k);
    const int64_t *ints = NULL;
    *count = SIZE_MAX;
    mho_status s = mhoi_need_known(c, k);
    if (s)
        return s;
    if (a) {
        *count = a->count;
    } else if (attribute && mhoi_attr_find(c->op, attribute)) {
        *count = mhoi_attr_ints(c->op, attribute, &ints);
    } else {
        return MHO_OK;
    }
    if (*count > room)
        return mho_error(MHO_EFORMAT, "%zu numbers for %s, want up to %zu", *count,
                         attribute ? attribute : "an input", room);
    if (a)
        mhoi_array_wholes(a, 0, *count, out);
    else if (*count)
        memcpy(out, ints, *count * sizeof *out);
    return MHO_OK;
}

mho_status mhoi_scalar(const mhoi_call *c, size_t k, double otherwise, double *out)
{
    const mho_array *a = mhoi_in(c, k);
    *out = otherwise;
    mho_status s = mhoi_need_known(c, k);
    if (s || !a)
        return s;
    if (a->count != 1)
        return mho_error(MHO_EFORMAT, "input %zu has %zu elements, want one", k, a->count);
    *out = mho_array_number(a, 0);
    return MHO_OK;
}

mho_status mhoi_same_type(const mhoi_call *c, size_t i, size_t j)
{
    if (c->in[i]->type == c->in[j]->type)
        return MHO_OK;
    return mho_error(MHO_EFORMAT, "inputs %zu and %zu are %s and %s, want one type", i, j,
                     mho_type_name(c->in[i]->type), mho_type_name(c->in[j]->type));
}

mho_status mhoi_want_real(const mhoi_call *c, size_t k)
{
    const mho_array *a = mhoi_in(c, k);
    if (!a || mhoi_type_kind(a->type) == MHOI_KIND_REAL)
        return MHO_OK;
    return mho_error(MHO_ENOTMODELED, "input %zu is %s, want a type of reals", k,
                     mho_type_name(a->type));
}

mho_status mhoi_broadcast(const mho_array *a, const mho_array *b, size_t *rank, size_t *size)
{
    char ta[MHO_ARRAY_TEXT], tb[MHO_ARRAY_TEXT];
    size_t out[MHOI_RANK_MAX];
    const size_t r = a->rank > b->rank ? a->rank : b->rank;
    for (size_t k = 0; k < r; k++) {
        const size_t x = k + a->rank < r ? 1 : a->size[k + a->rank - r];
        const size_t y = k + b->rank < r ? 1 : b->size[k + b->rank - r];
        if (x != y && x != 1 && y != 1)
            return mho_error(MHO_EFORMAT, "%s does not fit %s", mho_array_text(a, ta),
                             mho_array_text(b, tb));
        out[k] = x == 1 ? y : x;
    }
    *rank = r;
    memcpy(size, out, r * sizeof *size);
    return MHO_OK;
}

void mhoi_broadcast_strides(const mho_array *a, size_t rank, size_t *stride)
{
    size_t own[MHOI_RANK_MAX];
    mhoi_array_strides(a, own);
    for (size_t k = 0; k < rank; k++) {
        const bool there = k + a->rank >= rank;
        const size_t at = k + a->rank - rank;
        stride[k] = there && a->size[at] != 1 ? own[at] : 0;
    }
}

mho_status mhoi_doubles(const mho_array *a, double **out)
{
    mho_status s = mhoi_alloc(out, a->count, sizeof **out, "numbers of an array");
    if (!s)
        mhoi_array_reals(a, 0, a->count, *out);
    return s;
}

mho_status mhoi_floats(const mho_array *a, const float **out, float **made)
{
    *made = NULL;
    *out = a->data;
    if (a->type == MHO_TYPE_FLOAT)
        return MHO_OK;
    mho_array floats;
    mho_status s = mhoi_array_convert(a, MHO_TYPE_FLOAT, &floats);
    *out = *made = floats.data;
    return s;
}

void mhoi_put_doubles(mhoi_call *c, size_t k, const double *value)
{
    if (k < c->outputs && c->out[k].type != MHO_TYPE_NONE)
        mhoi_array_set_reals(&c->out[k], 0, c->out[k].count, value);
}

void mhoi_prepared_free(mhoi_prepared *p)
{
    if (p->destroy)
        p->destroy(p->data);
    *p = (mhoi_prepared){0};
}
