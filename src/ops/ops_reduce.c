/* SPDX-License-Identifier: Apache-2.0 */
/* Operators that make one number of many along axes. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "ops/ops_impl.h"

/* --- Reduce* */

typedef struct reduction {
    const char *name;
    double start;
    double (*add)(double sum, double x);
    double (*end)(double sum, double count);
} reduction;

static double plus(double sum, double x)
{
    return sum + x;
}
static double times(double sum, double x)
{
    return sum * x;
}
static double larger(double sum, double x)
{
    return x > sum || isnan(x) ? x : sum;
}
static double smaller(double sum, double x)
{
    return x < sum || isnan(x) ? x : sum;
}
static double plus_size(double sum, double x)
{
    return sum + fabs(x);
}
static double plus_square(double sum, double x)
{
    return sum + x * x;
}
static double plus_exp(double sum, double x)
{
    return sum + exp(x);
}
static double same(double sum, double count)
{
    (void)count;
    return sum;
}
static double mean(double sum, double count)
{
    return sum / count;
}
static double root(double sum, double count)
{
    (void)count;
    return sqrt(sum);
}
static double logarithm(double sum, double count)
{
    (void)count;
    return log(sum);
}

static const reduction reductions[] = {
    {"ReduceSum", 0, plus, same},           {"ReduceMean", 0, plus, mean},
    {"ReduceProd", 1, times, same},         {"ReduceMax", -INFINITY, larger, same},
    {"ReduceMin", INFINITY, smaller, same}, {"ReduceL1", 0, plus_size, same},
    {"ReduceL2", 0, plus_square, root},     {"ReduceSumSquare", 0, plus_square, same},
    {"ReduceLogSum", 0, plus, logarithm},   {"ReduceLogSumExp", 0, plus_exp, logarithm},
};

/* Which axes go, as bits.  No axes: all, or none where the attribute says so. */
static mho_status reduced_axes(const mhoi_call *c, unsigned *set)
{
    const size_t rank = c->in[0]->rank;
    int64_t axis[MHOI_RANK_MAX];
    size_t count;
    mho_status s = mhoi_numbers(c, 1, "axes", MHOI_RANK_MAX, axis, &count);
    *set = 0;
    if (s)
        return s;
    if (count == SIZE_MAX || count == 0) {
        *set = mhoi_attr_int(c->op, "noop_with_empty_axes", 0) ? 0 : (1U << rank) - 1;
        return MHO_OK;
    }
    for (size_t k = 0; !s && k < count; k++) {
        size_t at = 0;
        s = mhoi_axis(axis[k], rank, &at);
        *set |= 1U << at;
    }
    return s;
}

static mho_status reduced_out(mhoi_call *c, unsigned set, mho_type type)
{
    const mho_array *x = c->in[0];
    const bool keep = mhoi_attr_int(c->op, "keepdims", 1) != 0;
    size_t rank = 0, size[MHOI_RANK_MAX];
    for (size_t k = 0; k < x->rank; k++) {
        const bool gone = set >> k & 1;
        if (!gone || keep)
            size[rank++] = gone ? 1 : x->size[k];
    }
    return mhoi_out(c, 0, type, rank, size);
}

static mho_status reduce_shape(mhoi_call *c)
{
    unsigned set;
    mho_status s = reduced_axes(c, &set);
    return s ? s : reduced_out(c, set, c->in[0]->type);
}

static const reduction *reduction_of(const char *name)
{
    size_t k = 0;
    while (strcmp(reductions[k].name, name) != 0)
        k++;
    return &reductions[k];
}

/* Largest and smallest begin with the least and the greatest of their type. */
static double start_of(const reduction *r, mho_type type)
{
    int64_t low, high;
    mhoi_type_range(type, &low, &high);
    if (!isinf(r->start) || mhoi_type_kind(type) == MHOI_KIND_REAL)
        return r->start;
    return (double)(r->start < 0 ? low : high);
}

