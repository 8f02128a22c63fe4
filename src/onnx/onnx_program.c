/* SPDX-License-Identifier: Apache-2.0 */
/* The graph of an ONNX file as a program: names become operands, operations come in an order in which they can run, and
 * those that no output needs are left out. */
#include "onnx/onnx_program.h"

#include <string.h>

#include "base/alloc.h"
#include "base/identity.h"
#include "onnx/onnx_body.h"

#define BODIES_DEEP 8
#define BODY_NODES ((size_t)1 << 17) /* of all bodies */

typedef struct builder {
    mhoi_program *p;
    mhoi_flat flat;
    MhoiOnnx__GraphProto *graph;
    mhoi_onnx_within within;
    mhoi_onnx_body *body; /* of each node */
    size_t *slot;         /* of operands by the hash of their name: index + 1, 0 free */
    size_t slots, room;
    mhoi_operation *all; /* in the order of the file */
    size_t count;
} builder;

/* --- names */

static size_t *find_slot(const builder *b, const char *name)
{
    size_t i = (size_t)mhoi_hash(MHOI_HASH_START, name, strlen(name)) & (b->slots - 1);
    while (b->slot[i] && strcmp(b->p->operand[b->slot[i] - 1].name, name) != 0)
        i = (i + 1) & (b->slots - 1);
    return &b->slot[i];
}

/* A new operand of that name. */
static mho_status define(builder *b, const char *name, size_t *out)
{
    size_t *slot = find_slot(b, name);
    mhoi_operand *o = &b->p->operand[b->p->operands];
    if (*slot)
        return mho_error(MHO_EFORMAT, "'%s' is given twice", name);
    mho_status s = mhoi_program_text(b->p, name, strlen(name), &o->name);
    if (s)
        return s;
    o->maker = SIZE_MAX;
    *out = b->p->operands++;
    *slot = *out + 1;
    return MHO_OK;
}

/* --- constants, inputs, nodes */

/* What may be read more than once. */
static bool is_kept(const builder *b, const mhoi_scope *scope)
{
    return scope || b->within.depth;
}

/* A constant of that name in the scope. */
static mho_status define_constant(builder *b, const mhoi_scope *scope, const char *text,
                                  mho_array **out)
{
    const char *name = NULL;
    size_t at = 0;
    mho_status s = mhoi_scope_name(&b->flat, scope, mhoi_onnx_text(text), &name);
    if (!s)
        s = define(b, name, &at);
    if (s)
        return s;
    b->p->operand[at].constant = true;
    *out = &b->p->operand[at].array;
    return MHO_OK;
}

/* Those of the graph, and of branches. */
static mho_status add_initializers(builder *b, const mhoi_flat_graph *g)
{
    mho_array *array = NULL;
    mho_status s = MHO_OK;
    for (size_t i = 0; !s && i < g->graph->n_initializer; i++) {
        MhoiOnnx__TensorProto *t = g->graph->initializer[i];
        s = define_constant(b, g->scope, t->name, &array);
        if (!s)
            s = mhoi_onnx_array(t, b->within.source, is_kept(b, g->scope), array);
    }
    for (size_t i = 0; !s && i < g->graph->n_sparse_initializer; i++) {
        MhoiOnnx__SparseTensorProto *t = g->graph->sparse_initializer[i];
        s = define_constant(b, g->scope, t->values ? t->values->name : NULL, &array);
        if (!s)
            s = mhoi_onnx_sparse(t, b->within.source, array);
    }
    return s;
}

