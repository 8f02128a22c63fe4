/* SPDX-License-Identifier: Apache-2.0 */
/* Operators whose inputs tell which elements are meant. */
#include <string.h>

#include "base/alloc.h"
#include "ops/ops_impl.h"

/* An index -size..size-1 as 0..size-1. */
static mho_status index_of(const mho_array *indices, size_t i, size_t size, size_t *out)
{
    int64_t at = mhoi_array_whole(indices, i);
    if (at < -(int64_t)size || at >= (int64_t)size)
        return mho_error(MHO_EDOMAIN, "index %lld of %zu", (long long)at, size);
    *out = (size_t)(at < 0 ? at + (int64_t)size : at);
    return MHO_OK;
}

static mho_status want_whole(const mhoi_call *c, size_t k)
{
    if (mhoi_type_kind(c->in[k]->type) == MHOI_KIND_WHOLE)
        return MHO_OK;
    return mho_error(MHO_EFORMAT, "indices are %s, want whole numbers",
                     mho_type_name(c->in[k]->type));
}

static mho_status gather_shape(mhoi_call *c)
{
    const mho_array *x = c->in[0], *i = c->in[1];
    size_t axis = 0, size[2 * MHOI_RANK_MAX];
    mho_status s = want_whole(c, 1);
    if (!s)
        s = mhoi_axis(mhoi_attr_int(c->op, "axis", 0), x->rank, &axis);
    if (s)
        return s;
    memcpy(size, x->size, axis * sizeof *size);
    memcpy(size + axis, i->size, i->rank * sizeof *size);
    memcpy(size + axis + i->rank, x->size + axis + 1, (x->rank - axis - 1) * sizeof *size);
    return mhoi_out(c, 0, x->type, x->rank + i->rank - 1, size);
}

static mho_status gather_run(mhoi_call *c)
{
    const mho_array *x = c->in[0], *indices = c->in[1];
    size_t axis = 0, at = 0;
    mho_status s = mhoi_axis(mhoi_attr_int(c->op, "axis", 0), x->rank, &axis);
    const size_t outer = mhoi_product(x->size, 0, axis);
    const size_t each = mhoi_product(x->size, axis + 1, x->rank) * mho_type_bytes(x->type);
    char *to = c->out->data;
    for (size_t o = 0; o < outer; o++)
        for (size_t k = 0; !s && c->out->count && k < indices->count; k++, to += each) {
            s = index_of(indices, k, x->size[axis], &at);
            if (!s)
                memcpy(to, (const char *)x->data + (o * x->size[axis] + at) * each, each);
        }
    return s;
}

/* --- elements one by one */

static mho_status gather_elements_shape(mhoi_call *c)
{
    mho_status s = want_whole(c, 1);
    if (!s && c->in[0]->rank != c->in[1]->rank)
        s = mho_error(MHO_EFORMAT, "indices of %zu dimensions", c->in[1]->rank);
    return s ? s : mhoi_out_like(c, 0, c->in[0]->type, c->in[1]);
}

/* The element of `x` that has the place `index`, but `at` along the axis; SIZE_MAX: there is none. */
static size_t place(const mho_array *x, const size_t *index, size_t axis, size_t at)
{
    size_t stride[MHOI_RANK_MAX], sum = 0;
    mhoi_array_strides(x, stride);
    for (size_t k = 0; k < x->rank; k++) {
        const size_t i = k == axis ? at : index[k];
        if (i >= x->size[k])
            return SIZE_MAX;
        sum += i * stride[k];
    }
    return sum;
}

static mho_status gather_elements_run(mhoi_call *c)
{
    const mho_array *x = c->in[0];
    const size_t bytes = mho_type_bytes(x->type);
    size_t axis = 0, index[MHOI_RANK_MAX] = {0}, at = 0;
    mho_status s = mhoi_axis(mhoi_attr_int(c->op, "axis", 0), x->rank, &axis);
    for (size_t i = 0; !s && i < c->out->count; i++) {
        s = index_of(c->in[1], i, x->size[axis], &at);
        const size_t from = s ? SIZE_MAX : place(x, index, axis, at);
        if (!s && from == SIZE_MAX)
            s = mho_error(MHO_EFORMAT, "indices of more elements than there are");
        if (!s)
            memcpy((char *)c->out->data + i * bytes, (const char *)x->data + from * bytes, bytes);
        (void)mhoi_next(c->out->rank, c->out->size, index);
    }
    return s;
}