static mho_status reduce_run(mhoi_call *c)
{
    const mho_array *x = c->in[0];
    const reduction *r = reduction_of(c->op->op);
    unsigned set = 0;
    size_t stride[MHOI_RANK_MAX], index[MHOI_RANK_MAX] = {0}, to = 1;
    double *sum = NULL, *v = NULL;
    mho_status s = reduced_axes(c, &set);
    if (!s)
        s = mhoi_alloc(&sum, c->out->count, sizeof *sum, c->op->name);
    if (!s)
        s = mhoi_doubles(x, &v);
    for (size_t k = x->rank; k-- > 0;) {
        stride[k] = set >> k & 1 ? 0 : to;
        to *= set >> k & 1 ? 1 : x->size[k];
    }
    for (size_t i = 0; !s && i < c->out->count; i++)
        sum[i] = start_of(r, x->type);
    const size_t inner = x->rank ? x->size[x->rank - 1] : 1,
                 step = x->rank ? stride[x->rank - 1] : 0;
    for (size_t i = 0; !s && i < x->count; i += inner) {
        double *at = sum + mhoi_offset(x->rank ? x->rank - 1 : 0, index, stride);
        for (size_t k = 0; k < inner; k++)
            at[k * step] = r->add(at[k * step], v[i + k]);
        (void)mhoi_next(x->rank ? x->rank - 1 : 0, x->size, index);
    }
    for (size_t i = 0; !s && i < c->out->count; i++)
        sum[i] = r->end(sum[i], (double)x->count / (double)c->out->count);
    if (!s)
        mhoi_put_doubles(c, 0, sum);
    mhoi_free(&v);
    mhoi_free(&sum);
    return s;
}

/* --- where the largest is */

static mho_status arg_shape(mhoi_call *c)
{
    size_t axis = 0;
    mho_status s = mhoi_axis(mhoi_attr_int(c->op, "axis", 0), c->in[0]->rank, &axis);
    if (!s && !c->in[0]->size[axis])
        s = mho_error(MHO_EFORMAT, "axis %zu is empty", axis);
    return s ? s : reduced_out(c, 1U << axis, MHO_TYPE_INT64);
}

static mho_status arg_run(mhoi_call *c)
{
    const mho_array *x = c->in[0];
    const bool max = strcmp(c->op->op, "ArgMax") == 0;
    const bool last = mhoi_attr_int(c->op, "select_last_index", 0) != 0;
    size_t axis = 0;
    mho_status s = mhoi_axis(mhoi_attr_int(c->op, "axis", 0), x->rank, &axis);
    const size_t n = x->size[axis], inner = mhoi_product(x->size, axis + 1, x->rank);
    for (size_t r = 0; !s && r < c->out->count; r++) {
        const size_t at = r / inner * inner * n + r % inner;
        size_t best = 0;
        for (size_t i = 1; i < n; i++) {
            const double v = mho_array_number(x, at + i * inner);
            const double top = mho_array_number(x, at + best * inner);
            if ((max ? v > top : v < top) || (last && v == top))
                best = i;
        }
        ((int64_t *)c->out->data)[r] = (int64_t)best;
    }
    return s;
}

/* --- sums up to each element */

static mho_status cumsum_run(mhoi_call *c)
{
    const mho_array *x = c->in[0];
    const bool exclusive = mhoi_attr_int(c->op, "exclusive", 0) != 0;
    const bool reverse = mhoi_attr_int(c->op, "reverse", 0) != 0;
    const bool times = strcmp(c->op->op, "CumProd") == 0;
    double told = 0;
    size_t axis = 0;
    mho_status s = mhoi_scalar(c, 1, 0, &told);
    if (!s)
        s = mhoi_axis((int64_t)told, x->rank, &axis);
    const size_t n = s ? 1 : x->size[axis];
    const size_t inner = s ? 1 : mhoi_product(x->size, axis + 1, x->rank);
    for (size_t r = 0; !s && n && r < x->count / n; r++) {
        double sum = times ? 1 : 0;
        for (size_t k = 0; k < n; k++) {
            const size_t i = reverse ? n - 1 - k : k;
            const size_t at = r / inner * inner * n + r % inner + i * inner;
            const double value = mho_array_number(x, at), next = times ? sum * value : sum + value;
            mhoi_array_set_reals(c->out, at, 1, exclusive ? &sum : &next);
            sum = next;
        }
    }
    return s;
}

