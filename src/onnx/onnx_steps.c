/* SPDX-License-Identifier: Apache-2.0 */
/* LSTM, GRU and RNN of few steps on crossbars.  The products with the sequence are one layer, a position a step; the products
 * with the state are a layer a step, with crossbars of its own, since a step waits for the one before it.  Gates and states are
 * element-wise work of digital units.  From a state of zeros the first step has no product. */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "net/net_impl.h"
#include "onnx/onnx_graph.h"

enum { X, W, R, BIAS, LENGTHS, START_H, START_C, PEEPHOLES };
enum { NAME = 96, NONE = 0 };

typedef struct steps {
    mhoi_graph *g;
    const mhoi_operation *n;
    const mho_array *w, *r, *b; /* [directions][gates hidden][...] */
    size_t directions, count, in, hidden, gates;
    const char *act[3]; /* of gates, of what is new, of the state */
    bool reset_last;    /* GRU: the reset gate works on the product */
    size_t rows, h, c; /* nodes of one direction: products with the sequence; states, NONE: zeros */
    size_t direction;
} steps;

static mho_status refuse(const char *why)
{
    return mho_error(MHO_ENOTMODELED, "%s", why);
}

bool mhoi_is_recurrent(const mhoi_operation *n)
{
    return !n->domain[0] &&
           (strcmp(n->op, "LSTM") == 0 || strcmp(n->op, "GRU") == 0 || strcmp(n->op, "RNN") == 0);
}

/* --- what the operation says */

static bool is_absent(const steps *s, size_t k)
{
    return mhoi_node_input(s->n, k) == MHOI_NO_OPERAND;
}

static const char *function_of(const char *name, size_t length)
{
    static const char *const known[] = {"Sigmoid", "Tanh", "Relu"};
    for (size_t k = 0; k < sizeof known / sizeof *known; k++)
        if (strlen(known[k]) == length && strncmp(known[k], name, length) == 0)
            return known[k];
    return NULL;
}

/* The functions, the same in both directions, of those that take no numbers. */
static mho_status plan_functions(steps *s)
{
    static const char *const usual[] = {
        [1] = "Tanh", [3] = "Sigmoid Tanh", [4] = "Sigmoid Tanh Tanh"};
    const char *at = mhoi_attr_text(s->n, "activations", "");
    const size_t each = s->gates == 1 ? 1 : s->gates == 3 ? 2 : 3;
    const bool told = at[0] != 0;
    for (size_t d = 0; d < s->directions; d++) {
        if (!told)
            at = usual[s->gates];
        for (size_t k = 0; k < each; k++) {
            const size_t length = strcspn(at, " ");
            const char *name = function_of(at, length);
            if (!name)
                return refuse("of other functions than Sigmoid, Tanh and Relu");
            if (d && name != s->act[k])
                return refuse("whose directions have other functions");
            s->act[k] = name;
            at += length + (at[length] == ' ');
        }
    }
    return MHO_OK;
}

/* What unrolling leaves to digital units. */
static mho_status check_kept(const steps *s, size_t sequences)
{
    const char *why = sequences != 1                           ? "of more than one sequence"
                      : !is_absent(s, LENGTHS)                 ? "with lengths of sequences"
                      : !is_absent(s, PEEPHOLES)               ? "with peepholes"
                      : mhoi_attr_float(s->n, "clip", 0) > 0   ? "with clip"
                      : mhoi_attr_int(s->n, "input_forget", 0) ? "with input_forget"
                                                               : NULL;
    return why ? refuse(why) : MHO_OK;
}

