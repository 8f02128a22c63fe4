/* SPDX-License-Identifier: Apache-2.0 */
/* Loop and Scan: their body, run again and again.  What a run gives is the state of the next; what is gathered
 * is put together along an axis at the end. */
#include <string.h>

#include "base/alloc.h"
#include "infer/infer_loop.h"

/* One operation under way. */
typedef struct loop {
    mhoi_call *c;
    const mhoi_program *body;
    mhoi_pass_fn *run;
    void *context;
    mho_array *in, *out; /* of the body; in: borrowed but for the states */
    mho_array *gathered; /* [gathers]: what there is of it, with room for more along axis 0 */
    size_t first,
        states; /* inputs of the body before the states (2 of a Loop), and how many states */
    size_t gathers, passes; /* outputs that are gathered; runs done */
    size_t state_outputs;   /* of the body before its states: 1 of a Loop */
} loop;

static mho_status begin(loop *l, mhoi_call *c, mhoi_pass_fn *run, void *context)
{
    *l = (loop){.c = c, .body = c->op->body, .run = run, .context = context};
    mho_status s = mhoi_alloc(&l->in, l->body->inputs, sizeof *l->in, c->op->name);
    if (!s)
        s = mhoi_alloc(&l->out, l->body->outputs, sizeof *l->out, c->op->name);
    if (!s)
        s = mhoi_alloc(&l->gathered, c->outputs, sizeof *l->gathered, c->op->name);
    for (size_t k = 0; k < c->outputs; k++)
        c->out[k] = (mho_array){0};
    return s;
}

static void end(loop *l)
{
    for (size_t k = 0; l->in && k < l->states; k++)
        mho_array_free(&l->in[l->first + k]);
    for (size_t k = 0; l->out && k < l->body->outputs; k++)
        mho_array_free(&l->out[k]);
    for (size_t k = 0; l->gathered && k < l->c->outputs; k++)
        mho_array_free(&l->gathered[k]);
    mhoi_free(&l->in);
    mhoi_free(&l->out);
    mhoi_free(&l->gathered);
}

/* States at the beginning, from input `at` of the operation on; then what the body reads of the graph around it. */
static mho_status set_inputs(loop *l, size_t at)
{
    const mhoi_call *c = l->c;
    const size_t own = c->inputs - c->op->captured, taken = l->body->inputs - c->op->captured;
    mho_status s = MHO_OK;
    for (size_t k = 0; !s && k < l->states; k++)
        s = c->in[at + k] ? mhoi_array_copy(c->in[at + k], &l->in[l->first + k])
                          : mho_error(MHO_EFORMAT, "input %zu is left out", at + k);
    for (size_t k = 0; !s && k < c->op->captured; k++) {
        if (!c->in[own + k] || c->in[own + k]->type == MHO_TYPE_NONE)
            return mho_error(MHO_EFORMAT, "its body reads what is not there");
        l->in[taken + k] = *c->in[own + k];
    }
    return s;
}

/* Room doubles, so that what is gathered is copied once or twice. */
static mho_status gather(loop *l, size_t k, const mho_array *piece)
{
    mho_array *all = &l->gathered[k];
    size_t size[MHO_TENSOR_DIMS];
    const size_t bytes = piece->count * mho_type_bytes(piece->type);
    bool same = l->passes == 0 || (all->type == piece->type && all->rank == piece->rank + 1);
    for (size_t i = 0; same && l->passes && i < piece->rank; i++)
        same = all->size[i + 1] == piece->size[i];
    if (piece->type == MHOI_TYPE_LIST)
        return mho_error(MHO_ENOTMODELED, "it gathers sequences");
    if (!same)
        return mho_error(MHO_ENOTMODELED, "what it gathers changes its shape");
    if (piece->rank == MHO_TENSOR_DIMS)
        return mho_error(MHO_ENOTMODELED, "it gathers arrays of %zu dimensions", piece->rank);
    if (l->passes == 0 || l->passes == all->size[0]) {
        mho_array more;
        size[0] = l->passes ? 2 * l->passes : 1;
        memcpy(size + 1, piece->size, piece->rank * sizeof *size);
        mho_status s = mhoi_array_shape(piece->type, piece->rank + 1, size, &more);
        if (!s)
            s = mhoi_array_alloc(&more, l->c->op->name);
        if (s)
            return s;
        if (l->passes && bytes)
            memcpy(more.data, all->data, l->passes * bytes);
        mho_array_free(all);
        *all = more;
    }
    if (bytes)
        memcpy((char *)all->data + l->passes * bytes, piece->data, bytes);
    return MHO_OK;
}

static mho_status flag(const mho_array *a, bool otherwise, bool *out)
{
    *out = otherwise;
    if (!a)
        return MHO_OK;
    if (a->count != 1 || a->type == MHOI_TYPE_LIST)
        return mho_error(MHO_EFORMAT, "a condition of %zu values", a->count);
    *out = mho_array_number(a, 0) != 0;
    return MHO_OK;
}

