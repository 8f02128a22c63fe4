/* SPDX-License-Identifier: Apache-2.0 */
/* The body of a Loop or a Scan as a program of its own.  What it reads of the graphs around it becomes inputs behind its
 * own, and is read by the operation behind what that reads itself. */
#include "onnx/onnx_body.h"

#include <string.h>

#include "base/alloc.h"
#include "base/identity.h"

#define NAMES_MAX ((size_t)1 << 18)

bool mhoi_onnx_has_body(const MhoiOnnx__NodeProto *n)
{
    const char *domain = mhoi_onnx_text(n->domain), *op = mhoi_onnx_text(n->op_type);
    return (!domain[0] || strcmp(domain, "ai.onnx") == 0) &&
           (strcmp(op, "Loop") == 0 || strcmp(op, "Scan") == 0);
}

/* --- what it reads from outside */

typedef struct names {
    const char **slot; /* NULL: free */
    size_t slots, count;
} names;

static void count_graph(const MhoiOnnx__GraphProto *g, size_t *count)
{
    *count += g->n_input + g->n_initializer + g->n_output;
    for (size_t i = 0; i < g->n_node; i++) {
        const MhoiOnnx__NodeProto *n = g->node[i];
        *count += n->n_input + n->n_output;
        for (size_t k = 0; k < n->n_attribute; k++)
            if (n->attribute[k]->g)
                count_graph(n->attribute[k]->g, count);
    }
}

/* True if it is new. */
static bool add(names *s, const char *name)
{
    size_t i = (size_t)mhoi_hash(MHOI_HASH_START, name, strlen(name)) & (s->slots - 1);
    while (s->slot[i] && strcmp(s->slot[i], name) != 0)
        i = (i + 1) & (s->slots - 1);
    if (s->slot[i])
        return false;
    s->slot[i] = name;
    s->count++;
    return true;
}

static void add_made(names *s, const MhoiOnnx__GraphProto *g)
{
    for (size_t i = 0; i < g->n_input; i++)
        (void)add(s, mhoi_onnx_text(g->input[i]->name));
    for (size_t i = 0; i < g->n_initializer; i++)
        (void)add(s, mhoi_onnx_text(g->initializer[i]->name));
    for (size_t i = 0; i < g->n_node; i++) {
        for (size_t k = 0; k < g->node[i]->n_output; k++)
            (void)add(s, mhoi_onnx_text(g->node[i]->output[k]));
        for (size_t k = 0; k < g->node[i]->n_attribute; k++)
            if (g->node[i]->attribute[k]->g)
                add_made(s, g->node[i]->attribute[k]->g);
    }
}

static void read_name(names *s, const char *name, mhoi_onnx_body *out)
{
    name = mhoi_onnx_text(name);
    if (name[0] && add(s, name))
        out->name[out->names++] = (char *)(uintptr_t)name;
}

static void add_read(names *s, const MhoiOnnx__GraphProto *g, mhoi_onnx_body *out)
{
    for (size_t i = 0; i < g->n_node; i++) {
        const MhoiOnnx__NodeProto *n = g->node[i];
        for (size_t k = 0; k < n->n_input; k++)
            read_name(s, n->input[k], out);
        for (size_t k = 0; k < n->n_attribute; k++)
            if (n->attribute[k]->g)
                add_read(s, n->attribute[k]->g, out);
    }
    for (size_t i = 0; i < g->n_output; i++)
        read_name(s, g->output[i]->name, out);
}

static mho_status find_read(const MhoiOnnx__GraphProto *g, mhoi_onnx_body *out)
{
    names s = {.slots = 16};
    size_t count = 0;
    count_graph(g, &count);
    if (count > NAMES_MAX)
        return mho_error(MHO_ENOTMODELED, "a body of more than %zu names", NAMES_MAX);
    while (s.slots < 2 * count)
        s.slots *= 2;
    mho_status status = mhoi_alloc(&s.slot, s.slots, sizeof *s.slot, "ONNX names");
    if (!status)
        status = mhoi_alloc(&out->name, count + 1, sizeof *out->name, "ONNX names");
    if (!status) {
        add_made(&s, g);
        add_read(&s, g, out);
    }
    mhoi_free(&s.slot);
    return status;
}

/* --- as a model */

/* Its own graph with more inputs; those have no type, and so have the body's own, whose sizes change. */
static mho_status extend(const MhoiOnnx__GraphProto *from, const mhoi_onnx_body *body,
                         MhoiOnnx__GraphProto *graph, MhoiOnnx__ValueInfoProto **info)
{
    const size_t inputs = from->n_input + body->names;
    *graph = *from;
    graph->n_input = 0;
    graph->input = NULL;
    mho_status s = mhoi_alloc(info, inputs, sizeof **info, "ONNX body");
    if (!s)
        s = mhoi_alloc(&graph->input, inputs, sizeof *graph->input, "ONNX body");
    for (size_t i = 0; !s && i < inputs; i++) {
        mhoi_onnx__value_info_proto__init(&(*info)[i]);
        (*info)[i].name = i < from->n_input ? from->input[i]->name : body->name[i - from->n_input];
        graph->input[graph->n_input++] = &(*info)[i];
    }
    return s;
}

static const MhoiOnnx__GraphProto *graph_of(const MhoiOnnx__NodeProto *n)
{
    for (size_t k = 0; k < n->n_attribute; k++)
        if (strcmp(mhoi_onnx_text(n->attribute[k]->name), "body") == 0)
            return n->attribute[k]->g;
    return NULL;
}

mho_status mhoi_onnx_body_of(const mhoi_flat *flat, const mhoi_flat_node *node,
                             const mhoi_onnx_within *within, mhoi_program **program,
                             mhoi_onnx_body *out)
{
    const MhoiOnnx__GraphProto *from = graph_of(node->node);
    MhoiOnnx__GraphProto graph = {.input = NULL};
    MhoiOnnx__ValueInfoProto *info = NULL;
    *out = (mhoi_onnx_body){0};
    *program = NULL;
    if (!from || !from->n_node || !from->n_output)
        return mho_error(MHO_EFORMAT, "no body");
    mho_status s = find_read(from, out);
    if (!s)
        s = extend(from, out, &graph, &info);
    if (!s) {
        MhoiOnnx__ModelProto model = *flat->model;
        model.graph = &graph;
        mhoi_scope_sets(node->scope, &model);
        s = mhoi_onnx_program_within(&model, within, program);
    }
    mhoi_free(&graph.input);
    mhoi_free(&info);
    return s ? mho_error_prefix(s, "body") : MHO_OK;
}

void mhoi_onnx_body_free(mhoi_onnx_body *body)
{
    mhoi_free(&body->name);
    *body = (mhoi_onnx_body){0};
}
