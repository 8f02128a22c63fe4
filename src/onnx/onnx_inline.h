/* SPDX-License-Identifier: Apache-2.0 */
/* A model's graph as one list of nodes: functions of the model stand where they are called, both branches of an If
 * before the choice between what they give. */
#ifndef MHO_ONNX_INLINE_H
#define MHO_ONNX_INLINE_H

#include "onnx/onnx_impl.h"

/* Where a name is looked up: the body of one call of a function, or one branch of an If; NULL: the model's graph. */
typedef struct mhoi_scope mhoi_scope;

typedef struct mhoi_flat_node {
    MhoiOnnx__NodeProto *node;
    const mhoi_scope *scope; /* of its names and attributes */
    /* The graphs of an If and their scopes: the node chooses; NULL. */
    const MhoiOnnx__GraphProto *branch[2]; /* else, then */
    const mhoi_scope *inside[2];
} mhoi_flat_node;

typedef struct mhoi_flat_graph {
    MhoiOnnx__GraphProto *graph;
    const mhoi_scope *scope;
} mhoi_flat_graph;

typedef struct mhoi_flat {
    const MhoiOnnx__ModelProto *model;
    mhoi_flat_node *node;
    size_t nodes, node_room;
    mhoi_flat_graph *graph; /* whose initializers there are */
    size_t graphs, graph_room;
    mhoi_scope *scope; /* the last made */
    size_t scopes;
    void **made; /* memory of nodes that stand for others */
    size_t mades, made_room;
    char *buffer; /* of the last name */
    size_t buffer_size, spelled;
} mhoi_flat;

/* mhoi_flat_free it, also after an error.  MHO_EFORMAT: functions that call themselves; MHO_ENOTMODELED: more than
 * can be laid out. */
MHO_MUST_CHECK mho_status mhoi_onnx_flatten(const MhoiOnnx__ModelProto *model, mhoi_flat *out);
void mhoi_flat_free(mhoi_flat *flat);

/* The name in the whole of what is called `name` in a scope, "" where a call leaves it out; *out holds to the next call. */
MHO_MUST_CHECK mho_status mhoi_scope_name(mhoi_flat *flat, const mhoi_scope *scope,
                                          const char *name, const char **out);
/* An attribute, or what the call of the function gives it; NULL: it gives none. */
const MhoiOnnx__AttributeProto *mhoi_scope_attribute(const mhoi_scope *scope,
                                                     const MhoiOnnx__AttributeProto *a);
/* Version of the operator set of that domain. */
int64_t mhoi_scope_set(const mhoi_flat *flat, const mhoi_scope *scope, const char *domain);
/* Gives a model the operator sets of the function that the scope is in. */
void mhoi_scope_sets(const mhoi_scope *scope, MhoiOnnx__ModelProto *model);
/* The innermost If that the scope is a branch of, its scope, and which branch; false: none. */
bool mhoi_scope_branch(const mhoi_scope *scope, const MhoiOnnx__NodeProto **choice,
                       const mhoi_scope **outer, bool *then);

/* onnx_expand.c: is it an operator that stands for several standard ones?  Those, in *memory, to be freed.  graph: of the model,
 * where the node is its own, else NULL. */
bool mhoi_onnx_expands(const MhoiOnnx__NodeProto *n);
MHO_MUST_CHECK mho_status mhoi_onnx_expand(const MhoiOnnx__NodeProto *n,
                                           const MhoiOnnx__GraphProto *graph, void **memory,
                                           MhoiOnnx__NodeProto ***out, size_t *count);

#endif