/* Puts element j of `from` where element i of `to` is, or combines them. */
static mho_status put(mho_array *to, size_t i, const mho_array *from, size_t j, const char *how)
{
    const size_t bytes = mho_type_bytes(to->type);
    if (strcmp(how, "none") == 0) {
        memcpy((char *)to->data + i * bytes, (const char *)from->data + j * bytes, bytes);
        return MHO_OK;
    }
    const double x = mho_array_number(to, i), y = mho_array_number(from, j);
    const double result = strcmp(how, "add") == 0   ? x + y
                          : strcmp(how, "mul") == 0 ? x * y
                          : strcmp(how, "max") == 0 ? (x > y ? x : y)
                                                    : (x < y ? x : y);
    mhoi_array_set_reals(to, i, 1, &result);
    return MHO_OK;
}

static mho_status reduction_of(const mhoi_call *c, const char **how)
{
    *how = mhoi_attr_text(c->op, "reduction", "none");
    for (const char *const *known = (const char *const[]){"none", "add", "mul", "max", "min", NULL};
         *known; known++)
        if (strcmp(*how, *known) == 0)
            return MHO_OK;
    return mho_error(MHO_ENOTMODELED, "reduction = %s", *how);
}

static void copy_all(mhoi_call *c)
{
    if (c->out->count)
        memcpy(c->out->data, c->in[0]->data, c->out->count * mho_type_bytes(c->out->type));
}

static mho_status scatter_elements_shape(mhoi_call *c)
{
    mho_status s = want_whole(c, 1);
    if (!s)
        s = mhoi_same_type(c, 0, 2);
    if (!s && (c->in[0]->rank != c->in[1]->rank || !mhoi_array_same_shape(c->in[1], c->in[2])))
        s = mho_error(MHO_EFORMAT, "indices and updates of different shapes");
    return s ? s : mhoi_same_shape(c);
}

static mho_status scatter_elements_run(mhoi_call *c)
{
    const mho_array *updates = c->in[2];
    size_t axis = 0, index[MHOI_RANK_MAX] = {0}, at = 0;
    const char *how = "none";
    mho_status s = mhoi_axis(mhoi_attr_int(c->op, "axis", 0), c->out->rank, &axis);
    if (!s)
        s = reduction_of(c, &how);
    copy_all(c);
    for (size_t i = 0; !s && i < updates->count; i++) {
        s = index_of(c->in[1], i, c->out->size[axis], &at);
        const size_t to = s ? SIZE_MAX : place(c->out, index, axis, at);
        if (!s && to == SIZE_MAX)
            s = mho_error(MHO_EFORMAT, "updates of more elements than there are");
        if (!s)
            s = put(c->out, to, updates, i, how);
        (void)mhoi_next(updates->rank, updates->size, index);
    }
    return s;
}

/* --- indices of several dimensions: their last axis is one index */

typedef struct deep {
    size_t batch, depth, tuples, each; /* each: elements that a tuple names */
} deep;

static mho_status deep_of(const mhoi_call *c, size_t batch, deep *d)
{
    const mho_array *x = c->in[0], *i = c->in[1];
    mho_status s = want_whole(c, 1);
    if (!s && (i->rank == 0 || batch >= i->rank || batch + i->size[i->rank - 1] > x->rank))
        s = mho_error(MHO_EFORMAT, "indices of %zu dimensions", i->rank);
    for (size_t k = 0; !s && k < batch; k++)
        if (x->size[k] != i->size[k])
            s = mho_error(MHO_EFORMAT, "indices of other batches");
    if (s)
        return s;
    d->batch = batch;
    d->depth = i->size[i->rank - 1];
    d->tuples = mhoi_product(i->size, 0, i->rank - 1);
    d->each = mhoi_product(x->size, batch + d->depth, x->rank);
    return MHO_OK;
}

/* Where the elements of tuple t begin in x. */
static mho_status deep_place(const mhoi_call *c, const deep *d, const mho_array *x, size_t t,
                             size_t *out)
{
    const size_t batches = mhoi_product(x->size, 0, d->batch);
    size_t at = batches ? t / (d->tuples / batches) : 0;
    for (size_t k = 0; k < d->depth; k++) {
        size_t i = 0;
        mho_status s = index_of(c->in[1], t * d->depth + k, x->size[d->batch + k], &i);
        if (s)
            return s;
        at = at * x->size[d->batch + k] + i;
    }
    *out = at * d->each;
    return MHO_OK;
}

