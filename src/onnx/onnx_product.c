/* SPDX-License-Identifier: Apache-2.0 */
/* Matrix products with constants lie on crossbars: of one row as fully connected layers, of many, the tokens of
 * a transformer, as convolutions of 1 x 1 between two transpositions.  Products of quantized operators become the same
 * on real numbers, between a DequantizeLinear and a QuantizeLinear. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "net/net_impl.h"
#include "onnx/onnx_graph.h"

/* A product x W + b of rows of x. */
typedef struct product {
    const mhoi_operation *n;
    size_t from;        /* the node that gives x */
    size_t rows, depth; /* of x */
    const mho_array *weight;
    bool transposed; /* [out][depth] */
    double scale;
} product;

static size_t outputs_of(const product *p)
{
    return p->weight->size[p->transposed ? 0 : 1];
}

static mho_status add_layer(mhoi_graph *g, const product *p, mho_node *layer, size_t *out)
{
    layer->inputs = 1;
    layer->out.c = outputs_of(p);
    mho_status s = mhoi_graph_add(g, p->n->name, layer, out);
    return s ? s : mhoi_graph_matrix(p->weight, p->transposed, p->scale, &g->net->node[*out]);
}

static const int64_t swap[] = {0, 3, 2, 1};

/* x [rows][depth], its tokens across the width, times W, and back. */
static mho_status add_tokens(mhoi_graph *g, const product *p, size_t *layer, size_t *out)
{
    const size_t columns = outputs_of(p);
    const mho_array x = mhoi_graph_array(MHO_TYPE_FLOAT, 4, (size_t[]){1, p->rows, 1, p->depth}),
                    turned =
                        mhoi_graph_array(MHO_TYPE_FLOAT, 4, (size_t[]){1, p->depth, 1, p->rows}),
                    y = mhoi_graph_array(MHO_TYPE_FLOAT, 4, (size_t[]){1, columns, 1, p->rows}),
                    back = mhoi_graph_array(MHO_TYPE_FLOAT, 4, (size_t[]){1, p->rows, 1, columns});
    const mhoi_own_work to = {.op = "Transpose", .in = &x, .out = &turned, .perm = swap},
                        fro = {.op = "Transpose", .in = &y, .out = &back, .perm = swap};
    mho_node node = {.op = MHO_OP_CONV};
    mhoi_node_set_window(&node, 1, 1);
    mho_status s = mhoi_graph_own(g, p->from, "tokens", &to, &node.input[0]);
    if (!s)
        s = add_layer(g, p, &node, layer);
    return s ? s : mhoi_graph_own(g, *layer, "rows", &fro, out);
}

static mho_status add_product(mhoi_graph *g, const product *p, size_t *layer, size_t *out)
{
    mho_node node = {.op = MHO_OP_FC, .input = {p->from}};
    if (p->rows > 1)
        return add_tokens(g, p, layer, out);
    mho_status s = add_layer(g, p, &node, layer);
    *out = *layer;
    return s;
}

mho_status mhoi_graph_map(mhoi_graph *g, size_t operand, const size_t size[4], size_t *out)
{
    mhoi_value *value = &g->value[operand];
    const mho_array want = mhoi_graph_array(MHO_TYPE_FLOAT, 4, size);
    const mho_shape is = g->net->node[value->node].out;
    *out = value->node;
    if (is.c == size[1] && is.h == size[2] && is.w == size[3])
        return MHO_OK;
    return mhoi_graph_view(g, value->node, "view", &want, out);
}

mho_status mhoi_graph_rows(mhoi_graph *g, const char *name, const mho_array *w, size_t from,
                           size_t rows, size_t *layer, size_t *out)
{
    const mhoi_operation named = {.name = name};
    const product p = {.n = &named,
                       .from = from,
                       .weight = w,
                       .transposed = true,
                       .scale = 1,
                       .depth = w->size[1],
                       .rows = rows};
    return add_product(g, &p, layer, out);
}

static mho_status refuse(const mhoi_operation *n)
{
    return mho_error(MHO_ENOTMODELED, "%s that is no product of a matrix and a constant", n->op);
}

