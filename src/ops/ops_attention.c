/* SPDX-License-Identifier: Apache-2.0 */
/* Attention as one operator: softmax(scale Q K^T + mask) V, heads by heads. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "ops/ops_impl.h"

/* Operands of 4 dimensions are [batch][heads][length][size], of 3 [batch][length][heads size]. */
typedef struct view {
    size_t heads, length, size;
    size_t batch_stride, head_stride, row_stride;
} view;

static mho_status view_of(const mho_array *a, int64_t heads, view *v)
{
    if (a->rank == 4) {
        *v = (view){a->size[1],
                    a->size[2],
                    a->size[3],
                    a->size[1] * a->size[2] * a->size[3],
                    a->size[2] * a->size[3],
                    a->size[3]};
        return MHO_OK;
    }
    if (a->rank != 3 || heads < 1 || a->size[2] % (size_t)heads)
        return mho_error(MHO_EFORMAT, "%zu dimensions with %lld heads", a->rank, (long long)heads);
    const size_t size = a->size[2] / (size_t)heads;
    *v = (view){(size_t)heads, a->size[1], size, a->size[1] * a->size[2], size, a->size[2]};
    return MHO_OK;
}

typedef struct attention {
    view q, k, v;
    size_t batch, past;
    double scale, cap;
    bool causal;
} attention;

static mho_status attention_of(const mhoi_call *c, attention *a)
{
    const int64_t heads = mhoi_attr_int(c->op, "q_num_heads", 0);
    const int64_t shared = mhoi_attr_int(c->op, "kv_num_heads", heads);
    mho_status s = view_of(c->in[0], heads, &a->q);
    if (!s)
        s = view_of(c->in[1], shared, &a->k);
    if (!s)
        s = view_of(c->in[2], shared, &a->v);
    if (s)
        return s;
    a->batch = c->in[0]->size[0];
    a->past = 0;
    a->causal = mhoi_attr_int(c->op, "is_causal", 0) != 0;
    a->cap = (double)mhoi_attr_float(c->op, "softcap", 0);
    a->scale = (double)mhoi_attr_float(c->op, "scale", 0);
    if (!mhoi_attr_find(c->op, "scale"))
        a->scale = 1 / sqrt((double)a->q.size);
    if (mhoi_in(c, 4) || mhoi_in(c, 5) || mhoi_in(c, 6) || c->outputs > 1)
        return mho_error(MHO_ENOTMODELED, "keys and values of the past");
    if (a->cap > 0 && mhoi_in(c, 3))
        return mho_error(MHO_ENOTMODELED, "softcap with a mask");
    if (a->k.size != a->q.size || a->k.length != a->v.length || a->k.heads != a->v.heads ||
        !a->k.heads || a->q.heads % a->k.heads || c->in[1]->size[0] != a->batch ||
        c->in[2]->size[0] != a->batch)
        return mho_error(MHO_EFORMAT, "queries, keys and values do not fit");
    return MHO_OK;
}

static mho_status attention_shape(mhoi_call *c)
{
    attention a;
    mho_status s = mhoi_want_real(c, 0);
    if (!s)
        s = attention_of(c, &a);
    if (s)
        return s;
    const size_t wide[] = {a.batch, a.q.heads, a.q.length, a.v.size};
    const size_t flat[] = {a.batch, a.q.length, a.q.heads * a.v.size};
    return c->in[0]->rank == 4 ? mhoi_out(c, 0, c->in[0]->type, 4, wide)
                               : mhoi_out(c, 0, c->in[0]->type, 3, flat);
}

/* Adds the mask to the scores of one query: numbers, or truths of what may be seen. */
static void add_mask(const mho_array *mask, const size_t *stride, const size_t *at, size_t n,
                     double *score)
{
    for (size_t j = 0; j < n; j++) {
        const size_t i = at[0] * stride[0] + at[1] * stride[1] + at[2] * stride[2] + j * stride[3];
        const double m = mho_array_number(mask, i);
        score[j] = mask->type == MHO_TYPE_BOOL ? m != 0 ? score[j] : -INFINITY : score[j] + m;
    }
}

