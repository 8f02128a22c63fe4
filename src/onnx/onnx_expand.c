/* SPDX-License-Identifier: Apache-2.0 */
/* Operators of a runtime's own domain that are several standard ones in one: they are laid out as those, so that all that
 * knows the standard ones (crossbars, prices) knows them. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/contract.h"
#include "onnx/onnx_inline.h"
#include "ops/ops.h"

#define NODES_MOST 40 /* of an operator, besides those that each input takes */
#define NODE_BYTES ((size_t)1024)
#define INPUTS_MOST 4 /* of what is laid out, Concat apart */

typedef struct expansion {
    const MhoiOnnx__NodeProto *from;
    const MhoiOnnx__GraphProto *graph; /* of the model, where names are its own; NULL */
    unsigned char *arena;
    size_t used, room, names;
    MhoiOnnx__NodeProto **node; /* what it becomes */
    size_t nodes, most;
} expansion;

/* --- messages in an arena of known size */

static void *take(expansion *e, size_t size)
{
    void *p = e->arena + e->used;
    e->used += (size + 15) / 16 * 16;
    MHO_ASSERT(e->used <= e->room);
    return p;
}

static char *text(expansion *e, const char *from)
{
    return strcpy(take(e, strlen(from) + 1), from);
}

/* Input k of the operator; NULL: it is left out. */
static char *in(const expansion *e, size_t k)
{
    return k < e->from->n_input && e->from->input[k] && e->from->input[k][0] ? e->from->input[k]
                                                                             : NULL;
}

static char *out(const expansion *e, size_t k)
{
    return k < e->from->n_output && e->from->output[k] && e->from->output[k][0] ? e->from->output[k]
                                                                                : NULL;
}

/* A name that nobody else has: the output's and a number. */
static char *fresh(expansion *e)
{
    const char *of = mhoi_onnx_text(e->from->output[0]);
    const size_t size = strlen(of) + 16;
    char *name = take(e, size);
    (void)snprintf(name, size, "%s//%c", of, (int)('a' + (int)(e->names++ % 26)));
    if (e->names > 26) {
        const size_t at = strlen(name);
        (void)snprintf(name + at, size - at, "%zu", e->names);
    }
    return name;
}

/* A node of `outputs` outputs, the first called `to` (or a name of its own), with room for `inputs`. */
static MhoiOnnx__NodeProto *begin(expansion *e, const char *op, char *to, size_t inputs)
{
    MhoiOnnx__NodeProto *n = take(e, sizeof *n);
    MHO_ASSERT(e->nodes < e->most);
    mhoi_onnx__node_proto__init(n);
    n->op_type = text(e, op);
    n->name = e->from->name;
    n->input = take(e, (inputs ? inputs : 1) * sizeof *n->input);
    n->output = take(e, 4 * sizeof *n->output);
    n->output[n->n_output++] = to ? to : fresh(e);
    n->attribute = take(e, 8 * sizeof(MhoiOnnx__AttributeProto *));
    e->node[e->nodes++] = n;
    return n;
}

/* Inputs follow, NULL where they are left out, `end` after the last. */
static char end[] = "";
static MhoiOnnx__NodeProto *add(expansion *e, const char *op, char *to, ...)
{
    MhoiOnnx__NodeProto *n = begin(e, op, to, INPUTS_MOST);
    va_list ap;
    va_start(ap, to);
    for (char *name = va_arg(ap, char *); name != end; name = va_arg(ap, char *))
        n->input[n->n_input++] = name ? name : end;
    va_end(ap);
    return n;
}

static char *output(const MhoiOnnx__NodeProto *n)
{
    return n->output[0];
}

static MhoiOnnx__AttributeProto *attribute(expansion *e, MhoiOnnx__NodeProto *n, const char *name)
{
    MhoiOnnx__AttributeProto *a = take(e, sizeof *a);
    mhoi_onnx__attribute_proto__init(a);
    a->name = text(e, name);
    a->has_type = 1;
    n->attribute[n->n_attribute++] = a;
    return a;
}

static void set_int(expansion *e, MhoiOnnx__NodeProto *n, const char *name, int64_t value)
{
    MhoiOnnx__AttributeProto *a = attribute(e, n, name);
    a->type = MHOI_ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT;
    a->has_i = 1;
    a->i = value;
}

static void set_float(expansion *e, MhoiOnnx__NodeProto *n, const char *name, float value)
{
    MhoiOnnx__AttributeProto *a = attribute(e, n, name);
    a->type = MHOI_ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT;
    a->has_f = 1;
    a->f = value;
}