/* Type and sizes as the file tells them. */
static mho_status declare(builder *b, const MhoiOnnx__ValueInfoProto *info, mhoi_operand *o)
{
    const char *name = mhoi_onnx_text(info->name);
    const MhoiOnnx__TypeProto *type = info->type;
    if (!type && b->within.depth)
        return MHO_OK;
    if (!type || type->value_case != MHOI_ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE || !type->tensor_type)
        return mho_error(MHO_ENOTMODELED, "input '%s' is no tensor", name);
    const MhoiOnnx__TensorShapeProto *shape = type->tensor_type->shape;
    o->array.type = (mho_type)type->tensor_type->elem_type;
    if (!mho_type_bytes(o->array.type))
        return mho_error(MHO_ENOTMODELED, "input '%s' of ONNX type %d, want numbers", name,
                         type->tensor_type->elem_type);
    if (!shape)
        return MHO_OK;
    if (shape->n_dim > MHO_TENSOR_DIMS)
        return mho_error(MHO_ENOTMODELED, "input '%s' of %zu dimensions", name, shape->n_dim);
    o->ranked = true;
    o->array.rank = shape->n_dim;
    for (size_t k = 0; k < shape->n_dim; k++) {
        const MhoiOnnx__TensorShapeProto__Dimension *d = shape->dim[k];
        const bool number =
            d->value_case == MHOI_ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE &&
            d->dim_value > 0;
        if (d->value_case == MHOI_ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE &&
            d->dim_value < -1) /* -1 and 0 are what many write for a size that is open */
            return mho_error(MHO_EFORMAT, "input '%s': size %lld of dimension %zu", name,
                             (long long)d->dim_value, k);
        const char *symbol =
            d->value_case == MHOI_ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM
                ? mhoi_onnx_text(d->dim_param)
                : "";
        o->array.size[k] = number ? (size_t)d->dim_value : 0;
        mho_status s =
            number ? MHO_OK : mhoi_program_text(b->p, symbol, strlen(symbol), &o->symbol[k]);
        if (s)
            return s;
    }
    return MHO_OK;
}

static mho_status add_inputs(builder *b)
{
    mho_status s = mhoi_program_take(b->p, &b->p->input, b->graph->n_input + 1, sizeof(size_t));
    for (size_t i = 0; !s && i < b->graph->n_input; i++) {
        const MhoiOnnx__ValueInfoProto *info = b->graph->input[i];
        const char *name = mhoi_onnx_text(info->name);
        size_t at = 0;
        if (*find_slot(b, name))
            continue; /* an initializer: its default */
        s = define(b, name, &at);
        if (!s)
            s = declare(b, info, &b->p->operand[at]);
        if (!s)
            b->p->input[b->p->inputs++] = at;
    }
    return s;
}

static mho_status add_texts(builder *b, const mhoi_flat_node *flat, mhoi_operation *op)
{
    const MhoiOnnx__NodeProto *n = flat->node;
    const char *domain = mhoi_onnx_text(n->domain), *type = mhoi_onnx_text(n->op_type);
    const char *name = mhoi_onnx_text(n->name);
    domain = strcmp(domain, "ai.onnx") == 0 ? "" : domain;
    if (!name[0] && n->n_output)
        name = mhoi_onnx_text(n->output[0]);
    mho_status s = mhoi_program_text(b->p, domain, strlen(domain), &op->domain);
    if (!s)
        s = mhoi_program_text(b->p, type, strlen(type), &op->op);
    if (!s)
        s = mhoi_program_text(b->p, name, strlen(name), &op->name);
    op->set = mhoi_scope_set(&b->flat, flat->scope, domain);
    op->row = s ? NULL : mhoi_operator_find(domain, type);
    return s;
}

/* Those of an If are its branches, which are laid out. */
static mho_status add_attributes(builder *b, const mhoi_flat_node *flat, mhoi_operation *op)
{
    const MhoiOnnx__NodeProto *n = flat->node;
    if (flat->branch[0])
        return MHO_OK;
    mho_status s = mhoi_program_take(b->p, &op->attr, n->n_attribute + 1, sizeof *op->attr);
    for (size_t k = 0; !s && k < n->n_attribute; k++) {
        const MhoiOnnx__AttributeProto *a = mhoi_scope_attribute(flat->scope, n->attribute[k]);
        if (!a && !flat->scope)
            return mho_error(MHO_ENOTMODELED, "attribute '%s' is one of a function around it",
                             mhoi_onnx_text(n->attribute[k]->name));
        if (!a)
            continue;
        s = mhoi_onnx_attribute(b->p, mhoi_onnx_text(n->attribute[k]->name), a, b->within.source,
                                is_kept(b, flat->scope), &op->attr[op->attrs]);
        op->attrs++;
    }
    return s;
}