static void softmax(size_t n, double *score)
{
    double top = -INFINITY, sum = 0;
    for (size_t j = 0; j < n; j++)
        top = score[j] > top ? score[j] : top;
    for (size_t j = 0; j < n; j++)
        sum += score[j] = isinf(top) ? 0 : exp(score[j] - top);
    for (size_t j = 0; j < n; j++)
        score[j] = sum > 0 ? score[j] / sum : 0;
}

/* One query of one head; out: where its row of the result begins. */
static void attend(mhoi_call *c, const attention *a, const double *const *x, const size_t *at,
                   const size_t *stride, double *score, size_t out)
{
    const size_t head = at[1] / (a->q.heads / a->k.heads);
    const double *q =
        x[0] + at[0] * a->q.batch_stride + at[1] * a->q.head_stride + at[2] * a->q.row_stride;
    const double *k = x[1] + at[0] * a->k.batch_stride + head * a->k.head_stride;
    const double *v = x[2] + at[0] * a->v.batch_stride + head * a->v.head_stride;
    for (size_t j = 0; j < a->k.length; j++) {
        double sum = 0;
        for (size_t i = 0; i < a->q.size; i++)
            sum += q[i] * k[j * a->k.row_stride + i];
        score[j] = sum * a->scale;
        if (a->causal && j > at[2])
            score[j] = -INFINITY;
    }
    if (mhoi_in(c, 3))
        add_mask(c->in[3], stride, at, a->k.length, score);
    for (size_t j = 0; a->cap > 0 && j < a->k.length; j++)
        score[j] = isinf(score[j]) ? score[j] : a->cap * tanh(score[j] / a->cap);
    softmax(a->k.length, score);
    for (size_t i = 0; i < a->v.size; i++) {
        double sum = 0;
        for (size_t j = 0; j < a->k.length; j++)
            sum += score[j] * v[j * a->v.row_stride + i];
        mhoi_array_set_reals(c->out, out + i, 1, &sum);
    }
}

static mho_status mask_strides(const mhoi_call *c, const attention *a, size_t *stride)
{
    const mho_array *mask = mhoi_in(c, 3);
    size_t rank, size[MHOI_RANK_MAX];
    mho_array whole = {.rank = 4, .size = {a->batch, a->q.heads, a->q.length, a->k.length}};
    if (!mask)
        return MHO_OK;
    mho_status s = mhoi_broadcast(&whole, mask, &rank, size);
    if (!s && (rank != 4 || memcmp(size, whole.size, 4 * sizeof *size)))
        s = mho_error(MHO_EFORMAT, "a mask of more than the scores");
    if (!s)
        mhoi_broadcast_strides(mask, 4, stride);
    return s;
}

static mho_status attention_run(mhoi_call *c)
{
    attention a;
    double *x[3] = {NULL}, *score = NULL;
    size_t stride[4] = {0}, at[3] = {0};
    mho_status s = attention_of(c, &a);
    if (!s)
        s = mask_strides(c, &a, stride);
    for (size_t k = 0; !s && k < 3; k++)
        s = mhoi_doubles(c->in[k], &x[k]);
    if (!s)
        s = mhoi_alloc(&score, a.k.length, sizeof *score, c->op->name);
    const size_t size[3] = {a.batch, a.q.heads, a.q.length};
    for (size_t i = 0; !s && a.v.size && i < c->out->count / a.v.size; i++) {
        const size_t row =
            c->in[0]->rank == 4 ? i : (at[0] * a.q.length + at[2]) * a.q.heads + at[1];
        attend(c, &a, (const double *const *)x, at, stride, score, row * a.v.size);
        (void)mhoi_next(3, size, at);
    }
    mhoi_free(&score);
    for (size_t k = 0; k < 3; k++)
        mhoi_free(&x[k]);
    return s;
}

const mhoi_operator mhoi_ops_attention[] = {
    {"Attention", "", 3, 7, 4,
     "is_causal kv_num_heads q_num_heads scale softcap softmax_precision ", attention_shape,
     attention_run},
    {0}};
