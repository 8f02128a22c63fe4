/* SPDX-License-Identifier: Apache-2.0 */
/* A program becoming layers: onnx_layers.c walks it, onnx_ops.c knows the operators that are layers, with a whole
 * number for an image's axis: all of it is of one image. */
#ifndef MHO_ONNX_GRAPH_H
#define MHO_ONNX_GRAPH_H

#include "onnx/onnx_impl.h"
#include "onnx/onnx_program.h"

/* An operand that depends on the input: what a layer of ours gives. */
typedef struct mhoi_value {
    bool there;
    size_t node;
    bool flat;     /* rank 2 */
    bool reshaped; /* flattened there, while the layer's shape is still c x h x w */
    bool truth;    /* the result of a comparison; a Cast makes it the layer's 0 and 1 */
} mhoi_value;

typedef struct mhoi_graph {
    const mhoi_program *program;
    mhoi_known_values known; /* of one image */
    mho_net *net;            /* room for all, net->nodes in use */
    mhoi_value *value;       /* [operands] */
    size_t *readers;         /* [operands]: operations and outputs that read it */
    size_t *
        lent; /* [operands]: the layer, + 1, that has the program's values as its weights; 0: none */
    bool foreign; /* not written by mho */
} mhoi_graph;

/* Turns one operation into none or more layers.  MHO_ENOTMODELED: it is none that layers have. */
MHO_MUST_CHECK mho_status mhoi_onnx_convert(mhoi_graph *g, const mhoi_operation *n);
/* Is there a layer of that operator at all? */
bool mhoi_onnx_has_layer(const mhoi_operation *n);

/* The same for what the table of operators tells how to read. */
MHO_MUST_CHECK mho_status mhoi_onnx_convert_plain(mhoi_graph *g, const mhoi_operation *n);
bool mhoi_onnx_is_plain(const char *op);

/* A program as layers, which take large weights over from it; it is of no other use then.  MHO_ENOTMODELED: it is no graph of layers; the message names all that keeps it from being one. */
MHO_MUST_CHECK mho_status mhoi_onnx_layers(mhoi_program *program, bool foreign, const char *name,
                                           mho_net **out);

#define MHOI_ONNX_EDGE_MAX ((int64_t)1 << 31)

/* Operand of input i; MHOI_NO_OPERAND if it is left out. */
size_t mhoi_node_input(const mhoi_operation *n, size_t i);
/* Its name; "". */
const char *mhoi_node_input_name(const mhoi_graph *g, const mhoi_operation *n, size_t i);
/* An attribute of `count` numbers low..2^31; absent: out stays. */
MHO_MUST_CHECK mho_status mhoi_node_ints(const mhoi_operation *n, const char *name, size_t count,
                                         int64_t low, size_t *out);
MHO_MUST_CHECK mho_status mhoi_node_refuse_value(const char *what, int64_t value);
/* Appends the layer that a node gives, and its value. */
MHO_MUST_CHECK mho_status mhoi_graph_append(mhoi_graph *g, const mhoi_operation *n,
                                            const mho_node *layer, bool flat);

/* The layer's value of input i; NULL: it is none. */
const mhoi_value *mhoi_graph_value(const mhoi_graph *g, const mhoi_operation *n, size_t i);
/* Its value if it depends on no input; NULL. */
const mho_array *mhoi_graph_constant(const mhoi_graph *g, const mhoi_operation *n, size_t i);
/* The layer that gives an operand, for readers that want the shape the graph tells: a pending flatten
 * becomes a layer. */
MHO_MUST_CHECK mho_status mhoi_graph_layer(mhoi_graph *g, size_t operand, size_t *out, bool *flat);

#endif
