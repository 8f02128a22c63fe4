/* SPDX-License-Identifier: Apache-2.0 */
/* Attention as a runtime has it: its projections are a product of their own, the rest is the standard's Attention. */
#include <stdio.h>
#include <string.h>

#include "onnx/onnx_expand.h"

/* Queries, keys and values, [B, S, heads size]; past: [B, heads, P, size], NULL: none. */
typedef struct operands {
    char *q, *k, *v, *mask, *past_k, *past_v;
} operands;

/* Elements [from, to) of the last axis. */
static char *part(mhoi_expansion *e, char *x, char *from, char *to)
{
    return mhoi_x_of(e, "Slice", x, from, to, mhoi_x_numbers(e, 1, (const int64_t[]){-1}),
                     mhoi_x_end);
}

static char *whole(mhoi_expansion *e, int64_t value)
{
    return mhoi_x_numbers(e, 1, &value);
}

static char *either(mhoi_expansion *e, char *condition, char *yes, char *no)
{
    return mhoi_x_of(e, "Where", condition, yes, no, mhoi_x_end);
}

/* Arrays of one number each as one; NULL: there are fewer. */
static char *row(mhoi_expansion *e, char *a, char *b, char *c, char *d)
{
    MhoiOnnx__NodeProto *n = c ? mhoi_x_add(e, "Concat", NULL, a, b, c, d, mhoi_x_end)
                               : mhoi_x_add(e, "Concat", NULL, a, b, mhoi_x_end);
    mhoi_x_int(e, n, "axis", 0);
    return mhoi_x_name(n);
}

/* A mask is ones and zeros, [B, keys], [B, queries, keys] or [B, 1, most, most], or numbers of keys: [B], ends and then starts,
 * [2 B], or ends and then the places of all queries and keys, [3 B + 2]. */
typedef struct mask_sizes {
    char *mask, *zero, *one;
    char *batch, *queries, *keys, *past,
        *count; /* each an array of one number; count: numbers along axis 0 */
    char *of_ends, *of_starts, *of_places,
        *square; /* whether it is a row, of which kind, or of 4 axes */
    char *of_queries;
} mask_sizes;

static char *equal(mhoi_expansion *e, char *a, char *b)
{
    return mhoi_x_of(e, "Equal", a, b, mhoi_x_end);
}

static char *sum(mhoi_expansion *e, char *a, char *b)
{
    return mhoi_x_of(e, "Add", a, b, mhoi_x_end);
}

static mask_sizes sizes_of(mhoi_expansion *e, char *mask, const operands *o)
{
    mask_sizes m = {.mask = mask, .zero = whole(e, 0), .one = whole(e, 1)};
    m.batch = mhoi_x_size(e, o->q, 0);
    m.queries = mhoi_x_size(e, o->q, 1);
    m.past = o->past_k ? mhoi_x_size(e, o->past_k, 2) : m.zero;
    m.keys = sum(e, mhoi_x_size(e, o->k, 1), m.past);
    m.count = mhoi_x_size(e, mask, 0);
    char *rank = mhoi_x_of(e, "Shape", mhoi_x_of(e, "Shape", mask, mhoi_x_end), mhoi_x_end);
    char *two = sum(e, m.batch, m.batch), *three = sum(e, sum(e, two, m.batch), whole(e, 2));
    m.of_ends = equal(e, rank, m.one);
    m.of_starts = mhoi_x_of(e, "And", m.of_ends, equal(e, m.count, two), mhoi_x_end);
    m.of_places = mhoi_x_of(e, "And", m.of_ends, equal(e, m.count, three), mhoi_x_end);
    m.of_queries = equal(e, rank, whole(e, 3));
    m.square = equal(e, rank, whole(e, 4));
    return m;
}

/* The name of an array that others than these do not fit: what a message calls it. */
static char *wanted(mhoi_expansion *e)
{
    static const char kinds[] = " of [B], [2 B], [3 B + 2], [B, keys], [B, queries, keys], or "
                                "[B, 1, most, most] numbers";
    const char *own = mhoi_x_fresh(e);
    const size_t size = strlen(own) + sizeof kinds + 8;
    char *name = mhoi_x_take(e, size);
    (void)snprintf(name, size, "%s: mask%s", own, kinds);
    return name;
}

