/* SPDX-License-Identifier: Apache-2.0 */
/* Functions and branches laid out into one list of nodes.  A name that a body makes for itself gets the number of the
 * body's call behind it. */
#include "onnx/onnx_inline.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"

#define DEPTH_MAX 24
#define NODES_MAX ((size_t)1 << 18)    /* of all that is laid out */
#define SPELLED_MAX ((size_t)64 << 20) /* characters of names in bodies */

/* Fields of later versions of the schema. */
enum { FUNCTION_DEFAULTS = 11, FUNCTION_OVERLOAD = 13, NODE_OVERLOAD = 8 };

struct mhoi_scope {
    mhoi_scope *before; /* made before it */
    const mhoi_scope *outer;
    MhoiOnnx__NodeProto *call;
    const MhoiOnnx__FunctionProto *function; /* NULL: a branch */
    const MhoiOnnx__GraphProto *branch;
    bool then;
    size_t number;
    MhoiOnnx__AttributeProto **fallback; /* attributes with a default */
    size_t fallbacks;
};

/* --- fields that the schema does not have yet */

static bool is_unknown_text(const ProtobufCMessage *m, uint32_t tag, const char *text,
                            size_t length)
{
    for (unsigned i = 0; i < m->n_unknown_fields; i++) {
        const ProtobufCMessageUnknownField *f = &m->unknown_fields[i];
        if (f->tag != tag || f->wire_type != PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED)
            continue;
        const size_t prefix = mhoi_onnx_length_prefix(f->data, f->len);
        return f->len - prefix == length &&
               (length == 0 || memcmp(f->data + prefix, text, length) == 0);
    }
    return length == 0;
}

/* Do a call and a function name the same variant? */
static bool same_overload(const MhoiOnnx__NodeProto *n, const MhoiOnnx__FunctionProto *f)
{
    for (unsigned i = 0; i < n->base.n_unknown_fields; i++) {
        const ProtobufCMessageUnknownField *field = &n->base.unknown_fields[i];
        const size_t prefix = mhoi_onnx_length_prefix(field->data, field->len);
        if (field->tag == NODE_OVERLOAD && field->wire_type == PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED)
            return is_unknown_text(&f->base, FUNCTION_OVERLOAD, (const char *)field->data + prefix,
                                   field->len - prefix);
    }
    return is_unknown_text(&f->base, FUNCTION_OVERLOAD, "", 0);
}

static mho_status take_defaults(mhoi_scope *scope)
{
    const ProtobufCMessage *m = &scope->function->base;
    if (!m->n_unknown_fields)
        return MHO_OK;
    mho_status s = mhoi_alloc(&scope->fallback, m->n_unknown_fields, sizeof(void *), "ONNX model");
    for (unsigned i = 0; !s && i < m->n_unknown_fields; i++) {
        const ProtobufCMessageUnknownField *f = &m->unknown_fields[i];
        if (f->tag != FUNCTION_DEFAULTS || f->wire_type != PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED)
            continue;
        const size_t prefix = mhoi_onnx_length_prefix(f->data, f->len);
        s = mhoi_onnx_unpack_attribute(f->data + prefix, f->len - prefix,
                                       &scope->fallback[scope->fallbacks]);
        scope->fallbacks += !s;
    }
    return s;
}

/* --- names */

static bool is_listed(size_t count, char *const *list, const char *name, size_t *at)
{
    for (*at = 0; *at < count; ++*at)
        if (strcmp(mhoi_onnx_text(list[*at]), name) == 0)
            return true;
    return false;
}

/* Does a branch make the value itself? */
static bool is_made_in(const MhoiOnnx__GraphProto *g, const char *name)
{
    size_t at;
    for (size_t i = 0; i < g->n_node; i++)
        if (is_listed(g->node[i]->n_output, g->node[i]->output, name, &at))
            return true;
    for (size_t i = 0; i < g->n_initializer; i++)
        if (strcmp(mhoi_onnx_text(g->initializer[i]->name), name) == 0)
            return true;
    return false;
}

mho_status mhoi_scope_name(mhoi_flat *f, const mhoi_scope *scope, const char *name,
                           const char **out)
{
    const mhoi_scope *made = NULL;
    *out = name;
    for (size_t at; scope && name[0]; scope = scope->outer) {
        const MhoiOnnx__NodeProto *call = scope->call;
        if (scope->branch) {
            made = is_made_in(scope->branch, name) ? scope : NULL;
        } else if (is_listed(scope->function->n_input, scope->function->input, name, &at)) {
            name = at < call->n_input ? mhoi_onnx_text(call->input[at]) : "";
        } else if (is_listed(scope->function->n_output, scope->function->output, name, &at) &&
                   at < call->n_output && mhoi_onnx_text(call->output[at])[0]) {
            name = call->output[at];
        } else {
            made = scope;
        }
        if (made)
            break;
    }
    *out = name;
    if (!made)
        return MHO_OK;
    const size_t need = strlen(name) + 32;
    f->spelled += need;
    if (f->spelled > SPELLED_MAX)
        return mho_error(MHO_ENOTMODELED, "functions that take more than %zu bytes of names",
                         SPELLED_MAX);
    if (need > f->buffer_size) {
        mhoi_free(&f->buffer);
        f->buffer_size = 0;
        mho_status s = mhoi_alloc(&f->buffer, 2 * need, 1, "ONNX names");
        if (s)
            return s;
        f->buffer_size = 2 * need;
    }
    (void)snprintf(f->buffer, f->buffer_size, "%s//%zu", name, made->number);
    *out = f->buffer;
    return MHO_OK;
}