static mho_status plan(mhoi_graph *g, const mhoi_operation *n, steps *s)
{
    *s = (steps){.g = g, .n = n};
    const mho_array *x = is_absent(s, X) ? NULL : &g->known.array[n->input[X]];
    s->w = mhoi_graph_constant(g, n, W);
    s->r = mhoi_graph_constant(g, n, R);
    s->b = mhoi_graph_constant(g, n, BIAS);
    s->gates = n->op[0] == 'R' ? 1 : n->op[0] == 'G' ? 3 : 4;
    s->reset_last = mhoi_attr_int(n, "linear_before_reset", 0) != 0;
    if (!x || !g->value[n->input[X]].there || x->rank != 3 || !s->w || !s->r || s->w->rank != 3 ||
        s->r->rank != 3 || (!is_absent(s, BIAS) && !s->b))
        return refuse("whose weights are no constants");
    /* Of one sequence, both layouts have their values in the same order. */
    const bool first = mhoi_attr_int(n, "layout", 0) != 0;
    mho_status e = check_kept(s, x->size[!first]);
    if (e)
        return e;
    s->count = x->size[first];
    s->in = x->size[2];
    s->directions = s->w->size[0];
    s->hidden = s->r->size[2];
    if (!s->count || !s->hidden || s->directions * s->count > MHOI_STEPS_MOST)
        return mho_error(MHO_ENOTMODELED,
                         "%zu steps of %zu directions, up to %zu in all are unrolled", s->count,
                         s->directions, MHOI_STEPS_MOST);
    return plan_functions(s);
}

/* --- nodes */

static mho_array row(size_t count)
{
    return mhoi_graph_array(MHO_TYPE_FLOAT, 2, (const size_t[]){1, count});
}

/* op(a), or op(a, b) where b is a node. */
static mho_status put(const steps *s, const char *op, size_t count, size_t a, size_t b, size_t *out)
{
    const mho_array shape = row(count);
    const mhoi_own_work work = {
        .op = op, .in = &shape, .out = &shape, .other = &b, .others = b != NONE};
    return mhoi_graph_own(s->g, a, "gate", &work, out);
}

/* Elements [first, first + count) of a row of `all`, or rows likewise. */
static mho_status cut(const steps *s, size_t node, size_t all, size_t first, size_t count,
                      size_t *out)
{
    int64_t from = (int64_t)first, to = (int64_t)(first + count), axis = 1;
    mho_array bounds[3];
    int64_t *const value[3] = {&from, &to, &axis};
    for (size_t i = 0; i < 3; i++) {
        bounds[i] = mhoi_graph_array(MHO_TYPE_INT64, 1, (const size_t[]){1});
        bounds[i].data = value[i];
    }
    const mho_array in = row(all), to_row = row(count);
    const mhoi_own_work work = {
        .op = "Slice", .in = &in, .out = &to_row, .constant = bounds, .constants = 3};
    *out = node;
    return all == count ? MHO_OK : mhoi_graph_own(s->g, node, "part", &work, out);
}

/* Rows [first, first + count) of the weights of this direction. */
static mho_array part_of(const steps *s, const mho_array *w, size_t first, size_t count)
{
    mho_array part = mhoi_graph_array(w->type, 2, (const size_t[]){count, w->size[2]});
    part.data = (char *)w->data +
                mho_type_bytes(w->type) * w->size[2] * (s->direction * w->size[1] + first);
    return part;
}

/* Bias `which` (0: of the sequence, 1: of the state) of gate row i. */
static double bias_of(const steps *s, size_t which, size_t i)
{
    const size_t rows = s->gates * s->hidden;
    return s->b ? mho_array_number(s->b, (2 * s->direction + which) * rows + i) : 0;
}

/* Biases of the layer, whose columns are gate rows from `first` on. */
static mho_status set_bias(const steps *s, size_t layer, size_t first, bool sequence, bool state)
{
    mho_node *node = &s->g->net->node[layer];
    if (!s->b)
        return MHO_OK;
    mho_status e = mhoi_alloc(&node->bias, node->out.c, sizeof *node->bias, "ONNX parameters");
    for (size_t i = 0; !e && i < node->out.c; i++)
        node->bias[i] = (float)((sequence ? bias_of(s, 0, first + i) : 0) +
                                (state ? bias_of(s, 1, first + i) : 0));
    node->has_bias = !e;
    return e;
}