/* Runs the body once: its states go over to the next run.  *goes_on: what a Loop says of it. */
static mho_status pass(loop *l, bool *goes_on)
{
    mho_status s = l->run(l->context, l->in, l->out);
    if (!s && l->state_outputs)
        s = flag(&l->out[0], true, goes_on);
    for (size_t k = 0; !s && k < l->states; k++) {
        mho_array_free(&l->in[l->first + k]);
        l->in[l->first + k] = l->out[l->state_outputs + k];
        l->out[l->state_outputs + k] = (mho_array){0};
    }
    for (size_t k = 0; !s && k < l->gathers; k++)
        s = gather(l, k, &l->out[l->state_outputs + l->states + k]);
    for (size_t k = 0; k < l->body->outputs; k++)
        mho_array_free(&l->out[k]);
    l->passes++;
    return s ? mho_error_prefix(s, "run %zu of its body", l->passes - 1) : MHO_OK;
}

/* What was gathered, axis 0 where `axis` says, in reverse where that is asked for. */
static mho_status give_gathered(loop *l, size_t k, size_t axis, bool reverse, mho_array *out)
{
    mho_array *all = &l->gathered[k];
    size_t size[MHO_TENSOR_DIMS];
    if (!l->passes)
        return mho_error(MHO_ENOTMODELED,
                         "it runs no time, and the sizes of what it gathers are not known");
    const size_t bytes = mho_type_bytes(all->type);
    const size_t piece = mhoi_product(all->size, 1, all->rank);
    memcpy(size, all->size + 1, axis * sizeof *size);
    size[axis] = l->passes;
    memcpy(size + axis + 1, all->size + axis + 1, (all->rank - axis - 1) * sizeof *size);
    mho_status s = mhoi_array_shape(all->type, all->rank, size, out);
    if (!s)
        s = mhoi_array_alloc(out, l->c->op->name);
    const size_t inner = mhoi_product(size, axis + 1, all->rank);
    for (size_t t = 0; !s && out->count && t < l->passes; t++) {
        const size_t to = reverse ? l->passes - 1 - t : t;
        for (size_t i = 0; i * inner < piece; i++)
            memcpy((char *)out->data + (i * l->passes + to) * inner * bytes,
                   (const char *)all->data + (t * piece + i * inner) * bytes, inner * bytes);
    }
    return s;
}

static void give_states(loop *l)
{
    for (size_t k = 0; k < l->states && k < l->c->outputs; k++) {
        l->c->out[k] = l->in[l->first + k];
        l->in[l->first + k] = (mho_array){0};
    }
}

/* --- Loop */

static mho_status loop_passes(loop *l)
{
    const mho_array *most = l->c->in[0];
    int64_t turn = 0;
    bool goes_on, truth = true;
    if (most && (most->count != 1 || most->type == MHOI_TYPE_LIST))
        return mho_error(MHO_EFORMAT, "a number of runs of %zu values", most->count);
    mho_status s = flag(l->c->in[1], true, &goes_on);
    l->in[0] = (mho_array){.type = MHO_TYPE_INT64, .count = 1, .data = &turn};
    l->in[1] = (mho_array){.type = MHO_TYPE_BOOL, .count = 1, .data = &truth};
    for (; !s && goes_on && (!most || turn < mhoi_array_whole(most, 0)); turn++)
        s = pass(l, &goes_on);
    return s;
}

static mho_status run_loop(loop *l)
{
    const mhoi_call *c = l->c;
    const size_t own = c->inputs - c->op->captured;
    if (own < 2 || l->body->inputs != c->inputs || l->body->outputs < own - 1 ||
        c->outputs > l->body->outputs - 1)
        return mho_error(MHO_EFORMAT,
                         "%zu inputs and %zu outputs, and a body of %zu inputs and %zu outputs",
                         own, c->outputs, l->body->inputs - c->op->captured, l->body->outputs);
    l->first = 2;
    l->state_outputs = 1;
    l->states = own - 2;
    l->gathers = c->outputs > l->states ? c->outputs - l->states : 0;
    mho_status s = set_inputs(l, 2);
    if (!s)
        s = loop_passes(l);
    for (size_t k = 0; !s && k < l->gathers; k++)
        if (c->op->output[l->states + k] != MHOI_NO_OPERAND)
            s = give_gathered(l, k, 0, false, &c->out[l->states + k]);
    if (!s)
        give_states(l);
    return s;
}

/* --- Scan */

typedef struct axes {
    const int64_t *axis, *reverse;
    size_t axes, reverses;
} axes;

static axes axes_of(const mhoi_operation *op, const char *axis, const char *reverse)
{
    axes a;
    a.axes = mhoi_attr_ints(op, axis, &a.axis);
    a.reverses = mhoi_attr_ints(op, reverse, &a.reverse);
    return a;
}

static mho_status axis_at(const axes *a, size_t k, size_t rank, size_t *axis, bool *reverse)
{
    *reverse = k < a->reverses && a->reverse[k] != 0;
    const int64_t told = k < a->axes ? a->axis[k] : 0, r = (int64_t)rank;
    *axis = (size_t)(told < 0 ? told + r : told);
    return told >= -r && told < r
               ? MHO_OK
               : mho_error(MHO_EFORMAT, "axis %lld of %zu dimensions", (long long)told, rank);
}

