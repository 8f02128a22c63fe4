/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a program operation by operation; a value goes after the last one that reads it. */
#include "infer/infer_program.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/parallel.h"
#include "infer/infer_loop.h"

struct mhoi_runner {
    const mhoi_program *program;
    mho_array *value; /* [operands]: data of constants and inputs is borrowed */
    size_t
        *last; /* [operands]: the last operation that reads it; SIZE_MAX: it is kept to the end */
    mhoi_prepared *prepared; /* [operations] */
    const mho_array **in;    /* of one operation */
    mho_array *out;
};

static void find_last(mhoi_runner *r)
{
    const mhoi_program *p = r->program;
    for (size_t i = 0; i < p->operations; i++)
        for (size_t k = 0; k < p->operation[i].inputs + p->operation[i].guards; k++)
            if (mhoi_operation_reads(&p->operation[i], k) != MHOI_NO_OPERAND)
                r->last[mhoi_operation_reads(&p->operation[i], k)] = i;
    for (size_t i = 0; i < p->outputs; i++)
        r->last[p->output[i]] = SIZE_MAX;
}

static bool is_borrowed(const mhoi_program *p, size_t operand)
{
    return p->operand[operand].maker == SIZE_MAX;
}

mho_status mhoi_runner_create(const mhoi_program *p, mhoi_runner **out)
{
    mhoi_runner *r = NULL;
    size_t most = 1;
    *out = NULL;
    for (size_t i = 0; i < p->operations; i++) {
        most = p->operation[i].inputs > most ? p->operation[i].inputs : most;
        most = p->operation[i].outputs > most ? p->operation[i].outputs : most;
    }
    mho_status s = mhoi_alloc(&r, 1, sizeof *r, "inference");
    if (s)
        return s;
    r->program = p;
    mhoi_memory_unbound();
    s = mhoi_alloc(&r->value, p->operands, sizeof *r->value, "inference");
    if (!s)
        s = mhoi_alloc(&r->last, p->operands, sizeof *r->last, "inference");
    if (!s)
        s = mhoi_alloc(&r->prepared, p->operations, sizeof *r->prepared, "inference");
    if (!s)
        s = mhoi_alloc(&r->in, most, sizeof(void *), "inference");
    if (!s)
        s = mhoi_alloc(&r->out, most, sizeof *r->out, "inference");
    if (s) {
        mhoi_runner_destroy(r);
        return s;
    }
    find_last(r);
    *out = r;
    return MHO_OK;
}

void mhoi_runner_destroy(mhoi_runner *r)
{
    if (!r)
        return;
    for (size_t i = 0; r->prepared && i < r->program->operations; i++)
        mhoi_prepared_free(&r->prepared[i]);
    mhoi_free(&r->prepared);
    mhoi_free(&r->value);
    mhoi_free(&r->last);
    mhoi_free(&r->in);
    mhoi_free(&r->out);
    mhoi_free(&r);
}

/* "N x 1 x 28 x 28" */
static const char *declared_text(const mhoi_operand *o, char *text)
{
    size_t at = (size_t)snprintf(text, MHO_ARRAY_TEXT, "%s", mho_type_name(o->array.type));
    for (size_t k = 0; k < o->array.rank && at < MHO_ARRAY_TEXT; k++) {
        const char *between = k ? " x " : " ";
        if (o->symbol[k])
            at += (size_t)snprintf(text + at, MHO_ARRAY_TEXT - at, "%s%.20s", between,
                                   o->symbol[k][0] ? o->symbol[k] : "?");
        else
            at += (size_t)snprintf(text + at, MHO_ARRAY_TEXT - at, "%s%zu", between,
                                   o->array.size[k]);
    }
    return text;
}

mho_status mhoi_runner_check_input(const mhoi_program *p, size_t k, const mho_array *in)
{
    const mhoi_operand *o = &p->operand[p->input[k]];
    char have[MHO_ARRAY_TEXT], want[MHO_ARRAY_TEXT];
    if (o->array.type == MHO_TYPE_NONE) /* of a body */
        return MHO_OK;
    bool fits = in->type == o->array.type && (!o->ranked || in->rank == o->array.rank);
    for (size_t i = 0; fits && o->ranked && i < in->rank; i++)
        fits = o->symbol[i] || in->size[i] == o->array.size[i];
    return fits ? MHO_OK
                : mho_error(MHO_EDOMAIN, "input '%s' is %s, the network wants %s", o->name,
                            mho_array_text(in, have), declared_text(o, want));
}

