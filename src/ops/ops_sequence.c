/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of arrays: made, changed and taken apart.  What is in one is known only when it runs. */
#include <string.h>

#include "base/alloc.h"
#include "ops/ops_impl.h"

static mho_status out_list(mhoi_call *c, size_t count)
{
    return mhoi_out(c, 0, MHOI_TYPE_LIST, 1, &count);
}

static mho_array *items(const mho_array *list)
{
    return list->data;
}

static mho_status want_list(const mhoi_call *c, size_t k)
{
    return c->in[k]->type == MHOI_TYPE_LIST
               ? mhoi_need_known(c, k)
               : mho_error(MHO_EFORMAT, "input %zu is an array, want a sequence", k);
}

/* A place -n..n-1 in a list, `otherwise` where input k is left out. */
static mho_status place(const mhoi_call *c, size_t k, size_t n, size_t otherwise, size_t *out)
{
    double told;
    mho_status s = mhoi_scalar(c, k, (double)otherwise, &told);
    *out = 0;
    if (s)
        return s;
    told += told < 0 ? (double)n : 0;
    if (!(told >= 0 && told < (double)n))
        return mho_error(MHO_EFORMAT, "place %g in a sequence of %zu", told, n);
    *out = (size_t)told;
    return MHO_OK;
}

/* --- made */

static mho_status empty_shape(mhoi_call *c)
{
    return out_list(c, 0);
}

static mho_status nothing_to_do(mhoi_call *c)
{
    (void)c;
    return MHO_OK;
}

static mho_status construct_shape(mhoi_call *c)
{
    mho_status s = MHO_OK;
    for (size_t k = 0; !s && k < c->inputs; k++)
        s = c->in[k] ? mhoi_need_known(c, k) : mho_error(MHO_EFORMAT, "input %zu is left out", k);
    return s ? s : out_list(c, c->inputs);
}

static mho_status construct_run(mhoi_call *c)
{
    mho_status s = MHO_OK;
    for (size_t k = 0; !s && k < c->inputs; k++)
        s = mhoi_array_copy(c->in[k], &items(c->out)[k]);
    return s;
}

static mho_status insert_shape(mhoi_call *c)
{
    mho_status s = want_list(c, 0);
    if (!s)
        s = mhoi_need_known(c, 1);
    return s ? s : out_list(c, c->in[0]->count + 1);
}

static mho_status insert_run(mhoi_call *c)
{
    const size_t n = c->in[0]->count;
    size_t at;
    mho_status s = place(c, 2, n + 1, n, &at);
    if (!s && mhoi_in(c, 2) && mho_array_number(c->in[2], 0) < 0)
        s = place(c, 2, n, n, &at); /* from the end of what there is */
    for (size_t k = 0; !s && k <= n; k++)
        s = mhoi_array_copy(k == at ? c->in[1] : &items(c->in[0])[k - (k > at)], &items(c->out)[k]);
    return s;
}

static mho_status erase_shape(mhoi_call *c)
{
    mho_status s = want_list(c, 0);
    if (!s && !c->in[0]->count)
        s = mho_error(MHO_EFORMAT, "the sequence is empty");
    return s ? s : out_list(c, c->in[0]->count - 1);
}

static mho_status erase_run(mhoi_call *c)
{
    const size_t n = c->in[0]->count;
    size_t at;
    mho_status s = place(c, 1, n, n - 1, &at);
    for (size_t k = 0; !s && k + 1 < n; k++)
        s = mhoi_array_copy(&items(c->in[0])[k + (k >= at)], &items(c->out)[k]);
    return s;
}

/* --- an array in parts */

typedef struct parts {
    size_t axis, count, size; /* size: of each but the last; 0: those of input 1 */
    bool keeps;
} parts;

static mho_status find_parts(const mhoi_call *c, parts *p)
{
    const mho_array *x = c->in[0], *split = mhoi_in(c, 1);
    mho_status s = mhoi_axis(mhoi_attr_int(c->op, "axis", 0), x->rank, &p->axis);
    if (!s)
        s = mhoi_need_known(c, 1);
    if (s)
        return s;
    const size_t all = x->size[p->axis];
    p->keeps = split || mhoi_attr_int(c->op, "keepdims", 1) != 0;
    p->size = 1;
    if (split && split->rank == 0) {
        const int64_t told = mhoi_array_whole(split, 0);
        if (told < 1)
            return mho_error(MHO_EFORMAT, "parts of %lld", (long long)told);
        p->size = (size_t)told;
    }
    p->count = (all + p->size - 1) / p->size;
    if (!split || split->rank == 0)
        return MHO_OK;
    double sum = 0;
    for (size_t k = 0; k < split->count; k++) {
        const double part = mho_array_number(split, k);
        sum += part < 0 ? (double)all + 1 : part;
    }
    p->size = 0;
    p->count = split->count;
    return sum == (double)all
               ? MHO_OK
               : mho_error(MHO_EFORMAT, "parts do not add up to the %zu of axis %zu", all, p->axis);
}

static mho_status split_shape(mhoi_call *c)
{
    parts p;
    mho_status s = mhoi_need_known(c, 0);
    if (!s)
        s = find_parts(c, &p);
    return s ? s : out_list(c, p.count);
}

