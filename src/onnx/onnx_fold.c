/* SPDX-License-Identifier: Apache-2.0 */
/* What is known of a program before it runs: shapes as far as sizes are told, and values that depend on no input. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "onnx/onnx_program.h"

/* What is worked out when a file is read is bounded by what the file holds, so that a small one takes no time and memory:
 * what goes beyond is left to those who run it. */
#define FOLD_FREE ((size_t)1 << 23) /* elements in all, and so many times those of the constants */
#define FOLD_TIMES ((size_t)16)
#define FOLD_WORK ((double)((size_t)1 << 31)) /* multiplications of a product */

void mhoi_known_free(mhoi_known_values *known)
{
    for (size_t i = 0; known->array && known->owned && i < known->operands; i++)
        if (known->owned[i])
            mhoi_free(&known->array[i].data);
    mhoi_free(&known->array);
    mhoi_free(&known->owned);
}

static void know_operand(const mhoi_operand *o, mhoi_assume assume, mho_array *out)
{
    const bool assume_one = assume != MHOI_ASSUME_NOTHING;
    const bool one_of_many = assume == MHOI_ASSUME_ONE_OF_MANY && !o->constant;
    size_t size[MHO_TENSOR_DIMS];
    bool told = o->constant || (o->ranked && o->array.type != MHO_TYPE_NONE);
    memcpy(size, o->array.size, sizeof size);
    for (size_t k = 0; k < o->array.rank; k++) {
        told = told && (!o->symbol[k] || (assume_one && k == 0));
        size[k] = o->symbol[k] || (one_of_many && k == 0 && o->array.rank > 1) ? 1 : size[k];
    }
    if (one_of_many && o->maker != SIZE_MAX) { /* what is told is that of all */
        *out = (mho_array){0};
        return;
    }
    *out = o->array;
    if (!o->constant && (!told || mhoi_array_shape(o->array.type, o->array.rank, size, out)))
        *out = (mho_array){0};
}

/* Shape and Size read no values, all others what they are given. */
static bool reads_values(const mhoi_operation *op)
{
    return strcmp(op->op, "Shape") != 0 && strcmp(op->op, "Size") != 0;
}

typedef struct workspace {
    const mho_array **in;
    mho_array *out;
} workspace;

/* Multiplications of a product, from elements: of m x k and k x n that give m x n, mkn = sqrt(mk kn mn). */
static double work_of(const mhoi_operation *op, const mhoi_call *c)
{
    static const char *const products[] = {
        "MatMul",      "Gemm",          "Conv",          "ConvTranspose", "Einsum",   "ConvInteger",
        "QLinearConv", "MatMulInteger", "QLinearMatMul", "DeformConv",    "Attention"};
    double work = 1;
    size_t factors = 0;
    for (size_t i = 0; i < sizeof products / sizeof *products; i++)
        factors += strcmp(op->op, products[i]) == 0;
    if (!factors)
        return 0;
    for (size_t k = 0; k < c->inputs; k++)
        if (c->in[k] && (k < 2 || c->in[k]->count > 1000000))
            work *= (double)c->in[k]->count;
    return sqrt(work * (double)c->out[0].count);
}

/* Can it be evaluated now? */
static bool is_ready(const mhoi_operation *op, const mho_array *const *in)
{
    for (size_t k = 0; k < op->inputs; k++)
        if (in[k] &&
            (in[k]->type == MHO_TYPE_NONE || (reads_values(op) && !in[k]->data && in[k]->count)))
            return false;
    return true;
}

static void take_results(const mhoi_operation *op, mho_array *out, bool values,
                         mhoi_known_values *known)
{
    for (size_t k = 0; k < op->outputs; k++) {
        if (op->output[k] == MHOI_NO_OPERAND) {
            mho_array_free(&out[k]);
            continue;
        }
        known->array[op->output[k]] = out[k];
        known->owned[op->output[k]] = values;
    }
}