/* The program of a body, and how many more inputs it takes. */
static mho_status add_body(builder *b, const mhoi_flat_node *flat, mhoi_operation *op)
{
    const mhoi_onnx_within within = {
        .source = b->within.source, .depth = b->within.depth + 1, .nodes = b->within.nodes};
    mhoi_onnx_body *body = &b->body[op - b->all];
    if (within.depth > BODIES_DEEP)
        return mho_error(MHO_ENOTMODELED, "loops that nest more than %d deep", BODIES_DEEP);
    mho_status s = mhoi_onnx_body_of(&b->flat, flat, &within, &op->body, body);
    op->captured = body->names;
    return s ? s : mhoi_program_own(b->p, op->body);
}

static mho_status add_node(builder *b, const mhoi_flat_node *flat, mhoi_operation *op)
{
    const MhoiOnnx__NodeProto *n = flat->node;
    const char *name = NULL;
    mho_status s = add_texts(b, flat, op);
    if (!s)
        s = add_attributes(b, flat, op);
    if (!s && mhoi_onnx_has_body(n))
        s = add_body(b, flat, op);
    const size_t inputs = flat->branch[0] ? 1 + 2 * n->n_output : n->n_input + op->captured;
    if (!s)
        s = mhoi_program_take(b->p, &op->input, inputs + 1, sizeof(size_t));
    if (!s)
        s = mhoi_program_take(b->p, &op->output, n->n_output + 1, sizeof(size_t));
    for (size_t k = 0; !s && k < n->n_output; k++) {
        op->output[k] = MHOI_NO_OPERAND;
        s = mhoi_scope_name(&b->flat, flat->scope, mhoi_onnx_text(n->output[k]), &name);
        if (!s && name[0])
            s = define(b, name, &op->output[k]);
        if (!s && op->output[k] != MHOI_NO_OPERAND)
            b->p->operand[op->output[k]].maker = (size_t)(op - b->all);
    }
    op->outputs = s ? 0 : n->n_output;
    while (op->outputs && op->output[op->outputs - 1] == MHOI_NO_OPERAND)
        op->outputs--;
    if (!s && op->outputs == 0)
        s = mho_error(MHO_EFORMAT, "no output");
    return s ? mho_error_prefix(s, "node '%s' (%s)", op->name ? op->name : "",
                                mhoi_onnx_text(n->op_type))
             : MHO_OK;
}

/* The operand of that name in a scope; MHOI_NO_OPERAND where it is left out. */
static mho_status find_operand(builder *b, const mhoi_scope *scope, const char *text, size_t *out)
{
    const char *name = NULL;
    mho_status s = mhoi_scope_name(&b->flat, scope, mhoi_onnx_text(text), &name);
    if (s)
        return s;
    const size_t slot = name[0] ? *find_slot(b, name) : 0;
    *out = slot ? slot - 1 : MHOI_NO_OPERAND;
    return name[0] && !slot
               ? mho_error(MHO_EFORMAT, "'%s' is given by no node, initializer or input", name)
               : MHO_OK;
}

/* The condition, then what the branches give. */
static mho_status find_choices(builder *b, const mhoi_flat_node *flat, mhoi_operation *op)
{
    const MhoiOnnx__NodeProto *n = flat->node;
    mho_status s = find_operand(b, flat->scope, n->input[0], &op->input[0]);
    for (size_t k = 0; !s && k < 2 * n->n_output; k++) {
        const size_t branch = k < n->n_output, i = branch ? k : k - n->n_output;
        s = find_operand(b, flat->inside[branch], flat->branch[branch]->output[i]->name,
                         &op->input[1 + k]);
        if (!s && op->input[1 + k] == MHOI_NO_OPERAND)
            s = mho_error(MHO_EFORMAT, "a branch gives nothing");
    }
    if (!s && op->input[0] == MHOI_NO_OPERAND)
        s = mho_error(MHO_EFORMAT, "no condition");
    op->inputs = 1 + 2 * n->n_output;
    return s;
}

