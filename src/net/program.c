/* SPDX-License-Identifier: Apache-2.0 */
/* Life of programs, and what can be asked of their operations. */
#include "net/program.h"

#include <string.h>

#include "base/alloc.h"
#include "base/identity.h"
#include "net/graph.h"

#define CHUNK_BYTES ((size_t)64 << 10)

struct mhoi_chunk {
    mhoi_chunk *next;
    size_t used, size;
    _Alignas(16) unsigned char bytes[];
};

struct mhoi_body {
    mhoi_body *next;
    mhoi_program *program;
};

mho_status mhoi_program_create(mhoi_program **out)
{
    mho_status s = mhoi_alloc(out, 1, sizeof **out, "program");
    if (!s)
        atomic_init(&(*out)->owners, 1);
    return s;
}

mhoi_program *mhoi_program_share(mhoi_program *program)
{
    if (program)
        atomic_fetch_add(&program->owners, 1);
    return program;
}

static void free_arrays(mhoi_program *program)
{
    for (size_t i = 0; i < program->operands; i++)
        mhoi_free(&program->operand[i].array.data);
    for (size_t i = 0; i < program->operations; i++)
        for (size_t k = 0; k < program->operation[i].attrs; k++)
            mhoi_free(&program->operation[i].attr[k].array.data);
}

void mhoi_program_release(mhoi_program *program)
{
    if (!program || atomic_fetch_sub(&program->owners, 1) > 1)
        return;
    mho_net_destroy(program->placed);
    for (const mhoi_body *b = program->bodies; b; b = b->next)
        mhoi_program_release(b->program);
    free_arrays(program);
    for (mhoi_chunk *c = program->chunk, *next; c; c = next) {
        next = c->next;
        mhoi_free(&c);
    }
    mhoi_free(&program->unmapped);
    mhoi_free(&program->unplaced);
    mhoi_free(&program);
}

mho_status mhoi_program_take(mhoi_program *program, void *out, size_t count, size_t size)
{
    size_t bytes;
    void *p = NULL;
    if (__builtin_mul_overflow(count, size, &bytes) || bytes > SIZE_MAX / 4)
        return mho_error(MHO_ENOMEM, "program: %zu x %zu bytes", count, size);
    bytes = (bytes + 15) / 16 * 16;
    mhoi_chunk *c = program->chunk;
    if (!c || c->size - c->used < bytes) {
        const size_t room = bytes > CHUNK_BYTES / 4 ? bytes : CHUNK_BYTES;
        mho_status s = mhoi_alloc(&c, 1, sizeof *c + room, "program");
        if (s)
            return s;
        c->size = room;
        c->next = program->chunk;
        program->chunk = c;
    }
    p = c->bytes + c->used;
    c->used += bytes;
    memcpy(out, &p, sizeof p);
    return MHO_OK;
}

mho_status mhoi_program_own(mhoi_program *program, mhoi_program *body)
{
    mhoi_body *link = NULL;
    mho_status s = mhoi_program_take(program, &link, 1, sizeof *link);
    if (s) {
        mhoi_program_release(body);
        return s;
    }
    *link = (mhoi_body){.next = program->bodies, .program = body};
    program->bodies = link;
    return MHO_OK;
}

mho_status mhoi_program_text(mhoi_program *program, const char *text, size_t length,
                             const char **out)
{
    char *copy = NULL;
    mho_status s = mhoi_program_take(program, &copy, length + 1, 1);
    if (!s)
        memcpy(copy, text, length);
    *out = copy;
    return s;
}

const mhoi_attr *mhoi_attr_find(const mhoi_operation *op, const char *name)
{
    for (size_t i = 0; i < op->attrs; i++)
        if (strcmp(op->attr[i].name, name) == 0)
            return &op->attr[i];
    return NULL;
}

int64_t mhoi_attr_int(const mhoi_operation *op, const char *name, int64_t otherwise)
{
    const mhoi_attr *a = mhoi_attr_find(op, name);
    return a && a->kind == MHOI_ATTR_INT ? a->whole : otherwise;
}

/* Some write a whole number. */
float mhoi_attr_float(const mhoi_operation *op, const char *name, float otherwise)
{
    const mhoi_attr *a = mhoi_attr_find(op, name);
    return a && a->kind == MHOI_ATTR_FLOAT ? a->real
           : a && a->kind == MHOI_ATTR_INT ? (float)a->whole
                                           : otherwise;
}

const char *mhoi_attr_text(const mhoi_operation *op, const char *name, const char *otherwise)
{
    const mhoi_attr *a = mhoi_attr_find(op, name);
    return a && a->text ? a->text : otherwise;
}

size_t mhoi_attr_ints(const mhoi_operation *op, const char *name, const int64_t **out)
{
    const mhoi_attr *a = mhoi_attr_find(op, name);
    const bool one = a && a->kind == MHOI_ATTR_INT, several = a && a->kind == MHOI_ATTR_INTS;
    *out = one ? &a->whole : several ? a->ints : NULL;
    return one ? 1 : several ? a->count : 0;
}

/* --- identity */

static uint64_t mix_text(uint64_t h, const char *text)
{
    return text ? mhoi_hash(h, text, strlen(text) + 1) : mhoi_hash(h, "", 1);
}

static uint64_t mix_array(uint64_t h, const mho_array *a, bool values)
{
    const uint64_t head[] = {(uint64_t)a->type, a->rank};
    h = mhoi_hash(h, head, sizeof head);
    h = mhoi_hash(h, a->size, a->rank * sizeof *a->size);
    return values && a->data ? mhoi_hash(h, a->data, a->count * mho_type_bytes(a->type)) : h;
}

static uint64_t mix_attr(uint64_t h, const mhoi_attr *a)
{
    const int64_t whole[] = {(int64_t)a->kind, a->whole, (int64_t)a->count};
    h = mix_text(mhoi_hash(h, whole, sizeof whole), a->name);
    h = mix_text(mhoi_hash(h, &a->real, sizeof a->real), a->text);
    if (a->ints)
        h = mhoi_hash(h, a->ints, a->count * sizeof *a->ints);
    if (a->floats)
        h = mhoi_hash(h, a->floats, a->count * sizeof *a->floats);
    return mix_array(h, &a->array, true);
}

uint64_t mhoi_program_identity(const mhoi_program *program, uint64_t h, bool constants)
{
    for (size_t i = 0; i < program->operations; i++) {
        const mhoi_operation *op = &program->operation[i];
        h = mix_text(mix_text(h, op->op), op->domain);
        h = mhoi_hash(h, &op->set, sizeof op->set);
        h = mhoi_hash(h, op->input, op->inputs * sizeof *op->input);
        h = mhoi_hash(h, op->output, op->outputs * sizeof *op->output);
        for (size_t k = 0; k < op->attrs; k++)
            h = mix_attr(h, &op->attr[k]);
        h = op->body ? mhoi_program_identity(op->body, h, constants) : h;
    }
    for (size_t i = 0; i < program->operands; i++)
        h = mix_array(h, &program->operand[i].array, constants);
    h = mhoi_hash(h, program->input, program->inputs * sizeof *program->input);
    return mhoi_hash(h, program->output, program->outputs * sizeof *program->output);
}