/* The state times rows [first, first + count) of R. */
static mho_status multiply(const steps *s, size_t step, const char *what, size_t state,
                           size_t first, size_t count, size_t *layer, size_t *out)
{
    char name[NAME];
    const mho_array r = part_of(s, s->r, first, count);
    snprintf(name, sizeof name, "%.60s%s.%s%zu", s->n->name[0] ? s->n->name : s->n->op,
             s->direction ? ".back" : "", what, step);
    return mhoi_graph_rows(s->g, name, &r, state, 1, layer, out);
}

/* The products with the sequence, a row a step, and the biases that no reset gate stands before. */
static mho_status multiply_sequence(steps *s)
{
    const size_t all = s->gates * s->hidden;
    const mho_array w = part_of(s, s->w, 0, all);
    char name[NAME];
    size_t from = s->g->value[s->n->input[X]].node, layer = 0;
    snprintf(name, sizeof name, "%.60s%s.input", s->n->name[0] ? s->n->name : s->n->op,
             s->direction ? ".back" : "");
    mho_status e = s->count > 1 ? mhoi_graph_map(s->g, s->n->input[X],
                                                 (const size_t[]){1, s->count, 1, s->in}, &from)
                                : MHO_OK;
    if (!e)
        e = mhoi_graph_rows(s->g, name, &w, from, s->count, &layer, &s->rows);
    if (!e)
        e = set_bias(s, layer, 0, true, true);
    mho_node *node = &s->g->net->node[layer];
    for (size_t i = 2 * s->hidden; !e && s->b && s->gates == 3 && s->reset_last && i < all; i++)
        node->bias[i] = (float)bias_of(s, 0, i);
    return e;
}

/* --- one step: `sum` are the products with the sequence */

/* Adds those of all gates with the state. */
static mho_status add_state(const steps *s, size_t step, size_t *sum)
{
    const size_t all = s->gates * s->hidden;
    size_t layer, past;
    if (s->h == NONE)
        return MHO_OK;
    mho_status e = multiply(s, step, "state", s->h, 0, all, &layer, &past);
    return e ? e : put(s, "Add", all, *sum, past, sum);
}

/* The first `count` gates of their sums. */
static mho_status open_gates(const steps *s, size_t sums, size_t count, size_t *gate)
{
    const size_t n = s->hidden;
    size_t all;
    mho_status e = put(s, s->act[0], count * n, sums, NONE, &all);
    for (size_t k = 0; !e && k < count; k++)
        e = cut(s, all, count * n, k * n, n, &gate[k]);
    return e;
}

static mho_status step_rnn(steps *s, size_t step, size_t sum)
{
    mho_status e = add_state(s, step, &sum);
    return e ? e : open_gates(s, sum, 1, &s->h);
}

/* Gates in the order input, output, forget, cell. */
static mho_status step_lstm(steps *s, size_t step, size_t sum)
{
    const size_t n = s->hidden;
    size_t gates, gate[3], fresh;
    mho_status e = add_state(s, step, &sum);
    if (!e)
        e = cut(s, sum, 4 * n, 0, 3 * n, &gates);
    if (!e)
        e = open_gates(s, gates, 3, gate);
    if (!e)
        e = cut(s, sum, 4 * n, 3 * n, n, &fresh);
    if (!e)
        e = put(s, s->act[1], n, fresh, NONE, &fresh);
    if (!e)
        e = put(s, "Mul", n, gate[0], fresh, &fresh);
    if (!e && s->c != NONE)
        e = put(s, "Mul", n, gate[2], s->c, &s->c);
    if (!e)
        e = s->c != NONE ? put(s, "Add", n, fresh, s->c, &s->c) : MHO_OK;
    if (!e && s->c == NONE)
        s->c = fresh;
    if (!e)
        e = put(s, s->act[2], n, s->c, NONE, &fresh);
    return e ? e : put(s, "Mul", n, gate[1], fresh, &s->h);
}