/* Of a choice whose condition is known, what is known of what it takes; the value stays another's. */
static void know_choice(const mhoi_operation *op, mhoi_known_values *known)
{
    for (size_t k = 0; k < op->outputs; k++) {
        const size_t from = mhoi_chosen(op, &known->array[op->input[0]], k);
        if (from != MHOI_NO_OPERAND && op->output[k] != MHOI_NO_OPERAND)
            known->array[op->output[k]] = known->array[from];
    }
}

static mho_status know_operation(const mhoi_operation *op, workspace *w, mhoi_known_values *known)
{
    for (size_t k = 0; k < op->guards; k++)
        if (!mhoi_guard_holds(&op->guard[k], &known->array[op->guard[k].operand]))
            return MHO_OK;
    if (mhoi_is_choice(op)) {
        know_choice(op, known);
        return MHO_OK;
    }
    mhoi_call c = {
        .op = op, .inputs = op->inputs, .outputs = op->outputs, .in = w->in, .out = w->out};
    for (size_t k = 0; k < op->inputs; k++)
        w->in[k] = op->input[k] == MHOI_NO_OPERAND ? NULL : &known->array[op->input[k]];
    if (!op->row || mhoi_operation_check(op))
        return MHO_OK; /* told when all of them are looked at */
    mho_status s = mhoi_call_shape(&c);
    if (s == MHO_ENODATA)
        return MHO_OK;
    size_t count = 0;
    for (size_t k = 0; !s && k < c.outputs; k++)
        count += c.out[k].count;
    for (size_t k = 0; !s && k < c.outputs; k++)
        if (c.out[k].type == MHOI_TYPE_LIST)
            return MHO_OK;
    const bool values = !s && is_ready(op, w->in) && count <= known->most - known->folded &&
                        work_of(op, &c) <= FOLD_WORK;
    known->folded += values ? count : 0;
    if (values)
        s = mhoi_call_run(&c);
    if (!s)
        take_results(op, w->out, values, known);
    return s;
}

mho_status mhoi_onnx_know(const mhoi_program *program, mhoi_assume assume, mhoi_known_values *out)
{
    workspace w = {NULL, NULL};
    size_t most = 1, held = 0;
    for (size_t i = 0; i < program->operations; i++) {
        const mhoi_operation *op = &program->operation[i];
        most = op->inputs > most ? op->inputs : most;
        most = op->outputs > most ? op->outputs : most;
    }
    *out = (mhoi_known_values){.operands = program->operands};
    mho_status s = mhoi_alloc(&out->array, program->operands, sizeof *out->array, "ONNX values");
    if (!s)
        s = mhoi_alloc(&out->owned, program->operands, sizeof *out->owned, "ONNX values");
    if (!s)
        s = mhoi_alloc(&w.in, most, sizeof(void *), "ONNX values");
    if (!s)
        s = mhoi_alloc(&w.out, most, sizeof *w.out, "ONNX values");
    for (size_t i = 0; i < program->operands; i++)
        held += program->operand[i].constant ? program->operand[i].array.count : 0;
    out->most = held < SIZE_MAX / 2 / FOLD_TIMES ? FOLD_FREE + FOLD_TIMES * held : SIZE_MAX / 2;
    for (size_t i = 0; !s && i < program->operands; i++)
        know_operand(&program->operand[i], assume, &out->array[i]);
    for (size_t i = 0; !s && i < program->operations; i++) {
        s = know_operation(&program->operation[i], &w, out);
        if (assume != MHOI_ASSUME_NOTHING && s != MHO_ENOMEM)
            s = MHO_OK; /* the assumption may be wrong */
    }
    mhoi_free(&w.in);
    mhoi_free(&w.out);
    return s;
}

/* Every output of the operation has a known value. */
static bool is_done(const mhoi_operation *op, const mhoi_known_values *known)
{
    for (size_t k = 0; k < op->outputs; k++)
        if (op->output[k] != MHOI_NO_OPERAND && !known->owned[op->output[k]])
            return false;
    return true;
}

