/* SPDX-License-Identifier: Apache-2.0 */
/* Operators that move elements of any type: each output element is one of the input's, told by offset and strides. */
#include <string.h>

#include "base/alloc.h"
#include "ops/ops_impl.h"

#define STRIDED(type)                                                                              \
    case sizeof(type):                                                                             \
        for (size_t i = 0; i < n; i++)                                                             \
            ((type *)to)[i] = ((const type *)from)[(int64_t)i * stride];                           \
        break;

/* n elements that lie `stride` apart. */
static void copy_row(void *to, const void *from, size_t n, int64_t stride, size_t bytes)
{
    if (stride == 1) {
        memcpy(to, from, n * bytes);
        return;
    }
    switch (bytes) {
        STRIDED(uint8_t)
        STRIDED(uint16_t)
        STRIDED(uint32_t)
        STRIDED(uint64_t)
    default:
        break;
    }
}

/* out element at `index` = from[start + sum index[k] stride[k]]. */
static void gather(mho_array *out, const mho_array *from, size_t start, const int64_t *stride)
{
    const size_t rank = out->rank, bytes = mho_type_bytes(out->type);
    size_t index[MHOI_RANK_MAX] = {0};
    if (!out->count)
        return;
    const size_t outer = rank ? rank - 1 : 0, each = rank ? out->size[outer] : 1;
    char *to = out->data;
    do {
        int64_t at = (int64_t)start;
        for (size_t k = 0; k < outer; k++)
            at += (int64_t)index[k] * stride[k];
        copy_row(to, (const char *)from->data + (size_t)at * bytes, each, rank ? stride[outer] : 1,
                 bytes);
        to += each * bytes;
    } while (mhoi_next(outer, out->size, index));
}

/* Puts all of `from` into a block of out that begins at element `start`, with the strides of out. */
static void scatter(mho_array *out, const mho_array *from, size_t start, const size_t *stride)
{
    const size_t rank = from->rank, bytes = mho_type_bytes(out->type);
    size_t index[MHOI_RANK_MAX] = {0};
    if (!from->count)
        return;
    const size_t outer = rank ? rank - 1 : 0, each = rank ? from->size[rank - 1] : 1;
    const char *at = from->data;
    do {
        memcpy((char *)out->data + (start + mhoi_offset(outer, index, stride)) * bytes, at,
               each * bytes);
        at += each * bytes;
    } while (mhoi_next(outer, from->size, index));
}

static void signed_strides(const mho_array *a, int64_t *stride)
{
    size_t own[MHOI_RANK_MAX];
    mhoi_array_strides(a, own);
    for (size_t k = 0; k < a->rank; k++)
        stride[k] = (int64_t)own[k];
}

/* --- transpose */

static mho_status permutation(const mhoi_call *c, size_t *perm)
{
    const size_t rank = c->in[0]->rank;
    const int64_t *ints;
    const size_t count = mhoi_attr_ints(c->op, "perm", &ints);
    unsigned seen = 0;
    if (count && count != rank)
        return mho_error(MHO_EFORMAT, "perm of %zu numbers", count);
    for (size_t k = 0; k < rank; k++) {
        mho_status s = MHO_OK;
        perm[k] = rank - 1 - k;
        if (count)
            s = mhoi_axis(ints[k], rank, &perm[k]);
        if (s)
            return s;
        seen |= 1U << perm[k];
    }
    return seen == (1U << rank) - 1 ? MHO_OK : mho_error(MHO_EFORMAT, "perm names an axis twice");
}

static mho_status transpose_shape(mhoi_call *c)
{
    size_t perm[MHOI_RANK_MAX], size[MHOI_RANK_MAX];
    mho_status s = permutation(c, perm);
    for (size_t k = 0; !s && k < c->in[0]->rank; k++)
        size[k] = c->in[0]->size[perm[k]];
    return s ? s : mhoi_out(c, 0, c->in[0]->type, c->in[0]->rank, size);
}