/* W x of a constant W [out][depth] and an x of [1, depth, columns]: a convolution of 1 x 1 as it is. */
static mho_status constant_first(mhoi_graph *g, const mhoi_operation *n)
{
    const mho_array *w = mhoi_graph_constant(g, n, 0), *x = &g->known.array[n->input[1]];
    if (w->rank != 2 || x->rank < 2 || x->rank > 4 || x->count == 0)
        return refuse(n);
    const size_t depth = x->size[x->rank - 2], columns = x->size[x->rank - 1];
    if (depth * columns != x->count || depth != w->size[1])
        return refuse(n);
    const product p = {.n = n, .weight = w, .transposed = true, .scale = 1};
    mho_node node = {.op = MHO_OP_CONV};
    size_t layer;
    mhoi_node_set_window(&node, 1, 1);
    mho_status s =
        mhoi_graph_map(g, n->input[1], (const size_t[]){1, depth, 1, columns}, &node.input[0]);
    if (!s)
        s = add_layer(g, &p, &node, &layer);
    if (!s)
        g->value[n->output[0]] = (mhoi_value){.there = true, .node = layer};
    return s;
}

/* Rows of x, W, and what the operator says of them. */
static mho_status describe(mhoi_graph *g, const mhoi_operation *n, product *p)
{
    const bool gemm = strcmp(n->op, "Gemm") == 0;
    const mho_array *w = mhoi_graph_constant(g, n, 1), *x = &g->known.array[n->input[0]];
    *p = (product){.n = n,
                   .weight = w,
                   .transposed = gemm && mhoi_attr_int(n, "transB", 0) != 0,
                   .scale = gemm ? (double)mhoi_attr_float(n, "alpha", 1) : 1};
    if (!w || w->rank != 2 || x->rank == 0 || x->count == 0 || w->count == 0 ||
        (gemm && mhoi_attr_int(n, "transA", 0)))
        return refuse(n);
    p->depth = w->size[p->transposed ? 1 : 0];
    p->rows = x->count / p->depth;
    if (x->size[x->rank - 1] != p->depth)
        return refuse(n);
    p->from = g->value[n->input[0]].node;
    return p->rows == 1 ? MHO_OK
                        : mhoi_graph_map(g, n->input[0], (const size_t[]){1, p->rows, 1, p->depth},
                                         &p->from);
}

static mho_status bias_of(const mho_array *b, double scale, mho_node *node)
{
    const size_t last = b->rank ? b->size[b->rank - 1] : 1;
    if (b->count != last || (last != 1 && last != node->out.c))
        return mho_error(MHO_ENOTMODELED, "a bias that is not one value a column");
    mho_status s = mhoi_alloc(&node->bias, node->out.c, sizeof *node->bias, "ONNX parameters");
    for (size_t c = 0; !s && c < node->out.c; c++)
        node->bias[c] = (float)(scale * mho_array_number(b, last == 1 ? 0 : c));
    node->has_bias = !s;
    return s;
}

mho_status mhoi_graph_product(mhoi_graph *g, const mhoi_operation *n)
{
    product p;
    size_t layer, out;
    if (mhoi_graph_constant(g, n, 0) && strcmp(n->op, "MatMul") == 0)
        return constant_first(g, n);
    mho_status s = describe(g, n, &p);
    if (!s)
        s = add_product(g, &p, &layer, &out);
    const mho_array *bias = mhoi_graph_constant(g, n, 2);
    if (!s && n->inputs > 2 && mhoi_node_input(n, 2) != MHOI_NO_OPERAND)
        s = bias ? bias_of(bias, (double)mhoi_attr_float(n, "beta", 1), &g->net->node[layer])
                 : refuse(n);
    if (!s)
        g->value[n->output[0]] =
            (mhoi_value){.there = true, .node = out, .biased = n->inputs > 2 ? 0 : layer + 1};
    return s;
}

/* --- Einsum: x of letters P K, a constant of K N or N K, a result of P N; each is one or more letters that stand once */

typedef struct equation {
    char x[MHO_TENSOR_DIMS + 2], w[MHO_TENSOR_DIMS + 2], y[2 * MHO_TENSOR_DIMS + 2];
} equation;