static void make_constant(mhoi_program *p, const mhoi_operation *op, mhoi_known_values *known)
{
    for (size_t k = 0; k < op->outputs; k++) {
        if (op->output[k] == MHOI_NO_OPERAND)
            continue;
        mhoi_operand *o = &p->operand[op->output[k]];
        o->array = known->array[op->output[k]];
        o->constant = true;
        o->maker = SIZE_MAX;
        known->owned[op->output[k]] = false;
    }
    for (size_t k = 0; k < op->attrs; k++)
        mho_array_free(&op->attr[k].array);
}

/* Constants that nothing reads any more give their memory back. */
static mho_status drop_constants(mhoi_program *p)
{
    bool *used = NULL;
    mho_status s = mhoi_alloc(&used, p->operands, sizeof *used, "ONNX values");
    if (s)
        return s;
    for (size_t i = 0; i < p->operations; i++)
        for (size_t k = 0; k < p->operation[i].inputs + p->operation[i].guards; k++)
            if (mhoi_operation_reads(&p->operation[i], k) != MHOI_NO_OPERAND)
                used[mhoi_operation_reads(&p->operation[i], k)] = true;
    for (size_t i = 0; i < p->outputs; i++)
        used[p->output[i]] = true;
    for (size_t i = 0; i < p->operands; i++)
        if (p->operand[i].constant && !used[i])
            mhoi_free(&p->operand[i].array.data);
    mhoi_free(&used);
    return MHO_OK;
}

/* What a shape is known of becomes what the program says of the operand. */
static void note_shapes(mhoi_program *p, const mhoi_known_values *known)
{
    for (size_t i = 0; i < p->operands; i++) {
        mhoi_operand *o = &p->operand[i];
        if (o->constant || o->ranked || known->array[i].type == MHO_TYPE_NONE)
            continue;
        o->array = known->array[i];
        o->array.data = NULL;
        o->ranked = true;
    }
}

/* Readers of a choice that is known read what it takes. */
static void settle_choice(mhoi_program *p, size_t i, const mhoi_known_values *known, size_t *alias)
{
    const mhoi_operation *op = &p->operation[i];
    for (size_t k = 0; k < op->outputs; k++)
        if (op->output[k] != MHOI_NO_OPERAND)
            alias[op->output[k]] = alias[mhoi_chosen(op, &known->array[op->input[0]], k)];
}

/* Conditions that are known and hold leave the list; false: one does not hold. */
static bool settle_guards(mhoi_operation *op, const mhoi_known_values *known, const size_t *alias)
{
    mhoi_guard *guard = (mhoi_guard *)(uintptr_t)op->guard; /* the program is being made */
    size_t kept = 0;
    for (size_t k = 0; k < op->guards; k++) {
        const mho_array *value = &known->array[guard[k].operand];
        if (value->data && !mhoi_guard_holds(&guard[k], value))
            return false;
        if (!value->data)
            guard[kept++] = (mhoi_guard){alias[guard[k].operand], guard[k].truth};
    }
    op->guards = kept;
    return true;
}

/* Choices whose condition is known go, and with them the branch that is not taken. */
static mho_status settle_choices(mhoi_program *p, const mhoi_known_values *known)
{
    size_t *alias = NULL, kept = 0;
    mho_status s = mhoi_alloc(&alias, p->operands, sizeof *alias, "ONNX values");
    for (size_t i = 0; !s && i < p->operands; i++)
        alias[i] = i;
    for (size_t i = 0; !s && i < p->operations; i++) {
        mhoi_operation *op = &p->operation[i];
        for (size_t k = 0; k < op->inputs; k++)
            op->input[k] = op->input[k] == MHOI_NO_OPERAND ? MHOI_NO_OPERAND : alias[op->input[k]];
        bool stays = settle_guards(op, known, alias);
        if (stays && mhoi_is_choice(op) && known->array[op->input[0]].data) {
            settle_choice(p, i, known, alias);
            stays = false;
        }
        for (size_t k = 0; !stays && k < op->attrs; k++)
            mho_array_free(&op->attr[k].array);
        if (stays)
            p->operation[kept++] = *op;
    }
    for (size_t i = 0; !s && i < p->outputs; i++)
        p->output[i] = alias[p->output[i]];
    if (!s)
        p->operations = kept;
    mhoi_free(&alias);
    return s;
}

