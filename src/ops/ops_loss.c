/* SPDX-License-Identifier: Apache-2.0 */
/* Losses over classes, which are axis 1, and sequences read backwards. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "ops/ops_impl.h"

typedef struct loss {
    size_t classes, inner, count; /* elements [n][classes][inner]; count = n inner */
    bool ignores, mean, sum;
    int64_t ignored;
} loss;

static mho_status loss_of(const mhoi_call *c, loss *l)
{
    const mho_array *x = c->in[0], *target = c->in[1];
    const char *how = mhoi_attr_text(c->op, "reduction", "mean");
    if (x->rank < 2 || target->rank + 1 != x->rank || target->size[0] != x->size[0] ||
        memcmp(target->size + 1, x->size + 2, (x->rank - 2) * sizeof *x->size) != 0 ||
        mhoi_type_kind(target->type) != MHOI_KIND_WHOLE)
        return mho_error(MHO_EFORMAT, "classes that do not fit the scores");
    l->classes = x->size[1];
    l->inner = mhoi_product(x->size, 2, x->rank);
    l->count = target->count;
    l->mean = strcmp(how, "mean") == 0;
    l->sum = strcmp(how, "sum") == 0;
    l->ignores = mhoi_attr_find(c->op, "ignore_index") != NULL;
    l->ignored = mhoi_attr_int(c->op, "ignore_index", 0);
    if (!l->mean && !l->sum && strcmp(how, "none") != 0)
        return mho_error(MHO_ENOTMODELED, "reduction = %s", how);
    if (mhoi_in(c, 2) && c->in[2]->count != l->classes)
        return mho_error(MHO_EFORMAT, "%zu weights of %zu classes", c->in[2]->count, l->classes);
    return MHO_OK;
}

static mho_status loss_shape(mhoi_call *c)
{
    loss l;
    mho_status s = mhoi_want_real(c, 0);
    if (!s)
        s = loss_of(c, &l);
    if (!s)
        s = l.mean || l.sum ? mhoi_out(c, 0, c->in[0]->type, 0, NULL)
                            : mhoi_out_like(c, 0, c->in[0]->type, c->in[1]);
    return s ? s : mhoi_out_like(c, 1, c->in[0]->type, c->in[0]);
}

/* Scores become the logarithms of their softmax over the classes. */
static void log_softmax(const loss *l, double *x)
{
    for (size_t i = 0; i < l->count; i++) {
        double *at = x + i / l->inner * l->inner * l->classes + i % l->inner;
        double top = -INFINITY, sum = 0;
        for (size_t k = 0; k < l->classes; k++)
            top = fmax(top, at[k * l->inner]);
        for (size_t k = 0; k < l->classes; k++)
            sum += exp(at[k * l->inner] - top);
        for (size_t k = 0; k < l->classes; k++)
            at[k * l->inner] -= top + log(sum);
    }
}

/* Reduces the logarithms of the classes that are meant. */
static mho_status reduce(mhoi_call *c, const loss *l, const double *x)
{
    double sum = 0, weights = 0;
    for (size_t i = 0; i < l->count; i++) {
        const int64_t t = mhoi_array_whole(c->in[1], i);
        const bool ignored = l->ignores && t == l->ignored;
        if (!ignored && (t < 0 || t >= (int64_t)l->classes))
            return mho_error(MHO_EDOMAIN, "class %lld of %zu", (long long)t, l->classes);
        const size_t k = ignored ? 0 : (size_t)t;
        const double w = ignored ? 0 : mhoi_in(c, 2) ? mho_array_number(c->in[2], k) : 1;
        const size_t at = (i / l->inner * l->classes + k) * l->inner + i % l->inner;
        const double value = w != 0 ? -w * x[at] : 0;
        sum += value;
        weights += w;
        if (!l->mean && !l->sum)
            mhoi_array_set_reals(c->out, i, 1, &value);
    }
    sum = l->mean ? sum / weights : sum;
    if (l->mean || l->sum)
        mhoi_array_set_reals(c->out, 0, 1, &sum);
    return MHO_OK;
}

static mho_status loss_run(mhoi_call *c)
{
    loss l;
    double *x = NULL;
    mho_status s = loss_of(c, &l);
    if (!s)
        s = mhoi_doubles(c->in[0], &x);
    if (!s && strcmp(c->op->op, "SoftmaxCrossEntropyLoss") == 0)
        log_softmax(&l, x);
    if (!s)
        s = reduce(c, &l, x);
    if (!s && mhoi_wanted(c, 1))
        mhoi_put_doubles(c, 1, x);
    mhoi_free(&x);
    return s;
}

/* --- the first elements of each sequence in the opposite order */

static mho_status reverse_shape(mhoi_call *c)
{
    const int64_t batch = mhoi_attr_int(c->op, "batch_axis", 1);
    const int64_t time = mhoi_attr_int(c->op, "time_axis", 0);
    if (c->in[0]->rank < 2 || (batch != 0 && batch != 1) || time != 1 - batch ||
        c->in[1]->count != c->in[0]->size[batch])
        return mho_error(MHO_EFORMAT, "axes %lld and %lld, %zu lengths", (long long)batch,
                         (long long)time, c->in[1]->count);
    return mhoi_same_shape(c);
}

static mho_status reverse_run(mhoi_call *c)
{
    const mho_array *x = c->in[0];
    const size_t batch = mhoi_attr_int(c->op, "batch_axis", 1) != 0;
    const size_t n = x->size[batch], steps = x->size[!batch];
    const size_t bytes = mhoi_product(x->size, 2, x->rank) * mho_type_bytes(x->type);
    for (size_t i = 0; bytes && i < n; i++) {
        const int64_t length = mhoi_array_whole(c->in[1], i);
        if (length < 0 || length > (int64_t)steps)
            return mho_error(MHO_EDOMAIN, "a sequence of %lld in %zu steps", (long long)length,
                             steps);
        for (size_t t = 0; t < steps; t++) {
            const size_t from = t < (size_t)length ? (size_t)length - 1 - t : t;
            const size_t to = batch ? t * n + i : i * steps + t;
            const size_t at = batch ? from * n + i : i * steps + from;
            memcpy((char *)c->out->data + to * bytes, (const char *)x->data + at * bytes, bytes);
        }
    }
    return MHO_OK;
}

const mhoi_operator mhoi_ops_loss[] = {
    {"NegativeLogLikelihoodLoss", "", 2, 3, 1, "ignore_index reduction ", loss_shape, loss_run},
    {"SoftmaxCrossEntropyLoss", "", 2, 3, 2, "ignore_index reduction ", loss_shape, loss_run},
    {"ReverseSequence", "", 2, 2, 1, "batch_axis time_axis ", reverse_shape, reverse_run},
    {0}};