static mho_status transpose_run(mhoi_call *c)
{
    size_t perm[MHOI_RANK_MAX];
    int64_t own[MHOI_RANK_MAX], stride[MHOI_RANK_MAX];
    mho_status s = permutation(c, perm);
    signed_strides(c->in[0], own);
    for (size_t k = 0; !s && k < c->in[0]->rank; k++)
        stride[k] = own[perm[k]];
    if (!s)
        gather(c->out, c->in[0], 0, stride);
    return s;
}

/* --- slice */

typedef struct slicing {
    int64_t start[MHOI_RANK_MAX], step[MHOI_RANK_MAX];
    size_t size[MHOI_RANK_MAX];
} slicing;

static void slice_axis(slicing *p, size_t at, size_t size, int64_t start, int64_t end, int64_t step)
{
    const int64_t n = (int64_t)size, low = step > 0 ? 0 : -1, high = step > 0 ? n : n - 1;
    start = start < 0 ? start + n : start;
    end = end < 0 ? end + n : end;
    start = start > high ? high : start < 0 && high >= 0 ? 0 : start;
    end = end < low ? low : end > high ? high : end;
    const int64_t span = step > 0 ? end - start : start - end;
    const uint64_t stride = step > 0 ? (uint64_t)step : -(uint64_t)step;
    p->start[at] = start;
    p->step[at] = step;
    p->size[at] = span > 0 ? (size_t)(((uint64_t)span + stride - 1) / stride) : 0;
}

static mho_status slicing_of(const mhoi_call *c, slicing *p)
{
    const mho_array *x = c->in[0];
    int64_t start[MHOI_RANK_MAX], end[MHOI_RANK_MAX], axis[MHOI_RANK_MAX], step[MHOI_RANK_MAX];
    size_t starts, ends, axes, steps;
    mho_status s = mhoi_numbers(c, 1, "starts", MHOI_RANK_MAX, start, &starts);
    if (!s)
        s = mhoi_numbers(c, 2, "ends", MHOI_RANK_MAX, end, &ends);
    if (!s)
        s = mhoi_numbers(c, 3, "axes", MHOI_RANK_MAX, axis, &axes);
    if (!s)
        s = mhoi_numbers(c, 4, NULL, MHOI_RANK_MAX, step, &steps);
    if (!s && (starts == SIZE_MAX || ends != starts || (axes != SIZE_MAX && axes != starts) ||
               (steps != SIZE_MAX && steps != starts)))
        s = mho_error(MHO_EFORMAT, "starts, ends, axes and steps are not as many");
    for (size_t k = 0; !s && k < x->rank; k++)
        slice_axis(p, k, x->size[k], 0, (int64_t)x->size[k], 1);
    for (size_t k = 0; !s && k < starts; k++) {
        size_t at = 0;
        s = mhoi_axis(axes == SIZE_MAX ? (int64_t)k : axis[k], x->rank, &at);
        if (!s && steps != SIZE_MAX && step[k] == 0)
            s = mho_error(MHO_EFORMAT, "a step of 0");
        if (!s)
            slice_axis(p, at, x->size[at], start[k], end[k], steps == SIZE_MAX ? 1 : step[k]);
    }
    return s;
}

static mho_status slice_shape(mhoi_call *c)
{
    slicing p;
    mho_status s = slicing_of(c, &p);
    return s ? s : mhoi_out(c, 0, c->in[0]->type, c->in[0]->rank, p.size);
}

static mho_status slice_run(mhoi_call *c)
{
    slicing p;
    int64_t stride[MHOI_RANK_MAX], start = 0;
    mho_status s = slicing_of(c, &p);
    signed_strides(c->in[0], stride);
    for (size_t k = 0; !s && k < c->out->rank; k++) {
        start += p.start[k] * stride[k];
        stride[k] *= c->out->size[k] > 1 ? p.step[k] : 1;
    }
    if (!s)
        gather(c->out, c->in[0], (size_t)start, stride);
    return s;
}