/* The branches it stands in. */
static mho_status find_guards(builder *b, const mhoi_scope *scope, mhoi_operation *op)
{
    const MhoiOnnx__NodeProto *choice;
    const mhoi_scope *outer;
    mhoi_guard *guard = NULL;
    bool truth;
    size_t depth = 0;
    for (const mhoi_scope *at = scope; mhoi_scope_branch(at, &choice, &outer, &truth); at = outer)
        depth++;
    if (!depth)
        return MHO_OK;
    mho_status s = mhoi_program_take(b->p, &guard, depth, sizeof *guard);
    while (!s && op->guards < depth && mhoi_scope_branch(scope, &choice, &outer, &truth)) {
        guard[op->guards].truth = truth;
        s = find_operand(b, outer, choice->input[0], &guard[op->guards++].operand);
        scope = outer;
    }
    op->guard = guard;
    return s;
}

static mho_status find_inputs(builder *b, const mhoi_flat_node *flat, mhoi_operation *op)
{
    const MhoiOnnx__NodeProto *n = flat->node;
    mho_status s = MHO_OK;
    if (flat->branch[0])
        s = find_choices(b, flat, op);
    else
        op->inputs = n->n_input;
    for (size_t k = 0; !s && !flat->branch[0] && k < n->n_input; k++)
        s = find_operand(b, flat->scope, n->input[k], &op->input[k]);
    for (size_t k = 0; !s && k < op->captured; k++)
        s = find_operand(b, flat->scope, b->body[op - b->all].name[k], &op->input[op->inputs++]);
    if (!s)
        s = find_guards(b, flat->scope, op);
    while (!flat->branch[0] && !op->body && op->inputs &&
           op->input[op->inputs - 1] == MHOI_NO_OPERAND)
        op->inputs--;
    return s ? mho_error_prefix(s, "node '%s' (%s)", op->name, op->op) : MHO_OK;
}

/* --- constants that are nodes */

static mho_status constant_array(mhoi_attr *a, mho_array *out)
{
    if (a->kind == MHOI_ATTR_ARRAY) {
        *out = a->array;
        a->array = (mho_array){0};
        return MHO_OK;
    }
    const bool list = a->kind == MHOI_ATTR_INTS || a->kind == MHOI_ATTR_FLOATS;
    const bool whole = a->kind == MHOI_ATTR_INT || a->kind == MHOI_ATTR_INTS;
    mho_status s = mhoi_array_shape(whole ? MHO_TYPE_INT64 : MHO_TYPE_FLOAT, list, &a->count, out);
    if (!s)
        s = mhoi_array_alloc(out, "ONNX constant");
    if (!s && out->count)
        memcpy(out->data,
               !list   ? whole ? (const void *)&a->whole : (const void *)&a->real
               : whole ? (const void *)a->ints
                       : (const void *)a->floats,
               out->count * mho_type_bytes(out->type));
    return s;
}

/* Of numbers; others stay operations that nobody knows. */
static bool is_constant(const mhoi_operation *op)
{
    return strcmp(op->op, "Constant") == 0 && !op->domain[0] && op->attrs == 1 &&
           op->attr[0].kind != MHOI_ATTR_TEXT && op->attr[0].kind != MHOI_ATTR_OTHER;
}

static mho_status add_constant(builder *b, const mhoi_operation *op)
{
    mhoi_operand *o = &b->p->operand[op->output[0]];
    mho_status s = constant_array(&op->attr[0], &o->array);
    o->constant = true;
    o->maker = SIZE_MAX;
    return s ? mho_error_prefix(s, "node '%s' (Constant)", op->name) : MHO_OK;
}

/* --- order */

enum { NEW, UNDER_WAY, DONE };

typedef struct visit {
    size_t op, next; /* next: input to look at */
} visit;