static void set_text(expansion *e, MhoiOnnx__NodeProto *n, const char *name, const char *value)
{
    MhoiOnnx__AttributeProto *a = attribute(e, n, name);
    a->type = MHOI_ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING;
    a->has_s = 1;
    a->s.len = strlen(value);
    a->s.data = (uint8_t *)text(e, value);
}

static void set_ints(expansion *e, MhoiOnnx__NodeProto *n, const char *name, size_t count,
                     const int64_t *value)
{
    MhoiOnnx__AttributeProto *a = attribute(e, n, name);
    a->type = MHOI_ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS;
    a->n_ints = count;
    a->ints = memcpy(take(e, count * sizeof *value), value, count * sizeof *value);
}

/* An attribute of the operator itself. */
static MhoiOnnx__AttributeProto *told(const expansion *e, const char *name)
{
    for (size_t i = 0; i < e->from->n_attribute; i++)
        if (strcmp(mhoi_onnx_text(e->from->attribute[i]->name), name) == 0)
            return e->from->attribute[i];
    return NULL;
}

static float told_float(const expansion *e, const char *name, float otherwise)
{
    const MhoiOnnx__AttributeProto *a = told(e, name);
    return a ? a->f : otherwise;
}

static int64_t told_int(const expansion *e, const char *name, int64_t otherwise)
{
    const MhoiOnnx__AttributeProto *a = told(e, name);
    return a ? a->i : otherwise;
}

/* The operator's own attribute, where it tells one, as one of the node. */
static void hand_down(expansion *e, MhoiOnnx__NodeProto *n, const char *name)
{
    MhoiOnnx__AttributeProto *a = told(e, name);
    if (a)
        n->attribute[n->n_attribute++] = a;
}

static char *ints(expansion *e, size_t count, const int64_t *value)
{
    MhoiOnnx__NodeProto *n = begin(e, "Constant", NULL, 0);
    set_ints(e, n, "value_ints", count, value);
    return output(n);
}

static char *number(expansion *e, float value)
{
    MhoiOnnx__NodeProto *n = begin(e, "Constant", NULL, 0);
    set_float(e, n, "value_float", value);
    return output(n);
}

/* --- the operators */

/* The last node gives output 0. */
static void finish(expansion *e)
{
    e->node[e->nodes - 1]->output[0] = e->from->output[0];
}

static mho_status activate(expansion *e, char *x)
{
    static const struct {
        const char *op, *first, *second;
    } known[] = {{"Relu", NULL, NULL},     {"Tanh", NULL, NULL},
                 {"Sigmoid", NULL, NULL},  {"LeakyRelu", "alpha", NULL},
                 {"Clip", "min", "max"},   {"HardSigmoid", "alpha", "beta"},
                 {"HardSwish", NULL, NULL}};
    const MhoiOnnx__AttributeProto *a = told(e, "activation"), *list = told(e, "activation_params");
    const size_t length = a && a->has_s ? a->s.len : 0;
    for (size_t k = 0; length && k < sizeof known / sizeof *known; k++) {
        if (length != strlen(known[k].op) || memcmp(a->s.data, known[k].op, length) != 0)
            continue;
        MhoiOnnx__NodeProto *n = add(e, known[k].op, NULL, x, end);
        if (known[k].first && list && list->n_floats > 0)
            set_float(e, n, known[k].first, list->floats[0]);
        else if (known[k].first && told(e, "activation_alpha"))
            set_float(e, n, known[k].first, told_float(e, "activation_alpha", 0));
        if (known[k].second && list && list->n_floats > 1)
            set_float(e, n, known[k].second, list->floats[1]);
        else if (known[k].second && told(e, "activation_beta"))
            set_float(e, n, known[k].second, told_float(e, "activation_beta", 0));
        finish(e);
        return MHO_OK;
    }
    if (length)
        return mho_error(MHO_ENOTMODELED, "activation = %.*s", (int)(length < 40 ? length : 40),
                         (const char *)a->s.data);
    finish(e);
    return MHO_OK;
}

static mho_status expand_conv(expansion *e)
{
    MhoiOnnx__NodeProto *n = add(e, "Conv", NULL, in(e, 0), in(e, 1), in(e, 2), end);
    static const char *const names[] = {"auto_pad",     "dilations", "group",
                                        "kernel_shape", "pads",      "strides"};
    for (size_t k = 0; k < sizeof names / sizeof *names; k++)
        hand_down(e, n, names[k]);
    if (in(e, 3))
        n = add(e, "Add", NULL, output(n), in(e, 3), end);
    return activate(e, output(n));
}

