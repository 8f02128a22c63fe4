/* SPDX-License-Identifier: Apache-2.0 */
/* Attention as one operator: softmax(cap(scale Q K^T) + mask) V, heads by heads, keys and values of the past before
 * those of now; and the rotation of queries and keys by their positions. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "ops/ops_impl.h"

enum { IN_Q, IN_K, IN_V, IN_MASK, IN_PAST_K, IN_PAST_V, IN_LENGTHS };
enum { SCORES_PLAIN, SCORES_MASKED, SCORES_CAPPED, SCORES_SOFTMAX }; /* what output 3 is */

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
    view q, k, v;       /* k, v: of now */
    size_t batch, past; /* past: rows before those of now */
    size_t length;      /* of keys, the past's included */
    double scale, cap;
    bool causal;
    int64_t told; /* what output 3 is */
} attention;

static mho_status check_past(const mhoi_call *c, attention *a)
{
    const mho_array *k = mhoi_in(c, IN_PAST_K), *v = mhoi_in(c, IN_PAST_V);
    if (!k && !v)
        return MHO_OK;
    if (!k || !v || k->rank != 4 || v->rank != 4 || k->size[0] != a->batch ||
        v->size[0] != a->batch || k->size[1] != a->k.heads || v->size[1] != a->v.heads ||
        k->size[2] != v->size[2] || k->size[3] != a->k.size || v->size[3] != a->v.size)
        return mho_error(MHO_EFORMAT, "keys and values of the past do not fit");
    a->past = k->size[2];
    return MHO_OK;
}

static mho_status attention_of(const mhoi_call *c, attention *a)
{
    const int64_t heads = mhoi_attr_int(c->op, "q_num_heads", 0);
    const int64_t shared = mhoi_attr_int(c->op, "kv_num_heads", heads);
    *a = (attention){.batch = c->in[IN_Q]->rank ? c->in[IN_Q]->size[0] : 0};
    mho_status s = view_of(c->in[IN_Q], heads, &a->q);
    if (!s)
        s = view_of(c->in[IN_K], shared, &a->k);
    if (!s)
        s = view_of(c->in[IN_V], shared, &a->v);
    if (!s)
        s = check_past(c, a);
    if (s)
        return s;
    a->length = a->past + a->k.length;
    a->causal = mhoi_attr_int(c->op, "is_causal", 0) != 0;
    a->cap = (double)mhoi_attr_float(c->op, "softcap", 0);
    a->scale = (double)mhoi_attr_float(c->op, "scale", 0);
    a->told = mhoi_attr_int(c->op, "qk_matmul_output_mode", 0);
    if (!mhoi_attr_find(c->op, "scale"))
        a->scale = 1 / sqrt((double)a->q.size);
    if (a->cap > 0 && (mhoi_in(c, IN_MASK) || a->causal) && c->op->set < 24)
        return mho_error(MHO_ENOTMODELED, "softcap with a mask, which set 23 told in two ways");
    if (a->cap > 0 && mhoi_wanted(c, 3) && a->told < SCORES_SOFTMAX)
        return mho_error(MHO_ENOTMODELED, "softcap and qk_matmul_output_mode %lld",
                         (long long)a->told);
    if (a->k.size != a->q.size || a->k.length != a->v.length || a->k.heads != a->v.heads ||
        !a->k.heads || a->q.heads % a->k.heads || c->in[IN_K]->size[0] != a->batch ||
        c->in[IN_V]->size[0] != a->batch)
        return mho_error(MHO_EFORMAT, "queries, keys and values do not fit");
    const mho_array *lengths = mhoi_in(c, IN_LENGTHS);
    return lengths && lengths->count != a->batch
               ? mho_error(MHO_EFORMAT, "%zu lengths of %zu sequences", lengths->count, a->batch)
               : MHO_OK;
}