/* "...": whatever leads x and the result. */
static bool read_term(const char **at, const char *end, char *out, size_t room)
{
    size_t n = 0;
    for (; **at && !strchr(end, **at); ++*at) {
        if (**at == ' ')
            continue;
        const bool dots = strncmp(*at, "...", 3) == 0;
        if (n + 1 >= room || (dots ? n > 0 : **at == '.') || memchr(out, **at, n))
            return false;
        out[n++] = **at;
        *at += dots ? 2 : 0;
    }
    out[n] = 0;
    return true;
}

static bool read_equation(const char *at, bool constant_first, equation *e)
{
    char *const first = constant_first ? e->w : e->x, *const second = constant_first ? e->x : e->w;
    if (!read_term(&at, ",-", first, sizeof e->x) || *at++ != ',' ||
        !read_term(&at, ",-", second, sizeof e->w) || strncmp(at, "->", 2) != 0)
        return false;
    at += 2;
    return read_term(&at, ",-", e->y, sizeof e->y) && !*at && !strchr(e->w, '.');
}

/* How many letters lead x and y alike, P; the rest of x is K, that of y N; 0: it is no such product. */
static size_t leading(const equation *e, bool *transposed)
{
    size_t p = 0;
    while (e->x[p] && e->x[p] == e->y[p])
        p++;
    const char *k = e->x + p, *n = e->y + p;
    const size_t ks = strlen(k), ns = strlen(n);
    if (!p || !ks || !ns || strlen(e->w) != ks + ns)
        return 0;
    *transposed = strncmp(e->w, n, ns) == 0 && strcmp(e->w + ns, k) == 0;
    return *transposed || (strncmp(e->w, k, ks) == 0 && strcmp(e->w + ks, n) == 0) ? p : 0;
}

mho_status mhoi_graph_einsum(mhoi_graph *g, const mhoi_operation *n)
{
    const bool constant_first = n->inputs == 2 && mhoi_graph_constant(g, n, 0) != NULL;
    const mho_array *w = n->inputs == 2 ? mhoi_graph_constant(g, n, !constant_first) : NULL;
    const size_t operand = n->inputs == 2 ? n->input[constant_first] : MHOI_NO_OPERAND;
    equation e;
    bool transposed = false;
    if (!w || !w->count || operand == MHOI_NO_OPERAND ||
        mhoi_graph_constant(g, n, constant_first) || !g->value[operand].there ||
        !read_equation(mhoi_attr_text(n, "equation", ""), constant_first, &e) ||
        !leading(&e, &transposed))
        return refuse(n);
    const size_t ks = strlen(e.x) - leading(&e, &transposed), ns = strlen(e.w) - ks;
    const mho_array *x = &g->known.array[operand];
    size_t depth = 1, columns = 1, layer, out;
    for (size_t i = 0; i < w->rank; i++)
        *((transposed ? i >= ns : i < ks) ? &depth : &columns) *= w->size[i];
    if (w->rank != ks + ns || x->rank < ks || !x->count || x->count % depth)
        return refuse(n);
    for (size_t i = 0; i < ks; i++)
        if (x->size[x->rank - ks + i] != w->size[i + (transposed ? ns : 0)])
            return refuse(n);
    mho_array matrix = *w;
    matrix.rank = 2;
    matrix.size[0] = transposed ? columns : depth;
    matrix.size[1] = transposed ? depth : columns;
    product p = {.n = n,
                 .from = g->value[operand].node,
                 .weight = &matrix,
                 .transposed = transposed,
                 .scale = 1,
                 .depth = depth,
                 .rows = x->count / depth};
    mho_status s = MHO_OK;
    if (p.rows > 1)
        s = mhoi_graph_map(g, operand, (const size_t[]){1, p.rows, 1, p.depth}, &p.from);
    if (!s)
        s = add_product(g, &p, &layer, &out);
    if (!s)
        g->value[n->output[0]] = (mhoi_value){.there = true, .node = out, .biased = layer + 1};
    return s;
}

/* --- quantized operators: where their operands stand */

typedef struct quantized {
    const char *name, *domain;
    size_t x, x_scale, x_zero, w, w_scale, w_zero, bias, y_scale, y_zero; /* 99: there is none */
    bool conv;
} quantized;
#define NONE 99