/* --- the k largest */

static mho_status top_axis(const mhoi_call *c, size_t *axis, size_t *k)
{
    int64_t count[1];
    size_t there;
    mho_status s = mhoi_axis(mhoi_attr_int(c->op, "axis", -1), c->in[0]->rank, axis);
    if (!s)
        s = mhoi_numbers(c, 1, "k", 1, count, &there);
    if (!s && (there != 1 || count[0] < 0 || (size_t)count[0] > c->in[0]->size[*axis]))
        s = mho_error(MHO_EFORMAT, "the k largest of %zu", c->in[0]->size[*axis]);
    *k = s ? 0 : (size_t)count[0];
    return s;
}

static mho_status top_shape(mhoi_call *c)
{
    size_t axis = 0, k = 0, size[MHOI_RANK_MAX];
    mho_status s = top_axis(c, &axis, &k);
    if (s)
        return s;
    memcpy(size, c->in[0]->size, c->in[0]->rank * sizeof *size);
    size[axis] = k;
    s = mhoi_out(c, 0, c->in[0]->type, c->in[0]->rank, size);
    return s ? s : mhoi_out(c, 1, MHO_TYPE_INT64, c->in[0]->rank, size);
}

typedef struct ranked {
    double value; /* the largest first */
    size_t index;
} ranked;

static int by_rank(const void *a, const void *b)
{
    const ranked *x = a, *y = b;
    if (x->value != y->value)
        return x->value > y->value ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

static mho_status top_run(mhoi_call *c)
{
    const mho_array *x = c->in[0];
    const bool largest = mhoi_attr_int(c->op, "largest", 1) != 0;
    size_t axis = 0, top = 0;
    ranked *row = NULL;
    mho_status s = top_axis(c, &axis, &top);
    const size_t n = s ? 1 : x->size[axis];
    const size_t inner = s ? 1 : mhoi_product(x->size, axis + 1, x->rank);
    if (!s)
        s = mhoi_alloc(&row, n, sizeof *row, c->op->name);
    for (size_t r = 0; !s && top && r < x->count / n; r++) {
        const size_t from = r / inner * inner * n + r % inner;
        const size_t to = r / inner * inner * top + r % inner;
        for (size_t i = 0; i < n; i++) {
            const double v = mho_array_number(x, from + i * inner);
            row[i] = (ranked){largest ? v : -v, i};
        }
        qsort(row, n, sizeof *row, by_rank);
        for (size_t i = 0; i < top; i++) {
            const double v = largest ? row[i].value : -row[i].value;
            mhoi_array_set_reals(&c->out[0], to + i * inner, 1, &v);
            if (c->outputs > 1)
                ((int64_t *)c->out[1].data)[to + i * inner] = (int64_t)row[i].index;
        }
    }
    mhoi_free(&row);
    return s;
}

#define REDUCE(name)                                                                               \
    {                                                                                              \
        name, "", 1, 2, 1, "axes keepdims noop_with_empty_axes ", reduce_shape, reduce_run         \
    }
const mhoi_operator mhoi_ops_reduce[] = {
    REDUCE("ReduceSum"),
    REDUCE("ReduceMean"),
    REDUCE("ReduceProd"),
    REDUCE("ReduceMax"),
    REDUCE("ReduceMin"),
    REDUCE("ReduceL1"),
    REDUCE("ReduceL2"),
    REDUCE("ReduceSumSquare"),
    REDUCE("ReduceLogSum"),
    REDUCE("ReduceLogSumExp"),
    {"ArgMax", "", 1, 1, 1, "axis keepdims select_last_index ", arg_shape, arg_run},
    {"ArgMin", "", 1, 1, 1, "axis keepdims select_last_index ", arg_shape, arg_run},
    {"CumSum", "", 2, 2, 1, "exclusive reverse ", mhoi_same_shape, cumsum_run},
    {"CumProd", "", 2, 2, 1, "exclusive reverse ", mhoi_same_shape, cumsum_run},
    {"TopK", "", 1, 2, 2, "axis k largest sorted ", top_shape, top_run},
    {0}};