static mho_status expand_gemm(expansion *e)
{
    MhoiOnnx__NodeProto *n = add(e, "Gemm", NULL, in(e, 0), in(e, 1), in(e, 2), end);
    static const char *const names[] = {"alpha", "beta", "transA", "transB"};
    for (size_t k = 0; k < sizeof names / sizeof *names; k++)
        hand_down(e, n, names[k]);
    return activate(e, output(n));
}

/* A constant matrix the other way round, as weights may stand; others stay what they are. */
static char *turn_constant(expansion *e, char *name, bool *turns)
{
    for (size_t i = 0; *turns && e->graph && i < e->graph->n_initializer; i++) {
        const MhoiOnnx__TensorProto *t = e->graph->initializer[i];
        if (!name || strcmp(mhoi_onnx_text(t->name), name) != 0 || t->n_dims != 2)
            continue;
        MhoiOnnx__NodeProto *n = add(e, "Transpose", NULL, name, end);
        set_ints(e, n, "perm", 2, (const int64_t[]){1, 0});
        *turns = false;
        return output(n);
    }
    return name;
}

static mho_status expand_matmul(expansion *e)
{
    bool a = told_int(e, "transA", 0) != 0, b = told_int(e, "transB", 0) != 0;
    if (told_int(e, "transBatchA", 0) || told_int(e, "transBatchB", 0))
        return mho_error(MHO_ENOTMODELED, "transBatchA or transBatchB");
    char *weight = turn_constant(e, in(e, 1), &b);
    MhoiOnnx__NodeProto *n = add(e, a || b ? "Einsum" : "MatMul", NULL, in(e, 0), weight, end);
    char equation[32];
    snprintf(equation, sizeof equation, "...%s,...%s->...ik", a ? "ji" : "ij", b ? "kj" : "jk");
    if (a || b)
        set_text(e, n, "equation", equation);
    if (told_float(e, "alpha", 1) != 1) {
        char *alpha = number(e, told_float(e, "alpha", 1));
        (void)add(e, "Mul", NULL, output(n), alpha, end);
    }
    finish(e);
    return MHO_OK;
}

static mho_status expand_gelu(expansion *e)
{
    char *x = in(e, 0);
    if (in(e, 1))
        x = output(add(e, "Add", NULL, x, in(e, 1), end));
    MhoiOnnx__NodeProto *n = add(e, "Gelu", NULL, x, end);
    if (strcmp(e->from->op_type, "FastGelu") == 0)
        set_text(e, n, "approximate", "tanh");
    finish(e);
    return MHO_OK;
}

static mho_status expand_quick_gelu(expansion *e)
{
    set_float(e, add(e, "Swish", NULL, in(e, 0), end), "alpha", told_float(e, "alpha", 1.702F));
    finish(e);
    return MHO_OK;
}

/* LayerNormalization of x, which gives output 0. */
static MhoiOnnx__NodeProto *normalize(expansion *e, const char *op, char *x, char *scale,
                                      char *shift)
{
    MhoiOnnx__NodeProto *n = shift ? add(e, op, e->from->output[0], x, scale, shift, end)
                                   : add(e, op, e->from->output[0], x, scale, end);
    set_int(e, n, "axis", -1);
    set_float(e, n, "epsilon", told_float(e, "epsilon", 1e-12F));
    return n;
}

static mho_status expand_skip(expansion *e)
{
    const bool simple = strcmp(e->from->op_type, "SkipSimplifiedLayerNormalization") == 0;
    char *bias = in(e, simple ? 3 : 4), *sum = out(e, 3);
    if (out(e, 1) || out(e, 2))
        return mho_error(MHO_ENOTMODELED, "outputs 1 and 2, which are for training");
    MhoiOnnx__NodeProto *n = add(e, "Add", NULL, in(e, 0), in(e, 1), end);
    if (bias)
        n = add(e, "Add", NULL, output(n), bias, end);
    if (sum)
        n->output[0] = sum;
    (void)normalize(e, simple ? "SimplifiedLayerNormalization" : "LayerNormalization", output(n),
                    in(e, 2), simple ? NULL : in(e, 3));
    return MHO_OK;
}