/* Values that no later operation reads go. */
static void drop(mhoi_runner *r, size_t i)
{
    const mhoi_operation *op = &r->program->operation[i];
    for (size_t k = 0; k < op->inputs + op->guards; k++) {
        const size_t from = mhoi_operation_reads(op, k);
        if (from != MHOI_NO_OPERAND && r->last[from] == i && !is_borrowed(r->program, from))
            mho_array_free(&r->value[from]);
    }
}

static void destroy_body(void *runner)
{
    mhoi_runner_destroy(runner);
}

static mho_status run_body(void *runner, const mho_array *in, mho_array *out)
{
    return mhoi_runner_run(runner, in, out);
}

/* The runner of its body stays for the next run. */
static mho_status run_loop(mhoi_call *c)
{
    mhoi_runner *body = c->prepared->data;
    mho_status s = body ? MHO_OK : mhoi_runner_create(c->op->body, &body);
    if (!s)
        *c->prepared = (mhoi_prepared){.data = body, .destroy = destroy_body};
    return s ? s : mhoi_loop_run(c, run_body, body);
}

static mho_status run_one(mhoi_runner *r, size_t i)
{
    const mhoi_operation *op = &r->program->operation[i];
    for (size_t k = 0; k < op->guards; k++)
        if (!mhoi_guard_holds(&op->guard[k], &r->value[op->guard[k].operand])) {
            drop(r, i);
            return MHO_OK;
        }
    mhoi_call c = {.op = op,
                   .inputs = op->inputs,
                   .outputs = op->outputs,
                   .in = r->in,
                   .out = r->out,
                   .constant_weights = true,
                   .prepared = &r->prepared[i]};
    for (size_t k = 0; k < op->inputs; k++) {
        const size_t from = op->input[k];
        r->in[k] = from == MHOI_NO_OPERAND ? NULL : &r->value[from];
        if (k && from != MHOI_NO_OPERAND && !r->program->operand[from].constant)
            c.constant_weights = false;
    }
    mho_status s = op->body ? run_loop(&c) : mhoi_call_run(&c);
    for (size_t k = 0; !s && k < op->outputs; k++) {
        if (op->output[k] == MHOI_NO_OPERAND)
            mho_array_free(&r->out[k]);
        else
            r->value[op->output[k]] = r->out[k];
    }
    drop(r, i);
    return s;
}

/* Outputs are copies where the value is not the runner's own, or is given twice. */
static mho_status give(mhoi_runner *r, mho_array *out)
{
    const mhoi_program *p = r->program;
    mho_status s = MHO_OK;
    for (size_t i = 0; !s && !p->body && i < p->outputs; i++) {
        const mho_type type = r->value[p->output[i]].type;
        if (type == MHOI_TYPE_LIST || type == MHO_TYPE_NONE)
            s = mho_error(MHO_ENOTMODELED, "output '%s' is %s, want an array of numbers",
                          p->operand[p->output[i]].name,
                          type == MHO_TYPE_NONE ? "made of texts" : "a sequence of arrays");
    }
    for (size_t i = 0; !s && i < p->outputs; i++)
        s = mhoi_array_copy(&r->value[p->output[i]], &out[i]);
    return s;
}

mho_status mhoi_runner_run(mhoi_runner *r, const mho_array *in, mho_array *out)
{
    const mhoi_program *p = r->program;
    mho_status s = MHO_OK;
    for (size_t i = 0; i < p->outputs; i++)
        out[i] = (mho_array){0};
    for (size_t i = 0; i < p->operands; i++)
        r->value[i] = p->operand[i].constant ? p->operand[i].array : (mho_array){0};
    for (size_t i = 0; !s && i < p->inputs; i++) {
        s = mhoi_runner_check_input(p, i, &in[i]);
        r->value[p->input[i]] = in[i];
    }
    for (size_t i = 0; !s && i < p->operations; i++) {
        s = run_one(r, i);
        if (!s && mhoi_interrupted())
            s = mhoi_interruption();
    }
    if (!s)
        s = give(r, out);
    for (size_t i = 0; i < p->operands; i++)
        if (!is_borrowed(p, i))
            mho_array_free(&r->value[i]);
    for (size_t i = 0; s && i < p->outputs; i++)
        mho_array_free(&out[i]);
    return s;
}