/* Puts operation `root` behind all that it reads. */
static mho_status place(builder *b, size_t root, unsigned char *state, visit *stack)
{
    size_t depth = 0;
    stack[depth++] = (visit){root, 0};
    state[root] = UNDER_WAY;
    while (depth) {
        visit *v = &stack[depth - 1];
        const mhoi_operation *op = &b->all[v->op];
        if (v->next == op->inputs + op->guards) {
            state[v->op] = DONE;
            b->p->operation[b->p->operations++] = *op;
            b->all[v->op].attrs = 0; /* they are the program's now */
            depth--;
            continue;
        }
        const size_t from = mhoi_operation_reads(op, v->next++);
        const size_t maker = from == MHOI_NO_OPERAND ? SIZE_MAX : b->p->operand[from].maker;
        if (maker == SIZE_MAX || state[maker] == DONE)
            continue;
        if (state[maker] == UNDER_WAY)
            return mho_error(MHO_EFORMAT, "node '%s' (%s) needs its own result", b->all[maker].name,
                             b->all[maker].op);
        state[maker] = UNDER_WAY;
        stack[depth++] = (visit){maker, 0};
    }
    return MHO_OK;
}

/* Files whose nodes are in order already keep it: marks what is needed, then places from the front. */
static mho_status order(builder *b)
{
    unsigned char *state = NULL, *needed = NULL;
    visit *stack = NULL;
    mho_status s = mhoi_alloc(&state, b->count + 1, 1, "ONNX nodes");
    if (!s)
        s = mhoi_alloc(&needed, b->count + 1, 1, "ONNX nodes");
    if (!s)
        s = mhoi_alloc(&stack, b->count + 1, sizeof *stack, "ONNX nodes");
    if (!s)
        s = mhoi_program_take(b->p, &b->p->operation, b->count + 1, sizeof *b->p->operation);
    size_t depth = 0;
    for (size_t i = 0; !s && i < b->p->outputs; i++) {
        const size_t maker = b->p->operand[b->p->output[i]].maker;
        if (maker != SIZE_MAX && !needed[maker]) {
            needed[maker] = 1;
            stack[depth++].op = maker;
        }
    }
    while (!s && depth) {
        const mhoi_operation *op = &b->all[stack[--depth].op];
        for (size_t k = 0; k < op->inputs + op->guards; k++) {
            const size_t from = mhoi_operation_reads(op, k);
            const size_t maker = from == MHOI_NO_OPERAND ? SIZE_MAX : b->p->operand[from].maker;
            if (maker != SIZE_MAX && !needed[maker]) {
                needed[maker] = 1;
                stack[depth++].op = maker;
            }
        }
    }
    for (size_t i = 0; !s && i < b->count; i++)
        if (needed[i] && state[i] == NEW)
            s = place(b, i, state, stack);
    mhoi_free(&stack);
    mhoi_free(&needed);
    mhoi_free(&state);
    return s;
}

/* Attributes' arrays of operations that are left out go; makers are numbered anew. */
static void settle(builder *b)
{
    for (size_t i = 0; i < b->count; i++) {
        const mhoi_operation *op = &b->all[i];
        for (size_t k = 0; k < op->outputs; k++)
            if (op->output[k] != MHOI_NO_OPERAND)
                b->p->operand[op->output[k]].maker = SIZE_MAX;
        for (size_t k = 0; k < op->attrs; k++)
            mho_array_free(&op->attr[k].array);
    }
    for (size_t i = 0; i < b->p->operations; i++)
        for (size_t k = 0; k < b->p->operation[i].outputs; k++)
            if (b->p->operation[i].output[k] != MHOI_NO_OPERAND)
                b->p->operand[b->p->operation[i].output[k]].maker = i;
}

static mho_status add_outputs(builder *b)
{
    mho_status s = mhoi_program_take(b->p, &b->p->output, b->graph->n_output + 1, sizeof(size_t));
    if (!s && b->graph->n_output == 0)
        s = mho_error(MHO_EFORMAT, "no output");
    for (size_t i = 0; !s && i < b->graph->n_output; i++) {
        const char *name = mhoi_onnx_text(b->graph->output[i]->name);
        const size_t slot = *find_slot(b, name);
        if (!slot)
            s = mho_error(MHO_EFORMAT, "output '%s' is given by no node", name);
        else
            b->p->output[b->p->outputs++] = slot - 1;
    }
    return s;
}

