/* SPDX-License-Identifier: Apache-2.0 */
/* Matrix products of any rank: floats by the kernel of dnn, whole numbers exactly, other reals in double. */
#include <string.h>

#include "base/alloc.h"
#include "dnn/dnn.h"
#include "ops/matmul.h"

mho_status mhoi_product_shape(const mho_array *a, const mho_array *b, mhoi_product_sizes *p)
{
    char ta[MHO_ARRAY_TEXT], tb[MHO_ARRAY_TEXT];
    mho_array x = *a, y = *b;
    if (!a->rank || !b->rank)
        return mho_error(MHO_EFORMAT, "a product of numbers, want vectors or matrices");
    p->vector_a = a->rank == 1;
    p->vector_b = b->rank == 1;
    if (p->vector_a)
        x.size[1] = x.size[0], x.size[0] = 1, x.rank = 2;
    if (p->vector_b)
        y.size[1] = 1, y.rank = 2;
    p->m = x.size[x.rank - 2];
    p->k = x.size[x.rank - 1];
    p->n = y.size[y.rank - 1];
    if (y.size[y.rank - 2] != p->k)
        return mho_error(MHO_EFORMAT, "%s times %s", mho_array_text(a, ta), mho_array_text(b, tb));
    x.rank -= 2;
    y.rank -= 2;
    mho_status s = mhoi_broadcast(&x, &y, &p->batch_rank, p->batch);
    if (s)
        return s;
    mhoi_broadcast_strides(&x, p->batch_rank, p->stride_a);
    mhoi_broadcast_strides(&y, p->batch_rank, p->stride_b);
    return MHO_OK;
}

mho_status mhoi_product_out(mhoi_call *c, mho_type type, const mhoi_product_sizes *p)
{
    size_t size[MHOI_RANK_MAX + 2], rank = p->batch_rank;
    memcpy(size, p->batch, rank * sizeof *size);
    if (!p->vector_a)
        size[rank++] = p->m;
    if (!p->vector_b)
        size[rank++] = p->n;
    return mhoi_out(c, 0, type, rank, size);
}

/* Floats with the same right side for every matrix on the left are one product. */
static mho_status product_floats(const mhoi_product_sizes *p, const float *a, const float *b,
                                 float *y)
{
    size_t index[MHOI_RANK_MAX] = {0};
    const size_t batch = mhoi_product(p->batch, 0, p->batch_rank);
    if (!batch || !p->m || !p->n)
        return MHO_OK;
    if (!p->k)
        return MHO_OK; /* sums of nothing: the output is zeros already */
    bool shared = true;
    size_t plain = 1;
    for (size_t k = p->batch_rank; k-- > 0; plain *= p->batch[k])
        shared = shared && (p->batch[k] == 1 || (!p->stride_b[k] && p->stride_a[k] == plain));
    if (shared)
        return mhoi_sgemm(false, false, batch * p->m, p->n, p->k, a, p->k, b, p->n, 0, y, p->n);
    do {
        mho_status s = mhoi_sgemm(
            false, false, p->m, p->n, p->k,
            a + mhoi_offset(p->batch_rank, index, p->stride_a) * p->m * p->k, p->k,
            b + mhoi_offset(p->batch_rank, index, p->stride_b) * p->k * p->n, p->n, 0, y, p->n);
        if (s)
            return s;
        y += p->m * p->n;
    } while (mhoi_next(p->batch_rank, p->batch, index));
    return MHO_OK;
}

#define LOOPS(name, type)                                                                          \
    void name(const mhoi_product_sizes *p, const type *a, const type *b, type *y)                  \
    {                                                                                              \
        size_t index[MHOI_RANK_MAX] = {0};                                                         \
        if (!mhoi_product(p->batch, 0, p->batch_rank) || !p->m || !p->n)                           \
            return;                                                                                \
        do {                                                                                       \
            const type *x = a + mhoi_offset(p->batch_rank, index, p->stride_a) * p->m * p->k;      \
            const type *w = b + mhoi_offset(p->batch_rank, index, p->stride_b) * p->k * p->n;      \
            for (size_t i = 0; i < p->m; i++, y += p->n)                                           \
                for (size_t k = 0; k < p->k; k++)                                                  \
                    for (size_t j = 0; j < p->n; j++)                                              \
                        y[j] += x[i * p->k + k] * w[k * p->n + j];                                 \
        } while (mhoi_next(p->batch_rank, p->batch, index));                                       \
    }
LOOPS(mhoi_product_reals, double)
LOOPS(mhoi_product_wholes, int64_t)

static mho_status matmul_shape(mhoi_call *c)
{
    mhoi_product_sizes p;
    mho_status s = mhoi_same_type(c, 0, 1);
    if (!s)
        s = mhoi_product_shape(c->in[0], c->in[1], &p);
    return s ? s : mhoi_product_out(c, c->in[0]->type, &p);
}

static mho_status run_reals(mhoi_call *c, const mhoi_product_sizes *p)
{
    double *a = NULL, *b = NULL, *y = NULL;
    mho_status s = mhoi_doubles(c->in[0], &a);
    if (!s)
        s = mhoi_doubles(c->in[1], &b);
    if (!s)
        s = mhoi_alloc(&y, c->out->count, sizeof *y, c->op->name);
    if (!s) {
        mhoi_product_reals(p, a, b, y);
        mhoi_put_doubles(c, 0, y);
    }
    mhoi_free(&y);
    mhoi_free(&b);
    mhoi_free(&a);
    return s;
}