/* --- concat, split */

static mho_status concat_axis(const mhoi_call *c, size_t *axis)
{
    if (!mhoi_attr_find(c->op, "axis") && c->op->set >= 4)
        return mho_error(MHO_EFORMAT, "no axis");
    return mhoi_axis(mhoi_attr_int(c->op, "axis", 1), c->in[0]->rank, axis);
}

static mho_status concat_shape(mhoi_call *c)
{
    size_t axis = 0, size[MHOI_RANK_MAX];
    const mho_array *x = c->in[0];
    mho_status s = concat_axis(c, &axis);
    memcpy(size, x->size, x->rank * sizeof *size);
    for (size_t k = 1; !s && k < c->inputs; k++) {
        const mho_array *y = c->in[k];
        if (!y || y->type == MHO_TYPE_NONE)
            return mho_error(MHO_ENODATA, "input %zu is not known", k);
        bool fits = y->rank == x->rank && y->type == x->type;
        for (size_t j = 0; fits && j < x->rank; j++)
            fits = j == axis || y->size[j] == x->size[j];
        if (!fits)
            return mho_error(MHO_EFORMAT, "input %zu does not fit input 0 along axis %zu", k, axis);
        size[axis] += y->size[axis];
    }
    return s ? s : mhoi_out(c, 0, x->type, x->rank, size);
}

static mho_status concat_run(mhoi_call *c)
{
    size_t axis = 0, stride[MHOI_RANK_MAX], at = 0;
    mho_status s = concat_axis(c, &axis);
    mhoi_array_strides(c->out, stride);
    for (size_t k = 0; !s && k < c->inputs; k++) {
        scatter(c->out, c->in[k], at, stride);
        at += c->in[k]->size[axis] * stride[axis];
    }
    return s;
}

static mho_status split_shape(mhoi_call *c)
{
    const mho_array *x = c->in[0];
    int64_t *part = NULL;
    size_t axis = 0, parts, size[MHOI_RANK_MAX], sum = 0;
    mho_status s = mhoi_axis(mhoi_attr_int(c->op, "axis", 0), x->rank, &axis);
    if (!s)
        s = mhoi_alloc(&part, c->outputs + 1, sizeof *part, "Split");
    if (!s)
        s = mhoi_numbers(c, 1, "split", c->outputs, part, &parts);
    memcpy(size, x->size, x->rank * sizeof *size);
    const size_t even = s ? 0 : (x->size[axis] + c->outputs - 1) / c->outputs;
    for (size_t k = 0; !s && k < c->outputs; k++) {
        const size_t left = x->size[axis] - sum;
        size[axis] = parts == SIZE_MAX ? even < left ? even : left : (size_t)part[k];
        if ((parts != SIZE_MAX && (parts != c->outputs || part[k] < 0)) || size[axis] > left)
            s = mho_error(MHO_EFORMAT, "%zu parts of axis %zu do not fit", parts, axis);
        sum += size[axis];
        if (!s)
            s = mhoi_out(c, k, x->type, x->rank, size);
    }
    if (!s && sum != x->size[axis])
        s = mho_error(MHO_EFORMAT, "the parts have %zu of %zu elements", sum, x->size[axis]);
    mhoi_free(&part);
    return s;
}

static mho_status split_run(mhoi_call *c)
{
    size_t axis = 0, at = 0;
    int64_t stride[MHOI_RANK_MAX];
    mho_status s = mhoi_axis(mhoi_attr_int(c->op, "axis", 0), c->in[0]->rank, &axis);
    signed_strides(c->in[0], stride);
    for (size_t k = 0; !s && k < c->outputs; k++) {
        gather(&c->out[k], c->in[0], at, stride);
        at += c->out[k].size[axis] * (size_t)stride[axis];
    }
    return s;
}

