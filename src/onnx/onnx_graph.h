/* SPDX-License-Identifier: Apache-2.0 */
/* The state of reading an ONNX graph: onnx_read.c walks it, onnx_ops.c knows the operators. */
#ifndef MHO_ONNX_GRAPH_H
#define MHO_ONNX_GRAPH_H

#include "onnx/onnx_impl.h"

/* A tensor of the graph that depends on the input: what a layer of ours gives. */
typedef struct mhoi_value {
    const char *name;
    size_t node;
    bool flat;     /* rank 2 */
    bool reshaped; /* flattened there, while the layer's shape is still c x h x w */
    bool truth;    /* the result of a comparison; a Cast makes it the layer's 0 and 1 */
} mhoi_value;

/* A tensor that does not: initializer, Constant, or one of these cast. */
typedef struct mhoi_constant {
    const char *name;
    const MhoiOnnx__TensorProto *tensor;
} mhoi_constant;

typedef struct mhoi_graph {
    const MhoiOnnx__GraphProto *proto;
    mho_net *net; /* room for all, net->nodes in use */
    mhoi_value *value;
    size_t values;
    mhoi_constant *constant;
    size_t constants;
} mhoi_graph;

/* Turns one node of the graph into none or more layers. */
MHO_MUST_CHECK mho_status mhoi_onnx_convert(mhoi_graph *g, const MhoiOnnx__NodeProto *n);

/* The same for what the table of operators tells how to read. */
MHO_MUST_CHECK mho_status mhoi_onnx_convert_plain(mhoi_graph *g, const MhoiOnnx__NodeProto *n);

#define MHOI_ONNX_EDGE_MAX ((int64_t)1 << 31)

/* Parts of a node.  Absent: "", NULL, `otherwise`. */
const char *mhoi_node_input(const MhoiOnnx__NodeProto *n, size_t i);
const MhoiOnnx__AttributeProto *mhoi_node_attribute(const MhoiOnnx__NodeProto *n, const char *name);
int64_t mhoi_node_int(const MhoiOnnx__NodeProto *n, const char *name, int64_t otherwise);
float mhoi_node_float(const MhoiOnnx__NodeProto *n, const char *name, float otherwise);
/* An attribute of `count` numbers low..2^31; absent: out stays. */
MHO_MUST_CHECK mho_status mhoi_node_ints(const MhoiOnnx__NodeProto *n, const char *name,
                                         size_t count, int64_t low, size_t *out);
MHO_MUST_CHECK mho_status mhoi_node_refuse_value(const char *what, int64_t value);
/* Appends the layer that a node gives, and its value. */
MHO_MUST_CHECK mho_status mhoi_graph_append(mhoi_graph *g, const MhoiOnnx__NodeProto *n,
                                            const mho_node *layer, bool flat);

const mhoi_value *mhoi_graph_value(const mhoi_graph *g, const char *name);
const MhoiOnnx__TensorProto *mhoi_graph_constant(const mhoi_graph *g, const char *name);
/* The layer that gives a value, for readers that want the shape the graph tells: a pending flatten
 * becomes a layer. */
MHO_MUST_CHECK mho_status mhoi_graph_layer(mhoi_graph *g, const char *name, size_t *out,
                                           bool *flat);

#endif