static mho_status gather_nd_shape(mhoi_call *c)
{
    const mho_array *x = c->in[0], *i = c->in[1];
    size_t size[2 * MHOI_RANK_MAX];
    deep d;
    mho_status s = deep_of(c, (size_t)mhoi_attr_int(c->op, "batch_dims", 0), &d);
    if (s)
        return s;
    const size_t skipped = d.batch + d.depth;
    memcpy(size, i->size, (i->rank - 1) * sizeof *size);
    memcpy(size + i->rank - 1, x->size + skipped, (x->rank - skipped) * sizeof *size);
    return mhoi_out(c, 0, x->type, i->rank - 1 + x->rank - skipped, size);
}

static mho_status gather_nd_run(mhoi_call *c)
{
    deep d;
    size_t at = 0;
    mho_status s = deep_of(c, (size_t)mhoi_attr_int(c->op, "batch_dims", 0), &d);
    const size_t bytes = s ? 0 : d.each * mho_type_bytes(c->out->type);
    for (size_t t = 0; !s && bytes && t < d.tuples; t++) {
        s = deep_place(c, &d, c->in[0], t, &at);
        if (!s)
            memcpy((char *)c->out->data + t * bytes,
                   (const char *)c->in[0]->data + at / d.each * bytes, bytes);
    }
    return s;
}

static mho_status scatter_nd_shape(mhoi_call *c)
{
    deep d;
    mho_status s = deep_of(c, 0, &d);
    if (!s)
        s = mhoi_same_type(c, 0, 2);
    if (!s && c->in[2]->count != d.tuples * d.each)
        s = mho_error(MHO_EFORMAT, "%zu updates, want %zu", c->in[2]->count, d.tuples * d.each);
    return s ? s : mhoi_same_shape(c);
}

static mho_status scatter_nd_run(mhoi_call *c)
{
    deep d;
    size_t at = 0;
    const char *how = "none";
    mho_status s = deep_of(c, 0, &d);
    if (!s)
        s = reduction_of(c, &how);
    copy_all(c);
    for (size_t t = 0; !s && t < d.tuples; t++) {
        s = deep_place(c, &d, c->out, t, &at);
        for (size_t k = 0; !s && k < d.each; k++)
            s = put(c->out, at + k, c->in[2], t * d.each + k, how);
    }
    return s;
}

/* --- one-hot vectors, triangles, elements that are not 0 */

static mho_status one_hot_shape(mhoi_call *c)
{
    const mho_array *i = c->in[0];
    double depth;
    size_t axis = 0, size[MHOI_RANK_MAX + 1], to = 0;
    mho_status s = mhoi_scalar(c, 1, 0, &depth);
    if (!s)
        s = mhoi_axis(mhoi_attr_int(c->op, "axis", -1), i->rank + 1, &axis);
    if (!s && (c->in[2]->count != 2 || !(depth >= 0 && depth < 0x1p31)))
        s = mho_error(MHO_EFORMAT, "depth %g, %zu values", depth, c->in[2]->count);
    for (size_t k = 0; !s && k < i->rank + 1 && k <= MHOI_RANK_MAX; k++)
        size[k] = k == axis ? (size_t)depth : i->size[to++];
    return s ? s : mhoi_out(c, 0, c->in[2]->type, i->rank + 1, size);
}

static mho_status one_hot_run(mhoi_call *c)
{
    const size_t bytes = mho_type_bytes(c->out->type);
    size_t axis = 0;
    mho_status s = mhoi_axis(mhoi_attr_int(c->op, "axis", -1), c->out->rank, &axis);
    const size_t depth = c->out->size[axis];
    const size_t inner = mhoi_product(c->out->size, axis + 1, c->out->rank);
    for (size_t i = 0; !s && i < c->out->count; i++) {
        const size_t at = i / inner % depth, row = i / inner / depth * inner + i % inner;
        const double want = mho_array_number(c->in[0], row), d = (double)depth;
        const bool hot = (want < 0 ? want + d : want) == (double)at;
        memcpy((char *)c->out->data + i * bytes, (const char *)c->in[2]->data + (hot ? bytes : 0),
               bytes);
    }
    return s;
}