static mho_status attention_shape(mhoi_call *c)
{
    attention a;
    mho_status s = mhoi_want_real(c, 0);
    if (!s)
        s = attention_of(c, &a);
    if (s)
        return s;
    const mho_type type = c->in[IN_Q]->type;
    const size_t wide[] = {a.batch, a.q.heads, a.q.length, a.v.size};
    const size_t flat[] = {a.batch, a.q.length, a.q.heads * a.v.size};
    s = c->in[IN_Q]->rank == 4 ? mhoi_out(c, 0, type, 4, wide) : mhoi_out(c, 0, type, 3, flat);
    if (!s)
        s = mhoi_out(c, 1, c->in[IN_K]->type, 4,
                     (const size_t[]){a.batch, a.k.heads, a.length, a.k.size});
    if (!s)
        s = mhoi_out(c, 2, c->in[IN_V]->type, 4,
                     (const size_t[]){a.batch, a.v.heads, a.length, a.v.size});
    return s ? s
             : mhoi_out(c, 3, type, 4, (const size_t[]){a.batch, a.q.heads, a.q.length, a.length});
}

/* Rows of the past and of now, [batch][heads][length][size]. */
static mho_status join(const mho_array *past, const mho_array *now, const view *v, size_t batch,
                       size_t before, double **out)
{
    double *x = NULL, *old = NULL;
    const size_t length = before + v->length;
    mho_status s = mhoi_doubles(now, &x);
    if (!s && past)
        s = mhoi_doubles(past, &old);
    if (!s)
        s = mhoi_alloc(out, batch * v->heads * length * v->size, sizeof **out, "Attention");
    for (size_t i = 0; !s && i < batch * v->heads * length; i++) {
        const size_t row = i % length, head = i / length % v->heads, b = i / length / v->heads;
        const double *from = row < before ? old + ((b * v->heads + head) * before + row) * v->size
                                          : x + b * v->batch_stride + head * v->head_stride +
                                                (row - before) * v->row_stride;
        memcpy(*out + i * v->size, from, v->size * sizeof *from);
    }
    mhoi_free(&old);
    mhoi_free(&x);
    return s;
}

typedef struct masking {
    const mho_array *mask;
    size_t stride[4], length; /* length: what lies beyond is not seen */
} masking;

static mho_status masking_of(const mhoi_call *c, const attention *a, masking *m)
{
    size_t rank, size[MHOI_RANK_MAX];
    *m = (masking){.mask = mhoi_in(c, IN_MASK)};
    if (!m->mask)
        return MHO_OK;
    const size_t last = m->mask->rank ? m->mask->size[m->mask->rank - 1] : 1;
    m->length = last > 1 ? last : a->length;
    mho_array whole = {.rank = 4, .size = {a->batch, a->q.heads, a->q.length, m->length}};
    mho_status s = mhoi_broadcast(&whole, m->mask, &rank, size);
    if (!s && (m->length > a->length || rank != 4 || memcmp(size, whole.size, sizeof *size * 4)))
        s = mho_error(MHO_EFORMAT, "a mask of more than the scores");
    if (!s)
        mhoi_broadcast_strides(m->mask, 4, m->stride);
    return s;
}