/* Ones and zeros, [B, 1, 1 or queries, keys], or ends, [B, 1, 1, 1]. */
static char *ends_of(mhoi_expansion *e, const mask_sizes *m)
{
    char *most = mhoi_x_size(e, m->mask, -1);
    char *many = mhoi_x_of(e, "Or", m->of_starts, m->of_places, mhoi_x_end);
    char *ends = mhoi_x_of(e, "Slice", m->mask, m->zero, either(e, many, m->batch, m->count),
                           m->zero, mhoi_x_end);
    char *high = either(e, m->of_queries, m->queries, either(e, m->square, most, m->one));
    char *wide = either(e, m->of_ends, m->one, either(e, m->square, most, m->keys));
    ends = mhoi_x_cast(e, ends, MHOI_ONNX__TENSOR_PROTO__DATA_TYPE__INT64);
    MhoiOnnx__NodeProto *n =
        mhoi_x_add(e, "Reshape", wanted(e), ends, row(e, m->batch, m->one, high, wide), mhoi_x_end);
    ends = n->name = mhoi_x_name(n);
    char *from = either(e, m->square, m->past, m->zero);
    return mhoi_x_of(e, "Slice", ends, row(e, from, m->zero, NULL, NULL),
                     row(e, sum(e, from, m->queries), m->keys, NULL, NULL),
                     mhoi_x_numbers(e, 2, (const int64_t[]){2, 3}), mhoi_x_end);
}

/* The first key that is seen, [B, 1, 1, 1]: zeros follow the mask's own numbers, for those that tell none. */
static char *starts_of(mhoi_expansion *e, const mask_sizes *m)
{
    char *flat = mhoi_x_of(e, "Reshape", m->mask, whole(e, -1), mhoi_x_end);
    flat = mhoi_x_cast(e, flat, MHOI_ONNX__TENSOR_PROTO__DATA_TYPE__INT64);
    char *all = mhoi_x_of(e, "Shape", flat, mhoi_x_end);
    char *from = either(e, m->of_starts, m->batch, all);
    char *zeros = mhoi_x_of(e, "Expand", m->zero, m->batch, mhoi_x_end);
    char *starts = mhoi_x_of(e, "Slice", row(e, flat, zeros, NULL, NULL), from,
                             sum(e, from, m->batch), m->zero, mhoi_x_end);
    return mhoi_x_of(e, "Reshape", starts, row(e, m->batch, m->one, m->one, m->one), mhoi_x_end);
}

/* What is added to scores, [B, 1, 1 or queries, keys]: key j is seen from starts to less than ends; where the mask is ones and
 * zeros, as if j were 0. */
static char *added_mask(mhoi_expansion *e, char *mask, const operands *o)
{
    const mask_sizes m = sizes_of(e, mask, o);
    char *const none = mhoi_x_numbers(e, 0, NULL);
    char *zero = mhoi_x_of(e, "Reshape", m.zero, none, mhoi_x_end);
    char *one = mhoi_x_of(e, "Reshape", m.one, none, mhoi_x_end);
    char *keys = mhoi_x_of(e, "Reshape", m.keys, none, mhoi_x_end);
    char *at = either(e, m.of_ends, mhoi_x_of(e, "Range", zero, keys, one, mhoi_x_end), m.zero);
    char *below = mhoi_x_of(e, "Less", at, ends_of(e, &m), mhoi_x_end);
    char *early = mhoi_x_of(e, "Less", at, starts_of(e, &m), mhoi_x_end);
    char *hidden = mhoi_x_of(e, "Or", mhoi_x_of(e, "Not", below, mhoi_x_end), early, mhoi_x_end);
    char *low = mhoi_x_number(e, mhoi_x_told_float(e, "mask_filter_value", -10000));
    return mhoi_x_of(e, "Mul", mhoi_x_cast(e, hidden, MHOI_X_FLOAT), low, mhoi_x_end);
}

