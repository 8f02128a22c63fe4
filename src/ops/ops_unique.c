/* SPDX-License-Identifier: Apache-2.0 */
/* Unique: slices of an axis (or elements) that differ, where each is first, which one each of all is, and how often. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "ops/ops_impl.h"

/* Slice i is `each` numbers, `step` apart in `outer` runs: as [outer][length][inner]. */
typedef struct slices {
    size_t length, outer, inner;
    const double *value;
} slices;

typedef struct ranked {
    const slices *all;
    size_t slice;
} ranked;

static int compare(const void *a, const void *b)
{
    const ranked *p = a, *q = b;
    const slices *all = p->all;
    for (size_t o = 0; o < all->outer; o++)
        for (size_t i = 0; i < all->inner; i++) {
            const double x = all->value[(o * all->length + p->slice) * all->inner + i],
                         y = all->value[(o * all->length + q->slice) * all->inner + i];
            if (isnan(x) || isnan(y)) {
                if (isnan(x) != isnan(y))
                    return isnan(x) ? 1 : -1; /* NaN comes last, and equals NaN */
            } else if (x != y) {
                return x < y ? -1 : 1;
            }
        }
    return 0;
}

/* The same, and then the earlier one. */
static int in_order(const void *a, const void *b)
{
    const ranked *p = a, *q = b;
    const int c = compare(a, b);
    return c ? c : p->slice < q->slice ? -1 : p->slice > q->slice ? 1 : 0;
}

typedef struct unique {
    slices all;
    double *value;
    ranked *sorted;
    size_t *first, *group, *count; /* [groups], [length], [groups] */
    size_t groups, axis;
    bool flat;
} unique;

static void unique_free(unique *u)
{
    mhoi_free(&u->value);
    mhoi_free(&u->sorted);
    mhoi_free(&u->first);
    mhoi_free(&u->group);
    mhoi_free(&u->count);
}

/* Groups of equal slices, numbered in the order of their values. */
static void find_groups(unique *u)
{
    for (size_t i = 0; i < u->all.length; i++) {
        if (i == 0 || compare(&u->sorted[i - 1], &u->sorted[i]) != 0)
            u->first[u->groups++] = u->sorted[i].slice;
        u->group[u->sorted[i].slice] = u->groups - 1;
        u->count[u->groups - 1]++;
    }
}

static int by_first(const void *a, const void *b)
{
    const size_t *p = a, *q = b;
    return p[0] < q[0] ? -1 : p[0] > q[0];
}

/* Numbers the groups in the order of their first slices. */
static mho_status keep_order(unique *u)
{
    size_t *pair = NULL, *to = NULL, *count = NULL;
    mho_status s = mhoi_alloc(&pair, 2 * u->groups, sizeof *pair, "Unique");
    if (!s)
        s = mhoi_alloc(&to, u->groups, sizeof *to, "Unique");
    if (!s)
        s = mhoi_alloc(&count, u->groups, sizeof *count, "Unique");
    for (size_t g = 0; !s && g < u->groups; g++) {
        pair[2 * g] = u->first[g];
        pair[2 * g + 1] = g;
    }
    if (!s && u->groups)
        qsort(pair, u->groups, 2 * sizeof *pair, by_first);
    for (size_t g = 0; !s && g < u->groups; g++) {
        u->first[g] = pair[2 * g];
        to[pair[2 * g + 1]] = g;
        count[g] = u->count[pair[2 * g + 1]];
    }
    for (size_t i = 0; !s && i < u->all.length; i++)
        u->group[i] = to[u->group[i]];
    if (!s && u->groups)
        memcpy(u->count, count, u->groups * sizeof *count);
    mhoi_free(&count);
    mhoi_free(&to);
    mhoi_free(&pair);
    return s;
}