static mho_status expand_embedding(expansion *e)
{
    char *ids = in(e, 0), *positions = in(e, 8), *rows = in(e, 3);
    MhoiOnnx__NodeProto *n = add(e, "Gather", NULL, in(e, 2), ids, end);
    char *sum = output(n);
    if (positions) {
        rows = output(add(e, "Gather", NULL, rows, positions, end));
    } else {
        char *zero = ints(e, 1, (const int64_t[]){0}), *one = ints(e, 1, (const int64_t[]){1});
        char *shape = output(add(e, "Shape", NULL, ids, end));
        char *length = output(add(e, "Gather", NULL, shape, one, end));
        rows = output(add(e, "Slice", NULL, rows, zero, length, zero, end));
    }
    sum = output(add(e, "Add", NULL, sum, rows, end));
    if (in(e, 1) && in(e, 4)) {
        char *segment = output(add(e, "Gather", NULL, in(e, 4), in(e, 1), end));
        sum = output(add(e, "Add", out(e, 2), sum, segment, end));
    } else if (out(e, 2)) {
        sum = output(add(e, "Identity", out(e, 2), sum, end));
    }
    if (out(e, 1) && in(e, 7)) {
        n = add(e, "ReduceSum", out(e, 1), in(e, 7), ints(e, 1, (const int64_t[]){1}), end);
        set_int(e, n, "keepdims", 0);
    } else if (out(e, 1)) {
        return mho_error(MHO_ENOTMODELED, "lengths without a mask");
    }
    (void)normalize(e, "LayerNormalization", sum, in(e, 5), in(e, 6));
    return MHO_OK;
}

/* [B, S, heads size] as [B, heads, S, size], or [B, heads, size, S]. */
static char *heads_of(expansion *e, char *x, char *shape, bool turned)
{
    x = output(add(e, "Reshape", NULL, x, shape, end));
    MhoiOnnx__NodeProto *n = add(e, "Transpose", NULL, x, end);
    set_ints(e, n, "perm", 4,
             turned ? (const int64_t[]){0, 2, 3, 1} : (const int64_t[]){0, 2, 1, 3});
    return output(n);
}

/* A mask of ones and zeros, [B, S], as what is added to scores. */
static char *add_mask(expansion *e, char *scores, char *mask)
{
    MhoiOnnx__NodeProto *n = add(e, "Cast", NULL, mask, end);
    set_int(e, n, "to", MHOI_ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT);
    n = add(e, "Einsum", NULL, output(n), end); /* of other ranks it refuses */
    set_text(e, n, "equation", "ij->ij");
    char *one = number(e, 1), *low = number(e, told_float(e, "mask_filter_value", -10000));
    n = add(e, "Sub", NULL, one, output(n), end);
    n = add(e, "Mul", NULL, output(n), low, end);
    n = add(e, "Unsqueeze", NULL, output(n), ints(e, 2, (const int64_t[]){1, 2}), end);
    return output(add(e, "Add", NULL, scores, output(n), end));
}

static mho_status expand_attention(expansion *e)
{
    const int64_t heads = told_int(e, "num_heads", 0);
    const float scale = told_float(e, "scale", 0);
    if (heads < 1 || told_int(e, "unidirectional", 0) || told_int(e, "do_rotary", 0) ||
        told(e, "qkv_hidden_sizes") || in(e, 4) || in(e, 5) || in(e, 6) || out(e, 1))
        return mho_error(MHO_ENOTMODELED,
                         "other than self-attention of heads of one size, without a past");
    char *x = output(add(e, "MatMul", NULL, in(e, 0), in(e, 1), end));
    if (in(e, 2))
        x = output(add(e, "Add", NULL, x, in(e, 2), end));
    MhoiOnnx__NodeProto *split = add(e, "Split", NULL, x, end);
    set_int(e, split, "axis", -1);
    set_int(e, split, "num_outputs", 3);
    while (split->n_output < 3)
        split->output[split->n_output++] = fresh(e);
    char *shape = ints(e, 4, (const int64_t[]){0, 0, heads, -1});
    char *q = heads_of(e, split->output[0], shape, false),
         *k = heads_of(e, split->output[1], shape, true),
         *v = heads_of(e, split->output[2], shape, false);
    char *scores = output(add(e, "MatMul", NULL, q, k, end));
    if (scale != 0) {
        scores = output(add(e, "Mul", NULL, scores, number(e, scale), end));
    } else {
        char *sizes = output(add(e, "Shape", NULL, q, end));
        sizes = output(add(e, "Gather", NULL, sizes, ints(e, 1, (const int64_t[]){3}), end));
        MhoiOnnx__NodeProto *cast = add(e, "Cast", NULL, sizes, end);
        set_int(e, cast, "to", MHOI_ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT);
        char *root = output(add(e, "Sqrt", NULL, output(cast), end));
        scores = output(add(e, "Div", NULL, scores, root, end));
    }
    if (in(e, 3))
        scores = add_mask(e, scores, in(e, 3));
    MhoiOnnx__NodeProto *n = add(e, "Softmax", NULL, scores, end);
    set_int(e, n, "axis", -1);
    n = add(e, "MatMul", NULL, output(n), v, end);
    n = add(e, "Transpose", NULL, output(n), end);
    set_ints(e, n, "perm", 4, (const int64_t[]){0, 2, 1, 3});
    (void)add(e, "Reshape", NULL, output(n), ints(e, 3, (const int64_t[]){0, 0, -1}), end);
    finish(e);
    return MHO_OK;
}