/* The mask of input k, and numbers added to scores of input `bias`, as one. */
static void set_mask(mhoi_expansion *e, size_t k, size_t bias, operands *o)
{
    char *mask = mhoi_x_in(e, k), *more = mhoi_x_in(e, bias);
    mask = mask ? added_mask(e, mask, o) : NULL;
    o->mask = mask && more ? sum(e, more, mask) : mask ? mask : more;
}

static MhoiOnnx__NodeProto *attend(mhoi_expansion *e, const operands *o, int64_t heads)
{
    MhoiOnnx__NodeProto *n = mhoi_x_add(e, "Attention", e->from->output[0], o->q, o->k, o->v,
                                        o->mask, o->past_k, o->past_v, mhoi_x_end);
    mhoi_x_int(e, n, "q_num_heads", heads);
    mhoi_x_int(e, n, "kv_num_heads", heads);
    if (mhoi_x_told_float(e, "scale", 0) != 0)
        mhoi_x_float(e, n, "scale", mhoi_x_told_float(e, "scale", 0));
    if (mhoi_x_told_int(e, "unidirectional", 0))
        mhoi_x_int(e, n, "is_causal", 1);
    return n;
}

/* Keys and values lie in one array, [2, B, heads, length, size], of the past and of all. */
static void split_past(mhoi_expansion *e, char *past, operands *o)
{
    char *const none = mhoi_x_numbers(e, 0, NULL);
    for (int64_t k = 0; k < 2; k++) {
        char *at = mhoi_x_of(e, "Reshape", whole(e, k), none, mhoi_x_end);
        *(k ? &o->past_v : &o->past_k) = mhoi_x_of(e, "Gather", past, at, mhoi_x_end);
    }
}

static void join_present(mhoi_expansion *e, MhoiOnnx__NodeProto *attention, char *to)
{
    mhoi_x_outputs(e, attention, 3);
    char *axis = whole(e, 0);
    char *k = mhoi_x_of(e, "Unsqueeze", attention->output[1], axis, mhoi_x_end);
    char *v = mhoi_x_of(e, "Unsqueeze", attention->output[2], axis, mhoi_x_end);
    MhoiOnnx__NodeProto *n = mhoi_x_add(e, "Concat", to, k, v, mhoi_x_end);
    mhoi_x_int(e, n, "axis", 0);
}

/* x W, where queries, keys and values lie side by side; sizes of others than thirds are told. */
static mho_status project(mhoi_expansion *e, char *x, char *w, char *bias, operands *o)
{
    const MhoiOnnx__AttributeProto *sizes = mhoi_x_told(e, "qkv_hidden_sizes");
    x = mhoi_x_of(e, "MatMul", x, w, mhoi_x_end);
    if (bias)
        x = mhoi_x_of(e, "Add", x, bias, mhoi_x_end);
    if (sizes && sizes->n_ints != 3)
        return mho_error(MHO_EFORMAT, "qkv_hidden_sizes of %zu numbers, want 3", sizes->n_ints);
    MhoiOnnx__NodeProto *split =
        sizes ? mhoi_x_add(e, "Split", NULL, x, mhoi_x_numbers(e, 3, sizes->ints), mhoi_x_end)
              : mhoi_x_add(e, "Split", NULL, x, mhoi_x_end);
    mhoi_x_int(e, split, "axis", -1);
    if (!sizes)
        mhoi_x_int(e, split, "num_outputs", 3);
    mhoi_x_outputs(e, split, 3);
    o->q = split->output[0];
    o->k = split->output[1];
    o->v = split->output[2];
    return MHO_OK;
}

static mho_status heads_of(const mhoi_expansion *e, int64_t *heads)
{
    *heads = mhoi_x_told_int(e, "num_heads", 0);
    if (*heads < 1)
        return mho_error(MHO_EFORMAT, "num_heads = %lld", (long long)*heads);
    return mhoi_x_told_int(e, "do_rotary", 0)
               ? mho_error(MHO_ENOTMODELED, "do_rotary = 1 (RotaryEmbedding before it is known)")
               : MHO_OK;
}

