/* SPDX-License-Identifier: Apache-2.0 */
/* The nodes that an operator is laid out as: messages in an arena of known size. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/contract.h"
#include "onnx/onnx_expand.h"

#define INPUTS_MOST 6 /* of what is laid out, Concat apart */

void *mhoi_x_take(mhoi_expansion *e, size_t size)
{
    void *p = e->arena + e->used;
    e->used += (size + 15) / 16 * 16;
    MHO_ASSERT(e->used <= e->room);
    return p;
}

static char *copy(mhoi_expansion *e, const char *from)
{
    return strcpy(mhoi_x_take(e, strlen(from) + 1), from);
}

char *mhoi_x_in(const mhoi_expansion *e, size_t k)
{
    return k < e->from->n_input && e->from->input[k] && e->from->input[k][0] ? e->from->input[k]
                                                                             : NULL;
}

char *mhoi_x_out(const mhoi_expansion *e, size_t k)
{
    return k < e->from->n_output && e->from->output[k] && e->from->output[k][0] ? e->from->output[k]
                                                                                : NULL;
}

/* A name that nobody else has: the output's and a number. */
char *mhoi_x_fresh(mhoi_expansion *e)
{
    const char *of = mhoi_onnx_text(e->from->output[0]);
    const size_t size = strlen(of) + 16;
    char *name = mhoi_x_take(e, size);
    (void)snprintf(name, size, "%s//%c", of, (int)('a' + (int)(e->names++ % 26)));
    if (e->names > 26) {
        const size_t at = strlen(name);
        (void)snprintf(name + at, size - at, "%zu", e->names);
    }
    return name;
}

MhoiOnnx__NodeProto *mhoi_x_begin(mhoi_expansion *e, const char *op, char *to, size_t inputs)
{
    MhoiOnnx__NodeProto *n = mhoi_x_take(e, sizeof *n);
    MHO_ASSERT(e->nodes < e->most);
    mhoi_onnx__node_proto__init(n);
    n->op_type = copy(e, op);
    n->name = e->from->name;
    n->input = mhoi_x_take(e, (inputs ? inputs : 1) * sizeof *n->input);
    n->output = mhoi_x_take(e, 4 * sizeof *n->output);
    n->output[n->n_output++] = to ? to : mhoi_x_fresh(e);
    n->attribute = mhoi_x_take(e, 8 * sizeof(MhoiOnnx__AttributeProto *));
    e->node[e->nodes++] = n;
    return n;
}

char mhoi_x_end[] = "";

static void add_inputs(MhoiOnnx__NodeProto *n, va_list ap)
{
    for (char *name = va_arg(ap, char *); name != mhoi_x_end; name = va_arg(ap, char *)) {
        MHO_ASSERT(n->n_input < INPUTS_MOST);
        n->input[n->n_input++] = name ? name : mhoi_x_end;
    }
}

MhoiOnnx__NodeProto *mhoi_x_add(mhoi_expansion *e, const char *op, char *to, ...)
{
    MhoiOnnx__NodeProto *n = mhoi_x_begin(e, op, to, INPUTS_MOST);
    va_list ap;
    va_start(ap, to);
    add_inputs(n, ap);
    va_end(ap);
    return n;
}

char *mhoi_x_of(mhoi_expansion *e, const char *op, ...)
{
    MhoiOnnx__NodeProto *n = mhoi_x_begin(e, op, NULL, INPUTS_MOST);
    va_list ap;
    va_start(ap, op);
    add_inputs(n, ap);
    va_end(ap);
    return mhoi_x_name(n);
}

char *mhoi_x_name(const MhoiOnnx__NodeProto *n)
{
    return n->output[0];
}

static MhoiOnnx__AttributeProto *attribute(mhoi_expansion *e, MhoiOnnx__NodeProto *n,
                                           const char *name)
{
    MhoiOnnx__AttributeProto *a = mhoi_x_take(e, sizeof *a);
    mhoi_onnx__attribute_proto__init(a);
    a->name = copy(e, name);
    a->has_type = 1;
    n->attribute[n->n_attribute++] = a;
    return a;
}

void mhoi_x_int(mhoi_expansion *e, MhoiOnnx__NodeProto *n, const char *name, int64_t value)
{
    MhoiOnnx__AttributeProto *a = attribute(e, n, name);
    a->type = MHOI_ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT;
    a->has_i = 1;
    a->i = value;
}