/* --- expand, tile */

static mho_status expand_shape(mhoi_call *c)
{
    int64_t want[MHOI_RANK_MAX];
    size_t rank, size[MHOI_RANK_MAX];
    mho_array target = {.type = c->in[0]->type};
    mho_status s = mhoi_numbers(c, 1, NULL, MHOI_RANK_MAX, want, &rank);
    for (size_t k = 0; !s && k < rank; k++) {
        if (want[k] < 0)
            return mho_error(MHO_EFORMAT, "size %lld", (long long)want[k]);
        size[k] = (size_t)want[k];
    }
    if (!s)
        s = mhoi_array_shape(c->in[0]->type, rank, size, &target);
    if (!s)
        s = mhoi_broadcast(c->in[0], &target, &rank, size);
    return s ? s : mhoi_out(c, 0, c->in[0]->type, rank, size);
}

static mho_status expand_run(mhoi_call *c)
{
    size_t own[MHOI_RANK_MAX];
    int64_t stride[MHOI_RANK_MAX];
    mhoi_broadcast_strides(c->in[0], c->out->rank, own);
    for (size_t k = 0; k < c->out->rank; k++)
        stride[k] = (int64_t)own[k];
    gather(c->out, c->in[0], 0, stride);
    return MHO_OK;
}

static mho_status tile_shape(mhoi_call *c)
{
    const mho_array *x = c->in[0];
    int64_t times[MHOI_RANK_MAX];
    size_t count, size[MHOI_RANK_MAX];
    mho_status s = mhoi_numbers(c, 1, NULL, MHOI_RANK_MAX, times, &count);
    if (!s && count != x->rank)
        s = mho_error(MHO_EFORMAT, "%zu repeats of %zu dimensions", count, x->rank);
    for (size_t k = 0; !s && k < x->rank; k++)
        if (times[k] < 0 || __builtin_mul_overflow(x->size[k], (size_t)times[k], &size[k]))
            s = mho_error(MHO_EFORMAT, "repeats %lld times", (long long)times[k]);
    return s ? s : mhoi_out(c, 0, x->type, x->rank, size);
}

static mho_status tile_run(mhoi_call *c)
{
    const mho_array *x = c->in[0];
    const size_t rank = x->rank, bytes = mho_type_bytes(x->type);
    size_t index[MHOI_RANK_MAX] = {0}, stride[MHOI_RANK_MAX];
    mhoi_array_strides(x, stride);
    for (size_t i = 0; i < c->out->count; i++) {
        size_t at = 0;
        for (size_t k = 0; k < rank; k++)
            at += index[k] % x->size[k] * stride[k];
        memcpy((char *)c->out->data + i * bytes, (const char *)x->data + at * bytes, bytes);
        (void)mhoi_next(rank, c->out->size, index);
    }
    return MHO_OK;
}

/* --- pad */

typedef struct padding {
    int64_t before[MHOI_RANK_MAX], after[MHOI_RANK_MAX];
} padding;

static mho_status padding_of(const mhoi_call *c, padding *p)
{
    const size_t rank = c->in[0]->rank;
    int64_t pads[2 * MHOI_RANK_MAX], axis[MHOI_RANK_MAX];
    size_t count, axes = 0;
    const char *attribute = mhoi_attr_find(c->op, "paddings") ? "paddings" : "pads";
    mho_status s = mhoi_numbers(c, 1, attribute, 2 * MHOI_RANK_MAX, pads, &count);
    if (!s)
        s = mhoi_numbers(c, 3, NULL, MHOI_RANK_MAX, axis, &axes);
    const size_t padded = axes == SIZE_MAX ? rank : axes;
    if (!s && count != 2 * padded)
        s = mho_error(MHO_EFORMAT, "pads of %zu numbers, want %zu", count, 2 * padded);
    *p = (padding){{0}, {0}};
    for (size_t k = 0; !s && k < padded; k++) {
        size_t at = 0;
        s = mhoi_axis(axes == SIZE_MAX ? (int64_t)k : axis[k], rank, &at);
        if (!s && (pads[k] < -(1LL << 31) || pads[k] > 1LL << 31 ||
                   pads[k + padded] < -(1LL << 31) || pads[k + padded] > 1LL << 31))
            s = mho_error(MHO_EFORMAT, "pads beyond 2^31");
        p->before[at] = s ? 0 : pads[k];
        p->after[at] = s ? 0 : pads[k + padded];
    }
    return s;
}