static mho_status add_nodes(builder *b)
{
    mho_status s = mhoi_program_take(b->p, &b->all, b->flat.nodes + 1, sizeof *b->all);
    if (!s)
        s = mhoi_alloc(&b->body, b->flat.nodes + 1, sizeof *b->body, "ONNX nodes");
    for (size_t i = 0; !s && i < b->flat.nodes; i++) {
        b->count = i + 1;
        s = add_node(b, &b->flat.node[i], &b->all[i]);
    }
    for (size_t i = 0; !s && i < b->count; i++)
        s = find_inputs(b, &b->flat.node[i], &b->all[i]);
    for (size_t i = 0; !s && i < b->count; i++)
        if (is_constant(&b->all[i]))
            s = add_constant(b, &b->all[i]);
    return s;
}

static mho_status build(builder *b)
{
    size_t names = b->graph->n_input + 1;
    for (size_t i = 0; i < b->flat.graphs; i++)
        names +=
            b->flat.graph[i].graph->n_initializer + b->flat.graph[i].graph->n_sparse_initializer;
    for (size_t i = 0; i < b->flat.nodes; i++)
        names += b->flat.node[i].node->n_output;
    for (b->slots = 16; b->slots < 2 * names; b->slots *= 2)
        ;
    mho_status s = mhoi_alloc(&b->slot, b->slots, sizeof *b->slot, "ONNX names");
    if (!s)
        s = mhoi_program_take(b->p, &b->p->operand, names, sizeof *b->p->operand);
    for (size_t i = 0; !s && i < b->flat.graphs; i++)
        s = add_initializers(b, &b->flat.graph[i]);
    if (!s)
        s = add_inputs(b);
    if (!s)
        s = add_nodes(b);
    if (!s)
        s = add_outputs(b);
    if (!s)
        s = order(b);
    if (b->all)
        settle(b);
    for (size_t i = 0; b->body && i < b->flat.nodes; i++)
        mhoi_onnx_body_free(&b->body[i]);
    mhoi_free(&b->body);
    mhoi_free(&b->slot);
    return s;
}

static mho_status make(MhoiOnnx__ModelProto *model, const mhoi_onnx_within *within,
                       mhoi_program **out)
{
    *out = NULL;
    builder b = {.graph = model->graph, .within = *within};
    if (!b.graph || b.graph->n_node == 0)
        return mho_error(MHO_EFORMAT, "no graph in the file");
    mho_status s = mhoi_program_create(&b.p);
    if (s)
        return s;
    b.p->body = within->depth > 0;
    s = mhoi_onnx_flatten(model, &b.flat);
    *within->nodes += within->depth ? b.flat.nodes : 0;
    if (!s && *within->nodes > BODY_NODES)
        s = mho_error(MHO_ENOTMODELED, "bodies of loops of more than %zu nodes", BODY_NODES);
    if (!s)
        s = build(&b);
    mhoi_flat_free(&b.flat);
    if (s)
        mhoi_program_release(b.p);
    else
        *out = b.p;
    return s;
}

mho_status mhoi_onnx_program_within(MhoiOnnx__ModelProto *model, const mhoi_onnx_within *within,
                                    mhoi_program **out)
{
    mho_status s = make(model, within, out);
    if (!s)
        s = mhoi_onnx_fold(*out);
    if (s) {
        mhoi_program_release(*out);
        *out = NULL;
    }
    return s;
}

mho_status mhoi_onnx_program(MhoiOnnx__ModelProto *model, const mhoi_onnx_source *source,
                             mhoi_program **out)
{
    size_t nodes = 0;
    const mhoi_onnx_within within = {.source = source, .nodes = &nodes};
    return make(model, &within, out);
}