/* What is new in a GRU, where the reset gate works on the product: reset (R h + bias). */
static mho_status reset_product(const steps *s, size_t reset, size_t past, size_t *out)
{
    const size_t n = s->hidden;
    const mho_array shape = row(n);
    mho_array bias = row(n);
    float *value = NULL;
    if (past != NONE)
        return put(s, "Mul", n, reset, past, out);
    mho_status e = mhoi_alloc(&value, n, sizeof *value, "ONNX parameters");
    for (size_t i = 0; !e && i < n; i++)
        value[i] = (float)bias_of(s, 1, 2 * n + i);
    bias.data = value;
    const mhoi_own_work work = {
        .op = "Mul", .in = &shape, .out = &shape, .constant = &bias, .constants = 1};
    if (!e)
        e = mhoi_graph_own(s->g, reset, "gate", &work, out);
    mhoi_free(&value);
    return e;
}

/* The part of what is new that comes from the state; NONE: nothing. */
static mho_status renew(const steps *s, size_t step, size_t reset, size_t past, size_t *out)
{
    const size_t n = s->hidden;
    size_t layer, held;
    *out = NONE;
    if (s->reset_last) {
        mho_status e = MHO_OK;
        if (past != NONE)
            e = cut(s, past, 3 * n, 2 * n, n, &past);
        return e || (past == NONE && !s->b) ? e : reset_product(s, reset, past, out);
    }
    if (s->h == NONE)
        return MHO_OK;
    mho_status e = put(s, "Mul", n, reset, s->h, &held);
    return e ? e : multiply(s, step, "new", held, 2 * n, n, &layer, out);
}

/* Gates in the order update, reset, new: h' = new + update (h - new). */
static mho_status step_gru(steps *s, size_t step, size_t sum)
{
    const size_t n = s->hidden;
    const size_t width = s->reset_last ? 3 * n : 2 * n; /* of the product with the state */
    size_t layer, past = NONE, gates, gate[2], fresh, more, kept;
    mho_status e = cut(s, sum, 3 * n, 0, 2 * n, &gates);
    if (!e && s->h != NONE)
        e = multiply(s, step, "state", s->h, 0, width, &layer, &past);
    if (!e && s->h != NONE && s->reset_last && s->b) { /* the biases of gates are the sequence's */
        e = set_bias(s, layer, 0, false, true);
        for (size_t i = 0; !e && i < 2 * n; i++)
            s->g->net->node[layer].bias[i] = 0;
    }
    if (!e && past != NONE)
        e = cut(s, past, width, 0, 2 * n, &more);
    if (!e && past != NONE)
        e = put(s, "Add", 2 * n, gates, more, &gates);
    if (!e)
        e = open_gates(s, gates, 2, gate);
    if (!e)
        e = cut(s, sum, 3 * n, 2 * n, n, &fresh);
    if (!e)
        e = renew(s, step, gate[1], past, &more);
    if (!e && more != NONE)
        e = put(s, "Add", n, fresh, more, &fresh);
    if (!e)
        e = put(s, s->act[1], n, fresh, NONE, &fresh);
    if (e)
        return e;
    /* From zeros: new - update new. */
    if (s->h != NONE)
        e = put(s, "Sub", n, s->h, fresh, &kept);
    if (!e)
        e = put(s, "Mul", n, gate[0], s->h != NONE ? kept : fresh, &kept);
    return e ? e : put(s, s->h != NONE ? "Add" : "Sub", n, fresh, kept, &s->h);
}

/* --- all steps */

/* A state that is the same for every input, as max(min(x, state), state) of what is there. */
static mho_status start_constant(const steps *s, const mho_array *value, size_t *out)
{
    const size_t first = s->direction * s->hidden;
    const mho_array shape = row(s->hidden);
    mho_array state = shape;
    float *number = NULL;
    bool zeros = true;
    mho_status e = mhoi_alloc(&number, s->hidden, sizeof *number, "ONNX parameters");
    for (size_t i = 0; !e && i < s->hidden; i++) {
        number[i] = (float)mho_array_number(value, first + i);
        zeros = zeros && number[i] == 0;
    }
    state.data = number;
    if (!e && !zeros)
        e = cut(s, s->rows, s->count * s->gates * s->hidden, 0, s->hidden, out);
    for (size_t k = 0; !e && !zeros && k < 2; k++) {
        const mhoi_own_work work = {.op = k ? "Max" : "Min",
                                    .in = &shape,
                                    .out = &shape,
                                    .constant = &state,
                                    .constants = 1};
        e = mhoi_graph_own(s->g, *out, "state", &work, out);
    }
    mhoi_free(&number);
    return e;
}