static mho_status trilu_run(mhoi_call *c)
{
    const mho_array *x = c->in[0];
    const bool upper = mhoi_attr_int(c->op, "upper", 1) != 0;
    const size_t bytes = mho_type_bytes(x->type);
    if (x->rank < 2)
        return mho_error(MHO_EFORMAT, "%zu dimensions, want 2 or more", x->rank);
    double told = 0;
    mho_status s = mhoi_scalar(c, 1, 0, &told);
    const int64_t k = (int64_t)told;
    const size_t h = x->size[x->rank - 2], w = x->size[x->rank - 1];
    for (size_t i = 0; !s && i < x->count; i++) {
        const int64_t over = (int64_t)(i % w) - (int64_t)(i / w % h);
        if (upper ? over >= k : over <= k)
            memcpy((char *)c->out->data + i * bytes, (const char *)x->data + i * bytes, bytes);
    }
    return s;
}

static size_t count_true(const mho_array *a)
{
    size_t n = 0;
    for (size_t i = 0; i < a->count; i++)
        n += mho_array_number(a, i) != 0;
    return n;
}

static mho_status non_zero_shape(mhoi_call *c)
{
    mho_status s = mhoi_need_known(c, 0);
    return s ? s
             : mhoi_out(c, 0, MHO_TYPE_INT64, 2,
                        (const size_t[]){c->in[0]->rank, count_true(c->in[0])});
}

static mho_status non_zero_run(mhoi_call *c)
{
    size_t index[MHOI_RANK_MAX] = {0}, n = 0;
    for (size_t i = 0; i < c->in[0]->count; i++) {
        if (mho_array_number(c->in[0], i) != 0) {
            for (size_t k = 0; k < c->in[0]->rank; k++)
                ((int64_t *)c->out->data)[k * c->out->size[1] + n] = (int64_t)index[k];
            n++;
        }
        (void)mhoi_next(c->in[0]->rank, c->in[0]->size, index);
    }
    return MHO_OK;
}

static mho_status compress_shape(mhoi_call *c)
{
    const mho_array *x = c->in[0];
    const bool flat = !mhoi_attr_find(c->op, "axis");
    size_t axis = 0, size[MHOI_RANK_MAX];
    mho_status s = mhoi_need_known(c, 1);
    if (!s && !flat)
        s = mhoi_axis(mhoi_attr_int(c->op, "axis", 0), x->rank, &axis);
    if (s)
        return s;
    const size_t n = count_true(c->in[1]);
    if (c->in[1]->count > (flat ? x->count : x->size[axis]))
        return mho_error(MHO_EFORMAT, "conditions of more elements than there are");
    memcpy(size, x->size, x->rank * sizeof *size);
    size[axis] = n;
    return mhoi_out(c, 0, x->type, flat ? 1 : x->rank, flat ? &n : size);
}

static mho_status compress_run(mhoi_call *c)
{
    const mho_array *x = c->in[0];
    const bool flat = !mhoi_attr_find(c->op, "axis");
    size_t axis = 0;
    mho_status s = flat ? MHO_OK : mhoi_axis(mhoi_attr_int(c->op, "axis", 0), x->rank, &axis);
    const size_t length = flat ? x->count : x->size[axis];
    const size_t each =
        (flat ? 1 : mhoi_product(x->size, axis + 1, x->rank)) * mho_type_bytes(x->type);
    const size_t outer = flat ? 1 : mhoi_product(x->size, 0, axis);
    char *to = c->out->data;
    for (size_t o = 0; !s && o < outer; o++)
        for (size_t k = 0; k < c->in[1]->count; k++)
            if (mho_array_number(c->in[1], k) != 0) {
                memcpy(to, (const char *)x->data + (o * length + k) * each, each);
                to += each;
            }
    return s;
}

const mhoi_operator mhoi_ops_index[] = {
    {"Gather", "", 2, 2, 1, "axis ", gather_shape, gather_run},
    {"GatherElements", "", 2, 2, 1, "axis ", gather_elements_shape, gather_elements_run},
    {"GatherND", "", 2, 2, 1, "batch_dims ", gather_nd_shape, gather_nd_run},
    {"ScatterElements", "", 3, 3, 1, "axis reduction ", scatter_elements_shape,
     scatter_elements_run},
    {"Scatter", "", 3, 3, 1, "axis ", scatter_elements_shape, scatter_elements_run},
    {"ScatterND", "", 3, 3, 1, "reduction ", scatter_nd_shape, scatter_nd_run},
    {"OneHot", "", 3, 3, 1, "axis ", one_hot_shape, one_hot_run},
    {"Trilu", "", 1, 2, 1, "upper ", mhoi_same_shape, trilu_run},
    {"NonZero", "", 1, 1, 1, "", non_zero_shape, non_zero_run},
    {"Compress", "", 2, 2, 1, "axis ", compress_shape, compress_run},
    {0}};