static mho_status run_wholes(mhoi_call *c, const mhoi_product_sizes *p)
{
    mho_array a = {0}, b = {0}, y = *c->out;
    y.type = MHO_TYPE_INT64;
    y.data = NULL;
    mho_status s = mhoi_array_convert(c->in[0], MHO_TYPE_INT64, &a);
    if (!s)
        s = mhoi_array_convert(c->in[1], MHO_TYPE_INT64, &b);
    if (!s)
        s = mhoi_array_alloc(&y, c->op->name);
    if (!s) {
        mhoi_product_wholes(p, a.data, b.data, y.data);
        mhoi_array_set_wholes(c->out, 0, y.count, y.data);
    }
    mho_array_free(&y);
    mho_array_free(&b);
    mho_array_free(&a);
    return s;
}

static mho_status matmul_run(mhoi_call *c)
{
    mhoi_product_sizes p;
    mho_status s = mhoi_product_shape(c->in[0], c->in[1], &p);
    if (s)
        return s;
    if (c->in[0]->type == MHO_TYPE_FLOAT)
        return product_floats(&p, c->in[0]->data, c->in[1]->data, c->out->data);
    return mhoi_type_kind(c->in[0]->type) == MHOI_KIND_REAL ? run_reals(c, &p) : run_wholes(c, &p);
}

/* --- Gemm: alpha op(A) op(B) + beta C */

typedef struct gemm {
    bool ta, tb;
    size_t m, n, k;
} gemm;

static mho_status gemm_of(const mhoi_call *c, gemm *g)
{
    const mho_array *a = c->in[0], *b = c->in[1];
    g->ta = mhoi_attr_int(c->op, "transA", 0) != 0;
    g->tb = mhoi_attr_int(c->op, "transB", 0) != 0;
    if (a->rank != 2 || b->rank != 2)
        return mho_error(MHO_EFORMAT, "%zu and %zu dimensions, want matrices", a->rank, b->rank);
    g->m = a->size[g->ta];
    g->k = a->size[!g->ta];
    g->n = b->size[!g->tb];
    return b->size[g->tb] == g->k
               ? MHO_OK
               : mho_error(MHO_EFORMAT, "a product over %zu and %zu", g->k, b->size[g->tb]);
}

static mho_status gemm_shape(mhoi_call *c)
{
    gemm g;
    mho_array both;
    size_t rank, size[MHOI_RANK_MAX];
    mho_status s = mhoi_same_type(c, 0, 1);
    if (!s)
        s = gemm_of(c, &g);
    if (s)
        return s;
    s = mhoi_out(c, 0, c->in[0]->type, 2, (const size_t[]){g.m, g.n});
    if (s || !mhoi_in(c, 2))
        return s;
    both = *c->out;
    s = mhoi_broadcast(&both, c->in[2], &rank, size);
    if (!s && (rank != 2 || size[0] != g.m || size[1] != g.n))
        s = mho_error(MHO_EFORMAT, "the third operand is larger than the product");
    return s;
}

/* beta C, repeated, in double. */
static void add_third(mhoi_call *c, const gemm *g, double alpha, double *y)
{
    const mho_array *third = mhoi_in(c, 2);
    const double beta = (double)mhoi_attr_float(c->op, "beta", 1);
    size_t stride[2] = {0, 0};
    if (third)
        mhoi_broadcast_strides(third, 2, stride);
    for (size_t i = 0; i < g->m; i++)
        for (size_t j = 0; j < g->n; j++) {
            double *v = &y[i * g->n + j];
            *v = alpha * *v +
                 (third ? beta * mho_array_number(third, i * stride[0] + j * stride[1]) : 0);
        }
}

static void multiply(const gemm *g, const double *a, const double *b, double *y)
{
    for (size_t i = 0; i < g->m; i++)
        for (size_t k = 0; k < g->k; k++) {
            const double x = g->ta ? a[k * g->m + i] : a[i * g->k + k];
            for (size_t j = 0; j < g->n; j++)
                y[i * g->n + j] += x * (g->tb ? b[j * g->k + k] : b[k * g->n + j]);
        }
}

static mho_status gemm_run(mhoi_call *c)
{
    gemm g;
    double *a = NULL, *b = NULL, *y = NULL;
    float *product = NULL;
    const bool floats = c->in[0]->type == MHO_TYPE_FLOAT;
    mho_status s = gemm_of(c, &g);
    if (!s)
        s = mhoi_alloc(&y, c->out->count, sizeof *y, c->op->name);
    if (!s && floats && c->out->count && g.k) {
        s = mhoi_alloc(&product, c->out->count, sizeof *product, c->op->name);
        if (!s)
            s = mhoi_sgemm(g.ta, g.tb, g.m, g.n, g.k, c->in[0]->data, g.ta ? g.m : g.k,
                           c->in[1]->data, g.tb ? g.k : g.n, 0, product, g.n);
        for (size_t i = 0; !s && i < c->out->count; i++)
            y[i] = (double)product[i];
    } else if (!s && !floats) {
        s = mhoi_doubles(c->in[0], &a);
        if (!s)
            s = mhoi_doubles(c->in[1], &b);
        if (!s)
            multiply(&g, a, b, y);
    }
    if (!s) {
        add_third(c, &g, (double)mhoi_attr_float(c->op, "alpha", 1), y);
        mhoi_put_doubles(c, 0, y);
    }
    mhoi_free(&product);
    mhoi_free(&y);
    mhoi_free(&b);
    mhoi_free(&a);
    return s;
}

const mhoi_operator mhoi_ops_matmul[] = {
    {"MatMul", "", 2, 2, 1, "", matmul_shape, matmul_run},
    {"Gemm", "", 2, 3, 1, "alpha beta transA transB broadcast ", gemm_shape, gemm_run},
    {0}};