/* The state that input k gives this direction. */
static mho_status start(const steps *s, size_t k, size_t *out)
{
    const size_t operand = mhoi_node_input(s->n, k), all = s->directions * s->hidden;
    *out = NONE;
    if (operand == MHOI_NO_OPERAND)
        return MHO_OK;
    const mho_array *value = mhoi_graph_constant(s->g, s->n, k);
    if ((!value && !s->g->value[operand].there) || s->g->known.array[operand].count != all)
        return refuse("whose first state is not there");
    return value ? start_constant(s, value, out)
                 : cut(s, s->g->value[operand].node, all, s->direction * s->hidden, s->hidden, out);
}

static mho_status run_direction(steps *s, size_t states[MHOI_STEPS_MOST])
{
    const bool back =
        s->direction == 1 || strcmp(mhoi_attr_text(s->n, "direction", "forward"), "reverse") == 0;
    const size_t each = s->gates * s->hidden;
    mho_status e = multiply_sequence(s);
    if (!e)
        e = start(s, START_H, &s->h);
    s->c = NONE;
    if (!e && s->gates == 4)
        e = start(s, START_C, &s->c);
    for (size_t i = 0; !e && i < s->count; i++) {
        const size_t t = back ? s->count - 1 - i : i;
        size_t sum;
        e = cut(s, s->rows, s->count * each, t * each, each, &sum);
        if (!e)
            e = s->gates == 1   ? step_rnn(s, t, sum)
                : s->gates == 3 ? step_gru(s, t, sum)
                                : step_lstm(s, t, sum);
        states[t * s->directions + s->direction] = s->h;
    }
    return e;
}

/* Output k: those nodes one after the other. */
static mho_status give(const steps *s, size_t k, const size_t *node, size_t count)
{
    const size_t operand = k < s->n->outputs ? s->n->output[k] : MHOI_NO_OPERAND;
    const mho_array in = row(s->hidden), out = row(count * s->hidden);
    const mhoi_own_work work = {
        .op = "Concat", .in = &in, .out = &out, .other = node + 1, .others = count - 1, .axis = 1};
    size_t all = node[0];
    if (operand == MHOI_NO_OPERAND || !s->g->readers[operand])
        return MHO_OK;
    mho_status e = count > 1 ? mhoi_graph_own(s->g, node[0], "states", &work, &all) : MHO_OK;
    if (!e)
        s->g->value[operand] = (mhoi_value){.there = true, .node = all};
    return e;
}

mho_status mhoi_graph_recurrent(mhoi_graph *g, const mhoi_operation *n)
{
    steps s;
    size_t states[MHOI_STEPS_MOST], last[2] = {NONE}, cell[2] = {NONE};
    mho_status e = plan(g, n, &s);
    const size_t nodes = (s.directions * s.count + 2) * MHOI_STEP_NODES;
    if (!e && (s.directions > 2 || nodes > g->spare))
        e = refuse("beyond the nodes that a network has room for");
    g->spare -= e ? 0 : nodes;
    for (size_t d = 0; !e && d < s.directions; d++) {
        s.direction = d;
        e = run_direction(&s, states);
        last[d] = s.h;
        cell[d] = s.c;
    }
    if (!e)
        e = give(&s, 0, states, s.count * s.directions);
    if (!e)
        e = give(&s, 1, last, s.directions);
    return e || s.gates != 4 ? e : give(&s, 2, cell, s.directions);
}