/* --- what else a scope tells */

static const MhoiOnnx__AttributeProto *
find_attribute(size_t count, MhoiOnnx__AttributeProto *const *list, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(mhoi_onnx_text(list[i]->name), name) == 0)
            return list[i];
    return NULL;
}

const MhoiOnnx__AttributeProto *mhoi_scope_attribute(const mhoi_scope *scope,
                                                     const MhoiOnnx__AttributeProto *a)
{
    while (a && mhoi_onnx_text(a->ref_attr_name)[0]) {
        const char *name = a->ref_attr_name;
        while (scope && !scope->function)
            scope = scope->outer;
        if (!scope)
            return NULL;
        a = find_attribute(scope->call->n_attribute, scope->call->attribute, name);
        if (!a)
            return find_attribute(scope->fallbacks, scope->fallback, name);
        scope = scope->outer;
    }
    return a;
}

static int64_t set_in(size_t count, MhoiOnnx__OperatorSetIdProto *const *list, const char *domain)
{
    int64_t version = 0;
    for (size_t i = 0; i < count; i++) {
        const char *named = mhoi_onnx_text(list[i]->domain);
        if (strcmp(strcmp(named, "ai.onnx") == 0 ? "" : named, domain) == 0)
            version = list[i]->version;
    }
    return version;
}

int64_t mhoi_scope_set(const mhoi_flat *f, const mhoi_scope *scope, const char *domain)
{
    int64_t version = 0;
    while (scope && !scope->function)
        scope = scope->outer;
    if (scope)
        version = set_in(scope->function->n_opset_import, scope->function->opset_import, domain);
    if (!version)
        version = set_in(f->model->n_opset_import, f->model->opset_import, domain);
    return version ? version : 1;
}

void mhoi_scope_sets(const mhoi_scope *scope, MhoiOnnx__ModelProto *model)
{
    while (scope && !scope->function)
        scope = scope->outer;
    if (scope && scope->function->n_opset_import) {
        model->n_opset_import = scope->function->n_opset_import;
        model->opset_import = scope->function->opset_import;
    }
}

bool mhoi_scope_branch(const mhoi_scope *scope, const MhoiOnnx__NodeProto **choice,
                       const mhoi_scope **outer, bool *then)
{
    while (scope && !scope->branch)
        scope = scope->outer;
    if (!scope)
        return false;
    *choice = scope->call;
    *outer = scope->outer;
    *then = scope->then;
    return true;
}

/* --- the list */

static mho_status append(mhoi_flat *f, const mhoi_flat_node *node)
{
    if (f->nodes >= NODES_MAX && node->scope)
        return mho_error(MHO_ENOTMODELED, "functions that become more than %zu nodes", NODES_MAX);
    mho_status s = mhoi_grow(&f->node, &f->node_room, f->nodes, sizeof *f->node, "ONNX nodes");
    if (!s)
        f->node[f->nodes++] = *node;
    return s;
}

static mho_status add_scope(mhoi_flat *f, const mhoi_scope *like, mhoi_scope **out)
{
    mho_status s = mhoi_alloc(out, 1, sizeof **out, "ONNX functions");
    if (s)
        return s;
    **out = *like;
    (*out)->before = f->scope;
    (*out)->number = ++f->scopes;
    f->scope = *out;
    return f->scopes > NODES_MAX
               ? mho_error(MHO_ENOTMODELED, "functions that are called more than %zu times",
                           NODES_MAX)
               : MHO_OK;
}

static mho_status add_nodes(mhoi_flat *f, size_t count, MhoiOnnx__NodeProto **node,
                            const mhoi_scope *scope, size_t depth);

static const char *domain_of(const char *domain)
{
    return strcmp(mhoi_onnx_text(domain), "ai.onnx") == 0 ? "" : mhoi_onnx_text(domain);
}

static const MhoiOnnx__FunctionProto *find_function(const mhoi_flat *f,
                                                    const MhoiOnnx__NodeProto *n)
{
    for (size_t i = 0; i < f->model->n_functions; i++) {
        const MhoiOnnx__FunctionProto *function = f->model->functions[i];
        if (strcmp(mhoi_onnx_text(function->name), mhoi_onnx_text(n->op_type)) == 0 &&
            strcmp(domain_of(function->domain), domain_of(n->domain)) == 0 &&
            same_overload(n, function))
            return function;
    }
    return NULL;
}