void mhoi_x_float(mhoi_expansion *e, MhoiOnnx__NodeProto *n, const char *name, float value)
{
    MhoiOnnx__AttributeProto *a = attribute(e, n, name);
    a->type = MHOI_ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT;
    a->has_f = 1;
    a->f = value;
}

void mhoi_x_text(mhoi_expansion *e, MhoiOnnx__NodeProto *n, const char *name, const char *value)
{
    MhoiOnnx__AttributeProto *a = attribute(e, n, name);
    a->type = MHOI_ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING;
    a->has_s = 1;
    a->s.len = strlen(value);
    a->s.data = (uint8_t *)copy(e, value);
}

void mhoi_x_ints(mhoi_expansion *e, MhoiOnnx__NodeProto *n, const char *name, size_t count,
                 const int64_t *value)
{
    MhoiOnnx__AttributeProto *a = attribute(e, n, name);
    a->type = MHOI_ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS;
    a->n_ints = count;
    a->ints = mhoi_x_take(e, count * sizeof *value);
    if (count)
        memcpy(a->ints, value, count * sizeof *value);
}

void mhoi_x_floats(mhoi_expansion *e, MhoiOnnx__NodeProto *n, const char *name, size_t count,
                   const float *value)
{
    MhoiOnnx__AttributeProto *a = attribute(e, n, name);
    a->type = MHOI_ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOATS;
    a->n_floats = count;
    a->floats = (float *)(uintptr_t)value;
}

MhoiOnnx__AttributeProto *mhoi_x_told(const mhoi_expansion *e, const char *name)
{
    for (size_t i = 0; i < e->from->n_attribute; i++)
        if (strcmp(mhoi_onnx_text(e->from->attribute[i]->name), name) == 0)
            return e->from->attribute[i];
    return NULL;
}

float mhoi_x_told_float(const mhoi_expansion *e, const char *name, float otherwise)
{
    const MhoiOnnx__AttributeProto *a = mhoi_x_told(e, name);
    return a ? a->f : otherwise;
}

int64_t mhoi_x_told_int(const mhoi_expansion *e, const char *name, int64_t otherwise)
{
    const MhoiOnnx__AttributeProto *a = mhoi_x_told(e, name);
    return a ? a->i : otherwise;
}

/* The operator's own attribute, where it tells one, as one of the node. */
void mhoi_x_hand_down(mhoi_expansion *e, MhoiOnnx__NodeProto *n, const char *name)
{
    MhoiOnnx__AttributeProto *a = mhoi_x_told(e, name);
    if (a)
        n->attribute[n->n_attribute++] = a;
}

char *mhoi_x_numbers(mhoi_expansion *e, size_t count, const int64_t *value)
{
    MhoiOnnx__NodeProto *n = mhoi_x_begin(e, "Constant", NULL, 0);
    mhoi_x_ints(e, n, "value_ints", count, value);
    return mhoi_x_name(n);
}

char *mhoi_x_number(mhoi_expansion *e, float value)
{
    MhoiOnnx__NodeProto *n = mhoi_x_begin(e, "Constant", NULL, 0);
    mhoi_x_float(e, n, "value_float", value);
    return mhoi_x_name(n);
}

/* The last node gives output 0. */
void mhoi_x_finish(mhoi_expansion *e)
{
    e->node[e->nodes - 1]->output[0] = e->from->output[0];
}

const MhoiOnnx__TensorProto *mhoi_x_initializer(const mhoi_expansion *e, const char *name)
{
    for (size_t i = 0; name && e->graph && i < e->graph->n_initializer; i++)
        if (strcmp(mhoi_onnx_text(e->graph->initializer[i]->name), name) == 0)
            return e->graph->initializer[i];
    return NULL;
}

void mhoi_x_outputs(mhoi_expansion *e, MhoiOnnx__NodeProto *n, size_t count)
{
    while (n->n_output < count)
        n->output[n->n_output++] = mhoi_x_fresh(e);
}

char *mhoi_x_size(mhoi_expansion *e, char *x, int64_t k)
{
    char *shape = mhoi_x_of(e, "Shape", x, mhoi_x_end);
    return mhoi_x_of(e, "Gather", shape, mhoi_x_numbers(e, 1, &k), mhoi_x_end);
}

char *mhoi_x_cast(mhoi_expansion *e, char *x, int type)
{
    MhoiOnnx__NodeProto *n = mhoi_x_add(e, "Cast", NULL, x, mhoi_x_end);
    mhoi_x_int(e, n, "to", type);
    return mhoi_x_name(n);
}