static const quantized operators[] = {
    {"QLinearConv", "", 0, 1, 2, 3, 4, 5, 8, 6, 7, true},
    {"QLinearMatMul", "", 0, 1, 2, 3, 4, 5, NONE, 6, 7, false},
    {"QGemm", "com.microsoft", 0, 1, 2, 3, 4, 5, 6, 7, 8, false},
    {"ConvInteger", "", 0, NONE, 2, 1, NONE, 3, NONE, NONE, NONE, true},
    {"MatMulInteger", "", 0, NONE, 2, 1, NONE, 3, NONE, NONE, NONE, false},
};

static const quantized *find(const mhoi_operation *n)
{
    for (size_t k = 0; k < sizeof operators / sizeof *operators; k++)
        if (strcmp(operators[k].name, n->op) == 0 && strcmp(operators[k].domain, n->domain) == 0)
            return &operators[k];
    return NULL;
}

bool mhoi_is_quantized_product(const mhoi_operation *n)
{
    return find(n) != NULL;
}

/* A constant operand: absent, *out stays empty; one that is no constant is refused. */
static mho_status operand_of(const mhoi_graph *g, const mhoi_operation *n, size_t i, mho_array *out)
{
    *out = (mho_array){0};
    if (mhoi_node_input(n, i) == MHOI_NO_OPERAND)
        return MHO_OK;
    const mho_array *a = mhoi_graph_constant(g, n, i);
    if (!a)
        return refuse(n);
    *out = *a;
    return MHO_OK;
}

static double value_at(const mho_array *a, size_t c, double otherwise)
{
    return a->data ? mho_array_number(a, a->count == 1 ? 0 : c) : otherwise;
}

/* The weights as real numbers, of whose axis `axis` scales and zero points are. */
static mho_status real_weights(const mho_array *w, const mho_array *scale, const mho_array *zero,
                               size_t axis, mho_array *out)
{
    *out = *w;
    out->type = MHO_TYPE_FLOAT;
    out->data = NULL;
    float *v = NULL;
    mho_status s = mhoi_alloc(&v, w->count, sizeof *v, "ONNX parameters");
    size_t inner = 1;
    for (size_t k = axis + 1; k < w->rank; k++)
        inner *= w->size[k];
    for (size_t i = 0; !s && i < w->count; i++) {
        const size_t c = i / inner % w->size[axis];
        v[i] = (float)((mho_array_number(w, i) - value_at(zero, c, 0)) * value_at(scale, c, 1));
    }
    out->data = v;
    return s;
}

static const float one_f = 1;

/* x as real numbers. */
static mho_status dequantize(mhoi_graph *g, const mhoi_operation *n, const quantized *q,
                             size_t *out)
{
    mho_array constant[2], in = g->known.array[n->input[q->x]], real = in;
    mho_status s = operand_of(g, n, q->x_scale, &constant[0]);
    if (!s)
        s = operand_of(g, n, q->x_zero, &constant[1]);
    if (!constant[0].data) {
        constant[0] = mhoi_graph_array(MHO_TYPE_FLOAT, 0, NULL);
        constant[0].data = (void *)(uintptr_t)&one_f;
    }
    real.type = MHO_TYPE_FLOAT;
    const mhoi_own_work work = {.op = "DequantizeLinear",
                                .in = &in,
                                .out = &real,
                                .constant = constant,
                                .constants = constant[1].data ? 2 : 1,
                                .axis = 1};
    if (!s)
        s = mhoi_graph_own(g, g->value[n->input[q->x]].node, "real", &work, out);
    if (!s)
        mhoi_graph_tell_codes(g, *out, in.type, &constant[0], &constant[1]);
    return s;
}

static mho_status quantize(mhoi_graph *g, const mhoi_operation *n, const quantized *q, size_t *node)
{
    mho_array constant[2], out = g->known.array[n->output[0]], in = out;
    mho_status s = operand_of(g, n, q->y_scale, &constant[0]);
    if (!s)
        s = operand_of(g, n, q->y_zero, &constant[1]);
    if (s || !constant[0].data)
        return s;
    in.type = MHO_TYPE_FLOAT;
    const mhoi_own_work work = {.op = "QuantizeLinear",
                                .in = &in,
                                .out = &out,
                                .constant = constant,
                                .constants = constant[1].data ? 2 : 1,
                                .axis = 1};
    return mhoi_graph_own(g, *node, "codes", &work, node);
}