static mho_status take_part(const mho_array *x, const parts *p, size_t first, size_t n,
                            mho_array *out)
{
    size_t size[MHOI_RANK_MAX], rank = x->rank;
    const size_t inner = mhoi_product(x->size, p->axis + 1, x->rank) * mho_type_bytes(x->type);
    const size_t outer = mhoi_product(x->size, 0, p->axis), all = x->size[p->axis];
    memcpy(size, x->size, rank * sizeof *size);
    size[p->axis] = n;
    if (!p->keeps)
        memmove(size + p->axis, size + p->axis + 1, (--rank - p->axis) * sizeof *size);
    mho_status s = mhoi_array_shape(x->type, rank, size, out);
    if (!s)
        s = mhoi_array_alloc(out, "sequence");
    for (size_t i = 0; !s && out->count && i < outer; i++)
        memcpy((char *)out->data + i * n * inner, (const char *)x->data + (i * all + first) * inner,
               n * inner);
    return s;
}

static mho_status split_run(mhoi_call *c)
{
    parts p;
    size_t first = 0;
    mho_status s = find_parts(c, &p);
    for (size_t k = 0; !s && k < p.count; k++) {
        const size_t left = c->in[0]->size[p.axis] - first;
        const size_t n = !p.size         ? (size_t)mhoi_array_whole(c->in[1], k)
                         : p.size < left ? p.size
                                         : left;
        s = take_part(c->in[0], &p, first, n, &items(c->out)[k]);
        first += n;
    }
    return s;
}

/* --- read */

static mho_status at_shape(mhoi_call *c)
{
    size_t at;
    mho_status s = want_list(c, 0);
    if (!s)
        s = place(c, 1, c->in[0]->count, 0, &at);
    if (s)
        return s;
    const mho_array *item = &items(c->in[0])[at];
    return mhoi_out_like(c, 0, item->type, item);
}

static mho_status at_run(mhoi_call *c)
{
    size_t at;
    mho_status s = place(c, 1, c->in[0]->count, 0, &at);
    if (!s && c->out->count)
        memcpy(c->out->data, items(c->in[0])[at].data,
               c->out->count * mho_type_bytes(c->out->type));
    return s;
}

static mho_status length_shape(mhoi_call *c)
{
    mho_status s = want_list(c, 0);
    return s ? s : mhoi_out(c, 0, MHO_TYPE_INT64, 0, NULL);
}

static mho_status length_run(mhoi_call *c)
{
    *(int64_t *)c->out->data = (int64_t)c->in[0]->count;
    return MHO_OK;
}

/* The axis that items are put together along, and their common sizes. */
static mho_status join_shape(mhoi_call *c)
{
    const bool anew = mhoi_attr_int(c->op, "new_axis", 0) != 0;
    size_t size[MHOI_RANK_MAX + 1], axis, sum = 0;
    mho_status s = want_list(c, 0);
    if (!s && !c->in[0]->count)
        s = mho_error(MHO_ENOTMODELED, "the sequence is empty");
    if (s)
        return s;
    const mho_array *item = items(c->in[0]);
    s = mhoi_axis(mhoi_attr_int(c->op, "axis", 0), item->rank + anew, &axis);
    for (size_t k = 0; !s && k < c->in[0]->count; k++) {
        bool fits = item[k].type == item->type && item[k].rank == item->rank;
        for (size_t i = 0; fits && i < item->rank; i++)
            fits = item[k].size[i] == item->size[i] || (i == axis && !anew);
        s = fits ? MHO_OK : mho_error(MHO_EFORMAT, "items 0 and %zu do not fit each other", k);
        sum += anew || s ? 1 : item[k].size[axis];
    }
    if (s)
        return s;
    memcpy(size, item->size, item->rank * sizeof *size);
    if (anew)
        memmove(size + axis + 1, size + axis, (item->rank - axis) * sizeof *size);
    size[axis] = sum;
    return mhoi_out(c, 0, item->type, item->rank + anew, size);
}

static mho_status join_run(mhoi_call *c)
{
    const mho_array *item = items(c->in[0]);
    size_t axis, at = 0;
    mho_status s = mhoi_axis(mhoi_attr_int(c->op, "axis", 0), c->out->rank, &axis);
    const size_t outer = s ? 0 : mhoi_product(c->out->size, 0, axis);
    const size_t row = outer ? c->out->count / outer * mho_type_bytes(c->out->type) : 0;
    for (size_t k = 0; row && k < c->in[0]->count; k++) {
        const size_t part = item[k].count / outer * mho_type_bytes(item->type);
        for (size_t i = 0; part && i < outer; i++)
            memcpy((char *)c->out->data + i * row + at, (const char *)item[k].data + i * part,
                   part);
        at += part;
    }
    return s;
}

const mhoi_operator mhoi_ops_sequence[] = {
    {"SequenceEmpty", "", 0, 0, 1, "dtype ", empty_shape, nothing_to_do},
    {"SequenceConstruct", "", 1, MHOI_OP_MANY, 1, "", construct_shape, construct_run},
    {"SequenceInsert", "", 2, 3, 1, "", insert_shape, insert_run},
    {"SequenceErase", "", 1, 2, 1, "", erase_shape, erase_run},
    {"SequenceAt", "", 2, 2, 1, "", at_shape, at_run},
    {"SequenceLength", "", 1, 1, 1, "", length_shape, length_run},
    {"SplitToSequence", "", 1, 2, 1, "axis keepdims ", split_shape, split_run},
    {"ConcatFromSequence", "", 1, 1, 1, "axis new_axis ", join_shape, join_run},
    {0}};