static mho_status pad_shape(mhoi_call *c)
{
    padding p;
    size_t size[MHOI_RANK_MAX];
    mho_status s = padding_of(c, &p);
    for (size_t k = 0; !s && k < c->in[0]->rank; k++) {
        const int64_t n = (int64_t)c->in[0]->size[k] + p.before[k] + p.after[k];
        if (n < 0)
            s = mho_error(MHO_EFORMAT, "axis %zu of size %zu loses more than it has", k,
                          c->in[0]->size[k]);
        size[k] = (size_t)n;
    }
    return s ? s : mhoi_out(c, 0, c->in[0]->type, c->in[0]->rank, size);
}

/* Where the element at position i of a padded axis comes from; -1: from outside. */
static int64_t pad_source(int64_t i, int64_t n, char mode)
{
    if (i >= 0 && i < n)
        return i;
    if (mode == 'e')
        return i < 0 ? 0 : n - 1;
    if (mode == 'w')
        return ((i % n) + n) % n;
    if (mode == 'r') {
        const int64_t period = n > 1 ? 2 * (n - 1) : 1;
        const int64_t at = ((i % period) + period) % period;
        return at < n ? at : period - at;
    }
    return -1;
}

static mho_status pad_run(mhoi_call *c)
{
    const mho_array *x = c->in[0];
    const size_t rank = x->rank, bytes = mho_type_bytes(x->type);
    const char mode = mhoi_attr_text(c->op, "mode", "constant")[0];
    size_t index[MHOI_RANK_MAX] = {0}, stride[MHOI_RANK_MAX];
    padding p;
    mho_array fill = {.type = x->type, .count = 1};
    double value;
    mho_status s = padding_of(c, &p);
    if (!s && (!mode || !strchr("cerw", mode) || (mode != 'c' && x->count == 0 && c->out->count)))
        s = mho_error(MHO_ENOTMODELED, "mode %s", mhoi_attr_text(c->op, "mode", ""));
    if (!s)
        s = mhoi_scalar(c, 2, (double)mhoi_attr_float(c->op, "value", 0), &value);
    if (!s)
        s = mhoi_array_alloc(&fill, "Pad");
    if (s)
        return s;
    mhoi_array_set_reals(&fill, 0, 1, &value);
    mhoi_array_strides(x, stride);
    for (size_t i = 0; i < c->out->count; i++) {
        size_t at = 0;
        bool inside = true;
        for (size_t k = 0; k < rank; k++) {
            const int64_t from =
                pad_source((int64_t)index[k] - p.before[k], (int64_t)x->size[k], mode);
            inside = inside && from >= 0;
            at += (size_t)(from < 0 ? 0 : from) * stride[k];
        }
        memcpy((char *)c->out->data + i * bytes,
               inside ? (const char *)x->data + at * bytes : fill.data, bytes);
        (void)mhoi_next(rank, c->out->size, index);
    }
    mho_array_free(&fill);
    return MHO_OK;
}

/* --- blocks of space as channels, and back */

