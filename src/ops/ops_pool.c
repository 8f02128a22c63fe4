/* SPDX-License-Identifier: Apache-2.0 */
/* Pooling over any number of axes. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "ops/window.h"

typedef struct pooling {
    mhoi_window window;
    size_t maps, area_in, area_out, kernel;
    bool count_padding, column_major;
} pooling;

static mho_status pooling_of(const mhoi_call *c, pooling *p)
{
    const mho_array *x = c->in[0];
    mho_status s =
        mhoi_window_of(c, x, NULL, mhoi_attr_int(c->op, "ceil_mode", 0) != 0, &p->window);
    if (s)
        return s;
    p->maps = x->size[0] * x->size[1];
    p->area_in = mhoi_product(p->window.in, 0, p->window.space);
    p->area_out = mhoi_product(p->window.out, 0, p->window.space);
    p->kernel = mhoi_product(p->window.kernel, 0, p->window.space);
    p->count_padding = mhoi_attr_int(c->op, "count_include_pad", 0) != 0;
    p->column_major = mhoi_attr_int(c->op, "storage_order", 0) != 0;
    return MHO_OK;
}

static mho_status pool_out(mhoi_call *c, size_t k, mho_type type, const pooling *p)
{
    size_t size[MHOI_RANK_MAX] = {c->in[0]->size[0], c->in[0]->size[1]};
    memcpy(size + 2, p->window.out, p->window.space * sizeof *size);
    return mhoi_out(c, k, type, c->in[0]->rank, size);
}

/* For every position of the window in one map: where it reads, -1 in the padding, -2 beyond it (ceil_mode). */
static void places(const pooling *p, const size_t *at, int64_t *place)
{
    const mhoi_window *w = &p->window;
    size_t k[MHOI_SPACE] = {0};
    for (size_t j = 0; j < p->kernel; j++) {
        int64_t sum = 0;
        bool inside = true, beyond = false;
        for (size_t a = 0; a < w->space; a++) {
            const int64_t i = mhoi_window_at(w, a, at[a], k[a]);
            const size_t end = w->in[a] + w->before[a] + w->after[a];
            beyond = beyond || at[a] * w->stride[a] + k[a] * w->dilation[a] >= end;
            inside = inside && i >= 0;
            sum = sum * (int64_t)w->in[a] + i;
        }
        place[j] = inside ? sum : beyond ? -2 : -1;
        (void)mhoi_next(w->space, w->kernel, k);
    }
}

/* Calls one(...) for every output position: the places are the same in every map. */
typedef void pool_fn(const pooling *p, mhoi_call *c, const double *x, const int64_t *place,
                     size_t to);

static mho_status run_pool(mhoi_call *c, pool_fn *one)
{
    pooling p;
    int64_t *place = NULL;
    double *x = NULL;
    size_t at[MHOI_SPACE] = {0};
    mho_status s = pooling_of(c, &p);
    if (!s)
        s = mhoi_alloc(&place, p.kernel, sizeof *place, c->op->name);
    if (!s)
        s = mhoi_doubles(c->in[0], &x);
    for (size_t i = 0; !s && i < p.area_out; i++) {
        places(&p, at, place);
        for (size_t m = 0; m < p.maps; m++)
            one(&p, c, x + m * p.area_in, place, m * p.area_out + i);
        (void)mhoi_next(p.window.space, p.window.out, at);
    }
    mhoi_free(&x);
    mhoi_free(&place);
    return s;
}

/* --- the largest, and where it is */

static mho_status max_shape(mhoi_call *c)
{
    pooling p;
    mho_status s = pooling_of(c, &p);
    if (!s)
        s = pool_out(c, 0, c->in[0]->type, &p);
    return s ? s : pool_out(c, 1, MHO_TYPE_INT64, &p);
}

/* The number of an element of a map, counted from its first axis on. */
static int64_t in_columns(const pooling *p, int64_t at)
{
    int64_t result = 0, unit = 1, left = at;
    size_t index[MHOI_SPACE];
    for (size_t a = p->window.space; a-- > 0;) {
        index[a] = (size_t)(left % (int64_t)p->window.in[a]);
        left /= (int64_t)p->window.in[a];
    }
    for (size_t a = 0; a < p->window.space; a++) {
        result += (int64_t)index[a] * unit;
        unit *= (int64_t)p->window.in[a];
    }
    return result;
}