/* Operations that no output needs go; makers are numbered anew. */
static mho_status drop_operations(mhoi_program *p)
{
    bool *used = NULL;
    size_t kept = 0;
    mho_status s = mhoi_alloc(&used, p->operands, sizeof *used, "ONNX values");
    for (size_t i = 0; !s && i < p->outputs; i++)
        used[p->output[i]] = true;
    for (size_t i = s ? 0 : p->operations; i-- > 0;) {
        mhoi_operation *op = &p->operation[i];
        bool needed = false;
        for (size_t k = 0; k < op->outputs; k++)
            needed = needed || (op->output[k] != MHOI_NO_OPERAND && used[op->output[k]]);
        for (size_t k = 0; needed && k < op->inputs + op->guards; k++)
            if (mhoi_operation_reads(op, k) != MHOI_NO_OPERAND)
                used[mhoi_operation_reads(op, k)] = true;
        for (size_t k = 0; !needed && k < op->attrs; k++)
            mho_array_free(&op->attr[k].array);
        op->outputs = needed ? op->outputs : 0;
    }
    for (size_t i = 0; !s && i < p->operations; i++) {
        const mhoi_operation *op = &p->operation[i];
        for (size_t k = 0; k < op->outputs; k++)
            if (op->output[k] != MHOI_NO_OPERAND)
                p->operand[op->output[k]].maker = kept;
        if (op->outputs)
            p->operation[kept++] = *op;
    }
    p->operations = s ? p->operations : kept;
    mhoi_free(&used);
    return s;
}

mho_status mhoi_onnx_fold(mhoi_program *p)
{
    mhoi_known_values known;
    mho_status s = mhoi_onnx_know(p, MHOI_ASSUME_NOTHING, &known);
    size_t kept = 0;
    if (!s)
        s = settle_choices(p, &known);
    for (size_t i = 0; !s && i < p->operations; i++) {
        mhoi_operation *op = &p->operation[i];
        if (op->row && !mhoi_is_choice(op) && is_done(op, &known))
            make_constant(p, op, &known);
        else
            p->operation[kept++] = *op;
    }
    if (!s) {
        p->operations = kept;
        note_shapes(p, &known);
        s = drop_operations(p);
    }
    if (!s)
        s = drop_constants(p);
    mhoi_known_free(&known);
    return s;
}

/* --- what is not known */

static bool seen_before(const mhoi_program *p, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (!p->operation[k].row && strcmp(p->operation[k].op, p->operation[i].op) == 0 &&
            strcmp(p->operation[k].domain, p->operation[i].domain) == 0)
            return true;
    return false;
}

static size_t add(char *text, size_t size, size_t at, const char *format, const char *a,
                  const char *b, const char *c)
{
    const int n = at < size ? snprintf(text + at, size - at, format, a, b, c) : 0;
    return at + (size_t)(n > 0 ? n : 0);
}

/* Appends what keeps the program from running; where the text ends. */
static size_t add_unknown(const mhoi_program *p, char *text, size_t size, size_t at)
{
    for (size_t i = 0; i < p->operations; i++) {
        const mhoi_operation *op = &p->operation[i];
        if (op->row && mhoi_operation_check(op))
            at = add(text, size, at, "%snode '%s': %s", at ? "; " : "", op->name,
                     mho_error_message());
        else if (!op->row && !seen_before(p, i))
            at = add(text, size, at, "%soperator %s%s", at ? "; " : "",
                     op->domain[0] ? op->domain : "", op->domain[0] ? ":" : "");
        if (!op->row && !seen_before(p, i))
            at = add(text, size, at, "%s (node '%s')%s", op->op, op->name, "");
        if (op->body)
            at = add_unknown(op->body, text, size, at);
    }
    return at;
}

mho_status mhoi_onnx_check_program(const mhoi_program *p)
{
    char text[800] = "";
    return add_unknown(p, text, sizeof text, 0)
               ? mho_error(MHO_ENOTMODELED, "software inference does not know: %s", text)
               : MHO_OK;
}