/* A bias is in units of the product of both scales. */
static mho_status quantized_bias(mhoi_graph *g, const mhoi_operation *n, const quantized *q,
                                 const mho_array *w_scale, mho_node *node)
{
    mho_array bias, x_scale;
    mho_status s = operand_of(g, n, q->bias, &bias);
    if (!s)
        s = operand_of(g, n, q->x_scale, &x_scale);
    if (s || !bias.data)
        return s;
    if (bias.count != node->out.c)
        return refuse(n);
    s = mhoi_alloc(&node->bias, node->out.c, sizeof *node->bias, "ONNX parameters");
    for (size_t c = 0; !s && c < node->out.c; c++)
        node->bias[c] = (float)(mho_array_number(&bias, c) * value_at(&x_scale, 0, 1) *
                                value_at(w_scale, c, 1));
    node->has_bias = !s;
    return s;
}

static mho_status add_conv(mhoi_graph *g, const mhoi_operation *n, size_t from, const mho_array *w,
                           size_t *layer)
{
    /* An operation of the same window on operands that stand for x and W. */
    mhoi_operation conv = *n;
    size_t input[2] = {n->input[0], n->input[find(n)->w]};
    const mho_array x = g->known.array[input[0]], was = g->known.array[input[1]];
    const mhoi_value value = g->value[input[0]];
    conv.op = "Conv";
    conv.input = input;
    conv.inputs = 2;
    g->known.array[input[1]] = *w;
    g->known.array[input[0]].type = MHO_TYPE_FLOAT;
    g->value[input[0]] = (mhoi_value){.there = true, .node = from};
    mho_status s = mhoi_onnx_convert(g, &conv);
    *layer = g->net->nodes - 1;
    g->known.array[input[1]] = was;
    g->known.array[input[0]] = x;
    g->value[input[0]] = value;
    return s;
}

mho_status mhoi_graph_quantized(mhoi_graph *g, const mhoi_operation *n)
{
    const quantized *q = find(n);
    mho_array w, scale, zero, real = {0};
    size_t node = 0, layer = 0;
    const mho_array *x = &g->known.array[n->input[q->x]];
    const bool transposed = !q->conv && mhoi_attr_int(n, "transB", 0) != 0;
    mho_status s = operand_of(g, n, q->w, &w);
    if (!s)
        s = operand_of(g, n, q->w_scale, &scale);
    if (!s)
        s = operand_of(g, n, q->w_zero, &zero);
    if (!s && (!w.data || w.rank < 2 || !g->value[n->input[q->x]].there ||
               (!q->conv && (w.rank != 2 || x->rank == 0)) || mhoi_attr_int(n, "transA", 0) ||
               mhoi_attr_float(n, "alpha", 1) != 1))
        s = refuse(n);
    const size_t axis = q->conv || transposed ? 0 : 1;
    if (!s)
        s = real_weights(&w, &scale, &zero, axis, &real);
    if (!s)
        s = dequantize(g, n, q, &node);
    if (!s && q->conv) {
        s = add_conv(g, n, node, &real, &layer);
        node = layer;
    } else if (!s) {
        product p = {.n = n,
                     .weight = &real,
                     .transposed = transposed,
                     .scale = 1,
                     .depth = w.size[transposed ? 1 : 0]};
        p.rows = x->count / p.depth;
        p.from = node;
        const mho_array map = mhoi_graph_array(
            MHO_TYPE_FLOAT, 4,
            (size_t[]){1, p.rows > 1 ? p.rows : p.depth, 1, p.rows > 1 ? p.depth : 1});
        if (x->size[x->rank - 1] != p.depth)
            s = refuse(n);
        if (!s)
            s = mhoi_graph_view(g, node, "view", &map, &p.from);
        if (!s)
            s = add_product(g, &p, &layer, &node);
    }
    if (!s)
        s = quantized_bias(g, n, q, &scale, &g->net->node[layer]);
    mhoi_free(&real.data);
    if (!s)
        s = quantize(g, n, q, &node);
    if (!s)
        g->value[n->output[0]] = (mhoi_value){.there = true, .node = node};
    return s;
}