/* Whole sums of codes as floats, times the scales of both. */
static char *scaled_sums(expansion *e, char *a, char *b, char *a_zero, char *b_zero, char *a_scale,
                         char *b_scale, char *bias)
{
    MhoiOnnx__NodeProto *n = add(e, "MatMulInteger", NULL, a, b, a_zero, b_zero, end);
    if (bias)
        n = add(e, "Add", NULL, output(n), bias, end);
    n = add(e, "Cast", NULL, output(n), end);
    set_int(e, n, "to", MHOI_ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT);
    char *scale = output(add(e, "Mul", NULL, a_scale, b_scale, end));
    return output(add(e, "Mul", NULL, output(n), scale, end));
}

static char *turned(expansion *e, char *x, const char *name)
{
    if (!told_int(e, name, 0))
        return x;
    MhoiOnnx__NodeProto *n = add(e, "Transpose", NULL, x, end);
    set_ints(e, n, "perm", 2, (const int64_t[]){1, 0});
    return output(n);
}

static mho_status expand_qgemm(expansion *e)
{
    if (told_float(e, "alpha", 1) != 1)
        return mho_error(MHO_ENOTMODELED, "alpha = %g", (double)told_float(e, "alpha", 1));
    char *y = scaled_sums(e, turned(e, in(e, 0), "transA"), turned(e, in(e, 3), "transB"), in(e, 2),
                          in(e, 5), in(e, 1), in(e, 4), in(e, 6));
    if (in(e, 7))
        (void)add(e, "QuantizeLinear", NULL, y, in(e, 7), in(e, 8), end);
    finish(e);
    return MHO_OK;
}

static mho_status expand_integer(expansion *e)
{
    char *y = scaled_sums(e, in(e, 0), in(e, 1), in(e, 4), in(e, 5), in(e, 2), in(e, 3), NULL);
    if (in(e, 6))
        (void)add(e, "Add", NULL, y, in(e, 6), end);
    finish(e);
    return MHO_OK;
}

static mho_status expand_dynamic(expansion *e)
{
    MhoiOnnx__NodeProto *q = add(e, "DynamicQuantizeLinear", NULL, in(e, 0), end);
    while (q->n_output < 3)
        q->output[q->n_output++] = fresh(e);
    char *y = scaled_sums(e, q->output[0], in(e, 1), q->output[2], in(e, 3), q->output[1], in(e, 2),
                          NULL);
    if (in(e, 4))
        (void)add(e, "Add", NULL, y, in(e, 4), end);
    finish(e);
    return MHO_OK;
}

static mho_status expand_concat(expansion *e)
{
    if (e->from->n_input < 5 || e->from->n_input % 3 != 2)
        return mho_error(MHO_EFORMAT, "%zu inputs", e->from->n_input);
    const size_t parts = e->from->n_input / 3;
    char **part = take(e, parts * sizeof *part);
    for (size_t k = 0; k < parts; k++)
        part[k] = output(add(e, "DequantizeLinear", NULL, in(e, 3 * k + 2), in(e, 3 * k + 3),
                             in(e, 3 * k + 4), end));
    MhoiOnnx__NodeProto *n = begin(e, "Concat", NULL, parts);
    for (size_t k = 0; k < parts; k++)
        n->input[n->n_input++] = part[k];
    hand_down(e, n, "axis");
    (void)add(e, "QuantizeLinear", NULL, output(n), in(e, 0), in(e, 1), end);
    finish(e);
    return MHO_OK;
}

static mho_status expand_same(expansion *e)
{
    MhoiOnnx__NodeProto *n =
        add(e, e->from->op_type, e->from->output[0], in(e, 0), in(e, 1), in(e, 2), end);
    hand_down(e, n, "axis");
    hand_down(e, n, "block_size");
    return MHO_OK;
}