/* mask, past and bias: numbers of those inputs. */
static mho_status self_attention(mhoi_expansion *e, operands *o, size_t mask, size_t past,
                                 size_t bias, int64_t heads)
{
    if (mhoi_x_in(e, past))
        split_past(e, mhoi_x_in(e, past), o);
    set_mask(e, mask, bias, o);
    MhoiOnnx__NodeProto *n = attend(e, o, heads);
    if (mhoi_x_out(e, 1))
        join_present(e, n, mhoi_x_out(e, 1));
    return MHO_OK;
}

static mho_status expand_attention(mhoi_expansion *e)
{
    operands o = {.q = NULL};
    int64_t heads;
    mho_status s = heads_of(e, &heads);
    if (!s && mhoi_x_in(e, 6))
        s = mho_error(MHO_ENOTMODELED, "past_sequence_length: a past in a shared buffer");
    if (!s)
        s = project(e, mhoi_x_in(e, 0), mhoi_x_in(e, 1), mhoi_x_in(e, 2), &o);
    return s ? s : self_attention(e, &o, 3, 4, 5, heads);
}

/* On codes: x, W, bias, scales of x and W, mask, zero points of x and W, past. */
static mho_status expand_coded_attention(mhoi_expansion *e)
{
    operands o = {.q = NULL};
    int64_t heads;
    mho_status s = heads_of(e, &heads);
    if (s)
        return s;
    char *x = mhoi_x_of(e, "DequantizeLinear", mhoi_x_in(e, 0), mhoi_x_in(e, 3), mhoi_x_in(e, 6),
                        mhoi_x_end);
    char *w = mhoi_x_of(e, "DequantizeLinear", mhoi_x_in(e, 1), mhoi_x_in(e, 4), mhoi_x_in(e, 7),
                        mhoi_x_end);
    s = project(e, x, w, mhoi_x_in(e, 2), &o);
    return s ? s : self_attention(e, &o, 5, 8, SIZE_MAX, heads);
}

/* Parts of an array [B, S, heads, parts, size] as [B, S, heads size] each. */
static void unpack(mhoi_expansion *e, char *x, int64_t parts, char **const out[])
{
    MhoiOnnx__NodeProto *split = mhoi_x_add(e, "Split", NULL, x, mhoi_x_end);
    char *flat = mhoi_x_numbers(e, 3, (const int64_t[]){0, 0, -1});
    mhoi_x_int(e, split, "axis", 3);
    mhoi_x_int(e, split, "num_outputs", parts);
    mhoi_x_outputs(e, split, (size_t)parts);
    for (size_t k = 0; k < (size_t)parts; k++)
        *out[k] = mhoi_x_of(e, "Reshape", split->output[k], flat, mhoi_x_end);
}

/* One row of biases: those of queries, keys and values side by side. */
static void add_biases(mhoi_expansion *e, char *bias, operands *o)
{
    char *q = mhoi_x_size(e, o->q, 2),
         *k = mhoi_x_of(e, "Add", q, mhoi_x_size(e, o->k, 2), mhoi_x_end);
    o->q = mhoi_x_of(e, "Add", o->q, part(e, bias, whole(e, 0), q), mhoi_x_end);
    o->k = mhoi_x_of(e, "Add", o->k, part(e, bias, q, k), mhoi_x_end);
    o->v = mhoi_x_of(e, "Add", o->v, part(e, bias, k, whole(e, INT32_MAX)), mhoi_x_end);
}