/* What is added to score j of the query at[]: numbers, or truths of what may be seen. */
static double mask_at(const masking *m, const size_t *at, size_t j)
{
    if (!m->mask)
        return 0;
    if (j >= m->length)
        return -INFINITY;
    const size_t *stride = m->stride;
    const double value = mho_array_number(m->mask, at[0] * stride[0] + at[1] * stride[1] +
                                                       at[2] * stride[2] + j * stride[3]);
    return m->mask->type != MHO_TYPE_BOOL ? value : value != 0 ? 0 : -INFINITY;
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

typedef struct job {
    mhoi_call *c;
    attention a;
    masking m;
    double *q, *k, *v, *score;
} job;

/* Output 3, where it is that step's. */
static void tell(const job *w, int64_t step, const size_t *at)
{
    if (w->a.told == step && mhoi_wanted(w->c, 3))
        mhoi_array_set_reals(&w->c->out[3],
                             ((at[0] * w->a.q.heads + at[1]) * w->a.q.length + at[2]) * w->a.length,
                             w->a.length, w->score);
}

static void find_scores(const job *w, const size_t *at)
{
    const attention *a = &w->a;
    const size_t head = at[1] / (a->q.heads / a->k.heads);
    const double *q =
        w->q + at[0] * a->q.batch_stride + at[1] * a->q.head_stride + at[2] * a->q.row_stride;
    const double *k = w->k + (at[0] * a->k.heads + head) * a->length * a->k.size;
    const mho_array *lengths = mhoi_in(w->c, IN_LENGTHS);
    const int64_t end = lengths ? mhoi_array_whole(lengths, at[0]) : INT64_MAX;
    for (size_t j = 0; j < a->length; j++) {
        double sum = 0;
        for (size_t i = 0; i < a->q.size; i++)
            sum += q[i] * k[j * a->k.size + i];
        w->score[j] = sum * a->scale;
        if (a->cap > 0)
            w->score[j] = a->cap * tanh(w->score[j] / a->cap);
    }
    tell(w, SCORES_PLAIN, at);
    for (size_t j = 0; j < a->length; j++) {
        w->score[j] += mask_at(&w->m, at, j);
        if ((a->causal && j > a->past + at[2]) || (int64_t)j >= end)
            w->score[j] = -INFINITY;
    }
    tell(w, SCORES_MASKED, at);
    tell(w, SCORES_CAPPED, at);
    softmax(a->length, w->score);
    tell(w, SCORES_SOFTMAX, at);
}

/* One query of one head; out: where its row of the result begins. */
static void attend(const job *w, const size_t *at, size_t out)
{
    const attention *a = &w->a;
    const size_t head = at[1] / (a->q.heads / a->v.heads);
    const double *v = w->v + (at[0] * a->v.heads + head) * a->length * a->v.size;
    find_scores(w, at);
    for (size_t i = 0; i < a->v.size; i++) {
        double sum = 0;
        for (size_t j = 0; j < a->length; j++)
            sum += w->score[j] * v[j * a->v.size + i];
        mhoi_array_set_reals(w->c->out, out + i, 1, &sum);
    }
}

static mho_status attention_run(mhoi_call *c)
{
    job w = {.c = c};
    size_t at[3] = {0};
    mho_status s = attention_of(c, &w.a);
    const attention *a = &w.a;
    if (!s)
        s = masking_of(c, a, &w.m);
    if (!s)
        s = mhoi_doubles(c->in[IN_Q], &w.q);
    if (!s)
        s = join(mhoi_in(c, IN_PAST_K), c->in[IN_K], &a->k, a->batch, a->past, &w.k);
    if (!s)
        s = join(mhoi_in(c, IN_PAST_V), c->in[IN_V], &a->v, a->batch, a->past, &w.v);
    if (!s)
        s = mhoi_alloc(&w.score, a->length, sizeof *w.score, c->op->name);
    const size_t size[3] = {a->batch, a->q.heads, a->q.length};
    for (size_t i = 0; !s && a->v.size && i < c->out->count / a->v.size; i++) {
        const size_t row =
            c->in[IN_Q]->rank == 4 ? i : (at[0] * a->q.length + at[2]) * a->q.heads + at[1];
        attend(&w, at, row * a->v.size);
        (void)mhoi_next(3, size, at);
    }
    if (!s) {
        mhoi_put_doubles(c, 1, w.k);
        mhoi_put_doubles(c, 2, w.v);
    }
    mhoi_free(&w.score);
    mhoi_free(&w.v);
    mhoi_free(&w.k);
    mhoi_free(&w.q);
    return s;
}

/* --- rotation by position: pairs of elements turn by an angle of the position */

typedef struct rotation {
    view x;
    size_t batch, turned; /* elements of a head that turn */
    bool interleaved;
} rotation;

static mho_status rotation_of(const mhoi_call *c, rotation *r)
{
    const mho_array *x = c->in[0], *cosines = c->in[1], *positions = mhoi_in(c, 3);
    const int64_t told = mhoi_attr_int(c->op, "rotary_embedding_dim", 0);
    const size_t half_row = cosines->rank ? cosines->size[cosines->rank - 1] : 0;
    int64_t heads = mhoi_attr_int(c->op, "num_heads", 0);
    if (!heads && !told && x->rank == 3 && half_row) /* not told: all of a head turns */
        heads = (int64_t)(x->size[2] / (2 * half_row));
    mho_status s = view_of(x, heads, &r->x);
    if (s)
        return s;
    r->batch = x->size[0];
    r->turned = told ? (size_t)told : r->x.size;
    r->interleaved = mhoi_attr_int(c->op, "interleaved", 0) != 0;
    const size_t rank = positions ? 2 : 3, half = r->turned / 2;
    if (told < 0 || r->turned > r->x.size || r->turned % 2)
        return mho_error(MHO_EFORMAT, "turns %lld of %zu elements", (long long)told, r->x.size);
    if (!mhoi_array_same_shape(cosines, c->in[2]) || cosines->rank != rank ||
        cosines->size[rank - 1] != half ||
        (!positions && (cosines->size[0] != r->batch || cosines->size[1] != r->x.length)))
        return mho_error(MHO_EFORMAT, "cosines and sines do not fit");
    if (positions && (positions->rank != 2 || positions->size[0] != r->batch ||
                      positions->size[1] != r->x.length))
        return mho_error(MHO_EFORMAT, "positions do not fit");
    return MHO_OK;
}

static mho_status rotation_shape(mhoi_call *c)
{
    rotation r;
    mho_status s = mhoi_want_real(c, 0);
    if (!s)
        s = rotation_of(c, &r);
    return s ? s : mhoi_same_shape(c);
}

static void turn(const rotation *r, const mho_array *cosines, const mho_array *sines, size_t angle,
                 double *x)
{
    const size_t half = r->turned / 2;
    for (size_t i = 0; i < half; i++) {
        const size_t a = r->interleaved ? 2 * i : i, b = r->interleaved ? 2 * i + 1 : i + half;
        const double cosine = mho_array_number(cosines, angle * half + i),
                     sine = mho_array_number(sines, angle * half + i), x0 = x[a], x1 = x[b];
        x[a] = cosine * x0 - sine * x1;
        x[b] = sine * x0 + cosine * x1;
    }
}

static mho_status rotation_run(mhoi_call *c)
{
    rotation r;
    double *x = NULL;
    const mho_array *positions = mhoi_in(c, 3);
    mho_status s = rotation_of(c, &r);
    if (!s)
        s = mhoi_doubles(c->in[0], &x);
    for (size_t i = 0; !s && i < r.batch * r.x.length; i++) {
        const int64_t angle = positions ? mhoi_array_whole(positions, i) : (int64_t)i;
        if (positions && (angle < 0 || angle >= (int64_t)c->in[1]->size[0])) {
            s = mho_error(MHO_EFORMAT, "position %lld of %zu", (long long)angle, c->in[1]->size[0]);
            break;
        }
        for (size_t h = 0; h < r.x.heads; h++)
            turn(&r, c->in[1], c->in[2], (size_t)angle,
                 x + i / r.x.length * r.x.batch_stride + h * r.x.head_stride +
                     i % r.x.length * r.x.row_stride);
    }
    if (!s)
        mhoi_put_doubles(c, 0, x);
    mhoi_free(&x);
    return s;
}

const mhoi_operator mhoi_ops_attention[] = {
    {"Attention", "", 3, 7, 4,
     "is_causal kv_num_heads q_num_heads qk_matmul_output_mode scale softcap softmax_precision ",
     attention_shape, attention_run},
    {"RotaryEmbedding", "", 3, 4, 1, "interleaved num_heads rotary_embedding_dim ", rotation_shape,
     rotation_run},
    {0}};