static void max_one(const pooling *p, mhoi_call *c, const double *x, const int64_t *place,
                    size_t to)
{
    double best = -INFINITY;
    int64_t which = -1;
    for (size_t j = 0; j < p->kernel; j++)
        if (place[j] >= 0 && (which < 0 || x[place[j]] > best || isnan(x[place[j]]))) {
            best = x[place[j]];
            which = place[j];
        }
    mhoi_array_set_reals(c->out, to, 1, &best);
    if (mhoi_wanted(c, 1)) {
        const int64_t map = (int64_t)(to / p->area_out * p->area_in);
        ((int64_t *)c->out[1].data)[to] = map + (p->column_major ? in_columns(p, which) : which);
    }
}

static mho_status max_run(mhoi_call *c)
{
    return run_pool(c, max_one);
}

/* --- means */

static mho_status real_shape(mhoi_call *c)
{
    pooling p;
    mho_status s = mhoi_want_real(c, 0);
    if (!s)
        s = pooling_of(c, &p);
    return s ? s : pool_out(c, 0, c->in[0]->type, &p);
}

static void mean_one(const pooling *p, mhoi_call *c, const double *x, const int64_t *place,
                     size_t to)
{
    double sum = 0, count = 0;
    for (size_t j = 0; j < p->kernel; j++) {
        sum += place[j] >= 0 ? x[place[j]] : 0;
        count += place[j] >= 0 || (place[j] == -1 && p->count_padding);
    }
    sum /= count;
    mhoi_array_set_reals(c->out, to, 1, &sum);
}

static mho_status mean_run(mhoi_call *c)
{
    return run_pool(c, mean_one);
}

static void norm_one(const pooling *p, mhoi_call *c, const double *x, const int64_t *place,
                     size_t to)
{
    const double power = (double)mhoi_attr_int(c->op, "p", 2);
    double sum = 0;
    for (size_t j = 0; j < p->kernel; j++)
        sum += place[j] >= 0 ? pow(fabs(x[place[j]]), power) : 0;
    sum = pow(sum, 1 / power);
    mhoi_array_set_reals(c->out, to, 1, &sum);
}

static mho_status norm_run(mhoi_call *c)
{
    return run_pool(c, norm_one);
}

/* --- of a whole map */

static mho_status global_shape(mhoi_call *c)
{
    const mho_array *x = c->in[0];
    size_t size[MHOI_RANK_MAX];
    if (x->rank < 3)
        return mho_error(MHO_EFORMAT, "%zu dimensions, want 3 or more", x->rank);
    mho_status s = mhoi_want_real(c, 0);
    for (size_t k = 0; k < x->rank; k++)
        size[k] = k < 2 ? x->size[k] : 1;
    return s ? s : mhoi_out(c, 0, x->type, x->rank, size);
}

static mho_status global_run(mhoi_call *c)
{
    const mho_array *x = c->in[0];
    const bool max = strcmp(c->op->op, "GlobalMaxPool") == 0;
    const bool norm = strcmp(c->op->op, "GlobalLpPool") == 0;
    const double power = (double)mhoi_attr_int(c->op, "p", 2);
    const size_t area = mhoi_product(x->size, 2, x->rank);
    for (size_t m = 0; m < c->out->count; m++) {
        double result = max ? -INFINITY : 0;
        for (size_t i = 0; i < area; i++) {
            const double v = mho_array_number(x, m * area + i);
            result = max    ? v > result || isnan(v) ? v : result
                     : norm ? result + pow(fabs(v), power)
                            : result + v;
        }
        result = max ? result : norm ? pow(result, 1 / power) : result / (double)area;
        mhoi_array_set_reals(c->out, m, 1, &result);
    }
    return MHO_OK;
}

const mhoi_operator mhoi_ops_pool[] = {
    {"MaxPool", "", 1, 1, 2, MHOI_WINDOW_ATTRIBUTES "ceil_mode storage_order ", max_shape, max_run},
    {"AveragePool", "", 1, 1, 1, MHOI_WINDOW_ATTRIBUTES "ceil_mode count_include_pad ", real_shape,
     mean_run},
    {"LpPool", "", 1, 1, 1, MHOI_WINDOW_ATTRIBUTES "ceil_mode p ", real_shape, norm_run},
    {"GlobalMaxPool", "", 1, 1, 1, "", global_shape, global_run},
    {"GlobalAveragePool", "", 1, 1, 1, "", global_shape, global_run},
    {"GlobalLpPool", "", 1, 1, 1, "p ", global_shape, global_run},
    {0}};