static mho_status expand_heads(mhoi_expansion *e)
{
    operands o = {.q = mhoi_x_in(e, 0),
                  .k = mhoi_x_in(e, 1),
                  .v = mhoi_x_in(e, 2),
                  .past_k = mhoi_x_in(e, 6),
                  .past_v = mhoi_x_in(e, 7)};
    int64_t heads;
    mho_status s = heads_of(e, &heads);
    if (s)
        return s;
    if (mhoi_x_in(e, 8) || mhoi_x_in(e, 9) || mhoi_x_out(e, 3))
        return mho_error(MHO_ENOTMODELED, "a past in a shared buffer, or scores as an output");
    if (!o.k && o.v)
        return mho_error(MHO_EFORMAT, "values without keys");
    if (!o.k)
        unpack(e, o.q, 3, (char **const[]){&o.q, &o.k, &o.v});
    else if (!o.v)
        unpack(e, o.k, 2, (char **const[]){&o.k, &o.v});
    if (mhoi_x_in(e, 3))
        add_biases(e, mhoi_x_in(e, 3), &o);
    set_mask(e, 4, 5, &o);
    MhoiOnnx__NodeProto *n = attend(e, &o, heads);
    for (size_t k = 1; k < 3 && (mhoi_x_out(e, 1) || mhoi_x_out(e, 2)); k++)
        n->output[n->n_output++] = mhoi_x_out(e, k) ? mhoi_x_out(e, k) : mhoi_x_end;
    return MHO_OK;
}

/* x, positions, cosines and sines; positions [B, S], or the first one of all, [1]. */
static mho_status expand_rotation(mhoi_expansion *e)
{
    char *x = mhoi_x_in(e, 0), *first = mhoi_x_in(e, 1), *none = mhoi_x_numbers(e, 0, NULL);
    if (mhoi_x_told_float(e, "scale", 1) != 1 || mhoi_x_told_int(e, "is_packed_batching", 0))
        return mho_error(MHO_ENOTMODELED, "scale other than 1, or is_packed_batching");
    char *length = mhoi_x_size(e, x, -2);
    char *zero = mhoi_x_of(e, "Reshape", whole(e, 0), none, mhoi_x_end);
    char *one = mhoi_x_of(e, "Reshape", whole(e, 1), none, mhoi_x_end);
    char *at = mhoi_x_of(e, "Range", zero, mhoi_x_of(e, "Reshape", length, none, mhoi_x_end), one,
                         mhoi_x_end);
    char *single = mhoi_x_of(e, "Equal", mhoi_x_of(e, "Size", first, mhoi_x_end), one, mhoi_x_end);
    at = mhoi_x_of(e, "Mul", at, mhoi_x_cast(e, single, MHOI_ONNX__TENSOR_PROTO__DATA_TYPE__INT64),
                   mhoi_x_end);
    MhoiOnnx__NodeProto *shape = mhoi_x_begin(e, "Concat", NULL, 2);
    shape->input[shape->n_input++] = mhoi_x_size(e, x, 0);
    shape->input[shape->n_input++] = length;
    mhoi_x_int(e, shape, "axis", 0);
    at = mhoi_x_of(e, "Expand", mhoi_x_of(e, "Add", first, at, mhoi_x_end), mhoi_x_name(shape),
                   mhoi_x_end);
    MhoiOnnx__NodeProto *n = mhoi_x_add(e, "RotaryEmbedding", e->from->output[0], x,
                                        mhoi_x_in(e, 2), mhoi_x_in(e, 3), at, mhoi_x_end);
    mhoi_x_hand_down(e, n, "interleaved");
    mhoi_x_hand_down(e, n, "num_heads");
    mhoi_x_hand_down(e, n, "rotary_embedding_dim");
    return MHO_OK;
}

const mhoi_expand_row mhoi_expand_attention[] = {
    {"RotaryEmbedding", 4, 4,
     "interleaved num_heads rotary_embedding_dim scale is_packed_batching ", expand_rotation},
    {"Attention", 2, 7,
     "num_heads unidirectional do_rotary qkv_hidden_sizes mask_filter_value scale "
     "past_present_share_buffer rotary_embedding_dim ",
     expand_attention},
    {"QAttention", 5, 9,
     "num_heads unidirectional do_rotary mask_filter_value scale past_present_share_buffer ",
     expand_coded_attention},
    {"MultiHeadAttention", 1, 10, "num_heads mask_filter_value scale unidirectional ",
     expand_heads},
    {0}};