static mho_status add_call(mhoi_flat *f, MhoiOnnx__NodeProto *n,
                           const MhoiOnnx__FunctionProto *function, const mhoi_scope *scope,
                           size_t depth)
{
    mhoi_scope *inside = NULL;
    size_t at;
    const char *name = mhoi_onnx_text(function->name);
    for (const mhoi_scope *o = scope; o; o = o->outer)
        if (o->function == function)
            return mho_error(MHO_EFORMAT, "function '%s' calls itself", name);
    for (size_t i = 0; i < function->n_output; i++)
        if (is_listed(function->n_input, function->input, mhoi_onnx_text(function->output[i]), &at))
            return mho_error(MHO_ENOTMODELED, "function '%s' gives its input '%s' as it is", name,
                             function->input[at]);
    const mhoi_scope like = {.outer = scope, .call = n, .function = function};
    mho_status s = add_scope(f, &like, &inside);
    if (!s)
        s = take_defaults(inside);
    return s ? s : add_nodes(f, function->n_node, function->node, inside, depth + 1);
}

static mho_status add_choice(mhoi_flat *f, MhoiOnnx__NodeProto *n, const mhoi_scope *scope,
                             size_t depth)
{
    static const char *const names[2] = {"else_branch", "then_branch"};
    mhoi_flat_node choice = {.node = n, .scope = scope};
    mho_status s = MHO_OK;
    for (size_t k = 0; !s && k < 2; k++) {
        const MhoiOnnx__AttributeProto *a = find_attribute(n->n_attribute, n->attribute, names[k]);
        mhoi_scope *inside = NULL;
        if (!a || !a->g || a->g->n_output != n->n_output || n->n_input != 1)
            return mho_error(MHO_EFORMAT, "If '%s' has no %s of %zu outputs",
                             mhoi_onnx_text(n->name), names[k], n->n_output);
        const mhoi_scope like = {.outer = scope, .call = n, .branch = a->g, .then = k == 1};
        s = add_scope(f, &like, &inside);
        if (!s)
            s = mhoi_grow(&f->graph, &f->graph_room, f->graphs, sizeof *f->graph, "ONNX nodes");
        if (!s) {
            f->graph[f->graphs++] = (mhoi_flat_graph){a->g, inside};
            s = add_nodes(f, a->g->n_node, a->g->node, inside, depth + 1);
        }
        choice.branch[k] = a->g;
        choice.inside[k] = inside;
    }
    return s ? s : append(f, &choice);
}

static mho_status add_expansion(mhoi_flat *f, const MhoiOnnx__NodeProto *n, const mhoi_scope *scope)
{
    MhoiOnnx__NodeProto **node = NULL;
    size_t count = 0;
    mho_status s = mhoi_grow(&f->made, &f->made_room, f->mades, sizeof *f->made, "ONNX nodes");
    if (s)
        return s;
    s = mhoi_onnx_expand(n, scope ? NULL : f->model->graph, &f->made[f->mades], &node, &count);
    f->mades++;
    for (size_t i = 0; !s && i < count; i++)
        s = append(f, &(mhoi_flat_node){.node = node[i], .scope = scope});
    return s;
}

static mho_status add_nodes(mhoi_flat *f, size_t count, MhoiOnnx__NodeProto **node,
                            const mhoi_scope *scope, size_t depth)
{
    mho_status s =
        depth < DEPTH_MAX
            ? MHO_OK
            : mho_error(MHO_ENOTMODELED, "functions that nest more than %d deep", DEPTH_MAX);
    for (size_t i = 0; !s && i < count; i++) {
        const MhoiOnnx__FunctionProto *function = find_function(f, node[i]);
        if (function)
            s = add_call(f, node[i], function, scope, depth);
        else if (strcmp(mhoi_onnx_text(node[i]->op_type), "If") == 0 &&
                 !domain_of(node[i]->domain)[0])
            s = add_choice(f, node[i], scope, depth);
        else if (mhoi_onnx_expands(node[i]))
            s = add_expansion(f, node[i], scope);
        else
            s = append(f, &(mhoi_flat_node){.node = node[i], .scope = scope});
    }
    return s;
}

mho_status mhoi_onnx_flatten(const MhoiOnnx__ModelProto *model, mhoi_flat *out)
{
    *out = (mhoi_flat){.model = model};
    mho_status s = mhoi_grow(&out->graph, &out->graph_room, 0, sizeof *out->graph, "ONNX nodes");
    if (!s)
        out->graph[out->graphs++] = (mhoi_flat_graph){model->graph, NULL};
    return s ? s : add_nodes(out, model->graph->n_node, model->graph->node, NULL, 0);
}

void mhoi_flat_free(mhoi_flat *f)
{
    for (mhoi_scope *scope = f->scope, *before; scope; scope = before) {
        before = scope->before;
        for (size_t i = 0; i < scope->fallbacks; i++)
            mhoi_onnx_free_attribute(scope->fallback[i]);
        mhoi_free(&scope->fallback);
        mhoi_free(&scope);
    }
    for (size_t i = 0; i < f->mades; i++)
        mhoi_free(&f->made[i]);
    mhoi_free(&f->made);
    mhoi_free(&f->graph);
    mhoi_free(&f->node);
    mhoi_free(&f->buffer);
    *f = (mhoi_flat){0};
}