/* Slice t of an array along an axis. */
static mho_status slice(const mho_array *from, size_t axis, size_t t, mho_array *out)
{
    size_t size[MHO_TENSOR_DIMS];
    const size_t bytes = mho_type_bytes(from->type), length = from->size[axis];
    const size_t inner = mhoi_product(from->size, axis + 1, from->rank);
    memcpy(size, from->size, axis * sizeof *size);
    memcpy(size + axis, from->size + axis + 1, (from->rank - axis - 1) * sizeof *size);
    mho_status s = mhoi_array_shape(from->type, from->rank - 1, size, out);
    if (!s)
        s = mhoi_array_alloc(out, "scan");
    for (size_t i = 0; !s && inner && i * inner < out->count; i++)
        memcpy((char *)out->data + i * inner * bytes,
               (const char *)from->data + (i * length + t) * inner * bytes, inner * bytes);
    return s;
}

/* As many runs as the arrays have slices. */
static mho_status count_slices(const loop *l, const axes *a, size_t scanned, size_t *out)
{
    mho_status s = MHO_OK;
    for (size_t k = 0; !s && k < scanned; k++) {
        const mho_array *x = l->c->in[l->states + k];
        size_t axis = 0;
        bool reverse;
        s = !x || x->type == MHOI_TYPE_LIST
                ? mho_error(MHO_EFORMAT, "input %zu is %s", l->states + k,
                            x ? "a sequence, want an array" : "left out")
                : axis_at(a, k, x->rank, &axis, &reverse);
        if (!s && k && x->size[axis] != *out)
            s = mho_error(MHO_EFORMAT, "arrays of %zu and %zu slices", *out, x->size[axis]);
        if (!s)
            *out = x->size[axis];
    }
    return s;
}

static mho_status scan_pass(loop *l, const axes *a, size_t scanned, size_t count, size_t t)
{
    mho_array *piece = l->in + l->states;
    mho_status s = MHO_OK;
    for (size_t k = 0; !s && k < scanned; k++) {
        const mho_array *x = l->c->in[l->states + k];
        size_t axis = 0;
        bool reverse = false;
        s = axis_at(a, k, x->rank, &axis, &reverse);
        if (!s)
            s = slice(x, axis, reverse ? count - 1 - t : t, &piece[k]);
    }
    if (!s)
        s = pass(l, NULL);
    for (size_t k = 0; k < scanned; k++)
        mho_array_free(&piece[k]);
    return s;
}

static mho_status run_scan(loop *l)
{
    const mhoi_call *c = l->c;
    const size_t own = c->inputs - c->op->captured;
    const int64_t scanned = mhoi_attr_int(c->op, "num_scan_inputs", 0);
    const axes in = axes_of(c->op, "scan_input_axes", "scan_input_directions"),
               out = axes_of(c->op, "scan_output_axes", "scan_output_directions");
    size_t count = 0;
    if (c->op->set < 9)
        return mho_error(MHO_ENOTMODELED, "of operator set %lld, want 9 or later",
                         (long long)c->op->set);
    if (scanned < 1 || (size_t)scanned > own || l->body->inputs != c->inputs ||
        c->outputs > l->body->outputs || l->body->outputs < own - (size_t)scanned)
        return mho_error(MHO_EFORMAT, "%zu inputs, %lld of them scanned, and a body of %zu inputs",
                         own, (long long)scanned, l->body->inputs - c->op->captured);
    l->states = own - (size_t)scanned;
    l->gathers = c->outputs > l->states ? c->outputs - l->states : 0;
    mho_status s = set_inputs(l, 0);
    if (!s)
        s = count_slices(l, &in, (size_t)scanned, &count);
    for (size_t t = 0; !s && t < count; t++)
        s = scan_pass(l, &in, (size_t)scanned, count, t);
    for (size_t k = 0; !s && k < l->gathers; k++) {
        size_t axis = 0;
        bool reverse = false;
        s = axis_at(&out, k, l->passes ? l->gathered[k].rank : 1, &axis, &reverse);
        if (!s && c->op->output[l->states + k] != MHOI_NO_OPERAND)
            s = give_gathered(l, k, axis, reverse, &c->out[l->states + k]);
    }
    if (!s)
        give_states(l);
    return s;
}

mho_status mhoi_loop_run(mhoi_call *c, mhoi_pass_fn *run, void *context)
{
    loop l;
    mho_status s = begin(&l, c, run, context);
    if (!s)
        s = strcmp(c->op->op, "Scan") == 0 ? run_scan(&l) : run_loop(&l);
    end(&l);
    for (size_t k = 0; s && k < c->outputs; k++)
        mho_array_free(&c->out[k]);
    return s ? mho_error_prefix(s, "node '%s' (%s)", c->op->name, c->op->op) : MHO_OK;
}