static mho_status block_of(const mhoi_call *c, size_t *block)
{
    const int64_t b = mhoi_attr_int(c->op, "blocksize", 0);
    *block = (size_t)b;
    if (b < 1 || b > 1 << 20)
        return mho_error(MHO_EFORMAT, "blocksize %lld", (long long)b);
    return c->in[0]->rank == 4 ? MHO_OK
                               : mho_error(MHO_EFORMAT, "%zu dimensions, want 4", c->in[0]->rank);
}

static mho_status to_space_shape(mhoi_call *c)
{
    size_t b;
    const size_t *n = c->in[0]->size;
    mho_status s = block_of(c, &b);
    if (!s && n[1] % (b * b))
        s = mho_error(MHO_EFORMAT, "%zu channels in blocks of %zu x %zu", n[1], b, b);
    return s ? s
             : mhoi_out(c, 0, c->in[0]->type, 4,
                        (const size_t[]){n[0], n[1] / b / b, n[2] * b, n[3] * b});
}

static mho_status to_depth_shape(mhoi_call *c)
{
    size_t b;
    const size_t *n = c->in[0]->size;
    mho_status s = block_of(c, &b);
    if (!s && (n[2] % b || n[3] % b))
        s = mho_error(MHO_EFORMAT, "%zu x %zu in blocks of %zu x %zu", n[2], n[3], b, b);
    return s ? s
             : mhoi_out(c, 0, c->in[0]->type, 4,
                        (const size_t[]){n[0], n[1] * b * b, n[2] / b, n[3] / b});
}

/* `deep` has the channels, `wide` the space; each element of the one is one of the other. */
static void blocks(const mho_array *deep, size_t b, bool crd, bool to_wide, const void *from,
                   void *to)
{
    const size_t h = deep->size[2], w = deep->size[3], c = deep->size[1] / b / b;
    const size_t bytes = mho_type_bytes(deep->type);
    size_t index[4] = {0};
    for (size_t i = 0; i < deep->count; i++) {
        const size_t ch = index[1], cell = crd ? ch % (b * b) : ch / c;
        const size_t channel = crd ? ch / (b * b) : ch % c;
        const size_t y = index[2] * b + cell / b, x = index[3] * b + cell % b;
        const size_t j = ((index[0] * c + channel) * h * b + y) * w * b + x;
        memcpy((char *)to + (to_wide ? j : i) * bytes,
               (const char *)from + (to_wide ? i : j) * bytes, bytes);
        (void)mhoi_next(4, deep->size, index);
    }
}

static mho_status to_space_run(mhoi_call *c)
{
    size_t b;
    mho_status s = block_of(c, &b);
    const bool crd = strcmp(mhoi_attr_text(c->op, "mode", "DCR"), "CRD") == 0;
    if (!s)
        blocks(c->in[0], b, crd, true, c->in[0]->data, c->out->data);
    return s;
}

static mho_status to_depth_run(mhoi_call *c)
{
    size_t b;
    mho_status s = block_of(c, &b);
    if (!s)
        blocks(c->out, b, false, false, c->in[0]->data, c->out->data);
    return s;
}

const mhoi_operator mhoi_ops_move[] = {
    {"Transpose", "", 1, 1, 1, "perm ", transpose_shape, transpose_run},
    {"Slice", "", 1, 5, 1, "starts ends axes ", slice_shape, slice_run},
    {"Concat", "", 1, MHOI_OP_MANY, 1, "axis ", concat_shape, concat_run},
    {"Split", "", 1, 2, MHOI_OP_MANY, "axis split num_outputs ", split_shape, split_run},
    {"Expand", "", 2, 2, 1, "", expand_shape, expand_run},
    {"Tile", "", 2, 2, 1, "", tile_shape, tile_run},
    {"Pad", "", 1, 4, 1, "pads paddings value mode ", pad_shape, pad_run},
    {"DepthToSpace", "", 1, 1, 1, "blocksize mode ", to_space_shape, to_space_run},
    {"SpaceToDepth", "", 1, 1, 1, "blocksize ", to_depth_shape, to_depth_run},
    {0}};