static mho_status unique_of(const mhoi_call *c, unique *u)
{
    const mho_array *x = c->in[0];
    *u = (unique){.flat = !mhoi_attr_find(c->op, "axis")};
    mho_status s = mhoi_need_known(c, 0);
    if (!s && !u->flat)
        s = mhoi_axis(mhoi_attr_int(c->op, "axis", 0), x->rank, &u->axis);
    if (s)
        return s;
    u->all = u->flat ? (slices){x->count, 1, 1, NULL}
                     : (slices){x->size[u->axis], mhoi_product(x->size, 0, u->axis),
                                mhoi_product(x->size, u->axis + 1, x->rank), NULL};
    const size_t n = u->all.length;
    s = mhoi_doubles(x, &u->value);
    if (!s)
        s = mhoi_alloc(&u->sorted, n, sizeof *u->sorted, "Unique");
    if (!s)
        s = mhoi_alloc(&u->first, n, sizeof *u->first, "Unique");
    if (!s)
        s = mhoi_alloc(&u->group, n, sizeof *u->group, "Unique");
    if (!s)
        s = mhoi_alloc(&u->count, n, sizeof *u->count, "Unique");
    if (s)
        return s;
    u->all.value = u->value;
    for (size_t i = 0; i < n; i++)
        u->sorted[i] = (ranked){&u->all, i};
    if (n)
        qsort(u->sorted, n, sizeof *u->sorted, in_order);
    find_groups(u);
    return mhoi_attr_int(c->op, "sorted", 1) ? MHO_OK : keep_order(u);
}

static mho_status unique_shape(mhoi_call *c)
{
    unique u;
    size_t size[MHOI_RANK_MAX];
    const mho_array *x = c->in[0];
    mho_status s = unique_of(c, &u);
    memcpy(size, x->size, sizeof size);
    size[u.axis] = u.groups;
    const size_t lengths[3] = {u.groups, u.all.length, u.groups};
    if (!s)
        s = u.flat ? mhoi_out(c, 0, x->type, 1, &u.groups) : mhoi_out(c, 0, x->type, x->rank, size);
    for (size_t k = 1; !s && k < 4; k++)
        s = mhoi_out(c, k, MHO_TYPE_INT64, 1, &lengths[k - 1]);
    unique_free(&u);
    return s;
}

static void put_wholes(mhoi_call *c, size_t k, const size_t *value)
{
    for (size_t i = 0; k < c->outputs && i < c->out[k].count; i++)
        ((int64_t *)c->out[k].data)[i] = (int64_t)value[i];
}

static mho_status unique_run(mhoi_call *c)
{
    unique u;
    mho_status s = unique_of(c, &u);
    const size_t each = u.all.inner * mho_type_bytes(c->out->type);
    for (size_t r = 0; !s && r < u.all.outer * u.groups; r++) {
        const size_t o = r / u.groups, g = r % u.groups;
        memcpy((char *)c->out->data + r * each,
               (const char *)c->in[0]->data + (o * u.all.length + u.first[g]) * each, each);
    }
    if (!s) {
        put_wholes(c, 1, u.first);
        put_wholes(c, 2, u.group);
        put_wholes(c, 3, u.count);
    }
    unique_free(&u);
    return s;
}

/* --- Det: by elimination with the largest pivot */

static mho_status det_shape(mhoi_call *c)
{
    const mho_array *x = c->in[0];
    if (x->rank < 2 || x->size[x->rank - 1] != x->size[x->rank - 2])
        return mho_error(MHO_EFORMAT, "matrices that are not square");
    mho_status s = mhoi_want_real(c, 0);
    return s ? s : mhoi_out(c, 0, x->type, x->rank - 2, x->size);
}

static double determinant(double *a, size_t n)
{
    double product = 1;
    for (size_t k = 0; k < n; k++) {
        size_t best = k;
        for (size_t i = k + 1; i < n; i++)
            best = fabs(a[i * n + k]) > fabs(a[best * n + k]) ? i : best;
        for (size_t j = 0; best != k && j < n; j++) {
            const double other = a[k * n + j];
            a[k * n + j] = a[best * n + j];
            a[best * n + j] = other;
        }
        product *= best != k ? -a[k * n + k] : a[k * n + k];
        if (a[k * n + k] == 0)
            return 0;
        for (size_t i = k + 1; i < n; i++) {
            const double factor = a[i * n + k] / a[k * n + k];
            for (size_t j = k; j < n; j++)
                a[i * n + j] -= factor * a[k * n + j];
        }
    }
    return product;
}

static mho_status det_run(mhoi_call *c)
{
    double *x = NULL;
    const size_t n = c->in[0]->size[c->in[0]->rank - 1];
    mho_status s = mhoi_doubles(c->in[0], &x);
    for (size_t i = 0; !s && i < c->out->count; i++) {
        const double y = determinant(x + i * n * n, n);
        mhoi_array_set_reals(c->out, i, 1, &y);
    }
    mhoi_free(&x);
    return s;
}

const mhoi_operator mhoi_ops_unique[] = {
    {"Unique", "", 1, 1, 4, "axis sorted ", unique_shape, unique_run},
    {"Det", "", 1, 1, 1, "", det_shape, det_run},
    {0}};