static const struct row {
    const char *name;
    size_t inputs_min, inputs_max;
    const char *attributes; /* those known, each followed by a space */
    mho_status (*expand)(expansion *e);
} rows[] = {
    {"FusedConv", 2, 4,
     "activation activation_params auto_pad dilations group kernel_shape pads strides ",
     expand_conv},
    {"FusedGemm", 2, 3,
     "activation activation_alpha activation_beta activation_gamma alpha beta transA transB ",
     expand_gemm},
    {"FusedMatMul", 2, 2, "alpha transA transB transBatchA transBatchB ", expand_matmul},
    {"TransposeMatMul", 2, 2, "alpha transA transB ", expand_matmul},
    {"BiasGelu", 2, 2, "", expand_gelu},
    {"FastGelu", 1, 2, "", expand_gelu},
    {"QuickGelu", 1, 1, "alpha ", expand_quick_gelu},
    {"SkipLayerNormalization", 3, 5, "epsilon ", expand_skip},
    {"SkipSimplifiedLayerNormalization", 3, 4, "epsilon ", expand_skip},
    {"EmbedLayerNormalization", 7, 9, "epsilon mask_index_type ", expand_embedding},
    {"Attention", 2, 7,
     "num_heads unidirectional do_rotary qkv_hidden_sizes mask_filter_value scale "
     "past_present_share_buffer rotary_embedding_dim ",
     expand_attention},
    {"QGemm", 6, 9, "alpha transA transB ", expand_qgemm},
    {"MatMulIntegerToFloat", 4, 7, "", expand_integer},
    {"DynamicQuantizeMatMul", 3, 5, "", expand_dynamic},
    {"QLinearConcat", 5, 4096, "axis ", expand_concat},
    {"QuantizeLinear", 2, 3, "axis block_size ", expand_same},
    {"DequantizeLinear", 2, 3, "axis block_size ", expand_same},
};

static const struct row *row_of(const MhoiOnnx__NodeProto *n)
{
    if (strcmp(mhoi_onnx_text(n->domain), "com.microsoft") != 0)
        return NULL;
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++)
        if (strcmp(rows[k].name, mhoi_onnx_text(n->op_type)) == 0)
            return &rows[k];
    return NULL;
}

bool mhoi_onnx_expands(const MhoiOnnx__NodeProto *n)
{
    return row_of(n) != NULL;
}

static mho_status check(const struct row *row, const MhoiOnnx__NodeProto *n)
{
    if (n->n_input < row->inputs_min || n->n_input > row->inputs_max)
        return mho_error(MHO_EFORMAT, "%zu inputs, want %zu..%zu", n->n_input, row->inputs_min,
                         row->inputs_max);
    if (!n->n_output || !mhoi_onnx_text(n->output[0])[0])
        return mho_error(MHO_EFORMAT, "no output");
    for (size_t k = 0; k < n->n_attribute; k++)
        if (!mhoi_is_attribute_of(row->attributes, mhoi_onnx_text(n->attribute[k]->name)) ||
            mhoi_onnx_text(n->attribute[k]->ref_attr_name)[0])
            return mho_error(MHO_ENOTMODELED, "unknown attribute '%s'",
                             mhoi_onnx_text(n->attribute[k]->name));
    return MHO_OK;
}

mho_status mhoi_onnx_expand(const MhoiOnnx__NodeProto *n, const MhoiOnnx__GraphProto *graph,
                            void **memory, MhoiOnnx__NodeProto ***out_nodes, size_t *count)
{
    const struct row *row = row_of(n);
    mho_status s = check(row, n);
    expansion e = {.from = n, .graph = graph, .most = n->n_input + NODES_MOST};
    *memory = NULL;
    *count = 0;
    e.room = e.most * (NODE_BYTES + 4 * strlen(mhoi_onnx_text(n->n_output ? n->output[0] : "")));
    if (!s)
        s = mhoi_alloc(&e.arena, e.room, 1, "ONNX nodes");
    if (!s) {
        *memory = e.arena;
        e.node = take(&e, e.most * sizeof(MhoiOnnx__NodeProto *));
        s = row->expand(&e);
        *out_nodes = e.node;
        *count = e.nodes;
    }
    return s ? mho_error_prefix(s, "node '%s' (com.microsoft:%s)", mhoi_onnx_text(n->name),
                                row->name)
             : MHO_OK;
}
